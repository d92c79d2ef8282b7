"""The pages of a bilan, played by both institutions: what each sees, the conflict, the signature, the journey."""

import html
import os
import re
import subprocess
import sys

import pytest
from django.test import Client
from django.utils import timezone

from tests.conventions import facts
from tests.conventions.scene import act_as
from tests.reviews.scene import KEY_FROM, LATER, T3
from traitdunion.identity import actions as identity
from traitdunion.identity.kinds import Role
from traitdunion.reviews import keyring, rules
from traitdunion.reviews.kinds import Party, State, Voice
from traitdunion.reviews.models import Commitment, CriteriaVersion, Review, ReviewMeeting

MOST_CLICKS, MOST_FIELDS = 12, 12  # of one side, from the list to its signature


@pytest.fixture(autouse=True)
def that_day(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: LATER)


@pytest.fixture
def site_key(settings, tmp_path):
    private, chain = keyring.new_key(at=KEY_FROM)
    settings.BILAN_KEY, settings.BILAN_KEYS = str(tmp_path / "cle.pem"), str(tmp_path / "cles.json")
    (tmp_path / "cle.pem").write_bytes(private)
    (tmp_path / "cle.pem").chmod(0o600)
    (tmp_path / "cles.json").write_bytes(chain)


class Hand:
    """Someone at the pages, who counts what they press and what they fill."""

    def __init__(self, bilan, mandate):
        self.bilan, self.clicks, self.fields = bilan, 0, 0
        self.client = act_as(Client(), mandate)

    def path(self, *parts):
        return "/".join(["/bilans", str(self.bilan.review.public_id), *parts, ""])

    def get(self, *parts, **query):
        self.clicks += 1
        return self.client.get(self.path(*parts), query)

    def post(self, *parts, **fields):
        self.clicks += 1
        self.fields += len([name for name in fields if name not in {"revision", "sha256"}])
        return self.client.post(self.path(*parts), fields)


@pytest.fixture
def prefecture(bilan):
    return Hand(bilan, bilan.dyad.referent_prefecture)


@pytest.fixture
def ars(bilan):
    return Hand(bilan, bilan.dyad.referent_ars)


