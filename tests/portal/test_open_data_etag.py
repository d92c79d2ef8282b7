"""An answer keeps its name until something is written. Apart: it needs transactions that end."""

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import task


@pytest.mark.django_db(transaction=True)
def test_an_etag_holds_until_something_is_written(client):
    cache.clear()
    address = reverse("api:conventions")
    audit.record(event="essais.a", subject="x", actor=task("essais"), at=timezone.now(), detail={})
    named = client.get(address)["ETag"]
    assert client.get(address, headers={"If-None-Match": named}).status_code == 304
    assert client.get(address, {"debut": 1}, headers={"If-None-Match": named}).status_code == 200
    audit.record(event="essais.b", subject="x", actor=task("essais"), at=timezone.now(), detail={})
    again = client.get(address, headers={"If-None-Match": named})
    assert (again.status_code, again["ETag"] == named) == (200, False)
