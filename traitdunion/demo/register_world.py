"""A synthetic ward: two hospitals, the agents of the ARS, and measures at every stage of every mode.

Deterministic for a seed and an instant, save what the register itself draws (references, keys). Nothing here is a
fact: names are drawn from lists. Measures are told in hours before the instant: something is always due tonight.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.db import transaction

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import task
from traitdunion.demo.personas import HOME_DEPARTEMENT, ISSUER
from traitdunion.identity.kinds import REGISTER_ROLES, OrganisationKind, Role
from traitdunion.identity.models import Mandate, Organisation, Person, Post
from traitdunion.law.facts import Mode
from traitdunion.register import actions
from traitdunion.register.kinds import OF_PATIENTS, PLACED
from traitdunion.register.marks import Identity
from traitdunion.register.models import Dossier
from traitdunion.register.queries import zone_of
from traitdunion.territories.models import Departement

ACTOR: Final = task("dossiers de démonstration")
_AGE: Final = timedelta(days=3 * 365)
_NAMES: Final = (
    "Azur", "Bistre", "Corail", "Dune", "Ébène", "Ficelle", "Garance", "Hêtre", "Indigo", "Jonquille", "Lavande",
    "Marjolaine", "Noisette", "Ocre", "Pivoine", "Renaud", "Renault", "Safran", "Tilleul", "Vermeil",
)  # fmt: skip
_FIRST_NAMES: Final = (
    "Alix", "Camille", "Claude", "Dominique", "Élie", "Gwenn", "Joss", "Lou", "Maxime", "Noa", "Sacha", "Yaël",
)  # fmt: skip
_DOCTORS: Final = ("Dr Camomille", "Dr Mélisse", "Dr Verveine", "Dr Tisane")

H = timedelta(hours=1)
D = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Step:
    """A fact, so long after the start of its measure."""

    after: timedelta
    kind: str
    doctor: int | None = None
    detail: Mapping[str, str] | None = None
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """One measure: how it began, so long before now, and what was recorded since."""

    mode: Mode
    before: timedelta
    steps: Sequence[Step] = ()


_24H = Step(21 * H, "certificat_24h", doctor=0)
_72H = Step(68 * H, "certificat_72h", doctor=1)
_INPATIENT = Step(71 * H, "decision_forme", detail={"forme": "hospitalisation_complete"})
_SEISED = Step(6 * D, "saisine_juge")
_KEPT = Step(10 * D, "decision_juge", detail={"sens": "maintien"})
_TOLD = Step(10 * D + 3 * H, "notification_ordonnance")
_MONTHLY = tuple(Step((30 * month - 2) * D, "certificat_mensuel", doctor=2) for month in range(1, 7))
_KEPT_ON = tuple(Step((30 * month - 1) * D, "decision_maintien") for month in range(1, 7))
_FIRST_WEEKS = (_24H, _72H, _INPATIENT, _SEISED, _KEPT, _TOLD)
# What a well-kept measure also shows: people told, and the register of the law written after each fact.
_WELL_KEPT = (
    Step(2 * H, "information_personne"),
    Step(3 * H, "envoi_decision"),
    Step(4 * H, "information_autorites"),
    *(
        Step(step.after + 5 * H, "transcription_registre")
        for step in (Step(timedelta(0), "admission"), *_FIRST_WEEKS[:-1], *_MONTHLY, *_KEPT_ON)
    ),
    Step(6 * D - H, "avis_psychiatre"),
    *(Step(step.after - 2 * H, "recueil_observations") for step in (_INPATIENT, *_KEPT_ON)),
    *(Step(step.after + 3 * H, "information_personne") for step in (_INPATIENT, *_KEPT_ON)),
    *(Step(step.after + 4 * H, "information_autorites") for step in _KEPT_ON),
)


def _past(before: timedelta, steps: Sequence[Step]) -> tuple[Step, ...]:
    return tuple(step for step in steps if step.after < before)


def _stories() -> Iterator[Story]:
    """Tell each mode at each age, complete; then those where something is missing or unusual."""
    ages = (8 * H, 20 * H, 50 * H, 70 * H, 6 * D, 9 * D, 29 * D, 100 * D)
    for rank, mode in enumerate(OF_PATIENTS):
        for age in (ages[rank % len(ages)], ages[(rank + 4) % len(ages)]):
            before = age + rank * H
            steps = [*_FIRST_WEEKS, *_MONTHLY, *_KEPT_ON, *_WELL_KEPT]
            if mode is Mode.MP:
                # Who decided the admission is told after it: nothing of a measure precedes it.
                steps = [step for step in steps if step.after > 6 * H]
                steps.append(Step(6 * H, "admission"))
            yield Story(mode, before, _past(before, sorted(steps, key=lambda step: step.after)))
    yield Story(Mode.SPDRE, 30 * H)  # the first certificate was never recorded
    yield Story(
        Mode.SPPI,
        75 * H,
        (Step(20 * H, "certificat_24h", doctor=0), Step(70 * H, "certificat_72h", doctor=0)),
    )
    yield Story(Mode.SPDT, 9 * D, (_24H, _72H, _INPATIENT))  # the judge was not seised
    yield Story(Mode.SPDRE, 14 * D, (_24H, _72H, _INPATIENT, _SEISED))  # nor did he rule
    yield Story(
        Mode.SPDT,
        40 * D,
        (*_FIRST_WEEKS, Step(20 * D, "decision_forme", detail={"forme": "programme_de_soins"}),
         *_past(40 * D, (*_MONTHLY, *_KEPT_ON)), Step(36 * D, "reintegration")),
    )  # fmt: skip
    yield Story(
        Mode.SPDTU,
        4 * D,
        (_24H, _72H, _INPATIENT, Step(80 * H, "isolement_debut"), Step(85 * H, "contention_debut"),
         Step(88 * H, "contention_fin")),
    )  # fmt: skip
    yield Story(Mode.SPDRE, 20 * D, (*_FIRST_WEEKS, Step(15 * D, "transfert", elsewhere=True)))
    yield Story(Mode.SPPI, 30 * D, (*_FIRST_WEEKS, Step(25 * D, "levee")))
    yield Story(
        Mode.SPDRE, 13 * D,
        (_24H, _72H, _INPATIENT, _SEISED, Step(10 * D, "decision_juge", detail={"sens": "mainlevee"})),
    )  # fmt: skip


@transaction.atomic
def build(*, at: datetime, seed: int = 38) -> int:
    """Fill an empty register that has the territories, and return how many dossiers there are.

    Args:
        at: the instant that the stories lead to.
        seed: of the draw.
    """
    departement = Departement.objects.select_related("region", "ars").get(code=HOME_DEPARTEMENT)
    hospitals = _organisations(departement, day=(at - _AGE).date())
    chance = random.Random(seed)  # noqa: S311  # a story, not a secret
    people = _people(chance)
    for rank, story in enumerate(_stories()):
        _tell(story, next(people), departement, hospitals, rank, at=at)
    audit.record(
        event="demo.register.built", subject=departement.code, actor=ACTOR, at=at, detail={"seed": seed}
    )
    return Dossier.objects.count()


def _people(chance: random.Random) -> Iterator[Identity]:
    drawn = [(name, first) for name in _NAMES for first in _FIRST_NAMES]
    chance.shuffle(drawn)
    for name, first in drawn:
        born = date(1950, 1, 1) + timedelta(days=chance.randrange(50 * 365))
        yield Identity(names=name, first_names=first, born_on=born)


def _tell(
    story: Story,
    person: Identity,
    departement: Departement,
    hospitals: Sequence[Organisation],
    rank: int,
    *,
    at: datetime,
) -> None:
    start = (at - story.before).replace(second=0, microsecond=0)
    home, other = hospitals[rank % 2], hospitals[1 - rank % 2]
    compared = frozenset(Dossier.objects.filter(departement=departement).values_list("public_id", flat=True))
    dossier = actions.open_dossier(departement, person, compared=compared, actor=ACTOR, at=start)
    measure = actions.open_measure(
        dossier, mode=story.mode, started_at=start, establishment=home, actor=ACTOR, at=start
    )
    for step in story.steps:
        carried: dict[str, Any] = {"detail": step.detail}
        if step.kind in PLACED:
            carried["establishment"] = other if step.elsewhere else home
        if step.doctor is not None:
            carried["author"] = _DOCTORS[(rank + step.doctor) % len(_DOCTORS)]
        happened = start + step.after
        actions.record(measure, kind=step.kind, happened_at=happened, actor=ACTOR, at=happened, **carried)


def _organisations(departement: Departement, *, day: date) -> list[Organisation]:
    """Open the ARS, its office, two hospitals, and a persona in each post of the register."""
    ars = Organisation.objects.create(
        kind=OrganisationKind.ARS.value, name=departement.ars.name, region=departement.region, opened_on=day
    )
    office = Organisation.objects.create(
        kind=OrganisationKind.DD_ARS.value,
        name=f"Délégation départementale {departement.name_with_link}",
        departement=departement,
        region=departement.region,
        parent=ars,
        opened_on=day,
    )
    desk = Organisation.objects.create(
        kind=OrganisationKind.DESK.value, name="Exploitant du registre", opened_on=day
    )
    opened_at = datetime.combine(day, time(12), tzinfo=zone_of(departement))
    for role in REGISTER_ROLES:
        is_local = role in {Role.SSC_ENREGISTREMENT, Role.SSC_CONSULTATION}
        post = Post.objects.create(
            organisation=office if is_local else desk,
            role=role.value,
            departement=departement if is_local else None,
            opened_on=day,
        )
        person = Person.objects.create(issuer=ISSUER, subject=role.value, name=f"Personnage {role.label}")
        Mandate.objects.create(
            post=post, person=person, starts_on=day, **audit.authorship(actor=ACTOR, at=opened_at)
        )
    return [
        Organisation.objects.create(
            kind=OrganisationKind.ESTABLISHMENT.value,
            name=f"Établissement d’exemple {letter}",
            departement=departement,
            region=departement.region,
            opened_on=day,
        )
        for letter in "AB"
    ]
