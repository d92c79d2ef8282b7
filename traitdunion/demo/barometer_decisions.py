"""What the two institutions of a few synthetic départements decided on their pistes, through the real actions.

Each decision is proposed by one side and answered by the other, on days of the past, by whoever was in post.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from traitdunion.barometer import actions_pistes as actions
from traitdunion.barometer import queries_pistes as queries
from traitdunion.barometer.models import Piste, Proposal, Wave
from traitdunion.barometer.rules_effect import Quantity
from traitdunion.barometer.rules_patterns import quantity_of
from traitdunion.demo.barometer_scenes import Fate
from traitdunion.identity.kinds import REFERENTS, SIGNATORIES, Side
from traitdunion.identity.models import Mandate
from traitdunion.plan import actions as ledger
from traitdunion.plan.kinds import EventKind, OriginKind, Provenance
from traitdunion.plan.models import Action

TERM: Final = 120  # days between a decision and its due date
TASKS: Final[Mapping[str, tuple[str, str]]] = {
    "joignabilite": (
        "Tenir à jour la fiche de contact, suppléant compris",
        "Nommer un suppléant joignable pendant les congés",
    ),
    "utilite_transmis": (
        "Dire en retour ce qui a servi et ce qui manquait",
        "Relire avant d’envoyer : le nécessaire, et pas davantage",
    ),
    "difficultes": (
        "Appeler avant d’écrire quand un délai glisse",
        "Prévenir dès qu’un engagement ne tiendra pas",
    ),
    "buts": (
        "Ouvrir chaque réunion par l’objet commun, écrit",
        "Relire à deux l’ordre du jour, une semaine avant",
    ),
    "roles": (
        "Présenter à la délégation ce que le préfet peut décider",
        "Présenter au cabinet ce que l’ARS ne peut pas faire",
    ),
    "respect": (
        "Rappeler en réunion la règle du secret médical",
        "Écrire ce qui peut être dit, et ce qui ne peut pas l’être",
    ),
    "convention": (
        "Afficher le circuit de la convention dans le service",
        "Former les astreintes au circuit écrit",
    ),
    "effet_personnes": (
        "Demander aux familles ce qui leur a servi",
        "Faire de même auprès des équipes de soins",
    ),
}
LEFT_BECAUSE: Final = (
    "Le recrutement en cours répond à cette difficulté : nous en reparlerons à la prochaine vague."
)
DECLINED_BECAUSE: Final = "L’échéance tombe pendant les congés : proposez une date après la rentrée."


class Course(StrEnum):
    """How far a decision went."""

    KEPT = "kept"
    LEFT = "left"
    DECLINED = "declined"  # proposed, refused by the other side, open again
    WAITING = "waiting"  # proposed, not answered yet


_BETTER: Final = (Course.KEPT, Fate.BETTER)
_SAME: Final = (Course.KEPT, Fate.SAME)
_WORSE: Final = (Course.KEPT, Fate.WORSE)
_LEFT: Final = (Course.LEFT, Fate.SAME)
_DECLINED: Final = (Course.DECLINED, Fate.SAME)
_WAITING: Final = (Course.WAITING, Fate.SAME)

# By dimension, what each département does in turn; the one that is looked at first comes first.
Courses = Mapping[str, Sequence[tuple[Course, Fate]]]
OF_THE_PAST: Final[Courses] = {
    "joignabilite": (_BETTER, _BETTER, _SAME, _LEFT),
    "utilite_transmis": (_LEFT, _BETTER, _WORSE),
    "difficultes": (_WORSE, _SAME, _BETTER, _DECLINED),
    "convention": (_WORSE, _BETTER, _LEFT, _SAME),
}
OF_TODAY: Final[Courses] = {
    "buts": (_WAITING, _BETTER, _WAITING),
    "roles": (_BETTER, _WAITING, _SAME),
    "respect": (_DECLINED, _WAITING, _LEFT),
    "effet_personnes": (_WAITING, _LEFT, _BETTER),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A piste that both sides kept, and what becomes of it."""

    piste: Piste
    quantity: Quantity
    fate: Fate


