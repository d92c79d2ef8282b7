"""The one ledger: axes, sections, measures, actions, indicators, evidence and statements.

What may be reworded is kept as revisions, and every row says when it was recorded: a page « à la date du … »
reads the rows recorded by the end of that day. Nothing here is updated except to close it on a day.
"""

from django.db import models
from django.db.models import F, Q

from traitdunion.audit.models import Authored
from traitdunion.core.choices import choices_of
from traitdunion.core.models import PublicModel
from traitdunion.identity.models import Organisation
from traitdunion.plan.kinds import (
    BlockerCause,
    EventKind,
    EvidenceKind,
    OriginKind,
    Owner,
    Periodicity,
    Provenance,
    Unit,
)
from traitdunion.territories.models import Departement


class Axis(models.Model):
    number = models.PositiveSmallIntegerField("numéro", primary_key=True)
    title = models.CharField("intitulé", max_length=250)
    provenance = models.CharField("provenance", max_length=9, choices=choices_of(Provenance))

    class Meta:
        verbose_name = "axe"
        verbose_name_plural = "axes"
        ordering = ("number",)


class Section(models.Model):
    axis = models.ForeignKey(
        Axis,
        on_delete=models.PROTECT,
        verbose_name="axe",
        related_name="sections",  # the plan is not pruned
    )
    code = models.CharField("numéro", max_length=20, unique=True)
    title = models.CharField("intitulé", max_length=250)
    provenance = models.CharField("provenance", max_length=9, choices=choices_of(Provenance))

    class Meta:
        verbose_name = "section"
        verbose_name_plural = "sections"
        ordering = ("code",)


class Measure(PublicModel):
    """A measure of the plan. Its wording lives in its revisions."""

    section = models.ForeignKey(
        Section,
        on_delete=models.PROTECT,
        verbose_name="section",
        related_name="measures",  # the plan is not pruned
    )
    code = models.CharField("numéro", max_length=20, unique=True)
    position = models.PositiveSmallIntegerField("rang")

    class Meta:
        verbose_name = "mesure"
        verbose_name_plural = "mesures"
        ordering = ("position", "code")


class MeasureRevision(Authored):
    measure = models.ForeignKey(
        Measure,
        on_delete=models.PROTECT,
        verbose_name="mesure",
        related_name="revisions",  # history stays
    )
    title = models.CharField("intitulé", max_length=300)
    wording = models.TextField("ce que demande la mesure", blank=True)
    pilot = models.ForeignKey(
        Organisation,
        null=True,
        blank=True,
        on_delete=models.PROTECT,  # history stays
        verbose_name="pilote",
        related_name="+",
    )
    copilots = models.ManyToManyField(Organisation, blank=True, verbose_name="copilotes", related_name="+")
    due_on = models.DateField("échéance", null=True, blank=True)
    provenance = models.CharField("provenance", max_length=9, choices=choices_of(Provenance))

    class Meta:
        verbose_name = "rédaction d’une mesure"
        verbose_name_plural = "rédactions d’une mesure"
        ordering = ("recorded_at", "id")


class Action(PublicModel, Authored):
    """Something to do, whoever asked for it: the origin says which part of the product opened it."""

    measure = models.ForeignKey(
        Measure,
        null=True,
        blank=True,
        on_delete=models.PROTECT,  # history stays
        verbose_name="mesure",
        related_name="actions",
    )
    departement = models.ForeignKey(
        Departement,
        null=True,
        blank=True,
        on_delete=models.PROTECT,  # reference data
        verbose_name="département",
        related_name="actions",
    )
    owner = models.CharField("à la charge de", max_length=10, choices=choices_of(Owner), blank=True)
    origin = models.CharField("origine", max_length=17, choices=choices_of(OriginKind))
    # The public identifier of the clause, gap, lesson or recommendation: those apps lie above this one.
    origin_reference = models.UUIDField("référence de l’origine", null=True, blank=True)
    origin_label = models.CharField("origine, en clair", max_length=250, blank=True)
    # Given by a table that is imported, so that the same file sent twice finds the same action.
    code = models.CharField("code", max_length=40, blank=True)
    opened_on = models.DateField("ouverte le")
    provenance = models.CharField("provenance", max_length=9, choices=choices_of(Provenance))

    class Meta:
        verbose_name = "action"
        verbose_name_plural = "actions"
        constraints = (
            models.UniqueConstraint(
                fields=("origin", "origin_reference", "departement", "owner"),
                condition=Q(origin_reference__isnull=False),
                nulls_distinct=False,  # a national action has no département, and is still opened once
                name="action_once_per_origin",
                violation_error_message="Une action est déjà ouverte pour cette origine.",
            ),
            models.UniqueConstraint(
                fields=("code",),
                condition=~Q(code=""),
                name="action_code_once",
                violation_error_message="Une action porte déjà ce code.",
            ),
            models.CheckConstraint(
                name="action_departement_has_owner",
                condition=Q(departement__isnull=True) | ~Q(owner=""),
                violation_error_message="Une action d’un département dit quel côté la doit.",
            ),
        )


