"""What those who prepare a wave and those who keep a roster see and press."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.barometer.campaign import EXAMPLE, WHO, ask, opened, prepared, questionnaire
from tests.conventions import facts
from traitdunion.audit.models import Entry
from traitdunion.barometer import access, actions, actions_questionnaire
from traitdunion.barometer import questionnaire as reading
from traitdunion.barometer.kinds import RosterRole, State
from traitdunion.barometer.models import QuestionnaireVersion, RosterEntry, Wave
from traitdunion.barometer.screens import screens
from traitdunion.identity.kinds import OrganisationKind, Role, Side
from traitdunion.identity.models import Post
from traitdunion.notices.models import Notice

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


@pytest.fixture
def wave(bas_rhin):
    return prepared("Printemps", today=TODAY)


@pytest.fixture
def referents(bas_rhin):
    return {
        side: facts.mandate(facts.post(side, bas_rhin), facts.person(f"Référent {side.value}"))
        for side in Side
    }


@pytest.fixture
def administrator(db):
    desk = facts.organisation(OrganisationKind.DESK)
    held = Post.objects.create(organisation=desk, role=Role.ADMINISTRATEUR.value, opened_on=date(2000, 1, 1))
    return facts.mandate(held, facts.person("Admin Essai"))


def page(name, *arguments):
    return reverse(f"barometer:{name}", args=arguments)


def form(**changes):
    days = {
        "covers_since": TODAY - timedelta(days=180),
        "covers_until_on": TODAY,
        "opens_on": TODAY,
        "closes_on": TODAY + timedelta(days=20),
    }
    said = {"name": "Printemps", "format": "full", "questionnaire": questionnaire().pk, **days, **changes}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in said.items()}


# Waves


def test_a_desk_prepares_a_wave_with_the_precision_in_view(client, manager):
    facts.sign_in(client, manager)
    shown = client.get(page("wave_prepare")).content.decode()
    assert "Précision à attendre" in shown
    assert "point de départ" in shown
    answer = client.post(page("wave_prepare"), form())
    assert answer["Location"] == page("wave_detail", Wave.objects.get().public_id)
    assert Entry.objects.get(event="barometer.wave.prepared").actor_mandate == manager.public_id


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "Le nom manque"),
        ({"closes_on": TODAY - timedelta(days=3)}, "précède l’ouverture"),
        ({"opens_on": "hier"}, "illisible"),
    ],
)
def test_a_wrong_form_says_what_to_correct_and_prepares_nothing(client, manager, changes, said):
    answer = facts.sign_in(client, manager).post(page("wave_prepare"), form(**changes))
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not Wave.objects.exists()


def test_a_wave_is_opened_followed_and_closed_from_its_page(client, manager, wave, bas_rhin):
    for side in Side:
        ask(wave, bas_rhin, side, 3, today=TODAY)
    facts.sign_in(client, manager)
    assert (
        "6\N{NO-BREAK SPACE}personnes recevront"
        in client.get(page("wave_open", wave.public_id)).content.decode()
    )
    client.post(page("wave_open", wave.public_id))
    shown = client.get(page("wave_detail", wave.public_id)).content.decode()
    assert "Messages remis" in shown
    assert "0\N{NO-BREAK SPACE}sur\N{NO-BREAK SPACE}6" in shown
    assert 'hx-trigger="every 2s"' in shown
    Notice.objects.update(state="sent", sent_at=timezone.now())
    assert 'hx-trigger="every 2s"' not in client.get(page("wave_detail", wave.public_id)).content.decode()
    client.post(page("wave_close", wave.public_id))
    wave.refresh_from_db()
    assert wave.state_on(TODAY) is State.EMBARGO


@pytest.mark.parametrize("name", ["wave_detail", "wave_open", "wave_revise", "wave_cancel"])
def test_every_page_of_a_wave_says_the_limits_and_that_it_is_a_pilot(client, manager, wave, bas_rhin, name):
    ask(wave, bas_rhin, Side.ARS, 3, today=TODAY)
    said = facts.sign_in(client, manager).get(page(name, wave.public_id)).content.decode()
    assert "Exemple, non validé" in said
    assert "Le chiffre national est solide" in said


@pytest.mark.parametrize(
    "name", ["wave_list", "wave_prepare", "questionnaire_list", "questionnaire_import", "remark_list"]
)
def test_every_other_page_of_a_campaign_says_the_limits(client, manager, wave, name):
    said = facts.sign_in(client, manager).get(page(name)).content.decode()
    assert "Le chiffre national est solide" in said
    assert name != "wave_list" or "exemple, non validé" in said


def test_a_refusal_is_said_above_the_page(client, manager, wave):
    answer = facts.sign_in(client, manager).post(page("wave_open", wave.public_id), follow=True)
    assert "Personne n’est sur la liste" in answer.content.decode()


def test_the_calendar_of_a_wave_is_changed(client, manager, wave):
    facts.sign_in(client, manager)
    client.post(page("wave_revise", wave.public_id), form(name="Été"))
    wave.refresh_from_db()
    assert wave.name == "Été"


def test_a_wave_is_cancelled_with_its_reason(client, manager, wave):
    facts.sign_in(client, manager)
    assert client.post(page("wave_cancel", wave.public_id), {"reason": ""}).status_code == 400
    client.post(page("wave_cancel", wave.public_id), {"reason": "Calendrier électoral"})
    assert "Calendrier électoral" in client.get(page("wave_detail", wave.public_id)).content.decode()


def test_a_short_side_is_warned_about_where_it_is_prepared_kept_and_opened(
    client, manager, referents, wave, bas_rhin
):
    ask(wave, bas_rhin, Side.ARS, 2, today=TODAY)
    facts.sign_in(client, manager)
    shown = client.get(page("wave_detail", wave.public_id)).content.decode()
    assert "2\N{NO-BREAK SPACE}sur\N{NO-BREAK SPACE}2" in shown
    assert "guide sans chiffres" in shown
    assert "2\N{NO-BREAK SPACE}listes n’ont" in client.get(page("wave_open", wave.public_id)).content.decode()
    facts.sign_in(client, referents[Side.ARS])
    shown = client.get(page("roster", wave.public_id, "67")).content.decode()
    assert "Rien ne pourra être montré de ce côté" in shown
    assert "Il manque 1\N{NO-BREAK SPACE}personne" in shown


def test_short_lists_open_only_with_a_reason_that_stays_on_the_page(client, manager, wave, bas_rhin):
    ask(wave, bas_rhin, Side.ARS, 2, today=TODAY)
    facts.sign_in(client, manager)
    refused = client.post(page("wave_open", wave.public_id), {"roster_reason": ""})
    assert refused.status_code == 400
    assert "Le motif manque" in refused.content.decode()
    client.post(page("wave_open", wave.public_id), {"roster_reason": "Deux postes sont vacants"})
    assert "Deux postes sont vacants" in client.get(page("wave_detail", wave.public_id)).content.decode()


@pytest.mark.parametrize("places", [1, 30])
def test_a_wave_costs_the_same_whatever_the_country(client, manager, places, django_assert_max_num_queries):
    region = facts.region()
    made = [facts.departement(f"{rank:03d}", f"Département {rank}", region) for rank in range(places)]
    wave = opened(*made, people=1)
    facts.sign_in(client, manager)
    with django_assert_max_num_queries(12):
        client.get(page("wave_detail", wave.public_id))


# Rosters


def test_names_are_read_by_those_who_keep_the_side_alone(
    client, manager, referents, administrator, wave, bas_rhin
):
    for side in Side:
        ask(wave, bas_rhin, side, 3, today=TODAY)
    psychiatrist = facts.mandate(
        Post.objects.create(
            organisation=facts.organisation(OrganisationKind.ESTABLISHMENT, bas_rhin),
            role=Role.PSYCHIATRE.value,
            departement=bas_rhin,
            opened_on=date(2000, 1, 1),
        )
    )
    sees = {
        referents[Side.PREFECTURE]: {Side.PREFECTURE},
        referents[Side.ARS]: {Side.ARS},
        administrator: {Side.PREFECTURE, Side.ARS},
        manager: set(),
        psychiatrist: set(),
    }
    for mandate, sides in sees.items():
        facts.sign_in(client, mandate)
        shown = client.get(page("roster", wave.public_id, "67")).content.decode()
        assert "Directeur de cabinet" in shown
        for side in Side:
            assert (f"Personne {side.value} 0" in shown) is (side in sides), (mandate.role, side)
            assert (f"{side.value}0.67@example.org" in shown) is (side in sides)


def test_a_referent_keeps_the_roster_of_their_side(client, referents, wave, bas_rhin):
    facts.sign_in(client, referents[Side.ARS])
    said = {"role": RosterRole.PSYCHIATRE.value, "name": "Dominique Essai", "email": "d@example.org"}
    client.post(page("entry_add", wave.public_id, "67", "ars"), said)
    entry = RosterEntry.objects.get()
    client.post(page("entry_revise", entry.public_id), {**said, "name": "Dominique Autre"})
    entry.refresh_from_db()
    assert entry.name == "Dominique Autre"
    wrong = client.post(page("entry_add", wave.public_id, "67", "ars"), said)
    assert "déjà sur la liste" in wrong.content.decode()
    client.post(page("entry_remove", entry.public_id))
    assert not RosterEntry.objects.exists()


def test_the_other_side_its_functions_and_other_places_do_not_exist(client, referents, wave, bas_rhin):
    [theirs] = ask(wave, bas_rhin, Side.PREFECTURE, 1, today=TODAY)
    far = facts.departement("35", "Ille-et-Vilaine", facts.region("53", "Bretagne"))
    [away] = ask(wave, far, Side.ARS, 1, today=TODAY)
    facts.sign_in(client, referents[Side.ARS])
    for address in (
        page("entry_add", wave.public_id, "67", "prefecture"),
        page("entry_add", wave.public_id, "67", "autre"),
        page("entry_add", wave.public_id, "35", "ars"),
        *(
            page(name, entry.public_id)
            for entry in (theirs, away)
            for name in ("entry_revise", "entry_remove", "entry_replace", "entry_link")
        ),
    ):
        assert client.get(address).status_code == 404, address
        assert client.post(address, {"email": "x@example.org"}).status_code == 404
    assert client.get(page("roster", wave.public_id, "35")).status_code == 404
    said = {"role": RosterRole.SOUS_PREFET.value, "name": "X", "email": "x@example.org"}
    assert client.post(page("entry_add", wave.public_id, "67", "ars"), said).status_code == 400


def test_in_an_open_wave_a_referent_replaces_and_renews(client, referents, bas_rhin):
    wave = prepared("Printemps", today=TODAY)
    for side in Side:
        ask(wave, bas_rhin, side, 3, today=TODAY)
    actions.open_wave(wave, today=TODAY, **WHO)
    first, second, _ = wave.entries.filter(side="ars").order_by("pk")
    facts.sign_in(client, referents[Side.ARS])
    client.post(page("entry_link", first.public_id), {"email": "juste@example.org"})
    client.post(
        page("entry_replace", second.public_id),
        {"role": RosterRole.PSYCHIATRE.value, "name": "Neuf", "email": "neuf@example.org"},
    )
    shown = client.get(page("roster", wave.public_id, "67")).content.decode()
    assert {"juste@example.org", "neuf@example.org"} <= set(Notice.objects.values_list("address", flat=True))
    assert "nouveau" in shown
    assert "remplacé" in shown
    assert client.get(page("entry_replace", second.public_id)).status_code == 404, "its link is closed"


def test_the_roster_never_says_who_answered(client, administrator, bas_rhin):
    from traitdunion.barometer import answering

    wave = prepared("Printemps", today=TODAY)
    for side in Side:
        ask(wave, bas_rhin, side, 3, today=TODAY)
    actions.open_wave(wave, today=TODAY, **WHO)
    facts.sign_in(client, administrator)
    before = client.get(page("roster", wave.public_id, "67")).content
    entry = RosterEntry.objects.select_related("wave").first()
    answering.save(entry, answers={"joindre": "4"}, screen=1, remark=None)
    answering.submit(entry, screens=[1], typed_code="")
    assert said(client.get(page("roster", wave.public_id, "67")).content) == said(before)


def said(content):
    """Return the page without the token of its forms, which changes at each request."""
    import re

    return re.sub(rb'value="[A-Za-z0-9]{64}"', b"", content)


# Results: who reads them when


@pytest.mark.parametrize(
    ("days", "is_sealed", "pair", "nation"),
    [(0, False, False, False), (1, True, True, False), (7, True, True, False), (8, True, True, True)],
)
def test_under_embargo_the_pair_alone_reads(referents, manager, bas_rhin, days, is_sealed, pair, nation):
    wave = Wave(closes_on=TODAY, opened_at=timezone.now(), sealed_at=timezone.now() if is_sealed else None)
    day = TODAY + timedelta(days=days)
    for referent in referents.values():
        assert access.may_read_results(referent, wave, bas_rhin, day=day) is pair
    assert access.may_read_results(manager, wave, bas_rhin, day=day) is nation
    assert access.may_read_national_results(referents[Side.ARS], wave, day=day) is nation


# Questionnaires

TEXT = EXAMPLE.read_text(encoding="utf-8")


def reworded(version="exemple-4", extra=""):
    return TEXT.replace("exemple-3", version).replace(
        'id = "joindre"\nwording_version = 1', f'id = "joindre"\nwording_version = 2{extra}'
    )


def upload(client, text, name="q.toml"):
    from django.core.files.uploadedfile import SimpleUploadedFile

    content = text if isinstance(text, bytes) else text.encode()
    return client.post(page("questionnaire_import"), {"file": SimpleUploadedFile(name, content)})


def test_a_questionnaire_is_exported_as_it_was_imported(client, manager):
    facts.sign_in(client, manager)
    answer = upload(client, TEXT)
    kept = QuestionnaireVersion.objects.get()
    assert answer["Location"] == page("questionnaire_detail", kept.public_id)
    assert client.get(page("questionnaire_file", kept.public_id)).content.decode() == TEXT
    upload(client, TEXT)
    assert QuestionnaireVersion.objects.count() == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "est vide"),
        (b"\xff\xfe", "UTF-8"),
        ("name = ", "Ligne 1"),
        (TEXT.replace('family = "proxy"', 'family = "autre"', 1), "champ « item[1].family »"),
        ("#" * 200_001, "au plus"),
    ],
)
def test_a_wrong_file_says_the_line_and_the_field_and_keeps_nothing(client, manager, text, said):
    answer = upload(facts.sign_in(client, manager), text)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not QuestionnaireVersion.objects.exists()


def test_a_question_reworded_under_the_same_number_is_refused(client, manager):
    facts.sign_in(client, manager)
    upload(client, TEXT)
    silent = TEXT.replace("exemple-3", "exemple-4").replace("et nous y parvenons", "et nous y arrivons")
    assert "augmentez «" in upload(client, silent).content.decode()
    same = TEXT.replace("Joignabilité et délais", "Joignabilité")
    assert "existe déjà avec un autre texte" in upload(client, same).content.decode()


def test_a_reworded_question_breaks_the_trend_until_an_administrator_justifies_it(
    client, manager, administrator
):
    facts.sign_in(client, manager)
    upload(client, TEXT)
    upload(client, reworded())
    kept = QuestionnaireVersion.objects.get(version="exemple-4")
    shown = client.get(page("questionnaire_detail", kept.public_id)).content.decode()
    assert "La tendance s’interrompt ici" in shown
    assert "Justifier" not in shown
    facts.sign_in(client, administrator)
    address = page("wording_justify", kept.public_id, "joindre")
    client.post(address, {"reason": "Même sens, faute corrigée."})
    shown = client.get(page("questionnaire_detail", kept.public_id)).content.decode()
    assert "La tendance s’interrompt ici" not in shown
    assert "Même sens, faute corrigée." in shown
    assert "déjà justifié" in client.post(address, {"reason": "Encore."}).content.decode()
    assert client.get(page("wording_justify", kept.public_id, "prevenir")).status_code == 404


def test_only_an_administrator_imports_a_file_that_justifies(client, manager, administrator):
    facts.sign_in(client, manager)
    upload(client, TEXT)
    text = reworded(extra='\njustification = "Même sens."')
    assert "seul l’administrateur" in upload(client, text).content.decode()
    assert upload(facts.sign_in(client, administrator), text).status_code == 302


def test_the_shipped_example_is_loaded_once(db):
    from io import StringIO

    from django.core.management import call_command

    for _ in range(2):
        out = StringIO()
        call_command("load_questionnaire", stdout=out)
        assert "18 questions" in out.getvalue()
    assert QuestionnaireVersion.objects.get().is_example


# Screens


@pytest.mark.parametrize("side", ["prefecture", "ars"])
@pytest.mark.parametrize(("is_pulse", "questions"), [(False, 18), (True, 4)])
def test_a_screen_has_one_family_and_cuts_no_dimension(side, is_pulse, questions):
    read = reading.read(TEXT)
    laid = screens(TEXT, side, is_pulse=is_pulse)
    asked = [question.id for screen in laid for question in screen.questions]
    assert sorted(asked) == sorted(item.id for item in read.asked_of(side, pulse=is_pulse))
    assert len(asked) == questions
    assert [screen.number for screen in laid] == list(range(1, len(laid) + 1))
    place = {question.id: screen.number for screen in laid for question in screen.questions}
    for screen in laid:
        assert len({read.item(question.id).family for question in screen.questions}) == 1
        assert len(screen.questions) <= 5
        assert [value for value, _ in screen.options] == ["1", "2", "3", "4", "5", "NSP", "SO"]
    for dimension in read.dimensions:
        numbers = {place[item.id] for item in read.scored(dimension.id) if item.id in place}
        assert len(numbers) <= 1
    assert laid[0].label("NSP") == "je ne sais pas"


def test_an_import_names_its_author(manager):
    kept = actions_questionnaire.import_text(TEXT, may_justify=False, **WHO)
    entry = Entry.objects.get(event="barometer.questionnaire.imported")
    assert (entry.subject, entry.actor_label) == (str(kept.public_id), WHO["actor"].label)
