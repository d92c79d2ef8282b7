"""What a result keeps of its questionnaire, and whether a dimension may be compared with the wave before.

Plain Python. A change of wording breaks the comparison unless the questionnaire, or an administrator afterwards,
justifies it; a question added or removed breaks it too: the dimension would not mean the same thing. The answer is
that of ``questionnaire.comparable``, read from what results keep, and says why.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from traitdunion.barometer.questionnaire import Item, Questionnaire

# Item, version of its wording before, version after.
Justified = Collection[tuple[str, str, str]]


def dimensions(asked: Questionnaire, items: Collection[str]) -> list[dict[str, Any]]:
    """Return what a result keeps of each dimension that was asked: ``id``, ``label``, and ``items`` by identifier.

    Args:
        asked: the questionnaire.
        items: identifiers of the items that were asked; the pulse asks some.
    """
    found = []
    for dimension in asked.dimensions:
        scored = [item for item in asked.scored(dimension.id) if item.id in items]
        if scored:
            kept = {item.id: _kept(item) for item in scored}
            found.append({"id": dimension.id, "label": dimension.title, "items": kept})
    return found


def _kept(item: Item) -> dict[str, Any]:
    words = "\x1f".join(item.wording[side] for side in sorted(item.wording))
    return {
        "about": " ".join([item.family.value, *sorted(item.wording)]),
        "version": item.wording_version,
        "words": hashlib.sha256(words.encode()).hexdigest()[:16],
        "is_justified": bool(item.justification),
    }


def broken(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]], justified: Justified
) -> dict[str, str]:
    """Return, by dimension that cannot be compared, the French reason.

    Args:
        before: what the result of the wave before keeps of its dimensions.
        after: the same of the wave.
        justified: the changes of wording that an administrator justified afterwards.
    """
    known = {dimension["id"]: dimension["items"] for dimension in before}
    found = {}
    for dimension in after:
        why = _why(known.get(dimension["id"]), dimension["items"], justified)
        if why:
            found[dimension["id"]] = why
    return found


def _why(then: Mapping[str, Any] | None, now: Mapping[str, Any], justified: Justified) -> str:
    if then is None:
        return "cette dimension n’était pas mesurée"
    if then.keys() != now.keys() or any(then[item]["about"] != now[item]["about"] for item in now):
        return "les questions ne sont plus les mêmes"
    changed = [f"« {item} »" for item in now if not _is_same(item, then[item], now[item], justified)]
    if len(changed) > 1:
        return f"les questions {', '.join(changed)} ont changé de formulation"
    return f"la question {changed[0]} a changé de formulation" if changed else ""


def _is_same(item: str, then: Mapping[str, Any], now: Mapping[str, Any], justified: Justified) -> bool:
    if (then["version"], then["words"]) == (now["version"], now["words"]) or now["is_justified"]:
        return True
    return (item, str(then["version"]), str(now["version"])) in justified
