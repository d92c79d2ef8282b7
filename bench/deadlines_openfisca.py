"""Three rules of the law written in OpenFisca-Core, to be compared with ours. Runs without the product.

    python bench/deadlines_openfisca.py FACTS.jsonl DATES.jsonl WAY BATCH

Reads one measure a line, writes one line ``[first certificate, ruling, next ruling]`` for each, instants or null, and
prints as JSON what each step took. A measure is a group entity, its events are the members; the rules are formulas on
the group, their numbers are dated parameters. ``WAY`` says how facts enter the simulation:

- ``situations``: dictionaries given to ``SimulationBuilder.build_from_entities``, as OpenFisca's web API does;
- ``events``: arrays of events, declared to ``SimulationBuilder`` and joined to their measures; formulas do the rest;
- ``chosen``: arrays of measures, the events that count having been chosen beforehand in plain Python: only the delays
  are left to OpenFisca. It is no longer the rule written in OpenFisca, but nothing serves its speed better.

What is not asked of it: refusing facts that do not fit, telling states, acts done or reasons; nor a release undone on
appeal or a transfer to another time zone, which the measures compared do not hold.
"""

# ruff: noqa: ARG002, N805  # OpenFisca reads the signature of a formula

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import batched
from typing import Final
from zoneinfo import ZoneInfo

BEGIN: Final = time.perf_counter()

import numpy as np  # noqa: E402  # the start is timed from above
import orjson  # noqa: E402  # the start is timed from above
from openfisca_core.entities import build_entity  # noqa: E402  # the start is timed from above
from openfisca_core.indexed_enums import Enum  # noqa: E402  # the start is timed from above
from openfisca_core.parameters import ParameterNode  # noqa: E402  # the start is timed from above
from openfisca_core.periods import DateUnit  # noqa: E402  # the start is timed from above
from openfisca_core.simulations import Simulation, SimulationBuilder  # noqa: E402  # the start is timed from above
from openfisca_core.taxbenefitsystems import TaxBenefitSystem  # noqa: E402  # the start is timed from above
from openfisca_core.variables import Variable  # noqa: E402  # the start is timed from above

ALWAYS: Final = "ETERNITY"
"""Period of a fact: OpenFisca computes no formula for it."""
YEAR: Final = "2026"
"""Period of what is computed: any would do, the rules look at the day of each measure."""
NEVER: Final = 2**31 - 1
DAY_MINUTES: Final = 1440
OVERSEAS: Final = {
    "971": "America/Guadeloupe", "972": "America/Martinique", "973": "America/Cayenne", "974": "Indian/Reunion",
    "976": "Indian/Mayotte",
}  # fmt: skip

Evenement = build_entity(key="evenement", plural="evenements", label="Événement", is_person=True)
Dossier = build_entity(
    key="dossier",
    plural="dossiers",
    label="Dossier",
    roles=[{"key": "membre", "plural": "membres", "label": "Événements du dossier"}],
)


class Nature(Enum):
    """Types of event that the three rules read."""

    autre = "autre"
    admission = "admission"
    premiers_soins = "premiers soins"
    mesure_provisoire = "mesure provisoire"
    maintien = "décision du juge qui maintient"
    expertise_ordonnee = "expertise ordonnée"


NUMBERS: Final = {
    "certificat": {"description": "heures", "values": {"2011-08-01": 24}},
    "decision": {"description": "jours", "values": {"2011-08-01": 15, "2014-09-01": 12}},
    "nouvelle_decision": {"description": "mois", "values": {"2011-08-01": 6}},
    "expertise": {"description": "jours", "values": {"2011-08-01": 14}},
}
REDUCED: Final = np.datetime64("2014-09-01")
"""First day on which the judge has 12 days and no longer 15."""


class nature(Variable):  # noqa: N801  # a variable is named after its class
    entity = Evenement
    definition_period = DateUnit.ETERNITY
    value_type = Enum
    possible_values = Nature
    default_value = Nature.autre
    label = "Type de l’événement"


class minute(Variable):  # noqa: N801
    entity = Evenement
    definition_period = DateUnit.ETERNITY
    value_type = int
    label = "Minutes écoulées depuis 1970, temps universel"


class jour(Variable):  # noqa: N801
    entity = Evenement
    definition_period = DateUnit.ETERNITY
    value_type = int
    label = "Jours écoulés depuis 1970, à l’heure du lieu"


