"""Reads of the bilans: the figures of a quarter, taken where they live, and where each bilan stands.

Every figure is bound to a definition, a source and a day. Their number of queries does not depend on how many
départements are read: the 101 are prepared in one pass.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from traitdunion.barometer import queries_results
from traitdunion.barometer.kinds import Decision
from traitdunion.barometer.kinds import State as WaveState
from traitdunion.barometer.models import Piste, Result, Wave
from traitdunion.conventions import models as conventions_models
from traitdunion.conventions import queries as conventions
from traitdunion.conventions.rules import quarter_of
from traitdunion.identity.kinds import Role, Side
from traitdunion.identity.models import Mandate, Post
from traitdunion.plan import queries as plan
from traitdunion.plan.kinds import ActionState, BlockerCause, OriginKind
from traitdunion.plan.models import Action, Blocker
from traitdunion.reviews import access, criteria, figures
from traitdunion.reviews.figures import Figure
from traitdunion.reviews.kinds import Fate, Level, Party, State
from traitdunion.reviews.models import LIFE, Commitment, Review, Version, by_name, latest
from traitdunion.reviews.rules import SIDES, Life, Quarter, state_of
from traitdunion.territories.models import Departement

CONVENTIONS: Final = "Conventions"
BAROMETER: Final = "Baromètre croisé"
LEDGER: Final = "Registre des actions du plan"
BILANS: Final = "Bilans des trimestres précédents"
NO_WAVE: Final = "aucune vague du baromètre n’est publiée"
CLOSED: Final = (ActionState.REALISEE.value, ActionState.ABANDONNEE.value)
SIDE_NAMES: Final = {"prefecture": "préfecture", "ars": "ARS"}


# Figures of a quarter


def figures_of(
    quarter: Quarter, departements: Sequence[Departement], *, day: date
) -> dict[str, dict[str, Figure]]:
    """Return the figures of each département for ``quarter``, by code then by name.

    Args:
        quarter: the quarter described; what it says is read at its last day.
        departements: those wanted.
        day: the day of the reading: a wave of the baromètre counts once it is published by then.
    """
    codes = [departement.code for departement in departements]
    end = quarter.last_day
    read = _Reading(quarter=quarter, codes=codes, day=day)
    situations = conventions.situation(end, departements=codes)
    meetings, reviews = _meetings(read), _reviews(read)
    commitments = _commitments(read)
    blockers, actions = _blockers(read), _actions(read)
    pistes = _pistes(read)
    wave = _published_wave(day)
    turnout = queries_results.turnouts(wave) if wave else {}
    cells = _cells(wave, set(codes)) if wave else {}
    found: dict[str, dict[str, Figure]] = {}
    for code in codes:
        said = [
            *_of_convention(situations[code], quarter),
            _counted(
                "reunions-tenues", "Réunions tenues", meetings[code], "réunions", CONVENTIONS, end,
                "Réunions tenues dans le trimestre, la préfecture et l’ARS présentes.",
            ),
            _counted(
                "revues-tenues", "Revues de la convention", reviews[code], "revues", CONVENTIONS, end,
                "Relectures communes de la convention enregistrées dans le trimestre.",
            ),
            *_of_commitments(commitments[code], end),
            Figure(
                id="presence-sante", label="Demandes de présence de santé",
                definition="Demandes de présence d’un professionnel de santé reçues dans le trimestre.",
                source="Cellules (à venir)", as_of=end, value=None, unit="demandes",
                reason_missing=figures.NOT_MEASURED,
            ),
            *_of_barometer(wave, turnout.get(code, {}), cells.get(code, ()), end),
            *_of_pistes(pistes[code], end),
            _counted(
                "blocages-ouverts", "Blocages en cours", blockers[code], "blocages", LEDGER, end,
                "Obstacles d’actions du département déclarés et non levés au dernier jour du trimestre.",
            ),
            _counted(
                "actions-en-retard", "Actions en retard", actions[code][ActionState.EN_RETARD.value], "actions", LEDGER,
                end, "Actions du département dont l’échéance est passée au dernier jour du trimestre.",
                out_of=sum(count for state, count in actions[code].items() if state not in CLOSED),
            ),
        ]  # fmt: skip
        found[code] = {figure.id: figure for figure in said}
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    quarter: Quarter
    codes: Sequence[str]
    day: date

    @property
    def days(self) -> tuple[date, date]:
        return self.quarter.first_day, self.quarter.last_day


def _counted(
    name: str,
    label: str,
    count: int,
    unit: str,
    source: str,
    end: date,
    definition: str,
    out_of: int | None = None,
) -> Figure:
    return Figure(
        id=name,
        label=label,
        definition=definition,
        source=source,
        as_of=end,
        value=Decimal(count),
        denominator=None if out_of is None else Decimal(out_of),
        unit=unit,
    )


def _of_convention(situation: conventions.Situation, quarter: Quarter) -> list[Figure]:
    practice = situation.standing.practice
    expected = {str(quarter), str(quarter.previous)}
    confirmed = [practice.contacts_confirmed_on.get(side) for side in Side]
    end = quarter.last_day
    return [
        _counted(
            "convention-en-vigueur", "Convention en vigueur", int(situation.vitality.in_force), "convention attendue",
            CONVENTIONS, end, "Convention signée des deux côtés et applicable au dernier jour du trimestre.", out_of=1,
        ),
        _counted(
            "referents-en-poste", "Référents en poste",
            sum(practice.vacant_since.get(side) is None for side in Side), "institutions",
            CONVENTIONS, end, "Institutions dont un référent est en poste au dernier jour du trimestre.",
            out_of=len(Side),
        ),
        _counted(
            "contacts-confirmes", "Contacts confirmés",
            sum(day is not None and quarter_of(day) in expected for day in confirmed), "institutions", CONVENTIONS, end,
            "Institutions dont une personne en poste a confirmé son contact dans le trimestre ou le précédent.",
            out_of=len(Side),
        ),
    ]  # fmt: skip


def _meetings(read: _Reading) -> Counter[str]:
    rows = (
        conventions_models.Meeting.objects.filter(
            departement__in=read.codes, held_on__range=read.days, prefecture_present=True, ars_present=True
        )
        .order_by()
        .values_list("departement_id")
        .annotate(Count("pk"))
    )
    return Counter(dict(rows))


def _reviews(read: _Reading) -> Counter[str]:
    rows = (
        conventions_models.Review.objects.filter(
            convention__departement__in=read.codes, reviewed_on__range=read.days
        )
        .order_by()
        .values_list("convention__departement_id")
        .annotate(Count("pk"))
    )
    return Counter(dict(rows))


def _commitments(read: _Reading) -> dict[str, Counter[str]]:
    """Return how many commitments of earlier bilans came due, by département and fate.

    Due in the quarter; or earlier, and answered since its start or still without an answer: an old failure counts once.
    """
    first, end = read.days
    rows = (
        Commitment.objects.filter(review__departement__in=read.codes, review__quarter__lt=str(read.quarter))
        .filter(due_on__lte=end)
        .order_by()
        .values_list("review__departement_id", "state", "due_on", "settled_on")
    )
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for code, state, due_on, settled_on in rows:
        # What was said after the day of the reading is not known yet: a bilan already signed does not move for it.
        fate = state if settled_on is not None and settled_on <= read.day else Fate.A_TENIR.value
        if due_on >= first or fate == Fate.A_TENIR.value or (settled_on and settled_on >= first):
            found[code or ""][fate] += 1
    return found


def _of_commitments(fates: Counter[str], end: date) -> list[Figure]:
    due = sum(fates.values()) - fates[Fate.ABANDONNE.value]
    kept = fates[Fate.TENU.value]
    return [
        _counted(
            "engagements-tenus", "Engagements tenus", kept, "engagements échus", BILANS, end,
            "Engagements échus dits tenus, les abandons motivés mis à part.", out_of=due,
        ),
        _counted(
            "engagements-en-defaut", "Engagements en défaut", due - kept, "engagements échus", BILANS, end,
            "Engagements échus dits non tenus, ou dont personne n’a dit la suite.", out_of=due,
        ),
    ]  # fmt: skip


def _blockers(read: _Reading) -> Counter[str]:
    rows = _open_blockers(read).values_list("action__departement_id").annotate(Count("pk"))
    return Counter({code: count for code, count in rows if code})


def _open_blockers(read: _Reading) -> QuerySet[Blocker]:
    end = read.quarter.last_day
    cut = plan.end_of(end)  # as the states of the actions: what was known that evening
    return (
        Blocker.objects.filter(action__departement__in=read.codes, since__lte=end, recorded_at__lt=cut)
        .filter(Q(lifted_on__isnull=True) | Q(lifted_on__gt=end) | Q(lifted_recorded_at__gte=cut))
        .order_by()
    )


def blockers_by_cause(quarter: Quarter, codes: Sequence[str], *, day: date) -> Counter[BlockerCause]:
    """Return how many obstacles stood on the last day of ``quarter``, by cause, one query."""
    read = _Reading(quarter=quarter, codes=codes, day=day)
    rows = _open_blockers(read).values_list("cause").annotate(Count("pk"))
    return Counter({BlockerCause(cause): count for cause, count in rows})


def fates(quarter: Quarter, codes: Sequence[str], *, day: date) -> Counter[Fate]:
    """Return what became of the commitments that came due in ``quarter``, as known on ``day``, one query."""
    every: Counter[str] = Counter()
    for each in _commitments(_Reading(quarter=quarter, codes=codes, day=day)).values():
        every += each
    return Counter({Fate(fate): count for fate, count in every.items()})


def _actions(read: _Reading) -> dict[str, Counter[str]]:
    end = read.quarter.last_day
    known = plan.known(Action.objects.filter(departement__in=read.codes), end)
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for code, state in plan.with_state(known, end).order_by().values_list("departement_id", "state"):
        found[code][state] += 1
    return found


def _pistes(read: _Reading) -> dict[str, Counter[bool]]:
    """Return, by département, how many pistes kept came due, by whether all their actions are closed."""
    end = read.quarter.last_day
    due = Piste.objects.filter(
        departement__in=read.codes, decision=Decision.KEPT.value, due_on__lte=end, decided_at__isnull=False
    ).values_list("public_id", "departement_id")
    opened = Action.objects.filter(departement__in=read.codes, origin=OriginKind.BAROMETER_GAP.value)
    states: dict[Any, list[str]] = defaultdict(list)
    for reference, state in plan.with_state(plan.known(opened, end), end).values_list(
        "origin_reference", "state"
    ):
        states[reference].append(state)
    found: dict[str, Counter[bool]] = defaultdict(Counter)
    for public_id, code in due:
        found[code][bool(states[public_id]) and all(state in CLOSED for state in states[public_id])] += 1
    return found


def _of_pistes(done: Counter[bool], end: date) -> list[Figure]:
    due = done.total()
    definition = "Pistes retenues dont l’échéance est passée au dernier jour du trimestre"
    return [
        _counted(
            "pistes-a-temps", "Pistes d’amélioration réalisées", done[True], "pistes échues", BAROMETER, end,
            f"{definition}, toutes leurs actions closes.", out_of=due,
        ),
        _counted(
            "pistes-en-retard", "Pistes d’amélioration en retard", done[False], "pistes échues", BAROMETER, end,
            f"{definition}, une action au moins encore attendue.", out_of=due,
        ),
    ]  # fmt: skip


def _published_wave(day: date) -> Wave | None:
    waves = Wave.objects.filter(
        sealed_at__isnull=False, cancelled_at=None, closes_on__lte=day, results__isnull=False
    ).order_by("-closes_on", "-pk")
    # A few waves at most lie between the last published and the last closed.
    return next((wave for wave in waves.distinct()[:4] if wave.state_on(day) is WaveState.PUBLISHED), None)


def _cells(wave: Wave, codes: set[str]) -> dict[str, list[Mapping[str, Any]]]:
    row = (
        Result.objects.filter(wave=wave)
        .order_by("-edition")
        .values_list(F("content__cells"), F("content__dimensions"))
        .first()
    )
    cells, dimensions = row or ([], [])
    labels = {dimension["id"]: dimension["label"] for dimension in dimensions}
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for cell in cells:
        if cell["departement"] in codes and cell["shown"]:
            found[cell["departement"]].append({**cell, "label": labels[cell["dimension"]]})
    return found


def _of_barometer(
    wave: Wave | None,
    turnout: Mapping[str, tuple[int, int]],
    cells: Sequence[Mapping[str, Any]],
    end: date,
) -> list[Figure]:
    asked = {side.value: turnout.get(side.value, (0, 0)) for side in Side}
    shares = [Decimal(100 * submitted) / invited for submitted, invited in asked.values() if invited]
    missing = (
        NO_WAVE
        if wave is None
        else "une institution n’a pas été interrogée"
        if len(shares) < len(Side)
        else None
    )
    source = BAROMETER if wave is None else f"{BAROMETER}, {wave.name}"[:200]
    as_of = end if wave is None else wave.closes_on
    participation = Figure(
        id="barometre-participation",
        label="Participation au baromètre",
        definition="Part des personnes interrogées qui ont répondu à la dernière vague publiée, "
        "du côté qui a le moins répondu.",
        source=source,
        as_of=as_of,
        value=None if missing else min(shares).quantize(Decimal("0.1")),
        unit="%",
        reason_missing=missing,
    )
    return [participation, *(_of_dimension(cell, source, as_of) for cell in cells)]


def _of_dimension(cell: Mapping[str, Any], source: str, as_of: date) -> Figure:
    low, high = (Decimal(str(cell[name])) for name in ("low", "high"))
    name = re.sub(r"[^a-z0-9]+", "-", f"dimension-{cell['dimension']}-{cell['side']}".lower()).strip("-")
    return Figure(
        id=name,
        label=f"{cell['label']}, vue par la {SIDE_NAMES['prefecture']}"
        if cell["side"] == "prefecture"
        else f"{cell['label']}, vue par l’{SIDE_NAMES['ars']}",
        definition="Moyenne estimée des réponses d’un côté, de 1 à 5, avec son intervalle à 95 %.",
        source=source,
        as_of=as_of,
        value=Decimal(str(cell["estimate"])).quantize(Decimal("0.1")),
        unit=figures.scale_of(low, high),
    )


# Bilans


def last_versions(reviews: QuerySet[Review]) -> QuerySet[Version]:
    """Return the last version of each bilan, with what gives its state, in three queries."""
    return (
        latest(Version.objects.filter(review__in=reviews))
        .select_related("review__departement__region", "review__criteria")
        .prefetch_related(*LIFE)
    )


def last_version(review: Review) -> Version:
    """Return the last version of a bilan, with its signatures and refusals."""
    return last_versions(Review.objects.filter(pk=review.pk)).get()


def figures_by_name(version: Version) -> dict[str, Figure]:
    """Return the figures of a version, one query."""
    return by_name(version.figures.all())


def figures_before(quarter: Quarter, codes: Sequence[str]) -> dict[str, dict[str, Figure]]:
    """Return the figures of the last bilan before ``quarter``, by code then by name, in two queries."""
    before = (
        Version.objects.filter(
            review__level=Level.DEPARTEMENT.value,
            review__departement__in=codes,
            review__quarter__lt=str(quarter),
        )
        .order_by("review__departement_id", "-review__quarter", "-number")
        .distinct("review__departement_id")
        .select_related("review")
        .prefetch_related("figures")
    )
    return {version.review.departement_id or "": by_name(version.figures.all()) for version in before}


def judgement(version: Version, found: Mapping[str, Figure]) -> criteria.Judgement:
    """Return what the criteria frozen for the quarter conclude from the figures of ``version``."""
    return criteria.judge(
        criteria_of(version.review.criteria.text), {name: figure.value for name, figure in found.items()}
    )


@lru_cache(maxsize=8)
def criteria_of(text: str) -> criteria.Criteria:
    """Return the criteria written in ``text``, read once: the 101 share those of their quarter."""
    return criteria.read(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Where a département stands for a quarter. ``version`` is None while its bilan is not opened."""

    departement: Departement
    version: Version | None
    life: Life
    judgement: criteria.Judgement | None

    @property
    def state(self) -> State:
        """The state of its bilan."""
        return state_of(self.life)


