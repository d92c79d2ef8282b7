"""Code de la santé publique, article L. 1111-7: access of the person to health data.

Read in a consolidated copy (see ``citation.COPY_READ``). Source notes and open questions: ``docs/law/csp-l1111.md``.
"""

from typing import Final

from traitdunion.law.counting import FirstDay, end_of_day_after, end_of_month_after, hours_after
from traitdunion.law.csp_l3212 import NOTHING
from traitdunion.law.facts import CARE
from traitdunion.law.families import UNSETTLED_DAYS
from traitdunion.law.measure import Measure
from traitdunion.law.obligation import Bound, Stake, current, obligation

REFLECTION: Final = 48
"""Hours before which nothing is communicated."""
OLD: Final = 2
"""Months when what is asked for is more than five years old, or the CDSP is asked."""


# Article L. 1111-7


@obligation(
    "I6",
    act="Communiquer à la personne les informations de santé qu’elle demande",
    actor="établissement ou professionnel qui les détient",
    unit="jours",
    counting=UNSETTLED_DAYS,
    modes=CARE,
    triggers=("demande_acces",),
    starts="la demande de la personne",
    not_started_by="la vérification de son identité",
    stopped_by=NOTHING,
    reset_by="chaque demande",
    extended_by="deux mois si les informations ont plus de cinq ans ou si la CDSP est saisie",
    missed="La personne peut former un recours.",
    stake=Stake.DUTY,
    versions=current(8, "CSP", "L. 1111-7"),
)
def give_access(measure: Measure, rule: Bound) -> None:
    """Expect the data not before 48 hours, at the latest 8 days after the request, two months when old."""
    for start in measure.all("demande_acces"):
        if not rule.holds(start.day):
            continue
        version = rule.on(start.day)
        if start.value("ancien") == "oui":
            late = end_of_month_after(start.day, OLD, zone=start.zone)
            note = "Deux mois : informations de plus de cinq ans, ou CDSP saisie."
        else:
            late = end_of_day_after(start.day, version.n, first_day=FirstDay.COUNTED, zone=start.zone)
            note = ""
        opens = hours_after(start.at, REFLECTION)
        measure.due(version, start, late, measure.first("communication_acces", start), opens=opens, note=note)
