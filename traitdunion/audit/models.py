"""The log, which only grows, and the three columns that every written row carries."""

import uuid

from django.db import models


class Entry(models.Model):
    """One act: who, what, on what, when. The database refuses to change or remove it."""

    public_id = models.UUIDField("identifiant public", default=uuid.uuid4, unique=True, editable=False)
    at = models.DateTimeField("moment", db_index=True)
    event = models.CharField("acte", max_length=80, db_index=True)
    subject = models.CharField("objet", max_length=200, db_index=True)
    actor_label = models.CharField("auteur", max_length=250)
    # Identifiers, not foreign keys: the log outlives accounts and lies below them.
    actor_person = models.UUIDField("personne", null=True, blank=True)
    actor_mandate = models.UUIDField("mandat", null=True, blank=True)
    detail = models.JSONField("détail", default=dict, blank=True)

    class Meta:
        verbose_name = "acte"
        verbose_name_plural = "actes"
        ordering = ("-id",)


class Authored(models.Model):
    """A row that says who wrote it, under which mandate, and when."""

    author_label = models.CharField("auteur", max_length=250)
    author_mandate = models.UUIDField("mandat de l’auteur", null=True, blank=True)
    recorded_at = models.DateTimeField("enregistré le", db_index=True)

    class Meta:
        abstract = True
