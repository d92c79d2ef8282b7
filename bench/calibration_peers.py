"""What the estimation of the baromètre is compared with: no pooling, REML in three ways, statsmodels.

Written from the textbooks on dense matrices, apart from the product, so that the two can be compared.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import stdtrit


@dataclass(frozen=True)
class Answer:
    """Estimate and 95 % interval of each département, (C,) arrays."""

    estimate: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True)
class Cells:
    """Means, respondents and squares within, of the cells that have respondents; ``region`` (C, R) of ones."""

    mean: np.ndarray
    count: np.ndarray
    squares: float
    freedom: float
    region: np.ndarray


def cells(score, cell, regions) -> Cells:
    count = np.bincount(cell, minlength=len(regions))
    mean = np.bincount(cell, score, len(regions)) / np.maximum(count, 1)
    member = (regions[:, None] == np.arange(regions.max() + 1)).astype(float)
    squares = float(((score - mean[cell]) ** 2).sum())
    return Cells(mean, count, squares, float(len(score) - (count > 0).sum()), member)


def alone(score, cell, regions) -> Answer:
    """Each département by its own respondents: mean and Student interval with its own variance."""
    count = np.bincount(cell, minlength=len(regions))
    mean = np.bincount(cell, score, len(regions)) / np.maximum(count, 1)
    squares = np.bincount(cell, (score - mean[cell]) ** 2, len(regions))
    free = np.maximum(count - 1, 1)
    half = np.where(count > 1, stdtrit(free, 0.975) * np.sqrt(squares / free / np.maximum(count, 1)), 4.0)
    return Answer(mean, mean - half, mean + half)


def known(score, cell, regions, within, between, regional) -> Answer:
    """The best linear prediction, were the three variances known: what no estimator of this kind can beat."""
    return _predict(cells(score, cell, regions), np.array([within, between, regional]), extra=False)


def _matrices(of: Cells, part):
    within, between, regional = part
    variance = np.diag(between + within / of.count) + regional * of.region @ of.region.T
    inverse = np.linalg.inv(variance)
    ones = np.ones(len(of.mean))
    through = inverse @ ones
    projected = inverse - np.outer(through, through) / through.sum()
    return variance, inverse, projected, through


def _some(of: Cells) -> Cells:
    kept = of.count > 0
    return Cells(of.mean[kept], of.count[kept], of.squares, of.freedom, of.region[kept])


def _restricted(of: Cells, part) -> float:
    variance, _, projected, through = _matrices(of, part)
    return float(
        -0.5
        * (
            of.freedom * np.log(part[0])
            + of.squares / part[0]
            + np.linalg.slogdet(variance)[1]
            + np.log(through.sum())
            + of.mean @ projected @ of.mean
        )
    )


def _components(of: Cells, adjusted: bool):
    """Maximise the restricted likelihood, times between² when ``adjusted`` (Morris; Li and Lahiri), so never zero."""
    start = np.log([of.squares / of.freedom, 0.1 * of.squares / of.freedom, 0.02 * of.squares / of.freedom])

    def worth(logarithm):
        return -_restricted(of, np.exp(logarithm)) - (logarithm[1] if adjusted else 0.0)

    found = minimize(worth, start, method="L-BFGS-B", bounds=[(-6, 3), (-12, 3), (-12, 3)])
    return np.exp(found.x)


def _predict(whole: Cells, part, *, extra: bool) -> Answer:
    of = _some(whole)
    _, between, regional = part
    _, inverse, projected, through = _matrices(of, part)
    shared = between * np.diag(whole.count > 0)[:, whole.count > 0] + regional * whole.region @ of.region.T
    nation = through @ of.mean / through.sum()
    weights = shared @ inverse
    estimate = nation + weights @ (of.mean - nation)
    variance = between + regional - np.einsum("ij,ij->i", weights, shared)
    variance += (1.0 - weights.sum(axis=1)) ** 2 / through.sum()
    if extra:
        variance += 2.0 * _from_components(whole, of, part, projected)
    half = 1.959964 * np.sqrt(variance)
    return Answer(estimate, estimate - half, estimate + half)


def _from_components(whole: Cells, of: Cells, part, projected):
    """Kackar and Harville's term, by the expected information and derivatives taken in steps."""
    derivatives = [np.diag(1.0 / of.count), np.eye(len(of.count)), of.region @ of.region.T]
    through = [projected @ each for each in derivatives]
    information = np.array([[0.5 * np.sum(a * b.T) for b in through] for a in through])
    information[0, 0] += of.freedom / (2.0 * part[0] ** 2)
    covariance = np.linalg.pinv(information)
    slopes = []
    for number in range(3):
        step = np.zeros(3)
        step[number] = 1e-4 * part[0]
        slopes.append((_weights(whole, of, part + step) - _weights(whole, of, part)) / step[number])
    variance = _matrices(of, part)[0]
    term = np.zeros(len(whole.count))
    for i in range(3):
        for j in range(3):
            term += covariance[i, j] * np.einsum("ck,kl,cl->c", slopes[i], variance, slopes[j])
    return np.maximum(term, 0.0)


def _weights(whole: Cells, of: Cells, part):
    _, inverse, _, _ = _matrices(of, part)
    shared = part[1] * np.diag(whole.count > 0)[:, whole.count > 0] + part[2] * whole.region @ of.region.T
    return shared @ inverse


def reml(score, cell, regions) -> Answer:
    """REML, variances plugged in."""
    of = cells(score, cell, regions)
    return _predict(of, _components(_some(of), adjusted=False), extra=False)


def reml_corrected(score, cell, regions) -> Answer:
    """REML with Kackar and Harville's correction, doubled as Prasad and Rao do for the bias of the first term."""
    of = cells(score, cell, regions)
    return _predict(of, _components(_some(of), adjusted=False), extra=True)


def adjusted(score, cell, regions) -> Answer:
    """REML kept away from zero (likelihood times between²), with the same correction."""
    of = cells(score, cell, regions)
    return _predict(of, _components(_some(of), adjusted=True), extra=True)


def with_statsmodels(score, cell, regions) -> Answer:
    """MixedLM of statsmodels: région as group, département as a variance component; intervals as it gives them.

    By ``bfgs``: its default, ``lbfgs``, stops short of the maximum on such data.
    """
    import pandas as pd
    from statsmodels.regression.mixed_linear_model import MixedLM

    frame = pd.DataFrame({"score": score, "cell": cell.astype(str), "region": regions[cell]})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = MixedLM.from_formula(
            "score ~ 1", groups="region", re_formula="1", vc_formula={"cell": "0 + C(cell)"}, data=frame
        ).fit(reml=True, method=["bfgs"])
        effects, covariances = fitted.random_effects, fitted.random_effects_cov
    nation = float(fitted.fe_params.iloc[0])
    estimate = np.full(len(regions), np.nan)
    half = np.full(len(regions), np.nan)
    for region, values in effects.items():
        spread = np.asarray(covariances[region])
        for place, name in enumerate(values.index):
            if name.startswith("cell["):
                number = int(name.split("[")[2].rstrip("]"))
                estimate[number] = nation + values.iloc[0] + values.iloc[place]
                both = spread[0, 0] + spread[place, place] + 2.0 * spread[0, place]
                half[number] = 1.959964 * np.sqrt(max(both, 0.0))
    return Answer(estimate, estimate - half, estimate + half)
