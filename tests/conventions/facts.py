"""Makers of territories, posts, mandates and conventions, and random histories, for the tests of practice."""

import random
from datetime import UTC, date, datetime, timedelta

from traitdunion.conventions.kinds import Basis, Step, Turn
from traitdunion.conventions.models import (
    ContactCheck,
    Convention,
    Meeting,
    Party,
    Review,
    Signature,
    StepTaken,
)
from traitdunion.conventions.rules import quarter_of
from traitdunion.identity.kinds import Holding, OrganisationKind, Role, Side
from traitdunion.identity.models import Mandate, Organisation, Person, Post
from traitdunion.plan.kinds import Provenance
from traitdunion.territories.models import Ars, Departement, Region

AT = datetime(2020, 1, 1, 9, tzinfo=UTC)
READ = {"source": "essai", "read_on": date(2020, 1, 1)}
REFERENT = {Side.PREFECTURE: Role.REFERENT_PREFECTURE, Side.ARS: Role.REFERENT_ARS}
KIND = {Side.PREFECTURE: OrganisationKind.PREFECTURE, Side.ARS: OrganisationKind.DD_ARS}


def authored(at=AT):
    return {"author_label": "essai", "recorded_at": at}


def noon(day):
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def region(code="44", name="Grand Est"):
    made, _ = Region.objects.get_or_create(code=code, defaults={"name": name, **READ})
    Ars.objects.get_or_create(code=code, defaults={"name": f"ARS {name}", "region": made, **READ})
    return made


def departement(code="67", name="Bas-Rhin", in_region=None):
    in_region = in_region or region()
    return Departement.objects.create(
        code=code,
        name=name,
        name_with_link=f"du {name}",
        region=in_region,
        ars_id=in_region.code,
        zone="metro",
        prefecture_name=f"Préfecture du {name}",
        representative="préfet",
        time_zone="Europe/Paris",
        **READ,
    )


def person(name="Camille Essai", **values):
    made = Person(issuer="essai", subject=f"{name} {Person.objects.count()}", name=name, **values)
    made.set_unusable_password()
    made.save()
    return made


def organisation(kind, place=None, in_region=None, name="Organisation d’essai"):
    return Organisation.objects.create(
        kind=kind.value, name=name, departement=place, region=in_region, opened_on=date(2000, 1, 1)
    )


def post(side, place, opened_on=date(2000, 1, 1)):
    found = Organisation.objects.filter(kind=KIND[side].value, departement=place).first()
    return Post.objects.create(
        organisation=found or organisation(KIND[side], place),
        role=REFERENT[side].value,
        departement=place,
        opened_on=opened_on,
    )


def mandate(held, who=None, since=date(2000, 1, 1), until=None, holding=Holding.TITULAIRE, at=AT):
    return Mandate.objects.create(
        person=who or person(),
        post=held,
        holding=holding.value,
        starts_on=since,
        ends_on=until,
        **authored(at),
    )


def national_mandate(role=Role.DESK_SANTE):
    desk = organisation(OrganisationKind.DESK)
    return mandate(Post.objects.create(organisation=desk, role=role.value, opened_on=date(2000, 1, 1)))


def region_mandate(in_region, role=Role.DG_ARS):
    ars = organisation(OrganisationKind.ARS, in_region=in_region)
    held = Post.objects.create(
        organisation=ars, role=role.value, region=in_region, opened_on=date(2000, 1, 1)
    )
    return mandate(held)


def convention(place, *, signed_on=None, starts_on=None, ends_on=None, at=AT, **values):
    made = Convention.objects.create(
        departement=place,
        title=values.pop("title", "Convention-cadre"),
        starts_on=starts_on,
        ends_on=ends_on,
        signed_on=signed_on,
        provenance=Provenance.SYNTHETIC.value,
        **values,
        **authored(at),
    )
    if signed_on is not None:
        for side in Side:
            sign(made, side, signed_on, at=at)
    return made


def sign(made, side, on, at=AT):
    return Signature.objects.create(
        convention=made,
        side=side.value,
        signed_on=on,
        signatory_name="Signataire d’essai",
        quality="signataire",
        basis=Basis.DECLARED.value,
        **authored(at),
    )


def step(made, taken, on, turn=Turn.BOTH, at=AT):
    return StepTaken.objects.create(
        convention=made, step=taken.value, happened_on=on, turn=turn.value, **authored(at)
    )


def meeting(place, held_on, prefecture=True, ars=True, at=AT):
    return Meeting.objects.create(
        departement=place,
        planned_on=held_on,
        subject="Point d’étape",
        held_on=held_on,
        prefecture_present=prefecture,
        ars_present=ars,
        outcome_recorded_at=at,
        **authored(at),
    )


def review(made, on, at=AT):
    return Review.objects.create(convention=made, reviewed_on=on, conclusion="Rien à changer", **authored(at))


