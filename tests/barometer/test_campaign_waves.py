"""A wave is prepared, opened, counted, closed, published: each step once, each one logged."""

import uuid
from datetime import date, timedelta

import pytest

from tests.barometer.campaign import NOW, TODAY, WHO, ask, calendar, opened, prepared, questionnaire
from tests.conventions import facts
from traitdunion.audit.models import Entry
from traitdunion.barometer import actions, actions_notices, actions_roster, answering, queries, tasks
from traitdunion.barometer import rules_campaign as rules
from traitdunion.barometer.kinds import Format, RosterRole, State
from traitdunion.barometer.models import Participation, RosterEntry, Sheet, Wave
from traitdunion.identity.kinds import Holding, Side
from traitdunion.notices.models import Notice

pytestmark = pytest.mark.django_db


def after(days):
    return TODAY + timedelta(days=days)


# States


@pytest.mark.parametrize(
    ("day", "is_opened", "is_sealed", "is_cancelled", "state"),
    [
        (date(2026, 6, 1), False, False, False, State.PREPARED),
        (date(2026, 8, 1), False, False, False, State.PREPARED),
        (date(2026, 6, 30), True, False, False, State.OPEN),
        (date(2026, 7, 1), True, False, False, State.EMBARGO),  # nobody answers, even if the worker sleeps
        (date(2026, 6, 30), True, True, False, State.EMBARGO),  # closed by hand on its last day
        (date(2026, 7, 7), True, True, False, State.EMBARGO),
        (date(2026, 7, 8), True, True, False, State.PUBLISHED),
        (date(2026, 7, 8), True, False, False, State.EMBARGO),  # nothing is published before it is sealed
        (date(2026, 7, 8), True, True, True, State.CANCELLED),
    ],
)
def test_a_state_follows_from_dates_and_acts(day, is_opened, is_sealed, is_cancelled, state):
    life = rules.Life(
        closes_on=date(2026, 6, 30), is_opened=is_opened, is_sealed=is_sealed, is_cancelled=is_cancelled
    )
    assert rules.state_on(life, day) is state


@pytest.mark.parametrize("days", range(40))
def test_reminders_lie_inside_the_wave(days):
    opens = date(2026, 6, 1)
    closes = opens + timedelta(days=days)
    reminders = rules.reminder_days(opens, closes)
    assert all(opens < day <= closes for day in reminders)
    assert sorted(set(reminders)) == list(reminders)


# Preparing


def test_people_in_post_are_proposed_for_their_side(bas_rhin):
    held = {side: facts.mandate(facts.post(side, bas_rhin), facts.person(side.value, email=f"{side.value}@x.fr"))
            for side in Side}  # fmt: skip
    facts.mandate(held[Side.ARS].post, facts.person("Sans adresse"), holding=Holding.SUPPLEANT)

    wave = prepared()

    assert {(entry.side, entry.role, entry.email) for entry in wave.entries.all()} == {
        ("prefecture", RosterRole.REFERENT_RADICALISATION.value, "prefecture@x.fr"),
        ("ars", RosterRole.DELEGATION.value, "ars@x.fr"),
    }
    assert Entry.objects.get(event="barometer.wave.prepared").detail == {"proposed": 2}


def test_each_referent_is_asked_to_complete_the_roster_of_their_side(bas_rhin):
    for side in Side:
        facts.mandate(facts.post(side, bas_rhin), facts.person(side.value, email=f"{side.value}@x.fr"))
    wave = prepared()
    letters = list(Notice.objects.filter(key__startswith="barometer.roster"))
    assert {letter.person.name for letter in letters} == {"prefecture", "ars"}
    for letter in letters:
        assert f"/barometre/vagues/{wave.public_id}/departements/67/" in letter.body
        assert "1 personne est proposée ; il en faut de 3 à 6." in letter.body
        assert "rien ne pourra être montré" in letter.body


