"""Everyone reads the bilans that both sides signed, and no other."""

from datetime import UTC, date, datetime

from tests.reviews.scene import LATER
from traitdunion.portal.open_data import BILANS
from traitdunion.reviews import queries_public
from traitdunion.reviews.kinds import Party

LONG_AFTER = datetime(2027, 1, 1, tzinfo=UTC)


def test_a_bilan_signed_by_one_side_is_not_published(bilan):
    bilan.offer()
    bilan.sign(Party.ARS)
    assert queries_public.signed(until=LONG_AFTER) == []


def test_a_bilan_signed_by_both_says_what_it_concludes(bilan, django_assert_num_queries):
    version = bilan.signed()
    with django_assert_num_queries(2):
        [found] = queries_public.signed(until=LONG_AFTER)
    assert (found.departement, found.quarter, found.number, found.corrects) == ("67", "2026-T3", 1, None)
    assert found.sha256 == version.document_sha256
    assert found.computed == found.kept == "à renforcer"
    assert found.reason == ""
    assert set(found.signed_at) == {"prefecture", "ars"}


def test_the_day_before_the_second_signature_it_was_not_published(bilan):
    bilan.signed()
    assert queries_public.signed(until=LATER) == []


def test_a_correction_stands_beside_what_it_corrects(bilan):
    bilan.signed()
    bilan.amend()
    bilan.signed()
    assert [(each.number, each.corrects) for each in queries_public.signed(until=LONG_AFTER)] == [
        (1, None),
        (2, 1),
    ]


def test_the_open_table_holds_it(bilan):
    version = bilan.signed()
    [row] = BILANS.read(date(2026, 12, 31))
    assert (row["territoire"], row["signe_par_les_deux_le"]) == ("67", date(2026, 10, 20))
    assert (row["empreinte"], row["motif_ecart"], row["perime_le"]) == (version.document_sha256, None, None)
    assert set(row) == {field.name for field in BILANS.fields}
