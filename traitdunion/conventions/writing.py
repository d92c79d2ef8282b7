"""What every act on a convention shares: its lock, what it refuses, its history and its log."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import IntegrityError, transaction

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import Actor
from traitdunion.conventions import rules
from traitdunion.conventions.kinds import Step, Turn
from traitdunion.conventions.models import (
    Circuit,
    Clause,
    Convention,
    FormerTerms,
    HeadingText,
    Party,
    StepTaken,
)
from traitdunion.core.errors import Refusal
from traitdunion.identity.kinds import OrganisationKind, Side
from traitdunion.identity.models import Organisation
from traitdunion.territories.models import Departement

ONE_IN_FORCE = "convention_one_in_force_a_day"


class ConventionRefusedError(Refusal):
    """The convention cannot be written as asked."""


def join_parties(convention: Convention, others: Sequence[Organisation]) -> None:
    """Write who is bound: the two institutions of the département, and others.

    Raises:
        ConventionRefusedError: an institution is not registered.
    """
    departement = convention.departement
    institutions = {
        Side.PREFECTURE: Organisation.objects.filter(
            kind=OrganisationKind.PREFECTURE.value, departement=departement
        ).first(),
        Side.ARS: Organisation.objects.filter(
            kind=OrganisationKind.ARS.value, region_id=departement.region_id
        ).first(),
    }
    for side, organisation in institutions.items():
        if organisation is None:
            raise ConventionRefusedError(
                f"Aucune organisation « {side.label} » n’est enregistrée pour {departement}. "
                "Demandez à l’administrateur de l’ouvrir, puis recommencez."
            )
        Party.objects.create(convention=convention, organisation=organisation, side=side.value)
    for organisation in others:
        if organisation not in institutions.values():
            Party.objects.create(convention=convention, organisation=organisation)


def check_amendable(parent: Convention, on: date) -> None:
    """Refuse an avenant on what is not signed, or no longer applies."""
    if parent.signed_on is None:
        raise ConventionRefusedError(
            "Cette convention n’est pas signée : modifiez-la directement. "
            "Un avenant ne vient qu’après la signature."
        )
    stop = rules.first_day_after(ends_on=parent.ends_on, denounced_on=parent.denounced_on)
    if stop is not None and on >= stop:
        raise ConventionRefusedError(
            f"Cette convention ne s’applique plus depuis le {stop:%d/%m/%Y} : "
            "un avenant ne la fait pas revivre. Préparez une nouvelle convention."
        )


def locked(convention: Convention) -> Convention:
    """Return the convention as it stands, locked until the end of the transaction."""
    return (
        Convention.objects.select_for_update(of=("self",))
        .select_related("departement__region", "parent", "template")
        .get(pk=convention.pk)
    )


def locked_with_departement(convention: Convention) -> Convention:
    """Return the convention as it stands, alone to act on those of its département."""
    # Signatures of one département follow one another: two of them cannot both find the period free, and
    # the constraint behind cannot make them wait for each other.
    Departement.objects.select_for_update(no_key=True).get(pk=convention.departement_id)
    return locked(convention)


def refuse_abandoned(convention: Convention) -> None:
    """Refuse to change a text given up."""
    if convention.abandoned_on is not None:
        new = "un nouvel avenant" if convention.is_avenant else "un nouveau projet"
        raise ConventionRefusedError(
            f"Ce texte est abandonné depuis le {convention.abandoned_on:%d/%m/%Y} : il ne change plus. "
            f"Ouvrez {new}."
        )


def open_for_writing(convention: Convention) -> Convention:
    """Return a draft locked; refuse when a side has signed or the text is given up."""
    convention = locked(convention)
    refuse_abandoned(convention)
    signed = convention.signatures.first()
    if convention.signed_on is not None:
        raise ConventionRefusedError(
            "Les deux parties ont signé : le texte ne change plus que par un avenant."
        )
    if signed is not None:
        raise ConventionRefusedError(
            f"{signed.signatory_name} a signé le {signed.signed_on:%d/%m/%Y} : le texte ne bouge plus. "
            "Pour le reprendre, ce côté retire d’abord sa signature."
        )
    return convention


def check_dates(starts_on: date | None, ends_on: date | None) -> None:
    """Refuse an end before its start."""
    if starts_on is not None and ends_on is not None and ends_on < starts_on:
        raise ConventionRefusedError(
            f"La convention finirait le {ends_on:%d/%m/%Y}, avant de commencer, le {starts_on:%d/%m/%Y}. "
            "Corrigez l’une des deux dates."
        )


def check_term(ends_on: date | None, signed_on: date) -> None:
    """Refuse a last day before the last signature."""
    if ends_on is not None and ends_on < signed_on:
        raise ConventionRefusedError(
            f"Le dernier jour, le {ends_on:%d/%m/%Y}, précède la dernière signature, "
            f"le {signed_on:%d/%m/%Y}. Corrigez le dernier jour ou la date de signature."
        )


def check_day(
    convention: Convention, on: date, *, not_before: date | None, what: str, before: str, at: datetime
) -> None:
    """Refuse a day to come, or one before what it must follow."""
    today = rules.local_day(at, convention.departement.time_zone)
    if on > today:
        raise ConventionRefusedError(
            f"{what} porte une date à venir, le {on:%d/%m/%Y}. Donnez le jour exact, "
            f"au plus tard le {today:%d/%m/%Y}."
        )
    if not_before is not None and on < not_before:
        raise ConventionRefusedError(
            f"{what} (le {on:%d/%m/%Y}) précède {before} (le {not_before:%d/%m/%Y}). Corrigez la date."
        )


def check_alone(convention: Convention) -> None:
    """Refuse when another signed convention of the département applies on one of its days."""
    if convention.starts_on is None:
        return
    period = (
        convention.starts_on,
        rules.first_day_after(ends_on=convention.ends_on, denounced_on=convention.denounced_on),
    )
    signed = Convention.objects.filter(
        departement=convention.departement, parent__isnull=True, signed_on__isnull=False
    ).exclude(pk=convention.pk)
    for other in signed:
        if other.starts_on is None:
            continue
        stop = rules.first_day_after(ends_on=other.ends_on, denounced_on=other.denounced_on)
        if rules.overlap(period, (other.starts_on, stop)):
            raise ConventionRefusedError(_clash(other, stop))


def _clash(other: Convention, stop: date | None) -> str:
    if stop is None:
        return (
            f"La convention « {other.title} », en vigueur depuis le {other.starts_on:%d/%m/%Y}, "
            "n’a pas de terme : deux conventions d’un département ne s’appliquent jamais le même jour. "
            "Dénoncez-la d’abord."
        )
    return (
        f"La convention « {other.title} » s’applique du {other.starts_on:%d/%m/%Y} jusqu’à la veille du "
        f"{stop:%d/%m/%Y} : deux conventions d’un département ne s’appliquent jamais le même jour. "
        "Changez le premier ou le dernier jour, ou dénoncez l’autre convention."
    )


def save_in_force(convention: Convention, fields: Sequence[str]) -> None:
    """Save, and say the refusal of the database in words when another writer came first."""
    try:
        with transaction.atomic():
            convention.save(update_fields=fields)
    except IntegrityError as error:
        if ONE_IN_FORCE not in str(error):
            raise
        raise ConventionRefusedError(
            "Une autre convention de ce département vient d’être signée pour la même période. "
            "Rechargez la page et comparez les dates."
        ) from error


def record_step(
    convention: Convention, step: Step, turn: Turn, on: date, reason: str, *, actor: Actor, at: datetime
) -> StepTaken:
    """Write a step of the life of a convention, and whose turn it is."""
    return StepTaken.objects.create(
        convention=convention,
        step=step.value,
        turn=turn.value,
        happened_on=on,
        reason=reason,
        **audit.authorship(actor=actor, at=at),
    )


def keep_terms(convention: Convention, *, actor: Actor, at: datetime) -> None:
    """Keep what the convention says of itself, before it says something else."""
    FormerTerms.objects.create(
        convention=convention, **convention.terms, **audit.authorship(actor=actor, at=at)
    )


def mark_author(row: HeadingText | Circuit | Clause, *, actor: Actor, at: datetime) -> None:
    """Say who wrote a row and when, before it is saved."""
    row.author_label, row.author_mandate, row.recorded_at = actor.label, actor.mandate, at


def log_act(convention: Convention, verb: str, *, actor: Actor, at: datetime, **detail: object) -> None:
    """Write an act on a convention in the log."""
    audit.record(
        event=f"conventions.convention.{verb}",
        subject=str(convention.public_id),
        actor=actor,
        at=at,
        detail=detail,
    )
