from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traitdunion.conventions.kinds import Change, State, Step, Turn
from traitdunion.conventions.rules import (
    HeadingVersion,
    Life,
    Power,
    Successor,
    consolidated,
    differences,
    ending,
    first_day_after,
    overlap,
    power_to_sign,
    refusal_to_sign,
    situation,
    state_on,
    state_since,
    step_needs_reason,
    successor,
    turn_sentence,
)
from traitdunion.identity.kinds import Role, Side

DAY = date(2026, 1, 1)


def on(days: int) -> date:
    return DAY + timedelta(days=days)


def life(*, steps=((Step.PROJET, 0),), prefecture=None, ars=None, starts=None, ends=None, denounced=None):
    signed = {Side.PREFECTURE: prefecture, Side.ARS: ars}
    return Life(
        steps=[(step, on(days)) for step, days in steps],
        signed_on={side: on(days) for side, days in signed.items() if days is not None},
        starts_on=None if starts is None else on(starts),
        ends_on=None if ends is None else on(ends),
        denounced_on=None if denounced is None else on(denounced),
    )


DRAFTED = ((Step.PROJET, 0), (Step.RELECTURE, 10), (Step.A_SIGNER, 20))


@pytest.mark.parametrize(
    ("facts", "day", "state", "since"),
    [
        (life(), -1, None, None),
        (life(), 0, State.PROJET, 0),
        (life(steps=DRAFTED), 15, State.RELECTURE, 10),
        (life(steps=DRAFTED), 20, State.A_SIGNER, 20),
        (life(steps=DRAFTED, prefecture=25), 30, State.A_SIGNER, 20),
        (life(steps=DRAFTED, prefecture=25, ars=30), 29, State.A_SIGNER, 20),
        (life(steps=DRAFTED, prefecture=25, ars=30), 30, State.EN_VIGUEUR, 30),
        (life(steps=DRAFTED, prefecture=25, ars=30, starts=40), 39, State.SIGNEE, 30),
        (life(steps=DRAFTED, prefecture=25, ars=30, starts=40), 40, State.EN_VIGUEUR, 40),
        (life(steps=DRAFTED, prefecture=25, ars=30, ends=50), 50, State.EN_VIGUEUR, 30),
        (life(steps=DRAFTED, prefecture=25, ars=30, ends=50), 51, State.ECHUE, 51),
        (life(steps=DRAFTED, prefecture=25, ars=30, ends=50, denounced=45), 44, State.EN_VIGUEUR, 30),
        (life(steps=DRAFTED, prefecture=25, ars=30, ends=50, denounced=45), 60, State.DENONCEE, 45),
        # The term came first: a denunciation after it changes nothing.
        (life(steps=DRAFTED, prefecture=25, ars=30, ends=50, denounced=60), 70, State.ECHUE, 51),
        # Signed after a term already past.
        (life(steps=DRAFTED, prefecture=25, ars=60, ends=50), 60, State.ECHUE, 60),
        # An import that knows the signatures and no step.
        (life(steps=(), prefecture=3, ars=3), 2, None, None),
        (life(steps=(), prefecture=3, ars=3), 3, State.EN_VIGUEUR, 3),
    ],
)
def test_the_state_follows_from_the_dates(facts, day, state, since):
    assert state_on(facts, on(day)) is state
    if state is not None:
        assert state_since(facts, on(day)) == on(since)


days = st.integers(0, 400)
lives = st.builds(
    life,
    steps=st.lists(days, min_size=1, max_size=5).map(
        lambda when: tuple(zip([Step.PROJET, *[Step.RELECTURE] * 4], sorted(when), strict=False))
    ),
    prefecture=st.none() | days,
    ars=st.none() | days,
    starts=st.none() | days,
    ends=st.none() | days,
    denounced=st.none() | days,
)
# Once signed, a convention goes forward only.
RANK = {State.PROJET: 0, State.RELECTURE: 0, State.A_SIGNER: 0, State.SIGNEE: 1, State.EN_VIGUEUR: 2}


@given(lives, days)
def test_from_its_first_step_a_convention_has_one_state_each_day(facts, day):
    first = min(
        [when for _, when in facts.steps] + ([facts.fully_signed_on] if facts.fully_signed_on else [])
    )
    state = state_on(facts, on(day))
    assert (state is None) is (on(day) < first)
    if state is not None:
        since = state_since(facts, on(day))
        assert since <= on(day)
        assert state_on(facts, since) is state


