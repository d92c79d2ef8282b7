"""Conventions between a préfecture and an ARS: text, parties, signatures, and what shows that they live."""

from datetime import date
from typing import Any, ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value

from traitdunion.audit.models import Authored
from traitdunion.conventions import rules
from traitdunion.conventions.kinds import Basis, Coverage, Step, Turn
from traitdunion.core.choices import choices_of
from traitdunion.core.models import PublicModel
from traitdunion.identity.kinds import Side
from traitdunion.identity.models import Delegation, Organisation, Person, Post
from traitdunion.plan.kinds import Provenance
from traitdunion.territories.models import Departement

HEADINGS = 16
# What an avenant, a correction or an import may replace in a convention.
TERMS = (
    "title",
    "reference",
    "template_id",
    "starts_on",
    "ends_on",
    "denounced_on",
    "denounced_reason",
    "denounced_by",
    "denounced_recorded_at",
)


class Template(PublicModel, Authored):
    """A version of the national model. The one shipped is an example; an administrator replaces it.

    Once adopted it never changes: conventions rest on it.
    """

    name = models.CharField("version", max_length=100, unique=True)
    is_example = models.BooleanField("exemple, non officiel", default=True)
    adopted_on = models.DateField("en usage depuis le", null=True, blank=True)
    retired_on = models.DateField("remplacé le", null=True, blank=True)

    class Meta:
        verbose_name = "modèle national"
        verbose_name_plural = "modèles nationaux"
        ordering = (F("adopted_on").desc(nulls_first=True), "-id")

    def __str__(self) -> str:
        """Return the name of the version."""
        return f"{self.name} (exemple)" if self.is_example else self.name


class TemplateHeading(models.Model):
    template = models.ForeignKey(
        Template,
        on_delete=models.CASCADE,
        verbose_name="modèle",
        related_name="headings",  # a part of it
    )
    number = models.PositiveSmallIntegerField("numéro")
    title = models.CharField("intitulé", max_length=150)
    expectation = models.TextField("ce qu’on attend", blank=True)
    text = models.TextField("texte proposé", blank=True)

    class Meta:
        verbose_name = "rubrique du modèle"
        verbose_name_plural = "rubriques du modèle"
        ordering = ("number",)
        constraints = (
            models.UniqueConstraint(fields=("template", "number"), name="template_heading_once"),
            models.CheckConstraint(name="template_heading_number", condition=Q(number__range=(1, HEADINGS))),
        )


class CircuitLine(models.Model):
    """A line of a role matrix: what passes, who does, who is told, how, by which text; what never passes."""

    position = models.PositiveSmallIntegerField("rang")
    subject = models.CharField("circuit", max_length=200)
    who_does = models.CharField("qui fait", max_length=200)
    who_is_told = models.CharField("qui est informé", max_length=200)
    form = models.CharField("sous quelle forme", max_length=200)
    legal_basis = models.CharField("par quel texte", max_length=250, blank=True)
    never_passes = models.CharField("ce qui ne passe jamais", max_length=300)

    class Meta:
        abstract = True


class TemplateCircuit(PublicModel, CircuitLine):
    """A line that the national model proposes."""

    template = models.ForeignKey(
        Template,
        on_delete=models.CASCADE,
        verbose_name="modèle",
        related_name="circuits",  # a part of it
    )

    class Meta:
        verbose_name = "circuit du modèle"
        verbose_name_plural = "circuits du modèle"
        ordering = ("position", "id")


class ConventionQuerySet(models.QuerySet["Convention"]):
    def with_life(self) -> "ConventionQuerySet":
        """Read with each convention what its state is computed from, in two more queries."""
        return self.select_related("parent", "template", "departement__region").prefetch_related(
            "steps", models.Prefetch("signatures", Signature.objects.select_related("delegation"))
        )

    def open(self) -> "ConventionQuerySet":
        """Keep the texts still written or waiting for a signature: neither signed by both sides nor given up."""
        return self.filter(signed_on__isnull=True, abandoned_on__isnull=True)


