"""Write in the ledger. What may be reworded gets a new revision; what ends is closed on a day."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import PurePath
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import Actor
from traitdunion.core.errors import Refusal
from traitdunion.identity.models import Organisation
from traitdunion.plan import files, rules
from traitdunion.plan.kinds import (
    BlockerCause,
    EventKind,
    EvidenceKind,
    OriginKind,
    Owner,
    Periodicity,
    Provenance,
    Unit,
)
from traitdunion.plan.models import (
    Action,
    ActionEvent,
    ActionRevision,
    Axis,
    Blocker,
    Evidence,
    EvidenceFile,
    Indicator,
    IndicatorRevision,
    IndicatorValue,
    Measure,
    MeasureRevision,
    Proof,
    Section,
    Statement,
    Target,
)
from traitdunion.territories.models import Departement


class PlanRefusedError(Refusal):
    """The ledger cannot be written as asked."""


# Axes, sections, measures


@transaction.atomic
def write_axis(*, number: int, title: str, provenance: Provenance, actor: Actor, at: datetime) -> Axis:
    """Open an axis, or change its title."""
    axis, _ = Axis.objects.update_or_create(
        number=number, defaults={"title": title, "provenance": provenance.value}
    )
    audit.record(
        event="plan.axis.written", subject=f"axe {number}", actor=actor, at=at, detail={"title": title}
    )
    return axis


@transaction.atomic
def write_section(
    *, axis: Axis, code: str, title: str, provenance: Provenance, actor: Actor, at: datetime
) -> Section:
    """Open a section of an axis, or change its title."""
    section, _ = Section.objects.update_or_create(
        code=code, defaults={"axis": axis, "title": title, "provenance": provenance.value}
    )
    audit.record(
        event="plan.section.written", subject=f"section {code}", actor=actor, at=at, detail={"title": title}
    )
    return section


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureText:
    """How a measure is worded from a day on."""

    title: str
    wording: str = ""
    pilot: Organisation | None = None
    copilots: Sequence[Organisation] = ()
    due_on: date | None = None
    provenance: Provenance


@transaction.atomic
def open_measure(
    *, section: Section, code: str, position: int, text: MeasureText, actor: Actor, at: datetime
) -> Measure:
    """Open a measure with its first wording."""
    measure = Measure.objects.create(section=section, code=code, position=position)
    _revise_measure(measure, text, actor, at)
    audit.record(event="plan.measure.opened", subject=str(measure.public_id), actor=actor, at=at)
    return measure


@transaction.atomic
def revise_measure(measure: Measure, *, text: MeasureText, actor: Actor, at: datetime) -> None:
    """Word a measure anew; the former wording stays readable at its dates."""
    _revise_measure(measure, text, actor, at)
    audit.record(event="plan.measure.revised", subject=str(measure.public_id), actor=actor, at=at)


def _revise_measure(measure: Measure, text: MeasureText, actor: Actor, at: datetime) -> None:
    revision = MeasureRevision.objects.create(
        measure=measure,
        title=text.title,
        wording=text.wording,
        pilot=text.pilot,
        due_on=text.due_on,
        provenance=text.provenance.value,
        **audit.authorship(actor=actor, at=at),
    )
    revision.copilots.set(text.copilots)


# Actions


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What asked for an action: the part of the product, its object, and how to say it to a reader."""

    kind: OriginKind = OriginKind.MEASURE
    reference: UUID | None = None
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionText:
    """How an action is worded from a day on."""

    title: str
    pilot: Organisation | None = None
    copilots: Sequence[Organisation] = ()
    due_on: date | None = None