@given(lives, days, days)
def test_a_state_never_goes_back_once_signed(facts, one, other):
    earlier, later = sorted((one, other))
    before, after = state_on(facts, on(earlier)), state_on(facts, on(later))
    if before is not None and after is not None:
        assert RANK.get(before, 3) <= RANK.get(after, 3)
        if RANK.get(before, 3) == 3:
            assert before is after


@given(lives, days)
def test_the_situation_never_starts_before_the_state(facts, day):
    handed = [(Turn.ARS, when) for _, when in facts.steps]
    where = situation(facts, on(day), handed=handed)
    if where is not None and where.is_draft:
        assert where.turn_since <= on(day)
    if where is not None and where.turn is Turn.NOBODY:
        assert where.state in {State.SIGNEE, State.EN_VIGUEUR}


def test_the_pen_is_held_since_it_was_handed_over():
    facts = life(steps=((Step.PROJET, 0), (Step.RELECTURE, 5), (Step.RELECTURE, 9)))
    handed = [(Turn.PREFECTURE, on(0)), (Turn.ARS, on(5)), (Turn.ARS, on(9))]
    where = situation(facts, on(12), handed=handed)
    assert (where.turn, where.turn_since, where.since) == (Turn.ARS, on(5), on(9))


def test_the_side_that_has_not_signed_is_waited_for_since_the_other_did():
    where = situation(life(steps=DRAFTED, prefecture=25), on(30), handed=[(Turn.BOTH, on(20))])
    assert (where.turn, where.turn_since) == (Turn.ARS, on(25))


@pytest.mark.parametrize(
    ("reader", "sentence"),
    [
        # The one who must act.
        (Role.REFERENT_ARS, "À vous de relire le texte depuis le 05/01/2026."),
        (Role.DG_ARS, "À vous de relire le texte depuis le 05/01/2026."),
        # The other side.
        (Role.PREFET, "L’ARS doit relire le texte depuis le 05/01/2026."),
        (Role.REFERENT_PREFECTURE, "L’ARS doit relire le texte depuis le 05/01/2026."),
        (Role.COORDINATEUR_CPRAF, "L’ARS doit relire le texte depuis le 05/01/2026."),
        # The ministry desks, with the post that acts.
        (
            Role.DESK_SANTE,
            "L’ARS doit relire le texte depuis le 05/01/2026 (référent radicalisation de l’ARS).",
        ),
        (Role.SG_CIPDR, "L’ARS doit relire le texte depuis le 05/01/2026 (référent radicalisation de l’ARS)."),
        # Readers of whom nothing is asked.
        *(
            (role, "On attend l’ARS pour relire le texte depuis le 05/01/2026. Rien ne vous est demandé.")
            for role in (Role.PSYCHIATRE, Role.ETABLISSEMENT, Role.DPO, Role.INSPECTEUR, Role.ADMINISTRATEUR, None)
        ),
    ],
)  # fmt: skip
def test_one_turn_reads_differently_to_each_role(reader, sentence):
    assert turn_sentence(State.RELECTURE, Turn.ARS, reader=reader, since=on(4)) == sentence


