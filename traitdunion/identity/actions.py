"""Open and end mandates, delegations, organisations and accounts; log who comes in and who is refused."""

from datetime import date, datetime

from django.db import transaction

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import Actor
from traitdunion.core.errors import Refusal
from traitdunion.identity.kinds import Holding, OrganisationKind, Role
from traitdunion.identity.models import Delegation, Mandate, Organisation, Person, Post
from traitdunion.territories.models import Departement, Region


class MandateRefusedError(Refusal):
    """The mandate or the delegation cannot be written as asked."""


@transaction.atomic
def register_person(
    *, issuer: str, subject: str, name: str, email: str = "", actor: Actor, at: datetime
) -> Person:
    """Open an account for the identity (``issuer``, ``subject``); the identity provider does the rest.

    Raises:
        MandateRefusedError: the identity already has an account.
    """
    if Person.objects.filter(issuer=issuer, subject=subject).exists():
        raise MandateRefusedError(
            "Cette identité a déjà un compte : cherchez-la dans la liste des personnes et ouvrez son accès."
        )
    person = Person(issuer=issuer, subject=subject, name=name, email=email)
    person.set_unusable_password()
    person.save()
    audit.record(event="identity.person.registered", subject=str(person.public_id), actor=actor, at=at)
    return person


@transaction.atomic
def set_access(person: Person, *, is_active: bool, actor: Actor, at: datetime) -> None:
    """Open or close the access of ``person``; a closed access ends at the next request.

    Raises:
        MandateRefusedError: someone closes their own access.
    """
    if not is_active and actor.person == person.public_id:
        raise MandateRefusedError(
            "Vous ne pouvez pas fermer votre propre accès : demandez-le à un autre administrateur."
        )
    person.is_active = is_active
    person.save(update_fields=["is_active"])
    event = "identity.person.opened" if is_active else "identity.person.closed"
    audit.record(event=event, subject=str(person.public_id), actor=actor, at=at)


@transaction.atomic
def open_organisation(
    *,
    kind: OrganisationKind,
    name: str,
    opened_on: date,
    departement: Departement | None = None,
    region: Region | None = None,
    parent: Organisation | None = None,
    actor: Actor,
    at: datetime,
) -> Organisation:
    """Open an organisation."""
    organisation = Organisation.objects.create(
        kind=kind.value, name=name, opened_on=opened_on, departement=departement, region=region, parent=parent
    )
    audit.record(
        event="identity.organisation.opened", subject=str(organisation.public_id), actor=actor, at=at
    )
    return organisation


@transaction.atomic
def open_post(
    *,
    organisation: Organisation,
    role: Role,
    opened_on: date,
    departement: Departement | None = None,
    region: Region | None = None,
    actor: Actor,
    at: datetime,
) -> Post:
    """Open a post in ``organisation``."""
    post = Post.objects.create(
        organisation=organisation,
        role=role.value,
        opened_on=opened_on,
        departement=departement,
        region=region,
    )
    audit.record(event="identity.post.opened", subject=str(post.public_id), actor=actor, at=at)
    return post


@transaction.atomic
def grant(
    *,
    person: Person,
    post: Post,
    starts_on: date,
    ends_on: date | None = None,
    holding: Holding = Holding.TITULAIRE,
    actor: Actor,
    at: datetime,
) -> Mandate:
    """Give ``person`` the post between two days.

    Raises:
        MandateRefusedError: the post already has a titulaire on one of these days, or does not exist on
            them, or the last day comes first.
    """
    mandate = Mandate(
        person=person,
        post=post,
        starts_on=starts_on,
        ends_on=ends_on,
        holding=holding.value,
        **audit.authorship(actor=actor, at=at),
    )
    if ends_on is not None and ends_on < starts_on:
        raise MandateRefusedError(
            f"Le mandat finirait le {ends_on:%d/%m/%Y}, avant son premier jour, le {starts_on:%d/%m/%Y}. "
            "Corrigez l’une des deux dates."
        )
    if starts_on < post.opened_on or (post.closed_on is not None and starts_on > post.closed_on):
        raise MandateRefusedError(
            f"Le poste n’existe pas le {starts_on:%d/%m/%Y} : il a été créé le {post.opened_on:%d/%m/%Y}"
            + (f" et supprimé le {post.closed_on:%d/%m/%Y}" if post.closed_on is not None else "")
            + ". Choisissez un premier jour où il existe."
        )
    clash = _titulaire_between(post, starts_on, ends_on) if holding is Holding.TITULAIRE else None
    if clash is not None:
        raise MandateRefusedError(
            f"Ce poste a déjà un titulaire, {clash.person.name}, depuis le {clash.starts_on:%d/%m/%Y}. "
            "Mettez fin à son mandat, ou désignez un suppléant."
        )
    mandate.save()
    audit.record(event="identity.mandate.granted", subject=str(mandate.public_id), actor=actor, at=at)
    return mandate


def _titulaire_between(post: Post, starts_on: date, ends_on: date | None) -> Mandate | None:
    titulaires = Mandate.objects.filter(post=post, holding=Holding.TITULAIRE.value)
    running = titulaires.exclude(ends_on__lt=starts_on)
    if ends_on is not None:
        running = running.filter(starts_on__lte=ends_on)
    return running.select_related("person").first()