def test_a_stand_in_is_proposed_where_the_post_has_no_holder(bas_rhin):
    held = facts.post(Side.ARS, bas_rhin)
    facts.mandate(held, facts.person("S", email="s@x.fr"), holding=Holding.SUPPLEANT)
    assert [each.email for each in queries.proposals(day=TODAY)] == ["s@x.fr"]
    facts.mandate(held, facts.person("T", email="t@x.fr"))
    assert [each.email for each in queries.proposals(day=TODAY)] == ["t@x.fr"]


def test_who_was_typed_for_the_last_wave_is_proposed_again(bas_rhin):
    opened(bas_rhin, people=3)
    again = prepared("Deuxième", today=after(200))
    assert again.entries.count() == 6


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"opens_on": after(-1)}, "un jour passé"),
        ({"closes_on": after(-1)}, "précède l’ouverture"),
        ({"covers_until_on": date(2020, 1, 1)}, "finit avant de commencer"),
    ],
)
def test_days_out_of_order_are_refused(changes, said):
    days = {name: getattr(calendar(), name) for name in actions.Calendar.__dataclass_fields__}
    with pytest.raises(actions.WaveRefusedError, match=said):
        actions.prepare(
            name="Essai", form=Format.PULSE, questionnaire=questionnaire(),
            calendar=actions.Calendar(**{**days, **changes}), today=TODAY, **WHO,
        )  # fmt: skip


def test_two_waves_cannot_bear_one_name(bas_rhin):
    prepared("Printemps")
    with pytest.raises(actions.WaveRefusedError, match="choisissez un autre nom"):
        prepared("printemps")


def test_an_open_wave_changes_its_last_day_only(bas_rhin):
    wave = opened(bas_rhin)
    moved = calendar(after(3), days=40)
    actions.revise(wave, name="Autre", calendar=moved, today=TODAY, **WHO)
    wave.refresh_from_db()
    assert (wave.name, wave.opens_on, wave.closes_on) == ("Essai", TODAY, moved.closes_on)
    with pytest.raises(actions.WaveRefusedError, match="est passé"):
        actions.revise(wave, name="Essai", calendar=calendar(after(-30), days=1), today=TODAY, **WHO)


# Roster


def test_a_side_has_six_people_at_most(bas_rhin):
    wave = prepared()
    ask(wave, bas_rhin, Side.ARS, 6)
    with pytest.raises(actions_roster.RosterRefusedError, match="6 personnes"):
        actions_roster.add(
            wave, bas_rhin, Side.ARS, respondent=someone("septieme@example.org"), today=TODAY, **WHO
        )


def someone(email, role=RosterRole.PSYCHIATRE):
    return actions_roster.Respondent(role=role, name="Quelqu’un", email=email)


def test_an_address_answers_for_one_side_only(bas_rhin):
    wave = prepared()
    ask(wave, bas_rhin, Side.PREFECTURE, 1)
    with pytest.raises(actions_roster.RosterRefusedError, match="déjà sur la liste"):
        actions_roster.add(
            wave, bas_rhin, Side.ARS, respondent=someone("PREFECTURE0.67@example.org"), today=TODAY, **WHO
        )


def test_a_function_of_the_other_side_is_refused(bas_rhin):
    with pytest.raises(actions_roster.RosterRefusedError, match="autre côté"):
        actions_roster.add(
            prepared(), bas_rhin, Side.PREFECTURE, respondent=someone("a@example.org"), today=TODAY, **WHO
        )


def test_before_the_opening_a_line_is_changed_and_removed(bas_rhin):
    wave = prepared()
    first, second = ask(wave, bas_rhin, Side.ARS, 2)
    actions_roster.revise(first, respondent=someone("neuf@example.org"), today=TODAY, **WHO)
    actions_roster.remove(second, today=TODAY, **WHO)
    assert [entry.email for entry in wave.entries.all()] == ["neuf@example.org"]


