"""The ledger as one long table: the same lines are exported, compared and imported."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, DecimalField, F, OuterRef, Q, QuerySet, Value

from traitdunion.plan.kinds import (
    BlockerCause,
    EventKind,
    EvidenceKind,
    LineKind,
    OriginKind,
    Owner,
    Periodicity,
    Progress,
    Provenance,
    Unit,
)
from traitdunion.plan.models import (
    Action,
    ActionEvent,
    ActionRevision,
    Axis,
    Blocker,
    Evidence,
    IndicatorRevision,
    IndicatorValue,
    MeasureRevision,
    Proof,
    Statement,
    Target,
)
from traitdunion.plan.queries import closed_on, end_of

LAST = "\uffff"  # after every code: the nation follows its départements
# The day a blocker was lifted, a piece or a statement withdrawn: written once, never changed.
ENDED = "retiré ou levé le"
# The columns of the table, in the order of the file; the lines below use them as names of fields.
HEADERS = (
    "type",
    "code",
    "parent",
    "intitulé",
    "texte",
    "pilote",
    "copilotes",
    "échéance",
    "territoire",
    "à la charge de",
    "unité",
    "sens",
    "définition",
    "libellé numérateur",
    "libellé dénominateur",
    "source",
    "périodicité",
    "date",
    "numérateur",
    "dénominateur",
    "cible",
    "provenance",
    "rang",
    "origine",
    "libellé d’origine",
    "référence d’origine",
    "fait",
    "cause",
    "peut être levé par",
    "précision",
    "nature",
    "référence",
    "adresse",
    "expire le",
    "fichier",
    "empreinte",
    "chiffre",
    "preuves",
    ENDED,
)
BETWEEN_NAMES = " ; "

# Space of the identifiers that a table gives by a code of its own.
OF_TABLES = UUID("6f0f2b0e-6f2a-4d0c-9b52-38c1d9a4e7b1")

# By header; each header has one type per kind of line (see ``imports.EXPECTED``).
Fields = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What makes a line unique.

    Its code; for a target or a value, its indicator, its territory and its day; for a fact, its action, its day,
    what happened, and its rank among the facts that say the same.
    """

    kind: LineKind
    code: str
    territory: str = ""
    day: date | None = None
    fact: EventKind | None = None
    rank: int = 1

    @property
    def subject(self) -> str:
        """The line as a person names it."""
        if self.fact is not None:
            return f"{self.kind.label} « {self.fact.label} » de {self.code}, {self.day:%d/%m/%Y}"
        if self.day is None:
            return f"{self.kind.label} {self.code}"
        where = self.territory or "France entière"
        return f"{self.kind.label} de {self.code}, {where}, {self.day:%d/%m/%Y}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line to write: what it was (None for a new one) and every field it will have."""

    key: Key
    before: Fields | None
    after: Fields

    def names(self, header: str, of: Fields | None = None) -> tuple[str, ...]:
        """Return the organisations named under ``header``, of the new fields unless others are given."""
        fields = self.after if of is None else of
        value = fields.get(header) or ()
        return value if isinstance(value, tuple) else (str(value),)

    @property
    def organisations(self) -> tuple[str, ...]:
        """Every organisation that the line names."""
        return (*self.names("pilote"), *self.names("copilotes"))


def subject(key: Key, fields: Fields) -> str:
    """Return the line as a person names it, by its words where its code is an identifier."""
    match key.kind:
        case LineKind.PREUVE:
            return f"preuve « {fields.get('intitulé') or key.code} »"
        case LineKind.ENONCE:
            return f"énoncé « {str(fields.get('texte') or key.code)[:80]} »"
        case LineKind.BLOCAGE:
            cause = fields.get("cause")
            return f"blocage de {fields.get('parent')}, {cause.label}" if cause else key.subject
        case _:
            return key.subject


def public_id(kind: LineKind, code: str) -> UUID:
    """Return the public identifier that a table means by ``code``: itself, or one drawn from a code of its own.

    The same code always gives the same identifier: a file sent twice finds what it opened the first time.
    """
    try:
        return UUID(code)
    except ValueError:
        return uuid5(OF_TABLES, f"{kind.value}:{code}")


def ledger(
    day: date,
    *,
    actions: QuerySet[Action],
    values: QuerySet[IndicatorValue],
    targets: QuerySet[Target],
) -> dict[Key, Fields]:
    """Return every line of the plan on ``day``, in the order of the table, in nine queries.

    Args:
        day: the day looked at.
        actions: those to include.
        values: those to include.
        targets: those to include.
    """
    lines: dict[Key, Fields] = {}
    lines.update(_axes())
    lines.update(_measures(day))
    lines.update(_indicators(day))
    lines.update(_numbers(targets, values, day))
    lines.update(_actions(actions, day))
    lines.update(_facts(actions, day))
    lines.update(_blockers(actions, day))
    pieces = Evidence.objects.filter(
        Q(action=None) | Q(action__in=actions), recorded_at__lt=end_of(day), dated_on__lte=day
    )
    lines.update(_evidence(pieces, day))
    lines.update(_statements(pieces, day))
    return lines


