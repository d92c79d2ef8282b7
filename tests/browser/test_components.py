"""Every component of the pages, in the browser, with invented data."""

import pytest

PAGE = "/demonstration/composants/"
WIDTHS = [320, 768, 1280]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_components_are_accessible_and_fit(open_as, width, dark):
    visit = open_as(None, width=width, dark=dark)

    visit.go(PAGE)

    visit.picture(f"components-{width}-{'dark' if dark else 'light'}")
    assert visit.violations() == []
    assert visit.overflow() <= 0


def test_the_map_shows_every_departement_under_the_site_s_policy(open_as):
    visit = open_as(None)

    visit.go(PAGE)

    codes = {shape.get_attribute("class") for shape in visit.page.locator("map-chart [class^='FR-']").all()}
    assert len(codes) == 101
    assert {"FR-2A", "FR-2B", "FR-971", "FR-972", "FR-973", "FR-974", "FR-976"} <= codes
    titles = visit.page.locator("map-chart [class='FR-67'] title").all_text_contents()
    assert len(titles) == 1
    assert titles[0].startswith("Département 67 : ")


def test_categories_differ_by_pattern_and_not_only_by_colour(open_as):
    visit = open_as(None)

    visit.go(PAGE)

    fills = visit.page.evaluate(
        "new Set([...document.querySelectorAll('map-chart [class^=\"FR-\"]')].map((s) => s.style.fill)).size"
    )
    assert fills >= 4


def test_a_departement_of_the_map_leads_to_its_page(open_as):
    visit = open_as(None)
    visit.go(PAGE + "?etat=echue")

    visit.page.locator("map-chart [class='FR-24']").click()

    visit.page.wait_for_url(f"**{PAGE}")


def test_lines_go_straight_from_point_to_point(open_as):
    visit = open_as(None)

    visit.go(PAGE)

    visit.page.wait_for_function(
        """() => {
          const chart = document.querySelector('line-chart')._instance?.proxy?.chart;
          const drawn = chart?.data.datasets.map((_, rank) => chart.getDatasetMeta(rank).dataset.options.tension);
          return drawn?.length > 0 && drawn.every((tension) => tension === 0);
        }"""
    )


def test_nothing_is_lost_without_script(open_as):
    visit = open_as(None, width=320, scripts=False)

    visit.go(PAGE)

    page = visit.page
    assert page.get_by_role("navigation", name="Menu principal").is_visible()
    assert page.get_by_label("Vous êtes ici").get_by_role("link", name="Accueil").is_visible()
    assert not page.get_by_role("button", name="Paramètres d’affichage").first.is_visible()
    assert page.get_by_label("Mois affiché").first.is_visible()
    page.get_by_label("État").select_option("echue")
    page.get_by_role("button", name="Filtrer").click()
    assert "etat=echue" in page.url
    assert page.get_by_label("État").input_value() == "echue"


def test_filters_keep_the_address_and_say_the_count(open_as):
    visit = open_as(None)
    visit.go(PAGE + "?tri=-jours")

    visit.page.get_by_label("État").select_option("echue")
    visit.page.get_by_role("button", name="Filtrer").click()
    visit.page.wait_for_url("**etat=echue**")

    assert "tri=-jours" in visit.page.url
    assert visit.page.locator("#live-status").text_content().endswith("départements")


def test_the_slider_reads_out_its_date_and_sends_it(open_as):
    visit = open_as(None)
    visit.go(PAGE)

    slider = visit.page.get_by_role("slider", name="Mois affiché")
    assert slider.get_attribute("aria-valuetext") == "1ᵉʳ mars 2026"
    slider.focus()
    slider.press("ArrowLeft")

    visit.page.wait_for_url("**mois=2026-02-01**")
    visit.settle()
    assert slider.get_attribute("aria-valuetext") == "1ᵉʳ février 2026"


def test_focus_is_visible_at_every_tab_stop(open_as):
    visit = open_as(None)
    visit.go(PAGE)
    # The form in error takes the focus: the walk begins again from the top.
    assert visit.page.evaluate("document.activeElement.id") == "form-errors"
    visit.page.evaluate(
        "document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex')"
    )

    stops = visit.tab_stops()

    assert stops[0]["name"] == "Contenu"
    assert [stop["name"] for stop in stops if not stop["seen"]] == []
    assert len(stops) > 15


def test_the_theme_can_be_chosen_and_is_remembered(open_as):
    visit = open_as(None)
    visit.go(PAGE)

    visit.page.get_by_role("button", name="Paramètres d’affichage").first.click()
    visit.page.get_by_text("Thème sombre").click()
    assert visit.page.locator("html").get_attribute("data-fr-theme") == "dark"
    visit.go(PAGE)

    assert visit.page.locator("html").get_attribute("data-fr-theme") == "dark"


def test_a_visitor_becomes_a_persona_with_one_click(open_as):
    visit = open_as(None)
    visit.go("/demonstration/")

    with visit.page.expect_navigation():
        visit.page.locator("form[action$='/entrer/referent_ars/'] button").click()

    assert "/demonstration/" not in visit.page.url
    assert visit.page.get_by_role("button", name="Se déconnecter").count() > 0


def test_an_unknown_page_says_what_to_do(open_as):
    visit = open_as(None)

    status = visit.go("/cette-page-n-existe-pas/")

    assert status == 404
    assert visit.page.get_by_role("heading", level=1).text_content().strip() == "Page introuvable"
    assert visit.violations() == []
