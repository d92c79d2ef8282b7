"""What a piste is about, once found: how its pattern is named, what is compared later, what facts open by themselves.

Plain Python. The rules that find a piste in answers are elsewhere; here is what is done with what they find.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from traitdunion.barometer.rules_effect import Quantity

HIGH: Final = (
    3.5  # between « parfois » and « souvent »: to be set by the pilot, like the thresholds of the rules
)

FACTS: Final = "facts"
POLITENESS: Final = "politeness"
FACT_RULE: Final = "fact_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A piste that a rule found, in the words of the day.

    Attributes:
        departement: its code.
        rule: which rule found it.
        pattern: the kind of gap, which suggests the remedy.
        dimension: what it is about, empty for facts.
        side: the side it is about, empty for both.
        reading: what was seen.
        remedy: what is usually done.
    """

    departement: str
    rule: str
    pattern: str
    dimension: str
    side: str
    reading: str
    remedy: str


def found_in(content: Mapping[str, Any]) -> list[Found]:
    """Return the pistes of the wave's object of RESULT.json."""
    return [
        Found(
            departement=each["departement"],
            rule=each["rule"],
            pattern=each["pattern"],
            dimension=each["dimension"] or "",
            side=each["side"] or "",
            reading=each["reading"],
            remedy=each["remedy"],
        )
        for each in content["pistes"]
    ]


def label_of(pattern: str) -> str:
    """Return the name of a pattern on a page; one that is no longer in the list keeps its identifier."""
    return LABELS.get(pattern, pattern)


def fact_of(rule: str) -> str:
    """Return the short name of the fact that opened a piste, empty when answers did."""
    return rule.removeprefix(FACT_RULE) if rule.startswith(FACT_RULE) else ""


def quantity_of(rule: str, side: str) -> Quantity:
    """Return what is compared between two waves for a piste found by ``rule`` on ``side``."""
    if rule == "misunderstanding":
        return Quantity.ACCURACY_ARS if side == "ars" else Quantity.ACCURACY_PREFECTURE
    return QUANTITIES.get(rule, Quantity.LEVEL)


LABELS: Final[Mapping[str, str]] = {
    "shared_problem": "difficulté que les deux côtés reconnaissent",
    "unaware": "un côté ne sait pas ce que vit l’autre",
    "disagreement": "désaccord",
    "internal": "désaccord à l’intérieur d’un côté",
    "one_side": "difficulté dite d’un seul côté",
    "falling": "baisse d’un côté, deux fois de suite",
    POLITENESS: "bonnes réponses, faits absents",
    FACTS: "fait à vérifier",
}
QUANTITIES: Final[Mapping[str, Quantity]] = {
    "agreement": Quantity.AGREEMENT,
    "asymmetry": Quantity.ASYMMETRY,
    "spread": Quantity.SPREAD,
}


# Facts


class Told(Protocol):
    """A fact, as ``facts.Fact`` gives it."""

    @property
    def key(self) -> str:
        """Short name."""
        ...

    @property
    def side(self) -> Any:  # noqa: ANN401  # identity's own list, or None
        """The side it is about."""
        ...

    @property
    def label(self) -> str:
        """What is looked at."""
        ...

    @property
    def holds(self) -> bool:
        """Whether it is so."""
        ...

    @property
    def sentence(self) -> str:
        """Why."""
        ...


def pistes_of_facts(
    departement: str, facts: Sequence[Told], cells: Iterable[Mapping[str, Any]]
) -> list[Found]:
    """Return the pistes that the facts of a département open: one for each that should hold and does not.

    Facts stop a good mood from hiding an empty relation: where both sides answer well everywhere, the pattern is
    politeness, and the remedy to check the facts rather than to talk about the answers.
    """
    polite = is_polite(cells)
    return [
        Found(
            departement=departement,
            rule=f"{FACT_RULE}{fact.key}",
            pattern=POLITENESS if polite else FACTS,
            dimension="",
            side=fact.side or "",
            reading=_reading(fact, polite=polite),
            remedy=f"{REMEDIES[fact.key]}{CHECK if polite else ''}",
        )
        for fact in facts
        if fact.key in REMEDIES and not fact.holds
    ]


def is_polite(cells: Iterable[Mapping[str, Any]]) -> bool:
    """Whether both sides answer well on every dimension shown; nothing shown is not politeness.

    >>> high = [{"side": side, "shown": True, "estimate": 3.9} for side in ("prefecture", "ars")]
    >>> is_polite(high), is_polite(high[:1]), is_polite([*high, {"side": "ars", "shown": True, "estimate": 3.0}])
    (True, False, False)
    """
    shown = [cell for cell in cells if cell["shown"]]
    both = {cell["side"] for cell in shown} == {"prefecture", "ars"}
    return both and all(cell["estimate"] >= HIGH for cell in shown)


def _reading(fact: Told, *, polite: bool) -> str:
    """Say the fact: some sentences stand alone, others follow what is looked at."""
    stands_alone = fact.sentence[:1].isupper()
    said = fact.sentence if stands_alone else f"{fact.label[:1].upper()}{fact.label[1:]} : {fact.sentence}"
    said = f"{said.rstrip('.')}."
    return f"Les deux côtés répondent bien, et pourtant : {said}" if polite else said


# The facts that open a piste by themselves, and what is usually done. Another fact is shown, and opens nothing.
REMEDIES: Final[Mapping[str, str]] = {
    "referent_in_post": "Nommer un référent, ou à défaut un suppléant, et le faire savoir à l’autre institution.",
    "meeting": "Fixer ensemble la date d’une réunion dans le mois, et l’inscrire sur le site.",
    "convention_in_force": "Reconduire la convention ou en signer une, après l’avoir relue à deux.",
}
CHECK: Final = " Vérifier d’abord le fait ; une visite de l’échelon régional peut y aider."
