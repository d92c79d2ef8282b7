"""The bilan of the Bas-Rhin, third quarter of 2026: opened on 1 October, written, signed by both."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from tests.conventions.scene import Dyad
from traitdunion.audit.actors import task
from traitdunion.reviews import actions, actions_opening, actions_signing, queries
from traitdunion.reviews.kinds import Owner, Party, Step, Voice
from traitdunion.reviews.models import Review, Version
from traitdunion.reviews.rules import Quarter
from traitdunion.reviews.signing import SigningKey

T3 = Quarter(2026, 3)
KEY_FROM = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 10, 1, 6, tzinfo=UTC)
TODAY = date(2026, 10, 1)
LATER = datetime(2026, 10, 20, 9, tzinfo=UTC)
LATER_DAY = date(2026, 10, 20)
BY = {"actor": task("essais"), "at": NOW}


def open_all(quarter=T3, *, today=TODAY, at=NOW):
    return actions_opening.open_quarter(quarter, today=today, actor=task("essais"), at=at)


@dataclass
class Bilan:
    """A bilan and who works on it."""

    dyad: Dyad
    key: SigningKey
    review: Review = field(init=False)

    def __post_init__(self):
        open_all()
        self.review = Review.objects.get(departement="67", quarter=str(T3))

    @property
    def version(self) -> Version:
        return queries.last_version(self.review)

    def paragraph(self, section="convention", voice=Voice.COMMUNE):
        return self.version.paragraphs.filter(section=section, voice=voice.value).first()

    def write(self, text, *, section="convention", voice=Voice.COMMUNE, side=Party.PREFECTURE, revision=None):
        if revision is None:
            standing = self.paragraph(section, voice)
            revision = standing.revision if standing else 0
        return actions.write_paragraph(
            self.version, section=section, voice=voice, text=text, revision=revision, side=side, **BY
        )

    def promise(self, text="Réunir les deux institutions", *, owner=Owner.COMMUN, due_on=date(2026, 12, 15)):
        return actions.promise(self.version, text=text, owner=owner, due_on=due_on, **BY)

    def read_by(self, side=Party.ARS):
        """Hand the text to ``side``."""
        giver = Party.PREFECTURE if side is Party.ARS else Party.ARS
        actions_signing.hand_over(self.version, step=Step.RELECTURE, side=giver, **BY)

    def offer(self):
        actions_signing.offer(self.version, side=Party.PREFECTURE, **BY)
        return self.version

    def mandate(self, side):
        return self.dyad.prefet if side is Party.PREFECTURE else self.dyad.dg

    def sign(self, *sides, at=LATER, day=LATER_DAY, sha256=None, mandate=None):
        for side in sides or (Party.PREFECTURE, Party.ARS):
            version = self.version
            actions_signing.sign(
                version,
                side=side,
                mandate=mandate or self.mandate(side),
                sha256=sha256 or version.document_sha256,
                day=day,
                key=self.key,
                at=at,
            )
        return self.version

    def decline(
        self, side, reason="Le délai annoncé n’est pas le nôtre.", *, sha256=None, mandate=None, at=LATER
    ):
        version = self.version
        return actions_signing.decline(
            version,
            side=side,
            mandate=mandate or self.mandate(side),
            reason=reason,
            sha256=version.document_sha256 if sha256 is None else sha256,
            day=LATER_DAY,
            at=at,
        )

    def signed(self):
        self.offer()
        return self.sign()

    def watch(self, *, today=LATER_DAY, quarter=T3):
        return actions_signing.watch_sources(quarter, today=today, actor=task("essais"), at=LATER)

    def amend(self, reason="Une réunion avait été oubliée."):
        return actions_signing.amend(
            self.version, reason=reason, side=Party.ARS, today=LATER_DAY, actor=task("essais"), at=LATER
        )