def decide(wave: Wave, places: Sequence[str], courses: Courses, *, today: date) -> list[Kept]:
    """Decide on the pistes of a published wave in ``places``; return those that were kept.

    One piste at most is decided on in a département for each dimension. One of which nobody was in post to decide
    stays open.
    """
    kept = []
    decided: set[tuple[str, str]] = set()
    for piste in _pistes(wave, places, courses):
        if (piste.departement_id, piste.dimension) in decided:
            continue
        decided.add((piste.departement_id, piste.dimension))
        place, subject = places.index(piste.departement_id), list(courses).index(piste.dimension)
        going = courses[piste.dimension]
        course, fate = going[place % len(going)]
        day = wave.published_on + timedelta(days=12 + 2 * subject + place)
        if course is Course.WAITING:
            day = max(day, today - timedelta(days=9 - subject))
        # Each side proposes in turn, so that each has something to answer.
        if _play(piste, course, fate, first=list(Side)[(place + subject + 1) % 2], day=day):
            kept.append(Kept(piste=piste, quantity=quantity_of(piste.rule, piste.side), fate=fate))
    return kept


def _pistes(wave: Wave, places: Sequence[str], courses: Courses) -> Iterator[Piste]:
    """Yield the pistes of ``places`` on the dimensions of ``courses`` that a later wave can judge, in a fixed order."""
    pistes = wave.pistes.filter(departement__in=places, dimension__in=courses).select_related(
        "wave__questionnaire", "departement__region", "departement__ars"
    )
    for piste in pistes.order_by("departement", "dimension", "rule", "side"):
        if quantity_of(piste.rule, piste.side) is not Quantity.SPREAD:
            yield piste


def _play(piste: Piste, course: Course, fate: Fate, *, first: Side, day: date) -> bool:
    """Propose, answer and act; return whether the piste was kept."""
    proposer, other = (_in_post(piste, side, day) for side in (first, first.other))
    if proposer is None or other is None:
        return False
    people = {first: proposer, first.other: other}
    proposal = _propose(piste, course, people, side=first, day=day)
    if course is Course.WAITING:
        return False
    answered = day + timedelta(days=7)
    actor, at = other.as_actor(), noon(answered)
    if course is Course.DECLINED:
        actions.decline(proposal, side=first.other, reason=DECLINED_BECAUSE, actor=actor, at=at)
        return False
    try:
        actions.confirm(proposal, side=first.other, today=answered, actor=actor, at=at)
    except actions.PisteRefusedError:
        return False  # someone left their post in between: the proposal waits, as it would
    if course is Course.KEPT:
        _act(piste, fate, people=people, day=answered)
    return course is Course.KEPT


def _propose(
    piste: Piste, course: Course, people: Mapping[Side, Mandate], *, side: Side, day: date
) -> Proposal:
    actor, at = people[side].as_actor(), noon(day)
    if course is Course.LEFT:
        return actions.propose_to_leave(piste, side=side, reason=LEFT_BECAUSE, today=day, actor=actor, at=at)
    undertaking = actions.Undertaking(
        tasks=dict(zip(Side, TASKS[piste.dimension], strict=True)),
        owners=people,
        due_on=day + timedelta(days=TERM),
        measured_by=queries.questions_for(piste)[0].id,
    )
    return actions.propose_to_keep(piste, side=side, undertaking=undertaking, today=day, actor=actor, at=at)


def _act(piste: Piste, fate: Fate, *, people: Mapping[Side, Mandate], day: date) -> None:
    """Launch what each side undertook; where things got worse, one of them never finished."""
    opened = Action.objects.filter(
        origin=OriginKind.BAROMETER_GAP.value, origin_reference=piste.public_id
    ).order_by("pk")
    opened.update(provenance=Provenance.SYNTHETIC.value)
    for action in opened:
        actor = people[Side(action.owner)].as_actor()
        launched = day + timedelta(days=10)
        done = day + timedelta(days=70)
        events = [(EventKind.LANCEE, launched)]
        if fate is Fate.BETTER or action.owner == Side.PREFECTURE.value:
            events.append((EventKind.REALISEE, done))
        for kind, on in events:
            ledger.note_event(action, kind=kind, happened_on=on, actor=actor, at=noon(on))


def _in_post(piste: Piste, side: Side, day: date) -> Mandate | None:
    """Return who decides on ``side``: its référent, or in their absence the head of the institution."""
    found = {each.role: each for each in queries.owners(piste.departement, side, day=day)}
    return found.get(REFERENTS[side]) or found.get(SIGNATORIES[side])


def noon(day: date) -> datetime:
    """Return noon of ``day``."""
    return datetime.combine(day, time(12), tzinfo=UTC)