def test_the_roster_is_frozen_at_the_opening(bas_rhin):
    wave = opened(bas_rhin)
    entry = wave.entries.first()
    with pytest.raises(actions_roster.RosterRefusedError, match="figée"):
        ask(wave, bas_rhin, Side.ARS, 5)
    with pytest.raises(actions_roster.RosterRefusedError, match="figée"):
        actions_roster.revise(
            entry, respondent=someone("x@example.org", RosterRole(entry.role)), today=TODAY, **WHO
        )


def test_a_person_replaced_in_the_wave_leaves_and_the_next_is_marked_new(bas_rhin):
    wave = opened(bas_rhin)
    gone = wave.entries.filter(side="ars").first()
    follower = actions_roster.replace(gone, respondent=someone("neuf@example.org"), today=TODAY, **WHO)
    gone.refresh_from_db()
    assert gone.revoked_at == NOW
    assert (follower.is_new, follower.replaces) == (True, gone)
    assert answering.sheet_of(follower).answers == {}
    assert Notice.objects.filter(address="neuf@example.org").count() == 1
    with pytest.raises(actions_roster.RosterRefusedError, match="déjà fermé"):
        actions_roster.replace(gone, respondent=someone("autre@example.org"), today=TODAY, **WHO)


def test_a_new_link_closes_the_one_before(bas_rhin):
    wave = opened(bas_rhin)
    entry = wave.entries.first()
    actions_roster.renew_link(entry, email="juste@example.org", today=TODAY, **WHO)
    entry.refresh_from_db()
    assert (entry.link_version, entry.email) == (2, "juste@example.org")
    assert Notice.objects.filter(about=entry.public_id).count() == 2


def test_who_was_not_asked_before_is_new_where_someone_was(bas_rhin):
    opened(bas_rhin, people=3)
    wave = prepared("Deuxième", today=after(200))
    wave.entries.filter(email="ars0.67@example.org").update(email="autre@example.org")
    actions.open_wave(wave, today=after(200), **WHO)
    assert [entry.email for entry in RosterEntry.objects.filter(is_new=True)] == ["autre@example.org"]


def test_a_side_is_asked_again_as_the_last_time_that_it_was_whoever_a_partial_wave_asked_since(bas_rhin):
    """A full wave, then a pulse of one département, then a full wave."""
    ain = facts.departement("01", "Ain")
    opened(bas_rhin, ain, people=3)
    pulse = prepared("Point", form=Format.PULSE, today=after(100))
    pulse.entries.filter(departement=ain).delete()
    pulse.entries.filter(email="ars0.67@example.org").update(email="autre@example.org")
    actions.open_wave(pulse, today=after(100), roster_reason="Le Bas-Rhin seul", **WHO)

    last = prepared("Deuxième", today=after(200))
    last.entries.filter(email="ars0.01@example.org").update(email="nouvelle@example.org")
    actions.open_wave(last, today=after(200), **WHO)

    asked = {code: {each.email for each in last.entries.filter(departement=code)} for code in ("67", "01")}
    assert {code: len(found) for code, found in asked.items()} == {"67": 6, "01": 6}
    assert "autre@example.org" in asked["67"]  # the Bas-Rhin as the pulse left it
    assert [each.email for each in last.entries.filter(is_new=True)] == ["nouvelle@example.org"]


# Opening


def test_opening_draws_a_sheet_and_writes_a_letter_for_each_person(bas_rhin):
    wave = opened(bas_rhin, people=4)
    assert wave.state_on(TODAY) is State.OPEN
    assert Sheet.objects.filter(wave=wave, answers={}, is_submitted=False).count() == 8
    assert Notice.objects.count() == 8
    assert queries.dispatch_of(wave) == queries.Dispatch(written=8, sent=0, failed=0)
    assert {each.invited for each in Participation.objects.all()} == {4}


