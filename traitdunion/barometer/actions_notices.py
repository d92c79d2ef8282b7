"""Tell what only time brings: reminders, results under embargo, results for everyone. Written under keys: told once."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.urls import reverse

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import Actor
from traitdunion.barometer import letters
from traitdunion.barometer import rules_campaign as rules
from traitdunion.barometer.kinds import State
from traitdunion.barometer.models import Wave
from traitdunion.identity.kinds import REFERENTS
from traitdunion.identity.models import Mandate, Person
from traitdunion.notices import actions as notices
from traitdunion.notices.letters import french_day, letter

_ABOUT: Final = {State.EMBARGO: "sealed", State.PUBLISHED: "published"}


@transaction.atomic
def remind(wave: Wave, *, today: date, actor: Actor, at: datetime) -> int:
    """Write the reminder due on ``today``, for everyone asked; whether each one leaves is decided when it does.

    Only the last reminder reached is written: one that was missed gives way to the next.

    Returns:
        How many are new, which says nothing of who has answered.
    """
    if wave.state_on(today) is not State.OPEN:
        return 0
    reached = [day for day in rules.reminder_days(wave.opens_on, wave.closes_on) if day <= today]
    if not reached:
        return 0
    entries = wave.entries.in_use().select_related("departement", "wave")
    written = notices.write_all([letters.reminder(entry, len(reached)) for entry in entries], at=at)
    if written:
        audit.record(
            event="barometer.wave.reminded",
            subject=str(wave.public_id),
            actor=actor,
            at=at,
            detail={"reminder": len(reached), "written": written},
        )
    return written


@transaction.atomic
def announce(wave: Wave, *, today: date, actor: Actor, at: datetime) -> int:
    """Tell the référents that their results are theirs to read, then that everyone reads them.

    Returns:
        How many are told by this call.
    """
    state = wave.state_on(today)
    if wave.sealed_at is None or state not in _ABOUT:
        return 0
    written = notices.write_all(
        [
            notices.Letter(
                key=f"barometer.{_ABOUT[state]}:{wave.public_id.hex}:{person.public_id.hex}",
                person=person,
                subject=f"Baromètre « {wave.name} » : {_said(state)}",
                body=letter(
                    [_sentence(wave, state)], path=reverse("barometer:wave_detail", args=[wave.public_id])
                ),
            )
            for person in _referents(today)
        ],
        at=at,
    )
    if written:
        audit.record(
            event=f"barometer.wave.{_ABOUT[state]}_told",
            subject=str(wave.public_id),
            actor=actor,
            at=at,
            detail={"written": written},
        )
    return written


def _said(state: State) -> str:
    return "résultats de votre département" if state is State.EMBARGO else "résultats publiés"


def _sentence(wave: Wave, state: State) -> str:
    if state is State.EMBARGO:
        return (
            f"La vague est close. Jusqu’au {french_day(wave.published_on)}, les deux institutions du département "
            "sont seules à lire leur résultat : c’est le temps d’en parler ensemble."
        )
    return "L’embargo est levé : les résultats sont publiés pour tous les utilisateurs du site."


def _referents(day: date) -> Iterable[Person]:
    mandates = (
        Mandate.objects.current(day)
        .filter(post__role__in=[role.value for role in REFERENTS.values()], person__is_active=True)
        .select_related("person")
        .order_by("pk")
    )
    return {mandate.person_id: mandate.person for mandate in mandates}.values()
