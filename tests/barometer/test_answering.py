"""The link of a respondent: what it opens, keeps, sends, and when it stops."""

import logging
from datetime import timedelta

import pytest
from django.core.cache import cache

from tests.barometer.campaign import EXAMPLE, TODAY, WHO, link, opened
from traitdunion.audit.models import Entry
from traitdunion.barometer import actions, actions_roster, answering, keys, letters
from traitdunion.barometer import rules_campaign as rules
from traitdunion.barometer.kinds import RosterRole
from traitdunion.barometer.middleware import ANSWERING, HideLinks
from traitdunion.barometer.models import Remark, Sheet, Wave
from traitdunion.barometer.screens import screens
from traitdunion.barometer.views import campaign_answers, doors
from traitdunion.identity.kinds import Side

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def day(monkeypatch):
    """The pages believe that it is the day of the wave."""
    shown = {"today": TODAY}
    for module in (doors, campaign_answers):
        monkeypatch.setattr(module, "today", lambda: shown["today"])
    cache.clear()
    yield shown
    cache.clear()


@pytest.fixture
def wave(bas_rhin):
    return opened(bas_rhin)


@pytest.fixture
def entry(wave):
    found = wave.entries.filter(side="ars").first()
    found.wave = wave
    return found


def parts(side="ars"):
    return screens(EXAMPLE.read_text(encoding="utf-8"), side, is_pulse=False)


def fields(screen, value="4"):
    return {f"q-{question.id}": value for question in screen.questions}


def answer_everything(client, entry, value="4"):
    for screen in parts(entry.side):
        client.post(f"{link(entry)}{screen.number}/", fields(screen, value))


def sheet(entry):
    return Sheet.objects.get(key=keys.sheet_key(entry))


# Opening and answering


def test_the_first_page_says_for_whom_until_when_and_names_nobody(client, entry):
    answer = client.get(link(entry))
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Bas-Rhin (67)" in page
    assert "l’ARS" in page
    assert "21\N{NO-BREAK SPACE}juin\N{NO-BREAK SPACE}2026" in page
    assert entry.name not in page
    assert entry.email not in page
    assert "pas d’anonymat" not in page


@pytest.mark.parametrize(
    ("form", "said"), [("full", "environ huit minutes"), ("pulse", "environ quatre minutes")]
)
def test_the_page_and_the_letter_announce_the_same_time(client, entry, form, said):
    Wave.objects.update(format=form)
    entry.refresh_from_db()
    assert said in client.get(link(entry)).content.decode()
    assert said in letters.invitation(entry).body


@pytest.mark.parametrize("path", ["", "1/", "envoi/"])
def test_every_answering_page_says_that_it_is_a_pilot_and_what_figures_are_worth(client, entry, path):
    said = client.get(link(entry) + path).content.decode()
    assert "Exemple, non validé" in said
    assert "Le chiffre national est solide" in said


@pytest.mark.parametrize(("people", "is_said"), [(1, True), (2, True), (3, False)])
def test_a_side_of_two_is_told_that_it_has_no_anonymity(client, bas_rhin, people, is_said):
    entry = opened(bas_rhin, people=people).entries.first()
    assert ("pas d’anonymat" in client.get(link(entry)).content.decode()) is is_said


def test_reading_writes_nothing(client, entry):
    before = list(Sheet.objects.order_by("pk").values())
    for path in ("", "1/", "2/", "envoi/"):
        assert client.get(f"{link(entry)}{path}").status_code == 200
    assert list(Sheet.objects.order_by("pk").values()) == before


def test_every_screen_asks_each_question_with_its_seven_answers(client, entry):
    for screen in parts():
        page = client.get(f"{link(entry)}{screen.number}/").content.decode()
        for question in screen.questions:
            assert page.count(f'name="q-{question.id}"') == 7
        assert "je ne sais pas" in page.lower()
        assert "sans objet" in page.lower()


def test_without_script_each_button_saves_and_goes_on_to_the_end(client, entry):
    address = link(entry)
    for screen in parts():
        answer = client.post(f"{address}{screen.number}/", fields(screen))
        following = f"{screen.number + 1}/" if screen.number < len(parts()) else "envoi/"
        assert answer["Location"] == f"{address}{following}"
    assert len(sheet(entry).answers) == 18
    assert set(sheet(entry).answers.values()) == {"4"}


def test_going_back_saves_too(client, entry):
    second = parts()[1]
    answer = client.post(f"{link(entry)}2/", {**fields(second), "retour": "1"})
    assert answer["Location"] == f"{link(entry)}1/"
    assert sheet(entry).answers == {question.id: "4" for question in second.questions}


def test_answers_resume_where_they_stopped(client, entry):
    client.post(f"{link(entry)}1/", fields(parts()[0], "NSP"))
    page = client.get(link(entry)).content.decode()
    assert "Reprendre à l’étape 2" in page
    assert client.get(f"{link(entry)}1/").content.decode().count("checked") == len(parts()[0].questions)


