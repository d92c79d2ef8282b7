"""Code de la santé publique, articles L. 3211-1 à L. 3211-13: rights of the person, observation, the judge.

Read in a consolidated copy (see ``citation.COPY_READ``). Source notes and open questions: ``docs/law/csp-l3211.md``.
"""

from bisect import bisect_right
from typing import Final

from traitdunion.law.citation import Mark
from traitdunion.law.counting import (
    HOUR,
    FirstDay,
    Instant,
    end_of_day_after,
    end_of_month_after,
    end_of_working_day_after,
    hours_after,
    months_after,
)
from traitdunion.law.facts import CARE, DIRECTOR, Event, Mode
from traitdunion.law.families import AT_ONCE, C1, C2, C3, C5, UNSETTLED_DAYS
from traitdunion.law.measure import Measure
from traitdunion.law.obligation import (
    DIRECTEUR,
    JUDGE,
    PREFET_ACTS,
    PSYCHIATRE,
    READ_SINCE,
    REFORM,
    REGISTER,
    WHO_DECIDES,
    Bound,
    Stake,
    current,
    dated,
    obligation,
)

CHAPTERS_2_3: Final = CARE - {Mode.JUDICIAL, Mode.DETAINED}
TWO_PSYCHIATRISTS: Final = frozenset({Mode.SPDTU, Mode.SPPI, Mode.CONVERSION})
NOT_IN_TIME: Final = (
    "Irrégularité ; mainlevée seulement s’il en est résulté une atteinte aux droits de la personne "
    "(CSP, art. L. 3216-1) ; infraction du médecin (art. L. 3215-4)."
)
OF_OBSERVATION: Final = ("admission", "mesure_provisoire", "premiers_soins")
END_OF_MEASURE: Final = "la fin de la mesure"
NOTHING: Final = "rien"


def _starts_observation(measure: Measure, start: Event) -> bool:
    return measure.observation() is start


# Article L. 3211-2-2


@obligation(
    "E1",
    act="Examen somatique complet et certificat du psychiatre dans les 24 heures",
    actor=f"médecin et {PSYCHIATRE} (non auteur des certificats d’admission)",
    unit="heures",
    counting=C5,
    modes=CHAPTERS_2_3,
    triggers=OF_OBSERVATION,
    starts="la décision d’admission ; avant elle, la mesure provisoire ou les premiers soins d’urgence",
    not_started_by="l’arrivée dans le service, le transfert, la rédaction des certificats d’admission",
    stopped_by=END_OF_MEASURE,
    reset_by=NOTHING,
    extended_by="rien : ni nuit, ni dimanche, ni jour férié",
    missed=NOT_IN_TIME,
    stake=Stake.OFFENCE,
    versions=current(24, "CSP", "L. 3211-2-2"),
)
def first_certificate(measure: Measure, rule: Bound) -> None:
    """Expect the somatic examination and the first certificate, 24 hours after the observation starts."""
    start = measure.observation()
    if start is None or not rule.holds(start.day):
        return
    version = rule.on(start.day)
    given, done = measure.first("certificat_24h", start), _first_certificate(measure, start)
    note = ""
    if done is None and given is not None:
        note = "Le certificat est d’un auteur des certificats d’admission : il ne vaut pas ici."
    late = hours_after(start.at, version.n)
    measure.due(version, start, late, done, measure.ended(start), note=note)


def _first_certificate(measure: Measure, start: Event) -> Event | None:
    """Return the first certificate of the 24 hours that is not of an author of the entry certificates."""
    authors = {event.author for event in measure.all("certificat_initial")} - {None}
    return next((one for one in measure.after("certificat_24h", start) if one.author not in authors), None)


@obligation(
    "E2",
    act="Second certificat du psychiatre dans les 72 heures, avec une proposition sur la forme des soins",
    actor=f"{PSYCHIATRE} (un autre que celui des 24 heures en SPDTU, SPPI et conversion)",
    unit="heures",
    counting=C5,
    modes=CHAPTERS_2_3,
    triggers=OF_OBSERVATION,
    starts="la décision d’admission ; avant elle, la mesure provisoire ou les premiers soins d’urgence",
    not_started_by="le certificat des 24 heures",
    stopped_by=END_OF_MEASURE,
    reset_by=NOTHING,
    extended_by="rien : ni nuit, ni dimanche, ni jour férié",
    missed=NOT_IN_TIME,
    stake=Stake.OFFENCE,
    versions=current(72, "CSP", "L. 3211-2-2"),
)
def second_certificate(measure: Measure, rule: Bound) -> None:
    """Expect the second certificate, 72 hours after the observation starts, by another where the law wants two."""
    start = measure.observation()
    if start is None or not rule.holds(start.day):
        return
    version = rule.on(start.day)
    given = done = measure.first("certificat_72h", start)
    note = ""
    if given is not None and measure.mode in TWO_PSYCHIATRISTS:
        before = _first_certificate(measure, start)
        same = None if before is None else before.author
        after = measure.after("certificat_72h", start)
        done = next((one for one in after if one.author is None or one.author != same), None)
        if done is None:
            note = "Les deux certificats sont du même psychiatre : la loi en veut deux différents."
    if done is None and measure.lapsed_before_admission():
        measure.apart(version, start, LAPSED)
        return
    late = hours_after(start.at, version.n)
    measure.due(version, start, late, done, measure.ended(start), note=note)


