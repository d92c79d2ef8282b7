"""Read a bilan: its page, the versions that were signed, their files."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from traitdunion.core.errors import Refusal
from traitdunion.identity.http import SignedInRequest, mandate_required
from traitdunion.reviews import (
    access,
    dating,
    figures,
    files,
    parties,
    queries,
    queries_documents,
    queries_national,
    rules,
)
from traitdunion.reviews.figures import Figure
from traitdunion.reviews.kinds import Conclusion, Fate, Level, Party, State, Step, Voice
from traitdunion.reviews.models import LIFE, Paragraph, Review, Version
from traitdunion.reviews.outline import titles, voices
from traitdunion.reviews.rules import Quarter
from traitdunion.reviews.views.addresses import page_of
from traitdunion.reviews.views.frame import read_review, today_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A run of words, or a figure that is cited: ``figure`` is empty for words."""

    text: str
    figure: str = ""
    has_changed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a voice says in a part, ready to show."""

    voice: Voice
    paragraph: Paragraph | None
    pieces: list[Piece]
    typed: list[str]
    may_write: bool

    @property
    def has_changed(self) -> bool:
        """Whether a figure that it cites changed at the last reading."""
        return any(piece.has_changed for piece in self.pieces)


@mandate_required
@require_safe
def review_detail(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Show the bilan as it stands, already written; what each side may do now."""
    review = read_review(request, public_id)
    every = list(review.versions.select_related("corrects").prefetch_related(*LIFE).order_by("number"))
    for each in every:
        each.review = review
    version = every[-1]
    party = access.party_of(request.mandate, review)
    found = queries.figures_by_name(version)
    judged = queries.judgement(version, found)
    life = version.life
    today = today_in(review)
    quarter = Quarter.read(review.quarter)
    writes = party is not None and rules.may_write(life)
    commitments = list(queries.commitments_of(review))
    steps = rules.allowed_steps(life) if party is not None else frozenset()
    context = {
        "review": review,
        "version": version,
        "quarter": quarter,
        "state": rules.state_of(life),
        "turn": rules.turn_sentence(life, reader=party),
        "clock": ""
        if rules.state_of(life) is State.SIGNE
        else rules.timetable(quarter, life.level).clock(today),
        "judged": judged,
        "kept": Conclusion(version.kept) if version.kept else judged.conclusion,
        "sections": _sections(version, found, party if writes else None, request.GET.getlist("change")),
        "figures": [(found[name], page_of(name, review.departement, quarter)) for name in sorted(found)],
        "before": [(each, Fate(each.state)) for each in commitments if each.review_id != review.pk],
        "promised": [each for each in commitments if each.review_id == review.pk],
        "meeting": getattr(review, "meeting", None),
        "earlier": [(each, rules.state_of(each.life)) for each in every[:-1]],
        "names": _names(review, quarter),
        "is_public": rules.is_public(life, due_on=review.due_on, day=today),
        "missing": [side for side in rules.SIDES[life.level] if side not in life.signed],
        "writes": writes,
        "other": _other(life, party) if party else "",
        "may_hand_over": writes and Step.RELECTURE in steps,
        "may_offer": Step.A_SIGNER in steps,
        "may_take_back": life.step is Step.A_SIGNER and Step.ECRITURE in steps,
        "may_sign": party is not None and rules.may_sign(life, party),
        "may_decline": party is not None and rules.may_decline(life, party),
        "declined": version.refusals,
        "may_amend": party is not None and rules.may_amend(life),
    }
    return render(request, "reviews/review_detail.html", context)


def _other(life: rules.Life, party: Party) -> str:
    """Return the other institution as a button names it: on a phone a button does not break its line."""
    return (
        "l’autre ministère" if life.level is Level.NATIONAL else rules.name_of(rules.other(life.level, party))
    )


def _names(review: Review, quarter: Quarter) -> list[str]:
    """Return what the institutions of the nation were called on the last day of the quarter; none elsewhere."""
    if review.departement_id is not None:
        return []
    names = queries_national.party_names()
    return [parties.label(side, quarter.last_day, names) for side in rules.SIDES[Level.NATIONAL]]


