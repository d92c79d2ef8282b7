"""Sign a convention, take a signature back, denounce it."""

from datetime import date, datetime

from django.db import transaction

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import Actor
from traitdunion.conventions import access, rules
from traitdunion.conventions.kinds import Basis, Step, Turn
from traitdunion.conventions.models import (
    Convention,
    Signature,
)
from traitdunion.conventions.writing import (
    ConventionRefusedError,
    check_alone,
    check_amendable,
    check_dates,
    check_day,
    check_term,
    keep_terms,
    locked,
    locked_with_departement,
    log_act,
    record_step,
    refuse_abandoned,
    save_in_force,
)
from traitdunion.identity.kinds import Side
from traitdunion.identity.models import Person
from traitdunion.plan import actions as ledger
from traitdunion.plan.kinds import OriginKind, Owner, Provenance
from traitdunion.territories.models import Departement


@transaction.atomic
def sign(
    convention: Convention,
    *,
    side: Side,
    signatory: Person,
    signed_on: date,
    actor: Actor,
    at: datetime,
) -> Signature:
    """Record that ``signatory`` signed for ``side`` on a day, under a power checked for that day.

    With the second signature the text is final: its clauses enter the ledger, an avenant changes the term.

    Raises:
        ConventionRefusedError: it is not to be signed, the side already signed, the day is wrong, the person
            had no power that day, or another convention of the département is in force.
    """
    convention = locked_with_departement(convention)
    refuse_abandoned(convention)
    last = convention.steps.last()
    if convention.signed_on is not None or last is None:
        raise ConventionRefusedError("Les deux parties ont déjà signé.")
    if Step(last.step) is not Step.A_SIGNER:
        raise ConventionRefusedError(
            f"Le texte est à l’étape « {Step(last.step).label} » : passez-le d’abord « à signer »."
        )
    _check_unsigned(convention, side)
    check_day(
        convention,
        signed_on,
        not_before=last.happened_on,
        what="La signature",
        before="le passage « à signer »",
        at=at,
    )
    title = _title_to_sign(convention.departement, side, signatory, signed_on)
    signature = Signature.objects.create(
        convention=convention,
        side=side.value,
        signed_on=signed_on,
        signatory=signatory,
        signatory_name=signatory.name,
        quality=_quality(title),
        basis=(Basis.DELEGATION if title.delegation else Basis.MANDATE).value,
        post=title.post,
        delegation=title.delegation,
        **audit.authorship(actor=actor, at=at),
    )
    log_act(convention, "signed", actor=actor, at=at, side=side.value, signed_on=signed_on.isoformat())
    both = convention.life.fully_signed_on
    if both is not None:
        _conclude(convention, both, actor=actor, at=at)
    return signature


def _quality(title: access.Title) -> str:
    held = str(title.post)
    return f"par délégation {title.power.reference} ({held})"[:150] if title.delegation else held[:150]


def _check_unsigned(convention: Convention, side: Side) -> None:
    done = convention.signatures.filter(side=side.value).first()
    if done is not None:
        raise ConventionRefusedError(
            f"{done.signatory_name} a déjà signé pour ce côté ({side.label}), le {done.signed_on:%d/%m/%Y}."
        )


def _title_to_sign(departement: Departement, side: Side, person: Person, on: date) -> access.Title:
    titles = access.titles_to_sign(departement, side=side, person=person)
    power = rules.power_to_sign([title.power for title in titles], side=side, on=on)
    if power is None:
        able = access.titles_to_sign(departement, side=side, on=on)
        raise ConventionRefusedError(
            rules.refusal_to_sign(
                person.name,
                side=side,
                on=on,
                powers=[title.power for title in titles],
                able=[(title.person.name, title.power) for title in able],
            )
        )
    return next(title for title in titles if title.power is power)


def _conclude(convention: Convention, signed_on: date, *, actor: Actor, at: datetime) -> None:
    """Make a text signed by both sides final, on the day of the last signature."""
    convention.signed_on = signed_on
    if convention.starts_on is None:
        keep_terms(convention, actor=actor, at=at)
        convention.starts_on = signed_on
    if convention.parent is None:
        check_term(convention.ends_on, signed_on)
        check_alone(convention)
        save_in_force(convention, ["signed_on", "starts_on"])
    else:
        check_dates(convention.starts_on, convention.ends_on)
        convention.save(update_fields=["signed_on", "starts_on"])
        _amend(convention.parent, convention, signed_on, actor=actor, at=at)
    log_act(convention, "concluded", actor=actor, at=at, signed_on=signed_on.isoformat())
    _open_clause_actions(convention, signed_on, actor=actor, at=at)


