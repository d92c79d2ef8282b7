from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.conventions.scene import BY, START, act_as
from traitdunion.conventions import actions, actions_signature, actions_text, queries_drafting
from traitdunion.conventions.kinds import Coverage, Step
from traitdunion.conventions.models import Convention
from traitdunion.identity.kinds import Role, Side
from traitdunion.plan.kinds import Provenance
from traitdunion.plan.models import Action
from traitdunion.territories.models import Departement

pytestmark = pytest.mark.django_db


def detail(client, convention):
    return client.get(reverse("conventions:convention_detail", args=[convention.public_id]))


def text_of(answer):
    return answer.content.decode().replace("\xa0", " ").replace("\u202f", " ")


def test_a_convention_goes_from_draft_to_force_through_the_pages(client, dyad):
    today = timezone.localdate()
    act_as(client, dyad.referent_prefecture)
    start = reverse("conventions:convention_start", args=["67"])
    assert client.get(start).status_code == 200
    client.post(start, {"title": "Convention de l’essai", "template": dyad.template.pk})
    convention = Convention.objects.get()
    step = reverse("conventions:convention_step", args=[convention.public_id])
    client.post(step, {"step": "relecture", "on": today})
    act_as(client, dyad.referent_ars)
    assert "À vous de relire le texte depuis le" in text_of(detail(client, convention))
    client.post(step, {"step": "a_signer", "on": today})

    sign = reverse("conventions:convention_sign", args=[convention.public_id])
    assert dyad.dg.person.name in client.get(sign).content.decode()
    first = client.post(sign, {"signatory": dyad.dg.person.pk, "signed_on": today}, follow=True)
    assert "reste celle de : préfecture" in text_of(first)
    assert "La préfecture doit signer depuis le" in text_of(first)
    act_as(client, dyad.referent_prefecture)
    assert "À vous de faire signer le préfet depuis le" in text_of(detail(client, convention))
    last = client.post(sign, {"signatory": dyad.prefet.person.pk, "signed_on": today}, follow=True)

    assert "Les deux parties ont signé" in text_of(last)
    assert "en vigueur" in text_of(last)


@pytest.mark.parametrize(
    ("role", "sentence"),
    [
        (Role.REFERENT_PREFECTURE, "L’ARS doit relire le texte depuis le 05/01/2026."),
        (Role.PREFET, "L’ARS doit relire le texte depuis le 05/01/2026."),
        (Role.COORDINATEUR_CPRAF, "L’ARS doit relire le texte depuis le 05/01/2026."),
        (Role.REFERENT_ARS, "À vous de relire le texte depuis le 05/01/2026."),
        (Role.DG_ARS, "À vous de relire le texte depuis le 05/01/2026."),
        (Role.PSYCHIATRE, "On attend l’ARS pour relire le texte depuis le 05/01/2026."),
        (
            Role.DESK_SANTE,
            "L’ARS doit relire le texte depuis le 05/01/2026 (référent radicalisation de l’ARS).",
        ),
        (Role.INSPECTEUR, "On attend l’ARS pour relire le texte depuis le 05/01/2026."),
    ],
)
def test_each_role_reads_whose_turn_it_is(client, dyad, role, sentence):
    convention = dyad.draft()
    dyad.step(convention, Step.RELECTURE)
    known = {each.role: each for each in (dyad.prefet, dyad.dg, dyad.referent_ars, dyad.referent_prefecture)}
    act_as(client, known.get(role) or dyad.house.mandate(role))
    content = text_of(detail(client, convention))
    assert sentence in content
    assert "5 janvier 2026" in content


def test_a_signature_without_power_is_refused_on_the_page_and_nothing_changes(client, dyad):
    convention = dyad.to_sign()
    delegate = dyad.referent_prefecture.person
    dyad.delegate(delegate, starts_on=START, ends_on=START + timedelta(days=2))
    act_as(client, dyad.referent_prefecture)
    sign = reverse("conventions:convention_sign", args=[convention.public_id])

    refused = client.post(sign, {"signatory": delegate.pk, "signed_on": START + timedelta(days=3)})

    assert refused.status_code == 400
    assert "délégation Arrêté 2026-12, du 05/01/2026 au 07/01/2026" in text_of(refused)
    assert not convention.signatures.exists()
    strange = client.post(sign, {"signatory": dyad.dg.person.pk, "signed_on": START})
    assert strange.status_code == 400


