"""What only the server can compute: the personal link, and the keys that lead from a link to its answers.

Everything here derives from the secret of the site, which no table holds: from the database alone, an invitation
leads nowhere. Each use has its own salt, so that two keys of one invitation have nothing in common to read.
"""

import base64
import binascii
import secrets
from typing import Final
from uuid import UUID

from django.core import signing
from django.utils.crypto import salted_hmac

from traitdunion.barometer import rules_campaign as rules
from traitdunion.barometer.models import RosterEntry

LINK_SALT: Final = "traitdunion.barometer.link"


# Links


def token(entry: RosterEntry) -> str:
    """Return the signed key of the link of ``entry``: its public identifier and the version of the link."""
    name = base64.urlsafe_b64encode(entry.public_id.bytes).decode().rstrip("=")
    return signing.Signer(salt=LINK_SALT).sign(f"{name}.{entry.link_version}")


def read_token(text: str) -> tuple[UUID, int] | None:
    """Return the public identifier and the version that a link was signed for, None for any other text."""
    try:
        name, _, version = signing.Signer(salt=LINK_SALT).unsign(text).partition(".")
        return UUID(bytes=base64.urlsafe_b64decode(f"{name}==")), int(version)
    except (signing.BadSignature, ValueError, binascii.Error):
        return None


# From an invitation to its answers


def sheet_key(entry: RosterEntry) -> str:
    """Return the provisional key of the sheet of ``entry``."""
    return _hmac("sheet", entry.public_id.hex)


def remark_key(entry: RosterEntry, screen: int) -> str:
    """Return the provisional key of the remark that ``entry`` writes on a screen; unlike that of the sheet."""
    return _hmac("remark", entry.public_id.hex, str(screen))


# Codes that respondents keep


def new_code() -> str:
    """Return a code drawn at random, 55 bits, as it is shown."""
    return rules.write_code([secrets.randbelow(len(rules.CODE_SIGNS)) for _ in range(rules.CODE_LENGTH - 1)])


def pair_hash(signs: str, departement: str, side: str) -> str:
    """Return what is kept of a code to recognise the same person in another wave, on the same side.

    The side enters it: someone asked in ten départements would else leave one hash in ten, as only they can.
    """
    return _hmac("pair", departement, side, signs)


def masked(pair: str, key: str) -> str:
    """Return ``pair`` unreadable without the secret, or readable again: the same operation both ways.

    While a wave is open, a sheet that pairs with an earlier one would tell who was already there.
    """
    return f"{int(pair, 16) ^ int(_hmac('mask', key), 16):064x}"


def release_hash(signs: str, wave: UUID, departement: str, side: str) -> str:
    """Return what is kept of a code beside a remark: it leads back to its author, not to the sheet."""
    return _hmac("release", wave.hex, departement, side, signs)


def _hmac(use: str, *parts: str) -> str:
    digest = salted_hmac(f"traitdunion.barometer.{use}", "\n".join(parts), algorithm="sha256")
    return digest.hexdigest()
