"""Bilans of a quarter: criteria, versions with their paragraphs and figures, commitments, meetings, signatures."""

from collections.abc import Iterable

from django.db import models
from django.db.models import Q

from traitdunion.audit.models import Authored
from traitdunion.core.choices import choices_of
from traitdunion.core.models import PublicModel
from traitdunion.identity.models import Delegation, Person
from traitdunion.reviews import figures, parties
from traitdunion.reviews.kinds import Conclusion, Fate, Level, Owner, Party, Step, Voice
from traitdunion.reviews.outline import EVERY_TITLE
from traitdunion.reviews.rules import Life, Quarter
from traitdunion.territories.models import Departement

LONGEST_PARAGRAPH = 4000
LIFE = ("signatures", "declined")
"""What a list of versions prefetches to read where each stands."""


class CriteriaVersion(PublicModel, Authored):
    """The criteria of one quarter at one level. Once frozen the database refuses to change or remove them."""

    quarter = models.CharField("trimestre", max_length=7)
    level = models.CharField(
        "niveau", max_length=11, choices=choices_of(Level), default=Level.DEPARTEMENT.value
    )
    name = models.CharField("version", max_length=400)
    is_example = models.BooleanField("exemple, non officiel", default=True)
    text = models.TextField("critères")
    sha256 = models.CharField("empreinte SHA-256", max_length=64)
    frozen_at = models.DateTimeField("fixés le", null=True, blank=True)
    frozen_on = models.DateField("jour où ils ont été fixés", null=True, blank=True)

    class Meta:
        verbose_name = "critères d’un trimestre"
        verbose_name_plural = "critères des trimestres"
        ordering = ("-quarter", "level")
        constraints = (
            models.UniqueConstraint(fields=("quarter", "level"), name="criteria_one_a_quarter_and_level"),
            models.CheckConstraint(
                name="criteria_frozen_has_day",
                condition=Q(frozen_at__isnull=True, frozen_on__isnull=True)
                | Q(frozen_at__isnull=False, frozen_on__isnull=False),
            ),
        )

    def __str__(self) -> str:
        """Return the name of the version."""
        return f"{self.name} (exemple)" if self.is_example else self.name

    @property
    def came_late(self) -> bool:
        """Whether they were frozen after the quarter had started: the page and the document say so."""
        return self.frozen_on is not None and self.frozen_on > Quarter.read(self.quarter).first_day


class PartyName(PublicModel, Authored):
    """What an institution of the national bilan is called from a day on: the administrator's slot."""

    party = models.CharField("institution", max_length=10, choices=choices_of([Party.SANTE, Party.INTERIEUR]))
    name = models.CharField("nom", max_length=150)
    short = models.CharField("sigle", max_length=20, blank=True)
    starts_on = models.DateField("à partir du")
    ends_on = models.DateField("jusqu’au", null=True, blank=True)
    source = models.CharField("source", max_length=300)

    class Meta:
        verbose_name = "nom d’une institution"
        verbose_name_plural = "noms des institutions"
        ordering = ("-starts_on", "-pk")
        constraints = (
            models.CheckConstraint(
                name="party_name_ends_after_start",
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=models.F("starts_on")),
                violation_error_message="Le dernier jour du nom ne peut pas précéder le premier.",
            ),
        )

    @property
    def dated(self) -> parties.Name:
        """The name as the rules read it."""
        return parties.Name(
            party=Party(self.party),
            name=self.name,
            short=self.short,
            since=self.starts_on,
            until=self.ends_on,
            source=self.source,
        )


