import io
import zipfile

import pytest

from traitdunion.plan.files import LIMIT_BYTES, DocumentRefusedError, media_type


def archive(**members):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as zipped:
        for name, data in members.items():
            zipped.writestr(name.replace("__", "/"), data)
    return content.getvalue()


def open_document(kind):
    return archive(mimetype=f"application/vnd.oasis.opendocument.{kind}")


def office(folder, **more):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as zipped:
        for name in ("[Content_Types].xml", f"{folder}/document.xml", *more.values()):
            zipped.writestr(name, "x")
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", b"%PDF-1.4"),
        ("a.PNG", b"\x89PNG\r\n\x1a\n"),
        ("a.jpeg", b"\xff\xd8\xff\xe0"),
        ("a.txt", "é".encode()),
        ("a.odt", open_document("text")),
        ("a.ods", open_document("spreadsheet")),
        ("a.docx", office("word")),
        ("a.xlsx", office("xl")),
    ],
)
def test_accepted_documents_are_told_from_their_bytes(name, content):
    assert media_type(name, content)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", b"\x89PNG\r\n\x1a\n"),
        ("a.png", b"%PDF-1.4"),
        ("a.odt", open_document("spreadsheet")),
        ("a.docx", office("xl")),
        ("a.docx", office("word", macro="word/vbaProject.bin")),
        ("a.xlsx", b"PK\x03\x04 broken"),
        ("a.txt", b"\x00binary"),
        ("a.txt", b"\xe9"),
        ("a.html", b"<script>"),
        ("a.svg", b"<svg>"),
        ("pdf", b"%PDF-1.4"),
        ("a.pdf", b""),
        ("a.txt", b"x" * (LIMIT_BYTES + 1)),
    ],
)
def test_a_document_that_is_not_what_it_says_is_refused(name, content):
    with pytest.raises(DocumentRefusedError):
        media_type(name, content)