def _sections(
    version: Version, found: Mapping[str, Figure], party: Party | None, changed: Collection[str]
) -> list[tuple[str, str, list[Said]]]:
    written = {(each.section, each.voice): each for each in version.paragraphs.all()}
    sections = []
    for section, title in titles(version.life.level).items():
        said = []
        for voice in voices(version.life.level):
            paragraph = written.get((section, voice.value))
            may_write = party is not None and voice.value in {Voice.COMMUNE.value, party.value}
            if may_write or (paragraph is not None and paragraph.text):
                text = paragraph.text if paragraph else ""
                said.append(
                    Said(
                        voice=voice,
                        paragraph=paragraph,
                        pieces=pieces_of(text, found, changed),
                        typed=figures.typed_numbers(text) if may_write else [],
                        may_write=may_write,
                    )
                )
        sections.append((section, title, said))
    return sections


def pieces_of(text: str, found: Mapping[str, Figure], changed: Collection[str] = ()) -> list[Piece]:
    """Return a text as a page shows it, each citation with what its figure says."""
    return [
        Piece(text=piece.text)
        if isinstance(piece, figures.Text)
        else Piece(text=found[piece.figure].shown, figure=piece.figure, has_changed=piece.figure in changed)
        for piece in figures.parse(text)
    ]


@mandate_required
@require_safe
def version_detail(request: SignedInRequest, public_id: UUID, number: int) -> HttpResponse:
    """Show a version that was offered for signature: its hash, who signed it under what, what changed since."""
    version = _offered(request, public_id, number)
    found = queries.figures_by_name(version)
    stamps = queries_documents.stamps(version)
    context = {
        "review": version.review,
        "version": version,
        "state": rules.state_of(version.life),
        "signatures": [(Party(row.side), row, stamps.get(row.pk)) for row in version.signatures.all()],
        "declined": version.refusals,
        "has_authority": dating.is_set(),
        "sections": [
            (title, [(each.voice, each.pieces) for each in said])
            for _, title, said in _sections(version, found, None, ())
        ],
    }
    return render(request, "reviews/version_detail.html", context)


@mandate_required
@require_safe
def version_pdf(request: SignedInRequest, public_id: UUID, number: int) -> HttpResponseBase:
    """Send the PDF whose hash is signed; of a text still written, the one it would be."""
    return _file(request, public_id, number, "pdf")


@mandate_required
@require_safe
def version_word(request: SignedInRequest, public_id: UUID, number: int) -> HttpResponseBase:
    """Send the bilan for a word processor."""
    return _file(request, public_id, number, "docx")


@mandate_required
@require_safe
def version_workbook(request: SignedInRequest, public_id: UUID, number: int) -> HttpResponseBase:
    """Send the bilan as a workbook."""
    return _file(request, public_id, number, "ods")


@mandate_required
@require_safe
def version_json(request: SignedInRequest, public_id: UUID, number: int) -> HttpResponseBase:
    """Send the canonical bytes whose hash is signed."""
    return _file(request, public_id, number, "json")


@mandate_required
@require_safe
def version_proof(request: SignedInRequest, public_id: UUID, number: int) -> HttpResponseBase:
    """Send the proof pack: what was signed, by whom, under which key, and how to check it without this site."""
    return _file(request, public_id, number, files.PROOF)


def _file(request: SignedInRequest, public_id: UUID, number: int, ending: str) -> HttpResponseBase:
    version = _version(request, public_id, number)
    try:
        made = files.content(version, ending)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        if version.document:
            return redirect("reviews:version_detail", public_id, number)
        return redirect("reviews:review_detail", public_id)
    response = HttpResponse(made, content_type=files.KINDS[ending])
    response["Content-Disposition"] = f'attachment; filename="{files.name(version, ending)}"'
    return response


def _offered(request: SignedInRequest, public_id: UUID, number: int) -> Version:
    version = _version(request, public_id, number)
    if not version.document:
        raise Http404
    return version


def _version(request: SignedInRequest, public_id: UUID, number: int) -> Version:
    review = read_review(request, public_id)
    version: Version = get_object_or_404(
        Version.objects.select_related(
            "review__departement", "review__criteria", "corrects"
        ).prefetch_related(*LIFE),
        review=review,
        number=number,
    )
    return version
