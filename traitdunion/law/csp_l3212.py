"""Code de la santé publique, articles L. 3212-1 à L. 3212-12: measures decided by the director.

Read in a consolidated copy (see ``citation.COPY_READ``). Source notes and open questions: ``docs/law/csp-l3212.md``.
"""

from collections.abc import Iterator
from typing import Final

from traitdunion.law.counting import Day, end_of_month_after, hours_after, months_after
from traitdunion.law.facts import CARE, DIRECTOR, Event, Mode
from traitdunion.law.families import AT_ONCE, C5, UNSETTLED_MONTHS
from traitdunion.law.measure import Measure
from traitdunion.law.obligation import (
    DIRECTEUR,
    PSYCHIATRE,
    Applied,
    Bound,
    Stake,
    current,
    obligation,
)

END_OF_MEASURE: Final = "la fin de la mesure"
NOTHING: Final = "rien"
WINDOW: Final = 3
"""Last days of a period in which its certificate or its decision is made."""
NO_BASIS: Final = "La mesure n’a plus de base."
RENEWED: Final = (
    "Question ouverte O8 : un juriste doit dire quand partent et finissent les mois de l’article L. 3212-7."
)


# Article L. 3212-1


@obligation(
    "E6",
    act="Informer la famille, le protecteur légal ou un proche de l’admission en péril imminent",
    actor=DIRECTEUR,
    unit="heures",
    counting=C5,
    modes={Mode.SPPI},
    triggers=("admission",),
    starts="la décision d’admission",
    not_started_by="le certificat des 24 heures",
    stopped_by="une difficulté particulière, dite et datée",
    reset_by=NOTHING,
    extended_by=NOTHING,
    missed="Irrégularité ; mainlevée seulement s’il y a eu atteinte aux droits (CSP, art. L. 3216-1).",
    stake=Stake.IRREGULAR,
    versions=current(24, "CSP", "L. 3212-1", "II, 2°"),
)
def inform_family(measure: Measure, rule: Bound) -> None:
    """Expect a relative to be told 24 hours after a SPPI admission, unless a special difficulty is recorded."""
    start = measure.admission
    if start is None or not rule.holds(start.day):
        return
    version = rule.on(start.day)
    told = measure.all("information_proches")
    done = told[0] if told else None
    hard = measure.all("difficulte_information")
    stop = hard[0] if hard else measure.ended(start)
    measure.due(version, start, hours_after(start.at, version.n), done, stop)


# Article L. 3212-2


@obligation(
    "E11",
    act="Vérifier l’identité de la personne (et, en SPDT, celle du demandeur et la forme de sa demande)",
    actor=DIRECTEUR,
    unit="",
    counting=AT_ONCE,
    modes=DIRECTOR,
    triggers=("admission",),
    starts="le projet de décision d’admission",
    not_started_by="la décision elle-même : après elle, il est trop tard",
    stopped_by=NOTHING,
    reset_by=NOTHING,
    extended_by=NOTHING,
    missed="Irrégularité ; mainlevée seulement s’il y a eu atteinte aux droits (CSP, art. L. 3216-1).",
    stake=Stake.IRREGULAR,
    versions=current(None, "CSP", "L. 3212-2", "et L. 3212-3"),
)
def check_identity(measure: Measure, rule: Bound) -> None:
    """Expect the identity to be checked before the decision; the limit is the decision."""
    start = measure.admission
    if start is not None and rule.holds(start.day):
        checked = measure.all("verification_identite")
        measure.due(rule.on(start.day), start, start.at + 1, checked[0] if checked else None)


# Article L. 3212-4


@obligation(
    "E3",
    act="Lever la mesure : un certificat dit que les soins ne sont plus justifiés",
    actor=DIRECTEUR,
    unit="",
    counting=AT_ONCE,
    modes=DIRECTOR,
    triggers=("certificat_24h", "certificat_72h"),
    starts="le certificat des 24 heures ou celui des 72 heures qui conclut à la levée",
    not_started_by="la transmission du certificat",
    stopped_by=END_OF_MEASURE,
    reset_by=NOTHING,
    extended_by=NOTHING,
    missed="Infraction du directeur (CSP, art. L. 3215-1).",
    stake=Stake.OFFENCE,
    versions=current(None, "CSP", "L. 3212-4"),
)
def lift_after_certificate(measure: Measure, rule: Bound) -> None:
    """Expect the lifting at once when one of the two certificates says care is no longer justified."""
    for kind in ("certificat_24h", "certificat_72h"):
        for start in measure.all(kind):
            if start.value("conclusion") == "levee" and rule.holds(start.day):
                measure.due(
                    rule.on(start.day), start, None, measure.first("levee", start), measure.ended(start)
                )


