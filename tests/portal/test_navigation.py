import pytest
from django.urls import resolve

from traitdunion.identity.kinds import Role
from traitdunion.identity.models import Mandate, Post
from traitdunion.portal import navigation


def marked(role, path, **where):
    """The lines marked as current, and how."""
    mandate = Mandate(post=Post(role=role.value, **where))
    links = navigation.main(mandate, match=resolve(path), path=path)
    return {link.label: link.current for link in links if link.current}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/plan/", {"Plan": "page"}),
        ("/plan/actions/", {"Actions": "page"}),
        ("/plan/actions/ouvrir/", {"Actions": "true"}),
        ("/plan/differences/", {"Plan": "true"}),
        ("/conventions/", {"Conventions": "page"}),
        ("/conventions/vue-nationale/", {"Vue nationale": "page"}),
        ("/conventions/alignement/", {"Conventions": "true"}),
        ("/recherche/", {}),
    ],
)
def test_one_line_at_most_is_marked(path, expected):
    assert marked(Role.DESK_SANTE, path) == expected


def test_the_page_of_another_departement_marks_the_list():
    assert marked(Role.DG_ARS, "/departements/67/", region_id="44") == {"Départements": "true"}


def test_the_own_departement_is_marked():
    assert marked(Role.PREFET, "/departements/67/", departement_id="67") == {"Mon département": "page"}


def test_without_a_mandate_only_the_public_pages_are_offered():
    links = navigation.main(None, match=resolve("/plan/"), path="/plan/")
    assert [(link.label, link.current) for link in links] == [
        ("Avancement du plan", ""),
        ("Bilans nationaux", ""),
    ]
