"""Is the estimation of the baromètre calibrated: coverage of its intervals, error against raw means, peers, time.

    python -m bench calibration [DRAWS]

On simulated truth: 101 départements in 18 régions, 2 to 6 respondents a side, answers on five points. Everything
follows from the seed. One process.
"""

import sys
import time
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from bench import calibration_peers as peers
from bench import machine
from traitdunion.barometer.estimation import pool, pool_difference
from traitdunion.barometer.simulation import Population, draw_sample

DRAWS = 150
FLOOR_DRAWS = 40
SEED = 20_000
SIZES = range(2, 7)
LOWEST, HIGHEST = 0.93, 0.97
ICC = (0.05, 0.1, 0.2, 0.3, 0.4)
SHAPES = {"symmetric": "symétrique", "skewed": "asymétrique", "ceiling": "plafond", "polarised": "polarisée"}
PROBABILITIES = (0.0, 0.05, 0.2, 0.5, 0.8, 1.0)


def required() -> list[tuple[str, Population]]:
    """The grid of the requirement: ICC, shapes, missing answers, one region that differs."""
    few = (0.05, 0.2, 0.4)
    return [
        *((f"{said}", Population(icc=icc, shape=shape)) for shape, said in SHAPES.items() for icc in ICC),
        *(("asymétrique, 20 % sans réponse", Population(icc=icc, missing=0.2)) for icc in few),
        *(("asymétrique, une région à part", Population(icc=icc, apart=0.5)) for icc in few),
        *(
            ("plafond, une région très à part", Population(icc=icc, shape="ceiling", apart=1.0))
            for icc in few
        ),
        *(("plafond, un seul item", Population(icc=icc, shape="ceiling", items=1)) for icc in few),
    ]


def beyond() -> list[tuple[str, Population]]:
    """What the model does not suppose."""
    few = (0.05, 0.2, 0.4)
    return [
        *(("30 % sans réponse", Population(icc=icc, missing=0.3)) for icc in few),
        *(("quelques départements très loin", Population(icc=icc, heavy_tails=True)) for icc in few),
        *(("désaccord inégal selon les côtés", Population(icc=icc, uneven=0.4)) for icc in few),
        *(("régions pour 60 % de l'écart", Population(icc=icc, regional_part=0.6)) for icc in few),
        *(("régions pour rien", Population(icc=icc, regional_part=0.0)) for icc in few),
    ]


def empty() -> np.ndarray:
    return np.zeros(max(SIZES) + 1)


@dataclass
class Tally:
    """What happened over the draws of a scenario; (draws, 7) arrays, a column for each number of respondents."""

    sums: dict[str, list[np.ndarray]] = field(default_factory=dict)
    values: dict[str, list] = field(default_factory=dict)

    def add(self, count, **by_cell) -> None:
        """Sum what each cell gives, by its number of respondents."""
        for name, each in by_cell.items():
            self.sums.setdefault(name, []).append(np.bincount(count, each, max(SIZES) + 1)[: max(SIZES) + 1])

    def note(self, **values) -> None:
        for name, value in values.items():
            self.values.setdefault(name, []).append(value)

    def mean(self, name: str) -> np.ndarray:
        return np.mean(self.values[name], axis=0)

    def total(self, name: str) -> np.ndarray:
        return np.sum(self.sums[name], axis=0)[2:]

    @property
    def coverage(self) -> np.ndarray:
        return self.total("inside") / self.total("cells")

    @property
    def doubt(self) -> np.ndarray:
        """Standard error of ``coverage``: draws are independent, the cells of one draw are not."""
        inside, cells = (np.array(self.sums[name])[:, 2:] for name in ("inside", "cells"))
        away = inside - cells * self.coverage
        return np.sqrt((away**2).sum(axis=0)) / cells.sum(axis=0)

    @property
    def overall(self) -> float:
        return float(self.total("inside").sum() / self.total("cells").sum())

    def ratio(self, error: str = "error", raw: str = "raw") -> float:
        return float(np.sqrt(self.total(error).sum() / self.total(raw).sum()))


