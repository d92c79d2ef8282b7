"""Code de la santé publique, articles R. 3211-1 à R. 3211-45: procedure, appeals, isolement.

Read in a consolidated copy (see ``citation.COPY_READ``). Source notes and open questions: ``docs/law/csp-r3211.md``.
"""

from typing import Final

from traitdunion.law.citation import Mark
from traitdunion.law.counting import (
    HOUR,
    FirstDay,
    end_of_day_after,
    end_of_working_day_after,
    hours_after,
)
from traitdunion.law.csp_l3211 import WITH_EXPERT
from traitdunion.law.csp_l3212 import END_OF_MEASURE, NOTHING
from traitdunion.law.csp_l3222 import IN_FORCE, ISOLATION, RESTRAINT
from traitdunion.law.facts import CARE, Event
from traitdunion.law.families import C1, C3, C6, UNSETTLED_DAYS
from traitdunion.law.measure import Measure
from traitdunion.law.obligation import (
    DIRECTEUR,
    JUDGE,
    READ_SINCE,
    Bound,
    Stake,
    Version,
    current,
    dated,
    obligation,
)

ISOLATED: Final = frozenset({ISOLATION, RESTRAINT})
PREMIER_PRESIDENT: Final = "premier président de la cour d’appel"


def _since_2022(number: int, article: str) -> tuple[Version, ...]:
    return dated({IN_FORCE: (number, Mark.UNVERIFIED), READ_SINCE: (number, Mark.READ)}, "CSP", article)


# Article R. 3211-14


@obligation(
    "J5.rapport",
    act="Remettre le rapport de l’expertise ordonnée par le juge",
    actor="expert",
    unit="jours",
    counting=C1,
    modes=CARE,
    triggers=("expertise_ordonnee",),
    starts="l’ordonnance qui désigne l’expert",
    not_started_by="l’examen de la personne",
    stopped_by="la décision du juge ; la fin de la mesure",
    reset_by="chaque ordonnance",
    extended_by=NOTHING,
    missed="Le juge statue aussitôt, sans le rapport.",
    stake=Stake.DUTY,
    versions=current(12, "CSP", "R. 3211-14"),
)
def expert_reports(measure: Measure, rule: Bound) -> None:
    """Expect the expert's report at most 12 days after the order."""
    for start in measure.all("expertise_ordonnee"):
        if rule.holds(start.day):
            version = rule.on(start.day)
            late = end_of_day_after(start.day, version.n, first_day=FirstDay.COUNTED, zone=start.zone)
            stop = measure.judged(start, "controle", "mainlevee") or measure.ended(start)
            measure.due(version, start, late, measure.first("rapport_expert_juge", start), stop)


# Article R. 3211-18


@obligation(
    "A1",
    act="Faire appel de l’ordonnance du juge",
    actor="parties, procureur",
    unit="jours",
    counting=C3,
    modes=CARE,
    triggers=("notification_ordonnance",),
    starts="la notification de l’ordonnance",
    not_started_by="le prononcé de l’ordonnance",
    stopped_by=NOTHING,
    reset_by="chaque notification",
    extended_by="un dernier jour chômé ou férié : reporté au premier jour ouvrable",
    missed="L’ordonnance est définitive.",
    stake=Stake.RIGHT,
    versions=current(10, "CSP", "R. 3211-18"),
)
def appeal(measure: Measure, rule: Bound) -> None:
    """Tell until when the order may be appealed: 10 days from notification, counted as appeals are."""
    for start in measure.all("notification_ordonnance"):
        order = measure.latest("decision_juge", start)
        if order is not None and order.value("objet") in ISOLATED:
            continue
        if rule.holds(start.day):
            version = rule.on(start.day)
            late, note = end_of_working_day_after(start.day, version.n, start.departement, zone=start.zone)
            measure.due(version, start, late, measure.first("appel", start), right=True, note=note)


# Article R. 3211-22


