import pytest

from tests.identity.conftest import house, territories  # noqa: F401  # fixtures
from tests.register import scene
from traitdunion.register import keyring


@pytest.fixture(autouse=True)
def keys(settings, tmp_path):
    """Keys of a site of its own, in a file that only it may read."""
    path = tmp_path / "register-keys.json"
    keyring.write(path, keyring.new_keys(at=scene.NOW))
    settings.REGISTER_KEYS = str(path)
    return path


@pytest.fixture
def ward(house):  # noqa: F811  # the fixture above
    return scene.ward(house)