@transaction.atomic
def open_action(
    *,
    text: ActionText,
    opened_on: date,
    provenance: Provenance,
    measure: Measure | None = None,
    departement: Departement | None = None,
    owner: Owner | None = None,
    origin: Origin = Origin(),
    code: str = "",
    actor: Actor,
    at: datetime,
) -> Action:
    """Open an action, once per origin: asked again for the same object, territory and side, return the first.

    Raises:
        PlanRefusedError: an action of a département says no side, or its day of opening is still to come.
    """
    if departement is not None and owner is None:
        raise PlanRefusedError(
            f"L’action « {text.title} » porte sur {departement.name} sans dire qui la doit : "
            "choisissez la préfecture, l’ARS ou les deux."
        )
    _refuse_future(opened_on, "L’ouverture de l’action", at)
    side = "" if owner is None else owner.value
    existing = _already_open(origin, departement, side)
    if existing is not None:
        return existing
    try:
        with transaction.atomic():
            action = Action.objects.create(
                measure=measure,
                departement=departement,
                owner=side,
                origin=origin.kind.value,
                origin_reference=origin.reference,
                origin_label=origin.label,
                code=code,
                opened_on=opened_on,
                provenance=provenance.value,
                **audit.authorship(actor=actor, at=at),
            )
    except IntegrityError:
        # Someone opened it between our read and our write.
        existing = _already_open(origin, departement, side)
        if existing is None:
            raise
        return existing
    _revise_action(action, text, actor, at)
    audit.record(
        event="plan.action.opened",
        subject=str(action.public_id),
        actor=actor,
        at=at,
        detail={"origin": origin.kind.value},
    )
    return action


def _already_open(origin: Origin, departement: Departement | None, owner: str) -> Action | None:
    if origin.reference is None:
        return None
    return Action.objects.filter(
        origin=origin.kind.value, origin_reference=origin.reference, departement=departement, owner=owner
    ).first()


@transaction.atomic
def revise_action(action: Action, *, text: ActionText, actor: Actor, at: datetime) -> None:
    """Word an action anew, or move its deadline; the former wording stays readable at its dates."""
    _revise_action(action, text, actor, at)
    audit.record(event="plan.action.revised", subject=str(action.public_id), actor=actor, at=at)


def _revise_action(action: Action, text: ActionText, actor: Actor, at: datetime) -> None:
    revision = ActionRevision.objects.create(
        action=action,
        title=text.title,
        pilot=text.pilot,
        due_on=text.due_on,
        **audit.authorship(actor=actor, at=at),
    )
    revision.copilots.set(text.copilots)


@transaction.atomic
def note_event(
    action: Action, *, kind: EventKind, happened_on: date, reason: str = "", actor: Actor, at: datetime
) -> None:
    """Write that an action was launched, done, opened again or given up.

    Raises:
        PlanRefusedError: the day is to come, or precedes the opening or the last event; the event cannot
            follow the last one; a giving up or a reopening says no reason.
    """
    action = Action.objects.select_for_update(of=("self",)).get(pk=action.pk)
    _refuse_future(happened_on, f"Le fait « {kind.label} »", at)
    past = list(action.events.order_by("happened_on", "id"))
    last = past[-1] if past else None
    floor = action.opened_on if last is None else max(action.opened_on, last.happened_on)
    if happened_on < floor:
        what = (
            "l’ouverture de l’action" if last is None else f"le dernier fait noté ({last.get_kind_display()})"
        )
        raise PlanRefusedError(
            f"Le {happened_on:%d/%m/%Y} précède {what}, du {floor:%d/%m/%Y}. "
            "Donnez une date égale ou postérieure."
        )
    allowed = rules.allowed_events(
        last=None if last is None else EventKind(last.kind),
        is_started=any(event.kind in {EventKind.LANCEE.value, EventKind.ROUVERTE.value} for event in past),
    )
    if kind not in allowed:
        state = "à lancer" if last is None else last.get_kind_display()
        choices = ", ".join(f"« {each.label} »" for each in EventKind if each in allowed)
        raise PlanRefusedError(
            f"L’action est {state} : « {kind.label} » ne peut pas suivre. Possible : {choices}."
        )
    if kind in {EventKind.ABANDONNEE, EventKind.ROUVERTE} and not reason.strip():
        raise PlanRefusedError(f"Une action {kind.label} dit pourquoi : écrivez le motif.")
    ActionEvent.objects.create(
        action=action,
        kind=kind.value,
        happened_on=happened_on,
        reason=reason,
        **audit.authorship(actor=actor, at=at),
    )
    audit.record(event=f"plan.action.{kind.value}", subject=str(action.public_id), actor=actor, at=at)