@obligation(
    "E4",
    act="Décider le maintien des soins pour un mois, dans la forme proposée",
    actor=DIRECTEUR,
    unit="",
    counting=AT_ONCE,
    modes=DIRECTOR,
    triggers=("certificat_72h",),
    starts="le certificat des 72 heures, quand les deux certificats concordent",
    not_started_by="le certificat des 24 heures seul",
    stopped_by=END_OF_MEASURE,
    reset_by=NOTHING,
    extended_by="rien ; l’hospitalisation complète dure jusqu’à la décision",
    missed=NO_BASIS,
    stake=Stake.RELEASE,
    versions=current(None, "CSP", "L. 3212-4"),
)
def keep_for_a_month(measure: Measure, rule: Bound) -> None:
    """Expect the decision to maintain once both certificates agree; the end of the 72 hours is the prudent limit."""
    observation = measure.observation()
    for start in measure.all("certificat_72h")[:1]:
        if start.value("conclusion") != "levee" and rule.holds(start.day) and observation is not None:
            target = hours_after(observation.at, OBSERVATION)
            done = measure.first("decision_maintien", start)
            measure.due(rule.on(start.day), start, None, done, measure.ended(start), target=target)


OBSERVATION: Final = 72
"""Hours of the observation period."""


@obligation(
    "P13.directeur",
    act="Transformer le programme de soins en hospitalisation complète",
    actor=DIRECTEUR,
    unit="",
    counting=AT_ONCE,
    modes=DIRECTOR,
    triggers=("certificat_reintegration",),
    starts="le certificat qui dit l’hospitalisation complète de nouveau nécessaire",
    not_started_by="l’absence de la personne à un rendez-vous",
    stopped_by=END_OF_MEASURE,
    reset_by=NOTHING,
    extended_by=NOTHING,
    missed="Le retour en hospitalisation complète n’a pas de base.",
    stake=Stake.IRREGULAR,
    versions=current(None, "CSP", "L. 3212-4", "et L. 3211-11"),
)
def back_to_hospital(measure: Measure, rule: Bound) -> None:
    """Expect the director to change the form of care after the certificate."""
    for start in measure.all("certificat_reintegration"):
        if rule.holds(start.day):
            done = measure.earliest(start, "reintegration", "decision_forme")
            measure.due(rule.on(start.day), start, None, done, measure.ended(start))


# Article L. 3212-5


@obligation(
    "D8",
    act="Envoyer au préfet et à la CDSP la décision, le certificat et le bulletin d’entrée, puis les certificats",
    actor=DIRECTEUR,
    unit="",
    counting=AT_ONCE,
    modes=DIRECTOR,
    triggers=("admission",),
    starts="la décision d’admission",
    not_started_by="la réception par le préfet",
    stopped_by=NOTHING,
    reset_by=NOTHING,
    extended_by=NOTHING,
    missed="Infraction du directeur (CSP, art. L. 3215-2, 3°).",
    stake=Stake.OFFENCE,
    versions=current(None, "CSP", "L. 3212-5"),
)
def send_decision(measure: Measure, rule: Bound) -> None:
    """Expect copies to the préfet and the CDSP without delay."""
    start = measure.admission
    if start is not None and rule.holds(start.day):
        measure.due(rule.on(start.day), start, None, measure.first("envoi_decision", start))


# Article L. 3212-7


@obligation(
    "D1",
    act="Certificat mensuel dans les trois derniers jours de la période",
    actor=PSYCHIATRE,
    unit="mois",
    counting=UNSETTLED_MONTHS,
    modes=DIRECTOR,
    triggers=("decision_maintien",),
    starts="le début de chaque période d’un mois",
    not_started_by="le certificat précédent, un changement de forme des soins",
    stopped_by=END_OF_MEASURE,
    reset_by="chaque période",
    extended_by=NOTHING,
    missed="Levée de la mesure.",
    stake=Stake.RELEASE,
    versions=current(1, "CSP", "L. 3212-7"),
)
def monthly_certificate(measure: Measure, rule: Bound) -> None:
    """Expect a certificate in the last three days of each month of care."""
    certificates = measure.all("certificat_mensuel")
    for start, version, last, _ in _months(measure, rule):
        opens, late = _window(start, last)
        done = next((event for event in certificates if opens <= event.at), None)
        early = any(start.at <= event.at < opens for event in certificates) and done is None
        note = "Un certificat a été établi avant les trois derniers jours de la période. " if early else ""
        target = start.zone.midnight(last)
        measure.due(
            version, start, late, done, measure.ended(start), target=target, opens=opens, note=note + RENEWED
        )


