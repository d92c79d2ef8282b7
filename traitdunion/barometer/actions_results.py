"""Compute what a closed wave found: the result as it may be shown, and the groups that it tells about.

Sealed answers do not change by themselves. When a sheet had to be corrected or removed, or when the analysis changed, a
wave is analysed again: a new edition, judged against every cut on record of the wave. See
``docs/adr/0013-differencing-guard.md``.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import Actor
from traitdunion.barometer import (
    actions_pistes,
    analysis,
    answers,
    comparison,
    pairing,
    queries_results,
    queries_sheets,
    showing,
)
from traitdunion.barometer.disclosure import Recorded, guards_of, unknown, withdrawn
from traitdunion.barometer.models import Cut, Result, Wave
from traitdunion.barometer.questionnaire import Questionnaire, read
from traitdunion.core.errors import Refusal
from traitdunion.identity.kinds import Side
from traitdunion.territories.models import Departement


class ResultRefusedError(Refusal):
    """Nothing can be computed of this wave."""


def compute(wave: Wave, *, actor: Actor, at: datetime) -> Result:
    """Return the result of a sealed wave, computed and kept by this call if it was not, with its pistes and effects.

    Raises:
        ResultRefusedError: the wave is not sealed, or was given up.
    """
    with transaction.atomic():
        locked = _locked(wave)  # two workers at once: the second waits, and finds the result of the first
        known = locked.results.order_by("edition").last()
        return known or _keep(locked, edition=1, detail={}, actor=actor, at=at)


def compute_again(wave: Wave, *, reason: str, actor: Actor, at: datetime) -> Result:
    """Analyse again a wave that has a result; return the new edition, or the last one when it would say the same.

    Sides whose sheets changed since an earlier edition showed them are left out of it, whole.

    Args:
        wave: whose sheets were corrected, or that an older analysis read.
        reason: why, for the log.
        actor: who asks.
        at: when.

    Raises:
        ResultRefusedError: the wave is not sealed, was given up, or has no result yet.
        IsolatesError: the new edition would isolate fewer than three people; nothing is kept.
    """
    with transaction.atomic():
        locked = _locked(wave)
        known = locked.results.order_by("edition").last()
        if known is None:
            raise ResultRefusedError(f"La vague « {wave.name} » n’a pas encore de résultat à refaire.")
        return _keep(
            locked, edition=known.edition + 1, detail={"reason": reason}, known=known, actor=actor, at=at
        )


def compute_missing(*, actor: Actor, at: datetime) -> int:
    """Compute the result of every sealed wave that has none, oldest first; return how many there were."""
    waves = list(queries_results.sealed_without_result())
    for wave in waves:
        compute(wave, actor=actor, at=at)
    return len(waves)


def _locked(wave: Wave) -> Wave:
    locked = Wave.objects.select_for_update(of=("self",)).select_related("questionnaire").get(pk=wave.pk)
    if locked.sealed_at is None or locked.cancelled_at is not None:
        raise ResultRefusedError(f"La vague « {wave.name} » n’est pas close : rien n’est analysé avant.")
    return locked


def _keep(
    wave: Wave,
    *,
    edition: int,
    detail: Mapping[str, str],
    actor: Actor,
    at: datetime,
    known: Result | None = None,
) -> Result:
    content, cuts = _content(wave)
    sha256 = hashlib.sha256(showing.canonical(content)).hexdigest()
    if known is not None and known.sha256 == sha256:
        return known
    _record(cuts, actor=actor, at=at)
    result = Result.objects.create(
        wave=wave,
        edition=edition,
        engine=analysis.ENGINE,
        content=content,
        sha256=sha256,
        **audit.authorship(actor=actor, at=at),
    )
    audit.record(
        event="barometer.result.computed",
        subject=str(result.public_id),
        actor=actor,
        at=at,
        detail={
            "wave": str(wave.public_id), "edition": edition, "sha256": sha256,
            "groups": sum(map(len, cuts.values())), **detail,
        },
    )  # fmt: skip
    actions_pistes.open_from(result, actor=actor, at=at)
    actions_pistes.observe(result, actor=actor, at=at)
    return result


def _content(wave: Wave) -> tuple[dict[str, Any], Mapping[Wave, Sequence[Recorded]]]:
    """Return what is kept of a wave, and the cuts it tells that are not on record yet, by wave."""
    asked = read(wave.questionnaire.text, is_kept=True)
    places = list(Departement.objects.values_list("code", "name", "region_id", "region__name"))
    region_of = {code: region for code, _, region, _ in places}
    sheets = queries_sheets.sheets_of(wave)
    recorded = queries_sheets.recorded(wave)
    gone = withdrawn(recorded, {cell: frozenset(inside) for cell, inside in sheets.items()})
    sheets = {cell: inside for cell, inside in sheets.items() if cell not in gone}
    # The rule of « two falls in a row » reads the waves before; only those that asked the same are alike.
    waves = queries_results.same_format_until(wave).filter(questionnaire=wave.questionnaire_id)
    names = {code: name for code, name, _, _ in places}
    before = [
        _laid_out(each, asked, names, queries_sheets.sheets_of(each)) for each in waves.exclude(pk=wave.pk)
    ]
    last = _laid_out(wave, asked, names, sheets)
    left_out = [f"{cell.departement}:{cell.side}" for cell in sorted(gone)]
    if last is None:
        return {**_nothing(wave, asked), "withdrawn": left_out}, {}
    laid_out = [each for each in before if each is not None]
    found = analysis.analyse([*laid_out, last], asked, region_of, questions=True)["waves"][-1]
    who = showing.bases(last, asked)
    content = showing.kept(found, who, {region: name for _, _, region, name in places})
    content["dimensions"] = comparison.dimensions(asked, _items(last))
    content["distribution"] = showing.distribution(last, asked, content)
    content["withdrawn"] = left_out
    told = [
        Recorded(each.base, each.cell, showing.people_of(each, sheets, asked))
        for each in showing.groups(content, who)
    ]
    new = showing.judge(recorded, told)
    earlier = queries_results.wave_before(wave)
    if earlier is None:
        return {**content, "paired": []}, {wave: new}
    found_again = _paired(earlier, wave, asked, content=content, sheets=sheets, recorded=[*recorded, *new])
    content["paired"] = [{**asdict(each), "since": earlier.name} for each in found_again.changes]
    return content, {
        earlier: unknown(queries_sheets.recorded(earlier), found_again.before),
        wave: [*new, *unknown([*recorded, *new], found_again.after)],
    }


def _paired(
    earlier: Wave,
    wave: Wave,
    asked: Questionnaire,
    *,
    content: Mapping[str, Any],
    sheets: showing.Sheets,
    recorded: Sequence[Recorded],
) -> pairing.Pairing:
    """Return how the people who typed their code again changed since ``earlier``, over the country."""
    # Locked as well: its cuts are judged and written too. Always from the later wave to the earlier one.
    Wave.objects.select_for_update(of=("self",)).get(pk=earlier.pk)
    then = queries_results.country(earlier)
    broken = comparison.broken(
        then.content["dimensions"] if then else [], content["dimensions"], queries_results.justified()
    )
    return pairing.paired(
        pairing.Followed(
            sheets=queries_sheets.sheets_of(earlier),
            codes=queries_sheets.codes_of(earlier),
            guards=guards_of(queries_sheets.recorded(earlier)),
        ),
        pairing.Followed(sheets=sheets, codes=queries_sheets.codes_of(wave), guards=guards_of(recorded)),
        asked,
        [each["id"] for each in content["dimensions"] if each["id"] not in broken],
    )


def _record(cuts: Mapping[Wave, Sequence[Recorded]], *, actor: Actor, at: datetime) -> None:
    """Write the cuts before any figure leaves; they are never taken back."""
    Cut.objects.bulk_create(
        Cut(
            wave=wave,
            base=cut.base,
            members=[f"{cut.cell.departement}:{cut.cell.side}"],
            people=sorted(cut.people),
            fingerprint=hashlib.sha256("\n".join([*cut.cell, *sorted(cut.people)]).encode()).hexdigest(),
            **audit.authorship(actor=actor, at=at),
        )
        for wave, told in cuts.items()
        for cut in told
    )


def _laid_out(
    wave: Wave, asked: Questionnaire, names: Mapping[str, str], sheets: showing.Sheets
) -> answers.WaveAnswers | None:
    """Return the answers of a wave, None when nobody answered, or the people of one institution alone."""
    if len({cell.side for cell in sheets}) < len(Side):
        return None
    [found] = answers.collect(_rows(wave, sheets), asked, names)
    return found


def _nothing(wave: Wave, asked: Questionnaire) -> dict[str, Any]:
    """Return the result of a wave without a relation to describe: the dimensions, and no figure."""
    lists = (
        "cells",
        "gaps",
        "within",
        "reliability",
        "national",
        "regional",
        "pistes",
        "distribution",
        "paired",
    )
    kept = comparison.dimensions(asked, [item.id for item in asked.items])
    return {"wave": wave.name, "dimensions": kept, **{name: [] for name in lists}}


def _items(laid_out: answers.WaveAnswers) -> list[str]:
    return [item for rank, item in enumerate(laid_out.items) if laid_out.asked(rank)]


def _rows(wave: Wave, sheets: showing.Sheets) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield the answers sent, numbered; a respondent is named by the token of their sheet."""
    number = 0
    for cell, inside in sheets.items():
        for person, given in inside.items():
            for item, value in given.items():
                number += 1
                yield number, (wave.name, *cell, person, item, value)
