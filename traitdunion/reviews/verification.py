"""Whether a proof pack says the truth, and of what: each check, its outcome, in French. Plain Python.

It reads no clock, no network and no database: the same pack gives the same report on every machine and every day.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from cryptography import x509

from traitdunion.reviews import canonical, document, pack, records, signing, timestamp
from traitdunion.reviews.canonical import MalformedError
from traitdunion.reviews.document import Bilan, Side
from traitdunion.reviews.pack import Contents, Manifest
from traitdunion.reviews.signing import KeyChain, Signature, Statement
from traitdunion.reviews.timestamp import TimestampError

CLOCKS_APART: Final = timedelta(minutes=5)
"""How much the clock of the site may be ahead of that of the authority."""


class Outcome(StrEnum):
    """What a check finds."""

    TRUE = "vrai"
    FALSE = "FAUX"
    NOTE = "à savoir"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at, and what was found: a French sentence, on one line whatever the pack holds."""

    outcome: Outcome
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that was looked at, in order. ``sides`` are those whose signature holds."""

    checks: tuple[Check, ...]
    sides: tuple[Side, ...]

    @property
    def is_true(self) -> bool:
        """Whether nothing was found false."""
        return all(each.outcome is not Outcome.FALSE for each in self.checks)

    @property
    def conclusion(self) -> str:
        """The whole in one French sentence."""
        if not self.is_true:
            return "Ce dossier ne prouve rien : au moins une vérification est fausse."
        if len(self.sides) == 1:
            return f"Ce dossier est intact, et signé par une seule partie : {self.sides[0].label}."
        both = " et ".join(side.label for side in self.sides)
        return f"Ce dossier est intact, et signé par les deux parties : {both}."

    def lines(self) -> list[str]:
        """Return the report as it is printed."""
        width = max(len(outcome.value) for outcome in Outcome)
        return [f"[{each.outcome.value:^{width}}] {each.sentence}" for each in self.checks] + [
            "",
            self.conclusion,
        ]


def verify(
    raw: bytes,
    *,
    fingerprint: str | None = None,
    published: KeyChain | None = None,
    roots: Sequence[x509.Certificate] = (),
) -> Report:
    """Return what is true and false in a pack.

    Args:
        raw: the file.
        fingerprint: the whole fingerprint of a key, the only one trusted with those it links to.
        published: the chain of keys of the site, the only one trusted. Without either, the keys of the pack are
            believed, and the report says so.
        roots: certificates of a time-stamping authority that are trusted.

    Raises:
        PackError: it is not a pack at all.
    """
    reading = _Reading(pack.read_zip(raw), fingerprint, published, roots)
    checks = tuple(reading.checks(raw))
    return Report(checks=checks, sides=tuple(reading.held))


def _true(sentence: str) -> Check:
    return Check(outcome=Outcome.TRUE, sentence=records.shown(sentence))


def _false(sentence: str) -> Check:
    return Check(outcome=Outcome.FALSE, sentence=records.shown(sentence))


def _note(sentence: str) -> Check:
    return Check(outcome=Outcome.NOTE, sentence=records.shown(sentence))


class _Reading:
    """A pack being checked: what each step found is what the next one rests on."""

    def __init__(
        self,
        files: Mapping[str, bytes],
        fingerprint: str | None,
        published: KeyChain | None,
        roots: Sequence[x509.Certificate],
    ) -> None:
        self.files = files
        self.fingerprint = fingerprint
        self.published = published
        self.roots = roots
        self.chain: KeyChain | None = None
        self.bilan: Bilan | None = None
        self.manifest: Manifest | None = None
        self.signatures: dict[Side, Signature] = {}
        self.held: list[Side] = []

    def checks(self, raw: bytes) -> Iterator[Check]:
        yield from self._keys()
        yield from self._trust()
        yield from self._manifest()
        yield from self._text()
        yield from self._sides()
        yield from self._persons()
        yield from self._stamps()
        yield from self._envelope(raw)

    # Keys

    def _keys(self) -> Iterator[Check]:
        try:
            self.chain = signing.read_chain(self.files[pack.KEYS])
        except MalformedError as refusal:
            yield _false(f"Les clés publiques (keys.json) ne se suivent pas. {refusal}")
            return
        count = len(self.chain.keys)
        said = (
            "La clé publique se signe elle-même"
            if count == 1
            else f"Les {count} clés publiques se suivent, chacune signée par la précédente"
        )
        yield _true(f"{said} ; empreinte de la dernière : {self.chain.keys[-1].fingerprint}.")

    def _trust(self) -> Iterator[Check]:
        if self.chain is None:
            return
        fingerprints = {each.fingerprint for each in self.chain.keys}
        if self.published is not None:
            if self.published.begins_with(self.chain):
                yield _true("Ces clés sont celles que le site publie (fichier donné).")
            else:
                yield _false("Ces clés ne sont pas celles que le site publie (fichier donné).")
        if self.fingerprint is not None:
            if self.fingerprint in fingerprints:
                yield _true("La clé dont vous avez donné l’empreinte est l’une d’elles.")
            else:
                yield _false(
                    "La clé dont vous avez donné l’empreinte n’en est pas : autre site, ou clé changée depuis. Dans le "
                    "second cas, donnez avec --keys le fichier des clés que le site publie."
                )
        if self.published is None and self.fingerprint is None:
            yield _note(
                "Les clés sont celles du dossier lui-même : comparez leur empreinte à celle que le site publie, ou "
                "donnez-la avec --key. Sans cela, un faux signé d’une autre clé passerait aussi."
            )

    def _serves(self, statement: Statement) -> bool:
        chain = self.published or self.chain
        return chain is not None and chain.serves(statement.key_id, statement.signed_at)

    def _holds(self, key_id: str, signature: bytes, message: bytes) -> bool:
        record = self.chain.find(key_id) if self.chain else None
        return record is not None and signing.holds(record.statement.public_key, signature, message)

    # Files

    def _manifest(self) -> Iterator[Check]:
        raw = self.files[pack.MANIFEST]
        try:
            self.manifest = records.read(Manifest, canonical.decode_canonical(raw))
        except MalformedError as refusal:
            yield _false(f"Le manifeste ne se lit pas. {refusal}")
            return
        if self._holds(self.manifest.key_id, self.files[pack.SEAL], raw):
            yield _true("Le manifeste est signé par le site (manifest.sig).")
        else:
            yield _false("La signature du manifeste (manifest.sig) n’est pas celle du site.")
        listed = {each.name: each.sha256 for each in self.manifest.files}
        present = {
            name: canonical.sha256(content)
            for name, content in self.files.items()
            if name not in {pack.MANIFEST, pack.SEAL}
        }
        wrong = sorted(name for name in {*listed, *present} if listed.get(name) != present.get(name))
        if wrong or len(listed) < len(self.manifest.files) or self.manifest.format != pack.MANIFEST_FORMAT:
            yield _false(
                f"Les fichiers ne sont pas ceux du manifeste : {', '.join(wrong) or 'un nom y est deux fois'}."
            )
        else:
            yield _true(f"Les {len(listed)} fichiers sont ceux du manifeste, à l’octet près.")

    def _text(self) -> Iterator[Check]:
        try:
            self.bilan = document.read(self.files[pack.TEXT])
        except MalformedError as refusal:
            yield _false(f"Le texte (bilan.json) n’est pas celui d’un bilan. {refusal}")
            return
        bilan = self.bilan
        yield _true(
            f"Le texte est un {bilan.title} : {len(bilan.figures)} chiffres, {len(bilan.criteria)} critères. Chaque "
            "chiffre cité existe, et chaque critère et la conclusion calculée suivent de leurs chiffres."
        )
        if bilan.is_example:
            yield _note("Les critères de ce bilan sont un exemple, sans valeur officielle.")
        if bilan.conclusion.kept is not bilan.conclusion.computed:
            yield _note(
                f"La conclusion retenue (« {bilan.conclusion.kept} ») s’écarte de celle des critères "
                f"(« {bilan.conclusion.computed} ») ; la raison est écrite."
            )
        if bilan.corrects:
            yield _note(
                f"Cette version corrige la version {bilan.corrects.version}, d’empreinte {bilan.corrects.sha256}."
            )
        if not self.files[pack.PDF].startswith(b"%PDF-"):
            yield _false("bilan.pdf n’est pas un PDF.")

    # Signatures

    def _sides(self) -> Iterator[Check]:
        if self.bilan is None:
            return
        for name in sorted(self.files):
            folder, _, rest = name.partition("/")
            if folder == "signatures" and rest.partition(".")[0] not in {
                side.value for side in self.bilan.sides
            }:
                yield _false(f"« {name} » : ce côté ne signe pas un bilan de ce niveau.")
        for side in self.bilan.sides:
            yield from self._side(self.bilan, side)
        if not self.signatures:
            yield _false("Personne n’a signé.")

    def _side(self, bilan: Bilan, side: Side) -> Iterator[Check]:
        raw = self.files.get(f"signatures/{side}.json")
        signature = self.files.get(f"signatures/{side}.sig")
        label = side.label[0].upper() + side.label[1:]
        if raw is None and signature is None:
            yield _note(f"{label} : n’a pas signé.")
            return
        if raw is None or signature is None:
            yield _false(f"{label} : la déclaration ou sa signature manque.")
            return
        try:
            statement = signing.read_statement(raw)
        except MalformedError as refusal:
            yield _false(f"{label} : ce qui est signé ne se lit pas. {refusal}")
            return
        self.signatures[side] = Signature(statement=statement, signature=signature)
        wrong = list(self._faults(bilan, side, statement, signature, raw))
        if wrong:
            yield _false(f"{label} : {' ; '.join(wrong)}.")
            return
        self.held.append(side)
        yield _true(_said(label, statement))

    def _faults(
        self, bilan: Bilan, side: Side, statement: Statement, signature: bytes, raw: bytes
    ) -> Iterator[str]:
        if not self._holds(statement.key_id, signature, raw):
            yield "la signature n’est pas celle du site sur cette déclaration"
        if statement.side is not side:
            yield f"la déclaration est celle de « {statement.side.label} »"
        if statement.document_sha256 != canonical.sha256(self.files[pack.TEXT]):
            yield "elle signe un autre texte"
        if statement.pdf_sha256 != canonical.sha256(self.files[pack.PDF]):
            yield "elle signe un autre PDF"
        if not self._serves(statement):
            yield "la clé n’était pas en service ce jour-là"
        yield from signing.faults(statement, bilan)

    def _persons(self) -> Iterator[Check]:
        match [each.statement for each in self.signatures.values()]:
            case [one, other] if signing.same_person(one, other):
                yield _false(f"La même personne a signé pour les deux côtés : {one.signatory.name}.")
            case [one, other] if signing.same_name(one, other):
                name = one.signatory.name
                yield _note(
                    f"Les deux signataires portent le même nom ({name}), à deux postes et sous deux mandats."
                )
            case [_, _]:
                yield _true("Ce sont deux personnes, sous deux mandats.")

    def _stamps(self) -> Iterator[Check]:
        if self.bilan is None:
            return
        for name in sorted(self.files):
            if not name.startswith("horodatage/"):
                continue
            side = Side(name.removeprefix("horodatage/").removesuffix(".tsr"))
            signature = self.signatures.get(side)
            if signature is None:
                yield _false(f"« {name} » date une signature qui n’est pas là.")
                continue
            try:
                stamp = (
                    timestamp.verify(self.files[name], signature.signature, roots=self.roots)
                    if self.roots
                    else timestamp.read(self.files[name], signature.signature)
                )
            except TimestampError as refusal:
                yield _false(f"Horodatage « {side.label} » : {refusal}.")
                continue
            said = f"Horodatage « {side.label} » : {stamp.at:%d/%m/%Y à %H:%M:%S} (temps universel), {stamp.authority}"
            if stamp.at + CLOCKS_APART < signature.statement.signed_at:
                yield _false(f"{said} : c’est avant la signature.")
            elif self.roots:
                yield _true(f"{said}, autorité vérifiée.")
            else:
                yield _note(
                    f"{said}. L’autorité n’est pas vérifiée : donnez son certificat avec --authority."
                )

    # The whole

    def _envelope(self, raw: bytes) -> Iterator[Check]:
        if self.bilan is None or self.chain is None or self.manifest is None or not self.signatures:
            return
        contents = Contents(
            pdf=self.files[pack.PDF],
            text=self.files[pack.TEXT],
            signatures=self.signatures,
            stamps={
                side: self.files[f"horodatage/{side}.tsr"]
                for side in self.bilan.sides
                if f"horodatage/{side}.tsr" in self.files
            },
        )
        expected = pack.described(contents, self.bilan, self.chain, sealed_by=self.manifest.key_id)
        manifest = pack.manifest_of(expected, self.manifest.key_id)
        made_again = {**expected, pack.MANIFEST: manifest, pack.SEAL: self.files[pack.SEAL]}
        wrong = sorted(
            name for name in {*made_again, *self.files} if made_again.get(name) != self.files.get(name)
        )
        if wrong:
            yield _false(f"Refait à partir de son contenu, le dossier diffère : {', '.join(wrong)}.")
        elif pack.write_zip(made_again) != raw:
            yield _false(
                "Le contenu est le même, mais le zip n’est pas, à l’octet près, celui que le site a fait : il a été "
                "refait ou complété. Demandez l’original."
            )
        else:
            yield _true("Refait à partir de son contenu, le zip est le même, à l’octet près.")


def _said(label: str, statement: Statement) -> str:
    signatory = statement.signatory
    said = (
        f"{label} : signé par {signatory.name}, {signatory.post} ({signatory.organisation}), le "
        f"{statement.signed_at:%d/%m/%Y à %H:%M:%S} (temps universel), sous un mandat "
        f"{_span(statement.mandate.from_, statement.mandate.to)}"
    )
    if statement.delegation:
        given = statement.delegation
        said += f" et une délégation {_span(given.from_, given.to)} (délégant : {given.giver} ; acte : {given.text})"
    return f"{said}."


def _span(start: date, end: date | None) -> str:
    return f"du {start:%d/%m/%Y} au {end:%d/%m/%Y}" if end else f"ouvert le {start:%d/%m/%Y}"
