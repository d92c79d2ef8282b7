"""Closed lists about the quarterly bilans."""

from traitdunion.core.choices import Kind


class Level(Kind):
    """At what level two institutions sign one bilan."""

    DEPARTEMENT = "departement", "département"
    NATIONAL = "national", "national"


class Party(Kind):
    """An institution that signs: one pair in a département, another at national level."""

    PREFECTURE = "prefecture", "préfecture"
    ARS = "ars", "ARS"
    SANTE = "sante", "ministère chargé de la santé"
    INTERIEUR = "interieur", "ministère de l’intérieur"


class Voice(Kind):
    """Who speaks in a paragraph: both together, or one institution that states its own position."""

    COMMUNE = "commune", "texte commun"
    PREFECTURE = "prefecture", "position de la préfecture"
    ARS = "ars", "position de l’ARS"
    SANTE = "sante", "position du ministère chargé de la santé"
    INTERIEUR = "interieur", "position du ministère de l’intérieur"


class Step(Kind):
    """What the parties declare while a version is written."""

    ECRITURE = "ecriture", "en écriture"
    RELECTURE = "relecture", "en relecture"
    A_SIGNER = "a_signer", "à signer"


class State(Kind):
    """Where a bilan stands on a day, computed from dates, steps and signatures."""

    A_OUVRIR = "a_ouvrir", "à ouvrir"
    OUVERT = "ouvert", "ouvert"
    RELECTURE = "relecture", "en relecture"
    A_SIGNER = "a_signer", "à signer"
    UNE_PARTIE = "une_partie", "signé par une seule partie"
    SIGNE = "signe", "signé"
    PERIME = "perime", "périmé"

    @property
    def tone(self) -> str:
        """How loudly the state speaks on a page."""
        return {
            State.A_OUVRIR: "neutral",
            State.OUVERT: "info",
            State.RELECTURE: "new",
            State.A_SIGNER: "new",
            State.UNE_PARTIE: "warning",
            State.SIGNE: "success",
            State.PERIME: "error",
        }[self]


class Rung(Kind):
    """What the calendar of a bilan has reached; the last one brings in the région."""

    OPENING = "opening", "ouverture"
    FIRST = "first", "premier rappel"
    LAST = "last", "dernier rappel"
    LATE = "late", "terme passé"
    ESCALATION = "escalation", "région avertie"


class Operator(Kind):
    """How a figure is compared with a threshold."""

    AT_LEAST = ">=", "au moins"
    AT_MOST = "<=", "au plus"
    EQUAL = "=", "exactement"


class Answer(Kind):
    """What a criterion finds."""

    MET = "atteint", "atteint"
    UNMET = "non atteint", "non atteint"
    MISSING = "sans réponse", "sans réponse"


class Conclusion(Kind):
    """What a bilan concludes. « Non concluant » is a valid outcome."""

    SATISFAISANT = "satisfaisant", "satisfaisant"
    A_RENFORCER = "à renforcer", "à renforcer"
    NON_CONCLUANT = "non concluant", "non concluant"


class Fate(Kind):
    """What became of a commitment."""

    A_TENIR = "à tenir", "à tenir"
    TENU = "tenu", "tenu"
    NON_TENU = "non tenu", "non tenu"
    ABANDONNE = "abandonné", "abandonné"


class Owner(Kind):
    """Who owes a commitment."""

    PREFECTURE = "prefecture", "préfecture"
    ARS = "ars", "ARS"
    SANTE = "sante", "ministère chargé de la santé"
    INTERIEUR = "interieur", "ministère de l’intérieur"
    COMMUN = "commun", "les deux institutions"