class Convention(PublicModel, Authored):
    """A convention, or an avenant when it has a parent. Its state is computed: see ``rules.state_on``."""

    departement = models.ForeignKey(
        Departement,
        on_delete=models.PROTECT,
        verbose_name="département",
        related_name="conventions",  # reference
    )
    parent = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,  # history stays
        verbose_name="convention modifiée",
        related_name="avenants",
    )
    number = models.PositiveSmallIntegerField("numéro d’avenant", default=0)
    title = models.CharField("intitulé", max_length=250)
    reference = models.CharField("référence", max_length=100, blank=True)
    template = models.ForeignKey(
        Template,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        verbose_name="modèle suivi",  # history stays
    )
    starts_on = models.DateField("entre en vigueur le", null=True, blank=True)
    ends_on = models.DateField("dernier jour", null=True, blank=True)
    signed_on = models.DateField("signée des deux côtés le", null=True, blank=True, editable=False)
    abandoned_on = models.DateField("abandonnée le", null=True, blank=True, editable=False)
    denounced_on = models.DateField("dénoncée à compter du", null=True, blank=True)
    denounced_reason = models.CharField("motif de la dénonciation", max_length=300, blank=True)
    denounced_by = models.CharField("dénonciation enregistrée par", max_length=250, blank=True)
    denounced_recorded_at = models.DateTimeField("dénonciation enregistrée le", null=True, blank=True)
    provenance = models.CharField("provenance", max_length=9, choices=choices_of(Provenance))

    objects = ConventionQuerySet.as_manager()

    class Meta:
        verbose_name = "convention"
        verbose_name_plural = "conventions"
        indexes = (models.Index(fields=("departement", "ends_on"), name="convention_departement"),)
        constraints = (
            models.CheckConstraint(
                name="convention_ends_after_start",
                condition=Q(ends_on__isnull=True)
                | Q(starts_on__isnull=True)
                | Q(ends_on__gte=F("starts_on")),
                violation_error_message="La convention ne peut pas finir avant de commencer.",
            ),
            models.CheckConstraint(
                name="convention_signed_has_start",
                condition=Q(signed_on__isnull=True) | Q(starts_on__isnull=False),
                violation_error_message="Une convention signée a un premier jour.",
            ),
            models.CheckConstraint(
                name="convention_avenant_number",
                condition=Q(parent__isnull=True, number=0) | Q(parent__isnull=False, number__gt=0),
                violation_error_message="Un avenant porte un numéro ; une convention n’en porte pas.",
            ),
            # The number of an avenant given up is free again: acts that bind follow one another without a gap.
            models.UniqueConstraint(
                fields=("parent", "number"),
                condition=Q(parent__isnull=False, abandoned_on__isnull=True),
                name="convention_avenant_once",
            ),
            models.CheckConstraint(
                name="convention_abandoned_or_signed",
                condition=Q(abandoned_on__isnull=True) | Q(signed_on__isnull=True),
                violation_error_message="Une convention signée ne s’abandonne pas : elle se dénonce.",
            ),
            # The days in force of two signed conventions of one département never meet. The upper bound is
            # open: the day after the last one, or the day of the denunciation, whichever comes first.
            ExclusionConstraint(
                name="convention_one_in_force_a_day",
                expressions=[
                    ("departement", RangeOperators.EQUAL),
                    (
                        Func(
                            F("starts_on"),
                            Func(
                                F("starts_on"),
                                Func(
                                    Func(
                                        Func(
                                            F("ends_on"),
                                            Value(1),
                                            arg_joiner=" + ",
                                            template="(%(expressions)s)",
                                        ),
                                        F("denounced_on"),
                                        function="LEAST",
                                    ),
                                    Func(Value("infinity"), template="%(expressions)s::date"),
                                    function="COALESCE",
                                ),
                                function="GREATEST",
                            ),
                            Value("[)"),
                            function="daterange",
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(parent__isnull=True, signed_on__isnull=False),
                violation_error_message=(
                    "Une autre convention de ce département est déjà en vigueur sur cette période."
                ),
            ),
        )

    def __str__(self) -> str:
        """Return the title, with the number of an avenant."""
        return f"Avenant n° {self.number} : {self.title}" if self.number else self.title

    @property
    def is_avenant(self) -> bool:
        """Whether it modifies another convention."""
        return self.parent_id is not None

    @property
    def life(self) -> rules.Life:
        """The dated facts; cheap after ``with_life``. An avenant ends with the convention it modifies."""
        whole = self.parent or self
        return rules.Life(
            steps=[(Step(taken.step), taken.happened_on) for taken in self.steps.all()],
            signed_on={Side(signature.side): signature.signed_on for signature in self.signatures.all()},
            starts_on=self.starts_on,
            ends_on=whole.ends_on,
            denounced_on=whole.denounced_on,
        )

    @property
    def terms(self) -> dict[str, Any]:
        """The values that an act replaces, by column: ``FormerTerms`` keeps them."""
        return {name: getattr(self, name) for name in TERMS}

    def situation(self, day: date) -> rules.Situation | None:
        """Return where it stands on ``day`` and whose turn it is; None before its first step."""
        handed = [(Turn(taken.turn), taken.happened_on) for taken in self.steps.all()]
        return rules.situation(self.life, day, handed=handed)


class FormerTerms(Authored):
    """What a convention said of itself until ``recorded_at``, when its author replaced it.

    A past evening takes the first one recorded after it; without one, the convention still says the same.
    """

    convention = models.ForeignKey(
        Convention,
        on_delete=models.PROTECT,
        verbose_name="convention",
        related_name="former_terms",  # history stays
    )
    title = models.CharField("intitulé", max_length=250)
    reference = models.CharField("référence", max_length=100, blank=True)
    template = models.ForeignKey(
        Template,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        verbose_name="modèle suivi",  # history stays
    )
    starts_on = models.DateField("entre en vigueur le", null=True, blank=True)
    ends_on = models.DateField("dernier jour", null=True, blank=True)
    denounced_on = models.DateField("dénoncée à compter du", null=True, blank=True)
    denounced_reason = models.CharField("motif de la dénonciation", max_length=300, blank=True)
    denounced_by = models.CharField("dénonciation enregistrée par", max_length=250, blank=True)
    denounced_recorded_at = models.DateTimeField("dénonciation enregistrée le", null=True, blank=True)

    class Meta:
        verbose_name = "ancienne rédaction"
        verbose_name_plural = "anciennes rédactions"
        indexes = (models.Index(fields=("convention", "recorded_at"), name="former_terms_convention"),)


class StepTaken(Authored):
    """A declared step of the drafting, with its reason and the side whose turn it becomes."""

    convention = models.ForeignKey(
        Convention,
        on_delete=models.PROTECT,
        verbose_name="convention",
        related_name="steps",  # history stays
    )
    step = models.CharField("étape", max_length=10, choices=choices_of(Step))
    happened_on = models.DateField("le")
    turn = models.CharField("au tour de", max_length=10, choices=choices_of(Turn))
    reason = models.CharField("motif", max_length=300, blank=True)

    class Meta:
        verbose_name = "étape"
        verbose_name_plural = "étapes"
        ordering = ("happened_on", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("convention",),
                condition=Q(step=Step.ABANDONNEE.value),
                name="step_abandoned_once",
                violation_error_message="Ce texte est déjà abandonné.",
            ),
            models.CheckConstraint(
                name="step_abandoned_says_why",
                condition=~Q(step=Step.ABANDONNEE.value) | (Q(turn=Turn.NOBODY.value) & ~Q(reason="")),
                violation_error_message="Un abandon dit pourquoi, et n’attend plus personne.",
            ),
        )


class Party(models.Model):
    """An organisation bound by the convention. The two institutions always are; others may join."""

    convention = models.ForeignKey(
        Convention,
        on_delete=models.PROTECT,
        verbose_name="convention",
        related_name="parties",  # history stays
    )
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        verbose_name="organisation",  # history stays
    )
    side = models.CharField("côté", max_length=10, choices=choices_of(Side), blank=True)

    class Meta:
        verbose_name = "partie"
        verbose_name_plural = "parties"
        constraints = (
            models.UniqueConstraint(fields=("convention", "organisation"), name="party_once"),
            models.UniqueConstraint(
                fields=("convention", "side"), condition=~Q(side=""), name="party_one_a_side"
            ),
        )


class StandingSignatures(models.Manager["Signature"]):
    def get_queryset(self) -> models.QuerySet["Signature"]:
        """Leave out the signatures that were taken back: nothing rests on them any more."""
        return super().get_queryset().filter(withdrawn_recorded_at=None)


class Signature(PublicModel, Authored):
    """One side signed, on a day, under a power that was checked for that day.

    ``objects`` and ``convention.signatures`` hold those that stand; ``every`` also those taken back, kept to read
    a past evening.
    """

    convention = models.ForeignKey(
        Convention,
        on_delete=models.PROTECT,
        verbose_name="convention",
        related_name="signatures",  # history stays
    )
    side = models.CharField("côté", max_length=10, choices=choices_of(Side))
    signed_on = models.DateField("signé le")
    signatory = models.ForeignKey(
        Person,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        verbose_name="signataire",  # history stays
    )
    signatory_name = models.CharField("nom du signataire", max_length=120)
    quality = models.CharField("qualité", max_length=150)
    basis = models.CharField("pouvoir", max_length=10, choices=choices_of(Basis))
    post = models.ForeignKey(
        Post,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        verbose_name="poste",  # history stays
    )
    delegation = models.ForeignKey(
        Delegation,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        verbose_name="délégation",  # history stays
    )
    withdrawn_on = models.DateField("retirée le", null=True, blank=True)
    withdrawn_recorded_at = models.DateTimeField("retrait enregistré le", null=True, blank=True)

    objects: ClassVar[StandingSignatures] = StandingSignatures()
    every: ClassVar[models.Manager["Signature"]] = models.Manager()

    class Meta:
        verbose_name = "signature"
        verbose_name_plural = "signatures"
        constraints = (
            models.UniqueConstraint(
                fields=("convention", "side"),
                condition=Q(withdrawn_recorded_at=None),
                name="signature_once_a_side",
                violation_error_message="Ce côté a déjà signé.",
            ),
            models.CheckConstraint(
                name="signature_withdrawn_after_signed",
                condition=Q(withdrawn_on=None, withdrawn_recorded_at=None)
                | Q(withdrawn_on__gte=F("signed_on"), withdrawn_recorded_at__isnull=False),
                violation_error_message="Le retrait d’une signature ne la précède pas.",
            ),
            models.CheckConstraint(
                name="signature_delegation_when_delegated",
                condition=Q(basis="delegation", delegation__isnull=False)
                | (~Q(basis="delegation") & Q(delegation__isnull=True)),
            ),
        )


class HeadingText(Authored):
    """The text of a heading in a convention, or its new text in an avenant."""

    convention = models.ForeignKey(
        Convention,
        on_delete=models.PROTECT,
        verbose_name="convention",
        related_name="headings",  # history stays
    )
    number = models.PositiveSmallIntegerField("numéro")
    coverage = models.CharField("état", max_length=13, choices=choices_of(Coverage))
    text = models.TextField("texte", blank=True)

    class Meta:
        verbose_name = "rubrique"
        verbose_name_plural = "rubriques"
        ordering = ("number",)
        constraints = (
            models.UniqueConstraint(fields=("convention", "number"), name="heading_once"),
            models.CheckConstraint(name="heading_number", condition=Q(number__range=(1, HEADINGS))),
        )


class Circuit(PublicModel, CircuitLine, Authored):
    """A line of the role matrix of a convention, or of the matrix that an avenant puts in its place."""

    convention = models.ForeignKey(
        Convention,
        on_delete=models.PROTECT,
        verbose_name="convention",
        related_name="circuits",  # history stays
    )

    class Meta:
        verbose_name = "circuit"
        verbose_name_plural = "circuits"
        ordering = ("position", "id")


class Clause(PublicModel, Authored):
    """A sentence that obliges a side. Once the convention is signed it becomes an action of the ledger."""

    convention = models.ForeignKey(
        Convention,
        on_delete=models.PROTECT,
        verbose_name="convention",
        related_name="clauses",  # history stays
    )
    heading_number = models.PositiveSmallIntegerField("rubrique")
    text = models.CharField("engagement", max_length=300)
    owner = models.CharField("à la charge de", max_length=10, choices=choices_of(Turn))
    due_on = models.DateField("échéance", null=True, blank=True)

    class Meta:
        verbose_name = "clause"
        verbose_name_plural = "clauses"
        ordering = ("heading_number", "id")
        constraints = (
            models.CheckConstraint(name="clause_has_owner", condition=~Q(owner="nobody")),
            models.CheckConstraint(
                name="clause_heading_number", condition=Q(heading_number__range=(1, HEADINGS))
            ),
        )


class Review(PublicModel, Authored):
    """The parties read their convention again and said what they concluded."""

    convention = models.ForeignKey(
        Convention,
        on_delete=models.PROTECT,
        verbose_name="convention",
        related_name="reviews",  # history stays
    )
    reviewed_on = models.DateField("revue le")
    conclusion = models.CharField("conclusion", max_length=300)

    class Meta:
        verbose_name = "revue"
        verbose_name_plural = "revues"
        ordering = ("-reviewed_on",)


class Meeting(PublicModel, Authored):
    """A meeting of the two institutions, planned, then held or cancelled."""

    departement = models.ForeignKey(
        Departement,
        on_delete=models.PROTECT,
        verbose_name="département",
        related_name="meetings",  # reference
    )
    planned_on = models.DateField("prévue le")
    subject = models.CharField("objet", max_length=200)
    held_on = models.DateField("tenue le", null=True, blank=True)
    prefecture_present = models.BooleanField("préfecture présente", default=False)
    ars_present = models.BooleanField("ARS présente", default=False)
    cancelled_on = models.DateField("annulée le", null=True, blank=True)
    outcome_recorded_at = models.DateTimeField("suite enregistrée le", null=True, blank=True)
    outcome_by = models.CharField("suite enregistrée par", max_length=250, blank=True)

    class Meta:
        verbose_name = "réunion"
        verbose_name_plural = "réunions"
        ordering = ("-planned_on",)
        constraints = (
            models.CheckConstraint(
                name="meeting_held_or_cancelled",
                condition=Q(held_on__isnull=True) | Q(cancelled_on__isnull=True),
                violation_error_message="Une réunion est tenue ou annulée, pas les deux.",
            ),
        )


class ContactCheck(PublicModel):
    """Once a quarter each contact is asked whether it is still right. Silence shows."""

    departement = models.ForeignKey(
        Departement,
        on_delete=models.PROTECT,
        verbose_name="département",
        related_name="contact_checks",  # reference
    )
    side = models.CharField("côté", max_length=10, choices=choices_of(Side))
    post = models.ForeignKey(
        Post,
        on_delete=models.PROTECT,
        verbose_name="poste",
        related_name="contact_checks",  # history stays
    )
    person = models.ForeignKey(
        Person,
        on_delete=models.PROTECT,
        verbose_name="contact",
        related_name="contact_checks",  # history stays
    )
    quarter = models.CharField("trimestre", max_length=7)
    asked_at = models.DateTimeField("demandé le")
    confirmed_at = models.DateTimeField("confirmé le", null=True, blank=True)
    confirmed_on = models.DateField("jour de confirmation", null=True, blank=True)
    is_right = models.BooleanField("exact", null=True, blank=True)

    class Meta:
        verbose_name = "confirmation de contact"
        verbose_name_plural = "confirmations de contact"
        constraints = (
            models.UniqueConstraint(
                fields=("post", "person", "quarter"), name="contact_check_once_a_quarter"
            ),
        )


class LastVisit(models.Model):
    """When a person last opened the page of a département: « ce qui a changé depuis »."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, verbose_name="personne")  # a mere bookmark
    departement = models.ForeignKey(
        Departement,
        on_delete=models.CASCADE,
        verbose_name="département",  # a mere bookmark
    )
    visited_at = models.DateTimeField("visite")
    previous_at = models.DateTimeField("visite précédente", null=True, blank=True)

    class Meta:
        verbose_name = "dernière visite"
        verbose_name_plural = "dernières visites"
        constraints = (models.UniqueConstraint(fields=("person", "departement"), name="last_visit_once"),)
