"""Who may sign what, with which key, and when: the same rules when signing and when verifying."""

import dataclasses
from datetime import UTC, date, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from tests.reviews import packs
from tests.reviews.authority import NOW
from tests.reviews.packs import DELEGATION, KEY_DAY, new_key, signed
from traitdunion.reviews import canonical, document, records, signing
from traitdunion.reviews.canonical import MalformedError
from traitdunion.reviews.document import Side
from traitdunion.reviews.signing import Mandate, Signatory, SigningError, SigningKey

BILAN = packs.departemental()


@pytest.fixture(scope="module")
def key():
    return SigningKey.start(new_key(), at=KEY_DAY)


def refusal_of(key, **changes):
    with pytest.raises(SigningError) as refusal:
        signed(**{"plain": BILAN, "key": key, "side": Side.ARS, **changes})
    return str(refusal.value)


# Signing


def test_a_signature_is_of_the_statement_and_of_nothing_else(key):
    given = signed(BILAN, key, side=Side.ARS, delegation=DELEGATION)
    public = key.chain.keys[0].statement.public_key
    raw = given.statement.to_bytes()

    assert len(given.signature) == signing.SIGNATURE_BYTES
    assert signing.holds(public, given.signature, raw)
    assert not signing.holds(public, given.signature, raw.replace(b"Dominique", b"Dominiquf"))
    assert signing.read_statement(raw) == given.statement
    assert canonical.decode(raw) == {
        "format": "traitdunion-signature/1",
        "document_sha256": canonical.sha256(canonical.encode(BILAN)),
        "pdf_sha256": canonical.sha256(packs.PDF),
        "side": "ars",
        "signatory": {
            "name": "Dominique Modèle", "post": "directeur général", "organisation": "ARS Grand Est",
        },
        "mandate": {"id": "m-2", "from": "2026-01-01", "to": "2027-06-30"},
        "delegation": {
            "id": "d-1", "giver": "directrice de la santé publique", "from": "2026-09-01", "to": "2026-12-31",
            "text": "Arrêté 2026-12 (exemple)",
        },
        "signed_at": "2026-10-12T09:30:00Z",
        "key_id": key.key_id,
    }  # fmt: skip


def test_the_same_act_gives_the_same_bytes(key):
    assert signed(BILAN, key, side=Side.ARS) == signed(BILAN, key, side=Side.ARS)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"side": Side.SANTE}, "« ministère chargé de la santé » ne signe pas ce bilan"),
        ({"document_sha256": "0" * 64}, "Le texte a changé depuis que vous l’avez lu"),
        (
            {"mandate": Mandate(id="m-2", from_=date(2026, 1, 1), to=date(2026, 10, 11))},
            "le mandat a fini le 11/10/2026, et la signature est du 12/10/2026",
        ),
        (
            {"mandate": Mandate(id="m-2", from_=date(2026, 10, 13), to=None)},
            "le mandat ne commence que le 13/10/2026",
        ),
        (
            {"mandate": Mandate(id="m-2", from_=date(2026, 10, 12), to=date(2026, 10, 1))},
            "le mandat finit avant de commencer",
        ),
        (
            {"delegation": dataclasses.replace(DELEGATION, to=date(2026, 10, 11))},
            "la délégation a fini le 11/10/2026",
        ),
        (
            {"delegation": dataclasses.replace(DELEGATION, from_=date(2026, 10, 13))},
            "la délégation ne commence que le 13/10/2026",
        ),
        ({"delegation": dataclasses.replace(DELEGATION, giver="DOMINIQUE  Modele")}, "se délègue à lui-même"),
        ({"delegation": dataclasses.replace(DELEGATION, giver="Directeur général")}, "se délègue à lui-même"),
        ({"at": datetime(2026, 9, 29, 12, tzinfo=UTC)}, "est daté d’après la signature"),
        ({"at": datetime(2026, 10, 4, 12, tzinfo=UTC)}, "la réunion est datée d’après la signature"),
        ({"at": datetime(2025, 12, 31, tzinfo=UTC)}, "Cette signature est refusée"),
    ],
)
def test_a_signature_that_may_not_be_given(key, changes, said):
    assert said in refusal_of(key, **changes)


