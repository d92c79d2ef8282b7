"""Filters of the pages of results: figures of the scale and their intervals, in French."""

from django import template

from traitdunion.barometer import rules_effect
from traitdunion.barometer.limits import LIMITS
from traitdunion.barometer.profile import between
from traitdunion.barometer.rules_effect import Interval, signed

register = template.Library()

NO_BREAK = "\N{NO-BREAK SPACE}"


@register.simple_tag
def limits() -> tuple[str, ...]:
    """Return what every page says of the limits, the sentence on the country, the régions and a département first."""
    return (LIMITS[-1], *LIMITS[:-1])


@register.filter
def interval(value: Interval | None) -> str:
    """Return an estimate and its interval: « 3,4 (de 2,9 à 3,9) », empty when there is none."""
    return between(value).replace(" à ", f" à{NO_BREAK}") if value else ""


@register.filter
def signed_interval(value: Interval) -> str:
    """Return a gap and its interval, with their signs: « +0,4 (de −0,2 à +1,0) »."""
    return f"{signed(value.estimate)} (de {signed(value.low)} à{NO_BREAK}{signed(value.high)})"


@register.filter
def points(value: float | None) -> str:
    """Return a value of the scale with one decimal, empty when there is none."""
    return "" if value is None else rules_effect.points(value)


@register.filter
def percent(value: float | None) -> str:
    """Return a share, 0 to 1, in per cent: « 12 % », empty when there is none."""
    return "" if value is None else f"{round(100 * value)}{NO_BREAK}%"


@register.filter
def coefficient(value: float | None) -> str:
    """Return a coefficient with two decimals, empty when it cannot be computed."""
    return "" if value is None else f"{round(value, 2) + 0.0:.2f}".replace(".", ",").replace("-", "−")
