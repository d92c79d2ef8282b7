"""Answering on a phone: with the finger, with the keyboard alone, without script; nothing else than the link."""

import re

import pytest


@pytest.fixture(scope="module")
def links(addresses):
    return [addresses("answering", rank) for rank in "012"]


def answer(visit, label):
    for question in visit.page.locator(".ba-question").all():
        question.get_by_text(label, exact=True).click()


def test_someone_answers_on_a_phone_to_the_end(open_as, links):
    visit = open_as(None, width=320)
    assert visit.go(links[0]) == 200
    assert (visit.violations(), visit.too_wide()) == ([], [])
    visit.page.get_by_role("link", name="Commencer").click()

    answer(visit, "Rarement")
    visit.page.locator("#remark").fill("Un numéro direct aiderait.")
    visit.page.locator("#saved", has_text="Enregistré").wait_for()
    assert (visit.violations(), visit.too_wide()) == ([], [])
    visit.picture("barometer_answer-320-box")
    visit.page.get_by_role("button", name="Enregistrer et continuer").click()
    while "/envoi/" not in visit.page.url:
        answer(visit, "Souvent")
        visit.settle()
        here = visit.page.url
        visit.page.get_by_role("button", name="Enregistrer et continuer").click()
        visit.page.wait_for_url(lambda url, here=here: url != here)

    assert "Un numéro direct aiderait." in visit.page.locator("main").inner_text()
    assert (visit.violations(), visit.too_wide()) == ([], [])
    visit.picture("barometer_answer-320-review")
    visit.page.get_by_role("button", name="Envoyer").click()
    assert re.fullmatch(r"(\w{4}-){2}\w{4}", visit.page.get_by_label("Code de suivi").input_value())
    assert (visit.violations(), visit.too_wide()) == ([], [])
    visit.picture("barometer_answer-320-done")
    visit.go(links[0])
    assert "Merci" in visit.page.locator("h1").inner_text()
    assert visit.page.context.cookies() == []


def test_someone_answers_with_the_keyboard_alone(open_as, links):
    visit = open_as(None, width=1280)
    visit.go(f"{links[1]}1/")
    first = visit.page.locator(".ba-question input").first
    first.focus()
    for _ in range(3):
        visit.page.keyboard.press("ArrowDown")
    visit.page.locator("#saved", has_text="Enregistré").wait_for()
    assert visit.page.locator(".ba-question input:checked").get_attribute("value") == "4"
    stops = visit.tab_stops(12)
    assert all(stop["seen"] for stop in stops)
    visit.go(links[1])
    assert visit.page.get_by_role("link", name="Reprendre").is_visible()


def test_someone_answers_without_script(open_as, links):
    visit = open_as(None, width=320, scripts=False)
    visit.go(f"{links[2]}1/")
    answer(visit, "Jamais")
    visit.page.get_by_role("button", name="Enregistrer et continuer").click()
    visit.page.locator("#remark").fill("Des mots.")
    visit.page.get_by_role("button", name="Enregistrer et continuer").click()
    assert visit.page.url.endswith("/2/")
    visit.page.get_by_role("button", name="Enregistrer et revenir").click()
    assert visit.page.locator("#remark").input_value() == "Des mots."
    assert visit.page.locator("input:checked").count() == visit.page.locator(".ba-question").count()
