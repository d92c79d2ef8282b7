"""Tags and filters of our pages: the frame, tables whose order is in the address, French typography."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.template.context import Context
from django.template.engine import Engine
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from traitdunion.portal import navigation
from traitdunion.portal.typography import NARROW, NO_BREAK, bind

register = template.Library()

MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
FIRST = "1\N{MODIFIER LETTER SMALL E}\N{MODIFIER LETTER SMALL R}"

# How loudly a state speaks; the words and the icon say the same as the colour.
TONES: Mapping[str, str] = {
    "projet": "neutral",
    "relecture": "new",
    "a_signer": "new",
    "signee": "info",
    "en_vigueur": "success",
    "appliquee": "success",
    "echue": "error",
    "denoncee": "error",
    "absente": "warning",
    "non_signee": "warning",
    "a_faire": "neutral",
    "en_cours": "info",
    "realisee": "success",
    "faite": "success",
    "en_retard": "error",
    "bloquee": "warning",
    "abandonnee": "neutral",
}
ICONS: Mapping[str, str] = {
    "success": "fr-icon-success-line",
    "info": "fr-icon-info-line",
    "warning": "fr-icon-warning-line",
    "error": "fr-icon-error-line",
    "new": "fr-icon-edit-line",
    "neutral": "fr-icon-draft-line",
}


# Typography


@register.filter
def day(value: date | datetime | None) -> str:
    """Return a day as it is read in French: « 1ᵉʳ mars 2026 ».

    >>> day(date(2026, 3, 1)).replace(NO_BREAK, " ")
    '1ᵉʳ mars 2026'
    """
    if not value:
        return ""
    read = timezone.localtime(value).date() if isinstance(value, datetime) else value
    number = FIRST if read.day == 1 else str(read.day)
    return f"{number}{NO_BREAK}{MONTHS[read.month - 1]}{NO_BREAK}{read.year}"


@register.filter
def moment(value: datetime | None) -> str:
    """Return an instant as it is read in French: « 1ᵉʳ mars 2026 à 14 h 20 », on the clock of the page."""
    if not value:
        return ""
    local = timezone.localtime(value)
    return f"{day(local)} à{NO_BREAK}{local.hour}{NO_BREAK}h{NO_BREAK}{local.minute:02d}"


@register.filter
def time_tag(value: date | datetime | None) -> SafeString:
    """Return ``<time>`` around a day (or an instant), readable by people and by machines."""
    if not value:
        return SafeString("")
    said = moment(value) if isinstance(value, datetime) else day(value)
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), said)


@register.filter
def number(value: Decimal | float | None) -> str:
    """Return a number as it is written in French: « 12 345,6 ».

    >>> number(12345.60).replace(NARROW, " ")
    '12 345,6'
    """
    if value is None:
        return ""
    whole, _, decimals = f"{value:,f}".partition(".")
    decimals = decimals.rstrip("0")
    return whole.replace(",", NARROW) + (f",{decimals}" if decimals else "")


@register.filter
def counted(value: float, words: str) -> str:
    """Return the number and its noun, plural from two on: « 0 convention », « 3 conventions ».

    Args:
        value: how many.
        words: the singular and the plural, separated by a comma, or the singular of a noun that takes an s.

    >>> counted(1.5, "jour").replace(NO_BREAK, " ")
    '1,5 jour'
    >>> counted(2, "avenant signé,avenants signés").replace(NO_BREAK, " ")
    '2 avenants signés'
    """
    singular, _, plural = words.partition(",")
    return f"{number(value)}{NO_BREAK}{singular if abs(value) < 2 else plural or singular + 's'}"


@register.filter
def nbsp(value: object) -> SafeString | str:
    """Bind the French spaces of a text that no page carries: the pages bind theirs, see ``typography``.

    >>> nbsp("Attention : « oui » ?").replace(NO_BREAK, "~").replace(NARROW, "_")
    'Attention~: «~oui~»_?'
    >>> nbsp("Avenant n° 2").replace(NO_BREAK, "~")
    'Avenant n°~2'
    """
    bound = bind(str(value))
    return mark_safe(bound) if isinstance(value, SafeString) else bound  # noqa: S308  # safe as it came in


@register.simple_tag
def out_of(count: int, total: int) -> str:
    """Return a count with its denominator: « 98 sur 101 »; a count alone says nothing."""
    return f"{number(count)}{NO_BREAK}sur{NO_BREAK}{number(total)}"


@register.simple_tag
def share(count: int, total: int) -> str:
    """Return a count, its denominator and the share: « 98 sur 101 (97 %) ».

    Rounding never claims all or nothing: 100 of 101 is 99 %, 1 of 1,000 is « moins de 1 % ».
    """
    said = out_of(count, total)
    if total == 0:
        return said
    percent = round(100 * count / total)
    if 0 < count < total:
        percent = min(percent, 99)
        if percent == 0:
            return f"{said} (moins de{NO_BREAK}1{NO_BREAK}%)"
    return f"{said} ({percent}{NO_BREAK}%)"


# States


@register.filter
def tone(state: object) -> str:
    """Return how loudly a state speaks: success, info, warning, error, new or neutral."""
    return TONES.get(str(getattr(state, "value", state)), "neutral")


@register.filter
def tone_icon(name: str) -> str:
    """Return the icon class of a tone, so that colour is never the only sign."""
    return ICONS.get(name, ICONS["neutral"])


# Frame


@register.inclusion_tag("portal/components/breadcrumb.html", takes_context=True)
def breadcrumb(context: Context, *ancestors: str, current: str) -> dict[str, Any]:
    """Show the way back: labels and addresses in turn, then the current page.

    ``{% breadcrumb "Conventions" list_url current="Bas-Rhin" %}``
    """
    if len(ancestors) % 2:
        raise template.TemplateSyntaxError(
            "breadcrumb expects labels and addresses in turn, then current=; an address is missing."
        )
    pairs = zip(ancestors[::2], ancestors[1::2], strict=True)
    return {
        "home_url": context.get("home_url") or navigation.home(None),
        "trail": [{"label": label, "url": url} for label, url in pairs],
        "current": current,
    }


# Tables, filters, cards: a component around what the page writes


def _wrap(component: str, context: Context, **values: object) -> SafeString:
    engine = Engine.get_default()
    with context.push(**values):
        return engine.get_template(f"portal/components/{component}.html").render(context)


@register.simple_block_tag(takes_context=True)
def table(context: Context, content: str, caption: str, note: str = "", bordered: bool = False) -> SafeString:
    """Wrap ``<thead>`` and ``<tbody>`` in a table that has a caption and scrolls by itself."""
    return _wrap("table", context, content=content, caption=caption, note=note, bordered=bordered)


@register.simple_tag(takes_context=True)
def th(context: Context, label: str, sort: str = "", numeric: bool = False) -> SafeString:
    """Return a column's heading; ``sort`` makes it a link that orders the table, by ``?tri=``."""
    kind = "td-number" if numeric else ""
    if not sort:
        return format_html('<th scope="col" class="{}">{}</th>', kind, label)
    request: HttpRequest = context["request"]
    now = request.GET.get("tri", "")
    ascending = now == sort
    descending = now == f"-{sort}"
    wanted = f"-{sort}" if ascending else sort
    icon = "fr-icon-arrow-down-line" if descending else "fr-icon-arrow-up-line"
    return format_html(
        '<th scope="col" class="{}"{}><a class="td-table__sort" href="{}">{}{}</a></th>',
        kind,
        mark_safe(  # noqa: S308  # two constants
            ' aria-sort="ascending"' if ascending else ' aria-sort="descending"' if descending else ""
        ),
        address_with(request, tri=wanted, page=None),
        label,
        format_html('<span class="{} fr-icon--sm" aria-hidden="true"></span>', icon)
        if ascending or descending
        else "",
    )


