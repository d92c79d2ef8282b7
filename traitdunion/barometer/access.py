"""Who prepares a campaign, who keeps the roster of a side, who reads names, who reads results and when."""

from datetime import date
from typing import Final

from django.db.models import QuerySet

from traitdunion.barometer.kinds import State
from traitdunion.barometer.models import RosterEntry, Wave
from traitdunion.identity.access import departements_visible_to
from traitdunion.identity.kinds import Role, Side
from traitdunion.identity.models import Mandate
from traitdunion.territories.models import Departement

# The two ministries measure together the relation of their own networks, and the administrator runs the site for
# them. The SG-CIPDR keeps the plan and reads: the one who publishes progress does not choose when it is measured. The
# delegate for data protection and the inspector check, hence decide nothing.
MANAGERS: Final = frozenset({Role.DESK_SANTE, Role.DESK_INTERIEUR, Role.ADMINISTRATEUR})
# Each institution says who speaks for it; nobody says it for the other.
KEEPERS: Final = frozenset({Role.PREFET, Role.REFERENT_PREFECTURE, Role.DG_ARS, Role.REFERENT_ARS})


def may_manage(mandate: Mandate) -> bool:
    """Whether ``mandate`` imports questionnaires and prepares, opens, closes and cancels waves."""
    return mandate.role in MANAGERS


def may_justify(mandate: Mandate) -> bool:
    """Whether ``mandate`` may say that a question worded anew still compares with what it was."""
    return mandate.role is Role.ADMINISTRATEUR


def may_keep(mandate: Mandate, departement: Departement, side: Side) -> bool:
    """Whether ``mandate`` writes the roster of ``side``: its own side there, or the administrator to repair."""
    if mandate.role is Role.ADMINISTRATEUR:
        return True
    return mandate.role in KEEPERS and mandate.side is side and mandate.covers(departement)


def entries_kept_by(mandate: Mandate) -> QuerySet[RosterEntry]:
    """Return the entries whose names ``mandate`` reads and writes. The others show as a function, without a name."""
    entries = RosterEntry.objects.select_related("wave", "departement__region")
    if mandate.role is Role.ADMINISTRATEUR:
        return entries
    if mandate.role not in KEEPERS or mandate.side is None:
        return entries.none()
    return entries.filter(side=mandate.side.value, departement__in=departements_visible_to(mandate))


def waves_visible_to(mandate: Mandate) -> QuerySet[Wave]:
    """Return the waves that ``mandate`` reads: all of them, whoever acts; the calendar of a campaign is no secret."""
    waves = Wave.objects.select_related("questionnaire")
    return waves if mandate.pk is not None else waves.none()


def may_read_results(mandate: Mandate, wave: Wave, departement: Departement, *, day: date) -> bool:
    """Whether ``mandate`` reads the results of ``departement``: under embargo the pair alone, later all in reach."""
    state = wave.state_on(day)
    if state is State.EMBARGO:
        return wave.sealed_at is not None and mandate.side is not None and mandate.covers(departement)
    if state is not State.PUBLISHED:
        return False
    return mandate.is_national or mandate.covers(departement)


def may_read_national_results(mandate: Mandate, wave: Wave, *, day: date) -> bool:
    """Whether ``mandate`` reads the national and regional results: everyone, once published."""
    return mandate.pk is not None and wave.state_on(day) is State.PUBLISHED
