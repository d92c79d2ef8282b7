"""The bilans of the demonstration: those of the last quarter to be played, those of the one before partly signed.

The national bilan of the quarter before is signed by both desks, hence published; that of the last quarter is open.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from traitdunion.audit.actors import Actor
from traitdunion.conventions.access import titles_to_sign
from traitdunion.identity.kinds import Role, Side
from traitdunion.identity.models import Mandate
from traitdunion.reviews import (
    access,
    actions,
    actions_national,
    actions_opening,
    actions_signing,
    queries,
    rules,
)
from traitdunion.reviews.kinds import Level, Owner, Party, Voice
from traitdunion.reviews.models import Review, Version
from traitdunion.reviews.rules import Quarter
from traitdunion.reviews.signing import SigningKey
from traitdunion.territories.models import Departement

PARIS = ZoneInfo("Europe/Paris")
# A PDF is made for each: enough of them to show every state, few enough to start the demonstration soon.
SIGNED_BY_BOTH: Final = ("01", "33", "35", "67", "974")
SIGNED_BY_ONE: Final = ("59",)
POSITION: Final = (
    "L’avenant attend encore une relecture de notre part ; nous ne partageons pas le délai annoncé."
)


def build(*, today: date, actor: Actor, key: SigningKey | None = None) -> int:
    """Open the bilans of the last two quarters, sign some of the older ones, and return how many are new.

    Args:
        today: the day of the demonstration.
        actor: who makes the data.
        key: signs those of the quarter before the last; without it they stay open.
    """
    running = Quarter.of(today)
    last = running.previous
    before = last.previous
    for quarter in (before, last, running):
        day = quarter.first_day
        for level in Level:
            actions_opening.freeze_criteria(quarter, level=level, today=day, actor=actor, at=_noon(day))
    opened = _open(before, actor=actor)
    if opened and key is not None:
        _sign_some(before, key=key, actor=actor)
        publish(Review.objects.get(level=Level.NATIONAL.value, quarter=str(before)), key=key, actor=actor)
    return opened + _open(last, actor=actor)


def _open(quarter: Quarter, *, actor: Actor) -> int:
    day = rules.timetable(quarter).opens_on
    opened = actions_opening.open_quarter(quarter, today=day, actor=actor, at=_noon(day))
    national = actions_opening.open_national(quarter, today=day, actor=actor, at=_noon(day))
    return opened + (national is not None)


def _sign_some(quarter: Quarter, *, key: SigningKey, actor: Actor) -> None:
    """Sign the bilans of a few départements, one of them on one side only, where both signatories are in post."""
    day = rules.timetable(quarter).opens_on + timedelta(days=20)
    codes = {*SIGNED_BY_BOTH, *SIGNED_BY_ONE}
    for departement in Departement.objects.filter(code__in=codes).order_by("code"):
        mandates = {side: _signatory(departement, side, day) for side in Side}
        version = queries.last_version(Review.objects.get(departement=departement, quarter=str(quarter)))
        if None in mandates.values():
            continue
        at = _noon(day)
        if departement.code in SIGNED_BY_BOTH[:2]:
            actions.write_paragraph(
                version,
                section="convention",
                voice=Voice.ARS,
                text=POSITION,
                revision=0,
                side=Party.ARS,
                actor=actor,
                at=at,
            )
        actions_signing.offer(version, side=Party.PREFECTURE, actor=actor, at=at)
        for side, mandate in mandates.items():
            if mandate is not None and (side is Side.ARS or departement.code in SIGNED_BY_BOTH):
                _sign(version, Party(side.value), mandate, day=day, key=key)


def _signatory(departement: Departement, side: Side, day: date) -> Mandate | None:
    titles = titles_to_sign(departement, side=side, on=day)
    posts = [(title.person.pk, title.post.pk) for title in titles if title.delegation is None]
    return next((mandate for person, post in posts for mandate in _held(person, post, day)), None)


def _held(person: int, post: int, day: date) -> Iterator[Mandate]:
    yield from (
        Mandate.objects.current(day)
        .filter(person=person, post=post)
        .select_related("person", "post__organisation")
    )


def publish(review: Review, *, key: SigningKey, actor: Actor) -> bool:
    """Finish a national bilan and have both desks sign it, which publishes it; False when a desk has nobody in post."""
    quarter = Quarter.read(review.quarter)
    day = rules.timetable(quarter).due_on + timedelta(days=5)
    mandates = {party: _desk(role, day) for role, party in access.DESKS.items()}
    if None in mandates.values():
        return False
    at = _noon(day)
    version = queries.last_version(review)
    actions.regenerate(version, today=day, actor=actor, at=at)
    _cite_a_position(version, quarter, actor=actor, at=at)
    actions.promise(
        version,
        text="Relancer ensemble les départements dont le bilan n’est pas signé",
        owner=Owner.COMMUN,
        due_on=day + timedelta(days=60),
        actor=actor,
        at=at,
    )
    actions_signing.offer(version, side=Party.SANTE, actor=actor, at=at)
    for party, mandate in mandates.items():
        if mandate is not None:
            _sign(version, party, mandate, day=day, key=key)
    return True


def _desk(role: Role, day: date) -> Mandate | None:
    held = Mandate.objects.current(day).filter(
        post__role=role.value, post__departement=None, post__region=None
    )
    return held.select_related("person", "post__organisation").order_by("pk").first()


def _cite_a_position(version: Version, quarter: Quarter, *, actor: Actor, at: datetime) -> None:
    signed = Version.objects.filter(
        review__level=Level.DEPARTEMENT.value, review__quarter=str(quarter), signatures__isnull=False
    ).order_by("review__departement")
    for source in signed.distinct():
        for paragraph in source.paragraphs.filter(voice=Voice.ARS.value):
            actions_national.cite(version, paragraph, side=Party.SANTE, actor=actor, at=at)
            return


def _sign(version: Version, party: Party, mandate: Mandate, *, day: date, key: SigningKey) -> None:
    fresh = queries.last_version(version.review)
    actions_signing.sign(
        fresh, side=party, mandate=mandate, sha256=fresh.document_sha256, day=day, key=key, at=_noon(day)
    )


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), tzinfo=PARIS)
