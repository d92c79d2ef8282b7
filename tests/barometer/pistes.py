"""A wave that is closed and analysed in the Bas-Rhin, and the people who decide on its pistes."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.identity.conftest import ACTOR, House
from traitdunion.barometer import actions_pistes as actions
from traitdunion.barometer import comparison, facts, questionnaire
from traitdunion.barometer.models import Piste, QuestionnaireVersion, Result, Wave
from traitdunion.barometer.rules_campaign import EMBARGO_DAYS
from traitdunion.identity.kinds import Role, Side
from traitdunion.identity.middleware import SESSION_KEY
from traitdunion.identity.models import Mandate

BACKEND = "traitdunion.identity.oidc.StrictOIDCBackend"
TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
BY = {"actor": ACTOR, "at": NOW}
DUE = date(2026, 6, 30)
EXAMPLE = questionnaire.example()
DIMENSION = EXAMPLE.dimensions[0].id
QUESTION = next(item.id for item in EXAMPLE.scored(DIMENSION))


def noon(day):
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def cell(side, estimate=2.0, *, half=0.3, code="67", dimension=DIMENSION, shown=True):
    figures = {
        "estimate": estimate, "low": estimate - half, "high": estimate + half, "mean": estimate,
        "probability_below_3": float(estimate + half < 3),
    }  # fmt: skip
    return {
        "departement": code, "side": side, "dimension": dimension, "n": 4, "dont_know_share": 0.0, "shown": shown,
        "reason": "" if shown else "moins de trois réponses",
        **(figures if shown else dict.fromkeys(figures)),
    }  # fmt: skip


def both(estimate=2.0, **values):
    return [cell(side, estimate, **values) for side in ("prefecture", "ars")]


def found(rule="low", **values):
    return {
        "departement": "67", "rule": rule, "pattern": "shared_problem", "dimension": DIMENSION, "side": "",
        "reading": "Des deux côtés, c’est moins souvent que « parfois ».", "remedy": "Un plan d’action commun.",
        **values,
    }  # fmt: skip


def gap(kind, estimate=1.6, *, half=0.3, code="67", item=QUESTION, probability=0.9):
    return {
        "departement": code, "dimension": DIMENSION, "kind": kind, "item": item, "estimate": estimate,
        "low": estimate - half, "high": estimate + half, "probability_ge_1": probability, "shown": True,
    }  # fmt: skip


def dimensions(**changed):
    """Return what a result keeps of the first dimension, ``changed`` written over each of its questions."""
    [kept] = comparison.dimensions(
        EXAMPLE, [item.id for item in EXAMPLE.items if item.dimension == DIMENSION]
    )
    return [{**kept, "items": {name: {**item, **changed} for name, item in kept["items"].items()}}]


def content(*, cells=None, gaps=(), pistes=None, within=(), national=(), items=None, **changed):
    """Return what a result holds; each side answers the question measured again as it does the dimension."""
    cells = both() if cells is None else list(cells)
    told = [{**each, "item": QUESTION} for each in cells if each["dimension"] == DIMENSION]
    return {
        "national": list(national),
        "cells": cells,
        "items": told if items is None else list(items),
        "item_gaps": [each for each in gaps if each["kind"] in {"agreement", "asymmetry"}],
        "gaps": list(gaps),
        "within": list(within),
        "pistes": [found()] if pistes is None else list(pistes),
        "dimensions": dimensions(**changed),
    }


def questions():
    version, _ = QuestionnaireVersion.objects.get_or_create(
        sha256="e" * 64,
        defaults={
            "name": EXAMPLE.name, "version": EXAMPLE.version, "text": questionnaire.write(EXAMPLE),
            "is_example": True, "author_label": "essai", "recorded_at": NOW,
        },
    )  # fmt: skip
    return version


def wave(name="V1", closes_on=TODAY - timedelta(days=30), **values):
    return Wave.objects.create(
        **{
            "name": name, "format": "full", "questionnaire": questions(),
            "covers_since": closes_on - timedelta(days=200), "covers_until_on": closes_on - timedelta(days=21),
            "opens_on": closes_on - timedelta(days=20), "closes_on": closes_on,
            "opened_at": noon(closes_on - timedelta(days=20)), "sealed_at": noon(closes_on),
            "author_label": "essai", "recorded_at": NOW, **values,
        }
    )  # fmt: skip


def result(of, body=None, edition=1):
    return Result.objects.create(
        wave=of, edition=edition, engine="essai", content=content() if body is None else body,
        sha256=f"{of.pk:060d}{edition:04d}", author_label="essai", recorded_at=NOW,
    )  # fmt: skip


def under_embargo(name="V1"):
    return wave(name, closes_on=TODAY - timedelta(days=EMBARGO_DAYS))


def undertaking(prefecture: Mandate, ars: Mandate, **values):
    return actions.Undertaking(
        **{
            "tasks": {Side.PREFECTURE: "Réunir le bureau", Side.ARS: "Ouvrir une ligne directe"},
            "owners": {Side.PREFECTURE: prefecture, Side.ARS: ars},
            "due_on": DUE,
            "measured_by": QUESTION,
            **values,
        }
    )


@pytest.fixture
def answers_alone(monkeypatch):
    """Leave out the facts of the conventions, which open pistes of their own where nothing was signed."""
    monkeypatch.setattr(facts, "_providers", [])


@dataclass
class Pair:
    """The two institutions of the Bas-Rhin, with their référents in post, and a piste to decide on."""

    house: House
    prefecture: Mandate
    ars: Mandate
    mandates: dict[Role, Mandate] = field(default_factory=dict)

    def mandate(self, role: Role) -> Mandate:
        known = {Role.REFERENT_PREFECTURE: self.prefecture, Role.REFERENT_ARS: self.ars, **self.mandates}
        if role not in known:
            known[role] = self.mandates[role] = self.house.mandate(role)
        return known[role]

    def piste(self, of=None, body=None) -> Piste:
        of = wave() if of is None else of
        actions.open_from(result(of, body), **BY)
        return of.pistes.get(dimension=DIMENSION)

    def propose(self, piste, side=Side.PREFECTURE, *, reason="", today=TODAY, **values):
        return actions.propose_to_keep(
            piste,
            side=side,
            undertaking=undertaking(self.prefecture, self.ars, **values),
            reason=reason,
            today=today,
            **BY,
        )

    def keep(self, piste, **values):
        actions.confirm(self.propose(piste, **values), side=Side.ARS, today=TODAY, **BY)
        piste.refresh_from_db()
        return piste

    def leave(self, piste, reason="Sans objet depuis la fusion des services", side=Side.ARS):
        proposal = actions.propose_to_leave(piste, side=side, reason=reason, today=TODAY, **BY)
        actions.confirm(proposal, side=side.other, today=TODAY, **BY)
        piste.refresh_from_db()
        return piste


def pair(house: House) -> Pair:
    return Pair(
        house=house, prefecture=house.mandate(Role.REFERENT_PREFECTURE), ars=house.mandate(Role.REFERENT_ARS)
    )


def act_as(client, mandate: Mandate):
    """Sign ``client`` in under ``mandate``."""
    client.force_login(mandate.person, backend=BACKEND)
    session = client.session
    session[SESSION_KEY] = str(mandate.public_id)
    session.save()
    return client
