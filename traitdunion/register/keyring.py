"""The keys of the site: a file that only it may read, outside the database and its backups.

Two families. The wrapping keys encrypt the key of each dossier; one epoch serves at a time, and to replace it then
destroy the former is what makes an erasure reach the backups. The index key blinds the marks of the search.
"""

import base64
import binascii
import json
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

from traitdunion.core.errors import Refusal
from traitdunion.register.sealing import KEY_BYTES

_OTHERS: Final = 0o077


class KeysUnreadableError(Refusal):
    """The keys of the site are missing, or cannot be trusted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteKeys:
    """The keys of the site.

    Attributes:
        epoch: the name of the wrapping key in use.
        wrapping: the wrapping keys by epoch; more than one while dossiers pass from one to the next.
        index: the key of the marks of the search.
    """

    epoch: str
    wrapping: Mapping[str, bytes]
    index: bytes

    def __repr__(self) -> str:
        """Return the epoch alone: a key is never printed."""
        return f"SiteKeys(epoch={self.epoch!r})"

    @property
    def current(self) -> bytes:
        """The wrapping key in use."""
        return self.wrapping[self.epoch]

    def of_epoch(self, epoch: str) -> bytes:
        """Return the wrapping key of an epoch.

        Raises:
            KeysUnreadableError: it was destroyed.
        """
        try:
            return self.wrapping[epoch]
        except KeyError:
            raise KeysUnreadableError(
                f"La clé de l’époque {epoch} n’existe plus : ce qu’elle protégeait ne peut plus être lu."
            ) from None

    def with_next_epoch(self, *, at: datetime) -> Self:
        """Return these keys with a wrapping key drawn now, in use from now on; the others stay until dropped."""
        epoch = _epoch(at)
        return replace(self, epoch=epoch, wrapping={**self.wrapping, epoch: secrets.token_bytes(KEY_BYTES)})

    def with_current_epoch_only(self) -> Self:
        """Return these keys without the former epochs: what only they opened is lost, on purpose."""
        return replace(self, wrapping={self.epoch: self.current})

    def to_text(self) -> str:
        """Return the content of the file."""
        wrapping = {epoch: base64.b64encode(key).decode() for epoch, key in self.wrapping.items()}
        content = {"epoch": self.epoch, "wrapping": wrapping, "index": base64.b64encode(self.index).decode()}
        return json.dumps(content, indent=2) + "\n"

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Return the keys of the content of a file.

        Raises:
            KeysUnreadableError: it is not such a content.
        """
        try:
            content = json.loads(text)
            wrapping = {str(epoch): _key(key) for epoch, key in content["wrapping"].items()}
            keys = cls(epoch=content["epoch"], wrapping=wrapping, index=_key(content["index"]))
        except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
            keys = None
        if keys is None or keys.epoch not in keys.wrapping:
            raise KeysUnreadableError(
                "Le fichier des clés du registre n’a pas la forme attendue : restaurez-le d’une copie sûre."
            )
        return keys


def new_keys(*, at: datetime) -> SiteKeys:
    """Return the first keys of a site, drawn now."""
    epoch = _epoch(at)
    return SiteKeys(
        epoch=epoch,
        wrapping={epoch: secrets.token_bytes(KEY_BYTES)},
        index=secrets.token_bytes(KEY_BYTES),
    )


def read(path: Path) -> SiteKeys:
    """Return the keys of a file that only its owner may read.

    Raises:
        KeysUnreadableError: it is absent, open to others, or not a file of keys.
    """
    try:
        if stat.S_IMODE(path.stat().st_mode) & _OTHERS:
            raise KeysUnreadableError(
                f"Le fichier des clés du registre {path} est lisible par d’autres que son propriétaire : "
                "retirez-leur tout droit (chmod 600), puis relancez."
            )
        return SiteKeys.from_text(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise KeysUnreadableError(
            f"Le fichier des clés du registre {path} ne peut pas être lu ({error.strerror}) : vérifiez "
            "TRAITDUNION_REGISTER_KEYS, ou faites les premières clés avec « traitdunion manage register_keys »."
        ) from error


def write(path: Path, keys: SiteKeys) -> None:
    """Replace the file of the keys in one step that survives a power cut; only its owner reads it.

    Raises:
        KeysUnreadableError: it cannot be written.
    """
    beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(keys.to_text())
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise KeysUnreadableError(
            f"Le fichier des clés du registre {path} ne peut pas être écrit ({error.strerror}) : rien n’a changé."
        ) from error


def _epoch(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%S%fZ")


def _key(text: str) -> bytes:
    key = base64.b64decode(text, validate=True)
    if len(key) != KEY_BYTES:
        raise ValueError(len(key))
    return key
