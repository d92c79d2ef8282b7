"""How often « effet observé » is said of a piste: where nothing changed, where one place did, where the country did.

    python -m bench.effects [DRAWS]

On simulated truth: 101 départements, answers on five points to the two questions of a dimension, other people at each
wave. A piste is opened by the dimension, where the rules open it with a probability of 0.8, so that what comes back by
itself is counted; it is judged on one of its questions, as on the site. Three kinds: a side below « parfois », two
sides a point apart, a guess a point wrong about what the other side answers to the question guessed. Everything follows
from the seed.
"""

import sys
from collections import Counter
from typing import NamedTuple

import numpy as np

from bench import machine
from traitdunion.barometer.estimation import Floats, Group, Pooled, pool, pool_difference
from traitdunion.barometer.kinds import Outcome
from traitdunion.barometer.rules_effect import Compared, Interval, Quantity, improvement, judge

DRAWS = 100
SEED = 31
PLACES = 101
SPREAD = 0.9  # of the scores of people over the country, in points
SURE = 0.8
LOW = 3.0
MOST_FALSE = 0.025
CELL = np.arange(PLACES)
REGION = CELL % 13
KINDS = {
    Quantity.LEVEL: "un côté sous « parfois »",
    Quantity.AGREEMENT: "deux côtés à un point",
    Quantity.ACCURACY_ARS: "une réponse mal devinée",
}


class Wave(NamedTuple):
    """What opens a piste, and what judges it."""

    opened: np.ndarray
    judged: Pooled


def answers(truth: Floats, people: int, icc: float, draw: np.random.Generator) -> Floats:
    """Return (N, 2) what ``people`` in each place answer to two questions, the second easier."""
    cell = np.repeat(CELL, people)
    person = truth[cell] + np.sqrt(1 - icc) * SPREAD * draw.standard_normal(len(cell))
    asked = person[:, None] + np.array([-0.1, 0.1]) + 0.5 * draw.standard_normal((len(cell), 2))
    return np.clip(np.round(asked), 1, 5)


def group(score: Floats, people: int) -> Group:
    """Return the scores of every respondent of a side."""
    return Group(score, np.ones(len(score)), np.repeat(CELL, people))


def wave(
    kind: Quantity, truths: tuple[Floats, Floats], people: int, icc: float, draw: np.random.Generator
) -> Wave:
    """Return one wave: a side, or two groups of people that are compared."""
    left, right = (answers(truth, people, icc, draw) for truth in truths)
    if kind is Quantity.LEVEL:
        dimension = pool(*group(left.mean(axis=1), people), REGION)
        return Wave(dimension.probability_below(LOW) >= SURE, pool(*group(left[:, 0], people), REGION))
    question = pool_difference(group(left[:, 0], people), group(right[:, 0], people), REGION)
    if kind is Quantity.ACCURACY_ARS:  # one question guesses one question: it opens and judges
        return Wave(question.probability_beyond(1.0) >= SURE, question)
    dimension = pool_difference(group(left.mean(axis=1), people), group(right.mean(axis=1), people), REGION)
    return Wave(dimension.probability_beyond(1.0) >= SURE, question)


def at(pooled: Pooled, place: int) -> Interval:
    """Return the estimate of one place."""
    return Interval(
        estimate=float(pooled.estimate[place]), low=float(pooled.low[place]), high=float(pooled.high[place])
    )


def outcomes(kind: Quantity, *, icc: float, people: int, share: float, draws: int) -> Counter[Outcome]:
    """Return what is said of the pistes, where a ``share`` of the places gets better by a point; of those if any."""
    draw = np.random.default_rng(SEED)
    said: Counter[Outcome] = Counter()
    for _ in range(draws):
        one, other = (LOW + np.sqrt(icc) * SPREAD * draw.standard_normal(PLACES) for _ in range(2))
        moved = draw.random(PLACES) < share
        before = wave(kind, (one, other), people, icc, draw)
        nearer = 1.0 if kind is Quantity.LEVEL else np.clip(other - one, -1.0, 1.0)
        later = one + moved * nearer  # a side rises, or comes nearer to the other
        after = wave(kind, (later, other), people, icc, draw)
        said.update(
            judge(
                improvement(
                    kind,
                    Compared(
                        about="",
                        before=at(before.judged, place),
                        after=at(after.judged, place),
                        expected=float(before.judged.again[place]),
                    ),
                )
            )
            for place in np.flatnonzero(before.opened & (moved | (share == 0.0)))
        )
    return said


def main(arguments: list[str]) -> int:
    """Print how often each outcome is said, and whether a false effect stays rare."""
    draws = int(arguments[0]) if arguments else DRAWS
    for line in machine.describe(
        f"vérité simulée, {PLACES} départements, {draws} tirages par ligne, graine {SEED}"
    ):
        print(line)
    print("Une piste s’ouvre sur la dimension (deux questions) et se juge sur l’une d’elles.")
    false: list[float] = []
    for kind, what in KINDS.items():
        for title, share in (
            ("rien n’a changé", 0.0),
            ("un point de mieux dans un département sur dix", 0.1),
            ("un point de mieux partout", 1.0),
        ):
            print(f"\n{what} ; {title}")
            for icc in (0.1, 0.3):
                for people in (3, 6):
                    said = outcomes(kind, icc=icc, people=people, share=share, draws=draws)
                    total = sum(said.values())
                    told = (
                        ", ".join(f"{each.label} {said[each] / total:.1%}" for each in Outcome)
                        if total
                        else "–"
                    )
                    if share == 0.0 and total:
                        false.append(said[Outcome.SEEN] / total)
                    print(f"  ICC {icc:.1f}, {people} réponses : {total} pistes ; {told}")
    kept = max(false) <= MOST_FALSE
    print(
        f"\nEffet observé quand rien n’a changé : {max(false):.1%} au plus "
        f"({MOST_FALSE:.1%} permis) : {'tenu' if kept else 'non tenu'}"
    )
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