@transaction.atomic
def block(
    action: Action,
    *,
    cause: BlockerCause,
    lifter: str,
    since: date,
    description: str = "",
    actor: Actor,
    at: datetime,
) -> Blocker:
    """Write what stops an action and who can lift it.

    Raises:
        PlanRefusedError: the day is to come.
    """
    _refuse_future(since, "Le blocage", at)
    blocker = Blocker.objects.create(
        action=action,
        cause=cause.value,
        description=description,
        lifter=lifter,
        since=since,
        **audit.authorship(actor=actor, at=at),
    )
    audit.record(
        event="plan.action.blocked",
        subject=str(action.public_id),
        actor=actor,
        at=at,
        detail={"cause": cause.value},
    )
    return blocker


@transaction.atomic
def lift(blocker: Blocker, *, lifted_on: date, actor: Actor, at: datetime) -> None:
    """Write that an obstacle is gone.

    Raises:
        PlanRefusedError: it was already lifted, or the day is to come or precedes it.
    """
    blocker = Blocker.objects.select_for_update(of=("self",)).select_related("action").get(pk=blocker.pk)
    if blocker.lifted_on is not None:
        raise PlanRefusedError(f"Ce blocage est déjà levé depuis le {blocker.lifted_on:%d/%m/%Y}.")
    _refuse_future(lifted_on, "La levée du blocage", at)
    if lifted_on < blocker.since:
        raise PlanRefusedError(
            f"La levée, le {lifted_on:%d/%m/%Y}, précède le blocage, du {blocker.since:%d/%m/%Y}. "
            "Corrigez la date de levée."
        )
    blocker.lifted_on, blocker.lifted_recorded_at, blocker.lifted_by = lifted_on, at, actor.label
    blocker.save(update_fields=["lifted_on", "lifted_recorded_at", "lifted_by"])
    audit.record(event="plan.action.unblocked", subject=str(blocker.action.public_id), actor=actor, at=at)


# Evidence and statements


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """A document as it was sent."""

    name: str
    content: bytes


@transaction.atomic
def add_evidence(
    *,
    measure: Measure | None = None,
    action: Action | None = None,
    kind: EvidenceKind,
    title: str,
    dated_on: date,
    expires_on: date | None = None,
    reference: str = "",
    address: str = "",
    provenance: Provenance,
    deposit: Deposit | None = None,
    actor: Actor,
    at: datetime,
) -> Evidence:
    """Bring a piece that proves something about a measure or an action.

    Raises:
        PlanRefusedError: neither or both objects, an expiry before the date, a missing document or reference.
        DocumentRefusedError: the document is too heavy or not of an accepted type.
    """
    if (measure is None) == (action is None):
        raise PlanRefusedError(
            "Une preuve porte sur une mesure ou sur une action : choisissez l’une des deux."
        )
    _refuse_future(dated_on, "La date de la preuve", at)
    if expires_on is not None and expires_on < dated_on:
        raise PlanRefusedError(
            f"La preuve expirerait le {expires_on:%d/%m/%Y}, avant sa date, le {dated_on:%d/%m/%Y}. "
            "Corrigez l’une des deux dates."
        )
    if kind is EvidenceKind.FILE and deposit is None:
        raise PlanRefusedError("Aucun document n’a été choisi : choisissez le fichier à déposer.")
    if kind is not EvidenceKind.FILE and not (reference.strip() or address.strip()):
        raise PlanRefusedError("Une preuve se retrouve : donnez sa référence ou son adresse.")
    media_type = files.media_type(deposit.name, deposit.content) if deposit is not None else ""
    evidence = Evidence.objects.create(
        measure=measure,
        action=action,
        kind=kind.value,
        title=title,
        reference=reference,
        address=address,
        dated_on=dated_on,
        expires_on=expires_on,
        sha256=hashlib.sha256(deposit.content).hexdigest() if deposit is not None else "",
        provenance=provenance.value,
        **audit.authorship(actor=actor, at=at),
    )
    if deposit is not None:
        name = PurePath(deposit.name.replace("\\", "/")).name[-150:]
        EvidenceFile.objects.create(
            evidence=evidence, name=name, media_type=media_type, content=deposit.content
        )
    audit.record(
        event="plan.evidence.added",
        subject=str(evidence.public_id),
        actor=actor,
        at=at,
        detail={"sha256": evidence.sha256},
    )
    return evidence


