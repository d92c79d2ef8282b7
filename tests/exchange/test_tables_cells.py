"""What people write in cells, and what is read."""

from datetime import date, datetime, time
from decimal import Decimal

import pytest

from traitdunion.core.choices import Kind
from traitdunion.exchange.cells import Cell, neutralised, normalised, restored
from traitdunion.exchange.errors import CellError

MARCH_1 = date(2026, 3, 1)


class Stage(Kind):
    DRAFT = "draft", "projet"
    SIGNED = "signed", "signée"
    IN_FORCE = "in_force", "en vigueur"


def cell(value):
    return Cell(value, "B12", "Échéance")


def message(read, value):
    with pytest.raises(CellError) as caught:
        read(cell(value))
    assert (caught.value.reference, caught.value.column) == ("B12", "Échéance")
    return caught.value.message.replace("\xa0", " ")


@pytest.mark.parametrize(
    "value",
    [
        MARCH_1,
        datetime(2026, 3, 1, 14, 20),
        46082,
        46082.5,
        "46082",
        "2026-03-01",
        "2026-03-01T14:20:00+01:00",
        "2026-03-01 14:20",
        "01/03/2026",
        "1/3/2026",
        " 01.03.2026 ",
        "01-03-2026",
        "01/03/2026 14:20",
        "01/03/2026 14h20",
        "1er mars 2026",
        "1ER\xa0MARS\xa02026",
        "1 mars 2026",
        "le 1er mars 2026",
        "dimanche 1er mars 2026",
    ],
)
def test_a_date_is_read_however_it_is_written(value):
    assert cell(value).as_date() == MARCH_1


@pytest.mark.parametrize(
    ("text", "month"),
    [("5 févr. 2026", 2), ("5 août 2026", 8), ("5 aout 2026", 8), ("5 déc. 2026", 12), ("5 juil. 2026", 7)],
)
def test_short_and_bare_months_are_read(text, month):
    assert cell(text).as_date() == date(2026, month, 5)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "La cellule est vide ; une date était attendue, par exemple 01/03/2026."),
        ("  ", "La cellule est vide ; une date était attendue, par exemple 01/03/2026."),
        ("bientôt", "« bientôt » a été lu ; une date était attendue, par exemple 01/03/2026."),
        (2026, "« 2026 » a été lu ; une date était attendue, par exemple 01/03/2026."),
        (True, "« oui » a été lu ; une date était attendue, par exemple 01/03/2026."),
        (float("nan"), "« nan » a été lu ; une date était attendue, par exemple 01/03/2026."),
        (time(14, 20), "« 14:20:00 » a été lu ; une date était attendue, par exemple 01/03/2026."),
        (
            "31/02/2026",
            (
                "« 31/02/2026 » n’existe pas dans le calendrier ; "
                "une date était attendue, par exemple 01/03/2026 (jour, mois, année)."
            ),
        ),
        (
            "03/25/2026",
            (
                "« 03/25/2026 » n’existe pas dans le calendrier ; "
                "une date était attendue, par exemple 01/03/2026 (jour, mois, année)."
            ),
        ),
        (
            "01/03/26",
            "« 01/03/26 » a une année sur deux chiffres ; quatre étaient attendus, par exemple 01/03/2026.",
        ),
        ("#REF!", "La formule donne l’erreur « #REF! » ; corrigez-la ou saisissez la valeur."),
    ],
)
def test_what_is_no_date_is_refused_by_name(value, said):
    assert message(Cell.as_date, value) == said


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (12, "12"),
        (12.0, "12"),
        (0.1, "0.1"),
        (Decimal("1.50"), "1.5"),
        ("12", "12"),
        ("-12,5", "-12.5"),
        ("−12,5", "-12.5"),
        ("+3", "3"),
        ("1 234,50", "1234.5"),
        ("1\xa0234\xa0567", "1234567"),
        ("1\u202f234,5", "1234.5"),
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("12 %", "0.12"),
        ("12,5\xa0%", "0.125"),
        ("1,5E+03", "1500"),
    ],
)
def test_a_number_is_read_however_it_is_written(value, number):
    assert cell(value).as_decimal() == Decimal(number)


