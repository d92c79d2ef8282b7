"""A synthetic country: organisations, posts, mandates, conventions and practice over several years.

Deterministic for a seed and a day. Nothing here is a fact: names are numbers, dates are drawn. Rows are written in
bulk, without the actions of the apps, because nobody did them; one entry of the log says that they were made up.
"""

import random
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from django.db import transaction

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import task
from traitdunion.conventions.kinds import Basis, Coverage, Step, Turn
from traitdunion.conventions.models import (
    Circuit,
    Clause,
    ContactCheck,
    Convention,
    HeadingText,
    LastVisit,
    Meeting,
    Party,
    Review,
    Signature,
    StepTaken,
    Template,
    TemplateCircuit,
)
from traitdunion.conventions.rules import quarter_of
from traitdunion.demo import barometer_world, bilan_world, plan_world
from traitdunion.demo.personas import HOME_DEPARTEMENT, ISSUER, TWO_MANDATES, personas
from traitdunion.identity.access import departements_visible_to
from traitdunion.identity.kinds import Holding, OrganisationKind, Role, Side
from traitdunion.identity.models import Mandate, Organisation, Person, Post
from traitdunion.plan.kinds import BlockerCause, EventKind, OriginKind, Owner, Provenance
from traitdunion.plan.models import Action, ActionEvent, ActionRevision, Blocker, IndicatorValue
from traitdunion.reviews import keyring
from traitdunion.reviews.signing import SigningError, SigningKey
from traitdunion.territories.models import Ars, Departement

PARIS = ZoneInfo("Europe/Paris")
ACTOR = task("données de démonstration")
SYNTHETIC = Provenance.SYNTHETIC.value
Tell = Callable[[str], None]


def noon(day: date) -> datetime:
    """Return noon of ``day`` in Paris."""
    return datetime.combine(day, time(12), tzinfo=PARIS)


@dataclass(slots=True)
class World:
    """What was made so far."""

    today: date
    years: int
    chance: random.Random
    departements: list[Departement] = field(default_factory=list)
    prefectures: dict[str, Organisation] = field(default_factory=dict)
    offices: dict[str, Organisation] = field(default_factory=dict)
    agencies: dict[str, Organisation] = field(default_factory=dict)
    desks: dict[Role, Organisation] = field(default_factory=dict)
    posts: dict[tuple[Role, str], Post] = field(default_factory=dict)
    holders: dict[int, list[Mandate]] = field(default_factory=dict)
    people: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def start(self) -> date:
        """First day of the story."""
        return self.today - timedelta(days=365 * self.years)

    def author(self, day: date) -> dict[str, object]:
        """Return the authorship of a row made on ``day``."""
        return {
            "author_label": ACTOR.label,
            "author_mandate": None,
            "recorded_at": noon(min(day, self.today)),
        }


@transaction.atomic
def build(
    *,
    today: date,
    years: int = 5,
    seed: int = 38,
    codes: Collection[str] | None = None,
    tell: Tell = lambda _line: None,
) -> None:
    """Fill an empty database that already has the territories, the plan and the convention template.

    Args:
        today: last day of the story.
        years: how long it lasts.
        seed: of the draw.
        codes: the départements that take part, every one when None.
        tell: told each step.
    """
    world = World(today=today, years=years, chance=random.Random(seed))  # noqa: S311  # a story, not a secret
    taking_part = Departement.objects.select_related("region", "ars")
    world.departements = list(taking_part if codes is None else taking_part.filter(code__in=codes))
    _organisations(world)
    tell(f"{Organisation.objects.count()} organisations")
    _posts(world)
    _mandates(world)
    tell(f"{Mandate.objects.count()} mandats")
    _conventions(world)
    tell(f"{Convention.objects.count()} conventions et avenants")
    _practice(world)
    tell(f"{Meeting.objects.count()} réunions, {ContactCheck.objects.count()} confirmations de contact")
    _ledger(world)
    plan_world.build(today=today, start=world.start, departements=world.departements, actor=ACTOR)
    _visits(world)
    tell(f"{Action.objects.count()} actions, {IndicatorValue.objects.count()} valeurs d’indicateurs")
    waves = barometer_world.build(
        today=today, departements=world.departements, home=HOME_DEPARTEMENT, actor=ACTOR, seed=seed
    )
    tell(f"{len(waves)} vagues du baromètre")
    tell(f"{bilan_world.build(today=today, actor=ACTOR, key=_bilan_key())} bilans ouverts")
    audit.record(
        event="demo.world.built",
        subject=f"{len(world.departements)} départements",
        actor=ACTOR,
        at=noon(today),
        detail={"seed": seed, "years": years},
    )


