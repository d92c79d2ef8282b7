"""Where a decision on a piste stands and whose turn it is, in words. Plain Python.

Two institutions decide together: one proposes, the other confirms or refuses. Silence decides nothing.
"""

from traitdunion.barometer.kinds import Decision, Standing
from traitdunion.identity.kinds import Side

THE = {Side.PREFECTURE: "la préfecture", Side.ARS: "l’ARS"}
TO_THE = {Side.PREFECTURE: "à la préfecture", Side.ARS: "à l’ARS"}
DOES = {Decision.KEPT: "retenir", Decision.LEFT: "écarter"}


def standing(decision: Decision | None, *, is_proposed: bool) -> Standing:
    """Return where a piste stands; a change proposed to what was decided leaves it decided.

    >>> standing(None, is_proposed=True).label
    'proposée, à confirmer'
    """
    if decision is not None:
        return Standing.KEPT if decision is Decision.KEPT else Standing.LEFT
    return Standing.PROPOSED if is_proposed else Standing.OPEN


def turn_sentence(
    *,
    decision: Decision | None,
    proposed_by: Side | None,
    proposed: Decision | None,
    reader: Side | None,
) -> str:
    """Return whose turn it is on a piste, as ``reader`` reads it (None for whoever is of neither side).

    >>> turn_sentence(decision=None, proposed_by=Side.ARS, proposed=Decision.KEPT, reader=Side.PREFECTURE)
    'À vous de répondre : l’ARS propose de retenir cette piste.'
    >>> turn_sentence(decision=None, proposed_by=None, proposed=None, reader=None)
    'À l’une des deux institutions de proposer une décision.'
    """
    if proposed_by is not None and proposed is not None:
        what = f"{THE[proposed_by]} propose de {DOES[proposed]} cette piste"
        if decision is not None:
            what = f"{THE[proposed_by]} propose de changer la décision et de {DOES[proposed]} cette piste"
        if reader is proposed_by:
            return (
                f"Vous avez proposé de {DOES[proposed]} cette piste : {THE[proposed_by.other]} doit répondre."
            )
        if reader is proposed_by.other:
            return f"À vous de répondre : {what}."
        return f"{_capital(TO_THE[proposed_by.other])} de répondre : {what}."
    if decision is None:
        return "À l’une des deux institutions de proposer une décision."
    return "Les deux institutions ont décidé ensemble."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
