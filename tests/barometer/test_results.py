"""A closed wave is analysed once; who reads its result, when, and in which words and order."""

import csv
import io
import json
import random
import re

import pytest
from django.utils import timezone

from tests.barometer import campaign
from tests.barometer.results import (
    ACTOR,
    EXAMPLE,
    HIDDEN,
    PAIR,
    REGIONS,
    country,
    drawn,
    reader,
    readers,
    remark,
    sheet,
    wave,
)
from traitdunion.audit.models import Entry
from traitdunion.barometer import actions_results, facts
from traitdunion.barometer.actions_questionnaire import QuestionnaireRefusedError, import_text, justify
from traitdunion.barometer.kinds import State
from traitdunion.barometer.models import Cut, Piste, QuestionnaireVersion, Result, Sheet, Wave
from traitdunion.identity.kinds import NATIONAL, Role

pytestmark = pytest.mark.django_db
NOW = timezone.now()
WHO = {"actor": ACTOR, "at": NOW}
LOW_HIGH = {"prefecture": -1.5, "ars": 1.2}


@pytest.fixture(autouse=True)
def _country(db):
    country()


def computed(name="V1", **values):
    made = wave(name, **values)
    return actions_results.compute(made, **WHO)


def words(answer):
    return " ".join(answer.content.decode().split())


def file(answer):
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))


# Computing


def test_a_result_is_computed_once_whoever_asks_again():
    made = wave()
    first = actions_results.compute(made, **WHO)
    again = actions_results.compute(Wave.objects.get(pk=made.pk), **WHO)

    assert again == first
    assert Result.objects.count() == 1
    assert Entry.objects.filter(event="barometer.result.computed").count() == 1


def test_analysed_again_a_wave_that_did_not_change_keeps_its_edition():
    first = computed()
    again = actions_results.compute_again(first.wave, reason="essai", **WHO)

    assert again == first
    assert Result.objects.count() == 1


def test_a_wave_without_a_result_is_not_analysed_again():
    with pytest.raises(actions_results.ResultRefusedError, match="pas encore de résultat"):
        actions_results.compute_again(wave(), reason="essai", **WHO)


def test_the_same_answers_give_the_same_fingerprint():
    first = computed()
    made = first.wave
    Piste.objects.all().delete()
    Cut.objects.all().delete()
    first.delete()

    assert actions_results.compute(made, **WHO).sha256 == first.sha256


def test_a_crash_leaves_nothing_and_the_task_does_it_again(monkeypatch):
    made = wave()

    def fails(*args, **kwargs):
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(actions_results.actions_pistes, "open_from", fails)
        with pytest.raises(MemoryError):
            actions_results.compute(made, **WHO)
    assert not Result.objects.exists()
    assert not Cut.objects.exists()
    assert not Entry.objects.filter(event="barometer.result.computed").exists()

    assert actions_results.compute_missing(**WHO) == 1
    assert list(Result.objects.values_list("wave__name", flat=True)) == ["V1"]


def test_the_task_computes_what_is_sealed_and_nothing_else():
    wave("ouverte", days_ago=-3, sealed_at=None)
    wave("annulée", cancelled_at=NOW)
    wave("close", days_ago=2)

    assert actions_results.compute_missing(**WHO) == 1
    assert actions_results.compute_missing(**WHO) == 0
    assert [each.wave.name for each in Result.objects.all()] == ["close"]


@pytest.mark.parametrize("values", [{"sealed_at": None}, {"cancelled_at": NOW}])
def test_a_wave_that_is_not_closed_is_refused(values):
    with pytest.raises(actions_results.ResultRefusedError, match="n’est pas close"):
        actions_results.compute(wave(**values), **WHO)


@pytest.mark.parametrize(
    "answers", [{}, {("67", "ars"): drawn()["69", "prefecture"][:4]}], ids=["nobody", "one side"]
)
def test_a_wave_without_a_relation_has_a_result_without_figures(answers):
    found = computed(answers=answers)
    page = reader(Role.REFERENT_ARS, "67").get("departements/67/")

    assert found.content["cells"] == []
    assert page.status_code == 200
    assert "Guide de discussion" in words(page)


def test_a_result_opens_its_pistes():
    apart = {
        cell: [sheet(random.Random(f"{cell}{rank}"), cell[1], LOW_HIGH[cell[1]]) for rank in range(6)]
        for cell in drawn()
    }

    found = computed(answers=apart)

    assert len(found.content["pistes"]) > 0
    assert found.wave.pistes.count() >= len(found.content["pistes"])


# Who reads