def _bilan_key() -> SigningKey | None:
    """Return the key that signs bilans, None where this site has none: those of the story then stay open."""
    try:
        return keyring.site_key()
    except SigningError:
        return None


def _organisations(world: World) -> None:
    opened = world.start - timedelta(days=365)
    for agency in Ars.objects.select_related("region"):
        world.agencies[agency.code] = Organisation(
            kind=OrganisationKind.ARS.value, name=agency.name, region=agency.region, opened_on=opened
        )
    desks = {
        Role.DESK_SANTE: "Ministère chargé de la santé (bureau de démonstration)",
        Role.DESK_INTERIEUR: "Ministère de l’intérieur (bureau de démonstration)",
        Role.SG_CIPDR: "SG-CIPDR (bureau de démonstration)",
    }
    for role, name in desks.items():
        world.desks[role] = Organisation(kind=OrganisationKind.DESK.value, name=name, opened_on=opened)
    Organisation.objects.bulk_create([*world.agencies.values(), *world.desks.values()])
    for departement in world.departements:
        world.prefectures[departement.code] = Organisation(
            kind=OrganisationKind.PREFECTURE.value,
            name=departement.prefecture_name,
            departement=departement,
            opened_on=opened,
        )
        world.offices[departement.code] = Organisation(
            kind=OrganisationKind.DD_ARS.value,
            name=f"{departement.ars.name}, délégation départementale {departement.name_with_link}",
            departement=departement,
            parent=world.agencies[departement.ars_id],
            opened_on=opened,
        )
    others = [
        Organisation(
            kind=kind.value,
            name=f"{name} {departement.name_with_link}",
            departement=departement,
            opened_on=opened,
        )
        for departement in world.departements
        for kind, name in (
            (OrganisationKind.CELL, "CPRAF"),
            (OrganisationKind.ESTABLISHMENT, "Établissement fictif de santé mentale"),
        )
    ]
    Organisation.objects.bulk_create([*world.prefectures.values(), *world.offices.values(), *others])


def _posts(world: World) -> None:
    opened = world.start
    for code, agency in world.agencies.items():
        world.posts[Role.DG_ARS, code] = Post(
            organisation=agency, role=Role.DG_ARS.value, region_id=agency.region_id, opened_on=opened
        )
    for departement in world.departements:
        code = departement.code
        for role in (Role.PREFET, Role.REFERENT_PREFECTURE, Role.COORDINATEUR_CPRAF):
            world.posts[role, code] = Post(
                organisation=world.prefectures[code],
                role=role.value,
                departement=departement,
                opened_on=opened,
            )
        world.posts[Role.REFERENT_ARS, code] = Post(
            organisation=world.offices[code],
            role=Role.REFERENT_ARS.value,
            departement=departement,
            opened_on=opened,
        )
    home = next(each for each in world.departements if each.code == HOME_DEPARTEMENT)
    establishment = Organisation.objects.get(departement=home, kind=OrganisationKind.ESTABLISHMENT.value)
    for role in (Role.PSYCHIATRE, Role.ETABLISSEMENT):
        world.posts[role, home.code] = Post(
            organisation=establishment, role=role.value, departement=home, opened_on=opened
        )
    for role, desk in world.desks.items():
        world.posts[role, ""] = Post(organisation=desk, role=role.value, opened_on=opened)
    for role, host in (
        (Role.DPO, Role.DESK_SANTE),
        (Role.INSPECTEUR, Role.SG_CIPDR),
        (Role.ADMINISTRATEUR, Role.SG_CIPDR),
    ):
        world.posts[role, ""] = Post(organisation=world.desks[host], role=role.value, opened_on=opened)
    Post.objects.bulk_create(world.posts.values())


