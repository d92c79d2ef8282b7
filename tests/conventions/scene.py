"""A dyad at work: the two institutions of the Bas-Rhin, their signatories and référents, and a model."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from tests.identity.conftest import ACTOR, NOW, House
from traitdunion.conventions import actions, actions_signature, actions_template, actions_text
from traitdunion.conventions.kinds import Step
from traitdunion.conventions.models import Convention, Template
from traitdunion.conventions.sources import read_template
from traitdunion.identity import actions as identity
from traitdunion.identity.kinds import Role, Side
from traitdunion.identity.middleware import SESSION_KEY
from traitdunion.identity.models import Mandate
from traitdunion.plan.kinds import Owner, Provenance

BACKEND = "traitdunion.identity.oidc.StrictOIDCBackend"
BY = {"actor": ACTOR, "at": NOW}
TODAY = date(2026, 3, 2)
START = date(2026, 1, 5)
CIRCUIT = actions_text.CircuitText(
    subject="Demande de ressource",
    who_does="Référent préfecture",
    who_is_told="Référent ARS",
    form="Écrit sans nom",
    legal_basis="à vérifier",
    never_passes="Diagnostic",
)


@dataclass
class Dyad:
    """What the tests of drafting need."""

    house: House
    prefet: Mandate
    dg: Mandate
    referent_prefecture: Mandate
    referent_ars: Mandate
    template: Template
    delegations: list[object] = field(default_factory=list)

    @property
    def departement(self):
        return self.house.bas_rhin

    def draft(self, **values) -> Convention:
        wanted = {
            "departement": self.departement,
            "side": Side.PREFECTURE,
            "title": "Convention-cadre",
            "on": START,
            "template": self.template,
            "provenance": Provenance.SYNTHETIC,
            **BY,
            **values,
        }
        return actions.start(**wanted)

    def step(self, convention, step, *, side=Side.PREFECTURE, on=START, reason="avancer"):
        return actions.take_step(convention, step=step, side=side, on=on, reason=reason, **BY)

    def to_sign(self, **values) -> Convention:
        convention = self.draft(**values)
        self.ready(convention)
        return convention

    def ready(self, convention, on=START) -> None:
        self.step(convention, Step.RELECTURE, on=on)
        self.step(convention, Step.A_SIGNER, side=Side.ARS, on=on)

    def sign(self, convention, *, on=START + timedelta(days=5), sides=tuple(Side)) -> Convention:
        who = {Side.PREFECTURE: self.prefet.person, Side.ARS: self.dg.person}
        for side in sides:
            actions_signature.sign(convention, side=side, signatory=who[side], signed_on=on, **BY)
        convention.refresh_from_db()
        return convention

    def signed(self, **values) -> Convention:
        return self.sign(self.to_sign(**values))

    def with_clause(self, convention, text="Tenir deux réunions par an"):
        return actions_text.add_clause(
            convention, heading_number=15, text=text, owner=Owner.BOTH, due_on=date(2026, 6, 30), **BY
        )

    def delegate(self, person, *, starts_on, ends_on, role=Role.PREFET, reference="Arrêté 2026-12"):
        return identity.delegate(
            given_by=self.house.posts[role],
            given_to=person,
            reference=reference,
            starts_on=starts_on,
            ends_on=ends_on,
            **BY,
        )


def dyad(house: House) -> Dyad:
    return Dyad(
        house=house,
        prefet=house.mandate(Role.PREFET),
        dg=house.mandate(Role.DG_ARS),
        referent_prefecture=house.mandate(Role.REFERENT_PREFECTURE),
        referent_ars=house.mandate(Role.REFERENT_ARS),
        template=actions_template.load_example(read_template(), on=date(2025, 1, 1), **BY),
    )


def act_as(client, mandate: Mandate):
    """Sign ``client`` in under ``mandate``."""
    client.force_login(mandate.person, backend=BACKEND)
    session = client.session
    session[SESSION_KEY] = str(mandate.public_id)
    session.save()
    return client