class Review(PublicModel, Authored):
    """The bilan of one quarter, in a département or for the nation. Its state is computed: see ``rules.state_of``."""

    level = models.CharField("niveau", max_length=11, choices=choices_of(Level))
    departement = models.ForeignKey(
        Departement,
        null=True,
        blank=True,
        on_delete=models.PROTECT,  # reference data
        verbose_name="département",
        related_name="bilans",
    )
    quarter = models.CharField("trimestre", max_length=7, db_index=True)
    due_on = models.DateField("à signer avant la fin du")
    criteria = models.ForeignKey(
        CriteriaVersion,
        on_delete=models.PROTECT,  # the conclusion rests on them
        verbose_name="critères",
        related_name="reviews",
    )

    class Meta:
        verbose_name = "bilan"
        verbose_name_plural = "bilans"
        ordering = ("-quarter", "departement")
        constraints = (
            models.CheckConstraint(
                name="review_level_has_its_place",
                condition=Q(level="departement", departement__isnull=False)
                | Q(level="national", departement__isnull=True),
            ),
            models.UniqueConstraint(
                fields=("departement", "quarter"),
                condition=Q(level="departement"),
                name="review_one_a_quarter",
                violation_error_message="Le bilan de ce trimestre est déjà ouvert.",
            ),
            models.UniqueConstraint(
                fields=("quarter",),
                condition=Q(level="national"),
                name="review_one_national_a_quarter",
                violation_error_message="Le bilan national de ce trimestre est déjà ouvert.",
            ),
        )

    def __str__(self) -> str:
        """Return the place and the quarter."""
        return f"Bilan {self.place}, {Quarter.read(self.quarter).label}"

    @property
    def place(self) -> str:
        """What it is about, with its linking word."""
        return "national" if self.departement is None else self.departement.name_with_link

    @property
    def place_name(self) -> str:
        """What it is about, alone."""
        return "National" if self.departement is None else self.departement.name


class Version(PublicModel, Authored):
    """One text of a bilan. After a signature it never changes: a correction is a new version that cites it."""

    review = models.ForeignKey(
        Review,
        on_delete=models.PROTECT,  # history stays
        verbose_name="bilan",
        related_name="versions",
    )
    number = models.PositiveSmallIntegerField("version", default=1)
    corrects = models.OneToOneField(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,  # history stays
        verbose_name="rectifie",
        related_name="corrected_by",
    )
    reason = models.CharField("motif de la rectification", max_length=500, blank=True)
    step = models.CharField("étape", max_length=10, choices=choices_of(Step), default=Step.ECRITURE.value)
    turn = models.CharField("au tour de", max_length=10, choices=choices_of(Party), blank=True)
    step_at = models.DateTimeField("à cette étape depuis")
    # Empty: the computed conclusion is kept.
    kept = models.CharField("conclusion retenue", max_length=13, choices=choices_of(Conclusion), blank=True)
    departure_reason = models.CharField("motif de l’écart", max_length=1000, blank=True)
    departure_by = models.CharField("écart écrit par", max_length=250, blank=True)
    figures_on = models.DateField("chiffres relus le")
    # The instant of that reading: a national bilan counts what the départements had signed by then.
    figures_at = models.DateTimeField("chiffres relus à", null=True, blank=True)
    # The canonical bytes that both sides sign, from the moment the text is offered for signature.
    document = models.TextField("document", blank=True)
    document_sha256 = models.CharField("empreinte du document", max_length=64, blank=True)
    pdf_sha256 = models.CharField("empreinte du PDF", max_length=64, blank=True)
    outdated_on = models.DateField("périmé depuis le", null=True, blank=True)
    # What the sources say since, one sentence each.
    outdated_by = models.JSONField("ce qui a changé depuis la signature", default=list, blank=True)

    class Meta:
        verbose_name = "version d’un bilan"
        verbose_name_plural = "versions des bilans"
        ordering = ("review", "number")
        constraints = (
            models.UniqueConstraint(fields=("review", "number"), name="version_number_once"),
            models.CheckConstraint(
                name="version_says_what_it_corrects",
                condition=Q(number=1, corrects__isnull=True, reason="")
                | (Q(number__gt=1, corrects__isnull=False) & ~Q(reason="")),
            ),
            models.CheckConstraint(
                name="version_departure_says_why",
                condition=Q(kept="", departure_reason="") | (~Q(kept="") & ~Q(departure_reason="")),
                violation_error_message="S’écarter de la conclusion calculée demande un motif écrit.",
            ),
            models.CheckConstraint(
                name="version_to_sign_has_document",
                condition=(Q(step="a_signer") & ~Q(document_sha256="") & ~Q(pdf_sha256=""))
                | (~Q(step="a_signer") & Q(document_sha256="", pdf_sha256="", document="")),
            ),
        )

    @property
    def life(self) -> Life:
        """The facts that give its state; reads ``LIFE``, which lists prefetch."""
        signed = frozenset(Party(signature.side) for signature in self.signatures.all())
        return Life(
            level=Level(self.review.level),
            step=Step(self.step),
            turn=Party(self.turn) if self.turn else None,
            signed=signed,
            declined=frozenset(Party(row.side) for row in self.declined.all() if row.is_of(self)) - signed,
            is_outdated=self.outdated_on is not None,
        )

    @property
    def refusals(self) -> "list[tuple[Party, DeclinedSignature, bool]]":
        """The refusals to sign it, the first one first, and whether each still stands."""
        life = self.life
        return [
            (Party(row.side), row, row.is_of(self) and Party(row.side) in life.declined)
            for row in self.declined.all()
        ]


