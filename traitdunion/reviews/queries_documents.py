"""Reads of the documents prepared for a quarter."""

from traitdunion.reviews import pack
from traitdunion.reviews.models import DocumentFile, DocumentRun, DocumentSet, SignatureStamp, Version
from traitdunion.reviews.rules import Quarter

README = "LISEZMOI.txt"


def stamps(version: Version) -> dict[int, SignatureStamp]:
    """Return the time-stamps of the signatures of ``version``, by the key of the signature, one query."""
    rows = SignatureStamp.objects.filter(signature__version=version).defer("token")
    return {row.signature_id: row for row in rows}


def problems(run: DocumentRun) -> list[tuple[str, str]]:
    """Return, by bilan, why some of its files could not be made, one query."""
    rows = (
        DocumentSet.objects.filter(run=run)
        .exclude(problem="")
        .select_related("version__review__departement")
        .order_by("pk")
    )
    return [(str(row.version.review), row.problem) for row in rows]


def archive(run: DocumentRun) -> bytes:
    """Return the zip of the files of ``run`` and of a note that says what is in it, the same bytes each time."""
    rows = DocumentFile.objects.filter(documents__run=run).values_list("name", "content")
    contents = {name: bytes(content) for name, content in rows}
    contents[README] = _note(run, len(contents)).encode()
    return pack.write_zip(contents)


def _note(run: DocumentRun, count: int) -> str:
    quarter = Quarter.read(run.quarter)
    lines = [
        f"Bilans du {quarter.label} : {count} fichiers.",
        "",
        "bilan-DEPARTEMENT-TRIMESTRE-vVERSION.pdf   le bilan, à lire",
        "                                    .docx  le même, à retravailler : ce n’est pas ce qui est signé",
        "                                    .ods   le même en classeur",
        "                                    .json  le texte, ses chiffres et ses critères, dans la forme qui se signe",
        "                                    .zip   le dossier de preuve, dès qu’une institution a signé",
        "",
        "« -projet » dans un nom : le texte s’écrivait encore ; ce n’est pas un bilan signé.",
        "",
    ]
    missing = problems(run)
    if missing:
        lines += ["Ce qui n’a pas pu être préparé :", ""]
        lines += [f"{bilan} : {problem}" for bilan, problem in missing]
        lines.append("")
    return "\n".join(lines)
