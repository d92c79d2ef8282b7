"""Code de la santé publique, articles L. 3213-1 à L. 3213-11: measures decided by the préfet.

They also rule the judicial and detained modes, whose regime they share. Read in a consolidated copy (see
``citation.COPY_READ``). Source notes and open questions: ``docs/law/csp-l3213.md``.
"""

from typing import Final

from traitdunion.law.counting import (
    FirstDay,
    end_of_day_after,
    hours_after,
    months_after,
)
from traitdunion.law.csp_l3212 import END_OF_MEASURE, NOTHING, WINDOW
from traitdunion.law.facts import PREFET, Event, Mode
from traitdunion.law.families import AT_ONCE, C5, C8, C9, C10, UNSETTLED_DAYS
from traitdunion.law.measure import Measure
from traitdunion.law.obligation import (
    DIRECTEUR,
    PREFET_ACTS,
    PSYCHIATRE,
    Applied,
    Bound,
    Stake,
    current,
    obligation,
)

CLEAR: Final = 1
"""A jour franc delay runs one day more than its number: neither its first nor its last day counts."""


# Article L. 3213-1


@obligation(
    "E5",
    act="Décider de la forme des soins après le certificat des 72 heures",
    actor=PREFET_ACTS,
    unit="jours francs",
    counting=C9,
    modes={Mode.SPDRE, Mode.MP, Mode.CONVERSION, Mode.IRRESPONSIBLE},
    triggers=("certificat_72h",),
    starts="la réception du certificat des 72 heures",
    not_started_by="l’admission, le certificat des 24 heures",
    stopped_by=END_OF_MEASURE,
    reset_by=NOTHING,
    extended_by="rien : délai administratif",
    missed="Aucune levée automatique écrite ; l’hospitalisation complète continue dans l’attente.",
    stake=Stake.IRREGULAR,
    versions=current(3, "CSP", "L. 3213-1", "II"),
)
def decide_form(measure: Measure, rule: Bound) -> None:
    """Expect the préfet's decision on the form of care, 3 clear days after the certificate is received."""
    for start in measure.all("certificat_72h")[:1]:
        if rule.holds(start.day):
            version = rule.on(start.day)
            received = start.zone.day(start.instant("received_at"))
            late = start.zone.midnight(received + version.n + CLEAR + 1)
            target = start.zone.midnight(received + version.n + 1)
            done = measure.first("decision_forme", start)
            measure.due(version, start, late, done, measure.ended(start), target=target)


# Article L. 3213-2


@obligation(
    "E9",
    act="Rapporter la mesure provisoire au préfet",
    actor="maire ; à Paris, commissaire de police",
    unit="heures",
    counting=C5,
    modes=PREFET,
    triggers=("mesure_provisoire",),
    starts="la mesure provisoire",
    not_started_by="l’arrivée à l’établissement",
    stopped_by=NOTHING,
    reset_by=NOTHING,
    extended_by=NOTHING,
    missed="Irrégularité.",
    stake=Stake.IRREGULAR,
    versions=current(24, "CSP", "L. 3213-2"),
)
def report_provisional(measure: Measure, rule: Bound) -> None:
    """Expect the report to the préfet 24 hours after a provisional measure."""
    for start in measure.all("mesure_provisoire")[:1]:
        if rule.holds(start.day):
            version = rule.on(start.day)
            measure.due(
                version, start, hours_after(start.at, version.n), measure.first("rapport_prefet", start)
            )


@obligation(
    "E10",
    act="Décider l’admission après la mesure provisoire",
    actor=PREFET_ACTS,
    unit="heures",
    counting=C5,
    modes=PREFET,
    triggers=("mesure_provisoire",),
    starts="la mesure provisoire",
    not_started_by="le rapport au préfet",
    stopped_by="la fin de la mesure provisoire",
    reset_by=NOTHING,
    extended_by=NOTHING,
    missed="Caducité : la mesure prend fin d’elle-même.",
    stake=Stake.RELEASE,
    versions=current(48, "CSP", "L. 3213-2"),
)
def decide_after_provisional(measure: Measure, rule: Bound) -> None:
    """Expect the préfet's decision 48 hours after a provisional measure, or it lapses."""
    for start in measure.all("mesure_provisoire")[:1]:
        if rule.holds(start.day):
            version = rule.on(start.day)
            late = hours_after(start.at, version.n)
            measure.due(version, start, late, measure.first("admission", start), measure.ended(start))


