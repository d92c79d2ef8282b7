"""How often « effet observé » is said of a piste: where nothing changed, where one place did, where the country did.

    python -m bench.effects [DRAWS]

On simulated truth: 101 départements, answers on five points, one side, other people at each wave. A piste is opened
where the answer is below « parfois » with a probability of 0.8, so that what goes up by itself is counted. Everything
follows from the seed.
"""

import sys
from collections import Counter

import numpy as np

from bench import machine
from traitdunion.barometer.estimation import Floats, Pooled, pool
from traitdunion.barometer.kinds import Outcome
from traitdunion.barometer.rules_effect import Interval, gain, judge

DRAWS = 100
SEED = 31
PLACES = 101
SPREAD = 0.9  # of the scores of people over the country, in points
SURE = 0.8
LOW = 3.0
CELL = np.arange(PLACES)
REGION = CELL % 13


def wave(truth: Floats, people: int, icc: float, draw: np.random.Generator) -> Pooled:
    """Return what ``people`` in each place answer to two questions, pooled."""
    cell = np.repeat(CELL, people)
    person = truth[cell] + np.sqrt(1 - icc) * SPREAD * draw.standard_normal(len(cell))
    answers = np.clip(np.round(person[:, None] + 0.5 * draw.standard_normal((len(cell), 2))), 1, 5)
    return pool(answers.mean(axis=1), np.full(len(cell), 0.5), cell, REGION)


def at(pooled: Pooled, place: int) -> Interval:
    """Return the estimate of one place."""
    return Interval(
        estimate=float(pooled.estimate[place]), low=float(pooled.low[place]), high=float(pooled.high[place])
    )


def outcomes(*, icc: float, people: int, share: float, shift: float, draws: int) -> Counter[Outcome]:
    """Return what is said of the pistes, where a ``share`` of the places rises by ``shift``; of those alone if any."""
    draw = np.random.default_rng(SEED)
    said: Counter[Outcome] = Counter()
    for _ in range(draws):
        truth = LOW + np.sqrt(icc) * SPREAD * draw.standard_normal(PLACES)
        moved = draw.random(PLACES) < share
        before = wave(truth, people, icc, draw)
        after = wave(truth + shift * moved, people, icc, draw)
        opened = before.probability_below(LOW) >= SURE
        said.update(
            judge(gain(at(before, place), at(after, place)))
            for place in np.flatnonzero(opened & (moved | (share == 0.0)))
        )
    return said


def main(arguments: list[str]) -> int:
    """Print how often each outcome is said."""
    draws = int(arguments[0]) if arguments else DRAWS
    for line in machine.describe(
        f"vérité simulée, {PLACES} départements, {draws} tirages par ligne, graine {SEED}"
    ):
        print(line)
    for title, share, shift in (
        ("rien n’a changé", 0.0, 0.0),
        ("un point de plus dans un département sur dix", 0.1, 1.0),
        ("un point de plus partout", 1.0, 1.0),
    ):
        print(f"\n{title}")
        for icc in (0.1, 0.3):
            for people in (3, 6):
                said = outcomes(icc=icc, people=people, share=share, shift=shift, draws=draws)
                total = sum(said.values())
                told = (
                    ", ".join(f"{each.label} {said[each] / total:.1%}" for each in Outcome) if total else "–"
                )
                print(f"  ICC {icc:.1f}, {people} réponses : {total} pistes ; {told}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
