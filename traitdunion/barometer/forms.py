from collections.abc import Mapping

from django import forms
from django.http import QueryDict

from traitdunion.barometer.actions import Calendar
from traitdunion.barometer.actions_roster import Respondent
from traitdunion.barometer.kinds import Format, RosterRole
from traitdunion.barometer.models import QuestionnaireVersion
from traitdunion.core.choices import choices_of
from traitdunion.identity.forms import Form
from traitdunion.identity.kinds import Side

Data = QueryDict | None
LARGEST_FILE = 200_000


def day_field(label: str, help_text: str = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        help_text=help_text,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d", "%d/%m/%Y"],
        error_messages={
            "required": "Aucune date : choisissez un jour.",
            "invalid": "Cette date est illisible : écrivez-la comme 24/11/2026.",
        },
    )


class CalendarForm(Form):
    """The name and the days of a wave."""

    name = forms.CharField(
        label="Nom de la vague",
        max_length=60,
        help_text="Il est écrit dans les messages : par exemple « Printemps 2027 ».",
        error_messages={
            "required": "Le nom manque : donnez-en un que les personnes interrogées reconnaîtront."
        },
    )
    covers_since = day_field("Période décrite, premier jour", "Les questions portent sur ces jours-là.")
    covers_until_on = day_field("Période décrite, dernier jour")
    opens_on = day_field("Ouverture", "Les invitations partent ce jour-là, à huit heures, heure de Paris.")
    closes_on = day_field("Dernier jour pour répondre", "Compris, jusqu’à minuit, heure de Paris.")

    def calendar(self) -> Calendar:
        """Return the days as typed."""
        said = self.cleaned_data
        return Calendar(
            covers_since=said["covers_since"],
            covers_until_on=said["covers_until_on"],
            opens_on=said["opens_on"],
            closes_on=said["closes_on"],
        )


class WaveForm(CalendarForm):
    format = forms.ChoiceField(
        label="Forme",
        choices=choices_of(Format),
        widget=forms.RadioSelect,
        initial=Format.FULL.value,
        help_text="Le baromètre complet une ou deux fois par an ; le point trimestriel entre deux.",
    )
    questionnaire = forms.ModelChoiceField(
        label="Questionnaire",
        queryset=QuestionnaireVersion.objects.all(),
        empty_label=None,
        error_messages={"required": "Aucun questionnaire : importez-en un d’abord."},
    )

    field_order = (
        "name",
        "format",
        "questionnaire",
        "covers_since",
        "covers_until_on",
        "opens_on",
        "closes_on",
    )


class ReviseForm(CalendarForm):
    roster_reason = forms.CharField(
        label="Pourquoi la vague s’ouvre même si une liste n’a pas de trois à six personnes",
        max_length=300,
        required=False,
        help_text="Sans motif écrit, une vague dont une liste est trop courte ou trop longue ne s’ouvre pas. "
        "Il reste sur la page de la vague. Ne nommez personne.",
    )


class OpenForm(Form):
    """Why a wave opens although a list is short or long; nothing when every list has three to six people."""

    roster_reason = forms.CharField(
        label="Pourquoi ouvrir ainsi",
        max_length=300,
        help_text="Il reste sur la page de la vague. Ne nommez personne.",
        error_messages={
            "required": "Le motif manque : dites en une phrase pourquoi la vague s’ouvre avec ces listes."
        },
    )

    def __init__(
        self, data: Data = None, *, initial: Mapping[str, object] | None = None, is_needed: bool
    ) -> None:
        super().__init__(data, initial=initial)
        if not is_needed:
            del self.fields["roster_reason"]


class CancelForm(Form):
    reason = forms.CharField(
        label="Motif",
        max_length=300,
        help_text="Il reste sur la page de la vague. Ne nommez personne.",
        error_messages={"required": "Le motif manque : dites en une phrase pourquoi la vague est annulée."},
    )


class RespondentForm(Form):
    """Someone to ask on one side."""

    role = forms.ChoiceField(label="Fonction")
    name = forms.CharField(
        label="Prénom et nom",
        max_length=120,
        error_messages={"required": "Le nom manque."},
    )
    email = forms.EmailField(
        label="Adresse de messagerie",
        help_text="Le lien personnel y est envoyé : une adresse que cette personne est seule à lire.",
        error_messages={
            "required": "L’adresse manque : sans elle, le lien ne peut pas partir.",
            "invalid": "Cette adresse est incomplète : écrivez-la comme prenom.nom@exemple.fr.",
        },
    )

    def __init__(self, data: Data = None, *, initial: Mapping[str, object] | None = None, side: Side) -> None:
        super().__init__(data, initial=initial)
        field = self.fields["role"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  # tells the type checker what stands above
        field.choices = choices_of(role for role in RosterRole if role.side is side)

    def respondent(self) -> Respondent:
        """Return the person as typed."""
        said = self.cleaned_data
        return Respondent(role=RosterRole(said["role"]), name=said["name"], email=said["email"])


class LinkForm(Form):
    email = forms.EmailField(
        label="Adresse de messagerie",
        help_text="Corrigez-la si elle était fausse. Le lien précédent ne répond plus.",
        error_messages={
            "required": "L’adresse manque.",
            "invalid": "Cette adresse est incomplète : écrivez-la comme prenom.nom@exemple.fr.",
        },
    )


class CodeForm(Form):
    """The code that a respondent kept."""

    code = forms.CharField(
        label="Votre code",
        max_length=30,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}
        ),
        help_text="Douze signes, en trois groupes de quatre. Majuscules ou minuscules, avec ou sans tirets.",
        error_messages={"required": "Le code manque."},
    )


class QuestionnaireForm(Form):
    """A questionnaire in a TOML file."""

    file = forms.FileField(
        label="Fichier TOML",
        help_text="Exportez un questionnaire existant pour avoir un modèle.",
        widget=forms.ClearableFileInput(attrs={"accept": ".toml"}),
        error_messages={
            "required": "Aucun fichier : choisissez un questionnaire en TOML.",
            "empty": "Le fichier est vide : exportez un questionnaire existant pour avoir un modèle.",
        },
    )

    def clean_file(self) -> str:
        """Return the text of the file."""
        sent = self.cleaned_data["file"]
        if sent.size > LARGEST_FILE:
            raise forms.ValidationError(
                f"Le fichier pèse {sent.size // 1000} ko : un questionnaire en pèse {LARGEST_FILE // 1000} au plus."
            )
        try:
            return str(sent.read().decode("utf-8"))
        except UnicodeDecodeError as error:
            raise forms.ValidationError(
                "Le fichier n’est pas en UTF-8 : enregistrez-le dans cet encodage, puis renvoyez-le."
            ) from error


class JustifyForm(Form):
    reason = forms.CharField(
        label="Pourquoi la question reste comparable",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Par exemple : « faute corrigée, le sens est le même »..",
        error_messages={"required": "La justification manque : sans elle, la tendance s’interrompt."},
    )
