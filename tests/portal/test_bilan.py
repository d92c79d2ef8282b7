"""A bilan as PDF, DOCX and ODS: all of it, the same bytes each time, and never read as markup."""

import dataclasses
import re
import zipfile
from datetime import date
from hashlib import sha256
from io import BytesIO

import docx
import pytest
from docx.oxml.ns import qn
from python_calamine import CalamineWorkbook

from traitdunion.portal import bilan as documents
from traitdunion.reviews import document
from traitdunion.reviews.canonical import MalformedError
from traitdunion.reviews.document import (
    Bilan,
    Commitment,
    Conclusion,
    Corrects,
    Criterion,
    Departement,
    Figure,
    Keeping,
    Level,
    Meeting,
    Operator,
    Owner,
    Paragraph,
    Presence,
    Result,
    Section,
    Threshold,
    Verdict,
    Voice,
)

MARKUP = "#panic() $x$ *gras* <b> [lien] \\ `code` @cle"


def figure(name, value="2", **values):
    return Figure(
        **{
            "id": name,
            "label": f"Compte de {name}",
            "definition": f"Comment {name} se compte",
            "source": "Registre des conventions",
            "as_of": date(2026, 9, 30),
            "value": value,
            "denominator": "3",
            "unit": "réunions",
            "reason_missing": None,
            **values,
        }
    )


BILAN = Bilan(
    level=Level.DEPARTEMENT,
    departement=Departement(code="67", name="Bas-Rhin"),
    quarter="2026-T3",
    period=document.period_of("2026-T3"),
    version=2,
    corrects=Corrects(version=1, sha256="ab" * 32),
    reason="Une réunion avait été oubliée.",
    criteria_version="exemple-1",
    is_example=True,
    figures=(
        figure("presence", None, denominator=None, reason_missing="pas encore mesuré"),
        figure("reunions"),
    ),
    criteria=(
        Criterion(
            id="une-reunion",
            label="Une réunion au moins",
            definition="Une réunion tenue dans le trimestre",
            denominator="réunions prévues",
            threshold=Threshold(operator=Operator.AT_LEAST, value="1"),
            figure="reunions",
            result=Result.MET,
        ),
        Criterion(
            id="presence-mesuree",
            label="Présence mesurée",
            definition="Au moins une demande satisfaite",
            denominator="demandes",
            threshold=Threshold(operator=Operator.AT_LEAST, value="1"),
            figure="presence",
            result=Result.NO_ANSWER,
        ),
    ),
    conclusion=Conclusion(
        computed=Verdict.INCONCLUSIVE,
        explanation=("Une réponse manque.",),
        missing=("presence-mesuree",),
        kept=Verdict.SATISFACTORY,
        reason="Écart voulu par les deux parties.",
    ),
    sections=(
        Section(
            id="changements",
            title="Ce qui a changé",
            paragraphs=(
                Paragraph(
                    id="p1", voice=Voice.COMMUNE, text=f"Il y a eu {{{{chiffre:reunions}}}}.\n{MARKUP}"
                ),
                Paragraph(id="p2", voice=Voice.ARS, text="Présence : {{chiffre:presence}}."),
            ),
        ),
        Section(id="vide", title="Partie sans texte", paragraphs=()),
    ),
    commitments=(
        Commitment(
            id="e1",
            text="Désigner un suppléant",
            owner=Owner.PREFECTURE,
            due=date(2026, 9, 1),
            state=Keeping.ABANDONED,
            reason="Poste supprimé",
            from_quarter="2026-T2",
        ),
    ),
    meeting=Meeting(
        date=date(2026, 9, 20),
        present=(Presence(organisation="Préfecture du Bas-Rhin", post="Référent"),),
        decisions=("Se revoir en décembre.",),
    ),
    limits=("Des faits, non un jugement.",),
)
NATIONAL = dataclasses.replace(
    BILAN,
    level=Level.NATIONAL,
    departement=None,
    version=1,
    corrects=None,
    reason=None,
    sections=(),
    commitments=(),
    meeting=None,
)


def pdf(bilan):
    return documents.render(document.to_bytes(bilan))