def verdict(tallies: list[Tally]) -> str:
    """Say whether coverage stays between the limits for every number of respondents and scenario."""
    coverage = np.array([tally.coverage for tally in tallies])
    away = np.maximum(LOWEST - coverage, coverage - HIGHEST)
    beyond_doubt = int((away > 2.0 * np.array([tally.doubt for tally in tallies])).sum())
    said = "tenue" if (away <= 0).all() else f"non tenue pour {beyond_doubt}"
    if (away > 0).any() and not beyond_doubt:
        said = "tenue à deux erreurs types près"
    least, most = (f"{100 * value:.1f}".replace(".", ",") for value in (coverage.min(), coverage.max()))
    return f"{said} ; {int((away <= 0).sum())} couvertures sur {coverage.size} dedans, de {least} à {most}"


def thirds(inside: np.ndarray, values: np.ndarray) -> np.ndarray:
    ranked = inside[np.argsort(values)]
    return np.array([part.mean() for part in np.array_split(ranked, 3)])


def variances(population: Population, draws: int, seed: int) -> tuple[float, float, float]:
    """Return within², between² and regional² of a scenario, counted over many draws of truth and answers."""
    within, squares, between, total = [], [], [], []
    for number in range(draws):
        sample = draw_sample(population, seed=seed + number)
        for truth, group in zip(sample.truth, sample.groups, strict=True):
            of = peers.cells(group.score, group.cell, sample.region)
            within.append(of.freedom)
            squares.append(of.squares)
            sizes = np.bincount(sample.region)
            means = np.bincount(sample.region, truth) / sizes
            between.append(((truth - means[sample.region]) ** 2).sum() / (len(truth) - len(sizes)))
            total.append(means.var(ddof=1) - between[-1] * (1.0 / sizes).mean())
    return sum(squares) / sum(within), float(np.mean(between)), max(0.0, float(np.mean(total)))


def raw_means(group, cells: int) -> np.ndarray:
    count = np.bincount(group.cell, minlength=cells)
    return np.bincount(group.cell, group.score, cells) / np.maximum(count, 1)


def score_pools(population: Population, draws: int, seed: int) -> Tally:
    tally = Tally()
    parts = variances(population, FLOOR_DRAWS, seed)
    for number in range(draws):
        sample = draw_sample(population, seed=seed + number)
        region_sizes = np.bincount(sample.region)
        for truth, group in zip(sample.truth, sample.groups, strict=True):
            pooled = pool(*group, sample.region)
            count = np.minimum(pooled.count, max(SIZES))
            inside = (pooled.low <= truth) & (truth <= pooled.high)
            raw = (raw_means(group, len(truth)) - truth) ** 2
            tally.add(
                count, cells=np.ones(len(truth)), inside=inside, error=(pooled.estimate - truth) ** 2, raw=raw
            )
            if number < FLOOR_DRAWS:
                best = peers.known(group.score, group.cell, sample.region, *parts)
                tally.add(count, floor=(best.estimate - truth) ** 2, floor_raw=raw)
            means = np.bincount(sample.region, truth) / region_sizes
            tally.note(
                half=(pooled.high - pooled.low).mean() / 2.0,
                by_estimate=thirds(inside, pooled.estimate),
                by_truth=thirds(inside, truth),
                apart=inside[sample.region == 0].mean(),
                regions=((pooled.regional.low <= means) & (means <= pooled.regional.high)).mean(),
                nation=pooled.national.low[0] <= truth.mean() <= pooled.national.high[0],
            )
    return tally


def percents(values, width: int = 6) -> str:
    return "".join(f"{100 * value:>{width}.1f}" for value in np.atleast_1d(values))


