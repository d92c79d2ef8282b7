"""Where the last bilans of a place stand and whose turn it is: what the pages, letters and calendars around them say.

One query reads them, and it may ride on that of the départements: the pages around are full enough.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject

from traitdunion.conventions.rules import local_day
from traitdunion.reviews import rules
from traitdunion.reviews.kinds import Level, Party, State, Step
from traitdunion.reviews.models import BilanSignature, DeclinedSignature, Version
from traitdunion.reviews.rules import Life, Quarter
from traitdunion.territories.models import Departement

QUARTERS_TOLD: Final = 4
NATION_ZONE: Final = "Europe/Paris"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A signature, or a refusal to sign, which says why."""

    side: Party
    at: datetime
    author: str
    reason: str = ""
    stands: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A version of a bilan as it is told elsewhere. ``departement`` is a code, empty for the nation."""

    review: UUID
    level: Level
    quarter: Quarter
    departement: str
    zone: str
    number: int
    reason: str
    author: str
    recorded_at: datetime
    step: Step
    turn: Party | None
    step_at: datetime
    outdated_on: date | None
    signed: tuple[Act, ...]
    declined: tuple[Act, ...]

    @property
    def life(self) -> Life:
        """The facts that give its state."""
        signed = frozenset(act.side for act in self.signed)
        return Life(
            level=self.level,
            step=self.step,
            turn=self.turn,
            signed=signed,
            declined=frozenset(act.side for act in self.declined if act.stands) - signed,
            is_outdated=self.outdated_on is not None,
        )

    @property
    def state(self) -> State:
        """Where it stands."""
        return rules.state_of(self.life)

    @property
    def awaited(self) -> tuple[Party, ...]:
        """Who is expected to act: nobody once both signed, or one signed and the other refused."""
        return rules.awaited(self.life)

    @property
    def since(self) -> date:
        """The day since which it stands so, on the clock of its place."""
        if self.state is State.PERIME and self.outdated_on is not None:
            return self.outdated_on
        standing = [act.at for act in (*self.signed, *self.declined) if act.stands]
        return local_day(max([self.step_at, *standing]), self.zone)

    def said(self, reader: Party | None) -> str:
        """Return what is expected, for the reader."""
        return rules.turn_sentence(self.life, reader=reader)

    def clock(self, day: date) -> str:
        """Return how long is left on ``day``, nothing once nobody is awaited."""
        return rules.timetable(self.quarter, self.level).clock(day) if self.awaited else ""


def told(*, day: date) -> list[Text]:
    """Return every version of the bilans of the last quarters, by place, the latest quarter first; one query."""
    return [_read(row) for row in _rows(day).values_list(_told(), flat=True)]


def with_bilans(departements: QuerySet[Departement], *, day: date) -> QuerySet[Departement]:
    """Add to départements, in their own query, what ``told_of`` reads."""
    theirs = _rows(day).filter(review__departement=OuterRef("pk"))
    return departements.annotate(told_bilans=ArraySubquery(theirs.values(told=_told())))


def told_of(departement: Departement) -> list[Text]:
    """Return every version of its last bilans, of a département that ``with_bilans`` read."""
    rows: list[Mapping[str, Any]] = departement.told_bilans  # type: ignore[attr-defined]  # added by the query
    return [_read(row) for row in rows]


def standing(texts: Iterable[Text]) -> list[Text]:
    """Return the texts that stand: of each place the last bilan, and the earlier ones that still await someone."""
    last = {text.review: text for text in texts}.values()
    newest: dict[str, Quarter] = {}
    for text in last:
        newest[text.departement] = max(text.quarter, newest.get(text.departement, text.quarter))
    return [text for text in last if text.awaited or text.quarter == newest[text.departement]]


def _rows(day: date) -> QuerySet[Version]:
    earliest = Quarter.of(day)
    for _ in range(QUARTERS_TOLD):
        earliest = earliest.previous
    recent = Version.objects.filter(review__quarter__gte=str(earliest))
    return recent.order_by("review__departement_id", "-review__quarter", "number")


def _told() -> JSONObject:
    """Return the columns of a version that ``_read`` reads, with its signatures and its refusals."""
    signed = BilanSignature.objects.filter(version=OuterRef("pk")).order_by("signed_at", "pk")
    declined = DeclinedSignature.objects.filter(version=OuterRef("pk")).order_by("recorded_at", "pk")
    who = {"side": "side", "author": "author_label"}
    refused = JSONObject(**who, at="recorded_at", reason="reason", sha256="document_sha256")
    return JSONObject(
        review="review__public_id",
        level="review__level",
        quarter="review__quarter",
        departement="review__departement_id",
        zone="review__departement__time_zone",
        number="number",
        reason="reason",
        author="author_label",
        recorded_at="recorded_at",
        step="step",
        turn="turn",
        step_at="step_at",
        sha256="document_sha256",
        outdated_on="outdated_on",
        signed=ArraySubquery(signed.values(told=JSONObject(**who, at="signed_at"))),
        declined=ArraySubquery(declined.values(told=refused)),
    )


def _read(row: Mapping[str, Any]) -> Text:
    signed = [_act(each) for each in row["signed"]]
    sides = {act.side for act in signed}
    # A refusal stands for the text that is offered now, until its side signs it.
    declined = [
        _act(each, stands=each["sha256"] == row["sha256"] and Party(each["side"]) not in sides)
        for each in row["declined"]
    ]
    return Text(
        review=UUID(row["review"]),
        level=Level(row["level"]),
        quarter=Quarter.read(row["quarter"]),
        departement=row["departement"] or "",
        zone=row["zone"] or NATION_ZONE,
        number=row["number"],
        reason=row["reason"],
        author=row["author"],
        recorded_at=datetime.fromisoformat(row["recorded_at"]),
        step=Step(row["step"]),
        turn=Party(row["turn"]) if row["turn"] else None,
        step_at=datetime.fromisoformat(row["step_at"]),
        outdated_on=date.fromisoformat(row["outdated_on"]) if row["outdated_on"] else None,
        signed=tuple(signed),
        declined=tuple(declined),
    )


def _act(row: Mapping[str, Any], *, stands: bool = True) -> Act:
    return Act(
        side=Party(row["side"]),
        at=datetime.fromisoformat(row["at"]),
        author=row["author"],
        reason=row.get("reason", ""),
        stands=stands,
    )


# What happened


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One thing that happened to a bilan. ``recorded_at`` is None for what is told by its day alone."""

    on: date
    recorded_at: datetime | None
    text: str
    author: str = ""
    reason: str = ""