def test_under_embargo_the_pair_alone_reads_its_departement():
    computed(days_ago=2)
    for who in readers():
        answer = who.get("departements/67/", vague="V1")
        is_pair = who.role in PAIR and who.home == "67"
        assert answer.status_code == (200 if is_pair else 404), str(who)
        assert who.get("departements/67/export/", format="csv").status_code == (200 if is_pair else 404), str(
            who
        )
        assert who.get("resultats/", vague="V1").status_code == 404, str(who)
        assert who.get("resultats/export/", format="csv").status_code == 404, str(who)
        assert who.get("resultats/fiabilite/", vague="V1").status_code == 404, str(who)


def test_once_published_everyone_reads_the_country_and_the_departements_in_reach():
    made = computed(days_ago=8).wave
    assert made.state_on(timezone.localdate()) is State.PUBLISHED
    for who in readers():
        in_reach = who.role in NATIONAL or who.home in {"67", "68"}
        in_reach = in_reach if who.role in NATIONAL or who.role is Role.DG_ARS else who.home == "67"
        assert who.get("departements/67/", vague="V1").status_code == (200 if in_reach else 404), str(who)
        assert who.get("resultats/", vague="V1").status_code == 200, str(who)
        assert who.get("resultats/fiabilite/", vague="V1").status_code == 200, str(who)


def test_an_unknown_wave_and_an_open_one_do_not_exist():
    computed()
    wave("V2", days_ago=-3, sealed_at=None)
    who = reader(Role.REFERENT_ARS, "67")

    for name in ("V2", "V3", "\x00"):
        assert who.get("departements/67/", vague=name).status_code == 404
        assert who.get("resultats/", vague=name).status_code == 404


def test_before_any_result_the_pages_say_so():
    who = reader(Role.REFERENT_ARS, "67")

    assert "Aucun résultat" in words(who.get("departements/67/"))
    assert "Aucun résultat" in words(who.get("resultats/"))
    assert "Aucun résultat" in words(who.get("resultats/fiabilite/"))


def test_a_remark_is_read_by_the_pair_only_and_when_its_author_lets_it():
    made = computed().wave
    remark(made, "67", "ars", "Un point chaque trimestre suffirait.")
    remark(made, "67", "ars", "Gardée pour moi.", is_released=False)
    remark(made, "01", "ars", "Dite ailleurs.")
    for who in readers():
        page = words(who.get("departements/67/"))
        is_pair = who.role in PAIR and who.home == "67"
        assert ("Un point chaque trimestre" in page) is is_pair, str(who)
        assert "Gardée pour moi" not in page
        assert "Dite ailleurs" not in page


# What is read


def test_a_local_reader_is_told_why_the_map_shows_their_places_alone():
    computed()
    why = "La carte et le tableau ne montrent que votre ressort"

    assert why in words(reader(Role.REFERENT_ARS, "67").get("resultats/"))
    assert why not in words(reader(Role.DESK_SANTE).get("resultats/"))


def test_the_page_of_a_departement_leads_to_the_result_when_it_cannot_be_read_there():
    """The part is read by script once the page is shown: it may fail, or there may be no script."""
    computed()
    page = reader(Role.REFERENT_ARS, "67").client.get("/departements/67/").content.decode()
    failed = re.search(r"<p data-load-failed[^>]* hidden>(.*?)</p>", page).group(1)
    without_script = re.search(r'<p class="td-no-js-only">(.*?)</p>', page).group(1)

    assert "n’a pas pu être lu" in failed
    for said in (failed, without_script):
        assert 'href="/barometre/departements/67/"' in said


def test_words_come_before_figures_and_limits_after():
    computed()
    page = words(reader(Role.REFERENT_ARS, "67").get("departements/67/"))
    places = [
        page.index(said)
        for said in (
            "En mots", "Qui a répondu", "Les deux profils face à face", "Les faits, à côté des perceptions",
            "Le chiffre national est solide, le régional est indicatif, celui d’un département ouvre une conversation",
            "Ce sont des perceptions",
        )
    ]  # fmt: skip

    assert places == sorted(places)


def test_a_side_of_two_is_discussed_without_figures():
    computed()
    who = reader(Role.DG_ARS, "68")
    page = words(who.get("departements/68/"))

    assert "Guide de discussion, sans chiffre" in page
    for row in file(who.get("departements/68/export/", format="csv")):
        if row["côté"] == "Préfecture":
            assert [row[name] for name in ("réponses", "ne sait pas", "estimation")] == ["", "", ""]
            assert row["remarque"] == "Trop peu de réponses de ce côté pour montrer un chiffre."


def test_the_page_and_the_file_say_the_same():
    result = computed()
    who = reader(Role.REFERENT_ARS, "67")
    page = words(who.get("departements/67/"))
    rows = [row for row in file(who.get("departements/67/export/", format="csv")) if row["estimation"]]

    assert rows
    for row in rows:
        if row["objet"] == "réponse":
            said = f"{float(row['estimation'].replace(',', '.')):.1f}".replace(".", ",")
            assert said in page
    cells = [cell for cell in result.content["cells"] if cell["departement"] == "67" and cell["shown"]]
    assert len([row for row in rows if row["objet"] == "réponse"]) <= len(cells)