def test_opening_twice_opens_once(bas_rhin):
    wave = opened(bas_rhin)
    assert actions.open_wave(wave, today=TODAY, **WHO) == 0
    assert Sheet.objects.count() == 8


@pytest.mark.parametrize("why", ["nobody", "late", "cancelled"])
def test_a_wave_that_cannot_open_says_why(bas_rhin, why):
    wave = prepared()
    if why != "nobody":
        ask(wave, bas_rhin, Side.ARS, 3)
    if why == "cancelled":
        actions.cancel(wave, reason="essai", today=TODAY, **WHO)
    with pytest.raises(actions.WaveRefusedError):
        actions.open_wave(wave, today=after(30) if why == "late" else TODAY, **WHO)


def test_opening_a_nation_costs_the_same_number_of_queries(bas_rhin, django_assert_max_num_queries):
    wave = prepared()
    ask(wave, bas_rhin, Side.ARS, 6)
    ask(wave, bas_rhin, Side.PREFECTURE, 6)
    with django_assert_max_num_queries(25):
        actions.open_wave(wave, today=TODAY, **WHO)


def test_a_cancelled_wave_keeps_no_answer(bas_rhin):
    wave = opened(bas_rhin)
    actions.cancel(wave, reason="Erreur de calendrier", today=TODAY, **WHO)
    assert not Sheet.objects.exists()
    with pytest.raises(actions.WaveRefusedError, match="ne s’annule plus"):
        actions.cancel(wave, reason="encore", today=TODAY, **WHO)


@pytest.mark.parametrize("people", [2, 7])
def test_a_list_out_of_three_to_six_opens_only_with_a_written_reason(bas_rhin, people):
    wave = prepared()
    ask(wave, bas_rhin, Side.PREFECTURE, 3)
    made = ask(wave, bas_rhin, Side.ARS, min(people, 6))
    if people > 6:  # no page lets a seventh in
        made[0].pk, made[0].email, made[0].public_id = None, "septieme@example.org", uuid.uuid4()
        made[0].save()
    with pytest.raises(actions.RosterRefusedError, match=f"ARS du département 67 en a {people}"):
        actions.open_wave(wave, today=TODAY, **WHO)
    with pytest.raises(actions.RosterRefusedError):
        actions.open_wave(wave, today=TODAY, roster_reason="  ", **WHO)
    actions.open_wave(wave, today=TODAY, roster_reason="Un poste est vacant", **WHO)
    wave.refresh_from_db()
    assert wave.roster_reason == "Un poste est vacant"
    assert Entry.objects.get(event="barometer.wave.opened").detail["lists_out_of_bounds"] == 1


def test_the_calendar_waits_for_a_reason_and_opens_the_other_waves(bas_rhin):
    short, whole = prepared("Courte", today=TODAY), prepared("Entière", today=TODAY)
    ask(short, bas_rhin, Side.ARS, 2)
    for side in Side:
        ask(whole, bas_rhin, side, 3)
    tasks.open_and_remind(TODAY, at=NOW)
    assert list(Wave.objects.filter(opened_at__isnull=False)) == [whole]
    actions.revise(short, name="Courte", calendar=calendar(), today=TODAY, roster_reason="Vacance", **WHO)
    tasks.open_and_remind(TODAY, at=NOW)
    assert Wave.objects.filter(opened_at__isnull=False).count() == 2


# Counting, closing, telling


def answer_all(wave, number, side=Side.ARS):
    for entry in wave.entries.filter(side=side.value)[:number]:
        entry.wave = wave
        answering.save(entry, answers={"a": "4"}, screen=1, remark=None)
        answering.submit(entry, screens=[1], typed_code="")


def test_participation_is_counted_from_the_sheets_once_a_day(bas_rhin):
    wave = opened(bas_rhin)
    answer_all(wave, 3)
    assert Participation.objects.get(side="ars").submitted == 0, "nothing moves until the count"
    actions.count_participation(wave, today=after(1), **WHO)
    assert Participation.objects.get(side="ars").submitted == 3
    assert queries.rates_of([wave])[wave.pk][Side.ARS] == queries.Rate(submitted=3, invited=4)