def _person(world: World, *, subject: str | None = None) -> Person:
    rank = next(world.people)
    person = Person(
        issuer=ISSUER,
        # A holder drawn by chance cannot be signed in as: only personas have a known subject.
        subject=subject or f"fictif-{rank}",
        name=f"Personne fictive n° {rank}",
        email=f"personne-{rank}@exemple.invalid",
    )
    person.set_unusable_password()
    return person


def _mandates(world: World) -> None:
    people: list[Person] = []
    mandates: list[Mandate] = []
    kept = {(persona.role, _place_of(persona.role, world)): persona.key for persona in personas()}
    for (role, place), post in world.posts.items():
        stays = list(_stays(world, is_persona=(role, place) in kept))
        for rank, (since, until) in enumerate(stays):
            is_last = rank == len(stays) - 1
            person = _person(world, subject=kept.get((role, place)) if is_last else None)
            people.append(person)
            mandates.append(
                Mandate(
                    person=person,
                    post=post,
                    holding=Holding.TITULAIRE.value,
                    starts_on=since,
                    ends_on=until,
                    **world.author(since),
                )
            )
    two = _two_mandates(world)
    people.append(two[0].person)
    Person.objects.bulk_create(people)
    Mandate.objects.bulk_create([*mandates, *two])


def _two_mandates(world: World) -> list[Mandate]:
    """Return those of a persona that stands in for two posts: at sign-in it says under which one it acts."""
    home = next(each for each in world.departements if each.code == HOME_DEPARTEMENT)
    others = [each for each in world.departements if each != home]
    # In the same region when the story has another département of it.
    others.sort(key=lambda each: each.region_id != home.region_id)
    person = _person(world, subject=TWO_MANDATES.key)
    since = world.today - timedelta(days=200)
    return [
        Mandate(
            person=person,
            post=world.posts[TWO_MANDATES.role, departement.code],
            holding=Holding.SUPPLEANT.value,
            starts_on=since,
            **world.author(since),
        )
        for departement in (home, *others[:1])
    ]


def _place_of(role: Role, world: World) -> str:
    if role is Role.DG_ARS:
        return next(each.ars_id for each in world.departements if each.code == HOME_DEPARTEMENT)
    departemental = (Role.PREFET, Role.REFERENT_PREFECTURE, Role.COORDINATEUR_CPRAF, Role.REFERENT_ARS)
    return HOME_DEPARTEMENT if role in (*departemental, Role.PSYCHIATRE, Role.ETABLISSEMENT) else ""


def _stays(world: World, *, is_persona: bool) -> Iterator[tuple[date, date | None]]:
    """Yield the stays in one post, with a gap between two of them; about one post in eight is vacant today."""
    since = world.start + timedelta(days=world.chance.randrange(0, 30))
    while True:
        until = since + timedelta(days=world.chance.randrange(400, 1300))
        if until >= world.today:
            if not is_persona and world.chance.random() < 0.12:
                left = world.today - timedelta(days=world.chance.randrange(5, 200))
                yield since, max(left, since)
            else:
                yield since, None
            return
        yield since, until
        since = until + timedelta(days=world.chance.choice((1, 1, 1, 15, 40, 90)))
        if since > world.today:
            since = world.today


