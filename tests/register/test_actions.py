"""Writing in the register: who, when, and what the database itself refuses."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from tests.register.scene import ACTOR, ADMITTED, BY, NOW, PERSON
from traitdunion.audit.models import Entry
from traitdunion.identity.kinds import Role
from traitdunion.identity.models import Organisation
from traitdunion.law.facts import Mode
from traitdunion.register import access, actions, queries
from traitdunion.register.authority import NoAuthorityError, Purpose
from traitdunion.register.marks import Identity
from traitdunion.register.models import (
    Dossier,
    DossierKey,
    Event,
    Measure,
    SealedIdentity,
    SearchMark,
)
from traitdunion.register.rules import FactsRefusedError, as_facts

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def grant(ward, dossier, role=Role.SSC_CONSULTATION):
    return access.grant(ward.agent(role), dossier, purpose=Purpose.CERTIFICATES, day=NOW.date())


def events():
    return list(Entry.objects.order_by("id").values_list("event", "subject", "actor_label"))


# Dossiers


def test_a_dossier_is_logged_by_its_reference_and_names_nobody(ward):
    dossier = ward.dossier()

    assert dossier.reference.startswith("67-")
    assert events()[-1] == ("register.dossier.opened", dossier.reference, ACTOR.label)
    assert Entry.objects.latest("id").detail == {"text": "D2018-383/V3", "compared": 0}


def test_nothing_written_holds_the_name_or_the_date_in_clear(ward):
    measure = ward.measure()
    ward.record(measure, "certificat_24h", after=20 * HOUR, author="Docteur Camomille")
    stored = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith(("register_", "audit_")):
                cursor.execute(f"SELECT row_to_json(t)::text FROM {table} AS t")
                stored += [row for (row,) in cursor.fetchall()]

    whole = "\n".join(stored)
    for secret in ("Renaud", "RENAUD", "loise", "1980-05-17", "Camomille"):
        assert secret not in whole
        assert secret.encode().hex() not in whole


def test_who_reads_an_identity_leaves_a_trace(ward):
    dossier = ward.dossier()

    found = actions.read_identity(dossier, grant=grant(ward, dossier), **BY)

    assert found == PERSON
    [entry] = Entry.objects.filter(event="register.identity.read")
    assert (entry.subject, entry.actor_label, entry.at) == (dossier.reference, ACTOR.label, NOW)
    assert entry.detail == {"purpose": "certificats", "text": "D2018-383/V3", "version": 1}


def test_a_grant_opens_no_other_dossier(ward):
    one = ward.dossier()
    other = ward.dossier(Identity(names="Azur", first_names="Jeanne", born_on=date(1950, 1, 1)))

    with pytest.raises(actions.DossierRefusedError, match="ne vaut pas pour ce dossier"):
        actions.read_identity(other, grant=grant(ward, one), **BY)


def test_an_identity_is_corrected_and_the_former_stays_sealed(ward):
    dossier = ward.dossier()

    actions.correct_identity(dossier, replace(PERSON, names="Bistre"), **BY)

    assert actions.read_identity(dossier, grant=grant(ward, dossier), **BY).names == "Bistre"
    assert SealedIdentity.objects.count() == 2
    assert queries.search(ward.place, "Renaud") == []
    assert [found.dossier for found in queries.search(ward.place, "bistre")] == [dossier]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"names": " - "}, "manque le nom"),
        ({"first_names": ""}, "manque le nom ou le prénom"),
        ({"born_on": date(1899, 12, 31)}, "n’est pas possible"),
        ({"born_on": NOW.date() + timedelta(days=1)}, "n’est pas possible"),
    ],
)
def test_an_impossible_identity_is_refused(ward, changes, said):
    with pytest.raises(actions.DossierRefusedError, match=said):
        ward.dossier(replace(PERSON, **changes))

    assert not Dossier.objects.exists()


def test_no_dossier_before_the_decree(ward):
    with pytest.raises(NoAuthorityError, match="Aucun texte n’autorise"):
        ward.dossier(at=NOW.replace(year=2018, month=5, day=24))


# Duplicates are proposed, never merged


@pytest.mark.parametrize(
    "typed",
    [
        PERSON,
        replace(PERSON, names="RENAULT"),
        replace(PERSON, names="Renaut", first_names="Heloise", born_on=date(1981, 5, 17)),
        replace(PERSON, names="Martin-Renaud"),
    ],
)
def test_a_dossier_of_perhaps_the_same_person_is_compared_first(ward, typed):
    known = ward.dossier()

    with pytest.raises(actions.SamePersonError, match=known.reference) as refused:
        ward.dossier(typed)

    assert [found.dossier for found in refused.value.found] == [known]
    other = ward.dossier(typed, compared=frozenset({known.public_id}))
    assert other != known
    assert Dossier.objects.count() == 2


def test_the_same_name_on_another_day_of_birth_is_another_person(ward):
    ward.dossier()

    ward.dossier(Identity(names="Renaud", first_names="Zoé", born_on=date(2001, 1, 1)))

    assert Dossier.objects.count() == 2


def test_dossiers_of_another_departement_are_neither_proposed_nor_found(ward, territories):
    ward.dossier()
    elsewhere = territories["35"]

    assert queries.likely_same(elsewhere, PERSON) == []
    assert queries.search(elsewhere, "Renaud") == []


# Search


def test_a_search_gives_names_spelt_so_before_those_heard_alike(ward):
    heard = ward.dossier(Identity(names="Renault", first_names="Paul", born_on=date(1960, 1, 1)))
    spelt = ward.dossier(Identity(names="Renaud", first_names="Anne", born_on=date(1970, 1, 1)))
    ward.dossier(Identity(names="Corail", first_names="Luc", born_on=date(1970, 1, 1)))

    found = queries.search(ward.place, "renaud")

    assert [(each.dossier, each.is_exact) for each in found] == [(spelt, True), (heard, False)]


def test_a_search_wants_every_word(ward):
    both = ward.dossier(Identity(names="Le Gall Perrin", first_names="Anne", born_on=date(1970, 1, 1)))
    ward.dossier(Identity(names="Le Gall", first_names="Luc", born_on=date(1975, 1, 1)))

    assert [each.dossier for each in queries.search(ward.place, "perrin gall")] == [both]
    assert queries.search(ward.place, " - ") == []


def test_a_search_asks_two_queries_whatever_it_finds(ward, django_assert_num_queries):
    for rank in range(5):
        ward.dossier(Identity(names="Perrin", first_names=f"{'A' * rank}nne", born_on=date(1970 + rank, 1, 1)),
                     compared=frozenset(Dossier.objects.values_list("public_id", flat=True)))  # fmt: skip

    with django_assert_num_queries(3):  # spelt, heard, dossiers
        assert len(queries.search(ward.place, "Perrin")) == 5


# Measures and facts


def test_a_measure_opens_with_the_fact_that_starts_it(ward):
    measure = ward.measure()

    [event] = Event.objects.all()
    assert (event.kind, event.at, event.measure) == ("admission", ADMITTED, measure)
    assert events()[-1] == ("register.measure.opened", measure.dossier.reference, ACTOR.label)


def test_a_provisional_measure_starts_by_itself(ward):
    measure = ward.measure(mode=Mode.MP)
    ward.record(measure, "admission", after=10 * HOUR, establishment=ward.other_hospital)

    measure.refresh_from_db()
    assert (measure.started_at, measure.establishment) == (ADMITTED, ward.other_hospital)


def test_two_measures_of_one_person_never_overlap(ward):
    dossier = ward.dossier()
    first = ward.measure(dossier)

    with pytest.raises(actions.MeasureRefusedError, match="déjà une mesure à ces dates"):
        ward.measure(dossier, started_at=ADMITTED + 24 * HOUR)

    ward.record(first, "levee", after=48 * HOUR)
    ward.measure(dossier, mode=Mode.CONVERSION, started_at=ADMITTED + 48 * HOUR)
    assert Measure.objects.count() == 2


def test_the_database_itself_refuses_two_measures_at_a_time(ward):
    measure = ward.measure()

    with pytest.raises(IntegrityError, match="measure_one_at_a_time"), transaction.atomic():
        Measure.objects.create(
            departement=ward.place, dossier_uuid=measure.dossier_uuid, mode="SPDT", establishment=ward.hospital,
            started_at=ADMITTED + HOUR, author_label="", recorded_at=NOW,
        )  # fmt: skip


def test_a_correction_that_would_make_measures_overlap_is_refused_and_changes_nothing(ward):
    dossier = ward.dossier()
    first = ward.measure(dossier)
    levee = ward.record(first, "levee", after=24 * HOUR)
    ward.measure(dossier, started_at=ADMITTED + 30 * HOUR)

    with pytest.raises(actions.MeasureRefusedError, match="déjà une mesure"):
        actions.correct(levee, happened_at=ADMITTED + 40 * HOUR, **BY)

    first.refresh_from_db()
    assert first.ended_at == ADMITTED + 24 * HOUR
    assert Event.objects.filter(kind="levee").count() == 1


def test_a_withdrawn_levee_lets_the_measure_run_again(ward):
    measure = ward.measure()
    levee = ward.record(measure, "levee", after=24 * HOUR)

    actions.withdraw(levee, **{**BY, "at": NOW + HOUR})

    measure.refresh_from_db()
    assert measure.ended_at is None
    facts = queries.facts_of([measure])[measure.public_id]
    assert [fact.is_withdrawal for fact in facts if fact.kind == "levee"] == [False, True]


def test_a_corrected_admission_moves_the_start(ward):
    measure = ward.measure()

    actions.correct(Event.objects.get(), happened_at=ADMITTED - HOUR, establishment=ward.hospital, **BY)

    measure.refresh_from_db()
    assert measure.started_at == ADMITTED - HOUR


def test_the_admission_cannot_be_withdrawn(ward):
    ward.measure()

    with pytest.raises(FactsRefusedError, match="plus de point de départ"):
        actions.withdraw(Event.objects.get(), **BY)


def test_a_fact_is_replaced_once(ward):
    measure = ward.measure()
    wrong = ward.record(measure, "certificat_24h", after=20 * HOUR)
    right = actions.correct(wrong, happened_at=ADMITTED + 21 * HOUR, **BY)

    with pytest.raises(actions.MeasureRefusedError, match="déjà été remplacé"):
        actions.withdraw(wrong, **BY)
    withdrawn = actions.withdraw(right, **BY)
    with pytest.raises(actions.MeasureRefusedError, match="Un retrait ne se corrige pas"):
        actions.withdraw(withdrawn, **BY)


def test_the_doctor_of_a_certificate_is_sealed_and_compared_by_number(ward):
    measure = ward.measure()
    ward.record(measure, "certificat_24h", after=20 * HOUR, author="Dr Camomille")
    ward.record(measure, "certificat_72h", after=70 * HOUR, author="dr camomille")

    facts = queries.facts_of([measure])[measure.public_id]
    told = as_facts(facts, mode=measure.mode, departement="67", zone=queries.zone_of(ward.place))

    assert [fact.author for fact in facts] == ["", "Dr Camomille", "dr camomille"]
    assert [event.get("author") for event in told["events"]] == [None, "medecin-1", "medecin-1"]


@pytest.mark.parametrize(
    ("kind", "changes", "said"),
    [
        ("decision_forme", {}, "doit porter « forme »"),
        ("decision_forme", {"detail": {"forme": "ailleurs"}}, "« forme » vaut"),
        ("certificat_24h", {"detail": {"forme": "programme_de_soins"}}, "le champ « forme » est inconnu"),
        ("certificat_24h", {"detail": {"diagnostic": "…"}}, "le champ « diagnostic » est inconnu"),
        ("decision_juge", {}, "doit porter « sens »"),
        ("transfert", {}, "L’établissement accompagne"),
        ("levee", {"author": "Dr Camomille"}, "ne porte pas de médecin"),
        ("reunion_cdsp", {}, "n’est pas un fait"),
        ("consultation", {}, "n’est pas un fait"),
    ],
)
def test_a_fact_carries_what_its_kind_carries(ward, kind, changes, said):
    measure = ward.measure()

    with pytest.raises((actions.MeasureRefusedError, FactsRefusedError), match=said):
        ward.record(measure, kind, after=HOUR, **changes)

    assert Event.objects.count() == 1


def test_only_a_hospital_receives(ward):
    office = Organisation.objects.get(kind="dd_ars")

    with pytest.raises(actions.MeasureRefusedError, match="n’est pas un établissement"):
        ward.measure(establishment=office)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE register_event SET at = at + interval '1 hour'",
        "UPDATE register_event SET author_sealed = 'x'",
        "UPDATE register_event SET author_sealed = NULL, kind = 'levee'",
        "DELETE FROM register_event",
        "TRUNCATE register_event",
    ],
)
def test_the_database_refuses_to_change_a_fact(ward, statement):
    ward.measure()
    with connection.cursor() as cursor:
        cursor.execute(
            "SET CONSTRAINTS ALL IMMEDIATE"
        )  # what is deferred to the end would refuse the truncation first

    with (
        pytest.raises(IntegrityError, match="facts are replaced"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_a_row_cannot_point_into_another_departement(ward, territories):
    measure = ward.measure()

    with pytest.raises(IntegrityError, match="event_of_measure"), transaction.atomic():
        Event.objects.create(
            departement=territories["35"], measure_uuid=measure.public_id, kind="levee", at=NOW, author_label="",
            recorded_at=NOW,
        )  # fmt: skip


# Erasure


def test_an_erased_person_is_nobody_any_more(ward):
    dossier = ward.dossier()
    measure = ward.measure(dossier)
    ward.record(measure, "certificat_24h", after=20 * HOUR, author="Dr Camomille")
    given = grant(ward, dossier)

    actions.erase(dossier, **BY)

    assert [model.objects.count() for model in (DossierKey, SealedIdentity, SearchMark)] == [0, 0, 0]
    assert Event.objects.filter(author_sealed__isnull=False).count() == 0
    assert Event.objects.count() == 2
    assert queries.search(ward.place, "Renaud") == []
    for refused in (
        lambda: actions.read_identity(dossier, grant=given, **BY),
        lambda: actions.correct_identity(dossier, PERSON, **BY),
        lambda: actions.erase(dossier, **BY),
        lambda: ward.record(measure, "levee", after=HOUR),
    ):
        with pytest.raises(actions.DossierRefusedError, match="a été effacé"):
            refused()
    assert events()[-1] == ("register.dossier.erased", dossier.reference, ACTOR.label)