class visee(Variable):  # noqa: N801
    entity = Dossier
    definition_period = DateUnit.ETERNITY
    value_type = bool
    label = "La mesure est de celles que vise l’article L. 3211-2-2"


class debut(Variable):  # noqa: N801
    entity = Dossier
    definition_period = DateUnit.YEAR
    value_type = int
    label = "Minute dont part l’observation"

    def formula(dossier, period, parameters):
        admitted = _earliest(dossier, period, "minute", Nature.admission)
        care = _earliest(dossier, period, "minute", Nature.premiers_soins)
        provisional = _earliest(dossier, period, "minute", Nature.mesure_provisoire)
        return np.select([care <= admitted, provisional <= admitted], [care, provisional], admitted)


class jour_admission(Variable):  # noqa: N801
    entity = Dossier
    definition_period = DateUnit.YEAR
    value_type = int
    label = "Jour de l’admission"

    def formula(dossier, period, parameters):
        return _earliest(dossier, period, "jour", Nature.admission)


class jour_maintien(Variable):  # noqa: N801
    entity = Dossier
    definition_period = DateUnit.YEAR
    value_type = int
    label = "Jour de la dernière décision du juge qui maintient, -1 quand il n’y en a pas"

    def formula(dossier, period, parameters):
        upheld = dossier.members("nature", period) == Nature.maintien
        return dossier.max(np.where(upheld, dossier.members("jour", period), -1))


class jour_expertise(Variable):  # noqa: N801
    entity = Dossier
    definition_period = DateUnit.YEAR
    value_type = int
    label = "Jour de la première expertise qui prolonge le premier délai du juge"

    def formula(dossier, period, parameters):
        start = dossier("jour_admission", period)
        return _report(dossier, period, parameters, start, dossier("terme_decision", period))


class jour_nouvelle_expertise(Variable):  # noqa: N801
    entity = Dossier
    definition_period = DateUnit.YEAR
    value_type = int
    label = "Jour de la première expertise qui prolonge le délai de la nouvelle décision"

    def formula(dossier, period, parameters):
        start = dossier("jour_maintien", period)
        return _report(dossier, period, parameters, start, dossier("terme_nouvelle_decision", period))


class trop_tard_certificat(Variable):  # noqa: N801
    entity = Dossier
    definition_period = DateUnit.YEAR
    value_type = int
    label = "Première minute trop tardive pour le premier certificat, -1 quand il n’est pas attendu"
    reference = "CSP, art. L. 3211-2-2"

    def formula(dossier, period, parameters):
        hours = parameters("2026-01-01").certificat
        return np.where(dossier("visee", period), dossier("debut", period) + hours * 60, -1)


class terme_decision(Variable):  # noqa: N801
    entity = Dossier
    definition_period = DateUnit.YEAR
    value_type = int
    label = "Premier jour trop tardif pour la décision du juge, avant expertise"
    reference = "CSP, art. L. 3211-12-1, I, 1°"

    def formula(dossier, period, parameters):
        start = dossier("jour_admission", period)
        new = start >= REDUCED.astype("datetime64[D]").astype(int)
        return start + np.where(new, parameters("2026-01-01").decision, parameters("2014-01-01").decision)


class trop_tard_decision(Variable):  # noqa: N801
    entity = Dossier
    definition_period = DateUnit.YEAR
    value_type = int
    label = "Premier jour trop tardif pour la décision du juge"

    def formula(dossier, period, parameters):
        report = dossier("jour_expertise", period)
        put_off = report + parameters("2026-01-01").expertise
        return np.where(report == NEVER, dossier("terme_decision", period), put_off)


class terme_nouvelle_decision(Variable):  # noqa: N801
    entity = Dossier
    definition_period = DateUnit.YEAR
    value_type = int
    label = (
        "Premier jour trop tardif pour la nouvelle décision, avant expertise ; -1 quand rien n’est attendu"
    )
    reference = "CSP, art. L. 3211-12-1, I, 3°"

    def formula(dossier, period, parameters):
        start = dossier("jour_maintien", period)
        day = start.astype("datetime64[D]")
        month = day.astype("datetime64[M]")
        last = month + np.timedelta64(parameters("2026-01-01").nouvelle_decision, "M")
        same = last.astype("datetime64[D]") + (day - month.astype("datetime64[D]"))
        end = (last + np.timedelta64(1, "M")).astype("datetime64[D]") - np.timedelta64(1, "D")
        return np.where(start < 0, -1, np.minimum(same, end).astype(int) + 1)


