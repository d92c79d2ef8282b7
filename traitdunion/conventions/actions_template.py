"""Prepare and adopt the versions of the national model."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import Max

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import Actor
from traitdunion.conventions.actions_text import CircuitText
from traitdunion.conventions.models import HEADINGS, Template, TemplateCircuit, TemplateHeading
from traitdunion.conventions.sources import TemplateSource
from traitdunion.core.errors import Refusal


class TemplateRefusedError(Refusal):
    """The version cannot be written as asked."""


@transaction.atomic
def load_example(source: TemplateSource, *, on: date, actor: Actor, at: datetime) -> Template:
    """Adopt the shipped example when no version of its name exists; otherwise return the one that does."""
    known = Template.objects.filter(name=source.name).first()
    if known is not None:
        return known
    template = Template.objects.create(
        name=source.name, is_example=True, **audit.authorship(actor=actor, at=at)
    )
    TemplateHeading.objects.bulk_create(
        TemplateHeading(template=template, **heading) for heading in source.headings
    )
    TemplateCircuit.objects.bulk_create(
        TemplateCircuit(template=template, position=position, **line)
        for position, line in enumerate(source.circuits, start=1)
    )
    if not Template.objects.filter(adopted_on__isnull=False).exists():
        template.adopted_on = on
        template.save(update_fields=["adopted_on"])
    _log(template, "loaded", actor=actor, at=at)
    return template


@transaction.atomic
def prepare(
    *, name: str, is_example: bool, copied_from: Template | None, actor: Actor, at: datetime
) -> Template:
    """Open a version in preparation, with the headings and the circuits of another one.

    Raises:
        TemplateRefusedError: the name is taken.
    """
    _check_name(name)
    template = Template.objects.create(
        name=name, is_example=is_example, **audit.authorship(actor=actor, at=at)
    )
    headings = {heading.number: heading for heading in copied_from.headings.all()} if copied_from else {}
    for number in range(1, HEADINGS + 1):
        model = headings.get(number) or TemplateHeading(number=number)
        TemplateHeading.objects.create(
            template=template,
            number=number,
            title=model.title,
            expectation=model.expectation,
            text=model.text,
        )
    for line in copied_from.circuits.all() if copied_from else ():
        TemplateCircuit.objects.create(
            template=template,
            position=line.position,
            subject=line.subject,
            who_does=line.who_does,
            who_is_told=line.who_is_told,
            form=line.form,
            legal_basis=line.legal_basis,
            never_passes=line.never_passes,
        )
    _log(template, "prepared", actor=actor, at=at)
    return template


@transaction.atomic
def rename(template: Template, *, name: str, is_example: bool, actor: Actor, at: datetime) -> None:
    """Change the name of a version in preparation, and whether it is an example.

    Raises:
        TemplateRefusedError: the version is adopted, or the name is taken.
    """
    template = _in_preparation(template)
    if name != template.name:
        _check_name(name)
    template.name, template.is_example = name, is_example
    template.save(update_fields=["name", "is_example"])
    _log(template, "renamed", actor=actor, at=at)


@transaction.atomic
def write_heading(
    template: Template,
    *,
    number: int,
    title: str,
    expectation: str,
    text: str,
    actor: Actor,
    at: datetime,
) -> None:
    """Write a heading of a version in preparation.

    Raises:
        TemplateRefusedError: the version is adopted.
    """
    template = _in_preparation(template)
    TemplateHeading.objects.update_or_create(
        template=template, number=number, defaults={"title": title, "expectation": expectation, "text": text}
    )
    _log(template, "heading_written", actor=actor, at=at)


@transaction.atomic
def write_circuit(
    template: Template, says: CircuitText, *, circuit: TemplateCircuit | None, actor: Actor, at: datetime
) -> None:
    """Rewrite a line of the role matrix of a version in preparation, or add one when ``circuit`` is None.

    Raises:
        TemplateRefusedError: the version is adopted.
    """
    template = _in_preparation(template)
    if circuit is None:
        last = template.circuits.aggregate(last=Max("position"))["last"] or 0
        circuit = TemplateCircuit(template=template, position=last + 1)
    circuit.subject = says.subject
    circuit.who_does = says.who_does
    circuit.who_is_told = says.who_is_told
    circuit.form = says.form
    circuit.legal_basis = says.legal_basis
    circuit.never_passes = says.never_passes
    circuit.save()
    _log(template, "circuit_written", actor=actor, at=at)


@transaction.atomic
def remove_circuit(circuit: TemplateCircuit, *, actor: Actor, at: datetime) -> None:
    """Take a line out of the role matrix of a version in preparation.

    Raises:
        TemplateRefusedError: the version is adopted.
    """
    template = _in_preparation(circuit.template)
    circuit.delete()
    _log(template, "circuit_removed", actor=actor, at=at)


@transaction.atomic
def adopt(template: Template, *, on: date, actor: Actor, at: datetime) -> None:
    """Put a version into use on the day ``on``; the one in use until then is retired the same day.

    Raises:
        TemplateRefusedError: it is already adopted, or a heading has no title.
    """
    template = _in_preparation(template)
    titled = template.headings.exclude(title="").count()
    if titled < HEADINGS:
        raise TemplateRefusedError(
            f"{titled} rubriques sur {HEADINGS} ont un intitulé : "
            "donnez un intitulé à chacune avant d’adopter."
        )
    Template.objects.filter(adopted_on__isnull=False, retired_on__isnull=True).update(retired_on=on)
    template.adopted_on = on
    template.save(update_fields=["adopted_on"])
    _log(template, "adopted", actor=actor, at=at)


def _in_preparation(template: Template) -> Template:
    template = Template.objects.select_for_update().get(pk=template.pk)
    if template.adopted_on is not None:
        raise TemplateRefusedError(
            f"La version « {template.name} » est en usage depuis le {template.adopted_on:%d/%m/%Y} : "
            "des conventions s’appuient sur elle. Préparez une nouvelle version."
        )
    return template


def _check_name(name: str) -> None:
    if Template.objects.filter(name=name).exists():
        raise TemplateRefusedError(f"Une version s’appelle déjà « {name} » : choisissez un autre nom.")


def _log(template: Template, verb: str, *, actor: Actor, at: datetime) -> None:
    audit.record(event=f"conventions.template.{verb}", subject=str(template.public_id), actor=actor, at=at)
