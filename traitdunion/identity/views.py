import logging
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Concatenate, cast
from uuid import UUID

from django.conf import settings
from django.contrib import auth, messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import SuspiciousOperation
from django.core.paginator import Page, Paginator
from django.db.models import Count, Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare, get_random_string
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView

from traitdunion.audit.actors import Actor
from traitdunion.core.choices import choices_of
from traitdunion.core.errors import Refusal
from traitdunion.identity import access, actions, forms, oidc, queries
from traitdunion.identity.http import SignedInRequest, mandate_required
from traitdunion.identity.kinds import SIDE_OF, Holding, OrganisationKind, Role, Scope, Side
from traitdunion.identity.middleware import SESSION_KEY
from traitdunion.identity.models import Delegation, Mandate, Organisation, Person, Post
from traitdunion.identity.reading import reading_day
from traitdunion.identity.rules import identity_reference
from traitdunion.territories.models import Departement, Region

LOGGER = logging.getLogger(__name__)
ROWS_A_PAGE = 50
AFTER_SIGN_IN = "oidc_login_next"
PROVIDER_DOWN = (
    "Le service d’identité ne répond pas ou répond mal. Rien n’est perdu : réessayez dans quelques minutes. "
    "Si cela dure, prévenez l’administrateur."
)
SIGN_IN_REFUSED = (
    "La connexion n’a pas abouti : la réponse du service d’identité n’est pas celle que nous attendions. "
    "Recommencez depuis la page de connexion ; si cela se répète, prévenez l’administrateur."
)
SIGN_IN_STALE = (
    "La connexion n’a pas abouti : elle a été commencée il y a trop longtemps, dans un autre navigateur, ou "
    "elle a déjà servi. Recommencez depuis la page de connexion."
)
SIGN_IN_STOPPED = (
    "La connexion a été interrompue chez le service d’identité. Recommencez depuis la page de connexion."
)


# Come in


@require_safe
@never_cache
def sign_in(request: HttpRequest) -> HttpResponse:
    """Offer the ways to come in."""
    if request.user.is_authenticated:
        return redirect("identity:mandate_choice")
    return render(
        request,
        "identity/sign_in.html",
        {
            "has_provider": bool(settings.OIDC_ISSUER),
            "next": _safe_next(request),
            "idle_minutes": settings.SESSION_IDLE_SECONDS // 60,
            "most_hours": settings.SESSION_COOKIE_AGE // 3600,
        },
    )


