"""« Ce qui a changé » in a département: one sentence and one link a line, gathered by the day it was recorded.

The apps ignore one another: their lines meet here. What dates alone bring (a term, the end of a mandate, the close of
a wave) counts as known from the first instant of that day.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, Final

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import JSONObject
from django.urls import reverse

from traitdunion.barometer import queries_pistes
from traitdunion.barometer.access_pistes import pistes_visible_to
from traitdunion.barometer.kinds import Decision
from traitdunion.barometer.models import Piste, Result, Wave
from traitdunion.conventions.queries_timeline import Happening, Page, timeline
from traitdunion.conventions.rules import local_day, midnight
from traitdunion.identity.kinds import SIDE_OF, Holding, Role, Side
from traitdunion.identity.models import Mandate
from traitdunion.reviews import queries_turns
from traitdunion.reviews.queries_turns import Text
from traitdunion.territories.models import Departement

SHOWN: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that happened: its day, when it was recorded, a sentence, and the page where it is read in full."""

    on: date
    recorded_at: datetime
    text: str
    url: str
    author: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOfChanges:
    """What was recorded on one day, the latest first."""

    day: date
    changes: Sequence[Change]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A mandate in a post of the dyad, as the page of the département reads it."""

    role: Role
    name: str
    holding: str
    since: date
    until: date | None
    recorded_at: datetime
    author: str


def changes(
    departement: Departement,
    *,
    mandate: Mandate,
    until: date,
    stays: Iterable[Stay],
    bilans: Iterable[Text] = (),
    known_before: datetime | None = None,
    since: datetime | None = None,
) -> list[Change]:
    """Return what happened in ``departement``, what was recorded last first, in two queries.

    Args:
        departement: the one read.
        mandate: who reads; a piste under embargo is told to the pair alone.
        until: the last day told.
        stays: the mandates in the posts of the dyad, already read for the page.
        bilans: the versions of the last bilans, already read for the page.
        known_before: what was recorded from then on is left out; None reads what is known now.
        since: what was recorded until then is left out; None tells everything.
    """
    query = "" if known_before is None else f"?au={until.isoformat()}"
    happened = timeline(departement, until=until, known_before=known_before, limit=None)
    told = [
        *(_of_the_timeline(line, departement, query) for line in happened),
        *_of_the_posts(departement, stays, until, query),
        *_of_the_barometer(departement, mandate, until),
        *_of_the_bilans(departement, bilans),
    ]
    told = [
        change
        for change in told
        if change.on <= until
        and (known_before is None or change.recorded_at < known_before)
        and (since is None or change.recorded_at > since)
    ]
    return sorted(told, key=lambda change: (_day(change, departement), change.on, change.recorded_at))[::-1]


def by_day(told: Sequence[Change], departement: Departement) -> list[DayOfChanges]:
    """Return the changes gathered by the day they were recorded, on the clock of the département."""
    days = groupby(told, key=lambda change: _day(change, departement))
    return [DayOfChanges(day=day, changes=list(lines)) for day, lines in days]


def _day(change: Change, departement: Departement) -> date:
    return local_day(change.recorded_at, departement.time_zone)


def _of_the_timeline(line: Happening, departement: Departement, query: str) -> Change:
    return Change(
        on=line.on,
        recorded_at=line.recorded_at,
        text=line.text,
        url=_address(line, departement, query),
        author=line.author,
        reason=line.reason,
    )


def _address(line: Happening, departement: Departement, query: str) -> str:
    if line.page is Page.POSTS:
        return _face(departement, line.side, query)
    argument = line.reference or departement.code
    return reverse(_PAGES[line.page], args=[argument]) + query


_PAGES: Final[Mapping[Page, str]] = {
    Page.CONVENTION: "conventions:convention_detail",
    Page.MEETINGS: "conventions:meeting_list",
    Page.CONTACTS: "conventions:contact_list",
    Page.ACTION: "plan:action_detail",
    Page.EVIDENCE: "plan:evidence_detail",
}


# The posts


def _of_the_posts(
    departement: Departement, stays: Iterable[Stay], until: date, query: str
) -> Iterable[Change]:
    for stay in stays:
        url = _face(departement, SIDE_OF[stay.role], query)
        as_what = stay.role.label + (", en suppléance" if stay.holding == Holding.SUPPLEANT.value else "")
        yield _begun(stay.since, stay.recorded_at, departement, f"{stay.name} prend le poste : {as_what}", url,
                     stay.author)  # fmt: skip
        if stay.until is not None and stay.until < until:
            yield _over(stay.until, departement, f"{stay.name} a quitté le poste : {as_what}", url)


def _begun(
    since: date, recorded_at: datetime, departement: Departement, text: str, url: str, author: str
) -> Change:
    """Tell what a later first day makes true: recorded before it, it is news on that day."""
    known = max(recorded_at, midnight(since, departement.time_zone))
    return Change(on=since, recorded_at=known, text=text, url=url, author=author)


def _over(last: date, departement: Departement, text: str, url: str) -> Change:
    """Tell an end that a date alone brings, on the first day after it."""
    over = last + timedelta(days=1)
    return Change(on=over, recorded_at=midnight(over, departement.time_zone), text=text, url=url)


def _face(departement: Departement, side: Side | None, query: str) -> str:
    anchor = "" if side is None else f"#side-{side.value}"
    return f"{reverse('portal:dyad', args=[departement.code])}{query}{anchor}"


# The bilans


def _of_the_bilans(departement: Departement, texts: Iterable[Text]) -> Iterable[Change]:
    for text in texts:
        url = reverse("reviews:review_detail", args=[text.review])
        for deed in queries_turns.deeds(text):
            yield Change(
                on=deed.on,
                recorded_at=deed.recorded_at or midnight(deed.on, departement.time_zone),
                text=deed.text,
                url=url,
                author=deed.author,
                reason=deed.reason,
            )


# The baromètre


def _of_the_barometer(departement: Departement, mandate: Mandate, until: date) -> Iterable[Change]:
    """Tell the waves and the pistes decided here that ``mandate`` reads, in one query."""
    decided = pistes_visible_to(mandate, day=until).filter(
        wave=OuterRef("pk"), departement=departement, decided_at__isnull=False
    )
    told = JSONObject(
        public_id="public_id",
        pattern="pattern",
        dimension="dimension",
        decision="decision",
        decided_at="decided_at",
        decided_by="decided_by",
        reason="reason",
    )
    waves = (
        Wave.objects.filter(Q(opened_at__isnull=False) | Q(cancelled_at__isnull=False))
        .select_related("questionnaire")
        .annotate(
            analysed=Exists(Result.objects.filter(wave=OuterRef("pk"))),
            decided=ArraySubquery(decided.order_by("pk").values(told=told)),
        )
    )
    for wave in waves:
        yield from _of_a_wave(wave, departement, is_analysed=wave.analysed)
        for fact in wave.decided:
            yield _of_a_piste(fact, wave, departement)


def _of_a_piste(fact: Mapping[str, Any], wave: Wave, departement: Departement) -> Change:
    piste = Piste(wave=wave, pattern=fact["pattern"], dimension=fact["dimension"])
    decided_at = datetime.fromisoformat(fact["decided_at"])
    return Change(
        on=local_day(decided_at, departement.time_zone),
        recorded_at=decided_at,
        text=f"Piste {Decision(fact['decision']).label} : {queries_pistes.title_of(piste)}",
        url=reverse("barometer:piste_detail", args=[fact["public_id"]]),
        author=fact["decided_by"],
        reason=fact["reason"],
    )


def _of_a_wave(wave: Wave, departement: Departement, *, is_analysed: bool) -> Iterable[Change]:
    page = reverse("barometer:wave_detail", args=[wave.public_id])
    named = f"Baromètre, vague « {wave.name} »"
    if wave.opened_at is not None:
        on = local_day(wave.opened_at, departement.time_zone)
        yield Change(on=on, recorded_at=wave.opened_at, text=f"{named} : ouverte aux réponses", url=page)
    if wave.cancelled_at is not None:
        on = local_day(wave.cancelled_at, departement.time_zone)
        yield Change(
            on=on,
            recorded_at=wave.cancelled_at,
            text=f"{named} : annulée",
            url=page,
            reason=wave.cancelled_reason,
        )
        return
    yield _over(wave.closes_on, departement, f"{named} : close", page)
    if is_analysed:
        results = reverse("barometer:departement_result", args=[departement.code])
        published = wave.published_on
        yield Change(
            on=published,
            recorded_at=midnight(published, departement.time_zone),
            text=f"{named} : résultats publiés",
            url=results,
        )
