"""Replace the key of the site: what makes an erasure reach every backup of the database."""

from datetime import datetime
from typing import Final

from django.db import connection, transaction

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import Actor
from traitdunion.register import keyring, sealing, vault
from traitdunion.register.keyring import SiteKeys
from traitdunion.register.models import DossierKey

_AT_ONCE: Final = 5000
_REWRAP: Final = """
    UPDATE register_dossierkey AS kept SET epoch = %s, wrapped = new.wrapped
    FROM unnest(%s::varchar[], %s::uuid[], %s::bytea[]) AS new (departement_id, dossier_uuid, wrapped)
    WHERE kept.departement_id = new.departement_id AND kept.dossier_uuid = new.dossier_uuid
"""


def rotate(*, actor: Actor, at: datetime) -> int:
    """Wrap the key of every living dossier under a key drawn now, destroy the former, and return how many there are.

    Killed at any step, it leaves dossiers that open: the file holds both keys until every dossier has the new one, and
    a next run takes up what remains. A person erased before opens no more, in any backup.

    Raises:
        KeysUnreadableError: the keys of the site are missing, or a former key is.
    """
    path = vault.path_of_keys()
    keys = keyring.read(path).with_next_epoch(at=at)
    keyring.write(path, keys)
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Whoever is opening a dossier under the former key ends first; whoever comes next reads the new one.
            cursor.execute("LOCK TABLE register_dossierkey IN SHARE ROW EXCLUSIVE MODE")
        count = 0
        while rows := list(DossierKey.objects.exclude(epoch=keys.epoch)[:_AT_ONCE]):
            _rewrap(rows, keys)
            count += len(rows)
        audit.record(
            event="register.keys.rotated", subject=keys.epoch, actor=actor, at=at, detail={"dossiers": count}
        )
    keyring.write(path, keys.with_current_epoch_only())
    return count


def _rewrap(rows: list[DossierKey], keys: SiteKeys) -> None:
    wrapped = []
    for row in rows:
        departement, dossier = row.departement_id, row.dossier_uuid
        former = keys.of_epoch(row.epoch)
        key = sealing.unwrap(bytes(row.wrapped), under=former, departement=departement, dossier=dossier)
        wrapped.append(sealing.wrap(key, under=keys.current, departement=departement, dossier=dossier))
    with connection.cursor() as cursor:
        cursor.execute(
            _REWRAP,
            [keys.epoch, [row.departement_id for row in rows], [row.dossier_uuid for row in rows], wrapped],
        )
