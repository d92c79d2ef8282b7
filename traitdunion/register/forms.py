from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import QuerySet

from traitdunion.identity.forms import Form, day_field
from traitdunion.identity.models import Organisation
from traitdunion.law.facts import VOCABULARY, Mode
from traitdunion.register.kinds import BY_A_DOCTOR, FIELD_LABELS, MODE_LABELS, PLACED, VALUE_LABELS
from traitdunion.register.marks import Identity

INSTANT = "%Y-%m-%dT%H:%M"


def instant_field(label: str, *, required: bool = True, help_text: str = "") -> forms.DateTimeField:
    """Return a field for an instant, to the minute, on the clock of the département."""
    return forms.DateTimeField(
        label=label,
        required=required,
        help_text=help_text,
        input_formats=[INSTANT],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=INSTANT),
        error_messages={"invalid": "Donnez le jour, l’heure et la minute, par exemple 24/04/2026 à 16 h 40."},
    )


def establishment_field(establishments: QuerySet[Organisation]) -> "forms.ModelChoiceField[Organisation]":
    return forms.ModelChoiceField(
        label="Établissement d’accueil",
        queryset=establishments,
        to_field_name="public_id",
        empty_label="Choisissez un établissement",
    )


class SearchForm(Form):
    nom = forms.CharField(
        label="Nom",
        max_length=100,
        help_text="Un ou plusieurs mots du nom, écrits ou entendus : Renaud trouve aussi Renault.",
    )


class IdentityForm(Form):
    names = forms.CharField(
        label="Noms", max_length=150, help_text="Tous les noms portés, séparés par des espaces."
    )
    first_names = forms.CharField(label="Prénoms", max_length=150, help_text="Dans leur ordre.")
    born_on = day_field("Date de naissance")

    def identity(self) -> Identity:
        return Identity(**self.cleaned_data)


class WithdrawForm(Form):
    """Nothing to fill: sending it is the act."""


class MeasureForm(Form):
    mode = forms.ChoiceField(label="Mode", choices=list(MODE_LABELS.items()))
    started_at = instant_field(
        "Décision d’admission, ou mesure provisoire",
        help_text="À la minute : les délais courent d’heure à heure depuis cet instant.",
    )

    def __init__(self, *args: Any, establishments: QuerySet[Organisation], **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        self.fields["establishment"] = establishment_field(establishments)

    def clean_mode(self) -> Mode:
        return Mode(self.cleaned_data["mode"])


class FactForm(Form):
    """What a fact of one kind carries: an instant, and what the vocabulary of the law says."""

    def __init__(
        self,
        *args: Any,  # noqa: ANN401  # Django's
        kind: str,
        establishments: QuerySet[Organisation],
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(*args, **kwargs)
        self.told = VOCABULARY[kind]
        self.fields["happened_at"] = instant_field(
            "Survenu le", help_text="À la minute : certains délais courent d’heure à heure."
        )
        for name, values in sorted(self.told.closed.items()):
            choices = [(value, VALUE_LABELS[value]) for value in sorted(values)]
            required = name in self.told.needs
            self.fields[name] = forms.ChoiceField(
                label=FIELD_LABELS[name],
                required=required,
                choices=[("", "Choisissez" if required else "Non précisé"), *choices],
            )
        for name in sorted(self.told.instants):
            self.fields[name] = instant_field(FIELD_LABELS[name], required=name in self.told.needs)
        if kind in BY_A_DOCTOR:
            self.fields["author"] = forms.CharField(
                label="Médecin",
                required=False,
                max_length=100,
                help_text="Son nom seul : il dit si deux certificats ont deux auteurs.",
            )
        if kind in PLACED:
            self.fields["establishment"] = establishment_field(establishments)

    def carried(self) -> Mapping[str, Any]:
        """Return the arguments of ``actions.record``: everything but the kind."""
        given = self.cleaned_data
        detail = {
            name: given[name].isoformat() if isinstance(given[name], datetime) else given[name]
            for name in (*self.told.closed, *self.told.instants)
            if given.get(name)
        }
        return {
            "happened_at": given["happened_at"],
            "author": given.get("author", ""),
            "detail": detail,
            "establishment": given.get("establishment"),
        }