def text_of(answer):
    """Return what is read on a page, every space alike."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


class TestReading:
    def test_each_source_leads_to_the_page_that_says_it_today(self, prefecture):
        shown = prefecture.get().content.decode()
        assert shown.count('<tr id="chiffre-') >= 10

        for path in set(
            re.findall(r'<a href="(/[^"]*)">[^<]*<span class="fr-sr-only">&nbsp;: [^<]*, aujourd’hui', shown)
        ):
            assert prefecture.client.get(path).status_code == 200, path
        assert shown.count(", aujourd’hui</span>") >= 8

    def test_a_bilan_opens_already_written(self, prefecture):
        said = text_of(prefecture.get())

        assert "Premier bilan" in said
        assert "À vous et à l’ARS de compléter le bilan." in said
        assert "Encore 25 jours pour signer" in said
        assert "pas encore mesuré" in said
        assert "Exemple Trait d’union 1 (exemple)" in said
        assert "{{" not in said

    def test_what_changed_comes_before_everything_else_of_the_text(self, prefecture):
        page = prefecture.get().content.decode()

        assert page.index("Ce qui a changé depuis") < page.index("Engagements des bilans précédents")

    def test_the_list_counts_over_the_departements_and_ranks_nobody(self, bilan):
        desk = act_as(Client(), bilan.dyad.house.mandate(Role.DESK_SANTE))

        said = text_of(desk.get("/bilans/", {"trimestre": str(T3)}))

        assert "Ouvert : 2 sur 2" in said
        assert "À renforcer : 2 sur 2 bilans ouverts" in said
        assert said.index("Ille-et-Vilaine (35)") < said.index("Bas-Rhin (67)")
        assert "trimestre est illisible" in text_of(desk.get("/bilans/", {"trimestre": "2026-T9"}))

    def test_someone_of_another_departement_finds_nothing(self, bilan, prefecture):
        far = bilan.dyad.house.far_posts[Role.REFERENT_PREFECTURE]

        mandate = identity.grant(
            person=bilan.dyad.house.person("loin"), post=far, starts_on=KEY_FROM.date(), ends_on=None,
            actor=bilan.dyad.prefet.as_actor(), at=KEY_FROM,
        )  # fmt: skip
        client = act_as(Client(), mandate)

        assert client.get(prefecture.path()).status_code == 404
        assert client.get(prefecture.path("signer")).status_code == 404

    def test_a_position_is_shown_under_the_name_of_who_holds_it(self, bilan, prefecture):
        bilan.write("Nous ne partageons pas ce constat.", voice=Voice.ARS, side=Party.ARS)

        said = text_of(prefecture.get())

        assert "Position de l’ARS Nous ne partageons pas ce constat." in said


class TestWriting:
    def test_two_people_writing_at_once_see_both_texts(self, bilan, prefecture, ars):
        prefecture.post("parties", "convention", "commune", text="Texte de la préfecture.", revision=1)

        answer = ars.post("parties", "convention", "commune", text="Texte de l’ARS.", revision=1)

        said = text_of(answer)
        assert answer.status_code == 409
        assert "Texte de la préfecture." in said
        assert "Texte de l’ARS." in said
        assert 'name="revision" value="2"' in answer.content.decode()
        assert bilan.paragraph().text == "Texte de la préfecture."
        assert ars.post("parties", "convention", "commune", text="Les deux.", revision=2).status_code == 302

    def test_the_position_of_the_other_is_no_page(self, prefecture):
        assert prefecture.get("parties", "convention", "ars").status_code == 404
        assert prefecture.get("parties", "inconnue", "commune").status_code == 404

    def test_a_wrong_citation_is_said_and_the_text_is_kept(self, prefecture):
        answer = prefecture.post(
            "parties", "convention", "commune", text="Voici {{chiffre:rien}}.", revision=1
        )

        assert answer.status_code == 400
        assert "Aucun chiffre de ce bilan ne s’appelle « rien »" in text_of(answer)
        assert "Voici {{chiffre:rien}}." in answer.content.decode()

    def test_a_typed_figure_is_noticed(self, bilan, prefecture):
        bilan.write("Il y a eu 12 réunions.", section="reunions")

        assert "Chiffres tapés et non cités, qui ne suivront pas leur source : 12." in text_of(
            prefecture.get()
        )

    def test_only_what_changed_is_marked_once_the_figures_are_read_again(self, bilan, prefecture):
        from tests.conventions import facts  # this test alone

        facts.meeting(bilan.dyad.departement, T3.last_day)
        answer = prefecture.post("relire")

        page = prefecture.client.get(answer.url).content.decode()
        assert page.count("<mark>") == 1
        assert "1\xa0réunion" in page[page.index("<mark>") :][:40]
        assert "aucun n’a changé" in text_of(prefecture.client.get(prefecture.post("relire").url))

    def test_a_departure_without_a_reason_is_refused(self, bilan, prefecture):
        assert prefecture.post("conclusion", kept="satisfaisant", reason="").status_code == 400
        assert prefecture.post("conclusion", kept="satisfaisant", reason="Poste pourvu.").status_code == 302
        assert "Motif de l’écart : Poste pourvu." in text_of(prefecture.get())


def test_the_fate_of_a_commitment_is_said_on_its_page(bilan, prefecture):
    promised = bilan.promise("Désigner un suppléant")
    earlier = Review.objects.create(
        level="departement", departement_id="67", quarter=str(T3.previous), due_on=T3.last_day,
        criteria=bilan.review.criteria, **facts.authored(),
    )  # fmt: skip
    Commitment.objects.update(review=earlier)

    refused = prefecture.post("engagements", str(promised.public_id), fate="non tenu", reason="")
    done = prefecture.post("engagements", str(promised.public_id), fate="non tenu", reason="Poste vacant.")

    assert (refused.status_code, done.status_code) == (400, 302)
    assert "non tenu : Poste vacant." in text_of(prefecture.get())


def test_a_reader_who_does_not_write_is_told_so(bilan, prefecture):
    reader = act_as(Client(), bilan.dyad.house.mandate(Role.PSYCHIATRE))

    assert reader.get(prefecture.path()).status_code == 200
    assert reader.get(prefecture.path("signer")).status_code == 403
    assert "Proposer à la signature" not in reader.get(prefecture.path()).content.decode()


class TestSigning:
    def test_who_may_not_sign_is_told_who_may(self, bilan, prefecture, site_key):
        bilan.offer()

        said = text_of(prefecture.get("signer"))

        assert "Vous ne pouvez pas signer aujourd’hui" in said
        assert "Peuvent signer : prefet" in said
        answer = prefecture.post("signer", has_read="on", sha256=bilan.version.document_sha256)
        assert answer.status_code == 400
        assert rules.state_of(bilan.version.life) is State.A_SIGNER

    def test_a_site_without_a_key_says_so(self, bilan):
        bilan.offer()
        prefet = Hand(bilan, bilan.dyad.prefet)

        answer = prefet.post("signer", has_read="on", sha256=bilan.version.document_sha256)

        assert answer.status_code == 400
        assert not bilan.version.signatures.exists()

    def test_what_is_signed_is_read_on_its_page_and_in_its_files(self, bilan, prefecture):
        bilan.signed()

        said = text_of(prefecture.get("versions", "1"))
        pdf, document = prefecture.get("versions", "1", "pdf"), prefecture.get("versions", "1", "json")

        assert bilan.version.document_sha256 in said
        assert "Préfecture : prefet, préfet, Préfecture du Bas-Rhin" in said
        assert pdf.content.startswith(b"%PDF")
        assert document.content.decode() == bilan.version.document
        assert "bilan-67-2026-T3-v1.json" in document["Content-Disposition"]

    def test_the_proof_pack_is_checked_without_the_site(self, bilan, site_key, tmp_path):
        bilan.key = keyring.site_key()
        bilan.signed()
        reader = Hand(bilan, bilan.dyad.referent_ars)

        answer = reader.get("versions", "1", "preuve")

        (tmp_path / "preuve.zip").write_bytes(answer.content)
        done = subprocess.run(
            [sys.executable, "-m", "traitdunion.cli.main", "review", "verify", str(tmp_path / "preuve.zip")],
            capture_output=True, text=True,
            env={name: value for name, value in os.environ.items() if not name.startswith(("DJANGO", "DATABASE"))},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert "intact, et signé par les deux parties" in done.stdout

    def test_an_amendment_shows_the_version_it_corrects(self, bilan, ars):
        bilan.signed()

        assert ars.post("rectifier", reason="Une réunion avait été oubliée.").status_code == 302

        said = text_of(ars.get())
        assert "Version 2, qui rectifie la version 1 : Une réunion avait été oubliée." in said
        assert "Version 1 , signé" in said


class TestCriteria:
    def test_the_administrator_prepares_those_of_a_quarter_to_come(self, bilan):
        admin = act_as(Client(), bilan.dyad.house.mandate(Role.ADMINISTRATEUR))
        form = admin.get("/bilans/criteres/preparer/").context["form"]

        late = admin.post(
            "/bilans/criteres/preparer/",
            {"level": "departement", "quarter": "2026-T4", "text": form.initial["text"]},
        )
        done = admin.post(
            "/bilans/criteres/preparer/",
            {"level": "departement", "quarter": "2027-T1", "text": form.initial["text"]},
        )

        assert late.status_code == 400
        assert "a commencé le 01/10/2026" in text_of(late)
        assert done.status_code == 302
        assert CriteriaVersion.objects.get(quarter="2027-T1").frozen_at is None
        assert "Préparés, pas encore fixés." in text_of(admin.get("/bilans/criteres/"))


def test_the_journey_of_each_side_is_short(bilan, site_key, capsys):
    """From the page of the bilan to the signature: clicks and fields of each side, for a target of twenty minutes."""
    referent, other = Hand(bilan, bilan.dyad.referent_prefecture), Hand(bilan, bilan.dyad.referent_ars)
    prefet, director = Hand(bilan, bilan.dyad.prefet), Hand(bilan, bilan.dyad.dg)

    referent.get()
    offered = list(referent.get("reunion").context["form"].offered)
    held = referent.post(
        "reunion", held_on="2026-10-20", seats=offered, decisions="Se réunir.\nConfirmer les contacts."
    )
    promised = referent.post("engagements", text="Tenir une réunion", owner="commun", due_on="2026-12-15")
    referent.post("transmettre")
    other.get()
    other.post("parties", "convention", "ars", text="L’avenant est en relecture.", revision=0)
    other.post("proposer")
    sha256 = bilan.version.document_sha256
    for hand in (prefet, director):
        hand.get("signer")
        assert hand.post("signer", has_read="on", sha256=sha256).status_code == 302

    assert held.status_code == promised.status_code == 302
    assert rules.state_of(bilan.version.life) is State.SIGNE
    assert Commitment.objects.count() == 1
    assert ReviewMeeting.objects.get().decisions.count() == 2
    sides = {"préfecture": (referent, prefet), "ARS": (other, director)}
    for name, hands in sides.items():
        clicks, fields = sum(hand.clicks for hand in hands), sum(hand.fields for hand in hands)
        with capsys.disabled():
            print(f"\nParcours du bilan, {name} : {clicks} clics, {fields} champs")
        assert clicks <= MOST_CLICKS
        assert fields <= MOST_FIELDS
