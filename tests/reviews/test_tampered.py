"""Packs that were touched, all refused; packs that were not, all accepted.

Three people touch them. A passer-by has the pack only: they make again every sum and the manifest, not a signature.
A forger has a key of their own, and signs everything again. An insider has the key of the site: only the rules on
persons, mandates and dates stand against them.
"""

import copy
import dataclasses
import io
import re
import struct
import zipfile
from datetime import UTC, date, datetime, timedelta
from functools import cache

import pytest

from tests.reviews import packs
from tests.reviews.authority import LATER, NOW, Authority
from tests.reviews.packs import DELEGATION, new_key
from traitdunion.reviews import canonical, document, pack, records, signing, verification
from traitdunion.reviews.document import Side
from traitdunion.reviews.pack import Contents, PackError
from traitdunion.reviews.signing import Mandate, Signatory, Signature, SigningKey

OTHERS = {
    "atteint": "non atteint", "sans réponse": "atteint", ">=": "<=", "departement": "national", "commune": "ars",
    "prefecture": "ars", "ars": "prefecture", "à renforcer": "satisfaisant", "non concluant": "satisfaisant",
    "à tenir": "tenu", "abandonné": "non tenu",
}  # fmt: skip
BILAN = packs.departemental()
ENOUGH = 200


@cache
def site():
    return packs.Site()


@cache
def genuine():
    return site().pack(BILAN, stamped=True)


@cache
def files():
    return packs.files_of(genuine())


@cache
def other_files():
    """The pack of another quarter, signed by the same persons with the same key."""
    plain = packs.departemental(quarter="2026-T2", period={"start": "2026-04-01", "end": "2026-06-30"})
    plain["commitments"][0]["from_quarter"] = "2026-T1"
    return packs.files_of(site().pack(plain, stamped=True, pdf=packs.PDF + b"\n"))


def is_refused(raw, **trust):
    try:
        return not verification.verify(raw, **trust).is_true
    except PackError:
        return True


# Values changed one by one


