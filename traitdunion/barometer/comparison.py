"""What a result keeps of its questionnaire, and whether a dimension or a question may be compared with a wave before.

Plain Python. A change of wording breaks the comparison unless the questionnaire, or an administrator afterwards,
justifies it; a question added or removed breaks it too: the dimension would not mean the same thing. The answer is
that of ``questionnaire.comparable``, read from what results keep, and says why.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from traitdunion.barometer.questionnaire import SIDES, Family, Item, Questionnaire

# Item, version of its wording before, version after.
Justified = Collection[tuple[str, str, str]]


def dimensions(asked: Questionnaire, items: Collection[str]) -> list[dict[str, Any]]:
    """Return what a result keeps of each dimension that was asked: ``id``, ``label``, and ``items`` by identifier.

    ``guesses`` holds, by side, the question in which it guesses an answer of the other: ``item``, its ``target``, how
    the other side reads that target (``asks``), and what tells whether it changed.

    Args:
        asked: the questionnaire.
        items: identifiers of the items that were asked; the pulse asks some.
    """
    found = []
    for dimension in asked.dimensions:
        scored = [item for item in asked.scored(dimension.id) if item.id in items]
        if scored:
            kept = {item.id: _kept(item) for item in scored}
            guesses = {side: _guess(asked, dimension.id, side, items) for side in SIDES}
            found.append(
                {
                    "id": dimension.id,
                    "label": dimension.title,
                    "items": kept,
                    "guesses": {side: guess for side, guess in guesses.items() if guess},
                }
            )
    return found


def _kept(item: Item) -> dict[str, Any]:
    return _told(item, " ".join([item.family.value, *sorted(item.wording)]))


def _guess(asked: Questionnaire, dimension: str, side: str, items: Collection[str]) -> dict[str, Any] | None:
    item = asked.guess(dimension, side)
    target = None if item is None else asked.item(item.guesses)
    if item is None or target is None or item.id not in items or target.id not in items:
        return None
    other = next(each for each in SIDES if each != side)
    about = f"{Family.META.value} {target.id}"
    return {"item": item.id, "target": target.id, "asks": target.wording[other], **_told(item, about)}


def _told(item: Item, about: str) -> dict[str, Any]:
    words = "\x1f".join(item.wording[side] for side in sorted(item.wording))
    return {
        "about": about,
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


def broken_question(
    before: Sequence[Mapping[str, Any]],
    after: Sequence[Mapping[str, Any]],
    justified: Justified,
    *,
    item: str,
    guessed_by: str = "",
) -> str:
    """Return the French reason why the answers to one question cannot be compared, empty when they can.

    Another question of the dimension that changes does not matter.

    Args:
        before: what the result of the wave before keeps of its dimensions.
        after: the same of the wave.
        justified: the changes of wording that an administrator justified afterwards.
        item: the question.
        guessed_by: the side whose guess of that question is compared too, empty when it is not.
    """
    then, now = (_questions(each, item, guessed_by) for each in (before, after))
    if not then or then.keys() != now.keys():
        return f"la question « {item} » n’est pas posée dans les deux vagues"
    return _why(then, now, justified)


def _questions(kept: Sequence[Mapping[str, Any]], item: str, guessed_by: str) -> Mapping[str, Any]:
    for dimension in kept:
        if item not in dimension["items"]:
            continue
        found = {item: dimension["items"][item]}
        guess = dimension.get("guesses", {}).get(guessed_by)
        if guess is not None and guess["target"] == item:
            found[guess["item"]] = guess
        return found if len(found) == 1 + bool(guessed_by) else {}
    return {}


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
