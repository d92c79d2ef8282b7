"""The national bilan of the third quarter of 2026, over two départements, and the desks that write it."""

from dataclasses import dataclass, field

from tests.conventions.scene import Dyad
from tests.reviews import scene
from tests.reviews.scene import BY, LATER, LATER_DAY, NOW, T3, TODAY
from traitdunion.audit.actors import task
from traitdunion.identity.kinds import Role
from traitdunion.identity.models import Mandate
from traitdunion.reviews import actions, actions_opening, actions_signing, queries
from traitdunion.reviews.kinds import Party, Voice
from traitdunion.reviews.models import Review, Version
from traitdunion.reviews.rules import Quarter


def open_national(quarter: Quarter = T3, *, today=TODAY, at=NOW) -> Review:
    """Open the national bilan of ``quarter``, after those of the départements."""
    actions_opening.open_quarter(quarter, today=today, actor=task("essais"), at=at)
    actions_opening.open_national(quarter, today=today, actor=task("essais"), at=at)
    return Review.objects.get(level="national", quarter=str(quarter))


@dataclass
class National:
    """A national bilan and the two desks; ``local`` is that of the Bas-Rhin."""

    local: scene.Bilan
    desks: dict[Party, Mandate] = field(init=False)
    review: Review = field(init=False)

    def __post_init__(self):
        house = self.dyad.house
        self.desks = {
            Party.SANTE: house.mandate(Role.DESK_SANTE),
            Party.INTERIEUR: house.mandate(Role.DESK_INTERIEUR),
        }
        self.review = open_national()

    @property
    def dyad(self) -> Dyad:
        return self.local.dyad

    @property
    def version(self) -> Version:
        return queries.last_version(self.review)

    def read_again(self, *, at=LATER, today=LATER_DAY):
        return actions.regenerate(self.version, today=today, actor=task("essais"), at=at)

    def figure(self, name):
        return queries.figures_by_name(self.version)[name]

    def paragraph(self, section, voice=Voice.COMMUNE):
        return self.version.paragraphs.filter(section=section, voice=voice.value).first()

    def offer(self):
        actions_signing.offer(self.version, side=Party.SANTE, **BY)
        return self.version

    def sign(self, *sides, at=LATER, day=LATER_DAY, mandate=None):
        for side in sides or tuple(self.desks):
            version = self.version
            actions_signing.sign(
                version,
                side=side,
                mandate=mandate or self.desks[side],
                sha256=version.document_sha256,
                day=day,
                key=self.local.key,
                at=at,
            )
        return self.version

    def signed(self):
        self.offer()
        return self.sign()

    def watch(self):
        actions_signing.watch_sources(T3, today=LATER_DAY, actor=task("essais"), at=LATER)
        return self.version
