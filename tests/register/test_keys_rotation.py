"""To replace the key of the site is to make erasures reach the backups; killed midway, nothing is lost."""

from datetime import date, timedelta

import pytest

from tests.register.scene import BY, NOW, PERSON
from traitdunion.audit.models import Entry
from traitdunion.register import actions, actions_keys, keyring, queries, sealing
from traitdunion.register.keyring import KeysUnreadableError
from traitdunion.register.marks import Identity
from traitdunion.register.models import DossierKey

pytestmark = pytest.mark.django_db
LATER = {**BY, "at": NOW + timedelta(days=7)}
OTHER = Identity(names="Azur", first_names="Jeanne", born_on=date(1950, 1, 1))


def opens(dossier):
    return len(queries.key_of(dossier.departement_id, dossier.public_id)) == sealing.KEY_BYTES


def test_every_living_dossier_opens_under_the_new_key_and_the_former_is_gone(ward, keys):
    dossiers = [ward.dossier(), ward.dossier(OTHER)]
    former = keyring.read(keys)

    assert actions_keys.rotate(**LATER) == 2

    now = keyring.read(keys)
    assert list(now.wrapping) == [now.epoch]
    assert now.epoch != former.epoch
    assert now.index == former.index
    assert all(opens(dossier) for dossier in dossiers)
    assert queries.search(ward.place, "Renaud") != []
    assert Entry.objects.latest("id").detail == {"dossiers": 2}


def test_an_erased_person_does_not_come_back_with_a_backup(ward, keys):
    """The row of the backup is put back as it was: the key that wrapped it is no more."""
    dossier = ward.dossier()
    backup = DossierKey.objects.get()
    actions.erase(dossier, **BY)
    actions_keys.rotate(**LATER)

    backup.save(force_insert=True)

    with pytest.raises(KeysUnreadableError, match="n’existe plus"):
        opens(dossier)
    # Nor does giving the old row the name of the key in use.
    now = keyring.read(keys)
    with pytest.raises(sealing.SealBrokenError):
        sealing.unwrap(bytes(backup.wrapped), under=now.current, departement="67", dossier=dossier.public_id)


@pytest.mark.parametrize("written_before_death", [0, 1])
def test_a_rotation_that_dies_is_taken_up_by_the_next(ward, keys, monkeypatch, written_before_death):
    dossier = ward.dossier()
    written = []

    def die(path, new):
        if len(written) == written_before_death:
            raise KeyboardInterrupt
        written.append(new)
        keyring_write(path, new)

    keyring_write = keyring.write
    monkeypatch.setattr(keyring, "write", die)
    with pytest.raises(KeyboardInterrupt):
        actions_keys.rotate(**LATER)
    assert opens(dossier)

    monkeypatch.setattr(keyring, "write", keyring_write)
    actions_keys.rotate(**{**BY, "at": NOW + timedelta(days=8)})

    assert opens(dossier)
    assert len(keyring.read(keys).wrapping) == 1


def test_more_dossiers_than_a_batch_are_all_wrapped_again(ward, monkeypatch):
    monkeypatch.setattr(actions_keys, "_AT_ONCE", 2)
    people = [
        Identity(names=name, first_names="Anne", born_on=date(1950, 1, 1))
        for name in ("Azur", "Bistre", "Corail")
    ]
    dossiers = [ward.dossier(person) for person in [*people, PERSON]]

    assert actions_keys.rotate(**LATER) == 4
    assert all(opens(dossier) for dossier in dossiers)