@transaction.atomic
def withdraw_evidence(evidence: Evidence, *, withdrawn_on: date, actor: Actor, at: datetime) -> None:
    """Say that a piece proves nothing any more from a day on; it stays readable.

    Raises:
        PlanRefusedError: it is already withdrawn, or the day is to come or precedes the piece.
    """
    evidence = Evidence.objects.select_for_update(of=("self",)).get(pk=evidence.pk)
    if evidence.withdrawn_on is not None:
        raise PlanRefusedError(f"Cette preuve est déjà retirée depuis le {evidence.withdrawn_on:%d/%m/%Y}.")
    _refuse_future(withdrawn_on, "Le retrait", at)
    if withdrawn_on < evidence.dated_on:
        raise PlanRefusedError(
            f"Le retrait, le {withdrawn_on:%d/%m/%Y}, précède la preuve, du {evidence.dated_on:%d/%m/%Y}. "
            "Corrigez la date du retrait."
        )
    evidence.withdrawn_on, evidence.withdrawn_recorded_at = withdrawn_on, at
    evidence.save(update_fields=["withdrawn_on", "withdrawn_recorded_at"])
    audit.record(event="plan.evidence.withdrawn", subject=str(evidence.public_id), actor=actor, at=at)


@transaction.atomic
def publish_statement(
    *,
    measure: Measure,
    text: str,
    published_on: date,
    provenance: Provenance,
    figure: str = "",
    position: int = 0,
    evidence: Iterable[Evidence] = (),
    actor: Actor,
    at: datetime,
) -> Statement:
    """Publish a sentence on a measure, bound to what proves it.

    Raises:
        PlanRefusedError: the day is to come, or a piece belongs to another measure.
    """
    _refuse_future(published_on, "La publication", at)
    statement = Statement.objects.create(
        measure=measure,
        text=text,
        figure=figure,
        position=position,
        published_on=published_on,
        provenance=provenance.value,
        **audit.authorship(actor=actor, at=at),
    )
    for piece in evidence:
        _bind(statement, piece, actor, at)
    audit.record(event="plan.statement.published", subject=str(statement.public_id), actor=actor, at=at)
    return statement


@transaction.atomic
def prove_statement(statement: Statement, *, evidence: Evidence, actor: Actor, at: datetime) -> None:
    """Bind one more piece to a published sentence.

    Raises:
        PlanRefusedError: the piece belongs to another measure, or already proves the sentence.
    """
    if statement.proofs.filter(pk=evidence.pk).exists():
        raise PlanRefusedError(f"« {evidence.title} » prouve déjà cet énoncé : choisissez une autre pièce.")
    _bind(statement, evidence, actor, at)
    audit.record(
        event="plan.statement.proved",
        subject=str(statement.public_id),
        actor=actor,
        at=at,
        detail={"evidence": str(evidence.public_id)},
    )


def _bind(statement: Statement, evidence: Evidence, actor: Actor, at: datetime) -> None:
    measure_id = evidence.measure_id or (evidence.action.measure_id if evidence.action is not None else None)
    if measure_id != statement.measure_id:
        raise PlanRefusedError(
            f"« {evidence.title} » prouve une autre mesure : choisissez une preuve de celle-ci, "
            "ou ajoutez-la d’abord."
        )
    Proof.objects.create(statement=statement, evidence=evidence, **audit.authorship(actor=actor, at=at))


@transaction.atomic
def retire_statement(statement: Statement, *, retired_on: date, actor: Actor, at: datetime) -> None:
    """Take a sentence out of the published page from a day on; it stays readable at its dates.

    Raises:
        PlanRefusedError: it is already retired, or the day is to come or precedes its publication.
    """
    statement = Statement.objects.select_for_update(of=("self",)).get(pk=statement.pk)
    if statement.retired_on is not None:
        raise PlanRefusedError(f"Cet énoncé est déjà retiré depuis le {statement.retired_on:%d/%m/%Y}.")
    _refuse_future(retired_on, "Le retrait", at)
    if retired_on < statement.published_on:
        raise PlanRefusedError(
            f"Le retrait, le {retired_on:%d/%m/%Y}, précède la publication, "
            f"du {statement.published_on:%d/%m/%Y}. Corrigez la date du retrait."
        )
    statement.retired_on, statement.retired_recorded_at = retired_on, at
    statement.save(update_fields=["retired_on", "retired_recorded_at"])
    audit.record(event="plan.statement.retired", subject=str(statement.public_id), actor=actor, at=at)


