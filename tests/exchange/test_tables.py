"""Text tables, files of another kind, and headers."""

import zipfile
from io import BytesIO

import pytest

from traitdunion.exchange.archives import MIB, Limits
from traitdunion.exchange.tables import (
    EmptyTableError,
    HeaderError,
    ProtectedFileError,
    RaggedRowError,
    TooLargeError,
    UndecodableError,
    UnreadableTableError,
    WrongTypeError,
    read_path,
    read_table,
)
from traitdunion.exchange.writers import write_table

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def read(text, name="plan.csv", encoding="utf-8", **limits):
    content = text.encode(encoding) if isinstance(text, str) else text
    return read_table(content, file_name=name, limits=Limits(**limits))


def texts(table):
    return [[cell.as_text() for cell in row] for row in table.rows]


def refusal(kind, *args, **kwargs):
    with pytest.raises(kind) as caught:
        read(*args, **kwargs)
    said = str(caught.value)
    assert said.endswith(".")
    return said.replace("\xa0", " ").replace("\u202f", " ")


def archive(*members):
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for name, data in members:
            file.writestr(name, data)
    return content.getvalue()


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_text_table_is_read(separator, end, encoding):
    lines = ["Mesure", "Échéance"], ["Mesure 38 – réseau", "01/03/2026"], ["", ""], ["Été", ""]
    text = end.join(separator.join(line) for line in lines) + end
    table = read(text, encoding=encoding)
    assert table.headers == ("Mesure", "Échéance")
    assert texts(table) == [["Mesure 38 – réseau", "01/03/2026"], ["Été", ""]]
    assert [row.number for row in table.rows] == [2, 4]


def test_the_separator_is_not_taken_from_inside_a_title():
    table = read('"Nom, prénom";"Rôle, fonction";Département\nx;y;01\n')
    assert table.headers == ("Nom, prénom", "Rôle, fonction", "Département")


def test_the_separator_line_of_a_spreadsheet_is_obeyed():
    table = read("sep=,\r\na;b,c\r\n1,2\r\n")
    assert (table.headers, table.rows[0].number) == (("a;b", "c"), 3)


def test_a_cell_says_its_line_even_after_a_text_of_several_lines():
    table = read('Nom;Note\nx;"un\ndeux\ntrois"\ny;fin\n')
    assert table.rows[0]["note"].as_text() == "un\ndeux\ntrois"
    assert table.rows[1]["note"].reference == "ligne 5, colonne « Note »"
    assert table.rows[1].reference("NOTE") == "ligne 5, colonne « Note »"


def test_a_column_is_found_by_its_normalised_name():
    [row] = read("Date d’échéance;Valeur\n01/03/2026;12\n").rows
    assert row["date d'echeance"].column == "Date d’échéance"
    assert "VALEUR" in row
    assert row.get("pilote") is None
    with pytest.raises(KeyError):
        row["pilote"]


def test_a_short_row_has_empty_cells():
    [row] = read("a;b;c\n1\n").rows
    assert [cell.value for cell in row] == ["1", None, None]


def test_text_that_was_neutralised_is_restored():
    [row] = read("a;b\n'=1+1;'-\n").rows
    assert [cell.as_text() for cell in row] == ["=1+1", "-"]


def test_a_formula_in_a_text_file_stays_text():
    [row] = read("a;b\n=cmd|' /C calc'!A0;+33 1\n").rows
    assert [cell.as_text() for cell in row] == ["=cmd|' /C calc'!A0", "+33 1"]


def test_a_table_without_rows_is_read():
    table = read("a;b\n")
    assert (len(table), table.sheet) == (0, "")


def test_missing_columns_are_named_with_the_nearest_found():
    table = read("Mesure;Echeances\nx;y\n")
    with pytest.raises(HeaderError) as caught:
        table.require(["mesure", "Échéance", "Pilote"])
    assert str(caught.value).replace("\xa0", " ") == (
        "Les colonnes « Échéance », « Pilote » manquent ; le fichier a les colonnes « Mesure », « Echeances ». "
        "Ajoutez-les ou corrigez la première ligne : « Echeances » est peut-être « Échéance »."
    )
    table.require(["MESURE"])


def test_unknown_columns_are_listed():
    table = read("Mesure;Notes\nx;y\n")
    assert table.unknown(["mesure"]) == ("Notes",)
    assert "MESURE" in table


@pytest.mark.parametrize("content", [b"", b" \n\t ", b";;;\n;;\n", b"\xef\xbb\xbf", b"\xff\xfe"])
def test_an_empty_file_is_refused(content):
    assert "attendue" in refusal(EmptyTableError, content)


def test_duplicated_columns_are_named():
    assert refusal(HeaderError, "Échéance;Nom;; echeance\nx;y;;z\n") == (
        "La colonne « echeance » figure deux fois (ligne 1, colonnes 1 et 4) ; "
        "un nom différent pour chaque colonne était attendu. Renommez ou supprimez l’une des deux."
    )


def test_values_without_titles_are_refused():
    assert refusal(HeaderError, "12;01/03/2026\n13;02/03/2026\n").startswith(
        "La ligne 1, la première du tableau, ne nomme aucune colonne (« 12 », « 01/03/2026 »)"
    )


@pytest.mark.parametrize(
    ("text", "where"), [("a;b\n1;2;3\n", "ligne 2, valeur n° 3"), ("a;;b\n1;3;2\n", "ligne 2, valeur n° 2")]
)
def test_a_value_outside_the_columns_is_refused(text, where):
    assert refusal(RaggedRowError, text).startswith(
        f"La valeur « 3 » ({where}) est dans une colonne sans titre"
    )


