"""Which facts stand, when a measure starts and ends, and what the law engine is told. Pure Python."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traitdunion.register.kinds import FACT_LABELS
from traitdunion.register.rules import Fact, FactsRefusedError, as_facts, course, standing

START = datetime(2026, 2, 2, 9, 0, tzinfo=UTC)
NOW = START + timedelta(days=100)
PARIS = ZoneInfo("Europe/Paris")


def fact(kind, days=0.0, **changes):
    at = START + timedelta(days=days)
    return Fact(**{"public_id": uuid4(), "kind": kind, "at": at, "recorded_at": at, **changes})


def read(*facts, at=NOW):
    return course(facts, mode="SPDRE", departement="67", at=at, zone=PARIS)


ADMISSION = fact("admission", establishment=1)


def test_a_measure_starts_at_its_admission_and_runs():
    found = read(fact("certificat_24h", 0.9), ADMISSION)

    assert (found.started_at, found.ended_at, found.establishment) == (START, None, 1)


def test_a_provisional_measure_starts_the_clock_before_the_admission():
    found = read(fact("mesure_provisoire", -1), ADMISSION)

    assert found.started_at == START - timedelta(days=1)


@pytest.mark.parametrize("kind", ["levee", "deces"])
def test_a_levee_or_a_death_ends_it(kind):
    assert read(ADMISSION, fact(kind, 10)).ended_at == START + timedelta(days=10)


def test_a_mainlevee_ends_it_unless_care_goes_on_afterwards():
    mainlevee = fact("decision_juge", 11, detail={"sens": "mainlevee"})
    programme = fact("decision_forme", 11.5, detail={"forme": "programme_de_soins"})
    appeal = fact("appel", 12)

    assert read(ADMISSION, mainlevee).ended_at == mainlevee.at
    assert read(ADMISSION, mainlevee, appeal).ended_at == mainlevee.at
    assert read(ADMISSION, mainlevee, programme).ended_at is None


@pytest.mark.parametrize("sens", ["maintien"])
def test_no_other_decision_of_the_judge_ends_it(sens):
    assert read(ADMISSION, fact("decision_juge", 11, detail={"sens": sens})).ended_at is None


def test_the_last_transfer_says_where_the_person_is():
    assert read(ADMISSION, fact("transfert", 3, establishment=2)).establishment == 2


def test_a_correction_replaces_and_the_history_stays():
    wrong = fact("levee", 5)
    right = fact("levee", 6, corrects=wrong.public_id)

    assert standing([ADMISSION, wrong, right]) == [ADMISSION, right]
    assert read(ADMISSION, wrong, right).ended_at == right.at


def test_a_withdrawn_fact_counts_for_nothing():
    levee = fact("levee", 5)
    withdrawal = fact("levee", 5, corrects=levee.public_id, is_withdrawal=True)

    assert read(ADMISSION, levee, withdrawal).ended_at is None


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ([fact("certificat_24h", 1)], "plus de point de départ"),
        ([ADMISSION, fact("admission", 1)], "a déjà « décision d’admission »"),
        ([ADMISSION, fact("levee", 1), fact("levee", 2)], "a déjà « levée de la mesure »"),
        ([ADMISSION, fact("certificat_24h", -1)], "précède « décision d’admission »"),
        ([ADMISSION, fact("certificat_24h", 101)], "pas encore passé"),
        ([ADMISSION, fact("levee", 1), fact("certificat_mensuel", 2)], "suit la fin de la mesure"),
    ],
)
def test_facts_that_cannot_all_be_true_are_one_sentence(facts, said):
    with pytest.raises(FactsRefusedError, match=said):
        read(*facts)


def test_the_procedure_outlives_the_measure():
    levee = fact("levee", 10)

    assert read(ADMISSION, levee, fact("notification_ordonnance", 11)).ended_at == levee.at


def test_a_refusal_tells_instants_in_the_zone_of_the_departement():
    cayenne = ZoneInfo("America/Cayenne")

    with pytest.raises(FactsRefusedError, match="01/02/2026 à 06 h 00"):
        course([ADMISSION, fact("certificat_24h", -1)], mode="SPDRE", departement="973", at=NOW, zone=cayenne)


offsets = st.lists(st.floats(min_value=-3, max_value=90), max_size=8)
kinds = st.lists(st.sampled_from(sorted(FACT_LABELS)), min_size=1, max_size=8)


@given(days=offsets, kinds=kinds, at=st.floats(min_value=0, max_value=90))
def test_any_list_of_facts_is_a_span_or_one_refusal(days, kinds, at):
    facts = [ADMISSION] + [fact(kind, day) for kind, day in zip(kinds, days, strict=False)]
    moment = START + timedelta(days=at)

    try:
        found = read(*facts, at=moment)
    except FactsRefusedError:
        return
    assert found.started_at <= (found.ended_at or moment) <= moment


def test_the_law_engine_is_told_no_name():
    facts = [
        ADMISSION,
        fact("certificat_24h", 0.9, author="Dr Le Gall"),
        fact("certificat_72h", 2.9, author="DR LE-GALL"),
        fact("certificat_mensuel", 20, author="Dr Autre"),
        fact("decision_forme", 4, detail={"forme": "hospitalisation_complete"}),
        fact("decision_juge", 11, detail={"sens": "maintien"}),
    ]

    told = as_facts(facts, mode="SPDRE", departement="67", zone=PARIS)

    assert (told["mode"], told["departement"]) == ("SPDRE", "67")
    assert told["events"][0] == {"type": "admission", "at": "2026-02-02T10:00:00+01:00"}
    assert [event.get("author") for event in told["events"]] == [
        None, "medecin-1", "medecin-1", None, None, "medecin-2",
    ]  # fmt: skip
    assert told["events"][3]["forme"] == "hospitalisation_complete"
    assert told["events"][4]["sens"] == "maintien"
    assert "GALL" not in str(told).upper()


def test_facts_of_the_same_instant_keep_the_order_of_their_recording():
    one, other = UUID(int=2), UUID(int=1)
    early = fact("isolement_debut", 1, public_id=one, recorded_at=START + timedelta(days=2))
    late = fact("isolement_fin", 1, public_id=other, recorded_at=START + timedelta(days=3))

    assert standing([late, ADMISSION, early]) == [ADMISSION, early, late]
