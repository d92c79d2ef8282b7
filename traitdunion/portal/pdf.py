"""Turn data into a PDF: tagged (PDF/UA-1), and the same bytes for the same data on every machine."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typst

DOCUMENTS = Path(__file__).parent / "documents"


def render(document: str, data: Mapping[str, Any]) -> bytes:
    """Return the PDF of ``document`` (a file of ``portal/documents``) filled with ``data``.

    Args:
        document: name of the template, without its ending.
        data: what the template reads; JSON values only. A text of it is shown as it is, never read as markup.

    Raises:
        typst.TypstError: the template is wrong; data alone cannot cause it.
    """
    pdf: bytes = typst.compile(
        DOCUMENTS / f"{document}.typ",
        format="pdf",
        sys_inputs={"data": json.dumps(data, ensure_ascii=False, sort_keys=True)},
        pdf_standards=["ua-1"],
        # Only the fonts inside the wheel: the machine's own would change the bytes.
        ignore_system_fonts=True,
    )
    return pdf
