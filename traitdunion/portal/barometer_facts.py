"""The facts of the conventions that the baromètre shows beside what people say: neither app knows the other."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from django.db.models import Min

from traitdunion.barometer.facts import Fact
from traitdunion.conventions import kinds
from traitdunion.conventions import queries as conventions
from traitdunion.conventions.models import Meeting

IN_FORCE: Final = "convention_in_force"
PLANNED: Final = "meeting_planned"
# The référents are read by the baromètre itself, with the days of vacancy.
TOLD: Final = (kinds.Fact.MEETING, kinds.Fact.CONTACTS, kinds.Fact.REVIEW)
# What the design of the baromètre asks for and no page of the site holds. Said, so that nobody takes silence for a yes.
NOT_MEASURED: Final = tuple(
    Fact(
        key=key, side=None, label=label, holds=False, sentence=f"pas encore mesuré, {why}.", is_measured=False
    )
    for key, label, why in (
        (
            "health_professional",
            "professionnel de santé présent quand il est demandé",
            "les réunions inscrites disent quelles institutions sont venues, pas à quel titre",
        ),
        (
            "joint_training",
            "formation commune faite",
            "le site ne tient pas la liste des formations faites",
        ),
    )
)


def facts(codes: Sequence[str], *, day: date) -> Mapping[str, Sequence[Fact]]:
    """Return what is known of the conventions: in force, meetings held and planned, contacts, review; then what is not.

    One query beside those of the situation, whatever the number of ``codes``.
    """
    found = conventions.situation(day, departements=codes)
    planned = _planned(codes, day)
    return {code: [*_facts(found[code], planned.get(code)), *NOT_MEASURED] for code in codes if code in found}


def _planned(codes: Sequence[str], day: date) -> Mapping[str, date]:
    """Return the day of the next meeting that is neither held nor cancelled, by code."""
    to_come = Meeting.objects.filter(
        departement__in=codes, planned_on__gte=day, held_on=None, cancelled_on=None
    ).order_by()
    return dict(to_come.values_list("departement").annotate(Min("planned_on")))


def _facts(situation: conventions.Situation, planned: date | None) -> list[Fact]:
    vitality = situation.vitality
    in_force = Fact(
        key=IN_FORCE,
        side=None,
        label="convention en vigueur",
        holds=vitality.in_force,
        sentence=_unless_said(
            situation.state.label if situation.state else "aucune convention", "convention en vigueur"
        ),
    )
    practice = {
        status.fact: Fact(
            key=status.fact.value,
            side=None,
            label=status.fact.label,
            holds=status.holds,
            sentence=_unless_said(status.sentence, status.fact.label),
        )
        for status in vitality.facts
        if status.fact in TOLD
    }
    next_meeting = Fact(
        key=PLANNED,
        side=None,
        label="prochaine réunion inscrite",
        holds=planned is not None,
        sentence="aucune date à venir." if planned is None else f"le {planned:%d/%m/%Y}.",
    )
    # The meeting to come stands beside the last one.
    after = list(practice.values())
    place = next((rank for rank, fact in enumerate(practice, start=1) if fact is kinds.Fact.MEETING), 0)
    return [in_force, *after[:place], next_meeting, *after[place:]]


def _unless_said(sentence: str, label: str) -> str:
    """Return ``sentence``, or « oui » where it only says what is looked at once more."""
    return "oui." if sentence.casefold() in label.casefold() else f"{sentence}."
