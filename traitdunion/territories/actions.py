"""Load the official geographic code."""

from datetime import datetime

from django.db import transaction

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import Actor
from traitdunion.territories import particular_cases as cases
from traitdunion.territories.models import Ars, Departement, Region
from traitdunion.territories.rules import name_with_link
from traitdunion.territories.sources import GeographicCode


@transaction.atomic
def load(code: GeographicCode, *, actor: Actor, at: datetime) -> int:
    """Write the régions, their ARS and the départements of ``code``; return the number of départements."""
    read = {"source": code.edition, "read_on": at.date()}
    for row in code.regions:
        region, _ = Region.objects.update_or_create(code=row["code"], defaults={"name": row["nom"], **read})
        name = cases.ARS_NAMES.get(row["code"], f"ARS {row['nom']}")
        Ars.objects.update_or_create(code=row["code"], defaults={"name": name, "region": region, **read})
    for row in code.departements:
        linked = name_with_link(row["nom"], row["typeLiaison"])
        Departement.objects.update_or_create(
            code=row["code"],
            defaults={
                "name": row["nom"],
                "name_with_link": linked,
                "region_id": row["region"],
                "ars_id": row["region"],
                "zone": row["zone"],
                "prefecture_name": cases.PREFECTURE_NAMES.get(row["code"], f"Préfecture {linked}"),
                "representative": cases.REPRESENTATIVES.get(row["code"], "préfet"),
                "time_zone": cases.TIME_ZONES.get(row["code"], "Europe/Paris"),
                **read,
            },
        )
    audit.record(
        event="territories.code.loaded",
        subject=code.edition,
        actor=actor,
        at=at,
        detail={"departements": len(code.departements), "regions": len(code.regions)},
    )
    return len(code.departements)
