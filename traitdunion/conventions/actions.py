"""The life of a convention: draft it, hand it over, give it up, open an avenant."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import Max

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import Actor
from traitdunion.conventions import rules
from traitdunion.conventions.kinds import Coverage, State, Step, Turn
from traitdunion.conventions.models import (
    Circuit,
    Convention,
    HeadingText,
    Party,
    StepTaken,
    Template,
)
from traitdunion.conventions.writing import (
    ConventionRefusedError,
    check_amendable,
    check_dates,
    check_day,
    join_parties,
    locked,
    locked_with_departement,
    log_act,
    open_for_writing,
    record_step,
    refuse_abandoned,
)
from traitdunion.identity.kinds import Side
from traitdunion.identity.models import Organisation
from traitdunion.plan.kinds import Provenance
from traitdunion.territories.models import Departement


@transaction.atomic
def start(
    *,
    departement: Departement,
    side: Side,
    title: str,
    on: date,
    template: Template | None,
    reference: str = "",
    starts_on: date | None = None,
    ends_on: date | None = None,
    others: Sequence[Organisation] = (),
    provenance: Provenance,
    actor: Actor,
    at: datetime,
) -> Convention:
    """Start the draft of a convention; ``side`` holds the pen first.

    The headings and the role matrix of ``template`` are copied as proposals to complete.

    Raises:
        ConventionRefusedError: a draft is already open, a party is missing, or the dates are wrong.
    """
    check_dates(starts_on, ends_on)
    Departement.objects.select_for_update(no_key=True).get(pk=departement.pk)
    draft = Convention.objects.open().filter(departement=departement, parent__isnull=True).first()
    if draft is not None:
        raise ConventionRefusedError(
            f"Un projet de convention est déjà ouvert pour {departement} : « {draft.title} ». "
            "Complétez-le, ou abandonnez-le."
        )
    convention = Convention.objects.create(
        departement=departement,
        title=title,
        reference=reference,
        template=template,
        starts_on=starts_on,
        ends_on=ends_on,
        provenance=provenance.value,
        **audit.authorship(actor=actor, at=at),
    )
    check_day(convention, on, not_before=None, what="Le projet", before="", at=at)
    join_parties(convention, others)
    _propose(convention, template, actor=actor, at=at)
    record_step(convention, Step.PROJET, Turn(side.value), on, "", actor=actor, at=at)
    log_act(convention, "started", actor=actor, at=at)
    return convention


def _propose(convention: Convention, template: Template | None, *, actor: Actor, at: datetime) -> None:
    if template is None:
        return
    authorship = audit.authorship(actor=actor, at=at)
    HeadingText.objects.bulk_create(
        HeadingText(
            convention=convention,
            number=heading.number,
            coverage=(Coverage.PARTIAL if heading.text else Coverage.ABSENT).value,
            text=heading.text,
            **authorship,
        )
        for heading in template.headings.all()
    )
    Circuit.objects.bulk_create(
        Circuit(
            convention=convention,
            position=line.position,
            subject=line.subject,
            who_does=line.who_does,
            who_is_told=line.who_is_told,
            form=line.form,
            legal_basis=line.legal_basis,
            never_passes=line.never_passes,
            **authorship,
        )
        for line in template.circuits.all()
    )


@transaction.atomic
def start_avenant(
    parent: Convention,
    *,
    side: Side,
    title: str,
    on: date,
    reference: str = "",
    starts_on: date | None = None,
    new_end: date | None = None,
    template: Template | None = None,
    actor: Actor,
    at: datetime,
) -> Convention:
    """Start an avenant on a signed convention.

    Args:
        parent: the convention it modifies.
        side: who holds the pen first.
        title: its title.
        on: the day the draft starts.
        reference: its reference.
        starts_on: first day in force; None means the day of its last signature.
        new_end: the last day that the convention will have; None leaves it as it is.
        template: the version of the model with which it aligns the convention.
        actor: who starts it.
        at: when.

    Raises:
        ConventionRefusedError: the convention is not signed, no longer applies, or an avenant is open.
    """
    parent = locked(parent)
    if parent.is_avenant:
        raise ConventionRefusedError("Un avenant modifie une convention, pas un autre avenant.")
    check_amendable(parent, on)
    check_dates(starts_on or parent.starts_on, new_end)
    if parent.avenants.open().exists():
        raise ConventionRefusedError(
            "Un avenant est déjà en préparation : faites-le signer, ou abandonnez-le, avant d’en ouvrir un autre."
        )
    last = parent.avenants.filter(abandoned_on__isnull=True).aggregate(last=Max("number"))["last"] or 0
    avenant = Convention.objects.create(
        departement=parent.departement,
        parent=parent,
        number=last + 1,
        title=title,
        reference=reference,
        template=template,
        starts_on=starts_on,
        ends_on=new_end,
        provenance=parent.provenance,
        **audit.authorship(actor=actor, at=at),
    )
    Party.objects.bulk_create(
        Party(convention=avenant, organisation_id=party.organisation_id, side=party.side)
        for party in parent.parties.all()
    )
    record_step(avenant, Step.PROJET, Turn(side.value), on, "", actor=actor, at=at)
    log_act(avenant, "started", actor=actor, at=at)
    return avenant


@transaction.atomic
def take_step(
    convention: Convention, *, step: Step, side: Side, on: date, reason: str = "", actor: Actor, at: datetime
) -> StepTaken:
    """Declare a step on the day ``on`` and hand the pen to the other side, to both when it is to be signed.

    Raises:
        ConventionRefusedError: a side has signed, the step cannot follow, the day or the reason is wrong.
    """
    convention = open_for_writing(convention)
    last = convention.steps.last()
    if last is None:
        raise ConventionRefusedError(
            "Cette convention a été déclarée signée : elle n’a plus d’étape à franchir."
        )
    check_day(convention, on, not_before=last.happened_on, what="L’étape", before="l’étape précédente", at=at)
    state = State(last.step)
    if step not in rules.NEXT_STEPS[state]:
        possible = " ou ".join(f"« {each.label} »" for each in rules.NEXT_STEPS[state])
        raise ConventionRefusedError(
            f"Après « {state.label} », l’étape ne peut pas être « {step.label} » : choisissez {possible}."
        )
    if not reason.strip() and rules.step_needs_reason(state, step, Turn(last.turn), side=side):
        raise ConventionRefusedError(
            "Dites pourquoi : le texte revient en arrière, ou ce n’est pas à vous d’agir. "
            "L’autre partie lira ce motif."
        )
    turn = Turn.BOTH if step is Step.A_SIGNER else Turn(side.other.value)
    taken = record_step(convention, step, turn, on, reason, actor=actor, at=at)
    log_act(convention, "step_taken", actor=actor, at=at, step=step.value, turn=turn.value)
    return taken


@transaction.atomic
def abandon(convention: Convention, *, on: date, reason: str, actor: Actor, at: datetime) -> StepTaken:
    """Give up a text that nobody has signed: it stays readable, and a new draft may be opened.

    Raises:
        ConventionRefusedError: a side has signed, it is given up already, the day is wrong or the reason is missing.
    """
    convention = locked_with_departement(convention)
    refuse_abandoned(convention)
    if convention.signed_on is not None:
        instead = "Préparez un nouvel avenant." if convention.is_avenant else "Dénoncez la convention."
        raise ConventionRefusedError(f"Les deux parties ont signé : ce texte ne s’abandonne plus. {instead}")
    signed = convention.signatures.first()
    if signed is not None:
        raise ConventionRefusedError(
            f"{signed.signatory_name} a signé le {signed.signed_on:%d/%m/%Y} ({signed.get_side_display()}) : "
            "un texte signé ne s’abandonne pas. Ce côté retire d’abord sa signature."
        )
    if not reason.strip():
        raise ConventionRefusedError("Dites pourquoi le texte est abandonné : l’autre partie lira ce motif.")
    last = convention.steps.last()
    check_day(
        convention,
        on,
        not_before=last.happened_on if last else None,
        what="L’abandon",
        before="la dernière étape",
        at=at,
    )
    convention.abandoned_on = on
    convention.save(update_fields=["abandoned_on"])
    taken = record_step(convention, Step.ABANDONNEE, Turn.NOBODY, on, reason, actor=actor, at=at)
    log_act(convention, "abandoned", actor=actor, at=at)
    return taken
