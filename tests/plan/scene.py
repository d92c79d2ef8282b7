"""A small plan at work: mesure 38, a national action, an action on each side of the Bas-Rhin, an indicator."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from tests.identity.conftest import ACTOR, House
from traitdunion.identity.kinds import Role
from traitdunion.identity.middleware import SESSION_KEY
from traitdunion.identity.models import Mandate
from traitdunion.plan import actions
from traitdunion.plan.actions import ActionText, Definition, MeasureText, Origin
from traitdunion.plan.kinds import (
    BlockerCause,
    EvidenceKind,
    OriginKind,
    Owner,
    Periodicity,
    Provenance,
    Unit,
)
from traitdunion.plan.models import Action, Evidence, Indicator, Measure

BACKEND = "traitdunion.identity.oidc.StrictOIDCBackend"
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TODAY = date(2026, 3, 2)
BY = {"actor": ACTOR, "at": NOW}
START = date(2026, 1, 5)
DEFINITION = Definition(
    name="Conventions signées",
    definition="Départements où une convention est signée.",
    numerator_label="départements signés",
    denominator_label="départements",
    source="Registre",
    periodicity=Periodicity.QUARTER,
    provenance=Provenance.OURS,
)


def at(day: date) -> datetime:
    """Return an instant of ``day``."""
    return datetime(day.year, day.month, day.day, 9, tzinfo=UTC)


@dataclass
class Plan:
    house: House
    measure: Measure
    national: Action
    local: Action
    indicator: Indicator
    mandates: dict[Role, Mandate] = field(default_factory=dict)

    def mandate(self, role: Role) -> Mandate:
        if role not in self.mandates:
            self.mandates[role] = self.house.mandate(role)
        return self.mandates[role]

    def open(self, title="Tenir une réunion", **values) -> Action:
        wanted = {
            "opened_on": START,
            "measure": self.measure,
            "provenance": Provenance.SYNTHETIC,
            **BY,
            **values,
        }
        due_on = wanted.pop("due_on", None)
        return actions.open_action(text=ActionText(title=title, due_on=due_on), **wanted)

    def clause(self, owner=Owner.PREFECTURE, **values) -> Action:
        origin = Origin(kind=OriginKind.CONVENTION_CLAUSE, reference=uuid4(), label="Clause 15")
        return self.open(departement=self.house.bas_rhin, owner=owner, origin=origin, **values)

    def evidence(self, **values) -> Evidence:
        wanted = {
            "measure": self.measure,
            "kind": EvidenceKind.TEXT,
            "title": "Instruction",
            "reference": "Instruction du 2 février 2018",
            "dated_on": START,
            "provenance": Provenance.OFFICIAL,
            **BY,
            **values,
        }
        return actions.add_evidence(**wanted)

    def publish(self, text="Tout est signé.", **values):
        wanted = {
            "measure": self.measure,
            "published_on": START,
            "provenance": Provenance.OFFICIAL,
            **BY,
            **values,
        }
        return actions.publish_statement(text=text, **wanted)

    def value(self, numerator, *, denominator=101, on=START, **values) -> None:
        actions.record_value(
            self.indicator,
            measured_on=on,
            numerator=Decimal(numerator),
            denominator=Decimal(denominator),
            **{"provenance": Provenance.SYNTHETIC, **BY, **values},
        )

    def crowd(self, count: int) -> None:
        """Open ``count`` actions with a fact, an obstacle, a statement, a proof and a value each."""
        for rank in range(count):
            action = self.clause(title=f"Action {rank}")
            actions.block(action, cause=BlockerCause.MOYENS, lifter="Préfecture", since=START, **BY)
            self.publish(f"Énoncé {rank}", evidence=[self.evidence(title=f"Preuve {rank}")])
            self.value(rank, on=START + timedelta(days=rank))


def plan(house: House) -> Plan:
    axis = actions.write_axis(
        number=4, title="Professionnaliser", provenance=Provenance.OURS, actor=ACTOR, at=at(START)
    )
    section = actions.write_section(
        axis=axis,
        code="4.1.1",
        title="Mobilisation",
        provenance=Provenance.OFFICIAL,
        actor=ACTOR,
        at=at(START),
    )
    measure = actions.open_measure(
        section=section,
        code="38",
        position=38,
        text=MeasureText(title="Conventions", wording="Signer.", provenance=Provenance.OURS),
        actor=ACTOR,
        at=at(START),
    )
    indicator = actions.open_indicator(
        measure=measure,
        code="38-SIGNEE",
        unit=Unit.SHARE,
        higher_is_better=True,
        definition=DEFINITION,
        actor=ACTOR,
        at=at(START),
    )
    opening = {"opened_on": START, "measure": measure, "provenance": Provenance.SYNTHETIC}
    return Plan(
        house=house,
        measure=measure,
        national=actions.open_action(
            text=ActionText(title="Écrire le modèle"), **opening, actor=ACTOR, at=at(START)
        ),
        local=actions.open_action(
            text=ActionText(title="Nommer un référent"),
            departement=house.bas_rhin,
            owner=Owner.PREFECTURE,
            **opening,
            actor=ACTOR,
            at=at(START),
        ),
        indicator=indicator,
    )


def act_as(client, mandate: Mandate):
    """Sign ``client`` in under ``mandate``."""
    client.force_login(mandate.person, backend=BACKEND)
    session = client.session
    session[SESSION_KEY] = str(mandate.public_id)
    session.save()
    return client
