"""A text that nobody signed is given up: it stays in the history, counts nowhere, and leaves room for another."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from tests.conventions import facts
from tests.conventions.scene import BY, START, TODAY, act_as
from tests.conventions.test_drafting_pages import text_of
from traitdunion.audit.models import Entry
from traitdunion.conventions import (
    actions,
    actions_signature,
    actions_text,
    imports,
    queries,
    queries_drafting,
    writing,
)
from traitdunion.conventions.kinds import Coverage, State, Step, Turn
from traitdunion.conventions.queries_timeline import timeline
from traitdunion.conventions.writing import ConventionRefusedError
from traitdunion.exchange.difference import ChangeKind
from traitdunion.exchange.tables import read_table
from traitdunion.identity.kinds import Side

pytestmark = pytest.mark.django_db
ON = START + timedelta(days=3)


def abandon(convention, *, on=ON, reason="Le modèle change"):
    actions.abandon(convention, on=on, reason=reason, **BY)
    convention.refresh_from_db()
    return convention


# The act


@pytest.mark.parametrize("reached", [(), (Step.RELECTURE,), (Step.RELECTURE, Step.A_SIGNER)])
def test_a_text_is_given_up_at_any_step_before_a_signature(dyad, reached):
    convention = dyad.draft()
    for step in reached:
        dyad.step(convention, step)

    abandon(convention)

    eve, then = convention.situation(ON - timedelta(days=1)), convention.situation(TODAY)
    assert eve.is_draft
    assert (then.state, then.since, then.turn, then.turn_since) == (State.ABANDONNEE, ON, Turn.NOBODY, ON)
    assert (then.is_draft, then.is_over, then.applies) == (False, False, False)
    taken = convention.steps.last()
    assert (taken.reason, taken.author_label) == ("Le modèle change", BY["actor"].label)
    [entry] = Entry.objects.filter(event="conventions.convention.abandoned")
    assert (entry.subject, entry.at) == (str(convention.public_id), BY["at"])


def test_a_text_signed_by_one_side_waits_for_the_withdrawal(dyad):
    convention = dyad.to_sign()
    dyad.sign(convention, sides=[Side.ARS])

    with pytest.raises(
        ConventionRefusedError, match=r"signé le 10/01/2026 \(ARS\).*Ce côté retire d’abord sa signature"
    ):
        abandon(convention, on=TODAY)

    actions_signature.withdraw_signature(convention, side=Side.ARS, on=TODAY, reason="Erreur", **BY)
    assert abandon(convention, on=TODAY).situation(TODAY).state is State.ABANDONNEE


def test_a_signed_text_is_not_given_up_and_the_way_out_is_said(dyad):
    convention = dyad.signed()
    with pytest.raises(ConventionRefusedError, match="Dénoncez la convention"):
        abandon(convention)
    avenant = actions.start_avenant(convention, side=Side.ARS, title="Mineurs", on=TODAY, **BY)
    dyad.ready(avenant, on=TODAY)
    dyad.sign(avenant, on=TODAY)
    with pytest.raises(ConventionRefusedError, match="Préparez un nouvel avenant"):
        abandon(avenant)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"reason": "  "}, "Dites pourquoi le texte est abandonné"),
        ({"on": START - timedelta(days=1)}, "précède la dernière étape"),
        ({"on": TODAY + timedelta(days=1)}, "date à venir"),
    ],
)
def test_a_wrong_day_or_no_reason_is_refused(dyad, changes, said):
    convention = dyad.draft()
    with pytest.raises(ConventionRefusedError, match=said):
        abandon(convention, **changes)
    assert convention.situation(TODAY).state is State.PROJET


def test_what_is_given_up_does_not_change_any_more(dyad):
    convention = dyad.to_sign()
    clause = dyad.with_clause(convention)
    abandon(convention)

    acts = [
        lambda: abandon(convention),
        lambda: dyad.step(convention, Step.RELECTURE, on=TODAY),
        lambda: dyad.sign(convention, on=TODAY, sides=[Side.ARS]),
        lambda: dyad.with_clause(convention),
        lambda: actions_text.remove_clause(clause, **BY),
        lambda: actions_text.write_heading(
            convention, number=1, coverage=Coverage.PRESENT, text="Objet", **BY
        ),
        lambda: actions_text.revise(
            convention, title="Autre", reference="", template=None, starts_on=None, ends_on=None, **BY
        ),
    ]
    for act in acts:
        with pytest.raises(
            ConventionRefusedError, match=r"abandonné depuis le 08/01/2026.*Ouvrez un nouveau projet"
        ):
            act()


# The database


def test_the_database_refuses_a_text_given_up_and_signed(dyad):
    given_up = abandon(dyad.to_sign())
    half = dyad.sign(dyad.to_sign(title="Signée d’un côté"), sides=[Side.ARS])

    def write(row, **values):
        type(row).objects.filter(pk=row.pk).update(**values)

    signature = half.signatures.get()
    wrong = {
        "conventions_abandoned_unsigned": lambda: write(half, abandoned_on=ON),
        "conventions_signed_not_abandoned": lambda: write(signature, convention=given_up),
        "the text was given up": lambda: facts.sign(given_up, Side.ARS, ON),
        "convention_abandoned_or_signed": lambda: write(given_up, signed_on=ON, starts_on=ON),
        "step_abandoned_says_why": lambda: write(given_up.steps.last(), reason=""),
        "step_abandoned_once": lambda: writing.record_step(
            given_up, Step.ABANDONNEE, Turn.NOBODY, ON, "Encore", **BY
        ),
    }
    for name, act in wrong.items():
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            act()


# What follows, and what does not move


def test_another_draft_may_be_opened(dyad):
    abandon(dyad.draft())

    again = dyad.draft(title="Reprise", on=TODAY)

    assert again.situation(TODAY).state is State.PROJET
    with pytest.raises(ConventionRefusedError, match=r"« Reprise ». Complétez-le, ou abandonnez-le"):
        dyad.draft()


def test_another_avenant_takes_the_number_of_the_one_given_up(dyad):
    parent = dyad.signed()
    first = actions.start_avenant(parent, side=Side.ARS, title="Mineurs", on=TODAY, **BY)
    actions_text.write_heading(first, number=5, coverage=Coverage.PRESENT, text="Jamais signé", **BY)
    abandon(first, on=TODAY)
    before = queries_drafting.consolidated(parent, on=TODAY)

    second = actions.start_avenant(parent, side=Side.ARS, title="Majeurs", on=TODAY, **BY)

    assert (first.number, second.number) == (1, 1)
    with pytest.raises(ConventionRefusedError, match="Ouvrez un nouvel avenant"):
        dyad.ready(first, on=TODAY)
    dyad.ready(second, on=TODAY)
    assert dyad.sign(second, on=TODAY).signed_on == TODAY
    assert [act.title for act in queries_drafting.consolidated(parent, on=TODAY).acts] == [
        *(act.title for act in before.acts),
        "Majeurs",
    ]


def test_a_text_given_up_counts_for_nothing_in_its_departement(dyad):
    draft = dyad.draft()
    writing = queries.departement_situation(dyad.departement, ON - timedelta(days=1))
    abandon(draft)

    after = queries.departement_situation(dyad.departement, TODAY)
    eve = queries.departement_situation(dyad.departement, ON - timedelta(days=1))

    assert (after.state, after.convention, after.draft, after.turn) == (None, None, None, Turn.BOTH)
    assert (
        after.vitality == queries.departement_situation(dyad.departement, START - timedelta(days=9)).vitality
    )
    assert (eve.state, eve.turn) == (writing.state, writing.turn) == (State.PROJET, Turn.PREFECTURE)


def test_the_convention_in_force_and_its_counts_are_those_of_before(dyad):
    dyad.signed(ends_on=date(2026, 2, 1))
    before = queries.departement_situation(dyad.departement, TODAY)
    points = queries.series([START, TODAY])
    following = dyad.draft(title="Suite", on=START + timedelta(days=10))
    assert queries.departement_situation(dyad.departement, TODAY).draft is not None

    abandon(following, on=START + timedelta(days=12))

    assert queries.departement_situation(dyad.departement, TODAY) == before
    assert queries.series([START, TODAY]) == points


def test_the_timeline_and_the_history_tell_it_with_its_reason(dyad):
    convention = abandon(dyad.draft())

    latest = timeline(dyad.departement, until=TODAY)[0]
    [told, _] = queries_drafting.history(convention, [], day=TODAY)

    assert (latest.on, latest.text, latest.reason) == (
        ON,
        "Convention-cadre : abandonnée",
        "Le modèle change",
    )
    assert (told.at, told.text, told.reason) == (ON, "Projet abandonné", "Le modèle change")


def test_it_leaves_the_table_and_a_table_neither_finds_it_nor_declares_one(dyad):
    abandon(dyad.draft(title="Convention du tableau", template=None))
    assert imports.rows(["67"]) == []

    def row(step):
        return read_table(
            f"département;intitulé;étape\n67;Convention du tableau;{step}\n".encode(), file_name="x.csv"
        )

    given = {"at": BY["at"], "progress": lambda _done, _total: None}
    [error] = imports.ConventionImporter().check(row("abandonnée"), **given).errors
    assert "« projet », « relecture », « à signer »" in str(error).replace("\xa0", " ")
    [change] = imports.ConventionImporter().check(row("projet"), **given).difference.changes
    assert change.kind is ChangeKind.ADDED


# The page


def test_the_page_asks_why_and_for_a_confirmation_then_shows_the_state(client, dyad):
    convention = dyad.draft()
    act_as(client, dyad.referent_ars)
    detail = reverse("conventions:convention_detail", args=[convention.public_id])
    page = reverse("conventions:convention_abandon", args=[convention.public_id])
    assert page in client.get(detail).content.decode()
    asked = {"on": timezone.localdate(), "reason": "Le modèle change"}

    assert "Cochez cette case" in text_of(client.post(page, asked))
    done = text_of(client.post(page, asked | {"confirmed": "on"}, follow=True))

    assert "Ce texte est abandonné : rien n’est plus attendu." in done
    assert "(Le modèle change)" in done
    for act in ("convention_step", "convention_revise", "convention_abandon", "convention_headings"):
        assert reverse(f"conventions:{act}", args=[convention.public_id]) not in done
    history = client.get(reverse("conventions:departement_history", args=["67"])).content.decode()
    assert reverse("conventions:convention_start", args=["67"]) in history


def test_once_a_side_has_signed_the_page_says_what_to_do_first(client, dyad):
    convention = dyad.sign(dyad.to_sign(), sides=[Side.PREFECTURE])
    act_as(client, dyad.referent_ars)
    page = reverse("conventions:convention_abandon", args=[convention.public_id])

    refused = client.post(page, {"on": timezone.localdate(), "reason": "x", "confirmed": "on"})

    assert refused.status_code == 400
    assert "Ce côté retire d’abord sa signature" in text_of(refused)
    detail = client.get(reverse("conventions:convention_detail", args=[convention.public_id]))
    assert page not in detail.content.decode()
