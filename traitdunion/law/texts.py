"""The texts that the product knows, by the short name that commands and pages use."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from traitdunion.law import d2018
from traitdunion.law.citation import Mark
from traitdunion.law.deadlines import LAW
from traitdunion.law.families import NOT_DELAYS
from traitdunion.law.obligation import Applied, Law, Rule, Version
from traitdunion.law.provision import Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text.

    Attributes:
        name: « csp-l3211 ».
        title: its French title and the articles that are told.
        address: where it is read officially.
        module: file of ``law`` that tells it.
        wordings: items of a decree, empty for a text of deadlines.
        left_out: what was not told, and why, in French.
        questions: what a jurist is asked before a rule is enforced, in French.
    """

    name: str
    title: str
    address: str
    module: str
    wordings: tuple[Wording, ...] = ()
    left_out: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()

    def rules(self, law: Law = LAW) -> list[Rule]:
        """Return the obligations that this text states, in the order of its file."""
        return [rule for rule in law.rules.values() if rule.apply.__module__ == self.module]


ENDS: Final = (
    "Plusieurs articles de la copie lue s’arrêtent au 1er janvier 2029, parce qu’ils citent l’article 706-135 du CPP : "
    "lesquels, et par quoi sont-ils remplacés (point ouvert O9) ?"
)
CSP: Final = "https://www.legifrance.gouv.fr/codes/texte_lc/LEGITEXT000006072665"


def _csp(name: str, articles: str, *left_out: str, questions: tuple[str, ...] = ()) -> Text:
    return Text(
        name=f"csp-{name}",
        title=f"Code de la santé publique, {articles}",
        address=CSP,
        module=f"traitdunion.law.csp_{name}",
        left_out=left_out,
        questions=questions,
    )


TEXTS: Final[Mapping[str, Text]] = {
    text.name: text
    for text in (
        _csp(
            "l1111",
            "article L. 1111-7",
            questions=(
                "I6 : les huit jours comptent-ils le jour de la demande ? Le décompte le plus court est retenu.",
            ),
        ),
        _csp(
            "l3211",
            "articles L. 3211-1 à L. 3211-13",
            "I5 (art. L. 3211-5) : après les soins, les antécédents psychiatriques ne sont pas opposables.",
            "J8 (art. L. 3211-12-5) : après une mainlevée acquise, un programme de soins est possible aussitôt, sans "
            "nouvelle observation ; c’est une faculté.",
            questions=(
                (
                    "J9 : les 12 jours d’une demande de mainlevée suivent-ils R. 3211-25, ou le décompte ordinaire ? "
                    "Le décompte le plus court est montré, sans être opposé (point ouvert O8)."
                ),
                "J4 : la saisine « 15 jours avant » la fin des six mois : le dernier jour est-il compté ?",
                "E1 et E2 s’appliquent-ils aux modes JUD et DET ? L’article lu vise les chapitres II et III.",
            ),
        ),
        _csp(
            "l3212",
            "articles L. 3212-1 à L. 3212-12",
            questions=(
                "D1 et D2 : de quel jour part le mois de l’article L. 3212-7, et quand finit-il (point ouvert O8) ?",
                (
                    "D3 : la première évaluation est due « au plus tard avec le certificat mensuel qui suit » "
                    "l’anniversaire : un mois de plus est retenu comme terme."
                ),
                "E4 : pas de délai écrit pour la décision de maintien ; la fin des 72 heures est la date prudente.",
            ),
        ),
        _csp(
            "l3213",
            "articles L. 3213-1 à L. 3213-11",
            "P14 (art. L. 3213-4) : le préfet peut à tout moment mettre fin à la mesure sur avis d’un psychiatre ou "
            "proposition de la CDSP ; c’est une faculté.",
            questions=(
                "E5 et P4 : trois jours francs : ni le premier ni le dernier jour ne compte (C9).",
                "P1 : même quantième : admission le 5 février, terme le 5 mars, date prudente le 4 mars (C8).",
                "P2 et P3 : fin du mois et des périodes, même quantième (point ouvert O8).",
                "P9 et P10 : aucun texte lu ne dit le décompte des 7 et des 10 jours ; le plus court est retenu.",
            ),
        ),
        _csp(
            "l3222",
            "articles L. 3222-2 et L. 3222-5-1",
            questions=(
                (
                    "Dans la version lue, l’alinéa sur les durées de la contention suit le premier alinéa du II : "
                    "accident probable de rédaction. Les heures font foi, non l’ordre des alinéas."
                ),
                "S12 : comment se cumulent, sur quinze jours, des mesures séparées de plus de 48 heures ?",
            ),
        ),
        _csp(
            "l3223",
            "articles L. 3223-1 et R. 3223-1 à R. 3223-11",
            "K1 : la CDSP est informée par les actes D8, D5 et P11.",
            "K5 : secrétariat par l’ARS, membres tenus au secret (art. R. 3223-7 et L. 3223-2).",
            "K7 : la CDSP peut proposer au juge de lever, ou le demander au directeur (D6) ; c’est une faculté.",
            questions=("K2, K4 et K6 : aucun texte lu ne dit comment ces mois se comptent.",),
        ),
        _csp("r3211", "articles R. 3211-1 à R. 3211-45", *NOT_DELAYS.values(), questions=(ENDS,)),
        Text(
            name="d2018",
            title="Décret n° 2018-383 du 23 mai 2018 (HOPSYWEB)",
            address="https://www.legifrance.gouv.fr/loda/id/JORFTEXT000036936873",
            module="traitdunion.law.d2018",
            wordings=d2018.WORDINGS,
            left_out=(
                "Articles 2 et suivants, consolidés après 2022 : non lus (champs, accédants, journaux, droits).",
            ),
            questions=(
                "Texte complet des articles 2 et suivants après 2022 (O1), article 2-1 après 2022 (O2).",
                "Article et durée de conservation des journaux (O3).",
                "Conservation : lecture A ou B (O4), à choisir par le responsable, par décision datée.",
                "Texte exact du 5° b de l’article 1 (O5).",
            ),
        ),
    )
}


def version_on(rule: Rule, day: date) -> Version | None:
    """Return the version of a rule in force on a day, None before the first."""
    return next((version for version in reversed(rule.versions) if version.since <= day), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A rule whose version differs between two days; ``before`` or ``after`` is None when it does not exist."""

    rule: Rule
    before: Version | None
    after: Version | None

    @property
    def says(self) -> str:
        """Tell in French what changed."""
        if self.before is None:
            return f"apparaît : {_told(self.rule, self.after)}"
        if self.after is None:
            return f"disparaît : {_told(self.rule, self.before)}"
        old, new = Applied(self.rule, self.before), Applied(self.rule, self.after)
        changes = []
        if old.span != new.span:
            changes.append(f"délai : {old.span} → {new.span}")
        if old.version.citation.status is not new.version.citation.status:
            changes.append(f"lecture : {old.version.citation.status} → {new.version.citation.status}")
        return " ; ".join(changes)


def _told(rule: Rule, version: Version | None) -> str:
    if version is None:
        return ""
    applied = Applied(rule, version)
    mark = "" if applied.status is Mark.READ else f" ({applied.status})"
    return f"{rule.act}, {applied.span}{mark}"


def moved(text: Text, start: date, end: date, *, law: Law = LAW) -> list[Moved]:
    """Return the rules of a text that two days do not tell alike."""
    found = []
    for rule in text.rules(law):
        change = Moved(rule=rule, before=version_on(rule, start), after=version_on(rule, end))
        if change.before is not change.after and change.says:
            found.append(change)
    return found