@pytest.mark.parametrize("value", ["0", "6", "nsp", "", "4 OR 1=1"])
def test_an_answer_that_is_not_offered_is_left_out(client, entry, value):
    client.post(f"{link(entry)}1/", fields(parts()[0], value))
    assert sheet(entry).answers == {}


def test_an_answer_of_another_screen_or_of_no_question_is_left_out(client, entry):
    client.post(f"{link(entry)}1/", {**fields(parts()[1]), "q-invention": "3"})
    assert sheet(entry).answers == {}


def test_a_changed_answer_replaces_the_one_before(client, entry):
    name = parts()[0].questions[0].id
    for value in ("2", "5"):
        client.post(f"{link(entry)}1/", {f"q-{name}": value})
    assert sheet(entry).answers == {name: "5"}


def test_with_script_a_change_is_saved_and_said(client, entry):
    name = parts()[0].questions[0].id
    answer = client.post(f"{link(entry)}1/", {f"q-{name}": "3"}, headers={"HX-Request": "true"})
    said = answer.content.decode()
    assert "Enregistré" in said
    assert "<h1" not in said
    assert "remark-box" not in said, "the box has not moved"
    assert sheet(entry).answers == {name: "3"}


# The open box


def low(screen):
    return {f"q-{screen.questions[0].id}": "2"}


def test_the_box_opens_after_a_low_answer_only(client, entry):
    assert 'name="remark"' not in client.get(f"{link(entry)}1/").content.decode()
    answer = client.post(f"{link(entry)}1/", low(parts()[0]))
    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'name="remark"' in page
    assert "Ne nommez" in page
    answer = client.post(f"{link(entry)}1/", {**low(parts()[0]), "remark": ""})
    assert answer.status_code == 302, "the box was offered: one may go on"


def test_with_script_the_box_comes_and_goes_alone(client, entry):
    def change(**values):
        return client.post(f"{link(entry)}1/", values, headers={"HX-Request": "true"}).content.decode()

    name = f"q-{parts()[0].questions[0].id}"
    assert 'name="remark"' in change(**{name: "1"})
    assert "remark-box" not in change(**{name: "2", "remark": "des mots"}), "not replaced under the hand"
    moved = change(**{name: "5", "remark": "des mots"})
    assert "remark-box" in moved
    assert 'name="remark"' not in moved
    assert not Remark.objects.exists(), "words go with the low answer that called for them"


def test_a_guess_opens_no_box(client, entry):
    last = parts()[-1]
    assert all(question.is_guess for question in last.questions)
    assert client.post(f"{link(entry)}{last.number}/", fields(last, "1")).status_code == 302


def test_words_are_kept_apart_and_read_back_by_their_link(client, entry):
    client.post(f"{link(entry)}1/", {**low(parts()[0]), "remark": "Un numéro direct. " * 40})
    remark = Remark.objects.get()
    assert len(remark.text) == 300
    assert remark.text in client.get(f"{link(entry)}1/").content.decode()
    assert remark.text in client.get(f"{link(entry)}envoi/").content.decode()
    client.post(f"{link(entry)}1/", {**low(parts()[0]), "remark": "  "})
    assert not Remark.objects.exists()


def test_words_are_escaped(client, entry):
    client.post(f"{link(entry)}1/", {**low(parts()[0]), "remark": "<script>alert(1)</script>"})
    assert "<script>alert" not in client.get(f"{link(entry)}1/").content.decode()


# Sending


def test_the_review_shows_every_answer_and_what_is_missing(client, entry):
    client.post(f"{link(entry)}1/", fields(parts()[0], "5"))
    page = client.get(f"{link(entry)}envoi/").content.decode()
    assert page.count("<strong>Toujours</strong>") == len(parts()[0].questions)
    assert page.count("sans réponse") > 1


def test_once_sent_the_link_thanks_and_shows_nothing(client, entry):
    answer_everything(client, entry, "5")
    page = client.post(f"{link(entry)}envoi/").content.decode()
    assert "Merci" in page
    for path in ("", "1/", "envoi/"):
        page = client.get(f"{link(entry)}{path}").content.decode()
        assert "Merci" in page
        assert "oujours" not in page
        assert 'id="code"' not in page, "the code is shown once"
    before = sheet(entry).answers
    client.post(f"{link(entry)}1/", fields(parts()[0], "1"))
    assert sheet(entry).answers == before


def test_a_blank_sheet_is_not_sent(client, entry):
    answer = client.post(f"{link(entry)}envoi/")
    assert answer.status_code == 400
    assert "Aucune réponse n’est enregistrée" in answer.content.decode()
    assert not sheet(entry).is_submitted