# Article L. 3213-3


@obligation(
    "P1",
    act="Certificat mensuel",
    actor=PSYCHIATRE,
    unit="mois",
    counting=C8,
    modes=PREFET,
    triggers=("admission",),
    starts="le lendemain de l’admission, puis le lendemain de chaque examen",
    not_started_by="l’arrêté de maintien, le certificat des 72 heures",
    stopped_by=END_OF_MEASURE,
    reset_by="chaque certificat mensuel",
    extended_by="rien : délai administratif, sans report",
    missed="Irrégularité ; mainlevée seulement s’il y a eu atteinte aux droits (CSP, art. L. 3216-1) ; "
    "infraction du médecin (art. L. 3215-4).",
    stake=Stake.OFFENCE,
    versions=current(1, "CSP", "L. 3213-3", "I"),
)
def monthly_certificate(measure: Measure, rule: Bound) -> None:
    """Expect a certificate on the day of the next month with the same number at the latest, each time anew."""
    start = measure.admission
    if start is None:
        return
    chain = [start, *measure.all("certificat_mensuel")]
    for event, following in zip(chain, [*chain[1:], None], strict=True):
        if rule.holds(event.day):
            version = rule.on(event.day)
            last = months_after(event.day, version.n)
            late = event.zone.midnight(last + 1)
            target = event.zone.midnight(last)
            measure.due(version, event, late, following, measure.ended(event), target=target)


@obligation(
    "P13.prefet",
    act="Transformer le programme de soins en hospitalisation complète",
    actor=PREFET_ACTS,
    unit="",
    counting=AT_ONCE,
    modes=PREFET - {Mode.DETAINED},
    triggers=("certificat_reintegration",),
    starts="le certificat qui dit l’hospitalisation complète de nouveau nécessaire",
    not_started_by="l’absence de la personne à un rendez-vous",
    stopped_by=END_OF_MEASURE,
    reset_by=NOTHING,
    extended_by=NOTHING,
    missed="Le retour en hospitalisation complète n’a pas de base.",
    stake=Stake.IRREGULAR,
    versions=current(None, "CSP", "L. 3213-3", "et L. 3211-11"),
)
def back_to_hospital(measure: Measure, rule: Bound) -> None:
    """Expect the préfet to change the form of care after the certificate."""
    for start in measure.all("certificat_reintegration"):
        if rule.holds(start.day):
            done = measure.earliest(start, "reintegration", "decision_forme")
            measure.due(rule.on(start.day), start, None, done, measure.ended(start))


# Article L. 3213-4

FIRST_RENEWAL: Final = 3
"""Months of the first decision to maintain."""
LEFT_OUT: Final = (
    "Régime renforcé : le dernier alinéa de l’article L. 3213-4 l’écarte (voir L. 3213-8 et le juge)."
)


@obligation(
    "P2",
    act="Arrêté de maintien pour trois mois, dans les trois derniers jours du premier mois",
    actor=PREFET_ACTS,
    unit="mois",
    counting=C10,
    modes=PREFET,
    triggers=("admission",),
    starts="l’admission ; avant elle, la mesure provisoire",
    not_started_by="l’arrêté sur la forme des soins, un changement de forme",
    stopped_by=END_OF_MEASURE,
    reset_by=NOTHING,
    extended_by=NOTHING,
    missed="La levée est acquise.",
    stake=Stake.RELEASE,
    versions=current(1, "CSP", "L. 3213-4"),
)
def keep_first(measure: Measure, rule: Bound) -> None:
    """Expect the order to maintain in the last three days of the first month."""
    start = measure.origin()
    if start is None or not rule.holds(start.day):
        return
    version = rule.on(start.day)
    if measure.reinforced:
        measure.apart(version, start, LEFT_OUT)
        return
    last = months_after(start.day, version.n)
    orders = measure.all("decision_maintien")
    opens, late = start.zone.midnight(last - WINDOW + 1), start.zone.midnight(last + 1)
    done = next((event for event in orders if event.at >= opens), None)
    early = done is None and any(event.at < opens for event in orders)
    note = "Un arrêté a été pris avant les trois derniers jours." if early else ""
    target = start.zone.midnight(last)
    measure.due(version, start, late, done, measure.ended(start), target=target, opens=opens, note=note)


