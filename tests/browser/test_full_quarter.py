"""A quarter from its bilan just opened to the national one that everyone reads, played in the browser by four personas.

Every link and button pressed and every field filled is counted and printed: more than what ``bench.journey`` counts,
which posts to the pages. The country has two départements.
"""

import io
import json
import re
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from traitdunion.reviews import keyring

TODAY = datetime.now(ZoneInfo("Europe/Paris")).date()
CODES = ["35", "67"]
POSITION = "L’avenant attend une relecture de notre part."
DISSENT = "Le calendrier des formations bloque, et nous le disons."
# A département's bilan is to take under twenty minutes a side: so few things to press and to fill.
MOST_CLICKS, MOST_FIELDS = 20, 12


@pytest.fixture(scope="module")
def served(serve, tmp_path_factory):
    folder = tmp_path_factory.mktemp("key")
    private, chain = keyring.new_key(at=datetime.now(UTC) - timedelta(days=800))
    for name, content in (("cle.pem", private), ("cles.json", chain)):
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o600)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAITDUNION_BILAN_KEY", str(folder / "cle.pem"))
        patch.setenv("TRAITDUNION_BILAN_KEYS", str(folder / "cles.json"))
        with serve(CODES) as environment:
            yield environment


@pytest.fixture(scope="module")
def site(served):
    return served["TRAITDUNION_BASE_URL"]


@pytest.fixture(scope="module")
def sessions():
    return {}


@dataclass
class Hand:
    """Someone at the pages: what they press and what they fill is counted."""

    visit: object
    name: str
    clicks: int = 0
    fields: int = 0

    @property
    def page(self):
        return self.visit.page

    @property
    def text(self):
        return " ".join(self.page.inner_text("main").split())

    def follow(self, name):
        """Press a link, and wait for its page."""
        self._press(self.page.locator("main").get_by_role("link", name=name).first)

    def press(self, name):
        """Press a button, and wait for the page that answers."""
        self._press(self.page.locator("main").get_by_role("button", name=name).first)

    def _press(self, found):
        self.clicks += 1
        with self.page.expect_navigation():
            found.click()

    def fill(self, **fields):
        for name, value in fields.items():
            self.fields += 1
            field = self.page.locator(f"main form [name={name}]")
            if value is True:
                field.check(force=True)
            elif field.evaluate("e => e.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)

    def tick_everyone(self):
        for box in self.page.locator("[name=seats]").all():
            self.fields += 1
            box.check(force=True)

    def home(self):
        self.visit.go("/accueil/")

    def told(self):
        return f"{self.name} : {self.clicks} clics, {self.fields} champs"


def meet(hand):
    hand.follow("Réunion guidée")
    hand.tick_everyone()
    hand.fill(held_on=TODAY.isoformat(), decisions="Se revoir au trimestre.")
    hand.press("Enregistrer la réunion")


def promise(hand, text, owner):
    hand.follow("Prendre un engagement")
    hand.fill(text=text, owner=owner, due_on=(TODAY + timedelta(days=60)).isoformat())
    hand.press("Prendre l’engagement")


def write(hand, part, text):
    hand.follow(re.compile(rf"position propre.*{part}"))
    hand.fill(text=text)
    hand.press("Enregistrer le paragraphe")


def sign(hand):
    hand.follow("Lire et signer")
    hand.fill(has_read=True)
    hand.press("Signer")
    assert "Votre signature est enregistrée" in hand.text


def test_four_personas_play_a_quarter_to_its_publication(open_as, capsys):
    names = {
        "prefet": "préfecture",
        "dg_ars": "ARS",
        "desk_sante": "ministère chargé de la santé",
        "desk_interieur": "ministère de l’intérieur",
    }
    hands = [Hand(open_as(persona), name) for persona, name in names.items()]
    prefecture, ars, sante, interieur = hands

    prefecture.home()  # the page of the département says whose turn it is
    assert "À vous et à l’ARS de compléter le bilan." in prefecture.text
    prefecture.follow(re.compile("^Bilan du"))
    local = prefecture.page.url
    assert "Chiffres, définitions et sources" in prefecture.text, "a bilan opens already written"
    meet(prefecture)
    promise(prefecture, "Tenir une réunion", "commun")
    prefecture.press("Faire relire par l’ARS")

    ars.home()
    ars.follow(re.compile(r"Bas-Rhin \(67\), bilan du"))
    assert ars.page.url == local
    assert "À vous de relire le bilan." in ars.text
    write(ars, "Convention", POSITION)
    ars.press("Proposer à la signature")
    sign(ars)
    assert "signé par une seule partie" in ars.text.lower()
    prefecture.page.reload()
    sign(prefecture)
    assert "rien n’est plus attendu" in prefecture.text

    sante.home()
    sante.follow(re.compile("Nation, bilan du"))
    nation = sante.page.url
    sante.press("Relire les chiffres")
    sante.follow("Lire ce qu’écrivent les départements")
    sante.fill(partie="convention", voix="ars")
    sante.press("Afficher")
    assert POSITION in sante.text
    sante.press("Citer dans le bilan national")
    sante.page.goto(nation)
    meet(sante)
    promise(sante, "Relancer les départements sans bilan", "sante")
    sante.press("Faire relire par l’autre ministère")
    interieur.home()
    interieur.follow(re.compile("Nation, bilan du"))
    write(interieur, "Blocages", DISSENT)
    interieur.press("Proposer à la signature")
    sign(interieur)
    sante.page.reload()
    sign(sante)

    visitor = Hand(open_as(None, width=320), "public")
    visitor.visit.go("/bilans/publies/")
    visitor.follow(re.compile("trimestre"))
    for said in (POSITION, DISSENT, "Relancer les départements sans bilan", "Empreinte SHA-256 du texte"):
        assert said in visitor.text
    assert visitor.visit.too_wide() == []
    pack = visitor.page.request.get(f"{visitor.page.url}v1/zip/")
    with zipfile.ZipFile(io.BytesIO(pack.body())) as kept:
        signed = json.loads(kept.read("bilan.json"))
        assert {"signatures/sante.json", "signatures/interieur.json"} <= set(kept.namelist())
    assert signed["level"] == "national"

    with capsys.disabled():
        print("", *(f"Parcours dans le navigateur, {hand.told()}" for hand in hands), sep="\n")
    for hand in hands:
        assert hand.clicks <= MOST_CLICKS, hand.name
        assert hand.fields <= MOST_FIELDS, hand.name