@method_decorator(never_cache, name="dispatch")
class OIDCRequest(OIDCAuthenticationRequestView):  # type: ignore[misc]  # the library has no types
    """Send the browser to the provider, with a state, a nonce and a PKCE challenge."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401  # Django's
        # Past the library's, which would read the provider's address before the page can say it is down.
        super(OIDCAuthenticationRequestView, self).__init__(**kwargs)
        self.OIDC_RP_CLIENT_ID = settings.OIDC_RP_CLIENT_ID

    def get(self, request: HttpRequest) -> HttpResponse:
        if not settings.OIDC_ISSUER:
            raise Http404
        try:
            self.OIDC_OP_AUTH_ENDPOINT = oidc.configuration().authorization_endpoint
        except oidc.ProviderUnavailableError as error:
            return _sign_in_failed(request, PROVIDER_DOWN, error, status=503)
        return cast(HttpResponse, super().get(request))

    def get_extra_params(self, request: HttpRequest) -> dict[str, str]:  # noqa: ARG002  # the library's
        asked = {"acr_values": " ".join(settings.OIDC_ACR_ALLOWED)} if settings.OIDC_ACR_ALLOWED else {}
        if settings.OIDC_MAX_AGE_SECONDS:
            asked["max_age"] = str(settings.OIDC_MAX_AGE_SECONDS)
        return asked


@method_decorator(never_cache, name="dispatch")
class OIDCCallback(OIDCAuthenticationCallbackView):  # type: ignore[misc]  # the library has no types
    """Receive the browser that comes back from the provider."""

    def get(self, request: oidc.CallbackRequest) -> HttpResponse:
        if not settings.OIDC_ISSUER:
            raise Http404
        request.received_at = timezone.now()
        # RFC 9207: an answer that names its issuer must name ours.
        if request.GET.get("iss", settings.OIDC_ISSUER) != settings.OIDC_ISSUER:
            return _sign_in_failed(request, SIGN_IN_REFUSED, "answer of another issuer")
        try:
            return cast(HttpResponse, super().get(request))
        except SuspiciousOperation as error:
            return _sign_in_failed(request, SIGN_IN_STALE, error)
        except oidc.ProviderUnavailableError as error:
            return _sign_in_failed(request, PROVIDER_DOWN, error, status=503)
        except oidc.SignInRefusedError as error:
            return _sign_in_failed(request, SIGN_IN_REFUSED, error)
        except oidc.NotRegisteredError as error:
            return _not_registered(request, error)

    def login_success(self) -> HttpResponse:
        request: oidc.CallbackRequest = self.request
        person: Person = self.user
        id_token = request.session.get(oidc.SESSION_ID_TOKEN)
        wanted = request.session.pop(AFTER_SIGN_IN, None)
        auth.login(request, person)  # a new session key, and nothing left of another person's session
        request.session[oidc.SESSION_ID_TOKEN] = id_token
        actions.sign_in(person, actor=_as_person(person), at=request.received_at)
        return redirect(_with_next(reverse("identity:mandate_choice"), wanted))

    def login_failure(self) -> HttpResponse:
        error = self.request.GET.get("error")
        return _sign_in_failed(
            self.request,
            SIGN_IN_STOPPED if error == "access_denied" else SIGN_IN_REFUSED if error else SIGN_IN_STALE,
            f"provider says {error!r}" if error else "no sign-in in progress",
        )


def _sign_in_failed(request: HttpRequest, text: str, reason: object, *, status: int = 403) -> HttpResponse:
    LOGGER.warning("sign-in refused: %s", reason)
    return render(request, "identity/sign_in_failed.html", {"text": text}, status=status)


def _not_registered(request: oidc.CallbackRequest, error: oidc.NotRegisteredError) -> HttpResponse:
    if request.user.is_authenticated:
        auth.logout(request)
    request.session[oidc.SESSION_ID_TOKEN] = error.id_token  # to leave the provider and come back as another
    reference = identity_reference(issuer=error.issuer, subject=error.subject)
    reason = "unknown" if error.person is None else "closed"
    actor = (
        Actor(label=f"Identité sans accès {reference}") if error.person is None else _as_person(error.person)
    )
    actions.refuse_sign_in(reference=reference, reason=reason, actor=actor, at=request.received_at)
    shown = {
        "issuer": error.issuer,
        "subject": error.subject,
        "reference": reference,
        "is_closed": error.person,
    }
    return render(request, "identity/unknown.html", shown, status=403)


def _as_person(person: Person) -> Actor:
    return Actor(label=person.name, person=person.public_id)


def _safe_next(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    hosts = {request.get_host()}
    return wanted if url_has_allowed_host_and_scheme(wanted, hosts, require_https=request.is_secure()) else ""


def _with_next(url: str, wanted: str | None) -> str:
    return f"{url}?{urlencode({'next': wanted})}" if wanted else url


# Choose in what capacity


@require_safe
@never_cache
@login_required
def mandate_choice(request: HttpRequest) -> HttpResponse:
    """Offer the mandates of the day; the only one is taken by itself."""
    person = cast(Person, request.user)
    mandates = list(access.mandates_of(person, day=timezone.localdate()))
    in_use = cast(SignedInRequest, request).mandate
    if len(mandates) == 1 and not in_use:
        return _act_under(request, mandates[0])
    return render(
        request,
        "identity/mandate_choice.html",
        {"mandates": mandates, "in_use": in_use.public_id if in_use else None, "next": _safe_next(request)},
    )


@require_POST
@never_cache
@login_required
def mandate_select(request: HttpRequest) -> HttpResponse:
    """Act from now on under the mandate of the form."""
    mandates = access.mandates_of(cast(Person, request.user), day=timezone.localdate())
    try:
        wanted = UUID(request.POST.get("mandate", ""))
    except ValueError as error:
        raise Http404 from error
    return _act_under(request, get_object_or_404(mandates, public_id=wanted))


def _act_under(request: HttpRequest, mandate: Mandate) -> HttpResponse:
    request.session[SESSION_KEY] = str(mandate.public_id)
    request.session.cycle_key()
    actions.choose(mandate, actor=mandate.as_actor(), at=timezone.now())
    return redirect(_safe_next(request) or settings.HOME_PAGE)


# Leave


@require_POST
@never_cache
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session here, then at the provider, whose answer comes back to ``signed_out``.

    The page is an answer, not a redirection: the content security policy follows the redirections of a form.
    """
    id_token = request.session.get(oidc.SESSION_ID_TOKEN)
    if isinstance(request.user, Person):
        actions.sign_out(request.user, actor=_as_person(request.user), at=timezone.now())
    auth.logout(request)
    if not id_token or not settings.OIDC_ISSUER:
        return redirect(settings.LOGOUT_REDIRECT_URL)
    state = get_random_string(settings.OIDC_STATE_SIZE)
    back_to = request.build_absolute_uri(reverse("identity:signed_out"))
    try:
        url = oidc.end_session_url(id_token=id_token, back_to=back_to, state=state)
    except oidc.ProviderUnavailableError as error:
        LOGGER.warning("sign-out at the provider: %s", error)
        url = None
    if url is None:
        return render(request, "identity/signed_out.html", {"provider_is_open": True})
    request.session[oidc.SESSION_LOGOUT_STATE] = state
    response = render(request, "identity/signed_out.html", {"provider_url": url})
    response.headers["Refresh"] = f"0; url={url}"
    return response


