"""The text of a bilan: read strictly, written in one form, and nothing let through."""

import copy
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reviews import packs
from traitdunion.reviews import canonical, document, records
from traitdunion.reviews.canonical import MalformedError
from traitdunion.reviews.document import Operator, Result, Side, Threshold, Verdict, period_of

GONE = object()


def changed(path, value):
    """Return the bilan of the tests with what stands at ``path`` replaced, or removed."""
    bilan = copy.deepcopy(packs.BILAN)
    *steps, last = path
    held = bilan
    for step in steps:
        held = held[step]
    if value is GONE:
        del held[last]
    else:
        held[last] = value
    return bilan


def refusal_of(plain):
    with pytest.raises(MalformedError) as refusal:
        document.read(canonical.encode(plain))
    return str(refusal.value)


@pytest.mark.parametrize(
    "plain",
    [packs.departemental(), packs.national(), packs.correcting(packs.BILAN)],
    ids=["département", "nation", "correction"],
)
def test_what_is_read_is_written_back_byte_for_byte(plain):
    raw = canonical.encode(plain)
    bilan = document.read(raw)

    assert document.to_bytes(bilan) == raw
    assert document.sha256(bilan) == canonical.sha256(raw)
    assert records.read(document.Bilan, records.write(bilan)) == bilan


def test_each_level_has_its_two_sides():
    assert packs.read(packs.departemental()).sides == (Side.PREFECTURE, Side.ARS)
    assert packs.read(packs.national()).sides == (Side.SANTE, Side.INTERIEUR)