def _conventions(world: World) -> None:
    template = Template.objects.order_by("-adopted_on").first()
    drafts = [story for departement in world.departements for story in _stories(world, departement, template)]
    Convention.objects.bulk_create([story.convention for story in drafts])
    avenants = [avenant for story in drafts for avenant in _avenants(world, story)]
    Convention.objects.bulk_create([story.convention for story in avenants])
    every = drafts + avenants
    StepTaken.objects.bulk_create([step for story in every for step in _steps(world, story)])
    Party.objects.bulk_create([party for story in every for party in _parties(world, story)])
    Signature.objects.bulk_create([one for story in every for one in _signatures(world, story)])
    HeadingText.objects.bulk_create([one for story in every for one in _headings(world, story, template)])
    proposed = list(template.circuits.all()) if template else []
    Circuit.objects.bulk_create([one for story in drafts for one in _circuits(world, story, proposed)])
    Clause.objects.bulk_create([one for story in drafts for one in _clauses(world, story)])
    Review.objects.bulk_create([one for story in drafts for one in _reviews(world, story)])


@dataclass(slots=True)
class Story:
    """A convention with the days on which each thing happened."""

    convention: Convention
    drafted: date
    reread: date | None = None
    to_sign: date | None = None
    signed: dict[Side, date] = field(default_factory=dict)


def _stories(world: World, departement: Departement, template: Template | None) -> Iterator[Story]:
    """Yield the conventions of one département, each starting after the end of the one before."""
    chance = world.chance
    drafted = world.start + timedelta(days=chance.randrange(10, 500))
    free_from = drafted
    for rank in range(1, 10):
        story = Story(
            convention=Convention(
                departement=departement,
                title=f"Convention-cadre {departement.name_with_link} (exemple synthétique n° {rank})",
                reference=f"DEMO-{departement.code}-{rank}",
                template=template if chance.random() < 0.6 else None,
                provenance=SYNTHETIC,
                **world.author(drafted),
            ),
            drafted=drafted,
        )
        # Some drafts of the last months are left where they are, so that each state can be seen.
        is_recent = drafted > world.today - timedelta(days=420)
        if is_recent and chance.random() < 0.35 and departement.code != HOME_DEPARTEMENT:
            _stall(world, story)
            yield story
            return
        if not _sign(world, story):
            yield story
            return
        convention = story.convention
        convention.signed_on = max(story.signed.values())
        convention.starts_on = max(
            convention.signed_on + timedelta(days=chance.choice((0, 1, 15))), free_from
        )
        convention.ends_on = convention.starts_on + timedelta(days=chance.choice((730, 1095, 1095, 1095)))
        if chance.random() < 0.02 and convention.starts_on + timedelta(days=300) < world.today:
            convention.denounced_on = convention.starts_on + timedelta(days=300)
            convention.denounced_reason = (
                "Motif synthétique : réécriture complète souhaitée par les deux parties"
            )
            convention.denounced_recorded_at = noon(convention.denounced_on)
        yield story
        free_from = convention.denounced_on or convention.ends_on + timedelta(days=1)
        # Most renew in time; some wait until the term has passed.
        drafted = free_from - timedelta(days=chance.choice((170, 150, 90, -20, -120)))
        if drafted >= world.today:
            return


def _sign(world: World, story: Story) -> bool:
    """Draw the days up to the second signature; return False when the story stops before it."""
    story.reread = _later(world, story.drafted, 20, 60)
    story.to_sign = _later(world, story.reread, 15, 60)
    first, second = world.chance.sample(list(Side), 2)
    signed = _later(world, story.to_sign, 3, 25)
    if signed is None:
        return False
    story.signed[first] = signed
    signed = _later(world, signed, 1, 40)
    if signed is None:
        return False
    story.signed[second] = signed
    return True