@require_safe
@never_cache
def signed_out(request: HttpRequest) -> HttpResponse:
    """Say that both sessions are closed, to the browser that we sent to close them."""
    expected = request.session.pop(oidc.SESSION_LOGOUT_STATE, "")
    if not expected or not constant_time_compare(request.GET.get("state", ""), expected):
        return redirect(resolve_url(settings.LOGOUT_REDIRECT_URL))
    return render(request, "identity/signed_out.html")


# Vacancies


@require_safe
@mandate_required
def vacancy_list(request: SignedInRequest) -> HttpResponse:
    """List the posts of both institutions that nobody holds on the day of reading, in the territory of the mandate."""
    reading = reading_day(request, today=timezone.localdate())
    departements = {row.code: row for row in access.departements_visible_to(request.mandate)}
    regions = {row.region_id: row.region.name for row in departements.values()}
    asked, side, region = (request.GET.get(name, "") for name in ("poste", "cote", "region"))
    choices = [
        (queries.BOTH_REFERENTS, "référent, des deux côtés"),
        *((role.value, role.label) for role in SIDE_OF),
    ]
    kept = asked if asked in dict(choices) else ""
    # The post of a région is that of each of its départements: a reader of one of them sees it.
    posts = [
        post
        for post in queries.dyad_posts(day=reading.day, kept=kept)
        if (post.departement_id in departements if post.departement_id else post.region_id in regions)
    ]
    seats = [
        seat
        for seat in queries.seats(posts, day=reading.day, known_before=reading.known_before)
        if (not side or queries.side_of(seat.post) == side)
        if not region or _region_of(seat.post) == region
    ]
    vacant = [seat for seat in seats if seat.vacancy.vacant_since is not None]
    return render(
        request,
        "identity/vacancy_list.html",
        {
            "seats": sorted(vacant, key=_by_place),
            "total": len(seats),
            "counts": _by_role(seats),
            "reading": reading,
            "post": kept,
            "posts": choices,
            "side": side,
            "sides": choices_of(Side),
            "region": region,
            "regions": sorted(regions.items(), key=lambda pair: pair[1]),
        },
    )