def test_a_signature_is_withdrawn_on_the_page(client, dyad):
    convention = dyad.to_sign()
    dyad.sign(convention, sides=[Side.ARS])
    act_as(client, dyad.referent_ars)
    withdraw = reverse("conventions:signature_withdraw", args=[convention.public_id])
    assert client.post(withdraw, {"on": "", "reason": ""}).status_code == 400
    client.post(withdraw, {"on": timezone.localdate(), "reason": "Erreur"})
    assert not convention.signatures.exists()


def test_a_denunciation_is_confirmed(client, dyad):
    convention = dyad.signed()
    act_as(client, dyad.prefet)
    denounce = reverse("conventions:convention_denounce", args=[convention.public_id])
    asked = {"from_on": "2026-03-01", "reason": "Refonte"}
    assert "Cochez cette case" in text_of(client.post(denounce, asked))
    done = client.post(denounce, asked | {"confirmed": "on"}, follow=True)
    assert "dénoncée" in text_of(done)
    assert "Motif : Refonte" in text_of(done)


def test_dates_in_the_wrong_order_are_refused_on_the_page(client, dyad):
    convention = dyad.draft()
    act_as(client, dyad.referent_ars)
    revise = reverse("conventions:convention_revise", args=[convention.public_id])
    answer = client.post(revise, {"title": "T", "starts_on": "2026-05-01", "ends_on": "2026-04-30"})
    assert answer.status_code == 400
    assert "avant de commencer" in text_of(answer)
    assert client.post(revise, {"title": "Nouveau titre"}).status_code == 302
    convention.refresh_from_db()
    assert convention.title == "Nouveau titre"


def test_a_signed_convention_has_no_step_left(client, dyad):
    convention = dyad.signed()
    act_as(client, dyad.referent_ars)
    answer = client.get(reverse("conventions:convention_step", args=[convention.public_id]), follow=True)
    assert "elle n’a plus d’étape à franchir" in text_of(answer)


def test_the_page_tells_what_was_signed_by_whom_and_under_what_power(client, dyad):
    convention = dyad.to_sign()
    clause = dyad.with_clause(convention)
    dyad.delegate(dyad.referent_prefecture.person, starts_on=START, ends_on=START + timedelta(days=30))
    actions_signature.sign(
        convention,
        side=Side.PREFECTURE,
        signatory=dyad.referent_prefecture.person,
        signed_on=START + timedelta(days=5),
        **BY,
    )
    dyad.sign(convention, sides=[Side.ARS])
    act_as(client, dyad.referent_ars)

    answer = detail(client, convention)

    content = text_of(answer)
    assert "délégation de signature Arrêté 2026-12, du 05/01/2026 au 04/02/2026" in content
    assert "signataire en titre" in content
    assert "0 rubrique traitée sur 16" in content
    action = Action.objects.get(origin_reference=clause.public_id)
    assert answer.context["obligations"][0].action == action.public_id
    assert "Entrée en vigueur" in content


def test_the_history_is_told_latest_first_with_author_and_reason(dyad):
    convention = dyad.draft()
    dyad.step(convention, Step.RELECTURE, on=START + timedelta(days=1))
    dyad.step(convention, Step.PROJET, side=Side.ARS, on=START + timedelta(days=2), reason="Rubrique 7")
    told = queries_drafting.history(convention, [], day=START + timedelta(days=9))
    assert [(line.text, line.reason) for line in told] == [
        ("Projet remis à : préfecture", "Rubrique 7"),
        ("Relecture confiée à : ARS", "avancer"),
        ("Projet ouvert", ""),
    ]
    assert {line.author for line in told} == {BY["actor"].label}