class trop_tard_nouvelle_decision(Variable):  # noqa: N801
    entity = Dossier
    definition_period = DateUnit.YEAR
    value_type = int
    label = "Premier jour trop tardif pour la nouvelle décision"

    def formula(dossier, period, parameters):
        report = dossier("jour_nouvelle_expertise", period)
        put_off = report + parameters("2026-01-01").expertise
        return np.where(report == NEVER, dossier("terme_nouvelle_decision", period), put_off)


def _earliest(dossier, period, name: str, kind: Nature):
    found = dossier.members("nature", period) == kind
    return dossier.min(np.where(found, dossier.members(name, period), NEVER))


def _report(dossier, period, parameters, start, limit):
    """Return the day of the first expert report ordered from a day on and before a limit that it puts off."""
    day = dossier.members("jour", period)
    end = dossier.project(limit)
    counts = (dossier.members("nature", period) == Nature.expertise_ordonnee) & (
        day >= dossier.project(start)
    )
    puts_off = counts & (day < end) & (day + parameters("2026-01-01").expertise > end)
    return dossier.min(np.where(puts_off, day, NEVER))


def system() -> TaxBenefitSystem:
    found = TaxBenefitSystem([Evenement, Dossier])
    found.parameters = ParameterNode("", data=NUMBERS)
    for variable in (
        nature, minute, jour, visee, debut, jour_admission, jour_maintien, jour_expertise, jour_nouvelle_expertise,
        trop_tard_certificat, terme_decision, trop_tard_decision, terme_nouvelle_decision,
        trop_tard_nouvelle_decision,
    ):  # fmt: skip
        found.add_variable(variable)
    return found


# Facts.

READ: Final = {name: rank for rank, name in enumerate(Nature.names)}
UPHELD_ON: Final = {None, "controle", "mainlevee"}
EPOCH_DAY: Final = datetime(1970, 1, 1, tzinfo=UTC).toordinal()
_DAYS: Final[dict[str, int]] = {}


def kind(event: dict[str, str]) -> str:
    """Return which of the types that the rules read an event has."""
    name = event["type"]
    if name == "decision_juge":
        return "maintien" if event["sens"] == "maintien" and event.get("objet") in UPHELD_ON else "autre"
    return name if name in READ else "autre"


def minute_of(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) // 60


def day_of(text: str) -> int:
    """Return the local day of an instant told on the local clock."""
    found = _DAYS.get(text[:10])
    if found is None:
        found = _DAYS[text[:10]] = datetime.fromisoformat(text[:10]).toordinal() - EPOCH_DAY
    return found


def meant(told: dict) -> bool:
    return told["mode"] not in {"JUD", "DET"}


def from_situations(rules: TaxBenefitSystem, measures: list[dict]) -> Simulation:
    events, dossiers = {}, {}
    for rank, told in enumerate(measures):
        members = []
        for place, event in enumerate(told["events"]):
            members.append(name := f"{rank}-{place}")
            events[name] = {
                "nature": {ALWAYS: kind(event)},
                "minute": {ALWAYS: minute_of(event["at"])},
                "jour": {ALWAYS: day_of(event["at"])},
            }
        dossiers[str(rank)] = {"membres": members, "visee": {ALWAYS: meant(told)}}
    return SimulationBuilder().build_from_entities(rules, {"evenements": events, "dossiers": dossiers})


def from_events(rules: TaxBenefitSystem, measures: list[dict]) -> Simulation:
    kinds, minutes, days, belongs = [], [], [], []
    for rank, told in enumerate(measures):
        for event in told["events"]:
            kinds.append(READ[kind(event)])
            minutes.append(minute_of(event["at"]))
            days.append(day_of(event["at"]))
            belongs.append(rank)
    builder = SimulationBuilder()
    builder.create_entities(rules)
    builder.declare_person_entity("evenement", range(len(kinds)))
    group = builder.declare_entity("dossier", range(len(measures)))
    builder.join_with_persons(group, np.array(belongs), np.zeros(len(kinds), dtype=int))
    simulation = builder.build(rules)
    simulation.set_input("nature", ALWAYS, np.array(kinds, dtype=np.uint8))
    simulation.set_input("minute", ALWAYS, np.array(minutes, dtype=np.int32))
    simulation.set_input("jour", ALWAYS, np.array(days, dtype=np.int32))
    simulation.set_input("visee", ALWAYS, np.array([meant(told) for told in measures]))
    return simulation


