"""Who reads a bilan, who writes it, who may sign it that day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from traitdunion.conventions import access as conventions
from traitdunion.conventions.rules import period
from traitdunion.identity.access import departements_visible_to
from traitdunion.identity.kinds import SIDE_OF, SIGNATORIES, Role, Side
from traitdunion.identity.models import Delegation, Mandate, Person
from traitdunion.plan.access import EDITORS
from traitdunion.reviews.kinds import Level, Party
from traitdunion.reviews.models import Review
from traitdunion.reviews.rules import name_of
from traitdunion.territories.models import Departement

WRITERS = conventions.DRAFTERS
# The desks of the two ministries write the national bilan, and their mandate signs it.
DESKS = {Role.DESK_SANTE: Party.SANTE, Role.DESK_INTERIEUR: Party.INTERIEUR}


def reviews_visible_to(mandate: Mandate) -> QuerySet[Review]:
    """Return the bilans that ``mandate`` may read; the others do not exist for it.

    Before it is published, the national one is for those who read the whole country.
    """
    reviews = Review.objects.select_related("departement__region", "criteria")
    if mandate.is_national:
        return reviews
    return reviews.filter(level=Level.DEPARTEMENT.value, departement__in=departements_visible_to(mandate))


def party_of_role(level: Level) -> dict[Role, Party]:
    """Return the roles that sit for each institution of a level."""
    if level is Level.NATIONAL:
        return DESKS
    return {role: Party(side.value) for role, side in SIDE_OF.items()}


def party_of(mandate: Mandate, review: Review) -> Party | None:
    """Return the institution for which ``mandate`` writes a bilan, None for a reader."""
    return party_at(mandate, review.departement)


def party_at(mandate: Mandate, departement: Departement | None) -> Party | None:
    """Return for which institution ``mandate`` writes the bilans of a département, or of the nation when it is None."""
    if departement is None:
        return DESKS.get(mandate.role)
    if mandate.role not in WRITERS or mandate.side is None:
        return None
    return Party(mandate.side.value) if mandate.covers(departement) else None


def may_keep_criteria(mandate: Mandate) -> bool:
    """Whether ``mandate`` prepares the criteria of the quarters to come."""
    return mandate.role is Role.ADMINISTRATEUR


def reads_every_document(mandate: Mandate) -> bool:
    """Whether ``mandate`` reads every bilan of a quarter, so their files at once."""
    return mandate.is_national


def may_prepare_documents(mandate: Mandate) -> bool:
    """Whether ``mandate`` asks for the files of a quarter: the work of a desk."""
    return mandate.role in EDITORS


# Signing


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningPower:
    """What lets a person sign for an institution on a day: a post of signatory, or a delegation from one."""

    mandate: Mandate
    post: str
    organisation: str
    delegation: Delegation | None

    @property
    def sentence(self) -> str:
        """The power, in French."""
        said = f"{self.post}, {self.organisation}"
        if self.delegation is None:
            return said
        given = period(self.delegation.starts_on, self.delegation.ends_on)
        return f"{said}, par délégation {self.delegation.reference} ({given})"[:300]


def power_to_sign(review: Review, *, side: Party, mandate: Mandate, on: date) -> SigningPower | None:
    """Return under what the person of ``mandate`` may sign for ``side`` on a day, None when under nothing.

    Their own post of signatory comes before a delegation; a delegation asks for a mandate that runs that day too.
    """
    if not _runs(mandate, on):
        return None
    titles = _titles(review, side, on=on, person=mandate.person)
    for title in titles:
        if title.delegation is None:
            own = (
                Mandate.objects.current(on)
                .filter(person=mandate.person, post=title.post)
                .select_related("post__organisation")
                .first()
            )
            if own is not None:
                return SigningPower(
                    mandate=own, post=own.role.label, organisation=own.post.organisation.name, delegation=None
                )
    delegation = next((title.delegation for title in titles if title.delegation is not None), None)
    if delegation is None:
        return None
    return SigningPower(
        mandate=mandate,
        post=mandate.role.label,
        organisation=mandate.post.organisation.name,
        delegation=delegation,
    )


def refusal_to_sign(review: Review, *, side: Party, mandate: Mandate, on: date) -> str:
    """Return why a person may not sign for ``side`` on a day, and who could."""
    able = _titles(review, side, on=on)
    who = " ; ".join(dict.fromkeys(f"{title.person.name} ({title.power.sentence})" for title in able))
    could = f"Peuvent signer : {who}." if who else "Personne ne peut signer : faites enregistrer un mandat."
    return (
        f"Le {on:%d/%m/%Y}, {mandate.person.name} ne peut pas signer pour {name_of(side)} : ni mandat de signataire ni "
        f"délégation ne lui donne ce pouvoir ce jour-là. {could}"
    )


def _titles(
    review: Review, side: Party, *, on: date, person: Person | None = None
) -> Sequence[conventions.Title]:
    """Return the powers to sign for ``side``: posts of its signatory over the place of the bilan, and delegations."""
    if review.level == Level.NATIONAL.value:
        [role] = [role for role, party in DESKS.items() if party is side]
    else:
        role = SIGNATORIES[Side(side.value)]
    return conventions.titles_of(role, review.departement, person=person, on=on)


def _runs(mandate: Mandate, on: date) -> bool:
    return mandate.starts_on <= on and (mandate.ends_on is None or on <= mandate.ends_on)
