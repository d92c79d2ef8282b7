"""Closed lists about who acts."""

from enum import StrEnum

from traitdunion.core.choices import Kind


class OrganisationKind(Kind):
    """What an organisation is."""

    PREFECTURE = "prefecture", "préfecture"
    ARS = "ars", "agence régionale de santé"
    DD_ARS = "dd_ars", "délégation départementale d’ARS"
    DESK = "desk", "administration centrale"
    ESTABLISHMENT = "establishment", "établissement de santé"
    CELL = "cell", "cellule de suivi (CPRAF)"


class Side(Kind):
    """The two institutions of a dyad."""

    PREFECTURE = "prefecture", "préfecture"
    ARS = "ars", "ARS"

    @property
    def other(self) -> "Side":
        """Return the institution facing this one."""
        return Side.ARS if self is Side.PREFECTURE else Side.PREFECTURE


class Scope(StrEnum):
    """How far a role reaches."""

    DEPARTEMENT = "departement"
    REGION = "region"
    NATION = "nation"


class Role(Kind):
    """In what capacity a person acts."""

    PREFET = "prefet", "préfet"
    REFERENT_PREFECTURE = "referent_prefecture", "référent radicalisation de la préfecture"
    COORDINATEUR_CPRAF = "coordinateur_cpraf", "coordinateur de la CPRAF"
    DG_ARS = "dg_ars", "directeur général de l’ARS"
    REFERENT_ARS = "referent_ars", "référent radicalisation de l’ARS"
    PSYCHIATRE = "psychiatre", "psychiatre"
    ETABLISSEMENT = "etablissement", "contact d’établissement de santé"
    DESK_SANTE = "desk_sante", "bureau du ministère chargé de la santé"
    DESK_INTERIEUR = "desk_interieur", "bureau du ministère de l’intérieur"
    SG_CIPDR = "sg_cipdr", "secrétariat général du CIPDR"
    DPO = "dpo", "délégué à la protection des données"
    INSPECTEUR = "inspecteur", "inspecteur"
    ADMINISTRATEUR = "administrateur", "administrateur"
    # Of the register alone: those whom the director general of the ARS names, département by département.
    SSC_ENREGISTREMENT = "ssc_enregistrement", "agent de l’ARS habilité à enregistrer"
    SSC_CONSULTATION = "ssc_consultation", "agent de l’ARS habilité à consulter"

    def called(self, representative: str) -> str:
        """Return the label, where the State's representative in the département has another title than préfet.

        >>> Role.PREFET.called("préfet de police"), Role.PREFET.called(""), Role.DG_ARS.called("préfet de police")
        ('préfet de police', 'préfet', 'directeur général de l’ARS')
        """
        return representative if self is Role.PREFET and representative else self.label


# The roles that a site knows: a post of any other cannot be made there.
COORDINATION_ROLES = tuple(
    role for role in Role if role not in {Role.SSC_ENREGISTREMENT, Role.SSC_CONSULTATION}
)
REGISTER_ROLES = (Role.SSC_ENREGISTREMENT, Role.SSC_CONSULTATION, Role.DPO, Role.ADMINISTRATEUR)

# Posts whose absence is counted in days on the dyad page: a relation needs someone on each side.
REFERENTS = {Side.PREFECTURE: Role.REFERENT_PREFECTURE, Side.ARS: Role.REFERENT_ARS}
# Roles that may sign a convention without a delegation.
SIGNATORIES = {Side.PREFECTURE: Role.PREFET, Side.ARS: Role.DG_ARS}
NATIONAL = frozenset(
    {Role.DESK_SANTE, Role.DESK_INTERIEUR, Role.SG_CIPDR, Role.DPO, Role.INSPECTEUR, Role.ADMINISTRATEUR}
)
SIDE_OF = {
    Role.PREFET: Side.PREFECTURE,
    Role.REFERENT_PREFECTURE: Side.PREFECTURE,
    Role.COORDINATEUR_CPRAF: Side.PREFECTURE,
    Role.DG_ARS: Side.ARS,
    Role.REFERENT_ARS: Side.ARS,
}


class Holding(Kind):
    """Whether the holder is the first in the post or stands in."""

    TITULAIRE = "titulaire", "titulaire"
    SUPPLEANT = "suppleant", "suppléant"
