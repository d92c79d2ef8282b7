"""One value, one form of bytes: RFC 8785, and what we refuse beyond it."""

import json
import struct

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from traitdunion.reviews import canonical
from traitdunion.reviews.canonical import MalformedError

# RFC 8785, section 3.2.2: the example of the text, with the numbers that have no fraction.
STRINGS_IN = (
    r'{"string": "\u20ac$\u000F\u000aA\u0027\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}'
)
STRINGS_OUT = '{"literals":[null,true,false],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
# RFC 8785, section 3.2.3: the order of the keys is that of their UTF-16 units.
SORTING_IN = r"""{
  "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
  "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"
}"""
SORTED = [
    "Carriage Return", "One", "Control", "Latin Small Letter O With Diaeresis", "Euro Sign",
    "Emoji: Grinning Face", "Hebrew Letter Dalet With Dagesh",
]  # fmt: skip
# RFC 8785, appendix B: IEEE 754 bits and what is written. Our documents hold no fraction: this is the library's part.
NUMBERS = {
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "ffefffffffffffff": "-1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555554": "333333333.33333325",
    "41b3de4355555555": "333333333.3333333",
    "41b3de4355555556": "333333333.3333334",
    "41b3de4355555557": "333333333.33333343",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}


def test_the_strings_of_the_rfc():
    assert canonical.encode(canonical.decode(STRINGS_IN.encode())).decode() == STRINGS_OUT


def test_the_keys_of_the_rfc_in_their_order():
    written = canonical.encode(canonical.decode(SORTING_IN.encode()))

    assert list(json.loads(written).values()) == SORTED


@pytest.mark.parametrize(("bits", "written"), NUMBERS.items())
def test_the_numbers_of_the_rfc_in_the_library(bits, written):
    [value] = struct.unpack(">d", bytes.fromhex(bits))

    assert rfc8785.dumps(value).decode() == written


@pytest.mark.parametrize("bits", ["7fffffffffffffff", "7ff0000000000000"])
def test_what_the_rfc_refuses(bits):
    [value] = struct.unpack(">d", bytes.fromhex(bits))
    with pytest.raises(rfc8785.CanonicalizationError):
        rfc8785.dumps(value)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ('{"a": {"b": [1, 2.0]}}', "« a.b[1] » : 2.0 est un nombre à virgule"),
        ('{"a": 1e3}', "« a » : 1000.0 est un nombre à virgule"),
        ('{"a": NaN}', "« a » : nan est un nombre à virgule"),
        ('{"a": -Infinity}', "« a » : -inf est un nombre à virgule"),
        ('{"a": [{"b": 1, "c": 2, "b": 1}]}', "« a[0] » : la clé « b » est donnée deux fois"),
        ('{"a": 9007199254740992}', "« a » : ce nombre est trop grand"),
        (r'{"a": "\ud800"}', "« a » : un caractère n’est pas de l’Unicode complet"),
        (r'{"\ud800": 1}', "la racine : un caractère n’est pas de l’Unicode complet"),
        ('{"a": 1', "Ce n’est pas du JSON : ligne 1, colonne 8"),
        ('{"a": 1} x', "Ce n’est pas du JSON"),
        ("", "Ce n’est pas du JSON"),
        ("[" * 22 + "]" * 22, "trop profond (20 niveaux au plus)"),
        ("[" * 200_000, "trop profond"),
        ('{"a": ' + "9" * 5_000 + "}", "trop long"),
        ('"' + "a" * canonical.MOST_BYTES + '"', "dépasse 8 Mo"),
    ],
    ids=lambda text: text[:24],
)
def test_what_is_not_read(raw, said):
    with pytest.raises(MalformedError) as refusal:
        canonical.decode(raw.encode())

    assert said in str(refusal.value)


@pytest.mark.parametrize("raw", [b"\xff", b"\xef\xbb\xbf{}", '"é"'.encode("latin-1")])
def test_what_is_not_utf8_is_not_read(raw):
    with pytest.raises(MalformedError):
        canonical.decode(raw)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"a": 0.5}, "« a » : 0.5 est un nombre à virgule"),
        ({1: "a"}, "une clé n’est pas un texte"),
        ({"a": {1, 2}}, "« a » : set n’a pas de forme en JSON"),
        ({"a": b"x"}, "« a » : bytes n’a pas de forme en JSON"),
    ],
)
def test_what_is_not_written(value, said):
    with pytest.raises(MalformedError) as refusal:
        canonical.encode(value)

    assert said in str(refusal.value)


@pytest.mark.parametrize("raw", ['{"a": 1}', '{"b":1,"a":1}', '{"a":"\\u00e9"}', '{"a":1}\n', '{"a":"\\/"}'])
def test_another_form_of_the_same_value_is_not_canonical(raw):
    canonical.decode(raw.encode())
    with pytest.raises(MalformedError) as refusal:
        canonical.decode_canonical(raw.encode())

    assert "forme canonique (RFC 8785)" in str(refusal.value)


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-canonical.MOST_INTEGER, canonical.MOST_INTEGER)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(JSON)
def test_what_is_written_is_read_back_the_same(value):
    written = canonical.encode(value)

    assert canonical.decode_canonical(written) == value
    assert json.loads(written) == value  # any reader of JSON agrees


@given(JSON)
def test_any_other_writing_leads_to_the_same_bytes(value):
    other = json.dumps(value, indent=3, ensure_ascii=True)

    assert canonical.encode(canonical.decode(other.encode())) == canonical.encode(value)