LAPSED: Final = "La mesure provisoire a pris fin d’elle-même : 48 heures sans décision du préfet (E10)."


def _certificate_elsewhere(key: str, number: int, kind: str, act: str) -> None:
    """Enter a certificate of the judicial and detained modes, which the article read does not name."""

    @obligation(
        key,
        act=act,
        actor=PSYCHIATRE,
        unit="heures",
        counting=C5,
        modes={Mode.JUDICIAL, Mode.DETAINED},
        triggers=("admission",),
        starts="la décision d’admission",
        not_started_by="le transfert vers l’établissement",
        stopped_by=END_OF_MEASURE,
        reset_by=NOTHING,
        extended_by=NOTHING,
        missed="À vérifier : l’article lu vise les chapitres II et III, non ce mode.",
        stake=Stake.DUTY,
        versions=dated({REFORM: (number, Mark.UNVERIFIED)}, "CSP", "L. 3211-2-2"),
    )
    def certificate(measure: Measure, rule: Bound) -> None:
        start = measure.admission
        if start is not None and rule.holds(start.day):
            version = rule.on(start.day)
            measure.due(
                version,
                start,
                hours_after(start.at, version.n),
                measure.first(kind, start),
                measure.ended(start),
            )


_certificate_elsewhere("E1.autres", 24, "certificat_24h", "Examen somatique et certificat des 24 heures")
_certificate_elsewhere("E2.autres", 72, "certificat_72h", "Certificat des 72 heures")


# Article L. 3211-2-3


@obligation(
    "E7",
    act="Transfert vers un établissement chargé des soins sans consentement",
    actor="établissements",
    unit="heures",
    counting=C5,
    modes=CHAPTERS_2_3,
    triggers=("premiers_soins",),
    starts="les premiers soins dans un établissement qui n’a pas la mission",
    not_started_by="la décision d’admission",
    stopped_by=END_OF_MEASURE,
    reset_by=NOTHING,
    extended_by=NOTHING,
    missed="Irrégularité. L’observation court déjà depuis les premiers soins.",
    stake=Stake.IRREGULAR,
    versions=current(48, "CSP", "L. 3211-2-3"),
)
def transfer_from_emergency(measure: Measure, rule: Bound) -> None:
    """Expect the transfer 48 hours after care started in a hospital without the mandate."""
    for start in measure.all("premiers_soins")[:1]:
        if rule.holds(start.day):
            version = rule.on(start.day)
            late = hours_after(start.at, version.n)
            measure.due(version, start, late, measure.first("transfert", start), measure.ended(start))


# Article L. 3211-3


@obligation(
    "I1",
    act="Informer la personne de la décision d’admission et de ses raisons",
    actor=DIRECTEUR,
    unit="",
    counting=AT_ONCE,
    modes=CARE,
    triggers=("admission",),
    starts="la décision d’admission",
    not_started_by="la signature d’un accusé de réception",
    stopped_by=END_OF_MEASURE,
    reset_by=NOTHING,
    extended_by="l’état de la personne : le plus rapidement possible, d’une manière appropriée",
    missed="Irrégularité ; mainlevée seulement s’il y a eu atteinte aux droits (CSP, art. L. 3216-1).",
    stake=Stake.IRREGULAR,
    versions=current(None, "CSP", "L. 3211-3", "a"),
)
def inform_of_admission(measure: Measure, rule: Bound) -> None:
    """Expect the person to be told of the decision and of its reasons, as soon as possible."""
    start = measure.admission
    if start is not None and rule.holds(start.day):
        measure.due(
            rule.on(start.day),
            start,
            None,
            measure.first("information_personne", start),
            measure.ended(start),
        )