def report_scores(title: str, scenarios: list[tuple[str, Population]], draws: int, seed: int) -> list[Tally]:
    print(f"\n{title} (couverture des intervalles à 95 %, en %, selon le nombre de répondants)")
    print(
        f"  {'scénario':<33}{'ICC':>5} {'n=2':>6}{'3':>6}{'4':>6}{'5':>6}{'6':>6}{'tous':>7}"
        f"{'tiers par estimation':>22}{'tiers par vérité':>20}{'région':>8}{'nation':>8}"
        f"{'½ larg.':>9}{'EQM/brute':>11}{'plancher':>10}"
    )
    tallies = []
    for place, (name, population) in enumerate(scenarios):
        tally = score_pools(population, draws, seed + 1000 * place)
        tallies.append(tally)
        print(
            f"  {name:<33}{population.icc:>5.2f} {percents(tally.coverage)}{percents(tally.overall, 7)}"
            f"{percents(tally.mean('by_estimate')):>22}{percents(tally.mean('by_truth')):>20}"
            f"{percents(tally.mean('regions'), 8)}{percents(tally.mean('nation'), 8)}{tally.mean('half'):>9.2f}"
            f"{tally.ratio():>11.3f}{tally.ratio('floor', 'floor_raw'):>10.3f}"
            + (f"   région à part : {percents(tally.mean('apart'), 0)}" if population.apart else ""),
            flush=True,
        )
    print(
        f"  Erreur type d'une couverture : environ {percents(np.mean([tally.doubt for tally in tallies]), 0)} point"
    )
    return tallies


def report_error(scenarios: list[tuple[str, Population]], tallies: list[Tally]) -> float:
    """Print errors by ICC and number of respondents; return the ratio over everything, each scenario counting once."""
    print("\nErreur quadratique moyenne (racine) de l'estimation, rapportée à celle de la moyenne brute")
    print(f"  {'ICC':<10}" + "".join(f"{f'n={size}':>8}" for size in SIZES) + f"{'tous':>8}{'plancher':>10}")
    of = list(zip((population.icc for _, population in scenarios), tallies, strict=True))
    ratio = 1.0
    for name, chosen in [(f"{icc:.2f}", [t for value, t in of if value == icc]) for icc in ICC] + [
        ("tous", tallies)
    ]:
        error, raw = (
            sum(tally.total(kind) / tally.total("raw").sum() for tally in chosen) for kind in ("error", "raw")
        )
        floor = np.sqrt(np.mean([tally.ratio("floor", "floor_raw") ** 2 for tally in chosen]))
        ratio = float(np.sqrt(error.sum() / raw.sum()))
        print(
            f"  {name:<10}"
            + "".join(f"{value:>8.3f}" for value in np.sqrt(error / raw))
            + f"{ratio:>8.3f}{floor:>10.3f}"
        )
    print(
        "  Plancher : meilleure prévision linéaire, variances connues. À ICC 0,40, aucun estimateur de cette famille\n"
        "  ne gagne 25 % sur la moyenne brute."
    )
    return ratio


def icc_of_a_side(icc: float) -> float:
    """Return the ICC of each side for which their gap has ``icc``: sides that resemble each other differ less."""
    odds = icc / (1.0 - icc) / (1.0 - Population().side_correlation)
    return odds / (1.0 + odds)


