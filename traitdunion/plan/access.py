"""Who reads what of the plan, and who may write it.

Every mandate reads the measures, their statements and their indicators. A mandate on a territory reads the
national actions and those of its départements: the others do not exist for it.
"""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from traitdunion.identity.access import departements_visible_to
from traitdunion.identity.kinds import Role, Side
from traitdunion.identity.models import Mandate
from traitdunion.plan.kinds import Owner
from traitdunion.plan.models import (
    Action,
    Blocker,
    Evidence,
    Indicator,
    IndicatorValue,
    Measure,
    Statement,
    Target,
)
from traitdunion.territories.models import Departement

EDITORS = frozenset({Role.DESK_SANTE, Role.DESK_INTERIEUR, Role.SG_CIPDR, Role.ADMINISTRATEUR})
DYAD = frozenset({Role.PREFET, Role.REFERENT_PREFECTURE, Role.DG_ARS, Role.REFERENT_ARS})


def _own_territory(mandate: Mandate, path: str) -> Q:
    """Return the rows that carry no département, or one in the territory of the mandate."""
    territory = territory_of(mandate)
    if territory.is_national:
        return Q()
    national = Q(**{f"{path}__isnull": True})
    if territory.departement is not None:
        return national | Q(**{path: territory.departement})
    if territory.region is not None:
        return national | Q(**{f"{path}__region": territory.region})
    return national


@dataclass(frozen=True, slots=True, kw_only=True)
class Territory:
    """What decides the rows that a mandate reads: two mandates on one territory read the same ledger."""

    is_national: bool
    departement: str | None
    region: str | None


def territory_of(mandate: Mandate) -> Territory:
    """Return the territory of a mandate."""
    post = mandate.post
    return Territory(is_national=mandate.is_national, departement=post.departement_id, region=post.region_id)


def measures_visible_to(_mandate: Mandate) -> QuerySet[Measure]:
    """Return the measures: every mandate reads the plan."""
    return Measure.objects.select_related("section__axis")


def indicators_visible_to(_mandate: Mandate) -> QuerySet[Indicator]:
    """Return the indicators: every mandate reads the plan."""
    return Indicator.objects.select_related("measure")


def statements_visible_to(_mandate: Mandate) -> QuerySet[Statement]:
    """Return the statements: every mandate reads the plan."""
    return Statement.objects.select_related("measure")


def actions_visible_to(mandate: Mandate) -> QuerySet[Action]:
    """Return the national actions and those of the territory of the mandate."""
    return Action.objects.filter(_own_territory(mandate, "departement"))


def blockers_visible_to(mandate: Mandate) -> QuerySet[Blocker]:
    """Return the obstacles of the visible actions."""
    return Blocker.objects.filter(_own_territory(mandate, "action__departement")).select_related(
        "action__departement"
    )


def values_visible_to(mandate: Mandate) -> QuerySet[IndicatorValue]:
    """Return the national values and those of the territory of the mandate."""
    return IndicatorValue.objects.filter(_own_territory(mandate, "departement"))


def targets_visible_to(mandate: Mandate) -> QuerySet[Target]:
    """Return the national targets and those of the territory of the mandate."""
    return Target.objects.filter(_own_territory(mandate, "departement"))


def evidence_visible_to(mandate: Mandate) -> QuerySet[Evidence]:
    """Return the evidence of the measures and of the visible actions."""
    return Evidence.objects.filter(_own_territory(mandate, "action__departement")).select_related(
        "measure", "action__departement", "action__measure"
    )


def departements_of(mandate: Mandate) -> QuerySet[Departement]:
    """Return the départements whose actions ``mandate`` reads."""
    return departements_visible_to(mandate)


def may_edit_plan(mandate: Mandate) -> bool:
    """Whether the mandate words measures, statements, indicators and national actions."""
    return mandate.role in EDITORS


def may_act_on(mandate: Mandate, action: Action) -> bool:
    """Whether the mandate may say what happened to ``action``: its own side's, or both sides'.

    ``action.departement`` is read: select it with the action.
    """
    if action.departement is None:
        return may_edit_plan(mandate)
    if not _is_of_the_dyad(mandate, action.departement):
        return False
    return action.owner == Owner.BOTH.value or action.owner == _owner_of(mandate.side)


def may_block(mandate: Mandate, action: Action) -> bool:
    """Whether the mandate may say what stops ``action``: either side sees the obstacles of the other."""
    if action.departement is None:
        return may_edit_plan(mandate)
    return _is_of_the_dyad(mandate, action.departement)


def may_open_in(mandate: Mandate, departement: Departement | None) -> bool:
    """Whether the mandate may open an action in ``departement``, or a national one when it is None."""
    if departement is None:
        return may_edit_plan(mandate)
    return _is_of_the_dyad(mandate, departement)


def may_open(mandate: Mandate) -> bool:
    """Whether the mandate may open an action somewhere."""
    return may_edit_plan(mandate) or mandate.role in DYAD


def may_record_in(mandate: Mandate, departement: Departement | None) -> bool:
    """Whether the mandate may record a value of an indicator for ``departement``, or for the nation."""
    return may_edit_plan(mandate) or (departement is not None and _is_of_the_dyad(mandate, departement))


def may_prove(mandate: Mandate, evidence: Evidence) -> bool:
    """Whether the mandate may withdraw ``evidence``."""
    return may_edit_plan(mandate) if evidence.action is None else may_act_on(mandate, evidence.action)


def owners_for(mandate: Mandate) -> tuple[Owner, ...]:
    """Return the sides on whose behalf the mandate may open an action: its own, or both."""
    return () if mandate.side is None else (Owner(_owner_of(mandate.side)), Owner.BOTH)


def _is_of_the_dyad(mandate: Mandate, departement: Departement) -> bool:
    return mandate.role in DYAD and mandate.covers(departement)


def _owner_of(side: Side | None) -> str:
    return "" if side is None else side.value