@obligation(
    "I2",
    act="Informer la personne de sa situation, de ses droits et de ses recours après la décision",
    actor=DIRECTEUR,
    unit="",
    counting=AT_ONCE,
    modes=CARE,
    triggers=("admission", "decision_maintien", "decision_forme", "reintegration"),
    starts="l’admission, puis chaque décision, puis toute demande de la personne",
    not_started_by="une information donnée avant la décision",
    stopped_by=END_OF_MEASURE,
    reset_by="chaque décision : elle veut une information nouvelle",
    extended_by="l’état de la personne",
    missed="Irrégularité ; mainlevée seulement s’il y a eu atteinte aux droits (CSP, art. L. 3216-1).",
    stake=Stake.IRREGULAR,
    versions=current(None, "CSP", "L. 3211-3", "b"),
)
def inform_of_rights(measure: Measure, rule: Bound) -> None:
    """Expect the person to be told of rights and remedies after each decision."""
    decisions = [measure.admission] if measure.admission else []
    for kind in ("decision_maintien", "decision_forme", "reintegration"):
        decisions += measure.all(kind)
    for start in decisions:
        if rule.holds(start.day):
            told = measure.first("information_personne", start)
            measure.due(rule.on(start.day), start, None, told, measure.ended(start))


@obligation(
    "I3",
    act="Informer la personne et recueillir ses observations avant la décision",
    actor=WHO_DECIDES,
    unit="",
    counting=AT_ONCE,
    modes=CARE,
    triggers=("decision_maintien", "decision_forme"),
    starts="le projet de décision de maintien ou de changement de forme",
    not_started_by="la décision elle-même : après elle, il est trop tard",
    stopped_by=NOTHING,
    reset_by="chaque décision",
    extended_by=NOTHING,
    missed="Irrégularité ; mainlevée seulement s’il y a eu atteinte aux droits (CSP, art. L. 3216-1).",
    stake=Stake.IRREGULAR,
    versions=current(None, "CSP", "L. 3211-3"),
)
def hear_before_deciding(measure: Measure, rule: Bound) -> None:
    """Expect observations between the decision before and the one they prepare; the limit is the decision."""
    decisions = sorted(
        measure.all("decision_maintien") + measure.all("decision_forme"), key=lambda event: event.at
    )
    heard = measure.all("recueil_observations")
    before = -1
    for start in decisions:
        done = next((event for event in heard if before < event.at <= start.at), None)
        if rule.holds(start.day):
            measure.due(rule.on(start.day), start, start.at + 1, done)
        before = start.at


# Article L. 3211-11-1


@obligation(
    "P12.retour",
    act="Retour de la sortie de courte durée",
    actor=DIRECTEUR,
    unit="heures",
    counting=C5,
    modes=CARE,
    triggers=("demande_sortie",),
    starts="le début de la sortie",
    not_started_by="la demande de sortie",
    stopped_by="l’opposition du préfet ; la fin de la mesure",
    reset_by=NOTHING,
    extended_by=NOTHING,
    missed="La sortie dépasse ce que le texte permet (12 heures accompagnée, 48 heures sinon).",
    stake=Stake.IRREGULAR,
    versions=current(48, "CSP", "L. 3211-11-1"),
)
def back_from_leave(measure: Measure, rule: Bound) -> None:
    """Expect the return 12 hours after an accompanied leave starts, 48 hours after one alone."""
    for start in measure.all("demande_sortie"):
        leaves_at = start.instant("pour")
        if not rule.holds(start.day):
            continue
        version = rule.on(start.day)
        accompanied = start.value("accompagnee") == "oui"
        late = hours_after(leaves_at, ACCOMPANIED if accompanied else version.n)
        note = (
            f"Sortie le {start.zone.words(leaves_at)}, {'accompagnée' if accompanied else 'non accompagnée'}."
        )
        stop = measure.first("opposition_sortie", start) or measure.ended(start)
        measure.due(version, start, late, measure.first("retour_sortie", start), stop, note=note)


ACCOMPANIED: Final = 12
"""Hours of an accompanied leave."""


