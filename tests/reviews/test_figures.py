"""Tokens that cite figures, and what changed between two sets of figures."""

from contextlib import suppress
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traitdunion.reviews import figures
from traitdunion.reviews.figures import Figure, Text, Token, TokenError

identifiers = st.from_regex(r"[a-z0-9]{1,6}(-[a-z0-9]{1,6}){0,2}", fullmatch=True)
words = st.text(max_size=40).filter(lambda text: "{" not in text and "}" not in text)
numbers = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=4)
pieces = st.lists(st.one_of(words, identifiers.map(lambda name: figures.token(name))), max_size=8)


def figure(name="reunions", value="3", **changes):
    said = {
        "id": name,
        "label": "Réunions tenues",
        "definition": "Les deux institutions présentes.",
        "source": "Réunions de la convention",
        "as_of": date(2026, 9, 30),
        "unit": "réunions",
        "value": None if value is None else Decimal(value),
        "reason_missing": "pas encore mesuré" if value is None else None,
    }
    return Figure(**{**said, **changes})


class TestFigure:
    def test_it_says_its_value_with_its_denominator(self):
        assert figure(denominator=Decimal(4)).shown.replace("\xa0", " ") == "3 sur 4 réunions"

    def test_without_value_it_says_why(self):
        assert figure(value=None).shown == "pas encore mesuré"

    def test_a_decimal_is_written_in_french(self):
        assert figure(value="62.50", unit="%").shown == "62,5\xa0%"

    @pytest.mark.parametrize(
        "changes",
        [
            {"reason_missing": "perdu"},
            {"value": None, "reason_missing": None},
            {"id": "Réunions"},
            {"id": ""},
        ],
    )
    def test_a_figure_that_contradicts_itself_is_a_fault(self, changes):
        with pytest.raises(ValueError, match=r"a figure has|not an identifier"):
            replace(figure(), **changes)

    @given(numbers)
    def test_a_number_has_one_form_only_and_loses_nothing(self, number):
        said = figures.decimal_text(number)

        assert Decimal(said) == number
        assert said == figures.decimal_text(Decimal(said))
        assert figures.decimal_text(number * 10 / 10) == said
        assert "E" not in said
        assert said != "-0"


class TestTokens:
    @given(pieces)
    def test_a_text_is_put_together_again_from_its_pieces(self, parts):
        text = "".join(parts)

        again = "".join(
            piece.text if isinstance(piece, Text) else figures.token(piece.figure)
            for piece in figures.parse(text)
        )

        assert again == text

    @given(pieces)
    def test_every_citation_is_found_in_order(self, parts):
        wanted = [part[len("{{chiffre:") : -2] for part in parts if part.startswith("{{")]

        assert [piece.figure for piece in figures.parse("".join(parts)) if isinstance(piece, Token)] == wanted
        assert figures.cited("".join(parts)) == list(dict.fromkeys(wanted))

    @given(st.text(alphabet="{}chifre:a-1 ", max_size=40))
    def test_a_text_is_read_whole_or_refused(self, text):
        with suppress(TokenError):
            found = figures.parse(text)
            assert text == "".join(
                piece.text if isinstance(piece, Text) else figures.token(piece.figure) for piece in found
            )

    @pytest.mark.parametrize(
        "text",
        [
            "{{chiffre:reunions}",
            "{{ chiffre:reunions }}",
            "{{chiffre:Réunions}}",
            "{{chiffre:}}",
            "{{chiffre:a--b}}",
            "{{chiffre:a-}}",
            "{{autre:reunions}}",
            "reunions}}",
        ],
    )
    def test_a_cut_citation_is_refused(self, text):
        with pytest.raises(TokenError, match="incomplète"):
            figures.parse(f"Voici {text} tenues")

    def test_an_unknown_figure_is_named(self):
        with pytest.raises(TokenError, match="« autre »"):
            figures.check("Il y en a {{chiffre:autre}}.", {"reunions"})

    def test_the_values_are_put_in(self):
        said = figures.render(
            "Tenues : {{chiffre:reunions}} ; présence : {{chiffre:presence}}.",
            {"reunions": figure(), "presence": figure("presence", None)},
        )

        assert said == "Tenues : 3\xa0réunions ; présence : pas encore mesuré."

    @given(pieces)
    def test_no_brace_is_left_once_the_values_are_in(self, parts):
        text = "".join(parts)
        known = {name: figure(name) for name in figures.cited(text)}

        assert "{{" not in figures.render(text, known)

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("Aucun chiffre.", []),
            ("Il y en a 12 et 3,5.", ["12", "3,5"]),
            ("En 2026, au 30/09/2026, 2026-T3.", []),
            ("Mesure 38, n° 4, article 12, L. 3213-1.", []),
            ("{{chiffre:t3-2}} et 7", ["7"]),
        ],
    )
    def test_a_typed_number_is_noticed(self, text, found):
        assert figures.typed_numbers(text) == found


class TestWhatChanged:
    @given(st.dictionaries(identifiers, st.integers(0, 5), max_size=6))
    def test_nothing_changed_between_a_set_and_itself(self, values):
        known = {name: figure(name, str(value)) for name, value in values.items()}

        assert figures.compare(known, dict(reversed(list(known.items())))) == []

    @given(
        st.dictionaries(identifiers, st.integers(0, 3), max_size=6),
        st.dictionaries(identifiers, st.integers(0, 3), max_size=6),
    )
    def test_exactly_what_differs_is_told_once(self, before, after):
        old = {name: figure(name, str(value)) for name, value in before.items()}
        new = {name: figure(name, str(value)) for name, value in after.items()}

        changed = [change.id for change in figures.compare(old, new)]

        assert changed == sorted(name for name in {*before, *after} if before.get(name) != after.get(name))

    def test_a_later_day_with_the_same_value_is_no_change(self):
        assert figures.compare({"a": figure("a")}, {"a": figure("a", as_of=date(2026, 12, 31))}) == []

    @pytest.mark.parametrize(
        ("before", "after", "said"),
        [
            (figure(), figure(value="4"), "Réunions tenues : 3\xa0réunions devient 4\xa0réunions"),
            (figure(), None, "Réunions tenues : la source a disparu (valait 3\xa0réunions)"),
            (None, figure(), "Réunions tenues : nouveau chiffre (3\xa0réunions)"),
            (figure(value=None), figure(), "Réunions tenues : pas encore mesuré devient 3\xa0réunions"),
            (figure(), figure(source="autre"), "Réunions tenues : la définition ou la source a changé"),
        ],
    )
    def test_the_change_is_said_in_words(self, before, after, said):
        old = {} if before is None else {before.id: before}
        new = {} if after is None else {after.id: after}

        [change] = figures.compare(old, new)

        assert change.sentence == said

    def test_only_the_texts_that_cite_a_changed_figure_are_read_again(self):
        changes = figures.compare({"a": figure("a")}, {"a": figure("a", "4")})

        assert figures.touched(["{{chiffre:a}}", "{{chiffre:b}}", "rien"], changes) == [True, False, False]
