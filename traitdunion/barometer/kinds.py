"""Closed lists about the campaigns of the baromètre."""

from traitdunion.core.choices import Kind
from traitdunion.identity.kinds import Role, Side


class Format(Kind):
    """Which of the two questionnaires a wave asks."""

    FULL = "full", "baromètre complet"
    PULSE = "pulse", "point trimestriel"


class State(Kind):
    """Where a wave stands on a day, computed from its dates and from what was done."""

    PREPARED = "preparee", "préparée"
    OPEN = "ouverte", "ouverte"
    EMBARGO = "close", "close, sous embargo"
    PUBLISHED = "publiee", "publiée"
    CANCELLED = "annulee", "annulée"

    @property
    def tone(self) -> str:
        """How loudly the state speaks on a page."""
        return {
            State.OPEN: "info",
            State.EMBARGO: "new",
            State.PUBLISHED: "success",
            State.CANCELLED: "warning",
        }.get(self, "neutral")


class RosterRole(Kind):
    """In what capacity a person is asked. Named roles, not a crowd: three to six on each side."""

    DIRECTEUR_DE_CABINET = "directeur_de_cabinet", "directeur de cabinet"
    REFERENT_RADICALISATION = "referent_radicalisation", "référent radicalisation"
    COORDINATEUR_CPRAF = "coordinateur_cpraf", "coordinateur de la CPRAF"
    SOUS_PREFET = "sous_prefet", "sous-préfet"
    REFERENT_REGIONAL = "referent_regional", "référent régional de l’ARS"
    DELEGATION = "delegation", "référent ou directeur de la délégation départementale"
    PSYCHIATRE = "psychiatre", "psychiatre participant"
    ETABLISSEMENT = "etablissement", "contact d’établissement"

    @property
    def side(self) -> Side:
        """The institution for which the person answers."""
        return Side.PREFECTURE if self in _PREFECTURE else Side.ARS


_PREFECTURE = frozenset(
    {
        RosterRole.DIRECTEUR_DE_CABINET,
        RosterRole.REFERENT_RADICALISATION,
        RosterRole.COORDINATEUR_CPRAF,
        RosterRole.SOUS_PREFET,
    }
)

# The posts of the site whose holders are proposed when a wave is prepared. The others are typed by the référents.
PREFILLED = {
    Role.REFERENT_PREFECTURE: RosterRole.REFERENT_RADICALISATION,
    Role.COORDINATEUR_CPRAF: RosterRole.COORDINATEUR_CPRAF,
    Role.REFERENT_ARS: RosterRole.DELEGATION,
    Role.PSYCHIATRE: RosterRole.PSYCHIATRE,
    Role.ETABLISSEMENT: RosterRole.ETABLISSEMENT,
}


class Decision(Kind):
    """What the two institutions decided of a piste."""

    KEPT = "kept", "retenue"
    LEFT = "left", "écartée"


class Standing(Kind):
    """Where a piste stands, computed from what was proposed and answered."""

    OPEN = "open", "à décider"
    PROPOSED = "proposed", "proposée, à confirmer"
    KEPT = "kept", "retenue"
    LEFT = "left", "écartée"


class Answer(Kind):
    """What became of a decision that one institution proposed to the other."""

    CONFIRMED = "confirmed", "confirmée"
    DECLINED = "declined", "refusée"
    WITHDRAWN = "withdrawn", "retirée"


class Outcome(Kind):
    """What a later wave shows of a piste that was kept."""

    SEEN = "seen", "effet observé"
    NOT_SEEN = "not_seen", "pas d’effet visible"
    UNDECIDED = "undecided", "on ne peut pas conclure"
