"""Every act the law expects in a measure: the door that the site, the command and the documents all come through."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

import orjson

# Each file enters its obligations when it is imported, in the order of the code.
from traitdunion.law import (  # noqa: F401
    csp_l1111,
    csp_l3211,
    csp_l3212,
    csp_l3213,
    csp_l3222,
    csp_l3223,
    csp_r3211,
)
from traitdunion.law.counting import Instant, instant
from traitdunion.law.deadline import Deadline
from traitdunion.law.facts import Facts, FactsError, read_facts
from traitdunion.law.measure import Measure
from traitdunion.law.obligation import REGISTER, Law

LAW: Final = Law(REGISTER)
"""The law as it stands."""
MOST_BYTES: Final = 5_000_000


def compute(facts: Facts, *, at: datetime, law: Law = LAW) -> tuple[Deadline, ...]:
    """Return every act that the law expects, as known at an instant, soonest first.

    Raises:
        ValueError: ``at`` has no time zone.
    """
    return tuple(found(facts, instant(at), law))


def found(facts: Facts, at: Instant, law: Law) -> list[Deadline]:
    """Return the deadlines of a measure at an instant, soonest first."""
    measure = Measure(facts, at)
    for rule in law.started_by(facts.mode, measure.by.keys()):
        rule.rule.apply(measure, rule)
    measure.out.sort(key=_soonest)
    return measure.out


def _soonest(one: Deadline) -> tuple[Instant, Instant, str]:
    start = one.start.at
    return start if one.late is None else one.late, start, one.applied.rule.key


def decode(content: bytes) -> Facts:
    """Read facts from the bytes of a JSON document.

    Raises:
        FactsError: they are not facts.
    """
    if len(content) > MOST_BYTES:
        raise FactsError(f"Les faits d’une mesure tiennent en {MOST_BYTES // 1_000_000} Mo.")
    try:
        told = orjson.loads(content)
    except orjson.JSONDecodeError as fault:
        raise FactsError(
            f"Les faits ne sont pas du JSON valable, ligne {fault.lineno}, colonne {fault.colno}."
        ) from None
    return read_facts(told)


def answer(facts: Facts, at: Instant, *, law: Law = LAW, brief: bool = False) -> bytes:
    """Return the deadlines of a measure as one line of JSON; ``brief`` leaves out what the rule alone says."""
    out = [b'{"deadlines":[']
    for deadline in found(facts, at, law):
        (deadline.brief if brief else deadline.write)(out)
    if len(out) > 1:
        out[-1] = out[-1][:-1]  # the last comma
    out.append(b"]}")
    return b"".join(out)


def stream(lines: Iterable[bytes], at: Instant, *, law: Law = LAW, brief: bool = False) -> Iterator[bytes]:
    """Yield one line of deadlines for each line of facts; a line that cannot be read yields its refusal."""
    for line in lines:
        try:
            yield answer(decode(line), at, law=law, brief=brief)
        except FactsError as refusal:
            yield json.dumps({"error": str(refusal)}, ensure_ascii=False).encode()