@obligation(
    "P3",
    act="Arrêté de maintien pour six mois au plus, dans les trois derniers jours de la période",
    actor=PREFET_ACTS,
    unit="mois",
    counting=C10,
    modes=PREFET,
    triggers=("decision_maintien",),
    starts="la fin du premier mois, puis de chaque période",
    not_started_by="un changement de forme des soins",
    stopped_by=END_OF_MEASURE,
    reset_by="chaque arrêté de maintien",
    extended_by=NOTHING,
    missed="La levée est acquise.",
    stake=Stake.RELEASE,
    versions=current(6, "CSP", "L. 3213-4"),
)
def keep_again(measure: Measure, rule: Bound) -> None:
    """Expect an order to maintain before each period ends: three months, then six at most, counted from admission."""
    origin = measure.origin()
    if origin is None or measure.reinforced:
        return
    periods: list[tuple[Event, Applied, int, int]] = []
    total = 1
    last = months_after(origin.day, total)
    for start in measure.all("decision_maintien"):
        if start.day <= last - WINDOW or not rule.holds(start.day):
            continue  # before the last three days of the period under way, it opens no other
        version = rule.on(start.day)
        months = version.n if periods else FIRST_RENEWAL
        total += months
        last = months_after(origin.day, total)
        if last < start.day:  # made long after its period: the count starts again from what was decided
            origin, total = start, months
            last = months_after(start.day, months)
        periods.append((start, version, last, months_after(start.day, months)))
    for rank, (start, version, last, shortest) in enumerate(periods):
        opens, late = start.zone.midnight(last - WINDOW + 1), start.zone.midnight(last + 1)
        done = periods[rank + 1][0] if rank + 1 < len(periods) else None
        # No text read says whether a period runs from the end of the one before or from its own order.
        target = start.zone.midnight(min(last, shortest + 1))
        measure.due(version, start, late, done, measure.ended(start), target=target, opens=opens)


# Article L. 3213-5-1


@obligation(
    "P10",
    act="Rendre le rapport de l’expertise ordonnée par le préfet",
    actor="expert",
    unit="jours",
    counting=UNSETTLED_DAYS,
    modes=PREFET,
    triggers=("expertise_prefet",),
    starts="la désignation de l’expert",
    not_started_by="l’examen de la personne",
    stopped_by=END_OF_MEASURE,
    reset_by="chaque désignation",
    extended_by=NOTHING,
    missed="Le rapport est hors délai.",
    stake=Stake.DUTY,
    versions=current(10, "CSP", "L. 3213-5-1", "et R. 3213-1"),
)
def expert_report(measure: Measure, rule: Bound) -> None:
    """Expect the report at most 10 days after the expert is named."""
    for start in measure.all("expertise_prefet"):
        if rule.holds(start.day):
            version = rule.on(start.day)
            late = end_of_day_after(start.day, version.n, first_day=FirstDay.COUNTED, zone=start.zone)
            done = measure.first("rapport_expertise", start)
            measure.due(version, start, late, done, measure.ended(start))


# Article L. 3213-8


@obligation(
    "P8.designation",
    act="Désigner deux experts après l’avis du collège",
    actor=PREFET_ACTS,
    unit="heures",
    counting=C5,
    modes=PREFET,
    triggers=("avis_college",),
    starts="l’avis du collège : les soins ne sont plus nécessaires (régime renforcé)",
    not_started_by="l’avis du collège qui conclut au maintien",
    stopped_by=END_OF_MEASURE,
    reset_by="chaque avis",
    extended_by=NOTHING,
    missed="Irrégularité.",
    stake=Stake.IRREGULAR,
    versions=current(24, "CSP", "R. 3213-2", "III ; L. 3213-8"),
)
def name_experts(measure: Measure, rule: Bound) -> None:
    """Expect two experts to be named 24 hours after the collège says care is no longer necessary."""
    for start in measure.all("avis_college"):
        if start.value("conclusion") == "levee" and rule.holds(start.day):
            version = rule.on(start.day)
            if not measure.reinforced:
                measure.apart(version, start, "Ce délai ne vise que le régime renforcé.")
                continue
            done = measure.first("designation_experts", start)
            measure.due(version, start, hours_after(start.at, version.n), done, measure.ended(start))