def leaves(value, path=()):
    """Give the place of every value, then of every list: what an author of a false text would touch."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from leaves(inner, (*path, number))
        if value:
            yield path
    else:
        yield path


def touched(value):
    match value:
        case None:
            return "ajouté"
        case bool():
            return not value
        case int():
            return value + 1
        case list():
            return value[:-1]
        case str() if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            return (date.fromisoformat(value) + timedelta(days=1)).isoformat()
        case str() if value in OTHERS:
            return OTHERS[value]
        case str() if re.fullmatch(r"[\d.]+", value):
            return f"{value}1"
        case str() if value.endswith("Z"):
            return f"{value[:-2]}1Z"
        case _:
            return value[:-2] + ("b" if value[-2] == "a" else "a") + value[-1]


def with_value(plain, path):
    made = copy.deepcopy(plain)
    *steps, last = path
    held = made
    for step in steps:
        held = held[step]
    held[last] = touched(held[last])
    return made


def rezipped(changed):
    """Return the pack of a passer-by: sums and manifest made again."""
    return pack.write_zip(packs.with_manifest({**files(), **changed}, site().key.key_id))


def texts():
    """The text with one value changed; then the same, its hash copied in what was signed."""
    for path in leaves(BILAN):
        text = canonical.encode(with_value(BILAN, path))
        yield f"text {path}", rezipped({"bilan.json": text})
        rehashed = {"bilan.json": text}
        for side in ("ars", "prefecture"):
            statement = canonical.decode(files()[f"signatures/{side}.json"])
            statement["document_sha256"] = canonical.sha256(text)
            rehashed[f"signatures/{side}.json"] = canonical.encode(statement)
        yield f"text and hashes {path}", rezipped(rehashed)


def statements():
    for side in ("ars", "prefecture"):
        name = f"signatures/{side}.json"
        plain = canonical.decode(files()[name])
        for path in leaves(plain):
            yield f"{name} {path}", rezipped({name: canonical.encode(with_value(plain, path))})


def keys():
    plain = canonical.decode(files()["keys.json"])
    for path in leaves(plain):
        yield f"keys {path}", rezipped({"keys.json": canonical.encode(with_value(plain, path))})
    strange = packs.Site()
    chain = strange.key.chain
    pem = f"cles/{strange.key.key_id}.pem"
    theirs = signing.pem_of(chain.keys[0].statement.public_key)
    yield "keys of another site", rezipped({"keys.json": chain.to_bytes(), pem: theirs})
    longer = site().key.rotate(new_key(), at=NOW).chain
    yield "a key more", rezipped({"keys.json": longer.to_bytes()})
    mine = f"cles/{site().key.key_id}.pem"
    yield "a PEM of another key", rezipped({mine: theirs})
    yield "a PEM more", rezipped({pem: theirs})


def manifests():
    plain = canonical.decode(files()["manifest.json"])
    for path in leaves(plain):
        yield (
            f"manifest {path}",
            pack.write_zip({**files(), "manifest.json": canonical.encode(with_value(plain, path))}),
        )


def swaps():
    """Files emptied, cut, lengthened, taken away, exchanged, or taken from another bilan."""
    names = sorted(files())
    for name in names:
        for what, content in (
            ("empty", b""), ("cut", files()[name][:-1]), ("longer", files()[name] + b"\n"),
        ):  # fmt: skip
            yield f"{name} {what}", pack.write_zip({**files(), name: content})
            if name != pack.MANIFEST:
                yield f"{name} {what}, manifest again", rezipped({name: content})
        without = {each: content for each, content in files().items() if each != name}
        yield f"{name} away", pack.write_zip(without)
        if name not in {pack.MANIFEST, pack.SEAL}:
            yield (
                f"{name} away, manifest again",
                pack.write_zip(packs.with_manifest(without, site().key.key_id)),
            )
        if name != pack.MANIFEST and files()[name] != other_files()[name]:
            yield f"{name} of another bilan", rezipped({name: other_files()[name]})
    for first, second in (
        ("signatures/ars.sig", "signatures/prefecture.sig"), ("signatures/ars.json", "signatures/prefecture.json"),
        ("horodatage/ars.tsr", "horodatage/prefecture.tsr"), ("bilan.json", "bilan.pdf"),
        ("keys.json", "bilan.json"), ("manifest.sig", "signatures/ars.sig"),
    ):  # fmt: skip
        yield f"{first} and {second}", rezipped({first: files()[second], second: files()[first]})
    both = {
        name: files()[name.replace("ars", "prefecture")]
        for name in ("signatures/ars.json", "signatures/ars.sig")
    }
    yield "one signature for both sides", rezipped(both)
    signature_of_other = {
        name: content for name, content in other_files().items() if name.startswith("signatures/")
    }
    yield "both signatures of another bilan", rezipped(signature_of_other)
    seal_of_other = {name: other_files()[name] for name in (pack.MANIFEST, pack.SEAL)}
    yield "the seal of another bilan", pack.write_zip({**files(), **seal_of_other})
    yield "a signature of zeros", rezipped({"signatures/ars.sig": bytes(64)})
    strange = Authority(LATER).stamp(files()["signatures/ars.sig"])
    yield "a time-stamp of another authority", rezipped({"horodatage/ars.tsr": strange})


def envelopes():
    """The same files in another zip."""

    def zipped(order, compression=zipfile.ZIP_STORED, comment=b"", **changes):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", compression) as archive:
            archive.comment = comment
            for name in order:
                renamed = changes.get("rename", {}).get(name, name)
                entry = zipfile.ZipInfo(renamed, date_time=changes.get("at", (1980, 1, 1, 0, 0, 0)))
                entry.create_system = 3
                entry.external_attr = changes.get("mode", 0o100644) << 16
                entry.extra = changes.get("extra", b"")
                entry.comment = changes.get("note", b"")
                archive.writestr(entry, files()[name], compress_type=compression)
        return out.getvalue()

    names = sorted(files())
    assert zipped(names) == genuine()
    yield "reversed", zipped(names[::-1])
    yield "two exchanged", zipped([names[1], names[0], *names[2:]])
    yield "compressed", zipped(names, zipfile.ZIP_DEFLATED)
    yield "comment", zipped(names, comment=b"x")
    yield "date", zipped(names, at=(2026, 1, 1, 0, 0, 0))
    yield "mode", zipped(names, mode=0o100755)
    yield "extra field", zipped(names, extra=struct.pack("<HH", 0x9999, 0))
    yield "note on each", zipped(names, note=b"x")
    yield "a file twice", twice(names)
    for name in names:
        yield (
            f"{name} in capitals",
            zipped(names, rename={name: name.upper() if name != name.upper() else name.lower()}),
        )
        yield f"{name} under ./", zipped(names, rename={name: f"./{name}"})
    for rank, tail in enumerate((b"\x00", b"\n", b"PK\x05\x06" + bytes(18), genuine())):
        yield f"bytes after {rank}", genuine() + tail
    for rank, head in enumerate((b"\x00", b"#!/bin/sh\n", genuine())):
        yield f"bytes before {rank}", head + genuine()


def twice(names):
    one, two = io.BytesIO(), "bilan.pdf"
    with zipfile.ZipFile(one, "w") as archive:
        for name in [*names, two.replace("b", "B")]:
            archive.writestr(name, files().get(name, b"%PDF-other"))
    return one.getvalue().replace(b"Bilan.pdf", b"bilan.pdf")


# With the key of the site: the rules alone


def sealed(contents, key):
    """Return a pack with true signatures on whatever ``contents`` says, that ``build`` would refuse."""
    bilan = document.read(contents.text)
    described = pack.described(contents, bilan, key.chain, sealed_by=key.key_id)
    manifest = pack.manifest_of(described, key.key_id)
    return pack.write_zip({**described, pack.MANIFEST: manifest, pack.SEAL: key.seal(manifest)})


def restated(signer, /, **changes):
    """Return the contents of the pack with a statement of one side changed, and signed again by the site."""
    contents, key = site().contents(BILAN)
    statement = dataclasses.replace(contents.signatures[signer].statement, **changes)
    again = Signature(statement=statement, signature=key.seal(statement.to_bytes()))
    return dataclasses.replace(contents, signatures={**contents.signatures, signer: again}), key


def insiders():
    ars, prefecture = Side.ARS, Side.PREFECTURE
    first = site().contents(BILAN)[0].signatures[prefecture].statement
    replace = dataclasses.replace
    mandate = Mandate(id="m-2", from_=date(2026, 1, 1), to=None)
    past = Mandate(id="m-1", from_=date(2020, 1, 1), to=date(2020, 12, 31))
    for what, side, changes in (
        ("mandate ended", ars, {"mandate": replace(mandate, to=date(2026, 10, 11))}),
        ("mandate ended, other side", prefecture, {"mandate": past}),
        ("mandate not begun", ars, {"mandate": replace(mandate, from_=date(2026, 10, 13))}),
        ("mandate upside down", ars, {"mandate": replace(past, from_=date(2026, 10, 12), id="m-2")}),
        ("delegation ended", ars, {"delegation": replace(DELEGATION, to=date(2026, 10, 11))}),
        ("delegation not begun", ars, {"delegation": replace(DELEGATION, from_=date(2026, 11, 1))}),
        ("delegation to oneself", ars, {"delegation": replace(DELEGATION, giver="Dominique Modèle")}),
        ("same mandate", ars, {"mandate": replace(mandate, id="m-1")}),
        ("same person", ars, {"signatory": first.signatory}),
        ("same person elsewhere", ars, {"signatory": replace(first.signatory, organisation="ARS Grand Est")}),
        (
            "same person, other case",
            ars,
            {"signatory": replace(first.signatory, name="CAMILLE EXEMPLE", post="Prefete")},
        ),
        ("side of the other", ars, {"side": prefecture}),
        ("side of another level", ars, {"side": Side.SANTE}),
        ("another text", ars, {"document_sha256": "0" * 64}),
        ("another PDF", ars, {"pdf_sha256": canonical.sha256(b"%PDF-other")}),
        ("before the key", ars, {"signed_at": datetime(2025, 12, 31, tzinfo=UTC)}),
        ("before the figures", ars, {"signed_at": datetime(2026, 9, 1, 12, tzinfo=UTC)}),
        ("before the meeting", ars, {"signed_at": datetime(2026, 10, 2, 12, tzinfo=UTC)}),
        ("a key that is not there", ars, {"key_id": "0" * 16}),
        ("another format", ars, {"format": "traitdunion-signature/2"}),
        ("a name that does not read", ars, {"signatory": replace(first.signatory, name="A\u200bB")}),
    ):
        yield what, sealed(*restated(side, **changes))
    contents, key = site().contents(BILAN)
    yield "nobody", sealed(dataclasses.replace(contents, signatures={}), key)
    national, _ = site().contents(packs.national())
    third = national.signatures[Side.SANTE]
    made = packs.files_of(sealed(contents, key))
    made |= {"signatures/sante.json": third.statement.to_bytes(), "signatures/sante.sig": third.signature}
    yield "three sides", resealed(made, key)
    yield "not a PDF", sealed(*site().contents(BILAN, pdf=b"<html>"))
    yield "another note", resealed({**files(), "LISEZMOI.txt": b"Tout va bien."}, key)
    alone = {name: content for name, content in files().items() if not name.startswith("signatures/ars")}
    yield "a time-stamp of nobody", resealed(alone, key)
    yield (
        "a statement without signature",
        resealed({n: c for n, c in files().items() if n != "signatures/ars.sig"}, key),
    )
    for name in ("bilan.json", "signatures/ars.json", "keys.json"):
        yield f"{name} not canonical", resealed({**files(), name: files()[name].replace(b":", b": ", 1)}, key)
    for path in (
        ("criteria", 0, "result"),
        ("conclusion", "computed"),
        ("figures", 2, "value"),
        ("period", "end"),
    ):
        false = canonical.encode(with_value(BILAN, path))
        yield f"a false bilan {path}", resealed({**files(), "bilan.json": false}, key)
    old = site().key
    new = old.rotate(new_key(), at=NOW - timedelta(days=1))
    contents, _ = site().contents(BILAN)
    yield "signed by the key of yesterday", sealed(contents, new)


def resealed(changed, key):
    kept = {name: content for name, content in changed.items() if name not in {pack.MANIFEST, pack.SEAL}}
    manifest = pack.manifest_of(kept, key.key_id)
    return pack.write_zip({**kept, pack.MANIFEST: manifest, pack.SEAL: key.seal(manifest)})


FAMILIES = [texts, statements, keys, manifests, swaps, envelopes, insiders]


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("family", FAMILIES)
def test_every_touched_pack_is_refused(family):
    accepted = [what for what, raw in family() if not is_refused(raw)]

    assert accepted == []


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_corpus_is_large_and_touches_something_each_time():
    corpus = [(what, raw) for family in FAMILIES for what, raw in family()]
    different = {raw for _, raw in corpus}

    assert len({what for what, _ in corpus}) == len(corpus)
    assert genuine() not in different
    assert len(different) >= ENOUGH
    print(f"{len(different)} dossiers falsifiés")


# A forger signs all again with a key of their own: only who trusts a key from elsewhere sees it


@pytest.mark.parametrize("stamped", [False, True])
def test_a_pack_signed_again_by_a_forger_is_seen_by_who_has_the_key(stamped):
    forged = packs.Site().pack(packs.departemental(limits=["Aucune."]), stamped=stamped)

    assert not is_refused(forged)  # it agrees with itself, and the report says that this is all
    assert "un faux signé d’une autre clé passerait aussi" in "\n".join(verification.verify(forged).lines())
    assert is_refused(forged, fingerprint=site().fingerprint)
    assert is_refused(forged, published=site().key.chain)
    if stamped:
        assert is_refused(forged, roots=[site().authority.root])


def test_a_key_slipped_in_after_ours_needs_ours():
    """A forger who adds their key to our chain cannot sign it with ours."""
    ours, theirs = site().key, SigningKey.start(new_key(), at=NOW)
    chain = signing.KeyChain(keys=(*ours.chain.keys, *theirs.chain.keys))
    made = {**files(), "keys.json": chain.to_bytes()}
    manifest = pack.manifest_of(
        {n: c for n, c in made.items() if n not in {pack.MANIFEST, pack.SEAL}}, theirs.key_id
    )
    made |= {pack.MANIFEST: manifest, pack.SEAL: theirs.seal(manifest)}

    assert is_refused(pack.write_zip(made), fingerprint=site().fingerprint)


def test_a_retired_key_signs_no_more_for_who_has_the_published_chain():
    """A stolen key that served until yesterday: its chain looks whole, the one of the site says until when."""
    old = SigningKey.start(new_key(), at=packs.KEY_DAY)
    new = old.rotate(new_key(), at=NOW - timedelta(days=1))
    stolen = packs.Site()
    stolen.key = old
    raw = stolen.pack(BILAN)

    assert not is_refused(raw, fingerprint=old.chain.keys[0].fingerprint)
    report = verification.verify(raw, published=new.chain)
    assert not report.is_true
    assert "la clé n’était pas en service ce jour-là" in "\n".join(report.lines())


def test_a_side_taken_away_without_the_key_breaks_the_seal():
    """With the key, it is the pack of the day when one side only had signed: true, and said so."""
    kept = {name: content for name, content in files().items() if "ars" not in name}

    assert is_refused(pack.write_zip(packs.with_manifest(kept, site().key.key_id)))
    report = verification.verify(site().pack(BILAN, sides=[Side.PREFECTURE], stamped=True))
    assert (report.is_true, report.sides) == (True, (Side.PREFECTURE,))


# Accepted

NO_REASON = {**BILAN["conclusion"], "kept": "non concluant", "reason": None}
KEPT = packs.departemental(conclusion=NO_REASON, is_example=False, meeting=None)
EMPTY = packs.departemental(
    figures=[], criteria=[], sections=[], commitments=[], meeting=None, limits=[],
    conclusion={**NO_REASON, "explanation": [], "missing": []},
)  # fmt: skip
GENUINE = {
    "both sides": (BILAN, {}),
    "both sides, time-stamps": (BILAN, {"stamped": True}),
    "without delegation": (BILAN, {"delegated": False}),
    "préfecture alone": (BILAN, {"sides": [Side.PREFECTURE]}),
    "ARS alone, time-stamp": (BILAN, {"sides": [Side.ARS], "stamped": True}),
    "ARS first": (BILAN, {"sides": [Side.ARS, Side.PREFECTURE]}),
    "a key changed between the two": (BILAN, {"rotated": True, "stamped": True}),
    "a correction": (packs.correcting(BILAN), {}),
    "a correction, time-stamps": (packs.correcting(BILAN), {"stamped": True}),
    "national": (packs.national(), {}),
    "national, one side": (packs.national(), {"sides": [Side.INTERIEUR]}),
    "national, a key changed": (packs.national(), {"rotated": True}),
    "no meeting, conclusion of the criteria": (KEPT, {}),
    "nothing in it": (EMPTY, {}),
}


@pytest.mark.parametrize("name", GENUINE)
def test_an_untouched_pack_is_accepted(name):
    plain, options = GENUINE[name]
    contents, key = site().contents(plain, **options)
    raw = pack.build(contents, key)
    later = key.rotate(new_key(), at=NOW + timedelta(days=400)).chain
    root = site().authority.root

    for trust in (
        {}, {"fingerprint": key.chain.keys[0].fingerprint}, {"fingerprint": key.chain.keys[-1].fingerprint},
        {"published": key.chain}, {"published": later}, {"roots": [root]}, {"published": later, "roots": [root]},
    ):  # fmt: skip
        report = verification.verify(raw, **trust)
        assert report.is_true, report.lines()
        assert set(report.sides) == set(contents.signatures)


def test_a_pack_sealed_later_with_another_key_is_accepted():
    """The site makes a pack again after its key changed: the signatures are the old ones, the seal is new."""
    contents, key = site().contents(BILAN)
    raw = pack.build(contents, key.rotate(new_key(), at=NOW + timedelta(days=100)))

    report = verification.verify(raw, fingerprint=key.chain.keys[0].fingerprint)
    assert (report.is_true, len(report.sides)) == (True, 2)


def test_the_report_says_what_was_read():
    lines = verification.verify(site().pack(packs.correcting(BILAN), sides=[Side.ARS])).lines()
    said = "\n".join(lines)

    for words in (
        "bilan départemental, Bas-Rhin (67), 2026-T3, version 2 : 3 chiffres, 2 critères",
        "Les critères de ce bilan sont un exemple, sans valeur officielle.",
        "La conclusion retenue (« à renforcer ») s’écarte de celle des critères (« non concluant »)",
        f"corrige la version 1, d’empreinte {canonical.sha256(canonical.encode(BILAN))}",
        "Préfecture : n’a pas signé.",
        "signé par Dominique Modèle, directeur général (ARS Grand Est), le 12/10/2026 à 09:30:00 (temps universel)",
    ):
        assert words in said
    assert lines[-1] == "Ce dossier est intact, et signé par une seule partie : agence régionale de santé."


@pytest.mark.parametrize(
    "name", ["\x1b[2J[  vrai  ] Tout va bien.", "a\n[  vrai  ] Tout va bien.", "\u202eneib av tuoT"]
)
def test_what_a_forger_writes_does_not_pass_for_the_report(name):
    """Words of the pack are shown on one line, without what would move the cursor or turn the text around."""
    text = canonical.encode({**BILAN, name: 1})
    statement = canonical.encode({name * 100: 1})
    made = {**files(), "bilan.json": text, "signatures/ars.json": statement, "manifest.json": text}
    for raw in (pack.write_zip(made), pack.write_zip({**files(), "signatures/ars.json": statement})):
        report = verification.verify(raw)
        assert not report.is_true
        assert all(each.sentence == records.shown(each.sentence) for each in report.checks)
        assert "\n" not in "".join(each.sentence for each in report.checks)
        assert not re.search("[\x1b\u202e]", "\n".join(report.lines()))


def test_an_act_on_several_lines_is_shown_on_one():
    act = dataclasses.replace(DELEGATION, text="Arrêté 12\n[  vrai  ] Tout va bien.")
    report = verification.verify(pack.build(*restated(Side.ARS, delegation=act)))

    assert report.is_true
    assert "acte : Arrêté 12 [  vrai  ] Tout va bien." in "\n".join(report.lines())


def test_two_persons_of_one_name_are_said():
    contents, key = restated(
        Side.ARS,
        signatory=Signatory(name="Camille Exemple", post="directeur général", organisation="ARS Grand Est"),
    )
    report = verification.verify(pack.build(contents, key))

    assert report.is_true
    assert "portent le même nom (Camille Exemple)" in "\n".join(report.lines())


def test_a_signature_by_delegation_says_by_whom():
    said = "\n".join(verification.verify(genuine()).lines())

    assert "une délégation du 01/09/2026 au 31/12/2026 (délégant : directrice de la santé publique" in said


def test_what_an_insider_makes_is_accepted_when_nothing_is_false():
    """Else the insiders of the corpus would be refused for how they are made."""
    assert not is_refused(sealed(*restated(Side.ARS)), fingerprint=site().fingerprint)
    assert not is_refused(resealed(files(), site().key), fingerprint=site().fingerprint)
    assert not is_refused(rezipped({}))


def test_contents_and_signatures_are_what_they_were():
    """The corpus is made from copies: what it starts from is not touched on the way."""
    assert pack.read_zip(genuine()) == files()
    assert verification.verify(genuine(), fingerprint=site().fingerprint).is_true
    assert isinstance(site().contents(BILAN)[0], Contents)
