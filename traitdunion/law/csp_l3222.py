"""Code de la santé publique, articles L. 3222-2 and L. 3222-5-1: patients of other hospitals, isolement, contention.

Hours here are strict: neither a night nor a Sunday lengthens them (C6). In the version read, the paragraph on the
durations of contention sits after the first paragraph of II, not at the end of I: the hours are relied on, never the
order of the paragraphs. Source notes and open questions: ``docs/law/csp-l3222.md``.
"""

from collections.abc import Callable
from datetime import date
from typing import Final

from traitdunion.law.citation import Mark
from traitdunion.law.counting import DAY, HOUR, Instant, hours_after
from traitdunion.law.csp_l3212 import NOTHING
from traitdunion.law.facts import CARE, Event
from traitdunion.law.families import AT_ONCE, C5, C6, C7
from traitdunion.law.measure import Measure, Spell
from traitdunion.law.obligation import (
    DIRECTEUR,
    JUDGE,
    PSYCHIATRE,
    READ_SINCE,
    Bound,
    Stake,
    Version,
    current,
    dated,
    obligation,
)

IN_FORCE: Final = date(2022, 1, 24)
"""Loi du 22 janvier 2022, in force two days later: no rule of this article is known before."""
END_OF_ISOLATION: Final = "la fin de l’isolement ou de la contention"
WINDOW: Final = 15 * DAY
"""Stretches within fifteen days also add up (art. R. 3211-31, I)."""
ISOLATION, RESTRAINT = "isolement", "contention"


def _since_2022(number: int | None, article: str, part: str) -> tuple[Version, ...]:
    return dated({IN_FORCE: (number, Mark.UNVERIFIED), READ_SINCE: (number, Mark.READ)}, "CSP", article, part)


# Article L. 3222-2


@obligation(
    "E8",
    act="Engager l’admission d’un patient d’un autre établissement qui remplit les critères",
    actor="directeur de l’établissement où se trouve la personne",
    unit="heures",
    counting=C5,
    modes=CARE,
    triggers=("criteres_reunis",),
    starts="le constat que la personne remplit les critères",
    not_started_by="l’arrivée de la personne dans l’établissement",
    stopped_by=NOTHING,
    reset_by=NOTHING,
    extended_by=NOTHING,
    missed="Irrégularité.",
    stake=Stake.IRREGULAR,
    versions=current(48, "CSP", "L. 3222-2"),
)
def start_procedure(measure: Measure, rule: Bound) -> None:
    """Expect a procedure 48 hours after a patient of another hospital meets the criteria."""
    for start in measure.all("criteres_reunis")[:1]:
        if rule.holds(start.day):
            version = rule.on(start.day)
            measure.due(version, start, hours_after(start.at, version.n), measure.first("admission", start))


# Article L. 3222-5-1, I


def _each_decision(key: str, what: str, number: int) -> None:
    @obligation(
        key,
        act=f"Décider de maintenir ou finir {_the(what)}",
        actor=PSYCHIATRE,
        unit="heures",
        counting=C6,
        modes=CARE,
        triggers=(f"{what}_debut",),
        starts="chaque décision",
        not_started_by="une évaluation sans décision",
        stopped_by=END_OF_ISOLATION,
        reset_by="chaque décision de maintien",
        extended_by=NOTHING,
        missed="La décision ne couvre plus la mesure.",
        stake=Stake.RELEASE,
        versions=_since_2022(number, "L. 3222-5-1", "I"),
    )
    def each_decision(measure: Measure, rule: Bound) -> None:
        for spell in measure.spells(what):
            inside = _inside(measure, f"decision_{what}", spell)
            # One made at the very instant the stretch ends belongs to what follows it.
            inside = [event for event in inside if spell.end is None or event.at < spell.end.at]
            decisions = [spell.start, *inside]
            for start, following in zip(decisions, [*decisions[1:], spell.end], strict=True):
                if rule.holds(start.day):
                    version = rule.on(start.day)
                    measure.due(version, start, hours_after(start.at, version.n), following)


def _the(what: str) -> str:
    return "l’isolement" if what == ISOLATION else "la contention"


def _inside(measure: Measure, kind: str, spell: Spell) -> list[Event]:
    return [
        event
        for event in measure.all(kind)
        if spell.start.at <= event.at and (spell.end is None or event.at <= spell.end.at)
    ]