def deeds(text: Text) -> Iterator[Deed]:
    """Give what happened to a version: opened, handed over or offered, signed, refused, outdated.

    Of the steps of the writing only the last is kept, so that one alone is told.
    """
    named = f"Bilan du {text.quarter.label}"

    def deed(moment: datetime, said: str, author: str = "", reason: str = "") -> Deed:
        return Deed(
            on=local_day(moment, text.zone),
            recorded_at=moment,
            text=f"{named} : {said}",
            author=author,
            reason=reason,
        )

    opened = "ouvert" if text.number == 1 else f"version {text.number}, rectificative, ouverte"
    yield deed(text.recorded_at, opened, text.author, text.reason)
    if text.step is Step.RELECTURE and text.turn is not None:
        yield deed(text.step_at, f"à relire par {rules.name_of(text.turn)}")
    if text.step is Step.A_SIGNER:
        yield deed(text.step_at, "proposé à la signature")
    for act in text.signed:
        yield deed(act.at, f"signé par {rules.name_of(act.side)}", act.author)
    for act in text.declined:
        yield deed(act.at, f"{rules.name_of(act.side)} refuse de signer", act.author, act.reason)
    if text.outdated_on is not None:
        said = f"{named} : périmé, une source dit autre chose qu’à la signature"
        yield Deed(on=text.outdated_on, recorded_at=None, text=said)
