import pytest

from tests.plan.scene import BY
from traitdunion.identity import actions as identity
from traitdunion.identity.kinds import Role
from traitdunion.plan import access, actions
from traitdunion.plan.actions import ActionText
from traitdunion.plan.kinds import Owner, Provenance

EDITORS = {Role.DESK_SANTE, Role.DESK_INTERIEUR, Role.SG_CIPDR, Role.ADMINISTRATEUR}
PREFECTURE_SIDE = {Role.PREFET, Role.REFERENT_PREFECTURE}
ARS_SIDE = {Role.DG_ARS, Role.REFERENT_ARS}


@pytest.fixture
def far(plan, territories):
    """An action of Ille-et-Vilaine, and the référent there."""
    action = plan.open(departement=territories["35"], owner=Owner.BOTH)
    mandate = identity.grant(
        person=plan.house.person("Loin"),
        post=plan.house.far_posts[Role.REFERENT_PREFECTURE],
        starts_on=plan.local.opened_on,
        **BY,
    )
    return action, mandate


@pytest.mark.parametrize("role", list(Role))
def test_a_mandate_on_a_territory_reads_its_actions_and_the_national_ones(plan, far, role):
    mandate = plan.mandate(role)
    seen = set(access.actions_visible_to(mandate))

    assert {plan.national, plan.local} <= seen
    assert (far[0] in seen) == mandate.is_national


def test_the_actions_of_another_departement_do_not_exist(plan, far):
    action, mandate = far

    assert set(access.actions_visible_to(mandate)) == {plan.national, action}


@pytest.mark.parametrize("role", list(Role))
def test_the_side_that_owes_an_action_says_what_happened_to_it(plan, role):
    mandate = plan.mandate(role)
    of_ars, of_both = (plan.clause(owner=owner) for owner in (Owner.ARS, Owner.BOTH))

    assert access.may_act_on(mandate, plan.national) == (role in EDITORS)
    assert access.may_act_on(mandate, plan.local) == (role in PREFECTURE_SIDE)
    assert access.may_act_on(mandate, of_ars) == (role in ARS_SIDE)
    assert access.may_act_on(mandate, of_both) == (role in PREFECTURE_SIDE | ARS_SIDE)


@pytest.mark.parametrize("role", list(Role))
def test_either_side_says_what_stops_an_action(plan, role):
    assert access.may_block(plan.mandate(role), plan.local) == (role in PREFECTURE_SIDE | ARS_SIDE)


@pytest.mark.parametrize("role", list(Role))
def test_central_administrations_word_the_plan(plan, role):
    mandate = plan.mandate(role)

    assert access.may_edit_plan(mandate) == (role in EDITORS)
    assert access.may_open(mandate) == (role in EDITORS | PREFECTURE_SIDE | ARS_SIDE)
    assert access.may_open_in(mandate, None) == (role in EDITORS)


def test_nobody_acts_where_his_mandate_does_not_reach(plan, far):
    _, mandate = far

    assert not access.may_act_on(mandate, plan.local)
    assert not access.may_block(mandate, plan.local)
    assert not access.may_open_in(mandate, plan.house.bas_rhin)
    assert not access.may_record_in(mandate, plan.house.bas_rhin)


def test_values_and_evidence_of_another_departement_do_not_exist(plan, far):
    action, mandate = far
    plan.value(90, departement=plan.house.bas_rhin)
    plan.value(98)
    piece = plan.evidence(measure=None, action=plan.local)

    assert [value.departement_id for value in access.values_visible_to(mandate)] == [None]
    assert piece not in access.evidence_visible_to(mandate)
    assert plan.evidence(measure=None, action=action) in access.evidence_visible_to(mandate)


def test_a_side_opens_for_itself_or_for_both(plan):
    assert access.owners_for(plan.mandate(Role.REFERENT_ARS)) == (Owner.ARS, Owner.BOTH)
    assert access.owners_for(plan.mandate(Role.DESK_SANTE)) == ()


def test_an_action_opened_without_measure_is_read_too(plan):
    action = actions.open_action(
        text=ActionText(title="Écart"),
        departement=plan.house.bas_rhin,
        owner=Owner.BOTH,
        opened_on=plan.local.opened_on,
        provenance=Provenance.OURS,
        **BY,
    )

    assert action in access.actions_visible_to(plan.mandate(Role.PREFET))
