"""What the synthetic country did of the plan: national actions in every state, a proof that expired, two indicators.

Titles say that they are synthetic; the wordings of the plan stay those that are shipped. The indicators are counted on
the conventions and the mandates made up before, so that they agree with what the site counts on the same day.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Min

from traitdunion.audit.actors import Actor
from traitdunion.conventions.models import Convention
from traitdunion.identity.kinds import REFERENTS, Holding
from traitdunion.identity.models import Mandate
from traitdunion.plan.kinds import BlockerCause, EventKind, EvidenceKind, OriginKind, Provenance
from traitdunion.plan.models import (
    Action,
    ActionEvent,
    ActionRevision,
    Blocker,
    Evidence,
    Indicator,
    IndicatorValue,
    Measure,
    Proof,
    Statement,
    Target,
)
from traitdunion.territories.models import Departement

PARIS = ZoneInfo("Europe/Paris")
SYNTHETIC: Final = Provenance.SYNTHETIC.value
Author = Callable[[date], dict[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A national action and what happened to it, in days before the day of the story.

    Attributes:
        title: what is to be done; the word « synthétique » is added.
        opened: when it entered the ledger.
        due: its deadline, in days after that day; before it when negative.
        launched: when it was launched, None while it waits.
        done: when it was done, None while it is not.
        blocked: since when something stops it, None when nothing does.
        cause: of that obstacle.
        lifter: who can lift it.
    """

    title: str
    opened: int
    due: int
    launched: int | None = None
    done: int | None = None
    blocked: int | None = None
    cause: BlockerCause = BlockerCause.CADRE_JURIDIQUE
    lifter: str = "bureaux des deux ministères"


# One measure in each state, so that the page shows that a state follows from actions and is never declared.
NATIONAL: Final[Mapping[str, tuple[Told, ...]]] = {
    "37": (
        Told(
            title="Diffuser aux ARS et aux préfectures les actes des États généraux",
            opened=680,
            launched=650,
            done=330,
            due=-300,
        ),
        Told(
            title="Présenter les bonnes pratiques aux équipes des régions",
            opened=600,
            launched=560,
            done=120,
            due=-90,
        ),
    ),
    "38": (
        Told(
            title="Proposer un modèle commun de convention-cadre",
            opened=690,
            launched=660,
            done=420,
            due=-400,
        ),
        Told(
            title="Former les référents à la conduite de la relation",
            opened=420,
            launched=380,
            due=150,
        ),
        Told(
            title="Dire ce qu’un avenant peut ajouter aux circuits d’information",
            opened=300,
            launched=270,
            due=60,
            blocked=45,
        ),
    ),
    "39": (
        Told(
            title="Rédiger la note de veille juridique de l’année",
            opened=450,
            launched=430,
            done=130,
            due=-100,
        ),
        Told(
            title="Suivre les textes et les décisions de justice",
            opened=430,
            launched=410,
            due=200,
        ),
    ),
    "nouvelle": (
        Told(
            title="Écrire le cahier des charges de l’évaluation",
            opened=50,
            due=240,
        ),
        Told(
            title="Préparer une réunion des départements qui expérimentent",
            opened=35,
            due=180,
        ),
    ),
}

# Percentages by code of indicator, at the end of the year before, of this year, of the next one.
TARGETS: Final[Mapping[str, tuple[int, int, int]]] = {
    "38-SIGNEE": (90, 95, 100),
    "38-REFERENTS": (90, 95, 98),
}


def build(*, today: date, start: date, departements: Collection[Departement], actor: Actor) -> None:
    """Write what was done of the shipped plan; conventions and mandates are already there.

    Args:
        today: last day of the story.
        start: its first day.
        departements: those that take part.
        actor: who is said to have made it up.
    """

    def author(day: date) -> dict[str, object]:
        at = datetime.combine(min(day, today), time(12), tzinfo=PARIS)
        return {"author_label": actor.label, "author_mandate": None, "recorded_at": at}

    measures = {measure.code: measure for measure in Measure.objects.filter(code__in=NATIONAL)}
    _actions(measures, today=today, start=start, author=author)
    if "38" in measures:
        _expired_proof(measures["38"], today=today, start=start, author=author)
    indicators = list(Indicator.objects.filter(code__in=TARGETS))
    Target.objects.bulk_create(_targets(indicators, today=today, start=start, author=author))
    days = list(quarter_ends(start, today))
    values = _values(indicators, [each.code for each in departements], days, author)
    IndicatorValue.objects.bulk_create(values, batch_size=2000)


