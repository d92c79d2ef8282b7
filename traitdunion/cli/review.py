"""``traitdunion review``: a proof pack checked on any machine, without the site, its database or the network."""

import argparse
import re
from pathlib import Path
from typing import Final

from traitdunion.cli.files import CommandRefusedError, read_in
from traitdunion.reviews import pack, signing, timestamp, verification
from traitdunion.reviews.canonical import MalformedError
from traitdunion.reviews.signing import KeyChain

SMALL_BYTES: Final = 1_000_000
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the verb and its options."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERBE", title="verbes")
    verifying = verbs.add_parser(
        "verify",
        prog=f"{parser.prog} verify",
        description="Vérifie un dossier de preuve. Code de retour : 0 si tout est vrai, 1 si quelque chose est faux, "
        "2 si ce n’est pas un dossier de preuve.",
    )
    verifying.add_argument("pack", metavar="DOSSIER.zip", type=Path, help="le dossier de preuve d’un bilan")
    trust = verifying.add_mutually_exclusive_group()
    trust.add_argument(
        "--key",
        metavar="EMPREINTE",
        help="empreinte d’une clé du site, en 64 chiffres hexadécimaux : ne croit qu’elle et celles qu’elle suit",
    )
    trust.add_argument(
        "--keys", metavar="CLES.json", type=Path, help="les clés que le site publie : ne croit qu’elles"
    )
    verifying.add_argument(
        "--authority",
        metavar="AUTORITE.pem",
        type=Path,
        help="certificats de l’autorité d’horodatage que l’on croit",
    )


def run(options: argparse.Namespace) -> int:
    """Print the report; return 1 when something in it is false."""
    report = verification.verify(
        read_in(options.pack, most=pack.MOST_BYTES),
        fingerprint=_fingerprint(options.key),
        published=_published(options.keys),
        roots=timestamp.read_roots(read_in(options.authority, most=SMALL_BYTES)) if options.authority else (),
    )
    print("\n".join(report.lines()))
    return 0 if report.is_true else 1


def _fingerprint(given: str | None) -> str | None:
    if given is None:
        return None
    digits = re.sub(r"[\s:]", "", given).lower()
    if not _FINGERPRINT.fullmatch(digits):
        raise CommandRefusedError(
            f"--key vaut « {given[:80]} » : on attend les 64 chiffres hexadécimaux d’une empreinte."
        )
    return digits


def _published(path: Path | None) -> KeyChain | None:
    if path is None:
        return None
    try:
        return signing.read_chain(read_in(path, most=SMALL_BYTES))
    except MalformedError as refusal:
        raise CommandRefusedError(
            f"Le fichier « {path} » n’est pas celui des clés d’un site. {refusal}"
        ) from refusal
