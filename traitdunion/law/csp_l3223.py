"""Code de la santé publique, articles L. 3222-5, L. 3223-1 et R. 3223-1 à R. 3223-11: the CDSP.

The commission examines measures, and has a clock of its own (mode « CDSP », without a patient). Read in a consolidated
copy (see ``citation.COPY_READ``). Source notes and open questions: ``docs/law/csp-l3223.md``.
"""

from datetime import date
from typing import Final

from traitdunion.law.counting import end_of_month_after, months_after
from traitdunion.law.csp_l3212 import END_OF_MEASURE, NOTHING
from traitdunion.law.facts import CARE, Event, Mode
from traitdunion.law.families import UNSETTLED_MONTHS
from traitdunion.law.measure import Measure
from traitdunion.law.obligation import Bound, Stake, current, obligation

COMMISSION: Final = "commission départementale des soins psychiatriques"
OF_COMMISSION: Final = ("reunion_cdsp", "visite_cdsp", "rapport_annuel")


# Article L. 3223-1


@obligation(
    "K3",
    act="Examiner la situation d’une personne soignée depuis plus d’un an",
    actor=COMMISSION,
    unit="mois",
    counting=UNSETTLED_MONTHS,
    modes=CARE,
    triggers=("admission",),
    starts="l’admission",
    not_started_by="un changement de forme des soins",
    stopped_by=END_OF_MEASURE,
    reset_by=NOTHING,
    extended_by="le texte ne dit pas dans quel délai après l’année",
    missed="La commission n’a pas examiné une situation qu’elle doit examiner.",
    stake=Stake.DUTY,
    versions=current(12, "CSP", "L. 3223-1", "3°, b"),
)
def examine_after_a_year(measure: Measure, rule: Bound) -> None:
    """Expect an examination once care has lasted a year; the text gives no figure after it."""
    start = measure.admission
    if start is None or not rule.holds(start.day):
        return
    version = rule.on(start.day)
    anniversary = start.zone.midnight(months_after(start.day, version.n))
    done = next((event for event in measure.all("examen_cdsp") if event.at >= anniversary), None)
    measure.due(version, start, None, done, measure.ended(start), opens=anniversary)


# Article R. 3223-5


def _meeting(key: str, kind: str, act: str, months: int, article: str) -> None:
    @obligation(
        key,
        act=act,
        actor=COMMISSION,
        unit="mois",
        counting=UNSETTLED_MONTHS,
        modes={Mode.COMMISSION},
        triggers=OF_COMMISSION,
        starts="le début de chaque période civile",
        not_started_by="la réunion ou la visite précédente",
        stopped_by=NOTHING,
        reset_by="chaque période",
        extended_by=NOTHING,
        missed="La commission ne tient pas le rythme que le texte lui donne.",
        stake=Stake.DUTY,
        versions=current(months, "CSP", article),
    )
    def meeting(measure: Measure, rule: Bound) -> None:
        if measure.events[0].kind not in OF_COMMISSION:
            return
        done = measure.all(kind)
        for start, begins in _periods(measure, rule):
            version = rule.on(start.day)
            opens = start.zone.midnight(begins)
            late = start.zone.midnight(months_after(begins, version.n))
            held = next((event for event in done if opens <= event.at < late), None)
            measure.due(version, start, late, held, opens=opens)


def _periods(measure: Measure, rule: Bound) -> list[tuple[Event, int]]:
    """Return each civil period from the first fact known to the instant one looks, at most forty."""
    start = measure.events[0]
    if not rule.holds(start.day):
        return []
    months = rule.on(start.day).n
    first = date.fromordinal(start.day)
    begins = date(first.year, (first.month - 1) // months * months + 1, 1).toordinal()
    found: list[tuple[Event, int]] = []
    while start.zone.midnight(begins) <= measure.at and len(found) < MOST_PERIODS:
        found.append((start, begins))
        begins = months_after(begins, months)
    return found


MOST_PERIODS: Final = 40
_meeting("K4.reunion", "reunion_cdsp", "Se réunir au moins une fois par trimestre", 3, "R. 3223-5")
_meeting("K4.visite", "visite_cdsp", "Visiter au moins deux fois par an", 6, "R. 3223-6")


# Article R. 3223-8


@obligation(
    "K2",
    act="Examiner la situation d’une personne admise en péril imminent",
    actor=COMMISSION,
    unit="mois",
    counting=UNSETTLED_MONTHS,
    modes={Mode.SPPI},
    triggers=("admission",),
    starts="l’admission, puis chaque examen",
    not_started_by="la décision de maintien",
    stopped_by=END_OF_MEASURE,
    reset_by="chaque examen : six mois de plus",
    extended_by=NOTHING,
    missed="La commission n’a pas examiné une situation qu’elle doit examiner.",
    stake=Stake.DUTY,
    versions=current(3, "CSP", "R. 3223-8", "II"),
)
def examine_imminent(measure: Measure, rule: Bound) -> None:
    """Expect an examination before 3 months from a SPPI admission, then every 6 months at least."""
    start = measure.admission
    if start is None or not rule.holds(start.day):
        return
    exams = measure.all("examen_cdsp")
    for before, done in zip([start, *exams], [*exams, None], strict=True):
        version = rule.on(before.day)
        months = version.n if before is start else 2 * version.n
        # « Avant trois mois »: the day with the same number is already too late by the strictest reading.
        late = end_of_month_after(before.day, months, zone=before.zone)
        target = before.zone.midnight(months_after(before.day, months))
        measure.due(version, before, late, done, measure.ended(before), target=target)


# Article R. 3223-11


@obligation(
    "K6",
    act="Envoyer le rapport annuel au juge, au préfet, à l’ARS, au procureur et au CGLPL",
    actor=COMMISSION,
    unit="mois",
    counting=UNSETTLED_MONTHS,
    modes={Mode.COMMISSION},
    triggers=OF_COMMISSION,
    starts="le 1er janvier qui suit l’année du rapport",
    not_started_by="la dernière réunion de l’année",
    stopped_by=NOTHING,
    reset_by="chaque année",
    extended_by=NOTHING,
    missed="Le rapport est hors délai.",
    stake=Stake.DUTY,
    versions=current(3, "CSP", "R. 3223-11", "et L. 3223-1, 6°"),
)
def yearly_report(measure: Measure, rule: Bound) -> None:
    """Expect the annual report in the first quarter of the year after."""
    start = measure.events[0]
    if not rule.holds(start.day):
        return
    version = rule.on(start.day)
    sent = measure.all("rapport_annuel")
    year = date.fromordinal(start.day).year + 1
    for _ in range(MOST_PERIODS):
        begins = date(year, 1, 1).toordinal()
        opens = start.zone.midnight(begins)
        if opens > measure.at:
            break
        following = start.zone.midnight(date(year + 1, 1, 1).toordinal())
        done = next((event for event in sent if opens <= event.at < following), None)
        measure.due(version, start, start.zone.midnight(months_after(begins, version.n)), done, opens=opens)
        year += 1