@obligation(
    "A2",
    act="Statuer sur l’appel",
    actor=PREMIER_PRESIDENT,
    unit="jours",
    counting=C3,
    modes=CARE,
    triggers=("appel",),
    starts="la réception de l’appel par le greffe (C4)",
    not_started_by="son enregistrement, même après la fermeture d’un vendredi",
    stopped_by=END_OF_MEASURE,
    reset_by="chaque appel",
    extended_by="une expertise : 25 jours au lieu de 12 ; un dernier jour chômé ou férié est reporté",
    missed="Le premier président statue hors délai.",
    stake=Stake.IRREGULAR,
    versions=current(12, "CSP", "R. 3211-22"),
)
def rule_on_appeal(measure: Measure, rule: Bound) -> None:
    """Expect the ruling on an appeal 12 days after it is received, 25 with an expert report."""
    for start in measure.all("appel"):
        if start.value("objet") in ISOLATED or not rule.holds(start.day):
            continue
        version = rule.on(start.day)
        granted, done = measure.first("effet_suspensif", start), measure.first("decision_appel", start)
        if granted is not None and (done is None or granted.at <= done.at):
            measure.apart(version, start, "L’appel est suspensif : le délai de trois jours (A4) le remplace.")
            continue
        late, put_off = end_of_working_day_after(start.day, version.n, start.departement, zone=start.zone)
        why = ""
        if measure.expert_within(start, late, done):
            late, put_off = end_of_working_day_after(
                start.day, WITH_EXPERT, start.departement, zone=start.zone
            )
            why = "Porté à 25 jours par l’expertise."
        note = " ".join(filter(None, (why, put_off)))
        measure.due(version, start, late, done, measure.earliest(start, "levee", "deces"), note=note)


# Articles R. 3211-28 and R. 3211-29


@obligation(
    "J9.pieces",
    act="Transmettre au greffe les pièces de la demande de mainlevée",
    actor=DIRECTEUR,
    unit="jours",
    counting=UNSETTLED_DAYS,
    modes=CARE,
    triggers=("requete_mainlevee",),
    starts="l’enregistrement de la demande",
    not_started_by="la convocation",
    stopped_by=END_OF_MEASURE,
    reset_by="chaque demande",
    extended_by=NOTHING,
    missed="Le juge statue sans les pièces.",
    stake=Stake.IRREGULAR,
    versions=current(5, "CSP", "R. 3211-28", "et R. 3211-29"),
)
def send_papers(measure: Measure, rule: Bound) -> None:
    """Expect the hospital's documents 5 days after a request for release."""
    for start in measure.all("requete_mainlevee"):
        if start.value("objet", "mainlevee") == "mainlevee" and rule.holds(start.day):
            version = rule.on(start.day)
            late = end_of_day_after(start.day, version.n, first_day=FirstDay.COUNTED, zone=start.zone)
            measure.due(
                version, start, late, measure.first("transmission_pieces", start), measure.ended(start)
            )


# Article R. 3211-33-1


@obligation(
    "S15",
    act="Transmettre les pièces avec la saisine : avocat, souhait d’audition, avis médical, documents du patient",
    actor=DIRECTEUR,
    unit="heures",
    counting=C6,
    modes=CARE,
    triggers=("saisine_juge",),
    starts="l’enregistrement de la saisine",
    not_started_by="la convocation",
    stopped_by="la décision du juge ; la fin de la mesure",
    reset_by="chaque saisine",
    extended_by=NOTHING,
    missed="Le dossier du juge est incomplet.",
    stake=Stake.IRREGULAR,
    versions=_since_2022(6, "R. 3211-33-1, III"),
)
def papers_with_referral(measure: Measure, rule: Bound) -> None:
    """Expect the papers 6 hours after a referral on isolement or contention is recorded."""
    for start in measure.all("saisine_juge"):
        if start.value("objet") in ISOLATED and rule.holds(start.day):
            version = rule.on(start.day)
            stop = measure.judged(start, start.value("objet")) or measure.ended(start)
            done = measure.first("transmission_pieces", start)
            measure.due(version, start, hours_after(start.at, version.n), done, stop)


# Articles R. 3211-34 to R. 3211-37


@obligation(
    "S16",
    act="Transmettre au juge la demande de la personne, ou les pièces d’une demande venue d’ailleurs",
    actor=DIRECTEUR,
    unit="heures",
    counting=C6,
    modes=CARE,
    triggers=("requete_mainlevee",),
    starts="la demande de mainlevée de l’isolement ou de la contention",
    not_started_by="la convocation",
    stopped_by="la décision du juge ; la fin de la mesure",
    reset_by="chaque demande",
    extended_by=NOTHING,
    missed="Rétention d’une demande de la personne : infraction du directeur (CSP, art. L. 3215-1).",
    stake=Stake.OFFENCE,
    versions=_since_2022(10, "R. 3211-34, R. 3211-35 et R. 3211-37"),
)
def send_request(measure: Measure, rule: Bound) -> None:
    """Expect the request, or its papers, at the court 10 hours later."""
    for start in _requests(measure):
        if rule.holds(start.day):
            version = rule.on(start.day)
            stop = measure.judged(start, start.value("objet")) or measure.ended(start)
            done = measure.first("transmission_pieces", start)
            measure.due(version, start, hours_after(start.at, version.n), done, stop)


