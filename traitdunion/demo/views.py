"""Pages of the demonstration."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import auth, messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from traitdunion.demo import letters
from traitdunion.demo.forms import SampleForm
from traitdunion.demo.personas import TWO_MANDATES, persona_addresses, personas
from traitdunion.identity import access
from traitdunion.identity.middleware import SESSION_KEY
from traitdunion.identity.models import Person

LETTERS, LETTERS_A_PAGE = 2000, 20
INVITATIONS = "invitations"
PARIS = ZoneInfo("Europe/Paris")
CODES = [f"{code:02d}" for code in range(1, 96) if code != 20] + [
    "2A",
    "2B",
    "971",
    "972",
    "973",
    "974",
    "976",
]
LEGEND = (
    ("en_vigueur", "en vigueur", "full"),
    ("signee", "signée, pas encore en vigueur", "hatch"),
    ("a_signer", "à signer", "lines"),
    ("projet", "en projet", "dots"),
    ("echue", "échue", "cross"),
    ("absente", "aucune convention", "empty"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    code: str
    name: str
    value: str
    label: str
    days: int


@require_safe
def components(request: HttpRequest) -> HttpResponse:
    """Show every component of the pages with invented data, for those who build pages and for the tests."""
    rows = [
        Row(code=code, name=f"Département {code}", value=value, label=label, days=37 * rank % 400)
        for rank, code in enumerate(CODES)
        for value, label, _fill in [LEGEND[rank * rank % len(LEGEND)]]
    ]
    chosen = request.GET.get("etat", "")
    listed = [row for row in rows if chosen in {"", row.value}]
    listed.sort(key=lambda row: row.days, reverse=request.GET.get("tri") == "-jours")
    messages.success(request, "Exemple de message : la convention a été enregistrée.")
    here = reverse("demo:components")
    context = {
        "rows": rows,
        "page": Paginator(listed, 10).get_page(request.GET.get("page")),
        "chosen": chosen,
        "choices": [(value, label) for value, label, _fill in LEGEND],
        "areas": [{"code": row.code, "name": row.name, "value": row.value, "url": here} for row in rows],
        "legend": [
            {"value": value, "label": label, "fill": fill, "count": sum(row.value == value for row in rows)}
            for value, label, fill in LEGEND
        ],
        "in_force": sum(row.value == "en_vigueur" for row in rows),
        "day": date(2026, 3, 1),
        "today": date(2026, 6, 15),
        "stops": [
            (f"2026-0{month}-01", f"1ᵉʳ {name} 2026")
            for month, name in [(1, "janvier"), (2, "février"), (3, "mars")]
        ],
        "months": ["janv.", "févr.", "mars"],
        "series": [
            {"name": "En vigueur", "values": [52, 60, 71]},
            {"name": "Signées", "values": [12, 15, 9]},
        ],
        "history": [
            {
                "at": datetime(2026, 3, 1, 14, 20, tzinfo=PARIS),
                "text": "Convention signée par les deux parties",
                "author": "Préfet, préfecture d’exemple",
            },
            {
                "at": date(2026, 2, 3),
                "text": "Retour en relecture",
                "author": "Référent, ARS d’exemple",
                "reason": "l’annexe 2 manquait",
                "url": here,
            },
        ],
        "form": SampleForm({"name": "", "kind": "z", "starts_on": "hier"}),
        "exports": [("CSV", here), ("Tableur (ods)", here), ("Tableur (xlsx)", here)],
    }
    return render(request, "demo/components.html", context)


@require_safe
def persona_list(request: HttpRequest) -> HttpResponse:
    """Offer one identity for every role, and one that has two mandates."""
    return render(request, "demo/persona_list.html", {"personas": [*personas(), TWO_MANDATES]})


@require_safe
def register_persona_list(request: HttpRequest) -> HttpResponse:
    """Offer one identity for every role of the register."""
    return render(request, "demo/register_persona_list.html", {"personas": personas()})


@require_safe
def letter_list(request: HttpRequest) -> HttpResponse:
    """Show the letters that the site sent: in the demonstration none leaves the machine."""
    sent = letters.latest(Path(settings.DEMO_LETTERS), most=LETTERS) if settings.DEMO_LETTERS else []
    asked = {name: request.GET.get(name, "").strip() for name in ("objet", "q")}
    roles = persona_addresses()
    found = [
        letter
        for letter in sent
        if (not asked["objet"] or bool(letter.invitation) is (asked["objet"] == INVITATIONS))
        and letter.says(asked["q"], roles.get(letter.to, ""))
    ]
    # Those of the roles that one tries come first: theirs are the ones a newcomer looks for.
    found.sort(key=lambda letter: letter.to not in roles)
    page = Paginator(found, LETTERS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "letters": [(letter, roles.get(letter.to, "")) for letter in page],
        "asked": asked,
        "kinds": [(INVITATIONS, "Invitations au baromètre"), ("autres", "Autres messages")],
        "is_empty": not sent,
    }
    return render(request, "demo/letter_list.html", context)


@require_POST
def persona_sign_in(request: HttpRequest, key: str) -> HttpResponseBase:
    """Sign in as a persona, under its mandate; one that has several chooses."""
    person = auth.authenticate(request, persona=key)
    if not isinstance(person, Person):
        raise Http404
    auth.login(request, person, backend="traitdunion.demo.personas.PersonaBackend")
    mandates = access.mandates_of(person, day=timezone.localdate())[:2]
    if len(mandates) != 1:
        return redirect("identity:mandate_choice")
    request.session[SESSION_KEY] = str(mandates[0].public_id)
    return redirect(settings.HOME_PAGE)
