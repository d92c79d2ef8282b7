"""National bilans, for everyone: the text as it was signed, its figures and their sources, its files, its proof."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from traitdunion.core.errors import Refusal
from traitdunion.reviews import document, figures, files, rules
from traitdunion.reviews.document import Bilan
from traitdunion.reviews.figures import Figure
from traitdunion.reviews.kinds import Level, Operator, Owner, Party, State, Voice
from traitdunion.reviews.models import LIFE, Version
from traitdunion.reviews.readback import figures_in
from traitdunion.reviews.rules import Quarter, QuarterError
from traitdunion.reviews.views.reading import Piece, pieces_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A version that everyone reads, and where it stands."""

    version: Version
    quarter: Quarter
    state: State
    missing: Sequence[Party]

    @property
    def is_alone(self) -> bool:
        """Whether one party only signed it."""
        return bool(self.missing)


def _published(today: date, quarter: Quarter | None = None) -> list[Published]:
    """Return the versions that are public on ``today``, the last quarter and the last version first; four queries."""
    versions = (
        Version.objects.filter(review__level=Level.NATIONAL.value, signatures__isnull=False)
        .select_related("review", "corrects")
        .prefetch_related(*LIFE)
        .distinct()
        .order_by("-review__quarter", "-number")
    )
    if quarter is not None:
        versions = versions.filter(review__quarter=str(quarter))
    return [
        Published(
            version=version,
            quarter=Quarter.read(version.review.quarter),
            state=rules.state_of(version.life),
            missing=[side for side in rules.SIDES[Level.NATIONAL] if side not in version.life.signed],
        )
        for version in versions
        if rules.is_public(version.life, due_on=version.review.due_on, day=today)
    ]


@require_safe
def public_list(request: HttpRequest) -> HttpResponse:
    """List the national bilans that are published, quarter by quarter, with their corrections."""
    found: dict[Quarter, list[Published]] = {}
    for each in _published(timezone.localdate()):
        found.setdefault(each.quarter, []).append(each)
    rows = [(each, _kept(each.version)) for each, *_ in found.values()]
    return render(request, "reviews/public_list.html", {"rows": rows})


def _kept(version: Version) -> str:
    return document.read(version.document.encode()).conclusion.kept.value


@require_safe
def public_detail(request: HttpRequest, quarter: str, number: int | None = None) -> HttpResponse:
    """Show a published bilan: the text that was signed, each figure linked to its definition; never the draft."""
    every = _published(timezone.localdate(), _quarter(quarter))
    published = _of(every, number)
    version = published.version
    bilan = document.read(version.document.encode())
    known = figures_in(bilan)
    newest = (
        Version.objects.filter(review=version.review).order_by("-number").values_list("number", flat=True)[0]
    )
    context = {
        "published": published,
        "version": version,
        "quarter": published.quarter,
        "bilan": bilan,
        "sections": _sections(bilan, known),
        "criteria": [(each, known[each.figure], _threshold(each)) for each in bilan.criteria],
        "missing": [each.label for each in bilan.criteria if each.id in bilan.conclusion.missing],
        "departs": bilan.conclusion.kept is not bilan.conclusion.computed,
        "reason": figures.render(bilan.conclusion.reason or "", known),
        "commitments": [
            (figures.render(each.text, known), Owner(each.owner.value).label, each)
            for each in bilan.commitments
        ],
        "decisions": [figures.render(each, known) for each in bilan.meeting.decisions]
        if bilan.meeting
        else [],
        "limits": [figures.render(each, known) for each in bilan.limits],
        "figures": [(figure, "") for figure in known.values()],  # their sources are read under a mandate
        "signatures": [(Party(row.side), row) for row in version.signatures.all()],
        "declined": version.refusals,
        "others": [each for each in every if each.version.pk != version.pk],
        "is_last": version.pk == every[0].version.pk,
        "corrected_soon": newest > every[0].version.number,
        "kinds": [kind for kind in files.KINDS if kind != files.PROOF],
    }
    return render(request, "reviews/public_detail.html", context)


def _threshold(criterion: document.Criterion) -> str:
    said = criterion.threshold.value.replace(".", ",")
    return f"{Operator(criterion.threshold.operator.value).label} {said}"


def _sections(bilan: Bilan, known: Mapping[str, Figure]) -> list[tuple[str, list[tuple[str, list[Piece]]]]]:
    return [
        (
            section.title,
            [
                (
                    "" if each.voice is document.Voice.COMMUNE else Voice(each.voice.value).label,
                    pieces_of(each.text, known),
                )
                for each in section.paragraphs
            ],
        )
        for section in bilan.sections
    ]


@require_safe
def public_file(_request: HttpRequest, quarter: str, number: int, kind: str) -> HttpResponseBase:
    """Send a file of a published bilan: PDF, canonical JSON, DOCX, ODS, proof pack."""
    if kind not in files.KINDS:
        raise Http404(f"Aucun fichier de bilan ne finit par « {kind[:10]} ».")
    version = _of(_published(timezone.localdate(), _quarter(quarter)), number).version
    try:
        made = files.content(version, kind)
    except Refusal as refusal:
        return HttpResponse(f"{refusal}\n", status=503, content_type="text/plain; charset=utf-8")
    response = HttpResponse(made, content_type=files.KINDS[kind])
    response["Content-Disposition"] = f'attachment; filename="{files.name(version, kind)}"'
    return response


def _quarter(text: str) -> Quarter:
    try:
        return Quarter.read(text)
    except QuarterError as error:
        raise Http404(str(error)) from error


def _of(every: Sequence[Published], number: int | None) -> Published:
    found = next((each for each in every if number in {None, each.version.number}), None)
    if found is None:
        raise Http404("Aucun bilan national n’est publié sous cette adresse.")
    return found
