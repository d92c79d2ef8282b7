"""Whether a later wave shows a change where a piste was kept, and in which words. Plain Python.

What is compared is the question that the piste names, and nothing else of its dimension: what both sides answer to it,
how far they are on it, or how wrong a side is when it guesses it. The two waves are compared through their estimates
and 95 % intervals. An interval of the change follows (MOVER, the
method of variance estimates recovery): no assumption of symmetry, and the two waves taken as independent. The same
people often answer twice, which makes the true interval narrower: the rule errs on the side of « on ne peut pas
conclure ».

Nothing here says why something changed. A sentence says « depuis », never « grâce à ».
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import hypot
from typing import Any, Final

from traitdunion.barometer.kinds import Outcome

# To be set by the pilot, like the thresholds of the pistes.
SMALL: Final = 0.5  # a change below half a point of the five-point scale is not seen in daily work
NOT_A_PROOF: Final = "Une évolution n’est pas une preuve."
SIDES: Final = ("prefecture", "ars")
NAMES: Final = {"prefecture": "la préfecture", "ars": "l’ARS"}


class Quantity(StrEnum):
    """What a piste is about, hence what is compared between two waves."""

    LEVEL = "level"  # the estimate of each side: it should rise
    AGREEMENT = "agreement"  # the distance between the two sides on the same object: it should shrink
    ASYMMETRY = "asymmetry"  # the distance between what each says of the other: it should shrink
    ACCURACY_PREFECTURE = "accuracy_prefecture"  # the error of the préfecture's guess: it should shrink
    ACCURACY_ARS = "accuracy_ars"  # the same, of the ARS
    SPREAD = "spread"  # how far the people of one side disagree: it has no interval, and is never judged on a screen

    @property
    def is_a_distance(self) -> bool:
        """Whether smaller is better."""
        return self is not Quantity.LEVEL


def guesser(quantity: Quantity) -> str:
    """Return the side whose error a quantity is, empty when it is no error."""
    return {Quantity.ACCURACY_PREFECTURE: "prefecture", Quantity.ACCURACY_ARS: "ars"}.get(quantity, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An estimate in points of the scale and its 95 % interval, bounds in order."""

    estimate: float
    low: float
    high: float

    def size(self) -> "Interval":
        """Return how far from zero it lies.

        >>> Interval(estimate=-0.4, low=-1.0, high=0.2).size()
        Interval(estimate=0.4, low=0.0, high=1.0)
        """
        farthest = max(abs(self.low), abs(self.high))
        nearest = 0.0 if self.low <= 0 <= self.high else min(abs(self.low), abs(self.high))
        return Interval(estimate=abs(self.estimate), low=nearest, high=farthest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One quantity before and after: whose it is, and both values.

    ``expected`` is what a distance would have been found again by itself, had nothing changed: a piste opens on what is
    extreme, and part of any extreme comes back toward the others. None when that is not known: the value before.
    """

    about: str
    before: Interval
    after: Interval
    expected: float | None = None

    @property
    def start(self) -> Interval:
        """The value from which a progress is counted, with the doubt there was before."""
        if self.expected is None:
            return self.before
        away = self.expected - self.before.estimate
        return Interval(estimate=self.expected, low=self.before.low + away, high=self.before.high + away)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a later wave shows, and the sentence that says it."""

    outcome: Outcome
    sentence: str


def gain(before: Interval, after: Interval) -> Interval:
    """Return by how much ``after`` exceeds ``before``, with its 95 % interval.

    Source:
        Zou and Donner (2008), Construction of confidence limits about effect measures, Statistics in Medicine 27(10).

    >>> two, four = Interval(estimate=2.0, low=1.7, high=2.4), Interval(estimate=4.0, low=3.6, high=4.3)
    >>> more = gain(two, four)
    >>> round(more.low, 2), round(more.high, 2)  # 2.0 − √(0.4² + 0.4²), 2.0 + √(0.3² + 0.3²)
    (1.43, 2.42)
    """
    middle = after.estimate - before.estimate
    return Interval(
        estimate=middle,
        low=middle - hypot(after.estimate - after.low, before.high - before.estimate),
        high=middle + hypot(after.high - after.estimate, before.estimate - before.low),
    )


def improvement(quantity: Quantity, compared: Compared) -> Interval:
    """Return by how much things got better: a level that rose, a distance that shrank.

    A distance is counted from what would have come back by itself: else one in ten, among those that open a piste,
    would seem to shrink where nothing changed. A level opens a piste nearer to the others: one in fifty at most.
    """
    if quantity.is_a_distance:
        return gain(compared.after.size(), compared.start.size())
    return gain(compared.before, compared.after)


def judge(better: Interval) -> Outcome:
    """Return what an improvement and its interval allow one to say.

    Seen when the whole interval lies above zero; not visible when it lies below half a point; else undecided.

    >>> judge(Interval(estimate=1.0, low=0.2, high=1.8)).label
    'effet observé'
    >>> judge(Interval(estimate=0.1, low=-0.2, high=0.4)).label
    'pas d’effet visible'
    >>> judge(Interval(estimate=0.4, low=-0.6, high=1.4)).label
    'on ne peut pas conclure'
    """
    if better.low > 0:
        return Outcome.SEEN
    if better.high < SMALL:
        return Outcome.NOT_SEEN
    return Outcome.UNDECIDED


def effect(quantity: Quantity, compared: Sequence[Compared], *, since: str) -> Effect:
    """Return what a wave shows of a piste kept at the wave named ``since``.

    Every quantity compared must agree: one side that improves while nothing is sure of the other proves nothing of
    the relation.

    Raises:
        ValueError: nothing is compared.
    """
    if not compared:
        raise ValueError("an effect compares something")
    changes = [(each, improvement(quantity, each)) for each in compared]
    outcomes = {judge(better) for _, better in changes}
    outcome = outcomes.pop() if len(outcomes) == 1 else Outcome.UNDECIDED
    told = " ; ".join(_told(quantity, each, better) for each, better in changes)
    return Effect(outcome=outcome, sentence=f"Depuis la vague « {since} », {told}. {_END[outcome]}")


def with_the_country(
    seen: Effect,
    quantity: Quantity,
    *,
    dimension: str,
    side: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> Effect:
    """Say beside an effect that the whole country rose too on that dimension, when it did beyond doubt.

    A département with few answers is pulled toward its région and the nation: where they rise, it follows, whatever
    was done there.

    Args:
        seen: the effect.
        quantity: what it is about; a distance is not followed over the country.
        dimension: of the question measured again.
        side: the side it is about, empty for both.
        before: the wave's object of RESULT.json at the wave of the piste.
        after: the same at the later wave.
    """
    if seen.outcome is not Outcome.SEEN or quantity is not Quantity.LEVEL:
        return seen
    for each in (side,) if side else SIDES:
        first, last = _national(before, dimension, each), _national(after, dimension, each)
        if first is not None and last is not None and gain(first, last).low > 0:
            return Effect(outcome=seen.outcome, sentence=f"{seen.sentence} {COUNTRY_TOO}")
    return seen


COUNTRY_TOO: Final = (
    "Le pays entier a évolué dans le même sens sur cette dimension : cela peut suffire à faire monter "
    "l’estimation d’ici."
)


def _national(wave: Mapping[str, Any], dimension: str, side: str) -> Interval | None:
    for row in wave["national"]:
        if (row["dimension"], row["side"]) == (dimension, side) and row["shown"]:
            return _interval(row)
    return None


_END: Final = {
    Outcome.SEEN: "L’évolution dépasse l’incertitude.",
    Outcome.NOT_SEEN: "S’il y a un progrès, il est de moins d’un demi-point.",
    Outcome.UNDECIDED: "L’intervalle est trop large pour conclure.",
}


def _told(quantity: Quantity, each: Compared, better: Interval) -> str:
    before, after = (
        (each.before.size(), each.after.size()) if quantity.is_a_distance else (each.before, each.after)
    )
    apart = (
        ", hors retour attendu vers la moyenne"
        if quantity.is_a_distance and each.expected is not None
        else ""
    )
    return (
        f"{each.about} va de {points(before.estimate)} à {points(after.estimate)} "
        f"(progrès {signed(better.estimate)}, de {signed(better.low)} à {signed(better.high)}{apart})"
    )


def undecided(reason: str) -> Effect:
    """Return that nothing can be said, and why."""
    return Effect(outcome=Outcome.UNDECIDED, sentence=reason)


IN_A_MEETING: Final = (
    "Cette piste se juge en réunion : avec si peu de personnes d’un côté, ce qui les sépare n’a pas d’intervalle, et "
    "aucun chiffre ne dirait si elles se sont rapprochées."
)
_LONGEST_FACT: Final = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """A fact on the day when a later wave is read.

    Attributes:
        label: what is looked at.
        holds: whether it is so now; it was not when the piste was opened.
        sentence: why.
    """

    label: str
    holds: bool
    sentence: str


def effect_on_fact(now: Witness | None, *, since: str, answers: Outcome | None) -> Effect:
    """Return what is seen of a piste that a fact opened: whether the fact changed, whatever people answer.

    Args:
        now: the fact today, None when nothing tells it any more.
        since: name of the wave of the piste.
        answers: what the question followed beside it shows, said apart; None when it cannot be compared.
    """
    apart = "" if answers is None else f" À part, la question suivie : {answers.label}."
    if now is None:
        return undecided(f"Ce fait n’est plus suivi : rien ne dit s’il a changé.{apart}")
    told = f"{now.label} : {now.sentence}".rstrip(".")
    told = told if len(told) <= _LONGEST_FACT else f"{told[: _LONGEST_FACT - 1]}…"
    change = "a changé" if now.holds else "n’a pas changé"
    return Effect(
        outcome=Outcome.SEEN if now.holds else Outcome.NOT_SEEN,
        sentence=f"Depuis la vague « {since} », le fait {change} ({told}).{apart}",
    )


# What a result holds


def compare(
    quantity: Quantity,
    *,
    departement: str,
    dimension: str,
    item: str,
    sides: Sequence[str],
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> Sequence[Compared] | None:
    """Return what two waves say of the same question, None when one of them does not show it or cannot.

    Where the people of a side disagree among themselves its mean would mislead, in a level as in a gap.

    Args:
        quantity: what the piste is about.
        departement: its code.
        dimension: of the question measured again.
        item: that question; for an error, the one that is guessed.
        sides: those that a level is about.
        before: the wave's object of RESULT.json at the wave of the piste.
        after: the same at the later wave.
    """
    whose = sides if quantity is Quantity.LEVEL else SIDES
    if quantity is Quantity.SPREAD or any(
        _is_divided(wave, departement, dimension, each) for wave in (before, after) for each in whose
    ):
        return None
    about: list[tuple[str, str, Mapping[str, str]]]
    where = {"departement": departement, "item": item}
    if quantity is Quantity.LEVEL:
        about = [(f"ce que répond {NAMES[each]}", "items", {**where, "side": each}) for each in whose]
    else:
        rows = "gaps" if quantity in _ERRORS else "item_gaps"
        about = [(_DISTANCES[quantity], rows, {**where, "kind": quantity.value})]
    compared = []
    for told, rows, row in about:
        then, now = (_row(wave, rows, row) for wave in (before, after))
        if then is None or now is None:
            return None
        first, second = _interval(then), _interval(now)
        if first is None or second is None:
            return None
        compared.append(Compared(about=told, before=first, after=second, expected=then.get("again")))
    return compared


_ERRORS: Final = {Quantity.ACCURACY_PREFECTURE, Quantity.ACCURACY_ARS}
_DISTANCES: Final = {
    Quantity.AGREEMENT: "l’écart entre les deux côtés",
    Quantity.ASYMMETRY: "l’écart entre ce que chacun dit de l’autre",
    Quantity.ACCURACY_PREFECTURE: "l’erreur de la préfecture sur la réponse de l’ARS",
    Quantity.ACCURACY_ARS: "l’erreur de l’ARS sur la réponse de la préfecture",
}


def _row(wave: Mapping[str, Any], rows: str, wanted: Mapping[str, str]) -> Mapping[str, Any] | None:
    for row in wave.get(rows, ()):  # an older analysis told nothing of questions
        if all(row.get(name) == value for name, value in wanted.items()):
            found: Mapping[str, Any] = row
            return found
    return None


def _is_divided(wave: Mapping[str, Any], departement: str, dimension: str, side: str) -> bool:
    wanted = (departement, dimension, side)
    return any(
        row["divided"] and (row["departement"], row["dimension"], row["side"]) == wanted
        for row in wave["within"]
    )


def _interval(row: Mapping[str, Any]) -> Interval | None:
    if row["estimate"] is None:
        return None
    return Interval(estimate=row["estimate"], low=row["low"], high=row["high"])


# Figures in French


def points(value: float) -> str:
    """Return a value of the scale with one decimal.

    >>> points(2.06), points(-0.04)
    ('2,1', '0,0')
    """
    return f"{round(value, 1) + 0.0:.1f}".replace(".", ",")  # + 0.0: no « -0,0 »


def signed(value: float) -> str:
    """Return a change with its sign and one decimal.

    >>> signed(0.84), signed(-1.2), signed(0.0)
    ('+0,8', '−1,2', '0,0')
    """
    text = points(abs(value))
    if text == "0,0":
        return text
    return f"{'+' if value > 0 else '−'}{text}"
