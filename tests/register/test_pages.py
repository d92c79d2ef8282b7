"""What an agent does on the pages: find, compare, open, record, correct, withdraw, and read why a date."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.register.scene import PERSON
from traitdunion.audit.models import Entry
from traitdunion.identity.kinds import REGISTER_ROLES, Role
from traitdunion.identity.middleware import SESSION_KEY
from traitdunion.identity.models import Organisation
from traitdunion.law.facts import VOCABULARY, Mode
from traitdunion.register.forms import FactForm
from traitdunion.register.kinds import BY_A_DOCTOR, FACT_LABELS, FIELD_LABELS, PLACED, VALUE_LABELS
from traitdunion.register.models import Dossier, Event, Measure
from traitdunion.register.queries_schedule import schedule

pytestmark = [pytest.mark.django_db, pytest.mark.urls("config.urls_register")]
HOUR = timedelta(hours=1)
IDENTITY = {"names": "Renaud", "first_names": "Éloïse Marie", "born_on": "1980-05-17"}


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def agent(ward, client, settings):
    """A browser in which the agent who records has signed in."""
    settings.ROLES = REGISTER_ROLES
    settings.HOME_PAGE = settings.PUBLIC_PAGE = "register:about"
    mandate = ward.agent(Role.SSC_ENREGISTREMENT)
    client.force_login(mandate.person, backend="traitdunion.demo.personas.PersonaBackend")
    session = client.session
    session[SESSION_KEY] = str(mandate.public_id)
    session.save()
    return client


def said(answer):
    return re.sub(
        r"\s+", " ", answer.content.decode().replace("\N{NO-BREAK SPACE}", " ").replace("&nbsp;", " ")
    )


def local(moment):
    return timezone.localtime(moment).strftime("%Y-%m-%dT%H:%M")


def running(ward, now, before, **changes):
    """Return a measure that started ``before`` now, written at that moment."""
    started = now - before
    return ward.measure(ward.dossier(at=started), started_at=started, at=started, **changes)


# From the first visit to the first deadline


def test_a_newcomer_opens_a_dossier_and_a_measure_and_reads_its_deadlines(agent, ward, now):
    answer = agent.post(reverse("register:dossier_open"), IDENTITY)
    dossier = Dossier.objects.get()
    assert answer.url == reverse("register:measure_open", args=[dossier.public_id])

    answer = agent.post(
        answer.url,
        {"mode": "SPDRE", "started_at": local(now - 2 * HOUR), "establishment": ward.hospital.public_id},
        follow=True,
    )

    page = said(answer)
    assert "Mesure SPDRE" in page
    assert "Examen somatique complet et certificat du psychiatre dans les 24 heures" in page
    assert "Pourquoi cette date (E1)" in page
    assert "CSP, art. L. 3211-2-2" in page


def test_a_dossier_that_may_be_of_the_same_person_is_shown_before_another_opens(agent, ward):
    known = ward.dossier()
    url = reverse("register:dossier_open")

    page = said(agent.post(url, {**IDENTITY, "names": "Renault"}))

    assert known.reference in page
    assert "Est-ce la même personne" in page
    assert "Renaud, Éloïse Marie, 17 mai 1980" in page
    assert Entry.objects.filter(event="register.identity.read", subject=known.reference).count() == 1
    assert Dossier.objects.count() == 1

    agent.post(url, {**IDENTITY, "names": "Renault", "compared": [str(known.public_id)]})
    assert Dossier.objects.count() == 2


def test_a_number_that_is_none_is_not_found(agent):
    answer = agent.post(reverse("register:dossier_open"), {**IDENTITY, "compared": ["x"]})

    assert answer.status_code == 404


def test_an_impossible_birth_is_said_above_the_form(agent):
    page = said(agent.post(reverse("register:dossier_open"), {**IDENTITY, "born_on": "1850-01-01"}))

    assert "n’est pas possible" in page
    assert not Dossier.objects.exists()


def test_reading_a_dossier_shows_who_it_is_and_is_remembered(agent, ward):
    dossier = ward.dossier()

    page = said(agent.get(reverse("register:dossier_detail", args=[dossier.public_id])))

    assert "Renaud" in page
    assert "Éloïse Marie" in page
    [entry] = Entry.objects.filter(event="register.identity.read")
    assert entry.actor_label.startswith("agent de l’ARS habilité à enregistrer")


def test_an_identity_is_corrected_on_its_page(agent, ward):
    dossier = ward.dossier()

    agent.post(reverse("register:identity_correct", args=[dossier.public_id]), {**IDENTITY, "names": "Azur"})

    assert "Azur" in said(agent.get(reverse("register:dossier_detail", args=[dossier.public_id])))


def test_a_search_says_how_each_name_was_found(agent, ward):
    dossier = ward.dossier()
    url = reverse("register:search")

    assert "s’écrit ainsi" in said(agent.get(url, {"nom": "renaud"}))
    assert "s’entend ainsi" in said(agent.get(url, {"nom": "Renault"}))
    assert dossier.reference in said(agent.get(url, {"nom": "Renault"}))
    assert "Aucun dossier" in said(agent.get(url, {"nom": "Azur"}))


# Facts


def test_a_certificate_recorded_late_is_late_no_more(agent, ward, now):
    measure = running(ward, now, 30 * HOUR)
    page = reverse("register:measure_detail", args=[measure.public_id])
    assert "en retard" in said(agent.get(page))
    before = Event.objects.count()

    answer = agent.post(
        f"{reverse('register:fact_record', args=[measure.public_id])}?type=certificat_24h",
        {"happened_at": local(now - 10 * HOUR), "author": "Dr Camomille", "conclusion": "maintien"},
        follow=True,
    )

    assert answer.redirect_chain == [(page, 302)]
    assert Event.objects.count() == before + 1
    assert "Dr Camomille" in said(answer)
    assert "Certificat et examen somatique des 24 heures : maintien" in said(answer)


def test_a_fact_out_of_order_is_refused_with_its_reason(agent, ward, now):
    measure = running(ward, now, 30 * HOUR)
    url = f"{reverse('register:fact_record', args=[measure.public_id])}?type=levee"

    page = said(agent.post(url, {"happened_at": local(now - 40 * HOUR)}))

    assert "Rien n’a été enregistré" in page
    assert "précède « décision d’admission »" in page
    assert not Event.objects.filter(kind="levee").exists()


def test_a_fact_that_the_law_does_not_know_does_not_exist(agent, ward, now):
    measure = running(ward, now, 30 * HOUR)

    answer = agent.get(f"{reverse('register:fact_record', args=[measure.public_id])}?type=opinion")

    assert answer.status_code == 404


def test_a_correction_and_a_withdrawal_stay_in_the_history(agent, ward, now):
    measure = running(ward, now, 30 * HOUR)
    event = ward.record(measure, "certificat_24h", after=20 * HOUR, at=now - 9 * HOUR)

    agent.post(
        reverse("register:fact_correct", args=[event.public_id]), {"happened_at": local(now - 8 * HOUR)}
    )
    latest = Event.objects.get(corrects_uuid=event.public_id)
    answer = agent.post(reverse("register:fact_withdraw", args=[latest.public_id]), follow=True)

    page = said(answer)
    assert page.count("(remplacé)") == 1
    assert page.count("(retiré)") == 1
    assert page.count("(retrait)") == 1
    assert "Retiré : certificat et examen somatique des 24 heures" in page


def test_a_refused_correction_says_why(agent, ward, now):
    measure = running(ward, now, 30 * HOUR)
    admission = Event.objects.get(measure_uuid=measure.public_id)

    page = said(agent.post(reverse("register:fact_withdraw", args=[admission.public_id])))

    assert "plus de point de départ" in page


def test_every_fact_of_the_vocabulary_has_a_form_that_asks_what_it_carries():
    hospitals = Organisation.objects.none()
    asked = {kind: {*FactForm(kind=kind, establishments=hospitals).fields} for kind in FACT_LABELS}

    for kind, fields in asked.items():
        told = VOCABULARY[kind]
        assert fields >= {"happened_at", *told.closed, *told.instants}, kind
        assert ("establishment" in fields) == (kind in PLACED)
        assert ("author" in fields) == (kind in BY_A_DOCTOR)


def test_every_word_of_the_vocabulary_has_a_label():
    kinds = [VOCABULARY[name] for name in FACT_LABELS]

    assert {field for kind in kinds for field in (*kind.closed, *kind.instants)} == {*FIELD_LABELS}
    assert {value for kind in kinds for values in kind.closed.values() for value in values} == {*VALUE_LABELS}


# The échéancier


def test_the_schedule_puts_what_is_late_first_then_the_gravest(agent, ward, now):
    running(ward, now, 30 * HOUR)

    found = schedule(Measure.objects.all(), at=now)

    windows = [due.window.value for due in found.rows]
    order = ["retard", "24h", "72h", "7j", "absent"]
    assert windows == sorted(windows, key=order.index)
    assert ("retard", "E1") in {(due.window.value, due.deadline.rule) for due in found.rows}
    assert found.unread == []


def test_the_schedule_tells_an_act_of_a_measure_once_and_forgets_what_was_done_late(agent, ward, now):
    measure = running(ward, now, 60 * HOUR)
    for after in (2, 3, 4):
        ward.record(measure, "information_personne", after=after * HOUR, at=now)
    rows = schedule(Measure.objects.all(), at=now).rows
    written = [(due.window.value, due.more) for due in rows if due.deadline.rule == "I4"]
    assert written == [("retard", 3)], "the admission and three facts, in one row"
    assert "et 3 autres fois dans cette mesure" in said(agent.get(reverse("register:schedule")))

    ward.record(measure, "transcription_registre", after=59 * HOUR, at=now)
    rows = schedule(Measure.objects.all(), at=now).rows
    assert "I4" not in {due.deadline.rule for due in rows}, "late, and done"


def test_the_schedule_is_filtered_by_window_hospital_and_actor(agent, ward, now):
    running(ward, now, 30 * HOUR)
    url = reverse("register:schedule")
    rows = r"Pourquoi cette date \((\w+)\)"

    late = re.findall(rows, said(agent.get(url, {"quand": "retard"})))
    judge = re.findall(rows, said(agent.get(url, {"acteur": "psychiatre"})))
    here = re.findall(rows, said(agent.get(url, {"etablissement": str(ward.hospital.public_id)})))
    nowhere = said(agent.get(url, {"etablissement": str(ward.other_hospital.public_id)}))

    assert "E1" in late
    assert "J1" not in late
    assert "J1" not in judge
    assert {*late} < {*here}
    assert "Rien n’est attendu" in nowhere


def test_the_page_and_the_measure_never_disagree_on_a_date(agent, ward, now):
    """One deadline object feeds both."""
    measure = running(ward, now, 30 * HOUR)
    ward.record(measure, "certificat_24h", after=20 * HOUR, at=now - 9 * HOUR, author="Dr Camomille")
    dates = r"Pourquoi cette date \((\w+)\).*?Départ : (.*?)</p>"

    listed = {*re.findall(dates, said(agent.get(reverse("register:schedule"))))}
    told = {*re.findall(dates, said(agent.get(reverse("register:measure_detail", args=[measure.public_id]))))}

    assert listed
    assert listed <= told


def test_a_measure_that_ended_long_ago_is_expected_nothing(agent, ward, now):
    measure = running(ward, now, timedelta(days=90))
    ward.record(measure, "levee", after=timedelta(days=10), at=now - timedelta(days=80))

    assert schedule(Measure.objects.all(), at=now).rows == []


def test_the_schedule_asks_as_many_queries_for_three_measures_as_for_one(
    agent, ward, now, django_assert_num_queries
):
    url = reverse("register:schedule")
    for rank, name in enumerate(["Azur", "Bistre", "Corail"]):
        started = now - 30 * HOUR
        dossier = ward.dossier(
            type(PERSON)(names=name, first_names="Anne", born_on=PERSON.born_on.replace(year=1950 + rank)),
            at=started,
        )
        measure = ward.measure(dossier, started_at=started, at=started)
        ward.record(measure, "certificat_24h", after=20 * HOUR, at=now, author="Dr Camomille")
    agent.get(url)

    with django_assert_num_queries(6):  # session, person, mandate, measures, facts, keys
        assert agent.get(url).status_code == 200


def test_the_reinforced_regime_is_said_to_be_unknown(agent, ward, now):
    measure = running(ward, now, 30 * HOUR, mode=Mode.JUDICIAL)

    page = said(agent.get(reverse("register:measure_detail", args=[measure.public_id])))

    assert "Régime renforcé : à vérifier" in page
