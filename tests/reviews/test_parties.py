"""The names of the two institutions of the national bilan: dated, sourced, never guessed."""

from datetime import date

import pytest

from traitdunion.reviews.kinds import Party
from traitdunion.reviews.parties import Name, label, limit, name_on, shipped

TODAY = date(2026, 9, 30)


def name(**changes):
    fields = {
        "party": Party.INTERIEUR, "name": "Unité des essais", "short": "UDE", "since": date(2026, 1, 1),
        "until": None, "source": "décret des essais",
    }  # fmt: skip
    return Name(**{**fields, **changes})


@pytest.mark.parametrize(
    ("party", "day", "said"),
    [
        (Party.SANTE, date(2018, 2, 23), "Ministère des solidarités et de la santé (MSS)"),
        (Party.INTERIEUR, date(2019, 12, 31), "Unité de coordination de la lutte antiterroriste (UCLAT)"),
        (Party.SANTE, date(2020, 1, 1), "nom à renseigner"),
        (Party.INTERIEUR, TODAY, "nom à renseigner"),
    ],
)
def test_the_names_that_come_with_the_product_stop_where_their_source_does(party, day, said):
    assert name_on(party, day, shipped()).said == said


@pytest.mark.parametrize("party", [Party.SANTE, Party.INTERIEUR])
def test_every_day_since_the_plan_has_one_answer(party):
    names = [each for each in shipped() if each.party is party]

    assert names[0].since == date(2018, 2, 23)
    assert [(each.since - names[0].until).days for each in names[1:]] == [1]
    assert all(each.source for each in names)


def test_before_the_plan_nothing_is_said():
    assert name_on(Party.SANTE, date(2018, 2, 22), shipped()) is None
    assert (
        label(Party.SANTE, date(2018, 2, 22), shipped()) == "ministère chargé de la santé (nom à renseigner)"
    )


def test_what_an_administrator_wrote_fills_the_slot():
    names = (name(), *shipped())

    assert name_on(Party.INTERIEUR, TODAY, names).said == "Unité des essais (UDE)"
    assert name_on(Party.INTERIEUR, date(2025, 12, 31), names).name == ""
    assert name_on(Party.SANTE, TODAY, names).name == ""


def test_a_name_ends_with_its_last_day():
    ended = name(until=date(2026, 6, 30))

    assert ended.covers(date(2026, 6, 30))
    assert not ended.covers(date(2026, 7, 1))


def test_the_text_keeps_the_name_and_its_source():
    said = limit(Party.INTERIEUR, TODAY, (name(short=""),))

    assert said == "Ministère de l’intérieur : Unité des essais, au 30/09/2026. Source : décret des essais."
    assert limit(Party.SANTE, TODAY, ()) == "Ministère chargé de la santé (nom à renseigner) au 30/09/2026."
