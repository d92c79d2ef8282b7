"""What a measure knows at an instant: its forms of care, its end, what adds up, and the state of what is expected."""

import pytest

from traitdunion.law.counting import HOUR, read
from traitdunion.law.deadline import State
from traitdunion.law.deadlines import LAW
from traitdunion.law.facts import read_facts
from traitdunion.law.measure import Measure

LATE = read("2027-01-01T00:00:00Z")


def at(day, hour=10):
    return f"2026-04-{day:02}T{hour:02}:00:00+02:00"


def event(kind, day, hour=10, **fields):
    return {"type": kind, "at": at(day, hour), **fields}


ADMISSION = event("admission", 3)


def measure(*events, mode="SPDRE", seen=LATE, admission=ADMISSION):
    started = [admission] if admission else []
    return Measure(read_facts({"mode": mode, "departement": "67", "events": [*started, *events]}), seen)


def days(spells):
    return [
        (spell.start.zone.moment(spell.start.at).day, spell.end and spell.end.zone.moment(spell.end.at).day)
        for spell in spells
    ]


def form(day, forme):
    return event("decision_forme", day, forme=forme)


def test_the_events_of_a_type_are_looked_for_from_one_of_them():
    known = measure(event("certificat_24h", 3), event("certificat_24h", 4), event("certificat_24h", 6))
    start, first, second, third = known.admission, *known.all("certificat_24h")
    assert known.first("certificat_24h", start) is first, "the same instant counts"
    assert known.first("certificat_24h", first) is second, "the event itself does not"
    assert list(known.after("certificat_24h", second)) == [third]
    assert known.first("certificat_24h", third) is None
    assert known.latest("certificat_24h", second) is second
    assert known.latest("certificat_24h", start) is first
    assert known.latest("levee", third) is None
    assert known.since("certificat_24h", start, second.at) is second
    assert known.since("certificat_24h", start, second.at + 1) is third
    assert known.since("certificat_24h", start, third.at + 1) is None


@pytest.mark.parametrize("count", [31, 32, 33, 80])
def test_a_long_list_is_searched_as_a_short_one_is_read(count):
    opinions = [{"type": "avis_psychiatre", "at": f"2026-05-01T00:{rank:02}:00Z"} for rank in range(40)]
    opinions += [{"type": "avis_psychiatre", "at": f"2026-05-01T01:{rank:02}:00Z"} for rank in range(40)]
    known = measure(*opinions[:count])
    kept = known.all("avis_psychiatre")
    assert known.first("avis_psychiatre", kept[7]) is kept[8]
    assert known.first("avis_psychiatre", known.admission) is kept[0]
    assert list(known.after("avis_psychiatre", kept[20])) == kept[21:]
    assert known.latest("avis_psychiatre", kept[25]) is kept[25]


def test_the_earliest_of_several_types():
    known = measure(event("decision_forme", 6, forme="programme_de_soins"), event("levee", 5))
    assert known.earliest(known.admission, "decision_forme", "levee", "deces").kind == "levee"
    assert known.earliest(known.admission, "deces") is None


def test_what_the_observation_starts_from():
    care, provisional = event("premiers_soins", 1), event("mesure_provisoire", 2)
    both = measure(care, provisional, mode="MP")
    assert (both.observation().kind, both.origin().kind) == ("premiers_soins", "mesure_provisoire")
    assert measure(provisional, mode="MP").observation().kind == "mesure_provisoire"
    assert measure().observation().kind == measure().origin().kind == "admission"
    assert measure(event("premiers_soins", 4)).observation().kind == "admission"
    assert measure(event("premiers_soins", 3)).observation().kind == "premiers_soins"
    assert measure(provisional, mode="MP", admission=None).observation().kind == "mesure_provisoire"


@pytest.mark.parametrize(("hour", "lapsed"), [(9, False), (10, True)])
def test_a_provisional_measure_ends_by_itself(hour, lapsed):
    provisional, seen = event("mesure_provisoire", 2), read(at(4, hour))
    assert measure(provisional, mode="MP", admission=None, seen=seen).lapsed_before_admission() is lapsed
    assert not measure(provisional, mode="MP").lapsed_before_admission()
    assert not measure().lapsed_before_admission()


def test_hospitalisation_goes_on_until_a_decision_says_otherwise():
    assert days(measure().full) == [(3, None)]
    out, back = form(8, "programme_de_soins"), event("reintegration", 12)
    assert days(measure(out).full) == [(3, 8)]
    assert days(measure(out, back).full) == [(3, 8), (12, None)]
    assert days(measure(out, form(12, "hospitalisation_complete")).full) == [(3, 8), (12, None)]
    assert days(measure(form(8, "hospitalisation_complete"), back).full) == [(3, None)], "already there"
    assert days(measure(out, form(9, "programme_de_soins"), back, event("levee", 20)).full) == [
        (3, 8),
        (12, 20),
    ]
    assert days(measure(event("levee", 9), back).full) == [(3, 9)], "nothing after the end"
    assert days(measure(out, event("levee", 20)).full) == [(3, 8)]
    assert measure(event("mesure_provisoire", 2), mode="MP", admission=None).full == []


