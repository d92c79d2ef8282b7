"""Write in the plan: each page is one act, offered to the mandates that may do it."""

import datetime
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from traitdunion.identity.http import SignedInRequest, mandate_required
from traitdunion.identity.kinds import OrganisationKind
from traitdunion.identity.models import Mandate, Organisation
from traitdunion.plan import access, actions, forms, queries, rules
from traitdunion.plan.actions import ActionText, Definition, Deposit, MeasureText
from traitdunion.plan.kinds import BlockerCause, EventKind, EvidenceKind, Owner, Periodicity, Provenance, Unit
from traitdunion.plan.models import Action, Evidence, Indicator, Measure, Statement
from traitdunion.plan.views.frame import Act, act, sent

Cleaned = Mapping[str, Any]
both = require_http_methods(["GET", "HEAD", "POST"])


# Measures and statements


@mandate_required
@both
def measure_revise(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Word a measure anew."""
    measure = _edited_measure(request, public_id)
    last = queries.measure_revisions(measure, timezone.localdate()).first()
    form = forms.MeasureForm(
        sent(request),
        organisations=_pilots(None),
        initial={}
        if last is None
        else {
            "title": last.title,
            "wording": last.wording,
            "provenance": last.provenance,
            "pilot": last.pilot_id,
            "copilots": list(last.copilots.values_list("pk", flat=True)),
            "due_on": last.due_on,
        },
    )

    def perform(cleaned: Cleaned, at: datetime.datetime) -> str:
        text = MeasureText(
            title=cleaned["title"],
            wording=cleaned["wording"],
            pilot=cleaned["pilot"],
            copilots=list(cleaned["copilots"]),
            due_on=cleaned["due_on"],
            provenance=Provenance(cleaned["provenance"]),
        )
        actions.revise_measure(measure, text=text, actor=request.mandate.as_actor(), at=at)
        return "La nouvelle rédaction est enregistrée ; l’ancienne reste lisible à ses dates."

    return act(
        request,
        _on_measure(
            measure, "Rédiger la mesure", "L’ancienne rédaction reste lisible à ses dates.", "Enregistrer"
        ),
        form,
        perform,
    )


@mandate_required
@both
def statement_publish(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Publish a sentence on a measure."""
    measure = _edited_measure(request, public_id)
    form = forms.StatementForm(
        sent(request),
        evidence=_provable(measure),
        initial={"published_on": timezone.localdate(), "provenance": Provenance.OURS.value},
    )

    def perform(cleaned: Cleaned, at: datetime.datetime) -> str:
        actions.publish_statement(
            measure=measure,
            text=cleaned["text"],
            figure=cleaned["figure"],
            position=measure.statements.count() + 1,
            published_on=cleaned["published_on"],
            provenance=Provenance(cleaned["provenance"]),
            evidence=cleaned["proofs"],
            actor=request.mandate.as_actor(),
            at=at,
        )
        return "L’énoncé est publié."

    intro = "L’énoncé paraît sur la page publique du plan, avec un lien vers ce qui le prouve."
    return act(request, _on_measure(measure, "Publier un énoncé", intro, "Publier"), form, perform)


@mandate_required
@both
def statement_prove(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Bind one more piece of evidence to a sentence."""
    statement = _edited_statement(request, public_id)
    form = forms.ProofForm(sent(request), evidence=_provable(statement.measure))

    def perform(cleaned: Cleaned, at: datetime.datetime) -> str:
        actor = request.mandate.as_actor()
        actions.prove_statement(statement, evidence=cleaned["evidence"], actor=actor, at=at)
        return "La preuve est liée à l’énoncé."

    page = _on_measure(statement.measure, "Lier une preuve", f"Énoncé : « {statement.text} »", "Lier")
    return act(request, page, form, perform)


@mandate_required
@both
def statement_retire(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Take a sentence out of the published page."""
    statement = _edited_statement(request, public_id)
    form = forms.DayForm(sent(request), initial={"day": timezone.localdate()})

    def perform(cleaned: Cleaned, at: datetime.datetime) -> str:
        actor = request.mandate.as_actor()
        actions.retire_statement(statement, retired_on=cleaned["day"], actor=actor, at=at)
        return "L’énoncé est retiré de la page publique ; il reste lisible à ses dates."

    page = _on_measure(statement.measure, "Retirer un énoncé", f"Énoncé : « {statement.text} »", "Retirer")
    return act(request, page, form, perform)


# Actions


@mandate_required
@both
def action_open(request: SignedInRequest) -> HttpResponseBase:
    """Open an action."""
    mandate = request.mandate
    if not access.may_open(mandate):
        raise PermissionDenied("Votre mandat lit le registre des actions sans pouvoir en ouvrir.")
    is_national = access.may_edit_plan(mandate)
    asked = request.GET.get("mesure", "")
    measures = access.measures_visible_to(mandate).order_by("position", "code")
    form = forms.OpenActionForm(
        sent(request),
        organisations=_pilots(None if is_national else mandate),
        measures=measures,
        departements=access.departements_of(mandate),
        owners=access.owners_for(mandate),
        is_national=is_national,
        initial={
            "opened_on": timezone.localdate(),
            "measure": measures.filter(code=asked).values_list("pk", flat=True).first() if asked else None,
            "departement": mandate.post.departement_id,
        },
    )

    def perform(cleaned: Cleaned, at: datetime.datetime) -> str:
        departement = cleaned.get("departement")
        if not access.may_open_in(mandate, departement):
            raise actions.PlanRefusedError(
                "Votre mandat ne couvre pas ce territoire : choisissez-en un de votre ressort."
            )
        actions.open_action(
            text=_action_text(cleaned),
            measure=cleaned["measure"],
            departement=departement,
            owner=Owner(cleaned["owner"]) if cleaned.get("owner") else None,
            opened_on=cleaned["opened_on"],
            provenance=Provenance.OURS,
            actor=mandate.as_actor(),
            at=at,
        )
        return "L’action est ouverte."

    page = Act(
        title="Ouvrir une action",
        intro="Une action nationale se rattache à la nation ; une action de département dit quel côté la doit.",
        submit="Ouvrir l’action",
        parent="Actions",
        back=reverse("plan:action_list"),
    )
    return act(request, page, form, perform)


@mandate_required
@both
def action_revise(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Word an action anew or move its deadline."""
    action = _acted_on(request, public_id)
    last = queries.action_revisions(action, timezone.localdate()).first()
    form = forms.ActionForm(
        sent(request),
        organisations=_pilots(None if action.departement is None else request.mandate),
        initial={}
        if last is None
        else {
            "title": last.title,
            "pilot": last.pilot_id,
            "copilots": list(last.copilots.values_list("pk", flat=True)),
            "due_on": last.due_on,
        },
    )

    def perform(cleaned: Cleaned, at: datetime.datetime) -> str:
        actor = request.mandate.as_actor()
        actions.revise_action(action, text=_action_text(cleaned), actor=actor, at=at)
        return "La nouvelle rédaction est enregistrée ; l’ancienne reste lisible à ses dates."

    page = _on_action(
        action, "Rédiger l’action", "L’ancienne rédaction reste lisible à ses dates.", "Enregistrer"
    )
    return act(request, page, form, perform)


@mandate_required
@both
def action_note(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Write what happened to an action; its state follows."""
    action = _acted_on(request, public_id)
    past = list(action.events.order_by("happened_on", "id").values_list("kind", flat=True))
    form = forms.EventForm(
        sent(request),
        allowed=rules.allowed_events(
            last=EventKind(past[-1]) if past else None,
            is_started=bool({EventKind.LANCEE.value, EventKind.ROUVERTE.value} & set(past)),
        ),
        initial={"happened_on": timezone.localdate()},
    )

    def perform(cleaned: Cleaned, at: datetime.datetime) -> str:
        kind = EventKind(cleaned["kind"])
        actions.note_event(
            action,
            kind=kind,
            happened_on=cleaned["happened_on"],
            reason=cleaned["reason"],
            actor=request.mandate.as_actor(),
            at=at,
        )
        return f"C’est noté : l’action est {kind.label}."

    page = _on_action(
        action, "Noter un fait", "L’état de l’action se déduit des faits : il ne se déclare pas.", "Noter"
    )
    return act(request, page, form, perform)


@mandate_required
@both
def action_block(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Write what stops an action."""
    action = _visible_action(request, public_id)
    if not access.may_block(request.mandate, action):
        raise PermissionDenied(
            "Votre mandat lit cette action ; seuls les deux côtés du département notent un blocage."
        )
    form = forms.BlockerForm(sent(request), initial={"since": timezone.localdate()})

    def perform(cleaned: Cleaned, at: datetime.datetime) -> str:
        actions.block(
            action,
            cause=BlockerCause(cleaned["cause"]),
            description=cleaned["description"],
            lifter=cleaned["lifter"],
            since=cleaned["since"],
            actor=request.mandate.as_actor(),
            at=at,
        )
        return "Le blocage est noté."

    page = _on_action(
        action,
        "Signaler un blocage",
        "Dites ce qui arrête l’action et qui peut lever l’obstacle.",
        "Signaler",
    )
    return act(request, page, form, perform)


@mandate_required
@both
def blocker_lift(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Write that an obstacle is gone."""
    blocker = get_object_or_404(access.blockers_visible_to(request.mandate), public_id=public_id)
    if not access.may_block(request.mandate, blocker.action):
        raise PermissionDenied("Votre mandat lit ce blocage ; seuls les deux côtés du département le lèvent.")
    form = forms.DayForm(sent(request), initial={"day": timezone.localdate()})

    def perform(cleaned: Cleaned, at: datetime.datetime) -> str:
        actions.lift(blocker, lifted_on=cleaned["day"], actor=request.mandate.as_actor(), at=at)
        return "Le blocage est levé."

    intro = f"Blocage : {blocker.get_cause_display()}, depuis le {blocker.since:%d/%m/%Y}."
    return act(request, _on_action(blocker.action, "Lever le blocage", intro, "Lever"), form, perform)


# Evidence


@mandate_required
@both
def measure_prove(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Bring a piece of evidence about a measure."""
    measure = _edited_measure(request, public_id)
    page = _on_measure(measure, "Ajouter une preuve", "Un texte, une page publiée ou un document.", "Ajouter")
    return _add_evidence(request, page, measure=measure)


@mandate_required
@both
def action_prove(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Bring a piece of evidence about an action."""
    action = _acted_on(request, public_id)
    page = _on_action(action, "Ajouter une preuve", "Un texte, une page publiée ou un document.", "Ajouter")
    return _add_evidence(request, page, action=action)


def _add_evidence(
    request: SignedInRequest, page: Act, *, measure: Measure | None = None, action: Action | None = None
) -> HttpResponseBase:
    form = forms.EvidenceForm(
        sent(request),
        request.FILES if request.method == "POST" else None,
        initial={"dated_on": timezone.localdate(), "provenance": Provenance.OURS.value},
    )

    def perform(cleaned: Cleaned, at: datetime.datetime) -> str:
        kind = EvidenceKind(cleaned["kind"])
        upload = cleaned["file"] if kind is EvidenceKind.FILE else None
        actions.add_evidence(
            measure=measure,
            action=action,
            kind=kind,
            title=cleaned["title"],
            reference=cleaned["reference"],
            address=cleaned["address"],
            dated_on=cleaned["dated_on"],
            expires_on=cleaned["expires_on"],
            provenance=Provenance(cleaned["provenance"]),
            deposit=None if upload is None else Deposit(name=upload.name, content=upload.read()),
            actor=request.mandate.as_actor(),
            at=at,
        )
        return "La preuve est ajoutée."

    return act(request, page, form, perform)


@mandate_required
@both
def evidence_withdraw(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Say that a piece of evidence proves nothing any more."""
    evidence = get_object_or_404(access.evidence_visible_to(request.mandate), public_id=public_id)
    if not access.may_prove(request.mandate, evidence):
        raise PermissionDenied("Votre mandat lit cette preuve sans pouvoir la retirer.")
    form = forms.DayForm(sent(request), initial={"day": timezone.localdate()})

    def perform(cleaned: Cleaned, at: datetime.datetime) -> str:
        actor = request.mandate.as_actor()
        actions.withdraw_evidence(evidence, withdrawn_on=cleaned["day"], actor=actor, at=at)
        return "La preuve est retirée ; elle reste lisible à ses dates."

    page = Act(
        title="Retirer la preuve",
        intro="Les énoncés qu’elle était seule à prouver seront grisés à partir de ce jour.",
        submit="Retirer",
        parent="Preuve",
        back=reverse("plan:evidence_detail", args=[evidence.public_id]),
    )
    return act(request, page, form, perform)


# Indicators


@mandate_required
@both
def indicator_open(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Open an indicator on a measure."""
    measure = _edited_measure(request, public_id)
    form = forms.OpenIndicatorForm(sent(request), initial={"provenance": Provenance.OURS.value})

    def perform(cleaned: Cleaned, at: datetime.datetime) -> str:
        actions.open_indicator(
            measure=measure,
            code=cleaned["code"],
            unit=Unit(cleaned["unit"]),
            higher_is_better=cleaned["higher_is_better"],
            definition=_definition(cleaned),
            actor=request.mandate.as_actor(),
            at=at,
        )
        return "L’indicateur est défini."

    intro = "Une définition dit ce qui est compté, sur combien, d’après quelle source et à quel rythme."
    return act(request, _on_measure(measure, "Définir un indicateur", intro, "Définir"), form, perform)


@mandate_required
@both
def indicator_define(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Define an indicator anew."""
    indicator = _visible_indicator(request, public_id)
    _require_editor(request.mandate)
    last = indicator.revisions.order_by("-recorded_at", "-id").first()
    names = (
        "name",
        "definition",
        "numerator_label",
        "denominator_label",
        "source",
        "periodicity",
        "provenance",
    )
    form = forms.DefinitionForm(
        sent(request), initial={name: getattr(last, name) for name in names} if last else {}
    )

    def perform(cleaned: Cleaned, at: datetime.datetime) -> str:
        actor = request.mandate.as_actor()
        actions.define_indicator(indicator, definition=_definition(cleaned), actor=actor, at=at)
        return "La nouvelle définition est enregistrée ; l’ancienne reste lisible à ses dates."

    page = _on_indicator(
        indicator, "Redéfinir l’indicateur", "L’unité et le code ne changent pas.", "Enregistrer"
    )
    return act(request, page, form, perform)


@mandate_required
@both
def indicator_record(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Record a value."""
    indicator = _visible_indicator(request, public_id)
    form = forms.ValueForm(
        sent(request),
        **_territories(request.mandate),
        initial={
            "measured_on": timezone.localdate(),
            "departement": request.mandate.post.departement_id,
            "provenance": Provenance.OURS.value,
        },
    )

    def perform(cleaned: Cleaned, at: datetime.datetime) -> str:
        _refuse_elsewhere(request.mandate, cleaned)
        actions.record_value(
            indicator,
            measured_on=cleaned["measured_on"],
            numerator=cleaned["numerator"],
            denominator=cleaned["denominator"],
            departement=cleaned["departement"],
            provenance=Provenance(cleaned["provenance"]),
            actor=request.mandate.as_actor(),
            at=at,
        )
        return "La valeur est enregistrée."

    intro = "Une valeur déjà donnée pour ce jour et ce territoire est corrigée ; l’ancienne reste dans l’historique."
    return act(
        request, _on_indicator(indicator, "Enregistrer une valeur", intro, "Enregistrer"), form, perform
    )


@mandate_required
@both
def indicator_target(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Set a point of the trajectory."""
    indicator = _visible_indicator(request, public_id)
    _require_editor(request.mandate)
    form = forms.TargetForm(sent(request), **_territories(request.mandate))

    def perform(cleaned: Cleaned, at: datetime.datetime) -> str:
        actions.set_target(
            indicator,
            due_on=cleaned["due_on"],
            value=cleaned["value"],
            departement=cleaned["departement"],
            actor=request.mandate.as_actor(),
            at=at,
        )
        return "La cible est fixée."

    page = _on_indicator(indicator, "Fixer une cible", "Un point de la trajectoire attendue.", "Fixer")
    return act(request, page, form, perform)


# What the acts share


def _require_editor(mandate: Mandate) -> None:
    if not access.may_edit_plan(mandate):
        raise PermissionDenied(
            "Votre mandat lit cette page du plan ; les administrations centrales et l’administrateur la modifient."
        )


def _edited_measure(request: SignedInRequest, public_id: UUID) -> Measure:
    measure = get_object_or_404(access.measures_visible_to(request.mandate), public_id=public_id)
    _require_editor(request.mandate)
    return measure


def _edited_statement(request: SignedInRequest, public_id: UUID) -> Statement:
    statement = get_object_or_404(access.statements_visible_to(request.mandate), public_id=public_id)
    _require_editor(request.mandate)
    return statement


def _visible_indicator(request: SignedInRequest, public_id: UUID) -> Indicator:
    indicator = get_object_or_404(access.indicators_visible_to(request.mandate), public_id=public_id)
    if not access.may_open(request.mandate):
        raise PermissionDenied("Votre mandat lit cet indicateur sans pouvoir y écrire.")
    return indicator


def _visible_action(request: SignedInRequest, public_id: UUID) -> Action:
    visible = access.actions_visible_to(request.mandate).select_related("departement")
    return get_object_or_404(visible, public_id=public_id)


def _acted_on(request: SignedInRequest, public_id: UUID) -> Action:
    action = _visible_action(request, public_id)
    if not access.may_act_on(request.mandate, action):
        raise PermissionDenied("Votre mandat lit cette action ; le côté qui la doit y écrit.")
    return action


def _pilots(mandate: Mandate | None) -> QuerySet[Organisation]:
    """Return the organisations that may pilot: every one for the nation, those of its territory for a mandate."""
    running = Organisation.objects.filter(closed_on=None)
    if mandate is None:
        return running.filter(
            kind__in=[
                OrganisationKind.DESK.value,
                OrganisationKind.ARS.value,
                OrganisationKind.PREFECTURE.value,
            ]
        )
    departements = access.departements_of(mandate)
    return running.filter(
        Q(departement__in=departements) | Q(region__in=departements.values("region")), parent=None
    )


def _provable(measure: Measure) -> QuerySet[Evidence]:
    """Return what may prove a statement of ``measure``: its own pieces and those of its national actions."""
    of_actions = Q(action__measure=measure, action__departement=None)
    return Evidence.objects.filter(Q(measure=measure) | of_actions, withdrawn_on=None).order_by(
        "dated_on", "id"
    )


def _territories(mandate: Mandate) -> dict[str, Any]:
    return {"departements": access.departements_of(mandate), "is_national": access.may_edit_plan(mandate)}


def _refuse_elsewhere(mandate: Mandate, cleaned: Cleaned) -> None:
    if not access.may_record_in(mandate, cleaned["departement"]):
        raise actions.PlanRefusedError(
            "Votre mandat ne couvre pas ce territoire : choisissez-en un de votre ressort."
        )


def _action_text(cleaned: Cleaned) -> ActionText:
    return ActionText(
        title=cleaned["title"],
        pilot=cleaned["pilot"],
        copilots=list(cleaned["copilots"]),
        due_on=cleaned["due_on"],
    )


def _definition(cleaned: Cleaned) -> Definition:
    return Definition(
        name=cleaned["name"],
        definition=cleaned["definition"],
        numerator_label=cleaned["numerator_label"],
        denominator_label=cleaned["denominator_label"],
        source=cleaned["source"],
        periodicity=Periodicity(cleaned["periodicity"]),
        provenance=Provenance(cleaned["provenance"]),
    )


def _on_measure(measure: Measure, title: str, intro: str, submit: str) -> Act:
    back = reverse("plan:measure_detail", args=[measure.public_id])
    return Act(title=title, intro=intro, submit=submit, parent=f"Mesure {measure.code}", back=back)


def _on_action(action: Action, title: str, intro: str, submit: str) -> Act:
    back = reverse("plan:action_detail", args=[action.public_id])
    return Act(title=title, intro=intro, submit=submit, parent="Action", back=back)


def _on_indicator(indicator: Indicator, title: str, intro: str, submit: str) -> Act:
    back = reverse("plan:indicator_detail", args=[indicator.public_id])
    return Act(title=title, intro=intro, submit=submit, parent=f"Indicateur {indicator.code}", back=back)
