"""Wider reads for the pages of one convention: text in force, matrix, history, alignment with the model."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from django.db.models import Case, OuterRef, Q, Subquery, When

from traitdunion.conventions import rules
from traitdunion.conventions.kinds import Basis, Coverage, State, Step, Turn
from traitdunion.conventions.models import (
    HEADINGS,
    Circuit,
    Clause,
    Convention,
    ConventionQuerySet,
    HeadingText,
    Signature,
    Template,
    TemplateHeading,
)
from traitdunion.conventions.rules import HeadingVersion, Piece, Situation
from traitdunion.identity.kinds import Role
from traitdunion.plan.kinds import OriginKind
from traitdunion.plan.models import Action


def current_template(day: date) -> Template | None:
    """Return the version of the national model in use on ``day``."""
    return Template.objects.filter(adopted_on__lte=day).order_by("-adopted_on", "-pk").first()


# One convention


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A heading as the checklist shows it."""

    number: int
    title: str
    expectation: str
    coverage: Coverage
    text: str
    written_by: str
    written_at: datetime | None

    @property
    def is_done(self) -> bool:
        """Whether it is dealt with, or has no object here."""
        return self.coverage in {Coverage.PRESENT, Coverage.NOT_CONCERNED}


def checklist(convention: Convention, *, day: date) -> list[Line]:
    """Return the sixteen headings of a convention, in two queries; of an avenant, those it rewrites."""
    written = {heading.number: heading for heading in convention.headings.all()}
    models = template_headings(convention, day=day)
    numbers = sorted(written) if convention.is_avenant else range(1, HEADINGS + 1)
    return [_line(number, written.get(number), models.get(number)) for number in numbers]


def editable_headings(convention: Convention, *, day: date) -> list[Line]:
    """Return the sixteen headings to edit; those an avenant does not rewrite show the text in force."""
    lines = checklist(convention, day=day)
    if convention.parent is None:
        return lines
    rewritten = {line.number: line for line in lines}
    in_force = consolidated(convention.parent, on=day)
    return [
        rewritten.get(article.number)
        or Line(
            number=article.number,
            title=article.title,
            expectation="",
            coverage=Coverage.PRESENT,
            text=article.version.text if article.version else "",
            written_by="",
            written_at=None,
        )
        for article in in_force.articles
    ]


def _line(number: int, written: HeadingText | None, model: TemplateHeading | None) -> Line:
    return Line(
        number=number,
        title=_heading_title(number, model),
        expectation=model.expectation if model else "",
        coverage=Coverage(written.coverage) if written else Coverage.ABSENT,
        text=written.text if written else "",
        written_by=written.author_label if written else "",
        written_at=written.recorded_at if written else None,
    )


def _heading_title(number: int, model: TemplateHeading | None) -> str:
    return model.title if model and model.title else f"Rubrique {number}"


def template_headings(convention: Convention, *, day: date) -> Mapping[int, TemplateHeading]:
    """Return the headings of the model that a convention follows, by number.

    Without one: those of the version in use on ``day``, or of the latest when none was in use yet.
    """
    followed = convention.template_id or (convention.parent.template_id if convention.parent else None)
    in_use = (
        Template.objects.filter(adopted_on__isnull=False)
        .order_by(Case(When(adopted_on__lte=day, then=0), default=1), "-adopted_on", "-pk")
        .values("pk")[:1]
    )
    headings = (
        TemplateHeading.objects.filter(template=followed)
        if followed
        else TemplateHeading.objects.filter(template__in=in_use)
    )
    return {heading.number: heading for heading in headings}


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """A clause and the action that it opened in the ledger, once signed."""

    clause: Clause
    action: UUID | None


def obligations(convention: Convention) -> list[Obligation]:
    """Return the clauses of a text with their actions, in one query."""
    opened = Action.objects.filter(
        origin=OriginKind.CONVENTION_CLAUSE.value, origin_reference=OuterRef("public_id")
    ).values("public_id")[:1]
    clauses = convention.clauses.annotate(action=Subquery(opened))
    return [Obligation(clause=clause, action=clause.action) for clause in clauses]


