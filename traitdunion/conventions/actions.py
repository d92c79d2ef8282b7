"""Write a convention: draft it, hand it over, give it up, sign it, amend it, denounce it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import Max

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import Actor
from traitdunion.conventions import access, rules
from traitdunion.conventions.kinds import Basis, Coverage, State, Step, Turn
from traitdunion.conventions.models import (
    Circuit,
    Clause,
    Convention,
    FormerTerms,
    HeadingText,
    Party,
    Signature,
    StepTaken,
    Template,
)
from traitdunion.core.errors import Refusal
from traitdunion.identity.kinds import OrganisationKind, Side
from traitdunion.identity.models import Organisation, Person
from traitdunion.plan import actions as ledger
from traitdunion.plan.kinds import OriginKind, Owner, Provenance
from traitdunion.territories.models import Departement

ONE_IN_FORCE = "convention_one_in_force_a_day"


class ConventionRefusedError(Refusal):
    """The convention cannot be written as asked."""


# Start


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
    _check_dates(starts_on, ends_on)
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
    _check_day(convention, on, not_before=None, what="Le projet", before="", at=at)
    _join_parties(convention, others)
    _propose(convention, template, actor=actor, at=at)
    _step(convention, Step.PROJET, Turn(side.value), on, "", actor=actor, at=at)
    _log(convention, "started", actor=actor, at=at)
    return convention


def _join_parties(convention: Convention, others: Sequence[Organisation]) -> None:
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
    parent = _locked(parent)
    if parent.is_avenant:
        raise ConventionRefusedError("Un avenant modifie une convention, pas un autre avenant.")
    _check_amendable(parent, on)
    _check_dates(starts_on or parent.starts_on, new_end)
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
    _step(avenant, Step.PROJET, Turn(side.value), on, "", actor=actor, at=at)
    _log(avenant, "started", actor=actor, at=at)
    return avenant


def _check_amendable(parent: Convention, on: date) -> None:
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


# Write the text


@transaction.atomic
def revise(
    convention: Convention,
    *,
    title: str,
    reference: str,
    template: Template | None,
    starts_on: date | None,
    ends_on: date | None,
    actor: Actor,
    at: datetime,
) -> None:
    """Change what a draft says of itself. Once signed, only an avenant changes the dates.

    Raises:
        ConventionRefusedError: a side has signed, or the dates are wrong.
    """
    convention = _open_for_writing(convention)
    _check_dates(starts_on, ends_on)
    _keep_terms(convention, actor=actor, at=at)
    convention.title = title
    convention.reference = reference
    convention.template = template
    convention.starts_on = starts_on
    convention.ends_on = ends_on
    convention.save(update_fields=["title", "reference", "template", "starts_on", "ends_on"])
    _log(convention, "revised", actor=actor, at=at)


@transaction.atomic
def write_heading(
    convention: Convention,
    *,
    number: int,
    coverage: Coverage,
    text: str,
    read_at: datetime | None = None,
    actor: Actor,
    at: datetime,
) -> HeadingText:
    """Write the text of a heading.

    Args:
        convention: the draft.
        number: of the heading, 1 to 16.
        coverage: whether the convention deals with it.
        text: what it says.
        read_at: when the version that the author started from was written; None skips the check.
        actor: who writes.
        at: when.

    Raises:
        ConventionRefusedError: a side has signed, someone else wrote meanwhile, or a heading said to be dealt
            with is empty.
    """
    convention = _open_for_writing(convention)
    if coverage is Coverage.PRESENT and not text.strip():
        raise ConventionRefusedError(
            f"La rubrique {number} est dite traitée mais son texte est vide : écrivez-le ou changez son état."
        )
    heading = HeadingText.objects.filter(convention=convention, number=number).first()
    if heading is not None and read_at is not None and heading.recorded_at != read_at:
        raise ConventionRefusedError(
            f"La rubrique {number} a été modifiée pendant que vous écriviez, par {heading.author_label}. "
            "Votre texte est gardé ci-dessous : comparez-le à la version enregistrée, "
            "puis enregistrez de nouveau."
        )
    heading = heading or HeadingText(convention=convention, number=number)
    heading.coverage = coverage.value
    heading.text = text
    _author(heading, actor=actor, at=at)
    heading.save()
    _log(convention, "heading_written", actor=actor, at=at, number=number)
    return heading


@transaction.atomic
def leave_heading(avenant: Convention, *, number: int, actor: Actor, at: datetime) -> None:
    """Take a heading out of an avenant: the text in force stays.

    Raises:
        ConventionRefusedError: a side has signed, or it is a convention and not an avenant.
    """
    avenant = _open_for_writing(avenant)
    if not avenant.is_avenant:
        raise ConventionRefusedError(
            "Une convention garde ses seize rubriques : dites celle-ci « sans objet » ou « absente »."
        )
    avenant.headings.filter(number=number).delete()
    _log(avenant, "heading_left", actor=actor, at=at, number=number)


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitText:
    """What a line of the role matrix says."""

    subject: str
    who_does: str
    who_is_told: str
    form: str
    legal_basis: str
    never_passes: str


@transaction.atomic
def add_circuit(convention: Convention, says: CircuitText, *, actor: Actor, at: datetime) -> Circuit:
    """Add a line at the end of the role matrix.

    Raises:
        ConventionRefusedError: a side has signed.
    """
    convention = _open_for_writing(convention)
    last = convention.circuits.aggregate(last=Max("position"))["last"] or 0
    circuit = Circuit(convention=convention, position=last + 1)
    _save_circuit(circuit, says, actor=actor, at=at)
    _log(convention, "circuit_added", actor=actor, at=at)
    return circuit


@transaction.atomic
def edit_circuit(circuit: Circuit, says: CircuitText, *, actor: Actor, at: datetime) -> None:
    """Rewrite a line of the role matrix.

    Raises:
        ConventionRefusedError: a side has signed.
    """
    convention = _open_for_writing(circuit.convention)
    _save_circuit(circuit, says, actor=actor, at=at)
    _log(convention, "circuit_edited", actor=actor, at=at)


def _save_circuit(circuit: Circuit, says: CircuitText, *, actor: Actor, at: datetime) -> None:
    circuit.subject = says.subject
    circuit.who_does = says.who_does
    circuit.who_is_told = says.who_is_told
    circuit.form = says.form
    circuit.legal_basis = says.legal_basis
    circuit.never_passes = says.never_passes
    _author(circuit, actor=actor, at=at)
    circuit.save()


@transaction.atomic
def remove_circuit(circuit: Circuit, *, actor: Actor, at: datetime) -> None:
    """Take a line out of the role matrix.

    Raises:
        ConventionRefusedError: a side has signed.
    """
    convention = _open_for_writing(circuit.convention)
    subject = circuit.subject
    circuit.delete()
    _log(convention, "circuit_removed", actor=actor, at=at, circuit=subject)


@transaction.atomic
def take_over_matrix(avenant: Convention, *, on: date, actor: Actor, at: datetime) -> None:
    """Copy the role matrix in force into an avenant, to rewrite it there.

    Raises:
        ConventionRefusedError: a side has signed, or the avenant already has lines.
    """
    avenant = _open_for_writing(avenant)
    if avenant.circuits.exists():
        raise ConventionRefusedError("L’avenant a déjà sa matrice : modifiez ses lignes.")
    if avenant.parent is None:
        raise ConventionRefusedError("Une convention écrit sa propre matrice : ajoutez ses lignes.")
    acts = [
        act
        for act in [avenant.parent, *avenant.parent.avenants.filter(signed_on__isnull=False)]
        if act.starts_on is not None and act.starts_on <= on and act.circuits.exists()
    ]
    source = max(acts, key=lambda act: (act.starts_on, act.number), default=avenant.parent)
    for line in source.circuits.all():
        says = CircuitText(
            subject=line.subject,
            who_does=line.who_does,
            who_is_told=line.who_is_told,
            form=line.form,
            legal_basis=line.legal_basis,
            never_passes=line.never_passes,
        )
        _save_circuit(Circuit(convention=avenant, position=line.position), says, actor=actor, at=at)
    _log(avenant, "matrix_taken_over", actor=actor, at=at)


@transaction.atomic
def add_clause(
    convention: Convention,
    *,
    heading_number: int,
    text: str,
    owner: Owner,
    due_on: date | None,
    actor: Actor,
    at: datetime,
) -> Clause:
    """Add a sentence that obliges a side.

    Raises:
        ConventionRefusedError: a side has signed.
    """
    convention = _open_for_writing(convention)
    clause = Clause(convention=convention)
    _save_clause(clause, heading_number, text, owner, due_on, actor=actor, at=at)
    _log(convention, "clause_added", actor=actor, at=at)
    return clause


@transaction.atomic
def edit_clause(
    clause: Clause,
    *,
    heading_number: int,
    text: str,
    owner: Owner,
    due_on: date | None,
    actor: Actor,
    at: datetime,
) -> None:
    """Rewrite a clause.

    Raises:
        ConventionRefusedError: a side has signed.
    """
    convention = _open_for_writing(clause.convention)
    _save_clause(clause, heading_number, text, owner, due_on, actor=actor, at=at)
    _log(convention, "clause_edited", actor=actor, at=at)


def _save_clause(
    clause: Clause,
    heading_number: int,
    text: str,
    owner: Owner,
    due_on: date | None,
    *,
    actor: Actor,
    at: datetime,
) -> None:
    clause.heading_number = heading_number
    clause.text = text
    clause.owner = owner.value
    clause.due_on = due_on
    _author(clause, actor=actor, at=at)
    clause.save()


@transaction.atomic
def remove_clause(clause: Clause, *, actor: Actor, at: datetime) -> None:
    """Take a clause out of a draft.

    Raises:
        ConventionRefusedError: a side has signed.
    """
    convention = _open_for_writing(clause.convention)
    text = clause.text
    clause.delete()
    _log(convention, "clause_removed", actor=actor, at=at, clause=text)


# Hand over


@transaction.atomic
def take_step(
    convention: Convention, *, step: Step, side: Side, on: date, reason: str = "", actor: Actor, at: datetime
) -> StepTaken:
    """Declare a step on the day ``on`` and hand the pen to the other side, to both when it is to be signed.

    Raises:
        ConventionRefusedError: a side has signed, the step cannot follow, the day or the reason is wrong.
    """
    convention = _open_for_writing(convention)
    last = convention.steps.last()
    if last is None:
        raise ConventionRefusedError(
            "Cette convention a été déclarée signée : elle n’a plus d’étape à franchir."
        )
    _check_day(
        convention, on, not_before=last.happened_on, what="L’étape", before="l’étape précédente", at=at
    )
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
    taken = _step(convention, step, turn, on, reason, actor=actor, at=at)
    _log(convention, "step_taken", actor=actor, at=at, step=step.value, turn=turn.value)
    return taken


# Give up


@transaction.atomic
def abandon(convention: Convention, *, on: date, reason: str, actor: Actor, at: datetime) -> StepTaken:
    """Give up a text that nobody has signed: it stays readable, and a new draft may be opened.

    Raises:
        ConventionRefusedError: a side has signed, it is given up already, the day is wrong or the reason is missing.
    """
    convention = _locked_with_departement(convention)
    _refuse_abandoned(convention)
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
    _check_day(
        convention,
        on,
        not_before=last.happened_on if last else None,
        what="L’abandon",
        before="la dernière étape",
        at=at,
    )
    convention.abandoned_on = on
    convention.save(update_fields=["abandoned_on"])
    taken = _step(convention, Step.ABANDONNEE, Turn.NOBODY, on, reason, actor=actor, at=at)
    _log(convention, "abandoned", actor=actor, at=at)
    return taken


# Sign


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
    convention = _locked_with_departement(convention)
    _refuse_abandoned(convention)
    last = convention.steps.last()
    if convention.signed_on is not None or last is None:
        raise ConventionRefusedError("Les deux parties ont déjà signé.")
    if Step(last.step) is not Step.A_SIGNER:
        raise ConventionRefusedError(
            f"Le texte est à l’étape « {Step(last.step).label} » : passez-le d’abord « à signer »."
        )
    _check_unsigned(convention, side)
    _check_day(
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
    _log(convention, "signed", actor=actor, at=at, side=side.value, signed_on=signed_on.isoformat())
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
        _keep_terms(convention, actor=actor, at=at)
        convention.starts_on = signed_on
    if convention.parent is None:
        _check_term(convention.ends_on, signed_on)
        _check_alone(convention)
        _save_in_force(convention, ["signed_on", "starts_on"])
    else:
        _check_dates(convention.starts_on, convention.ends_on)
        convention.save(update_fields=["signed_on", "starts_on"])
        _amend(convention.parent, convention, signed_on, actor=actor, at=at)
    _log(convention, "concluded", actor=actor, at=at, signed_on=signed_on.isoformat())
    _open_clause_actions(convention, signed_on, actor=actor, at=at)


def _amend(parent: Convention, avenant: Convention, signed_on: date, *, actor: Actor, at: datetime) -> None:
    parent = _locked(parent)
    _check_amendable(parent, signed_on)
    if avenant.ends_on is not None or avenant.template is not None:
        _keep_terms(parent, actor=actor, at=at)
    changed = []
    if avenant.ends_on is not None:
        _check_term(avenant.ends_on, signed_on)
        parent.ends_on = avenant.ends_on
        _check_alone(parent)
        changed.append("ends_on")
    if avenant.template is not None:
        parent.template = avenant.template
        changed.append("template")
    if changed:
        _save_in_force(parent, changed)
        _log(parent, "amended", actor=actor, at=at, avenant=avenant.number, changed=changed)


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
    convention = _locked(convention)
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
    _check_day(
        convention,
        on,
        not_before=signature.signed_on,
        what="Le retrait",
        before="la signature",
        at=at,
    )
    signature.withdrawn_on, signature.withdrawn_recorded_at = on, at
    signature.save(update_fields=["withdrawn_on", "withdrawn_recorded_at"])
    _step(
        convention,
        Step.A_SIGNER,
        Turn.BOTH,
        on,
        f"Signature {side.label} retirée : {reason}"[:300],
        actor=actor,
        at=at,
    )
    _log(convention, "signature_withdrawn", actor=actor, at=at, side=side.value)


@transaction.atomic
def denounce(convention: Convention, *, from_on: date, reason: str, actor: Actor, at: datetime) -> None:
    """End a signed convention before its term: ``from_on`` is the first day on which it no longer applies.

    Raises:
        ConventionRefusedError: it is not signed, already over, or the reason is missing.
    """
    convention = _locked(convention)
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
    _log(convention, "denounced", actor=actor, at=at, from_on=from_on.isoformat())


# Take in a convention that was signed elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A signature as a table declares it: its power cannot be checked."""

    signed_on: date
    name: str
    quality: str


