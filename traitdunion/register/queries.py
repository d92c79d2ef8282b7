"""Reads of the register. Nothing here unseals an identity: that leaves a trace, hence it is an action."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from traitdunion.identity.kinds import OrganisationKind
from traitdunion.identity.models import Organisation
from traitdunion.register import sealing, vault
from traitdunion.register.kinds import MarkKind
from traitdunion.register.marks import Identity, Mark, words
from traitdunion.register.models import Dossier, DossierKey, Event, Measure, SearchMark
from traitdunion.register.rules import Fact
from traitdunion.register.sealing import Place
from traitdunion.territories.models import Departement

FOUND_AT_MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A dossier that a search or a comparison proposes.

    Attributes:
        dossier: who it may be.
        is_exact: the names are spelt alike, and not only heard alike.
    """

    dossier: Dossier
    is_exact: bool


def zone_of(departement: Departement) -> ZoneInfo:
    """Return the zone in which the instants of a département are read."""
    return ZoneInfo(departement.time_zone)


def key_of(departement: str, dossier: UUID) -> bytes:
    """Return the key of a dossier.

    Raises:
        DossierKey.DoesNotExist: the person was erased.
        KeysUnreadableError: the key of the site is missing or destroyed.
        SealBrokenError: the row was moved or altered.
    """
    return _unwrapped(DossierKey.objects.get(departement=departement, dossier_uuid=dossier))


def _unwrapped(row: DossierKey) -> bytes:
    return sealing.unwrap(
        bytes(row.wrapped),
        under=vault.keys().of_epoch(row.epoch),
        departement=row.departement_id,
        dossier=row.dossier_uuid,
    )


def facts_of(measures: Sequence[Measure], *, with_authors: bool = True) -> Mapping[UUID, list[Fact]]:
    """Return every record of some measures of one département, replaced ones included, by measure.

    Args:
        measures: of one département.
        with_authors: also the doctors, whose names are sealed under the key of each dossier; the deadlines that
            want two different ones need them.
    """
    if not measures:
        return {}
    [departement] = {measure.departement_id for measure in measures}
    found: dict[UUID, list[Fact]] = defaultdict(list)
    dossier_of = {measure.public_id: measure.dossier_uuid for measure in measures}
    events = list(
        Event.objects.filter(departement=departement, measure_uuid__in=dossier_of).order_by(
            "at", "recorded_at", "public_id"
        )
    )
    signed = {dossier_of[event.measure_uuid] for event in events if event.author_sealed is not None}
    rows = DossierKey.objects.filter(departement=departement, dossier_uuid__in=signed if with_authors else ())
    keys = {row.dossier_uuid: _unwrapped(row) for row in rows}
    for event in events:
        author = ""
        if with_authors and event.author_sealed is not None:
            dossier = dossier_of[event.measure_uuid]
            author = sealing.unseal(
                bytes(event.author_sealed), key=keys[dossier], place=author_place(event, dossier)
            )
        found[event.measure_uuid].append(as_fact(event, author))
    return found


def as_fact(event: Event, author: str) -> Fact:
    """Return a record as the rules read it."""
    return Fact(
        public_id=event.public_id,
        kind=event.kind,
        at=event.at,
        recorded_at=event.recorded_at,
        author=author,
        detail=event.detail,
        establishment=event.establishment_id,
        corrects=event.corrects_uuid,
        is_withdrawal=event.is_withdrawal,
    )


def author_place(event: Event, dossier: UUID) -> Place:
    """Return where the sealed name of the doctor of an event lives."""
    return Place(
        departement=event.departement_id,
        dossier=dossier,
        table="event",
        field="author",
        version=str(event.public_id),
    )


def establishments() -> QuerySet[Organisation]:
    """Return the hospitals that may receive, by name."""
    return Organisation.objects.filter(
        kind=OrganisationKind.ESTABLISHMENT.value, closed_on__isnull=True
    ).order_by("name")


def search(departement: Departement, typed: str) -> list[Found]:
    """Return the dossiers whose names hold every word typed: spelt so first, then those heard alike.

    Two queries, whatever the size of the register; the words are compared by blind marks only.
    """
    marker = vault.marker(departement.code)
    wanted = words(typed)
    if not wanted:
        return []
    spelt = _bearing(departement, [frozenset({marker.name(word)}) for word in wanted])
    heard = _bearing(departement, [marker.heard(word) for word in wanted])
    return _proposed(departement, spelt, heard)


def likely_same(departement: Departement, identity: Identity) -> list[Found]:
    """Return the dossiers that a person should compare with ``identity`` before opening another.

    Exact: same names, first first name and date of birth. Else heard alike, with the date of birth or the first name
    in common. Nothing is ever merged.
    """
    marks = vault.marker(departement.code).likely(identity)
    exact = {mark for mark in marks if mark.kind is MarkKind.IDENTITY}
    return _proposed(departement, _bearing(departement, [frozenset(exact)]), _bearing(departement, [marks]))


def _bearing(departement: Departement, wanted: Sequence[frozenset[Mark]]) -> set[UUID]:
    """Return the dossiers that bear, for each set of marks, one of them."""
    every = frozenset[Mark]().union(*wanted)
    rows = SearchMark.objects.filter(
        departement=departement,
        kind__in=sorted({mark.kind.value for mark in every}),
        value__in=[mark.value for mark in every],
    ).values_list("kind", "value", "dossier_uuid")
    borne: dict[UUID, set[Mark]] = defaultdict(set)
    for kind, value, dossier in rows:
        borne[dossier].add(Mark(MarkKind(kind), bytes(value)))
    return {dossier for dossier, marks in borne.items() if all(marks & one for one in wanted)}


def _proposed(departement: Departement, exact: set[UUID], close: set[UUID]) -> list[Found]:
    dossiers = Dossier.objects.filter(
        departement=departement, public_id__in=exact | close, erased_at__isnull=True
    ).select_related("departement")
    found = [Found(dossier=dossier, is_exact=dossier.public_id in exact) for dossier in dossiers]
    found.sort(key=lambda each: (not each.is_exact, each.dossier.reference))
    return found[:FOUND_AT_MOST]
