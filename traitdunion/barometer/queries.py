"""Reads about campaigns: rosters, participation, who may be proposed, and the answers that the analysis takes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from django.db.models import Count, Q, QuerySet, Sum

from traitdunion.barometer import keys, letters
from traitdunion.barometer.kinds import PREFILLED, RosterRole
from traitdunion.barometer.models import (
    Participation,
    QuestionnaireVersion,
    Remark,
    RosterEntry,
    Sheet,
    Wave,
    WordingJustification,
)
from traitdunion.barometer.rules_campaign import FEWEST, MOST, sides_out_of_bounds
from traitdunion.identity.kinds import Holding, Role, Side
from traitdunion.identity.models import Mandate
from traitdunion.notices.kinds import NoticeState
from traitdunion.notices.models import Notice
from traitdunion.territories.models import Departement

if TYPE_CHECKING:
    from traitdunion.barometer.simulation import Precision

CellKey = tuple[str, Side]


# Who may be asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Someone to ask in a wave, to be confirmed by their side."""

    departement: str
    role: RosterRole
    name: str
    email: str


def proposals(*, day: date) -> list[Proposal]:
    """Return the people in post on ``day`` whose post is one of the roster, then those asked the last time.

    Someone asked the last time that their side was is proposed again where nobody in post holds the function now. Six a
    side at most.
    """
    found = _in_post(day)
    held = {(each.departement, each.role) for each in found}
    known = {(each.departement, each.email.casefold()) for each in found}
    for entry in last_asked():
        role, address = RosterRole(entry.role), (entry.departement_id, entry.email.casefold())
        if entry.revoked_at is not None or (entry.departement_id, role) in held or address in known:
            continue
        found.append(
            Proposal(departement=entry.departement_id, role=role, name=entry.name, email=entry.email)
        )
        known.add(address)
    kept: list[Proposal] = []
    sizes: dict[CellKey, int] = defaultdict(int)
    for each in found:
        cell = (each.departement, each.role.side)
        if sizes[cell] < MOST:
            sizes[cell] += 1
            kept.append(each)
    return kept


def _in_post(day: date) -> list[Proposal]:
    places: dict[str, list[str]] = defaultdict(list)  # région and its départements
    for code, region in Departement.objects.values_list("code", "region_id"):
        places[region].append(code)
    mandates = (
        Mandate.objects.current(day)
        .filter(post__role__in=[role.value for role in PREFILLED], person__is_active=True)
        .exclude(person__email="")
        .exclude(post__closed_on__lt=day)
        .select_related("person", "post")
        .order_by("post__role", "-holding", "starts_on", "pk")  # titulaires before suppléants
    )
    found: dict[tuple[str, str], Proposal] = {}
    filled: set[tuple[str, int]] = set()
    for mandate in mandates:
        post, role = mandate.post, PREFILLED[Role(mandate.post.role)]
        codes = [post.departement_id] if post.departement_id else places.get(post.region_id or "", [])
        if post.departement_id is None:
            role = RosterRole.REFERENT_REGIONAL if role is RosterRole.DELEGATION else role
        for code in codes:
            if mandate.holding == Holding.SUPPLEANT.value and (code, post.pk) in filled:
                continue  # a stand-in is asked only where the post has no holder
            filled.add((code, post.pk))
            found.setdefault(
                (code, mandate.person.email.casefold()),
                Proposal(departement=code, role=role, name=mandate.person.name, email=mandate.person.email),
            )
    return list(found.values())


def last_asked() -> list[RosterEntry]:
    """Return who was asked on each side of each département the last time that somebody was, two queries.

    The last time is that side's own: a wave that asked a few départements does not make the others forget theirs. Waves
    not opened yet and waves given up do not count. Those since withdrawn or replaced are returned too.
    """
    latest = (
        RosterEntry.objects.filter(wave__opened_at__isnull=False, wave__cancelled_at=None)
        .order_by("departement", "side", "-wave__opens_on", "-wave_id")
        .distinct("departement", "side")
        .values_list("departement", "side", "wave")
    )
    wave_of = {(code, side): wave for code, side, wave in latest}
    asked = RosterEntry.objects.filter(wave__in=set(wave_of.values()))
    return [entry for entry in asked if wave_of.get((entry.departement_id, entry.side)) == entry.wave_id]


def questionnaire_before(version: QuestionnaireVersion) -> QuestionnaireVersion | None:
    """Return the questionnaire of the same name kept before this one."""
    older = QuestionnaireVersion.objects.filter(name=version.name, pk__lt=version.pk)
    return older.order_by("-pk").first()


Wording = tuple[str, str, str]


def justifications() -> Mapping[Wording, str]:
    """Return why each change of wording that was justified still compares, by item, wording before and after."""
    rows = WordingJustification.objects.values_list("item", "before", "after", "reason")
    return {(item, before, after): reason for item, before, after, reason in rows}


# Rosters and participation


@dataclass(frozen=True, slots=True, kw_only=True)
class SideOfRoster:
    """How many people are asked on one side, and how many answered at the last count."""

    side: Side
    asked: int
    submitted: int | None
    counted_on: date | None

    @property
    def is_short(self) -> bool:
        """Whether too few are asked for anything to be shown."""
        return self.asked < FEWEST

    @property
    def missing(self) -> int:
        """How many more are needed for something to be shown."""
        return max(0, FEWEST - self.asked)


