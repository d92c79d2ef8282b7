from collections.abc import Container, Iterable, Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet

from traitdunion.core.choices import Kind, choices_of
from traitdunion.identity.forms import Form
from traitdunion.identity.models import Organisation
from traitdunion.plan import files
from traitdunion.plan.kinds import BlockerCause, EventKind, EvidenceKind, Owner, Periodicity, Provenance, Unit
from traitdunion.plan.models import Evidence, Measure
from traitdunion.territories.models import Departement

Data = Mapping[str, Any] | None
Initial = dict[str, Any] | None
REQUIRED = {"required": "Ce champ est vide : remplissez-le."}
NO_CHOICE = [("", "Choisir")]


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        # The control of the browser reads and writes ISO days only, whatever the language of the page.
        super().__init__(format="%Y-%m-%d")


def day_field(label: str, *, required: bool = True, help_text: str = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        required=required,
        help_text=help_text,
        widget=DayInput(),
        input_formats=["%Y-%m-%d", "%d/%m/%Y"],
        error_messages={
            **REQUIRED,
            "invalid": "Cette date n’existe pas : écrivez-la sous la forme 31/12/2026.",
        },
    )


def text_field(
    label: str, length: int, *, required: bool = True, rows: int = 0, help_text: str = ""
) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=length,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": rows}) if rows else forms.TextInput(),
        error_messages={
            **REQUIRED,
            "max_length": "Ce texte compte %(show_value)d caractères ; la limite est de %(limit_value)d.",
        },
    )


def choice_field(label: str, kinds: Iterable[Kind], *, help_text: str = "") -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=[*NO_CHOICE, *choices_of(kinds)], help_text=help_text, error_messages=REQUIRED
    )


class NumberField(forms.DecimalField):
    """Reads a number as it is written in French: « 1 234,5 »."""

    def clean(self, value: object) -> object:
        return super().clean("".join(value.split()).replace(",", ".") if isinstance(value, str) else value)


def number_field(label: str, *, required: bool = True, help_text: str = "") -> forms.DecimalField:
    return NumberField(
        label=label,
        required=required,
        max_digits=14,
        decimal_places=3,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        help_text=help_text,
        error_messages={**REQUIRED, "invalid": "Ce n’est pas un nombre : écrivez par exemple 98 ou 12,5."},
    )


