"""A quarter played by four persons at the pages, from the bilans just opened to the national one that is published.

Counts what each presses (a button that sends something) and fills. Shared by a test, which bounds the counts, and by
``python -m bench journey``, which prints them.
"""

from dataclasses import dataclass

from django.http import HttpResponse
from django.test import Client

from traitdunion.reviews import queries
from traitdunion.reviews.models import Review

UNSEEN = frozenset({"revision", "sha256"})  # sent by the page, filled by nobody
PREFECTURE, ARS = "préfecture", "ARS"
SANTE, INTERIEUR = "ministère chargé de la santé", "ministère de l’intérieur"


@dataclass
class Hand:
    """Someone at the pages."""

    client: Client
    clicks: int = 0
    fields: int = 0

    def get(self, path: str) -> HttpResponse:
        answer = self.client.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer

    def press(self, path: str, **fields: object) -> None:
        self.clicks += 1
        self.fields += len([name for name in fields if name not in UNSEEN])
        answer = self.client.post(path, fields)
        assert answer.status_code == 302, f"{path}: {answer.status_code} {answer.content.decode()[-3000:]}"


@dataclass
class Journey:
    """The four hands, and the two bilans they write."""

    hands: dict[str, Hand]
    local: Review
    nation: Review
    held_on: str
    due_on: str

    def play(self) -> None:
        """Play both bilans to their second signature."""
        self.play_local()
        self.play_national()

    def play_local(self) -> None:
        prefecture, ars = self.hands[PREFECTURE], self.hands[ARS]
        page = f"/bilans/{self.local.public_id}/"
        prefecture.get(page)
        self._meet(prefecture, page)
        prefecture.press(f"{page}engagements/", text="Tenir une réunion", owner="commun", due_on=self.due_on)
        prefecture.press(f"{page}transmettre/")
        ars.get(page)
        ars.press(f"{page}parties/convention/ars/", text="L’avenant est en relecture.", revision=0)
        ars.press(f"{page}proposer/")
        self._sign(self.local, prefecture, ars)

    def play_national(self) -> None:
        sante, interieur = self.hands[SANTE], self.hands[INTERIEUR]
        page = f"/bilans/{self.nation.public_id}/"
        sante.get(page)
        sante.press(f"{page}relire/")
        excerpts = sante.get(f"{page}departements/?partie=convention&voix=ars").context["excerpts"]
        cited = next(each.paragraph for each in excerpts if each.may_cite)
        sante.press(f"{page}citer/{cited.public_id}/")
        self._meet(sante, page)
        sante.press(
            f"{page}engagements/",
            text="Relancer les départements sans bilan",
            owner="sante",
            due_on=self.due_on,
        )
        sante.press(f"{page}transmettre/")
        interieur.get(page)
        interieur.press(
            f"{page}parties/blocages/interieur/", text="Le calendrier des formations bloque.", revision=0
        )
        interieur.press(f"{page}proposer/")
        self._sign(self.nation, interieur, sante)

    def _meet(self, hand: Hand, page: str) -> None:
        form = hand.get(f"{page}reunion/").context["form"]
        hand.press(
            f"{page}reunion/",
            held_on=self.held_on,
            seats=list(form.offered),
            decisions="Se revoir au trimestre.",
        )

    def _sign(self, review: Review, *hands: Hand) -> None:
        page = f"/bilans/{review.public_id}/signer/"
        for hand in hands:
            hand.get(page)
            hand.press(page, has_read="on", sha256=queries.last_version(review).document_sha256)

    @property
    def counts(self) -> list[tuple[str, int, int]]:
        """Who, clicks, fields."""
        return [(name, hand.clicks, hand.fields) for name, hand in self.hands.items()]

    def told(self) -> list[str]:
        """The counts, one French line each."""
        return [f"{name} : {clicks} clics, {fields} champs" for name, clicks, fields in self.counts]