def _stall(world: World, story: Story) -> None:
    """Stop a draft at a step drawn by chance."""
    story.reread = _later(world, story.drafted, 20, 60) if world.chance.random() < 0.75 else None
    story.to_sign = _later(world, story.reread, 15, 60) if world.chance.random() < 0.6 else None
    signed = _later(world, story.to_sign, 3, 25)
    if signed is not None and world.chance.random() < 0.5:
        story.signed[world.chance.choice(list(Side))] = signed


def _later(world: World, day: date | None, shortest: int, longest: int) -> date | None:
    """Return a day some time after ``day``, None when it would not be past yet."""
    if day is None:
        return None
    later = day + timedelta(days=world.chance.randrange(shortest, longest + 1))
    return later if later <= world.today else None


def _avenants(world: World, story: Story) -> Iterator[Story]:
    convention = story.convention
    if convention.starts_on is None or convention.ends_on is None or world.chance.random() > 0.25:
        return
    drafted = convention.starts_on + timedelta(days=world.chance.randrange(200, 500))
    if drafted >= world.today:
        return
    avenant = Story(
        convention=Convention(
            departement=convention.departement,
            parent=convention,
            number=1,
            title=f"Avenant n° 1 (exemple synthétique) à {convention.reference}",
            reference=f"{convention.reference}-A1",
            provenance=SYNTHETIC,
            **world.author(drafted),
        ),
        drafted=drafted,
    )
    if _sign(world, avenant):
        avenant.convention.signed_on = avenant.convention.starts_on = max(avenant.signed.values())
        avenant.convention.ends_on = convention.ends_on
        if avenant.convention.starts_on > convention.ends_on:
            return
    yield avenant


def _steps(world: World, story: Story) -> Iterator[StepTaken]:
    writer, reader = world.chance.sample([Turn.PREFECTURE, Turn.ARS], 2)
    for step, day, turn in (
        (Step.PROJET, story.drafted, writer),
        (Step.RELECTURE, story.reread, reader),
        (Step.A_SIGNER, story.to_sign, Turn.BOTH),
    ):
        if day is not None:
            yield StepTaken(
                convention=story.convention,
                step=step.value,
                happened_on=day,
                turn=turn.value,
                **world.author(day),
            )


def _parties(world: World, story: Story) -> Iterator[Party]:
    departement = story.convention.departement
    yield Party(
        convention=story.convention,
        organisation=world.prefectures[departement.code],
        side=Side.PREFECTURE.value,
    )
    yield Party(
        convention=story.convention, organisation=world.agencies[departement.ars_id], side=Side.ARS.value
    )


def _signatures(world: World, story: Story) -> Iterator[Signature]:
    departement = story.convention.departement
    for side, day in story.signed.items():
        is_prefecture = side is Side.PREFECTURE
        post = world.posts[
            (Role.PREFET, departement.code) if is_prefecture else (Role.DG_ARS, departement.ars_id)
        ]
        holder = _holder(world, post, day)
        yield Signature(
            convention=story.convention,
            side=side.value,
            signed_on=day,
            signatory=holder,
            signatory_name=holder.name if holder else "Signataire fictif",
            quality=departement.representative if is_prefecture else "directeur général de l’ARS",
            basis=(Basis.MANDATE if holder else Basis.DECLARED).value,
            post=post if holder else None,
            **world.author(day),
        )


def _holder(world: World, post: Post, day: date) -> Person | None:
    if not world.holders:
        for mandate in Mandate.objects.select_related("person"):
            world.holders.setdefault(mandate.post_id, []).append(mandate)
    for mandate in world.holders.get(post.pk, []):
        if mandate.starts_on <= day and (mandate.ends_on is None or day <= mandate.ends_on):
            return mandate.person
    return None


