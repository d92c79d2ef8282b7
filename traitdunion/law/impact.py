"""The impact of a draft, told: counts in JSON, and a note that the person who decides reads and signs."""

from collections import Counter

from traitdunion.law.replay import Draft, Impact


def as_json(draft: Draft, seen: Impact) -> dict[str, object]:
    """Return the counts, ready for JSON: by rule or item, then by département."""
    return {
        "draft": draft.title,
        "dossiers": seen.dossiers.total(),
        "refused": seen.refused,
        "deadlines": {
            key: {
                "moved": _counts(seen.moved, key),
                "sooner": _counts(seen.sooner, key),
                "newly_late": _counts(seen.newly_late, key),
                "no_longer_late": _counts(seen.no_longer_late, key),
            }
            for key in draft.touched.rules
        },
        "retention": {
            key: _counts(seen.retention, key) for key in sorted({name for name, _ in seen.retention})
        },
        "reached": {key: _counts(seen.reached, key) for key in sorted({name for name, _ in seen.reached})},
    }


def _counts(counts: Counter[tuple[str, str]], key: str) -> dict[str, object]:
    by = {code: number for (name, code), number in sorted(counts.items()) if name == key}
    return {"total": sum(by.values()), "departements": by}


def note(draft: Draft, seen: Impact, *, reading: str) -> str:
    """Return the impact note, in French Markdown, with the places to sign."""
    read = _count(seen.dossiers.total(), "mesure lue", "mesures lues")
    places = _count(len(seen.dossiers), "département", "départements")
    lines = [
        f"# Note d’impact : {draft.title}",
        "",
        f"{read} dans {places}. Rien n’a été écrit dans la base.",
        "",
    ]
    if seen.refused:
        lines += [
            f"{_count(seen.refused, 'ligne illisible, laissée', 'lignes illisibles, laissées')} de côté.",
            "",
        ]
    for key, rule in draft.touched.rules.items():
        new = draft.changed.rules[key].versions[-1]
        old = rule.versions[-1]
        lines += [
            f"## {key} — {rule.act}",
            "",
            f"{old.citation} : {old.number} {rule.unit}.",
            f"Projet : {new.number} {rule.unit} à partir du {new.since:%d/%m/%Y}.",
            "",
        ]
        lines += _table(
            {
                "délais qui changent": _counts(seen.moved, key),
                "dont plus courts": _counts(seen.sooner, key),
                "seraient en retard": _counts(seen.newly_late, key),
                "ne seraient plus en retard": _counts(seen.no_longer_late, key),
            }
        )
    for title, counts in (("Conservation", seen.retention), ("Accès et données", seen.reached)):
        names = sorted({name for name, _ in counts})
        if names:
            lines += [f"## {title}", ""]
            if counts is seen.retention:
                lines += [f"Lecture {reading} de la durée de conservation.", ""]
            lines += _table({name: _counts(counts, name) for name in names})
    if not (seen.moved or seen.retention or seen.reached):
        lines += ["**Rien ne bouge** dans cette base.", ""]
    lines += [
        "Comptes non masqués : cette note reste chez le responsable du traitement et ne se publie pas telle quelle.",
        "",
        "Décision : …",
        "",
        "Nom et fonction : …   Date : …   Signature : …",
        "",
    ]
    return "\n".join(lines)


def _table(columns: dict[str, dict[str, object]]) -> list[str]:
    codes = sorted({code for column in columns.values() for code in _departements(column)})
    head = ["Département", *columns]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [
        f"| {code} | {' | '.join(_cell(_departements(column).get(code, 0)) for column in columns.values())} |"
        for code in codes
    ]
    total = " | ".join(_cell(column["total"]) for column in columns.values())
    return [*lines, f"| **Ensemble** | {total} |", ""]


def _departements(column: dict[str, object]) -> dict[str, object]:
    found = column["departements"]
    return found if isinstance(found, dict) else {}


def _cell(value: object) -> str:
    return str(value)


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number < 2 else many}"