class ActionRevision(Authored):
    action = models.ForeignKey(
        Action,
        on_delete=models.PROTECT,
        verbose_name="action",
        related_name="revisions",  # history stays
    )
    title = models.CharField("intitulé", max_length=300)
    pilot = models.ForeignKey(
        Organisation,
        null=True,
        blank=True,
        on_delete=models.PROTECT,  # history stays
        verbose_name="pilote",
        related_name="+",
    )
    copilots = models.ManyToManyField(Organisation, blank=True, verbose_name="copilotes", related_name="+")
    due_on = models.DateField("échéance", null=True, blank=True)

    class Meta:
        verbose_name = "rédaction d’une action"
        verbose_name_plural = "rédactions d’une action"
        ordering = ("recorded_at", "id")


class Evidence(PublicModel, Authored):
    """A piece that proves: a text, a published page, a file with its hash."""

    measure = models.ForeignKey(
        Measure,
        null=True,
        blank=True,
        on_delete=models.PROTECT,  # history stays
        verbose_name="mesure",
        related_name="evidence",
    )
    action = models.ForeignKey(
        Action,
        null=True,
        blank=True,
        on_delete=models.PROTECT,  # history stays
        verbose_name="action",
        related_name="evidence",
    )
    kind = models.CharField("nature", max_length=4, choices=choices_of(EvidenceKind))
    title = models.CharField("intitulé", max_length=250)
    reference = models.CharField("référence", max_length=200, blank=True)
    address = models.URLField("adresse", max_length=400, blank=True)
    dated_on = models.DateField("datée du")
    expires_on = models.DateField("vaut jusqu’au", null=True, blank=True)
    withdrawn_on = models.DateField("retirée le", null=True, blank=True)
    withdrawn_recorded_at = models.DateTimeField("retrait enregistré le", null=True, blank=True)
    sha256 = models.CharField("empreinte SHA-256", max_length=64, blank=True)
    provenance = models.CharField("provenance", max_length=9, choices=choices_of(Provenance))

    class Meta:
        verbose_name = "preuve"
        verbose_name_plural = "preuves"
        constraints = (
            models.CheckConstraint(
                name="evidence_expires_after_date",
                condition=Q(expires_on__isnull=True) | Q(expires_on__gte=F("dated_on")),
                violation_error_message="La preuve ne peut pas expirer avant sa date.",
            ),
            models.CheckConstraint(
                name="evidence_file_has_hash",
                condition=~Q(kind="file") | ~Q(sha256=""),
                violation_error_message="Un document déposé porte son empreinte.",
            ),
        )


class EvidenceFile(models.Model):
    """The bytes of a deposited document, apart so that lists never read them."""

    evidence = models.OneToOneField(
        Evidence,
        on_delete=models.PROTECT,
        verbose_name="preuve",
        related_name="file",  # proof stays
    )
    name = models.CharField("nom du fichier", max_length=150)
    media_type = models.CharField("type", max_length=100)
    content = models.BinaryField("contenu")

    class Meta:
        verbose_name = "document déposé"
        verbose_name_plural = "documents déposés"


class ActionEvent(Authored):
    """A dated fact about an action."""

    action = models.ForeignKey(
        Action,
        on_delete=models.PROTECT,
        verbose_name="action",
        related_name="events",  # history stays
    )
    kind = models.CharField("fait", max_length=10, choices=choices_of(EventKind))
    happened_on = models.DateField("le")
    reason = models.CharField("motif ou précision", max_length=300, blank=True)

    class Meta:
        verbose_name = "fait"
        verbose_name_plural = "faits"
        ordering = ("happened_on", "id")
        indexes = (models.Index(fields=("action", "-happened_on", "-id"), name="event_latest"),)


class Blocker(PublicModel, Authored):
    """What stops an action: the cause, who can lift it, since when."""

    action = models.ForeignKey(
        Action,
        on_delete=models.PROTECT,
        verbose_name="action",
        related_name="blockers",  # history stays
    )
    cause = models.CharField("cause", max_length=15, choices=choices_of(BlockerCause))
    description = models.CharField("précision", max_length=300, blank=True)
    lifter = models.CharField("peut être levé par", max_length=150)
    since = models.DateField("depuis le")
    lifted_on = models.DateField("levé le", null=True, blank=True)
    lifted_recorded_at = models.DateTimeField("levée enregistrée le", null=True, blank=True)
    lifted_by = models.CharField("levé par", max_length=250, blank=True)

    class Meta:
        verbose_name = "blocage"
        verbose_name_plural = "blocages"
        constraints = (
            models.CheckConstraint(
                name="blocker_lifted_after_start",
                condition=Q(lifted_on__isnull=True) | Q(lifted_on__gte=F("since")),
                violation_error_message="Un blocage ne peut pas être levé avant d’exister.",
            ),
        )