@obligation(
    "P8.avis",
    act="Rendre l’avis des deux experts ; la levée suit si les deux concordent",
    actor="experts",
    unit="heures",
    counting=C5,
    modes=PREFET,
    triggers=("designation_experts",),
    starts="la désignation des experts",
    not_started_by="l’avis du collège",
    stopped_by=END_OF_MEASURE,
    reset_by="chaque désignation",
    extended_by=NOTHING,
    missed="Irrégularité.",
    stake=Stake.IRREGULAR,
    versions=current(72, "CSP", "L. 3213-8"),
)
def experts_answer(measure: Measure, rule: Bound) -> None:
    """Expect the opinion 72 hours after the experts are named."""
    for start in measure.all("designation_experts"):
        if rule.holds(start.day):
            version = rule.on(start.day)
            done = measure.first("avis_experts", start)
            measure.due(version, start, hours_after(start.at, version.n), done, measure.ended(start))


@obligation(
    "P9.certificat",
    act="Envoyer au préfet le certificat qui propose un changement",
    actor=DIRECTEUR,
    unit="heures",
    counting=C5,
    modes=PREFET,
    triggers=("proposition_changement",),
    starts="la proposition de changement (régime renforcé)",
    not_started_by="l’avis du collège",
    stopped_by=END_OF_MEASURE,
    reset_by="chaque proposition",
    extended_by=NOTHING,
    missed="Irrégularité.",
    stake=Stake.IRREGULAR,
    versions=current(24, "CSP", "R. 3213-2"),
)
def send_proposal(measure: Measure, rule: Bound) -> None:
    """Expect the certificate at the préfecture 24 hours after a change is proposed."""
    for start in measure.all("proposition_changement"):
        if rule.holds(start.day):
            version = rule.on(start.day)
            if not measure.reinforced:
                measure.apart(version, start, "Ce délai ne vise que le régime renforcé.")
                continue
            done = measure.first("transmission_prefet", start)
            measure.due(version, start, hours_after(start.at, version.n), done, measure.ended(start))


@obligation(
    "P9.college",
    act="Rendre l’avis du collège sur le changement proposé",
    actor="collège",
    unit="jours",
    counting=UNSETTLED_DAYS,
    modes=PREFET,
    triggers=("proposition_changement",),
    starts="la proposition de changement (régime renforcé)",
    not_started_by="la réception du certificat",
    stopped_by=END_OF_MEASURE,
    reset_by="chaque proposition",
    extended_by="rien ; le préfet peut fixer moins",
    missed="Irrégularité.",
    stake=Stake.IRREGULAR,
    versions=current(7, "CSP", "R. 3213-2"),
)
def college_answers(measure: Measure, rule: Bound) -> None:
    """Expect the opinion of the collège 7 days after a change is proposed."""
    for start in measure.all("proposition_changement"):
        if rule.holds(start.day) and measure.reinforced:
            version = rule.on(start.day)
            late = end_of_day_after(start.day, version.n, first_day=FirstDay.COUNTED, zone=start.zone)
            measure.due(version, start, late, measure.first("avis_college", start), measure.ended(start))


# Article L. 3213-9


@obligation(
    "P11",
    act="Informer procureurs, maires, CDSP, famille et protecteur légal",
    actor=PREFET_ACTS,
    unit="heures",
    counting=C5,
    modes=PREFET,
    triggers=("admission", "decision_maintien", "levee"),
    starts="l’admission, chaque décision de maintien, la levée",
    not_started_by="la notification à la personne",
    stopped_by=NOTHING,
    reset_by="chaque décision",
    extended_by=NOTHING,
    missed="Irrégularité.",
    stake=Stake.IRREGULAR,
    versions=current(24, "CSP", "L. 3213-9"),
)
def inform_authorities(measure: Measure, rule: Bound) -> None:
    """Expect those the article names to be told 24 hours after each decision."""
    for kind in ("admission", "decision_maintien", "levee"):
        for start in measure.all(kind):
            if rule.holds(start.day):
                version = rule.on(start.day)
                done = measure.first("information_autorites", start)
                measure.due(version, start, hours_after(start.at, version.n), done)