def test_an_open_mandate_runs(key):
    mandate = Mandate(id="m-2", from_=date(2026, 10, 12), to=None)

    assert signed(BILAN, key, side=Side.ARS, mandate=mandate).statement.mandate.to is None


@pytest.mark.parametrize(
    ("code", "day"), [("67", date(2026, 10, 13)), ("974", date(2026, 10, 13)), ("972", date(2026, 10, 12))]
)
def test_the_day_is_that_of_the_departement(code, day):
    bilan = packs.read(packs.departemental(departement={"code": code, "name": "Quelque part"}))

    assert signing.day_of(bilan, datetime(2026, 10, 12, 22, 30, tzinfo=UTC)) == day


def test_the_last_day_of_a_mandate_is_that_of_its_clock(key):
    night = datetime(2026, 10, 12, 22, 30, tzinfo=UTC)  # the 13th in Strasbourg, the 12th in Fort-de-France
    mandate = Mandate(id="m-2", from_=date(2026, 1, 1), to=date(2026, 10, 12))
    martinique = packs.departemental(departement={"code": "972", "name": "Martinique"})

    assert "le mandat a fini" in refusal_of(key, at=night, mandate=mandate)
    assert signed(martinique, key, side=Side.ARS, at=night, mandate=mandate)


# Both sides


def test_a_side_signs_once(key):
    first = signed(BILAN, key, side=Side.ARS)

    assert "a déjà signé ce bilan" in refusal_of(key, others=[first])


@pytest.mark.parametrize(
    "changes",
    [
        {"mandate": Mandate(id="m-1", from_=date(2026, 1, 1), to=None)},
        {"signatory": Signatory(name="camille  EXEMPLE", post="Préfète", organisation="ARS Grand Est")},
        {"signatory": Signatory(name="Camille Exemplé", post="prefete", organisation="ARS Grand Est")},
    ],
    ids=["one mandate", "one person", "one person, other accents"],
)
def test_one_person_does_not_sign_for_both(key, changes):
    first = signed(BILAN, key, side=Side.PREFECTURE)

    assert "La même personne" in refusal_of(key, others=[first], **changes)


def test_two_persons_may_bear_one_name(key):
    first = signed(BILAN, key, side=Side.PREFECTURE)
    second = signed(
        BILAN, key, side=Side.ARS, others=[first],
        signatory=Signatory(name="Camille Exemple", post="directeur général", organisation="ARS Grand Est"),
    )  # fmt: skip

    assert signing.same_name(first.statement, second.statement)
    assert not signing.same_person(first.statement, second.statement)


@pytest.mark.parametrize("changes", [{"pdf": b"%PDF-other"}, {"plain": packs.departemental(limits=[])}])
def test_both_sides_sign_one_text_and_one_pdf(key, changes):
    first = signed(**{"plain": BILAN, "key": key, "side": Side.PREFECTURE, **changes})

    assert "a signé un autre texte ou un autre PDF" in refusal_of(key, others=[first])


def test_a_name_that_cannot_be_written_is_not_signed(key):
    with pytest.raises(MalformedError, match=r"« signatory\.name »"):
        signed(
            BILAN, key, side=Side.ARS, signatory=Signatory(name="A\u202eB", post="p", organisation="o")
        )  # fmt: skip


def test_a_bilan_that_is_none_is_not_signed(key):
    bilan = packs.read(BILAN)
    sha256 = document.sha256(bilan)
    object.__setattr__(bilan, "version", 3)
    with pytest.raises(MalformedError, match="« corrects »"):
        signing.sign(
            bilan, document_sha256=sha256, pdf_sha256="0" * 64, side=Side.ARS,
            signatory=Signatory(name="A", post="B", organisation="C"),
            mandate=Mandate(id="m", from_=date(2026, 1, 1), to=None), delegation=None, others=(), key=key, at=NOW,
        )  # fmt: skip