def send(client, entry, code=""):
    answer_everything(client, entry)
    return client.post(f"{link(entry)}envoi/", {"code": code})


def test_the_code_is_shown_and_only_what_is_computed_from_it_is_kept(client, entry):
    code = send(client, entry).context["code"]
    signs = rules.read_code(code)
    assert signs
    kept = str(list(Sheet.objects.values())) + str(list(Remark.objects.values()))
    assert code not in kept
    assert signs not in kept


def test_a_miscopied_code_is_refused_and_nothing_is_sent(client, entry):
    answer = send(client, entry, "1234-5678-9ABC")
    assert answer.status_code == 400
    assert "mal recopié" in answer.content.decode()
    assert not sheet(entry).is_submitted


def test_a_code_serves_once_on_a_side(client, wave, entry):
    code = send(client, entry).context["code"]
    other = wave.entries.filter(side="ars").last()
    answer = send(client, other, code)
    assert answer.status_code == 400
    assert "déjà servi" in answer.content.decode()


def test_a_code_pairs_two_waves_of_the_same_people(client, bas_rhin, wave, entry, day):
    code = send(client, entry).context["code"]
    actions.close(wave, today=TODAY, **WHO)
    second, again = second_wave(client, wave, entry, day)
    assert send(client, again, code).context["code"] == code
    assert open_pair(second) != Sheet.objects.get(wave=wave).pair_hash, "masked while the wave is open"
    actions.close(second, today=day["today"], **WHO)
    assert Sheet.objects.get(wave=second).pair_hash == Sheet.objects.get(wave=wave).pair_hash


def open_pair(wave):
    return Sheet.objects.get(wave=wave, is_submitted=True).pair_hash


def second_wave(client, wave, entry, day, changed=False):
    from tests.barometer.campaign import prepared

    day["today"] = TODAY + timedelta(days=100)
    second = prepared("Deuxième", today=day["today"])
    if changed:
        gone = second.entries.filter(side="ars").exclude(email=entry.email).first()
        actions_roster.revise(
            gone,
            respondent=actions_roster.Respondent(role=RosterRole(gone.role), name="Neuf", email="neuf@x.fr"),
            today=day["today"],
            **WHO,
        )
    actions.open_wave(second, today=day["today"], **WHO)
    second.refresh_from_db()
    again = second.entries.get(email=entry.email)
    again.wave = second
    return second, again


def test_a_code_pairs_nothing_where_someone_came_or_left(client, bas_rhin, wave, entry, day):
    code = send(client, entry).context["code"]
    actions.close(wave, today=TODAY, **WHO)
    second, again = second_wave(client, wave, entry, day, changed=True)
    send(client, again, code)
    actions.close(second, today=day["today"], **WHO)
    assert Sheet.objects.get(wave=second).pair_hash == ""


@pytest.mark.parametrize("rank", range(12))
def test_one_wrong_sign_of_a_code_is_seen(rank):
    code = rules.read_code("1234-5678-9ABJ")
    for sign in rules.CODE_SIGNS:
        if sign != code[rank]:
            assert rules.read_code(code[:rank] + sign + code[rank + 1 :]) is None


# Words that their author releases


def released(client, code, **values):
    return client.post(f"{ANSWERING}remarques/", {"code": code, **values}).content.decode()


def test_the_author_alone_releases_words_once_the_wave_is_closed(client, bas_rhin, wave, entry):
    client.post(f"{link(entry)}1/", {**low(parts()[0]), "remark": "Un numéro direct aiderait."})
    code = client.post(f"{link(entry)}envoi/").context["code"]
    assert "Aucune remarque" in released(client, code), "not while the wave is open"
    actions.close(wave, today=TODAY, **WHO)
    remark = Remark.objects.get()
    assert "Un numéro direct aiderait." in released(client, code.lower().replace("-", " "))
    assert not Remark.objects.get().is_released

    released(client, code, remarque=str(remark.pk), geste="liberer")
    assert Remark.objects.get().is_released
    released(client, code, remarque=str(remark.pk), geste="cacher")
    assert not Remark.objects.get().is_released

    released(client, keys.new_code(), remarque=str(remark.pk), geste="liberer")
    assert not Remark.objects.get().is_released, "another code does nothing"


def test_words_of_who_did_not_send_are_dropped_at_the_closing(client, wave, entry):
    client.post(f"{link(entry)}1/", {**low(parts()[0]), "remark": "Sans suite"})
    actions.close(wave, today=TODAY, **WHO)
    assert not Remark.objects.exists()


def test_codes_cannot_be_tried_at_will(client, db):
    answers = [
        client.post(f"{ANSWERING}remarques/", {"code": keys.new_code()}).status_code for _ in range(12)
    ]
    assert answers == [200] * 10 + [429] * 2


# Links that do not serve