@obligation(
    "D2",
    act="Décider le maintien des soins pour un mois de plus",
    actor=DIRECTEUR,
    unit="mois",
    counting=UNSETTLED_MONTHS,
    modes=DIRECTOR,
    triggers=("decision_maintien",),
    starts="le début de chaque période d’un mois",
    not_started_by="le certificat mensuel, un changement de forme des soins",
    stopped_by=END_OF_MEASURE,
    reset_by="chaque période",
    extended_by=NOTHING,
    missed=NO_BASIS,
    stake=Stake.RELEASE,
    versions=current(1, "CSP", "L. 3212-7"),
)
def monthly_decision(measure: Measure, rule: Bound) -> None:
    """Expect the decision to maintain before each month of care ends."""
    for start, version, last, decision in _months(measure, rule):
        late = start.zone.midnight(last + 1)
        target = start.zone.midnight(last)
        measure.due(version, start, late, decision, measure.ended(start), target=target, note=RENEWED)


def _months(measure: Measure, rule: Bound) -> Iterator[tuple[Event, Applied, Day, Event | None]]:
    """Yield each month: the decision that opened it, the rule, its last day, the decision that follows.

    Months are counted from the first decision, so that the 31st does not drift; the first month without a decision
    after it is the last one told.
    """
    decisions = measure.all("decision_maintien")
    origin = decisions[0] if decisions else None
    rank = 0
    for start, following in zip(decisions, [*decisions[1:], None], strict=True):
        if origin is None or not rule.holds(start.day):
            continue
        version = rule.on(start.day)
        rank += 1
        last = months_after(origin.day, rank * version.n)
        if last < start.day:  # late by more than a month: the count starts again from what was decided
            origin, rank = start, 1
            last = months_after(start.day, version.n)
        yield start, version, last, following


def _window(start: Event, last: Day) -> tuple[int, int]:
    return start.zone.midnight(last - WINDOW + 1), start.zone.midnight(last + 1)


@obligation(
    "D3",
    act="Évaluation médicale approfondie par le collège",
    actor="collège (CSP, art. L. 3211-9)",
    unit="mois",
    counting=UNSETTLED_MONTHS,
    modes=DIRECTOR,
    triggers=("admission",),
    starts="l’admission, puis l’évaluation précédente",
    not_started_by="la décision de maintien",
    stopped_by=END_OF_MEASURE,
    reset_by="chaque évaluation",
    extended_by="la première : jusqu’au certificat mensuel qui suit l’anniversaire ; les suivantes : huit jours après",
    missed="Levée de la mesure si les certificats, avis ou attestations manquent.",
    stake=Stake.RELEASE,
    versions=current(12, "CSP", "L. 3212-7", "et R. 3212-2"),
)
def yearly_evaluation(measure: Measure, rule: Bound) -> None:
    """Expect the evaluation after one year of care, then each year, between 8 days before and 8 days after."""
    start = measure.admission
    if start is None or not rule.holds(start.day):
        return
    version = rule.on(start.day)
    zone = start.zone
    anniversary = months_after(start.day, version.n)
    late = end_of_month_after(anniversary, 1, zone=zone)
    done = next(
        (event for event in measure.all("avis_college") if event.day >= anniversary - EITHER_SIDE), None
    )
    note = "Au plus tard avec le certificat mensuel qui suit le premier anniversaire ; lecture à valider."
    measure.due(
        version, start, late, done, measure.ended(start), target=zone.midnight(anniversary + 1), note=note
    )
    while done is not None:
        before, version = done, rule.on(done.day)
        anniversary = months_after(before.day, version.n)
        opens = zone.midnight(anniversary - EITHER_SIDE)
        late = zone.midnight(anniversary + EITHER_SIDE + 1)
        done = next((event for event in measure.all("avis_college") if event.at >= opens), None)
        measure.due(version, before, late, done, measure.ended(before), opens=opens)


EITHER_SIDE: Final = 8
"""Days before and after the anniversary of an evaluation."""


# Article L. 3212-8


@obligation(
    "D4",
    act="Lever la mesure : le psychiatre certifie que les conditions ne sont plus réunies",
    actor=DIRECTEUR,
    unit="",
    counting=AT_ONCE,
    modes=DIRECTOR,
    triggers=("certificat_levee",),
    starts="le certificat du psychiatre",
    not_started_by="la transmission du certificat",
    stopped_by=END_OF_MEASURE,
    reset_by=NOTHING,
    extended_by=NOTHING,
    missed="Infraction du directeur (CSP, art. L. 3215-1).",
    stake=Stake.OFFENCE,
    versions=current(None, "CSP", "L. 3212-8"),
)
def lift_when_cured(measure: Measure, rule: Bound) -> None:
    """Expect the lifting at once after the certificate."""
    for start in measure.all("certificat_levee"):
        if rule.holds(start.day):
            measure.due(rule.on(start.day), start, None, measure.first("levee", start), measure.ended(start))


