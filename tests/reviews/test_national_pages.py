"""The pages of the national bilan: what the desks read and cite, what everyone reads once it is signed."""

import json
import zipfile
from io import BytesIO

import pytest
from django.test import Client
from django.utils import timezone

from bench.journey import ARS, INTERIEUR, PREFECTURE, SANTE, Hand, Journey
from tests.conventions.scene import act_as
from tests.reviews.scene import BY, LATER, T3
from tests.reviews.test_pages import site_key, text_of  # noqa: F401  # a fixture
from traitdunion.identity.kinds import Role
from traitdunion.reviews import keyring, rules
from traitdunion.reviews.kinds import Level, Party, State, Voice
from traitdunion.reviews.models import PartyName, Version
from traitdunion.reviews.rules import timetable

pytestmark = pytest.mark.django_db
PUBLISHED = f"/bilans/publies/{T3}/"
MOST_CLICKS, MOST_FIELDS = 8, 8  # of each of the four, to the signature


@pytest.fixture(autouse=True)
def that_day(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: LATER)


@pytest.fixture
def desk(nation):
    return act_as(Client(), nation.desks[Party.SANTE])


def page(nation, *parts):
    return "/".join(["/bilans", str(nation.review.public_id), *parts, ""])


def on_day(monkeypatch, day):
    monkeypatch.setattr(timezone, "now", lambda: LATER.replace(year=day.year, month=day.month, day=day.day))


class TestReading:
    def test_the_national_bilan_is_for_those_who_read_the_country(self, nation, desk):
        said = text_of(desk.get(page(nation)))

        assert "Où en sont les bilans des départements" in said
        assert "ministère de l’intérieur (nom à renseigner)" in said
        assert "Encore 55 jours pour signer, jusqu’au 14/12/2026." in said
        local = act_as(Client(), nation.dyad.prefet)
        assert local.get(page(nation)).status_code == 404
        assert page(nation) not in local.get("/bilans/", {"trimestre": str(T3)}).content.decode()
        assert page(nation) in desk.get("/bilans/", {"trimestre": str(T3)}).content.decode()

    def test_a_reader_of_the_country_does_not_write(self, nation):
        inspector = act_as(Client(), nation.dyad.house.mandate(Role.INSPECTEUR))

        assert inspector.get(page(nation)).status_code == 200
        answer = inspector.post(page(nation, "relire"))
        assert answer.status_code == 403

    def test_the_texts_of_the_departements_are_read_part_by_part_with_their_source(self, nation, desk):
        nation.local.write("Le préfet n’a pas répondu.", voice=Voice.ARS, side=Party.ARS)
        version = nation.local.signed()

        said = text_of(desk.get(page(nation, "departements"), {"partie": "convention"}))

        assert said.index("Ille-et-Vilaine (35)") < said.index("Bas-Rhin (67) : position de l’ARS")
        assert f"version 1, signée par les deux parties , SHA-256 {version.document_sha256}" in said
        assert "version 1, que personne n’a signée" in said
        assert "Départements qui écrivent ici : 2 sur 2" in said

    def test_a_voice_is_read_alone(self, nation, desk):
        nation.local.write("Le préfet n’a pas répondu.", voice=Voice.ARS, side=Party.ARS)

        said = text_of(desk.get(page(nation, "departements"), {"partie": "convention", "voix": "ars"}))

        assert "Le préfet n’a pas répondu." in said
        assert "Ille-et-Vilaine (35)" not in said
        empty = desk.get(page(nation, "departements"), {"partie": "convention", "voix": "prefecture"})
        assert "Un silence n’est pas un accord." in text_of(empty)

    def test_only_what_is_signed_offers_to_be_cited(self, nation, desk):
        nation.local.signed()

        shown = desk.get(page(nation, "departements"), {"partie": "convention"}).content.decode()

        assert shown.count("Citer dans le bilan national") == 1
        local = nation.local.review.public_id
        assert desk.get(f"/bilans/{local}/departements/").status_code == 404

    def test_the_queries_do_not_follow_the_departements(self, nation, desk, django_assert_max_num_queries):
        with django_assert_max_num_queries(12):
            desk.get(page(nation, "departements"))
        with django_assert_max_num_queries(12):
            desk.get(page(nation))


