"""Criteria set before the quarter, and the conclusion computed from them. Plain Python.

Each criterion has a definition, a denominator and a threshold. The conclusion is three words and their reasons, never
a sum: criteria are not added, weighted nor ranked.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from traitdunion.core.errors import Refusal
from traitdunion.reviews.figures import decimal_text, is_identifier
from traitdunion.reviews.kinds import Answer, Conclusion, Operator

MOST_CRITERIA: Final = 30
LONGEST_TEXT: Final = 400
FIELDS: Final = ("id", "intitule", "definition", "denominateur", "operateur", "seuil", "chiffre")


class CriteriaError(Refusal):
    """The text of the criteria cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One criterion: what is looked at, over what, and from where on it is met."""

    id: str
    label: str
    definition: str
    denominator: str
    operator: Operator
    value: Decimal
    figure: str

    def answer(self, found: Decimal | None) -> Answer:
        """Return what the criterion says of a figure; a figure without value gives no answer, never a refusal."""
        if found is None:
            return Answer.MISSING
        is_met = {
            Operator.AT_LEAST: found >= self.value,
            Operator.AT_MOST: found <= self.value,
            Operator.EQUAL: found == self.value,
        }[self.operator]
        return Answer.MET if is_met else Answer.UNMET

    @property
    def threshold(self) -> str:
        """The threshold, in French."""
        return f"{self.operator.label} {decimal_text(self.value).replace('.', ',')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """A version of the criteria.

    Attributes:
        name: what a bilan cites.
        is_example: whether they are ours and not those of an authority.
        items: the criteria, in reading order.
    """

    name: str
    is_example: bool
    items: Sequence[Criterion]


def read(text: str) -> Criteria:
    """Return the criteria written in TOML.

    Raises:
        CriteriaError: the text is not TOML, a value is missing or wrong, or two criteria have one name; the message
            says which.
    """
    try:
        written = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CriteriaError(f"Le texte des critères n’est pas du TOML lisible : {error}.") from error
    name = _words(written, "nom", "La version")
    is_example = written.get("exemple")
    if not isinstance(is_example, bool):
        raise CriteriaError("Dites si ces critères sont un exemple : exemple = true, ou exemple = false.")
    rows = written.get("critere")
    if not isinstance(rows, list) or not 0 < len(rows) <= MOST_CRITERIA:
        raise CriteriaError(
            f"On attend de un à {MOST_CRITERIA} critères, chacun sous un titre [[critere]] : aucun ou trop ici."
        )
    items = [_criterion(row, rank) for rank, row in enumerate(rows, start=1)]
    for said in ([item.id for item in items], [item.label for item in items]):
        twice = next((each for each in said if said.count(each) > 1), None)
        if twice is not None:
            raise CriteriaError(f"Deux critères s’appellent « {twice} » : donnez à chacun son nom.")
    return Criteria(name=name, is_example=is_example, items=items)


def _criterion(row: object, rank: int) -> Criterion:
    where = f"Le critère n° {rank}"
    if not isinstance(row, dict):
        raise CriteriaError(f"{where} n’est pas un tableau : écrivez-le sous un titre [[critere]].")
    unknown = [name for name in row if name not in FIELDS]
    if unknown:
        raise CriteriaError(f"{where} porte « {unknown[0][:40]} », inconnu. On attend : {', '.join(FIELDS)}.")
    said = {name: _words(row, name, where) for name in FIELDS}
    for name in ("id", "chiffre"):
        if not is_identifier(said[name]):
            raise CriteriaError(
                f"{where} : « {said[name][:40]} » n’est pas un nom. On attend des minuscules, des chiffres et des "
                "tirets, par exemple reunions-tenues."
            )
    try:
        operator = Operator(said["operateur"])
    except ValueError as error:
        raise CriteriaError(
            f"{where} : « {said['operateur'][:10]} » ne compare rien. On attend >=, <= ou =."
        ) from error
    try:
        value = Decimal(said["seuil"])
    except InvalidOperation as error:
        raise CriteriaError(f"{where} : « {said['seuil'][:20]} » n’est pas un nombre.") from error
    if not value.is_finite():
        raise CriteriaError(f"{where} : « {said['seuil'][:20]} » n’est pas un nombre fini.")
    return Criterion(
        id=said["id"],
        label=said["intitule"],
        definition=said["definition"],
        denominator=said["denominateur"],
        operator=operator,
        value=value,
        figure=said["chiffre"],
    )


def _words(row: Mapping[str, Any], name: str, where: str) -> str:
    said = row.get(name)
    if not isinstance(said, str) or not said.strip() or len(said) > LONGEST_TEXT:
        raise CriteriaError(
            f"{where} : « {name} » manque, ou n’est pas un texte de un à {LONGEST_TEXT} signes entre guillemets."
        )
    return said.strip()


# The conclusion


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one criterion finds."""

    criterion: Criterion
    found: Decimal | None
    answer: Answer

    @property
    def sentence(self) -> str:
        """The finding, in French."""
        said = "aucun chiffre" if self.found is None else decimal_text(self.found).replace(".", ",")
        return f"{self.criterion.label} : {self.answer.label} ({said} ; seuil : {self.criterion.threshold})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the criteria conclude and why.

    Attributes:
        conclusion: one of the three outcomes.
        findings: one per criterion, in their order.
        explanation: French sentences, the reason of the conclusion first.
        missing: names of the criteria without an answer.
    """

    conclusion: Conclusion
    findings: Sequence[Finding]
    explanation: Sequence[str]
    missing: Sequence[str]


def judge(criteria: Criteria, values: Mapping[str, Decimal | None]) -> Judgement:
    """Return what the criteria conclude from the figures.

    One criterion that is not met is enough to be « à renforcer », whatever is missing: what is known is known. When
    all that is known is met but something is missing, nothing can be concluded. Silence is no agreement.

    Args:
        criteria: those frozen for the quarter.
        values: the value of each figure; a figure absent or None has no answer.
    """
    findings = [
        Finding(criterion=item, found=values.get(item.figure), answer=item.answer(values.get(item.figure)))
        for item in criteria.items
    ]
    missing = [each.criterion.id for each in findings if each.answer is Answer.MISSING]
    unmet = [each for each in findings if each.answer is Answer.UNMET]
    met = len(findings) - len(missing) - len(unmet)
    counts = (
        f"sur {len(findings)} : {_agreed(met, 'atteint')}, {_agreed(len(unmet), 'non atteint')}, "
        f"{len(missing)} sans réponse"
    )
    if unmet:
        conclusion = Conclusion.A_RENFORCER
        why = f"À renforcer : au moins un critère n’est pas atteint ({counts})."
    elif missing:
        conclusion = Conclusion.NON_CONCLUANT
        why = f"Non concluant : il manque des réponses et rien ne permet de les supposer ({counts})."
    else:
        conclusion = Conclusion.SATISFAISANT
        why = f"Satisfaisant : tous les critères sont atteints ({counts})."
    return Judgement(
        conclusion=conclusion,
        findings=findings,
        explanation=[why, *(each.sentence for each in findings)],
        missing=missing,
    )


def _agreed(count: int, word: str) -> str:
    return f"{count} {word}" if count < 2 else f"{count} {word}s"
