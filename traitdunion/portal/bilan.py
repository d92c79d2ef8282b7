"""A bilan as files: the PDF that both sides sign, a Word file and a workbook to rework. Same bilan, same bytes.

All three say what ``reviews.document.Bilan`` holds and nothing else: a figure in a sentence is followed by its
number in the table of figures, where its definition, its source and its day are written.
"""

import zipfile
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from io import BytesIO
from typing import Any, Final

import docx
from docx.document import Document as WordDocument
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from traitdunion.exchange.writers import CREATED_AT, ZIP_DATE, Sheet, Written, write_workbook
from traitdunion.notices.letters import french_day
from traitdunion.portal import pdf
from traitdunion.reviews import document, figures
from traitdunion.reviews.document import Bilan
from traitdunion.reviews.figures import Figure
from traitdunion.reviews.kinds import Operator, Owner, Voice
from traitdunion.reviews.readback import figures_in
from traitdunion.reviews.rules import Quarter

AT_HAND: Final = (
    "Les deux parties signent l’empreinte ci-dessous, calculée sur le texte, ses chiffres et ses critères. Le dossier "
    "de preuve permet de le vérifier sans le site."
)
EXAMPLE: Final = "Exemple : les critères de ce bilan sont de notre rédaction et n’ont rien d’officiel."
WORKING_COPY: Final = "Copie de travail : seul le PDF du dossier de preuve est lié à la signature."
COMMITMENTS: Final = ("Engagement", "À la charge de", "Échéance", "Suite")
CRITERIA: Final = ("Critère", "Définition", "Attendu", "Trouvé", "Résultat")
PROFILE: Final = ("De 1 (jamais) à 5 (toujours)", "Préfecture", "ARS")
FIGURES: Final = ("N°", "Ce qui est compté", "Définition", "Source", "Valeur", "À la date du")
TABLE_STYLES: Final = frozenset({"TableNormal", "TableGrid"})
HUNDRED: Final = Decimal(100)


def render(raw: bytes) -> bytes:
    """Return the PDF (PDF/UA-1) of the bilan whose canonical bytes are ``raw``: what both sides sign.

    Raises:
        MalformedError: the bytes are not those of a bilan that could be signed.
    """
    return pdf.render("bilan", content(document.read(raw)))


def render_word(raw: bytes) -> bytes:
    """Return the DOCX of the bilan whose canonical bytes are ``raw``: see ``word``."""
    return word(document.read(raw))


def render_workbook(raw: bytes) -> bytes:
    """Return the ODS of the bilan whose canonical bytes are ``raw``: see ``workbook``."""
    return workbook(document.read(raw))


def content(bilan: Bilan) -> Mapping[str, Any]:
    """Return what ``documents/bilan.typ`` reads.

    Raises:
        MalformedError: the bilan is not one that could be signed.
    """
    sha256 = document.sha256(bilan)
    known = figures_in(bilan)
    conclusion = bilan.conclusion
    return {
        "title": _title(bilan),
        "day": {"year": bilan.period.end.year, "month": bilan.period.end.month, "day": bilan.period.end.day},
        "banner": "Trait d’union – bilan trimestriel commun" + (" – exemple" if bilan.is_example else ""),
        "footer": f"SHA-256 du texte : {sha256}",
        "lead": _lead(bilan),
        "correction": _correction(bilan, known),
        "example": EXAMPLE if bilan.is_example else "",
        "conclusion": {
            "kept": _capital(conclusion.kept.value),
            "how": "Conclusion calculée à partir des critères."
            if conclusion.kept is conclusion.computed
            else f"Conclusion retenue par les parties ; le calcul donnait « {conclusion.computed.value} ».",
            "explanation": list(conclusion.explanation),
            "missing": _named(bilan, conclusion.missing),
            "reason": figures.render(conclusion.reason or "", known),
        },
        "sections": [
            {
                "title": section.title,
                "paragraphs": [
                    {
                        "voice": ""
                        if each.voice is document.Voice.COMMUNE
                        else _capital(Voice(each.voice.value).label),
                        "lines": _lines(each.text, known),
                    }
                    for each in section.paragraphs
                ],
            }
            for section in bilan.sections
            if section.paragraphs
        ],
        "commitments": _commitments(bilan, known),
        "meeting": _meeting(bilan, known),
        "criteria-version": f"Jeu de critères : {bilan.criteria_version}.",
        "criteria": _criteria(bilan, known),
        "fates": _fates(bilan),
        "profile": _profile(known),
        "bars": [bar for figure in known.values() if (bar := _bar(figure)) is not None],
        "figures": [
            {
                "rank": rank,
                "id": figure.id,
                "label": figure.label,
                "definition": _sentence(figure.definition),
                "source": figure.source.rstrip("."),
                "shown": figure.shown,
                "day": f"{figure.as_of:%d/%m/%Y}",
            }
            for rank, figure in enumerate(known.values(), start=1)
        ],
        "limits": [figures.render(limit, known) for limit in bilan.limits],
        "signature": f"{AT_HAND} SHA-256 : {sha256}",
    }