def sides_of(wave: Wave, departements: Iterable[str]) -> Mapping[str, Sequence[SideOfRoster]]:
    """Return both sides of each département in a wave, in two queries.

    The count of answers is the one of the last night, or of the closing: see ``docs/adr/0012-anonymous-answers.md``.
    """
    codes = list(departements)
    asked = {
        (code, side): number
        for code, side, number in wave.entries.filter(departement__in=codes)
        .order_by()
        .values_list("departement", "side")
        .annotate(number=Count("pk"))
    }
    counted = {
        (each.departement_id, each.side): each
        for each in Participation.objects.filter(wave=wave, departement__in=codes)
    }
    return {
        code: [
            SideOfRoster(
                side=side,
                asked=counted[code, side].invited if (code, side) in counted else asked.get((code, side), 0),
                submitted=counted[code, side].submitted if (code, side) in counted else None,
                counted_on=counted[code, side].counted_on if (code, side) in counted else None,
            )
            for side in Side
        ]
        for code in codes
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Answers sent out of people invited."""

    submitted: int
    invited: int


def rates_of(waves: Iterable[Wave]) -> Mapping[int, Mapping[Side, Rate]]:
    """Return the participation of each wave by side, one query; a wave never counted is absent."""
    found: dict[int, dict[Side, Rate]] = defaultdict(dict)
    rows = (
        Participation.objects.filter(wave__in=list(waves))
        .values_list("wave", "side")
        .annotate(submitted=Sum("submitted"), invited=Sum("invited"))
        .order_by("wave", "-side")  # the préfecture first
    )
    for wave, side, submitted, invited in rows:
        found[wave][Side(side)] = Rate(submitted=submitted, invited=invited)
    return found


def short_sides(wave: Wave, departements: QuerySet[Departement], total: int) -> int:
    """Return on how many sides of these ``total`` départements fewer than three people are asked, one query."""
    enough = (
        wave.entries.in_use()
        .filter(departement__in=departements.values("pk"))
        .order_by()
        .values("departement", "side")
        .annotate(number=Count("pk"))
        .filter(number__gte=FEWEST)
        .count()
    )
    return len(Side) * total - enough


def lists_out_of_bounds(wave: Wave) -> list[tuple[str, str, int]]:
    """Return the sides asked in a wave with fewer than three people or more than six, one query."""
    rows = wave.entries.in_use().order_by().values_list("departement", "side").annotate(number=Count("pk"))
    return sides_out_of_bounds({(code, side): number for code, side, number in rows}, list(Side))


# What the pilot is to replace: spread between people on the scale, and share of it that lies between départements.
_SPREAD, _ICC = 0.8, 0.2


@lru_cache(maxsize=1)
def expected_precision() -> tuple["Precision", ...]:
    """Return how wide the intervals will be with three to six answers on each side; computed once per process."""
    from traitdunion.barometer.simulation import precision  # not at the top: it brings numpy and scipy

    return precision(respondents=range(FEWEST, MOST + 1), icc=_ICC, sd=_SPREAD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """How far the invitations of a wave are."""

    written: int
    sent: int
    failed: int

    @property
    def is_over(self) -> bool:
        """Whether nothing waits any more."""
        return self.sent + self.failed >= self.written


def dispatch_of(wave: Wave) -> Dispatch:
    """Return how far the invitations of a wave are, one query."""
    return Dispatch(
        **Notice.objects.filter(
            key__startswith=letters.key_prefix(letters.INVITATION, wave.public_id)
        ).aggregate(
            written=Count("pk"),
            sent=Count("pk", filter=Q(state=NoticeState.SENT.value)),
            failed=Count("pk", filter=Q(state=NoticeState.FAILED.value)),
        )
    )


def count_of(wave: Wave) -> Mapping[CellKey, Rate]:
    """Return how many were invited and answered on each side, from the roster and from the sheets, two queries."""
    invited = dict(
        _by_cell(RosterEntry.objects.filter(wave=wave)),
    )
    submitted = dict(_by_cell(Sheet.objects.filter(wave=wave, is_submitted=True)))
    return {cell: Rate(submitted=submitted.get(cell, 0), invited=number) for cell, number in invited.items()}


def _by_cell(rows: QuerySet[RosterEntry] | QuerySet[Sheet]) -> Iterable[tuple[CellKey, int]]:
    counted = rows.order_by().values_list("departement", "side").annotate(number=Count("pk"))
    return (((code, Side(side)), number) for code, side, number in counted)


# What respondents see, and what the analysis takes


def asked_beside(entry: RosterEntry) -> int:
    """Return how many people are asked on the side of ``entry``, itself included."""
    return (
        RosterEntry.objects.in_use()
        .filter(wave=entry.wave, departement=entry.departement_id, side=entry.side)
        .count()
    )


def remarks_behind(signs: str) -> QuerySet[Remark]:
    """Return the remarks whose author holds this code, in the waves that are sealed."""
    sealed = Remark.objects.filter(wave__sealed_at__isnull=False, key=None)
    cells = sealed.order_by().values_list("wave__public_id", "departement", "side").distinct()
    hashes = [keys.release_hash(signs, wave, code, side) for wave, code, side in cells]
    return sealed.filter(release_hash__in=hashes).select_related("wave").order_by("wave", "pk")


def released_remarks(wave: Wave, departement: Departement) -> QuerySet[Remark]:
    """Return the remarks of a département that their authors let both sides read."""
    return Remark.objects.filter(wave=wave, departement=departement, is_released=True).order_by("side", "pk")