@obligation(
    "P12.annonce",
    act="Annoncer au préfet la sortie de courte durée",
    actor=DIRECTEUR,
    unit="heures",
    counting=C5,
    modes=CARE - DIRECTOR,
    triggers=("demande_sortie",),
    starts="le début prévu de la sortie, en remontant le temps",
    not_started_by="la demande de sortie",
    stopped_by=END_OF_MEASURE,
    reset_by=NOTHING,
    extended_by=NOTHING,
    missed="Le préfet n’a pas eu le temps que le texte lui donne pour s’opposer.",
    stake=Stake.IRREGULAR,
    versions=current(48, "CSP", "L. 3211-11-1"),
)
def announce_leave(measure: Measure, rule: Bound) -> None:
    """Expect the préfet to be told at least 48 hours before a leave, accompanied or not: the text has one delay."""
    for start in measure.all("demande_sortie"):
        if not rule.holds(start.day):
            continue
        version = rule.on(start.day)
        late = start.instant("pour") - version.n * HOUR + 1
        measure.due(version, start, late, measure.first("transmission_sortie", start), measure.ended(start))


@obligation(
    "P12.opposition",
    act="S’opposer à la sortie",
    actor=PREFET_ACTS,
    unit="heures",
    counting=C5,
    modes=CARE - DIRECTOR,
    triggers=("demande_sortie",),
    starts="le début prévu de la sortie, en remontant le temps",
    not_started_by="la réception de l’annonce",
    stopped_by=END_OF_MEASURE,
    reset_by=NOTHING,
    extended_by=NOTHING,
    missed="Sans opposition, la sortie peut avoir lieu.",
    stake=Stake.RIGHT,
    versions=current(12, "CSP", "L. 3211-11-1"),
)
def oppose_leave(measure: Measure, rule: Bound) -> None:
    """Tell until when the préfet may oppose: 12 hours before the leave."""
    for start in measure.all("demande_sortie"):
        if rule.holds(start.day):
            version = rule.on(start.day)
            late = start.instant("pour") - version.n * HOUR + 1
            done = measure.first("opposition_sortie", start)
            measure.due(version, start, late, done, measure.ended(start), right=True)


# Article L. 3211-12


@obligation(
    "J7",
    act="Mettre fin à l’hospitalisation complète après la mainlevée différée",
    actor=DIRECTEUR,
    unit="heures",
    counting=C5,
    modes=CARE,
    triggers=("decision_juge",),
    starts="l’ordonnance de mainlevée à effet différé",
    not_started_by="la notification de l’ordonnance",
    stopped_by="un appel déclaré suspensif",
    reset_by=NOTHING,
    extended_by=NOTHING,
    missed="L’hospitalisation complète prend fin au plus tard à cet instant.",
    stake=Stake.RELEASE,
    versions=current(24, "CSP", "L. 3211-12", "III ; L. 3211-12-1, III"),
)
def deferred_release(measure: Measure, rule: Bound) -> None:
    """Expect the programme de soins, or the end, 24 hours after a deferred release."""
    for start in measure.all("decision_juge"):
        if start.value("sens") == "mainlevee_differee" and _on_measure(start) and rule.holds(start.day):
            version = rule.on(start.day)
            done = measure.earliest(start, "decision_forme", "levee", "deces")
            stop = measure.first("effet_suspensif", start)
            measure.due(version, start, hours_after(start.at, version.n), done, stop)


def _on_measure(decision: Event) -> bool:
    return decision.value("objet", "controle") in {"controle", "mainlevee"}


@obligation(
    "J9.decision",
    act="Statuer sur la demande de mainlevée",
    actor=JUDGE,
    unit="jours",
    counting=UNSETTLED_DAYS,
    modes=CARE,
    triggers=("requete_mainlevee",),
    starts="l’enregistrement de la demande au greffe",
    not_started_by="la date du courrier de la personne",
    stopped_by=END_OF_MEASURE,
    reset_by=NOTHING,
    extended_by="une expertise : 25 jours au lieu de 12",
    missed="Le juge statue hors délai.",
    stake=Stake.IRREGULAR,
    versions=current(12, "CSP", "L. 3211-12", "et R. 3211-30"),
)
def request_ruled(measure: Measure, rule: Bound) -> None:
    """Expect the ruling on a request for release: 12 days, 25 with an expert; the safest count is kept."""
    for start in measure.all("requete_mainlevee"):
        if start.value("objet", "mainlevee") != "mainlevee" or not rule.holds(start.day):
            continue
        version = rule.on(start.day)
        done = measure.judged(start, "mainlevee", "controle")
        late, note = end_of_day_after(start.day, version.n, first_day=FirstDay.COUNTED, zone=start.zone), ""
        if measure.expert_within(start, late, done):
            late = end_of_day_after(start.day, WITH_EXPERT, first_day=FirstDay.COUNTED, zone=start.zone)
            note = "Porté à 25 jours par l’expertise."
        measure.due(version, start, late, done, measure.ended(start), note=note)


WITH_EXPERT: Final = 25
"""Days of the judge, and of the premier président, when an expert report is ordered."""


