"""``traitdunion review``: a proof pack checked and keys made, without database or network; the files of a quarter."""

import argparse
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from traitdunion.cli import review_build
from traitdunion.cli.files import CommandRefusedError, read_in, reason, write_out
from traitdunion.reviews import pack, records, signing, timestamp, verification
from traitdunion.reviews.canonical import MalformedError
from traitdunion.reviews.signing import KeyChain, SigningKey

SMALL_BYTES: Final = 1_000_000
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the verbs and their options."""
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
    building = verbs.add_parser(
        "build",
        prog=f"{parser.prog} build",
        description="Écrit les fichiers des bilans d’un trimestre, les mêmes que ceux du site : tous, ou aucun.",
    )
    review_build.configure(building)
    making = verbs.add_parser(
        "key",
        prog=f"{parser.prog} key",
        description="Fait la première clé du site, ou la suivante : la précédente la signe, et ne sert plus.",
    )
    making.add_argument(
        "--private",
        metavar="CLE.pem",
        type=Path,
        required=True,
        help="clé privée à faire, lisible de vous seul",
    )
    making.add_argument(
        "--keys", metavar="CLES.json", type=Path, required=True, help="clés publiques, que le site publie"
    )
    making.add_argument(
        "--after", metavar="ANCIENNE.pem", type=Path, help="clé privée en service, que la nouvelle remplace"
    )


def run(options: argparse.Namespace) -> int:
    """Verify a pack, make a key, or write the files of a quarter."""
    if options.verb == "build":
        return review_build.run(options)
    return _make_key(options) if options.verb == "key" else _verify(options)


def _verify(options: argparse.Namespace) -> int:
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
            f"Le fichier « {path} » n’est pas celui des clés d’un site. {records.shown(str(refusal))}"
        ) from refusal


def _make_key(options: argparse.Namespace) -> int:
    at, private = datetime.now(UTC), Ed25519PrivateKey.generate()
    if options.after is None:
        if options.keys.exists():
            raise CommandRefusedError(
                f"Le fichier « {options.keys} » existe : pour une clé de plus, donnez avec --after la clé en service."
            )
        key = SigningKey.start(private, at=at)
    else:
        chain = _published(options.keys) or KeyChain(keys=())
        key = SigningKey(signing.read_private_file(options.after), chain).rotate(private, at=at)
    _write_private(options.private, private)  # first: a chain that ends with a lost key would sign no more
    write_out(key.chain.to_bytes(), options.keys)
    print(f"Clé {key.key_id}, en service depuis maintenant. Publiez « {options.keys} », et cette empreinte :")
    print(key.chain.keys[-1].fingerprint)
    return 0


def _write_private(path: Path, private: Ed25519PrivateKey) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(signing.pem_of_private(private))
    except FileExistsError as fault:
        raise CommandRefusedError(
            f"Le fichier « {path} » existe : une clé n’en remplace jamais une autre."
        ) from fault
    except OSError as fault:
        raise CommandRefusedError(
            f"Le fichier « {path} » ne peut pas être écrit : {reason(fault)}."
        ) from fault