FAULTS = [
    # keys and types
    (("limits",), GONE, "« limits » : cette clé manque"),
    (("figures", 0, "unit"), GONE, "« figures[0].unit » : cette clé manque"),
    (("note",), "x", "« note » : cette clé n’est pas attendue ici"),
    (("sections", 0, "paragraphs", 1, "author"), "x", "« sections[0].paragraphs[1].author » : cette clé n’est pas"),
    (("version",), "1", "« version » : on attend un entier, et c’est le texte « 1 »"),
    (("version",), True, "« version » : on attend un entier, et c’est vrai ou faux"),
    (("is_example",), 1, "« is_example » : on attend vrai ou faux, et c’est un nombre"),
    (("is_example",), None, "« is_example » : on attend vrai ou faux, et c’est rien (null)"),
    (("figures",), {}, "« figures » : on attend une liste, et c’est un objet"),
    (("period",), [], "« period » : on attend un objet, et c’est une liste"),
    (("figures", 0, "value"), 1, "« figures[0].value » : on attend un texte, et c’est un nombre"),
    (("format",), "traitdunion-bilan/2", "« format » vaut « traitdunion-bilan/2 »"),
    (("level",), "regional", "« level » vaut « regional » : on attend l’un de « departement », « national »"),
    # texts
    (("limits", 0), "", "« limits[0] » : le texte est vide"),
    (("limits", 0), " au bord", "commence ou finit par un espace"),
    (("limits", 0), "x" * 20_001, "dépasse 20000 caractères"),
    (("limits", 0), unicodedata.normalize("NFD", "préfète"), "n’est pas en forme composée (NFC)"),
    (("limits", 0), "a\x00b", "un caractère qui ne se voit pas (U+0000)"),
    (("limits", 0), "a\tb", "(U+0009)"),
    (("limits", 0), "a\rb", "(U+000D)"),
    (("limits", 0), "a\u202eb", "(U+202E)"),
    (("limits", 0), "a\u200bb", "(U+200B)"),
    (("limits", 0), "a\u00adb", "(U+00AD)"),
    (("figures", 0, "label"), "deux\nlignes", "« figures[0].label » : le texte contient"),
    # head
    (("departement",), None, "« departement » : un bilan départemental en a un"),
    (("level",), "national", "« departement » : un bilan départemental en a un, un bilan national n’en a pas"),
    (("departement", "code"), "Bas-Rhin", "« departement.code »"),
    (("departement", "code"), "2C", "« departement.code »"),
    (("quarter",), "2026-T5", "« 2026-T5 » n’est pas un trimestre"),
    (("quarter",), "2026-T2", "« period »"),
    (("quarter",), "0000-T1", "n’est pas un trimestre"),
    (("period", "end"), "2026-09-31", "« period.end » vaut « 2026-09-31 » : on attend une date qui existe"),
    (("period", "end"), "20260930", "« period.end »"),
    (("period", "end"), "2026-W40-3", "« period.end »"),
    (("period", "start"), "٢٠٢٦-٠٧-٠١", "« period.start »"),
    (("version",), 0, "« version » : on attend 1 ou plus"),
    (("version",), 2, "« corrects » : une version 1 ne corrige rien"),
    (("corrects",), {"version": 1, "sha256": "0" * 64}, "« corrects »"),
    (("reason",), "Pour rien.", "« reason »"),
    # figures
    (("figures", 0, "id"), "Pistes closes", "« figures[0].id » : un identifiant"),
    (("figures", 1, "id"), "pistes-closes", "« figures[1].id » : « pistes-closes » est déjà pris"),
    (("figures", 0, "id"), "z", "pas dans l’ordre de leurs identifiants"),
    (("figures", 0, "value"), None, "« figures[0] » : on attend une valeur, ou la raison"),
    (("figures", 1, "value"), "3", "« figures[1] » : on attend une valeur, ou la raison"),
    (("figures", 0, "value"), "0,8", "« figures[0].value » vaut « 0,8 »"),
    (("figures", 0, "value"), "1e3", "« figures[0].value »"),
    (("figures", 0, "value"), "NaN", "« figures[0].value »"),
    (("figures", 0, "value"), "-0", "« figures[0].value »"),
    (("figures", 0, "value"), "-0.00", "« figures[0].value »"),
    (("figures", 0, "value"), "+1", "« figures[0].value »"),
    (("figures", 0, "value"), "01", "« figures[0].value »"),
    (("figures", 0, "value"), "١", "« figures[0].value »"),
    (("figures", 0, "denominator"), "dix", "« figures[0].denominator »"),
    # criteria and conclusion
    (("criteria", 1, "id"), "reunions-tenues", "« criteria[1].id » : « reunions-tenues » est déjà pris"),
    (("criteria", 0, "figure"), "rencontres", "« criteria[0].figure » vaut « rencontres », qui n’est pas un chiffre"),
    (("criteria", 0, "threshold", "operator"), ">", "« criteria[0].threshold.operator » vaut « > »"),
    (("criteria", 0, "threshold", "value"), "3", "« criteria[0].result » vaut « atteint » : chiffre et seuil"),
    (("criteria", 0, "result"), "non atteint", "chiffre et seuil donnent « atteint »"),
    (("criteria", 1, "result"), "atteint", "chiffre et seuil donnent « sans réponse »"),
    (("conclusion", "computed"), "satisfaisant", "les critères donnent « non concluant »"),
    (("conclusion", "missing"), [], "« conclusion.missing »"),
    (("conclusion", "reason"), None, "« conclusion.reason »"),
    (("conclusion", "kept"), "non concluant", "« conclusion.reason »"),
    # texts that cite
    (("sections", 0, "paragraphs", 0, "text"), "{{chiffre:rencontres}}", "« sections[0].paragraphs[0].text » cite"),
    (("sections", 0, "paragraphs", 0, "text"), "{{chiffre:}}", "s’écrit « {{chiffre:identifiant}} »"),
    (("sections", 0, "paragraphs", 0, "text"), "{{ chiffre:reunions }}", "une citation de chiffre s’écrit"),
    (("sections", 0, "title"), "{{", "« sections[0].title »"),
    (("limits", 0), "voir {{chiffre:x}}", "« limits[0] » cite « x »"),
    (("commitments", 0, "text"), "}}", "« commitments[0].text »"),
    (("meeting", "decisions", 0), "{{chiffre:x}}", "« meeting.decisions[0] » cite « x »"),
    (("conclusion", "explanation", 0), "{{chiffre:x}}", "« conclusion.explanation[0] » cite « x »"),
    (("conclusion", "reason"), "{{chiffre:x}}", "« conclusion.reason » cite « x »"),
    # who speaks, who keeps
    (("sections", 1, "id"), "relation", "« sections[1].id » : « relation » est déjà pris"),
    (("sections", 0, "paragraphs", 1, "id"), "p1", "« sections[0].paragraphs[1].id » : « p1 » est déjà pris"),
    (("sections", 0, "paragraphs", 1, "voice"), "interieur", "« sections[0].paragraphs[1].voice » vaut « interieur »"),
    (("commitments", 0, "owner"), "sante", "« commitments[0].owner » vaut « sante »"),
    (("commitments", 1, "id"), "c1", "« commitments[1].id » : « c1 » est déjà pris"),
    (("commitments", 1, "reason"), None, "« commitments[1].reason » : un abandon dit pourquoi"),
    (("commitments", 0, "due"), "bientôt", "« commitments[0].due » vaut « bientôt »"),
    (("commitments", 0, "from_quarter"), "2026-T4", "« commitments[0].from_quarter » : ce trimestre est après"),
    (("meeting", "date"), "2027-02-29", "« meeting.date » vaut « 2027-02-29 »"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "said"), FAULTS)