def _requests(measure: Measure) -> list[Event]:
    return [event for event in measure.all("requete_mainlevee") if event.value("objet") in ISOLATED]


# Article R. 3211-39


@obligation(
    "S17",
    act="Statuer sur la demande de mainlevée de l’isolement ou de la contention",
    actor=JUDGE,
    unit="heures",
    counting=C6,
    modes=CARE,
    triggers=("requete_mainlevee",),
    starts="la saisine du juge",
    not_started_by="la réception des pièces",
    stopped_by=f"la fin de l’isolement ou de la contention ; {END_OF_MEASURE}",
    reset_by="chaque demande",
    extended_by="le terme du contrôle du maintien (S9), s’il est plus tardif",
    missed="La mesure est levée.",
    stake=Stake.RELEASE,
    versions=_since_2022(24, "R. 3211-39 ; L. 3211-12, I"),
)
def rule_on_request(measure: Measure, rule: Bound) -> None:
    """Expect the ruling 24 hours after the request, or at the limit of the control when it is later."""
    spells = {what: measure.spells(what) for what in CONTROL}
    for start in _requests(measure):
        if not rule.holds(start.day):
            continue
        version = rule.on(start.day)
        what = start.value("objet")
        late, note = hours_after(start.at, version.n), ""
        spell = next(
            (
                one
                for one in spells[what]
                if one.start.at <= start.at and (one.end is None or start.at <= one.end.at)
            ),
            None,
        )
        if spell is not None and (control := spell.start.at + CONTROL[what] * HOUR) > late:
            late, note = control, "Reporté au terme du contrôle du maintien, plus tardif."
        stop = spell.end if spell is not None else measure.ended(start)
        measure.due(version, start, late, measure.judged(start, what), stop, note=note)


CONTROL: Final = {ISOLATION: 96, RESTRAINT: 72}
"""Hours after which the judge must have ruled on a measure that goes on (S9)."""


# Articles R. 3211-42 and R. 3211-44


@obligation(
    "S18.appel",
    act="Faire appel de la décision sur l’isolement ou la contention",
    actor="parties, procureur",
    unit="heures",
    counting=C6,
    modes=CARE,
    triggers=("notification_ordonnance",),
    starts="la notification de l’ordonnance",
    not_started_by="le prononcé de l’ordonnance",
    stopped_by=NOTHING,
    reset_by="chaque notification",
    extended_by=NOTHING,
    missed="La décision est définitive.",
    stake=Stake.RIGHT,
    versions=_since_2022(24, "R. 3211-42"),
)
def appeal_isolation(measure: Measure, rule: Bound) -> None:
    """Tell until when a decision on isolement or contention may be appealed: 24 hours."""
    for start in measure.all("notification_ordonnance"):
        order = measure.latest("decision_juge", start)
        if order is not None and order.value("objet") in ISOLATED and rule.holds(start.day):
            version = rule.on(start.day)
            done = measure.first("appel", start)
            measure.due(version, start, hours_after(start.at, version.n), done, right=True)


@obligation(
    "S18.decision",
    act="Statuer sur l’appel d’une décision sur l’isolement ou la contention",
    actor=PREMIER_PRESIDENT,
    unit="heures",
    counting=C6,
    modes=CARE,
    triggers=("appel",),
    starts="l’appel",
    not_started_by="son enregistrement",
    stopped_by=END_OF_MEASURE,
    reset_by="chaque appel",
    extended_by=NOTHING,
    missed="Le premier président statue hors délai.",
    stake=Stake.IRREGULAR,
    versions=_since_2022(24, "R. 3211-44"),
)
def rule_on_isolation_appeal(measure: Measure, rule: Bound) -> None:
    """Expect the ruling of the premier président 24 hours after the appeal."""
    for start in measure.all("appel"):
        if start.value("objet") in ISOLATED and rule.holds(start.day):
            version = rule.on(start.day)
            done = measure.first("decision_appel", start)
            measure.due(version, start, hours_after(start.at, version.n), done, measure.ended(start))