# Indicators


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """How an indicator is defined from a day on."""

    name: str
    definition: str
    numerator_label: str
    denominator_label: str = ""
    source: str
    periodicity: Periodicity
    provenance: Provenance


@transaction.atomic
def open_indicator(
    *,
    measure: Measure,
    code: str,
    unit: Unit,
    higher_is_better: bool,
    definition: Definition,
    actor: Actor,
    at: datetime,
) -> Indicator:
    """Open an indicator with its first definition.

    Raises:
        PlanRefusedError: the code is taken.
    """
    if Indicator.objects.filter(code=code).exists():
        raise PlanRefusedError(f"Le code « {code} » désigne déjà un indicateur : choisissez un autre code.")
    indicator = Indicator.objects.create(
        measure=measure, code=code, unit=unit.value, higher_is_better=higher_is_better
    )
    _define(indicator, definition, actor, at)
    audit.record(event="plan.indicator.opened", subject=str(indicator.public_id), actor=actor, at=at)
    return indicator


@transaction.atomic
def define_indicator(indicator: Indicator, *, definition: Definition, actor: Actor, at: datetime) -> None:
    """Define an indicator anew; the former definition stays readable at its dates."""
    _define(indicator, definition, actor, at)
    audit.record(event="plan.indicator.defined", subject=str(indicator.public_id), actor=actor, at=at)


def _define(indicator: Indicator, definition: Definition, actor: Actor, at: datetime) -> None:
    IndicatorRevision.objects.create(
        indicator=indicator,
        name=definition.name,
        definition=definition.definition,
        numerator_label=definition.numerator_label,
        denominator_label=definition.denominator_label,
        source=definition.source,
        periodicity=definition.periodicity.value,
        provenance=definition.provenance.value,
        **audit.authorship(actor=actor, at=at),
    )


@transaction.atomic
def record_value(
    indicator: Indicator,
    *,
    measured_on: date,
    numerator: Decimal,
    denominator: Decimal | None = None,
    departement: Departement | None = None,
    provenance: Provenance,
    actor: Actor,
    at: datetime,
) -> None:
    """Record a value; written again for the same day and territory, it corrects the former.

    Raises:
        PlanRefusedError: the day is to come, or the figures do not suit the unit.
    """
    _refuse_future(measured_on, "La mesure", at)
    problem = rules.value_problem(Unit(indicator.unit), numerator, denominator)
    if problem is not None:
        raise PlanRefusedError(f"La valeur du {measured_on:%d/%m/%Y} est refusée : {problem}.")
    IndicatorValue.objects.create(
        indicator=indicator,
        departement=departement,
        measured_on=measured_on,
        numerator=numerator,
        denominator=denominator,
        provenance=provenance.value,
        **audit.authorship(actor=actor, at=at),
    )
    audit.record(
        event="plan.indicator.measured",
        subject=str(indicator.public_id),
        actor=actor,
        at=at,
        detail={"measured_on": measured_on.isoformat(), "departement": departement and departement.code},
    )


@transaction.atomic
def set_target(
    indicator: Indicator,
    *,
    due_on: date,
    value: Decimal,
    departement: Departement | None = None,
    actor: Actor,
    at: datetime,
) -> None:
    """Set a point of the trajectory; set again for the same day and territory, it replaces the former."""
    Target.objects.create(
        indicator=indicator,
        departement=departement,
        due_on=due_on,
        value=value,
        **audit.authorship(actor=actor, at=at),
    )
    audit.record(
        event="plan.indicator.targeted",
        subject=str(indicator.public_id),
        actor=actor,
        at=at,
        detail={"due_on": due_on.isoformat(), "value": str(value)},
    )


def _refuse_future(day: date, what: str, at: datetime) -> None:
    today = timezone.localdate(at)
    if day > today:
        raise PlanRefusedError(
            f"{what} serait du {day:%d/%m/%Y}, après aujourd’hui ({today:%d/%m/%Y}). "
            "Donnez une date passée ou ce jour."
        )