MAKERS = (pdf, documents.word, documents.workbook)


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("bilan", [BILAN, NATIONAL], ids=["departement", "national"])
def test_the_same_bilan_gives_the_same_bytes(make, bilan):
    assert make(bilan) == make(bilan)


# What any machine makes of ``BILAN``: it changes with a template of ours, or with a library of uv.lock.
PINNED = {
    "pdf": "2f53ec959f7a7baeb805e937ae674a48855a23e0059ee401148b4a791eb70441",
    "word": "807b5bca49f5140a797699ef7c032b554cfe09451d07f194cdb4cd5a5ebe91ad",
    "workbook": "cb6d7b504396eca4ee36f80a53f9bf046b39132deb51b8a79465b187056b3e00",
}


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_every_machine_makes_these_bytes(make):
    assert sha256(make(BILAN)).hexdigest() == PINNED[make.__name__]


@pytest.mark.parametrize("make", MAKERS[1:], ids=lambda make: make.__name__)
def test_nothing_is_compressed_since_two_libraries_need_not_write_the_same(make):
    with zipfile.ZipFile(BytesIO(make(BILAN))) as made:
        assert {member.compress_type for member in made.infolist()} == {zipfile.ZIP_STORED}


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_another_word_gives_other_bytes(make):
    assert make(BILAN) != make(dataclasses.replace(BILAN, limits=("Des faits, non un jugement !",)))


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_what_could_not_be_signed_makes_no_document(make):
    with pytest.raises(MalformedError, match="version"):
        make(dataclasses.replace(BILAN, version=0))


def test_a_pdf_is_tagged_and_tells_its_language():
    made = pdf(BILAN)
    assert made.startswith(b"%PDF-")
    assert b"/MarkInfo" in made
    assert b"/Lang" in made


def test_a_bar_stands_for_a_part_only():
    said = documents.content(BILAN)
    assert [bar["percent"] for bar in said["bars"]] == [66.7]
    more = dataclasses.replace(BILAN, figures=(BILAN.figures[0], figure("reunions", "4")))
    assert documents.content(more)["bars"] == []


def estimate(side, value="3.2", unit="de 1 à 5 (intervalle de 2,8 à 3,6)"):
    seen = "la préfecture" if side == "prefecture" else "l’ARS"
    return figure(
        f"dimension-confiance-{side}", value, label=f"Confiance, vue par {seen}", denominator=None, unit=unit
    )


def test_the_profile_draws_both_sides_with_their_intervals_and_says_them():
    both = (estimate("ars", "2.9", "de 1 à 5 (intervalle de 2,0 à 4,1)"), estimate("prefecture"))
    drawn = dataclasses.replace(BILAN, figures=(*both, *BILAN.figures))

    [row] = documents.content(drawn)["profile"]

    assert row["said"] == "Confiance : préfecture 3,2 (2,8 à 3,6), ARS 2,9 (2,0 à 4,1)."
    assert [(point["side"], point["low"], point["high"]) for point in row["points"]] == [
        ("prefecture", 2.8, 3.6),
        ("ars", 2.0, 4.1),
    ]
    assert pdf(drawn) == pdf(drawn)
    assert pdf(drawn) != pdf(dataclasses.replace(drawn, figures=(*both[:1], *BILAN.figures)))
    assert "3,2 (2,8 à 3,6)" in words_of_docx(documents.word(drawn))


def test_a_side_that_is_not_shown_is_said_and_another_figure_is_not_drawn():
    alone = dataclasses.replace(BILAN, figures=(estimate("prefecture"), *BILAN.figures))

    [row] = documents.content(alone)["profile"]

    assert (row["ars"], len(row["points"])) == ("non montré", 1)
    assert documents.content(BILAN)["profile"] == []


def test_the_fates_of_earlier_commitments_are_drawn_over_their_number():
    given = [
        dataclasses.replace(BILAN.commitments[0], id=f"e{rank}", state=state, reason=reason)
        for rank, (state, reason) in enumerate(
            [(Keeping.KEPT, None), (Keeping.KEPT, None), (Keeping.NOT_KEPT, "Départ.")]
        )
    ]
    fresh = dataclasses.replace(given[0], id="neuf", from_quarter=BILAN.quarter, state=Keeping.TO_KEEP)

    drawn = documents.content(dataclasses.replace(BILAN, commitments=(*given, fresh)))["fates"]

    assert [each["said"] for each in drawn] == [
        "À tenir : 0 sur 3",
        "Tenu : 2 sur 3",
        "Non tenu : 1 sur 3",
        "Abandonné : 0 sur 3",
    ]
    assert [each["percent"] for each in drawn] == [0.0, 66.7, 33.3, 0.0]
    assert documents.content(dataclasses.replace(BILAN, commitments=(fresh,)))["fates"] == []


