"""The keys of this process, read again whenever their file changes."""

from functools import lru_cache
from pathlib import Path

from django.conf import settings

from traitdunion.register import keyring
from traitdunion.register.keyring import KeysUnreadableError, SiteKeys
from traitdunion.register.marks import Marker


def keys() -> SiteKeys:
    """Return the keys of the site.

    Raises:
        KeysUnreadableError: they are missing, or cannot be trusted.
    """
    path = path_of_keys()
    try:
        state = path.stat()
    except OSError:
        return keyring.read(path)  # says why
    return _read(path, state.st_mtime_ns, state.st_ino, state.st_mode)


def path_of_keys() -> Path:
    """Return where the file of the keys is.

    Raises:
        KeysUnreadableError: the setting does not say.
    """
    if not settings.REGISTER_KEYS:
        raise KeysUnreadableError(
            "TRAITDUNION_REGISTER_KEYS est vide : donnez le fichier des clés du registre."
        )
    return Path(settings.REGISTER_KEYS)


def marker(departement: str) -> Marker:
    """Return what makes the blind marks of a département."""
    return Marker(keys().index, departement)


@lru_cache(maxsize=1)
def _read(path: Path, _modified: int, _inode: int, _mode: int) -> SiteKeys:
    return keyring.read(path)
