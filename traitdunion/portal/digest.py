"""The weekly digest: what a mandate has to know this week, read for everyone in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from traitdunion.barometer import queries_pistes
from traitdunion.barometer.access_pistes import may_decide
from traitdunion.barometer.models import Piste
from traitdunion.conventions import queries as conventions
from traitdunion.conventions.kinds import State, Turn
from traitdunion.conventions.models import ContactCheck
from traitdunion.conventions.rules import LADDER_DAYS, quarter_of
from traitdunion.identity import queries as identity
from traitdunion.identity.kinds import Role, Side
from traitdunion.identity.models import Mandate
from traitdunion.identity.queries import Seat
from traitdunion.notices import queries as notices
from traitdunion.notices.letters import absolute, counted, french_day
from traitdunion.plan import queries as plan
from traitdunion.plan.kinds import ActionState, Owner
from traitdunion.plan.models import Action
from traitdunion.plan.queries import ActionLine
from traitdunion.reviews import access as reviews
from traitdunion.reviews import queries_turns
from traitdunion.reviews.kinds import State as BilanState
from traitdunion.reviews.queries_turns import Text
from traitdunion.reviews.rules import Quarter
from traitdunion.territories.models import Departement

MOST_LINES: Final = 8
DUE_SOON: Final = timedelta(days=14)
PATIENCE: Final = timedelta(days=7)  # before the silence of someone else is told
DESKS: Final = frozenset({Role.DESK_SANTE, Role.DESK_INTERIEUR, Role.SG_CIPDR})
ENDED: Final = (ActionState.REALISEE.value, ActionState.ABANDONNEE.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One fact and the page that tells more."""

    text: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A few facts of one kind."""

    title: str
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """What is known on the day of the digest, by département; what is national has the code ``""``."""

    day: date
    departements: Mapping[str, Departement]
    situations: Mapping[str, conventions.Situation]
    actions: Mapping[str, Sequence[ActionLine]]
    silent: Mapping[str, Sequence[ContactCheck]]
    pistes: Mapping[str, Sequence[Piste]]
    bilans: Mapping[str, Sequence[Text]]
    asked: int
    seats: Mapping[str, Sequence[Seat]]
    undelivered: int

    def reached_by(self, mandate: Mandate) -> list[Departement]:
        """Return the départements of a mandate, in the order of their codes."""
        return [each for each in self.departements.values() if mandate.covers(each)]


def read(day: date) -> Week:
    """Return the facts of the week of ``day``, in a number of queries that does not depend on the rows."""
    actions: dict[str, list[ActionLine]] = defaultdict(list)
    # In pairs: these columns are added by the query, the type checker does not know them.
    pressing = Q(("due_on__lte", day + DUE_SOON)), ~Q(("state__in", ENDED))
    owed = plan.with_state(Action.objects.all(), day).filter(*pressing).order_by(F("due_on"), "pk")
    for line in plan.lines(owed, day):
        actions[line.departement].append(line)
    checks = ContactCheck.objects.filter(quarter=quarter_of(day))
    silent: dict[str, list[ContactCheck]] = defaultdict(list)
    in_post = Mandate.objects.current(day).filter(post=OuterRef("post"), person=OuterRef("person"))
    # Who left the post owes no answer.
    for check in checks.filter(Exists(in_post), confirmed_at=None).order_by("side", "pk"):
        silent[check.departement_id].append(check)
    seats: dict[str, list[Seat]] = defaultdict(list)
    for seat in identity.seats(identity.referent_posts(day=day), day=day):
        seats[seat.post.departement_id or ""].append(seat)
    pistes: dict[str, list[Piste]] = defaultdict(list)
    for piste in queries_pistes.awaiting_an_answer():
        pistes[piste.departement_id].append(piste)
    bilans: dict[str, list[Text]] = defaultdict(list)
    for text in queries_turns.standing(queries_turns.told(day=day)):
        bilans[text.departement].append(text)
    return Week(
        day=day,
        departements={each.code: each for each in Departement.objects.select_related("region")},
        situations=conventions.situation(day),
        actions=actions,
        silent=silent,
        pistes=pistes,
        bilans=bilans,
        asked=checks.count(),
        seats=seats,
        undelivered=notices.outbox().failed,
    )


# What each role is told


def sections(mandate: Mandate, week: Week) -> list[Section]:
    """Return what ``mandate`` has to know this week, nothing when there is nothing."""
    if mandate.side is not None:
        told = _for_a_side(mandate, mandate.side, week)
    elif mandate.role in DESKS:
        mine, theirs = _turns_of_bilans(mandate, None, week)
        told = [
            ("À vous de jouer", mine),
            ("Vous attendez l’autre ministère", theirs),
            ("La nation cette semaine", list(_nation(week))),
        ]
    elif mandate.role is Role.ADMINISTRATEUR:
        told = [("Administration du site", list(_administration(week)))]
    elif mandate.role in {Role.PSYCHIATRE, Role.ETABLISSEMENT}:
        told = [("Vos interlocuteurs", list(_vacancies(week.reached_by(mandate), week)))]
    else:
        told = []  # the DPO and the inspectors consult, nobody waits for them
    return [Section(title=title, lines=_shortened(lines)) for title, lines in told if lines]


def _for_a_side(mandate: Mandate, side: Side, week: Week) -> list[tuple[str, list[Line]]]:
    reached = week.reached_by(mandate)
    mine, theirs = [], []
    for departement in reached:
        turn = week.situations[departement.code].turn
        if turn is Turn.BOTH or turn.value == side.value:
            mine.append(_turn(departement, mandate.role, week))
        elif turn is not Turn.NOBODY:
            theirs.append(_turn(departement, mandate.role, week))
        for lines, told in zip((mine, theirs), _turns_of_bilans(mandate, departement, week), strict=True):
            lines.extend(told)
        if may_decide(mandate, departement):
            for piste in week.pistes.get(departement.code, ()):
                line = queries_pistes.line(piste, side)
                (mine if line.is_awaited_from(side) else theirs).append(_piste(departement, line))
    other = "la préfecture" if side is Side.ARS else "l’ARS"
    return [
        ("À vous de jouer", mine),
        (f"Vous attendez {other}", theirs),
        ("Termes qui approchent", list(_terms(reached, week))),
        ("Actions en retard ou à rendre dans les 14 jours", list(_actions(reached, side, week))),
        ("Contacts sans réponse ce trimestre", list(_silent(reached, mandate, week))),
        ("Postes vacants", list(_vacancies(reached, week))),
    ]


def _turn(departement: Departement, reader: Role, week: Week) -> Line:
    """Say whose turn it is on the text being written, or else on the convention that counts."""
    said = conventions.turn_sentence(week.situations[departement.code], week.day, reader=reader)
    return Line(text=f"{departement} : {said}", path=_dyad(departement))


def _piste(departement: Departement, line: queries_pistes.Line) -> Line:
    """Say who must answer a decision proposed on a piste of the baromètre."""
    return Line(
        text=f"{departement}, « {line.title} » : {line.turn}",
        path=reverse("barometer:piste_detail", args=[line.piste.public_id]),
    )


def _turns_of_bilans(
    mandate: Mandate, departement: Departement | None, week: Week
) -> tuple[list[Line], list[Line]]:
    """Return what the bilans of a place await of the reader, and of the other institution."""
    mine: list[Line] = []
    theirs: list[Line] = []
    party = reviews.party_at(mandate, departement)
    for text in week.bilans.get("" if departement is None else departement.code, ()):
        if text.awaited:
            named = f"{departement or 'Nation'}, bilan du {text.quarter.label}"
            said = f"{text.said(party)} Depuis le {french_day(text.since)}. {text.clock(week.day)}"
            line = Line(text=f"{named} : {said}", path=reverse("reviews:review_detail", args=[text.review]))
            (mine if party in text.awaited else theirs).append(line)
    return mine, theirs


def _terms(reached: Iterable[Departement], week: Week) -> Iterator[Line]:
    for departement in reached:
        deed = _on_the_ladder(week.situations[departement.code], week.day)
        if deed is not None and deed.ends_on is not None:
            left = counted((deed.ends_on - week.day).days, "jour")
            yield Line(
                text=f"{departement} : terme le {french_day(deed.ends_on)}, dans {left}.",
                path=reverse("conventions:convention_detail", args=[deed.public_id]),
            )


def _on_the_ladder(situation: conventions.Situation, day: date) -> conventions.Deed | None:
    """Return the convention in force whose term is within the expiry ladder."""
    deed = situation.convention
    if deed is None or deed.ends_on is None or situation.state is not State.EN_VIGUEUR:
        return None
    return deed if deed.ends_on - day <= timedelta(days=max(LADDER_DAYS)) else None


def _actions(reached: Iterable[Departement], side: Side, week: Week) -> Iterator[Line]:
    mine = {Owner(side.value), Owner.BOTH}
    for departement in reached:
        for action in week.actions.get(departement.code, ()):
            if action.owner in mine and action.due_on is not None:
                yield Line(
                    text=f"{departement} : {action.title}, {_due(action.due_on, week.day)}.",
                    path=reverse("plan:action_detail", args=[action.public_id]),
                )


def _due(due_on: date, day: date) -> str:
    if due_on < day:
        return f"en retard depuis le {french_day(due_on + timedelta(days=1))}"
    return f"à rendre le {french_day(due_on)}"


def _silent(reached: Iterable[Departement], mandate: Mandate, week: Week) -> Iterator[Line]:
    for departement in reached:
        for check in week.silent.get(departement.code, ()):
            path = reverse("conventions:contact_list", args=[departement.code])
            asked_on = timezone.localdate(check.asked_at)
            asked = f"demandé le {french_day(asked_on)}"
            if check.person_id == mandate.person_id:
                yield Line(
                    text=f"{departement} : vous n’avez pas confirmé votre contact, {asked}.", path=path
                )
            elif week.day - asked_on >= PATIENCE:
                side = "la préfecture" if check.side == Side.PREFECTURE.value else "l’ARS"
                yield Line(text=f"{departement} : contact de {side}, {asked}, sans réponse.", path=path)


def _vacancies(reached: Iterable[Departement], week: Week) -> Iterator[Line]:
    for departement in reached:
        for seat in week.seats.get(departement.code, ()):
            since = seat.vacancy.vacant_since
            if since is not None:
                length = counted(seat.vacancy.days, "jour")
                who = Role(seat.post.role).label
                yield Line(
                    text=f"{departement} : {who}, vacant depuis le {french_day(since)} ({length}).",
                    path=_dyad(departement),
                )


def _nation(week: Week) -> Iterator[Line]:
    """Tell the ministries in counts, each with its denominator; no département is singled out."""
    counts = conventions.counts(week.situations.values())
    ladder = [each for each in week.situations.values() if _on_the_ladder(each, week.day)]
    seats = [seat for group in week.seats.values() for seat in group]
    vacant = sum(seat.vacancy.vacant_since is not None for seat in seats)
    national = week.actions.get("", ())
    late = sum(action.due_on is not None and action.due_on < week.day for action in national)
    last = Quarter.of(week.day).previous
    bilans = [
        text for texts in week.bilans.values() for text in texts if text.departement and text.quarter == last
    ]
    facts = [
        (
            sum(text.state is not BilanState.SIGNE for text in bilans),
            f"bilans du {last.label} non signés par les deux institutions, sur {len(bilans)} ouverts",
            "reviews:review_list",
        ),
        (
            counts.total - counts.in_force,
            f"départements sans convention en vigueur sur {counts.total}",
            "conventions:national",
        ),
        (
            len(ladder),
            f"conventions à {max(LADDER_DAYS)} jours ou moins du terme, sur {counts.in_force} en vigueur",
            "conventions:national",
        ),
        (late, "actions nationales en retard", "plan:action_list"),
        (len(national) - late, "actions nationales à rendre dans les 14 jours", "plan:action_list"),
        (
            sum(len(group) for group in week.silent.values()),
            f"contacts sans réponse ce trimestre sur {week.asked} interrogés",
            "conventions:national",
        ),
        (vacant, f"postes de référent vacants sur {len(seats)}", "identity:vacancy_list"),
    ]
    for number, words, page in facts:
        if number:
            path = _vacant_referents() if page == "identity:vacancy_list" else reverse(page)
            yield Line(text=f"{words[0].upper()}{words[1:]} : {number}.", path=path)


def _vacant_referents() -> str:
    """Return the page that counts what the digest counts: the posts of référent, not the others."""
    return f"{reverse('identity:vacancy_list')}?poste={identity.BOTH_REFERENTS}"


def _administration(week: Week) -> Iterator[Line]:
    if week.undelivered:
        yield Line(text=f"Avis non remis : {week.undelivered}.", path=reverse("notices:outbox"))
    seats = [seat for group in week.seats.values() for seat in group]
    vacant = sum(seat.vacancy.vacant_since is not None for seat in seats)
    if vacant:
        yield Line(
            text=f"Postes de référent vacants : {vacant} sur {len(seats)}.",
            path=_vacant_referents(),
        )


def _dyad(departement: Departement) -> str:
    return reverse("portal:dyad", args=[departement.code])


def _shortened(lines: Sequence[Line]) -> Sequence[Line]:
    if len(lines) <= MOST_LINES:
        return lines
    rest = len(lines) - MOST_LINES + 1
    more = Line(text=f"Et {rest} autres, à lire sur le site.", path=reverse("portal:home"))
    return [*lines[: MOST_LINES - 1], more]


# The letter


def text(told: Iterable[tuple[Mandate, Sequence[Section]]]) -> str:
    """Return the body of one digest: mandate by mandate, section by section, each fact with a link."""
    parts = ["Bonjour,", "Voici ce qui vous attend cette semaine."]
    for mandate, found in told:
        parts.append(f"== {mandate.label} ==")
        parts.extend(_paragraph(section) for section in found)
    return "\n\n".join(parts)


def _paragraph(section: Section) -> str:
    lines = [f"- {line.text}\n  {absolute(line.path)}" for line in section.lines]
    return "\n".join([section.title, *lines])