_each_decision("S1", ISOLATION, 12)
_each_decision("S3", RESTRAINT, 6)


def _total(key: str, what: str, number: int, *, row_act: str) -> None:
    @obligation(
        key,
        act=row_act,
        actor=PSYCHIATRE,
        unit="heures cumulées",
        counting=C6,
        modes=CARE,
        triggers=(f"{what}_debut",),
        starts=f"le début de {_the(what)} ; les mesures séparées de moins de 48 heures s’additionnent (S12)",
        not_started_by="chaque nouvelle décision",
        stopped_by=END_OF_ISOLATION,
        reset_by="48 heures sans mesure",
        extended_by="un renouvellement exceptionnel, dont le juge est informé (S5)",
        missed="Sans renouvellement exceptionnel, la mesure doit finir.",
        stake=Stake.RELEASE,
        versions=_since_2022(number, "L. 3222-5-1", "I"),
    )
    def total(measure: Measure, rule: Bound) -> None:
        ends = {chain[0].start: chain[-1].end for chain in measure.chains(what)}

        def settled(start: Event, late: Instant) -> Event | None:
            told = measure.since("information_juge", start, late - LEAD)
            found = [event for event in (ends[start], told) if event]
            return min(found, key=lambda event: event.at) if found else None

        _at_threshold(measure, rule, what, settled)


def _at_threshold(
    measure: Measure,
    rule: Bound,
    what: str,
    done: Callable[[Event, Instant], Event | None],
    *,
    right: bool = False,
) -> None:
    """Expect an act before stretches that add up reach the number of the rule, in hours."""
    for chain in measure.chains(what):
        start = chain[0].start
        if not rule.holds(start.day):
            continue
        version = rule.on(start.day)
        late = _reached(chain, version.n)
        act = done(start, late)
        if act is not None and chain[-1].end is not None and act.at > chain[-1].end.at:
            act = None  # it belongs to what came after
        note = (
            f"{len(chain)} mesures s’additionnent : moins de 48 heures les séparent."
            if len(chain) > 1
            else ""
        )
        measure.due(version, start, late, act, chain[-1].end, right=right, note=note)


def _reached(chain: list[Spell], hours: int) -> Instant:
    """Return when stretches that add up reach that many hours, the last one going on."""
    left = hours * HOUR
    for spell in chain[:-1]:
        lasted = spell.end.at - spell.start.at if spell.end is not None else 0
        if lasted >= left:
            return spell.start.at + left
        left -= lasted
    return chain[-1].start.at + left


_total(
    "S2", ISOLATION, 48, row_act="Finir l’isolement, ou le renouveler à titre exceptionnel, avant 48 heures"
)
_total(
    "S4", RESTRAINT, 24, row_act="Finir la contention, ou la renouveler à titre exceptionnel, avant 24 heures"
)


def _evaluations(key: str, what: str, number: int) -> None:
    @obligation(
        key,
        act=f"Deux évaluations par {number} heures de {what}",
        actor="médecin",
        unit="heures",
        counting=C6,
        modes=CARE,
        triggers=(f"{what}_debut",),
        starts="le début de la mesure, puis chaque tranche",
        not_started_by="la décision de maintien",
        stopped_by=END_OF_ISOLATION,
        reset_by="chaque tranche",
        extended_by=NOTHING,
        missed="Irrégularité : la surveillance n’est pas établie.",
        stake=Stake.IRREGULAR,
        versions=_since_2022(number, "L. 3222-5-1", "I"),
    )
    def evaluations(measure: Measure, rule: Bound) -> None:
        for spell in measure.spells(what):
            if not rule.holds(spell.start.day):
                continue
            version = rule.on(spell.start.day)
            seen = _inside(measure, f"evaluation_{what}", spell)
            opens = spell.start.at
            while True:
                late = opens + version.n * HOUR
                within = [event for event in seen if opens <= event.at < late]
                done = within[1] if len(within) > 1 else None
                note = f"{len(within)} évaluation(s) sur 2 dans cette tranche."
                measure.due(version, spell.start, late, done, spell.end, opens=opens, note=note)
                # The slices after one that is short are not told: the first says that watching is not shown.
                if done is None or late > measure.at or (spell.end is not None and spell.end.at <= late):
                    break
                opens = late


