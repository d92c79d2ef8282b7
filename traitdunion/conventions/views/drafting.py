"""Write a convention: start, draft, hand over, give up, sign, amend, denounce."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from traitdunion.conventions import (
    access,
    actions,
    actions_signature,
    actions_text,
    forms,
    queries_drafting,
    rules,
)
from traitdunion.conventions.kinds import Coverage, Step
from traitdunion.conventions.models import HEADINGS, Circuit, Clause, Convention
from traitdunion.conventions.views.answers import (
    attempt,
    get_or_post,
    now,
    posted,
    say,
)
from traitdunion.identity.access import departements_visible_to
from traitdunion.identity.http import SignedInRequest, mandate_required
from traitdunion.identity.kinds import Side
from traitdunion.plan.kinds import Provenance
from traitdunion.territories.models import Departement

# Start and revise


@mandate_required
@get_or_post
def convention_start(request: SignedInRequest, code: str) -> HttpResponseBase:
    """Start the draft of a convention of a département."""
    departement = get_object_or_404(departements_visible_to(request.mandate), code=code)
    side = _drafting_side(request, departement)
    at = now()
    day = rules.local_day(at, departement.time_zone)
    initial = {
        "title": f"Convention entre la préfecture et l’ARS : {departement.name}",
        "template": queries_drafting.current_template(day),
    }
    form = forms.StartForm(posted(request), initial=initial, departement=departement)
    provenance = Provenance.SYNTHETIC if getattr(settings, "DEMO", False) else Provenance.OFFICIAL
    started = attempt(
        form,
        lambda typed: actions.start(
            departement=departement,
            side=side,
            on=day,
            provenance=provenance,
            actor=request.mandate.as_actor(),
            at=at,
            **typed,
        ),
    )
    if started is None:
        return _page(
            request,
            form,
            heading="Ouvrir un projet de convention",
            intro="Les rubriques et la matrice du modèle choisi sont reprises : complétez-les ensuite.",
            submit="Ouvrir le projet",
            back=reverse("conventions:departement_history", args=[code]),
            departement=departement,
        )
    messages.success(request, "Le projet est ouvert. Complétez ses rubriques, puis donnez la main.")
    return redirect("conventions:convention_detail", started[0].public_id)


@mandate_required
@get_or_post
def convention_revise(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Change what a draft says of itself."""
    convention, _ = _drafted(request, public_id)
    initial = {name: getattr(convention, name) for name in forms.TextsForm.base_fields}
    form = forms.TextsForm(posted(request), initial=initial)
    done = attempt(
        form,
        lambda typed: actions_text.revise(convention, actor=request.mandate.as_actor(), at=now(), **typed),
    )
    if done is None:
        return _page(
            request,
            form,
            heading="Modifier l’intitulé et les dates",
            submit="Enregistrer",
            convention=convention,
        )
    messages.success(request, "L’intitulé et les dates sont enregistrés.")
    return redirect("conventions:convention_detail", public_id)