@register.simple_block_tag(takes_context=True)
def filters(context: Context, content: str, target: str = "", legend: str = "Filtrer") -> SafeString:
    """Wrap fields in a GET form; with ``target`` (an id) HTMX replaces that part and keeps the address."""
    return _wrap("filters", context, content=content, target=target, legend=legend)


@register.simple_block_tag(takes_context=True)
def side(context: Context, content: str, name: str, kind: str, note: str = "") -> SafeString:
    """Wrap one institution of a dyad, ``kind`` prefecture or ars; a ``<div class="td-dyad">`` holds both."""
    return _wrap("side", context, content=content, name=name, kind=kind, note=note)


# Addresses


def address_with(request: HttpRequest, **changes: str | int | None) -> str:
    """Return the address of the page with these parameters changed, or removed when None."""
    query = request.GET.copy()
    for name, value in changes.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"{request.path}?{query.urlencode()}" if query else request.path


@register.filter
def page_numbers(paginator: "Paginator[Any]", current: int) -> list[int]:
    """Return the pages to offer around the current one; zero stands for those left out."""
    return [
        page if isinstance(page, int) else 0
        for page in paginator.get_elided_page_range(current, on_each_side=1, on_ends=1)
    ]


@register.simple_tag(takes_context=True)
def hidden_query(context: Context, *without: str) -> SafeString:
    """Return the parameters of the address as hidden fields, but those named: a GET form would lose them."""
    request: HttpRequest = context["request"]
    fields = [
        format_html('<input type="hidden" name="{}" value="{}">', name, value)
        for name, values in request.GET.lists()
        if name not in without
        for value in values
    ]
    return mark_safe("".join(fields))  # noqa: S308  # each field is escaped above


@register.filter
def json_attribute(value: object) -> str:
    """Return JSON for an attribute; the template escapes it. A Decimal becomes a number."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=float)


@register.filter
def chart_labels(labels: Sequence[str], series: Sequence[Mapping[str, Any]]) -> str:
    """Return the labels of the axis as the charts read them: once for each series."""
    return json_attribute([list(labels)] * len(series))


@register.filter
def chart_values(series: Sequence[Mapping[str, Any]]) -> str:
    """Return the values of every series as the charts read them."""
    return json_attribute([list(one["values"]) for one in series])


@register.filter
def chart_names(series: Sequence[Mapping[str, Any]]) -> str:
    """Return the names of the series as the charts read them."""
    return json_attribute([one["name"] for one in series])


@register.filter
def say(value: object) -> str:
    """Return « oui » or « non »."""
    return "oui" if value else "non"


@register.filter
def or_dash(value: object) -> str | SafeString:
    """Return the value, or a dash read aloud as « non renseigné »."""
    if value is None or value == "":
        return SafeString('<span aria-hidden="true">–</span><span class="fr-sr-only">non renseigné</span>')
    return conditional_escape(str(value) if not isinstance(value, SafeString) else value)
