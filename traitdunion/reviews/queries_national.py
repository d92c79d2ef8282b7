"""The national bilan reads the départements': what stands for each of them, the figures, the paragraphs.

A bilan of a département enters as it stood at the reading; a later correction signed by both replaces what it
corrects, so that a national bilan already signed shows « périmé ». What is merely signed later changes nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.utils import timezone

from traitdunion.plan.kinds import BlockerCause
from traitdunion.reviews import criteria, figures, queries, rules
from traitdunion.reviews.figures import Figure
from traitdunion.reviews.kinds import Answer, Conclusion, Fate, Level, Party
from traitdunion.reviews.models import CriteriaVersion, PartyName, Version, by_name
from traitdunion.reviews.parties import Name, shipped
from traitdunion.reviews.rules import Quarter
from traitdunion.territories.models import Departement

# A bilan that nobody signed gives no figure: its sources are read.
BILANS: Final = "Bilans signés des départements, à défaut leurs sources"
PAIR: Final = frozenset(rules.SIDES[Level.DEPARTEMENT])
HUNDRED: Final = Decimal(100)
NO_ANSWER: Final = "aucun bilan de département ne le dit"
NOTHING_DUE: Final = "rien n’était échu"


def party_names() -> tuple[Name, ...]:
    """Return the dated names of the institutions, what an administrator wrote before what is shipped; one query."""
    return (*(row.dated for row in PartyName.objects.all()), *shipped())


# What stands for each département


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The bilan of a département as the national one reads it.

    Attributes:
        departement: whose.
        version: the text that is read, the latest correction signed by both when there is one.
        signed: who had signed, at the reading, the version that stood then.
        is_outdated: whether a source of that version had changed by then.
    """

    departement: Departement
    version: Version
    signed: frozenset[Party]
    is_outdated: bool

    @property
    def is_agreed(self) -> bool:
        """Whether both had signed: nothing else is an agreement."""
        return self.signed >= PAIR

    @property
    def figures(self) -> Mapping[str, Figure]:
        """The figures of the text, by name; read from what was fetched."""
        return by_name(self.version.figures.all())


def standings(quarter: Quarter, *, at: datetime, with_paragraphs: bool = False) -> list[Standing]:
    """Return what stands at ``at`` for each département whose bilan is open, by code, in four queries or five."""
    rows = (
        Version.objects.filter(
            review__level=Level.DEPARTEMENT.value,
            review__quarter=str(quarter),
            review__departement__isnull=False,
        )
        .select_related("review__departement", "review__criteria")
        .prefetch_related("signatures", "figures", *(["paragraphs"] if with_paragraphs else []))
        .order_by("review__departement", "number")
    )
    versions: dict[str, list[Version]] = {}
    for version in rows:
        versions.setdefault(version.review.departement_id or "", []).append(version)
    found = (_standing(versions[code], at) for code in sorted(versions))
    return [each for each in found if each is not None]


def _standing(versions: Sequence[Version], at: datetime) -> Standing | None:
    known = [version for version in versions if version.recorded_at <= at]
    departement = versions[0].review.departement
    if not known or departement is None:
        return None
    stood = next((version for version in reversed(known) if _signed(version, at)), known[-1])
    read = stood
    if _signed(stood, at):
        later = [version for version in versions if version.number > stood.number]
        read = next((version for version in reversed(later) if _signed(version) >= PAIR), stood)
    return Standing(
        departement=departement,
        version=read,
        signed=_signed(stood, at),
        is_outdated=stood.outdated_on is not None and stood.outdated_on <= timezone.localdate(at),
    )


def _signed(version: Version, at: datetime | None = None) -> frozenset[Party]:
    return frozenset(Party(row.side) for row in version.signatures.all() if at is None or row.signed_at <= at)


# Figures


