"""Where people answer: one signed link, no account, no session, no script needed.

Reading writes nothing: mail scanners open links. No page here says who the link belongs to.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, Final

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt

from traitdunion.barometer import answering, keys, letters, queries
from traitdunion.barometer.forms import CodeForm
from traitdunion.barometer.kinds import Format, State
from traitdunion.barometer.models import RosterEntry, Sheet
from traitdunion.barometer.rules_campaign import FEWEST, LOW_ANSWERS, read_code
from traitdunion.barometer.screens import Screen, screens
from traitdunion.barometer.views.doors import get_or_post, show_form, today
from traitdunion.core.errors import Refusal
from traitdunion.identity.kinds import Side

LONGEST_REMARK: Final = 300
MINUTE: Final = 60
WRONG_LINKS_A_MINUTE: Final = 20
WRITES_A_MINUTE: Final = 120
CODES_A_MINUTE: Final = 10
UNKNOWN: Final = (
    "L’adresse est incomplète, a été modifiée, ou a été remplacée par un lien plus récent. Les logiciels de messagerie "
    "coupent parfois les longues adresses : copiez le lien entier depuis le dernier message reçu."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What a link opens: whose side, the questions, and the answers so far."""

    token: str
    entry: RosterEntry
    sheet: Sheet
    screens: Sequence[Screen]

    @property
    def side(self) -> Side:
        """The institution that the link answers for."""
        return Side(self.entry.side)

    def screen(self, number: int) -> Screen | None:
        """Return the screen of that number."""
        return next((screen for screen in self.screens if screen.number == number), None)

    @property
    def next_screen(self) -> int | None:
        """The first screen with a question left unanswered, None when every one is answered."""
        return next(
            (
                screen.number
                for screen in self.screens
                if any(question.id not in self.sheet.answers for question in screen.questions)
            ),
            None,
        )

    @property
    def answered(self) -> int:
        """How many questions have an answer."""
        return sum(
            question.id in self.sheet.answers for screen in self.screens for question in screen.questions
        )

    @property
    def total(self) -> int:
        """How many questions are asked."""
        return sum(len(screen.questions) for screen in self.screens)


