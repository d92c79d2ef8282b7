"""Régions, ARS and départements, as the official geographic code gives them on a day."""

from django.db import models

from traitdunion.core.choices import choices_of
from traitdunion.territories.kinds import Zone


class Dated(models.Model):
    """A row of reference data: read where, and when. The code carries no date of its own."""

    source = models.CharField("source", max_length=120)
    read_on = models.DateField("source lue le")

    class Meta:
        abstract = True


class Region(Dated):
    """A région of the official geographic code."""

    code = models.CharField("code", max_length=3, primary_key=True)
    name = models.CharField("nom", max_length=80)

    class Meta:
        verbose_name = "région"
        verbose_name_plural = "régions"
        ordering = ("code",)

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class Ars(Dated):
    """An agence régionale de santé."""

    code = models.CharField("code", max_length=3, primary_key=True)
    name = models.CharField("nom", max_length=80)
    region = models.OneToOneField(
        Region,
        on_delete=models.PROTECT,
        verbose_name="région",
        related_name="ars",  # reference data stays
    )

    class Meta:
        verbose_name = "agence régionale de santé"
        verbose_name_plural = "agences régionales de santé"
        ordering = ("code",)

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class Departement(Dated):
    """One of the 101 départements."""

    code = models.CharField("code", max_length=3, primary_key=True)
    name = models.CharField("nom", max_length=80)
    name_with_link = models.CharField("nom avec sa liaison", max_length=90)
    region = models.ForeignKey(
        Region,
        on_delete=models.PROTECT,
        verbose_name="région",
        related_name="departements",  # reference data stays
    )
    ars = models.ForeignKey(
        Ars,
        on_delete=models.PROTECT,
        verbose_name="ARS",
        related_name="departements",  # reference data stays
    )
    zone = models.CharField("zone", max_length=5, choices=choices_of(Zone))
    prefecture_name = models.CharField("préfecture", max_length=120)
    representative = models.CharField("représentant de l’État", max_length=40)
    time_zone = models.CharField("fuseau horaire", max_length=40)

    class Meta:
        verbose_name = "département"
        verbose_name_plural = "départements"
        ordering = ("code",)

    def __str__(self) -> str:
        """Return the name and the code."""
        return f"{self.name} ({self.code})"