# What every kind of document says


def _title(bilan: Bilan) -> str:
    place = (
        "national" if bilan.departement is None else f"{bilan.departement.name} ({bilan.departement.code})"
    )
    return f"Bilan, {place}, {Quarter.read(bilan.quarter).label}"


def _lead(bilan: Bilan) -> str:
    who = " et ".join(side.label for side in bilan.sides)
    return (
        f"Période : du {french_day(bilan.period.start)} au {french_day(bilan.period.end)}. "
        f"Version {bilan.version}. Établi par les deux parties : {who}."
    )


def _correction(bilan: Bilan, known: Mapping[str, Figure]) -> str:
    if bilan.corrects is None:
        return ""
    return (
        f"Cette version rectifie la version {bilan.corrects.version} (SHA-256 {bilan.corrects.sha256}), "
        f"qui reste lisible. Motif : {figures.render(bilan.reason or '', known)}"
    )


def _named(bilan: Bilan, ids: Iterable[str]) -> list[str]:
    labels = {figure.id: figure.label for figure in bilan.figures}
    labels |= {criterion.id: criterion.label for criterion in bilan.criteria}
    return [labels[each] for each in ids]


def _lines(text: str, known: Mapping[str, Figure]) -> list[list[Mapping[str, Any]]]:
    """Return the lines of a text, each a run of words and of figures with their rank in the table."""
    ranks = {name: rank for rank, name in enumerate(known, start=1)}
    return [
        [
            {"text": piece.text, "figure": "", "rank": 0}
            if isinstance(piece, figures.Text)
            else {"text": known[piece.figure].shown, "figure": piece.figure, "rank": ranks[piece.figure]}
            for piece in figures.parse(line)
        ]
        for line in text.split("\n")
    ]


def _commitments(bilan: Bilan, known: Mapping[str, Figure]) -> list[tuple[str, str, str, str]]:
    return [
        (
            figures.render(each.text, known),
            Owner(each.owner.value).label,
            f"{each.due:%d/%m/%Y}",
            each.state.value
            if each.reason is None
            else f"{each.state.value} : {figures.render(each.reason, known)}",
        )
        for each in bilan.commitments
    ]


def _criteria(bilan: Bilan, known: Mapping[str, Figure]) -> list[tuple[str, str, str, str, str]]:
    return [
        (
            each.label,
            f"{_sentence(each.definition)} Dénominateur : {_sentence(each.denominator)}",
            f"{Operator(each.threshold.operator.value).label} {each.threshold.value.replace('.', ',')}",
            known[each.figure].shown,
            each.result.value,
        )
        for each in bilan.criteria
    ]


def _meeting(bilan: Bilan, known: Mapping[str, Figure]) -> Mapping[str, Any] | None:
    if bilan.meeting is None:
        return None
    return {
        "day": french_day(bilan.meeting.date),
        "present": [f"{each.post} ({each.organisation})" for each in bilan.meeting.present],
        "decisions": [figures.render(each, known) for each in bilan.meeting.decisions],
    }


def _bar(figure: Figure) -> Mapping[str, Any] | None:
    """Return the bar of a figure that is a part of a whole, None for any other."""
    value, whole = figure.value, figure.denominator
    if value is None or not whole or not 0 <= value <= whole:
        return None
    said = f"{figure.label} : {figure.shown}"
    return {"said": said, "percent": float(round(value / whole * HUNDRED, 1))}


def _fates(bilan: Bilan) -> list[Mapping[str, Any]]:
    """Return how many commitments of earlier bilans were kept, and the rest: bars over their number."""
    earlier = [each.state for each in bilan.commitments if each.from_quarter != bilan.quarter]
    return [
        {
            "said": f"{_capital(state.value)} : {earlier.count(state)} sur {len(earlier)}",
            "percent": float(round(Decimal(earlier.count(state)) / len(earlier) * HUNDRED, 1)),
        }
        for state in document.Keeping
        if earlier
    ]