class Indicator(PublicModel):
    """A figure that is measured again and again. Its definition lives in its revisions."""

    measure = models.ForeignKey(
        Measure,
        on_delete=models.PROTECT,
        verbose_name="mesure",
        related_name="indicators",  # history stays
    )
    code = models.CharField("code", max_length=30, unique=True)
    unit = models.CharField("unité", max_length=5, choices=choices_of(Unit))
    higher_is_better = models.BooleanField("une hausse est un progrès", default=True)

    class Meta:
        verbose_name = "indicateur"
        verbose_name_plural = "indicateurs"
        ordering = ("code",)


class IndicatorRevision(Authored):
    indicator = models.ForeignKey(
        Indicator,
        on_delete=models.PROTECT,
        verbose_name="indicateur",
        related_name="revisions",  # history stays
    )
    name = models.CharField("nom", max_length=200)
    definition = models.TextField("définition")
    numerator_label = models.CharField("numérateur", max_length=200)
    denominator_label = models.CharField("dénominateur", max_length=200, blank=True)
    source = models.CharField("source", max_length=200)
    periodicity = models.CharField("périodicité", max_length=7, choices=choices_of(Periodicity))
    provenance = models.CharField("provenance", max_length=9, choices=choices_of(Provenance))

    class Meta:
        verbose_name = "définition d’un indicateur"
        verbose_name_plural = "définitions d’un indicateur"
        ordering = ("recorded_at", "id")


class Target(Authored):
    """A point of the trajectory that an indicator should follow."""

    indicator = models.ForeignKey(
        Indicator,
        on_delete=models.PROTECT,
        verbose_name="indicateur",
        related_name="targets",  # history stays
    )
    departement = models.ForeignKey(
        Departement,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        verbose_name="département",  # reference data
    )
    due_on = models.DateField("pour le")
    value = models.DecimalField("cible", max_digits=14, decimal_places=3)

    class Meta:
        verbose_name = "cible"
        verbose_name_plural = "cibles"
        ordering = ("due_on", "id")


class IndicatorValue(Authored):
    """One measure of an indicator. A correction is a later row for the same day: the last recorded counts."""

    indicator = models.ForeignKey(
        Indicator,
        on_delete=models.PROTECT,
        verbose_name="indicateur",
        related_name="values",  # history stays
    )
    departement = models.ForeignKey(
        Departement,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        verbose_name="département",  # reference data
    )
    measured_on = models.DateField("mesuré le")
    numerator = models.DecimalField("numérateur", max_digits=14, decimal_places=3)
    denominator = models.DecimalField("dénominateur", max_digits=14, decimal_places=3, null=True, blank=True)
    provenance = models.CharField("provenance", max_length=9, choices=choices_of(Provenance))

    class Meta:
        verbose_name = "valeur"
        verbose_name_plural = "valeurs"
        indexes = (
            models.Index(
                fields=("indicator", "departement", "measured_on", "-recorded_at"), name="value_latest"
            ),
        )
        constraints = (
            models.CheckConstraint(
                name="value_denominator_positive",
                condition=Q(denominator__isnull=True) | Q(denominator__gt=0),
                violation_error_message="Le dénominateur doit être plus grand que zéro.",
            ),
        )


class Statement(PublicModel, Authored):
    """A sentence published in a bilan or a progress page, bound to what proves it."""

    measure = models.ForeignKey(
        Measure,
        on_delete=models.PROTECT,
        verbose_name="mesure",
        related_name="statements",  # history stays
    )
    text = models.CharField("énoncé", max_length=500)
    figure = models.CharField("chiffre", max_length=60, blank=True)
    published_on = models.DateField("publié le")
    retired_on = models.DateField("retiré le", null=True, blank=True)
    retired_recorded_at = models.DateTimeField("retrait enregistré le", null=True, blank=True)
    position = models.PositiveSmallIntegerField("rang", default=0)
    provenance = models.CharField("provenance", max_length=9, choices=choices_of(Provenance))
    proofs = models.ManyToManyField(Evidence, through="Proof", related_name="statements")

    class Meta:
        verbose_name = "énoncé"
        verbose_name_plural = "énoncés"
        ordering = ("position", "id")


class Proof(Authored):
    """The link between a statement and a piece that proves it."""

    statement = models.ForeignKey(
        Statement,
        on_delete=models.PROTECT,
        verbose_name="énoncé",  # history stays
    )
    evidence = models.ForeignKey(
        Evidence,
        on_delete=models.PROTECT,
        verbose_name="preuve",  # history stays
    )

    class Meta:
        verbose_name = "lien de preuve"
        verbose_name_plural = "liens de preuve"
        constraints = (models.UniqueConstraint(fields=("statement", "evidence"), name="proof_once"),)
