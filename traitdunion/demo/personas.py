"""One-click identities of the demonstration. They exist nowhere else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from traitdunion.identity.kinds import Role
from traitdunion.identity.models import Person
from traitdunion.portal.startup import DEMONSTRATION

ISSUER: Final = DEMONSTRATION
HOME_DEPARTEMENT: Final = "67"


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """A role to try.

    Attributes:
        key: subject of the identity.
        role: the role of its mandate, of both when it has two.
        label: what the button says.
        purpose: what one can look at in that role.
    """

    key: str
    role: Role
    label: str
    purpose: str


_PURPOSES: Final = {
    Role.PREFET: "signer la convention, voir où en est la relation",
    Role.REFERENT_PREFECTURE: "tenir la convention et les réunions, répondre à l’ARS sur les pistes du baromètre",
    Role.COORDINATEUR_CPRAF: "suivre les actions et lire la matrice des rôles",
    Role.DG_ARS: "signer les conventions de la région",
    Role.REFERENT_ARS: "tenir la convention du côté de l’ARS, répondre à la préfecture sur les pistes",
    Role.PSYCHIATRE: "lire ce qui passe et ce qui ne passe jamais",
    Role.ETABLISSEMENT: "lire la convention et les contacts",
    Role.DESK_SANTE: "suivre les 101 conventions et le plan, lire le baromètre du pays",
    Role.DESK_INTERIEUR: "suivre les 101 conventions et le plan, lire le baromètre du pays",
    Role.SG_CIPDR: "tenir le plan et publier ses énoncés",
    Role.DPO: "lire ce que le site conserve",
    Role.INSPECTEUR: "lire tout l’état institutionnel à une date",
    Role.ADMINISTRATEUR: "tenir les personnes, les mandats et les modèles, préparer une vague du baromètre",
    Role.SSC_ENREGISTREMENT: "ouvrir un dossier, enregistrer certificats et décisions",
    Role.SSC_CONSULTATION: "lire les dossiers de son département, sans rien enregistrer",
}


# Beside the thirteen: someone who chooses, at sign-in, under which mandate to act.
TWO_MANDATES: Final = Persona(
    key="deux_mandats",
    role=Role.COORDINATEUR_CPRAF,
    label="Suppléant dans deux départements",
    purpose="choisir, à l’entrée, sous lequel de ses deux mandats agir",
)


def personas() -> Sequence[Persona]:
    """Return one persona for every role of the site."""
    return [
        Persona(
            key=role.value, role=role, label=role.label[0].upper() + role.label[1:], purpose=_PURPOSES[role]
        )
        for role in settings.ROLES
    ]


def persona_addresses() -> Mapping[str, str]:
    """Return the label of each persona by its address, one query."""
    labels = {persona.key: persona.label for persona in (*personas(), TWO_MANDATES)}
    found = Person.objects.filter(issuer=ISSUER, subject__in=labels).values_list("email", "subject")
    return {email: labels[key] for email, key in found}


class PersonaBackend(BaseBackend):
    """Sign in one of the demonstration's personas by its key."""

    def authenticate(  # type: ignore[override]  # narrower on purpose
        self,
        request: HttpRequest | None,  # noqa: ARG002  # Django passes it
        *,
        persona: str | None = None,
    ) -> Person | None:
        """Return the persona, or None when it is not one."""
        if persona is None:
            return None
        return Person.objects.filter(issuer=ISSUER, subject=persona, is_active=True).first()

    def get_user(self, user_id: int) -> Person | None:
        """Return the person of a session."""
        return Person.objects.filter(pk=user_id, is_active=True).first()
