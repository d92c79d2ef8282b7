import pytest
from django.urls import reverse

from tests.conventions import facts
from tests.notices.conftest import NOW
from tests.notices.test_write import write
from traitdunion.audit.models import Entry
from traitdunion.notices import actions, queries
from traitdunion.notices.kinds import NoticeState
from traitdunion.notices.models import CalendarLink, Notice


def test_my_notices_are_mine_only(signed_in, referent, reader):
    write(reader, key="a", subject="Pour moi")
    write(facts.person("Autre"), key="b", subject="Pour un autre")
    page = signed_in(referent).get(reverse("notices:notice_list")).content.decode()
    assert "Pour moi" in page
    assert "Pour un autre" not in page


def test_the_notice_of_someone_else_does_not_exist(signed_in, referent):
    write(facts.person("Autre"), key="b")
    address = reverse("notices:notice_detail", args=[Notice.objects.get().public_id])
    assert signed_in(referent).get(address).status_code == 404


def test_a_notice_shows_its_text_and_its_links(signed_in, referent, reader):
    write(reader, body="Bonjour,\n\nhttp://127.0.0.1:8000/plan/ <b>non</b>")
    address = reverse("notices:notice_detail", args=[Notice.objects.get().public_id])
    page = signed_in(referent).get(address).content.decode()
    assert '<a href="http://127.0.0.1:8000/plan/"' in page
    assert "&lt;b&gt;non" in page


@pytest.mark.parametrize("rows", [3, 30])
def test_the_list_costs_the_same_whatever_the_rows(
    signed_in, referent, reader, rows, django_assert_max_num_queries
):
    for rank in range(rows):
        write(reader, key=f"essai:{rank}")
    client = signed_in(referent)
    with django_assert_max_num_queries(6):
        client.get(reverse("notices:notice_list"))


def test_the_digest_is_turned_off_and_on(signed_in, referent, reader):
    client, address = signed_in(referent), reverse("notices:preferences")
    assert client.post(address, {}).status_code == 302
    assert queries.wants_digest(reader) is False
    assert queries.without_digest() == {reader.pk}
    client.post(address, {"weekly_digest": "on"})
    assert queries.wants_digest(reader) is True
    assert Entry.objects.filter(event="notices.preference.chosen").count() == 2


@pytest.mark.parametrize("page", ["notice_list", "preferences", "calendar"])
def test_every_reader_opens_these_pages(signed_in, referent, page):
    assert signed_in(referent).get(reverse(f"notices:{page}")).status_code == 200


# Undelivered notices


@pytest.fixture
def failed(reader):
    write(reader, subject="Terme proche", body="Lien secret")
    Notice.objects.update(state=NoticeState.FAILED.value, attempts=8, next_try_at=None, error="550 Non")
    return Notice.objects.get()


def test_an_administrator_sees_what_failed_but_not_its_text(signed_in, administrator, failed):
    page = signed_in(administrator).get(reverse("notices:outbox")).content.decode()
    assert "Terme proche" in page
    assert "550 Non" in page
    assert "Lien secret" not in page


def test_an_administrator_sends_one_again(signed_in, administrator, failed):
    client = signed_in(administrator)
    assert client.post(reverse("notices:outbox_retry", args=[failed.public_id])).status_code == 302
    assert Notice.objects.get().state == NoticeState.PENDING.value


def test_an_administrator_sends_all_again(signed_in, administrator, failed):
    signed_in(administrator).post(reverse("notices:outbox_retry_all"))
    assert Notice.objects.get().state == NoticeState.PENDING.value
    assert Entry.objects.filter(event="notices.outbox.retried").count() == 1


@pytest.mark.parametrize("page", ["outbox", "outbox_retry", "outbox_retry_all"])
def test_the_page_of_failures_does_not_exist_for_others(signed_in, referent, failed, page):
    address = reverse(f"notices:{page}", args=[failed.public_id] if page == "outbox_retry" else [])
    client = signed_in(referent)
    answer = client.get(address) if page == "outbox" else client.post(address)
    assert answer.status_code == 404


# Links of the calendar


def test_the_secret_is_shown_once_and_only_its_hash_is_kept(signed_in, referent):
    client = signed_in(referent)
    answer = client.post(reverse("notices:calendar_create"))
    address = answer.context["address"]
    secret = address.rpartition("/")[2].removesuffix(".ics")
    assert "no-store" in answer["Cache-Control"]
    assert address in answer.content.decode()
    assert CalendarLink.objects.get().secret_hash == actions.hash_of(secret)
    assert secret not in client.get(reverse("notices:calendar")).content.decode()
    assert client.get(f"/avis/calendrier/{secret}.ics").status_code == 200


def test_a_mandate_has_five_links_at_most(signed_in, referent):
    client = signed_in(referent)
    for _ in range(6):
        client.post(reverse("notices:calendar_create"))
    assert CalendarLink.objects.count() == actions.MOST_LINKS


def test_the_link_of_someone_else_cannot_be_removed(signed_in, referent, administrator):
    actions.create_link(administrator, actor=administrator.as_actor(), at=NOW)
    link = CalendarLink.objects.get()
    address = reverse("notices:calendar_revoke", args=[link.public_id])
    assert signed_in(referent).post(address).status_code == 404
    assert signed_in(administrator).post(address).status_code == 302
    link.refresh_from_db()
    assert link.revoked_at is not None
