"""Persons, organisations, posts, and mandates: who acts for whom, where, between which days."""

from datetime import date
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from traitdunion.audit.actors import Actor
from traitdunion.audit.models import Authored
from traitdunion.core.choices import choices_of
from traitdunion.core.models import PublicModel
from traitdunion.identity.kinds import NATIONAL, SIDE_OF, Holding, OrganisationKind, Role, Side
from traitdunion.territories.models import Departement, Region


class PersonManager(BaseUserManager["Person"]):
    def get_by_natural_key(self, username: str | None) -> "Person":
        """Refuse: a person is found by issuer and subject, never by a name."""
        raise self.model.DoesNotExist(username)


class Person(PublicModel, AbstractBaseUser):
    """Someone who may sign in, known by issuer and subject of the identity provider, never by e-mail."""

    issuer = models.CharField("fournisseur d’identité", max_length=200)
    subject = models.CharField("identifiant chez le fournisseur", max_length=255)  # what OpenID allows
    name = models.CharField("nom affiché", max_length=120)
    email = models.EmailField("adresse de messagerie", blank=True)
    is_active = models.BooleanField("accès ouvert", default=True)

    USERNAME_FIELD = "public_id"
    objects: ClassVar[PersonManager] = PersonManager()

    class Meta:
        verbose_name = "personne"
        verbose_name_plural = "personnes"
        constraints = (models.UniqueConstraint(fields=("issuer", "subject"), name="person_issuer_subject"),)

    def __str__(self) -> str:
        """Return the displayed name."""
        return self.name


class Organisation(PublicModel):
    """A préfecture, an ARS or its office, a ministry desk, an establishment, a cell."""

    kind = models.CharField("nature", max_length=13, choices=choices_of(OrganisationKind))
    name = models.CharField("nom", max_length=150)
    departement = models.ForeignKey(
        Departement,
        null=True,
        blank=True,
        on_delete=models.PROTECT,  # reference data
        verbose_name="département",
    )
    region = models.ForeignKey(
        Region,
        null=True,
        blank=True,
        on_delete=models.PROTECT,  # reference data
        verbose_name="région",
    )
    parent = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,  # history needs both
        verbose_name="dépend de",
    )
    opened_on = models.DateField("ouverte le")
    closed_on = models.DateField("fermée le", null=True, blank=True)

    class Meta:
        verbose_name = "organisation"
        verbose_name_plural = "organisations"
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(
                fields=("departement",), condition=Q(kind="prefecture"), name="organisation_one_prefecture"
            ),
            models.UniqueConstraint(fields=("region",), condition=Q(kind="ars"), name="organisation_one_ars"),
        )

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class Post(PublicModel):
    """A seat that must be held: a role, in an organisation, over a territory. Empty, it is a vacancy."""

    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,  # history
        verbose_name="organisation",
        related_name="posts",
    )
    role = models.CharField("rôle", max_length=20, choices=choices_of(Role))
    departement = models.ForeignKey(
        Departement,
        null=True,
        blank=True,
        on_delete=models.PROTECT,  # reference data
        verbose_name="département",
        related_name="posts",
    )
    region = models.ForeignKey(
        Region,
        null=True,
        blank=True,
        on_delete=models.PROTECT,  # reference data
        verbose_name="région",
        related_name="posts",
    )
    opened_on = models.DateField("créé le")
    closed_on = models.DateField("supprimé le", null=True, blank=True)

    class Meta:
        verbose_name = "poste"
        verbose_name_plural = "postes"
        constraints = (
            models.CheckConstraint(
                name="post_one_territory",
                condition=Q(departement__isnull=True) | Q(region__isnull=True),
                violation_error_message=(
                    "Un poste porte sur un département, une région ou la nation : un seul."
                ),
            ),
        )

    def __str__(self) -> str:
        """Return the role and the organisation."""
        return f"{Role(self.role).label}, {self.organisation.name}"

    @property
    def label(self) -> str:
        """What the one in the post is called there."""
        role = Role(self.role)
        # Only the préfet is called otherwise somewhere: the other posts do not read their département.
        if role is not Role.PREFET or self.departement is None:
            return role.label
        return role.called(self.departement.representative)


