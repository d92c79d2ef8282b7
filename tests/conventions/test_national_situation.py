"""The reading of many départements at once says what the rules say of each."""

import random
from datetime import UTC, date, datetime, time, timedelta

import pytest

from tests.conventions import facts
from traitdunion.conventions import queries, queries_timeline
from traitdunion.conventions.kinds import State, Turn, Unconfirmed
from traitdunion.conventions.models import ContactCheck, Convention, Meeting, Review, Signature
from traitdunion.conventions.rules import Practice, vitality
from traitdunion.conventions.rules_practice import month_ends
from traitdunion.identity.kinds import Holding, Side
from traitdunion.identity.models import Mandate
from traitdunion.identity.rules import Holding as Stay
from traitdunion.identity.rules import vacancy
from traitdunion.territories.models import Departement

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 24)
QUERIES = 3  # and one to know whether a former answer still holds


def many(number, seed=0):
    region = facts.region()
    for rank in range(number):
        facts.random_history(facts.departement(f"{rank:03}", f"Département {rank}", region), seed + rank)


def slow_state(departement, day):
    """The convention that counts, read one by one."""
    read = [
        (each, found)
        for each in Convention.objects.filter(departement=departement, parent=None)
        if (found := each.situation(day)) is not None
    ]
    in_force = [(each, found) for each, found in read if found.state is State.EN_VIGUEUR]
    signed = [(each, found) for each, found in read if found.is_over or found.state is State.SIGNEE]
    signed.sort(key=lambda pair: pair[0].signed_on)
    drafts = [(each, found) for each, found in read if found.is_draft]
    return next(iter(in_force or signed[-1:] or drafts[-1:]), (None, None))


def slow_practice(departement, day):
    """The facts of vitality, read one by one."""
    vacant, confirmed, unconfirmed = {}, {}, {}
    for side in Side:
        stays = Mandate.objects.filter(
            post__departement=departement,
            post__role=facts.REFERENT[side].value,
            holding=Holding.TITULAIRE.value,
        )
        opened = stays[0].post.opened_on
        vacant[side] = vacancy(
            [Stay(since=each.starts_on, until=each.ends_on) for each in stays], opened_on=opened, day=day
        ).vacant_since
        last = [
            ContactCheck.objects.filter(post=each.post, person=each.person, confirmed_on__lte=day)
            .order_by("-confirmed_on")
            .first()
            for each in stays.current(day)
        ]
        right = [check.confirmed_on for check in last if check and check.is_right]
        confirmed[side] = max(right, default=None)
        if confirmed[side] is None:
            unconfirmed[side] = slow_reason(stays, day)
    held = Meeting.objects.filter(
        departement=departement, held_on__lte=day, prefecture_present=True, ars_present=True
    )
    reviews = Review.objects.filter(convention__departement=departement, reviewed_on__lte=day)
    return Practice(
        vacant_since=vacant,
        contacts_confirmed_on=confirmed,
        last_meeting_on=max(held.values_list("held_on", flat=True), default=None),
        last_review_on=max(reviews.values_list("reviewed_on", flat=True), default=None),
        unconfirmed=unconfirmed,
    )


def slow_reason(stays, day):
    said = {}
    for each in stays:
        check = (
            ContactCheck.objects.filter(post=each.post, person=each.person, confirmed_on__lte=day)
            .order_by("-confirmed_on")
            .first()
        )
        if check:
            said[each.pk] = check.is_right
    if any(each.pk in said for each in stays.current(day)):
        return Unconfirmed.DISPUTED
    return Unconfirmed.BY_A_FORMER if any(said.values()) else Unconfirmed.NEVER


@pytest.mark.parametrize("seed", [1, 100])
def test_the_fast_reading_says_what_the_rules_say(seed):
    many(5, seed)
    chance = random.Random(seed)
    days = [date(2021, 1, 1) + timedelta(days=chance.randrange(2154)) for _ in range(4)] + [DAY]
    for day in days:
        for code, read in queries.situation(day).items():
            departement = Departement.objects.get(code=code)
            chosen, found = slow_state(departement, day)
            facts_then = slow_practice(departement, day)
            assert read.state is (found.state if found else None), (code, day)
            if found:
                assert read.convention.public_id == chosen.public_id
                assert read.since == found.since
                if not found.is_over:
                    assert read.turn is found.turn
            assert read.standing.practice == facts_then, (code, day)
            assert read.vitality == vitality(state=read.state, practice=facts_then, day=day)


