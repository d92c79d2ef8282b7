import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.conventions import scene as dyads
from tests.identity.conftest import house, territories  # noqa: F401  # fixtures
from tests.reviews import national, scene
from traitdunion.reviews.signing import SigningKey


@pytest.fixture
def dyad(house):  # noqa: F811  # the fixture above
    return dyads.dyad(house)


@pytest.fixture
def key():
    return SigningKey.start(Ed25519PrivateKey.generate(), at=scene.KEY_FROM)


@pytest.fixture
def bilan(dyad, key):
    """The bilan of the Bas-Rhin for the third quarter of 2026, just opened."""
    return scene.Bilan(dyad=dyad, key=key)


@pytest.fixture
def nation(bilan):
    """The national bilan of the third quarter of 2026, just opened over two départements."""
    return national.National(local=bilan)
