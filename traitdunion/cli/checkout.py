"""Where the files of the checkout are."""

import os
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
FRONTEND: Final = ROOT / "frontend"
CACHE: Final = ROOT / ".cache"


def assets_folder() -> Path:
    """Return the folder of what is served but not ours: ``TRAITDUNION_ASSETS``, else one of the checkout."""
    return Path(os.environ.get("TRAITDUNION_ASSETS") or CACHE / "assets")


def demo_folder() -> Path:
    """Return the folder of the demonstration's state: ``TRAITDUNION_HOME``, else one of the checkout."""
    return Path(os.environ.get("TRAITDUNION_HOME") or CACHE / "demo").absolute()
