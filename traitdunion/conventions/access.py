"""Who reads a convention, who writes it, who may sign it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet

from traitdunion.conventions import rules
from traitdunion.conventions.models import Convention, ConventionQuerySet, Template
from traitdunion.identity.access import departements_visible_to
from traitdunion.identity.kinds import SIGNATORIES, Role, Side
from traitdunion.identity.models import Delegation, Mandate, Person, Post
from traitdunion.territories.models import Departement

DRAFTERS = frozenset({Role.PREFET, Role.REFERENT_PREFECTURE, Role.DG_ARS, Role.REFERENT_ARS})


def conventions_visible_to(mandate: Mandate) -> ConventionQuerySet:
    """Return the conventions and avenants that ``mandate`` may read; the others do not exist for it."""
    conventions = Convention.objects.all()
    if mandate.is_national:
        return conventions
    return conventions.filter(departement__in=departements_visible_to(mandate))


def may_draft(mandate: Mandate, departement: Departement) -> bool:
    """Whether ``mandate`` writes the conventions of ``departement``, for its side."""
    return mandate.role in DRAFTERS and mandate.covers(departement)


def may_keep_templates(mandate: Mandate) -> bool:
    """Whether ``mandate`` prepares and adopts the versions of the national model."""
    return mandate.role is Role.ADMINISTRATEUR


def templates_visible_to(mandate: Mandate) -> QuerySet[Template]:
    """Return the versions that ``mandate`` may read: those in preparation only for who keeps them."""
    templates = Template.objects.all()
    return templates if may_keep_templates(mandate) else templates.filter(adopted_on__isnull=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """A power to sign and the rows that give it: a mandate's post, or a delegation given by a post."""

    person: Person
    power: rules.Power
    post: Post
    delegation: Delegation | None


def titles_to_sign(
    departement: Departement, *, side: Side, person: Person | None = None, on: date | None = None
) -> Sequence[Title]:
    """Return the powers to sign for ``side`` in ``departement``: of one person, or of everyone on a day."""
    return titles_of(SIGNATORIES[side], departement, person=person, on=on)


def titles_of(
    role: Role, place: Departement | None, *, person: Person | None = None, on: date | None = None
) -> Sequence[Title]:
    """Return the powers of a role that signs over ``place``, its own and those it delegated; None is the nation."""
    mandates = Mandate.objects.filter(_covering("post__", place), post__role=role.value)
    delegations = Delegation.objects.filter(_covering("given_by__", place), given_by__role=role.value)
    if person is not None:
        mandates, delegations = mandates.filter(person=person), delegations.filter(given_to=person)
    if on is not None:
        running = Q(starts_on__lte=on) & (Q(ends_on__isnull=True) | Q(ends_on__gte=on))
        mandates, delegations = mandates.filter(running), delegations.filter(running)
    own = [
        Title(
            person=mandate.person,
            power=rules.Power(role=role, since=mandate.starts_on, until=mandate.ends_on),
            post=mandate.post,
            delegation=None,
        )
        for mandate in mandates.select_related("person", "post__organisation").order_by("starts_on", "pk")
    ]
    received = [
        Title(
            person=delegation.given_to,
            power=rules.Power(
                role=role,
                since=delegation.starts_on,
                until=delegation.ends_on,
                reference=delegation.reference,
            ),
            post=delegation.given_by,
            delegation=delegation,
        )
        for delegation in delegations.select_related("given_to", "given_by__organisation").order_by(
            "starts_on", "pk"
        )
    ]
    return own + received


def _covering(post: str, departement: Departement | None) -> Q:
    """Return the filter of the posts whose territory holds ``departement``, or is the nation."""
    if departement is None:
        return Q(**{f"{post}departement": None, f"{post}region": None})
    return Q(**{f"{post}departement_id": departement.code}) | Q(**{f"{post}region_id": departement.region_id})
