"""The trend of a département: what is said, where a series stops, and what is not drawn."""

from datetime import date

import pytest

from traitdunion.barometer import trend
from traitdunion.barometer.trend import MOST_WAVES, Waved, trends

ROLES = [{"id": "roles", "label": "Rôles"}]


def cell(side, estimate, *, half=0.3, shown=True):
    figures = {"estimate": estimate, "low": estimate - half, "high": estimate + half}
    return {
        "dimension": "roles",
        "side": side,
        "shown": shown,
        **(figures if shown else dict.fromkeys(figures)),
    }


def waved(name, prefecture, ars=3.0, *, why="", divided=(), **values):
    return Waved(
        name=name,
        closed_on=date(2026, 1, 1),
        rows={
            "cells": [cell("prefecture", prefecture, **values), cell("ars", ars)],
            "within": [{"dimension": "roles", "side": side, "divided": True} for side in divided],
        },
        broken={"roles": why} if why else {},
    )


def test_a_change_is_said_beyond_the_interval_and_never_within():
    [seen] = trends([waved("V1", 2.0), waved("V2", 3.5)], ROLES)
    [unseen] = trends([waved("V1", 2.0), waved("V2", 2.4)], ROLES)

    assert seen.changes == [
        "La préfecture répond plus souvent à « V2 » qu’à « V1 », au-delà de l’intervalle : de 2,0 à 3,5."
    ]
    assert unseen.changes == []


def test_small_steps_that_add_up_are_said_over_the_whole_series():
    [found] = trends([waved("V1", 2.0), waved("V2", 2.4), waved("V3", 2.8)], ROLES)

    assert [change.split(",")[0] for change in found.changes] == [
        "La préfecture répond plus souvent à « V3 » qu’à « V1 »"
    ]


def test_a_break_stops_the_line_the_words_and_the_series():
    waves = [
        waved("V1", 1.8),
        waved("V2", 2.0),
        waved("V3", 4.0, why="la question a changé"),
        waved("V4", 4.2),
    ]
    [found] = trends(waves, ROLES)

    assert found.changes == []
    assert [(each.wave, each.why) for each in found.breaks] == [("V3", "la question a changé")]
    places = [column.x for column in found.columns]
    assert float(places[1][:-1]) < float(found.breaks[0].x[:-1]) < float(places[2][:-1])
    assert len(found.segments) == 4  # two for each side: nothing joins the second wave and the third
    assert "rupture de série" in found.sentence


@pytest.mark.parametrize(
    ("wave", "said"),
    [
        (waved("V2", 4.0, shown=False), trend.NOT_SHOWN),
        (waved("V2", 4.0, divided=["prefecture"]), trend.DIVIDED),
    ],
    ids=["hidden", "divided"],
)
def test_a_side_without_a_mean_has_no_point_and_no_line(wave, said):
    [found] = trends([waved("V1", 2.0), wave, waved("V3", 4.0)], ROLES)

    assert [mark.side for mark in found.marks].count("prefecture") == 2
    assert {segment.side for segment in found.segments} == {"ars"}
    assert found.columns[1].values[0] == said
    assert len(found.changes) == 1  # the first wave and the last are of one series


def test_each_point_stands_within_its_interval_and_the_two_sides_apart():
    [found] = trends([waved("V1", 2.0), waved("V2", 4.9)], ROLES)

    for mark in found.marks:
        assert trend.TOP <= mark.high <= mark.y <= mark.low <= trend.TOP + trend.HEIGHT
    assert len({mark.x for mark in found.marks}) == 4


def test_one_wave_alone_or_shown_once_is_no_trend():
    assert trends([waved("V1", 2.0)], ROLES) == []
    assert trends([waved("V1", 2.0), waved("V2", 2.0)], [{"id": "secret", "label": "Secret"}]) == []


def test_the_latest_waves_are_kept_and_the_first_of_them_breaks_with_nothing():
    waves = [waved(f"V{rank}", 2.0, why="avant" if rank == 2 else "") for rank in range(MOST_WAVES + 2)]
    [found] = trends(waves, ROLES)

    assert [column.name for column in found.columns] == [f"V{rank}" for rank in range(2, MOST_WAVES + 2)]
    assert found.breaks == []