# History


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One line of the history of a convention, as the page shows it."""

    at: date
    text: str
    author: str
    reason: str = ""
    convention: UUID | None = None


STEP_WORDS = {
    Step.PROJET: "Projet remis à : {turn}",
    Step.RELECTURE: "Relecture confiée à : {turn}",
    Step.A_SIGNER: "Texte prêt à signer",
    Step.ABANDONNEE: "Projet abandonné",
}


def history(convention: Convention, avenants: Iterable[Convention], *, day: date) -> list[Happening]:
    """Return what happened to a convention and its avenants until ``day``, latest first.

    Expects ``with_life``.
    """
    happenings = [*_written(convention), *_signed(convention), *_ended(convention, day)]
    for avenant in avenants:
        text = f"Avenant n° {avenant.number} : "
        happenings += [
            Happening(
                at=line.at,
                text=text + line.text[0].lower() + line.text[1:],
                author=line.author,
                reason=line.reason,
                convention=avenant.public_id,
            )
            for line in [*_written(avenant), *_signed(avenant)]
        ]
    # Of one day too, what came last is read first: hence not « reverse=True », which would keep their order.
    return sorted((line for line in happenings if line.at <= day), key=lambda line: line.at)[::-1]


def _written(convention: Convention) -> Iterable[Happening]:
    for rank, taken in enumerate(convention.steps.all()):
        said = STEP_WORDS[Step(taken.step)].format(turn=taken.get_turn_display())
        yield Happening(
            at=taken.happened_on,
            text="Projet ouvert" if rank == 0 and Step(taken.step) is Step.PROJET else said,
            author=taken.author_label,
            reason=taken.reason,
        )


def _signed(convention: Convention) -> Iterable[Happening]:
    for signature in convention.signatures.all():
        who = f"{signature.signatory_name}, {signature.quality}"
        yield Happening(
            at=signature.signed_on,
            text=f"Signature ({signature.get_side_display()}) : {who}",
            author=signature.author_label,
        )
    if convention.signed_on is not None and convention.starts_on is not None:
        yield Happening(
            at=max(convention.signed_on, convention.starts_on), text="Entrée en vigueur", author=""
        )


def _ended(convention: Convention, day: date) -> Iterable[Happening]:
    situation = convention.situation(day)
    if situation is None or not situation.is_over:
        return
    if situation.state is State.DENONCEE:
        yield Happening(
            at=situation.since,
            text="Fin par dénonciation",
            author=convention.denounced_by,
            reason=convention.denounced_reason,
        )
    else:
        yield Happening(at=situation.since, text="Échue : le dernier jour est passé", author="")


def signature_note(signature: Signature) -> str:
    """Return under what power a side signed, in French."""
    basis = Basis(signature.basis)
    if basis is Basis.DELEGATION and signature.delegation is not None:
        delegation = signature.delegation
        days = rules.period(delegation.starts_on, delegation.ends_on)
        return f"{basis.label} {delegation.reference}, {days}"
    return basis.label


# The text in force on a day


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A heading of the text in force: what it says, by which act, and how it differs from another day."""

    number: int
    title: str
    version: HeadingVersion | None
    other: HeadingVersion | None = None
    pieces: Sequence[Piece] = ()

    @property
    def is_changed(self) -> bool:
        """Whether the two days read differently."""
        return (self.version.text if self.version else "") != (self.other.text if self.other else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """The role matrix in force and the act that holds it."""

    act: str
    circuits: Sequence[Circuit]


@dataclass(frozen=True, slots=True, kw_only=True)
class Consolidated:
    """The text in force on a day: its headings, its role matrix, and the acts it is made of.

    Attributes:
        ended: how the convention had ended by that day: its last text is then read as a memory, none is in force.
    """

    articles: Sequence[Article]
    matrix: Matrix | None
    acts: Sequence[Convention]
    ended: rules.Ending | None

    @property
    def changed(self) -> int:
        """The number of headings that differ from the other day."""
        return sum(article.is_changed for article in self.articles)


def consolidated(whole: Convention, *, on: date, against: date | None = None) -> Consolidated:
    """Return the text of a convention and of its avenants in force on ``on``, compared with ``against``.

    Before its signature a convention has no text in force: the draft is read instead. After its end, the last text is.
    """
    acts = list(
        Convention.objects.filter(Q(pk=whole.pk) | Q(parent=whole, signed_on__isnull=False))
        .prefetch_related("headings", "circuits")
        .order_by("number")
    )
    models = template_headings(whole, day=on)
    versions = [version for act in acts for version in _versions(act)]
    read = rules.consolidated(versions, on=on)
    other = rules.consolidated(versions, on=against) if against else {}
    articles = []
    for number in range(1, HEADINGS + 1):
        version, former = read.get(number), other.get(number)
        pieces = (
            rules.differences(former.text if former else "", version.text if version else "")
            if against
            else ()
        )
        articles.append(
            Article(
                number=number,
                title=_heading_title(number, models.get(number)),
                version=version,
                other=former,
                pieces=pieces,
            )
        )
    in_force = [act for act in acts if _in_force_from(act) <= on]
    ended = rules.ending(
        on, signed_on=whole.signed_on, ends_on=whole.ends_on, denounced_on=whole.denounced_on
    )
    return Consolidated(articles=articles, matrix=_matrix(in_force), acts=in_force, ended=ended)


def _in_force_from(act: Convention) -> date:
    if act.signed_on is None:
        return date.min
    return max(act.signed_on, act.starts_on or act.signed_on)


def _versions(act: Convention) -> Iterable[HeadingVersion]:
    for heading in act.headings.all():
        if heading.coverage != Coverage.NOT_CONCERNED.value and not heading.text:
            continue
        text = heading.text or "Sans objet."
        yield HeadingVersion(
            number=heading.number, text=text, act=act_name(act), in_force_from=_in_force_from(act)
        )


def act_name(act: Convention) -> str:
    """Return how a reader names an act of a convention."""
    return f"avenant n° {act.number}" if act.number else "convention"


def _matrix(acts: Sequence[Convention]) -> Matrix | None:
    for act in sorted(acts, key=lambda act: (_in_force_from(act), act.number), reverse=True):
        circuits = list(act.circuits.all())
        if circuits:
            return Matrix(act=act_name(act), circuits=circuits)
    return None


# Lists


# Reads some conventions as a list was read: now, or as known on an evening.
type Read = Callable[[ConventionQuerySet], Iterable[Convention]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A convention in a list, with where it stands and what is expected, in the words of the reader's role.

    Attributes:
        follower: the convention that takes over, or is being written to, once this one is over.
    """

    convention: Convention
    situation: Situation | None
    sentence: str
    follower: Convention | None = None


def rows(
    conventions: Iterable[Convention], *, day: date, reader: Role, beside: Read | None = None
) -> list[Row]:
    """Return the rows of a list, worded for the role that reads. Expects ``with_life``.

    Args:
        conventions: those of the list.
        day: the day of reading.
        reader: the role that reads.
        beside: reads the conventions of some départements, as the list was read: ``with_life`` by default. It is
            asked only about the départements where a convention is over.
    """
    conventions = list(conventions)
    found = {each.pk: each.situation(day) for each in conventions}
    over = {each.departement_id for each in conventions if (at := found[each.pk]) and at.is_over}
    wholes: dict[str, list[Convention]] = defaultdict(list)
    if over:
        for each in (beside or _with_life)(Convention.objects.filter(departement__in=over, parent=None)):
            wholes[each.departement_id].append(each)
    return [_row(each, found[each.pk], wholes[each.departement_id], day, reader) for each in conventions]


def _with_life(conventions: ConventionQuerySet) -> Iterable[Convention]:
    return conventions.with_life()


def _row(
    convention: Convention,
    situation: Situation | None,
    wholes: Iterable[Convention],
    day: date,
    reader: Role,
) -> Row:
    if situation is None:
        return Row(convention=convention, situation=None, sentence="Pas encore ouverte.")
    if situation.is_over:
        follower, sentence = _after_the_end(convention, wholes, day)
        if sentence:
            settled = replace(situation, turn=Turn.NOBODY)
            return Row(convention=convention, situation=settled, sentence=sentence, follower=follower)
    sentence = rules.turn_sentence(
        situation.state,
        situation.turn,
        reader=reader,
        since=situation.turn_since,
        representative=convention.departement.representative,
    )
    return Row(convention=convention, situation=situation, sentence=sentence)


def _after_the_end(
    convention: Convention, wholes: Iterable[Convention], day: date
) -> tuple[Convention | None, str]:
    """Return what takes over from a text that is over and how a reader is told; empty while someone must act."""
    by_key = {each.pk: each for each in wholes}
    own = by_key.pop(convention.parent_id or convention.pk, None)
    found = (
        rules.successor(own.life, [(key, each.life) for key, each in by_key.items()], day) if own else None
    )
    follower = by_key[found.key] if found else None
    if convention.is_avenant:
        return follower, rules.WITH_ITS_CONVENTION
    return follower, found.sentence(follower.title, day) if found and follower else ""


def in_force(conventions: ConventionQuerySet, *, day: date, departement: str = "") -> ConventionQuerySet:
    """Return the conventions in force on ``day``, département by département; ``departement`` keeps one.

    Once both sides have signed, the dates alone give the state: the database agrees with ``rules.state_on``.
    """
    running = (
        conventions.filter(parent__isnull=True, signed_on__lte=day, starts_on__lte=day)
        .exclude(ends_on__lt=day)
        .exclude(denounced_on__lte=day)
        .order_by("departement_id", "pk")
    )
    return running.filter(departement=departement) if departement else running


def behind(conventions: ConventionQuerySet, current: Template | None) -> ConventionQuerySet:
    """Return the conventions that follow another version of the model than ``current``, or none."""
    if current is None:
        return conventions.none()
    return conventions.exclude(template=current).select_related("departement", "template")
