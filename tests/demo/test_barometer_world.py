"""The baromètre of the synthetic country: a loop already played once, and one that waits to be continued."""

import pytest
from django.test import Client
from django.utils import timezone

from traitdunion.barometer import actions_pistes, keys
from traitdunion.barometer.kinds import Answer, Decision, Outcome, State
from traitdunion.barometer.models import Effect, Piste, Proposal, Result, RosterEntry, Sheet, Wave
from traitdunion.demo import barometer_pulse, barometer_world, world
from traitdunion.demo.personas import HOME_DEPARTEMENT, ISSUER
from traitdunion.identity.kinds import Side
from traitdunion.identity.models import Person
from traitdunion.plan.kinds import OriginKind, Provenance
from traitdunion.plan.models import Action


@pytest.fixture
def here(country, db):
    return Piste.objects.filter(departement=HOME_DEPARTEMENT)


def test_two_waves_are_published_one_is_under_embargo_and_one_is_open(here):
    states = {wave.name: wave.state_on(timezone.localdate()) for wave in Wave.objects.all()}

    first, second, third = (name for name, _ in barometer_world.WAVES)
    assert states == {
        first: State.PUBLISHED,
        second: State.PUBLISHED,
        third: State.EMBARGO,
        barometer_pulse.NAME: State.OPEN,
    }


def test_what_was_kept_opened_one_dated_action_on_each_side(here):
    kept = Piste.objects.filter(decision=Decision.KEPT.value)
    opened = Action.objects.filter(origin=OriginKind.BAROMETER_GAP.value)

    assert kept.filter(departement=HOME_DEPARTEMENT).count() >= 3
    assert kept.values("departement").distinct().count() > 2
    assert not kept.filter(measured_by="").exists()
    assert not kept.filter(due_on=None).exists()
    for side in Side:
        asked = set(opened.filter(owner=side.value).values_list("origin_reference", flat=True))
        assert asked == set(kept.values_list("public_id", flat=True))
    assert set(opened.values_list("provenance", flat=True)) == {Provenance.SYNTHETIC.value}


def test_the_three_outcomes_are_seen_where_one_looks_first(here):
    second = Wave.objects.get(name=barometer_world.WAVES[1][0])

    seen = Effect.objects.filter(wave=second, piste__in=here)

    assert set(seen.values_list("outcome", flat=True)) == {each.value for each in Outcome}


def test_what_is_said_of_an_effect_is_what_the_analysis_says_when_asked_again(here):
    result = Result.objects.select_related("wave").get(wave__name=barometer_world.WAVES[1][0])
    effects = Effect.objects.filter(wave=result.wave).order_by("piste")
    told = list(effects.values_list("piste", "outcome", "sentence"))
    effects.update(outcome=Outcome.UNDECIDED.value, sentence="")

    actions_pistes.observe(result, actor=world.ACTOR, at=result.wave.sealed_at)

    assert told == list(effects.values_list("piste", "outcome", "sentence"))


@pytest.mark.parametrize("side", list(Side))
def test_each_side_has_something_to_answer(here, side):
    waiting = Proposal.objects.filter(piste__in=here, answered_at=None)

    assert waiting.filter(side=side.other.value).exists()


def test_some_pistes_were_left_and_some_proposals_refused_with_a_reason(here):
    left = Piste.objects.filter(decision=Decision.LEFT.value)
    declined = Proposal.objects.filter(answer=Answer.DECLINED.value)

    assert left.exists()
    assert not left.filter(reason="").exists()
    assert declined.exists()
    assert not declined.filter(answer_reason="").exists()


def test_a_role_that_one_tries_may_answer_the_open_wave(here):
    persona = Person.objects.get(issuer=ISSUER, subject="referent_ars")
    entry = RosterEntry.objects.get(wave__name=barometer_pulse.NAME, email=persona.email)

    page = Client().get(f"/barometre/repondre/{keys.token(entry)}/1/")

    assert page.status_code == 200
    assert "<fieldset" in page.content.decode()
    sent = Sheet.objects.filter(wave=entry.wave, is_submitted=True).count()
    assert 0 < sent < entry.wave.entries.count()
