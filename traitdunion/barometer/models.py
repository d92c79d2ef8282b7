"""Campaigns of the baromètre: questionnaires, waves, who is asked, and what was answered, kept apart from who.

Two halves that no column joins (``docs/adr/0012-anonymous-answers.md``):

* who is asked: ``Wave``, ``RosterEntry``. Written by people, dated, logged.
* what was answered: ``Sheet``, ``Remark``, ``Participation``. No person, no role, no moment, no sequence.

Fields that the analysis reads: ``Wave.name`` (column ``wave`` of ANSWERS.csv), ``Wave.format``,
``Wave.questionnaire.text`` (TOML), ``Sheet.wave``, ``Sheet.departement_id``, ``Sheet.side``, ``Sheet.answers``
({item id: "1".."5" | "NSP" | "SO"}), ``Sheet.is_submitted``, ``Sheet.pair_hash`` (same person in another wave, when
they chose to say so, else a hash seen once), ``Participation.invited`` and ``submitted``.
"""

import uuid
from datetime import date

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from traitdunion.audit.models import Authored
from traitdunion.barometer import rules_campaign as rules
from traitdunion.barometer.kinds import Answer, Decision, Format, Outcome, RosterRole, State
from traitdunion.core.choices import choices_of
from traitdunion.core.models import PublicModel
from traitdunion.identity.kinds import Side
from traitdunion.identity.models import Mandate
from traitdunion.territories.models import Departement


class QuestionnaireVersion(PublicModel, Authored):
    """A questionnaire as it was imported. It never changes: waves rest on it."""

    name = models.CharField("intitulé", max_length=150)
    version = models.CharField("version", max_length=40)
    text = models.TextField("texte TOML")
    sha256 = models.CharField("empreinte SHA-256", max_length=64, unique=True)
    is_example = models.BooleanField("exemple, non validé", default=False)

    class Meta:
        verbose_name = "questionnaire"
        verbose_name_plural = "questionnaires"
        ordering = ("-recorded_at", "-id")

    def __str__(self) -> str:
        """Return the name and the version."""
        return f"{self.name}, version {self.version}"


class WordingJustification(PublicModel, Authored):
    """Why a question whose wording changed may still be compared with what it was. Without it the trend breaks."""

    item = models.CharField("question", max_length=40)
    before = models.CharField("formulation précédente", max_length=40)
    after = models.CharField("formulation nouvelle", max_length=40)
    reason = models.CharField("justification", max_length=500)

    class Meta:
        verbose_name = "justification de formulation"
        verbose_name_plural = "justifications de formulation"
        constraints = (
            models.UniqueConstraint(fields=("item", "before", "after"), name="wording_justified_once"),
        )