def test_where_an_event_falls():
    known = measure(
        form(8, "programme_de_soins"), event("reintegration", 12), event("saisine_juge", 10), event("appel", 12),
        event("avis_psychiatre", 8),
    )  # fmt: skip
    first, second = known.full
    assert known.spell_at(known.admission) is first
    assert known.spell_at(known.all("avis_psychiatre")[0]) is first, "the last instant is inside"
    assert known.spell_at(known.all("saisine_juge")[0]) is None
    assert known.spell_at(known.all("appel")[0]) is second


def judged(day, sens, **fields):
    return event("decision_juge", day, sens=sens, **fields)


def appealed(day, **fields):
    return event("decision_appel", day, **fields)


@pytest.mark.parametrize(
    ("events", "end"),
    [
        ([], None),
        ([event("levee", 9), event("deces", 8)], "deces"),
        ([event("levee", 9), event("levee", 12)], "levee"),
        ([judged(9, "maintien")], None),
        ([judged(9, "mainlevee")], "decision_juge"),
        ([judged(9, "mainlevee_differee")], "decision_juge"),
        ([judged(9, "mainlevee", objet="mainlevee")], "decision_juge"),
        ([judged(9, "mainlevee", objet="isolement")], None),
        ([judged(9, "mainlevee"), form(10, "programme_de_soins")], None),
        ([judged(9, "mainlevee"), form(10, "hospitalisation_complete")], "decision_juge"),
        ([judged(9, "mainlevee"), form(8, "programme_de_soins")], "decision_juge"),
        ([judged(9, "mainlevee"), appealed(11, sens="maintien")], None),
        ([judged(9, "mainlevee"), appealed(11, sens="mainlevee")], "decision_juge"),
        ([judged(9, "mainlevee"), appealed(11)], "decision_juge"),
        ([judged(9, "mainlevee"), appealed(11, sens="maintien", objet="isolement")], "decision_juge"),
        ([judged(9, "mainlevee"), event("effet_suspensif", 10)], None),
        ([judged(9, "mainlevee"), event("effet_suspensif", 10), appealed(11, sens="mainlevee")], "decision_juge"),
        ([judged(9, "mainlevee"), judged(12, "maintien"), event("effet_suspensif", 13)], "decision_juge"),
        ([judged(9, "mainlevee"), judged(12, "maintien"), appealed(13, sens="maintien")], "decision_juge"),
        ([judged(9, "maintien"), appealed(11, sens="mainlevee")], "decision_appel"),
        ([judged(9, "maintien"), appealed(11, sens="maintien")], None),
        ([judged(9, "maintien"), appealed(11, sens="mainlevee", objet="contention")], None),
    ],
)  # fmt: skip
def test_what_ends_a_measure(events, end):
    found = measure(*events).end
    assert (found and found.kind) == end


def test_an_end_is_looked_for_from_an_event_on():
    known = measure(event("levee", 9), event("information_personne", 9), event("appel", 10))
    [same], [later] = known.all("information_personne"), known.all("appel")
    assert known.ended(known.admission) is known.end
    assert known.ended(same) is known.end
    assert known.ended(later) is None
    assert measure().ended(known.admission) is None


def test_the_judge_and_who_refers_to_him_have_an_object():
    known = measure(
        event("saisine_juge", 4), event("saisine_juge", 5, objet="isolement"), judged(6, "maintien"),
        judged(7, "maintien", objet="isolement"), judged(8, "maintien"),
    )  # fmt: skip
    referral, other = known.all("saisine_juge")
    first, isolated, last = known.all("decision_juge")
    assert known.referred(known.admission, "controle") is referral
    assert known.referred(referral, "controle") is referral
    assert known.referred(other, "controle") is None
    assert known.referred(known.admission, "isolement") is other
    assert known.judged(known.admission, "controle", "mainlevee") is first
    assert known.judged(first, "controle") is last
    assert known.judged(known.admission, "isolement") is isolated
    assert known.judged(last, "controle") is None


def test_an_expert_report_counts_inside_its_limit():
    known = measure(event("expertise_ordonnee", 6), judged(8, "maintien"), judged(5, "maintien"))
    early, late = known.all("decision_juge")
    order = known.all("expertise_ordonnee")[0]
    assert known.expert_within(known.admission, order.at + 1, None)
    assert not known.expert_within(known.admission, order.at, None)
    assert known.expert_within(known.admission, order.at + 1, late)
    assert known.expert_within(known.admission, order.at + 1, order)
    assert not known.expert_within(known.admission, order.at + 1, early)
    assert not known.expert_within(late, LATE, None)


def isolated(*pairs):
    return [event(f"isolement_{what}", day, hour) for what, day, hour in pairs]