@pytest.mark.parametrize("token", ["inconnu", "AAAAAAAAAAAAAAAAAAAAAA.1:signature", "x" * 300, "é", "a.b:c"])
def test_a_wrong_link_gets_one_clear_page(client, db, token):
    answer = client.get(f"{ANSWERING}{token}/")
    assert answer.status_code == 404
    assert "Ce lien ne permet pas de répondre" in answer.content.decode()


def test_a_link_cannot_be_forged_from_what_the_database_holds(client, entry):
    token = keys.token(entry)
    name, _, signature = token.partition(":")
    assert (
        client.get(f"{ANSWERING}{name}:{signature[:-1]}{'A' if signature[-1] != 'A' else 'B'}/").status_code
        == 404
    )
    assert client.get(f"{ANSWERING}{name.replace('.1', '.2')}:{signature}/").status_code == 404


def test_a_link_ends_with_its_day_its_wave_or_its_person(client, wave, entry, day):
    address = link(entry)
    day["today"] = wave.closes_on
    assert client.get(address).status_code == 200
    day["today"] = wave.closes_on + timedelta(days=1)
    assert client.get(address).status_code == 410
    day["today"] = TODAY
    actions_roster.renew_link(entry, email=entry.email, today=TODAY, **WHO)
    assert client.get(address).status_code == 404, "the link before"
    assert client.get(link(entry)).status_code == 200
    actions_roster.remove(entry, today=TODAY, **WHO)
    assert client.get(link(entry)).status_code == 410
    other = wave.entries.filter(side="ars").last()
    actions.cancel(wave, reason="essai", today=TODAY, **WHO)
    assert "annulée" in client.get(link(other)).content.decode()


def test_answers_survive_a_new_link(client, entry):
    client.post(f"{link(entry)}1/", fields(parts()[0]))
    actions_roster.renew_link(entry, email=entry.email, today=TODAY, **WHO)
    assert "Reprendre" in client.get(link(entry)).content.decode()


def test_a_write_that_comes_after_the_closing_is_refused(wave, entry):
    actions.close(wave, today=TODAY, **WHO)
    with pytest.raises(answering.AnswerRefusedError, match="close"):
        answering.save(entry, answers={"joindre": "1"}, screen=1, remark=None)
    assert not Sheet.objects.exists()


def test_with_script_a_refused_write_is_said_on_the_page(client, entry, monkeypatch):
    def refuse(*_args, **_values):
        raise answering.AnswerRefusedError("La vague est close : on ne peut plus répondre.")

    monkeypatch.setattr(answering, "save", refuse)
    answer = client.post(f"{link(entry)}1/", fields(parts()[0]), headers={"HX-Request": "true"})
    assert "Non enregistré" in answer.content.decode()
    assert client.post(f"{link(entry)}1/", fields(parts()[0])).status_code == 410


# What the pages give away


@pytest.mark.parametrize("path", ["", "1/", "envoi/"])
def test_the_address_is_kept_from_other_sites_caches_and_indexes(client, entry, path):
    answer = client.get(f"{link(entry)}{path}")
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer["Cache-Control"]
    assert "noindex" in answer["X-Robots-Tag"]
    assert not answer.cookies


def test_these_pages_are_under_the_middleware(entry):
    for name in ("", "1/", "envoi/"):
        assert f"{link(entry)}{name}".startswith(ANSWERING)


def test_wrong_links_are_slowed_down(client, db):
    statuses = [client.get(f"{ANSWERING}faux{rank}/").status_code for rank in range(25)]
    assert statuses == [404] * 20 + [429] * 5


def test_a_flood_of_writes_is_slowed_down_and_keeps_what_was_saved(client, entry, monkeypatch):
    monkeypatch.setattr(campaign_answers, "WRITES_A_MINUTE", 2)
    statuses = [client.post(f"{link(entry)}1/", fields(parts()[0])).status_code for _ in range(4)]
    assert statuses == [302, 302, 429, 429]


def test_answering_is_not_in_the_log_of_acts(client, entry):
    before = Entry.objects.count()
    send(client, entry)
    assert Entry.objects.count() == before


def test_no_line_of_the_log_bears_a_link(entry):
    record = logging.LogRecord(
        "django.request", logging.WARNING, "", 0, "%s: %s", ("Gone", f"{link(entry)}1/"), None
    )
    assert HideLinks().filter(record) is True
    assert keys.token(entry) not in record.getMessage()
    assert record.getMessage() == f"Gone: {ANSWERING}…/1/"


@pytest.mark.parametrize("rows", [2, 6])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_page_costs_the_same_whatever_the_side(
    client, bas_rhin, rows, method, django_assert_max_num_queries
):
    entry = opened(bas_rhin, people=rows).entries.filter(side=Side.ARS.value).first()
    with django_assert_max_num_queries(12):
        getattr(client, method)(f"{link(entry)}1/", fields(parts()[0]))