def report_gaps(draws: int, seed: int) -> list[Tally]:
    print(
        "\nÉcarts entre les deux côtés (couverture en %, selon le plus petit des deux nombres de répondants ; l'ICC est"
        " celle de l'écart, 0,03 est sous la grille exigée)"
    )
    print(
        f"  {'scénario':<33}{'ICC':>5} {'n=2':>6}{'3':>6}{'4':>6}{'5':>6}{'6':>6}{'tous':>7}"
        f"{'tiers par estimation':>22}{'½ larg.':>9}{'EQM/brute':>11}"
    )
    tallies = []
    claimed, happened, counted = (np.zeros(len(PROBABILITIES) - 1) for _ in range(3))
    for place, (shape, icc) in enumerate(
        (shape, icc) for shape in SHAPES for icc in (0.03, 0.05, 0.1, 0.2, 0.4)
    ):
        tally = Tally()
        if icc in ICC:
            tallies.append(tally)
        population = Population(icc=icc_of_a_side(icc), shape=shape)
        for number in range(draws):
            sample = draw_sample(population, seed=seed + 1000 * place + number)
            gaps = pool_difference(*sample.groups, sample.region)
            truth = sample.truth[0] - sample.truth[1]
            raw = raw_means(sample.groups[0], len(truth)) - raw_means(sample.groups[1], len(truth))
            inside = (gaps.low <= truth) & (truth <= gaps.high)
            tally.add(
                np.minimum(gaps.count, max(SIZES)),
                cells=np.ones(len(truth)),
                inside=inside,
                error=(gaps.estimate - truth) ** 2,
                raw=(raw - truth) ** 2,
            )
            tally.note(half=(gaps.high - gaps.low).mean() / 2.0, by_estimate=thirds(inside, gaps.estimate))
            chance = gaps.probability_beyond(1.0)
            bins = np.clip(np.searchsorted(PROBABILITIES, chance, side="right") - 1, 0, len(claimed) - 1)
            claimed += np.bincount(bins, chance, len(claimed))
            happened += np.bincount(bins, np.abs(truth) >= 1.0, len(claimed))
            counted += np.bincount(bins, minlength=len(claimed))
        print(
            f"  {SHAPES[shape]:<33}{icc:>5.2f} {percents(tally.coverage)}{percents(tally.overall, 7)}"
            f"{percents(tally.mean('by_estimate')):>22}{tally.mean('half'):>9.2f}{tally.ratio():>11.3f}",
            flush=True,
        )
    doubts = np.mean([tally.doubt for tally in tallies], axis=0)
    print(f"  Erreur type d'une couverture, de n=2 à 6 :{percents(doubts)} points")
    print("  Probabilité annoncée d'un écart d'un point ou plus, et part des écarts qui l'atteignent :")
    for place in range(len(claimed)):
        if counted[place]:
            print(
                f"    de {PROBABILITIES[place]:.2f} à {PROBABILITIES[place + 1]:.2f} : annoncée"
                f" {claimed[place] / counted[place]:.3f}, observée {happened[place] / counted[place]:.3f}"
                f" ({int(counted[place])} écarts)"
            )
    return tallies