def test_an_open_quotation_mark_is_refused_by_its_line():
    assert refusal(RaggedRowError, 'a;b\n1;2\n"x;y\nz;t\n').startswith("La ligne 3 a un guillemet mal fermé")


def test_a_text_without_end_is_refused():
    assert refusal(TooLargeError, 'a;b\n1;"' + "x\n" * 100_000).startswith(
        "Un texte de la ligne 2 dépasse 131072"
    )


def test_too_many_rows_or_columns_are_refused():
    assert refusal(TooLargeError, "a;b\n" + "1;2\n" * 11, max_rows=10).startswith(
        "Le tableau a plus de 10 lignes, la limite."
    )
    assert len(read("a;b\n" + "1;2\n" * 10, max_rows=10)) == 10
    assert refusal(TooLargeError, "a;b;c\n1;2;3\n", max_columns=2).startswith(
        "Le tableau a plus de 2 colonnes"
    )
    assert "la limite est de 10 cellules" in refusal(TooLargeError, "a;b\n" + "1;2\n" * 5, max_cells=10)


def test_a_file_that_is_too_heavy_is_refused_before_it_is_looked_at():
    said = refusal(TooLargeError, b"%PDF" + bytes(3 * MIB), max_bytes=2 * MIB)
    assert said.startswith("Le fichier pèse 3 Mo ; la limite est de 2 Mo.")


def test_a_file_of_100_mb_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "plan.csv"
    with path.open("wb") as file:
        file.truncate(100 * MIB)  # no block on the disk
    path.chmod(0)
    with pytest.raises(TooLargeError, match="pèse 100 Mo"):
        read_path(path)


def test_a_file_is_read_from_its_path(tmp_path):
    path = tmp_path / "plan.tsv"
    path.write_text("a\tb\n1\t2\n")
    assert texts(read_path(path)) == [["1", "2"]]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"%PDF-1.7\n", "un PDF"),
        (b"\x89PNG\r\n\x1a\n", "une image PNG"),
        (b"\xff\xd8\xff\xe0", "une photo JPEG"),
        (b"\x1f\x8b\x08", "une archive gzip"),
        (OLE, "un classeur Excel ancien (.xls)"),
        (OLE + "WordDocument".encode("utf-16-le"), "un document Word ancien (.doc)"),
        (b"<!DOCTYPE html><table>", "une page web ou du XML"),
        (b'\xef\xbb\xbf<?xml version="1.0"?>', "une page web ou du XML"),
        (b"{\\rtf1", "un document RTF"),
        (archive(("word/document.xml", "")), "un document Word (.docx)"),
        (archive(("ppt/presentation.xml", "")), "une présentation PowerPoint (.pptx)"),
        (archive(("xl/workbook.bin", "")), "un classeur Excel binaire (.xlsb)"),
        (archive(("photo.png", "")), "une archive zip"),
        (archive(("mimetype", "application/vnd.oasis.opendocument.text")), "un document texte (.odt)"),
        (
            archive(("mimetype", "application/vnd.oasis.opendocument.graphics")),
            "un document qui n’est pas un classeur",
        ),
    ],
)
@pytest.mark.parametrize("name", ["plan.xlsx", "plan.csv"])
def test_another_kind_of_file_is_named_whatever_its_extension(content, found, name):
    assert refusal(WrongTypeError, content, name=name).startswith(
        f"Ce fichier est {found} ; un classeur .xlsx ou .ods, ou un texte .csv, était attendu."
    )


def test_a_workbook_under_another_name_is_refused():
    content = write_table(["a"], [["x"]], format="xlsx", title="x")
    assert refusal(WrongTypeError, content, name="plan.ods").startswith(
        "Le fichier « plan.ods » est en réalité un classeur .xlsx"
    )


def test_a_text_named_as_a_workbook_is_refused():
    assert refusal(WrongTypeError, "a;b\n", name="plan.xlsx").startswith(
        "Le fichier finit par .xlsx sans être un classeur"
    )


@pytest.mark.parametrize("name", ["plan", "plan.docx", "plan.exe", ""])
def test_an_unknown_extension_is_refused(name):
    assert "n’a pas une extension que nous lisons" in refusal(WrongTypeError, "a;b\n1;2\n", name=name)


def test_an_encrypted_workbook_is_refused():
    content = OLE + "EncryptedPackage".encode("utf-16-le")
    assert refusal(ProtectedFileError, content, name="plan.xlsx").startswith(
        "Le classeur est protégé par un mot de passe"
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a;b\n1;\x002\n", "La ligne 2 contient un caractère de contrôle (code 0)"),
        ("a;b\n1;2\n".encode("utf-16-le"), "La ligne 1 contient un caractère de contrôle (code 0)"),
        (b"a;b\n\xe9;\x81\n", "La ligne 2 contient un octet qui n’est pas du texte"),
        (b"\xef\xbb\xbfa;b\n1;\xe9\n", "La ligne 2 contient un octet qui n’est pas du texte"),
        (b"\xff\xfea\x00;", "La ligne 1 contient un octet qui n’est pas du texte"),
    ],
)
def test_what_is_not_text_is_refused_by_its_line(content, said):
    assert refusal(UndecodableError, content).startswith(said)


def test_every_refusal_is_one_class_for_the_caller():
    with pytest.raises(UnreadableTableError):
        read(b"")
