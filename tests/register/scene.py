"""One département, its hospital, and the two agents whom the ARS named for it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from tests.identity.conftest import House
from traitdunion.audit.actors import Actor
from traitdunion.identity.kinds import Role
from traitdunion.identity.models import Mandate, Organisation
from traitdunion.law.facts import Mode
from traitdunion.register import actions
from traitdunion.register.marks import Identity
from traitdunion.register.models import Dossier, Event, Measure
from traitdunion.territories.models import Departement

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ACTOR = Actor(label="Agent d’essai")
BY = {"actor": ACTOR, "at": NOW}
PERSON = Identity(names="Renaud", first_names="Éloïse Marie", born_on=date(1980, 5, 17))
ADMITTED = NOW - timedelta(days=5)


@dataclass
class Ward:
    house: House
    place: Departement
    hospital: Organisation
    other_hospital: Organisation

    def dossier(self, identity: Identity = PERSON, **changes) -> Dossier:
        return actions.open_dossier(self.place, identity, **{**BY, **changes})

    def measure(
        self, dossier: Dossier | None = None, *, mode=Mode.SPDRE, started_at=ADMITTED, **changes
    ) -> Measure:
        asked = {"mode": mode, "started_at": started_at, "establishment": self.hospital, **BY, **changes}
        return actions.open_measure(dossier or self.dossier(), **asked)

    def record(self, measure: Measure, kind: str, *, after: timedelta, **changes) -> Event:
        return actions.record(measure, kind=kind, happened_at=measure.started_at + after, **{**BY, **changes})

    def agent(self, role: Role = Role.SSC_ENREGISTREMENT) -> Mandate:
        return self.house.mandate(role)


def ward(house: House) -> Ward:
    hospital = Organisation.objects.get(kind="establishment")
    other = Organisation.objects.create(
        kind="establishment",
        name="Hôpital d’ailleurs",
        opened_on=date(2020, 1, 1),
        departement=house.bas_rhin,
    )
    return Ward(house=house, place=house.bas_rhin, hospital=hospital, other_hospital=other)