def test_what_changed_is_compared_with_the_wave_before_of_the_same_form():
    low = {
        cell: [sheet(random.Random(f"{cell}{rank}"), cell[1], -1.6) for rank in range(6)] for cell in drawn()
    }
    high = {
        cell: [sheet(random.Random(f"{cell}{rank}"), cell[1], 1.6) for rank in range(6)] for cell in drawn()
    }
    computed("V1", days_ago=200, answers=low)
    computed("point", days_ago=100, format="pulse")
    computed("V2", days_ago=20, answers=high)
    page = words(reader(Role.REFERENT_ARS, "67").get("departements/67/"))

    assert "répond plus souvent que lors de « V1 »" in page
    assert "lors de « point »" not in page


def reworded():
    text = campaign.EXAMPLE.read_text(encoding="utf-8")
    return import_text(
        text.replace('version = "exemple-3"', 'version = "exemple-4"').replace(
            'id = "joindre"\nwording_version = 1', 'id = "joindre"\nwording_version = 2'
        ),
        may_justify=False,
        **WHO,
    )


def test_a_new_wording_breaks_the_series_in_sight_until_it_is_justified():
    computed("V1", days_ago=200)
    computed("V2", days_ago=20, asked=reworded())
    who = reader(Role.REFERENT_ARS, "67")
    broken = words(who.get("departements/67/"))
    justify("joindre", before=1, after=2, reason="même sens", **WHO)
    whole = words(who.get("departements/67/"))

    assert "Rupture de série depuis" in broken
    assert "la question « joindre » a changé de formulation" in broken
    assert "Rupture de série depuis" not in whole


def test_a_guess_that_aims_elsewhere_takes_a_new_number():
    campaign.questionnaire()
    text = campaign.EXAMPLE.read_text(encoding="utf-8").replace('"exemple-3"', '"exemple-4"')
    aimed = text.replace('guesses = "joindre"', 'guesses = "repondre_a_temps"')

    with pytest.raises(QuestionnaireRefusedError, match="ne devine plus la réponse à « joindre »"):
        import_text(aimed, may_justify=False, **WHO)


def test_a_wave_on_a_version_whose_guesses_have_no_target_is_analysed_without_them():
    text = re.sub(r'guesses = "\w+"\n', "", campaign.EXAMPLE.read_text(encoding="utf-8"))
    old = QuestionnaireVersion.objects.create(
        name="Ancien", version="1", text=text, sha256="a" * 64, author_label="essai", recorded_at=NOW
    )
    content = computed(asked=old).content

    assert {gap["kind"] for gap in content["gaps"]} == {"agreement", "asymmetry"}
    assert content["notes"][0].startswith("Cette version du questionnaire ne dit pas quelle question devine")
    assert "Les deux profils face à face" in words(reader(Role.REFERENT_ARS, "67").get("departements/67/"))


def test_facts_stand_beside_perceptions():
    computed()
    page = words(reader(Role.REFERENT_ARS, "67").get("departements/67/"))
    told = facts.facts(["67"], day=timezone.localdate())["67"]

    assert {fact.key for fact in told} >= {facts.REFERENT_IN_POST, "convention_in_force", "meeting"}
    for fact in told:
        assert fact.sentence in page


# No order by score


def regions_in(page):
    names = {name for _, name in REGIONS.values()}
    table = page[page.index("Par région") :]
    return sorted(names, key=lambda name: table.index(f'<th scope="row">{name}</th>'))


@pytest.mark.parametrize("order", ["", "score", "-score", "estimation", "estimate"])
def test_regions_have_one_order_whatever_is_asked(order):
    computed()
    who = reader(Role.DESK_SANTE)
    query = {"tri": order, "order": order} if order else {}
    page = who.get("resultats/", **query).content.decode()
    rows = file(who.get("resultats/export/", format="csv", **query))

    assert regions_in(page) == ["Auvergne-Rhône-Alpes", "Grand Est", "La Réunion"]
    codes = [row["code"] for row in rows if row["niveau"] == "région"]
    assert codes == sorted(codes)
    assert (
        who.get("resultats/export/", format="csv", **query).content
        == who.get("resultats/export/", format="csv").content
    )


def test_the_file_of_a_departement_is_in_the_order_of_the_questionnaire():
    computed()
    rows = file(
        reader(Role.REFERENT_ARS, "67").get("departements/67/export/", format="csv", tri="-estimation")
    )

    labels = list(dict.fromkeys(row["dimension"] for row in rows))
    assert labels == [dimension.title for dimension in EXAMPLE.dimensions]