# Keys


def chain_of(count):
    key = SigningKey.start(new_key(), at=KEY_DAY)
    for rank in range(1, count):
        key = key.rotate(new_key(), at=KEY_DAY + timedelta(days=90 * rank))
    return key


def test_a_chain_is_read_back():
    key = chain_of(3)
    chain = signing.read_chain(key.chain.to_bytes())

    assert chain == key.chain
    assert chain.keys[-1].statement.key_id == key.key_id == chain.keys[-1].fingerprint[:16]
    assert [each.statement.previous for each in chain.keys] == [
        None,
        *(each.fingerprint for each in chain.keys[:2]),
    ]


def test_a_key_serves_until_the_next():
    chain = chain_of(2).chain
    old, new = (each.statement.key_id for each in chain.keys)
    turn = KEY_DAY + timedelta(days=90)

    assert [chain.serves(old, at) for at in (KEY_DAY, turn - timedelta(seconds=1), turn)] == [
        True,
        True,
        False,
    ]
    assert [chain.serves(new, at) for at in (KEY_DAY, turn, turn + timedelta(days=9999))] == [
        False,
        True,
        True,
    ]
    assert not chain.serves(old, KEY_DAY - timedelta(seconds=1))


def test_a_pack_carries_the_chain_up_to_its_keys():
    chain = chain_of(3).chain
    names = [each.statement.key_id for each in chain.keys]

    assert chain.up_to([names[1], names[0]]).keys == chain.keys[:2]
    assert chain.up_to([]).keys == ()
    assert chain.begins_with(chain.up_to(names[:2]))
    assert not chain.up_to(names[:2]).begins_with(chain)


def links(key):
    return [records.write(each) for each in key.chain.keys]


def written(keys, **changes):
    return canonical.encode({"format": "traitdunion-cles/1", "keys": keys, **changes})


def self_signed(**changes):
    private = new_key()
    public = private.public_key().public_bytes_raw()
    said = {
        "key_id": signing.fingerprint(public)[:16],
        "public_key": public,
        "from_": KEY_DAY,
        "previous": None,
    }
    statement = signing.KeyStatement(**{**said, **changes})
    record = signing.KeyRecord(
        statement=statement, signature=private.sign(statement.to_bytes()), endorsement=None
    )
    return records.write(record)


def swapped(key):
    first, second = links(key)
    first["signature"], second["signature"] = second["signature"], first["signature"]
    return [first, second]


def unendorsed(key):
    first, second = links(key)
    return [first, {**second, "endorsement": None}]


def endorsed_by_itself(key):
    first, second = links(key)
    return [first, {**second, "endorsement": second["signature"]}]


def earlier(key):
    first, second = links(key)
    second["statement"]["from"] = "2025-01-01T00:00:00Z"
    return [first, second]


@pytest.mark.parametrize(
    ("forge", "said"),
    [
        (lambda key: [], "on attend une clé au moins"),
        (lambda key: links(key)[1:], "« keys[0] » : la première clé ne suit aucune autre"),
        (lambda key: links(key)[::-1], "« keys[0] » : la première clé ne suit aucune autre"),
        (lambda key: links(key)[:1] * 2, "« keys[1] » : elle ne nomme pas la clé d’avant"),
        (lambda key: [links(key)[0], self_signed()], "« keys[1] » : elle ne nomme pas la clé d’avant"),
        (swapped, "« keys[0] » : la clé ne signe pas ce qui est dit d’elle"),
        (unendorsed, "« keys[1] » : la clé d’avant ne l’a pas signée"),
        (endorsed_by_itself, "« keys[1] » : la clé d’avant ne l’a pas signée"),
        (earlier, "« keys[1] » : la clé ne signe pas ce qui est dit d’elle"),
        (lambda key: [self_signed(key_id="0" * 16)], "le nom de la clé n’est pas le début de son empreinte"),
        (lambda key: [self_signed(format="autre")], "on attend une clé « traitdunion-cle/1 »"),
    ],
)
def test_a_chain_with_a_false_link_is_refused(forge, said):
    with pytest.raises(MalformedError) as refusal:
        signing.read_chain(written(forge(chain_of(2))))

    assert said in str(refusal.value)