def _profile(known: Mapping[str, Figure]) -> list[Mapping[str, Any]]:
    """Return what each side answers on each dimension, to be drawn as points with their intervals, and to be read."""
    rows: dict[str, dict[str, Any]] = {}
    for figure in known.values():
        estimate = figures.estimate_in(figure)
        if estimate is not None:
            row = rows.setdefault(
                estimate.dimension, {"label": figure.label.partition(", vue par")[0], "points": []}
            )
            row["points"].append(
                {
                    "side": estimate.side,
                    "said": _said(estimate),
                    "value": float(estimate.value),
                    "low": float(estimate.low),
                    "high": float(estimate.high),
                }
            )
    for row in rows.values():
        row["points"].sort(
            key=lambda point: point["side"], reverse=True
        )  # the préfecture first, as everywhere
        found = {point["side"]: point["said"] for point in row["points"]}
        row["prefecture"], row["ars"] = (found.get(side, "non montré") for side in ("prefecture", "ars"))
        row["said"] = f"{row['label']} : préfecture {row['prefecture']}, ARS {row['ars']}."
    return list(rows.values())


def _said(estimate: figures.Estimate) -> str:
    value, low, high = (
        f"{each:.1f}".replace(".", ",") for each in (estimate.value, estimate.low, estimate.high)
    )
    return f"{value} ({low} à {high})"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


# DOCX


def word(bilan: Bilan) -> bytes:
    """Return the bilan as a DOCX file, to be reworked in a word processor. It is not what is signed, and says so.

    Raises:
        MalformedError: as ``content``.
    """
    said, known = content(bilan), figures_in(bilan)
    paper = _blank()
    _head(paper, said)
    paper.add_heading(said["title"], level=1)
    for text in (said["lead"], said["correction"], said["example"]):
        if text:
            paper.add_paragraph(text)
    paper.add_paragraph(WORKING_COPY, style="Intense Quote")
    _conclude(paper, said["conclusion"])
    for section in said["sections"]:
        paper.add_heading(section["title"], level=2)
        for paragraph in section["paragraphs"]:
            _write(paper, paragraph)
    if said["commitments"]:
        paper.add_heading("Engagements", level=2)
        _table(paper, COMMITMENTS, said["commitments"])
    if said["profile"]:
        paper.add_heading("Profil du baromètre croisé", level=2)
        _table(paper, PROFILE, [(row["label"], row["prefecture"], row["ars"]) for row in said["profile"]])
    if said["meeting"]:
        paper.add_heading(f"Réunion du {said['meeting']['day']}", level=2)
        paper.add_paragraph(f"Présents : {' ; '.join(said['meeting']['present'])}.")
        for decision in said["meeting"]["decisions"]:
            paper.add_paragraph(decision, style="List Number")
    if said["criteria"]:
        paper.add_heading("Critères, écrits avant le trimestre", level=2)
        paper.add_paragraph(said["criteria-version"])
        _table(paper, CRITERIA, said["criteria"])
    paper.add_heading("Chiffres et sources", level=2)
    _table(paper, FIGURES, _figure_rows(known))
    paper.add_heading("Limites", level=2)
    for limit in said["limits"]:
        paper.add_paragraph(limit, style="List Bullet")
    paper.add_heading("Signature", level=2)
    paper.add_paragraph(said["signature"])
    made = BytesIO()
    paper.save(made)
    return _same_bytes(made.getvalue())


def _blank() -> WordDocument:
    """Return the empty document of the library, without the hundred styles of tables that nothing here uses."""
    paper = docx.Document()
    styles = paper.styles.element
    for style in styles.findall(f"{{*}}style[@{qn('w:type')}='table']"):
        if style.get(qn("w:styleId")) not in TABLE_STYLES:
            styles.remove(style)
    # The same styles again, for a Word of 2010 alone.
    for name in [
        name for name, each in paper.part.rels.items() if each.reltype.endswith("/stylesWithEffects")
    ]:
        del paper.part.rels[name]
    return paper


def _figure_rows(known: Mapping[str, Figure]) -> list[tuple[str, ...]]:
    return [
        (
            str(rank),
            figure.label,
            figure.definition,
            figure.source,
            figure.shown,
            f"{figure.as_of:%d/%m/%Y}",
        )
        for rank, figure in enumerate(known.values(), start=1)
    ]


def _head(paper: WordDocument, said: Mapping[str, Any]) -> None:
    about = paper.core_properties
    about.title, about.author, about.language = said["title"], "Trait d’union", "fr-FR"
    about.comments = about.keywords = about.last_modified_by = ""
    about.created = about.modified = CREATED_AT.replace(tzinfo=None)
    about.revision = 1
    # Without it a word processor reads the text in the language of the machine.
    for language in paper.styles.element.iter(qn("w:lang")):
        language.set(qn("w:val"), "fr-FR")
    paper.sections[0].header.paragraphs[0].text = said["banner"]
    paper.sections[0].footer.paragraphs[0].text = said["footer"]