# Article L. 3211-12-1


@obligation(
    "J1",
    act="Saisir le juge du contrôle de l’hospitalisation complète",
    actor=WHO_DECIDES,
    unit="jours",
    counting=C1,
    modes=CARE,
    triggers=("admission",),
    starts="la décision d’admission, à quelque heure que ce soit",
    not_started_by="le certificat des 72 heures, la décision de maintien, le transfert",
    stopped_by="la sortie de l’hospitalisation complète (programme de soins, levée, décès)",
    reset_by=NOTHING,
    extended_by="rien : un dernier jour férié ou chômé n’est pas reporté",
    missed="Le juge constate sans débat que la mainlevée est acquise, sauf circonstances exceptionnelles "
    "et débat respectant les droits de la défense.",
    stake=Stake.RELEASE,
    versions=current(8, "CSP", "L. 3211-12-1", "I, 1°"),
)
def refer_to_judge(measure: Measure, rule: Bound) -> None:
    """Expect the referral within 8 days of admission, the day of admission counted."""
    start = measure.admission
    if start is None or not rule.holds(start.day):
        return
    version = rule.on(start.day)
    late = end_of_day_after(start.day, version.n, first_day=FirstDay.COUNTED, zone=start.zone)
    done = measure.referred(start, "controle") or measure.judged(start, "controle")
    measure.due(version, start, late, done, measure.full[0].end)


@obligation(
    "J2",
    act="Statuer sur l’hospitalisation complète",
    actor=JUDGE,
    unit="jours",
    counting=C1,
    modes=CARE,
    triggers=("admission",),
    starts="la décision d’admission, à quelque heure que ce soit",
    not_started_by="la saisine du juge",
    stopped_by="la sortie de l’hospitalisation complète (programme de soins, levée, décès)",
    reset_by=NOTHING,
    extended_by="une expertise ordonnée avant ce terme : 14 jours au plus depuis l’ordonnance (J5)",
    missed="Mainlevée acquise à l’issue du délai.",
    stake=Stake.RELEASE,
    versions=dated(
        {
            REFORM: (15, Mark.UNVERIFIED),
            READ_SINCE.replace(year=2014): (12, Mark.UNVERIFIED),
            READ_SINCE: (12, Mark.READ),
        },
        "CSP",
        "L. 3211-12-1",
        "I, 1°",
    ),
)
def judge_rules(measure: Measure, rule: Bound) -> None:
    """Expect the ruling before 12 days from admission, the day of admission counted."""
    start = measure.admission
    if start is None or not rule.holds(start.day):
        return
    version = rule.on(start.day)
    late = end_of_day_after(start.day, version.n, first_day=FirstDay.COUNTED, zone=start.zone)
    late, note = _with_expert(measure, start, late)
    done = measure.judged(start, "controle", "mainlevee")
    measure.due(version, start, late, done, measure.full[0].end, note=note)


def _with_expert(measure: Measure, start: Event, late: int) -> tuple[int, str]:
    """Return a limit of the judge, put off by an expert report ordered before it (J5), and the sentence saying so."""
    for order in measure.after("expertise_ordonnee", start):
        if order.at >= late:
            break
        extended = end_of_day_after(order.day, EXTENSION, first_day=FirstDay.COUNTED, zone=order.zone)
        if extended > late:
            return extended, f"Prolongé par l’expertise ordonnée le {order.words} (J5)."
    return late, ""


EXTENSION: Final = 14
"""Most days that an expert report adds, from the order."""


@obligation(
    "J3.saisine",
    act="Saisir le juge après le retour en hospitalisation complète",
    actor=WHO_DECIDES,
    unit="jours",
    counting=C1,
    modes=CARE - {Mode.DETAINED},
    triggers=("reintegration", "decision_forme"),
    starts="la décision qui remplace le programme de soins par une hospitalisation complète",
    not_started_by="le retour effectif de la personne, le certificat qui le propose",
    stopped_by="la sortie de l’hospitalisation complète",
    reset_by="chaque nouveau retour",
    extended_by="rien : un dernier jour férié ou chômé n’est pas reporté",
    missed="Le juge constate sans débat que la mainlevée est acquise, sauf circonstances exceptionnelles.",
    stake=Stake.RELEASE,
    versions=current(8, "CSP", "L. 3211-12-1", "I, 2°"),
)
def refer_after_return(measure: Measure, rule: Bound) -> None:
    """Expect the referral within 8 days of each return to hospitalisation complète."""
    for start, end in measure.full[1:]:
        if rule.holds(start.day):
            version = rule.on(start.day)
            late = end_of_day_after(start.day, version.n, first_day=FirstDay.COUNTED, zone=start.zone)
            done = measure.referred(start, "controle") or measure.judged(start, "controle")
            measure.due(version, start, late, done, end)