@mandate_required
@get_or_post
def avenant_start(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Start an avenant on a signed convention."""
    convention, side = _drafted(request, public_id)
    at = now()
    form = forms.AvenantForm(posted(request))
    opened = attempt(
        form,
        lambda typed: actions.start_avenant(
            convention,
            side=side,
            on=rules.local_day(at, convention.departement.time_zone),
            actor=request.mandate.as_actor(),
            at=at,
            **typed,
        ),
    )
    if opened is None:
        return _page(
            request,
            form,
            heading="Préparer un avenant",
            intro="L’avenant suit les étapes de la convention ; il ne change rien avant les deux signatures.",
            submit="Ouvrir l’avenant",
            convention=convention,
        )
    [avenant] = opened
    messages.success(
        request, f"L’avenant n° {avenant.number} est ouvert. Écrivez les rubriques qu’il change."
    )
    return redirect("conventions:convention_headings", avenant.public_id)


# Headings


@mandate_required
@require_safe
def convention_headings(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Edit the headings of a draft, one form each."""
    convention, _ = _drafted(request, public_id)
    return _headings(request, convention)


@mandate_required
@require_POST
def heading_write(request: SignedInRequest, public_id: UUID, number: int) -> HttpResponseBase:
    """Save one heading."""
    convention, _ = _drafted(request, public_id)
    if not 1 <= number <= HEADINGS:
        raise Http404
    form = forms.HeadingForm(request.POST, auto_id=f"rubrique-{number}-%s")
    heading = attempt(
        form,
        lambda typed: actions_text.write_heading(
            convention,
            number=number,
            coverage=Coverage(typed["coverage"]),
            text=typed["text"],
            read_at=typed["read_at"],
            actor=request.mandate.as_actor(),
            at=now(),
        ),
    )
    if heading is None:
        return _headings(request, convention, refused=(number, form))
    messages.success(request, f"La rubrique {number} est enregistrée.")
    return redirect(f"{reverse('conventions:convention_headings', args=[public_id])}#rubrique-{number}")


@mandate_required
@require_POST
def heading_leave(request: SignedInRequest, public_id: UUID, number: int) -> HttpResponseBase:
    """Take a heading out of an avenant."""
    convention, _ = _drafted(request, public_id)
    say(
        request,
        lambda: actions_text.leave_heading(
            convention, number=number, actor=request.mandate.as_actor(), at=now()
        ),
        f"L’avenant ne change plus la rubrique {number}.",
    )
    return redirect("conventions:convention_headings", public_id)


def _headings(
    request: SignedInRequest, convention: Convention, *, refused: tuple[int, Form] | None = None
) -> HttpResponse:
    day = rules.local_day(now(), convention.departement.time_zone)
    editable = queries_drafting.editable_headings(convention, day=day)
    shown = [
        (
            line,
            refused[1]
            if refused is not None and refused[0] == line.number
            else forms.HeadingForm(
                initial={
                    "coverage": line.coverage.value,
                    "text": line.text,
                    "read_at": line.written_at.isoformat() if line.written_at else "",
                },
                auto_id=f"rubrique-{line.number}-%s",
            ),
        )
        for line in editable
    ]
    return render(
        request,
        "conventions/convention_headings.html",
        {
            "convention": convention,
            "shown": shown,
            "done": sum(line.is_done for line in editable),
            "headings": HEADINGS,
            "refused": refused,
            "is_writable": convention.signed_on is None
            and convention.abandoned_on is None
            and not convention.signatures.all(),
        },
        status=400 if refused is not None else 200,
    )


# Role matrix


@mandate_required
@require_safe
def convention_circuits(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Edit the role matrix of a draft."""
    convention, _ = _drafted(request, public_id)
    return render(
        request,
        "conventions/convention_circuits.html",
        {"convention": convention, "circuits": convention.circuits.all()},
    )


@mandate_required
@get_or_post
def circuit_add(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Add a line to the role matrix."""
    convention, _ = _drafted(request, public_id)
    form = forms.CircuitForm(posted(request))
    circuit = attempt(
        form,
        lambda _: actions_text.add_circuit(
            convention, form.says(), actor=request.mandate.as_actor(), at=now()
        ),
    )
    return _circuit_page(request, convention, form, heading="Ajouter un circuit", saved=circuit is not None)


@mandate_required
@get_or_post
def circuit_edit(request: SignedInRequest, public_id: UUID, circuit_id: UUID) -> HttpResponseBase:
    """Rewrite a line of the role matrix."""
    convention, _ = _drafted(request, public_id)
    circuit = get_object_or_404(Circuit, convention=convention, public_id=circuit_id)
    form = forms.CircuitForm(posted(request), initial=forms.circuit_initial(circuit))
    done = attempt(
        form,
        lambda _: actions_text.edit_circuit(circuit, form.says(), actor=request.mandate.as_actor(), at=now()),
    )
    return _circuit_page(request, convention, form, heading="Modifier un circuit", saved=done is not None)


@mandate_required
@get_or_post
def circuit_remove(request: SignedInRequest, public_id: UUID, circuit_id: UUID) -> HttpResponseBase:
    """Ask, then take a line out of the role matrix."""
    convention, _ = _drafted(request, public_id)
    circuit = get_object_or_404(Circuit, convention=convention, public_id=circuit_id)
    back = reverse("conventions:convention_circuits", args=[public_id])
    if request.method != "POST":
        return _confirm(request, convention, heading="Retirer un circuit", subject=circuit.subject, back=back)
    say(
        request,
        lambda: actions_text.remove_circuit(circuit, actor=request.mandate.as_actor(), at=now()),
        "Le circuit est retiré de la matrice.",
    )
    return redirect(back)


@mandate_required
@require_POST
def matrix_take_over(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Copy the role matrix in force into an avenant."""
    convention, _ = _drafted(request, public_id)
    at = now()
    say(
        request,
        lambda: actions_text.take_over_matrix(
            convention,
            on=rules.local_day(at, convention.departement.time_zone),
            actor=request.mandate.as_actor(),
            at=at,
        ),
        "La matrice en vigueur est reprise : modifiez ses lignes.",
    )
    return redirect("conventions:convention_circuits", public_id)


def _circuit_page(
    request: SignedInRequest, convention: Convention, form: forms.CircuitForm, *, heading: str, saved: bool
) -> HttpResponseBase:
    if saved:
        messages.success(request, "Le circuit est enregistré.")
        return redirect("conventions:convention_circuits", convention.public_id)
    return _page(
        request,
        form,
        heading=heading,
        intro=forms.NO_NAME,
        submit="Enregistrer le circuit",
        back=reverse("conventions:convention_circuits", args=[convention.public_id]),
        convention=convention,
    )


# Clauses


@mandate_required
@require_safe
def convention_clauses(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Edit the clauses of a draft."""
    convention, _ = _drafted(request, public_id)
    return render(
        request,
        "conventions/convention_clauses.html",
        {"convention": convention, "obligations": queries_drafting.obligations(convention)},
    )


@mandate_required
@get_or_post
def clause_add(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Add a clause."""
    convention, _ = _drafted(request, public_id)
    form = forms.ClauseForm(posted(request), titles=_titles(convention))
    clause = attempt(
        form,
        lambda typed: actions_text.add_clause(
            convention, actor=request.mandate.as_actor(), at=now(), **typed
        ),
    )
    return _clause_page(request, convention, form, heading="Ajouter un engagement", saved=clause is not None)


@mandate_required
@get_or_post
def clause_edit(request: SignedInRequest, public_id: UUID, clause_id: UUID) -> HttpResponseBase:
    """Rewrite a clause."""
    convention, _ = _drafted(request, public_id)
    clause = get_object_or_404(Clause, convention=convention, public_id=clause_id)
    initial = {name: getattr(clause, name) for name in forms.ClauseForm.base_fields}
    form = forms.ClauseForm(posted(request), initial=initial, titles=_titles(convention))
    done = attempt(
        form,
        lambda typed: actions_text.edit_clause(clause, actor=request.mandate.as_actor(), at=now(), **typed),
    )
    return _clause_page(request, convention, form, heading="Modifier un engagement", saved=done is not None)


@mandate_required
@get_or_post
def clause_remove(request: SignedInRequest, public_id: UUID, clause_id: UUID) -> HttpResponseBase:
    """Ask, then take a clause out of a draft."""
    convention, _ = _drafted(request, public_id)
    clause = get_object_or_404(Clause, convention=convention, public_id=clause_id)
    back = reverse("conventions:convention_clauses", args=[public_id])
    if request.method != "POST":
        return _confirm(request, convention, heading="Retirer un engagement", subject=clause.text, back=back)
    say(
        request,
        lambda: actions_text.remove_clause(clause, actor=request.mandate.as_actor(), at=now()),
        "L’engagement est retiré du texte.",
    )
    return redirect(back)


def _titles(convention: Convention) -> list[tuple[int, str]]:
    day = rules.local_day(now(), convention.departement.time_zone)
    models = queries_drafting.template_headings(convention, day=day)
    return [
        (number, f"{number}. {models[number].title if number in models else 'Rubrique'}")
        for number in range(1, HEADINGS + 1)
    ]


def _clause_page(
    request: SignedInRequest, convention: Convention, form: forms.ClauseForm, *, heading: str, saved: bool
) -> HttpResponseBase:
    if saved:
        messages.success(request, "L’engagement est enregistré.")
        return redirect("conventions:convention_clauses", convention.public_id)
    return _page(
        request,
        form,
        heading=heading,
        intro="Une fois la convention signée, cet engagement devient une action du registre.",
        submit="Enregistrer l’engagement",
        back=reverse("conventions:convention_clauses", args=[convention.public_id]),
        convention=convention,
    )


# Steps, signatures, denunciation


@mandate_required
@get_or_post
def convention_step(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Declare a step and hand the pen over."""
    convention, side = _drafted(request, public_id)
    at = now()
    day = rules.local_day(at, convention.departement.time_zone)
    situation = convention.situation(day)
    if situation is None or not situation.is_draft:
        messages.error(request, "Cette convention est signée : elle n’a plus d’étape à franchir.")
        return redirect("conventions:convention_detail", public_id)
    form = forms.StepForm(posted(request), initial={"on": day}, state=situation.state, side=side)
    taken = attempt(
        form,
        lambda typed: actions.take_step(
            convention, side=side, actor=request.mandate.as_actor(), at=at, **typed
        ),
    )
    if taken is None:
        return _page(
            request,
            form,
            heading="Faire avancer le texte",
            intro=f"Étape en cours : {situation.state.label}. "
            + rules.turn_sentence(
                situation.state,
                situation.turn,
                reader=request.mandate.role,
                since=situation.turn_since,
                representative=convention.departement.representative,
            ),
            submit="Enregistrer l’étape",
            convention=convention,
        )
    said = (
        "Le texte est à signer par les deux parties."
        if Step(taken[0].step) is Step.A_SIGNER
        else f"L’étape est enregistrée : la main passe à l’autre partie ({taken[0].get_turn_display()})."
    )
    messages.success(request, said)
    return redirect("conventions:convention_detail", public_id)


@mandate_required
@get_or_post
def convention_sign(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Record a signature for the side of the mandate."""
    convention, side = _drafted(request, public_id)
    at = now()
    titles = access.titles_to_sign(convention.departement, side=side)
    day = rules.local_day(at, convention.departement.time_zone)
    form = forms.SignForm(posted(request), initial={"signed_on": day}, titles=titles, today=day)
    signature = attempt(
        form,
        lambda typed: actions_signature.sign(
            convention, side=side, actor=request.mandate.as_actor(), at=at, **typed
        ),
    )
    if signature is None:
        return _page(
            request,
            form,
            heading=f"Enregistrer la signature ({side.label})",
            intro="Après la signature, le texte ne bouge plus. La seconde signature est définitive.",
            submit="Enregistrer la signature",
            convention=convention,
        )
    convention.refresh_from_db(fields=["signed_on"])
    if convention.signed_on is not None:
        messages.success(
            request,
            "Les deux parties ont signé. Les engagements sont devenus des actions du registre.",
        )
    else:
        messages.success(request, f"La signature est enregistrée ; reste celle de : {side.other.label}.")
    return redirect("conventions:convention_detail", public_id)


@mandate_required
@get_or_post
def signature_withdraw(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Take back the signature of one's side while the other has not signed."""
    convention, side = _drafted(request, public_id)
    at = now()
    day = rules.local_day(at, convention.departement.time_zone)
    form = forms.WithdrawForm(posted(request), initial={"on": day})
    done = attempt(
        form,
        lambda typed: actions_signature.withdraw_signature(
            convention, side=side, actor=request.mandate.as_actor(), at=at, **typed
        ),
    )
    if done is None:
        return _page(
            request,
            form,
            heading="Retirer la signature de votre côté",
            intro="Possible tant que l’autre partie n’a pas signé. Le texte redevient modifiable.",
            submit="Retirer la signature",
            convention=convention,
        )
    messages.success(request, "La signature est retirée ; le texte peut être repris.")
    return redirect("conventions:convention_detail", public_id)


@mandate_required
@get_or_post
def convention_abandon(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Give up a text that nobody has signed, after a confirmation."""
    convention, _ = _drafted(request, public_id)
    at = now()
    day = rules.local_day(at, convention.departement.time_zone)
    form = forms.AbandonForm(posted(request), initial={"on": day})
    done = attempt(
        form,
        lambda typed: actions.abandon(
            convention, on=typed["on"], reason=typed["reason"], actor=request.mandate.as_actor(), at=at
        ),
    )
    if done is None:
        what = "l’avenant" if convention.is_avenant else "le projet"
        return _page(
            request,
            form,
            heading=f"Abandonner {what}",
            intro="Possible tant que personne n’a signé. Le texte et son histoire restent lisibles.",
            submit=f"Abandonner {what}",
            convention=convention,
        )
    following = (
        "Un autre avenant peut être préparé."
        if convention.is_avenant
        else "Un autre projet peut être ouvert."
    )
    messages.success(request, f"Le texte est abandonné. {following}")
    return redirect("conventions:convention_detail", public_id)


@mandate_required
@get_or_post
def convention_denounce(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Denounce a signed convention, after a confirmation."""
    convention, _ = _drafted(request, public_id)
    form = forms.DenounceForm(posted(request))
    done = attempt(
        form,
        lambda typed: actions_signature.denounce(
            convention,
            from_on=typed["from_on"],
            reason=typed["reason"],
            actor=request.mandate.as_actor(),
            at=now(),
        ),
    )
    if done is None:
        return _page(
            request,
            form,
            heading="Dénoncer la convention",
            intro="La convention cesse de s’appliquer le jour indiqué. L’autre partie lira votre motif.",
            submit="Dénoncer la convention",
            convention=convention,
        )
    messages.success(request, "La dénonciation est enregistrée.")
    return redirect("conventions:convention_detail", public_id)


# Shared


def _visible(request: SignedInRequest, public_id: UUID) -> Convention:
    visible = access.conventions_visible_to(request.mandate).with_life()
    return get_object_or_404(visible, public_id=public_id)


def _drafted(request: SignedInRequest, public_id: UUID) -> tuple[Convention, Side]:
    """Return a convention that the mandate writes, and its side."""
    convention = _visible(request, public_id)
    return convention, _drafting_side(request, convention.departement)


def _drafting_side(request: SignedInRequest, departement: Departement) -> Side:
    side = request.mandate.side
    if side is None or not access.may_draft(request.mandate, departement):
        raise PermissionDenied(
            "Votre mandat permet de lire cette convention, pas de l’écrire. "
            "L’écrivent : le préfet, le directeur général de l’ARS et leurs référents."
        )
    return side


def _page(
    request: SignedInRequest,
    form: Form,
    *,
    heading: str,
    submit: str,
    intro: str = "",
    back: str = "",
    convention: Convention | None = None,
    departement: Departement | None = None,
) -> HttpResponse:
    if convention is not None:
        departement = convention.departement
        back = back or reverse("conventions:convention_detail", args=[convention.public_id])
    return render(
        request,
        "conventions/convention_form.html",
        {
            "form": form,
            "heading": heading,
            "intro": intro,
            "submit": submit,
            "back": back,
            "convention": convention,
            "departement": departement,
        },
        status=400 if form.is_bound else 200,
    )


def _confirm(
    request: SignedInRequest, convention: Convention, *, heading: str, subject: str, back: str
) -> HttpResponse:
    return render(
        request,
        "conventions/convention_confirm.html",
        {"convention": convention, "heading": heading, "subject": subject, "back": back},
    )