@obligation(
    "P11.forme",
    act="Informer les mêmes de la sortie de l’hospitalisation complète",
    actor=PREFET_ACTS,
    unit="",
    counting=AT_ONCE,
    modes=PREFET,
    triggers=("decision_forme",),
    starts="la décision qui remplace l’hospitalisation complète par un programme de soins",
    not_started_by="la sortie effective",
    stopped_by=NOTHING,
    reset_by="chaque décision",
    extended_by=NOTHING,
    missed="Irrégularité.",
    stake=Stake.IRREGULAR,
    versions=current(None, "CSP", "L. 3213-9"),
)
def inform_of_form(measure: Measure, rule: Bound) -> None:
    """Expect those the article names to be told without delay of a change out of hospitalisation complète."""
    for start in measure.all("decision_forme"):
        if start.value("forme") == "programme_de_soins" and rule.holds(start.day):
            measure.due(rule.on(start.day), start, None, measure.first("information_autorites", start))


# Article L. 3213-9-1


@obligation(
    "P4.directeur",
    act="Saisir le préfet : l’hospitalisation complète n’est plus nécessaire",
    actor=DIRECTEUR,
    unit="heures",
    counting=C5,
    modes=PREFET - {Mode.DETAINED},
    triggers=("certificat_fin_hc",),
    starts="le certificat du psychiatre",
    not_started_by="la demande de la personne",
    stopped_by=END_OF_MEASURE,
    reset_by="chaque certificat",
    extended_by=NOTHING,
    missed="Infraction du directeur (CSP, art. L. 3215-2).",
    stake=Stake.OFFENCE,
    versions=current(24, "CSP", "L. 3213-9-1", "I"),
)
def refer_to_prefet(measure: Measure, rule: Bound) -> None:
    """Expect the director to refer to the préfet 24 hours after the certificate."""
    for start in measure.all("certificat_fin_hc"):
        if rule.holds(start.day):
            version = rule.on(start.day)
            done = measure.first("transmission_prefet", start)
            measure.due(version, start, hours_after(start.at, version.n), done, measure.ended(start))


@obligation(
    "P4.prefet",
    act="Décider après le certificat : lever, changer la forme, ou maintenir",
    actor=PREFET_ACTS,
    unit="jours francs",
    counting=C9,
    modes=PREFET - {Mode.DETAINED},
    triggers=("transmission_prefet",),
    starts="la réception du certificat transmis par le directeur",
    not_started_by="la date du certificat",
    stopped_by=END_OF_MEASURE,
    reset_by="chaque transmission",
    extended_by="rien : délai administratif",
    missed="Le préfet n’a pas statué dans le délai.",
    stake=Stake.IRREGULAR,
    versions=current(3, "CSP", "L. 3213-9-1", "I"),
)
def prefet_decides(measure: Measure, rule: Bound) -> None:
    """Expect the préfet's decision 3 clear days after the certificate is received."""
    for start in measure.all("transmission_prefet"):
        if measure.latest("certificat_fin_hc", start) is not None and rule.holds(start.day):
            version = rule.on(start.day)
            received = start.zone.day(start.instant("received_at"))
            late = start.zone.midnight(received + version.n + CLEAR + 1)
            target = start.zone.midnight(received + version.n + 1)
            done = measure.earliest(start, "decision_forme", "levee", "refus_prefet")
            measure.due(version, start, late, done, measure.ended(start), target=target)