@obligation(
    "J3.decision",
    act="Statuer après le retour en hospitalisation complète",
    actor=JUDGE,
    unit="jours",
    counting=C1,
    modes=CARE - {Mode.DETAINED},
    triggers=("reintegration", "decision_forme"),
    starts="la décision qui remplace le programme de soins par une hospitalisation complète",
    not_started_by="la saisine du juge",
    stopped_by="la sortie de l’hospitalisation complète",
    reset_by="chaque nouveau retour",
    extended_by="une expertise ordonnée avant ce terme (J5)",
    missed="Mainlevée acquise à l’issue du délai.",
    stake=Stake.RELEASE,
    versions=current(12, "CSP", "L. 3211-12-1", "I, 2°"),
)
def rule_after_return(measure: Measure, rule: Bound) -> None:
    """Expect the ruling before 12 days from each return to hospitalisation complète."""
    for start, end in measure.full[1:]:
        if rule.holds(start.day):
            version = rule.on(start.day)
            late = end_of_day_after(start.day, version.n, first_day=FirstDay.COUNTED, zone=start.zone)
            late, note = _with_expert(measure, start, late)
            measure.due(version, start, late, measure.judged(start, "controle", "mainlevee"), end, note=note)


@obligation(
    "J4.saisine",
    act="Saisir le juge avant la fin des six mois",
    actor=WHO_DECIDES,
    unit="jours avant la fin des six mois",
    counting=C1,
    modes=CARE,
    triggers=("decision_juge",),
    starts="la dernière décision du juge qui maintient l’hospitalisation complète",
    not_started_by="la notification, l’appel",
    stopped_by="la sortie de l’hospitalisation complète",
    reset_by="chaque décision du juge qui la maintient",
    extended_by="rien",
    missed="Le juge constate sans débat que la mainlevée est acquise, sauf circonstances exceptionnelles.",
    stake=Stake.RELEASE,
    versions=current(15, "CSP", "L. 3211-12-1", "I, 3°"),
)
def refer_again(measure: Measure, rule: Bound) -> None:
    """Expect the referral at least 15 days before six months end; one day earlier is the prudent limit."""
    for start in _upheld(measure):
        if rule.holds(start.day):
            version = rule.on(start.day)
            latest = months_after(start.day, SIX_MONTHS) - version.n
            late = start.zone.midnight(latest + 1)
            spell = measure.spell_at(start)
            done = measure.referred(start, "controle") or measure.judged(start, "controle", "mainlevee")
            measure.due(
                version, start, late, done, spell.end if spell else start, target=start.zone.midnight(latest)
            )


@obligation(
    "J4.decision",
    act="Statuer avant la fin des six mois",
    actor=JUDGE,
    unit="mois",
    counting=C2,
    modes=CARE,
    triggers=("decision_juge",),
    starts="la dernière décision du juge qui maintient l’hospitalisation complète",
    not_started_by="la saisine, la notification, l’appel",
    stopped_by="la sortie de l’hospitalisation complète",
    reset_by="chaque décision du juge qui la maintient",
    extended_by="une expertise ordonnée avant ce terme (J5)",
    missed="Mainlevée acquise à l’issue du délai.",
    stake=Stake.RELEASE,
    versions=current(6, "CSP", "L. 3211-12-1", "I, 3°"),
)
def rule_again(measure: Measure, rule: Bound) -> None:
    """Expect the ruling before six months from the judge's last decision to uphold."""
    for start in _upheld(measure):
        if rule.holds(start.day):
            version = rule.on(start.day)
            late = end_of_month_after(start.day, version.n, zone=start.zone)
            late, note = _with_expert(measure, start, late)
            spell = measure.spell_at(start)
            done = measure.judged(start, "controle", "mainlevee")
            measure.due(version, start, late, done, spell.end if spell else start, note=note)


SIX_MONTHS: Final = 6


def _upheld(measure: Measure) -> list[Event]:
    """Return what keeps the hospitalisation complète going: the judge's decisions, or those undoing his on appeal."""
    kept = [
        event
        for event in measure.all("decision_juge")
        if event.value("sens") == "maintien" and _on_measure(event)
    ]
    for event in measure.all("decision_appel"):
        undone = measure.latest("decision_juge", event)
        if event.value("sens") == "maintien" and _on_measure(event) and undone and undone not in kept:
            kept.append(event)
    return sorted(kept, key=lambda event: event.at)