def test_a_figure_in_a_sentence_leads_to_its_line():
    [section] = documents.content(BILAN)["sections"]
    words = [piece for piece in section["paragraphs"][0]["lines"][0] if piece["figure"]]
    assert words == [
        {
            "text": "2\N{NO-BREAK SPACE}sur\N{NO-BREAK SPACE}3\N{NO-BREAK SPACE}réunions",
            "figure": "reunions",
            "rank": 2,
        }
    ]


EXPECTED = (
    "Bilan, Bas-Rhin (67), 3e trimestre 2026",
    "du 1er juillet 2026 au 30 septembre 2026",
    "rectifie la version 1",
    "Une réunion avait été oubliée.",
    "n’ont rien d’officiel",
    "Satisfaisant",
    "le calcul donnait « non concluant »",
    "Une réponse manque.",
    "Présence mesurée",
    "Écart voulu par les deux parties.",
    "Ce qui a changé",
    MARKUP,
    "Position de l’ARS",
    "pas encore mesuré",
    "Désigner un suppléant",
    "abandonné : Poste supprimé",
    "Réunion du 20 septembre 2026",
    "Référent (Préfecture du Bas-Rhin)",
    "Se revoir en décembre.",
    "Une réunion au moins",
    "au moins 1",
    "atteint",
    "Comment reunions se compte",
    "Registre des conventions",
    "Des faits, non un jugement.",
    document.sha256(BILAN),
)


def words_of_docx(made):
    paper = docx.Document(BytesIO(made))
    return "\n".join(
        "".join(text.text or "" for text in paragraph.iter(qn("w:t")))
        for paragraph in paper.element.body.iter(qn("w:p"))
    )


def words_of_ods(made):
    book = CalamineWorkbook.from_filelike(BytesIO(made))
    return "\n".join(
        str(cell)
        for name in book.sheet_names
        for row in book.get_sheet_by_name(name).to_python()
        for cell in row
    )


@pytest.mark.parametrize("expected", EXPECTED)
def test_every_document_says_all_of_it(expected):
    assert expected in words_of_docx(documents.word(BILAN))
    assert expected in words_of_ods(documents.workbook(BILAN))


def test_a_word_processor_reads_the_document_in_french():
    paper = docx.Document(BytesIO(documents.word(BILAN)))
    assert {each.get(qn("w:val")) for each in paper.styles.element.iter(qn("w:lang"))} == {"fr-FR"}
    assert all(table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None for table in paper.tables)


def test_every_style_that_a_word_document_names_is_in_it():
    with zipfile.ZipFile(BytesIO(documents.word(BILAN))) as made:
        text, styles = (made.read(f"word/{name}.xml").decode() for name in ("document", "styles"))
    named = set(re.findall(r'<w:(?:p|r|tbl)Style w:val="([^"]+)"', text))
    assert "TableGrid" in named
    assert named <= set(re.findall(r'w:styleId="([^"]+)"', styles))


def test_no_clock_is_in_a_word_document():
    with zipfile.ZipFile(BytesIO(documents.word(BILAN))) as archive:
        assert {member.date_time for member in archive.infolist()} == {(2026, 1, 1, 0, 0, 0)}


def test_a_workbook_keeps_numbers_and_days_as_such():
    book = CalamineWorkbook.from_filelike(BytesIO(documents.workbook(BILAN)))
    assert book.sheet_names == ["Bilan", "Chiffres", "Critères", "Engagements", "Limites"]
    [_, missing, counted] = book.get_sheet_by_name("Chiffres").to_python()
    assert counted[4:8] == [2.0, 3.0, "réunions", date(2026, 9, 30)]
    assert (missing[4], missing[8]) == ("", "pas encore mesuré")