class VersionPdf(models.Model):
    """The bytes of the PDF that both sides sign, apart so that lists never read them."""

    version = models.OneToOneField(
        Version,
        on_delete=models.CASCADE,  # a part of it
        verbose_name="version",
        related_name="pdf",
    )
    content = models.BinaryField("contenu")

    class Meta:
        verbose_name = "PDF d’un bilan"
        verbose_name_plural = "PDF des bilans"


class Paragraph(PublicModel, Authored):
    """What one voice says in one part. ``revision`` grows at each writing: who started from an older one is told."""

    version = models.ForeignKey(
        Version,
        on_delete=models.PROTECT,  # history stays
        verbose_name="version",
        related_name="paragraphs",
    )
    section = models.CharField("partie", max_length=20, choices=list(EVERY_TITLE.items()))
    voice = models.CharField("voix", max_length=10, choices=choices_of(Voice))
    text = models.TextField("texte", max_length=LONGEST_PARAGRAPH)
    revision = models.PositiveIntegerField("révision", default=1)
    # The text as the site wrote it; a paragraph nobody touched follows its sources.
    generated = models.TextField("texte proposé", blank=True)

    class Meta:
        verbose_name = "paragraphe"
        verbose_name_plural = "paragraphes"
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("version", "section", "voice"), name="paragraph_one_a_voice"),
        )

    @property
    def is_untouched(self) -> bool:
        """Whether nobody wrote in it since the site proposed it."""
        return self.text == self.generated

    @property
    def anchor(self) -> str:
        """What the signed document calls it."""
        return f"{self.section}-{self.voice}"


class FormerText(Authored):
    """What a paragraph said before someone wrote over it: nothing written is lost."""

    paragraph = models.ForeignKey(
        Paragraph,
        on_delete=models.PROTECT,  # history stays
        verbose_name="paragraphe",
        related_name="former_texts",
    )
    revision = models.PositiveIntegerField("révision")
    text = models.TextField("texte")

    class Meta:
        verbose_name = "ancien texte"
        verbose_name_plural = "anciens textes"
        ordering = ("-revision",)
        constraints = (
            models.UniqueConstraint(fields=("paragraph", "revision"), name="former_text_once_a_revision"),
        )


class FigureRow(models.Model):
    """A figure of a version, with what it means and where it comes from."""

    version = models.ForeignKey(
        Version,
        on_delete=models.PROTECT,  # the text cites it
        verbose_name="version",
        related_name="figures",
    )
    identifier = models.CharField("nom", max_length=100)
    label = models.CharField("intitulé", max_length=200)
    definition = models.CharField("définition", max_length=500)
    source = models.CharField("source", max_length=200)
    as_of_on = models.DateField("à la date du")
    value = models.DecimalField("valeur", max_digits=18, decimal_places=4, null=True, blank=True)
    denominator = models.DecimalField("sur", max_digits=18, decimal_places=4, null=True, blank=True)
    unit = models.CharField("unité", max_length=100)
    reason_missing = models.CharField("pourquoi il manque", max_length=200, blank=True)

    class Meta:
        verbose_name = "chiffre"
        verbose_name_plural = "chiffres"
        ordering = ("identifier",)
        constraints = (
            models.UniqueConstraint(fields=("version", "identifier"), name="figure_once"),
            models.CheckConstraint(
                name="figure_has_value_or_reason",
                condition=Q(value__isnull=False, reason_missing="")
                | (Q(value__isnull=True) & ~Q(reason_missing="")),
            ),
        )

    @classmethod
    def of(cls, version: Version, figure: figures.Figure) -> "FigureRow":
        """Return the row that keeps ``figure``, not saved."""
        return cls(
            version=version,
            identifier=figure.id,
            label=figure.label,
            definition=figure.definition,
            source=figure.source,
            as_of_on=figure.as_of,
            value=figure.value,
            denominator=figure.denominator,
            unit=figure.unit,
            reason_missing=figure.reason_missing or "",
        )

    @property
    def figure(self) -> figures.Figure:
        """The figure as the rules read it."""
        return figures.Figure(
            id=self.identifier,
            label=self.label,
            definition=self.definition,
            source=self.source,
            as_of=self.as_of_on,
            value=self.value,
            denominator=self.denominator,
            unit=self.unit,
            reason_missing=self.reason_missing or None,
        )


