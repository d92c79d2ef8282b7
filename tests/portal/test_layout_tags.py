"""French typography, shares, addresses and tables: what the tags of every page write."""

from datetime import UTC, date, datetime

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.test import RequestFactory
from django.utils.safestring import SafeString
from hypothesis import given
from hypothesis import strategies as st

from traitdunion.portal.templatetags import portal


def plain(text):
    """Return the text with its special spaces as plain ones."""
    return text.replace(portal.NO_BREAK, " ").replace(portal.NARROW, " ")


def render(source, path="/", **values):
    context = Context({"request": RequestFactory().get(path), **values})
    return Template("{% load portal %}" + source).render(context)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (date(2026, 3, 1), "1ᵉʳ mars 2026"),
        (date(2026, 8, 22), "22 août 2026"),
        (datetime(2026, 3, 31, 22, 30, tzinfo=UTC), "1ᵉʳ avril 2026"),  # already tomorrow in Paris
        (None, ""),
    ],
)
def test_a_day_is_read_in_french(value, said):
    assert plain(portal.day(value)) == said


def test_an_instant_is_read_on_the_clock_of_the_page():
    assert plain(portal.moment(datetime(2026, 3, 1, 13, 5, tzinfo=UTC))) == "1ᵉʳ mars 2026 à 14 h 05"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0 jour"),
        (1, "1 jour"),
        (1.5, "1,5 jour"),
        (2, "2 jours"),
        (12345, "12 345 jours"),
        (-3, "-3 jours"),
    ],
)
def test_plural_starts_at_two(value, said):
    assert plain(portal.counted(value, "jour")) == said


@pytest.mark.parametrize(
    ("count", "total", "said"),
    [
        (98, 101, "98 sur 101 (97 %)"),
        (101, 101, "101 sur 101 (100 %)"),
        (0, 101, "0 sur 101 (0 %)"),
        (0, 0, "0 sur 0"),
        (1, 1000, "1 sur 1 000 (moins de 1 %)"),
    ],
)
def test_a_share_keeps_its_denominator(count, total, said):
    assert plain(portal.share(count, total)) == said


@given(
    st.integers(1, 10**6).flatmap(
        lambda total: st.tuples(st.integers(1, max(1, total - 1)), st.just(total + 1))
    )
)
def test_rounding_never_claims_all_or_nothing(pair):
    said = plain(portal.share(*pair))
    assert "(100 %)" not in said
    assert "(0 %)" not in said


def test_typography_binds_marks_and_stays_as_safe_as_it_came():
    assert portal.nbsp("« oui » ; non !") == "«\u00a0oui\u00a0»\u202f; non\u202f!"
    assert not isinstance(portal.nbsp("<b> !"), SafeString)
    assert render("{{ text|nbsp }}", text="<b> ?") == "&lt;b&gt;\u202f?"


def test_an_empty_value_is_read_aloud():
    assert "non renseigné" in render("{{ value|or_dash }}", value=None)
    assert render("{{ value|or_dash }}", value="<i>") == "&lt;i&gt;"


def test_sorting_keeps_the_filters_and_leaves_the_page():
    heading = render('{% th "Nom" sort="nom" %}', path="/liste/?etat=echue&page=3")
    assert 'href="/liste/?etat=echue&amp;tri=nom"' in heading
    assert "aria-sort" not in heading


def test_sorting_twice_turns_the_order():
    heading = render('{% th "Nom" sort="nom" %}', path="/liste/?tri=nom")
    assert 'aria-sort="ascending"' in heading
    assert "tri=-nom" in heading


def test_hidden_fields_carry_the_address_but_what_the_form_sets():
    fields = render('{% hidden_query "au" "page" %}', path='/?q="<x>&au=2026-01-01&page=2&etat=a&etat=b')
    assert 'name="q" value="&quot;&lt;x&gt;"' in fields
    assert fields.count('name="etat"') == 2
    assert 'name="au"' not in fields
    assert 'name="page"' not in fields


def test_a_table_has_a_caption_and_escapes_what_it_holds_once():
    source = "{% table caption=name %}<tbody><tr><td>{{ name }}</td></tr></tbody>{% endtable %}"
    table = render(source, name="A & B")
    assert table.count("A &amp; B") == 3  # caption, label of the scrolling region, cell


def test_a_breadcrumb_without_an_address_is_refused():
    with pytest.raises(TemplateSyntaxError, match="an address is missing"):
        render('{% breadcrumb "Conventions" current="Bas-Rhin" %}')


def test_every_tone_has_its_icon():
    assert set(portal.TONES.values()) <= set(portal.ICONS)


def test_chart_data_is_json_the_template_escapes():
    written = render(
        '<x y="{{ series|chart_values }}" n="{{ series|chart_names }}">',
        series=[{"name": 'É"', "values": [1]}],
    )
    assert written == '<x y="[[1]]" n="[&quot;É\\&quot;&quot;]">'