def _axes() -> Mapping[Key, Fields]:
    """Return the axes, then the sections, in one query."""
    axes: dict[Key, Fields] = {}
    sections: dict[Key, Fields] = {}
    columns = ("number", "title", "provenance", "sections__code", "sections__title", "sections__provenance")
    rows = Axis.objects.order_by("number", "sections__code").values_list(*columns)
    for number, title, provenance, code, section_title, section_provenance in rows:
        axes[Key(kind=LineKind.AXE, code=str(number))] = {
            "intitulé": title,
            "provenance": Provenance(provenance),
        }
        if code is not None:
            sections[Key(kind=LineKind.SECTION, code=code)] = {
                "parent": str(number),
                "intitulé": section_title,
                "provenance": Provenance(section_provenance),
            }
    return {**axes, **dict(sorted(sections.items(), key=lambda line: line[0].code))}


def _measures(day: date) -> Mapping[Key, Fields]:
    names = MeasureRevision.copilots.through.objects.filter(measurerevision=OuterRef("pk"))
    revisions = (
        MeasureRevision.objects.filter(recorded_at__lt=end_of(day))
        .order_by("measure_id", "-recorded_at", "-id")
        .distinct("measure_id")
        .select_related("measure__section", "pilot")
        .annotate(
            copilot_names=ArraySubquery(names.order_by("organisation__name").values("organisation__name"))
        )
    )
    return {
        Key(kind=LineKind.MESURE, code=each.measure.code): {
            "parent": each.measure.section.code,
            "intitulé": each.title,
            "texte": each.wording,
            "pilote": each.pilot.name if each.pilot is not None else "",
            "copilotes": tuple(each.copilot_names),
            "échéance": each.due_on,
            "provenance": Provenance(each.provenance),
            "rang": each.measure.position,
        }
        for each in sorted(revisions, key=lambda one: (one.measure.position, one.measure.code))
    }


def _indicators(day: date) -> Mapping[Key, Fields]:
    revisions = (
        IndicatorRevision.objects.filter(recorded_at__lt=end_of(day))
        .order_by("indicator__code", "-recorded_at", "-id")
        .distinct("indicator__code")
        .select_related("indicator__measure")
    )
    return {
        Key(kind=LineKind.INDICATEUR, code=each.indicator.code): {
            "parent": each.indicator.measure.code,
            "intitulé": each.name,
            "unité": Unit(each.indicator.unit),
            "sens": Progress.HAUSSE if each.indicator.higher_is_better else Progress.BAISSE,
            "définition": each.definition,
            "libellé numérateur": each.numerator_label,
            "libellé dénominateur": each.denominator_label,
            "source": each.source,
            "périodicité": Periodicity(each.periodicity),
            "provenance": Provenance(each.provenance),
        }
        for each in revisions
    }


def _numbers(targets: QuerySet[Target], values: QuerySet[IndicatorValue], day: date) -> Mapping[Key, Fields]:
    """Return the targets, then the values, in one query."""
    last_targets = (
        targets.filter(recorded_at__lt=end_of(day))
        .order_by("indicator__code", "departement_id", "due_on", "-recorded_at", "-id")
        .distinct("indicator__code", "departement_id", "due_on")
    )
    last_values = (
        values.filter(recorded_at__lt=end_of(day), measured_on__lte=day)
        .order_by("indicator__code", "departement_id", "measured_on", "-recorded_at", "-id")
        .distinct("indicator__code", "departement_id", "measured_on")
    )
    none, empty = Value(None, DecimalField()), Value("", CharField())
    wanted = (
        Target.objects.filter(pk__in=last_targets.values("pk"))
        .order_by()
        .values_list(Value(0), "indicator__code", "departement_id", "due_on", "value", none, empty)
    )
    measured = (
        IndicatorValue.objects.filter(pk__in=last_values.values("pk"))
        .order_by()
        .values_list(
            Value(1),
            "indicator__code",
            "departement_id",
            "measured_on",
            "numerator",
            "denominator",
            "provenance",
        )
    )
    rows = sorted(
        wanted.union(measured, all=True).order_by(), key=lambda row: (row[0], row[1], row[2] or LAST, row[3])
    )
    lines: dict[Key, Fields] = {}
    for is_value, code, departement, when, number, denominator, provenance in rows:
        kind = LineKind.VALEUR if is_value else LineKind.CIBLE
        lines[Key(kind=kind, code=code, territory=departement or "", day=when)] = (
            {"numérateur": number, "dénominateur": denominator, "provenance": Provenance(provenance)}
            if is_value
            else {"cible": number}
        )
    return lines


