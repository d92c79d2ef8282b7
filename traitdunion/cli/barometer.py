"""``traitdunion barometer``: plain files in and out, without the site and without a database."""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from traitdunion.barometer import questionnaire as questionnaires
from traitdunion.barometer.questionnaire import Questionnaire
from traitdunion.cli.checkout import assets_folder
from traitdunion.cli.files import CommandRefusedError, read_in, write_out
from traitdunion.territories.sources import GeographicCode, read_geographic_code

if TYPE_CHECKING:
    from traitdunion.barometer.simulation import Precision

ANSWERS_BYTES: Final = 250_000_000  # thirty times eight waves of the whole country
QUESTIONNAIRE_BYTES: Final = 1_000_000
MOST_RESPONDENTS: Final = 200
MOST_SD: Final = 2.0  # half of the scale: people at its two ends


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the three verbs and their options."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERBE", title="verbes")
    analysing = verbs.add_parser(
        "analyse",
        prog=f"{parser.prog} analyse",
        description="Analyse des réponses (wave, departement, side, respondent, item, value) ; écrit RESULT.json.",
    )
    analysing.add_argument(
        "answers", metavar="REPONSES.csv", type=Path, help="CSV en UTF-8, une réponse par ligne"
    )
    analysing.add_argument("--questionnaire", metavar="Q.toml", type=Path, help="sinon l’exemple livré")
    analysing.add_argument("--out", metavar="RESULT.json", type=Path, required=True, help="fichier à écrire")
    analysing.add_argument(
        "--min-answers",
        metavar="N",
        type=int,
        default=3,
        help="répondants sous lesquels un côté est caché (3)",
    )
    showing = verbs.add_parser(
        "questionnaire", prog=f"{parser.prog} questionnaire", description="Montre un questionnaire."
    )
    showing.add_argument("--questionnaire", metavar="Q.toml", type=Path, help="sinon l’exemple livré")
    form = showing.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="ses questions, en JSON (par défaut)")
    form.add_argument("--toml", action="store_true", help="le fichier, sous sa forme canonique")
    planning = verbs.add_parser(
        "simulate",
        prog=f"{parser.prog} simulate",
        description="Prévoit la largeur des intervalles à 95 % selon le nombre de répondants de chaque côté.",
    )
    planning.add_argument(
        "--respondents",
        metavar="N",
        type=int,
        nargs="+",
        default=[2, 3, 4, 5, 6],
        help="par côté (2 3 4 5 6)",
    )
    planning.add_argument(
        "--icc", type=float, default=0.2, help="part de la variance entre départements (0,2)"
    )
    planning.add_argument("--sd", type=float, default=0.8, help="écart-type des réponses, en points (0,8)")
    planning.add_argument("--json", action="store_true", help="en JSON")


def run(options: argparse.Namespace) -> int:
    """Analyse, show a questionnaire, or plan."""
    if options.verb == "analyse":
        return _analyse(options)
    if options.verb == "simulate":
        return _simulate(options)
    questionnaire = _questionnaire(options.questionnaire)
    if options.toml:
        print(questionnaires.write(questionnaire), end="")
    else:
        print(json.dumps(questionnaires.as_json(questionnaire), ensure_ascii=False, indent=2))
    return 0


def _analyse(options: argparse.Namespace) -> int:
    from traitdunion.barometer import analysis, answers  # numpy: only where it serves

    if options.min_answers < 1:
        raise CommandRefusedError(f"--min-answers vaut {options.min_answers} : on attend 1 ou plus.")
    questionnaire = _questionnaire(options.questionnaire)
    code = read_geographic_code(assets_folder() / "geographic-code")
    names, regions = _territories(code)
    waves = answers.read_csv(read_in(options.answers, most=ANSWERS_BYTES), questionnaire, names)
    result = analysis.analyse(waves, questionnaire, regions, min_answers=options.min_answers)
    written = json.dumps(result, ensure_ascii=False, sort_keys=True, allow_nan=False, separators=(",", ":"))
    return write_out(written.encode() + b"\n", options.out)


def _territories(code: GeographicCode) -> tuple[Mapping[str, str], Mapping[str, str]]:
    return (
        {row["code"]: row["nom"] for row in code.departements},
        {row["code"]: row["region"] for row in code.departements},
    )


def _questionnaire(path: Path | None) -> Questionnaire:
    if path is None:
        return questionnaires.example()
    try:
        text = read_in(path, most=QUESTIONNAIRE_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CommandRefusedError(f"Le questionnaire « {path} » n’est pas en UTF-8.") from error
    return questionnaires.read(text)


def _simulate(options: argparse.Namespace) -> int:
    from traitdunion.barometer import simulation  # numpy: only where it serves

    if not (
        all(1 <= number <= MOST_RESPONDENTS for number in options.respondents)
        and 0.0 <= options.icc < 1.0
        and 0.0 < options.sd <= MOST_SD
    ):
        raise CommandRefusedError(
            f"On attend de 1 à {MOST_RESPONDENTS} répondants de chaque côté, --icc de 0 à moins de 1 et --sd "
            f"au-dessus de 0, {MOST_SD:.0f} au plus."
        )
    found = simulation.precision(respondents=options.respondents, icc=options.icc, sd=options.sd)
    if options.json:
        print(json.dumps([_as_json(each) for each in found], ensure_ascii=False, indent=2, allow_nan=False))
        return 0
    print("Demi-largeur de l’intervalle à 95 %, en points de l’échelle de 1 à 5")
    print(
        f"(part de variance entre départements {_number(options.icc)}, écart-type {_number(options.sd)} ; "
        "calculé, sans réponse réelle)"
    )
    print("répondants par côté   département seul   département   région   nation")
    for each in found:
        print(
            f"{each.respondents:>19}   {_number(each.alone):>16}   {_number(each.departement):>11}   "
            f"{_number(each.region):>6}   {_number(each.nation):>6}"
        )
    return 0


def _as_json(precision: "Precision") -> dict[str, Any]:
    return {
        "respondents": precision.respondents,
        "alone": precision.alone if precision.respondents > 1 else None,
        "departement": precision.departement,
        "region": precision.region,
        "nation": precision.nation,
    }


def _number(value: float) -> str:
    return "aucune" if value == float("inf") else f"{value:.2f}".replace(".", ",")
