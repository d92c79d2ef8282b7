"""Hand a bilan over, offer it for signature, sign it, see that a source changed, open a correction."""

import base64
from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from django.db import transaction

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import Actor
from traitdunion.identity.models import Mandate
from traitdunion.plan import queries as plan
from traitdunion.reviews import (
    access,
    building,
    canonical,
    document,
    figures,
    papers,
    parties,
    queries,
    queries_national,
    rules,
    signing,
    sources,
)
from traitdunion.reviews.kinds import Level, Party, State, Step
from traitdunion.reviews.models import (
    LIFE,
    BilanSignature,
    DeclinedSignature,
    FigureRow,
    Paragraph,
    Version,
    VersionPdf,
    by_name,
    latest,
)
from traitdunion.reviews.records import clean
from traitdunion.reviews.rules import Quarter
from traitdunion.reviews.signing import SigningKey
from traitdunion.reviews.writing import ReviewRefusedError, locked, log, signature_of

QUARTERS_WATCHED: Final = 4


@transaction.atomic
def hand_over(version: Version, *, step: Step, side: Party, actor: Actor, at: datetime) -> None:
    """Ask the other institution to read (``RELECTURE``), or take the text back to write (``ECRITURE``).

    Raises:
        ReviewRefusedError: the version does not allow it now.
    """
    version = locked(version)
    if step is Step.A_SIGNER or step not in rules.allowed_steps(version.life):
        raise ReviewRefusedError(
            f"Le bilan est {rules.state_of(version.life).label} : il ne peut pas passer {step.label}."
        )
    VersionPdf.objects.filter(version=version).delete()
    _set_step(
        version, step, turn=rules.other(version.life.level, side) if step is Step.RELECTURE else None, at=at
    )
    log(version, "handed_over", actor=actor, at=at, step=step.value, side=side.value)


@transaction.atomic
def offer(version: Version, *, side: Party, actor: Actor, at: datetime) -> None:
    """Freeze the text and its PDF, and offer them to both signatures.

    Raises:
        ReviewRefusedError: the version does not allow it now.
        MalformedError: the text cannot be signed as it is; the message says where.
        NoPaperError: this site makes no PDF.
    """
    version = locked(version)
    if Step.A_SIGNER not in rules.allowed_steps(version.life):
        raise ReviewRefusedError(
            f"Le bilan est {rules.state_of(version.life).label} : il ne peut pas être proposé."
        )
    raw = document.to_bytes(building.bilan_of(version))
    pdf = papers.pdf(raw)
    version.document = raw.decode()
    version.document_sha256 = canonical.sha256(raw)
    version.pdf_sha256 = canonical.sha256(pdf)
    _set_step(version, Step.A_SIGNER, turn=None, at=at)
    VersionPdf.objects.create(version=version, content=pdf)
    log(version, "offered", actor=actor, at=at, sha256=version.document_sha256, side=side.value)


def _set_step(version: Version, step: Step, *, turn: Party | None, at: datetime) -> None:
    if step is not Step.A_SIGNER:
        version.document = version.document_sha256 = version.pdf_sha256 = ""
    version.step = step.value
    version.turn = turn.value if turn else ""
    version.step_at = at
    version.save(update_fields=["step", "turn", "step_at", "document", "document_sha256", "pdf_sha256"])