@transaction.atomic
def declare(
    *,
    departement: Departement,
    title: str,
    on: date,
    reference: str = "",
    starts_on: date | None,
    ends_on: date | None,
    signatures: Mapping[Side, Declared],
    template: Template | None = None,
    provenance: Provenance,
    actor: Actor,
    at: datetime,
) -> Convention:
    """Write a convention that exists on paper. Without its two signatures it is « à signer » since ``on``.

    Raises:
        ConventionRefusedError: the dates are wrong, a party is missing, or another convention is in force.
    """
    _check_dates(starts_on, ends_on)
    Departement.objects.select_for_update(no_key=True).get(pk=departement.pk)
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
    _join_parties(convention, ())
    for side, declared in signatures.items():
        _check_day(convention, declared.signed_on, not_before=None, what="La signature", before="", at=at)
        Signature.objects.create(
            convention=convention,
            side=side.value,
            signed_on=declared.signed_on,
            signatory_name=declared.name,
            quality=declared.quality,
            basis=Basis.DECLARED.value,
            **audit.authorship(actor=actor, at=at),
        )
    both = convention.life.fully_signed_on
    if both is None:
        waiting = min([on, *(declared.signed_on for declared in signatures.values())])
        _step(
            convention,
            Step.A_SIGNER,
            Turn.BOTH,
            waiting,
            "Déclarée à l’import, en attente de signature",
            actor=actor,
            at=at,
        )
    else:
        _conclude(convention, both, actor=actor, at=at)
    _log(convention, "declared", actor=actor, at=at)
    return convention