def _headings(world: World, story: Story, template: Template | None) -> Iterator[HeadingText]:
    if template is None:
        return
    is_avenant = story.convention.parent is not None
    for heading in template.headings.all() if not is_avenant else list(template.headings.all())[14:16]:
        coverage = world.chance.choices(
            [Coverage.PRESENT, Coverage.PARTIAL, Coverage.ABSENT], weights=[80, 12, 8]
        )[0]
        text = "" if coverage is Coverage.ABSENT else f"Texte synthétique de la rubrique « {heading.title} »."
        if is_avenant:
            coverage, text = Coverage.PRESENT, f"Texte synthétique réécrit par avenant : « {heading.title} »."
        yield HeadingText(
            convention=story.convention,
            number=heading.number,
            coverage=coverage.value,
            text=text,
            **world.author(story.drafted),
        )


def _circuits(world: World, story: Story, proposed: Collection[TemplateCircuit]) -> Iterator[Circuit]:
    """Yield the lines that the model proposes, each with the text it rests on."""
    for line in proposed:
        yield Circuit(
            convention=story.convention,
            position=line.position,
            subject=line.subject,
            who_does=line.who_does,
            who_is_told=line.who_is_told,
            form=line.form,
            legal_basis=line.legal_basis,
            never_passes=line.never_passes,
            **world.author(story.drafted),
        )


def _clauses(world: World, story: Story) -> Iterator[Clause]:
    for heading, text, owner in (
        (4, "Désigner un référent titulaire et un suppléant (exemple)", Turn.BOTH),
        (12, "Tenir une journée de formation croisée dans l’année (exemple)", Turn.ARS),
        (15, "Réunir le comité de suivi chaque trimestre (exemple)", Turn.PREFECTURE),
    ):
        start = story.convention.starts_on
        yield Clause(
            convention=story.convention,
            heading_number=heading,
            text=text,
            owner=owner.value,
            due_on=start + timedelta(days=world.chance.randrange(180, 900)) if start else None,
            **world.author(story.drafted),
        )


def _reviews(world: World, story: Story) -> Iterator[Review]:
    start = story.convention.starts_on
    if start is None:
        return
    end = min(story.convention.denounced_on or story.convention.ends_on or world.today, world.today)
    day = start + timedelta(days=world.chance.randrange(60, 150))
    while day <= end:
        yield Review(
            convention=story.convention,
            reviewed_on=day,
            conclusion="Revue synthétique : texte maintenu, contacts mis à jour",
            **world.author(day),
        )
        day += timedelta(days=world.chance.choice((90, 110, 120, 200)))


def _practice(world: World) -> None:
    meetings: list[Meeting] = []
    checks: list[ContactCheck] = []
    for departement in world.departements:
        meetings += _meetings(world, departement)
        for side, role in ((Side.PREFECTURE, Role.REFERENT_PREFECTURE), (Side.ARS, Role.REFERENT_ARS)):
            checks += _contact_checks(world, departement, side, world.posts[role, departement.code])
    Meeting.objects.bulk_create(meetings)
    ContactCheck.objects.bulk_create(checks)


def _meetings(world: World, departement: Departement) -> Iterator[Meeting]:
    day = world.start + timedelta(days=world.chance.randrange(30, 120))
    while day <= world.today + timedelta(days=45):
        meeting = Meeting(
            departement=departement,
            planned_on=day,
            subject="Comité de suivi (exemple synthétique)",
            **world.author(min(day, world.today) - timedelta(days=20)),
        )
        if day <= world.today:
            fate = world.chance.random()
            meeting.outcome_recorded_at, meeting.outcome_by = noon(day), ACTOR.label
            if fate < 0.82:
                meeting.held_on, meeting.prefecture_present, meeting.ars_present = day, True, fate < 0.76
            else:
                meeting.cancelled_on = day
        yield meeting
        day += timedelta(days=world.chance.choice((80, 90, 95, 120)))


