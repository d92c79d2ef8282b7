"""The case sheets: what a jurist reads and signs, checked one by one.

A sheet gives facts on the local clock of the département, and what is expected of one or more rules::

    texte = "CSP, art. L. 3211-12-1, I, 1°"
    relu_par = ""          # the jurist signs here
    relu_le = ""

    [[cas]]
    nom = "Saisine : le jour de l'admission compte"
    mode = "SPDRE"
    departement = "67"
    vu_le = 2026-04-26T00:00:00+02:00
    faits = [ { type = "admission", at = "2026-04-24T16:40:00+02:00" } ]
    [[cas.attendu]]
    regle = "J1"                                   # key or row
    trop_tard = "2026-05-02T00:00:00+02:00"        # "" when the text gives no figure
    etat = "pending"

An expectation may also give ``prudent``, ``au_plus_tot``, ``acteur``, ``opposable`` (true or false), ``depart``
(instant of the starting event, to choose among several), ``absent = true`` (no such deadline).
"""

import tomllib
from datetime import datetime
from pathlib import Path

import pytest

from traitdunion.law.counting import read
from traitdunion.law.deadlines import LAW, compute
from traitdunion.law.facts import read_facts

FOLDER = Path(__file__).parent / "cases"
SHEETS = {
    path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.toml"))
}
CASES = [
    pytest.param(case, id=f"{name}: {case['nom']}") for name, sheet in SHEETS.items() for case in sheet["cas"]
]
TOLD = {
    "trop_tard": "late_from",
    "prudent": "target_at",
    "au_plus_tot": "opens_at",
    "acteur": "actor",
    "etat": "state",
}
KNOWN = {*TOLD, "regle", "opposable", "depart", "absent"}


@pytest.mark.parametrize("case", CASES)
def test_a_case_is_what_its_sheet_says(case):
    facts = read_facts(
        {
            "mode": case["mode"],
            "departement": case["departement"],
            "renforce": case.get("renforce", False),
            "events": case["faits"],
        }
    )
    found = compute(facts, at=case["vu_le"])
    for expected in case["attendu"]:
        assert expected.keys() <= KNOWN, "a sheet may only ask what is checked"
        same = [
            deadline
            for deadline in found
            if named(deadline, expected["regle"])
            and ("depart" not in expected or deadline.start.at == read(expected["depart"]))
        ]
        if expected.get("absent"):
            assert same == []
            continue
        assert len(same) == 1, f"{expected['regle']}: {[d.applied.rule.key for d in same]}"
        check(same[0], expected)


def named(deadline, wanted):
    """Say whether a sheet means this deadline: a key names one rule, a row that is no key all of its rules."""
    return wanted == (deadline.applied.rule.key if wanted in LAW.rules else deadline.rule)


def check(deadline, expected):
    for name, attribute in TOLD.items():
        if name in expected:
            got = getattr(deadline, attribute)
            if isinstance(got, datetime):
                got = got.isoformat()
            assert (got or "") == expected[name], f"{expected['regle']}: {name}"
    if "opposable" in expected:
        assert deadline.applied.enforceable is expected["opposable"]


def test_every_rule_has_a_case():
    asked = {one["regle"] for sheet in SHEETS.values() for case in sheet["cas"] for one in case["attendu"]}
    assert [
        key for key, rule in LAW.rules.items() if not asked & ({key, rule.row} - (LAW.rules.keys() - {key}))
    ] == []


def test_the_jurist_has_a_place_to_sign():
    for name, sheet in SHEETS.items():
        assert {"texte", "relu_par", "relu_le"} <= sheet.keys(), name
        assert bool(sheet["relu_par"]) == bool(sheet["relu_le"]), f"{name}: a signature has its day"