class TestNames:
    def test_what_no_source_gives_is_to_be_filled(self, nation, desk):
        said = text_of(desk.get("/bilans/noms/"))

        assert "Ministère de l’intérieur (nom à renseigner)" in said
        assert "Unité de coordination de la lutte antiterroriste (UCLAT)" in said
        assert "mesure 38" in said

    def test_the_administrator_fills_the_slot(self, nation, desk):
        admin = act_as(Client(), nation.dyad.house.mandate(Role.ADMINISTRATEUR))
        typed = {"party": "interieur", "name": "Unité des essais", "short": "UDE", "starts_on": "2026-01-01",
                 "source": "décret des essais"}  # fmt: skip

        assert desk.post("/bilans/noms/ajouter/", typed).status_code == 403
        assert admin.post("/bilans/noms/ajouter/", {**typed, "source": ""}).status_code == 400
        wrong = admin.post("/bilans/noms/ajouter/", {**typed, "ends_on": "2025-01-01"})
        assert "ne peut pas précéder le premier" in text_of(wrong)
        assert admin.post("/bilans/noms/ajouter/", typed).status_code == 302

        assert PartyName.objects.get().source == "décret des essais"
        assert "ministère de l’intérieur : Unité des essais (UDE)" in text_of(desk.get(page(nation)))