@obligation(
    "P5",
    act="Recueillir l’avis d’un second psychiatre",
    actor=f"{DIRECTEUR} ; second {PSYCHIATRE}",
    unit="heures",
    counting=C5,
    modes=PREFET - {Mode.DETAINED},
    triggers=("refus_prefet",),
    starts="la décision du préfet de maintenir l’hospitalisation complète",
    not_started_by="le premier certificat",
    stopped_by=END_OF_MEASURE,
    reset_by="chaque refus",
    extended_by=NOTHING,
    missed="Irrégularité.",
    stake=Stake.IRREGULAR,
    versions=current(72, "CSP", "L. 3213-9-1", "II"),
)
def second_opinion(measure: Measure, rule: Bound) -> None:
    """Expect the second psychiatrist's opinion 72 hours after the préfet keeps hospitalisation complète."""
    for start in measure.all("refus_prefet"):
        if rule.holds(start.day):
            version = rule.on(start.day)
            done = measure.first("second_avis", start)
            measure.due(version, start, hours_after(start.at, version.n), done, measure.ended(start))


@obligation(
    "P6",
    act="Lever la mesure ou en changer la forme : le second avis confirme",
    actor=PREFET_ACTS,
    unit="",
    counting=AT_ONCE,
    modes=PREFET - {Mode.DETAINED},
    triggers=("second_avis",),
    starts="le second avis, quand il confirme le premier",
    not_started_by="le premier certificat",
    stopped_by=END_OF_MEASURE,
    reset_by=NOTHING,
    extended_by=NOTHING,
    missed="La mesure doit être levée ou changer de forme.",
    stake=Stake.RELEASE,
    versions=current(None, "CSP", "L. 3213-9-1", "III"),
)
def follow_second_opinion(measure: Measure, rule: Bound) -> None:
    """Expect the préfet to follow a second opinion that confirms the first."""
    for start in measure.all("second_avis"):
        if start.value("conclusion") == "levee" and rule.holds(start.day):
            done = measure.earliest(start, "decision_forme", "levee")
            measure.due(rule.on(start.day), start, None, done, measure.ended(start))


@obligation(
    "P7",
    act="Saisir le juge : le préfet maintient l’hospitalisation complète (J10)",
    actor=DIRECTEUR,
    unit="",
    counting=AT_ONCE,
    modes=PREFET - {Mode.DETAINED},
    triggers=("second_avis",),
    starts="le second avis qui conclut au maintien, le préfet maintenant l’hospitalisation complète",
    not_started_by="le refus du préfet seul",
    stopped_by=END_OF_MEASURE,
    reset_by=NOTHING,
    extended_by="sans objet si le contrôle J1 à J4 tombe dans le même temps",
    missed="Le juge n’est pas saisi à bref délai.",
    stake=Stake.IRREGULAR,
    versions=current(None, "CSP", "L. 3213-9-1", "III"),
)
def refer_disagreement(measure: Measure, rule: Bound) -> None:
    """Expect the referral to the judge, at short notice, when hospitalisation complète is kept."""
    for start in measure.all("second_avis"):
        if start.value("conclusion") == "maintien" and rule.holds(start.day):
            done = measure.referred(start, "controle", "mainlevee")
            measure.due(rule.on(start.day), start, None, done, measure.ended(start))


@obligation(
    "J10",
    act="Statuer à bref délai sur le désaccord du préfet et des psychiatres",
    actor="juge (magistrat du siège du tribunal judiciaire, ex-JLD)",
    unit="",
    counting=AT_ONCE,
    modes=PREFET - {Mode.DETAINED},
    triggers=("second_avis",),
    starts="la saisine par l’établissement",
    not_started_by="le second avis, tant que le juge n’est pas saisi",
    stopped_by=END_OF_MEASURE,
    reset_by=NOTHING,
    extended_by="sans objet si le contrôle J1 à J4 tombe dans le même temps",
    missed="Le juge statue tard : le texte dit « à bref délai », sans chiffre.",
    stake=Stake.IRREGULAR,
    versions=current(None, "CSP", "L. 3213-9-1", "III ; L. 3213-3, IV ; L. 3213-8, II"),
)
def rule_on_disagreement(measure: Measure, rule: Bound) -> None:
    """Expect the judge's ruling once the disagreement is referred."""
    opinions = [event for event in measure.all("second_avis") if event.value("conclusion") == "maintien"]
    for start in dict.fromkeys(measure.referred(one, "controle", "mainlevee") for one in opinions):
        if start is not None and rule.holds(start.day):
            done = measure.judged(start, "controle", "mainlevee")
            measure.due(rule.on(start.day), start, None, done, measure.ended(start))
