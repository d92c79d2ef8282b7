"""Tell by e-mail that a bilan is open, near its term, late; then tell the région.

Everything is computed from the state of the day and carries a key: run late, twice or by two workers at once,
it tells each person each thing once. Only the rung reached is told: one that was missed gives way to the next.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import Actor
from traitdunion.identity.kinds import REFERENTS, SIDE_OF, SIGNATORIES, Role
from traitdunion.identity.models import Mandate, Person
from traitdunion.notices import actions as notices
from traitdunion.notices.actions import Letter
from traitdunion.notices.letters import letter
from traitdunion.reviews import access, queries, rules
from traitdunion.reviews.kinds import Level, Party, Rung, State
from traitdunion.reviews.models import Review, Version
from traitdunion.reviews.rules import Quarter
from traitdunion.territories.models import Departement

REFERENT_ROLES: Final = frozenset(REFERENTS.values())
SIGNATORY_ROLES: Final = frozenset(SIGNATORIES.values())
# The signatories hear of what waits for their signature, and of the end of the calendar.
SIGNATORY_RUNGS: Final = frozenset({Rung.LAST, Rung.LATE, Rung.ESCALATION})
SIGNATORY_STATES: Final = frozenset({State.A_SIGNER, State.UNE_PARTIE})
SUBJECTS: Final[Mapping[Rung, str]] = {
    Rung.OPENING: "le bilan du trimestre est ouvert",
    Rung.FIRST: "le bilan du trimestre attend votre institution",
    Rung.LAST: "une semaine pour signer le bilan",
    Rung.LATE: "le terme du bilan est passé",
    Rung.ESCALATION: "bilan non signé, la région est avertie",
}


@transaction.atomic
def tell_rungs(quarter: Quarter, day: date, *, actor: Actor, at: datetime) -> int:
    """Write the notices of the calendar of ``quarter`` due on ``day`` and return how many are new."""
    table = rules.timetable(quarter)
    rung = table.rung(day)
    if rung is None:
        return 0
    lines = [
        line
        for line in queries.country(quarter, Departement.objects.select_related("region"))
        if line.version is not None and rules.awaited(line.life)
    ]
    in_post = _people(lines, day)
    letters = [
        _letter(line.version, rung, person, table.clock(day))
        for line in lines
        if line.version is not None
        for person in _readers(line, rung, in_post)
    ]
    return _write(quarter, rung, letters, actor=actor, at=at)


@transaction.atomic
def tell_national_rungs(quarter: Quarter, day: date, *, actor: Actor, at: datetime) -> int:
    """Write the notices of the national calendar of ``quarter`` due on ``day`` and return how many are new.

    The desks that are awaited are told; late, the secrétariat général of the CIPDR is told as well.
    """
    table = rules.timetable(quarter, Level.NATIONAL)
    rung = table.rung(day)
    review = Review.objects.filter(level=Level.NATIONAL.value, quarter=str(quarter)).first()
    if rung is None or review is None:
        return 0
    version = queries.last_version(review)
    awaited = rules.awaited(version.life)
    if not awaited:
        return 0
    roles = [role for role, party in access.DESKS.items() if party in awaited]
    if rung is Rung.ESCALATION:
        roles.append(Role.SG_CIPDR)
    mandates = (
        Mandate.objects.current(day)
        .filter(
            post__role__in=[role.value for role in roles],
            post__departement=None,
            post__region=None,
            person__is_active=True,
        )
        .select_related("person")
        .order_by("pk")
    )
    people = {mandate.person_id: mandate.person for mandate in mandates}
    letters = [_letter(version, rung, person, table.clock(day)) for person in people.values()]
    return _write(quarter, rung, letters, actor=actor, at=at)


def _write(quarter: Quarter, rung: Rung, letters: Sequence[Letter], *, actor: Actor, at: datetime) -> int:
    written = notices.write_all(letters, at=at)
    if written:
        audit.record(
            event="reviews.quarter.told",
            subject=str(quarter),
            actor=actor,
            at=at,
            detail={"rung": rung.value, "notices": written},
        )
    return written


def _people(lines: Sequence[queries.Line], day: date) -> Mapping[tuple[str, Role], list[Person]]:
    """Return who is in post on ``day``, by place (« 67 », or « R44 » for a région) and role; one query."""
    mandates = (
        Mandate.objects.current(day)
        .filter(
            Q(post__departement__in=[line.departement.code for line in lines])
            | Q(post__departement=None, post__region__in={line.departement.region_id for line in lines}),
            post__role__in=[role.value for role in REFERENT_ROLES | SIGNATORY_ROLES],
            person__is_active=True,
        )
        .select_related("person", "post")
        .order_by("pk")
    )
    found: dict[tuple[str, Role], list[Person]] = defaultdict(list)
    for mandate in mandates:
        place = mandate.post.departement_id or f"R{mandate.post.region_id}"
        found[place, mandate.role].append(mandate.person)
    return found


def _readers(
    line: queries.Line, rung: Rung, in_post: Mapping[tuple[str, Role], list[Person]]
) -> Iterable[Person]:
    """Return each person to tell, once: those of the awaited sides, and the région once the calendar says so."""
    awaited = rules.awaited(line.life)
    with_signatories = rung in SIGNATORY_RUNGS or line.state in SIGNATORY_STATES
    roles = REFERENT_ROLES | (SIGNATORY_ROLES if with_signatories else frozenset())
    here, above = line.departement.code, f"R{line.departement.region_id}"
    people = [
        person
        for place in (here, above)
        for role in sorted(roles)
        if Party(SIDE_OF[role].value) in awaited or (rung is Rung.ESCALATION and place == above)
        for person in in_post.get((place, role), ())
    ]
    return {person.pk: person for person in people}.values()


def _subject(review: Review, rung: Rung) -> str:
    if rung is Rung.ESCALATION and review.level == Level.NATIONAL.value:
        return "bilan non signé, le secrétariat général du CIPDR est averti"
    return SUBJECTS[rung]


def _letter(version: Version, rung: Rung, person: Person, clock: str) -> Letter:
    review = version.review
    quarter, state = Quarter.read(review.quarter), rules.state_of(version.life)
    said = [
        f"Le bilan {review.place}, {quarter.label}, est {state.label}.",
        rules.turn_sentence(version.life, reader=None),
        clock,
        "Le silence d’une institution ne vaut jamais accord : le bilan reste dans cet état tant que personne n’agit.",
    ]
    return Letter(
        key=f"reviews.rung:{review.public_id}:{version.number}:{rung.value}:{person.public_id}",
        person=person,
        subject=f"Bilan {review.place} : {_subject(review, rung)}",
        body=letter(said, path=reverse("reviews:review_detail", args=[review.public_id])),
    )
