"""Writes of the register: open a dossier, correct who it is about, open a measure, record, correct or withdraw a fact.

Each is one transaction, under the lock of the dossier, with its author and one entry in the log; the log names dossiers
by their reference, never persons.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import Actor
from traitdunion.core.errors import Refusal
from traitdunion.identity.kinds import OrganisationKind
from traitdunion.identity.models import Organisation
from traitdunion.law.facts import Mode
from traitdunion.register import queries, sealing, vault
from traitdunion.register.access import Grant
from traitdunion.register.authority import version_on
from traitdunion.register.kinds import BY_A_DOCTOR, FACT_LABELS, OF_PATIENTS, PLACED
from traitdunion.register.marks import Identity, words
from traitdunion.register.models import (
    Dossier,
    DossierKey,
    Event,
    Measure,
    SealedIdentity,
    SearchMark,
)
from traitdunion.register.rules import Course, Fact, course
from traitdunion.register.sealing import Place
from traitdunion.territories.models import Departement

# No sign that is read as another: a reference is dictated over the telephone.
_SIGNS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_FIRST_BIRTH_YEAR: Final = 1900


class DossierRefusedError(Refusal):
    """The dossier cannot be opened or corrected so."""


class MeasureRefusedError(Refusal):
    """The measure cannot be opened or changed so."""


class SamePersonError(Refusal):
    """Dossiers that may be of the same person were not compared.

    Attributes:
        found: those dossiers.
    """

    def __init__(self, found: list[queries.Found]) -> None:
        super().__init__(
            "Des dossiers de ce département concernent peut-être la même personne : "
            f"{', '.join(each.dossier.reference for each in found)}. Comparez-les avant d’en ouvrir un autre."
        )
        self.found = found


# Dossiers


@transaction.atomic
def open_dossier(
    departement: Departement,
    identity: Identity,
    *,
    compared: frozenset[UUID] = frozenset(),
    actor: Actor,
    at: datetime,
) -> Dossier:
    """Open the dossier of a person who has none in the département.

    Args:
        departement: whose dossiers they are.
        identity: who it is about.
        compared: the dossiers that the author looked at and says are of other persons.
        actor: who opens it.
        at: when.

    Raises:
        NoAuthorityError: no text authorises the register on that day.
        DossierRefusedError: the identity is incomplete or impossible.
        SamePersonError: a dossier that may be of the same person was not compared.
    """
    version = version_on(at.astimezone(queries.zone_of(departement)).date())
    _check_identity(identity, at=at)
    # Two agents who enter the same person at the same time: the second sees the dossier of the first.
    Departement.objects.select_for_update(no_key=True).get(code=departement.code)
    unseen = [
        found
        for found in queries.likely_same(departement, identity)
        if found.dossier.public_id not in compared
    ]
    if unseen:
        raise SamePersonError(unseen)
    dossier = Dossier.objects.create(
        departement=departement,
        reference=_new_reference(departement),
        **audit.authorship(actor=actor, at=at),
    )
    key = sealing.new_key()
    _keep_key(dossier, key)
    _write_identity(dossier, identity, version=1, key=key, actor=actor, at=at)
    audit.record(
        event="register.dossier.opened",
        subject=dossier.reference,
        actor=actor,
        at=at,
        detail={"text": version, "compared": len(compared)},
    )
    return dossier


@transaction.atomic
def correct_identity(dossier: Dossier, identity: Identity, *, actor: Actor, at: datetime) -> None:
    """Replace who a dossier is about; the former identity stays, sealed, as a former version.

    Raises:
        DossierRefusedError: the identity is incomplete or impossible, or the dossier was erased.
    """
    _check_identity(identity, at=at)
    dossier = _locked(dossier)
    last = SealedIdentity.objects.filter(
        departement=dossier.departement_id, dossier_uuid=dossier.public_id
    ).latest("version")
    key = queries.key_of(dossier.departement_id, dossier.public_id)
    SearchMark.objects.filter(departement=dossier.departement_id, dossier_uuid=dossier.public_id).delete()
    _write_identity(dossier, identity, version=last.version + 1, key=key, actor=actor, at=at)
    audit.record(event="register.identity.corrected", subject=dossier.reference, actor=actor, at=at)


@transaction.atomic
def read_identity(dossier: Dossier, *, grant: Grant, actor: Actor, at: datetime) -> Identity:
    """Return who a dossier is about, and write in the log that ``actor`` read it: no trace, no identity.

    Raises:
        DossierRefusedError: the grant is for another dossier, or the person was erased.
    """
    if (grant.departement, grant.dossier) != (dossier.departement_id, dossier.public_id):
        raise DossierRefusedError("Cette autorisation de lecture ne vaut pas pour ce dossier.")
    try:
        key = queries.key_of(dossier.departement_id, dossier.public_id)
    except DossierKey.DoesNotExist:
        raise _erased(dossier) from None
    sealed = SealedIdentity.objects.filter(
        departement=dossier.departement_id, dossier_uuid=dossier.public_id
    ).latest("version")
    fields = {
        field: sealing.unseal(
            bytes(getattr(sealed, f"{field}_sealed")),
            key=key,
            place=_identity_place(dossier, field, sealed.version),
        )
        for field in ("names", "first_names", "born_on")
    }
    audit.record(
        event="register.identity.read",
        subject=dossier.reference,
        actor=actor,
        at=at,
        detail={"purpose": grant.purpose.value, "text": grant.text, "version": sealed.version},
    )
    return Identity(
        names=fields["names"],
        first_names=fields["first_names"],
        born_on=date.fromisoformat(fields["born_on"]),
    )


@transaction.atomic
def erase(dossier: Dossier, *, actor: Actor, at: datetime) -> None:
    """Erase the person of a dossier: its key, its sealed identities, its marks, the sealed names of doctors.

    What stays says that something happened on some days, to nobody. The key being destroyed, neither do the backups say
    more, once the key of the site that wrapped it is replaced (``actions_keys.rotate``).

    Raises:
        DossierRefusedError: it is erased already.
    """
    dossier = _locked(dossier)
    within = {"departement": dossier.departement_id, "dossier_uuid": dossier.public_id}
    DossierKey.objects.filter(**within).delete()
    SealedIdentity.objects.filter(**within).delete()
    SearchMark.objects.filter(**within).delete()
    measures = Measure.objects.filter(**within).values("public_id")
    Event.objects.filter(
        departement=dossier.departement_id, measure_uuid__in=measures, author_sealed__isnull=False
    ).update(author_sealed=None)
    dossier.erased_at = at
    dossier.save(update_fields=["erased_at"])
    audit.record(event="register.dossier.erased", subject=dossier.reference, actor=actor, at=at)


def _check_identity(identity: Identity, *, at: datetime) -> None:
    if not words(identity.names) or not words(identity.first_names):
        raise DossierRefusedError(
            "Il manque le nom ou le prénom : écrivez les deux, tels que les porte l’acte d’admission."
        )
    if not identity.born_on.year >= _FIRST_BIRTH_YEAR or identity.born_on > at.date():
        raise DossierRefusedError(
            f"La date de naissance, {identity.born_on:%d/%m/%Y}, n’est pas possible : "
            f"on attend une date entre {_FIRST_BIRTH_YEAR} et aujourd’hui."
        )


def _new_reference(departement: Departement) -> str:
    while True:
        drawn = "".join(secrets.choice(_SIGNS) for _ in range(8))
        reference = f"{departement.code}-{drawn[:4]}-{drawn[4:]}"
        if not Dossier.objects.filter(departement=departement, reference=reference).exists():
            return reference


def _keep_key(dossier: Dossier, key: bytes) -> None:
    # Before the key of the site is read: a rotation waits for us, or we wait for it and read the new one.
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE register_dossierkey IN ROW EXCLUSIVE MODE")
    site = vault.keys()
    DossierKey.objects.create(
        departement_id=dossier.departement_id,
        dossier_uuid=dossier.public_id,
        epoch=site.epoch,
        wrapped=sealing.wrap(
            key, under=site.current, departement=dossier.departement_id, dossier=dossier.public_id
        ),
    )


def _write_identity(
    dossier: Dossier, identity: Identity, *, version: int, key: bytes, actor: Actor, at: datetime
) -> None:
    fields = {
        "names": identity.names.strip(),
        "first_names": identity.first_names.strip(),
        "born_on": identity.born_on.isoformat(),
    }
    SealedIdentity.objects.create(
        departement_id=dossier.departement_id,
        dossier_uuid=dossier.public_id,
        version=version,
        **{
            f"{field}_sealed": sealing.seal(text, key=key, place=_identity_place(dossier, field, version))
            for field, text in fields.items()
        },
        **audit.authorship(actor=actor, at=at),
    )
    SearchMark.objects.bulk_create(
        SearchMark(
            departement_id=dossier.departement_id,
            dossier_uuid=dossier.public_id,
            kind=mark.kind.value,
            value=mark.value,
        )
        for mark in vault.marker(dossier.departement_id).of(identity)
    )


def _identity_place(dossier: Dossier, field: str, version: int) -> Place:
    return Place(
        departement=dossier.departement_id,
        dossier=dossier.public_id,
        table="identity",
        field=field,
        version=str(version),
    )


def _locked(dossier: Dossier) -> Dossier:
    """Return the dossier as it is now, under lock: everything about one person is written one act at a time."""
    locked = (
        Dossier.objects.select_for_update(no_key=True, of=("self",))
        .select_related("departement")
        .get(departement=dossier.departement_id, public_id=dossier.public_id)
    )
    if locked.erased_at is not None:
        raise _erased(locked)
    return locked


def _erased(dossier: Dossier) -> DossierRefusedError:
    return DossierRefusedError(
        f"Le dossier {dossier.reference} a été effacé : plus rien ne dit de qui il était."
    )


# Measures and facts


@transaction.atomic
def open_measure(
    dossier: Dossier,
    *,
    mode: Mode,
    started_at: datetime,
    establishment: Organisation,
    actor: Actor,
    at: datetime,
) -> Measure:
    """Open a measure with the fact that starts it: the admission, or the provisional measure of the mayor.

    Raises:
        FactsRefusedError: it would start in the future.
        MeasureRefusedError: the person already has a measure on these dates, or the hospital is not one.
    """
    dossier = _locked(dossier)
    _check_establishment(establishment)
    if mode not in OF_PATIENTS:
        raise MeasureRefusedError("Ce mode n’est pas celui d’une mesure de soins : choisissez-en un autre.")
    kind = "mesure_provisoire" if mode is Mode.MP else "admission"
    measure = Measure(
        departement=dossier.departement,
        dossier_uuid=dossier.public_id,
        mode=mode.value,
        establishment=establishment,
        started_at=started_at,
        **audit.authorship(actor=actor, at=at),
    )
    event = _event(measure, kind, started_at, establishment=establishment, actor=actor, at=at)
    _course(measure, [queries.as_fact(event, "")], at=at)
    _save(measure, insert=True)
    event.save(force_insert=True)
    audit.record(
        event="register.measure.opened",
        subject=dossier.reference,
        actor=actor,
        at=at,
        detail={"measure": str(measure.public_id), "mode": mode.value},
    )
    return measure


@transaction.atomic
def record(
    measure: Measure,
    *,
    kind: str,
    happened_at: datetime,
    author: str = "",
    detail: Mapping[str, str] | None = None,
    establishment: Organisation | None = None,
    actor: Actor,
    at: datetime,
) -> Event:
    """Record what happened in a measure, whose end and place then follow.

    Raises:
        FactsRefusedError: with it, the facts of the measure cannot all be true.
        MeasureRefusedError: it lacks what a fact of its kind carries, or makes two measures overlap.
    """
    measure = _measure_under_lock(measure)
    event = _event(
        measure,
        kind,
        happened_at,
        author=author,
        detail=detail,
        establishment=establishment,
        actor=actor,
        at=at,
    )
    return _add(measure, event, author=author, verb="recorded", actor=actor, at=at)


@transaction.atomic
def correct(
    event: Event,
    *,
    happened_at: datetime,
    author: str = "",
    detail: Mapping[str, str] | None = None,
    establishment: Organisation | None = None,
    actor: Actor,
    at: datetime,
) -> Event:
    """Replace a fact by a new one of the same kind; the one replaced stays in the history.

    Raises:
        FactsRefusedError: with it, the facts of the measure cannot all be true.
        MeasureRefusedError: the fact was replaced already, lacks something, or makes two measures overlap.
    """
    measure = _measure_under_lock(event.measure)
    _refuse_replaced(event)
    new = _event(
        measure,
        event.kind,
        happened_at,
        author=author,
        detail=detail,
        establishment=establishment,
        corrects=event.public_id,
        actor=actor,
        at=at,
    )
    return _add(measure, new, author=author, verb="corrected", actor=actor, at=at)


@transaction.atomic
def withdraw(event: Event, *, actor: Actor, at: datetime) -> Event:
    """Say that a recorded fact never happened; it stays in the history, and counts for nothing.

    Raises:
        FactsRefusedError: without it, the facts of the measure cannot all be true.
        MeasureRefusedError: the fact was replaced already.
    """
    measure = _measure_under_lock(event.measure)
    _refuse_replaced(event)
    new = Event(
        departement_id=event.departement_id,
        measure_uuid=event.measure_uuid,
        kind=event.kind,
        at=event.at,
        detail=event.detail,
        establishment_id=event.establishment_id,
        corrects_uuid=event.public_id,
        is_withdrawal=True,
        **audit.authorship(actor=actor, at=at),
    )
    return _add(measure, new, author="", verb="withdrawn", actor=actor, at=at)


def _measure_under_lock(measure: Measure) -> Measure:
    _locked(Dossier(departement_id=measure.departement_id, public_id=measure.dossier_uuid))
    return Measure.objects.select_related("departement").get(
        departement=measure.departement_id, public_id=measure.public_id
    )


def _event(
    measure: Measure,
    kind: str,
    happened_at: datetime,
    *,
    author: str = "",
    detail: Mapping[str, str] | None = None,
    establishment: Organisation | None = None,
    corrects: UUID | None = None,
    actor: Actor,
    at: datetime,
) -> Event:
    if kind not in FACT_LABELS:
        raise MeasureRefusedError(
            f"« {kind} » n’est pas un fait que la loi connaît : choisissez-en un de la liste."
        )
    if author and kind not in BY_A_DOCTOR:
        raise MeasureRefusedError(
            f"« {FACT_LABELS[kind]} » ne porte pas de médecin : seuls les certificats et les avis en portent un. "
            "Videz ce champ."
        )
    if (establishment is not None) != (kind in PLACED):
        raise MeasureRefusedError(
            "L’établissement accompagne l’admission, la mesure provisoire et le transfert, et eux seuls."
        )
    if establishment is not None:
        _check_establishment(establishment)
    return Event(
        departement_id=measure.departement_id,
        measure_uuid=measure.public_id,
        kind=kind,
        at=happened_at,
        detail=dict(detail or {}),
        establishment=establishment,
        corrects_uuid=corrects,
        **audit.authorship(actor=actor, at=at),
    )


def _add(measure: Measure, event: Event, *, author: str, verb: str, actor: Actor, at: datetime) -> Event:
    """Write an event, then what follows from it: when the measure starts and ends, and where it takes place."""
    facts = [
        *queries.facts_of([measure], with_authors=False).get(measure.public_id, []),
        queries.as_fact(event, author),
    ]
    follows = _course(measure, facts, at=at)
    if author:
        key = queries.key_of(measure.departement_id, measure.dossier_uuid)
        place = queries.author_place(event, measure.dossier_uuid)
        event.author_sealed = sealing.seal(author.strip(), key=key, place=place)
    event.save(force_insert=True)
    measure.started_at, measure.ended_at = follows.started_at, follows.ended_at
    if follows.establishment is not None:
        measure.establishment_id = follows.establishment
    _save(measure, insert=False)
    audit.record(
        event=f"register.event.{verb}",
        subject=measure.dossier.reference,
        actor=actor,
        at=at,
        detail={"measure": str(measure.public_id), "event": str(event.public_id), "kind": event.kind},
    )
    return event


def _save(measure: Measure, *, insert: bool) -> None:
    try:
        with transaction.atomic():
            if insert:
                measure.save(force_insert=True)
            else:
                measure.save(update_fields=["started_at", "ended_at", "establishment"])
    except IntegrityError as error:
        if "measure_one_at_a_time" not in str(error):
            raise
        raise MeasureRefusedError(
            "Cette personne a déjà une mesure à ces dates : enregistrez d’abord la fin de l’autre, "
            "ou corrigez les dates."
        ) from error


def _course(measure: Measure, facts: Sequence[Fact], *, at: datetime) -> Course:
    return course(
        facts,
        mode=measure.mode,
        departement=measure.departement_id,
        at=at,
        zone=queries.zone_of(measure.departement),
    )


def _refuse_replaced(event: Event) -> None:
    if Event.objects.filter(departement=event.departement_id, corrects_uuid=event.public_id).exists():
        raise MeasureRefusedError("Ce fait a déjà été remplacé : corrigez celui qui le remplace.")
    if event.is_withdrawal:
        raise MeasureRefusedError("Un retrait ne se corrige pas : enregistrez de nouveau le fait.")


def _check_establishment(establishment: Organisation) -> None:
    if establishment.kind != OrganisationKind.ESTABLISHMENT.value:
        raise MeasureRefusedError(
            f"{establishment.name} n’est pas un établissement de santé : choisissez l’établissement d’accueil."
        )
