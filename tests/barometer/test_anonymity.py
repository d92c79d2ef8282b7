"""No query over the database joins an answer to a person, while a wave is open nor after it is closed.

The tests read the whole database as its owner does: every table, every column, and what PostgreSQL adds to each row
(``xmin`` and ``xmax``, the transactions that wrote and locked it; ``ctid``, its place). What they do not cover is said
in ``docs/adr/0012-anonymous-answers.md``.
"""

import itertools
import random

import pytest
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from tests.barometer.campaign import TODAY, WHO, link, opened
from tests.barometer.test_answering import answer_everything, day, low, parts  # noqa: F401  # a fixture
from tests.conventions import facts
from traitdunion.barometer import actions, answering, keys, tasks
from traitdunion.barometer.kinds import RosterRole
from traitdunion.barometer.models import Participation, Remark, RosterEntry, Sheet
from traitdunion.identity.kinds import Side

ANSWERS = {"barometer_sheet", "barometer_remark"}
# What a sheet says of where it comes from, and may: the wave, the département, the side.
CELL = {"wave_id", "departement_id", "side"}
# Everything SQL offers to turn a value into another without a key.
FUNCTIONS = (
    "{0}",
    "upper({0})",
    "replace({0}, '-', '')",
    "md5({0})",
    "md5(replace({0}, '-', ''))",
    "encode(sha224(convert_to({0}, 'UTF8')), 'hex')",
    "encode(sha256(convert_to({0}, 'UTF8')), 'hex')",
    "encode(sha256(convert_to(replace({0}, '-', ''), 'UTF8')), 'hex')",
    "encode(sha384(convert_to({0}, 'UTF8')), 'hex')",
    "encode(sha512(convert_to({0}, 'UTF8')), 'hex')",
    "encode(convert_to({0}, 'UTF8'), 'hex')",
    "encode(convert_to({0}, 'UTF8'), 'base64')",
    "hashtext({0})::text",
    "hashtextextended({0}, 0)::text",
    "reverse({0})",
)


def rows(query, *values):
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()


def tables():
    """Return every table and the names of its columns."""
    found = rows(
        "SELECT c.relname, array_agg(a.attname::text) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
        "WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0 "
        "AND NOT a.attisdropped GROUP BY c.relname"
    )
    return dict(found)


def of_the_answers():
    """Return every value of the answers that could serve as a link: neither the cell, nor what many rows share."""
    found = set()
    for table in ANSWERS:
        names = [name for name in tables()[table] if name not in CELL]
        for row in rows(f"SELECT {', '.join(f'{name}::text' for name in names)} FROM {table}"):
            found |= {value for value in row if value and len(value) > 5}
    return found


def of_the_rest():
    """Return every value of every other table, and all that SQL computes from one, or from two of a roster entry."""
    found = set()
    for table, names in tables().items():
        if table in ANSWERS or not rows(f"SELECT 1 FROM {table} LIMIT 1"):
            continue
        columns = [f"{name}::text" for name in names]
        if table == "barometer_rosterentry":
            columns += [
                f"concat({one}, '{glue}', {other})"
                for one, other in itertools.permutations(
                    ("public_id", "id", "email", "wave_id", "link_version"), 2
                )
                for glue in ("", ":", ".", "\n")
            ]
        computed = [function.format(column) for column in columns for function in FUNCTIONS]
        for start in range(0, len(computed), 500):
            for row in rows(f"SELECT {', '.join(computed[start : start + 500])} FROM {table}"):
                found |= {value for value in row if value}
    return found


def state_of_the_rest():
    """Return every row of the tables that are not answers, with the transactions that wrote and locked it.

    A sheet written locks its wave and its département (foreign keys): these rows say when a sheet was last written
    there, as the sheets themselves do. No other row may be locked.
    """
    marked = {"barometer_wave", "territories_departement"}
    return {
        table: rows(
            f"SELECT xmin::text, {'0' if table in marked else 'xmax::text'}, ctid::text, t::text FROM {table} t "
            "ORDER BY ctid"
        )
        for table in tables()
        if table not in ANSWERS
    }


@pytest.fixture
def wave(bas_rhin):
    return opened(bas_rhin, people=4)


def people(wave, side="ars"):
    found = list(wave.entries.filter(side=side).order_by("pk"))
    for entry in found:
        entry.wave = wave
    return found


@pytest.fixture
def answered(wave):
    """A wave in which two people of a side have sent, one has begun, one has done nothing; with some words."""
    first, second, third, _ = people(wave)
    every = {question.id: "2" for screen in parts() for question in screen.questions}
    for entry in (first, second):
        answering.save(entry, answers=every, screen=1, remark=f"Des mots de la personne {entry.pk}.")
        answering.submit(entry, screens=[1], typed_code="")
    answering.save(third, answers={"joindre": "5"}, screen=1, remark=None)
    return wave


# Columns