@transaction.atomic
def sign(
    version: Version,
    *,
    side: Party,
    mandate: Mandate,
    sha256: str,
    day: date,
    key: SigningKey,
    at: datetime,
) -> BilanSignature:
    """Sign for one institution the text whose hash the person was shown.

    The version is held for the time of the signature: the two institutions may sign at the same moment, and a server
    that stops leaves either a whole signature or none.

    Args:
        version: the text offered.
        side: the institution bound.
        mandate: under which the person acts.
        sha256: the hash shown on the page.
        day: the day on the clock of the département.
        key: the key of the site.
        at: when.

    Raises:
        ReviewRefusedError: it is not offered, this side or this person has signed, or the person has no power that day.
        SigningError: the text is no longer the one shown, or the key does not serve.
    """
    version = locked(version)
    life = version.life
    if not rules.may_sign(life, side):
        raise ReviewRefusedError(_why_not(version, side))
    if version.signatures.filter(signatory=mandate.person).exists():
        raise ReviewRefusedError(
            f"{mandate.person.name} a déjà signé pour l’autre institution : "
            "une même personne ne signe pas pour les deux."
        )
    power = access.power_to_sign(version.review, side=side, mandate=mandate, on=day)
    if power is None:
        raise ReviewRefusedError(access.refusal_to_sign(version.review, side=side, mandate=mandate, on=day))
    made = signing.sign(
        document.read(version.document.encode()),
        document_sha256=sha256,
        pdf_sha256=version.pdf_sha256,
        side=document.Side(side.value),
        signatory=signing.Signatory(
            name=clean(mandate.person.name),
            post=clean(power.post),
            organisation=clean(_organisation(version, side, power)),
        ),
        mandate=signing.Mandate(
            id=str(power.mandate.public_id), from_=power.mandate.starts_on, to=power.mandate.ends_on
        ),
        delegation=None
        if power.delegation is None
        else signing.Delegation(
            id=str(power.delegation.public_id),
            giver=clean(str(power.delegation.given_by)),
            from_=power.delegation.starts_on,
            to=power.delegation.ends_on,
            text=clean(power.delegation.reference),
        ),
        others=[signature_of(row) for row in version.signatures.all()],
        key=key,
        at=at,
    )
    row = BilanSignature.objects.create(
        version=version,
        side=side.value,
        signatory=mandate.person,
        signatory_name=mandate.person.name,
        quality=power.sentence,
        delegation=power.delegation,
        signed_at=made.statement.signed_at,
        document_sha256=version.document_sha256,
        pdf_sha256=version.pdf_sha256,
        statement=made.statement.to_bytes().decode(),
        signature=base64.b64encode(made.signature).decode(),
        key_id=made.statement.key_id,
        **audit.authorship(actor=mandate.as_actor(), at=at),
    )
    log(version, "signed", actor=mandate.as_actor(), at=at, side=side.value, sha256=version.document_sha256)
    return row


@transaction.atomic
def decline(
    version: Version,
    *,
    side: Party,
    mandate: Mandate,
    reason: str,
    sha256: str,
    day: date,
    at: datetime,
) -> DeclinedSignature:
    """Refuse in writing, for one institution, to sign the text whose hash the person was shown.

    The other side may still sign: the bilan is then signed by one party only, and says why. Who refused may sign later.

    Args:
        version: the text offered.
        side: the institution that refuses.
        mandate: under which the person acts.
        reason: why; it is shown with the bilan.
        sha256: the hash shown on the page.
        day: the day on the clock of the département.
        at: when.

    Raises:
        ReviewRefusedError: it is not offered or has changed, this side has signed or refused it already, the reason is
            missing, or the person has no power that day: what binds the institution is refused by whom could bind it.
    """
    version = locked(version)
    if not rules.may_decline(version.life, side):
        raise ReviewRefusedError(
            f"{side.label.capitalize()} : ce texte est déjà refusé de ce côté. Le motif reste écrit."
            if side in version.life.declined
            else _why_not(version, side)
        )
    if sha256 != version.document_sha256:
        raise ReviewRefusedError("Le texte a changé depuis que vous l’avez lu : relisez-le avant de refuser.")
    said = clean(reason)
    if not said:
        raise ReviewRefusedError("Un refus de signer dit pourquoi : écrivez le motif.")
    power = access.power_to_sign(version.review, side=side, mandate=mandate, on=day)
    if power is None:
        raise ReviewRefusedError(access.refusal_to_sign(version.review, side=side, mandate=mandate, on=day))
    row = DeclinedSignature.objects.create(
        version=version,
        side=side.value,
        quality=power.sentence,
        reason=said,
        document_sha256=sha256,
        **audit.authorship(actor=mandate.as_actor(), at=at),
    )
    log(version, "declined", actor=mandate.as_actor(), at=at, side=side.value, sha256=sha256)
    return row


def _organisation(version: Version, side: Party, power: access.SigningPower) -> str:
    """Return the organisation of a statement; a ministry goes by its name on the last day of the quarter, if known."""
    if version.life.level is not Level.NATIONAL:
        return power.organisation
    day = Quarter.read(version.review.quarter).last_day
    found = parties.name_on(side, day, queries_national.party_names())
    return f"{found.said}, {power.organisation}" if found is not None and found.name else power.organisation


def _why_not(version: Version, side: Party) -> str:
    state = rules.state_of(version.life)
    if side in version.life.signed:
        return f"{side.label.capitalize()} : cette version est déjà signée de ce côté."
    if state is State.PERIME:
        return "Une source a changé depuis la première signature : ouvrez une version rectificative, puis signez-la."
    return f"Le bilan est {state.label} : il faut d’abord le proposer à la signature."


# After the signature


