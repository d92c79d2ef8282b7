"""The keys that everyone checks a bilan with."""

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.urls import reverse

from traitdunion.reviews import signing
from traitdunion.reviews.signing import SigningKey

pytestmark = pytest.mark.django_db


def test_the_keys_of_the_site_are_published(client, settings, tmp_path):
    first = SigningKey.start(Ed25519PrivateKey.generate(), at=datetime(2026, 1, 1, tzinfo=UTC))
    second = first.rotate(Ed25519PrivateKey.generate(), at=datetime(2026, 7, 1, tzinfo=UTC))
    settings.BILAN_KEYS = str(tmp_path / "cles.json")
    (tmp_path / "cles.json").write_bytes(second.chain.to_bytes())

    page = client.get(reverse("portal:proof_keys")).content.decode()
    made = client.get(reverse("portal:proof_keys_file")).content

    old, new = [key.fingerprint for key in second.chain.keys]
    assert page.index(new) < page.index(old)
    assert f"--key {new}" in page
    assert signing.read_chain(made) == second.chain


def test_a_site_without_a_key_says_so(client):
    assert "n’a pas encore de clé" in client.get(reverse("portal:proof_keys")).content.decode()
    assert client.get(reverse("portal:proof_keys_file")).status_code == 404
