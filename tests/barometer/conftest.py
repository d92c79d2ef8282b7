"""A wave in one département or several, its roster, and what respondents do with their links."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.conventions import facts
from traitdunion import barometer
from traitdunion.audit.actors import task
from traitdunion.barometer import actions, actions_roster, keys
from traitdunion.barometer.actions_questionnaire import import_text
from traitdunion.barometer.kinds import Format, RosterRole
from traitdunion.barometer.models import Wave
from traitdunion.identity.kinds import OrganisationKind, Role, Side
from traitdunion.identity.models import Post

NOW = datetime(2026, 6, 1, 6, 30, tzinfo=UTC)
TODAY = date(2026, 6, 1)
ACTOR = task("essais")
WHO = {"actor": ACTOR, "at": NOW}
ROLES = {side: [role for role in RosterRole if role.side is side] for side in Side}


def calendar(opens_on=TODAY, days=20):
    return actions.Calendar(
        covers_since=opens_on - timedelta(days=180),
        covers_until_on=opens_on,
        opens_on=opens_on,
        closes_on=opens_on + timedelta(days=days),
    )


EXAMPLE = Path(barometer.__file__).parent / "data" / "questionnaire_exemple.toml"


def questionnaire():
    return import_text(EXAMPLE.read_text(encoding="utf-8"), may_justify=False, **WHO)


def prepared(name="Essai", form=Format.FULL, today=TODAY):
    return actions.prepare(
        name=name,
        form=form,
        questionnaire=questionnaire(),
        calendar=calendar(today),
        today=today,
        **WHO,
    )


def ask(wave, place, side, number, today=TODAY):
    """Put ``number`` people on the roster of a side."""
    return [
        actions_roster.add(
            wave,
            place,
            side,
            respondent=actions_roster.Respondent(
                role=ROLES[side][rank % 4],
                name=f"Personne {side.value} {rank}",
                email=f"{side.value}{rank}.{place.code}@example.org",
            ),
            today=today,
            **WHO,
        )
        for rank in range(number)
    ]


def opened(*places, people=4, name="Essai"):
    """Return an open wave with ``people`` on each side of each place."""
    wave = prepared(name)
    for place in places:
        for side in Side:
            ask(wave, place, side, people)
    actions.open_wave(wave, today=TODAY, **WHO)
    return Wave.objects.get(pk=wave.pk)


def link(entry):
    return f"/barometre/repondre/{keys.token(entry)}/"


@pytest.fixture
def bas_rhin(db):
    return facts.departement()


@pytest.fixture
def manager(db):
    desk = facts.organisation(OrganisationKind.DESK)
    held = Post.objects.create(organisation=desk, role=Role.DESK_SANTE.value, opened_on=date(2000, 1, 1))
    return facts.mandate(held, facts.person("Bureau Essai", email="bureau@example.org"))
