"""Write to référents and respondents: rosters to complete, reminders, results. Written under keys: told once."""

from collections import Counter
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import Actor
from traitdunion.barometer import letters
from traitdunion.barometer import rules_campaign as rules
from traitdunion.barometer.kinds import State
from traitdunion.barometer.models import Wave
from traitdunion.identity.kinds import REFERENTS
from traitdunion.identity.models import Mandate
from traitdunion.notices import actions as notices
from traitdunion.notices.letters import counted, french_day, letter

_ABOUT: Final = {State.EMBARGO: "sealed", State.PUBLISHED: "published"}


@transaction.atomic
def ask_rosters(wave: Wave, *, today: date, actor: Actor, at: datetime) -> int:
    """Ask the référents of each side to complete their roster before the opening; return how many letters are new."""
    proposed = Counter(wave.entries.in_use().order_by().values_list("departement", "side"))
    written = notices.write_all(
        [
            notices.Letter(
                key=f"barometer.roster:{wave.public_id.hex}:{mandate.public_id.hex}",
                person=mandate.person,
                subject=f"Baromètre « {wave.name} » : qui interroger {departement.name_with_link} ?",
                body=letter(
                    _roster_paragraphs(wave, proposed[departement.code, side.value]),
                    path=reverse("barometer:roster", args=[wave.public_id, departement.code]),
                ),
            )
            for mandate in _referents(today)
            if (departement := mandate.post.departement) and (side := mandate.side)
        ],
        at=at,
    )
    if written:
        audit.record(
            event="barometer.wave.rosters_asked",
            subject=str(wave.public_id),
            actor=actor,
            at=at,
            detail={"written": written},
        )
    return written


def _roster_paragraphs(wave: Wave, proposed: int) -> list[str]:
    found = counted(proposed, "personne est proposée", "personnes sont proposées")
    paragraphs = [
        f"Une vague du baromètre croisé s’ouvre le {french_day(wave.opens_on)}.",
        f"De votre côté, {found} ; il en faut de {rules.FEWEST} à {rules.MOST}.",
        "Complétez ou corrigez la liste avant ce jour : elle est figée à l’ouverture.",
    ]
    if proposed < rules.FEWEST:
        paragraphs.append(f"Sous {rules.FEWEST} personnes, rien ne pourra être montré de votre côté.")
    return paragraphs


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
            for person in {mandate.person_id: mandate.person for mandate in _referents(today)}.values()
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


def _referents(day: date) -> QuerySet[Mandate]:
    return (
        Mandate.objects.current(day)
        .filter(post__role__in=[role.value for role in REFERENTS.values()], person__is_active=True)
        .select_related("person", "post__departement")
        .order_by("pk")
    )