def test_a_replaced_person_stays_in_the_denominator(bas_rhin):
    wave = opened(bas_rhin)
    gone = wave.entries.filter(side="ars").first()
    actions_roster.replace(gone, respondent=someone("neuf@example.org"), today=TODAY, **WHO)
    actions.count_participation(wave, today=after(1), **WHO)
    assert Participation.objects.get(side="ars").invited == 5


def test_closing_keeps_what_was_sent_and_nothing_else(bas_rhin):
    wave = opened(bas_rhin)
    answer_all(wave, 3)
    started = wave.entries.filter(side="prefecture").first()
    answering.save(started, answers={"a": "1"}, screen=1, remark="en cours")
    assert actions.close(wave, today=after(21), **WHO) is True
    assert actions.close(wave, today=after(21), **WHO) is False
    assert {(sheet.side, sheet.key) for sheet in Sheet.objects.all()} == {("ars", None)}
    assert Sheet.objects.count() == 3
    assert Participation.objects.get(side="ars").submitted == 3
    assert wave.state_on(after(21)) is State.EMBARGO


def test_closing_early_starts_the_embargo_that_day(bas_rhin):
    wave = opened(bas_rhin)
    actions.close(wave, today=after(2), **WHO)
    assert wave.closes_on == after(2)
    assert wave.published_on == after(10)


def test_the_calendar_opens_reminds_closes_and_tells_whatever_is_run_again(bas_rhin):
    referent = facts.mandate(facts.post(Side.ARS, bas_rhin), facts.person("R", email="r@example.org"))
    wave = prepared(today=TODAY)
    for side in Side:
        ask(wave, bas_rhin, side, 3)
    asked = wave.entries.count()
    for _ in range(2):
        tasks.open_and_remind(TODAY, at=NOW)
    assert Notice.objects.filter(key__startswith="barometer.invitation").count() == asked
    for days in (7, 8, 17, 17):
        tasks.open_and_remind(after(days), at=NOW)
    assert Notice.objects.filter(key__startswith="barometer.reminder").count() == 2 * asked
    for day in (after(20), after(21), after(21), after(27)):
        tasks.close_and_tell(day, at=NOW)
    told = Notice.objects.filter(person=referent.person).exclude(key__startswith="barometer.roster")
    assert [notice.key.partition(":")[0] for notice in told] == ["barometer.sealed"]
    tasks.close_and_tell(after(28), at=NOW)
    tasks.close_and_tell(after(29), at=NOW)
    assert told.all().count() == 2
    wave.refresh_from_db()
    assert wave.state_on(after(28)) is State.PUBLISHED


def test_a_missed_reminder_gives_way_to_the_next(bas_rhin):
    wave = opened(bas_rhin)
    assert actions_notices.remind(wave, today=after(6), **WHO) == 0
    assert actions_notices.remind(wave, today=after(18), **WHO) == 8
    assert actions_notices.remind(wave, today=after(19), **WHO) == 0


def test_every_act_names_its_author_and_none_names_a_respondent(bas_rhin):
    wave = opened(bas_rhin)
    answer_all(wave, 2)
    actions.close(wave, today=after(3), **WHO)
    entries = list(Entry.objects.all())
    assert {entry.actor_label for entry in entries} == {"Tâche automatique : essais"}
    written = " ".join(f"{entry.subject} {entry.detail}" for entry in entries)
    assert "example.org" not in written
    assert "Personne" not in written
    assert not [entry for entry in entries if "answer" in entry.event or "sheet" in entry.event]


def test_a_wave_opens_by_itself_only_when_someone_is_asked(bas_rhin):
    wave = prepared()
    tasks.open_and_remind(TODAY, at=NOW)
    assert Wave.objects.get(pk=wave.pk).opened_at is None