class Wave(PublicModel, Authored):
    """A campaign: a questionnaire, asked about a period, between two days. Its state is computed."""

    name = models.CharField("nom", max_length=60, unique=True)
    format = models.CharField("forme", max_length=5, choices=choices_of(Format))
    questionnaire = models.ForeignKey(
        QuestionnaireVersion,
        on_delete=models.PROTECT,  # answers mean nothing without it
        verbose_name="questionnaire",
        related_name="waves",
    )
    # The days that the questions are about.
    covers_since = models.DateField("période décrite, premier jour")
    covers_until_on = models.DateField("période décrite, dernier jour")
    opens_on = models.DateField("ouverture prévue")
    closes_on = models.DateField("dernier jour pour répondre")
    opened_at = models.DateTimeField("ouverte le", null=True, blank=True)
    sealed_at = models.DateTimeField("réponses scellées le", null=True, blank=True)
    # Why it may open although the list of a side has fewer than three people, or more than six.
    roster_reason = models.CharField("motif des listes incomplètes", max_length=300, blank=True)
    cancelled_at = models.DateTimeField("annulée le", null=True, blank=True)
    cancelled_reason = models.CharField("motif d’annulation", max_length=300, blank=True)

    class Meta:
        verbose_name = "vague"
        verbose_name_plural = "vagues"
        ordering = ("-opens_on", "-id")
        constraints = (
            models.CheckConstraint(
                name="wave_closes_after_opening",
                condition=Q(closes_on__gte=F("opens_on")),
                violation_error_message="Le dernier jour pour répondre ne peut pas précéder l’ouverture.",
            ),
            models.CheckConstraint(
                name="wave_period_in_order",
                condition=Q(covers_until_on__gte=F("covers_since")),
                violation_error_message="La période décrite finirait avant de commencer.",
            ),
            models.CheckConstraint(
                name="wave_sealed_was_opened",
                condition=Q(sealed_at__isnull=True) | Q(opened_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        """Return the name."""
        return self.name

    @property
    def life(self) -> rules.Life:
        """What the state is computed from."""
        return rules.Life(
            closes_on=self.closes_on,
            is_opened=self.opened_at is not None,
            is_sealed=self.sealed_at is not None,
            is_cancelled=self.cancelled_at is not None,
        )

    def state_on(self, day: date) -> State:
        """Return where the wave stands on ``day``."""
        return rules.state_on(self.life, day)

    @property
    def published_on(self) -> date:
        """First day on which everyone reads the results."""
        return rules.published_on(self.closes_on)


class RosterEntryQuerySet(models.QuerySet["RosterEntry"]):
    def in_use(self) -> "RosterEntryQuerySet":
        """Return the entries whose person is asked, those withdrawn or replaced left out."""
        return self.filter(revoked_at__isnull=True)


class RosterEntry(PublicModel, Authored):
    """Someone asked in a wave. ``public_id`` and ``link_version`` make the link. Nothing says if they answered."""

    wave = models.ForeignKey(
        Wave,
        on_delete=models.PROTECT,  # who was asked is part of the result
        verbose_name="vague",
        related_name="entries",
    )
    departement = models.ForeignKey(
        Departement,
        on_delete=models.PROTECT,  # reference data
        verbose_name="département",
        related_name="roster_entries",
    )
    side = models.CharField("côté", max_length=10, choices=choices_of(Side))
    role = models.CharField("fonction", max_length=24, choices=choices_of(RosterRole))
    name = models.CharField("nom", max_length=120)
    email = models.EmailField("adresse de messagerie")
    is_new = models.BooleanField("nouveau depuis la vague précédente", default=False)
    replaces = models.OneToOneField(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,  # history
        verbose_name="remplace",
        related_name="replaced_by",
    )
    link_version = models.PositiveSmallIntegerField("version du lien", default=1)
    revoked_at = models.DateTimeField("lien fermé le", null=True, blank=True)

    objects = RosterEntryQuerySet.as_manager()

    class Meta:
        verbose_name = "personne interrogée"
        verbose_name_plural = "personnes interrogées"
        ordering = ("departement", "side", "role", "id")
        constraints = (
            models.UniqueConstraint(
                "wave",
                "departement",
                Lower("email"),
                condition=Q(revoked_at__isnull=True),
                name="roster_address_once",
                violation_error_message="Cette adresse figure déjà sur la liste du département.",
            ),
        )


class Answered(models.Model):
    """What an answer may say of where it comes from: a wave, a département and a side, nothing else.

    The identifier is random and drawn again at each writing; there is no moment and no sequence, so that neither the
    order of the rows nor their neighbours tell who wrote them, or when.
    """

    id = models.UUIDField("identifiant", primary_key=True, default=uuid.uuid4, editable=False)
    wave = models.ForeignKey(
        Wave, on_delete=models.PROTECT, verbose_name="vague"
    )  # it gives the answers a meaning
    departement = models.ForeignKey(
        Departement,
        on_delete=models.PROTECT,  # reference data
        verbose_name="département",
    )
    side = models.CharField("côté", max_length=10, choices=choices_of(Side))
    # Made from the invitation with a key that the database does not hold; dropped when the wave closes.
    key = models.CharField("clé provisoire", max_length=64, null=True, unique=True)  # noqa: DJ001  # dropped, not empty

    class Meta:
        abstract = True


class Sheet(Answered):
    """The answers of one respondent. One exists per invitation from the opening on, so that its birth says nothing."""

    answers = models.JSONField("réponses", default=dict)
    is_submitted = models.BooleanField("envoyée", default=False)
    pair_hash = models.CharField("empreinte du code de suivi", max_length=64, blank=True)

    class Meta:
        verbose_name = "feuille de réponses"
        verbose_name_plural = "feuilles de réponses"
        indexes = (models.Index(fields=("wave", "departement", "side"), name="sheet_cell"),)


class Remark(Answered):
    """A few words written beside a low answer, apart from the sheet. Only its author, by code, lets it be read."""

    text = models.CharField("texte", max_length=300)
    release_hash = models.CharField("empreinte du code de l’auteur", max_length=64, blank=True, db_index=True)
    is_released = models.BooleanField("rendue lisible par son auteur", default=False)

    class Meta:
        verbose_name = "remarque"
        verbose_name_plural = "remarques"
        indexes = (models.Index(fields=("wave", "departement", "side"), name="remark_cell"),)


class Participation(models.Model):
    """How many were asked and answered on one side. Counted once a day for every side at once, then at the closing."""

    wave = models.ForeignKey(
        Wave,
        on_delete=models.CASCADE,  # a count of it
        verbose_name="vague",
        related_name="participations",
    )
    departement = models.ForeignKey(
        Departement,
        on_delete=models.PROTECT,  # reference data
        verbose_name="département",
    )
    side = models.CharField("côté", max_length=10, choices=choices_of(Side))
    invited = models.PositiveSmallIntegerField("personnes invitées")
    submitted = models.PositiveSmallIntegerField("réponses envoyées")
    counted_on = models.DateField("compté le")

    class Meta:
        verbose_name = "participation"
        verbose_name_plural = "participations"
        constraints = (
            models.UniqueConstraint(fields=("wave", "departement", "side"), name="participation_one_a_side"),
        )


class Result(PublicModel, Authored):
    """What the analysis of a closed wave found, as it was computed. It never changes: computed again, a new edition."""

    wave = models.ForeignKey(
        Wave,
        on_delete=models.PROTECT,  # pages and actions rest on it
        verbose_name="vague",
        related_name="results",
    )
    edition = models.PositiveSmallIntegerField("édition", default=1)
    engine = models.CharField("version de l’analyse", max_length=40)
    # The wave's object of RESULT.json: figures of a side with too few respondents are not in it.
    content = models.JSONField("résultat")
    sha256 = models.CharField("empreinte SHA-256", max_length=64)

    class Meta:
        verbose_name = "résultat"
        verbose_name_plural = "résultats"
        constraints = (models.UniqueConstraint(fields=("wave", "edition"), name="result_edition_once"),)


class Cut(Authored):
    """A group of respondents whose figures were shown, kept for ever: the guard judges the next one against it."""

    wave = models.ForeignKey(
        Wave,
        on_delete=models.PROTECT,  # what was shown cannot be unshown
        verbose_name="vague",
        related_name="cuts",
    )
    base = models.CharField("base", max_length=60)
    # The cells counted in, « 67:ars » each, sorted.
    members = models.JSONField("cellules")
    # The sheets counted in, as they stood: a token each (``showing.token``), sorted. No identity, no identifier.
    people = models.JSONField("feuilles")
    fingerprint = models.CharField("empreinte", max_length=64)

    class Meta:
        verbose_name = "coupe montrée"
        verbose_name_plural = "coupes montrées"
        constraints = (models.UniqueConstraint(fields=("wave", "base", "fingerprint"), name="cut_once"),)


class Piste(PublicModel, Authored):
    """Something to improve that a rule found in a result. The two institutions keep it or leave it, and say why."""

    wave = models.ForeignKey(
        Wave,
        on_delete=models.PROTECT,  # where it comes from
        verbose_name="vague",
        related_name="pistes",
    )
    departement = models.ForeignKey(
        Departement,
        on_delete=models.PROTECT,  # reference data
        verbose_name="département",
        related_name="pistes",
    )
    rule = models.CharField("règle", max_length=40)
    pattern = models.CharField("motif", max_length=40)
    # Empty when the rule is about facts only.
    dimension = models.CharField("dimension", max_length=40, blank=True)
    side = models.CharField("côté", max_length=10, choices=choices_of(Side), blank=True)
    # The words of the day, so that a later wording does not change what was decided on.
    reading = models.CharField("lecture", max_length=500)
    remedy = models.CharField("remède habituel", max_length=500)
    decided_at = models.DateTimeField("décidée le", null=True, blank=True)
    decision = models.CharField("décision", max_length=9, choices=choices_of(Decision), blank=True)
    decided_by = models.CharField("décidée par", max_length=250, blank=True)
    reason = models.CharField("motif de la décision", max_length=500, blank=True)
    due_on = models.DateField("échéance", null=True, blank=True)
    # The question asked again at the next wave to see an effect.
    measured_by = models.CharField("question qui sera remesurée", max_length=40, blank=True)

    class Meta:
        verbose_name = "piste d’amélioration"
        verbose_name_plural = "pistes d’amélioration"
        ordering = ("departement", "dimension", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("wave", "departement", "rule", "dimension", "side"), name="piste_once_a_wave"
            ),
            models.CheckConstraint(
                name="piste_decision_is_dated",
                condition=Q(decided_at__isnull=True, decision="")
                | Q(decided_at__isnull=False) & ~Q(decision=""),
            ),
        )


class Proposal(PublicModel, Authored):
    """What one institution proposes to decide of a piste. Nothing is decided until the other confirms it."""

    piste = models.ForeignKey(
        Piste,
        on_delete=models.PROTECT,  # how it was decided
        verbose_name="piste",
        related_name="proposals",
    )
    side = models.CharField("proposée par", max_length=10, choices=choices_of(Side))
    decision = models.CharField("décision proposée", max_length=9, choices=choices_of(Decision))
    reason = models.CharField("motif", max_length=500, blank=True)
    due_on = models.DateField("échéance", null=True, blank=True)
    measured_by = models.CharField("question qui sera remesurée", max_length=40, blank=True)
    prefecture_owner = models.ForeignKey(
        Mandate,
        null=True,
        blank=True,
        on_delete=models.PROTECT,  # who answers for it
        verbose_name="responsable côté préfecture",
        related_name="+",
    )
    ars_owner = models.ForeignKey(
        Mandate,
        null=True,
        blank=True,
        on_delete=models.PROTECT,  # who answers for it
        verbose_name="responsable côté ARS",
        related_name="+",
    )
    prefecture_task = models.CharField("ce que fera la préfecture", max_length=200, blank=True)
    ars_task = models.CharField("ce que fera l’ARS", max_length=200, blank=True)
    answer = models.CharField("réponse", max_length=9, choices=choices_of(Answer), blank=True)
    answered_at = models.DateTimeField("répondu le", null=True, blank=True)
    answered_by = models.CharField("répondu par", max_length=250, blank=True)
    answer_reason = models.CharField("motif de la réponse", max_length=300, blank=True)

    class Meta:
        verbose_name = "décision proposée"
        verbose_name_plural = "décisions proposées"
        ordering = ("recorded_at", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("piste",),
                condition=Q(answered_at__isnull=True),
                name="proposal_one_pending",
                violation_error_message="Une décision est déjà proposée pour cette piste.",
            ),
            models.CheckConstraint(
                name="proposal_answer_is_dated",
                condition=Q(answered_at__isnull=True, answer="")
                | Q(answered_at__isnull=False) & ~Q(answer=""),
            ),
            models.CheckConstraint(
                name="proposal_to_keep_is_whole",
                condition=Q(decision="left")
                | Q(due_on__isnull=False, prefecture_owner__isnull=False, ars_owner__isnull=False)
                & ~Q(measured_by="")
                & ~Q(prefecture_task="")
                & ~Q(ars_task=""),
            ),
            models.CheckConstraint(
                name="proposal_to_leave_says_why", condition=Q(decision="kept") | ~Q(reason="")
            ),
        )


class Effect(Authored):
    """What a later wave shows of a piste that was kept."""

    piste = models.ForeignKey(
        Piste,
        on_delete=models.PROTECT,  # the loop, closed
        verbose_name="piste",
        related_name="effects",
    )
    wave = models.ForeignKey(
        Wave,
        on_delete=models.PROTECT,  # where it was seen
        verbose_name="vague",
        related_name="effects",
    )
    outcome = models.CharField("constat", max_length=12, choices=choices_of(Outcome))
    sentence = models.CharField("en mots", max_length=500)

    class Meta:
        verbose_name = "effet constaté"
        verbose_name_plural = "effets constatés"
        constraints = (models.UniqueConstraint(fields=("piste", "wave"), name="effect_once_a_wave"),)
