"""Write a bilan: its paragraphs, the figures read again, the conclusion, the commitments, the meeting."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import transaction

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import Actor
from traitdunion.conventions import actions_practice as practice
from traitdunion.reviews import figures, prefill, queries, sources
from traitdunion.reviews.figures import Change, Figure
from traitdunion.reviews.kinds import Conclusion, Fate, Level, Owner, Party, Voice
from traitdunion.reviews.models import (
    LONGEST_PARAGRAPH,
    Commitment,
    FigureRow,
    FormerText,
    MeetingDecision,
    Paragraph,
    Presence,
    ReviewMeeting,
    Version,
)
from traitdunion.reviews.outline import titles, voices
from traitdunion.reviews.records import clean
from traitdunion.reviews.rules import Quarter
from traitdunion.reviews.writing import ReviewRefusedError, author, log, open_for_writing

MOST_DECISIONS: Final = 30


class ConflictError(ReviewRefusedError):
    """Someone else wrote the paragraph meanwhile; both texts are kept so that the page shows them."""

    def __init__(self, paragraph: Paragraph, typed: str) -> None:
        """Keep the paragraph as it stands now and what was typed."""
        super().__init__(
            f"Ce paragraphe a été modifié pendant que vous écriviez, par {paragraph.author_label}. Rien n’est perdu : "
            "les deux textes sont ci-dessous. Gardez ce qui convient, puis enregistrez."
        )
        self.paragraph = paragraph
        self.typed = typed


# Writing


@transaction.atomic
def write_paragraph(
    version: Version,
    *,
    section: str,
    voice: Voice,
    text: str,
    revision: int,
    side: Party,
    actor: Actor,
    at: datetime,
) -> Paragraph:
    """Write what one voice says in one part.

    Args:
        version: the text of the bilan.
        section: a part of its level: a key of ``outline.titles``.
        voice: both together, or ``side`` alone.
        text: what it says; a figure is cited, not typed.
        revision: the one the author started from; 0 when there was no paragraph.
        side: the institution of the author.
        actor: who writes.
        at: when.

    Raises:
        ConflictError: someone else wrote it meanwhile.
        ReviewRefusedError: the version is offered for signature, or the voice is not the author's.
        TokenError: a citation is cut or names no figure.
    """
    version = open_for_writing(version)
    if section not in titles(version.life.level) or voice not in {Voice.COMMUNE, Voice(side.value)}:
        raise ReviewRefusedError(
            "Chaque institution écrit le texte commun et sa propre position, jamais celle de l’autre."
        )
    said = clean(text)
    if len(said) > LONGEST_PARAGRAPH:
        raise ReviewRefusedError(
            f"Le paragraphe compte {len(said)} signes, {LONGEST_PARAGRAPH} au plus : raccourcissez-le."
        )
    figures.check(said, set(version.figures.values_list("identifier", flat=True)))
    paragraph = version.paragraphs.filter(section=section, voice=voice.value).first()
    if paragraph is None:
        paragraph = Paragraph(version=version, section=section, voice=voice.value, revision=0)
    if paragraph.revision != revision:
        raise ConflictError(paragraph, said)
    _overwrite(paragraph, said, actor=actor, at=at)
    log(version, "paragraph_written", actor=actor, at=at, part=paragraph.anchor, revision=paragraph.revision)
    return paragraph


def _overwrite(paragraph: Paragraph, text: str, *, actor: Actor, at: datetime) -> None:
    """Write over a paragraph and keep what it said."""
    if paragraph.pk is not None:
        FormerText.objects.create(
            paragraph=paragraph,
            revision=paragraph.revision,
            text=paragraph.text,
            author_label=paragraph.author_label,
            author_mandate=paragraph.author_mandate,
            recorded_at=paragraph.recorded_at,
        )
    paragraph.text = text
    paragraph.revision += 1
    author(paragraph, actor=actor, at=at)
    paragraph.save()


@transaction.atomic
def regenerate(version: Version, *, today: date, actor: Actor, at: datetime) -> list[Change]:
    """Read the figures again and return what changed. What people wrote stays; their citations follow.

    Raises:
        ReviewRefusedError: the version is offered for signature or signed.
    """
    version = open_for_writing(version)
    review = version.review
    before = queries.figures_by_name(version)
    after = sources.read_again(review, day=today, at=at)
    changes = figures.compare(before, after)
    kept = {name: figure for name, figure in before.items() if name not in after}
    # A text may still cite a figure whose source vanished: it stays, and says that it has no value any more.
    cited = {name for each in version.paragraphs.all() for name in figures.cited(each.text)}
    for name in sorted(cited & set(kept)):
        after[name] = figures.vanished(kept[name])
    version.figures.all().delete()
    FigureRow.objects.bulk_create(FigureRow.of(version, figure) for figure in after.values())
    version.figures_on, version.figures_at = today, at
    version.save(update_fields=["figures_on", "figures_at"])
    _propose_again(version, after, actor=actor, at=at)
    log(version, "regenerated", actor=actor, at=at, changed=[change.id for change in changes])
    return changes


def _propose_again(version: Version, found: dict[str, Figure], *, actor: Actor, at: datetime) -> None:
    """Replace the proposed texts that nobody touched."""
    before = sources.before(version.review)
    changes = None if before is None else figures.compare(before, found)
    written = {each.section: each for each in version.paragraphs.filter(voice=Voice.COMMUNE.value)}
    for section, text in prefill.proposals(found, changes, version.life.level).items():
        paragraph = written.get(section)
        if paragraph is None or paragraph.generated == text:
            continue
        if paragraph.is_untouched:
            _overwrite(paragraph, text, actor=actor, at=at)
        paragraph.generated = text
        paragraph.save(update_fields=["generated"])


@transaction.atomic
def depart(
    version: Version, *, kept: Conclusion, reason: str, side: Party, actor: Actor, at: datetime
) -> None:
    """Keep another conclusion than the computed one, for a written reason that the bilan publishes.

    Keeping the computed one again takes the departure back.

    Raises:
        ReviewRefusedError: the version is offered for signature, or the reason is missing.
    """
    version = open_for_writing(version)
    computed = queries.judgement(version, queries.figures_by_name(version)).conclusion
    said = clean(reason)
    if kept is computed:
        said = ""
    elif not said:
        raise ReviewRefusedError(
            f"Les critères concluent « {computed.label} ». Pour retenir « {kept.label} », écrivez pourquoi : "
            "ce motif est publié avec le bilan."
        )
    figures.check(said, set(version.figures.values_list("identifier", flat=True)))
    version.kept = kept.value if said else ""
    version.departure_reason = said
    version.departure_by = f"{actor.label}" if said else ""
    version.save(update_fields=["kept", "departure_reason", "departure_by"])
    log(
        version,
        "departed" if said else "departure_withdrawn",
        actor=actor,
        at=at,
        kept=kept.value,
        computed=computed.value,
        side=side.value,
    )


# Commitments


@transaction.atomic
def promise(
    version: Version, *, text: str, owner: Owner, due_on: date, actor: Actor, at: datetime
) -> Commitment:
    """Add a commitment to a bilan.

    Raises:
        ReviewRefusedError: the version is offered for signature, the owner does not sign here, or the day is past.
    """
    version = open_for_writing(version)
    review = version.review
    if owner.value not in {Owner.COMMUN.value, *(voice.value for voice in voices(Level(review.level)))}:
        raise ReviewRefusedError("Un engagement est à la charge d’une des deux institutions, ou des deux.")
    if due_on <= Quarter.read(review.quarter).last_day:
        raise ReviewRefusedError(
            f"L’échéance du {due_on:%d/%m/%Y} est dans le trimestre décrit, ou avant : choisissez un jour à venir."
        )
    commitment = Commitment.objects.create(
        review=review,
        text=clean(text),
        owner=owner.value,
        due_on=due_on,
        **audit.authorship(actor=actor, at=at),
    )
    log(version, "promised", actor=actor, at=at, commitment=str(commitment.public_id))
    return commitment


@transaction.atomic
def settle(
    version: Version,
    commitment: Commitment,
    *,
    fate: Fate,
    reason: str,
    today: date,
    actor: Actor,
    at: datetime,
) -> None:
    """Say in the bilan of ``version`` what became of a commitment.

    Raises:
        ReviewRefusedError: the version is offered for signature, the commitment is of another bilan, or the reason is
            missing.
    """
    version = open_for_writing(version)
    commitment = queries.commitments_of(version.review).select_for_update(of=("self",)).get(pk=commitment.pk)
    if commitment.review_id == version.review_id:
        raise ReviewRefusedError("Cet engagement vient d’être pris : le prochain bilan en dira la suite.")
    said = clean(reason)
    if fate in {Fate.NON_TENU, Fate.ABANDONNE} and not said:
        raise ReviewRefusedError(f"Un engagement {fate.label} dit pourquoi : écrivez le motif.")
    commitment.state = fate.value
    commitment.state_reason = said
    commitment.settled_on = None if fate is Fate.A_TENIR else today
    commitment.settled_by = "" if fate is Fate.A_TENIR else actor.label
    commitment.save(update_fields=["state", "state_reason", "settled_on", "settled_by"])
    log(version, "settled", actor=actor, at=at, commitment=str(commitment.public_id), fate=fate.value)


# The meeting


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """An office that was at the table."""

    side: Party
    organisation: str
    post: str


@transaction.atomic
def hold_meeting(
    version: Version,
    *,
    held_on: date,
    seats: Sequence[Seat],
    decisions: Sequence[str],
    today: date,
    actor: Actor,
    at: datetime,
) -> ReviewMeeting:
    """Write the meeting of a bilan once: who was there, what was decided. Written again, it is replaced.

    The meeting also counts among those of the convention: nobody types it twice.

    Raises:
        ReviewRefusedError: the version is offered for signature, the day is to come, or nobody was there.
    """
    version = open_for_writing(version)
    review = version.review
    said = [line for line in (clean(each) for each in decisions) if line]
    if held_on > today:
        raise ReviewRefusedError(f"La réunion serait tenue le {held_on:%d/%m/%Y}, une date à venir.")
    if not seats:
        raise ReviewRefusedError("Personne n’était présent : cochez les fonctions présentes.")
    if len(said) > MOST_DECISIONS or any(len(line) > 300 for line in said):
        raise ReviewRefusedError(
            f"On attend {MOST_DECISIONS} décisions au plus, de 300 signes chacune : raccourcissez ou regroupez."
        )
    meeting = ReviewMeeting.objects.filter(review=review).first()
    is_new = meeting is None
    meeting = meeting or ReviewMeeting(review=review)
    meeting.held_on = held_on
    author(meeting, actor=actor, at=at)
    meeting.save()
    meeting.presences.all().delete()
    meeting.decisions.all().delete()
    Presence.objects.bulk_create(
        Presence(meeting=meeting, side=seat.side.value, organisation=seat.organisation, post=seat.post)
        for seat in dict.fromkeys(seats)
    )
    MeetingDecision.objects.bulk_create(
        MeetingDecision(meeting=meeting, position=rank, text=line) for rank, line in enumerate(said, start=1)
    )
    if is_new and review.departement is not None:
        planned = practice.plan_meeting(
            review.departement,
            planned_on=held_on,
            subject=f"Bilan du {Quarter.read(review.quarter).label}",
            actor=actor,
            at=at,
        )
        sides = {seat.side for seat in seats}
        practice.hold_meeting(
            planned,
            held_on=held_on,
            prefecture_present=Party.PREFECTURE in sides,
            ars_present=Party.ARS in sides,
            today=today,
            actor=actor,
            at=at,
        )
    log(version, "meeting_held", actor=actor, at=at, decisions=len(said))
    return meeting
