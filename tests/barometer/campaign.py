"""Makers of waves, rosters and links, for the tests of the campaign and for the table of pages."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from traitdunion import barometer
from traitdunion.audit.actors import task
from traitdunion.barometer import actions, actions_roster, keys
from traitdunion.barometer.actions_questionnaire import import_text
from traitdunion.barometer.kinds import Format, RosterRole
from traitdunion.barometer.models import Wave
from traitdunion.identity.kinds import Side

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


def prepared(name="Essai", form=Format.FULL, today=TODAY, asked=None):
    return actions.prepare(
        name=name,
        form=form,
        questionnaire=asked or questionnaire(),
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
    actions.open_wave(wave, today=TODAY, roster_reason="Petites équipes", **WHO)
    return Wave.objects.get(pk=wave.pk)


def link(entry):
    return f"/barometre/repondre/{keys.token(entry)}/"


def link_of(wave, side="ars"):
    """Return the token of the first person asked on a side."""
    return keys.token(wave.entries.filter(side=side).order_by("pk").first())


def stage(place, today, at):
    """Return what the pages of campaigns show: a wave in preparation, an open one, and a questionnaire reworded."""
    text = EXAMPLE.read_text(encoding="utf-8").replace('name = "Baromètre croisé', 'name = "Essais des pages')
    who = {"actor": ACTOR, "at": at}
    asked = import_text(text, may_justify=False, **who)
    reworded = text.replace('version = "exemple-3"', 'version = "exemple-4"').replace(
        'id = "joindre"\nwording_version = 1', 'id = "joindre"\nwording_version = 2'
    )
    waves = {name: prepared(f"Essais, {name}", today=today, asked=asked) for name in ("prepared", "opened")}
    for wave in waves.values():
        for side in Side:
            ask(wave, place, side, 1, today=today)
    actions.open_wave(waves["opened"], today=today, roster_reason="Petites équipes", **who)
    return {
        **waves,
        "link": link_of(waves["opened"]),
        "questionnaire": import_text(reworded, may_justify=False, **who),
    }