def check(held, on=None, is_right=True, asked_on=None):
    """A confirmation asked of a mandate's person, answered on a day unless None."""
    asked = asked_on or on
    side = next(side for side, role in REFERENT.items() if role.value == held.post.role)
    return ContactCheck.objects.create(
        departement_id=held.post.departement_id,
        side=side.value,
        post=held.post,
        person=held.person,
        quarter=quarter_of(asked),
        asked_at=noon(asked),
        confirmed_at=noon(on) if on else None,
        confirmed_on=on,
        is_right=is_right if on else None,
    )


def living(place, day):
    """A département whose convention is applied on ``day``; return its convention and mandates by side."""
    made = convention(place, signed_on=day - timedelta(days=400), starts_on=day - timedelta(days=400))
    held = {side: mandate(post(side, place)) for side in Side}
    for each in held.values():
        check(each, day)
    meeting(place, day)
    review(made, day)
    return made, held


# Random histories


def random_history(place, seed, *, start=date(2021, 1, 1), end=date(2026, 11, 24)):
    """Write a plausible past for a département: every row is recorded at noon of its day."""
    chance = random.Random(seed)
    span = (end - start).days

    def day():
        return start + timedelta(days=chance.randrange(span))

    _random_mandates(place, chance, start, end)
    _random_conventions(place, chance, start, end)
    Meeting.objects.bulk_create(
        Meeting(
            departement=place,
            planned_on=on,
            subject="Point d’étape",
            held_on=on,
            prefecture_present=chance.random() < 0.85,
            ars_present=chance.random() < 0.85,
            outcome_recorded_at=noon(on),
            **authored(noon(on)),
        )
        for on in (day() for _ in range(chance.randrange(2, 25)))
    )
    reviewed = list(Convention.objects.filter(departement=place))
    Review.objects.bulk_create(
        Review(convention=chance.choice(reviewed), reviewed_on=on, conclusion="Vu", **authored(noon(on)))
        for on in (day() for _ in range(chance.randrange(15) if reviewed else 0))
    )


def _random_mandates(place, chance, start, end):
    checks = []
    for side in Side:
        held = post(side, place, opened_on=start)
        since = start + timedelta(days=chance.randrange(200))
        while since < end:
            until = since + timedelta(days=chance.randrange(100, 900))
            stay = mandate(held, since=since, until=until if until < end else None, at=noon(since))
            on = since
            while on < min(until, end):
                if chance.random() < 0.7:
                    checks.append(
                        ContactCheck(
                            departement=place,
                            side=side.value,
                            post=held,
                            person=stay.person,
                            quarter=quarter_of(on),
                            asked_at=noon(on),
                            confirmed_at=noon(on),
                            confirmed_on=on,
                            is_right=chance.random() < 0.9,
                        )
                    )
                on += timedelta(days=92)
            since = until + timedelta(days=chance.randrange(1, 200))
    ContactCheck.objects.bulk_create(checks, ignore_conflicts=True)


def _random_conventions(place, chance, start, end):
    on = start + timedelta(days=chance.randrange(700))
    for rank in range(chance.randrange(4)):
        last = on + timedelta(days=chance.randrange(200, 1100))
        signed = on - timedelta(days=chance.randrange(30))
        is_draft = signed > end or chance.random() < 0.15
        made = Convention.objects.create(
            departement=place,
            title=f"Convention {rank + 1}",
            reference=f"{place.code}-{rank + 1}",
            starts_on=on,
            ends_on=None if is_draft else last,
            signed_on=None if is_draft else signed,
            denounced_on=None,
            provenance=Provenance.SYNTHETIC.value,
            **authored(noon(signed - timedelta(days=90))),
        )
        for days, taken, turn in (
            (90, Step.PROJET, Turn.PREFECTURE),
            (60, Step.RELECTURE, Turn.ARS),
            (20, Step.A_SIGNER, Turn.BOTH),
        ):
            step(made, taken, signed - timedelta(days=days), turn, at=noon(signed - timedelta(days=days)))
        sign(made, Side.PREFECTURE, signed - timedelta(days=2), at=noon(signed - timedelta(days=2)))
        if is_draft:
            break
        sign(made, Side.ARS, signed, at=noon(signed))
        on = last + timedelta(days=chance.randrange(1, 400))


def with_parties(made):
    """Join the préfecture and the ARS of the département to a convention."""
    for side in Side:
        Party.objects.create(
            convention=made, organisation=organisation(KIND[side], made.departement), side=side.value
        )


def sign_in(client, held):
    """Open a session of a mandate."""
    client.force_login(held.person, backend="traitdunion.identity.oidc.StrictOIDCBackend")
    session = client.session
    session["mandate"] = str(held.public_id)
    session.save()
    return client