@transaction.atomic
def end(mandate: Mandate, *, last_day: date, actor: Actor, at: datetime) -> None:
    """End a mandate on ``last_day``, included.

    Raises:
        MandateRefusedError: the last day precedes the first, or the mandate is the one in use.
    """
    if actor.mandate == mandate.public_id:
        raise MandateRefusedError(
            "Vous ne pouvez pas mettre fin au mandat sous lequel vous agissez : "
            "demandez-le à un autre administrateur."
        )
    if last_day < mandate.starts_on:
        raise MandateRefusedError(
            f"Le dernier jour, le {last_day:%d/%m/%Y}, précède le premier, le {mandate.starts_on:%d/%m/%Y}. "
            "Choisissez une date plus tardive."
        )
    mandate.ends_on = last_day
    mandate.save(update_fields=["ends_on"])
    audit.record(
        event="identity.mandate.ended",
        subject=str(mandate.public_id),
        actor=actor,
        at=at,
        detail={"last_day": last_day.isoformat()},
    )


@transaction.atomic
def delegate(
    *,
    given_by: Post,
    given_to: Person,
    reference: str,
    starts_on: date,
    ends_on: date | None,
    actor: Actor,
    at: datetime,
) -> Delegation:
    """Write that the holder of ``given_by`` lets ``given_to`` sign between two days.

    Raises:
        MandateRefusedError: the last day precedes the first.
    """
    if ends_on is not None and ends_on < starts_on:
        raise MandateRefusedError(
            f"La délégation finirait le {ends_on:%d/%m/%Y}, avant son premier jour, le {starts_on:%d/%m/%Y}. "
            "Corrigez l’une des deux dates."
        )
    delegation = Delegation.objects.create(
        given_by=given_by,
        given_to=given_to,
        reference=reference,
        starts_on=starts_on,
        ends_on=ends_on,
        **audit.authorship(actor=actor, at=at),
    )
    audit.record(event="identity.delegation.given", subject=str(delegation.public_id), actor=actor, at=at)
    return delegation


@transaction.atomic
def end_delegation(delegation: Delegation, *, last_day: date, actor: Actor, at: datetime) -> None:
    """End a delegation on ``last_day``, included.

    Raises:
        MandateRefusedError: the last day precedes the first.
    """
    if last_day < delegation.starts_on:
        raise MandateRefusedError(
            f"Le dernier jour, le {last_day:%d/%m/%Y}, précède le premier, "
            f"le {delegation.starts_on:%d/%m/%Y}. Choisissez une date plus tardive."
        )
    delegation.ends_on = last_day
    delegation.save(update_fields=["ends_on"])
    audit.record(
        event="identity.delegation.ended",
        subject=str(delegation.public_id),
        actor=actor,
        at=at,
        detail={"last_day": last_day.isoformat()},
    )


def sign_in(person: Person, *, actor: Actor, at: datetime) -> None:
    """Log that ``person`` came in."""
    audit.record(event="identity.person.signed_in", subject=str(person.public_id), actor=actor, at=at)


def sign_out(person: Person, *, actor: Actor, at: datetime) -> None:
    """Log that ``person`` left."""
    audit.record(event="identity.person.signed_out", subject=str(person.public_id), actor=actor, at=at)


def refuse_sign_in(*, reference: str, reason: str, actor: Actor, at: datetime) -> None:
    """Log that an identity was refused; ``reference`` names it without telling it."""
    audit.record(
        event="identity.sign_in.refused", subject=reference, actor=actor, at=at, detail={"reason": reason}
    )


def choose(mandate: Mandate, *, actor: Actor, at: datetime) -> None:
    """Log that the session now acts under ``mandate``."""
    audit.record(event="identity.mandate.chosen", subject=str(mandate.public_id), actor=actor, at=at)


@transaction.atomic
def open_administrator(
    *, issuer: str, subject: str, name: str, organisation: str, starts_on: date, actor: Actor, at: datetime
) -> Mandate:
    """Open the first administrator's account, organisation, post and mandate.

    Raises:
        MandateRefusedError: an administrator is already in post, or the identity already has an account.
    """
    if Mandate.objects.current(starts_on).filter(post__role=Role.ADMINISTRATEUR.value).exists():
        raise MandateRefusedError(
            "Un administrateur est déjà en poste : demandez-lui d’ouvrir le compte depuis le site."
        )
    person = register_person(issuer=issuer, subject=subject, name=name, actor=actor, at=at)
    desk = Organisation.objects.filter(kind=OrganisationKind.DESK.value, name=organisation).first()
    if desk is None:
        desk = open_organisation(
            kind=OrganisationKind.DESK, name=organisation, opened_on=starts_on, actor=actor, at=at
        )
    post = open_post(organisation=desk, role=Role.ADMINISTRATEUR, opened_on=starts_on, actor=actor, at=at)
    return grant(person=person, post=post, starts_on=starts_on, actor=actor, at=at)
