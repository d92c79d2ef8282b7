"""Criteria: read, compared, and the conclusion they give with its reasons."""

from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import traitdunion.reviews
from traitdunion.reviews import criteria
from traitdunion.reviews.criteria import Criteria, CriteriaError, Criterion, judge, read
from traitdunion.reviews.kinds import Answer, Conclusion, Operator

EXAMPLE = (Path(traitdunion.reviews.__file__).parent / "data" / "criteres_exemple.toml").read_text(
    encoding="utf-8"
)
ONE = """nom = "Essai"
exemple = true
[[critere]]
id = "reunions"
intitule = "Réunion tenue"
definition = "Au moins une réunion."
denominateur = "Aucun"
operateur = ">="
seuil = "1"
chiffre = "reunions-tenues"
"""


def criterion(name, operator=Operator.AT_LEAST, value="1"):
    return Criterion(
        id=name,
        label=f"Critère {name}",
        definition="d",
        denominator="n",
        operator=operator,
        value=Decimal(value),
        figure=name,
    )


def version(*names):
    return Criteria(name="Essai", is_example=True, items=[criterion(name) for name in names])


answers = st.dictionaries(
    st.sampled_from("abcdef"),
    st.one_of(st.none(), st.sampled_from([Decimal(0), Decimal(1), Decimal(2)])),
    min_size=1,
)


class TestReading:
    def test_the_shipped_criteria_say_that_they_are_an_example(self):
        shipped = read(EXAMPLE)

        assert shipped.is_example
        assert "xemple" in shipped.name
        assert len(shipped.items) == 7
        assert all(item.definition and item.denominator for item in shipped.items)

    def test_no_shipped_criterion_adds_weighs_or_ranks(self):
        for word in ("score", "indice", "rang", "classement", "pondér", "moyenne"):
            assert word not in EXAMPLE.casefold()

    @pytest.mark.parametrize(
        ("before", "after", "said"),
        [
            ('nom = "Essai"', "", "« nom » manque"),
            ("exemple = true", "", "exemple = true"),
            ("exemple = true", 'exemple = "oui"', "exemple = true"),
            ('definition = "Au moins une réunion."', "", "« definition » manque"),
            ('denominateur = "Aucun"', 'denominateur = "  "', "« denominateur » manque"),
            ('seuil = "1"', "seuil = 1.5", "« seuil » manque"),
            ('seuil = "1"', 'seuil = "un"', "n’est pas un nombre"),
            ('seuil = "1"', 'seuil = "NaN"', "n’est pas un nombre fini"),
            ('operateur = ">="', 'operateur = ">"', "ne compare rien"),
            ('chiffre = "reunions-tenues"', 'chiffre = "Réunions"', "n’est pas un nom"),
            ("[[critere]]", "[critere]", "On attend de un à"),
            ("[[critere]]", "[[critere]", "TOML"),
            ('chiffre = "reunions-tenues"', 'chiffre = "reunions-tenues"\npoids = "3"', "« poids », inconnu"),
        ],
    )
    def test_what_is_wrong_is_said(self, before, after, said):
        with pytest.raises(CriteriaError, match=said):
            read(ONE.replace(before, after, 1))

    def test_two_criteria_of_one_name_are_refused(self):
        with pytest.raises(CriteriaError, match="Deux critères"):
            read(ONE + ONE[ONE.index("[[critere]]") :])

    @given(st.text(max_size=200))
    def test_any_text_is_read_or_refused(self, text):
        with pytest.raises(CriteriaError):
            read(text + "\nx = ")

    @given(st.text(alphabet='nomexpl =true"[]crit\n', max_size=80))
    def test_no_text_breaks_the_reader(self, text):
        with suppress(CriteriaError):
            read(text)


class TestThreshold:
    @pytest.mark.parametrize(
        ("operator", "found", "answer"),
        [
            (Operator.AT_LEAST, "1", Answer.MET),
            (Operator.AT_LEAST, "0.99", Answer.UNMET),
            (Operator.AT_MOST, "1", Answer.MET),
            (Operator.AT_MOST, "1.01", Answer.UNMET),
            (Operator.EQUAL, "1.0", Answer.MET),
            (Operator.EQUAL, "2", Answer.UNMET),
        ],
    )
    def test_the_threshold_itself_is_in(self, operator, found, answer):
        assert criterion("a", operator).answer(Decimal(found)) is answer

    @pytest.mark.parametrize("operator", list(Operator))
    def test_no_figure_is_no_answer(self, operator):
        assert criterion("a", operator).answer(None) is Answer.MISSING


class TestConclusion:
    def test_all_met_is_satisfying(self):
        judged = judge(version("a", "b"), {"a": Decimal(1), "b": Decimal(3)})

        assert judged.conclusion is Conclusion.SATISFAISANT
        assert judged.missing == []
        assert judged.explanation[0] == (
            "Satisfaisant : tous les critères sont atteints (sur 2 : 2 atteints, 0 non atteint, 0 sans réponse)."
        )

    def test_one_unmet_is_enough_whatever_is_missing(self):
        judged = judge(version("a", "b"), {"a": Decimal(0)})

        assert judged.conclusion is Conclusion.A_RENFORCER
        assert judged.missing == ["b"]

    def test_a_missing_answer_is_never_taken_for_a_yes(self):
        judged = judge(version("a", "b"), {"a": Decimal(1), "b": None})

        assert judged.conclusion is Conclusion.NON_CONCLUANT
        assert judged.missing == ["b"]
        assert "Critère b : sans réponse (aucun chiffre ; seuil : au moins 1)" in judged.explanation

    @given(answers)
    def test_every_criterion_is_explained(self, values):
        judged = judge(version(*sorted(values)), values)

        assert len(judged.explanation) == 1 + len(values)
        assert judged.missing == sorted(name for name, value in values.items() if value is None)

    @given(answers, st.sampled_from("abcdef"))
    def test_taking_an_answer_away_never_makes_it_satisfying(self, values, name):
        whole = judge(version(*sorted(values)), values)
        less = judge(version(*sorted(values)), {**values, name: None} if name in values else values)

        if whole.conclusion is not Conclusion.SATISFAISANT:
            assert less.conclusion is not Conclusion.SATISFAISANT

    @given(answers)
    def test_the_order_of_the_criteria_does_not_matter(self, values):
        forward = judge(version(*sorted(values)), values)
        backward = judge(version(*sorted(values, reverse=True)), values)

        assert forward.conclusion is backward.conclusion

    def test_the_result_holds_no_number_of_its_own(self):
        # A conclusion is a word and its reasons: nothing in it can be sorted into a league table.
        assert set(criteria.Judgement.__slots__) == {"conclusion", "findings", "explanation", "missing"}
