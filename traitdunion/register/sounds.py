"""How a French name sounds: names that are heard alike get the same code.

A name is read from left to right, the longest group of letters first, and each group leaves what the ear keeps of it:
a consonant, a nasal, or nothing. Vowels are not kept, but for whether the name opens on one and for the first of them,
rounded or not: mouths and clerks change the others. Letters that French does not pronounce at the end go first.
"""

import re
from typing import Final

# What is written at the end and not said. Each line once, in this order: « Leclercqs », « Renaults », « Gauthiers ».
_SILENT: Final = (
    re.compile(r"(?<=.)[sxz]+$"),
    re.compile(r"(?<=..)e$"),
    re.compile(r"(?<=[^aeiouy]i)er$"),
    re.compile(r"(?<=ch)er$"),
    re.compile(r"(?<=r)cq?$"),
    re.compile(r"(?<=..)[dt]+$"),
    re.compile(r"(?<=u)l$"),
)
# Groups of letters and what they leave. « 2 » is a vowel kept for its place, rounded (O) or not (A); « N » a nasal.
_GROUPS: Final = {
    "eau": "O", "au": "O", "aul": "O", "oeu": "O", "eu": "O", "ou": "O", "oo": "O", "oi": "O", "o": "O", "u": "O",
    "a": "A", "ie": "A", "e": "A", "i": "A", "y": "A", "ai": "A", "ei": "A", "ay": "A", "ey": "A",
    "sch": "C", "sh": "C", "ch": "C", "chr": "KR", "chl": "KL", "chn": "KN",
    "ph": "F", "f": "F", "bv": "V", "v": "V", "w": "V",
    "ck": "K", "cqu": "K", "cq": "K", "qu": "K", "q": "K", "k": "K", "c": "K",
    "ce": "SA", "ci": "SA", "cy": "SA", "sce": "SA", "sci": "SA", "s": "S", "z": "S", "x": "KS",
    "ge": "JA", "gi": "JA", "gy": "JA", "gea": "JA", "geo": "JO", "j": "J", "gue": "GA", "gui": "GA", "g": "G",
    "gn": "N", "n": "N", "m": "M", "th": "T", "t": "T", "d": "D", "b": "B", "p": "P", "l": "L", "r": "R", "h": "",
}  # fmt: skip
_LONGEST: Final = max(map(len, _GROUPS))
_BEFORE_LIP: Final = re.compile("m(?=[bp])")  # « Champeau » and « Chanpeau »
_TWICE: Final = re.compile(r"(.)\1+")


def sounds(word: str) -> frozenset[str]:
    """Return the codes of one word, at least one; two words are heard alike when they share a code.

    Args:
        word: letters ``a`` to ``z`` in capitals or not, without accent (``marks.words``).

    >>> sounds("RENAULT") & sounds("RENAUD") != frozenset()
    True
    >>> sounds("MARTIN") & sounds("DURAND")
    frozenset()
    """
    said = _BEFORE_LIP.sub("n", word.lower())
    for silent in _SILENT:
        said = silent.sub("", said)
    left = _TWICE.sub(r"\1", "".join(_read(_TWICE.sub(r"\1", said))))
    first = re.search("[AO]", left)
    opens = "H" if first is not None and first.start() == 0 else ""
    kept = re.sub("[AO]", "", left)
    return frozenset({f"{opens}{kept}{first[0] if first else ''}" or word.lower()})


def _read(said: str) -> list[str]:
    left, at = [], 0
    while at < len(said):
        size = next((size for size in range(_LONGEST, 0, -1) if said[at : at + size] in _GROUPS), 1)
        left.append(_GROUPS.get(said[at : at + size], ""))
        at += size
    return left
