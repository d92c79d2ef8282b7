"""Reads about pistes: what a result opens, what may be proposed, where each stands, what a later wave shows."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from traitdunion.barometer import facts, queries_results, rules_effect
from traitdunion.barometer import rules_patterns as patterns
from traitdunion.barometer.comparison import broken_question
from traitdunion.barometer.kinds import Answer, Decision, Format, Outcome, Standing
from traitdunion.barometer.models import Effect, Piste, Proposal, Result, Wave
from traitdunion.barometer.questionnaire import SIDES, Family, Item, Questionnaire, read
from traitdunion.barometer.rules_decision import DOES, standing, turn_sentence
from traitdunion.identity.kinds import SIDE_OF, Side
from traitdunion.identity.models import Mandate
from traitdunion.plan import access as plan_access
from traitdunion.plan import queries as plan
from traitdunion.plan.kinds import OriginKind
from traitdunion.territories.models import Departement

LONGEST_TASK: Final = 200
Rows = Mapping[str, Sequence[Mapping[str, Any]]]


# One piste


def title_of(piste: Piste) -> str:
    """Return what a piste is about: the dimension as the questionnaire names it, then the pattern."""
    pattern = patterns.label_of(piste.pattern)
    dimension = questionnaire_of(piste.wave).title_of(piste.dimension) if piste.dimension else ""
    said = f"{dimension} : {pattern}" if dimension else pattern
    return said[:1].upper() + said[1:]


def seen_in(piste: Piste) -> str:
    """Return what was seen, without the name of the dimension that begins it."""
    title = questionnaire_of(piste.wave).title_of(piste.dimension) if piste.dimension else ""
    said = piste.reading.removeprefix(f"{title} : ")
    return said[:1].upper() + said[1:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A piste as a list shows it.

    Attributes:
        piste: the row, its wave and its département selected.
        standing: where its decision stands.
        turn: whose turn it is, in words, for the reader.
        pending: what is proposed and not answered, None when nothing is.
        effect: what the last wave that looked at it shows, None when none did.
    """

    piste: Piste
    standing: Standing
    turn: str
    pending: Proposal | None
    effect: Effect | None

    @property
    def title(self) -> str:
        """What the piste is about."""
        return title_of(self.piste)

    @property
    def seen(self) -> str:
        """What was seen, without the name of the dimension, which the title gives."""
        return seen_in(self.piste)

    @property
    def tone(self) -> str:
        """How loudly the standing speaks on a page."""
        return TONES[self.standing]

    def is_awaited_from(self, side: Side) -> bool:
        """Whether ``side`` must answer what the other proposed."""
        return self.pending is not None and self.pending.side != side.value

    @property
    def outcome(self) -> Outcome | None:
        """The last effect, as a member of its list."""
        return None if self.effect is None else Outcome(self.effect.outcome)


TONES: Mapping[Standing, str] = {
    Standing.OPEN: "new",
    Standing.PROPOSED: "warning",
    Standing.KEPT: "success",
    Standing.LEFT: "neutral",
}