def test_the_list_filters_by_state_words_and_departement(client, dyad):
    dyad.signed(title="Ancienne", ends_on=date(2026, 1, 31))
    dyad.draft(title="Nouvelle")
    act_as(client, dyad.house.mandate(Role.DESK_SANTE))
    page = reverse("conventions:convention_list")

    def titles(**asked):
        return [row.convention.title for row in client.get(page, asked).context["page"].object_list]

    assert sorted(titles()) == ["Ancienne", "Nouvelle"]
    assert titles(etat="echue") == ["Ancienne"]
    assert titles(q="nouv") == ["Nouvelle"]
    assert titles(departement="35") == []
    assert len(titles(etat="inconnu")) == 2
    assert "Tout afficher" in text_of(client.get(page, {"departement": "35"}))


@pytest.mark.parametrize("wanted", ["xlsx", "ods", "csv", "json"])
def test_the_list_is_exported_with_its_filters(client, dyad, wanted):
    dyad.signed(title="Ancienne", ends_on=date(2026, 1, 31))
    dyad.draft(title="=cmd|nouvelle")
    act_as(client, dyad.referent_ars)
    address = reverse("conventions:convention_list_export")
    answer = client.get(address, {"format": wanted})
    assert answer.status_code == 200
    assert answer["Content-Disposition"] == f'attachment; filename="conventions.{wanted}"'
    if wanted == "csv":
        assert ";=cmd" not in answer.content.decode()
        assert "Ancienne" not in client.get(address, {"format": wanted, "etat": "projet"}).content.decode()
    assert client.get(address, {"format": "exe"}).status_code == 404


def test_a_departement_shows_its_conventions_and_may_start_one_when_none_is_open(client, dyad):
    act_as(client, dyad.referent_ars)
    page = reverse("conventions:departement_history", args=["67"])
    assert "Ouvrir un projet" in text_of(client.get(page))
    dyad.draft()
    content = text_of(client.get(page))
    assert "Convention-cadre" in content
    assert "Ouvrir un projet" not in content


def test_what_was_typed_is_never_markup(client, dyad):
    convention = dyad.draft(title="<script>alert(1)</script>")
    actions_text.write_heading(
        convention, number=1, coverage=Coverage.PRESENT, text="<img src=x onerror=alert(1)>", **BY
    )
    act_as(client, dyad.referent_ars)
    for page in ("convention_detail", "convention_text", "convention_headings"):
        content = client.get(reverse(f"conventions:{page}", args=[convention.public_id])).content.decode()
        assert "<script>alert" not in content
        assert "<img src=x" not in content


# Cost


def many(dyad, count):
    """Fill a département with past conventions, their avenants, clauses and lines."""
    dyad.departement.conventions.all()
    for rank in range(count):
        first = START + timedelta(days=2 * rank)
        convention = dyad.to_sign(
            title=f"Convention {rank}", starts_on=first, ends_on=first + timedelta(days=1), on=START
        )
        dyad.with_clause(convention)
        dyad.sign(convention, on=START)


def amended(dyad, count):
    """A convention with as many avenants, each with a heading, and as many clauses and circuits."""
    convention = dyad.to_sign()
    for rank in range(count):
        dyad.with_clause(convention, f"Engagement {rank}")
    dyad.sign(convention)
    day = START + timedelta(days=6)
    for rank in range(count):
        made = actions.start_avenant(convention, side=Side.ARS, title=f"Avenant {rank}", on=day, **BY)
        actions_text.write_heading(made, number=1, coverage=Coverage.PRESENT, text=f"Objet {rank}", **BY)
        dyad.ready(made, on=day)
        dyad.sign(made, on=day)
    return convention


def test_the_page_of_a_convention_costs_at_most_twelve_queries(client, dyad, django_assert_max_num_queries):
    convention = amended(dyad, 10)
    act_as(client, dyad.referent_ars)
    for page in ("convention_detail", "convention_text"):
        with django_assert_max_num_queries(12):
            client.get(reverse(f"conventions:{page}", args=[convention.public_id]))