_evaluations("S2.evaluations", ISOLATION, 24)
_evaluations("S4.evaluations", RESTRAINT, 12)


# Article L. 3222-5-1, II


def _inform_judge(key: str, what: str, number: int, part: str) -> None:
    @obligation(
        key,
        act=f"Informer le juge du maintien de {_the(what)} à {number} heures cumulées",
        actor=DIRECTEUR,
        unit="heures cumulées",
        counting=C6,
        modes=CARE,
        triggers=(f"{what}_debut",),
        starts=f"le début de {_the(what)}, les mesures qui s’additionnent comptant ensemble (S12)",
        not_started_by="la saisine du juge",
        stopped_by=END_OF_ISOLATION,
        reset_by="48 heures sans mesure",
        extended_by=NOTHING,
        missed="Irrégularité : information sans délai, datée.",
        stake=Stake.IRREGULAR,
        versions=_since_2022(number, "L. 3222-5-1", part),
    )
    def inform_judge(measure: Measure, rule: Bound) -> None:
        _at_threshold(
            measure, rule, what, lambda start, late: measure.since("information_juge", start, late - LEAD)
        )


FIRST: Final = {ISOLATION: 48, RESTRAINT: 24}
LEAD: Final = 12 * HOUR
"""Information given within one decision before the threshold counts for it."""

_inform_judge("S5.isolement", ISOLATION, 48, "II ; R. 3211-31, I")
_inform_judge("S5.contention", RESTRAINT, 24, "II ; R. 3211-31, I")
_inform_judge("S13", RESTRAINT, 96, "II ; R. 3211-31, III, 1°")
_inform_judge("S14", ISOLATION, 144, "II ; R. 3211-31, III, 2°")


def _inform_relative(key: str, what: str) -> None:
    @obligation(
        key,
        act=f"Informer un proche du maintien exceptionnel de {_the(what)}, si la personne ne s’y oppose pas",
        actor="médecin",
        unit="heures cumulées",
        counting=C6,
        modes=CARE,
        triggers=(f"{what}_debut",),
        starts="le même instant que l’information du juge (S5)",
        not_started_by="l’information donnée à l’admission",
        stopped_by=END_OF_ISOLATION,
        reset_by="48 heures sans mesure",
        extended_by="la volonté de la personne et le secret",
        missed="Irrégularité.",
        stake=Stake.IRREGULAR,
        versions=_since_2022(FIRST[what], "L. 3222-5-1", "II ; R. 3211-31-1"),
    )
    def inform_relative(measure: Measure, rule: Bound) -> None:
        _at_threshold(
            measure, rule, what, lambda start, late: measure.since("information_proches", start, late - LEAD)
        )


_inform_relative("S6.isolement", ISOLATION)
_inform_relative("S6.contention", RESTRAINT)


def _refer(key: str, what: str, number: int) -> None:
    @obligation(
        key,
        act=f"Saisir le juge avant {number} heures cumulées de {what}",
        actor=DIRECTEUR,
        unit="heures cumulées",
        counting=C6,
        modes=CARE,
        triggers=(f"{what}_debut",),
        starts=f"le début de {_the(what)}, les mesures qui s’additionnent comptant ensemble (S12)",
        not_started_by="l’information du juge (S5)",
        stopped_by=END_OF_ISOLATION,
        reset_by="48 heures sans mesure ; une décision du juge ouvre les périodes de sept jours (S11)",
        extended_by="rien, même la nuit",
        missed="La mesure est levée.",
        stake=Stake.RELEASE,
        versions=_since_2022(number, "L. 3222-5-1", "II ; R. 3211-39, II"),
    )
    def refer(measure: Measure, rule: Bound) -> None:
        _at_threshold(measure, rule, what, lambda start, _late: measure.referred(start, what))


_refer("S7", ISOLATION, 72)
_refer("S8", RESTRAINT, 48)
RULING: Final = 24
"""Hours of the judge after the end of S7 or S8."""