def figures_of_nation(quarter: Quarter, *, day: date, at: datetime) -> dict[str, Figure]:
    """Return the figures of the national bilan, by name.

    Args:
        quarter: the quarter described.
        day: the day of the reading.
        at: its instant: a signature counts when it was given by then.
    """
    found = {each.departement.code: each for each in standings(quarter, at=at)}
    departements = list(Departement.objects.order_by("code"))
    codes = [departement.code for departement in departements]
    # What nobody signed is read at its source: its figures still move, and a national bilan must not move with them.
    unsigned = [each for each in departements if each.code not in found or not found[each.code].signed]
    live = queries.figures_of(quarter, unsigned, day=day) if unsigned else {}
    read = [live[code] if code in live else found[code].figures for code in codes]
    count = _Count(end=quarter.last_day, day=day, departements=len(codes))
    said = [
        *_of_states(count, list(found.values())),
        *_of_conclusions(count, list(found.values())),
        *_of_criteria(count, quarter, read),
        *_of_practice(count, read),
        *_of_fates(count, queries.fates(quarter, codes, day=day)),
        *_of_blockers(count, queries.blockers_by_cause(quarter, codes, day=day)),
        Figure(
            id="presence-sante",
            label="Demandes de présence de santé",
            definition="Demandes de présence d’un professionnel de santé reçues dans le trimestre.",
            source="Cellules (à venir)",
            as_of=quarter.last_day,
            value=None,
            unit="demandes",
            reason_missing=figures.NOT_MEASURED,
        ),
    ]
    return {figure.id: figure for figure in said}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Count:
    """What every count shares: the days, and over how many départements."""

    end: date
    day: date
    departements: int

    def of(self, name: str, label: str, value: int | Decimal, definition: str, *, unit: str = "départements",
           out_of: int | Decimal | None = None, source: str = BILANS, as_of: date | None = None) -> Figure:  # fmt: skip
        return Figure(
            id=name,
            label=label,
            definition=definition,
            source=source,
            as_of=as_of or self.end,
            value=Decimal(value),
            denominator=None if out_of is None else Decimal(out_of),
            unit=unit,
        )

    def missing(self, name: str, label: str, definition: str, *, unit: str, why: str) -> Figure:
        return Figure(
            id=name, label=label, definition=definition, source=BILANS, as_of=self.end, value=None, unit=unit,
            reason_missing=why,
        )  # fmt: skip

    def summed(self, name: str, label: str, read: Iterable[Mapping[str, Figure]], source: str, definition: str,
               unit: str, *, as_one: Callable[[Decimal], Decimal] | None = None) -> Figure:  # fmt: skip
        """Return the sum of the figure ``source`` of the départements; ``as_one`` makes each of them count for one."""
        values = [each[source] for each in read if source in each and each[source].value is not None]
        if not values:
            return self.missing(name, label, definition, unit=unit, why=NO_ANSWER)
        said = [each.value or Decimal(0) for each in values]
        wholes = [each.denominator for each in values if each.denominator is not None]
        if as_one is not None:
            said, wholes = [as_one(value) for value in said], [Decimal(1)] * len(said)
        whole = sum(wholes, Decimal(0)) if len(wholes) == len(said) else None
        return self.of(name, label, sum(said, Decimal(0)), definition, unit=unit, out_of=whole)

    def share(
        self,
        name: str,
        label: str,
        value: Decimal,
        out_of: Decimal,
        definition: str,
        *,
        as_of: date | None = None,
    ) -> Figure:
        if not out_of:
            return self.missing(name, label, definition, unit="%", why=NOTHING_DUE)
        part = (HUNDRED * value / out_of).quantize(Decimal("0.1"))
        return self.of(name, label, part, definition, unit="%", as_of=as_of)


