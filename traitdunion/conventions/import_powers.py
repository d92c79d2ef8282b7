"""Whether those whom a table names as signatories could sign that day, as far as the site knows them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from traitdunion.conventions import rules
from traitdunion.conventions.access import Title
from traitdunion.exchange.cells import normalised
from traitdunion.identity.kinds import SIGNATORIES, Side
from traitdunion.identity.models import Delegation, Mandate, Person, Post
from traitdunion.territories.models import Departement

# Words of courtesy: « Mme Anne Durand » is « Anne Durand ».
COURTESY = frozenset({"m", "m.", "mme", "monsieur", "madame", "le", "la"})


class Powers:
    """Every power to sign that the site knows, read once for the whole table, in four queries."""

    def __init__(self) -> None:
        self._persons: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for key, name in Person.objects.values_list("pk", "name"):
            self._persons[_words(name)].append(key)
        self._titles: dict[tuple[Side, str], list[Title]] = defaultdict(list)
        codes: dict[str, list[str]] = defaultdict(list)
        for code, region in Departement.objects.values_list("code", "region_id"):
            codes[region].append(code)
        sides = {role.value: side for side, role in SIGNATORIES.items()}
        for title in _titles():
            for code in _covered(title.post, codes):
                self._titles[sides[title.post.role], code].append(title)

    def knows(self, name: str) -> bool:
        """Whether the site knows someone of that name, whatever the order of the words, case and accents."""
        return bool(_words(name)) and _words(name) in self._persons

    def title(self, name: str, code: str, *, side: Side, on: date) -> Title | None:
        """Return the power under which ``name`` could sign for a side of a département on a day."""
        held = self._held(name, code, side)
        power = rules.power_to_sign([title.power for title in held], side=side, on=on)
        return next((title for title in held if title.power is power), None) if power is not None else None

    def refusal(self, name: str, code: str, *, side: Side, on: date) -> str:
        """Return why someone known could not sign, and who could."""
        able = [title for title in self._titles[side, code] if title.power.covers(on)]
        refusal = rules.refusal_to_sign(
            name,
            side=side,
            on=on,
            powers=[title.power for title in self._held(name, code, side)],
            able=[(title.person.name, title.power) for title in able],
        )
        return f"{refusal} Si c’est une autre personne du même nom, écrivez aussi son second prénom."

    def _held(self, name: str, code: str, side: Side) -> Sequence[Title]:
        persons = set(self._persons.get(_words(name), ()))
        return [title for title in self._titles[side, code] if title.person.pk in persons]


def _words(name: str) -> tuple[str, ...]:
    words = normalised(name).split()
    return tuple(sorted(word for word in words if word not in COURTESY))


def _titles() -> Iterable[Title]:
    roles = {role.value: role for role in SIGNATORIES.values()}
    mandates = Mandate.objects.filter(post__role__in=roles).select_related("person", "post__organisation")
    for mandate in mandates.order_by("starts_on", "pk"):
        role = roles[mandate.post.role]
        power = rules.Power(role=role, since=mandate.starts_on, until=mandate.ends_on)
        yield Title(person=mandate.person, power=power, post=mandate.post, delegation=None)
    given = Delegation.objects.filter(given_by__role__in=roles).select_related(
        "given_to", "given_by__organisation"
    )
    for delegation in given.order_by("starts_on", "pk"):
        power = rules.Power(
            role=roles[delegation.given_by.role],
            since=delegation.starts_on,
            until=delegation.ends_on,
            reference=delegation.reference,
        )
        yield Title(person=delegation.given_to, power=power, post=delegation.given_by, delegation=delegation)


def _covered(post: Post, codes: Mapping[str, Sequence[str]]) -> Sequence[str]:
    if post.departement_id is not None:
        return (post.departement_id,)
    return codes.get(post.region_id or "", ())
