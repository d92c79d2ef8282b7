"""What everyone may know of the bilans: those that both institutions signed, and what each concludes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, JSONField, Prefetch
from django.db.models.functions import Cast

from traitdunion.reviews.document import SIDES, Level
from traitdunion.reviews.models import BilanSignature, Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A version that both sides signed.

    Attributes:
        departement: its code, None for the national bilan.
        name: of the département, empty for the national bilan.
        quarter: « 2026-T3 ».
        number: of the version.
        corrects: number of the version it corrects, None for a first one.
        is_example: whether its criteria are the example.
        computed: what the criteria conclude.
        kept: what the two sides conclude.
        reason: why they depart from the computed conclusion, empty when they do not.
        signed_at: when each side signed.
        sha256: of the text that was signed.
        outdated_on: since when a source says something else, None when none does.
    """

    departement: str | None
    name: str
    quarter: str
    number: int
    corrects: int | None
    is_example: bool
    computed: str
    kept: str
    reason: str
    signed_at: Mapping[str, datetime]
    sha256: str
    outdated_on: date | None


def signed(*, until: datetime) -> list[Signed]:
    """Return the versions signed by both sides before ``until``, by quarter then département, in two queries."""
    signatures = BilanSignature.objects.filter(signed_at__lt=until)
    versions = (
        Version.objects.filter(pk__in=signatures.values("version"))
        .exclude(document="")
        .annotate(said=Cast("document", JSONField()))
        .annotate(sides=Count("signatures"))
        .filter(sides=2)
        .select_related("review__departement", "corrects")
        .prefetch_related(Prefetch("signatures", signatures))
        .defer("document")
        .order_by("review__quarter", "review__departement__code", "number")
    )
    found = []
    for version in versions:
        said = version.said["conclusion"]
        moments = {signature.side: signature.signed_at for signature in version.signatures.all()}
        if set(moments) != {side.value for side in SIDES[Level(version.review.level)]}:
            continue  # the second one signed later than the day that is read
        place = version.review.departement
        found.append(
            Signed(
                departement=None if place is None else place.code,
                name="" if place is None else place.name,
                quarter=version.review.quarter,
                number=version.number,
                corrects=None if version.corrects is None else version.corrects.number,
                is_example=version.said["is_example"],
                computed=said["computed"],
                kept=said["kept"],
                reason=said["reason"] or "",
                signed_at=moments,
                sha256=version.document_sha256,
                outdated_on=version.outdated_on,
            )
        )
    return found
