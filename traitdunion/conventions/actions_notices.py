"""Tell by e-mail what only time brings: terms that come near, contacts to confirm.

Everything is computed from the state of the day and carries a key: run late, twice or by two workers at once,
it tells each person each thing once.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import Actor
from traitdunion.conventions import actions_practice as practice
from traitdunion.conventions.models import ContactCheck, Convention
from traitdunion.conventions.rules import LADDER_DAYS, ladder_step
from traitdunion.conventions.rules_practice import last_day_to_answer
from traitdunion.identity.kinds import REFERENTS, SIGNATORIES, Role
from traitdunion.identity.models import Mandate, Person
from traitdunion.notices import actions as notices
from traitdunion.notices.letters import counted, french_day, letter
from traitdunion.notices.models import Notice

# The signatories hear of the last rung and of the term itself.
SIGNATORY_RUNGS: Final = frozenset({30, 0})
ADVICE: Final[Mapping[int, str]] = {
    180: "C’est le moment de la relire ensemble et de décider si elle sera renouvelée.",
    90: "Une nouvelle convention se prépare, se relit et se signe des deux côtés : "
    "ouvrez le projet maintenant s’il ne l’est pas.",
    30: "Sans nouvelle signature d’ici là, le département n’aura plus de convention en vigueur.",
    0: "Elle ne s’applique plus. Aux deux parties de préparer une nouvelle convention.",
}


# Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class _Letter:
    """One notice to write: to whom, about which rung of which convention."""

    convention: Convention
    rung: int
    person: Person

    @property
    def key(self) -> str:
        return f"conventions.term:{self.convention.public_id}:{self.rung}:{self.person.public_id}"


class _Place(NamedTuple):
    """Where a post is held. A région and a département may carry the same code."""

    departement: str | None
    region: str | None

    @classmethod
    def of(cls, convention: Convention) -> tuple["_Place", "_Place"]:
        """Return the département of a convention and the région above it."""
        departement = convention.departement
        return cls(departement.code, None), cls(None, departement.region_id)


def tell_terms(day: date, *, actor: Actor, at: datetime) -> int:
    """Write the notices of the expiry ladder due on ``day`` and return how many are new.

    Only the rung reached is told: one that was missed gives way to the next. Someone who takes a post between
    two rungs is told the one in progress.
    """
    letters = list(_letters_due(day))
    told = set(Notice.objects.filter(key__in=[each.key for each in letters]).values_list("key", flat=True))
    by_convention: dict[int, list[_Letter]] = defaultdict(list)
    for each in letters:
        if each.key not in told:
            by_convention[each.convention.pk].append(each)
    return sum(_tell(group, day=day, actor=actor, at=at) for group in by_convention.values())


def _letters_due(day: date) -> Iterable[_Letter]:
    conventions = list(_near_their_term(day))
    in_post = _people_in_post(conventions, day)
    for convention in conventions:
        rung = ladder_step(convention.ends_on, day)
        if rung is None:
            continue
        near, above = _Place.of(convention)
        people = list(in_post[near, False])
        if rung in SIGNATORY_RUNGS:
            people += [*in_post[near, True], *in_post[above, True]]
        for person in {person.pk: person for person in people}.values():
            yield _Letter(convention=convention, rung=rung, person=person)


def _near_their_term(day: date) -> QuerySet[Convention]:
    """Return the conventions on the ladder: in force or past their term, neither denounced nor followed."""
    signed = Convention.objects.filter(parent=None, signed_on__lte=day, denounced_on=None)
    # A text signed by both sides that takes over without a day between.
    followed = Convention.objects.filter(
        parent=None,
        departement=OuterRef("departement"),
        signed_on__isnull=False,
        starts_on__gt=OuterRef("starts_on"),
    ).filter(Q(starts_on__lte=OuterRef("ends_on") + timedelta(days=1)) | Q(starts_on__lte=day))
    return (
        signed.filter(starts_on__lte=day, ends_on__lte=day + timedelta(days=max(LADDER_DAYS)))
        .exclude(Exists(followed))
        .select_related("departement")
        .order_by("departement", "pk")
    )


def _people_in_post(
    conventions: Sequence[Convention], day: date
) -> Mapping[tuple[_Place, bool], list[Person]]:
    """Return who is in post on ``day``, by territory and by whether the post signs; one query."""
    signatories = [role.value for role in SIGNATORIES.values()]
    mandates = (
        Mandate.objects.current(day)
        .filter(
            Q(post__departement__in={each.departement.code for each in conventions})
            | Q(post__region__in={each.departement.region_id for each in conventions}),
            post__role__in=[*signatories, *(role.value for role in REFERENTS.values())],
            person__is_active=True,
        )
        .select_related("person", "post")
        .order_by("pk")
    )
    in_post: dict[tuple[_Place, bool], list[Person]] = defaultdict(list)
    for mandate in mandates:
        place = _Place(mandate.post.departement_id, mandate.post.region_id)
        in_post[place, mandate.post.role in signatories].append(mandate.person)
    return in_post


@transaction.atomic
def _tell(letters: Sequence[_Letter], *, day: date, actor: Actor, at: datetime) -> int:
    """Write the notices of one convention and one entry in the log, together."""
    convention, rung = letters[0].convention, letters[0].rung
    written = sum(
        notices.write(
            key=each.key,
            person=each.person,
            subject=_subject(convention, day),
            body=_body(convention, rung, day),
            at=at,
        )
        for each in letters
    )
    if written:
        audit.record(
            event="conventions.convention.term_told",
            subject=str(convention.public_id),
            actor=actor,
            at=at,
            detail={"rung": rung, "notices": written},
        )
    return written


def _subject(convention: Convention, day: date) -> str:
    name = f"Convention {convention.departement.name_with_link}"
    left = _days_left(convention, day)
    if left < 0:
        return f"{name} : échue depuis le {french_day(_last_day(convention) + timedelta(days=1))}"
    return f"{name} : terme aujourd’hui" if left == 0 else f"{name} : terme dans {counted(left, 'jour')}"


def _body(convention: Convention, rung: int, day: date) -> str:
    what = f"La convention « {convention.title} » entre la préfecture et l’ARS"
    last, left = french_day(_last_day(convention)), _days_left(convention, day)
    if left < 0:
        fact = f"{what} est échue : son dernier jour était le {last}."
    elif left == 0:
        fact = f"{what} arrive à son terme aujourd’hui, {last}."
    else:
        fact = f"{what} arrive à son terme le {last}, dans {counted(left, 'jour')}."
    path = reverse("conventions:convention_detail", args=[convention.public_id])
    return letter([fact, ADVICE[rung]], path=path)


def _last_day(convention: Convention) -> date:
    if convention.ends_on is None:
        raise ValueError("a convention without a term is not on the ladder")
    return convention.ends_on


def _days_left(convention: Convention, day: date) -> int:
    return (_last_day(convention) - day).days


# Contacts


@transaction.atomic
def ask_contacts(day: date, *, actor: Actor, at: datetime) -> int:
    """Ask each référent to confirm the contact of the quarter, with the letter that carries the signed link.

    The question and its letter are written together: nobody counts as silent who was not asked.
    """
    checks = practice.ask_contacts(day, actor=actor, at=at)
    for check in checks:
        notices.write(
            key=f"conventions.contact:{check.public_id}",
            person=check.person,
            subject=f"Confirmez votre contact {check.departement.name_with_link}",
            body=_question(check),
            at=at,
        )
    return len(checks)


def _question(check: ContactCheck) -> str:
    role = Role(check.post.role).label
    link = (
        "Ouvrez la page ci-dessous pour dire si c’est toujours exact. Il n’y a pas à se connecter : "
        "le lien vous est propre, ne le transmettez pas. "
        f"Il vaut jusqu’au {french_day(last_day_to_answer(check.quarter))}."
    )
    return letter(
        [
            f"Vous êtes le contact de {check.post.organisation.name} pour le département : {role}.",
            f"Adresse connue : {check.person.email or 'aucune'}.",
            link,
        ],
        path=reverse("conventions:contact_answer", args=[practice.contact_token(check)]),
    )