def by_link[**P](
    view: Callable[Concatenate[HttpRequest, Visit, P], HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """Let a page run with what its link opens; else say on one page why the link does not serve.

    The link itself is the authority: no session is read, so a forged request has nothing to borrow. And with
    « no-referrer » browsers send « Origin: null », which the protection of sessions would refuse.
    """

    @csrf_exempt
    @get_or_post
    @wraps(view)
    def guarded(request: HttpRequest, token: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        entry = _entry(token)
        if entry is None:
            refused = _too_many(request, "link", WRONG_LINKS_A_MINUTE, _caller(request))
            return refused or _closed(request, UNKNOWN, 404)
        state = entry.wave.state_on(today())
        if state is not State.OPEN:
            return _closed(request, _why_over(state), 410)
        if entry.revoked_at is not None:
            return _closed(request, "Ce lien a été fermé par votre institution, qui tient la liste.", 410)
        if request.method == "POST":
            refused = _too_many(request, "write", WRITES_A_MINUTE, token)
            if refused:
                return refused
        sheet = answering.sheet_of(entry)
        if sheet is None:
            return _closed(request, _why_over(State.EMBARGO), 410)
        if sheet.is_submitted:
            return render(request, "barometer/answer_done.html", {"wave": entry.wave})
        wave = entry.wave
        asked = screens(wave.questionnaire.text, entry.side, is_pulse=wave.format == Format.PULSE.value)
        return view(request, Visit(token=token, entry=entry, sheet=sheet, screens=asked), *args, **kwargs)

    return guarded


def _entry(token: str) -> RosterEntry | None:
    named = keys.read_token(token)
    if named is None:
        return None
    public_id, version = named
    entries = RosterEntry.objects.select_related("wave__questionnaire", "departement")
    return entries.filter(public_id=public_id, link_version=version).first()


def _why_over(state: State) -> str:
    if state is State.CANCELLED:
        return "Cette vague du baromètre a été annulée : on ne répond plus."
    return (
        "Cette vague du baromètre est close : on ne répond plus. Les réponses envoyées à temps sont comptées."
    )


def _closed(request: HttpRequest, reason: str, status: int) -> HttpResponse:
    return render(request, "barometer/answer_closed.html", {"reason": reason}, status=status)


def _caller(request: HttpRequest) -> str:
    """Return the address that asks: the one the proxy gives, else the one of the connection."""
    said: str = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return said or str(request.META.get("REMOTE_ADDR", ""))


def _too_many(request: HttpRequest, what: str, most: int, who: str) -> HttpResponse | None:
    """Count in memory, for a minute, and refuse beyond ``most``: nothing of it is stored."""
    name = f"barometer:{what}:{who}"
    cache.add(name, 0, MINUTE)
    try:
        count = cache.incr(name)
    except ValueError:
        return None  # it expired between the two lines
    if count <= most:
        return None
    response = _closed(request, "Trop de demandes à la suite : attendez une minute, puis recommencez.", 429)
    response["Retry-After"] = str(MINUTE)
    return response


# Pages


@by_link
def answer(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Say what is asked, for whom, how long it takes and what becomes of the answers."""
    asked = queries.asked_beside(visit.entry)
    context = {
        "visit": visit,
        "wave": visit.entry.wave,
        "departement": visit.entry.departement,
        "asked": asked,
        "has_no_anonymity": asked < FEWEST,
        "fewest": FEWEST,
        "minutes": letters.MINUTES[Format(visit.entry.wave.format)],
    }
    return render(request, "barometer/answer.html", context)


@by_link
def answer_screen(request: HttpRequest, visit: Visit, number: int) -> HttpResponseBase:
    """Ask the questions of one screen. HTMX saves at each change; without script, the buttons do."""
    screen = visit.screen(number)
    if screen is None:
        return redirect("barometer:answer", visit.token)
    if request.method != "POST":
        return _screen_page(request, visit, screen)
    answers = {
        question.id: value
        for question in screen.questions
        if (value := request.POST.get(f"q-{question.id}", "")) in screen.values
    }
    had_box = "remark" in request.POST
    wants_box = _wants_box(screen, {**visit.sheet.answers, **answers})
    remark = request.POST.get("remark", "").strip()[:LONGEST_REMARK] if had_box else None
    if not wants_box:
        remark = ""  # words go with the low answer that called for them: none is kept unseen
    try:
        answering.save(visit.entry, answers=answers, screen=number, remark=remark)
    except Refusal as refusal:
        return _refused(request, str(refusal))
    visit.sheet.answers = {**visit.sheet.answers, **answers}
    if request.headers.get("HX-Request"):
        return _saved(request, visit, screen, box_moved=wants_box != had_box)
    if wants_box and not had_box:
        return _screen_page(request, visit, screen, box_is_new=True)
    return _go_on(visit, screen, back="retour" in request.POST)


def _wants_box(screen: Screen, answers: Mapping[str, str]) -> bool:
    """Whether something low was said of how the two work together, on this screen."""
    return any(
        answers.get(question.id) in LOW_ANSWERS for question in screen.questions if not question.is_guess
    )


def _screen_page(
    request: HttpRequest, visit: Visit, screen: Screen, *, box_is_new: bool = False
) -> HttpResponse:
    context = {**_screen_context(visit, screen), "box_is_new": box_is_new}
    return render(request, "barometer/answer_screen.html", context)


def _saved(request: HttpRequest, visit: Visit, screen: Screen, *, box_moved: bool) -> HttpResponse:
    context = {**_screen_context(visit, screen), "box_moved": box_moved}
    return render(request, "barometer/answer_screen.html#saved", context)


def _screen_context(visit: Visit, screen: Screen) -> dict[str, Any]:
    answers = visit.sheet.answers
    return {
        "visit": visit,
        "screen": screen,
        "steps": len(visit.screens) + 1,
        "asked": [(question, answers.get(question.id, "")) for question in screen.questions],
        "wants_box": _wants_box(screen, answers),
        "remark": answering.remarks_of(visit.entry, [screen.number]).get(screen.number, ""),
        "longest": LONGEST_REMARK,
    }


def _refused(request: HttpRequest, said: str) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return render(request, "barometer/answer_screen.html#refused", {"said": said})
    return _closed(request, said, 410)


def _go_on(visit: Visit, screen: Screen, *, back: bool) -> HttpResponse:
    wanted = screen.number + (-1 if back else 1)
    if wanted < 1:
        return redirect("barometer:answer", visit.token)
    if visit.screen(wanted) is None:
        return redirect("barometer:answer_review", visit.token)
    return redirect("barometer:answer_screen", visit.token, wanted)


@by_link
def answer_review(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Show every answer before it is sent; send, and show the code, this once."""
    typed = request.POST.get("code", "").strip()
    said = ""
    if request.method == "POST":
        numbers = [screen.number for screen in visit.screens]
        try:
            code = answering.submit(visit.entry, screens=numbers, typed_code=typed)
        except Refusal as refusal:
            said = str(refusal)
        else:
            # Not a redirection: the code would have to be kept somewhere.
            context = {"wave": visit.entry.wave, "code": code, "is_kept": bool(typed)}
            return render(request, "barometer/answer_done.html", context)
    remarks = answering.remarks_of(visit.entry, [screen.number for screen in visit.screens])
    context = {
        "visit": visit,
        "wave": visit.entry.wave,
        "steps": len(visit.screens) + 1,
        "left": visit.total - visit.answered,
        "parts": [
            {
                "screen": screen,
                "answers": [
                    (question, screen.label(visit.sheet.answers.get(question.id, "")))
                    for question in screen.questions
                ],
                "remark": remarks.get(screen.number, ""),
            }
            for screen in visit.screens
        ],
        "typed": typed,
        "refused": said,
    }
    return render(request, "barometer/answer_review.html", context, status=400 if said else 200)


# What the author of a remark does with the code, after the closing


@csrf_exempt
@get_or_post
def remark_list(request: HttpRequest) -> HttpResponse:
    """Let the holder of a code read what they wrote, and say whether the two sides may read it."""
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        refused = _too_many(request, "code", CODES_A_MINUTE, _caller(request))
        if refused:
            return refused
    if not (form.is_bound and form.is_valid()):
        return show_form(request, "barometer/remark_list.html", form, {})
    signs = read_code(form.cleaned_data["code"])
    if signs is None:
        form.add_error(
            "code", "Ce code a été mal recopié : il compte douze signes, en trois groupes de quatre."
        )
        return show_form(request, "barometer/remark_list.html", form, {})
    remarks = list(queries.remarks_behind(signs))
    chosen = next((remark for remark in remarks if str(remark.pk) == request.POST.get("remarque")), None)
    if chosen is not None:
        chosen.is_released = request.POST.get("geste") == "liberer"
        answering.release(chosen, is_released=chosen.is_released)
    context = {"form": form, "remarks": remarks, "code": form.cleaned_data["code"], "done": chosen}
    return render(request, "barometer/remark_list.html", context)
