"""The wave under way in the synthetic country: a quarterly pulse tried in one région, its invitations in the outbox.

It is opened and answered by the real actions. The worker of the demonstration sends the invitations; they are read on
the page of letters, where anyone may follow a link and answer.
"""

import random
from collections import defaultdict
from collections.abc import Collection
from datetime import date, timedelta
from typing import Final

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import Actor
from traitdunion.barometer import actions, answering, queries, screens
from traitdunion.barometer.kinds import Format
from traitdunion.barometer.models import QuestionnaireVersion, RosterEntry, Wave
from traitdunion.barometer.rules_campaign import FEWEST
from traitdunion.barometer.simulation import SHAPES
from traitdunion.demo.barometer_decisions import noon
from traitdunion.identity.kinds import Side
from traitdunion.identity.models import Mandate

NAME: Final = "Essai du point trimestriel (synthétique)"
OPENED_FOR, OPEN_FOR = 2, 20  # days
A_SIDE: Final = 4
ANSWERED: Final = 0.5  # share of those asked who answered already, those who hold a post at home left aside


def open_pulse(
    *,
    today: date,
    departements: Collection[str],
    home: str,
    version: QuestionnaireVersion,
    actor: Actor,
    chance: random.Random,
) -> Wave:
    """Open the pulse two days ago in ``departements``, and have some of those asked answer.

    At ``home`` whoever is in post is left to answer: these are the roles that one tries.
    """
    opened = today - timedelta(days=OPENED_FOR)
    in_post = set(Mandate.objects.current(opened).values_list("person__email", flat=True))
    wave = Wave.objects.create(
        name=NAME,
        format=Format.PULSE.value,
        questionnaire=version,
        covers_since=opened - timedelta(days=91),
        covers_until_on=opened - timedelta(days=1),
        opens_on=opened,
        closes_on=opened + timedelta(days=OPEN_FOR),
        **audit.authorship(actor=actor, at=noon(opened - timedelta(days=12))),
    )
    asked: dict[tuple[str, str], list[queries.Proposal]] = defaultdict(list)
    for each in queries.proposals(day=opened):
        asked[each.departement, each.role.side.value].append(each)
    entries = [
        RosterEntry(
            wave=wave,
            departement_id=each.departement,
            side=each.role.side.value,
            role=each.role.value,
            name=each.name,
            email=each.email,
            **audit.authorship(actor=actor, at=noon(opened - timedelta(days=5))),
        )
        for code in sorted(departements)
        # Where a list is short the wave would open with a reason only: the trial leaves these départements out.
        if all(len(asked[code, side.value]) >= FEWEST for side in Side)
        for side in Side
        for each in asked[code, side.value][:A_SIDE]
    ]
    RosterEntry.objects.bulk_create(entries)
    actions.open_wave(
        wave,
        today=opened,
        actor=actor,
        at=noon(opened),
        roster_reason="Listes prises des personnes en poste ; certains côtés n’en ont pas trois.",
    )
    for entry in entries:
        entry.wave = wave
        may_be_left = entry.departement_id == home and entry.email in in_post
        if not may_be_left and chance.random() < ANSWERED:
            _answer(entry, version.text, chance)
    counted = today - timedelta(days=1)
    actions.count_participation(wave, today=counted, actor=actor, at=noon(counted))
    return wave


def _answer(entry: RosterEntry, text: str, chance: random.Random) -> None:
    shown = screens.screens(text, entry.side, is_pulse=True)
    given = {
        question.id: str(chance.choices(range(1, 6), SHAPES["skewed"])[0])
        for screen in shown
        for question in screen.questions
    }
    answering.save(entry, answers=given, screen=shown[0].number, remark=None)
    answering.submit(entry, screens=[screen.number for screen in shown], typed_code="")
