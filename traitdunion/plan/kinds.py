"""Closed lists of the plan."""

from traitdunion.core.choices import Kind


class Provenance(Kind):
    """Who says it. Shown beside every text of the plan."""

    OFFICIAL = "official", "officiel"
    OURS = "ours", "rédaction Trait d’union"
    SYNTHETIC = "synthetic", "synthétique"


class ActionState(Kind):
    """Where an action stands, computed from its facts."""

    A_LANCER = "a_lancer", "à lancer"
    EN_COURS = "en_cours", "en cours"
    BLOQUEE = "bloquee", "bloquée"
    EN_RETARD = "en_retard", "en retard"
    REALISEE = "realisee", "réalisée"
    ABANDONNEE = "abandonnee", "abandonnée"


class MeasureState(Kind):
    """Where a measure stands, computed from its actions and its statements."""

    SANS_ACTION = "sans_action", "aucune action ouverte"
    A_LANCER = "a_lancer", "à lancer"
    EN_COURS = "en_cours", "en cours"
    EN_DIFFICULTE = "en_difficulte", "en difficulté"
    REALISEE = "realisee", "réalisée"


class EventKind(Kind):
    """What happened to an action."""

    LANCEE = "lancee", "lancée"
    REALISEE = "realisee", "réalisée"
    ROUVERTE = "rouverte", "rouverte"
    ABANDONNEE = "abandonnee", "abandonnée"


class BlockerCause(Kind):
    """Why an action cannot go on."""

    POSTE_VACANT = "poste_vacant", "poste vacant"
    CADRE_JURIDIQUE = "cadre_juridique", "cadre juridique à préciser"
    DECISION = "decision", "décision attendue"
    MOYENS = "moyens", "moyens manquants"
    PARTENAIRE = "partenaire", "partenaire indisponible"
    OUTIL = "outil", "outil ou données manquants"
    CALENDRIER = "calendrier", "calendrier"


class OriginKind(Kind):
    """Where an action comes from. Other parts of the product open actions here with their own origin."""

    MEASURE = "measure", "mesure du plan"
    CONVENTION_CLAUSE = "convention_clause", "clause de convention"
    BAROMETER_GAP = "barometer_gap", "écart du baromètre"
    LESSON = "lesson", "enseignement d’un retour d’expérience"
    RECOMMENDATION = "recommendation", "recommandation"


# The measure that asks for conventions. Its page counts apart the actions that clauses open: they belong to a
# département, and its state follows from its own actions only.
MEASURE_OF_ORIGIN = {OriginKind.CONVENTION_CLAUSE: "38"}


class Owner(Kind):
    """Which side of the dyad owes the action; a national action has none."""

    PREFECTURE = "prefecture", "préfecture"
    ARS = "ars", "ARS"
    BOTH = "both", "préfecture et ARS"


class EvidenceKind(Kind):
    """What a proof is made of."""

    TEXT = "text", "texte officiel"
    PAGE = "page", "page publiée"
    FILE = "file", "document déposé"


class ProofState(Kind):
    """Whether a statement is still proved."""

    PROVEN = "proven", "prouvé"
    EXPIRED = "expired", "preuve expirée"
    UNPROVEN = "unproven", "sans preuve"


class Unit(Kind):
    """How an indicator is read."""

    SHARE = "share", "part (numérateur sur dénominateur)"
    COUNT = "count", "nombre"
    DAYS = "days", "jours"

    @property
    def mark(self) -> str:
        """What follows a figure in this unit, its space included; nothing after a count."""
        return {Unit.SHARE: " %", Unit.DAYS: " jours"}.get(self, "")


class Periodicity(Kind):
    """How often an indicator is measured."""

    MONTH = "month", "chaque mois"
    QUARTER = "quarter", "chaque trimestre"
    YEAR = "year", "chaque année"
    ONCE = "once", "une fois"


class Progress(Kind):
    """Which way an indicator should go."""

    HAUSSE = "hausse", "hausse"
    BAISSE = "baisse", "baisse"


class LineKind(Kind):
    """What a line of the plan's table is about."""

    AXE = "axe", "axe"
    SECTION = "section", "section"
    MESURE = "mesure", "mesure"
    INDICATEUR = "indicateur", "indicateur"
    CIBLE = "cible", "cible"
    VALEUR = "valeur", "valeur"
    ACTION = "action", "action"
    FAIT = "fait", "fait"
    BLOCAGE = "blocage", "blocage"
    PREUVE = "preuve", "preuve"
    ENONCE = "enonce", "énoncé"