def _amend(parent: Convention, avenant: Convention, signed_on: date, *, actor: Actor, at: datetime) -> None:
    parent = locked(parent)
    check_amendable(parent, signed_on)
    if avenant.ends_on is not None or avenant.template is not None:
        keep_terms(parent, actor=actor, at=at)
    changed = []
    if avenant.ends_on is not None:
        check_term(avenant.ends_on, signed_on)
        parent.ends_on = avenant.ends_on
        check_alone(parent)
        changed.append("ends_on")
    if avenant.template is not None:
        parent.template = avenant.template
        changed.append("template")
    if changed:
        save_in_force(parent, changed)
        log_act(parent, "amended", actor=actor, at=at, avenant=avenant.number, changed=changed)


def _open_clause_actions(convention: Convention, on: date, *, actor: Actor, at: datetime) -> None:
    for clause in convention.clauses.all():
        ledger.open_action(
            text=ledger.ActionText(title=clause.text, due_on=clause.due_on),
            opened_on=on,
            origin=ledger.Origin(
                kind=OriginKind.CONVENTION_CLAUSE,
                reference=clause.public_id,
                label=f"{convention}, rubrique {clause.heading_number}"[:250],
            ),
            departement=convention.departement,
            owner=Owner(clause.owner),
            provenance=Provenance(convention.provenance),
            actor=actor,
            at=at,
        )


@transaction.atomic
def withdraw_signature(
    convention: Convention, *, side: Side, on: date, reason: str, actor: Actor, at: datetime
) -> None:
    """Take back the signature of ``side`` while the other has not signed; the text stays « à signer ».

    The signature is kept, marked: who reads that evening again finds it.

    Raises:
        ConventionRefusedError: there is none, both have signed, or the reason is missing.
    """
    convention = locked(convention)
    signature = convention.signatures.filter(side=side.value).first()
    if signature is None:
        raise ConventionRefusedError("Votre côté n’a pas signé : il n’y a rien à retirer.")
    if convention.signed_on is not None:
        raise ConventionRefusedError(
            "Les deux parties ont signé : une signature ne se retire plus. "
            "Passez par un avenant ou une dénonciation."
        )
    if not reason.strip():
        raise ConventionRefusedError(
            "Dites pourquoi la signature est retirée : l’autre partie lira ce motif."
        )
    check_day(
        convention,
        on,
        not_before=signature.signed_on,
        what="Le retrait",
        before="la signature",
        at=at,
    )
    signature.withdrawn_on, signature.withdrawn_recorded_at = on, at
    signature.save(update_fields=["withdrawn_on", "withdrawn_recorded_at"])
    record_step(
        convention,
        Step.A_SIGNER,
        Turn.BOTH,
        on,
        f"Signature {side.label} retirée : {reason}"[:300],
        actor=actor,
        at=at,
    )
    log_act(convention, "signature_withdrawn", actor=actor, at=at, side=side.value)


@transaction.atomic
def denounce(convention: Convention, *, from_on: date, reason: str, actor: Actor, at: datetime) -> None:
    """End a signed convention before its term: ``from_on`` is the first day on which it no longer applies.

    Raises:
        ConventionRefusedError: it is not signed, already over, or the reason is missing.
    """
    convention = locked(convention)
    if convention.is_avenant:
        raise ConventionRefusedError("On dénonce la convention, pas un avenant : ouvrez la convention.")
    if convention.signed_on is None:
        raise ConventionRefusedError("Cette convention n’est pas signée : il n’y a rien à dénoncer.")
    if convention.denounced_on is not None:
        raise ConventionRefusedError(
            f"Cette convention est déjà dénoncée à compter du {convention.denounced_on:%d/%m/%Y}."
        )
    if from_on <= convention.signed_on:
        raise ConventionRefusedError(
            f"La dénonciation (à compter du {from_on:%d/%m/%Y}) doit suivre la signature, "
            f"le {convention.signed_on:%d/%m/%Y}. Corrigez la date."
        )
    if convention.ends_on is not None and from_on > convention.ends_on:
        raise ConventionRefusedError(
            f"Le {from_on:%d/%m/%Y}, la convention aura déjà pris fin (dernier jour le "
            f"{convention.ends_on:%d/%m/%Y}) : il n’y a rien à dénoncer."
        )
    if not reason.strip():
        raise ConventionRefusedError(
            "Dites pourquoi la convention est dénoncée : l’autre partie lira ce motif."
        )
    convention.denounced_on = from_on
    convention.denounced_reason = reason
    convention.denounced_recorded_at = at
    convention.denounced_by = actor.label
    convention.save(
        update_fields=["denounced_on", "denounced_reason", "denounced_recorded_at", "denounced_by"]
    )
    log_act(convention, "denounced", actor=actor, at=at, from_on=from_on.isoformat())
