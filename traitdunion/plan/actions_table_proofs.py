"""Write the facts, blockers, pieces of evidence and statements of an imported table, in bulk."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from django.db.models import Count

from traitdunion.audit.actions import Authorship
from traitdunion.audit.actors import Actor
from traitdunion.plan import files
from traitdunion.plan.files import DocumentRefusedError
from traitdunion.plan.lines import ENDED, Line, actions_by_code
from traitdunion.plan.models import (
    ActionEvent,
    Blocker,
    Evidence,
    EvidenceFile,
    Measure,
    Proof,
    Statement,
)

BATCH = 1000


class Writer:
    """Writes the lines of one import. What ended is closed on its day; everything else is new."""

    def __init__(self, author: Authorship, actor: Actor, at: datetime) -> None:
        self.author = author
        self.actor = actor
        self.at = at

    def facts(self, lines: Sequence[Line]) -> None:
        """Write what happened to actions, in the order of days: two facts of one day follow the table."""
        if not lines:
            return
        actions = actions_by_code()
        ActionEvent.objects.bulk_create(
            [
                ActionEvent(
                    action_id=actions[line.key.code],
                    kind=str(line.key.fact),
                    happened_on=cast("date", line.key.day),
                    reason=line.after["précision"],
                    **self.author,
                )
                for line in sorted(lines, key=lambda each: cast("date", each.key.day))
            ],
            batch_size=BATCH,
        )

    def blockers(self, lines: Sequence[Line]) -> None:
        """Write what stops actions, and what no longer does."""
        if not lines:
            return
        actions = actions_by_code()
        Blocker.objects.bulk_create(
            [
                Blocker(
                    public_id=UUID(line.key.code),
                    action_id=actions[str(line.after["parent"])],
                    cause=line.after["cause"].value,
                    description=line.after["précision"],
                    lifter=line.after["peut être levé par"],
                    since=line.after["date"],
                    **self._lifted(line),
                    **self.author,
                )
                for line in lines
                if line.before is None
            ],
            batch_size=BATCH,
        )
        closed = _ended(lines)
        known = list(Blocker.objects.filter(public_id__in=closed)) if closed else []
        for blocker in known:
            for name, value in self._lifted(closed[blocker.public_id]).items():
                setattr(blocker, name, value)
        Blocker.objects.bulk_update(known, ["lifted_on", "lifted_recorded_at", "lifted_by"], batch_size=BATCH)

    def evidence(self, lines: Sequence[Line], documents: Mapping[str, Path]) -> None:
        """Write the pieces, with the bytes of the documents, and the day of those that are withdrawn.

        Raises:
            DocumentRefusedError: a document changed since it was checked, or is no longer there.
        """
        if not lines:
            return
        actions, measures = actions_by_code(), dict(Measure.objects.values_list("code", "pk"))
        fresh = [line for line in lines if line.before is None]
        pieces = Evidence.objects.bulk_create(
            [
                Evidence(
                    public_id=UUID(line.key.code),
                    measure_id=measures.get(parent := str(line.after["parent"])),
                    action_id=None if parent in measures else actions[parent],
                    kind=line.after["nature"].value,
                    title=line.after["intitulé"],
                    reference=line.after["référence"],
                    address=line.after["adresse"],
                    dated_on=line.after["date"],
                    expires_on=line.after["expire le"],
                    sha256=line.after["empreinte"],
                    provenance=line.after["provenance"].value,
                    **self._closed(line, "withdrawn"),
                    **self.author,
                )
                for line in fresh
            ],
            batch_size=BATCH,
        )
        for line, piece in zip(fresh, pieces, strict=True):
            if piece.sha256:
                name = line.after["fichier"]
                content = _content(piece.sha256, name, documents)
                media_type = files.media_type(name, content)
                EvidenceFile.objects.create(evidence=piece, name=name, media_type=media_type, content=content)
        self._close(Evidence, lines, "withdrawn")

    def statements(self, lines: Sequence[Line]) -> None:
        """Write the sentences, what proves them, and the day of those that are retired."""
        if not lines:
            return
        measures = dict(Measure.objects.values_list("code", "pk"))
        ranks = Counter(dict(Measure.objects.annotate(held=Count("statements")).values_list("pk", "held")))
        fresh = []
        for line in lines:
            if line.before is not None:
                continue
            measure, rank = measures[str(line.after["parent"])], line.after["rang"]
            ranks[measure] += 1
            fresh.append(
                Statement(
                    public_id=UUID(line.key.code),
                    measure_id=measure,
                    text=line.after["texte"],
                    figure=line.after["chiffre"],
                    published_on=line.after["date"],
                    position=ranks[measure] if rank is None else rank,
                    provenance=line.after["provenance"].value,
                    **self._closed(line, "retired"),
                    **self.author,
                )
            )
        Statement.objects.bulk_create(fresh, batch_size=BATCH)
        self._bind(lines)
        self._close(Statement, lines, "retired")

    def _bind(self, lines: Iterable[Line]) -> None:
        added = [
            (UUID(line.key.code), UUID(code))
            for line in lines
            for code in line.after["preuves"]
            if line.before is None or code not in line.before["preuves"]
        ]
        statements = _keys(Statement, (statement for statement, _ in added))
        pieces = _keys(Evidence, (piece for _, piece in added))
        Proof.objects.bulk_create(
            [
                Proof(statement_id=statements[statement], evidence_id=pieces[piece], **self.author)
                for statement, piece in added
            ],
            batch_size=BATCH,
        )

    def _closed(self, line: Line, word: str) -> Mapping[str, Any]:
        ended = line.after[ENDED]
        return {f"{word}_on": ended, f"{word}_recorded_at": None if ended is None else self.at}

    def _lifted(self, line: Line) -> Mapping[str, Any]:
        by = "" if line.after[ENDED] is None else self.actor.label
        return {**self._closed(line, "lifted"), "lifted_by": by}

    def _close[RowT: (Evidence, Statement)](
        self, model: type[RowT], lines: Iterable[Line], word: str
    ) -> None:
        closed = _ended(lines)
        known = list(model._default_manager.filter(public_id__in=closed)) if closed else []
        for row in known:
            for name, value in self._closed(closed[row.public_id], word).items():
                setattr(row, name, value)
        model._default_manager.bulk_update(known, [f"{word}_on", f"{word}_recorded_at"], batch_size=BATCH)


def _ended(lines: Iterable[Line]) -> Mapping[UUID, Line]:
    """Return the lines known before that the table ends."""
    return {
        UUID(line.key.code): line
        for line in lines
        if line.before is not None and line.before[ENDED] != line.after[ENDED]
    }


def _keys(model: type[Evidence] | type[Statement], identifiers: Iterable[UUID]) -> Mapping[UUID, int]:
    found = model._default_manager.filter(public_id__in=set(identifiers))
    return dict(found.values_list("public_id", "pk"))


def _content(sha256: str, name: str, documents: Mapping[str, Path]) -> bytes:
    path = documents.get(sha256)
    if path is not None:
        content = path.read_bytes()
    else:
        held = EvidenceFile.objects.filter(evidence__sha256=sha256).first()
        content = b"" if held is None else bytes(held.content)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise DocumentRefusedError(
            f"Le document « {name} » a changé pendant l’import, ou n’est plus là ; rien n’a été changé. "
            "Recommencez."
        )
    return content