def _actions(measures: Mapping[str, Measure], *, today: date, start: date, author: Author) -> None:
    told = [(measure, each) for code, measure in measures.items() for each in NATIONAL[code]]
    opened = [_ago(each.opened, today, start) for _, each in told]
    actions = [
        Action(
            measure=measure,
            origin=OriginKind.MEASURE.value,
            origin_label=f"Mesure {measure.code}",
            opened_on=day,
            provenance=SYNTHETIC,
            **author(day),
        )
        for (measure, _), day in zip(told, opened, strict=True)
    ]
    Action.objects.bulk_create(actions)
    ActionRevision.objects.bulk_create(
        ActionRevision(
            action=action,
            title=f"{each.title} (action synthétique)",
            due_on=today + timedelta(days=each.due),
            **author(action.opened_on),
        )
        for action, (_, each) in zip(actions, told, strict=True)
    )
    happened = [
        (action, kind, _ago(days, today, start))
        for action, (_, each) in zip(actions, told, strict=True)
        for kind, days in ((EventKind.LANCEE, each.launched), (EventKind.REALISEE, each.done))
        if days is not None
    ]
    ActionEvent.objects.bulk_create(
        ActionEvent(action=action, kind=kind.value, happened_on=day, **author(day))
        for action, kind, day in happened
    )
    Blocker.objects.bulk_create(
        Blocker(
            action=action,
            cause=each.cause.value,
            lifter=each.lifter,
            since=since,
            **author(since),
        )
        for action, (_, each) in zip(actions, told, strict=True)
        if each.blocked is not None
        for since in [_ago(each.blocked, today, start)]
    )


def _ago(days: int, today: date, start: date) -> date:
    return max(today - timedelta(days=days), start)


def _expired_proof(measure: Measure, *, today: date, start: date, author: Author) -> None:
    """Publish a synthetic statement whose only proof has expired: the page greys it and says since when."""
    published = _ago(420, today, start)
    statement = Statement.objects.create(
        measure=measure,
        text="Une formation croisée des référents a été tenue dans chaque région (énoncé synthétique).",
        published_on=published,
        position=90,  # after those of the official page
        provenance=SYNTHETIC,
        **author(published),
    )
    evidence = Evidence.objects.create(
        measure=measure,
        kind=EvidenceKind.PAGE.value,
        title="Relevé des formations croisées (pièce synthétique)",
        reference="Pièce synthétique : aucun document réel",
        dated_on=published,
        expires_on=today - timedelta(days=60),
        provenance=SYNTHETIC,
        **author(published),
    )
    Proof.objects.create(statement=statement, evidence=evidence, **author(published))


def _targets(
    indicators: Iterable[Indicator], *, today: date, start: date, author: Author
) -> Iterator[Target]:
    for indicator in indicators:
        for year, value in enumerate(TARGETS[indicator.code], start=today.year - 1):
            yield Target(indicator=indicator, due_on=date(year, 12, 31), value=value, **author(start))


def quarter_ends(start: date, today: date) -> Iterator[date]:
    """Yield the last day of every quarter that ended between two days, both included."""
    first = date(start.year, 3 * ((start.month - 1) // 3) + 1, 1)
    while True:
        month = first.month + 3
        first = date(first.year + (month > 12), month - 12 if month > 12 else month, 1)
        day = first - timedelta(days=1)
        if day > today:
            return
        yield day


def _values(
    indicators: Iterable[Indicator], codes: Collection[str], days: Iterable[date], author: Author
) -> list[IndicatorValue]:
    counted = {"38-SIGNEE": _signed(), "38-REFERENTS": _both_in_post()}
    total = Departement.objects.count()
    days = list(days)
    values = []
    for indicator in indicators:
        holds = counted[indicator.code]
        for day in days:
            found = {code: int(holds(code, day)) for code in codes}
            made = author(day)
            for code, numerator, denominator in (
                (None, sum(found.values()), total),
                *((code, number, 1) for code, number in found.items()),
            ):
                values.append(
                    IndicatorValue(
                        indicator=indicator,
                        departement_id=code,
                        measured_on=day,
                        numerator=numerator,
                        denominator=denominator,
                        provenance=SYNTHETIC,
                        **made,
                    )
                )
    return values


def _signed() -> Callable[[str, date], bool]:
    """Return whether a convention of a département was signed by a day, as its page counts it."""
    first = dict(
        Convention.objects.filter(parent=None, signed_on__isnull=False)
        .order_by()
        .values("departement_id")
        .annotate(first=Min("signed_on"))
        .values_list("departement_id", "first")
    )
    return lambda code, day: first.get(code, date.max) <= day


def _both_in_post() -> Callable[[str, date], bool]:
    """Return whether both référents of a département were in post on a day."""
    stays: dict[tuple[str, str], list[tuple[date, date]]] = defaultdict(list)
    roles = [role.value for role in REFERENTS.values()]
    for code, role, since, until in Mandate.objects.filter(
        post__role__in=roles, holding=Holding.TITULAIRE.value
    ).values_list("post__departement_id", "post__role", "starts_on", "ends_on"):
        stays[code, role].append((since, until or date.max))

    def holds(code: str, day: date) -> bool:
        return all(any(since <= day <= until for since, until in stays[code, role]) for role in roles)

    return holds
