"""Find a département, a measure, an action or a convention by a few words."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from traitdunion.conventions.access import conventions_visible_to
from traitdunion.conventions.models import Convention
from traitdunion.conventions.queries import Place
from traitdunion.identity.access import departements_visible_to
from traitdunion.identity.models import Mandate
from traitdunion.plan import queries as plan
from traitdunion.plan.access import actions_visible_to
from traitdunion.plan.models import MeasureRevision
from traitdunion.plan.queries import ActionLine
from traitdunion.territories.models import Departement

SHOWN = 20


def plain(text: str) -> str:
    """Return the text without case, accents or punctuation.

    >>> plain("Côte-d’Or")
    'cote d or'
    """
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(
        letter if letter.isalnum() else " " for letter in decomposed if not unicodedata.combining(letter)
    )
    return " ".join(kept.split())


# « mesure 38 », « Mesure n° 38 », « 38 »: the noun and the sign are left out of the number.
_NUMBERED = re.compile(r"(?:mesures?\s*)?(?:n\s*[°º]\s*)?(\d+)", re.IGNORECASE)


def measure_number(wanted: str) -> str:
    """Return the number of the measure that is asked for, empty when the words name none.

    >>> [measure_number(words) for words in ("mesure 38", "Mesure n° 38", " 38 ", "mesures", "38 cellules")]
    ['38', '38', '38', '', '']
    """
    found = _NUMBERED.fullmatch(wanted.strip())
    return found[1] if found else ""


def is_bare_number(wanted: str) -> bool:
    """Whether the words are a number alone: it may name a measure as well as a département."""
    return wanted.strip().isdigit()


def matches(wanted: str, place: Place) -> bool:
    """Whether every word wanted is in the code, the name or the région of the place."""
    text = plain(f"{place.code} {place.name} {place.region_name}")
    return all(word in text for word in plain(wanted).split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found, kind by kind, each cut at the same length."""

    departements: Sequence[Departement]
    measures: Sequence[MeasureRevision]
    actions: Sequence[ActionLine]
    conventions: Sequence[Convention]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found."""
        return not (self.departements or self.measures or self.actions or self.conventions)


def find(wanted: str, *, mandate: Mandate, day: date, code: str = "") -> Found:
    """Return what ``mandate`` may read and whose text holds every word of ``wanted``, accents or not.

    Args:
        wanted: a few words; a number also names the measure that carries it.
        mandate: who reads.
        day: the day of reading.
        code: the département that the words name, when they name one.
    """
    words = wanted.split()
    number = measure_number(wanted)
    revisions = (
        MeasureRevision.objects.filter(
            Q(measure__code=number) if number else _all(words, "title", "wording", "measure__code")
        )
        .order_by("measure_id", "-recorded_at", "-id")
        .distinct("measure_id")
        .select_related("measure")
    )
    actions = plan.known(actions_visible_to(mandate), day).filter(
        _all(words, "revisions__title", "origin_label")
    )
    # Ordering by urgency needs one row an action, hence the second query on keys.
    keys = actions.values("pk")
    visible = plan.with_state(actions_visible_to(mandate).filter(pk__in=keys), day)
    places = [
        each
        for each in departements_visible_to(mandate)
        if each.code == code
        or all(word in plain(f"{each.name} {each.region.name}") for word in plain(wanted).split())
    ]
    conventions = (
        conventions_visible_to(mandate)
        .filter(_all(words, "title", "reference", "departement__name"))
        .select_related("departement")
    )
    return Found(
        departements=places[:SHOWN],
        measures=list(revisions[:SHOWN]),
        actions=plan.lines(plan.by_urgency(visible)[:SHOWN], day),
        conventions=list(conventions[:SHOWN]),
    )


def _all(words: Sequence[str], *fields: str) -> Q:
    every = Q()
    for word in words:
        one = Q()
        for field in fields:
            one |= Q(**{f"{field}__unaccent__icontains": word})
        every &= one
    return every