class TestPublication:
    def test_nothing_is_public_before_both_signed(self, nation, client):
        nation.offer()
        nation.sign(Party.SANTE)

        assert client.get(PUBLISHED).status_code == 404
        assert "Aucun bilan national n’est encore publié" in text_of(client.get("/bilans/publies/"))
        for kind in ("pdf", "json", "zip"):
            assert client.get(f"{PUBLISHED}v1/{kind}/").status_code == 404

    def test_a_departement_is_never_public(self, nation, client):
        nation.local.signed()

        assert client.get(PUBLISHED).status_code == 404
        assert not rules.is_public(
            nation.local.version.life, due_on=nation.local.review.due_on, day=timetable(T3).escalates_on
        )

    def test_both_signatures_publish_it(self, nation, client):
        version = nation.signed()

        said = text_of(client.get(PUBLISHED))

        assert version.document_sha256 in said
        assert "À renforcer" in said
        assert "Bilans signés par les deux parties" in said
        assert "nom à renseigner" in said
        assert "{{" not in said
        assert T3.label in text_of(client.get("/bilans/publies/"))

    def test_every_figure_of_the_text_leads_to_its_definition(self, nation, client):
        nation.signed()

        shown = client.get(PUBLISHED).content.decode()

        cited = {part.split('"')[0] for part in shown.split('href="#chiffre-')[1:]}
        assert "bilans-signes" in cited
        assert all(f'id="chiffre-{name}"' in shown for name in cited)

    def test_a_departure_says_why_to_everyone(self, nation, client):
        from traitdunion.reviews import actions  # this test alone
        from traitdunion.reviews.kinds import Conclusion

        actions.depart(
            nation.version, kept=Conclusion.NON_CONCLUANT, reason="Trop de silences.", side=Party.SANTE, **BY
        )
        nation.signed()

        said = text_of(client.get(PUBLISHED))
        assert "Les critères concluent « à renforcer ». Motif de l’écart : Trop de silences." in said

    def test_silence_is_no_veto_once_the_term_is_past(self, nation, client, monkeypatch):
        nation.offer()
        nation.sign(Party.SANTE)
        on_day(monkeypatch, timetable(T3, Level.NATIONAL).due_on)
        assert client.get(PUBLISHED).status_code == 404

        on_day(monkeypatch, timetable(T3, Level.NATIONAL).escalates_on)

        said = text_of(client.get(PUBLISHED))
        assert "Signé par une seule partie" in said
        assert "Ministère de l’intérieur n’a pas signé." in said

    def test_a_correction_being_written_is_announced_and_not_read(self, nation, client):
        from traitdunion.audit.actors import task  # this test alone
        from traitdunion.reviews import actions_signing

        first = nation.signed()
        actions_signing.amend(
            first,
            reason="Un bilan manquait.",
            side=Party.SANTE,
            today=LATER.date(),
            actor=task("essais"),
            at=LATER,
        )
        assert "Une version rectificative est en préparation" in text_of(client.get(PUBLISHED))
        assert client.get(f"{PUBLISHED}v2/").status_code == 404

        nation.signed()

        said = text_of(client.get(PUBLISHED))
        assert "Cette version rectifie la version 1. Motif : Un bilan manquait." in said
        assert "Une version plus récente existe" in text_of(client.get(f"{PUBLISHED}v1/"))

    def test_an_outdated_bilan_says_what_changed(self, nation, client):
        version = nation.signed()
        Version.objects.filter(pk=version.pk).update(
            outdated_on=LATER.date(), outdated_by=["Réunions tenues : 0 devient 1"]
        )

        said = text_of(client.get(PUBLISHED))

        assert "Périmé depuis le" in said
        assert "Réunions tenues : 0 devient 1" in said

    def test_its_files_are_those_that_were_signed(self, nation, client, site_key):  # noqa: F811  # the fixture
        nation.local.key = keyring.site_key()
        version = nation.signed()

        pdf, text, proof = (client.get(f"{PUBLISHED}v1/{kind}/") for kind in ("pdf", "json", "zip"))

        assert pdf.content == bytes(version.pdf.content)
        assert json.loads(text.content)["level"] == "national"
        with zipfile.ZipFile(BytesIO(proof.content)) as pack:
            assert {"signatures/sante.json", "signatures/interieur.json"} <= set(pack.namelist())
        assert "bilan-national-2026-T3-v1.zip" in proof["Content-Disposition"]

    def test_its_working_copies_are_given_too(self, nation, client):
        nation.signed()

        for kind in ("docx", "ods"):
            answer = client.get(f"{PUBLISHED}v1/{kind}/")
            assert (answer.status_code, answer.content[:2]) == (200, b"PK")

    def test_a_site_without_a_key_says_why_there_is_no_proof(self, nation, client):
        nation.signed()

        answer = client.get(f"{PUBLISHED}v1/zip/")

        assert answer.status_code == 503
        assert "pas de clé de signature" in answer.content.decode()

    @pytest.mark.parametrize("path", ["2026-T9/", "rien/", "2025-T1/", "2026-T3/v7/", "2026-T3/v1/exe/"])
    def test_what_is_not_published_does_not_exist(self, nation, client, path):
        nation.signed()

        assert client.get(f"/bilans/publies/{path}").status_code == 404

    def test_the_queries_do_not_follow_the_versions(self, nation, client, django_assert_max_num_queries):
        nation.signed()

        with django_assert_max_num_queries(12):
            client.get(PUBLISHED)


def test_four_persons_play_a_quarter_to_its_publication(nation, site_key, client, capsys):  # noqa: F811  # the fixture
    """Clicks (buttons that send) and fields of each, from the bilans just opened to the published national one."""
    dyad, desks = nation.dyad, nation.desks
    mandates = {
        PREFECTURE: dyad.prefet, ARS: dyad.dg, SANTE: desks[Party.SANTE], INTERIEUR: desks[Party.INTERIEUR],
    }  # fmt: skip
    journey = Journey(
        hands={name: Hand(act_as(Client(), mandate)) for name, mandate in mandates.items()},
        local=nation.local.review,
        nation=nation.review,
        held_on="2026-10-20",
        due_on="2026-12-15",
    )

    journey.play()

    assert rules.state_of(nation.local.version.life) is State.SIGNE
    assert rules.state_of(nation.version.life) is State.SIGNE
    said = text_of(client.get(PUBLISHED))
    assert "L’avenant est en relecture." in said
    assert "Le calendrier des formations bloque." in said
    with capsys.disabled():
        print("", *(f"Parcours du trimestre, {line}" for line in journey.told()), sep="\n")
    for name, clicks, fields in journey.counts:
        assert clicks <= MOST_CLICKS, name
        assert fields <= MOST_FIELDS, name
