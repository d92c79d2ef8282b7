"""What holds for every measure whatever happened in it."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from traitdunion.law.citation import COPY_READ, Mark
from traitdunion.law.counting import instant, read, zone_of
from traitdunion.law.deadline import State
from traitdunion.law.deadlines import LAW, answer, compute, decode, stream
from traitdunion.law.facts import DEPARTEMENTS, VOCABULARY, FactsError, Mode, read_facts
from traitdunion.law.obligation import REFORM, Law, NotInForceError
from traitdunion.law.showing import difference, difference_told, page, show
from traitdunion.law.texts import TEXTS, version_on

FUZZED = settings(max_examples=5 * settings.default.max_examples)  # 100,000 in the long profile (make fuzz)
START = datetime(2026, 4, 24, 14, 40, tzinfo=UTC)
OF_CARE = sorted(set(VOCABULARY) - {"admission", "reunion_cdsp", "visite_cdsp", "rapport_annuel"})


def _event(kind, minutes, author, choices):
    told = {"type": kind, "at": (START + timedelta(minutes=minutes)).isoformat()}
    if author:
        told["author"] = author
    shape = VOCABULARY[kind]
    for field in sorted(shape.closed):
        values = sorted(shape.closed[field])
        pick = choices % (len(values) + (field not in shape.needs))
        if pick < len(values):
            told[field] = values[pick]
    for field in sorted(shape.instants & shape.needs):
        told[field] = (START + timedelta(minutes=minutes + choices * 60)).isoformat()
    return told


EVENTS = st.lists(
    st.builds(
        _event,
        st.sampled_from(OF_CARE),
        st.one_of(st.integers(0, 600_000), st.sampled_from([0, 1440, 4320, 10_080, 17_280, 43_200])),
        st.sampled_from(["", "psy-1", "psy-2"]),
        st.integers(0, 11),
    ),
    max_size=25,
)
MODES = st.sampled_from([mode for mode in Mode if mode is not Mode.COMMISSION])
AT = st.integers(-10_000, 900_000).map(lambda minutes: START + timedelta(minutes=minutes))


def told(mode, events, *, departement="67", reinforced=False):
    admission = {"type": "admission", "at": START.isoformat()}
    return {
        "mode": mode, "departement": departement, "renforce": reinforced, "events": [admission, *events],
    }  # fmt: skip


@FUZZED
@given(MODES, EVENTS, st.booleans(), AT, st.sampled_from(["67", "973", "974"]))
def test_the_answer_is_json_and_says_what_the_objects_say(mode, events, reinforced, at, departement):
    facts = read_facts(told(mode, events, departement=departement, reinforced=reinforced))
    found = compute(facts, at=at)
    printed = json.loads(answer(facts, instant(at)))["deadlines"]
    assert len(printed) == len(found)
    for one, line in zip(found, printed, strict=True):
        assert line == {
            "rule": one.rule,
            "key": one.applied.rule.key,
            "act": one.applied.rule.act,
            "actor": one.actor,
            "start_event": one.start.kind,
            "starts_at": one.starts_at.isoformat(),
            "opens_at": one.opens_at and one.opens_at.isoformat(),
            "target_at": one.target_at and one.target_at.isoformat(),
            "late_from": one.late_from and one.late_from.isoformat(),
            "done_at": one.done and one.done.zone.moment(one.done.at).isoformat(),
            "state": one.state.value,
            "enforceable": one.applied.enforceable,
            "if_missed": one.applied.rule.missed,
            "citation": {
                "text": one.applied.version.citation.text,
                "article": one.applied.version.citation.article,
                "part": one.applied.version.citation.part,
                "version": one.applied.version.citation.version,
                "status": one.applied.status.value,
            },
            "counting": one.applied.rule.counting.id,
            "explanation": one.explanation,
        }
    brief = json.loads(answer(facts, instant(at), brief=True))["deadlines"]
    kept = ("key", "starts_at", "late_from", "done_at", "state")
    assert brief == [{name: line[name] for name in kept} for line in printed]
    soonest = [one["late_from"] or one["starts_at"] for one in printed]
    assert [read(moment) for moment in soonest] == sorted(read(moment) for moment in soonest)


@given(MODES, EVENTS, st.booleans(), AT)
def test_a_state_is_what_its_dates_say(mode, events, reinforced, at):
    for one in compute(read_facts(told(mode, events, reinforced=reinforced)), at=at):
        late, now = one.late, instant(at)
        assert one.start.at <= now, "nothing is expected from what is not yet known"
        assert one.done is None or one.done.at <= now
        if one.state is State.MET:
            assert one.done is not None
            assert late is None or one.done.at < late
        elif one.state is State.LATE:
            assert late is not None
            assert one.done.at >= late if one.done else now >= late
        elif one.state is State.PENDING:
            assert one.done is None
            assert late is None or now < late
        elif one.state is State.LAPSED:
            assert one.stop is not None or one.applied.rule.stake.name == "RIGHT" or one.rule == "S10"
        if one.target is not None and late is not None:
            assert one.target <= late


@given(MODES, EVENTS, st.booleans(), st.integers(0, 600_000), AT)
def test_a_later_event_makes_no_deadline_disappear(mode, events, reinforced, minutes, at):
    """What was expected on a day is still told later: done, late, or no longer expected and why."""
    cut = START + timedelta(minutes=minutes)
    early = [event for event in events if datetime.fromisoformat(event["at"]) <= cut]
    whole = read_facts(told(mode, events, reinforced=reinforced))
    before = {_place(one) for one in compute(read_facts(told(mode, early, reinforced=reinforced)), at=cut)}
    after = {_place(one) for one in compute(whole, at=max(at, cut))}
    assert before <= after
    assert before == {_place(one) for one in compute(whole, at=cut)}, (
        "a past day is replayed from what was known"
    )


def _place(one):
    return one.applied.rule.key, one.start.kind, one.start.at


@given(MODES, EVENTS, AT)
def test_an_event_unknown_to_every_rule_moves_nothing(mode, events, at):
    quiet = {"type": "avis_experts", "at": (START + timedelta(minutes=77)).isoformat()}
    kept = [event for event in events if event["type"] not in {"designation_experts", "avis_experts"}]
    without = answer(read_facts(told(mode, kept)), instant(at))
    assert answer(read_facts(told(mode, [*kept, quiet])), instant(at)) == without


@given(MODES, EVENTS, AT)
def test_what_is_recorded_later_is_not_known_yet(mode, events, at):
    tomorrow = (at + timedelta(days=1)).isoformat()
    hidden = [{**event, "recorded_at": tomorrow} for event in events]
    bare = answer(read_facts(told(mode, [])), instant(at))
    assert answer(read_facts(told(mode, hidden)), instant(at)) == bare


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
LOOSE = st.fixed_dictionaries(
    {
        "mode": st.one_of(st.sampled_from([*Mode]), JSON),
        "departement": st.one_of(st.sampled_from(sorted(DEPARTEMENTS)), JSON),
        "events": st.one_of(
            JSON,
            st.lists(
                st.fixed_dictionaries(
                    {"type": st.one_of(st.sampled_from(sorted(VOCABULARY)), JSON)},
                    optional={
                        "at": st.one_of(st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat), JSON),
                        "sens": JSON, "forme": JSON, "pour": JSON, "departement": JSON, "author": JSON,
                        "recorded_at": JSON, "objet": JSON,
                    },
                ),
                max_size=6,
            ),
        ),
    },
    optional={"renforce": JSON, "id": JSON, "autre": JSON},
)  # fmt: skip


@given(st.one_of(JSON, LOOSE), AT)
def test_whatever_is_told_is_read_or_refused_in_one_sentence(whatever, at):
    try:
        facts = read_facts(whatever)
    except FactsError as refusal:
        sentence = str(refusal)
        assert sentence[-1] in ".:?»…" or sentence.endswith("liste.")
        assert "\n" not in sentence
        return
    json.loads(answer(facts, instant(at)))


@given(st.binary(max_size=60))
def test_bytes_that_are_not_facts_are_refused(content):
    with pytest.raises(FactsError):
        decode(content)


def test_a_stream_answers_line_by_line_and_says_which_it_refuses():
    good = json.dumps(told("SPDRE", [])).encode()
    at = instant(START)
    lines = list(stream([good, b"{", good], at))
    assert lines[0] == lines[2] == answer(decode(good), at)
    assert json.loads(lines[1])["error"].startswith("Les faits ne sont pas du JSON")


def test_on_every_day_a_rule_has_exactly_one_version():
    days = [REFORM + timedelta(days=rank) for rank in range(365 * 30)]
    for rule in LAW.rules.values():
        starts = [version.since for version in rule.versions]
        assert starts == sorted(set(starts))
        for day in days[:: 61 if rule.key != "J2" else 1] + starts + [s - timedelta(days=1) for s in starts]:
            holding = [
                version
                for version, end in zip(rule.versions, [*starts[1:], date.max], strict=True)
                if version.since <= day < end
            ]
            assert len(holding) == (day >= starts[0])
            assert (holding or [None])[0] is version_on(rule, day)


def test_before_the_first_version_no_rule_answers():
    facts = read_facts(told("SPDRE", []))
    [bound] = [one for one in LAW.table(facts.mode) if one.rule.key == "J2"]
    with pytest.raises(NotInForceError):
        bound.on(REFORM.toordinal() - 1)
    assert not bound.holds(REFORM.toordinal() - 1)


def test_what_was_not_read_is_never_enforced():
    for mode in Mode:
        for bound in LAW.table(mode):
            for applied in bound.versions:
                marks = {applied.version.citation.status, applied.rule.counting.status}
                assert applied.enforceable is marks.isdisjoint({Mark.UNVERIFIED, Mark.READING})


def test_a_measure_is_judged_by_the_law_of_its_day():
    def ruling(year):
        at = datetime(year, 3, 3, 10, tzinfo=UTC)
        facts = {"mode": "SPDT", "departement": "75", "events": [{"type": "admission", "at": at.isoformat()}]}
        return next(one for one in compute(read_facts(facts), at=at) if one.rule == "J2")

    old, new = ruling(2014), ruling(2026)
    assert (old.late_from.date() - date(2014, 3, 3)).days == 15
    assert (new.late_from.date() - date(2026, 3, 3)).days == 12
    assert (old.applied.enforceable, new.applied.enforceable) == (False, True)
    assert old.actor == "juge des libertés et de la détention"
    assert new.actor.startswith("juge (magistrat du siège")


@pytest.mark.parametrize("name", TEXTS)
def test_the_page_of_a_text_follows_the_law(name):
    path = Path(__file__).parents[2] / "docs" / "law" / f"{name}.md"
    assert path.read_text(encoding="utf-8") == "\n".join(page(TEXTS[name], COPY_READ))


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_shown_and_compared_with_itself(name):
    text = TEXTS[name]
    assert show(text, COPY_READ)["rules"] or show(text, COPY_READ)["items"]
    same = difference(text, COPY_READ, COPY_READ)
    assert same["rules"] == same["items"] == []
    assert difference_told(text, COPY_READ, COPY_READ)[-1].strip().startswith("Rien ne change")


def test_every_rule_is_told_by_one_text():
    told_by = [rule.key for text in TEXTS.values() for rule in text.rules()]
    assert sorted(told_by) == sorted(LAW.rules)


def test_the_decree_of_2019_moves_the_number_six():
    changed = {
        one["item"]: one for one in difference(TEXTS["d2018"], date(2019, 5, 7), date(2019, 5, 8))["items"]
    }
    assert changed["information du préfet (radicalisation)"]["place_after"] == "article 1, 6°"
    moved = changed["statistiques départementales"]
    assert (moved["place_before"], moved["place_after"]) == ("article 1, 6°", "article 1, 7°")


def test_the_largest_measure_is_answered():
    many = [
        {"type": kind, "at": (START + timedelta(minutes=rank)).isoformat()}
        for rank in range(9_900)
        for kind in ("isolement_debut", "isolement_fin")
    ]
    facts = read_facts(told("SPDRE", many))
    assert len(json.loads(answer(facts, instant(START + timedelta(days=30)), brief=True))["deadlines"]) > 0


def test_a_law_of_three_rules_finds_what_the_whole_law_finds():
    keys = ("E1", "J2", "J4.decision")
    few = Law({key: LAW.rules[key] for key in keys})
    judged = {"type": "decision_juge", "at": (START + timedelta(days=9)).isoformat(), "sens": "maintien"}
    facts = read_facts(told("SPDRE", [judged]))
    at = START + timedelta(days=40)
    whole = [one.late for one in compute(facts, at=at) if one.applied.rule.key in keys]
    assert [one.late for one in compute(facts, at=at, law=few)] == whole
    assert zone_of("67").iso(whole[-1]) == "2026-11-04T00:00:00+01:00"
