"""One import: the file, what it would change, what is wrong in it, and what was done."""

from django.db import models

from traitdunion.audit.models import Authored
from traitdunion.core.choices import choices_of
from traitdunion.core.models import PublicModel
from traitdunion.exchange.kinds import RunState
from traitdunion.identity.models import Mandate


class ImportRun(PublicModel, Authored):
    """A file sent to the site: checked first, applied when someone says so, all or nothing."""

    kind = models.CharField("nature", max_length=30)
    mandate = models.ForeignKey(
        Mandate,
        on_delete=models.PROTECT,
        verbose_name="mandat",
        related_name="import_runs",  # author of the change
    )
    file_name = models.CharField("fichier", max_length=150)
    sha256 = models.CharField("empreinte SHA-256", max_length=64)
    content = models.BinaryField("contenu", null=True)
    state = models.CharField("état", max_length=9, choices=choices_of(RunState))
    difference = models.JSONField("différence", default=dict, blank=True)
    errors = models.JSONField("erreurs", default=list, blank=True)
    message = models.CharField("message", max_length=500, blank=True)
    finished_at = models.DateTimeField("terminé le", null=True, blank=True)

    class Meta:
        verbose_name = "import"
        verbose_name_plural = "imports"
        ordering = ("-recorded_at",)


class ImportProgress(models.Model):
    """How far an import is. A row apart: it is written while the import holds its own row locked."""

    run = models.OneToOneField(
        ImportRun,
        on_delete=models.CASCADE,
        verbose_name="import",
        related_name="progress",  # a part of it
    )
    done = models.PositiveIntegerField("lignes traitées", default=0)
    total = models.PositiveIntegerField("lignes à traiter", default=0)

    class Meta:
        verbose_name = "avancement d’un import"
        verbose_name_plural = "avancements d’imports"