@obligation(
    "D5",
    act="Informer le préfet, la CDSP et le demandeur de la fin de la mesure",
    actor=DIRECTEUR,
    unit="heures",
    counting=C5,
    modes=DIRECTOR,
    triggers=("levee",),
    starts="la levée",
    not_started_by="la sortie effective",
    stopped_by=NOTHING,
    reset_by=NOTHING,
    extended_by=NOTHING,
    missed="Irrégularité.",
    stake=Stake.IRREGULAR,
    versions=current(24, "CSP", "L. 3212-8"),
)
def tell_the_end(measure: Measure, rule: Bound) -> None:
    """Expect the préfet, the CDSP and the requester to be told 24 hours after the lifting."""
    for start in measure.all("levee")[:1]:
        if rule.holds(start.day):
            version = rule.on(start.day)
            done = measure.first("information_autorites", start)
            measure.due(version, start, hours_after(start.at, version.n), done)


# Article L. 3212-9


@obligation(
    "D6",
    act="Lever la mesure à la demande de la CDSP",
    actor=DIRECTEUR,
    unit="",
    counting=AT_ONCE,
    modes=DIRECTOR,
    triggers=("demande_levee",),
    starts="la demande de la CDSP",
    not_started_by=NOTHING,
    stopped_by=END_OF_MEASURE,
    reset_by=NOTHING,
    extended_by=NOTHING,
    missed="Infraction du directeur (CSP, art. L. 3215-1).",
    stake=Stake.OFFENCE,
    versions=current(None, "CSP", "L. 3212-9", "1° ; R. 3223-9"),
)
def lift_for_commission(measure: Measure, rule: Bound) -> None:
    """Expect the lifting that the CDSP asks for."""
    for start in measure.all("demande_levee"):
        if start.value("par") == "cdsp" and rule.holds(start.day):
            measure.due(rule.on(start.day), start, None, measure.first("levee", start), measure.ended(start))


@obligation(
    "D7",
    act="Lever la mesure à la demande d’un proche, ou refuser par écrit sur un avis de moins de 24 heures",
    actor=DIRECTEUR,
    unit="",
    counting=AT_ONCE,
    modes=DIRECTOR,
    triggers=("demande_levee",),
    starts="la demande du proche",
    not_started_by=NOTHING,
    stopped_by=END_OF_MEASURE,
    reset_by=NOTHING,
    extended_by=NOTHING,
    missed="La mesure doit être levée : le refus n’a pas d’avis récent de péril imminent.",
    stake=Stake.OFFENCE,
    versions=current(None, "CSP", "L. 3212-9", "2°"),
)
def answer_relative(measure: Measure, rule: Bound) -> None:
    """Expect the lifting, or the written refusal on an opinion less than 24 hours old."""
    for start in measure.all("demande_levee"):
        if start.value("par") == "proche" and rule.holds(start.day):
            done = measure.earliest(start, "levee", "refus_levee")
            measure.due(rule.on(start.day), start, None, done, measure.ended(start))


# Article L. 3212-11

ENTERED: Final = frozenset(
    {
        "admission", "certificat_24h", "certificat_72h", "certificat_mensuel", "decision_maintien",
        "decision_forme", "information_personne", "decision_juge", "levee", "deces",
    }
)  # fmt: skip
"""Facts that the register of the law carries (items 1° to 9°)."""


@obligation(
    "I4",
    act="Transcrire au registre de la loi les faits de la mesure",
    actor=DIRECTEUR,
    unit="heures",
    counting=C5,
    modes=CARE,
    triggers=tuple(sorted(ENTERED)),
    starts="chaque fait que le registre porte : admission, certificat, information, décision, levée, décès",
    not_started_by="la fin du mois",
    stopped_by=NOTHING,
    reset_by="chaque fait",
    extended_by=NOTHING,
    missed="Registre non tenu : infraction du directeur (CSP, art. L. 3215-2).",
    stake=Stake.OFFENCE,
    versions=current(24, "CSP", "L. 3212-11"),
)
def write_in_register(measure: Measure, rule: Bound) -> None:
    """Expect the register to follow each fact it carries by 24 hours."""
    written = measure.all("transcription_registre")
    rank = 0
    for start in measure.events:
        if start.kind not in ENTERED or not rule.holds(start.day):
            continue
        while rank < len(written) and written[rank].at < start.at:
            rank += 1
        version = rule.on(start.day)
        done = written[rank] if rank < len(written) else None
        measure.due(version, start, hours_after(start.at, version.n), done)
