"""What is sealed opens in its place only, and under its key only. Pure Python."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traitdunion.register import sealing
from traitdunion.register.sealing import Place, SealBrokenError

KEY = bytes(range(32))
PLACE = Place(departement="67", dossier=UUID(int=1), table="identity", field="names", version="1")
ELSEWHERE = {
    "departement": "68",
    "dossier": UUID(int=2),
    "table": "event",
    "field": "first_names",
    "version": "2",
}


@given(text=st.text(max_size=200))
def test_what_is_sealed_opens_in_its_place(text):
    assert sealing.unseal(sealing.seal(text, key=KEY, place=PLACE), key=KEY, place=PLACE) == text


@pytest.mark.parametrize("part", ELSEWHERE)
def test_a_sealed_value_moved_elsewhere_does_not_open(part):
    sealed = sealing.seal("Renaud", key=KEY, place=PLACE)

    with pytest.raises(SealBrokenError, match="déplacé ou modifié"):
        sealing.unseal(sealed, key=KEY, place=replace(PLACE, **{part: ELSEWHERE[part]}))


@given(data=st.data())
def test_no_two_places_are_bound_alike(data):
    """A sign more in one part and one less in the next is another place."""
    words = st.text(alphabet="67a", max_size=4)
    one, other = (
        Place(
            departement=data.draw(words),
            dossier=UUID(int=1),
            table=data.draw(words),
            field=data.draw(words),
            version=data.draw(words),
        )
        for _ in range(2)
    )

    assert (one == other) == (one.bound() == other.bound())


@given(position=st.integers(0, 75), flip=st.integers(1, 255))
def test_a_sealed_value_that_was_altered_does_not_open(position, flip):
    sealed = bytearray(sealing.seal("Renaud", key=KEY, place=PLACE))
    sealed[position % len(sealed)] ^= flip

    with pytest.raises(SealBrokenError):
        sealing.unseal(bytes(sealed), key=KEY, place=PLACE)


@pytest.mark.parametrize("broken", [b"", b"short", bytes(12), bytes(27)])
def test_what_is_no_sealed_value_is_one_refusal(broken):
    with pytest.raises(SealBrokenError):
        sealing.unseal(broken, key=KEY, place=PLACE)


def test_another_key_opens_nothing():
    sealed = sealing.seal("Renaud", key=KEY, place=PLACE)

    with pytest.raises(SealBrokenError):
        sealing.unseal(sealed, key=bytes(32), place=PLACE)


def test_the_same_name_is_sealed_differently_each_time_at_the_same_length():
    sealed = {sealing.seal(name, key=KEY, place=PLACE) for name in ["Li", "Li", "Vandenbroucke-Lefèvre"]}

    assert len(sealed) == 3
    assert len({len(each) for each in sealed}) == 1


def test_a_field_too_long_to_count_is_refused():
    with pytest.raises(ValueError, match="65,535"):
        sealing.seal("a" * 65_536, key=KEY, place=PLACE)


def test_a_wrapped_key_opens_for_its_dossier_only():
    key, dossier = sealing.new_key(), uuid4()
    wrapped = sealing.wrap(key, under=KEY, departement="67", dossier=dossier)

    assert sealing.unwrap(wrapped, under=KEY, departement="67", dossier=dossier) == key
    for place in ({"departement": "68", "dossier": dossier}, {"departement": "67", "dossier": uuid4()}):
        with pytest.raises(SealBrokenError):
            sealing.unwrap(wrapped, under=KEY, **place)
