"""The file of a questionnaire: read, written, refused with its line."""

import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traitdunion.barometer import questionnaire as q

EXAMPLE = q.example()
TEXT = q.write(EXAMPLE)


def test_the_example_has_the_announced_shape_and_says_that_it_is_one():
    assert EXAMPLE.is_example
    assert len(EXAMPLE.dimensions) == 9
    assert sum(each.family is not q.Family.META for each in EXAMPLE.items) == 14
    assert sum(each.family is q.Family.META for each in EXAMPLE.items) == 4
    assert [len(EXAMPLE.asked_of(side, pulse=True)) for side in q.SIDES] == [4, 4]
    for each in EXAMPLE.items:
        if each.family is q.Family.PROXY:
            assert "ARS" in each.wording["prefecture"]
            assert "préfecture" in each.wording["ars"]


def test_a_lawful_refusal_to_share_is_a_good_answer():
    secret = EXAMPLE.item("respect_secret")
    assert all("accepte sans insister" in wording for wording in secret.wording.values())


def test_what_is_written_is_read_back_to_the_byte():
    assert q.read(TEXT) == EXAMPLE
    assert q.write(q.read(TEXT)) == TEXT


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('family = "meta"', 'family = "mta"', "champ « item[15].family » : vaut proxy"),
        (
            'guesses = "joindre"',
            'guesses = "inconnue"',
            "champ « item[15].guesses » : « inconnue » n’est pas une",
        ),
        ('guesses = "joindre"', 'guesses = "but_commun"', "« but_commun » est d’une autre dimension que"),
        ('guesses = "joindre"', 'guesses = "deviner_respect"', "« deviner_respect » devine déjà elle-même"),
        ('guesses = "joindre"', "guesses = 3", "champ « item[15].guesses » : est un texte d’une ligne"),
        (
            "pulse = true",
            'guesses = "joindre"',
            "champ « item[1].guesses » : ne se donne que pour une question meta",
        ),
        ("wording_version = 1", 'wording_version = "1"', "champ « item[1].wording_version »"),
        ("wording_version = 1", "wording_version = true", "champ « item[1].wording_version »"),
        ('id = "buts"', 'id = "Buts"', "champ « dimension[4].id »"),
        ('id = "buts"', 'id = "roles"', "est déjà pris"),
        ('dimension = "roles"', 'dimension = "rangs"', "champ « item[8].dimension »"),
        ('"toujours"]', '"souvent"]', "champ « scale.frequencies » : donne cinq libellés différents"),
        ("pulse = true", "pulse = 1", "champ « item[1].pulse »"),
        ("pulse = true", "poids = 2", "champ « item[1].poids » : est inconnu ici"),
        ("format = 1", "format = 2", "champ « format » : vaut 1"),
        (
            'ars = "Dans nos réunions',
            'justification = "Dans nos réunions',
            "la question est posée aux deux côtés",
        ),
        ("is_example = true", "is_example = true true", "n’est pas du TOML"),
        ("format = 1", "format = true", "champ « format » : vaut 1"),
        ('family = "proxy"', "family = []", "champ « item[1].family » : vaut proxy"),
        ('dimension = "buts"', "dimension = {}", "champ « item[7].dimension »"),
        ("wording_version = 1", f"wording_version = {'9' * 5000}", "porte un nombre démesuré"),
        ("wording_version = 1", "wording_version = 2_000_000", "champ « item[1].wording_version »"),
        ("version = ", '"a\\nb" = 1\nversion = ', "champ « a�b » : est inconnu ici"),
    ],
)
def test_a_fault_names_its_line_and_its_field(before, after, said):
    text = TEXT.replace(before, after, 1)

    with pytest.raises(q.QuestionnaireError) as refusal:
        q.read(text)

    assert said in str(refusal.value)
    line = int(re.match(r"Ligne (\d+)", str(refusal.value))[1])
    assert "\n" not in str(refusal.value)
    named = re.search(r"champ « (?:\w+\[\d+\]|scale)?\.?(\w+) »", str(refusal.value))
    if named and "réunions" not in before:
        assert text.splitlines()[line - 1].startswith(named[1])


def test_a_dimension_that_nothing_measures_is_refused():
    alone = TEXT.replace("[[item]]", '[[dimension]]\nid = "vide"\ntitle = "Vide"\n\n[[item]]', 1)
    with pytest.raises(q.QuestionnaireError, match="« vide » n’a aucune question qui la mesure"):
        q.read(alone)


def lone(**wording):
    """Return the TOML of a dimension that a question measures, and that a guess speaks of."""
    target, guess = EXAMPLE.item("joindre"), EXAMPLE.item("deviner_joignabilite")
    items = (replace(target, wording=wording), guess)
    return q.write(replace(EXAMPLE, items=items, dimensions=EXAMPLE.dimensions[:1]))


def test_a_guess_aims_at_a_question_put_to_the_other_side():
    with pytest.raises(q.QuestionnaireError, match="« joindre » n’est pas posée à l’autre côté"):
        q.read(lone(ars="Nous savons qui appeler."))
    assert q.read(lone(ars="Nous savons.", prefecture="Nous savons.")).guess("joignabilite", "ars")


