"""Play a quarter as four persons at the pages, and count what each presses and fills.

    python -m bench.journey

From the bilans just opened by the calendar to the national one that is published, on the data of the demonstration:
préfecture and ARS write and sign that of their département, the two ministries the national one. A click is a button
that sends something; a field is one that a person fills or ticks. ``tests/reviews`` plays the same and bounds the
counts.
"""

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bench import machine
from traitdunion.cli.embedded_postgres import EmbeddedPostgres
from traitdunion.cli.postgres_binaries import COPIES

if TYPE_CHECKING:
    from django.http import HttpResponse
    from django.test import Client

    from traitdunion.reviews.models import Review

UNSEEN = frozenset({"revision", "sha256"})  # sent by the page, filled by nobody
PREFECTURE, ARS = "préfecture", "ARS"
SANTE, INTERIEUR = "ministère chargé de la santé", "ministère de l’intérieur"
PERSONAS = {PREFECTURE: "prefet", ARS: "dg_ars", SANTE: "desk_sante", INTERIEUR: "desk_interieur"}
DEPARTEMENTS = ("01", "33", "35", "59", "67", "68", "974")


@dataclass
class Hand:
    """Someone at the pages."""

    client: "Client"
    clicks: int = 0
    fields: int = 0

    def get(self, path: str) -> "HttpResponse":
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
    local: "Review"
    nation: "Review"
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

    def _sign(self, review: "Review", *hands: Hand) -> None:
        page = f"/bilans/{review.public_id}/signer/"
        for hand in hands:
            form = hand.get(page).context["form"]
            hand.press(page, has_read="on", sha256=form.initial["sha256"])

    def visitor(self) -> str:
        """What someone without an account finds at the address of the national bilan."""
        from django.test import Client

        answer = Client(SERVER_NAME="127.0.0.1").get(f"/bilans/publies/{self.nation.quarter}/")
        return "publié" if answer.status_code == 200 else f"introuvable ({answer.status_code})"

    @property
    def counts(self) -> list[tuple[str, int, int]]:
        """Who, clicks, fields."""
        return [(name, hand.clicks, hand.fields) for name, hand in self.hands.items()]

    def told(self) -> list[str]:
        """The counts, one French line each."""
        return [f"{name} : {clicks} clics, {fields} champs" for name, clicks, fields in self.counts]


def main(_arguments: list[str]) -> int:
    home = Path(tempfile.mkdtemp(prefix="traitdunion-bench-", dir=COPIES if os.geteuid() == 0 else None))
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedPostgres(home, durable=False, remove=True) as server,
    ):
        server.create_database("bench")
        os.environ.update(prepare(server.url("bench"), Path(folder)))
        import django

        django.setup()
        from django.test.utils import setup_test_environment

        setup_test_environment()  # a client then keeps what a page was given: its forms
        journey = demonstrated()
        journey.play()
        visitor = journey.visitor()
        from django.db import connection

        connection.close()
    for line in machine.describe("démonstration, un trimestre joué aux pages"):
        print(line)
    print("\n".join(f"  {line}" for line in journey.told()))
    print(f"\nBilan national {journey.nation.quarter} : {visitor}")
    return 0 if visitor == "publié" else 1


def prepare(url: str, folder: Path) -> dict[str, str]:
    """Fill a database with the demonstration, a key at hand, and return the environment of the site."""
    from traitdunion.reviews import keyring

    private, chain = keyring.new_key(at=datetime.now(UTC) - timedelta(days=365))
    (folder / "cle.pem").write_bytes(private)
    (folder / "cle.pem").chmod(0o600)
    (folder / "cles.json").write_bytes(chain)
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "config.settings.demo",
        "TRAITDUNION_SECRET_KEY": "mesure " * 10,
        "TRAITDUNION_DEMO_MAIL": str(folder / "mail"),
        "TRAITDUNION_BILAN_KEY": str(folder / "cle.pem"),
        "TRAITDUNION_BILAN_KEYS": str(folder / "cles.json"),
    }
    for command in (["migrate", "--verbosity=0"], ["demo_data", "--codes", *DEPARTEMENTS]):
        subprocess.run(
            [sys.executable, "-m", "django", *command], env=environment, check=True, stdout=subprocess.DEVNULL
        )
    return environment


def demonstrated() -> Journey:
    """Return the journey in the demonstration: its personas, the bilans of the last quarter."""
    from django.test import Client
    from django.utils import timezone

    from traitdunion.demo.personas import HOME_DEPARTEMENT
    from traitdunion.reviews.models import Review
    from traitdunion.reviews.rules import Quarter

    today = timezone.localdate()
    quarter = str(Quarter.of(today).previous)
    hands = {}
    for name, persona in PERSONAS.items():
        client = Client(SERVER_NAME="127.0.0.1")
        assert client.post(f"/demonstration/entrer/{persona}/").status_code == 302, persona
        hands[name] = Hand(client)
    return Journey(
        hands=hands,
        local=Review.objects.get(departement=HOME_DEPARTEMENT, quarter=quarter),
        nation=Review.objects.get(level="national", quarter=quarter),
        held_on=today.isoformat(),
        due_on=(today + timedelta(days=60)).isoformat(),
    )


if __name__ == "__main__":
    sys.exit(main([]))