def test_a_fault_is_refused_and_its_place_named(path, value, said):
    assert said in refusal_of(changed(path, value))


def test_a_key_given_twice_is_refused():
    raw = canonical.encode(packs.BILAN).replace(b'"version":1', b'"version":1,"version":1')
    with pytest.raises(MalformedError, match="la clé « version » est donnée deux fois"):
        document.read(raw)


def test_a_fraction_is_refused():
    raw = canonical.encode(packs.BILAN).replace(b'"value":"2"', b'"value":2.5')
    with pytest.raises(MalformedError, match=r"« figures\[2\].value » : 2.5 est un nombre à virgule"):
        document.read(raw)


@pytest.mark.parametrize("version", [2, 3])
def test_a_correction_cites_an_earlier_version(version):
    bilan = packs.correcting(packs.BILAN)
    bilan["corrects"]["version"] = version

    assert "« corrects.version »" in refusal_of(bilan)


def test_a_correction_cites_a_whole_hash():
    bilan = packs.correcting(packs.BILAN)
    bilan["corrects"]["sha256"] = bilan["corrects"]["sha256"].upper()

    assert "« corrects.sha256 »" in refusal_of(bilan)


def test_what_could_not_be_read_back_is_not_written():
    bilan = document.read(canonical.encode(packs.BILAN))
    object.__setattr__(bilan, "quarter", "2026-T2")  # a frozen record, forced
    with pytest.raises(MalformedError, match="« period »"):
        document.to_bytes(bilan)


@pytest.mark.parametrize("level", ["ars", "prefecture"])
def test_a_departement_does_not_speak_in_the_national_bilan(level):
    bilan = packs.national()
    bilan["sections"][0]["paragraphs"][1]["voice"] = level

    assert "qui ne signe pas ici" in refusal_of(bilan)


@pytest.mark.parametrize(
    ("quarter", "start", "end"),
    [
        ("2026-T1", "2026-01-01", "2026-03-31"),
        ("2024-T1", "2024-01-01", "2024-03-31"),
        ("2026-T2", "2026-04-01", "2026-06-30"),
        ("2026-T4", "2026-10-01", "2026-12-31"),
    ],
)
def test_the_days_of_a_quarter(quarter, start, end):
    period = period_of(quarter)

    assert (period.start.isoformat(), period.end.isoformat()) == (start, end)


@pytest.mark.parametrize(
    ("value", "operator", "threshold", "result"),
    [
        ("1", ">=", "1", Result.MET),
        ("0.99", ">=", "1", Result.NOT_MET),
        ("0.3", "<=", "0.30", Result.MET),
        ("0.300000001", "<=", "0.3", Result.NOT_MET),
        ("0.1", "=", "0.10", Result.MET),
        ("-1", "<=", "0", Result.MET),
        (None, "<=", "0", Result.NO_ANSWER),
    ],
)
def test_a_figure_is_compared_exactly(value, operator, threshold, result):
    figure = packs.read(packs.BILAN).figures[0]
    object.__setattr__(figure, "value", value)

    assert document.result_of(figure, Threshold(operator=Operator(operator), value=threshold)) is result


@pytest.mark.parametrize(
    ("results", "verdict"),
    [
        ([], Verdict.INCONCLUSIVE),
        ([Result.MET], Verdict.SATISFACTORY),
        ([Result.MET, Result.NO_ANSWER], Verdict.INCONCLUSIVE),
        ([Result.NOT_MET, Result.NO_ANSWER], Verdict.TO_STRENGTHEN),
    ],
)
def test_what_the_criteria_conclude(results, verdict):
    assert document.verdict_of(results) is verdict


@given(st.text())
def test_a_text_once_cleaned_may_be_signed(text):
    cleaned = records.clean(text)

    assert records.clean(cleaned) == cleaned
    if cleaned:
        records.check_text(cleaned, "", lines=True)


def test_cleaning_keeps_what_is_seen():
    text = "« L’État » — œuvre à 3 h 30,\nsans délai…"

    assert records.clean(f" {text}\r\n") == text


@pytest.mark.parametrize("code", ["67", "2A", "974"])
def test_the_codes_of_the_departements(code):
    assert packs.read(changed(("departement", "code"), code)).departement.code == code


def test_identifiers_may_be_as_the_figures_are_named():
    bilan = changed(("figures", 2, "id"), "reunions.2026_T3:tenues")
    bilan["criteria"][0]["figure"] = "reunions.2026_T3:tenues"
    bilan["sections"][0]["paragraphs"][0]["text"] = "{{chiffre:reunions.2026_T3:tenues}}"

    assert packs.read(bilan).figures[2].id == "reunions.2026_T3:tenues"