def _rule(key: str, what: str, number: int) -> None:
    @obligation(
        key,
        act=f"Statuer sur {_the(what)}, 24 heures après le terme de la saisine",
        actor=JUDGE,
        unit="heures cumulées",
        counting=C6,
        modes=CARE,
        triggers=(f"{what}_debut",),
        starts=f"le terme de la saisine : {number - RULING} heures cumulées",
        not_started_by="la saisine elle-même",
        stopped_by=END_OF_ISOLATION,
        reset_by="48 heures sans mesure",
        extended_by=NOTHING,
        missed="La mesure est levée.",
        stake=Stake.RELEASE,
        versions=_since_2022(number, "L. 3222-5-1", "II ; R. 3211-39, II"),
    )
    def rule_on(measure: Measure, rule: Bound) -> None:
        _at_threshold(measure, rule, what, lambda start, _late: measure.judged(start, what))


_rule("S9.isolement", ISOLATION, 96)
_rule("S9.contention", RESTRAINT, 72)


@obligation(
    "S10",
    act="Ne pas reprendre isolement ni contention après la mainlevée, sauf faits nouveaux",
    actor=PSYCHIATRE,
    unit="heures",
    counting=C6,
    modes=CARE,
    triggers=("decision_juge",),
    starts="la mainlevée ordonnée par le juge",
    not_started_by="la notification",
    stopped_by="la fin de la mesure de soins",
    reset_by=NOTHING,
    extended_by="rien ; des faits nouveaux permettent une mesure, dont le juge est informé sans délai",
    missed="Une mesure prise avant ce terme veut des faits nouveaux et l’information du juge.",
    stake=Stake.IRREGULAR,
    versions=_since_2022(48, "L. 3222-5-1", "II"),
)
def no_new_measure(measure: Measure, rule: Bound) -> None:
    """Tell until when no new isolement or contention may start: 48 hours after a release."""
    for start in measure.all("decision_juge"):
        if (
            start.value("objet") not in FIRST
            or start.value("sens") == "maintien"
            or not rule.holds(start.day)
        ):
            continue
        version = rule.on(start.day)
        late = hours_after(start.at, version.n)
        again = measure.earliest(start, "isolement_debut", "contention_debut")
        if again is not None and again.at < late:
            note = f"Une mesure a commencé le {again.words}, avant ce terme : faits nouveaux à établir."
            told = measure.first("information_juge", again)
            measure.due(version, start, again.at if told is None else late, told, note=note)
        else:
            measure.due(version, start, late, None, measure.ended(start), right=True)


def _seven_days(key: str, number: int, act: str, actor: str) -> None:
    @obligation(
        key,
        act=act,
        actor=actor,
        unit="heures",
        counting=C7,
        modes=CARE,
        triggers=("decision_juge",),
        starts="la décision de maintien précédente du juge, à partir de la deuxième",
        not_started_by="la saisine, le renouvellement par le psychiatre",
        stopped_by=END_OF_ISOLATION,
        reset_by="chaque décision de maintien",
        extended_by="rien : 168 heures exactement",
        missed="La mesure est levée.",
        stake=Stake.RELEASE,
        versions=_since_2022(number, "L. 3222-5-1", "II ; Cass., avis du 6 mars 2024, n° 23-70.017"),
    )
    def seven_days(measure: Measure, rule: Bound) -> None:
        for spell in measure.spells(ISOLATION):
            kept = [
                event
                for event in _inside(measure, "decision_juge", spell)
                if event.value("objet") == ISOLATION and event.value("sens") == "maintien"
            ]
            for start in kept[1:]:
                if rule.holds(start.day):
                    version = rule.on(start.day)
                    done = (measure.referred if number < SEVEN_DAYS else measure.judged)(start, ISOLATION)
                    measure.due(version, start, hours_after(start.at, version.n), done, spell.end)


SEVEN_DAYS: Final = 168
"""Hours between two decisions of the judge on an isolement that lasts."""

_seven_days(
    "S11.saisine",
    SEVEN_DAYS - 24,
    "Saisir le juge 24 heures avant la fin des sept jours d’isolement",
    DIRECTEUR,
)
_seven_days("S11.decision", SEVEN_DAYS, "Statuer avant la fin des sept jours d’isolement", JUDGE)


