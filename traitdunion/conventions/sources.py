"""Read the example of national model that ships with the product."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EXAMPLE = Path(__file__).parent / "data" / "template_example.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateSource:
    """A version of the model as a file gives it."""

    name: str
    headings: Sequence[Mapping[str, Any]]
    circuits: Sequence[Mapping[str, Any]]


def read_template(path: Path = EXAMPLE) -> TemplateSource:
    """Return the version that the file ``path`` describes."""
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    return TemplateSource(name=content["name"], headings=content["headings"], circuits=content["circuits"])