@obligation(
    "J5",
    act="Statuer après l’expertise ordonnée",
    actor=JUDGE,
    unit="jours",
    counting=C1,
    modes=CARE,
    triggers=("expertise_ordonnee",),
    starts="l’ordonnance qui désigne l’expert, rendue avant le terme de J2 ou J4",
    not_started_by="le dépôt du rapport",
    stopped_by="la sortie de l’hospitalisation complète",
    reset_by=NOTHING,
    extended_by=NOTHING,
    missed="Mainlevée acquise à l’issue du délai prolongé.",
    stake=Stake.RELEASE,
    versions=current(EXTENSION, "CSP", "L. 3211-12-1", "I"),
)
def rule_with_expert(measure: Measure, rule: Bound) -> None:
    """Expect the ruling at most 14 days after the order for an expert report."""
    controls = _controls(measure)
    for start in measure.all("expertise_ordonnee"):
        if rule.holds(start.day):
            version = rule.on(start.day)
            spell = measure.spell_at(start)
            late = end_of_day_after(start.day, version.n, first_day=FirstDay.COUNTED, zone=start.zone)
            if not _puts_off(measure, start, late, controls):
                measure.apart(version, start, NOT_PUT_OFF)
                continue
            done = measure.judged(start, "controle", "mainlevee")
            measure.due(version, start, late, done, spell.end if spell else measure.ended(start))


NOT_PUT_OFF: Final = (
    "Cette expertise n’allonge aucun contrôle en cours : elle est venue après son terme, ou pour une demande de "
    "mainlevée ou un appel."
)


def _controls(measure: Measure) -> list[tuple[Instant, Event, str]]:
    """Return what starts each control of the judge, in the order of time, with the rule that ends it."""
    starts = [(spell.start, "J3.decision" if rank else "J2") for rank, spell in enumerate(measure.full)]
    starts += [(event, "J4.decision") for event in _upheld(measure)]
    return sorted(((start.at, start, key) for start, key in starts), key=lambda control: control[0])


def _puts_off(
    measure: Measure, order: Event, extended: Instant, controls: list[tuple[Instant, Event, str]]
) -> bool:
    """Say whether an order came before the end of the control under way (J2, J3 or J4), and ends after it."""
    rank = bisect_right(controls, order.at, key=lambda control: control[0])
    if not rank:
        return False
    _, start, key = controls[rank - 1]
    versions = [version for version in REGISTER[key].versions if version.since.toordinal() <= start.day]
    if not versions:
        return False
    number = versions[-1].number or 0
    late = (
        end_of_month_after(start.day, number, zone=start.zone)
        if key == "J4.decision"
        else end_of_day_after(start.day, number, first_day=FirstDay.COUNTED, zone=start.zone)
    )
    done = measure.judged(start, "controle", "mainlevee")
    return order.at < late < extended and (done is None or order.at <= done.at)


@obligation(
    "J6",
    act="Joindre à la saisine l’avis d’un psychiatre (du collège, au régime renforcé)",
    actor=DIRECTEUR,
    unit="",
    counting=AT_ONCE,
    modes=CARE,
    triggers=("saisine_juge",),
    starts="la saisine du juge",
    not_started_by="la convocation à l’audience",
    stopped_by="la sortie de l’hospitalisation complète",
    reset_by="chaque saisine",
    extended_by=NOTHING,
    missed="Saisine incomplète.",
    stake=Stake.IRREGULAR,
    versions=current(None, "CSP", "L. 3211-12-1", "II ; R. 3211-24"),
)
def opinion_attached(measure: Measure, rule: Bound) -> None:
    """Expect the opinion with the referral: one given since the decision before counts."""
    kind = "avis_college" if measure.reinforced else "avis_psychiatre"
    before = -1
    for start in measure.all("saisine_juge"):
        if start.value("objet", "controle") != "controle":
            continue
        given = [event for event in measure.all(kind) if event.at > before]
        if rule.holds(start.day):
            done = given[0] if given else None
            measure.due(rule.on(start.day), start, None, done, measure.judged(start, "controle"))
        before = start.at


# Article L. 3211-12-4