@pytest.mark.parametrize(
    ("events", "spells"),
    [
        ([("debut", 4, 10)], [(4, None)]),
        ([("debut", 4, 10), ("fin", 5, 10)], [(4, 5)]),
        ([("debut", 4, 10), ("debut", 6, 10), ("fin", 7, 10)], [(4, 6), (6, 7)]),
        ([("debut", 4, 10), ("debut", 6, 10)], [(4, 6), (6, None)]),
        ([("fin", 3, 12), ("debut", 4, 10), ("fin", 5, 10)], [(4, 5)]),
    ],
)
def test_isolement_lasts_until_its_end_or_the_next_decision(events, spells):
    assert days(measure(*isolated(*events)).spells("isolement")) == spells


def test_the_end_of_the_measure_ends_an_isolement():
    assert days(measure(*isolated(("debut", 4, 10)), event("levee", 9)).spells("isolement")) == [(4, 9)]
    assert measure().spells("isolement") == measure().chains("isolement") == []


@pytest.mark.parametrize(("hour", "chains"), [(9, 1), (10, 2)])
def test_isolements_less_than_48_hours_apart_add_up(hour, chains):
    known = measure(*isolated(("debut", 4, 10), ("fin", 5, 10), ("debut", 7, hour), ("fin", 8, 10)))
    assert len(known.chains("isolement")) == chains
    running = measure(*isolated(("debut", 4, 10), ("debut", 8, 10), ("fin", 9, 10)))
    assert [len(chain) for chain in running.chains("isolement")] == [2]


def test_what_happened_or_was_recorded_later_is_not_known():
    noted = event("levee", 9, recorded_at=at(11))
    for hour, known in ((9, False), (10, True)):
        assert bool(measure(noted, seen=read(at(11, hour))).end) is known
    assert bool(measure(event("levee", 9), seen=read(at(9))).end) is True
    assert measure(event("levee", 9), seen=read(at(9)) - 1).end is None
    assert measure(seen=read(at(2))).admission is None


def due(known, late, **fields):
    [bound] = [one for one in LAW.table(known.mode) if one.rule.key == "E1"]
    start = known.admission
    known.due(bound.on(start.day), start, late, **fields)
    return known.out[-1]


@pytest.mark.parametrize(
    ("done", "stop", "late", "right", "state"),
    [
        (None, None, 24, False, State.PENDING),
        (None, None, -1, False, State.LATE),
        (None, None, 0, False, State.LATE),
        (None, None, -1, True, State.LAPSED),
        (None, None, 24, True, State.PENDING),
        (None, None, None, False, State.PENDING),
        ("levee", None, 24, False, State.MET),
        ("levee", None, None, False, State.MET),
        ("levee", None, -2, False, State.LATE),
        ("levee", None, -3, False, State.LATE),
        ("levee", None, -2, True, State.LATE),
        ("levee", "levee", -3, False, State.LATE),
        (None, "levee", 24, False, State.LAPSED),
        (None, "levee", None, False, State.LAPSED),
        (None, "levee", -2, False, State.LATE),
        (None, "levee", -1, False, State.LAPSED),
    ],
)
def test_the_state_of_what_is_expected(done, stop, late, right, state):
    """The act, or what stops it, is at 8 o'clock; one looks at 10; limits are told in hours from then."""
    seen = read(at(9))
    known = measure(event("levee", 9, 8), seen=seen)
    limit = None if late is None else seen + late * HOUR
    acts = {"done": known.all(done)[0] if done else None, "stop": known.all(stop)[0] if stop else None}
    one = due(known, limit, right=right, **acts)
    assert one.state is state
    assert (one.late, one.done, one.stop) == (limit, acts["done"], acts["stop"])


def test_what_does_not_apply_says_why():
    known = measure()
    [bound] = [one for one in LAW.table(known.mode) if one.rule.key == "E1"]
    known.apart(bound.on(known.admission.day), known.admission, "Sans objet ici.")
    [one] = known.out
    assert (one.state, one.late, one.note) == (State.NOT_APPLICABLE, None, "Sans objet ici.")


def test_after_a_transfer_to_another_clock_the_day_ends_where_the_person_is():
    moved = event("transfert", 6, departement="974")
    [bound] = [one for one in LAW.table(measure().mode) if one.rule.key == "J2"]
    for events, seen, sooner in (([moved], LATE, 2), ([moved], read(at(5)), 0), ([], LATE, 0)):
        known = measure(*events, seen=seen)
        start, limit, target = (
            known.admission,
            read("2026-04-15T00:00:00+02:00"),
            read("2026-04-14T00:00:00+02:00"),
        )
        known.due(bound.on(start.day), start, limit, target=target)
        [one] = known.out
        assert (limit - one.late) // HOUR == (target - one.target) // HOUR == sooner
        assert ("sous une autre heure" in one.note) is bool(sooner)
    west = measure(event("transfert", 6, departement="973"))
    west.due(bound.on(west.admission.day), west.admission, read("2026-04-15T00:00:00+02:00"))
    assert west.out[0].late == read("2026-04-15T00:00:00+02:00"), "a later midnight gives nobody more time"
    hours = measure(moved)
    assert due(hours, read("2026-04-15T00:00:00+02:00")).late == read("2026-04-15T00:00:00+02:00")