def by_name(rows: Iterable[FigureRow]) -> dict[str, figures.Figure]:
    """Return figures by their name."""
    return {row.identifier: row.figure for row in rows}


class Commitment(PublicModel, Authored):
    """What the institutions promise in a bilan. Later bilans say what became of it."""

    review = models.ForeignKey(
        Review,
        on_delete=models.PROTECT,  # history stays
        verbose_name="pris dans le bilan",
        related_name="commitments",
    )
    text = models.CharField("engagement", max_length=300)
    owner = models.CharField("à la charge de", max_length=10, choices=choices_of(Owner))
    due_on = models.DateField("échéance")
    state = models.CharField("suite", max_length=9, choices=choices_of(Fate), default=Fate.A_TENIR.value)
    state_reason = models.CharField("motif", max_length=300, blank=True)
    settled_on = models.DateField("suite dite le", null=True, blank=True)
    settled_by = models.CharField("suite dite par", max_length=250, blank=True)

    class Meta:
        verbose_name = "engagement"
        verbose_name_plural = "engagements"
        ordering = ("due_on", "id")
        constraints = (
            models.CheckConstraint(
                name="commitment_settled_has_day",
                condition=Q(state="à tenir", settled_on__isnull=True)
                | (~Q(state="à tenir") & Q(settled_on__isnull=False)),
            ),
            models.CheckConstraint(
                name="commitment_given_up_says_why",
                condition=Q(state__in=["à tenir", "tenu"]) | ~Q(state_reason=""),
                violation_error_message="Un engagement non tenu ou abandonné dit pourquoi.",
            ),
        )


class ReviewMeeting(PublicModel, Authored):
    """The meeting at which a bilan was gone through. Offices are written, never the name of a person."""

    review = models.OneToOneField(
        Review,
        on_delete=models.PROTECT,  # history stays
        verbose_name="bilan",
        related_name="meeting",
    )
    held_on = models.DateField("tenue le")

    class Meta:
        verbose_name = "réunion de bilan"
        verbose_name_plural = "réunions de bilan"


class Presence(models.Model):
    meeting = models.ForeignKey(
        ReviewMeeting,
        on_delete=models.CASCADE,  # a part of it
        verbose_name="réunion",
        related_name="presences",
    )
    side = models.CharField("côté", max_length=10, choices=choices_of(Party))
    organisation = models.CharField("organisation", max_length=150)
    post = models.CharField("fonction", max_length=150)

    class Meta:
        verbose_name = "présence"
        verbose_name_plural = "présences"
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("meeting", "organisation", "post"), name="presence_once"),
        )


class MeetingDecision(models.Model):
    meeting = models.ForeignKey(
        ReviewMeeting,
        on_delete=models.CASCADE,  # a part of it
        verbose_name="réunion",
        related_name="decisions",
    )
    position = models.PositiveSmallIntegerField("rang")
    text = models.CharField("décision", max_length=300)

    class Meta:
        verbose_name = "décision de réunion"
        verbose_name_plural = "décisions de réunion"
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=("meeting", "position"), name="decision_position_once"),
        )


class BilanSignature(PublicModel, Authored):
    """One institution signed one version: the database refuses to change or remove it."""

    version = models.ForeignKey(
        Version,
        on_delete=models.PROTECT,  # proof stays
        verbose_name="version",
        related_name="signatures",
    )
    side = models.CharField("côté", max_length=10, choices=choices_of(Party))
    signatory = models.ForeignKey(
        Person,
        on_delete=models.PROTECT,  # proof stays
        verbose_name="signataire",
        related_name="+",
    )
    signatory_name = models.CharField("nom du signataire", max_length=120)
    quality = models.CharField("qualité", max_length=300)
    delegation = models.ForeignKey(
        Delegation,
        null=True,
        blank=True,
        on_delete=models.PROTECT,  # proof stays
        verbose_name="délégation",
        related_name="+",
    )
    signed_at = models.DateTimeField("signé le")
    document_sha256 = models.CharField("empreinte du document", max_length=64)
    pdf_sha256 = models.CharField("empreinte du PDF", max_length=64)
    # The signed statement, byte for byte, and the signature over it.
    statement = models.TextField("déclaration signée")
    signature = models.CharField("signature", max_length=120)
    key_id = models.CharField("clé", max_length=16)

    class Meta:
        verbose_name = "signature de bilan"
        verbose_name_plural = "signatures de bilan"
        ordering = ("signed_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("version", "side"),
                name="bilan_signature_one_a_side",
                violation_error_message="Ce côté a déjà signé cette version.",
            ),
            models.UniqueConstraint(
                fields=("version", "signatory"),
                name="bilan_signature_never_twice_the_same",
                violation_error_message="Une même personne ne signe pas pour les deux institutions.",
            ),
        )