class MandateQuerySet(models.QuerySet["Mandate"]):
    def current(self, day: date) -> "MandateQuerySet":
        """Return the mandates that run on ``day``."""
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=day), starts_on__lte=day)


class Mandate(PublicModel, Authored):
    """A person acts in a post between two days, the last one included."""

    person = models.ForeignKey(
        Person,
        on_delete=models.PROTECT,  # acts outlive access
        verbose_name="personne",
        related_name="mandates",
    )
    post = models.ForeignKey(
        Post,
        on_delete=models.PROTECT,  # acts outlive posts
        verbose_name="poste",
        related_name="mandates",
    )
    holding = models.CharField(
        "qualité", max_length=9, choices=choices_of(Holding), default=Holding.TITULAIRE.value
    )
    starts_on = models.DateField("premier jour")
    ends_on = models.DateField("dernier jour", null=True, blank=True)

    objects = MandateQuerySet.as_manager()

    class Meta:
        verbose_name = "mandat"
        verbose_name_plural = "mandats"
        indexes = (models.Index(fields=("person", "starts_on"), name="mandate_person"),)
        constraints = (
            models.CheckConstraint(
                name="mandate_ends_after_start",
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                violation_error_message="Le dernier jour du mandat ne peut pas précéder le premier.",
            ),
            ExclusionConstraint(
                name="mandate_one_titulaire_a_day",
                expressions=[
                    ("post", RangeOperators.EQUAL),
                    (
                        Func(F("starts_on"), F("ends_on"), models.Value("[]"), function="daterange"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(holding="titulaire"),
                violation_error_message=(
                    "Ce poste a déjà un titulaire sur cette période : terminez son mandat d’abord."
                ),
            ),
        )

    @property
    def role(self) -> Role:
        """The capacity in which the person acts."""
        return Role(self.post.role)

    @property
    def side(self) -> Side | None:
        """The institution of the dyad the mandate speaks for, None for the others."""
        return SIDE_OF.get(self.role)

    @property
    def is_national(self) -> bool:
        """Whether the mandate reads every département."""
        return self.role in NATIONAL

    @property
    def label(self) -> str:
        """The role and the organisation, as the header and the log show them."""
        return f"{self.role.label}, {self.post.organisation.name}"

    def as_actor(self) -> Actor:
        """Return the author of what is done under this mandate."""
        return Actor(label=self.label, person=self.person.public_id, mandate=self.public_id)

    def covers(self, departement: Departement) -> bool:
        """Whether ``departement`` lies in the territory of the mandate."""
        if self.post.departement_id is not None:
            return self.post.departement_id == departement.code
        if self.post.region_id is not None:
            return self.post.region_id == departement.region_id
        return self.is_national


class Delegation(PublicModel, Authored):
    """A signatory lets someone else sign, between two days, by a dated act."""

    given_by = models.ForeignKey(
        Post,
        on_delete=models.PROTECT,  # signatures rest on it
        verbose_name="délégant",
        related_name="delegations",
    )
    given_to = models.ForeignKey(
        Person,
        on_delete=models.PROTECT,  # same
        verbose_name="délégataire",
        related_name="delegations",
    )
    reference = models.CharField("référence de l’acte", max_length=150)
    starts_on = models.DateField("premier jour")
    ends_on = models.DateField("dernier jour", null=True, blank=True)

    class Meta:
        verbose_name = "délégation de signature"
        verbose_name_plural = "délégations de signature"
        constraints = (
            models.CheckConstraint(
                name="delegation_ends_after_start",
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                violation_error_message="Le dernier jour de la délégation ne peut pas précéder le premier.",
            ),
        )