def _conclude(paper: WordDocument, conclusion: Mapping[str, Any]) -> None:
    paper.add_heading("Conclusion", level=2)
    first = paper.add_paragraph()
    first.add_run(f"{conclusion['kept']}. ").bold = True
    first.add_run(conclusion["how"])
    for said in conclusion["explanation"]:
        paper.add_paragraph(said, style="List Bullet")
    if conclusion["missing"]:
        paper.add_paragraph(f"Réponses qui manquent : {', '.join(conclusion['missing'])}.")
    if conclusion["reason"]:
        paper.add_paragraph(f"Pourquoi la conclusion s’écarte du calcul : {conclusion['reason']}")


def _write(paper: WordDocument, paragraph: Mapping[str, Any]) -> None:
    written = paper.add_paragraph()
    if paragraph["voice"]:
        written.add_run(f"{paragraph['voice']}. ").bold = True
    for number, line in enumerate(paragraph["lines"]):
        if number:
            written.add_run().add_break()
        for piece in line:
            written.add_run(piece["text"]).bold = bool(piece["figure"])
            if piece["figure"]:
                written.add_run(str(piece["rank"])).font.superscript = True


def _table(paper: WordDocument, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = paper.add_table(rows=1, cols=len(headers), style="Table Grid")
    for cell, header in zip(table.rows[0].cells, headers, strict=True):
        cell.text = ""
        cell.paragraphs[0].add_run(header).bold = True
    # A header that a screen reader announces, and that comes back on each page.
    repeated = OxmlElement("w:tblHeader")
    repeated.set(qn("w:val"), "true")
    table.rows[0]._tr.get_or_add_trPr().append(repeated)  # python-docx has no other door
    for row in rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text


def _same_bytes(made: bytes) -> bytes:
    """Return the archive with one day on every file, and nothing compressed: two zlib need not write the same bytes."""
    again = BytesIO()
    with zipfile.ZipFile(BytesIO(made)) as source, zipfile.ZipFile(again, "w", zipfile.ZIP_STORED) as target:
        for member in source.infolist():
            kept = zipfile.ZipInfo(member.filename, ZIP_DATE)
            kept.create_system, kept.external_attr = 3, 0o644 << 16  # else that of the machine
            target.writestr(kept, source.read(member))
    return again.getvalue()


# ODS


def workbook(bilan: Bilan) -> bytes:
    """Return the bilan as an ODS file: text, figures, criteria, commitments and limits, one sheet each.

    Raises:
        MalformedError: as ``content``.
    """
    said, known = content(bilan), figures_in(bilan)
    made = write_workbook(
        [
            Sheet(title="Bilan", headers=("Partie", "Voix", "Texte"), rows=_text_rows(said)),
            Sheet(
                title="Chiffres",
                headers=(
                    "N°",
                    "Ce qui est compté",
                    "Définition",
                    "Source",
                    "Valeur",
                    "Sur",
                    "Unité",
                    "À la date du",
                    "Pourquoi sans valeur",
                ),
                rows=_number_rows(known),
            ),
            Sheet(
                title="Critères",
                headers=CRITERIA,
                rows=said["criteria"],
            ),
            Sheet(
                title="Engagements",
                headers=COMMITMENTS,
                rows=said["commitments"],
            ),
            Sheet(title="Limites", headers=("Limite",), rows=[(limit,) for limit in said["limits"]]),
        ],
        format="ods",
        title=said["title"],
    )
    return _same_bytes(made)


def _text_rows(said: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    conclusion = said["conclusion"]
    rows = [
        ("Bilan", "", text)
        for text in (said["title"], said["lead"], said["correction"], said["example"])
        if text
    ]
    rows.append(("Conclusion", "", f"{conclusion['kept']}. {conclusion['how']}"))
    rows += [("Conclusion", "", text) for text in (*conclusion["explanation"], conclusion["reason"]) if text]
    rows += [("Conclusion", "", f"Réponse qui manque : {missing}") for missing in conclusion["missing"]]
    for section in said["sections"]:
        for paragraph in section["paragraphs"]:
            text = "\n".join("".join(piece["text"] for piece in line) for line in paragraph["lines"])
            rows.append((section["title"], paragraph["voice"], text))
    if said["meeting"]:
        about = f"Réunion du {said['meeting']['day']}"
        rows += [(about, "", f"Présent : {who}") for who in said["meeting"]["present"]]
        rows += [(about, "", f"Décision : {decision}") for decision in said["meeting"]["decisions"]]
    rows.append(("Signature", "", said["signature"]))
    return rows


def _number_rows(known: Mapping[str, Figure]) -> list[tuple[Written, ...]]:
    return [
        (
            rank,
            figure.label,
            figure.definition,
            figure.source,
            figure.value,
            figure.denominator,
            figure.unit,
            figure.as_of,
            figure.reason_missing,
        )
        for rank, figure in enumerate(known.values(), start=1)
    ]