class DeclinedSignature(PublicModel, Authored):
    """One institution refused in writing to sign one text. Kept for good; it may still sign afterwards."""

    version = models.ForeignKey(
        Version,
        on_delete=models.PROTECT,  # history stays
        verbose_name="version",
        related_name="declined",
    )
    side = models.CharField("côté", max_length=10, choices=choices_of(Party))
    quality = models.CharField("qualité", max_length=300)
    reason = models.CharField("motif", max_length=1000)
    document_sha256 = models.CharField("empreinte du document", max_length=64)

    class Meta:
        verbose_name = "refus de signer"
        verbose_name_plural = "refus de signer"
        ordering = ("recorded_at", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("version", "side", "document_sha256"),
                name="declined_once_a_text",
                violation_error_message="Ce côté a déjà refusé de signer ce texte.",
            ),
            models.CheckConstraint(
                name="declined_says_why",
                condition=~Q(reason=""),
                violation_error_message="Un refus de signer dit pourquoi.",
            ),
        )

    def is_of(self, version: Version) -> bool:
        """Whether the text that was refused is the one ``version`` offers now."""
        return self.document_sha256 == version.document_sha256


class SignatureStamp(Authored):
    """The date that a time-stamping authority gives to a signature (RFC 3161). Kept for good, as the signature is."""

    signature = models.OneToOneField(
        BilanSignature,
        on_delete=models.PROTECT,  # proof stays
        verbose_name="signature",
        related_name="stamp",
    )
    token = models.BinaryField("réponse de l’autorité")
    stamped_at = models.DateTimeField("date donnée par l’autorité")
    authority = models.CharField("autorité", max_length=300)

    class Meta:
        verbose_name = "horodatage d’une signature"
        verbose_name_plural = "horodatages des signatures"


class DocumentRun(PublicModel, Authored):
    """The making of the files of every bilan of a quarter, by the worker, one bilan after the other."""

    quarter = models.CharField("trimestre", max_length=7)
    finished_at = models.DateTimeField("terminé le", null=True, blank=True)

    class Meta:
        verbose_name = "préparation des documents"
        verbose_name_plural = "préparations des documents"
        ordering = ("-recorded_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=("quarter",),
                condition=Q(finished_at__isnull=True),
                name="document_run_one_at_a_time",
                violation_error_message="Les documents de ce trimestre sont déjà en préparation.",
            ),
        )


class DocumentSet(models.Model):
    """The files of one version in a run. ``made_at`` is written with its files, or with why there are none."""

    run = models.ForeignKey(
        DocumentRun,
        on_delete=models.CASCADE,  # a part of it
        verbose_name="préparation",
        related_name="sets",
    )
    version = models.ForeignKey(
        Version,
        on_delete=models.PROTECT,  # history stays
        verbose_name="version",
        related_name="+",
    )
    made_at = models.DateTimeField("préparés le", null=True, blank=True)
    problem = models.CharField("pourquoi il en manque", max_length=500, blank=True)

    class Meta:
        verbose_name = "documents d’un bilan"
        verbose_name_plural = "documents des bilans"
        ordering = ("pk",)
        constraints = (models.UniqueConstraint(fields=("run", "version"), name="document_set_one_a_version"),)


class DocumentFile(models.Model):
    """One file of a bilan, made again the same from the same bilan: it may be dropped at any time."""

    documents = models.ForeignKey(
        DocumentSet,
        on_delete=models.CASCADE,  # a part of it
        verbose_name="documents",
        related_name="files",
    )
    name = models.CharField("nom", max_length=80)
    content = models.BinaryField("contenu")

    class Meta:
        verbose_name = "fichier d’un bilan"
        verbose_name_plural = "fichiers des bilans"
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=("documents", "name"), name="document_file_once"),)


def latest(versions: "models.QuerySet[Version]") -> "models.QuerySet[Version]":
    """Keep the last version of each bilan."""
    return versions.order_by("review_id", "-number").distinct("review_id")
