import pytest

from tests.identity.conftest import empty_cache, house, territories  # noqa: F401  # fixtures
from tests.plan import scene


@pytest.fixture
def plan(house):  # noqa: F811  # the fixture above
    return scene.plan(house)