def _actions(actions: QuerySet[Action], day: date) -> Mapping[Key, Fields]:
    names = ActionRevision.copilots.through.objects.filter(actionrevision=OuterRef("pk"))
    revisions = (
        ActionRevision.objects.filter(
            Q(action__in=actions), recorded_at__lt=end_of(day), action__opened_on__lte=day
        )
        .order_by("action_id", "-recorded_at", "-id")
        .distinct("action_id")
        .select_related("action__measure", "pilot")
        .annotate(
            copilot_names=ArraySubquery(names.order_by("organisation__name").values("organisation__name"))
        )
    )
    return {
        Key(kind=LineKind.ACTION, code=_code(each.action.code, each.action.public_id)): {
            "parent": each.action.measure.code if each.action.measure is not None else "",
            "intitulé": each.title,
            "pilote": each.pilot.name if each.pilot is not None else "",
            "copilotes": tuple(each.copilot_names),
            "échéance": each.due_on,
            "territoire": each.action.departement_id or "",
            "à la charge de": Owner(each.action.owner) if each.action.owner else None,
            "date": each.action.opened_on,
            "provenance": Provenance(each.action.provenance),
            "origine": OriginKind(each.action.origin),
            "libellé d’origine": each.action.origin_label,
            "référence d’origine": each.action.origin_reference,
        }
        for each in revisions
    }


def _code(code: str, identifier: UUID) -> str:
    """Return what names an action in the table: its code, else its public identifier."""
    return code or str(identifier)


def actions_by_code() -> Mapping[str, int]:
    """Return the key of each action by what names it in a table: its code, else its public identifier."""
    return {
        _code(code, identifier): key
        for code, identifier, key in Action.objects.values_list("code", "public_id", "pk")
    }


def _facts(actions: QuerySet[Action], day: date) -> Mapping[Key, Fields]:
    """Return what happened to each action, in the order in which it was noted."""
    rows = (
        ActionEvent.objects.filter(
            action__in=actions, recorded_at__lt=end_of(day), happened_on__lte=day, action__opened_on__lte=day
        )
        .order_by("action_id", "happened_on", "id")
        .values_list("action__code", "action__public_id", "kind", "happened_on", "reason")
    )
    lines: dict[Key, Fields] = {}
    for code, identifier, kind, happened_on, reason in rows:
        key = Key(kind=LineKind.FAIT, code=_code(code, identifier), day=happened_on, fact=EventKind(kind))
        while key in lines:  # done, opened again and done again on one day
            key = replace(key, rank=key.rank + 1)
        lines[key] = {"précision": reason}
    return lines


def _blockers(actions: QuerySet[Action], day: date) -> Mapping[Key, Fields]:
    blockers = (
        Blocker.objects.filter(
            action__in=actions, recorded_at__lt=end_of(day), since__lte=day, action__opened_on__lte=day
        )
        .order_by("action_id", "since", "id")
        .select_related("action")
    )
    return {
        Key(kind=LineKind.BLOCAGE, code=str(each.public_id)): {
            "parent": _code(each.action.code, each.action.public_id),
            "cause": BlockerCause(each.cause),
            "précision": each.description,
            "peut être levé par": each.lifter,
            "date": each.since,
            ENDED: closed_on(each.lifted_on, each.lifted_recorded_at, day),
        }
        for each in blockers
    }


def _evidence(pieces: QuerySet[Evidence], day: date) -> Mapping[Key, Fields]:
    """Return the pieces of evidence. The bytes of a document are never read: its name and its hash say it."""
    found = pieces.order_by("id").select_related("measure", "action").annotate(file_name=F("file__name"))
    return {
        Key(kind=LineKind.PREUVE, code=str(each.public_id)): {
            "parent": (
                each.measure.code
                if each.measure is not None
                else _code(each.action.code, each.action.public_id)
                if each.action is not None
                else ""
            ),
            "intitulé": each.title,
            "nature": EvidenceKind(each.kind),
            "référence": each.reference,
            "adresse": each.address,
            "date": each.dated_on,
            "expire le": each.expires_on,
            "fichier": each.file_name or "",
            "empreinte": each.sha256,
            "provenance": Provenance(each.provenance),
            ENDED: closed_on(each.withdrawn_on, each.withdrawn_recorded_at, day),
        }
        for each in found
    }


def _statements(pieces: QuerySet[Evidence], day: date) -> Mapping[Key, Fields]:
    """Return the sentences with the codes of what proves them, in the order in which it was bound."""
    links = Proof.objects.filter(statement=OuterRef("pk"), recorded_at__lt=end_of(day), evidence__in=pieces)
    found = (
        Statement.objects.filter(recorded_at__lt=end_of(day), published_on__lte=day)
        .order_by("measure__position", "measure__code", "position", "id")
        .select_related("measure")
        .annotate(piece_ids=ArraySubquery(links.order_by("id").values("evidence__public_id")))
    )
    return {
        Key(kind=LineKind.ENONCE, code=str(each.public_id)): {
            "parent": each.measure.code,
            "texte": each.text,
            "chiffre": each.figure,
            "date": each.published_on,
            "rang": each.position,
            "preuves": tuple(str(identifier) for identifier in each.piece_ids),
            "provenance": Provenance(each.provenance),
            ENDED: closed_on(each.retired_on, each.retired_recorded_at, day),
        }
        for each in found
    }