def test_the_editors_cost_at_most_twelve_queries(client, dyad, django_assert_max_num_queries):
    parent = amended(dyad, 3)
    made = actions.start_avenant(parent, side=Side.ARS, title="Encore", on=START + timedelta(days=9), **BY)
    for rank in range(10):
        dyad.with_clause(made, f"Engagement {rank}")
    act_as(client, dyad.referent_ars)
    for page in ("convention_headings", "convention_circuits", "convention_clauses"):
        with django_assert_max_num_queries(12):
            client.get(reverse(f"conventions:{page}", args=[made.public_id]))


def test_the_lists_cost_the_same_whatever_the_rows(client, dyad, django_assert_max_num_queries):
    many(dyad, 15)
    act_as(client, dyad.house.mandate(Role.DESK_SANTE))
    for page, asked in [
        ("convention_list", {}),
        ("convention_list", {"etat": "echue"}),
        ("convention_list_export", {"format": "csv"}),
        ("alignment", {}),
        ("template_list", {}),
    ]:
        with django_assert_max_num_queries(12):
            assert client.get(reverse(f"conventions:{page}"), asked).status_code == 200
    act_as(client, dyad.referent_ars)
    with django_assert_max_num_queries(12):
        client.get(reverse("conventions:departement_history", args=["67"]))


def test_a_convention_of_la_reunion_is_dated_on_its_own_clock(dyad):
    place = Departement.objects.get(code="67")
    place.time_zone = "Indian/Reunion"
    place.save()
    late = BY["at"].replace(hour=21)
    convention = actions.start(
        departement=place,
        side=Side.ARS,
        title="Nuit",
        on=date(2026, 3, 3),
        template=None,
        provenance=Provenance.SYNTHETIC,
        actor=BY["actor"],
        at=late,
    )
    assert convention.steps.get().happened_on == date(2026, 3, 3)


def test_who_can_sign_today_comes_first_on_the_form(client, dyad):
    convention = dyad.to_sign()
    past = dyad.house.person("A. Délégataire")
    dyad.delegate(past, starts_on=START, ends_on=START + timedelta(days=9))
    act_as(client, dyad.referent_prefecture)

    form = client.get(reverse("conventions:convention_sign", args=[convention.public_id])).context["form"]

    [_, (today, able), (other_day, not_able)] = form.fields["signatory"].choices
    assert (today, [key for key, _ in able]) == ("Peuvent signer aujourd’hui", [dyad.prefet.person.pk])
    assert other_day == "Pouvaient ou pourront signer un autre jour"
    assert not_able == [(past.pk, "A. Délégataire (délégation Arrêté 2026-12, du 05/01/2026 au 14/01/2026)")]


@pytest.mark.parametrize(
    ("page", "errors"),
    [
        ("convention_sign", ["Choisissez qui a signé.", "Aucune date : choisissez un jour."]),
        ("signature_withdraw", ["Le motif manque : dites pourquoi, en une phrase."]),
        ("convention_abandon", ["Le motif manque : dites pourquoi, en une phrase."]),
        ("convention_denounce", ["Le motif manque : dites pourquoi, en une phrase."]),
        ("convention_step", ["Choisissez l’étape que le texte franchit."]),
    ],
)
def test_an_empty_form_says_what_is_missing_and_takes_the_focus(client, dyad, page, errors):
    convention = dyad.to_sign()
    act_as(client, dyad.referent_prefecture)

    answer = client.post(reverse(f"conventions:{page}", args=[convention.public_id]), {})

    said = text_of(answer)
    assert answer.status_code == 400
    assert 'id="form-errors"' in said
    assert "autofocus" in said
    assert [error for error in errors if error not in said] == []
    assert "Ce champ est obligatoire" not in said


def test_of_one_day_the_last_happening_is_read_first(dyad):
    convention = dyad.to_sign()
    told = queries_drafting.history(convention, [], day=START)
    assert [line.text for line in told] == [
        "Texte prêt à signer",
        "Relecture confiée à : ARS",
        "Projet ouvert",
    ]