def test_a_region_of_one_departement_has_no_figure_of_its_own():
    result = computed()
    shown = {row["region"] for row in result.content["regional"] if row["shown"]}

    assert shown == {"44", "84"}
    rows = json.loads(reader(Role.DESK_SANTE).get("resultats/export/", format="json").content)["rows"]
    assert {row["code"] for row in rows if row["niveau"] == "région"} == shown


def test_the_map_tells_who_may_be_shown_and_ranks_nobody():
    computed()
    page = words(reader(Role.DESK_SANTE).get("resultats/"))

    assert len(HIDDEN) == 2
    assert "au moins 3 réponses de chaque côté : 3 sur 5" in page
    assert "au moins 3 réponses d’un seul côté : 2 sur 5" in page


def test_the_page_of_reliability_says_what_a_statistician_asks():
    computed()
    page = words(reader(Role.INSPECTEUR).get("resultats/fiabilite/"))

    for said in (
        "Alpha",
        "Oméga",
        "ICC(1)",
        "ICC(2)",
        "Répondants",
        "Entre départements",
        "Part du territoire",
    ):
        assert said in page


@pytest.mark.parametrize("page", ["departements/67/", "resultats/", "resultats/fiabilite/"])
def test_a_page_costs_the_same_for_more_waves(page, django_assert_max_num_queries):
    for rank, days_ago in enumerate((300, 200, 20)):
        computed(f"V{rank}", days_ago=days_ago)
    who = reader(Role.REFERENT_ARS, "67")
    with django_assert_max_num_queries(13):
        assert who.get(page).status_code == 200


def test_the_page_of_the_pair_reads_the_words_of_its_result():
    computed()
    who = reader(Role.REFERENT_ARS, "67")
    page = who.client.get("/departements/67/").content.decode()
    words_of_result = who.get("departements/67/").content.decode()

    assert 'hx-get="/barometre/departements/67/"' in page
    assert 'hx-select="#pilot, #said, #faces, #trend"' in page
    assert 'href="/barometre/departements/67/"' in page  # without script
    for part in ("said", "faces"):
        assert f'id="{part}"' in words_of_result
    assert "celui d’un département ouvre une conversation" in page


# Over the waves


def moved(level):
    return {
        cell: [sheet(random.Random(f"{cell}{rank}"), cell[1], level) for rank in range(6)] for cell in drawn()
    }


def test_the_trend_says_and_draws_every_wave_of_the_form():
    for rank, (days_ago, level) in enumerate([(400, -1.6), (200, 0), (20, 1.6)], start=1):
        computed(f"V{rank}", days_ago=days_ago, answers=moved(level))
    computed("point", days_ago=100, format="pulse")
    page = words(reader(Role.REFERENT_ARS, "67").get("departements/67/"))
    trend = page[page.index('id="trend"') : page.index('id="facts"')]

    assert "répond plus souvent à « V3 » qu’à « V1 », au-delà de l’intervalle" in trend.replace(
        "\N{NO-BREAK SPACE}", " "
    )
    assert trend.count('<svg class="bm-trend"') == len(EXAMPLE.dimensions)
    assert "point" not in trend.split("<tbody>")[1]
    assert page.index("En mots") < page.index("D’une vague à l’autre")


def test_one_wave_has_no_trend():
    computed()

    assert 'id="trend"' not in words(reader(Role.REFERENT_ARS, "67").get("departements/67/"))


# The same people


def followed(name, days_ago, level, asked=None):
    """Return the result of a wave of sides of three, who all know and all typed the code of their rank."""
    answers = {
        cell: [
            {item: value if value.isdigit() else "3" for item, value in given.items()}
            for given in (sheet(random.Random(f"{cell}{rank}"), cell[1], level) for rank in range(3))
        ]
        for cell in drawn()
    }
    made = wave(name, days_ago=days_ago, answers=answers, asked=asked)
    for code, side in answers:
        for rank, each in enumerate(Sheet.objects.filter(wave=made, departement=code, side=side)):
            Sheet.objects.filter(pk=each.pk).update(pair_hash=f"{code} {side} {rank}")
    return actions_results.compute(made, **WHO)


def test_those_who_typed_their_code_again_are_followed_over_the_country():
    first = followed("V1", 200, -1)
    second = followed("V2", 20, 1, asked=first.wave.questionnaire)
    rows = second.content["paired"]
    page = words(reader(Role.DESK_SANTE).get("resultats/fiabilite/"))

    assert first.content["paired"] == []
    assert len(rows) == 2 * len(EXAMPLE.dimensions)
    assert all(
        (row["n"], row["departements"], row["since"]) == (15, 5, "V1") for row in rows if row["n"] == 15
    )
    assert any(row["low"] > 0 for row in rows)
    assert "plus souvent, au-delà de l’intervalle" in page
    assert "departement" not in rows[0]
    assert "Changement des personnes suivies" in page