@transaction.atomic
def watch_sources(quarter: Quarter, *, today: date, actor: Actor, at: datetime) -> int:
    """Mark as outdated the signed bilans of the last quarters whose sources say something else; return how many.

    Figures are read as they could be on the day they were read for the bilan: what merely came later changes nothing.
    """
    earliest = quarter
    for _ in range(QUARTERS_WATCHED - 1):
        earliest = earliest.previous
    versions = (
        latest(Version.objects.filter(review__quarter__gte=str(earliest), review__quarter__lte=str(quarter)))
        .select_related("review__departement")
        .prefetch_related("figures", *LIFE)
    )
    groups: dict[tuple[str, date], list[Version]] = {}
    nation: list[Version] = []
    for version in versions:
        if not version.life.signed or version.outdated_on is not None:
            continue
        if version.review.departement is None:
            nation.append(version)
        else:
            groups.setdefault((version.review.quarter, version.figures_on), []).append(version)
    count = sum(
        _watch(Quarter.read(name), read_on, group, today=today, actor=actor, at=at)
        for (name, read_on), group in sorted(groups.items(), key=lambda pair: pair[0])
    )
    for version in nation:
        found = sources.read_again(version.review, day=version.figures_on, at=_read_at(version))
        count += _mark(version, found, today=today, actor=actor, at=at)
    return count


def _read_at(version: Version) -> datetime:
    """Return when the figures of a version were read; before that was kept, the end of its day."""
    return version.figures_at or plan.end_of(version.figures_on)


def _watch(
    quarter: Quarter, read_on: date, group: list[Version], *, today: date, actor: Actor, at: datetime
) -> int:
    places = [version.review.departement for version in group if version.review.departement is not None]
    found = queries.figures_of(quarter, places, day=read_on)
    return sum(
        _mark(version, found[version.review.departement_id or ""], today=today, actor=actor, at=at)
        for version in group
    )


def _mark(
    version: Version, found: Mapping[str, figures.Figure], *, today: date, actor: Actor, at: datetime
) -> bool:
    """Mark a version as outdated when its sources say something else, and return whether they do."""
    changes = figures.compare(by_name(version.figures.all()), found)
    # A figure already said to have lost its source does not lose it twice.
    said = [each.sentence for each in changes if each.after is not None or each.before != _gone(each)]
    if said:
        version.outdated_on = today
        version.outdated_by = said
        version.save(update_fields=["outdated_on", "outdated_by"])
        log(version, "outdated", actor=actor, at=at, changed=[each.id for each in changes])
    return bool(said)


def _gone(change: figures.Change) -> figures.Figure | None:
    return None if change.before is None else figures.vanished(change.before)


@transaction.atomic
def amend(version: Version, *, reason: str, side: Party, today: date, actor: Actor, at: datetime) -> Version:
    """Open a new version that cites the signed one: it never opens again.

    Raises:
        ReviewRefusedError: nobody signed the version, or the reason is missing.
    """
    version = locked(version)
    if not rules.may_amend(version.life):
        raise ReviewRefusedError(
            "Personne n’a signé ce bilan : modifiez-le directement, sans version rectificative."
        )
    said = clean(reason)
    if not said:
        raise ReviewRefusedError("Une version rectificative dit pourquoi : écrivez le motif.")
    fresh = Version.objects.create(
        review=version.review,
        number=version.number + 1,
        corrects=version,
        reason=said,
        step_at=at,
        figures_on=today,
        figures_at=at,
        **audit.authorship(actor=actor, at=at),
    )
    found = sources.read_again(version.review, day=today, at=at)
    paragraphs = list(version.paragraphs.all())
    _keep_cited(found, by_name(version.figures.all()), paragraphs)
    FigureRow.objects.bulk_create(FigureRow.of(fresh, figure) for figure in found.values())
    Paragraph.objects.bulk_create(
        Paragraph(
            version=fresh,
            section=paragraph.section,
            voice=paragraph.voice,
            text=paragraph.text,
            generated=paragraph.generated,
            author_label=paragraph.author_label,
            author_mandate=paragraph.author_mandate,
            recorded_at=paragraph.recorded_at,
        )
        for paragraph in paragraphs
    )
    log(fresh, "amended", actor=actor, at=at, corrects=version.document_sha256, side=side.value)
    return fresh


def _keep_cited(
    found: dict[str, figures.Figure], before: Mapping[str, figures.Figure], paragraphs: list[Paragraph]
) -> None:
    for name in {name for paragraph in paragraphs for name in figures.cited(paragraph.text)}:
        if name not in found:
            found[name] = figures.vanished(before[name])
