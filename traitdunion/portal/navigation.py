"""What the main navigation and the footer offer, mandate by mandate.

A line whose page does not exist on this site is left out, so that the table may name pages of apps that are
not installed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import NoReverseMatch, ResolverMatch, reverse

from traitdunion.identity.kinds import Role
from traitdunion.identity.models import Mandate


def anyone(_mandate: Mandate) -> bool:
    """Every mandate."""
    return True


def is_national(mandate: Mandate) -> bool:
    """A mandate that reads every département."""
    return mandate.is_national


def is_departemental(mandate: Mandate) -> bool:
    """A mandate on one département."""
    return mandate.post.departement_id is not None


def reads_several(mandate: Mandate) -> bool:
    """A mandate on a région or on the nation."""
    return mandate.post.departement_id is None


def is_administrator(mandate: Mandate) -> bool:
    """The mandate that keeps persons, posts and templates."""
    return mandate.role is Role.ADMINISTRATEUR


def may_import(mandate: Mandate) -> bool:
    """A mandate that brings tables in."""
    return mandate.role in {Role.ADMINISTRATEUR, Role.DESK_SANTE, Role.DESK_INTERIEUR, Role.SG_CIPDR}


def is_register_agent(mandate: Mandate) -> bool:
    """A mandate of an agent whom the ARS named for the register."""
    return mandate.role in {Role.SSC_ENREGISTREMENT, Role.SSC_CONSULTATION}


def follows_the_plan(mandate: Mandate) -> bool:
    """A mandate that works on the coordination site."""
    return not is_register_agent(mandate)


def nothing(_mandate: Mandate | None) -> Mapping[str, Any]:
    """Give no argument to the page."""
    return {}


def own_departement(mandate: Mandate | None) -> Mapping[str, Any]:
    """Give the page the département of the mandate."""
    return {} if mandate is None else {"code": mandate.post.departement_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the navigation: a page, its label, and the mandates that see it."""

    label: str
    page: str
    shown_to: Callable[[Mandate], bool] = anyone
    arguments: Callable[[Mandate | None], Mapping[str, Any]] = nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An entry as the page shows it; ``current`` is the value of ``aria-current``, empty elsewhere."""

    label: str
    url: str
    current: str = ""


MAIN = (
    Entry(label="Échéancier", page="register:schedule", shown_to=is_register_agent),
    Entry(label="Chercher", page="register:search", shown_to=is_register_agent),
    Entry(label="Accueil", page="portal:home", shown_to=reads_several),
    Entry(label="Mon département", page="portal:dyad", shown_to=is_departemental, arguments=own_departement),
    Entry(label="Départements", page="portal:departement_list", shown_to=reads_several),
    Entry(label="Conventions", page="conventions:convention_list"),
    Entry(label="Vue nationale", page="conventions:national", shown_to=reads_several),
    Entry(label="Baromètre", page="barometer:national"),
    Entry(label="Bilans", page="reviews:review_list"),
    Entry(label="Plan", page="plan:plan"),
    Entry(label="Actions", page="plan:action_list"),
    Entry(label="Postes vacants", page="identity:vacancy_list", shown_to=follows_the_plan),
    Entry(label="Imports", page="exchange:run_list", shown_to=may_import),
    Entry(label="Administration", page="identity:administration", shown_to=is_administrator),
)
PUBLIC = (
    Entry(label="Le registre", page="register:about"),
    Entry(label="Avancement du plan", page="portal:public_plan"),
    Entry(label="Bilans nationaux", page="reviews:public_list"),
)
FOOTER = (
    Entry(label="Ce que contient le registre", page="register:about"),
    Entry(label="Avancement du plan (page publique)", page="portal:public_plan"),
    Entry(label="Bilans nationaux publiés", page="reviews:public_list"),
    Entry(label="Données ouvertes", page="portal:open_data"),
    Entry(label="Vérifier un bilan", page="portal:proof_keys"),
    Entry(label="Accessibilité", page="portal:accessibility"),
    Entry(label="Accessibilité", page="register:accessibility"),
    Entry(label="Mentions légales", page="portal:legal_notice"),
    Entry(label="Données personnelles", page="portal:privacy"),
)

# Pages that the frame itself links to, by the name its templates use.
FRAME = {
    "sign_in": "identity:sign_in",
    "sign_out": "identity:sign_out",
    "mandate_choice": "identity:mandate_choice",
    "notices": "notices:notice_list",
    "search": "portal:search",
}


def frame() -> dict[str, str | None]:
    """Return the addresses that the frame itself links to; None for a page that this site lacks."""
    return {name: address(page) for name, page in FRAME.items()}


def home(mandate: Mandate | None) -> str:
    """Return where the name of the site leads: the home of the mandate, or the page that everyone reads."""
    return address(settings.HOME_PAGE if mandate else settings.PUBLIC_PAGE) or "/"


def address(page: str, arguments: Mapping[str, Any] | None = None) -> str | None:
    """Return the address of ``page``, None when this site has no such page."""
    try:
        return reverse(page, kwargs=dict(arguments or {}))
    except NoReverseMatch:
        return None


def main(mandate: Mandate | None, *, match: ResolverMatch | None, path: str) -> list[Link]:
    """Return the main navigation: the public pages alone without a mandate."""
    if mandate:
        entries = [entry for entry in MAIN if entry.shown_to(mandate)]
        return _links(entries, mandate, match=match, path=path)
    return _links(PUBLIC, None, match=match, path=path)


def footer(*, match: ResolverMatch | None, path: str) -> list[Link]:
    """Return the links that the law wants at the foot of every page."""
    return _links(FOOTER, None, match=match, path=path)


def _links(
    entries: Sequence[Entry],
    mandate: Mandate | None,
    *,
    match: ResolverMatch | None,
    path: str,
) -> list[Link]:
    found = [(entry, address(entry.page, entry.arguments(mandate))) for entry in entries]
    pages = [(entry, url) for entry, url in found if url is not None]
    near = _nearest([url for _, url in pages], path)
    return [
        Link(label=entry.label, url=url, current=_current(entry, url, near, match, path))
        for entry, url in pages
    ]


def _nearest(urls: Sequence[str], path: str) -> str:
    """Return the address under which ``path`` lies most closely: one line is marked, « Actions » and not « Plan »."""
    above = [url for url in urls if url != "/" and path.startswith(url)]
    return max(above, key=len, default="")


def _current(entry: Entry, url: str, near: str, match: ResolverMatch | None, path: str) -> str:
    if url == path:
        return "page"
    same_page = match is not None and match.view_name == entry.page
    return "true" if url == near or (same_page and not near) else ""
