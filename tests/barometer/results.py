"""Five départements of three régions, waves whose answers are drawn side by side, and readers of every role."""

import random
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from django.test import Client
from django.utils import timezone

from tests.barometer import campaign
from tests.barometer.pistes import BACKEND, noon
from tests.conventions import facts
from traitdunion.audit.actors import task
from traitdunion.barometer import questionnaire
from traitdunion.barometer.models import Participation, Remark, Sheet, Wave
from traitdunion.identity.kinds import OrganisationKind, Role
from traitdunion.identity.middleware import SESSION_KEY
from traitdunion.identity.models import Post
from traitdunion.territories.models import Departement

ACTOR = task("essais")
EXAMPLE = questionnaire.example()
PLACES = {"67": "Bas-Rhin", "68": "Haut-Rhin", "01": "Ain", "69": "Rhône", "974": "La Réunion"}
REGIONS = {
    "67": ("44", "Grand Est"), "68": ("44", "Grand Est"), "01": ("84", "Auvergne-Rhône-Alpes"),
    "69": ("84", "Auvergne-Rhône-Alpes"), "974": ("04", "La Réunion"),
}  # fmt: skip
# Sides of four, three and two people, of nobody, and a région of one département.
SIZES = {
    ("67", "prefecture"): 4, ("67", "ars"): 3, ("68", "prefecture"): 2, ("68", "ars"): 4,
    ("01", "prefecture"): 3, ("01", "ars"): 1, ("69", "prefecture"): 5, ("69", "ars"): 3,
    ("974", "prefecture"): 3, ("974", "ars"): 3,
}  # fmt: skip
HIDDEN = {cell for cell, size in SIZES.items() if size < 3}
NATION = (Role.DESK_SANTE, Role.ADMINISTRATEUR)
LOCAL = (Role.PREFET, Role.REFERENT_PREFECTURE, Role.COORDINATEUR_CPRAF, Role.REFERENT_ARS, Role.PSYCHIATRE)
PAIR = {Role.PREFET, Role.REFERENT_PREFECTURE, Role.COORDINATEUR_CPRAF, Role.REFERENT_ARS, Role.DG_ARS}


def country():
    for code, name in PLACES.items():
        facts.departement(code, name, facts.region(*REGIONS[code]))


def sheet(dice, side, level=0):
    """Draw the answers of one person; a higher level answers higher."""
    given = {}
    for item in EXAMPLE.asked_of(side):
        value = min(5, max(1, round(dice.gauss(3.2 + level, 1))))
        given[item.id] = dice.choices([str(value), "NSP", "SO"], [0.92, 0.05, 0.03])[0]
    return given


def drawn(seed=1, sizes=SIZES):
    """Return the answers of each side, the same for a seed."""
    return {
        cell: [sheet(random.Random(f"{seed}{cell}{rank}"), cell[1]) for rank in range(size)]
        for cell, size in sizes.items()
    }


def wave(name="V1", *, days_ago=30, answers=None, asked=None, **values):
    """Return a wave that closed so many days ago, sealed: under embargo for seven days, then published."""
    closes_on = timezone.localdate() - timedelta(days=days_ago)
    made = Wave.objects.create(
        **{
            "name": name, "format": "full", "questionnaire": asked or campaign.questionnaire(),
            "covers_since": closes_on - timedelta(days=200), "covers_until_on": closes_on - timedelta(days=20),
            "opens_on": closes_on - timedelta(days=20), "closes_on": closes_on,
            "opened_at": noon(closes_on - timedelta(days=20)), "sealed_at": noon(closes_on + timedelta(days=1)),
            **facts.authored(), **values,
        }
    )  # fmt: skip
    for (code, side), sheets in (drawn() if answers is None else answers).items():
        Sheet.objects.bulk_create(
            Sheet(wave=made, departement_id=code, side=side, answers=given, is_submitted=True)
            for given in sheets
        )
        Participation.objects.create(
            wave=made, departement_id=code, side=side, invited=6, submitted=len(sheets), counted_on=closes_on
        )
    return made


def remark(made, code, side, text, *, is_released=True):
    return Remark.objects.create(
        wave=made, departement_id=code, side=side, text=text, is_released=is_released
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Someone who acts somewhere, and their browser."""

    role: Role
    home: str
    client: Client

    def get(self, page, **query):
        return self.client.get(f"/barometre/{page}" + (f"?{urlencode(query)}" if query else ""))

    def __str__(self):
        return f"{self.role.value} {self.home}".strip()


def reader(role, code=""):
    """Return someone of that role: in a département, in its région for the director of an ARS, in the nation."""
    place = Departement.objects.get(code=code) if code else None
    is_regional = role is Role.DG_ARS
    held_by = facts.organisation(
        OrganisationKind.DESK, None if is_regional else place, place.region if is_regional else None
    )
    post = Post.objects.create(
        organisation=held_by,
        role=role.value,
        departement=None if is_regional else place,
        region=place.region if is_regional else None,
        opened_on=date(2000, 1, 1),
    )
    mandate = facts.mandate(post, facts.person(f"{role.value} {code}"))
    client = Client()
    client.force_login(mandate.person, backend=BACKEND)
    session = client.session
    session[SESSION_KEY] = str(mandate.public_id)
    session.save()
    return Reader(role=role, home=code, client=client)


def readers():
    """Return readers of every scope: the nation, the Bas-Rhin in each role, another département, two régions."""
    return [
        *(reader(role) for role in NATION),
        *(reader(role, "67") for role in LOCAL),
        reader(Role.REFERENT_ARS, "01"),
        *(reader(Role.DG_ARS, code) for code in ("67", "974")),
    ]


def observers():
    """Return one reader of each reach: the nation, a département, a région, a psychiatrist."""
    return [
        reader(Role.DESK_SANTE),
        *(reader(Role.REFERENT_ARS, code) for code in ("67", "01")),
        reader(Role.PSYCHIATRE, "67"),
        reader(Role.DG_ARS, "67"),
    ]