@pytest.mark.parametrize(
    ("state", "turn", "reader", "sentence"),
    [
        (State.PROJET, Turn.PREFECTURE, Role.REFERENT_PREFECTURE, "À vous de compléter le projet."),
        (
            State.PROJET, Turn.PREFECTURE, Role.COORDINATEUR_CPRAF,
            "Votre institution doit compléter le projet : c’est au référent radicalisation de la préfecture d’agir.",
        ),
        # A référent records a signature that is another's to give.
        (State.A_SIGNER, Turn.ARS, Role.DG_ARS, "À vous de signer."),
        (State.A_SIGNER, Turn.ARS, Role.REFERENT_ARS, "À vous de faire signer le directeur général de l’ARS."),
        (State.A_SIGNER, Turn.BOTH, Role.PREFET, "À vous et à l’ARS de signer."),
        (
            State.A_SIGNER, Turn.BOTH, Role.REFERENT_PREFECTURE,
            "À vous de faire signer le préfet et à l’ARS de signer.",
        ),
        (State.A_SIGNER, Turn.BOTH, Role.COORDINATEUR_CPRAF, "Votre institution et l’ARS doivent signer."),
        (
            State.A_SIGNER, Turn.BOTH, Role.DESK_INTERIEUR,
            "La préfecture et l’ARS doivent signer (préfet ; directeur général de l’ARS).",
        ),
        (State.A_SIGNER, Turn.PREFECTURE, Role.DG_ARS, "La préfecture doit signer."),
        (State.ECHUE, Turn.BOTH, Role.REFERENT_ARS, "À vous et à la préfecture de préparer une nouvelle convention."),
        (
            State.DENONCEE, Turn.BOTH, Role.DPO,
            "On attend la préfecture et l’ARS pour préparer une nouvelle convention. Rien ne vous est demandé.",
        ),
        (State.SIGNEE, Turn.NOBODY, Role.REFERENT_ARS, "Rien n’est attendu pour l’instant."),
        (State.EN_VIGUEUR, Turn.NOBODY, None, "Rien n’est attendu pour l’instant."),
        (State.ABANDONNEE, Turn.NOBODY, Role.PREFET, "Ce texte est abandonné : rien n’est plus attendu."),
        (None, Turn.BOTH, Role.PREFET, "Aucune convention : à vous ou à l’ARS d’ouvrir un projet."),
        (None, Turn.BOTH, Role.DG_ARS, "Aucune convention : à vous ou à la préfecture d’ouvrir un projet."),
        (None, Turn.BOTH, Role.DESK_SANTE, "Aucune convention : la préfecture ou l’ARS doit ouvrir un projet."),
        (
            None, Turn.BOTH, Role.INSPECTEUR,
            "Aucune convention : on attend la préfecture ou l’ARS. Rien ne vous est demandé.",
        ),
    ],
)  # fmt: skip
def test_each_role_is_told_what_is_expected(state, turn, reader, sentence):
    assert turn_sentence(state, turn, reader=reader) == sentence


@pytest.mark.parametrize(
    ("vacant", "said"),
    [
        ({Side.ARS: on(-10)}, "référent radicalisation de l’ARS, poste vacant depuis le 22/12/2025"),
        ({Side.ARS: date.min}, "référent radicalisation de l’ARS, aucun poste"),
        ({Side.ARS: None, Side.PREFECTURE: on(-10)}, "référent radicalisation de l’ARS"),
    ],
)
def test_a_desk_is_told_when_nobody_holds_the_post_that_must_act(vacant, said):
    told = turn_sentence(State.RELECTURE, Turn.ARS, reader=Role.DESK_SANTE, vacant_since=vacant)
    assert told == f"L’ARS doit relire le texte ({said})."


@pytest.mark.parametrize(
    ("turn", "reader", "sentence"),
    [
        (Turn.PREFECTURE, Role.REFERENT_PREFECTURE, "À vous de faire signer le préfet de police."),
        (Turn.PREFECTURE, Role.DESK_SANTE, "La préfecture doit signer (préfet de police)."),
        (
            Turn.PREFECTURE, Role.COORDINATEUR_CPRAF,
            "Votre institution doit signer : c’est au préfet de police d’agir.",
        ),
        (Turn.ARS, Role.DESK_SANTE, "L’ARS doit signer (directeur général de l’ARS)."),
    ],
)  # fmt: skip
def test_the_representative_of_the_state_has_the_title_of_the_departement(turn, reader, sentence):
    told = turn_sentence(State.A_SIGNER, turn, reader=reader, representative="préfet de police")
    assert told == sentence


def test_a_reason_is_asked_to_go_back_or_out_of_turn():
    assert not step_needs_reason(State.PROJET, Step.RELECTURE, Turn.PREFECTURE, side=Side.PREFECTURE)
    assert step_needs_reason(State.PROJET, Step.RELECTURE, Turn.PREFECTURE, side=Side.ARS)
    assert step_needs_reason(State.RELECTURE, Step.PROJET, Turn.ARS, side=Side.ARS)
    assert step_needs_reason(State.A_SIGNER, Step.RELECTURE, Turn.BOTH, side=Side.ARS)
    assert not step_needs_reason(State.RELECTURE, Step.RELECTURE, Turn.ARS, side=Side.ARS)


def test_a_draft_given_up_takes_over_from_nothing():
    over = life(steps=DRAFTED, prefecture=25, ars=30, ends=50)
    draft = life(steps=((Step.PROJET, 60), (Step.ABANDONNEE, 70)))
    assert successor(over, [(2, draft)], on(59)) is None
    assert successor(over, [(2, draft)], on(69)) == Successor(key=2, since=None)
    assert successor(over, [(2, draft)], on(70)) is None


