"""Compute what a closed wave found, once: the result as it may be shown, and the groups that it tells about.

Sealed answers never change, so a result is computed again only by another version of the analysis, from the same
sheets and the same sides: the cuts on record are then the same too.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import Actor
from traitdunion.barometer import actions_pistes, analysis, answers, comparison, queries_results, showing
from traitdunion.barometer.models import Cut, Result, Sheet, Wave
from traitdunion.barometer.questionnaire import Questionnaire, read
from traitdunion.core.errors import Refusal
from traitdunion.identity.kinds import Side
from traitdunion.territories.models import Departement


class ResultRefusedError(Refusal):
    """Nothing can be computed of this wave."""


def compute(wave: Wave, *, actor: Actor, at: datetime) -> Result:
    """Return the result of a sealed wave, computed and kept by this call if it was not, with its pistes and effects.

    Sealed answers never change: two workers at once find the same thing, and the second keeps nothing.

    Raises:
        ResultRefusedError: the wave is not sealed, or was given up.
    """
    if wave.sealed_at is None or wave.cancelled_at is not None:
        raise ResultRefusedError(f"La vague « {wave.name} » n’est pas close : rien n’est analysé avant.")
    known = wave.results.order_by("edition").last()
    return known or _keep(wave, *_content(wave), actor=actor, at=at)


def compute_missing(*, actor: Actor, at: datetime) -> int:
    """Compute the result of every sealed wave that has none, oldest first; return how many there were."""
    waves = list(queries_results.sealed_without_result())
    for wave in waves:
        compute(wave, actor=actor, at=at)
    return len(waves)


@transaction.atomic
def _keep(
    wave: Wave, content: Mapping[str, Any], shown: Sequence[showing.Shown], *, actor: Actor, at: datetime
) -> Result:
    locked = Wave.objects.select_for_update(of=("self",)).get(pk=wave.pk)
    known = locked.results.order_by("edition").last()
    if known is not None:
        return known
    result = Result.objects.create(
        wave=locked,
        engine=analysis.ENGINE,
        content=content,
        sha256=hashlib.sha256(showing.canonical(content)).hexdigest(),
        **audit.authorship(actor=actor, at=at),
    )
    Cut.objects.bulk_create(
        Cut(
            wave=locked,
            base=group.base,
            members=[member := f"{group.cell.departement}:{group.cell.side}"],
            fingerprint=hashlib.sha256(member.encode()).hexdigest(),
            **audit.authorship(actor=actor, at=at),
        )
        for group in shown
    )
    audit.record(
        event="barometer.result.computed",
        subject=str(result.public_id),
        actor=actor,
        at=at,
        detail={"wave": str(locked.public_id), "sha256": result.sha256, "groups": len(shown)},
    )
    actions_pistes.open_from(result, actor=actor, at=at)
    actions_pistes.observe(result, actor=actor, at=at)
    return result


def _content(wave: Wave) -> tuple[dict[str, Any], list[showing.Shown]]:
    asked = read(wave.questionnaire.text)
    places = list(Departement.objects.values_list("code", "name", "region_id", "region__name"))
    region_of = {code: region for code, _, region, _ in places}
    # The rule of « two falls in a row » reads the waves before; only those that asked the same are alike.
    waves = queries_results.same_format_until(wave).filter(questionnaire=wave.questionnaire_id)
    laid_out = [_laid_out(each, asked, {code: name for code, name, _, _ in places}) for each in waves]
    last = laid_out[-1]
    if last is None:
        return _nothing(wave, asked), []
    found = analysis.analyse([each for each in laid_out if each is not None], asked, region_of)["waves"][-1]
    who = showing.bases(last, asked)
    content = showing.kept(found, who, region_of, {region: name for _, _, region, name in places})
    content["dimensions"] = comparison.dimensions(asked, _items(last))
    content["distribution"] = showing.distribution(last, asked, content)
    shown = showing.groups(content, who)
    showing.judge(shown)
    return content, shown


def _laid_out(wave: Wave, asked: Questionnaire, names: Mapping[str, str]) -> answers.WaveAnswers | None:
    """Return the answers of a wave, None when nobody answered, or the people of one institution alone."""
    sides = set(Sheet.objects.filter(wave=wave, is_submitted=True).order_by().values_list("side", flat=True))
    if len(sides) < len(Side):
        return None
    [found] = answers.collect(_rows(wave), asked, names)
    return found


def _nothing(wave: Wave, asked: Questionnaire) -> dict[str, Any]:
    """Return the result of a wave without a relation to describe: the dimensions, and no figure."""
    lists = ("cells", "gaps", "within", "reliability", "national", "regional", "pistes", "distribution")
    kept = comparison.dimensions(asked, [item.id for item in asked.items])
    return {"wave": wave.name, "dimensions": kept, **{name: [] for name in lists}}


def _items(laid_out: answers.WaveAnswers) -> list[str]:
    return [item for rank, item in enumerate(laid_out.items) if laid_out.asked(rank)]


def _rows(wave: Wave) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield the answers sent, numbered; a respondent is named by their sheet."""
    sheets = Sheet.objects.filter(wave=wave, is_submitted=True).order_by("departement", "side", "pk")
    number = 0
    for key, code, side, given in sheets.values_list("pk", "departement", "side", "answers"):
        for item, value in given.items():
            number += 1
            yield number, (wave.name, code, side, key.hex, item, value)
