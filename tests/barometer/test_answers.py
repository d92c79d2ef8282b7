"""The table of answers: what is read, and what is refused with its row."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from traitdunion.barometer.answers import AnswersError, read_csv
from traitdunion.barometer.questionnaire import example

NAMES = {"01": "Ain", "02": "Aisne", "2A": "Corse-du-Sud", "67": "Bas-Rhin"}
HEAD = "wave,departement,side,respondent,item,value\n"
GOOD = HEAD + "T1,67,prefecture,a,joindre,4\nT1,67,ars,b,joindre,NSP\nT1,67,ars,b,but_commun,SO\n"


def read(text):
    return read_csv(text.encode() if isinstance(text, str) else text, example(), NAMES)


def test_answers_are_laid_out_by_respondent_and_item():
    [wave] = read("\ufeff" + GOOD)

    joindre, but = wave.items.index("joindre"), wave.items.index("but_commun")
    assert (wave.wave, wave.departements, wave.side.tolist()) == ("T1", ["67"], [0, 1])
    assert wave.value[0, joindre] == 4
    assert np.isnan(wave.value[1]).all()
    assert wave.dont_know[1, joindre]
    assert wave.not_applicable[1, but]
    assert [wave.asked(rank) for rank in (joindre, but, 2)] == [True, True, False]


def test_columns_may_come_in_any_order_and_a_zero_may_be_lost():
    swapped = (
        "value,item,respondent,side,departement,wave\n4,joindre,a,prefecture,1,T1\n5,joindre,b,ars,01,T1\n"
    )
    [wave] = read(swapped)
    assert wave.departements == ["01"]


def test_waves_come_in_the_order_of_their_names_wherever_their_rows_are():
    rows = [
        f"2026-{number},67,{side},a{side},joindre,4\n"
        for side in ("ars", "prefecture")
        for number in (10, 2, 1)
    ]
    assert [wave.wave for wave in read(HEAD + "".join(rows))] == ["2026-1", "2026-2", "2026-10"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Ligne 1 : le fichier est vide"),
        ("\n", "Ligne 1 : le fichier est vide"),
        (HEAD, "ne contient aucune réponse"),
        (GOOD.replace("value\n", "valeur\n", 1), "Ligne 1 : il manque la colonne « value »"),
        (GOOD.replace("value\n", "value,value\n", 1), "Ligne 1 : la colonne « value » est en trop"),
        (GOOD + "T1,67,ars,b\n", "Ligne 5 : 4 cellules, on en attend 6"),
        (GOOD + "T1,67,ars,c,joindre,6\n", "Ligne 5 : la réponse vaut « 6 »"),
        (GOOD + "T1,67,ars,c,joindre,\n", "Ligne 5 : la réponse vaut «  »"),
        (GOOD + "T1,67,ars,b,joindre,3\n", "Ligne 5 : le répondant « b » répond deux fois"),
        (GOOD + "T1,67,prefecture,b,joindre,3\n", "Ligne 5 : le répondant « b » a déjà répondu"),
        (GOOD + "T1,01,ars,b,joindre,3\n", "Ligne 5 : le répondant « b » a déjà répondu"),
        (GOOD + "T1,68,ars,c,joindre,3\n", "Ligne 5 : « 68 » n’est pas le code d’un des 101 départements"),
        (GOOD + "T1,67,police,c,joindre,3\n", "Ligne 5 : le côté vaut « police »"),
        (GOOD + "T1,67,ars,c,joindr,3\n", "Ligne 5 : la question « joindr » n’est pas dans le questionnaire"),
        (GOOD + "T1,67,ars,,joindre,3\n", "Ligne 5 : le répondant est vide"),
        (GOOD + f"{'T' * 200},67,ars,c,joindre,3\n", "Ligne 5 : le nom de la vague est vide, ou"),
        (
            GOOD + "T2,67,ars,c,joindre,3\n",
            "Ligne 5 : la vague « T2 » n’a de réponses que d’un côté ; il manque",
        ),
        (GOOD + 'T1,67,ars,"c,joindre,3\n', "n’est pas un CSV lisible"),
        (GOOD.replace(",", ";"), "Ligne 1 : les colonnes sont séparées par des points-virgules"),
        (GOOD + 'T1,67,ars,c,joindre,"6\n7"\n', "Ligne 6 : la réponse vaut « 6�7 »"),
        (GOOD + 'T1,"6\n8",ars,c,joindre,6\n', "Ligne 6 : « 6�8 » n’est pas le code"),
        (GOOD + "T1,67,ars,c\u202e,joindr\u2028,6\n", "Ligne 5 : la réponse vaut « 6 »"),
        (GOOD + "T1,67,ars,c,joindr\u2028e,4\n", "Ligne 5 : la question « joindr�e »"),
        (GOOD + f"T1,67,ars,c,joindre,{'x' * 200_000}\n", "Ligne 5 : le fichier n’est pas un CSV lisible"),
        (GOOD.encode() + "é".encode("cp1252"), "Ligne 5 : le fichier n’est pas en UTF-8"),
        (GOOD + "T1,67,ars,c\x00,joindre,3\n", "Ligne 5 : le répondant est vide, ou n’est pas un texte"),
    ],
)
def test_a_fault_is_one_sentence_with_its_row(text, said):
    with pytest.raises(AnswersError) as refusal:
        read(text)
    assert said in str(refusal.value)
    assert len(str(refusal.value).splitlines()) == 1


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode) | st.builds(
    lambda at, put: (GOOD[:at] + put + GOOD[at + 1 :]).encode(), st.integers(0, len(GOOD)),
    st.text("aT16,\"\n7é", max_size=4),
))  # fmt: skip
def test_any_file_is_read_or_refused(content):
    with suppress(AnswersError):
        read(content)