class OrganisationField(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic in the stubs only
    """Offers the organisations that may carry a measure or an action."""

    def __init__(self, label: str, *, required: bool = False) -> None:
        super().__init__(
            queryset=Organisation.objects.none(), label=label, required=required, empty_label="À renseigner"
        )


class CopilotsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # generic in the stubs only
    def __init__(self) -> None:
        super().__init__(
            queryset=Organisation.objects.none(),
            label="Copilotes",
            required=False,
            help_text="Maintenez la touche Ctrl (ou Cmd) pour en choisir plusieurs.",
            widget=forms.SelectMultiple(attrs={"size": 6}),
        )


class MeasureField(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic in the stubs only
    def label_from_instance(self, obj: Measure) -> str:
        return f"Mesure {obj.code}"


class EvidenceField(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic in the stubs only
    def label_from_instance(self, obj: Evidence) -> str:
        return _dated(obj)


class ProofsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # generic in the stubs only
    def label_from_instance(self, obj: Evidence) -> str:
        return _dated(obj)


def _dated(evidence: Evidence) -> str:
    return f"{evidence.title} ({evidence.dated_on:%d/%m/%Y})"


class ActForm(Form):
    """A form whose choices depend on who asks."""

    def offer(self, name: str, choices: QuerySet[Any]) -> None:
        """Offer these objects in a field."""
        field = self.fields[name]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = choices

    def offer_kinds(self, name: str, kinds: Iterable[Kind]) -> None:
        """Offer these members of a closed list in a field."""
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = [*NO_CHOICE, *choices_of(kinds)]

    def require(self, name: str) -> None:
        """Expect a choice in a field that may be left empty elsewhere."""
        field = self.fields[name]
        field.required = True
        if isinstance(field, forms.ModelChoiceField):
            field.empty_label = "Choisir"


class PilotedForm(ActForm):
    """A form with a pilot and co-pilots."""

    def __init__(
        self,
        data: Data = None,
        *,
        initial: Initial = None,
        organisations: QuerySet[Organisation],
    ) -> None:
        super().__init__(data, initial=initial)
        self.offer("pilot", organisations)
        self.offer("copilots", organisations)


class MeasureForm(PilotedForm):
    title = text_field("Intitulé", 300, rows=2)
    wording = text_field("Ce que demande la mesure", 4000, required=False, rows=6)
    provenance = choice_field(
        "Provenance", Provenance, help_text="« Officiel » : le texte publié, mot pour mot. Sinon : rédaction."
    )
    pilot = OrganisationField("Pilote")
    copilots = CopilotsField()
    due_on = day_field("Échéance", required=False)


class ActionForm(PilotedForm):
    title = text_field("Intitulé", 300, rows=2, help_text="Ce qu’il faut faire, sans nom de personne.")
    pilot = OrganisationField("Pilote")
    copilots = CopilotsField()
    due_on = day_field("Échéance", required=False, help_text="Dernier jour pour la faire, compris.")


class OpenActionForm(ActionForm):
    measure = MeasureField(
        queryset=Measure.objects.none(), label="Mesure du plan", required=False, empty_label="Aucune"
    )
    departement = forms.ModelChoiceField(
        queryset=Departement.objects.none(),
        label="Territoire",
        required=False,
        empty_label="Action nationale",
        error_messages=REQUIRED,
    )
    owner = forms.ChoiceField(label="À la charge de", required=False, choices=[], error_messages=REQUIRED)
    opened_on = day_field("Ouverte le")

    field_order = ["title", "measure", "departement", "owner", "opened_on", "due_on", "pilot", "copilots"]

    def __init__(
        self,
        data: Data = None,
        *,
        initial: Initial = None,
        measures: QuerySet[Measure],
        departements: QuerySet[Departement],
        owners: Iterable[Owner],
        is_national: bool,
        organisations: QuerySet[Organisation],
    ) -> None:
        super().__init__(data, initial=initial, organisations=organisations)
        self.offer("measure", measures)
        if is_national:
            del self.fields["departement"], self.fields["owner"]
            return
        self.offer("departement", departements)
        self.offer_kinds("owner", owners)
        self.require("departement")
        self.require("owner")


class EventForm(ActForm):
    kind = forms.ChoiceField(label="Ce qui s’est passé", error_messages=REQUIRED)
    happened_on = day_field("Le")
    reason = text_field(
        "Motif ou précision",
        300,
        required=False,
        rows=2,
        help_text="Obligatoire pour abandonner ou rouvrir. Sans nom de personne.",
    )

    def __init__(
        self,
        data: Data = None,
        *,
        initial: Initial = None,
        allowed: Container[EventKind],
    ) -> None:
        super().__init__(data, initial=initial)
        self.offer_kinds("kind", [each for each in EventKind if each in allowed])


class BlockerForm(Form):
    cause = choice_field("Cause", BlockerCause)
    description = text_field("Précision", 300, required=False, rows=2, help_text="Sans nom de personne.")
    lifter = text_field("Peut être levé par", 150, help_text="Une institution ou une fonction.")
    since = day_field("Depuis le")


class DayForm(Form):
    day = day_field("Le")


class EvidenceForm(Form):
    kind = choice_field("Nature", EvidenceKind)
    title = text_field("Intitulé", 250)
    reference = text_field("Référence", 200, required=False, help_text="Numéro, journal officiel, page…")
    address = forms.URLField(
        label="Adresse",
        required=False,
        max_length=400,
        assume_scheme="https",
        error_messages={"invalid": "Cette adresse est incomplète : elle commence par https://."},
    )
    dated_on = day_field("Datée du")
    expires_on = day_field(
        "Vaut jusqu’au", required=False, help_text="Dernier jour compris ; vide si elle n’expire pas."
    )
    provenance = choice_field("Provenance", Provenance)
    file = forms.FileField(
        label="Document",
        required=False,
        help_text="PDF, ODT, ODS, DOCX, XLSX, PNG, JPG ou TXT ; 10 Mo au plus. "
        "Sans donnée de santé ni nom de personne suivie.",
    )

    def clean_file(self) -> "UploadedFile[Any] | None":
        file: UploadedFile[Any] | None = self.cleaned_data["file"]
        if file is not None and file.size is not None and file.size > files.LIMIT_BYTES:
            raise forms.ValidationError(
                f"Le document pèse {file.size / 1_048_576:.1f} Mo ; la limite est de 10 Mo. "
                "Réduisez-le ou déposez un extrait."
            )
        return file


class StatementForm(ActForm):
    text = text_field("Énoncé", 500, rows=3, help_text="Une phrase, telle qu’elle sera publiée.")
    figure = text_field("Chiffre", 60, required=False, help_text="Par exemple « 98 départements sur 101 ».")
    published_on = day_field("Publié le")
    provenance = choice_field("Provenance", Provenance)
    proofs = ProofsField(
        queryset=Evidence.objects.none(),
        label="Ce qui le prouve",
        required=False,
        widget=forms.CheckboxSelectMultiple(),
        help_text="Sans preuve, l’énoncé est publié en grisé.",
    )

    def __init__(
        self,
        data: Data = None,
        *,
        initial: Initial = None,
        evidence: QuerySet[Evidence],
    ) -> None:
        super().__init__(data, initial=initial)
        self.offer("proofs", evidence)


class ProofForm(ActForm):
    evidence = EvidenceField(
        queryset=Evidence.objects.none(), label="Preuve", empty_label="Choisir", error_messages=REQUIRED
    )

    def __init__(
        self,
        data: Data = None,
        *,
        initial: Initial = None,
        evidence: QuerySet[Evidence],
    ) -> None:
        super().__init__(data, initial=initial)
        self.offer("evidence", evidence)


class DefinitionForm(Form):
    name = text_field("Nom", 200)
    definition = text_field("Définition", 2000, rows=4)
    numerator_label = text_field("Numérateur", 200, help_text="Ce qui est compté.")
    denominator_label = text_field("Dénominateur", 200, required=False, help_text="Sur combien.")
    source = text_field("Source", 200)
    periodicity = choice_field("Périodicité", Periodicity)
    provenance = choice_field("Provenance", Provenance)


class OpenIndicatorForm(DefinitionForm):
    code = forms.RegexField(
        label="Code",
        regex=r"^[A-Z0-9][A-Z0-9._-]*$",
        max_length=30,
        help_text="Majuscules, chiffres, tirets ; par exemple 38-SIGNEE. Il ne changera plus.",
        error_messages={**REQUIRED, "invalid": "Un code s’écrit en majuscules, chiffres, points et tirets."},
    )
    unit = choice_field("Unité", Unit, help_text="Elle ne changera plus.")
    higher_is_better = forms.TypedChoiceField(
        label="Sens du progrès",
        choices=[("oui", "une hausse est un progrès"), ("non", "une baisse est un progrès")],
        coerce=lambda typed: typed == "oui",
    )

    field_order = ["code", "name", "definition", "unit", "higher_is_better"]


class TerritorialForm(ActForm):
    """A form about one territory, chosen among ``departements``; the nation only when ``is_national``."""

    departement = forms.ModelChoiceField(
        queryset=Departement.objects.none(),
        label="Territoire",
        required=False,
        empty_label="France entière",
        error_messages=REQUIRED,
    )

    def __init__(
        self,
        data: Data = None,
        *,
        initial: Initial = None,
        departements: QuerySet[Departement],
        is_national: bool,
    ) -> None:
        super().__init__(data, initial=initial)
        self.offer("departement", departements)
        if not is_national:
            self.require("departement")


class ValueForm(TerritorialForm):
    measured_on = day_field("Mesuré le")
    numerator = number_field("Numérateur")
    denominator = number_field("Dénominateur", required=False)
    provenance = choice_field("Provenance", Provenance)


class TargetForm(TerritorialForm):
    due_on = day_field("Pour le")
    value = number_field("Cible", help_text="En pour cent quand l’indicateur est une part.")

    def clean_value(self) -> Decimal:
        value: Decimal = self.cleaned_data["value"]
        if value < 0:
            raise forms.ValidationError("Une cible est un nombre positif ou nul.")
        return value
