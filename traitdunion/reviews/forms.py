"""What is typed about a bilan."""

from typing import Any

from django import forms

from traitdunion.core.choices import choices_of
from traitdunion.identity.forms import Form, day_field
from traitdunion.reviews.actions import Seat
from traitdunion.reviews.kinds import Conclusion, Fate, Level, Owner, Party
from traitdunion.reviews.models import LONGEST_PARAGRAPH
from traitdunion.reviews.rules import SIDES

NO_NAME = "N’écrivez le nom d’aucune personne suivie ni aucune situation."


class ParagraphForm(Form):
    text = forms.CharField(
        label="Texte",
        required=False,
        max_length=LONGEST_PARAGRAPH,
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text=f"Un chiffre se cite : copiez {{{{chiffre:nom}}}} depuis la liste sous ce champ. {NO_NAME}",
    )
    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class ConclusionForm(Form):
    kept = forms.ChoiceField(label="Conclusion retenue", choices=choices_of(Conclusion))
    reason = forms.CharField(
        label="Motif de l’écart",
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=f"Demandé si la conclusion retenue n’est pas celle des critères. Il est publié. {NO_NAME}",
    )

    def clean_kept(self) -> Conclusion:
        return Conclusion(self.cleaned_data["kept"])


class PromiseForm(Form):
    text = forms.CharField(label="Engagement", max_length=300, help_text=f"Ce qui sera fait. {NO_NAME}")
    owner = forms.ChoiceField(label="À la charge de")
    due_on = day_field("Échéance")

    def __init__(self, *args: Any, level: Level, **kwargs: Any) -> None:  # noqa: ANN401  # as Django declares it
        super().__init__(*args, **kwargs)
        owners = [Owner.COMMUN, *(Owner(side.value) for side in SIDES[level])]
        self.fields["owner"].choices = choices_of(owners)

    def clean_owner(self) -> Owner:
        return Owner(self.cleaned_data["owner"])


class SettleForm(Form):
    fate = forms.ChoiceField(label="Suite", choices=choices_of(Fate))
    reason = forms.CharField(
        label="Motif",
        required=False,
        max_length=300,
        help_text="Demandé pour un engagement non tenu ou abandonné.",
    )

    def clean_fate(self) -> Fate:
        return Fate(self.cleaned_data["fate"])


class AmendForm(Form):
    reason = forms.CharField(
        label="Motif de la rectification",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=f"Il est publié avec la nouvelle version. {NO_NAME}",
    )


class MeetingForm(Form):
    held_on = day_field("Jour de la réunion")
    seats = forms.MultipleChoiceField(
        label="Fonctions présentes",
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="Des fonctions, jamais des noms.",
    )
    decisions = forms.CharField(
        label="Décisions, une par ligne",
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=f"Tapées une fois, elles entrent dans le bilan. {NO_NAME}",
    )

    def __init__(self, *args: Any, offered: dict[str, Seat], **kwargs: Any) -> None:  # noqa: ANN401  # as Django declares it
        super().__init__(*args, **kwargs)
        self.offered = offered
        self.fields["seats"].choices = [
            (key, f"{seat.post}, {seat.organisation}") for key, seat in offered.items()
        ]

    def clean_seats(self) -> list[Seat]:
        return [self.offered[key] for key in self.cleaned_data["seats"]]

    def clean_decisions(self) -> list[str]:
        return str(self.cleaned_data["decisions"]).splitlines()


class SignForm(Form):
    has_read = forms.BooleanField(
        label="J’ai lu le document et son PDF, et je signe pour mon institution.",
        error_messages={"required": "Cochez la case : signer engage votre institution."},
    )
    sha256 = forms.CharField(widget=forms.HiddenInput, max_length=64)


class DeclineForm(Form):
    reason = forms.CharField(
        label="Motif du refus",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=f"Il est montré avec le bilan, et publié s’il l’est. {NO_NAME}",
    )
    sha256 = forms.CharField(widget=forms.HiddenInput, max_length=64)


class CriteriaForm(Form):
    level = forms.ChoiceField(label="Niveau", choices=choices_of(Level), initial=Level.DEPARTEMENT.value)
    quarter = forms.CharField(label="Trimestre", max_length=7, help_text="À venir, par exemple 2027-T1.")
    text = forms.CharField(
        label="Critères",
        max_length=40_000,
        widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "false"}),
        help_text="Un texte TOML : nom, exemple, puis un titre [[critere]] par critère.",
    )

    def clean_level(self) -> Level:
        return Level(self.cleaned_data["level"])


class PartyNameForm(Form):
    party = forms.ChoiceField(label="Institution", choices=choices_of(SIDES[Level.NATIONAL]))
    name = forms.CharField(label="Nom", max_length=150, help_text="Le nom officiel à cette date.")
    short = forms.CharField(label="Sigle", max_length=20, required=False)
    starts_on = day_field("À partir du")
    ends_on = day_field("Jusqu’au", required=False, help_text="Vide tant que ce nom vaut.")
    source = forms.CharField(
        label="Source", max_length=300, help_text="Où ce nom a été lu, par exemple un décret et sa date."
    )

    def clean_party(self) -> Party:
        return Party(self.cleaned_data["party"])