def test_a_side_guesses_once_on_a_dimension():
    guess = EXAMPLE.item("deviner_joignabilite")
    again = replace(guess, id="encore", guesses="repondre_a_temps")
    twice = q.write(replace(EXAMPLE, items=(*EXAMPLE.items, again)))

    with pytest.raises(
        q.QuestionnaireError, match=r"champ « item\[19\].dimension » : .* une seule par dimension"
    ):
        q.read(twice)
    by_side = [replace(guess, id=side, wording={side: "Que répond l’autre ?"}) for side in q.SIDES]
    others = [item for item in EXAMPLE.items if item.id != guess.id]
    split = q.read(q.write(replace(EXAMPLE, items=(*others, *by_side))))
    assert [split.guess("joignabilite", side).id for side in q.SIDES] == list(q.SIDES)


def test_a_version_kept_before_guesses_had_a_target_is_read_and_not_imported():
    old = re.sub(r'guesses = "\w+"\n', "", TEXT)

    with pytest.raises(
        q.QuestionnaireError, match=r"champ « item\[15\].guesses » : est l’identifiant de la"
    ) as refusal:
        q.read(old)
    line = int(re.match(r"Ligne (\d+)", str(refusal.value))[1])
    assert old.splitlines()[line - 1 : line + 1] == ["[[item]]", 'id = "deviner_joignabilite"']
    kept = q.read(old, is_kept=True)
    assert len(kept.aimless()) == 4
    assert kept.guess("joignabilite", "ars") is None
    assert EXAMPLE.aimless() == []
    assert q.read(TEXT, is_kept=True) == EXAMPLE


def test_every_guess_of_the_example_aims_at_one_question_and_the_list_says_which():
    aims = {each["id"]: each["guesses"] for each in q.as_json(EXAMPLE)["items"] if each["guesses"]}

    assert aims == {
        "deviner_joignabilite": "joindre", "deviner_but": "but_commun",
        "deviner_respect": "respect_secret", "deviner_circuit": "circuit_reel",
    }  # fmt: skip
    # Only on a common object may one tell a misunderstanding from a disagreement: two of the four, by design.
    families = sorted(EXAMPLE.item(target).family for target in aims.values())
    assert families == [q.Family.COMMON, q.Family.COMMON, q.Family.PROXY, q.Family.PROXY]


def reworded(**changes):
    items = [
        replace(each, wording={**each.wording, "ars": "Autrement dit."}, wording_version=2, **changes)
        if each.id == "but_commun"
        else each
        for each in EXAMPLE.items
    ]
    return replace(EXAMPLE, items=tuple(items))


def test_a_new_wording_breaks_the_comparison_unless_it_is_justified():
    assert reworded().item("but_commun").wording_version == 2
    assert q.comparable(EXAMPLE, EXAMPLE, "buts")
    assert not q.comparable(EXAMPLE, reworded(), "buts")
    assert q.comparable(EXAMPLE, reworded(), "roles")
    assert q.comparable(EXAMPLE, reworded(justification="Une coquille."), "buts")


def test_a_question_more_breaks_the_comparison():
    fewer = replace(EXAMPLE, items=tuple(each for each in EXAMPLE.items if each.id != "convention_connue"))
    assert not q.comparable(fewer, EXAMPLE, "convention")


printable = st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), min_size=1, max_size=60).filter(
    str.strip
)


@given(printable, printable)
def test_any_wording_survives_the_file(name, wording):
    changed = replace(EXAMPLE, name=name, items=(replace(EXAMPLE.items[0], wording={"ars": wording}),),
                      dimensions=EXAMPLE.dimensions[:1])  # fmt: skip
    assert q.read(q.write(changed)) == changed


ODD = [
    "[]",
    "{}",
    "[[]]",
    "{ a = 1 }",
    "1.5",
    "nan",
    "-inf",
    "-1",
    "9" * 5000,
    "0x7fffffffffffffff",
    "true",
    "''",
]
ODD += [
    "2026-01-01",
    "10:00:00",
    '"\\u0000"',
    '"\\u2028"',
    '"""\na"""',
    '"é"',
    "[1, 2, 3, 4, 5]",
    '["a"]',
    '"a" # b',
]
SETTINGS = [at for at, line in enumerate(TEXT.split("\n")) if " = " in line]


@given(st.sampled_from(SETTINGS), st.sampled_from(ODD), st.sampled_from(SETTINGS), st.sampled_from(ODD))
def test_any_value_in_any_field_is_read_or_refused_in_one_line(first, value, second, other):
    lines = TEXT.split("\n")
    for at, put in ((first, value), (second, other)):
        lines[at] = f"{lines[at].split(' = ')[0]} = {put}"

    try:
        found = q.read("\n".join(lines))
    except q.QuestionnaireError as refusal:
        assert re.match(r"Ligne \d+[ ,].+\.$", str(refusal))  # noqa: PT017  # both ends are fine
    else:
        assert q.read(q.write(found)) == found


@given(st.text(max_size=300) | st.builds(lambda at, put: TEXT[:at] + put + TEXT[at + 1 :],
                                         st.integers(0, len(TEXT)), st.text(max_size=3)))  # fmt: skip
def test_any_text_is_read_or_refused(text):
    with suppress(q.QuestionnaireError):
        q.read(text)


def test_the_guide_shows_a_questionnaire_that_is_read():
    guide = (Path(__file__).parents[2] / "docs" / "questionnaire.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"```toml\n(.+?)```", guide, flags=re.DOTALL)
    found = q.read(shown)
    assert q.write(found) == shown
    assert found.items[0] == EXAMPLE.items[0]
    fields = set(re.findall(r"^\| `(?:\w+\.)?(\w+)`", guide, flags=re.MULTILINE))
    assert fields >= {
        "format",
        "id",
        "wording_version",
        "family",
        "dimension",
        "pulse",
        "justification",
        "not_applicable",
    }
