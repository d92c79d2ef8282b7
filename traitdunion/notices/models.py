"""The outbox: a notice is written once, in the transaction of what it tells, then sent by the worker."""

from django.db import models

from traitdunion.core.choices import choices_of
from traitdunion.core.models import PublicModel
from traitdunion.identity.models import Person
from traitdunion.notices.kinds import NoticeState


class Notice(PublicModel):
    """One e-mail to one person, or to one address without account. ``key`` says what it is about: sent once.

    With a ``maker`` (``registry.py``), ``body`` is what that function finishes when the letter leaves, for what must
    not lie here in clear: a secret link.
    """

    key = models.CharField("clé", max_length=200, unique=True)
    person = models.ForeignKey(
        Person,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        verbose_name="destinataire",
        related_name="notices",  # proof of sending
    )
    address = models.EmailField("adresse sans compte", blank=True)
    maker = models.CharField("achevé à l’envoi par", max_length=40, blank=True)
    about = models.UUIDField("objet à rappeler", null=True, blank=True)
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
            models.CheckConstraint(
                name="notice_one_reader",
                condition=models.Q(person__isnull=False, address="")
                | (models.Q(person__isnull=True) & ~models.Q(address="")),
            ),
            models.CheckConstraint(
                name="notice_maker_has_object",
                condition=models.Q(maker="", about__isnull=True)
                | (~models.Q(maker="") & models.Q(about__isnull=False)),
            ),
        )

    @property
    def tone(self) -> str:
        """How loudly the state speaks on a page."""
        return NoticeState(self.state).tone

    @property
    def reader(self) -> str:
        """Who it is for, as a page names them."""
        return self.person.name if self.person is not None else self.address


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