@transaction.atomic
def revise_declared(
    convention: Convention,
    *,
    title: str,
    reference: str,
    starts_on: date | None,
    ends_on: date | None,
    actor: Actor,
    at: datetime,
) -> None:
    """Correct what a table declared. A convention signed here changes only by avenant.

    Raises:
        ConventionRefusedError: it was signed here, the dates are wrong, or another convention is in force.
    """
    convention = _locked_with_departement(convention)
    _refuse_abandoned(convention)
    amended = convention.avenants.filter(abandoned_on__isnull=True).exists()
    if amended or convention.signatures.exclude(basis=Basis.DECLARED.value).exists():
        raise ConventionRefusedError(
            "Cette convention a été signée ou modifiée dans l’outil : un import ne la change pas. "
            "Passez par un avenant."
        )
    _check_dates(starts_on, ends_on)
    _keep_terms(convention, actor=actor, at=at)
    convention.title = title
    convention.reference = reference
    convention.starts_on = starts_on or convention.signed_on
    convention.ends_on = ends_on
    if convention.signed_on is not None:
        _check_term(ends_on, convention.signed_on)
        _check_alone(convention)
    _save_in_force(convention, ["title", "reference", "starts_on", "ends_on"])
    _log(convention, "declaration_revised", actor=actor, at=at)


