"""What the guide of a restitution meeting says: one page, for the two institutions at one table.

A side with too few answers leaves the guide without any figure: questions to open, and what to beware of.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from traitdunion.barometer import queries_pistes, queries_results
from traitdunion.barometer.access_pistes import pistes_visible_to
from traitdunion.barometer.kinds import Standing
from traitdunion.barometer.limits import LIMITS
from traitdunion.barometer.models import Wave
from traitdunion.barometer.profile import Line, Mark, Profile, between, profile
from traitdunion.barometer.queries_results import Local
from traitdunion.barometer.reading import Finding
from traitdunion.identity.models import Mandate
from traitdunion.territories.models import Departement

WARNING: Final = (
    "Ne nommez personne : ni collègue, ni personne suivie. Ne décrivez aucune situation. Ce guide ne sert jamais à "
    "apprécier des agents."
)
ALWAYS: Final = (
    "Qu’est-ce qui marche entre nous et que nous voulons garder ?",
    "Qu’attend chacun de l’autre, que sa mission ou la loi ne lui permet pas de donner ?",
)
WITHOUT_FIGURES: Final = (
    "Quand, ces derniers mois, l’autre nous a-t-il vraiment aidés ?",
    "Qu’ignorons-nous du rôle et des limites de l’autre ?",
    "Qu’essayons-nous ensemble d’ici la prochaine vague ?",
)
OPENERS: Final[Mapping[Finding, str]] = {
    Finding.SHARED_LOW: "Où cela se bloque-t-il, et qu’est-ce qui dépend de nous deux ?",
    Finding.MISUNDERSTANDING: "Qu’est-ce qui nous a fait croire que l’autre répondrait autrement ?",
    Finding.DISAGREEMENT: "Décrivons-nous bien la même chose ? Qui doit trancher, et à quelle date ?",
    Finding.ASYMMETRY: "Que voit chacun de l’autre que l’autre ne voit pas ?",
    Finding.DIVIDED: "Pourquoi les réponses d’un même côté diffèrent-elles autant ? Ce côté en parle d’abord seul.",
    Finding.HIDDEN: "Que faudrait-il pour que davantage de personnes répondent à la prochaine vague ?",
    Finding.UNDECIDED: "Que voudrions-nous savoir que cette vague ne dit pas ?",
}


def document_of(
    departement: Departement, wave: Wave, mandate: Mandate, *, day: date
) -> Mapping[str, Any] | None:
    """Return the guide of a wave that ``mandate`` may read, four queries; None when it was not analysed."""
    found = queries_results.local([wave], departement.code)
    if not found:
        return None
    visible = pistes_visible_to(mandate, day=day).filter(wave=wave, departement=departement)
    lines = [queries_pistes.line(piste, mandate.side) for piste in queries_pistes.in_lists(visible)]
    to_discuss = [line for line in lines if line.standing is not Standing.LEFT]
    # What people said comes before the facts, which need no meeting to be seen.
    return document(departement, found[0], sorted(to_discuss, key=lambda line: not line.piste.dimension))


def document(
    departement: Departement,
    local: Local,
    pistes: Sequence[queries_pistes.Line],
) -> Mapping[str, Any]:
    """Return what ``documents/restitution.typ`` reads, for one wave of one département."""
    page = profile(local.rows, local.dimensions)
    has_figures = page.has_figures and not page.hidden_sides
    return {
        "title": f"Guide de restitution, {departement.name}",
        "day": {
            "year": local.wave.closes_on.year,
            "month": local.wave.closes_on.month,
            "day": local.wave.closes_on.day,
        },
        "banner": f"Baromètre croisé, vague « {local.wave.name} », close le {local.wave.closes_on:%d/%m/%Y}",
        "footer": _footer(local),
        "lead": (
            f"Pour la réunion de la préfecture ({departement.prefecture_name}) et de l’agence régionale de santé "
            f"({departement.ars.name}). Une personne de chaque côté lit, puis chacun parle à son tour."
        ),
        "warning": WARNING,
        "note": "" if has_figures else _without_figures(page),
        "said": _said(page),
        "figures": [_figure(line) for line in page.lines] if has_figures else [],
        "pistes": [_piste(line, has_figures) for line in pistes],
        "questions": _questions(page, has_figures=has_figures),
        "limits": list(LIMITS),
    }


def _footer(local: Local) -> str:
    example = " Questionnaire d’exemple, non validé." if local.wave.questionnaire.is_example else ""
    return f"Trait d’union. Résultat {local.sha256[:12]}, analyse {local.engine}.{example}"


def _without_figures(page: Profile) -> str:
    if page.hidden_sides:
        who = " et ".join(page.hidden_sides)
        return f"Les réponses de {who} sont trop peu nombreuses pour être montrées : ce guide n’a pas de chiffre."
    return "Aucun chiffre n’est montré : trop peu de réponses."


def _said(page: Profile) -> list[Mapping[str, str]]:
    """What both sides share first, then the rest; dimensions of which the same is said share a line."""
    said: list[Mapping[str, str]] = []
    for finding, lines in page.groups:
        if finding is Finding.HIDDEN:
            subjects = ", ".join(line.label for line in lines)
            said.append({"label": "À aborder sans chiffre", "sentence": f"{subjects}."})
            continue
        by_sentence: dict[str, list[str]] = {}
        for line in lines:
            by_sentence.setdefault(line.reading.sentence, []).append(line.label)
        said += [
            {"label": finding.heading, "sentence": f"{', '.join(labels)} : {_small(sentence)}"}
            for sentence, labels in by_sentence.items()
        ]
    return said


def _small(sentence: str) -> str:
    return sentence if sentence.startswith("L’ARS") else sentence[:1].lower() + sentence[1:]


def _figure(line: Line) -> Mapping[str, str]:
    prefecture, ars = line.marks
    return {"label": line.label, "prefecture": _mark(prefecture), "ars": _mark(ars)}


def _mark(mark: Mark) -> str:
    if mark.interval is None:
        return "non montré"
    return "avis partagés" if mark.is_divided else between(mark.interval)


def _piste(line: queries_pistes.Line, has_figures: bool) -> Mapping[str, str]:
    return {
        "title": line.title,
        "reading": line.seen if has_figures or not line.piste.dimension else "",
        "remedy": line.piste.remedy,
    }


def _questions(page: Profile, *, has_figures: bool) -> list[str]:
    about = [OPENERS[finding] for finding, _ in page.groups if finding in OPENERS]
    return [*ALWAYS, *(() if has_figures else WITHOUT_FIGURES), *about]


def file_name(departement: Departement, wave: Wave) -> str:
    """Return the name of the file, in plain letters."""
    return f"guide-de-restitution-{departement.code}-{wave.closes_on.isoformat()}.pdf"