@pytest.mark.django_db
def test_every_table_is_looked_at(answered):
    looked = set(tables())
    assert looked > ANSWERS
    assert {
        "barometer_rosterentry",
        "notices_notice",
        "audit_entry",
        "django_session",
        "procrastinate_jobs",
    } < looked


@pytest.mark.django_db
@pytest.mark.parametrize("is_closed", [False, True], ids=["open", "closed"])
def test_no_value_and_nothing_computed_from_one_leads_from_a_person_to_an_answer(answered, is_closed):
    if is_closed:
        actions.close(answered, today=TODAY, **WHO)
    answers = of_the_answers()
    assert len(answers) > 4
    assert answers & of_the_rest() == set()


@pytest.mark.django_db
def test_that_search_finds_a_key_made_without_the_secret(answered):
    """The search above can fail: it finds the plain digest of an identifier."""
    import hashlib

    entry = people(answered)[0]
    wrong = hashlib.sha256(entry.public_id.hex.encode()).hexdigest()
    Sheet.objects.filter(key=keys.sheet_key(entry)).update(key=wrong)
    assert wrong in of_the_answers() & of_the_rest()


@pytest.mark.django_db
def test_a_sheet_says_a_wave_a_departement_a_side_and_answers(answered):
    names = {table: set(tables()[table]) - CELL for table in ANSWERS}
    assert names == {
        "barometer_sheet": {"id", "key", "answers", "is_submitted", "pair_hash"},
        "barometer_remark": {"id", "key", "text", "release_hash", "is_released"},
    }
    kinds = rows(
        "SELECT data_type FROM information_schema.columns WHERE table_name IN ('barometer_sheet', 'barometer_remark')"
    )
    assert not [kind for (kind,) in kinds if "time" in kind or kind == "date"]
    for sheet in Sheet.objects.all():
        assert not {role.value for role in RosterRole} & set(map(str, sheet.answers.values()))


@pytest.mark.django_db
def test_no_sequence_numbers_the_answers(answered):
    assert not rows("SELECT 1 FROM pg_sequences WHERE sequencename ~ 'barometer_(sheet|remark)'")


@pytest.mark.django_db
def test_words_do_not_lead_to_the_sheet_of_their_author(answered):
    sheets = {value for row in Sheet.objects.values_list("id", "key", "pair_hash") for value in row if value}
    remarks = {
        value for row in Remark.objects.values_list("id", "key", "release_hash") for value in row if value
    }
    assert len(remarks) == 6
    assert sheets & remarks == set()


@pytest.mark.django_db
def test_one_code_used_in_two_departements_leaves_two_hashes(db):
    signs = "123456789ABJ"
    assert keys.pair_hash(signs, "67", "ars") != keys.pair_hash(signs, "68", "ars")


# Transactions, places, order


@pytest.mark.django_db(transaction=True)
def test_answering_leaves_every_other_table_as_it_was(client, bas_rhin, day):  # noqa: F811
    """Not a row written, nor locked, nor moved: even by someone who has signed in to the site on the same browser."""
    wave = opened(bas_rhin, people=3)
    facts.sign_in(
        client, facts.mandate(facts.post(Side.ARS, bas_rhin), facts.person("R", email="r@example.org"))
    )
    session = client.session
    session["seen_at"] = 1  # any page would mark it now
    session.save()
    entry = people(wave)[0]
    before = state_of_the_rest()

    client.post(f"{link(entry)}1/", {**low(parts()[0]), "remark": "Des mots."})
    answer_everything(client, entry)
    assert client.post(f"{link(entry)}envoi/").context["code"]
    client.get(link(entry))

    assert answering.sheet_of(entry).is_submitted
    assert state_of_the_rest() == before


@pytest.mark.django_db(transaction=True)
def test_the_rows_of_a_side_bear_the_same_transaction_whoever_wrote(bas_rhin):
    wave = opened(bas_rhin, people=4)
    for entry in people(wave)[:3]:
        answering.save(entry, answers={"joindre": "4"}, screen=1, remark="Des mots.")
        assert len(transactions(Sheet, "ars")) == 1
        assert transactions(Remark, "ars") == transactions(Sheet, "ars")
    assert transactions(Sheet, "prefecture") != transactions(Sheet, "ars")


def transactions(model, side):
    table = model._meta.db_table
    return {xmin for (xmin,) in rows(f"SELECT DISTINCT xmin::text FROM {table} WHERE side = %s", side)}


@pytest.mark.django_db
def test_who_is_asked_later_joins_the_others_without_a_mark(wave):
    from traitdunion.barometer import actions_roster

    actions_roster.replace(
        people(wave)[0],
        respondent=actions_roster.Respondent(
            role=RosterRole.PSYCHIATRE, name="Neuf", email="neuf@example.org"
        ),
        today=TODAY,
        **WHO,
    )
    assert Sheet.objects.filter(side="ars").count() == 5
    assert len(transactions(Sheet, "ars")) == 1


def places(side="ars"):
    """Return the keys of the sheets of a side in the order of the file."""
    return [key for (key,) in rows("SELECT key FROM barometer_sheet WHERE side = %s ORDER BY ctid", side)]


