"""Write the text of a convention: what it says of itself, its headings, its role matrix, its clauses."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Max

from traitdunion.audit.actors import Actor
from traitdunion.conventions.kinds import Coverage
from traitdunion.conventions.models import (
    Circuit,
    Clause,
    Convention,
    HeadingText,
    Template,
)
from traitdunion.conventions.writing import (
    ConventionRefusedError,
    check_dates,
    keep_terms,
    log_act,
    mark_author,
    open_for_writing,
)
from traitdunion.plan.kinds import Owner


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
    convention = open_for_writing(convention)
    check_dates(starts_on, ends_on)
    keep_terms(convention, actor=actor, at=at)
    convention.title = title
    convention.reference = reference
    convention.template = template
    convention.starts_on = starts_on
    convention.ends_on = ends_on
    convention.save(update_fields=["title", "reference", "template", "starts_on", "ends_on"])
    log_act(convention, "revised", actor=actor, at=at)


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
    convention = open_for_writing(convention)
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
    mark_author(heading, actor=actor, at=at)
    heading.save()
    log_act(convention, "heading_written", actor=actor, at=at, number=number)
    return heading


@transaction.atomic
def leave_heading(avenant: Convention, *, number: int, actor: Actor, at: datetime) -> None:
    """Take a heading out of an avenant: the text in force stays.

    Raises:
        ConventionRefusedError: a side has signed, or it is a convention and not an avenant.
    """
    avenant = open_for_writing(avenant)
    if not avenant.is_avenant:
        raise ConventionRefusedError(
            "Une convention garde ses seize rubriques : dites celle-ci « sans objet » ou « absente »."
        )
    avenant.headings.filter(number=number).delete()
    log_act(avenant, "heading_left", actor=actor, at=at, number=number)


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
    convention = open_for_writing(convention)
    last = convention.circuits.aggregate(last=Max("position"))["last"] or 0
    circuit = Circuit(convention=convention, position=last + 1)
    _save_circuit(circuit, says, actor=actor, at=at)
    log_act(convention, "circuit_added", actor=actor, at=at)
    return circuit


@transaction.atomic
def edit_circuit(circuit: Circuit, says: CircuitText, *, actor: Actor, at: datetime) -> None:
    """Rewrite a line of the role matrix.

    Raises:
        ConventionRefusedError: a side has signed.
    """
    convention = open_for_writing(circuit.convention)
    _save_circuit(circuit, says, actor=actor, at=at)
    log_act(convention, "circuit_edited", actor=actor, at=at)


def _save_circuit(circuit: Circuit, says: CircuitText, *, actor: Actor, at: datetime) -> None:
    circuit.subject = says.subject
    circuit.who_does = says.who_does
    circuit.who_is_told = says.who_is_told
    circuit.form = says.form
    circuit.legal_basis = says.legal_basis
    circuit.never_passes = says.never_passes
    mark_author(circuit, actor=actor, at=at)
    circuit.save()


@transaction.atomic
def remove_circuit(circuit: Circuit, *, actor: Actor, at: datetime) -> None:
    """Take a line out of the role matrix.

    Raises:
        ConventionRefusedError: a side has signed.
    """
    convention = open_for_writing(circuit.convention)
    subject = circuit.subject
    circuit.delete()
    log_act(convention, "circuit_removed", actor=actor, at=at, circuit=subject)


@transaction.atomic
def take_over_matrix(avenant: Convention, *, on: date, actor: Actor, at: datetime) -> None:
    """Copy the role matrix in force into an avenant, to rewrite it there.

    Raises:
        ConventionRefusedError: a side has signed, or the avenant already has lines.
    """
    avenant = open_for_writing(avenant)
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
    log_act(avenant, "matrix_taken_over", actor=actor, at=at)


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
    convention = open_for_writing(convention)
    clause = Clause(convention=convention)
    _save_clause(clause, heading_number, text, owner, due_on, actor=actor, at=at)
    log_act(convention, "clause_added", actor=actor, at=at)
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
    convention = open_for_writing(clause.convention)
    _save_clause(clause, heading_number, text, owner, due_on, actor=actor, at=at)
    log_act(convention, "clause_edited", actor=actor, at=at)


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
    mark_author(clause, actor=actor, at=at)
    clause.save()


@transaction.atomic
def remove_clause(clause: Clause, *, actor: Actor, at: datetime) -> None:
    """Take a clause out of a draft.

    Raises:
        ConventionRefusedError: a side has signed.
    """
    convention = open_for_writing(clause.convention)
    text = clause.text
    clause.delete()
    log_act(convention, "clause_removed", actor=actor, at=at, clause=text)
