"""Two départements of two régions, their institutions, and people in post on the test's day."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from traitdunion.audit.actors import Actor
from traitdunion.identity import actions
from traitdunion.identity.kinds import Role
from traitdunion.identity.models import Mandate, Organisation, Person, Post
from traitdunion.territories.models import Ars, Departement, Region

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
OPENED = date(2020, 1, 1)
ACTOR = Actor(label="Test")
ISSUER = "https://fournisseur.example"


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def territories(db):
    source = {"source": "essai", "read_on": OPENED}
    found = {}
    for region_code, region_name, code, name in [
        ("44", "Grand Est", "67", "Bas-Rhin"),
        ("53", "Bretagne", "35", "Ille-et-Vilaine"),
    ]:
        region, _ = Region.objects.get_or_create(code=region_code, defaults={"name": region_name, **source})
        ars, _ = Ars.objects.get_or_create(
            code=region_code, defaults={"name": f"ARS {region_name}", "region": region, **source}
        )
        found[code], _ = Departement.objects.get_or_create(
            code=code,
            defaults={
                "name": name, "name_with_link": name, "region": region, "ars": ars, "zone": "metro",
                "prefecture_name": name, "representative": "préfet", "time_zone": "Europe/Paris",
                **source,
            },
        )  # fmt: skip
    return found


@dataclass
class House:
    """One post of each role around the Bas-Rhin, and the référents of Ille-et-Vilaine."""

    bas_rhin: Departement
    posts: dict[Role, Post]
    far_posts: dict[Role, Post]

    def person(self, name: str, *, subject: str | None = None, is_active: bool = True) -> Person:
        person = actions.register_person(
            issuer=ISSUER, subject=subject or name.lower(), name=name, actor=ACTOR, at=NOW
        )
        if not is_active:
            actions.set_access(person, is_active=False, actor=ACTOR, at=NOW)
        return person

    def mandate(self, role: Role, *, person: Person | None = None, starts_on: date = OPENED,
                ends_on: date | None = None) -> Mandate:  # fmt: skip
        return actions.grant(
            person=person or self.person(role.value), post=self.posts[role], starts_on=starts_on,
            ends_on=ends_on, actor=ACTOR, at=NOW,
        )  # fmt: skip


@pytest.fixture
def house(territories) -> House:
    bas_rhin, far = territories["67"], territories["35"]
    here = {"departement": bas_rhin}
    prefecture = Organisation(
        kind="prefecture", name="Préfecture du Bas-Rhin", opened_on=OPENED, region=bas_rhin.region, **here
    )
    ars = Organisation(kind="ars", name="ARS Grand Est", opened_on=OPENED, region=bas_rhin.region)
    office = Organisation(kind="dd_ars", name="Délégation du Bas-Rhin", opened_on=OPENED, parent=ars, **here)
    desk = Organisation(kind="desk", name="Bureau central", opened_on=OPENED)
    hospital = Organisation(kind="establishment", name="Hôpital d’Erstein", opened_on=OPENED, **here)
    far_prefecture = Organisation(
        kind="prefecture", name="Préfecture d’Ille-et-Vilaine", opened_on=OPENED, departement=far
    )
    ars.save()
    # Straight to the table: opening them one by one, each with its entry, costs a tenth of a second a test.
    Organisation.objects.bulk_create([prefecture, office, desk, hospital, far_prefecture])
    homes: dict[Role, Organisation] = {
        Role.PREFET: prefecture, Role.REFERENT_PREFECTURE: prefecture, Role.COORDINATEUR_CPRAF: prefecture,
        Role.DG_ARS: ars, Role.REFERENT_ARS: office, Role.PSYCHIATRE: hospital, Role.ETABLISSEMENT: hospital,
        Role.SSC_ENREGISTREMENT: office, Role.SSC_CONSULTATION: office,
    }  # fmt: skip
    posts = {
        role: Post(
            organisation=homes.get(role, desk),
            role=role.value,
            opened_on=OPENED,
            departement=None if role is Role.DG_ARS else homes.get(role, desk).departement,
            region=bas_rhin.region if role is Role.DG_ARS else None,
        )
        for role in Role
    }
    far_posts = {
        role: Post(organisation=far_prefecture, role=role.value, opened_on=OPENED, departement=far)
        for role in (Role.REFERENT_PREFECTURE, Role.REFERENT_ARS)
    }
    Post.objects.bulk_create([*posts.values(), *far_posts.values()])
    return House(bas_rhin=bas_rhin, posts=posts, far_posts=far_posts)


@pytest.fixture
def today() -> date:
    return timezone.localdate()


@pytest.fixture
def yesterday(today) -> date:
    return today - timedelta(days=1)


@pytest.fixture
def acting(client, house):
    """Sign in a person under the mandate of a role."""

    def act(role: Role) -> Mandate:
        mandate = house.mandate(role)
        client.force_login(mandate.person, backend="traitdunion.identity.oidc.StrictOIDCBackend")
        client.get("/identite/mandat/")
        return mandate

    return act