def _of_states(count: _Count, found: Sequence[Standing]) -> list[Figure]:
    agreed = sum(each.is_agreed for each in found)
    one = sum(bool(each.signed) and not each.is_agreed for each in found)
    every, day = count.departements, count.day
    return [
        count.of("bilans-signes", "Bilans signés par les deux parties", agreed,
                 "Départements dont le bilan porte les deux signatures ce jour-là.", out_of=every, as_of=day),
        count.of("bilans-une-partie", "Bilans signés par une seule partie", one,
                 "Départements dont le bilan porte une seule signature ce jour-là.", out_of=every, as_of=day),
        count.of("bilans-non-signes", "Bilans non signés", every - agreed - one,
                 "Départements dont le bilan n’est signé par personne, ou n’est pas ouvert. Le silence n’est jamais "
                 "un accord.", out_of=every, as_of=day),
        count.of("bilans-perimes", "Bilans périmés", sum(each.is_outdated for each in found),
                 "Bilans signés dont une source dit autre chose qu’à la signature.", unit="bilans signés",
                 out_of=agreed + one, as_of=day),
        count.share("part-bilans-signes", "Part des bilans signés par les deux parties", Decimal(agreed),
                    Decimal(every), "Bilans signés par les deux parties, sur tous les départements.", as_of=day),
    ]  # fmt: skip


def _of_conclusions(count: _Count, found: Sequence[Standing]) -> list[Figure]:
    kept = Counter(conclusion_of(each) for each in found if each.is_agreed)
    names = {
        Conclusion.SATISFAISANT: "conclusions-satisfaisant",
        Conclusion.A_RENFORCER: "conclusions-a-renforcer",
        Conclusion.NON_CONCLUANT: "conclusions-non-concluant",
    }
    every = count.departements
    return [
        *(
            count.of(
                name, f"Conclusion « {conclusion.label} »", kept[conclusion],
                "Départements dont le bilan, signé par les deux parties, retient cette conclusion.", out_of=every,
                as_of=count.day,
            )
            for conclusion, name in names.items()
        ),
        count.of(
            "conclusions-sans-bilan", "Sans bilan signé par les deux parties", every - kept.total(),
            "Départements dont aucune conclusion ne se lit, faute des deux signatures. Le silence n’est jamais un "
            "accord.", out_of=every, as_of=count.day,
        ),
    ]  # fmt: skip


def conclusion_of(standing: Standing) -> Conclusion:
    """Return the conclusion that the two institutions keep."""
    version = standing.version
    if version.kept:
        return Conclusion(version.kept)
    return queries.judgement(version, standing.figures).conclusion


def _of_criteria(count: _Count, quarter: Quarter, read: Sequence[Mapping[str, Figure]]) -> list[Figure]:
    """Return, criterion by criterion, where it is met over where it has an answer: they are not added."""
    frozen = CriteriaVersion.objects.filter(quarter=str(quarter), level=Level.DEPARTEMENT.value).first()
    if frozen is None:
        return []
    labels: dict[str, str] = {}
    answers: dict[str, Counter[Answer]] = {}
    for each in read:
        judged = criteria.judge(
            queries.criteria_of(frozen.text), {name: figure.value for name, figure in each.items()}
        )
        for finding in judged.findings:
            criterion = finding.criterion
            labels.setdefault(criterion.id, criterion.label)
            answers.setdefault(criterion.id, Counter())[finding.answer] += 1
    said = []
    for name, label in labels.items():
        answered = answers[name][Answer.MET] + answers[name][Answer.UNMET]
        definition = (
            "Départements où ce critère est atteint, sur ceux où il a une réponse ; les autres ne comptent ni pour ni "
            "contre."
        )
        said.append(
            count.of(
                f"critere-{name}", label[:200], answers[name][Answer.MET], definition,
                unit="départements avec une réponse", out_of=answered,
            )
            if answered
            else count.missing(f"critere-{name}", label[:200], definition, unit="départements", why=NO_ANSWER)
        )  # fmt: skip
    return said


