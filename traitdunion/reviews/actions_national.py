"""What is written at national level only: the paragraph of a département that is cited, the names of the parties."""

from datetime import date, datetime

from django.db import transaction

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import Actor
from traitdunion.reviews import figures, queries
from traitdunion.reviews.actions import write_paragraph
from traitdunion.reviews.kinds import Level, Party, Voice
from traitdunion.reviews.models import Paragraph, PartyName, Version
from traitdunion.reviews.records import clean
from traitdunion.reviews.writing import ReviewRefusedError, open_for_writing

CITED_IN = "themes"


@transaction.atomic
def cite(version: Version, paragraph: Paragraph, *, side: Party, actor: Actor, at: datetime) -> Paragraph:
    """Add to the national text what a signed bilan of a département says, with its source, and return where it went.

    The words are copied with their figures and followed by the département, the version and its hash: who has the
    proof pack of the département finds them there.

    Raises:
        ReviewRefusedError: the version is offered or signed, it is not the national one, the bilan of the département
            is not of that quarter or is signed by nobody, or the text is too long with it.
    """
    version = open_for_writing(version)
    source = paragraph.version
    review = source.review
    if version.life.level is not Level.NATIONAL or review.departement is None:
        raise ReviewRefusedError("Seul le bilan national cite les paragraphes des départements.")
    if review.quarter != version.review.quarter:
        raise ReviewRefusedError("Ce paragraphe est celui d’un autre trimestre.")
    if not source.signatures.exists():
        raise ReviewRefusedError(
            f"Le bilan {review.place} n’est signé par personne : seul un texte signé se cite."
        )
    said = figures.render(paragraph.text, queries.figures_by_name(source))
    cited = (
        f"« {clean(said)} »\n{review.departement.name} ({review.departement.code}), "
        f"{Voice(paragraph.voice).label}, version {source.number}, SHA-256 {source.document_sha256}."
    )
    standing = version.paragraphs.filter(section=CITED_IN, voice=Voice.COMMUNE.value).first()
    before = standing.text if standing else ""
    if cited in before:
        raise ReviewRefusedError("Ce paragraphe est déjà cité dans le bilan national.")
    return write_paragraph(
        version,
        section=CITED_IN,
        voice=Voice.COMMUNE,
        text=f"{before}\n\n{cited}" if before else cited,
        revision=standing.revision if standing else 0,
        side=side,
        actor=actor,
        at=at,
    )


@transaction.atomic
def name_party(
    party: Party,
    *,
    name: str,
    short: str,
    starts_on: date,
    ends_on: date | None,
    source: str,
    actor: Actor,
    at: datetime,
) -> PartyName:
    """Write what an institution of the national bilan is called from a day on, and where that was read.

    A bilan already offered or signed keeps the name it says.

    Raises:
        ReviewRefusedError: the party does not sign the national bilan, or the days are in the wrong order.
    """
    if party not in {Party.SANTE, Party.INTERIEUR}:
        raise ReviewRefusedError("Seules les deux institutions du bilan national ont un nom daté.")
    if ends_on is not None and ends_on < starts_on:
        raise ReviewRefusedError("Le dernier jour du nom ne peut pas précéder le premier.")
    row = PartyName.objects.create(
        party=party.value,
        name=clean(name),
        short=clean(short),
        starts_on=starts_on,
        ends_on=ends_on,
        source=clean(source),
        **audit.authorship(actor=actor, at=at),
    )
    audit.record(
        event="reviews.party.named",
        subject=party.value,
        actor=actor,
        at=at,
        detail={"name": row.name, "from": f"{starts_on}", "source": row.source},
    )
    return row
