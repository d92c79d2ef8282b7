"""What is told is read as it stands, or refused in one sentence that names the place."""

from datetime import date

import pytest

from traitdunion.law.counting import instant, read
from traitdunion.law.facts import (
    DEPARTEMENTS,
    MOST_EVENTS,
    VOCABULARY,
    FactsError,
    Mode,
    read_facts,
)

AT = "2026-04-24T16:40:00+02:00"
LATER = "2026-05-24T16:40:00+02:00"
ADMISSION = {"type": "admission", "at": AT}
FREE = "« at », « author », « departement », « hospital », « note », « recorded_at »"


def told(*events, **fields):
    return {"mode": "SPDRE", "departement": "67", "events": [ADMISSION, *events], **fields}


def refusal(whatever):
    with pytest.raises(FactsError) as caught:
        read_facts(whatever)
    return str(caught.value)


def alone(event):
    return refusal(told() | {"events": [event]})


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        ("admission", "L’événement n° 2 doit être un objet JSON avec « type » et « at »."),
        (
            {"type": "zzz", "at": AT},
            "L’événement n° 2 a un type inconnu, « zzz » : « traitdunion deadlines --vocabulary » les liste.",
        ),
        (
            {"type": "leve", "at": AT},
            "L’événement n° 2 a un type inconnu, « leve » : vouliez-vous « levee » ?",
        ),
        ({"type": "decision_forme", "at": AT}, "L’événement n° 2 (decision_forme) doit porter « forme »."),
        (
            {"type": "demande_sortie", "at": AT},
            "L’événement n° 2 (demande_sortie) doit porter « accompagnee ».",
        ),
        (
            {"type": "demande_sortie", "at": AT, "accompagnee": "oui"},
            "L’événement n° 2 (demande_sortie) doit porter « pour ».",
        ),
        (
            {"type": "levee"},
            "L’événement n° 2 (levee) doit porter « at », un instant comme 2026-04-24T16:40:00+02:00.",
        ),
        (
            {"type": "levee", "at": "demain"},
            (
                "L’événement n° 2 (levee) : « demain » n’est pas un instant ; écrivez par exemple "
                "2026-04-24T16:40:00+02:00."
            ),
        ),
        (
            {"type": "levee", "at": "2026-04-24T16:40:00"},
            (
                "L’événement n° 2 (levee) : l’instant « 2026-04-24T16:40:00 » n’a pas de décalage horaire ; écrivez "
                "par exemple 2026-04-24T16:40:00+02:00."
            ),
        ),
        (
            {"type": "levee", "at": AT, "author": 3},
            "L’événement n° 2 (levee) : « author » doit être un texte.",
        ),
        (
            {"type": "levee", "at": AT, "recorded_at": "hier"},
            (
                "L’événement n° 2 (levee), « recorded_at » : « hier » n’est pas un instant ; écrivez par exemple "
                "2026-04-24T16:40:00+02:00."
            ),
        ),
        (
            {"type": "avis_college", "at": AT, "conclusion": "oui"},
            "L’événement n° 2 (avis_college) : « conclusion » vaut « levee » ou « maintien » ; reçu « oui ».",
        ),
        (
            {"type": "audience_appel", "at": AT, "pour": "tôt"},
            (
                "L’événement n° 2 (audience_appel), « pour » : « tôt » n’est pas un instant ; écrivez par exemple "
                "2026-04-24T16:40:00+02:00."
            ),
        ),
        (
            {"type": "levee", "at": AT, "ton": "x"},
            f"L’événement n° 2 (levee) : le champ « ton » est inconnu ; attendus : {FREE} et « type ».",
        ),
        (
            {"type": "transfert", "at": AT, "departement": "20"},
            "L’événement n° 2 : « departement » est un code officiel, 01 à 95, 2A, 2B ou 971 à 976 ; reçu « 20 ».",
        ),
        (
            {"type": "levee", "at": "2026-04-24T16:39:00+02:00"},
            (
                "L’événement « levee » du 24 avril 2026 à 16 h 39 précède l’admission du 24 avril 2026 à 16 h 40 : "
                "vérifiez les deux instants."
            ),
        ),
        (
            ADMISSION,
            "Les faits portent deux admissions : une mesure n’en a qu’une, faites-en deux mesures.",
        ),
    ],
)
def test_an_event_that_does_not_fit_is_refused(event, sentence):
    assert refusal(told(event)) == sentence


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"renforce": 1}, "« renforce » vaut true ou false."),
        ({"events": {}}, "« events » doit être la liste, non vide, des événements de la mesure."),
        ({"id": 7}, "« id » est un texte de 64 caractères au plus."),
        ({"id": "x" * 65}, "« id » est un texte de 64 caractères au plus."),
        (
            {"departement": 67},
            "Les faits : « departement » est un code officiel, 01 à 95, 2A, 2B ou 971 à 976 ; reçu « 67 ».",
        ),
        (
            {"mode": "MPX"},
            (
                "« mode » vaut « CDSP », « DET », « JUD », « MP », « SPDRE », « SPDRE-IP », « SPDRE-conv », « SPDT », "
                "« SPDTU » ou « SPPI » ; reçu « MPX »."
            ),
        ),
        (
            {"nom": "x"},
            (
                "Le champ « nom » est inconnu ; les faits portent « departement », « events », « id », « mode » et "
                "« renforce »."
            ),
        ),
    ],
)
def test_facts_that_do_not_fit_are_refused(fields, sentence):
    assert refusal(told(**fields)) == sentence


def test_what_is_shown_is_one_short_line():
    assert refusal(told(mode="é" * 40)).endswith(f"reçu « {'é' * 40} ».")
    assert refusal(told(mode="é" * 41)).endswith(f"reçu « {'é' * 40}… ».")
    assert refusal(told(mode="a\nb")).endswith("reçu « a�b ».")