def _contact_checks(world: World, departement: Departement, side: Side, post: Post) -> Iterator[ContactCheck]:
    day = date(world.start.year, 3 * ((world.start.month - 1) // 3) + 1, 3)
    while day <= world.today:
        holder = _holder(world, post, day)
        if holder is not None and day >= world.start:
            confirmed = day + timedelta(days=world.chance.randrange(0, 20))
            answers = world.chance.random() < 0.86 and confirmed <= world.today
            yield ContactCheck(
                departement=departement,
                side=side.value,
                post=post,
                person=holder,
                quarter=quarter_of(day),
                asked_at=noon(day),
                confirmed_at=noon(confirmed) if answers else None,
                confirmed_on=confirmed if answers else None,
                is_right=True if answers else None,
            )
        month = day.month + 3
        day = date(day.year + (month > 12), month - 12 if month > 12 else month, 3)


def _ledger(world: World) -> None:
    clauses = (
        Clause.objects.filter(convention__signed_on__isnull=False)
        .select_related("convention__departement")
        .order_by("pk")
    )
    actions: list[Action] = []
    titles: list[tuple[str, date | None]] = []
    for clause in clauses:
        convention = clause.convention
        opened = convention.signed_on or world.today
        actions.append(
            Action(
                departement=convention.departement,
                owner=Owner(clause.owner).value,
                origin=OriginKind.CONVENTION_CLAUSE.value,
                origin_reference=clause.public_id,
                origin_label=f"{convention.title}, rubrique {clause.heading_number}"[:250],
                opened_on=opened,
                provenance=SYNTHETIC,
                **world.author(opened),
            )
        )
        titles.append((clause.text, clause.due_on))
    Action.objects.bulk_create(actions)
    ActionRevision.objects.bulk_create(
        [
            ActionRevision(action=action, title=title, due_on=due, **world.author(action.opened_on))
            for action, (title, due) in zip(actions, titles, strict=True)
        ]
    )
    ActionEvent.objects.bulk_create([one for action in actions for one in _events(world, action)])
    Blocker.objects.bulk_create([one for action in actions for one in _blockers(world, action)])


def _events(world: World, action: Action) -> Iterator[ActionEvent]:
    started = _later(world, action.opened_on, 5, 120)
    if started is None or world.chance.random() < 0.1:
        return
    yield ActionEvent(
        action=action, kind=EventKind.LANCEE.value, happened_on=started, **world.author(started)
    )
    done = _later(world, started, 60, 900)
    if done is not None:
        kind = EventKind.REALISEE if world.chance.random() < 0.95 else EventKind.ABANDONNEE
        # As the page asks: an action given up says why.
        reason = "Sans objet depuis (exemple)" if kind is EventKind.ABANDONNEE else ""
        yield ActionEvent(
            action=action, kind=kind.value, happened_on=done, reason=reason, **world.author(done)
        )


def _blockers(world: World, action: Action) -> Iterator[Blocker]:
    if world.chance.random() > 0.12:
        return
    since = _later(world, action.opened_on, 20, 400)
    if since is None:
        return
    lifted = _later(world, since, 30, 300)
    yield Blocker(
        action=action,
        cause=world.chance.choice(list(BlockerCause)).value,
        lifter="préfet et directeur général de l’ARS",
        since=since,
        lifted_on=lifted,
        lifted_recorded_at=noon(lifted) if lifted else None,
        lifted_by=ACTOR.label if lifted else "",
        **world.author(since),
    )


def _visits(world: World) -> None:
    """Note that each persona opened, ten days ago, the départements it reads: « ce qui a changé » can be seen."""
    taking_part = {departement.code for departement in world.departements}
    keys = [persona.key for persona in (*personas(), TWO_MANDATES)]
    mandates = Mandate.objects.current(world.today).filter(person__issuer=ISSUER, person__subject__in=keys)
    seen = {
        (mandate.person_id, code)
        for mandate in mandates.select_related("post")
        for code in departements_visible_to(mandate).values_list("code", flat=True)
        if code in taking_part
    }
    at = noon(world.today - timedelta(days=10))
    LastVisit.objects.bulk_create(
        LastVisit(person_id=person, departement_id=code, visited_at=at) for person, code in sorted(seen)
    )