def from_chosen(rules: TaxBenefitSystem, measures: list[dict]) -> Simulation:
    """Give the variables that choose events as facts; the expert report is left for the only ones that have one."""
    starts, admitted, upheld, reports = [], [], [], []
    for told in measures:
        begin = care = provisional = ""
        last = -1
        experts = []
        for event in told["events"]:
            match event["type"]:
                case "admission":
                    begin = event["at"]
                case "premiers_soins":
                    care = care or event["at"]
                case "mesure_provisoire":
                    provisional = provisional or event["at"]
                case "decision_juge" if kind(event) == "maintien":
                    last = day_of(event["at"])
                case "expertise_ordonnee":
                    experts.append(day_of(event["at"]))
        first = minute_of(begin)
        for order in (provisional, care):
            if order and (at := minute_of(order)) <= minute_of(begin):
                first = at
        starts.append(first)
        admitted.append(day_of(begin))
        upheld.append(last)
        reports.append(experts)
    simulation = SimulationBuilder().build_default_simulation(rules, len(measures))
    for name, values in (("debut", starts), ("jour_admission", admitted), ("jour_maintien", upheld)):
        simulation.set_input(name, YEAR, np.array(values, dtype=np.int32))
    simulation.set_input("visee", ALWAYS, np.array([meant(told) for told in measures]))
    for name, froms, limit in (
        ("jour_expertise", admitted, "terme_decision"),
        ("jour_nouvelle_expertise", upheld, "terme_nouvelle_decision"),
    ):
        limits = simulation.calculate(limit, YEAR)
        found = np.full(len(measures), NEVER, dtype=np.int32)
        for rank, experts in enumerate(reports):
            if experts:
                end = limits[rank]
                kept = [day for day in experts if froms[rank] <= day < end < day + 14]
                found[rank] = min(kept, default=NEVER)
        simulation.set_input(name, YEAR, found)
    return simulation


WAYS: Final[dict[str, Callable[[TaxBenefitSystem, list[dict]], Simulation]]] = {
    "situations": from_situations,
    "events": from_events,
    "chosen": from_chosen,
}


# Dates.

_ZONES: Final = {code: ZoneInfo(name) for code, name in OVERSEAS.items()}
_PARIS: Final = ZoneInfo("Europe/Paris")
_MIDNIGHTS: Final[dict[tuple[int, str | None], str]] = {}


def midnight(day: int, place: str) -> str | None:
    if day < 0:
        return None
    where = day, place if place in _ZONES else None
    found = _MIDNIGHTS.get(where)
    if found is None:
        local = datetime.fromordinal(day + EPOCH_DAY).replace(tzinfo=_ZONES.get(place, _PARIS))
        found = _MIDNIGHTS[where] = local.isoformat()
    return found


def instant(minutes: int, place: str) -> str | None:
    if minutes < 0:
        return None
    return datetime.fromtimestamp(minutes * 60, _ZONES.get(place, _PARIS)).isoformat()


def answers(simulation: Simulation, measures: list[dict]) -> Iterator[bytes]:
    columns = [
        simulation.calculate(name, YEAR).tolist()
        for name in ("trop_tard_certificat", "trop_tard_decision", "trop_tard_nouvelle_decision")
    ]
    for told, first, ruling, again in zip(measures, *columns, strict=True):
        place = told["departement"]
        dates = [instant(first, place), midnight(ruling, place), midnight(again, place)]
        yield orjson.dumps(dates, option=orjson.OPT_APPEND_NEWLINE)


def main(source: str, target: str, way: str, batch: int) -> None:
    loaded = time.perf_counter()
    rules, count = system(), 0
    with open(source, "rb") as facts, open(target, "wb") as out:  # noqa: PTH123
        for share in batched(facts, batch):
            measures = [orjson.loads(line) for line in share]
            out.writelines(answers(WAYS[way](rules, measures), measures))
            count += len(measures)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {
                "dossiers": count,
                "start": loaded - BEGIN,
                "work": time.perf_counter() - loaded,
                "processor": used.ru_utime + used.ru_stime,
                "memory": used.ru_maxrss // 1024,
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