# Shared


def _locked(convention: Convention) -> Convention:
    return (
        Convention.objects.select_for_update(of=("self",))
        .select_related("departement__region", "parent", "template")
        .get(pk=convention.pk)
    )


def _locked_with_departement(convention: Convention) -> Convention:
    # Signatures of one département follow one another: two of them cannot both find the period free, and
    # the constraint behind cannot make them wait for each other.
    Departement.objects.select_for_update(no_key=True).get(pk=convention.departement_id)
    return _locked(convention)


def _refuse_abandoned(convention: Convention) -> None:
    if convention.abandoned_on is not None:
        new = "un nouvel avenant" if convention.is_avenant else "un nouveau projet"
        raise ConventionRefusedError(
            f"Ce texte est abandonné depuis le {convention.abandoned_on:%d/%m/%Y} : il ne change plus. "
            f"Ouvrez {new}."
        )


def _open_for_writing(convention: Convention) -> Convention:
    convention = _locked(convention)
    _refuse_abandoned(convention)
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


def _check_dates(starts_on: date | None, ends_on: date | None) -> None:
    if starts_on is not None and ends_on is not None and ends_on < starts_on:
        raise ConventionRefusedError(
            f"La convention finirait le {ends_on:%d/%m/%Y}, avant de commencer, le {starts_on:%d/%m/%Y}. "
            "Corrigez l’une des deux dates."
        )