@pytest.mark.parametrize(
    ("at", "fits"),
    [
        ("1989-12-31T23:59:59+00:00", False),
        ("2099-12-31T23:59:59+00:00", True),
        ("2100-01-01T00:00:00+00:00", False),
    ],
)
def test_instants_are_of_the_centuries_that_the_rules_know(at, fits):
    event = {"type": "premiers_soins" if at < AT else "levee", "at": at}
    if fits:
        assert read_facts(told(event)).events[-1].at == read(at)
    else:
        assert refusal(told(event)).endswith(
            f"({event['type']}) : « {at} » n’est pas entre 1990 et 2100 ; vérifiez l’année."
        )


def test_the_oldest_event_that_is_read():
    facts = read_facts(told({"type": "premiers_soins", "at": "1990-01-01T00:00:00+00:00"}))
    assert facts.events[0].kind == "premiers_soins"


def test_a_measure_holds_so_many_events_and_no_more():
    assert refusal(told() | {"events": [{}] * MOST_EVENTS}).startswith("L’événement n° 1 a un type inconnu")
    assert refusal(told() | {"events": [{}] * (MOST_EVENTS + 1)}) == (
        "Une mesure porte au plus 20000 événements ; celle-ci en a 20001."
    )


def test_nothing_is_known_before_the_reform():
    day = "L’admission est antérieure au 1er août 2011 : aucune règle n’est connue à cette date."
    assert alone({"type": "admission", "at": "2011-07-31T23:59:00+02:00"}) == day
    first = {"type": "admission", "at": "2011-08-01T00:00:00+02:00"}
    assert read_facts(told() | {"events": [first]}).events[0].day == date(2011, 8, 1).toordinal()


def test_without_admission_only_some_measures_start():
    provisional, met = ({"type": kind, "at": AT} for kind in ("mesure_provisoire", "criteres_reunis"))
    none = "Les faits ne portent pas d’admission : sans elle, aucun délai ne part."
    assert read_facts(told(mode="MP") | {"events": [provisional]}).events[0].kind == "mesure_provisoire"
    assert alone(provisional) == none
    assert read_facts(told() | {"events": [met]}).events[0].kind == "criteres_reunis"
    assert refusal(told(mode="MP") | {"events": [{"type": "levee", "at": AT}]}) == none


def test_the_commission_has_no_patient():
    meeting = {"type": "reunion_cdsp", "at": AT}
    assert read_facts(told(mode="CDSP") | {"events": [meeting]}).mode is Mode.COMMISSION
    assert refusal(told(mode="CDSP")) == (
        "Le mode CDSP ne connaît que « rapport_annuel », « reunion_cdsp » et « visite_cdsp » ; reçu « admission »."
    )


def test_events_are_put_in_the_order_of_time_and_equals_stay_as_told():
    events = [
        {"type": "levee", "at": LATER},
        {"type": "decision_maintien", "at": AT},
        {"type": "transfert", "at": AT},
        {"type": "premiers_soins", "at": "2026-04-23T10:00:00+02:00"},
    ]
    read_in = read_facts(told(*events)).events
    assert [event.kind for event in read_in] == [
        "premiers_soins", "admission", "decision_maintien", "transfert", "levee",
    ]  # fmt: skip


def test_a_transfer_changes_the_place_and_the_clock_of_what_follows():
    moved = {"type": "transfert", "at": "2026-04-25T10:00:00+02:00", "departement": "974"}
    first, second, last = read_facts(told(moved, {"type": "levee", "at": LATER})).events
    assert (first.departement, second.departement, last.departement) == ("67", "974", "974")
    assert first.words == "24 avril 2026 à 16 h 40"
    assert last.words == "24 mai 2026 à 18 h 40"
    assert last.told[0] == b"2026-05-24T18:40:00+04:00"


def test_a_mode_has_other_names_and_facts_have_plain_values():
    facts = read_facts(told(mode="conv", id="x" * 64))
    assert facts.mode is Mode.CONVERSION
    assert (facts.name, facts.departement, facts.reinforced) == ("x" * 64, "67", False)
    assert read_facts(told(renforce=True)).reinforced is True
    assert read_facts(told()).name == ""


def test_a_field_is_read_or_its_default():
    asked = {"type": "demande_sortie", "at": LATER, "accompagnee": "non", "pour": "2026-05-27T10:00:00Z"}
    event = read_facts(told(asked)).events[1]
    assert event.value("accompagnee") == "non"
    assert event.value("objet") == ""
    assert event.value("objet", "controle") == "controle"
    assert event.instant("pour") == read("2026-05-27T10:00:00Z")
    assert event.instant("retour") == read(LATER)
    assert event.author is None


def test_the_departements_are_those_of_the_official_code():
    assert len(DEPARTEMENTS) == 101
    assert {"01", "19", "21", "95", "2A", "2B", "971", "972", "973", "974", "976"} <= DEPARTEMENTS
    assert DEPARTEMENTS.isdisjoint({"00", "20", "96", "975"})


def test_only_what_precedes_an_admission_may_come_before_it():
    early = {kind for kind, shape in VOCABULARY.items() if shape.early}
    assert early == {
        "premiers_soins", "criteres_reunis", "verification_identite", "certificat_initial", "mesure_provisoire",
        "rapport_prefet", "information_proches", "difficulte_information", "transfert",
    }  # fmt: skip
    before = [{"type": kind, "at": "2026-04-24T10:00:00+02:00"} for kind in sorted(early)]
    assert len(read_facts(told(*before)).events) == len(before) + 1
    assert instant(read_facts(told()).events[0].zone.moment(read(AT))) == read(AT)