@obligation(
    "A3.appel",
    act="Demander que l’appel soit suspensif",
    actor="procureur de la République",
    unit="heures",
    counting=C5,
    modes=CARE,
    triggers=("notification_ordonnance",),
    starts="la notification de l’ordonnance de mainlevée",
    not_started_by="le prononcé de l’ordonnance",
    stopped_by=NOTHING,
    reset_by=NOTHING,
    extended_by=NOTHING,
    missed="La mainlevée produit son effet.",
    stake=Stake.RIGHT,
    versions=current(6, "CSP", "L. 3211-12-4", "et R. 3211-20"),
)
def ask_suspension(measure: Measure, rule: Bound) -> None:
    """Tell until when the prosecutor may ask for suspensive effect: 6 hours after notification of a release."""
    for start in measure.all("notification_ordonnance"):
        order = measure.latest("decision_juge", start)
        if order is None or order.value("sens") == "maintien" or not _on_measure(order):
            continue
        if rule.holds(start.day):
            version = rule.on(start.day)
            done = measure.first("demande_effet_suspensif", start)
            measure.due(version, start, hours_after(start.at, version.n), done, right=True)


@obligation(
    "A3.observations",
    act="Présenter des observations sur l’effet suspensif",
    actor="parties",
    unit="heures",
    counting=C5,
    modes=CARE,
    triggers=("demande_effet_suspensif",),
    starts="la demande du procureur",
    not_started_by="la décision sur cette demande",
    stopped_by=NOTHING,
    reset_by=NOTHING,
    extended_by=NOTHING,
    missed="La demande est examinée sans observations.",
    stake=Stake.RIGHT,
    versions=current(2, "CSP", "R. 3211-20"),
)
def answer_suspension(measure: Measure, rule: Bound) -> None:
    """Tell until when the parties may answer the prosecutor: 2 hours."""
    for start in measure.all("demande_effet_suspensif"):
        if rule.holds(start.day):
            version = rule.on(start.day)
            done = measure.first("observations_effet_suspensif", start)
            measure.due(version, start, hours_after(start.at, version.n), done, right=True)


@obligation(
    "A4",
    act="Statuer sur l’appel suspensif",
    actor="premier président de la cour d’appel",
    unit="jours",
    counting=C3,
    modes=CARE,
    triggers=("effet_suspensif",),
    starts="la déclaration d’appel",
    not_started_by="la décision qui donne l’effet suspensif",
    stopped_by=END_OF_MEASURE,
    reset_by=NOTHING,
    extended_by="une expertise : 14 jours ; un dernier jour chômé ou férié est reporté",
    missed="Mainlevée acquise.",
    stake=Stake.RELEASE,
    versions=current(3, "CSP", "L. 3211-12-4"),
)
def rule_on_suspended(measure: Measure, rule: Bound) -> None:
    """Expect the ruling 3 days after the declaration of appeal, 14 with an expert report."""
    starts = [measure.latest("appel", granted) or granted for granted in measure.all("effet_suspensif")]
    for start in dict.fromkeys(starts):  # an appeal has one ruling, however often its effect was told
        if rule.holds(start.day):
            version = rule.on(start.day)
            done, note = measure.first("decision_appel", start), ""
            late, put_off = end_of_working_day_after(start.day, version.n, start.departement, zone=start.zone)
            if measure.expert_within(start, late, done):
                note = "Porté à 14 jours par l’expertise."
                late, put_off = end_of_working_day_after(
                    start.day, EXTENSION, start.departement, zone=start.zone
                )
            # A release by the first judge does not end what is suspended.
            stop = measure.earliest(start, "levee", "deces")
            note = " ".join(filter(None, (note, put_off)))
            measure.due(version, start, late, done, stop, note=note)


@obligation(
    "A5",
    act="Transmettre l’avis d’un psychiatre au greffe de la cour d’appel",
    actor=DIRECTEUR,
    unit="heures avant l’audience",
    counting=C5,
    modes=CARE,
    triggers=("audience_appel",),
    starts="l’audience, en remontant le temps",
    not_started_by="la convocation",
    stopped_by=END_OF_MEASURE,
    reset_by="chaque audience",
    extended_by=NOTHING,
    missed="Pas d’effet automatique (Cass. 1re civ., 26 octobre 2022, n° 20-22.827 : aucune atteinte montrée).",
    stake=Stake.IRREGULAR,
    versions=current(48, "CSP", "L. 3211-12-4"),
)
def opinion_before_appeal(measure: Measure, rule: Bound) -> None:
    """Expect the opinion at the registry at least 48 hours before the hearing."""
    for start in measure.all("audience_appel"):
        if rule.holds(start.day):
            version = rule.on(start.day)
            late = start.instant("pour") - version.n * HOUR + 1
            measure.due(version, start, late, measure.first("avis_audience", start), measure.ended(start))