def country(quarter: Quarter, departements: QuerySet[Departement]) -> list[Line]:
    """Return where each of ``departements`` stands for ``quarter``, by code, in five queries."""
    reviews = Review.objects.filter(
        level=Level.DEPARTEMENT.value, quarter=str(quarter), departement__in=departements
    )
    versions = {
        version.review.departement_id: version
        for version in last_versions(reviews).prefetch_related("figures")
    }
    unopened = Life(level=Level.DEPARTEMENT, step=None)
    lines = []
    for departement in departements.order_by("code"):
        version = versions.get(departement.code)
        lines.append(
            Line(
                departement=departement,
                version=version,
                life=version.life if version else unopened,
                judgement=judgement(version, by_name(version.figures.all())) if version else None,
            )
        )
    return lines


def commitments_of(review: Review) -> QuerySet[Commitment]:
    """Return what was promised before and came due or still runs, then what this bilan promises.

    What was settled in an earlier quarter is left to the bilan that said it.
    """
    quarter = Quarter.read(review.quarter)
    return (
        Commitment.objects.filter(
            review__level=review.level,
            review__departement=review.departement_id,
            review__quarter__lte=review.quarter,
        )
        .filter(Q(review=review) | Q(state=Fate.A_TENIR.value) | Q(due_on__gte=quarter.first_day))
        .select_related("review")
        .order_by("review__quarter", "due_on", "pk")
    )


def offices(review: Review, day: date) -> list[tuple[Party, Post, str]]:
    """Return the posts of the two institutions that someone holds on ``day``, in the order of the pair, one query."""
    level = Level(review.level)
    sides = access.party_of_role(level)
    departement = review.departement
    here = (
        Q(departement=None, region=None)
        if departement is None
        else Q(departement=departement.code) | Q(departement=None, region=departement.region_id)
    )
    held = Mandate.objects.current(day).filter(post=OuterRef("pk"))
    posts = (
        Post.objects.filter(here, role__in=[role.value for role in sides])
        .filter(Exists(held))
        .select_related("organisation")
        .order_by("organisation__name", "role", "pk")
    )
    found = [(sides[Role(post.role)], post, Role(post.role).label) for post in posts]
    return sorted(found, key=lambda each: SIDES[level].index(each[0]))