def _check_term(ends_on: date | None, signed_on: date) -> None:
    if ends_on is not None and ends_on < signed_on:
        raise ConventionRefusedError(
            f"Le dernier jour, le {ends_on:%d/%m/%Y}, précède la dernière signature, "
            f"le {signed_on:%d/%m/%Y}. Corrigez le dernier jour ou la date de signature."
        )


def _check_day(
    convention: Convention, on: date, *, not_before: date | None, what: str, before: str, at: datetime
) -> None:
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


def _check_alone(convention: Convention) -> None:
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


def _save_in_force(convention: Convention, fields: Sequence[str]) -> None:
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


def _step(
    convention: Convention, step: Step, turn: Turn, on: date, reason: str, *, actor: Actor, at: datetime
) -> StepTaken:
    return StepTaken.objects.create(
        convention=convention,
        step=step.value,
        turn=turn.value,
        happened_on=on,
        reason=reason,
        **audit.authorship(actor=actor, at=at),
    )


def _keep_terms(convention: Convention, *, actor: Actor, at: datetime) -> None:
    """Keep what the convention says of itself, before it says something else."""
    FormerTerms.objects.create(
        convention=convention, **convention.terms, **audit.authorship(actor=actor, at=at)
    )


def _author(row: HeadingText | Circuit | Clause, *, actor: Actor, at: datetime) -> None:
    row.author_label, row.author_mandate, row.recorded_at = actor.label, actor.mandate, at


def _log(convention: Convention, verb: str, *, actor: Actor, at: datetime, **detail: object) -> None:
    audit.record(
        event=f"conventions.convention.{verb}",
        subject=str(convention.public_id),
        actor=actor,
        at=at,
        detail=detail,
    )
