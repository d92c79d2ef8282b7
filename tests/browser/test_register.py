"""A measure of care without consent, from its admission to its levée, played by the agent who records it.

The register is served by a process of its own, as in the demonstration; every page met is looked at with axe-core.
"""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture(scope="module")
def served(serve_register):
    with serve_register() as environment:
        yield environment


@pytest.fixture(scope="module")
def site(served):
    return served["TRAITDUNION_BASE_URL"]


@pytest.fixture(scope="module")
def sessions():
    return {}


def hours_ago(hours):
    return (datetime.now(PARIS) - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M")


def record(visit, label, **fields):
    """Choose a fact on the page of the measure, fill its form and send it."""
    visit.page.get_by_label("Ce qui s’est passé").select_option(label=label)
    visit.page.get_by_role("button", name="Continuer").click()
    visit.settle()
    check(visit)
    for name, value in fields.items():
        field = visit.page.locator(f"[name={name}]")
        if field.evaluate("element => element.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    visit.page.get_by_role("button", name="Enregistrer").click()
    visit.settle()


def row_of(visit, rule):
    """Return the text of the row of an expected act, on the page of the measure."""
    return visit.page.locator("tr", has=visit.page.get_by_text(f"Pourquoi cette date ({rule})")).inner_text()


def check(visit):
    assert visit.violations() == [], visit.page.url
    assert visit.violations_in_the_dark() == [], visit.page.url
    assert visit.too_wide() == [], visit.page.url


def test_one_spdre_from_admission_to_levee(open_as):
    visit = open_as("ssc_enregistrement")
    page = visit.page
    assert visit.go("/echeancier/") == 200
    check(visit)

    page.get_by_role("link", name="Ouvrir un dossier").click()
    visit.settle()
    check(visit)
    for name, value in {"names": "Zinzolin", "first_names": "Sacha", "born_on": "1971-03-04"}.items():
        page.locator(f"[name={name}]").fill(value)
    page.get_by_role("button", name="Enregistrer").click()
    visit.settle()
    check(visit)
    page.locator("[name=mode]").select_option("SPDRE")
    page.locator("[name=started_at]").fill(hours_ago(90))
    page.locator("[name=establishment]").select_option(label="Établissement d’exemple A")
    page.get_by_role("button", name="Enregistrer").click()
    visit.settle()
    check(visit)
    assert "en retard" in row_of(visit, "E1").lower()

    record(
        visit, "Certificat et examen somatique des 24 heures", happened_at=hours_ago(70), author="Dr Tilleul"
    )
    assert "fait" in row_of(visit, "E1").lower()
    page.locator("summary", has_text="E1").click()
    assert "Trop tard à partir du" in page.locator("details[open]").inner_text().replace("\xa0", " ")
    record(
        visit, "Décision sur la forme des soins", happened_at=hours_ago(10), forme="hospitalisation_complete"
    )
    assert "hospitalisation complète" in page.locator("main").inner_text()

    page.get_by_role("link", name=re.compile("^Corriger : décision sur la forme")).click()
    visit.settle()
    page.locator("[name=happened_at]").fill(hours_ago(9))
    page.get_by_role("button", name="Enregistrer").click()
    visit.settle()
    assert "(remplacé)" in page.locator("main").inner_text()

    record(visit, "Levée de la mesure", happened_at=hours_ago(1))
    check(visit)
    assert "en cours" not in page.locator(".td-facts").inner_text()

    page.get_by_role("link", name="Ouvrir le dossier, et lire de qui il s’agit").click()
    visit.settle()
    check(visit)
    assert "Zinzolin" in page.locator("main").inner_text()


def test_someone_heard_alike_is_proposed_before_a_second_dossier(open_as):
    visit = open_as("ssc_enregistrement")
    visit.go("/recherche/?nom=Renault")
    check(visit)
    visit.page.get_by_role("link", name=re.compile("^67-")).first.click()
    visit.settle()
    facts = visit.page.locator(".td-facts dd")
    names, first_names = facts.nth(0).inner_text(), facts.nth(1).inner_text()
    visit.go("/dossiers/ouvrir/")
    for name, value in {"names": f"{names}s", "first_names": first_names, "born_on": "1971-03-04"}.items():
        visit.page.locator(f"[name={name}]").fill(value)

    visit.page.get_by_role("button", name="Enregistrer").click()
    visit.settle()

    check(visit)
    assert visit.page.get_by_text("Est-ce la même personne").is_visible()
    assert visit.page.get_by_role("checkbox", name=re.compile(f"{names}, {first_names}")).count() >= 1


@pytest.mark.parametrize("path", ["/", "/accessibilite/", "/echeancier/?quand=24h", "/recherche/"])
def test_a_page_fits_a_narrow_window_and_the_keyboard(open_as, path):
    visit = open_as("ssc_consultation", width=320)
    visit.go(path)

    check(visit)
    assert visit.unreached(limit=600) == []


def test_the_schedule_reads_without_javascript(open_as):
    visit = open_as("ssc_consultation", scripts=False)
    visit.go("/echeancier/?quand=retard")

    rows = visit.page.locator("tbody tr")
    assert rows.count() > 5
    assert {*rows.locator("td:first-child").all_inner_texts()} == {"EN RETARD"}