@obligation(
    "S11.proche",
    act="Informer un proche de la poursuite de l’isolement au-delà de sept jours",
    actor="médecin",
    unit="",
    counting=AT_ONCE,
    modes=CARE,
    triggers=("decision_juge",),
    starts="chaque décision de maintien du juge, à partir de la deuxième",
    not_started_by="l’information donnée à 48 heures",
    stopped_by=END_OF_ISOLATION,
    reset_by="chaque décision de maintien",
    extended_by="la volonté de la personne et le secret",
    missed="Irrégularité.",
    stake=Stake.IRREGULAR,
    versions=_since_2022(None, "L. 3222-5-1", "II"),
)
def inform_again(measure: Measure, rule: Bound) -> None:
    """Expect a relative to be told each time."""
    for spell in measure.spells(ISOLATION):
        kept = [
            event
            for event in _inside(measure, "decision_juge", spell)
            if event.value("objet") == ISOLATION and event.value("sens") == "maintien"
        ]
        for start in kept[1:]:
            if rule.holds(start.day):
                measure.due(
                    rule.on(start.day), start, None, measure.first("information_proches", start), spell.end
                )


def _fifteen_days(key: str, what: str, number: int) -> None:
    @obligation(
        key,
        act=f"Informer le juge : {number} heures de {what} atteintes en quinze jours par plusieurs mesures",
        actor=DIRECTEUR,
        unit="heures cumulées",
        counting=C6,
        modes=CARE,
        triggers=(f"{what}_debut",),
        starts="la première des mesures qui s’additionnent sur quinze jours",
        not_started_by="une mesure unique, que S5 couvre déjà",
        stopped_by=END_OF_ISOLATION,
        reset_by="quinze jours",
        extended_by=NOTHING,
        missed="Irrégularité : information sans délai, datée.",
        stake=Stake.IRREGULAR,
        versions=_since_2022(number, "L. 3222-5-1", "II ; R. 3211-31, I"),
    )
    def fifteen_days(measure: Measure, rule: Bound) -> None:
        chains = measure.chains(what)
        spells = [spell for chain in chains for spell in chain]
        for chain in chains[1:]:
            for rank, spell in enumerate(chain):
                if not rule.holds(spell.start.day):
                    continue
                version = rule.on(spell.start.day)
                late = _reached_within(spells[: spells.index(spell) + 1], version.n)
                if late >= _reached(chain[: rank + 1], version.n):
                    continue  # these stretches reach it by themselves: S5 tells it
                done = measure.first("information_juge", spell.start)
                if done is not None and spell.end is not None and done.at > spell.end.at:
                    done = None
                measure.due(version, spell.start, late, done, spell.end)


def _reached_within(spells: list[Spell], hours: int) -> Instant:
    """Return the first instant at which the fifteen days before it hold that many hours, the last stretch going on."""
    *before, current_one = spells
    wanted, at = hours * HOUR, current_one.start.at
    held = [(spell.start.at, spell.end.at) for spell in before if spell.end is not None]
    while True:
        held = [(start, end) for start, end in held if end > at - WINDOW]
        leaving = at - WINDOW
        total = at - current_one.start.at + sum(end - max(start, leaving) for start, end in held)
        if total >= wanted:
            return at
        # Time is gained until the oldest stretch starts to leave the window; while it leaves, nothing is gained.
        oldest = min(held, default=None)
        if oldest is None or oldest[0] + WINDOW >= at + wanted - total:
            return at + wanted - total
        at = oldest[0] + WINDOW if oldest[0] > leaving else oldest[1] + WINDOW


_fifteen_days("S12.isolement", ISOLATION, 48)
_fifteen_days("S12.contention", RESTRAINT, 24)


# Article L. 3222-5-1, III


def _registered(key: str, what: str) -> None:
    @obligation(
        key,
        act=f"Inscrire {_the(what)} au registre numérique",
        actor="établissement",
        unit="",
        counting=AT_ONCE,
        modes=CARE,
        triggers=(f"{what}_debut",),
        starts=f"le début de {_the(what)}",
        not_started_by="la fin de la mesure",
        stopped_by=NOTHING,
        reset_by="chaque mesure",
        extended_by=NOTHING,
        missed="Registre non tenu.",
        stake=Stake.DUTY,
        versions=_since_2022(None, "L. 3222-5-1", "III"),
    )
    def registered(measure: Measure, rule: Bound) -> None:
        for start in measure.all(f"{what}_debut"):
            if rule.holds(start.day):
                measure.due(rule.on(start.day), start, None, measure.first("inscription_isolement", start))


_registered("S19.isolement", ISOLATION)
_registered("S19.contention", RESTRAINT)