def test_a_convention_signed_comes_before_a_draft_and_an_older_one_takes_over_from_nothing():
    over = life(steps=DRAFTED, prefecture=25, ars=30, ends=50)
    older = life(steps=(), prefecture=1, ars=1, ends=20)
    newer = life(steps=(), prefecture=80, ars=80)
    draft = life(steps=((Step.PROJET, 60),))
    assert successor(over, [(1, older)], on(90)) is None
    assert successor(over, [(1, older), (2, draft), (3, newer)], on(90)) == Successor(key=3, since=on(80))


@pytest.mark.parametrize(
    ("day", "ends", "denounced", "read"),
    [
        (50, 50, None, None),
        (51, 50, None, (State.ECHUE, 51)),
        (44, 50, 45, None),
        (45, 50, 45, (State.DENONCEE, 45)),
        (60, 50, 60, (State.ECHUE, 51)),
        (90, None, None, None),
    ],
)
def test_a_text_is_a_memory_from_the_day_after_the_last_one(day, ends, denounced, read):
    facts = life(steps=(), prefecture=3, ars=3, ends=ends, denounced=denounced)
    found = ending(
        on(day), signed_on=facts.fully_signed_on, ends_on=facts.ends_on, denounced_on=facts.denounced_on
    )
    assert (found and (found.state, found.since)) == (read and (read[0], on(read[1])))


DELEGATED = Power(role=Role.PREFET, since=on(0), until=on(10), reference="Arrêté 12")


@pytest.mark.parametrize(("day", "expected"), [(-1, None), (0, DELEGATED), (10, DELEGATED), (11, None)])
def test_a_delegation_holds_from_its_first_to_its_last_day(day, expected):
    assert power_to_sign([DELEGATED], side=Side.PREFECTURE, on=on(day)) is expected


def test_own_right_comes_before_a_delegation_and_the_other_side_gives_none():
    own = Power(role=Role.PREFET, since=on(0), until=None)
    assert power_to_sign([DELEGATED, own], side=Side.PREFECTURE, on=on(5)) is own
    assert power_to_sign([DELEGATED, own], side=Side.ARS, on=on(5)) is None


def test_a_refusal_to_sign_names_the_day_the_power_and_who_could():
    said = refusal_to_sign(
        "Camille",
        side=Side.PREFECTURE,
        on=on(11),
        powers=[DELEGATED],
        able=[("Dominique", Power(role=Role.PREFET, since=on(0), until=None))],
    )
    assert "Le 12/01/2026, Camille ne pouvait pas signer pour la préfecture" in said
    assert "délégation Arrêté 12, du 01/01/2026 au 11/01/2026" in said
    assert "Dominique (préfet, depuis le 01/01/2026)" in said
    nobody = refusal_to_sign("Camille", side=Side.ARS, on=on(11), powers=[DELEGATED], able=[])
    assert "ni mandat de signataire ni délégation" in nobody
    assert "Personne ne pouvait signer ce jour-là" in nobody


periods = st.tuples(days, st.none() | days).map(
    lambda pair: (on(pair[0]), None if pair[1] is None else on(pair[1]))
)


@given(periods, periods)
def test_two_periods_meet_when_one_day_lies_in_both(first, second):
    def holds(period, day):
        return period[0] <= day and (period[1] is None or day < period[1])

    common = any(holds(first, on(day)) and holds(second, on(day)) for day in range(402))
    assert overlap(first, second) is common
    assert overlap(second, first) is common


def test_the_first_of_term_and_denunciation_ends_it():
    assert first_day_after(ends_on=on(10), denounced_on=on(5)) == on(5)
    assert first_day_after(ends_on=on(10), denounced_on=on(20)) == on(11)
    assert first_day_after(ends_on=None, denounced_on=None) is None


def version(number, text, act, day):
    return HeadingVersion(number=number, text=text, act=act, in_force_from=on(day))


def test_the_text_in_force_is_the_latest_act_that_rewrites_a_heading():
    versions = [
        version(1, "objet", "convention", 0),
        version(2, "rôles", "convention", 0),
        version(2, "rôles revus", "avenant n° 1", 100),
    ]
    assert consolidated(versions, on=on(-1)) == {}
    assert [v.text for v in consolidated(versions, on=on(99)).values()] == ["objet", "rôles"]
    assert {n: v.act for n, v in consolidated(versions, on=on(100)).items()} == {
        1: "convention",
        2: "avenant n° 1",
    }


texts = st.text(alphabet="ab \n", max_size=30)


@given(texts, texts)
def test_differences_rebuild_both_texts(before, after):
    pieces = differences(before, after)
    assert "".join(p.text for p in pieces if p.change is not Change.ADDED) == before
    assert "".join(p.text for p in pieces if p.change is not Change.REMOVED) == after
