"""Bilans, keys, signatures and packs, all made here and all invented."""

import copy
import zipfile
from datetime import UTC, date, datetime, timedelta
from io import BytesIO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.reviews.authority import LATER, NOW, Authority
from traitdunion.reviews import canonical, document, pack
from traitdunion.reviews.document import Side
from traitdunion.reviews.pack import Contents
from traitdunion.reviews.signing import Delegation, Mandate, Signatory, SigningKey, sign

PDF = b"%PDF-1.7\n% le bilan, mis en page\n%%EOF\n"
KEY_DAY = datetime(2026, 1, 1, tzinfo=UTC)
BILAN = {
    "format": "traitdunion-bilan/1",
    "level": "departement",
    "departement": {"code": "67", "name": "Bas-Rhin"},
    "quarter": "2026-T3",
    "period": {"start": "2026-07-01", "end": "2026-09-30"},
    "version": 1,
    "corrects": None,
    "reason": None,
    "criteria_version": "exemple-1",
    "is_example": True,
    "figures": [
        {
            "id": "pistes-closes", "label": "Pistes closes à temps", "definition": "Closes avant leur terme.",
            "source": "baromètre", "as_of": "2026-09-30", "value": "0.8", "denominator": "10", "unit": "part",
            "reason_missing": None,
        },
        {
            "id": "presence-sante", "label": "Demandes de présence", "definition": "Demandes suivies d’effet.",
            "source": "cellules", "as_of": "2026-09-30", "value": None, "denominator": None, "unit": "demandes",
            "reason_missing": "pas encore mesuré",
        },
        {
            "id": "reunions", "label": "Réunions tenues", "definition": "Réunions communes du trimestre.",
            "source": "conventions", "as_of": "2026-09-30", "value": "2", "denominator": None, "unit": "réunions",
            "reason_missing": None,
        },
    ],
    "criteria": [
        {
            "id": "reunions-tenues", "label": "Une réunion au moins", "definition": "Une réunion commune tenue.",
            "denominator": "le trimestre", "threshold": {"operator": ">=", "value": "1"}, "figure": "reunions",
            "result": "atteint",
        },
        {
            "id": "presence-mesuree", "label": "Présence de la santé", "definition": "Demandes suivies d’effet.",
            "denominator": "les demandes", "threshold": {"operator": ">=", "value": "1"},
            "figure": "presence-sante", "result": "sans réponse",
        },
    ],
    "conclusion": {
        "computed": "non concluant", "explanation": ["Il manque des réponses."], "missing": ["presence-mesuree"],
        "kept": "à renforcer", "reason": "Les deux côtés préfèrent agir.\nSans attendre.",
    },
    "sections": [
        {
            "id": "relation", "title": "La relation",
            "paragraphs": [
                {"id": "p1", "voice": "commune", "text": "Nous avons tenu {{chiffre:reunions}} réunions."},
                {"id": "p2", "voice": "ars", "text": "L’ARS regrette le délai des réponses."},
            ],
        },
        {"id": "suite", "title": "La suite", "paragraphs": []},
    ],
    "commitments": [
        {
            "id": "c1", "text": "Nommer un référent suppléant.", "owner": "prefecture", "due": "2026-12-31",
            "state": "à tenir", "reason": None, "from_quarter": "2026-T2",
        },
        {
            "id": "c2", "text": "Tenir une permanence.", "owner": "ars", "due": "2026-09-30",
            "state": "abandonné", "reason": "Le poste n’est pas pourvu.", "from_quarter": "2026-T1",
        },
    ],
    "meeting": {
        "date": "2026-10-05",
        "present": [
            {"organisation": "Préfecture du Bas-Rhin", "post": "directeur de cabinet"},
            {"organisation": "ARS Grand Est", "post": "délégué départemental"},
        ],
        "decisions": ["Se revoir en novembre."],
    },
    "limits": ["Un trimestre ne dit pas une tendance."],
}  # fmt: skip


def departemental(**changes):
    return {**copy.deepcopy(BILAN), **changes}


def national():
    bilan = departemental(level="national", departement=None)
    bilan["sections"][0]["paragraphs"][1]["voice"] = "interieur"
    bilan["commitments"][0]["owner"] = "sante"
    bilan["commitments"][1]["owner"] = "interieur"
    return bilan


def correcting(bilan):
    return {
        **copy.deepcopy(bilan), "version": 2, "reason": "Une réunion avait été oubliée.",
        "corrects": {"version": 1, "sha256": canonical.sha256(canonical.encode(bilan))},
    }  # fmt: skip


def read(plain):
    return document.read(canonical.encode(plain))


WHO = {
    Side.PREFECTURE: ("Camille Exemple", "préfète", "Préfecture du Bas-Rhin", "m-1"),
    Side.ARS: ("Dominique Modèle", "directeur général", "ARS Grand Est", "m-2"),
    Side.SANTE: ("Alex Spécimen", "directrice de projet", "Ministère chargé de la santé", "m-3"),
    Side.INTERIEUR: ("Claude Fictif", "chef de l’unité", "Ministère de l’intérieur", "m-4"),
}
DELEGATION = Delegation(
    id="d-1", giver="directrice de la santé publique", from_=date(2026, 9, 1), to=date(2026, 12, 31),
    text="Arrêté 2026-12 (exemple)",
)  # fmt: skip


def signed(plain, key, *, side, pdf=PDF, others=(), at=NOW, delegation=None, **changes):
    bilan = read(plain)
    name, post, organisation, mandate = WHO[side]
    given = {
        "document_sha256": document.sha256(bilan),
        "pdf_sha256": canonical.sha256(pdf),
        "side": side,
        "signatory": Signatory(name=name, post=post, organisation=organisation),
        "mandate": Mandate(id=mandate, from_=date(2026, 1, 1), to=date(2027, 6, 30)),
        "delegation": delegation,
        "others": others,
        "key": key,
        "at": at,
        **changes,
    }
    return sign(bilan, **given)


def new_key():
    return Ed25519PrivateKey.generate()


class Site:
    """A key, an authority, and the contents of packs in the order they were signed."""

    def __init__(self):
        self.key = SigningKey.start(new_key(), at=KEY_DAY)
        self.authority = Authority(LATER)

    @property
    def fingerprint(self):
        return self.key.chain.keys[-1].fingerprint

    def contents(self, plain, *, sides=None, stamped=False, delegated=True, rotated=False, pdf=PDF):
        """Return what a pack is made of, signed by ``sides`` (both by default), and the key that seals it."""
        key, signatures = self.key, {}
        for rank, side in enumerate(sides or read(plain).sides):
            if rotated and rank:
                key = key.rotate(new_key(), at=NOW + timedelta(seconds=30))
            delegation = DELEGATION if delegated and rank else None
            signatures[side] = signed(
                plain, key, side=side, pdf=pdf, others=tuple(signatures.values()),
                at=NOW + timedelta(minutes=rank), delegation=delegation,
            )  # fmt: skip
        stamps = {side: self.authority.stamp(each.signature) for side, each in signatures.items() if stamped}
        text = document.to_bytes(read(plain))
        return Contents(pdf=pdf, text=text, signatures=signatures, stamps=stamps), key

    def pack(self, plain, **options):
        return pack.build(*self.contents(plain, **options))


def files_of(raw):
    with zipfile.ZipFile(BytesIO(raw)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def with_manifest(files, key_id):
    """Return ``files`` under a manifest made again, by one who has not the key: its signature stays."""
    kept = {name: content for name, content in files.items() if name not in {pack.MANIFEST, pack.SEAL}}
    return {**files, pack.MANIFEST: pack.manifest_of(kept, key_id)}
