"""Who signs what, under which mandate, with which key of the site. Plain Python.

The site signs, in Ed25519, a statement that such a person signed such a text on such a day: ``Statement``, canonical
JSON. Its keys make one chain: each key signs itself, names the one before it, and is signed by it. A key serves from
its day to the day of the next, so that no date of the chain is left unsigned.

Private keys come from the environment or from a file that only its owner reads. They are never in the database.
"""

import os
import stat
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from traitdunion.core.errors import Refusal
from traitdunion.reviews import canonical, document, records
from traitdunion.reviews.canonical import MalformedError
from traitdunion.reviews.document import Bilan, Side
from traitdunion.reviews.records import LINES
from traitdunion.territories.particular_cases import TIME_ZONES

STATEMENT_FORMAT: Final = "traitdunion-signature/1"
KEY_FORMAT: Final = "traitdunion-cle/1"
CHAIN_FORMAT: Final = "traitdunion-cles/1"
KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
SHORT: Final = 16  # digits of a fingerprint that name a key; trust asks for all of them
_READ_BY_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class SigningError(Refusal):
    """This signature cannot be given, or this key cannot be used. The message is French and says why."""


# What is signed


@dataclass(frozen=True, slots=True, kw_only=True)
class Signatory:
    """Who signs, in which office."""

    name: str
    post: str
    organisation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """What makes the signatory act for a side, both days included; no last day when none is set."""

    id: str
    from_: date
    to: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """The act by which someone else lets the signatory sign, both days included."""

    id: str
    giver: str
    from_: date
    to: date | None
    text: str = field(metadata=LINES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What the key of the site signs: this person signed this text and this PDF, for this side, at this moment."""

    format: str = STATEMENT_FORMAT
    document_sha256: str
    pdf_sha256: str
    side: Side
    signatory: Signatory
    mandate: Mandate
    delegation: Delegation | None
    signed_at: datetime
    key_id: str

    def to_bytes(self) -> bytes:
        """Return the canonical bytes: what is signed, and the file of the pack."""
        return canonical.encode(records.write(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A statement and the 64 bytes of its Ed25519 signature."""

    statement: Statement
    signature: bytes


def read_statement(raw: bytes) -> Statement:
    """Return the statement written in ``raw``.

    Raises:
        MalformedError: the bytes are not its canonical form.
    """
    statement = records.read(Statement, canonical.decode_canonical(raw))
    if statement.format != STATEMENT_FORMAT:
        raise MalformedError(
            f"« format » vaut « {statement.format[:40]} » : on attend « {STATEMENT_FORMAT} »."
        )
    return statement


# The rules, the same when signing and when verifying


def day_of(bilan: Bilan, moment: datetime) -> date:
    """Return the day of a moment on the clocks of the département, or of Paris for the nation.

    Raises:
        SigningError: this machine does not know the time zones.
    """
    zone = TIME_ZONES.get(bilan.departement.code if bilan.departement else "", "Europe/Paris")
    try:
        return moment.astimezone(ZoneInfo(zone)).date()
    except ZoneInfoNotFoundError as error:
        raise SigningError(
            f"Cette machine ne connaît pas le fuseau « {zone} » : installez ses fuseaux horaires (paquet tzdata)."
        ) from error


def faults(statement: Statement, bilan: Bilan) -> Iterator[str]:
    """Give, in French, what forbids this statement on this bilan: side, mandate, delegation, dates."""
    day = day_of(bilan, statement.signed_at)
    if statement.side not in bilan.sides:
        yield f"« {statement.side.label} » ne signe pas ce bilan"
    yield from _outside("le mandat", statement.mandate.from_, statement.mandate.to, day)
    if statement.delegation:
        yield from _outside("la délégation", statement.delegation.from_, statement.delegation.to, day)
        if _plain(statement.delegation.giver) in {
            _plain(statement.signatory.name),
            _plain(statement.signatory.post),
        }:
            yield "le signataire se délègue à lui-même"
    late = [figure.id for figure in bilan.figures if figure.as_of > day]
    if late:
        yield f"le chiffre « {late[0]} » est daté d’après la signature"
    if bilan.meeting and bilan.meeting.date > day:
        yield "la réunion est datée d’après la signature"


def same_person(one: Statement, other: Statement) -> bool:
    """Whether both statements are of one person: the same mandate, or the same name in the same office."""
    return one.mandate.id == other.mandate.id or (
        _plain(one.signatory.name) == _plain(other.signatory.name)
        and _plain(one.signatory.post) == _plain(other.signatory.post)
    )


def same_name(one: Statement, other: Statement) -> bool:
    """Whether both signatories bear one name: two persons may, and only a reader can tell."""
    return _plain(one.signatory.name) == _plain(other.signatory.name)


def _outside(what: str, start: date, end: date | None, day: date) -> Iterator[str]:
    if end is not None and end < start:
        yield f"{what} finit avant de commencer"
    elif day < start:
        yield f"{what} ne commence que le {start:%d/%m/%Y}, et la signature est du {day:%d/%m/%Y}"
    elif end is not None and day > end:
        yield f"{what} a fini le {end:%d/%m/%Y}, et la signature est du {day:%d/%m/%Y}"


def _plain(text: str) -> str:
    """Return a name without case, accents or spaces: another spelling is not another person."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in parts if sign.isalnum())


# Keys


def fingerprint(public: bytes) -> str:
    """Return the SHA-256 of a raw public key: what the site publishes, and what a verifier is given."""
    return canonical.sha256(public)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyStatement:
    """What a key says of itself. ``previous`` is the whole fingerprint of the key before it."""

    format: str = KEY_FORMAT
    key_id: str
    public_key: bytes
    from_: datetime
    previous: str | None

    def to_bytes(self) -> bytes:
        """Return the canonical bytes, signed by the key itself and by the one before it."""
        return canonical.encode(records.write(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    """A public key, signed by itself, and by the key before it (``endorsement``) unless it is the first."""

    statement: KeyStatement
    signature: bytes
    endorsement: bytes | None

    @property
    def fingerprint(self) -> str:
        """The whole fingerprint."""
        return fingerprint(self.statement.public_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChain:
    """The public keys of a site, the first one first."""

    format: str = CHAIN_FORMAT
    keys: tuple[KeyRecord, ...]

    def to_bytes(self) -> bytes:
        """Return the canonical bytes: the file the site publishes, and the one of the pack."""
        return canonical.encode(records.write(self))

    def find(self, key_id: str) -> KeyRecord | None:
        """Return the key of that name."""
        return next((each for each in self.keys if each.statement.key_id == key_id), None)

    def serves(self, key_id: str, moment: datetime) -> bool:
        """Whether that key was the one of the site at ``moment``: from its day to that of the next."""
        found = None
        for each in self.keys:
            if each.statement.from_ <= moment:
                found = each.statement.key_id
        return found == key_id

    def up_to(self, key_ids: Iterable[str]) -> "KeyChain":
        """Return the chain that ends at the last of these keys: later ones say nothing about a pack."""
        wanted = set(key_ids)
        last = max(
            (rank for rank, each in enumerate(self.keys) if each.statement.key_id in wanted), default=-1
        )
        return KeyChain(keys=self.keys[: last + 1])

    def begins_with(self, other: "KeyChain") -> bool:
        """Whether ``other`` is this chain, or its beginning."""
        return self.keys[: len(other.keys)] == other.keys


def read_chain(raw: bytes) -> KeyChain:
    """Return the chain of keys written in ``raw``, every link of it checked.

    Raises:
        MalformedError: the bytes are not canonical, a link is not signed, or the dates do not follow.
    """
    chain = records.read(KeyChain, canonical.decode_canonical(raw))
    if chain.format != CHAIN_FORMAT:
        raise MalformedError(f"« format » vaut « {chain.format[:40]} » : on attend « {CHAIN_FORMAT} ».")
    if not chain.keys:
        raise MalformedError("« keys » : on attend une clé au moins.")
    before: KeyRecord | None = None
    for number, each in enumerate(chain.keys):
        fault = _fault_of_link(each, before)
        if fault:
            raise MalformedError(f"« keys[{number}] » : {fault}.")
        before = each
    if len({each.statement.key_id for each in chain.keys}) < len(chain.keys):
        raise MalformedError("« keys » : une clé y est deux fois.")
    return chain


def _fault_of_link(each: KeyRecord, before: KeyRecord | None) -> str | None:
    statement = each.statement
    if statement.format != KEY_FORMAT or len(statement.public_key) != KEY_BYTES:
        return f"on attend une clé « {KEY_FORMAT} » de {KEY_BYTES} octets"
    if statement.key_id != each.fingerprint[:SHORT]:
        return "le nom de la clé n’est pas le début de son empreinte"
    if not holds(statement.public_key, each.signature, statement.to_bytes()):
        return "la clé ne signe pas ce qui est dit d’elle"
    if before is None:
        return (
            "la première clé ne suit aucune autre, et celle-ci en nomme une"
            if statement.previous or each.endorsement
            else None
        )
    if statement.previous != before.fingerprint:
        return "elle ne nomme pas la clé d’avant"
    if each.endorsement is None or not holds(
        before.statement.public_key, each.endorsement, statement.to_bytes()
    ):
        return "la clé d’avant ne l’a pas signée"
    if statement.from_ <= before.statement.from_:
        return "elle commence avant la clé d’avant"
    return None


def holds(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether ``signature`` is that of ``message`` by the raw public key ``public``."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def pem_of(public: bytes) -> bytes:
    """Return a raw public key as openssl reads it."""
    return Ed25519PublicKey.from_public_bytes(public).public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )


# Signing


class SigningKey:
    """The private key in use, and the chain of public keys that ends with it."""

    def __init__(self, private: Ed25519PrivateKey, chain: KeyChain) -> None:
        if not chain.keys or chain.keys[-1].statement.public_key != private.public_key().public_bytes_raw():
            raise SigningError("La clé privée du site n’est pas la dernière de sa chaîne de clés publiques.")
        self._private = private
        self.chain = chain

    @classmethod
    def start(cls, private: Ed25519PrivateKey, *, at: datetime) -> "SigningKey":
        """Return the first key of a site, which serves from ``at``."""
        statement = _key_statement(private, at, previous=None)
        record = KeyRecord(
            statement=statement, signature=private.sign(statement.to_bytes()), endorsement=None
        )
        return cls(private, KeyChain(keys=(record,)))

    def rotate(self, private: Ed25519PrivateKey, *, at: datetime) -> "SigningKey":
        """Return the next key, which serves from ``at``; this one signs it and then no longer serves.

        Raises:
            SigningError: ``at`` is not after the day of this key, or the key already served.
        """
        last = self.chain.keys[-1]
        statement = _key_statement(private, at, previous=last.fingerprint)
        if statement.from_ <= last.statement.from_ or self.chain.find(statement.key_id):
            raise SigningError("Une nouvelle clé commence après celle d’avant, et n’a jamais servi.")
        message = statement.to_bytes()
        record = KeyRecord(
            statement=statement, signature=private.sign(message), endorsement=self._private.sign(message)
        )
        return SigningKey(private, KeyChain(keys=(*self.chain.keys, record)))

    @property
    def key_id(self) -> str:
        """The name of the key in use."""
        return self.chain.keys[-1].statement.key_id

    def seal(self, message: bytes) -> bytes:
        """Return the Ed25519 signature of ``message``."""
        return self._private.sign(message)


def sign(
    bilan: Bilan,
    *,
    document_sha256: str,
    pdf_sha256: str,
    side: Side,
    signatory: Signatory,
    mandate: Mandate,
    delegation: Delegation | None,
    others: Iterable[Signature],
    key: SigningKey,
    at: datetime,
) -> Signature:
    """Return the signature of one side.

    Args:
        bilan: the text signed.
        document_sha256: the hash the person was shown; refused when it is no longer that of ``bilan``.
        pdf_sha256: the hash of the PDF made from it.
        side: for whom.
        signatory: who.
        mandate: under what.
        delegation: what lets them sign, where they sign for someone else.
        others: the signatures already given on this text.
        key: the key of the site.
        at: when.

    Raises:
        SigningError: the text changed, the mandate or the delegation does not run that day, this side or this person
            has already signed, or the key is not in use yet.
        MalformedError: the bilan or a name cannot be written in a statement.
    """
    statement = Statement(
        document_sha256=document_sha256,
        pdf_sha256=pdf_sha256,
        side=side,
        signatory=signatory,
        mandate=mandate,
        delegation=delegation,
        signed_at=at.replace(microsecond=0),
        key_id=key.key_id,
    )
    message = statement.to_bytes()
    statement = read_statement(message)  # what could not be read back is not signed
    if document_sha256 != document.sha256(bilan):
        raise SigningError("Le texte a changé depuis que vous l’avez lu : relisez-le avant de signer.")
    for fault in faults(statement, bilan):
        raise SigningError(f"Cette signature est refusée : {fault}.")
    for other in others:
        if other.statement.side is side:
            raise SigningError(f"« {side.label} » a déjà signé ce bilan.")
        if same_person(other.statement, statement):
            raise SigningError("La même personne ne peut pas signer pour les deux côtés.")
        if (other.statement.document_sha256, other.statement.pdf_sha256) != (document_sha256, pdf_sha256):
            raise SigningError("L’autre côté a signé un autre texte ou un autre PDF.")
    if not key.chain.serves(key.key_id, statement.signed_at):
        raise SigningError("La clé du site n’est pas encore en service à cette date.")
    return Signature(statement=statement, signature=key.seal(message))


def _key_statement(private: Ed25519PrivateKey, at: datetime, previous: str | None) -> KeyStatement:
    public = private.public_key().public_bytes_raw()
    return KeyStatement(
        key_id=fingerprint(public)[:SHORT],
        public_key=public,
        from_=at.replace(microsecond=0),
        previous=previous,
    )


def read_private_key(pem: bytes) -> Ed25519PrivateKey:
    """Return the private key of a PEM without password, as ``openssl genpkey -algorithm ed25519`` writes it.

    Raises:
        SigningError: it is not one.
    """
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SigningError("La clé privée du site n’est pas un PEM lisible et sans mot de passe.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SigningError("La clé privée du site n’est pas une clé Ed25519.")
    return key


def pem_of_private(private: Ed25519PrivateKey) -> bytes:
    """Return a private key as ``read_private_key`` reads it. It goes to a file that only its owner reads."""
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def read_private_file(path: Path) -> Ed25519PrivateKey:
    """Return the private key of a file that only its owner may read.

    Raises:
        SigningError: others may read it, it cannot be read, or it is not a key.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            pem = file.read(10_000)
    except OSError as error:
        raise SigningError(f"La clé privée « {path} » ne peut pas être lue.") from error
    if mode & _READ_BY_OTHERS:
        raise SigningError(
            f"La clé privée « {path} » peut être lue par d’autres : « chmod 600 {path} », puis changez de clé."
        )
    return read_private_key(pem)
