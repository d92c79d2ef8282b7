"""The text that a bilan opens with: sentences that cite figures, so that it is already written. Plain Python."""

from collections.abc import Mapping, Sequence
from typing import Final

from traitdunion.reviews.figures import Change, Figure, token
from traitdunion.reviews.kinds import Level
from traitdunion.reviews.outline import titles

LEAST_SHOWN: Final = 12  # changes told one by one, above which the list is cut and says so
_SENTENCES: Final[Mapping[str, Sequence[tuple[str, str]]]] = {
    "engagements": (
        ("Engagements échus tenus", "engagements-tenus"),
        ("Engagements échus en défaut", "engagements-en-defaut"),
    ),
    "convention": (
        ("Convention en vigueur au dernier jour du trimestre", "convention-en-vigueur"),
        ("Revue de la convention dans le trimestre", "revues-tenues"),
    ),
    "referents": (
        ("Référents en poste au dernier jour du trimestre", "referents-en-poste"),
        ("Contacts confirmés", "contacts-confirmes"),
    ),
    "reunions": (("Réunions tenues, les deux institutions présentes", "reunions-tenues"),),
    "presence": (("Demandes de présence de santé", "presence-sante"),),
    "barometre": (
        (
            "Participation à la dernière vague publiée, du côté qui a le moins répondu",
            "barometre-participation",
        ),
        ("Pistes d’amélioration échues réalisées", "pistes-a-temps"),
        ("Pistes d’amélioration en retard", "pistes-en-retard"),
    ),
    "blocages": (
        ("Blocages en cours", "blocages-ouverts"),
        ("Actions en retard", "actions-en-retard"),
    ),
}
_NATIONAL: Final[Mapping[str, Sequence[tuple[str, str]]]] = {
    "etat": (
        ("Bilans signés par les deux parties", "bilans-signes"),
        ("Bilans signés par une seule partie", "bilans-une-partie"),
        ("Bilans que personne n’a signés", "bilans-non-signes"),
        ("Bilans signés dont une source a changé depuis", "bilans-perimes"),
    ),
    "conclusions": (
        ("Satisfaisant", "conclusions-satisfaisant"),
        ("À renforcer", "conclusions-a-renforcer"),
        ("Non concluant", "conclusions-non-concluant"),
        (
            "Sans bilan signé par les deux parties ; leur silence n’est pas un accord",
            "conclusions-sans-bilan",
        ),
    ),
    "criteres": (),
    "engagements": (
        ("Tenus", "engagements-tenus"),
        ("Non tenus", "engagements-non-tenus"),
        ("Abandonnés, avec un motif", "engagements-abandonnes"),
        ("Sans suite dite", "engagements-sans-suite"),
    ),
    "convention": (("Départements dont une convention est en vigueur", "conventions-en-vigueur"),),
    "referents": (
        ("Référents en poste", "referents-en-poste"),
        ("Contacts confirmés", "contacts-confirmes"),
    ),
    "reunions": (
        ("Départements où les deux institutions se sont réunies", "departements-reunis"),
        ("Réunions tenues en tout", "reunions-tenues"),
    ),
    "presence": (("Demandes de présence de santé", "presence-sante"),),
    "barometre": (
        ("Pistes d’amélioration échues réalisées", "pistes-a-temps"),
        ("Pistes d’amélioration en retard", "pistes-en-retard"),
    ),
    "blocages": (
        ("Blocages en cours", "blocages-ouverts"),
        ("Actions en retard", "actions-en-retard"),
    ),
}
# Parts that also tell, one line each, every figure whose name starts so: their number depends on the criteria frozen
# and on the questionnaire.
_EVERY: Final[Mapping[Level, Mapping[str, str]]] = {
    Level.DEPARTEMENT: {"barometre": "dimension-"},
    Level.NATIONAL: {"criteres": "critere-", "blocages": "blocages-cause-"},
}


def proposals(
    figures: Mapping[str, Figure], changes: Sequence[Change] | None, level: Level = Level.DEPARTEMENT
) -> dict[str, str]:
    """Return the text proposed for each part, in reading order; a figure that is not there is not cited.

    Args:
        figures: those of the version, by name.
        changes: what changed since the last bilan; None when there is none.
        level: of the bilan.
    """
    texts = {"changements": _changes(figures, changes)}
    for section, said in (_NATIONAL if level is Level.NATIONAL else _SENTENCES).items():
        lines = [f"{words} : {token(name)}." for words, name in said if name in figures]
        start = _EVERY[level].get(section)
        if start:
            lines += [
                f"{figure.label} : {token(name)}."
                for name, figure in sorted(figures.items())
                if name.startswith(start)
            ]
        if lines:
            texts[section] = "\n".join(lines)
    return {section: texts[section] for section in titles(level) if section in texts}


def _changes(figures: Mapping[str, Figure], changes: Sequence[Change] | None) -> str:
    if changes is None:
        return "Premier bilan : il n’y a pas de trimestre précédent auquel comparer."
    if not changes:
        return "Aucun chiffre n’a changé depuis le dernier bilan."
    lines = [
        f"{change.label} : {token(change.id)}, {_before(change)}."
        for change in changes
        if change.id in figures
    ]
    gone = [change.label for change in changes if change.id not in figures]
    if gone:
        lines.append(f"Chiffres qui ne sont plus suivis : {', '.join(gone)}.")
    more = len(lines) - LEAST_SHOWN
    if more > 0:
        lines = [
            *lines[:LEAST_SHOWN],
            "D’autres chiffres ont changé : la liste des chiffres les montre tous.",
        ]
    return "\n".join(lines)


def _before(change: Change) -> str:
    if change.before is None:
        return "nouveau chiffre"
    if change.before.value is None:
        return "sans réponse au bilan précédent"
    return f"contre {change.before.shown} au bilan précédent"