def _of_practice(count: _Count, read: Sequence[Mapping[str, Figure]]) -> list[Figure]:
    """Return the sums of what the bilans of the départements say, signed or not: facts, not judgements."""
    said = [
        count.summed("conventions-en-vigueur", "Conventions en vigueur", read, "convention-en-vigueur",
                     "Départements dont une convention est en vigueur au dernier jour du trimestre.", "départements"),
        count.summed("referents-en-poste", "Référents en poste", read, "referents-en-poste",
                     "Institutions dont un référent est en poste au dernier jour du trimestre, deux par "
                     "département.", "institutions"),
        count.summed("contacts-confirmes", "Contacts confirmés", read, "contacts-confirmes",
                     "Institutions dont une personne en poste a confirmé son contact, deux par département.",
                     "institutions"),
        count.summed("reunions-tenues", "Réunions tenues", read, "reunions-tenues",
                     "Réunions tenues dans le trimestre, les deux institutions présentes, tous départements.",
                     "réunions"),
        count.summed("departements-reunis", "Départements réunis", read, "reunions-tenues",
                     "Départements où une réunion au moins s’est tenue, les deux institutions présentes.",
                     "départements", as_one=lambda value: Decimal(value > 0)),
        count.summed("pistes-a-temps", "Pistes d’amélioration réalisées", read, "pistes-a-temps",
                     "Pistes retenues et échues dont toutes les actions sont closes, tous départements.",
                     "pistes échues"),
        count.summed("pistes-en-retard", "Pistes d’amélioration en retard", read, "pistes-en-retard",
                     "Pistes retenues et échues dont une action au moins est attendue, tous départements.",
                     "pistes échues"),
        count.summed("actions-en-retard", "Actions en retard", read, "actions-en-retard",
                     "Actions des départements dont l’échéance est passée au dernier jour du trimestre.", "actions"),
    ]  # fmt: skip
    parts = {
        "conventions-en-vigueur": ("part-conventions-en-vigueur", "Part des conventions en vigueur"),
        "referents-en-poste": ("part-referents-en-poste", "Part des référents en poste"),
        "departements-reunis": ("part-departements-reunis", "Part des départements réunis"),
        "pistes-a-temps": ("part-pistes-a-temps", "Part des pistes réalisées à temps"),
    }
    for figure in list(said):
        if figure.id in parts:
            name, label = parts[figure.id]
            said.append(
                count.share(
                    name,
                    label,
                    figure.value or Decimal(0),
                    figure.denominator or Decimal(0),
                    figure.definition,
                )
            )
    return said


def _of_fates(count: _Count, fates: Counter[Fate]) -> list[Figure]:
    total = fates.total()
    names = {
        Fate.TENU: ("engagements-tenus", "Engagements tenus", "dits tenus"),
        Fate.NON_TENU: ("engagements-non-tenus", "Engagements non tenus", "dits non tenus"),
        Fate.ABANDONNE: ("engagements-abandonnes", "Engagements abandonnés", "abandonnés avec un motif"),
        Fate.A_TENIR: (
            "engagements-sans-suite",
            "Engagements sans suite dite",
            "dont personne n’a dit la suite",
        ),
    }
    due = Decimal(total - fates[Fate.ABANDONNE])
    return [
        *(
            count.of(
                name, label, fates[fate], f"Engagements échus des bilans précédents des départements, {words}.",
                unit="engagements échus", out_of=total,
            )
            for fate, (name, label, words) in names.items()
        ),
        count.share(
            "part-engagements-tenus", "Part des engagements tenus", Decimal(fates[Fate.TENU]), due,
            "Engagements échus dits tenus, les abandons motivés mis à part.",
        ),
    ]  # fmt: skip


def _of_blockers(count: _Count, causes: Counter[BlockerCause]) -> list[Figure]:
    total = causes.total()
    return [
        count.of("blocages-ouverts", "Blocages en cours", total,
                 "Obstacles d’actions des départements déclarés et non levés au dernier jour du trimestre.",
                 unit="blocages", source=queries.LEDGER),
        *(
            count.of(f"blocages-cause-{cause.value.replace('_', '-')}", f"Blocages, {cause.label}", causes[cause],
                     "Obstacles en cours dont la cause déclarée est celle-ci.", unit="blocages", out_of=total,
                     source=queries.LEDGER)
            for cause in BlockerCause
        ),
    ]  # fmt: skip