def in_lists(pistes: QuerySet[Piste]) -> QuerySet[Piste]:
    """Return the pistes with what ``line`` reads, two queries more whatever their number."""
    return pistes.prefetch_related(
        Prefetch("proposals", Proposal.objects.filter(answered_at=None), to_attr="pending"),
        Prefetch("effects", Effect.objects.order_by("wave__opens_on", "pk"), to_attr="seen"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One line of a history."""

    at: datetime
    text: str
    author: str
    reason: str


def line(piste: Piste, reader: Side | None) -> Line:
    """Return a piste of ``in_lists`` as ``reader`` sees it, without a query."""
    pending: list[Proposal] = piste.pending  # type: ignore[attr-defined]  # prefetched by ``in_lists``
    seen: list[Effect] = piste.seen  # type: ignore[attr-defined]  # the same
    proposal = pending[0] if pending else None
    decision = Decision(piste.decision) if piste.decision else None
    return Line(
        piste=piste,
        standing=standing(decision, is_proposed=proposal is not None),
        turn=turn_sentence(
            decision=decision,
            proposed_by=None if proposal is None else Side(proposal.side),
            proposed=None if proposal is None else Decision(proposal.decision),
            reader=reader,
        ),
        pending=proposal,
        effect=seen[-1] if seen else None,
    )


def awaiting_an_answer() -> list[Piste]:
    """Return the pistes on which one institution waits for the other, oldest proposal first, in three queries."""
    waiting = Piste.objects.filter(proposals__answered_at=None, proposals__isnull=False)
    return list(
        in_lists(
            waiting.select_related("wave__questionnaire", "departement").order_by(
                "proposals__recorded_at", "pk"
            )
        )
    )


def awaiting(pistes: QuerySet[Piste], side: Side | None) -> list[Piste]:
    """Return the pistes on which ``side`` must answer the other; none for who is of neither side."""
    if side is None:
        return []
    pending = Proposal.objects.filter(piste=OuterRef("pk"), answered_at=None, side=side.other.value)
    return list(in_lists(pistes.filter(Exists(pending))))


def standing_in(pistes: QuerySet[Piste], wanted: Standing) -> QuerySet[Piste]:
    """Keep the pistes that stand as ``wanted``; ``rules_decision.standing`` says the same of one."""
    if wanted in {Standing.KEPT, Standing.LEFT}:
        return pistes.filter(decision=wanted.value)
    pending = Exists(Proposal.objects.filter(piste=OuterRef("pk"), answered_at=None))
    return pistes.filter(pending if wanted is Standing.PROPOSED else ~pending, decision="")


def proposals_of(piste: Piste) -> Sequence[Proposal]:
    """Return everything that was proposed on a piste, latest first, with the people named; one query."""
    return list(
        piste.proposals.select_related(
            "prefecture_owner__person",
            "prefecture_owner__post__organisation",
            "ars_owner__person",
            "ars_owner__post__organisation",
        ).order_by("-recorded_at", "-pk")
    )


def actions_of(piste: Piste, mandate: Mandate, *, day: date) -> Sequence[plan.ActionLine]:
    """Return what was opened in the ledger for a piste, préfecture then ARS, with the state of each; one query."""
    opened = plan_access.actions_visible_to(mandate).filter(
        origin=OriginKind.BAROMETER_GAP.value, origin_reference=piste.public_id
    )
    return plan.lines(plan.known(opened, day).order_by("-owner"), day)


def effects_of(piste: Piste) -> Sequence[Effect]:
    """Return what later waves show of a piste, latest first, one query."""
    return list(piste.effects.select_related("wave").order_by("-wave__opens_on", "-pk"))


def history(proposals: Sequence[Proposal]) -> Sequence[Happening]:
    """Return what was proposed and answered, latest first, as the history component reads it."""
    told = []
    for each in proposals:
        if each.answered_at is not None:
            told.append(
                Happening(
                    at=each.answered_at,
                    text=f"Proposition {Answer(each.answer).label}",
                    author=each.answered_by,
                    reason=each.answer_reason,
                )
            )
        told.append(
            Happening(
                at=each.recorded_at,
                text=f"Proposition de {DOES[Decision(each.decision)]} la piste",
                author=each.author_label,
                reason=each.reason,
            )
        )
    return sorted(told, key=lambda happening: happening.at, reverse=True)


def same_before(piste: Piste) -> Sequence[Piste]:
    """Return the same piste opened by earlier waves, latest first, one query."""
    return list(
        Piste.objects.filter(
            departement=piste.departement_id,
            rule=piste.rule,
            dimension=piste.dimension,
            side=piste.side,
            wave__opens_on__lt=piste.wave.opens_on,
        )
        .select_related("wave")
        .order_by("-wave__opens_on")[:5]
    )


# Deciding


def owners(departement: Departement, side: Side, *, day: date) -> QuerySet[Mandate]:
    """Return who is in post on ``side`` in a département on ``day``, hence may answer for an action."""
    here = Q(post__departement=departement.code) | Q(
        post__departement=None, post__region=departement.region_id
    )
    return (
        Mandate.objects.current(day)
        .filter(
            here,
            post__role__in=[role.value for role, its in SIDE_OF.items() if its is side],
            person__is_active=True,
        )
        .select_related("person", "post__organisation")
        .order_by("post__role", "-holding", "pk")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question that may be asked again to see what changed."""

    id: str
    label: str


def questions_for(piste: Piste) -> Sequence[Question]:
    """Return the questions that measure what ``piste`` is about, in the order of the questionnaire.

    A piste on a dimension is measured by a question of that dimension, otherwise before and after would not speak of
    the same thing; a misunderstanding, by the question that was guessed. A piste on facts is judged by the fact: any
    question may be followed beside it.
    """
    asked = questionnaire_of(piste.wave)
    quantity = patterns.quantity_of(piste.rule, piste.side)
    guess = asked.guess(piste.dimension, rules_effect.guesser(quantity))
    return [
        Question(id=item.id, label=wording_of(item))
        for item in asked.items
        if item.dimension == (piste.dimension or item.dimension)
        and item.family is not Family.META
        and (guess is None or item.id == guess.guesses)
        and (item.in_pulse or piste.wave.format == Format.FULL.value)
    ]


def question_of(piste: Piste, identifier: str) -> str:
    """Return a question of the wave of ``piste`` in words, its identifier when the questionnaire has it no more."""
    item = questionnaire_of(piste.wave).item(identifier)
    return identifier if item is None else wording_of(item)


def wording_of(item: Item) -> str:
    """Return a question as one side reads it; where both describe each other, the other reads its mirror."""
    said = item.wording.get(Side.PREFECTURE.value) or item.wording[Side.ARS.value]
    return said if item.family is Family.COMMON else f"« {said} » et la question en miroir"


def questionnaire_of(wave: Wave) -> Questionnaire:
    """Return what a wave asks, read once per version; ``wave.questionnaire`` is selected with it."""
    return _read(wave.questionnaire.text)


@lru_cache(maxsize=16)
def _read(text: str) -> Questionnaire:
    return read(text, is_kept=True)


def last_terms(piste: Piste) -> Mapping[str, Any]:
    """Return what a form starts from: the terms in force, else the usual remedy on both sides; one query."""
    last = piste.proposals.filter(answer=Answer.CONFIRMED.value, decision=Decision.KEPT.value).last()
    if last is None:
        remedy = piste.remedy if len(piste.remedy) <= LONGEST_TASK else ""
        return {"prefecture_task": remedy, "ars_task": remedy}
    return {
        "prefecture_task": last.prefecture_task,
        "ars_task": last.ars_task,
        "due_on": last.due_on,
        "measured_by": last.measured_by,
    }


# What a later wave shows


def effects_in(result: Result, *, day: date) -> Iterator[tuple[Piste, rules_effect.Effect]]:
    """Yield each piste kept before the wave of ``result`` opened, with what is seen of it.

    A piste is compared with a later wave of the same form, which asks the same questions, and left out when the wave
    does not ask of its dimension at all. One that a fact opened is judged by that fact, as it is on ``day``. The
    queries do not grow with the pistes, only with the earlier waves.
    """
    wave = result.wave
    kept = list(
        Piste.objects.filter(
            decision=Decision.KEPT.value,
            decided_at__lt=wave.opened_at,
            wave__format=wave.format,
            wave__opens_on__lt=wave.opens_on,
        )
        .exclude(wave=wave)
        .select_related("wave__questionnaire")
        .order_by("wave_id", "pk")
    )
    justified = queries_results.justified()
    on_facts = sorted({each.departement_id for each in kept if patterns.fact_of(each.rule)})
    known = facts.facts(on_facts, day=day) if on_facts else {}
    later = _Told(result.content)
    for earlier, pistes in groupby(kept, key=attrgetter("wave")):
        first = Result.objects.filter(wave=earlier).order_by("edition").last()
        if first is None:
            continue
        before = _Told(first.content)
        for piste in pistes:
            seen = _effect(piste, before, later, justified)
            if patterns.fact_of(piste.rule):
                yield piste, _effect_on_fact(piste, known[piste.departement_id], seen)
            elif seen is not None:
                yield piste, seen


class _Told:
    """A result, and its rows by département."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self.content = content
        self.rows = by_departement(content)
        self.asked = {dimension["id"] for dimension in content["dimensions"]}


def by_departement(content: Mapping[str, Any]) -> Mapping[str, Rows]:
    """Return the rows of a result that speak of one place, by code of département."""
    found: dict[str, dict[str, list[Mapping[str, Any]]]] = defaultdict(
        lambda: {name: [] for name in queries_results.OF_A_PLACE}
    )
    for name in queries_results.OF_A_PLACE:
        for row in content.get(name, ()):  # an older analysis told nothing of questions
            found[row["departement"]][name].append(row)
    return found


def _effect_on_fact(
    piste: Piste, known: Sequence[facts.Fact], seen: rules_effect.Effect | None
) -> rules_effect.Effect:
    key = patterns.fact_of(piste.rule)
    now = next((each for each in known if (each.key, each.side or "") == (key, piste.side)), None)
    return rules_effect.effect_on_fact(
        None
        if now is None
        else rules_effect.Witness(label=now.label, holds=now.holds, sentence=now.sentence),
        since=piste.wave.name,
        answers=None if seen is None else seen.outcome,
    )


def _effect(
    piste: Piste, before: _Told, after: _Told, justified: Collection[tuple[str, str, str]]
) -> rules_effect.Effect | None:
    """Return what a later wave shows of the question that a piste names, None when it asks nothing of its dimension."""
    item = questionnaire_of(piste.wave).item(piste.measured_by)
    if item is None or item.dimension not in after.asked:
        return None
    quantity = patterns.quantity_of(piste.rule, piste.side)
    if quantity is rules_effect.Quantity.SPREAD:
        return rules_effect.undecided(rules_effect.IN_A_MEETING)
    why = broken_question(
        before.content["dimensions"],
        after.content["dimensions"],
        justified,
        item=item.id,
        guessed_by=rules_effect.guesser(quantity),
    )
    if why:
        return rules_effect.undecided(f"Les deux vagues ne se comparent pas : {why}.")
    side = piste.side if piste.dimension else ""
    sides = [side] if side else [each for each in SIDES if item.is_asked_of(each)]
    compared = rules_effect.compare(
        quantity,
        departement=piste.departement_id,
        dimension=item.dimension,
        item=item.id,
        sides=sides,
        before=before.rows.get(piste.departement_id, NOTHING),
        after=after.rows.get(piste.departement_id, NOTHING),
    )
    if compared is None:
        return rules_effect.undecided(
            "L’une des deux vagues ne montre pas les réponses à cette question : trop peu de personnes, ou des avis "
            "trop partagés."
        )
    return rules_effect.with_the_country(
        rules_effect.effect(quantity, compared, since=piste.wave.name),
        quantity,
        dimension=item.dimension,
        side=side,
        before=before.content,
        after=after.content,
    )


NOTHING: Final[Rows] = dict.fromkeys(queries_results.OF_A_PLACE, ())


# The country


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternCount:
    """How many pistes of one pattern a wave opened, and where their decisions stand.

    Attributes:
        label: the name of the pattern.
        opened: pistes.
        departements: how many have at least one.
        standings: pistes in each standing, in the order of ``Standing``.
        outcomes: kept pistes that a later wave looked at, in the order of ``Outcome``.
    """

    label: str
    opened: int
    departements: int
    standings: Sequence[int]
    outcomes: Sequence[int]

    @property
    def looked_at(self) -> int:
        """Pistes that a later wave looked at."""
        return sum(self.outcomes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The pistes of a wave over the country, by pattern; the denominators say out of how many.

    Attributes:
        rows: by the name of the pattern; none speaks of one département.
        readable: départements of which both sides are shown on at least one dimension.
        asked: départements where the wave was asked.
    """

    rows: Sequence[PatternCount]
    readable: int
    asked: int

    @property
    def opened(self) -> int:
        """Pistes over all patterns."""
        return sum(row.opened for row in self.rows)

    @property
    def looked_at(self) -> int:
        """Kept pistes that a later wave looked at."""
        return sum(row.looked_at for row in self.rows)


def counts(wave: Wave) -> Counts:
    """Return the pistes of a published wave by pattern, five queries. Nothing tells one département from another."""
    by_pattern: dict[str, list[Line]] = defaultdict(list)
    for each in in_lists(wave.pistes.all()):
        by_pattern[patterns.label_of(each.pattern)].append(line(each, None))
    cells = (
        Result.objects.filter(wave=wave).order_by("edition").values_list("content__cells", flat=True).last()
    )
    shown: dict[str, set[str]] = defaultdict(set)
    for cell in cells or ():
        shown[cell["departement"]] |= {cell["side"]} if cell["shown"] else set()
    return Counts(
        rows=[_counted(label, lines) for label, lines in sorted(by_pattern.items())],
        readable=sum(len(sides) == len(Side) for sides in shown.values()),
        asked=len(departements_asked(wave) | set(shown)),
    )


def departements_asked(wave: Wave) -> set[str]:
    """Return the codes of the départements where someone was asked, one query."""
    return set(wave.entries.order_by().values_list("departement", flat=True).distinct())


def _counted(label: str, lines: Sequence[Line]) -> PatternCount:
    standings = Counter(each.standing for each in lines)
    outcomes = Counter(each.outcome for each in lines)
    return PatternCount(
        label=label,
        opened=len(lines),
        departements=len({each.piste.departement_id for each in lines}),
        standings=[standings[each] for each in Standing],
        outcomes=[outcomes[each] for each in Outcome],
    )
