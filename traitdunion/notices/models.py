"""The outbox: a notice is written once, in the transaction of what it tells, then sent by the worker."""

from django.db import models

from traitdunion.core.choices import choices_of
from traitdunion.core.models import PublicModel
from traitdunion.identity.models import Person
from traitdunion.notices.kinds import NoticeState


class Notice(PublicModel):
    """One e-mail to one person. ``key`` says what it is about: written twice, it is sent once."""

    key = models.CharField("clé", max_length=200, unique=True)
    person = models.ForeignKey(
        Person,
        on_delete=models.PROTECT,
        verbose_name="destinataire",
        related_name="notices",  # proof of sending
    )
    subject = models.CharField("objet", max_length=200)
    body = models.TextField("texte")
    state = models.CharField(
        "état", max_length=7, choices=choices_of(NoticeState), default=NoticeState.PENDING.value
    )
    attempts = models.PositiveSmallIntegerField("essais", default=0)
    created_at = models.DateTimeField("écrit le")
    next_try_at = models.DateTimeField("prochain essai", null=True, blank=True)
    sent_at = models.DateTimeField("envoyé le", null=True, blank=True)
    error = models.CharField("dernière erreur", max_length=300, blank=True)

    class Meta:
        verbose_name = "avis"
        verbose_name_plural = "avis"
        indexes = (
            models.Index(
                fields=("state", "next_try_at"), name="notice_outbox", condition=~models.Q(state="sent")
            ),
        )
        constraints = (
            models.CheckConstraint(
                name="notice_sent_has_moment",
                condition=models.Q(state="sent", sent_at__isnull=False)
                | (~models.Q(state="sent") & models.Q(sent_at__isnull=True)),
            ),
        )

    @property
    def tone(self) -> str:
        """How loudly the state speaks on a page."""
        return NoticeState(self.state).tone


class Preference(models.Model):
    """What a person chose to receive; no row means everything."""

    person = models.OneToOneField(
        Person,
        on_delete=models.CASCADE,
        verbose_name="personne",
        related_name="notice_preference",  # a setting, no history
    )
    weekly_digest = models.BooleanField("résumé hebdomadaire", default=True)

    class Meta:
        verbose_name = "préférence"
        verbose_name_plural = "préférences"


class CalendarLink(PublicModel):
    """The secret address of a person's calendar. Only its hash is kept; it can be revoked."""

    person = models.ForeignKey(
        Person,
        on_delete=models.CASCADE,
        verbose_name="personne",
        related_name="calendar_links",  # a key, no history
    )
    mandate = models.UUIDField("mandat")
    secret_hash = models.CharField("empreinte du secret", max_length=64, unique=True)
    created_at = models.DateTimeField("créé le")
    revoked_at = models.DateTimeField("révoqué le", null=True, blank=True)

    class Meta:
        verbose_name = "lien de calendrier"
        verbose_name_plural = "liens de calendrier"
