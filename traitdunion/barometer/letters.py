"""The letters of a campaign, and what finishes them when they leave: the link is never stored."""

from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import reverse

from traitdunion.barometer import answering, keys
from traitdunion.barometer.kinds import Format, State
from traitdunion.barometer.models import RosterEntry
from traitdunion.core.errors import Refusal
from traitdunion.identity.kinds import Side
from traitdunion.notices.actions import Letter
from traitdunion.notices.letters import absolute, french_day

INVITATION: Final = "barometer.invitation"
REMINDER: Final = "barometer.reminder"
LINK: Final = "[[lien personnel]]"
PARIS: Final = ZoneInfo("Europe/Paris")
# At an average pace of reading (bench/results/answering.txt: 7.5 and 3.6 minutes); a slow reader needs a third more.
MINUTES: Final = {Format.FULL: "environ huit minutes", Format.PULSE: "environ quatre minutes"}
_FOR: Final = {Side.PREFECTURE: "la préfecture", Side.ARS: "l’ARS"}
_KEPT: Final = (
    "Vos réponses sont gardées sans votre nom ni votre fonction. À la clôture, plus rien ne les relie à vous, pas même "
    "pour l’administrateur du site. Un côté n’a de chiffres que si trois personnes au moins y répondent."
)


class LinkClosedError(Refusal):
    """The letter has lost its object."""


def key_prefix(maker: str, wave: UUID) -> str:
    """Return how the keys of the letters of a wave begin."""
    return f"{maker}:{wave.hex}:"


def invitation(entry: RosterEntry) -> Letter:
    """Return the invitation of ``entry``, its link left blank; its wave and département must be loaded."""
    wave = entry.wave
    last, name = french_day(wave.closes_on), f"« {wave.name} »"
    return Letter(
        key=f"{key_prefix(INVITATION, wave.public_id)}{entry.public_id.hex}:{entry.link_version}",
        address=entry.email,
        subject=f"Baromètre {entry.departement.name_with_link} : votre avis jusqu’au {last}",
        body="\n\n".join(
            [
                "Bonjour,",
                f"La préfecture et l’ARS décrivent chacune leur travail commun : c’est le baromètre croisé {name}.",
                f"Vous êtes invité à répondre pour {_FOR[Side(entry.side)]}, département {entry.departement.name}.",
                f"Il y faut {MINUTES[Format(wave.format)]}.",
                f"Votre lien personnel, sans connexion ni mot de passe, vaut jusqu’au {last} inclus :\n{LINK}",
                "Ne le transmettez pas : il ouvre vos réponses tant qu’elles ne sont pas envoyées.",
                _KEPT,
            ]
        ),
        maker=INVITATION,
        about=entry.public_id,
    )


def reminder(entry: RosterEntry, number: int) -> Letter:
    """Return a reminder for ``entry``. One is written for everyone asked; whether it leaves is decided then."""
    wave = entry.wave
    last = french_day(wave.closes_on)
    return Letter(
        key=f"{key_prefix(REMINDER, wave.public_id)}{number}:{entry.public_id.hex}",
        address=entry.email,
        subject=f"Rappel : baromètre {entry.departement.name_with_link}, jusqu’au {last}",
        body="\n\n".join(
            [
                "Bonjour,",
                f"Le baromètre croisé « {wave.name} » se ferme le {last} au soir, heure de Paris.",
                "Si vous avez commencé, vos réponses vous attendent ; elles ne comptent qu’une fois envoyées.",
                f"Votre lien personnel :\n{LINK}",
                "Ce rappel part seul : personne, sur le site, ne peut lire qui a répondu.",
            ]
        ),
        maker=REMINDER,
        about=entry.public_id,
    )


# Makers: what the outbox calls when a letter leaves (``notices/registry.py``)


def finish_invitation(about: UUID, body: str, *, at: datetime) -> str:
    """Return the invitation with its link.

    Raises:
        LinkClosedError: the person was withdrawn, or the wave is over.
    """
    entry = _entry(about)
    if entry is None or not _is_open(entry, at):
        raise LinkClosedError("La personne a été retirée de la liste, ou la vague n’est plus ouverte.")
    return _with_link(body, entry)


def finish_reminder(about: UUID, body: str, *, at: datetime) -> str | None:
    """Return the reminder with its link; None when there is nobody left to remind, for whatever reason."""
    entry = _entry(about)
    if entry is None or not _is_open(entry, at):
        return None
    sheet = answering.sheet_of(entry)
    return None if sheet is None or sheet.is_submitted else _with_link(body, entry)


def _entry(public_id: UUID) -> RosterEntry | None:
    return RosterEntry.objects.in_use().select_related("wave").filter(public_id=public_id).first()


def _is_open(entry: RosterEntry, at: datetime) -> bool:
    return entry.wave.state_on(at.astimezone(PARIS).date()) is State.OPEN


def _with_link(body: str, entry: RosterEntry) -> str:
    return body.replace(LINK, absolute(reverse("barometer:answer", args=[keys.token(entry)])))
