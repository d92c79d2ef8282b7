"""Dossiers, identities, measures and facts. Every table carries its département in its key.

A row is reached by the département and a number drawn at random, never by one alone: a key written in one département
points to nothing in another, and the whole shares out by département over several machines.
"""

import uuid

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from traitdunion.audit.models import Authored
from traitdunion.core.choices import choices_of
from traitdunion.identity.models import Organisation
from traitdunion.register.kinds import PLACED, MarkKind
from traitdunion.territories.models import Departement


class InDepartement(models.Model):
    """A row of one département: its key is the département and a number drawn at random."""

    pk = models.CompositePrimaryKey("departement_id", "public_id")
    departement = models.ForeignKey(
        Departement,
        on_delete=models.PROTECT,  # reference data
        verbose_name="département",
        related_name="+",
    )
    public_id = models.UUIDField("identifiant public", default=uuid.uuid4, editable=False)

    class Meta:
        abstract = True


class Dossier(InDepartement, Authored):
    """What the register holds of one person in one département. Who it is lies sealed in ``SealedIdentity``."""

    reference = models.CharField("référence", max_length=14)
    erased_at = models.DateTimeField("effacé le", null=True, blank=True)

    class Meta:
        verbose_name = "dossier"
        verbose_name_plural = "dossiers"
        constraints = (
            models.UniqueConstraint(fields=("departement", "reference"), name="dossier_reference"),
        )

    def __str__(self) -> str:
        """Return the reference, which names nobody."""
        return self.reference


class InDossier(InDepartement):
    """A row of one dossier, of the same département by construction."""

    dossier_uuid = models.UUIDField("dossier", editable=False)
    dossier = models.ForeignObject(
        Dossier,
        on_delete=models.PROTECT,  # erasure goes kind by kind, by actions.erase
        from_fields=("departement", "dossier_uuid"),
        to_fields=("departement", "public_id"),
        related_name="+",
        verbose_name="dossier",
    )

    class Meta:
        abstract = True


class DossierKey(models.Model):
    """The key of a dossier, wrapped under a key of the site. Without this row, the person is erased."""

    pk = models.CompositePrimaryKey("departement_id", "dossier_uuid")
    departement = models.ForeignKey(
        Departement,
        on_delete=models.PROTECT,  # reference data
        verbose_name="département",
        related_name="+",
    )
    dossier_uuid = models.UUIDField("dossier", editable=False)
    epoch = models.CharField("époque de la clé du site", max_length=24, db_index=True)
    wrapped = models.BinaryField("clé enveloppée")

    class Meta:
        verbose_name = "clé de dossier"
        verbose_name_plural = "clés de dossiers"


class SealedIdentity(InDossier, Authored):
    """Names, first names and date of birth, each sealed. A correction is a new version; the last is the one in use."""

    version = models.PositiveSmallIntegerField("version")
    names_sealed = models.BinaryField("noms")
    first_names_sealed = models.BinaryField("prénoms")
    born_on_sealed = models.BinaryField("date de naissance")

    class Meta:
        verbose_name = "identité chiffrée"
        verbose_name_plural = "identités chiffrées"
        constraints = (
            models.UniqueConstraint(
                fields=("departement", "dossier_uuid", "version"), name="identity_version_of_dossier"
            ),
        )


class SearchMark(models.Model):
    """A blind mark by which a dossier is found. Its key is how it is looked for."""

    pk = models.CompositePrimaryKey("departement_id", "kind", "value", "dossier_uuid")
    departement = models.ForeignKey(
        Departement,
        on_delete=models.PROTECT,  # reference data
        verbose_name="département",
        related_name="+",
    )
    kind = models.CharField("nature", max_length=13, choices=choices_of(MarkKind))
    value = models.BinaryField("marque")
    dossier_uuid = models.UUIDField("dossier", editable=False)

    class Meta:
        verbose_name = "marque de recherche"
        verbose_name_plural = "marques de recherche"
        indexes = (models.Index(fields=("departement", "dossier_uuid"), name="mark_of_dossier"),)


class Measure(InDossier, Authored):
    """A measure of care without consent: when it starts and ends follows from its facts, under their lock."""

    mode = models.CharField("mode", max_length=10)  # of the law, which names them (kinds.MODE_LABELS)
    establishment = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,  # history
        verbose_name="établissement d’accueil",
        related_name="+",
    )
    started_at = models.DateTimeField("début")
    ended_at = models.DateTimeField("fin", null=True, blank=True)

    class Meta:
        verbose_name = "mesure"
        verbose_name_plural = "mesures"
        constraints = (
            models.CheckConstraint(
                name="measure_ends_after_start",
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
                violation_error_message="La fin de la mesure ne peut pas précéder son début.",
            ),
            ExclusionConstraint(
                name="measure_one_at_a_time",
                expressions=[
                    ("departement", RangeOperators.EQUAL),
                    ("dossier_uuid", RangeOperators.EQUAL),
                    (
                        Func(F("started_at"), F("ended_at"), models.Value("[)"), function="tstzrange"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message=(
                    "Cette personne a déjà une mesure à ces dates : terminez-la, ou corrigez les dates."
                ),
            ),
        )
        indexes = (
            models.Index(
                fields=("departement", "started_at"),
                condition=Q(ended_at__isnull=True),
                name="measure_running",
            ),
        )


class Event(InDepartement, Authored):
    """One fact of a measure. It is never changed: a later one replaces it, and says who wrote it and when."""

    measure_uuid = models.UUIDField("mesure", editable=False)
    measure = models.ForeignObject(
        Measure,
        on_delete=models.PROTECT,  # a fact is never lost
        from_fields=("departement", "measure_uuid"),
        to_fields=("departement", "public_id"),
        related_name="+",
        verbose_name="mesure",
    )
    kind = models.CharField("fait", max_length=40)  # of the vocabulary of the law (kinds.FACT_LABELS)
    at = models.DateTimeField("survenu le")
    author_sealed = models.BinaryField("médecin auteur de l’acte", null=True, blank=True)
    # Closed values and instants that the vocabulary names, never a free text.
    detail = models.JSONField("ce que porte le fait", default=dict, blank=True)
    establishment = models.ForeignKey(
        Organisation,
        null=True,
        blank=True,
        on_delete=models.PROTECT,  # history
        verbose_name="établissement",
        related_name="+",
    )
    corrects_uuid = models.UUIDField("remplace", null=True, blank=True, editable=False)
    is_withdrawal = models.BooleanField("retire le fait remplacé", default=False)

    class Meta:
        verbose_name = "fait"
        verbose_name_plural = "faits"
        constraints = (
            models.UniqueConstraint(
                fields=("departement", "corrects_uuid"),
                name="event_replaced_once",
                violation_error_message="Ce fait a déjà été remplacé : corrigez celui qui le remplace.",
            ),
            models.CheckConstraint(
                name="event_withdraws_another",
                condition=Q(is_withdrawal=False) | Q(corrects_uuid__isnull=False),
                violation_error_message="Un retrait désigne le fait qu’il retire.",
            ),
            models.CheckConstraint(
                name="event_establishment",
                condition=(
                    (Q(kind__in=sorted(PLACED)) & Q(establishment__isnull=False))
                    | (~Q(kind__in=sorted(PLACED)) & Q(establishment__isnull=True))
                ),
                violation_error_message="L’établissement accompagne l’admission et le transfert, et eux seuls.",
            ),
        )
        indexes = (models.Index(fields=("departement", "measure_uuid", "at"), name="event_of_measure"),)
