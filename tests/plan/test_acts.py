"""Each act has its page: the form, the refusal in French, and what was written."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from tests.plan.scene import BY, START, TODAY, act_as
from traitdunion.identity.kinds import Role
from traitdunion.plan import actions
from traitdunion.plan.kinds import ActionState, BlockerCause, Owner
from traitdunion.plan.models import Action, Evidence, IndicatorValue, Statement, Target
from traitdunion.plan.queries import action_line

DAY = TODAY.isoformat()


@pytest.fixture
def scene(plan):
    """One object for each act, by the name of its page."""
    piece = plan.evidence()
    statement = plan.publish(evidence=[piece])
    blocker = actions.block(plan.local, cause=BlockerCause.MOYENS, lifter="DGS", since=START, **BY)
    other = plan.evidence(title="Autre pièce")
    return {
        "measure_revise": (plan.measure, {"title": "Mesure réécrite", "provenance": "ours"}),
        "statement_publish": (
            plan.measure,
            {"text": "Nouvel énoncé", "published_on": DAY, "provenance": "ours", "proofs": [piece.pk]},
        ),
        "statement_prove": (statement, {"evidence": other.pk}),
        "statement_retire": (statement, {"day": DAY}),
        "measure_prove": (
            plan.measure,
            {"kind": "text", "title": "Loi", "reference": "n° 1", "dated_on": DAY, "provenance": "official"},
        ),
        "indicator_open": (
            plan.measure,
            {
                "code": "38-B",
                "name": "Nom",
                "definition": "Définition",
                "unit": "count",
                "higher_is_better": "oui",
                "numerator_label": "n",
                "source": "s",
                "periodicity": "year",
                "provenance": "ours",
            },
        ),
        "indicator_define": (
            plan.indicator,
            {
                "name": "Autre nom",
                "definition": "Définition",
                "numerator_label": "n",
                "source": "s",
                "periodicity": "year",
                "provenance": "ours",
            },
        ),
        "indicator_record": (
            plan.indicator,
            {
                "measured_on": DAY,
                "numerator": "98,5",
                "denominator": "101",
                "provenance": "ours",
                "departement": "67",
            },
        ),
        "indicator_target": (plan.indicator, {"due_on": "2027-12-31", "value": "100"}),
        "evidence_withdraw": (other, {"day": DAY}),
        "action_open": (None, {"title": "Nouvelle action", "opened_on": DAY}),
        "action_note": (plan.local, {"kind": "lancee", "happened_on": DAY}),
        "action_block": (plan.local, {"cause": "outil", "lifter": "DGS", "since": DAY}),
        "action_prove": (
            plan.local,
            {
                "kind": "page",
                "title": "Page",
                "address": "https://example.org",
                "dated_on": DAY,
                "provenance": "ours",
            },
        ),
        "action_revise": (plan.local, {"title": "Autre intitulé", "due_on": "2027-01-01"}),
        "blocker_lift": (blocker, {"day": DAY}),
    }


OF_THE_EDITORS = (
    "measure_revise", "statement_publish", "statement_prove", "statement_retire", "measure_prove",
    "indicator_open", "indicator_define", "indicator_target", "evidence_withdraw",
)  # fmt: skip
OF_THE_SIDE = ("action_note", "action_block", "action_prove", "action_revise", "blocker_lift")


def address(scene, name):
    found = scene[name][0]
    return reverse(f"plan:{name}", args=[] if found is None else [found.public_id])


@pytest.mark.parametrize(
    ("name", "role"),
    [
        *((name, Role.DESK_SANTE) for name in (*OF_THE_EDITORS, "action_open", "indicator_record")),
        *((name, Role.REFERENT_PREFECTURE) for name in (*OF_THE_SIDE, "indicator_record")),
    ],
)
def test_an_act_is_shown_then_done(client, plan, scene, name, role):
    act_as(client, plan.mandate(role))
    url = address(scene, name)

    assert client.get(url).status_code == 200
    assert client.post(url, {}).status_code == 400
    answer = client.post(url, scene[name][1])
    assert answer.status_code == 302, answer.context and answer.context["form"].errors
    assert client.get(answer["Location"]).status_code == 200


@pytest.mark.parametrize("name", [*OF_THE_EDITORS, "indicator_record", "action_open", *OF_THE_SIDE])
def test_a_mandate_that_only_reads_is_refused(client, plan, scene, name):
    act_as(client, plan.mandate(Role.PSYCHIATRE))

    assert client.get(address(scene, name)).status_code == 403
    assert client.post(address(scene, name), scene[name][1]).status_code == 403


@pytest.mark.parametrize("name", OF_THE_EDITORS)
def test_a_side_does_not_word_the_plan(client, plan, scene, name):
    act_as(client, plan.mandate(Role.REFERENT_ARS))

    assert client.post(address(scene, name), scene[name][1]).status_code == 403


@pytest.mark.parametrize(
    ("name", "status"), [("action_note", 403), ("action_revise", 403), ("action_block", 302)]
)
def test_the_other_side_only_says_what_stops(client, plan, scene, name, status):
    act_as(client, plan.mandate(Role.REFERENT_ARS))

    assert client.post(address(scene, name), scene[name][1]).status_code == status


def test_a_side_opens_an_action_in_its_departement(client, plan):
    act_as(client, plan.mandate(Role.REFERENT_ARS))
    sent = {
        "title": "Rencontrer la préfecture",
        "departement": "67",
        "owner": "both",
        "opened_on": DAY,
        "measure": plan.measure.pk,
    }

    client.post(reverse("plan:action_open"), sent)

    action = Action.objects.latest("pk")
    assert (action.departement_id, action.owner, action.measure) == ("67", Owner.BOTH.value, plan.measure)


@pytest.mark.parametrize(
    ("departement", "owner"), [("35", "ars"), ("", "ars"), ("67", "prefecture"), ("67", "")]
)
def test_a_side_opens_nothing_elsewhere_or_for_the_other(client, plan, departement, owner):
    act_as(client, plan.mandate(Role.REFERENT_ARS))
    before = Action.objects.count()
    sent = {"title": "Ailleurs", "departement": departement, "owner": owner, "opened_on": DAY}

    assert client.post(reverse("plan:action_open"), sent).status_code == 400
    assert Action.objects.count() == before


def test_a_national_desk_opens_no_action_of_a_departement(client, plan):
    act_as(client, plan.mandate(Role.DESK_SANTE))
    sent = {"title": "Ailleurs", "departement": "67", "owner": "ars", "opened_on": DAY}

    client.post(reverse("plan:action_open"), sent)

    assert Action.objects.latest("pk").departement is None


def test_a_refusal_is_shown_and_nothing_is_written(client, plan):
    act_as(client, plan.mandate(Role.REFERENT_PREFECTURE))
    tomorrow = timezone.localdate() + timedelta(days=1)
    url = reverse("plan:action_note", args=[plan.local.public_id])

    answer = client.post(url, {"kind": "lancee", "happened_on": tomorrow.isoformat()})

    assert "après aujourd’hui" in answer.content.decode()
    assert action_line(plan.local, TODAY).status.state is ActionState.A_LANCER


def test_a_number_is_typed_as_in_french(client, plan):
    act_as(client, plan.mandate(Role.DESK_SANTE))
    sent = {"measured_on": DAY, "numerator": "1 234,5", "denominator": "2000", "provenance": "ours"}

    client.post(reverse("plan:indicator_record", args=[plan.indicator.public_id]), sent)

    assert str(IndicatorValue.objects.get().numerator) == "1234.500"


def test_a_value_is_not_recorded_elsewhere(client, plan):
    act_as(client, plan.mandate(Role.REFERENT_ARS))
    sent = {"measured_on": DAY, "numerator": "1", "denominator": "2", "provenance": "ours"}
    url = reverse("plan:indicator_record", args=[plan.indicator.public_id])

    for departement in ("35", ""):
        assert client.post(url, {**sent, "departement": departement}).status_code == 400
    assert not IndicatorValue.objects.exists()


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("bilan.exe", b"MZ\x90", "n’est pas d’un type accepté"),
        ("bilan.pdf", b"<html>", "n’est pas celui d’un fichier .pdf"),
        ("bilan.txt", b"", ""),
    ],
)
def test_a_wrong_document_is_refused_in_french(client, plan, name, content, word):
    act_as(client, plan.mandate(Role.DESK_SANTE))
    sent = {"kind": "file", "title": "Bilan", "dated_on": DAY, "provenance": "ours"}
    url = reverse("plan:measure_prove", args=[plan.measure.public_id])

    answer = client.post(url, {**sent, "file": SimpleUploadedFile(name, content)})

    assert answer.status_code == 400
    assert word in answer.content.decode()
    assert not Evidence.objects.exists()


def test_a_document_is_deposited(client, plan):
    act_as(client, plan.mandate(Role.REFERENT_PREFECTURE))
    sent = {"kind": "file", "title": "Bilan", "dated_on": DAY, "provenance": "ours"}
    upload = SimpleUploadedFile("bilan.txt", "signé".encode())

    client.post(reverse("plan:action_prove", args=[plan.local.public_id]), {**sent, "file": upload})

    assert Evidence.objects.get().file.name == "bilan.txt"


def test_acts_wait_for_a_post(client, plan, scene):
    act_as(client, plan.mandate(Role.DESK_SANTE))

    client.get(address(scene, "statement_retire"))
    client.get(address(scene, "indicator_target"))

    assert Statement.objects.filter(retired_on=None).count() == 1
    assert not Target.objects.exists()