def test_a_key_signed_by_all_but_dated_before_the_one_it_follows_is_refused():
    old, private = new_key(), new_key()
    first = SigningKey.start(old, at=KEY_DAY).chain.keys[0]
    public = private.public_key().public_bytes_raw()
    for days in (0, 1):
        statement = signing.KeyStatement(
            key_id=signing.fingerprint(public)[:16], public_key=public, from_=KEY_DAY - timedelta(days=days),
            previous=first.fingerprint,
        )  # fmt: skip
        raw = statement.to_bytes()
        second = signing.KeyRecord(
            statement=statement, signature=private.sign(raw), endorsement=old.sign(raw)
        )
        with pytest.raises(MalformedError, match="elle commence avant la clé d’avant"):
            signing.read_chain(signing.KeyChain(keys=(first, second)).to_bytes())


@pytest.mark.parametrize("changes", [{"format": "autre/1"}, {"more": 1}])
def test_a_file_of_another_form_is_refused(changes):
    with pytest.raises(MalformedError):
        signing.read_chain(written(links(chain_of(1)), **changes))


def test_a_key_is_written_in_one_way():
    raw = chain_of(1).chain.to_bytes()
    loose = raw.replace(b'="}}]}', b'"}}]}', 1)
    assert loose != raw
    with pytest.raises(MalformedError, match="on attend des octets en base64"):
        signing.read_chain(loose)


def test_a_key_follows_in_time_and_never_comes_back(key):
    with pytest.raises(SigningError, match="Une nouvelle clé commence après"):
        key.rotate(new_key(), at=KEY_DAY)
    private = new_key()
    with pytest.raises(SigningError, match="n’a jamais servi"):
        SigningKey.start(private, at=KEY_DAY).rotate(private, at=NOW)


def test_a_key_that_does_not_serve_yet_does_not_sign():
    early = SigningKey.start(new_key(), at=NOW + timedelta(days=1))

    assert "pas encore en service" in refusal_of(early)


def test_the_private_key_is_the_last_of_its_chain(key):
    with pytest.raises(SigningError, match="n’est pas la dernière de sa chaîne"):
        SigningKey(new_key(), key.chain)


# Private keys in a file


def pem(private, encryption=None):
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())


def test_a_private_key_is_read_from_a_file_of_its_owner(tmp_path):
    private, path = new_key(), tmp_path / "cle.pem"
    path.write_bytes(pem(private))
    path.chmod(0o600)

    assert signing.read_private_file(path).private_bytes_raw() == private.private_bytes_raw()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601])
def test_a_private_key_that_others_read_is_refused(tmp_path, mode):
    path = tmp_path / "cle.pem"
    path.write_bytes(pem(new_key()))
    path.chmod(mode)
    with pytest.raises(SigningError, match="peut être lue par d’autres"):
        signing.read_private_file(path)


def test_a_private_key_that_is_not_there(tmp_path):
    with pytest.raises(SigningError, match="ne peut pas être lue"):
        signing.read_private_file(tmp_path / "cle.pem")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (b"", "n’est pas un PEM lisible"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "n’est pas un PEM lisible"),
        (pem(new_key(), BestAvailableEncryption(b"x")), "sans mot de passe"),
        (pem(Ed448PrivateKey.generate()), "n’est pas une clé Ed25519"),
    ],
)
def test_what_is_not_a_private_key(given, said):
    with pytest.raises(SigningError, match=said):
        signing.read_private_key(given)
