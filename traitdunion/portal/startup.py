"""What a site in production verifies before it answers anyone."""

from django.db import connection

from traitdunion.core.errors import Refusal
from traitdunion.identity.models import Person

# Without one of these, PostgreSQL may lose a write that it acknowledged.
DURABLE = {
    "fsync": {"on"},
    "full_page_writes": {"on"},
    "synchronous_commit": {"on", "remote_write", "remote_apply"},
}
DEMONSTRATION = "demonstration"


class UnsafeStartError(Refusal):
    """The site would lose writes or let a persona in: it does not start."""


def refuse_unsafe_start() -> None:
    """Check the database that the site is about to use.

    Raises:
        UnsafeStartError: PostgreSQL may lose acknowledged writes, the role of the site is a superuser, or a
            persona of the demonstration exists.
    """
    with connection.cursor() as cursor:
        for setting, accepted in DURABLE.items():
            cursor.execute(f"SHOW {setting}")
            [value] = cursor.fetchone()
            if value not in accepted:
                raise UnsafeStartError(
                    f"PostgreSQL est réglé avec {setting} = {value} : une écriture confirmée pourrait être perdue. "
                    f"Remettez {setting} à « on » et relancez le site."
                )
        cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        [is_privileged] = cursor.fetchone()
    if is_privileged:
        raise UnsafeStartError(
            "Le site se connecte à PostgreSQL avec un rôle superutilisateur : donnez-lui un rôle sans privilège "
            "(docs/deploy.md)."
        )
    if Person.objects.filter(issuer=DEMONSTRATION).exists():
        raise UnsafeStartError(
            "La base contient des personnages de démonstration : elle ne peut pas servir en production. "
            "Branchez le site sur une base neuve."
        )