def test_the_history_says_on_each_day_what_the_situation_says():
    many(8, 3)
    days = month_ends(DAY)[::6]
    for read in queries.series(days):
        counts = queries.counts(queries.situation(read.day).values())
        assert (read.signed, read.in_force, read.applied, read.total) == (
            counts.signed,
            counts.in_force,
            counts.applied,
            counts.total,
        )


def test_reading_the_past_ignores_what_was_recorded_since():
    many(3, 5)
    day = date(2024, 6, 30)
    known_at = datetime.combine(day + timedelta(days=1), time.min, tzinfo=UTC)
    before = queries.situation(day, known_at=known_at)
    later = datetime(2026, 11, 1, 9, tzinfo=UTC)
    for departement in Departement.objects.all():
        facts.meeting(departement, day - timedelta(days=1), at=later)
        made = facts.convention(
            departement,
            starts_on=day - timedelta(days=3000),
            ends_on=day - timedelta(days=2900),
            signed_on=day - timedelta(days=3000),
            at=later,
        )
        facts.review(made, day - timedelta(days=2), at=later)
        post = Mandate.objects.filter(post__departement=departement).first().post
        facts.mandate(post, since=day, holding=Holding.SUPPLEANT, at=later)
        Convention.objects.filter(departement=departement, signed_on__lte=day).exclude(pk=made.pk).update(
            denounced_on=day, denounced_reason="essai", denounced_recorded_at=later
        )
    assert queries.situation(day, known_at=known_at) == before
    assert queries.situation(day) != before


def test_the_queries_are_as_many_for_ten_times_the_rows(django_assert_num_queries):
    many(1)
    with django_assert_num_queries(QUERIES + 1):
        queries.situation(DAY)
    with django_assert_num_queries(QUERIES + 1):
        queries.series(month_ends(DAY))
    region = facts.region()
    for rank in range(100, 110):
        facts.random_history(facts.departement(str(rank), f"Département {rank}", region), rank)
    with django_assert_num_queries(QUERIES + 1):
        queries.situation(DAY)
    with django_assert_num_queries(QUERIES + 1):
        queries.series(month_ends(DAY))
    with django_assert_num_queries(QUERIES + 1):
        queries.situation(DAY, known_at=datetime(2025, 1, 1, tzinfo=UTC), departements=["101", "102"])


def test_counts_carry_their_denominator():
    one, other = facts.departement("67", "Bas-Rhin"), facts.departement("68", "Haut-Rhin")
    facts.living(one, DAY)
    facts.convention(other, signed_on=date(2020, 1, 1), starts_on=date(2020, 1, 1), ends_on=date(2021, 1, 1))
    counts = queries.counts(queries.situation(DAY).values())
    assert (counts.total, counts.signed, counts.in_force, counts.applied) == (2, 2, 1, 1)
    assert all(count == 1 for count in counts.facts.values())


def test_a_departement_without_anything_is_still_counted():
    facts.departement()
    [read] = queries.situation(DAY).values()
    assert (read.state, read.convention, read.turn) == (None, None, Turn.BOTH)
    assert queries.departement_situation(Departement.objects.get(), DAY) == read


def test_the_timeline_tells_what_happened_latest_first(django_assert_num_queries):
    departement = facts.departement()
    made, _ = facts.living(departement, DAY)
    Convention.objects.filter(pk=made.pk).update(ends_on=DAY - timedelta(days=2))
    with django_assert_num_queries(1):
        lines = queries_timeline.timeline(departement, until=DAY)
    told = [line.text for line in lines]
    assert [line.on for line in lines] == sorted((line.on for line in lines), reverse=True)
    for words in (
        "Réunion tenue",
        "revue faite",
        "signée par l’ARS",
        "entre en vigueur",
        "échue",
        "confirmées",
    ):
        assert any(words in text for text in told), words
    assert not any(
        line.on > DAY for line in queries_timeline.timeline(departement, until=DAY - timedelta(days=10))
    )


def test_the_timeline_still_tells_a_signature_taken_back():
    made = facts.convention(departement := facts.departement())
    facts.sign(made, Side.PREFECTURE, DAY - timedelta(days=10))
    Signature.objects.update(withdrawn_on=DAY, withdrawn_recorded_at=facts.noon(DAY))

    [line] = queries_timeline.timeline(departement, until=DAY)

    assert line.text == "Convention-cadre : signée par la préfecture (signataire)"