@pytest.mark.django_db
def test_the_order_of_the_sheets_is_not_that_of_answering(wave):
    """The sheet just written is found at every place; with this many writes, chance forgets one once in 10⁷ runs."""
    writer = people(wave)[0]
    key, seen = keys.sheet_key(writer), set()
    for rank in range(60):
        answering.save(writer, answers={"joindre": str(1 + rank % 5)}, screen=1, remark=None)
        seen.add(places().index(key))
    assert seen == {0, 1, 2, 3}


@pytest.mark.django_db
def test_identifiers_are_drawn_again_at_each_writing(wave):
    before = set(Sheet.objects.filter(side="ars").values_list("pk", flat=True))
    answering.save(people(wave)[0], answers={"joindre": "3"}, screen=1, remark=None)
    assert not before & set(Sheet.objects.filter(side="ars").values_list("pk", flat=True))


@pytest.mark.django_db
def test_a_blank_sheet_waits_for_everyone_so_that_none_is_born_with_an_answer(answered):
    assert Sheet.objects.count() == RosterEntry.objects.count() == 8


# After the closing


@pytest.mark.django_db
def test_once_closed_the_server_itself_cannot_find_a_sheet(answered):
    before = set(Sheet.objects.values_list("pk", flat=True))
    entries = people(answered)
    actions.close(answered, today=TODAY, **WHO)
    assert [answering.sheet_of(entry) for entry in entries] == [None] * 4
    assert answering.remarks_of(entries[0], range(1, 9)) == {}
    assert set(Sheet.objects.values_list("key", flat=True)) == {None}
    assert set(Remark.objects.values_list("key", flat=True)) == {None}
    assert not before & set(Sheet.objects.values_list("pk", flat=True))


@pytest.mark.django_db(transaction=True)
def test_once_closed_every_sheet_of_the_wave_bears_the_same_transaction(db):
    both = [facts.departement(), facts.departement("68", "Haut-Rhin", facts.region())]
    wave = opened(*both, people=3)
    for entry in people(wave):
        answering.save(entry, answers={"joindre": "4"}, screen=1, remark="Des mots.")
        answering.submit(entry, screens=[1], typed_code="")
    actions.close(wave, today=TODAY, **WHO)
    assert len({xmin for (xmin,) in rows("SELECT xmin::text FROM barometer_sheet")}) == 1
    assert len({xmin for (xmin,) in rows("SELECT xmin::text FROM barometer_remark")}) == 1


@pytest.mark.django_db
def test_once_closed_the_order_is_drawn_again(wave, monkeypatch):
    for rank, entry in enumerate(people(wave)):
        answering.save(entry, answers={"joindre": str(rank + 1)}, screen=1, remark=None)
        answering.submit(entry, screens=[1], typed_code="")
    drawn = []
    shuffle = random.Random(3).shuffle

    class Dice:
        def shuffle(self, given):
            shuffle(given)
            drawn.append([row.answers["joindre"] for row in given])

    monkeypatch.setattr(answering, "_dice", Dice())
    actions.close(wave, today=TODAY, **WHO)
    kept = {}
    for page, value in rows(
        "SELECT (ctid::text::point)[0], answers ->> 'joindre' FROM barometer_sheet ORDER BY ctid"
    ):
        kept.setdefault(page, []).append(value)
    # A full page sends the rest of the rows to another, sometimes an earlier one: the order holds in each.
    assert sorted(value for values in kept.values() for value in values) == sorted(drawn[0])
    assert all(values == [value for value in drawn[0] if value in values] for values in kept.values())


@pytest.mark.django_db(transaction=True)
def test_old_row_versions_are_swept_after_the_closing(bas_rhin):
    def swept():
        return rows(
            "SELECT relname, vacuum_count FROM pg_stat_user_tables WHERE relname ~ '^barometer_(sheet|remark)$'"
        )

    wave = opened(bas_rhin, people=3)
    before = dict(swept())
    actions.close(wave, today=TODAY, **WHO)
    assert ProcrastinateJob.objects.filter(task_name=actions.SWEEP_TASK).exists()
    tasks.sweep()
    assert dict(swept()) == {name: count + 1 for name, count in before.items()}
    assert set(before) == ANSWERS
    ask_nothing_more()


def ask_nothing_more():
    """Empty the queue: its tables are not Django's, the flush passes them by."""
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE procrastinate_jobs, procrastinate_periodic_defers, procrastinate_workers CASCADE"
        )


# Counts


@pytest.mark.django_db
def test_a_count_keeps_no_curve_and_one_date_for_all(wave):
    for entry in people(wave)[:2]:
        answering.save(entry, answers={"joindre": "4"}, screen=1, remark=None)
        answering.submit(entry, screens=[1], typed_code="")
        actions.count_participation(wave, today=TODAY, **WHO)
    assert Participation.objects.count() == 2
    assert len(transactions(Participation, "ars") | transactions(Participation, "prefecture")) == 1