@pytest.mark.parametrize(
    "value", ["douze", "1 23", "1,2,3", "1.2.3", "12 €", "NaN", "Infinity", "1_000", "١٢ x", "9" * 50]
)
def test_what_is_no_number_is_refused(value):
    assert message(Cell.as_decimal, value).endswith(
        "a été lu ; un nombre était attendu, par exemple 1 234,5."
    )


@pytest.mark.parametrize("value", [float("inf"), float("nan"), True, MARCH_1])
def test_a_typed_value_that_is_no_finite_number_is_refused(value):
    assert "un nombre était attendu" in message(Cell.as_decimal, value)


def test_a_whole_number_is_read_and_decimals_are_refused():
    assert [cell(value).as_integer() for value in (12, 12.0, "1 200", "12,0")] == [12, 12, 1200, 12]
    assert (
        message(Cell.as_integer, "12,5")
        == "« 12,5 » a été lu ; un nombre entier était attendu, par exemple 12."
    )


def test_text_is_trimmed_and_its_line_breaks_are_alike():
    assert cell("  a\r\nb\xa0").as_text() == "a\nb"


def test_a_value_typed_by_the_spreadsheet_is_read_as_text():
    values = (None, 1.0, 1.5, True, MARCH_1, datetime(2026, 3, 1, 14, 20))
    assert [cell(value).as_text() for value in values] == [
        "",
        "1",
        "1.5",
        "oui",
        "2026-03-01",
        "2026-03-01 14:20:00",
    ]


def test_a_text_that_is_too_long_is_refused_with_both_lengths():
    said = message(lambda each: each.as_text(max_length=5), "x" * 200)
    assert (
        said == f"« {'x' * 60}… » compte 200 caractères ; 5 au plus étaient attendus. Raccourcissez ce texte."
    )


def test_a_failed_formula_is_no_text():
    assert "#N/A" in message(Cell.as_text, "#N/A")


@pytest.mark.parametrize("value", ["signée", "SIGNEE", " Signée ", "signed"])
def test_a_choice_is_read_by_label_or_stored_value(value):
    assert cell(value).as_choice(Stage) is Stage.SIGNED


def test_a_choice_that_does_not_exist_suggests_the_nearest():
    said = message(lambda each: each.as_choice(Stage), "signé par tous")
    assert said == (
        "« signé par tous » a été lu ; une valeur de la liste était attendue : "
        "« projet », « signée », « en vigueur »."
    )
    assert message(lambda each: each.as_choice(Stage), "signees").endswith("Vouliez-vous dire « signée » ?")


def test_yes_and_no_are_read():
    assert [cell(value).as_boolean() for value in ("Oui", "VRAI", True, 1, "x")] == [True] * 5
    assert [cell(value).as_boolean() for value in ("non", "Faux", False, 0)] == [False] * 4
    assert (
        message(Cell.as_boolean, "peut-être") == "« peut-être » a été lu ; « oui » ou « non » était attendu."
    )


def test_an_optional_cell_may_be_empty():
    assert cell(None).if_any(Cell.as_date) is None
    assert cell("01/03/2026").if_any(Cell.as_date) == MARCH_1


def test_the_error_says_where():
    assert str(cell("x").error("Rien à faire ici.")) == "B12\xa0: Rien à faire ici."


@pytest.mark.parametrize(
    "text", ["=1", "+33", "-x", "@a", "\tx", "\rx", "\nx", " =1", "＝1", "'=1", "''=1", "' @x"]
)
def test_what_a_spreadsheet_would_compute_is_neutralised_then_restored(text):
    assert neutralised(text) == "'" + text
    assert restored(neutralised(text)) == text


@pytest.mark.parametrize("text", ["", "'", "avis", "l'avis", "'cité'", "a=b", "12"])
def test_other_text_is_left_alone(text):
    assert neutralised(text) == text
    assert restored(text) == text


def test_headers_match_whatever_their_case_accents_and_spaces():
    same = [
        "Date d’échéance",
        "DATE D'ECHEANCE",
        "date_d_echeance",
        " date\xa0d'échéance ",
        "Date-d’échéance",
    ]
    assert {normalised(header) for header in same} == {"date d echeance"}