def _region_of(post: Post) -> str | None:
    return post.departement.region_id if post.departement else post.region_id


def _by_place(seat: queries.Seat) -> tuple[str, str, int]:
    """Order by département, the posts of a région after them."""
    post = seat.post
    place = post.departement_id or f"région {post.region.name if post.region else ''}"
    return place, post.role, post.pk


def _by_role(seats: Sequence[queries.Seat]) -> list[tuple[str, int, int]]:
    """Return, for each post of the two institutions, how many are vacant and how many there are."""
    found = []
    for role in SIDE_OF:
        held = [seat for seat in seats if seat.post.role == role.value]
        if held:
            vacant = sum(seat.vacancy.vacant_since is not None for seat in held)
            found.append((role.label, vacant, len(held)))
    return found


# Administration


def administrator_required[**P](
    view: Callable[Concatenate[SignedInRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Let a page run only under the mandate of an administrator: for the others it does not exist."""

    @mandate_required
    @wraps(view)
    def guarded(request: SignedInRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not access.may_administer(request.mandate):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def _page[M: Model](request: HttpRequest, rows: QuerySet[M]) -> Page[M]:
    return Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("page"))


def _done(form: forms.Form, act: Callable[[], object]) -> bool:
    """Whether the act was done; a refusal becomes an error of the form."""
    if not form.is_valid():
        return False
    try:
        act()
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


@require_safe
@administrator_required
def administration(request: SignedInRequest) -> HttpResponse:
    """Lead to what an administrator keeps."""
    day = timezone.localdate()
    return render(
        request,
        "identity/administration.html",
        {
            "organisations": Organisation.objects.count(),
            "persons": Person.objects.filter(is_active=True).count(),
            "delegations": queries.delegations(day=day).count(),
        },
    )


@require_safe
@administrator_required
def organisation_list(request: SignedInRequest) -> HttpResponse:
    """List the organisations."""
    search, kind = " ".join(request.GET.get("recherche", "").split()), request.GET.get("nature", "")
    departement = request.GET.get("departement", "")
    found = queries.organisations(search=search, kind=kind, departement=departement)
    return render(
        request,
        "identity/organisation_list.html",
        {
            "page": _page(request, found.annotate(post_count=Count("posts"))),
            "search": search,
            "kind": kind,
            "kinds": choices_of(OrganisationKind),
            "departement": departement,
            "departements": [(row.code, str(row)) for row in Departement.objects.order_by("code")],
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@administrator_required
def organisation_open(request: SignedInRequest) -> HttpResponse:
    """Open an organisation."""
    form = forms.OrganisationForm(request.POST or None)

    def act() -> None:
        opened = actions.open_organisation(
            kind=OrganisationKind(form.cleaned_data["kind"]),
            **{
                name: form.cleaned_data[name]
                for name in ("name", "departement", "region", "parent", "opened_on")
            },
            actor=request.mandate.as_actor(),
            at=timezone.now(),
        )
        messages.success(request, f"L’organisation « {opened.name} » est ouverte.")

    if request.method == "POST" and _done(form, act):
        return redirect("identity:organisation_list")
    return _form_page(request, form, title="Ouvrir une organisation", back="identity:organisation_list")


@require_safe
@administrator_required
def organisation_detail(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Show an organisation and who holds its posts."""
    every = Organisation.objects.select_related("departement", "region", "parent")
    organisation = get_object_or_404(every, public_id=public_id)
    day = timezone.localdate()
    posts = queries.open_posts(day=day).filter(organisation=organisation)
    return render(
        request,
        "identity/organisation_detail.html",
        {"organisation": organisation, "seats": queries.seats(posts, day=day)},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@administrator_required
def post_open(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Open a post in an organisation."""
    every = Organisation.objects.select_related("departement", "region")
    organisation = get_object_or_404(every, public_id=public_id)
    form = forms.PostForm(request.POST or None, organisation=organisation)

    def act() -> None:
        scope = form.cleaned_data["scope"]
        post = actions.open_post(
            organisation=organisation,
            role=Role(form.cleaned_data["role"]),
            opened_on=form.cleaned_data["opened_on"],
            departement=organisation.departement if scope == Scope.DEPARTEMENT else None,
            region=organisation.region if scope == Scope.REGION else None,
            actor=request.mandate.as_actor(),
            at=timezone.now(),
        )
        messages.success(request, f"Le poste « {post} » est créé ; il est vacant.")

    if request.method == "POST" and _done(form, act):
        return redirect("identity:organisation_detail", public_id)
    return _form_page(request, form, title=f"Créer un poste – {organisation.name}", back=_url(organisation))


@require_safe
@administrator_required
def person_list(request: SignedInRequest) -> HttpResponse:
    """List the persons and their mandates of the day."""
    search, state = " ".join(request.GET.get("recherche", "").split()), request.GET.get("acces", "")
    is_active = {"ouvert": True, "ferme": False}.get(state)
    found = queries.persons(search=search, is_active=is_active, day=timezone.localdate())
    return render(
        request,
        "identity/person_list.html",
        {
            "page": _page(request, found),
            "search": search,
            "state": state,
            "states": [("ouvert", "ouvert"), ("ferme", "fermé")],
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@administrator_required
def person_register(request: SignedInRequest) -> HttpResponse:
    """Open an account for an identity of the provider."""
    form = forms.PersonForm(request.POST or None, initial={"issuer": settings.OIDC_ISSUER})

    def act() -> None:
        person = actions.register_person(
            **form.cleaned_data, actor=request.mandate.as_actor(), at=timezone.now()
        )
        messages.success(request, f"Le compte de {person.name} est ouvert. Confiez-lui maintenant un mandat.")

    if request.method == "POST" and _done(form, act):
        known = {name: form.cleaned_data[name] for name in ("issuer", "subject")}
        return redirect("identity:person_detail", Person.objects.get(**known).public_id)
    return _form_page(request, form, title="Ouvrir un compte", back="identity:person_list")


@require_safe
@administrator_required
def person_detail(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Show a person, its mandates and the delegations it received."""
    person = get_object_or_404(Person, public_id=public_id)
    return render(
        request,
        "identity/person_detail.html",
        {
            "person": person,
            "reference": identity_reference(issuer=person.issuer, subject=person.subject),
            "mandates": person.mandates.select_related("post__organisation").order_by("-starts_on", "-pk"),
            "delegations": person.delegations.select_related("given_by__organisation").order_by("-starts_on"),
            "day": timezone.localdate(),
        },
    )


@require_POST
@administrator_required
def person_access(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Open or close the access of a person."""
    person = get_object_or_404(Person, public_id=public_id)
    is_active = request.POST.get("acces") == "ouvert"
    try:
        actions.set_access(person, is_active=is_active, actor=request.mandate.as_actor(), at=timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"L’accès de {person.name} est {'ouvert' if is_active else 'fermé'}.")
    return redirect("identity:person_detail", public_id)


@require_http_methods(["GET", "HEAD", "POST"])
@administrator_required
def mandate_grant(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Give a person a post of the chosen territory."""
    person = get_object_or_404(Person, public_id=public_id)
    day = timezone.localdate()
    territory = request.GET.get("territoire", "")
    posts = queries.open_posts(day=day).filter(_territory(territory))
    form = forms.MandateForm(request.POST or None, posts=posts, initial={"starts_on": day})

    def act() -> None:
        wanted = form.cleaned_data
        mandate = actions.grant(
            person=person,
            post=wanted["post"],
            starts_on=wanted["starts_on"],
            ends_on=wanted["ends_on"],
            holding=Holding(wanted["holding"]),
            actor=request.mandate.as_actor(),
            at=timezone.now(),
        )
        messages.success(request, f"{person.name} reçoit le mandat « {mandate.label} ».")

    if request.method == "POST" and _done(form, act):
        return redirect("identity:person_detail", public_id)
    return render(
        request,
        "identity/mandate_grant.html",
        {"person": person, "form": form, "territory": territory, "territories": _territories()},
    )


def _territories() -> list[tuple[str, str]]:
    regions = [(f"r{row.code}", f"Région {row.name}") for row in Region.objects.order_by("name")]
    departements = [(row.code, str(row)) for row in Departement.objects.order_by("code")]
    return [(forms.NATIONAL, "Nation"), *regions, *departements]


def _territory(wanted: str) -> Q:
    if wanted == forms.NATIONAL:
        return Q(departement__isnull=True, region__isnull=True)
    return Q(region=wanted[1:]) if wanted.startswith("r") else Q(departement=wanted)


@require_http_methods(["GET", "HEAD", "POST"])
@administrator_required
def mandate_end(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """End a mandate on a chosen day."""
    every = Mandate.objects.select_related("person", "post__organisation")
    mandate = get_object_or_404(every, public_id=public_id)
    form = forms.LastDayForm(request.POST or None, initial={"last_day": timezone.localdate()})

    def act() -> None:
        last_day = form.cleaned_data["last_day"]
        actions.end(mandate, last_day=last_day, actor=request.mandate.as_actor(), at=timezone.now())
        messages.success(request, f"Le mandat « {mandate.label} » cesse après le {last_day:%d/%m/%Y}.")

    if request.method == "POST" and _done(form, act):
        return redirect("identity:person_detail", mandate.person.public_id)
    title = f"Mettre fin au mandat de {mandate.person.name} – {mandate.label}"
    return _form_page(request, form, title=title, back=_url(mandate.person))


@require_safe
@administrator_required
def delegation_list(request: SignedInRequest) -> HttpResponse:
    """List the delegations of signature, those that run first asked."""
    day = timezone.localdate()
    state = request.GET.get("etat", "en_cours")
    found = queries.delegations(day=day if state == "en_cours" else None)
    return render(
        request,
        "identity/delegation_list.html",
        {
            "page": _page(request, found),
            "day": day,
            "state": state,
            "states": [("en_cours", "en cours"), ("toutes", "toutes")],
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@administrator_required
def delegation_give(request: SignedInRequest) -> HttpResponse:
    """Write a delegation of signature."""
    day = timezone.localdate()
    form = forms.DelegationForm(
        request.POST or None, posts=queries.signatory_posts(day=day), initial={"starts_on": day}
    )

    def act() -> None:
        delegation = actions.delegate(
            **form.cleaned_data, actor=request.mandate.as_actor(), at=timezone.now()
        )
        messages.success(request, f"La délégation donnée à {delegation.given_to.name} est enregistrée.")

    if request.method == "POST" and _done(form, act):
        return redirect("identity:delegation_list")
    return _form_page(request, form, title="Déclarer une délégation", back="identity:delegation_list")


@require_http_methods(["GET", "HEAD", "POST"])
@administrator_required
def delegation_end(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """End a delegation on a chosen day."""
    every = Delegation.objects.select_related("given_by__organisation", "given_to")
    delegation = get_object_or_404(every, public_id=public_id)
    form = forms.LastDayForm(request.POST or None, initial={"last_day": timezone.localdate()})

    def act() -> None:
        last_day = form.cleaned_data["last_day"]
        actions.end_delegation(
            delegation, last_day=last_day, actor=request.mandate.as_actor(), at=timezone.now()
        )
        messages.success(
            request, f"La délégation de {delegation.given_to.name} cesse après le {last_day:%d/%m/%Y}."
        )

    if request.method == "POST" and _done(form, act):
        return redirect("identity:delegation_list")
    title = f"Mettre fin à la délégation de {delegation.given_to.name}"
    return _form_page(request, form, title=title, back="identity:delegation_list")


def _form_page(request: SignedInRequest, form: forms.Form, *, title: str, back: str) -> HttpResponse:
    shown = {"form": form, "page_title": title, "back_url": resolve_url(back)}
    return render(request, "identity/form.html", shown, status=200)


def _url(shown: Person | Organisation) -> str:
    page = "person" if isinstance(shown, Person) else "organisation"
    return reverse(f"identity:{page}_detail", args=[shown.public_id])
