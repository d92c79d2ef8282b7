import pytest

from tests.conventions import scene
from tests.identity.conftest import house, territories  # noqa: F401  # fixtures


@pytest.fixture
def dyad(house):  # noqa: F811  # the fixture above
    return scene.dyad(house)