def report_peers(draws: int, seed: int) -> None:
    def ours(score, cell, region):
        return pool(score, np.ones(len(score)), cell, region)

    methods = [
        ("moyenne brute et Student", peers.alone, draws),
        ("REML, variances insérées", peers.reml, draws),
        ("REML + Kackar-Harville", peers.reml_corrected, draws),
        ("REML ajusté (Morris) + Kackar-Harville", peers.adjusted, draws),
    ]
    try:
        name = f"statsmodels {version('statsmodels')} MixedLM"
        methods.append((name, peers.with_statsmodels, max(2, draws // 6)))
    except PackageNotFoundError:
        print("\nstatsmodels n'est pas installé : « uv sync --group peer » pour le comparer aussi.")
    methods.append(("ce projet : bayésien sur grille", ours, draws))
    print(
        "\nPairs (couverture en % ; nombre de tirages entre parenthèses ; temps de calcul médian d'un ajustement)"
    )
    print(
        f"  {'méthode':<46}{'forme':<14}{'ICC':>5}{'n=2':>7}{'n=6':>7}{'tous':>7}{'tiers par estimation':>22}"
        f"{'½ larg.':>9}{'EQM/brute':>11}{'ms':>8}"
    )
    for place, (shape, icc) in enumerate(
        (shape, icc) for shape in ("skewed", "ceiling") for icc in (0.05, 0.2, 0.4)
    ):
        for name, method, times in methods:
            tally = Tally()
            for number in range(times):
                sample = draw_sample(
                    Population(icc=icc, shape=shape, missing=0.0), seed=seed + 1000 * place + number
                )
                truth, group = sample.truth[0], sample.groups[0]
                begin = time.process_time()
                answer = method(group.score, group.cell, sample.region)
                tally.note(seconds=time.process_time() - begin)
                inside = (answer.low <= truth) & (truth <= answer.high)
                tally.add(
                    np.bincount(group.cell, minlength=len(truth)),
                    cells=np.ones(len(truth)),
                    inside=inside,
                    error=(answer.estimate - truth) ** 2,
                    raw=(raw_means(group, len(truth)) - truth) ** 2,
                )
                tally.note(
                    half=(answer.high - answer.low).mean() / 2.0, by_estimate=thirds(inside, answer.estimate)
                )
            print(
                f"  {f'{name} ({times})':<46}{SHAPES[shape]:<14}{icc:>5.2f}{percents(tally.coverage[[0, -1]], 7)}"
                f"{percents(tally.overall, 7)}{percents(tally.mean('by_estimate')):>22}{tally.mean('half'):>9.2f}"
                f"{tally.ratio():>11.3f}{1000 * float(np.median(tally.values['seconds'])):>8.1f}",
                flush=True,
            )


def report_borrowing() -> None:
    """What the other side or the other dimensions could add, were every variance and correlation known."""
    print(
        "\nEmprunter à l'autre côté ou aux huit autres dimensions : plancher de EQM/brute, tout étant connu"
        "\n  (corrélation des vérités, puis des erreurs : l'effet de halo d'une même personne)"
    )
    print(f"  {'ICC':<6}{'n':>3}{'seule':>9}{'côté 0,3 ; 0':>18}{'dim. 0,5 ; 0,4':>18}{'dim. 0,7 ; 0,3':>18}")
    for icc in (0.1, 0.2, 0.4):
        for size in (3, 6):
            cases = (
                floor_with(icc, size, 2, 0.3, 0.0),
                floor_with(icc, size, 9, 0.5, 0.4),
                floor_with(icc, size, 9, 0.7, 0.3),
            )
            alone = floor_with(icc, size, 1, 0.0, 0.0)
            print(f"  {icc:<6.2f}{size:>3}{alone:>9.3f}" + "".join(f"{value:>18.3f}" for value in cases))


def floor_with(icc: float, size: int, together: int, of_truths: float, of_errors: float) -> float:
    def alike(correlation: float) -> np.ndarray:
        return correlation * np.ones((together, together)) + (1.0 - correlation) * np.eye(together)

    truths, errors = icc * alike(of_truths), (1.0 - icc) / size * alike(of_errors)
    left = truths - truths @ np.linalg.solve(truths + errors, truths)
    return float(np.sqrt(np.trace(left) / np.trace(errors)))


def report_time() -> None:
    """Eight waves of nine dimensions: eighteen pools of scores and forty-five of gaps each."""
    samples = [
        draw_sample(replace(Population(), missing=0.0), seed=SEED + n, respondents=(6, 6)) for n in range(9)
    ]
    begin, busy = time.perf_counter(), time.process_time()
    for _ in range(8):
        for sample in samples:
            for group in sample.groups:
                pool(*group, sample.region)
            for _ in range(5):
                pool_difference(*sample.groups, sample.region)
    print(
        f"\nTemps : 8 vagues × (18 dimensions et 45 écarts) × 101 départements, 6 répondants :"
        f" {time.perf_counter() - begin:.2f} s écoulées, {time.process_time() - busy:.2f} s de calcul, un cœur"
    )


def main(arguments: list[str]) -> int:
    draws = int(arguments[0]) if arguments else DRAWS
    for line in machine.describe(
        f"vérité simulée, 101 départements, 18 régions, 2 à 6 répondants par côté, {draws} tirages × 2 côtés par"
        f" scénario, graine {SEED}"
    ):
        print(line)
    print(f"Calcul : numpy {version('numpy')}, scipy {version('scipy')}")
    begin, busy = time.perf_counter(), time.process_time()
    scenarios = required()
    tallies = report_scores("Exigence", scenarios, draws, SEED)
    ratio = report_error(scenarios, tallies)
    report_scores("Hors du modèle", beyond(), max(2, draws // 3), SEED + 100_000)
    gaps = report_gaps(draws, SEED + 200_000)
    report_peers(max(2, draws // 8), SEED + 300_000)
    report_borrowing()
    report_time()
    print(f"\nCouverture de 93 à 97 %, chaque n, chaque scénario : {verdict(tallies)}")
    print(f"La même pour les écarts : {verdict(gaps)}")
    gained = f"{100 * (1 - ratio):.0f} %"
    print(f"Erreur de l'ensemble, sous celle des moyennes brutes : {gained} (au moins 25 % demandés)")
    print(
        f"Durée du banc : {time.perf_counter() - begin:.0f} s, dont {time.process_time() - busy:.0f} s de calcul"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
