from django import forms
from dsfr.forms import DsfrBaseForm


class PreferenceForm(DsfrBaseForm):  # type: ignore[misc]  # the library has no types
    weekly_digest = forms.BooleanField(
        label="Recevoir le résumé hebdomadaire",
        help_text="Un seul message, le lundi matin, et seulement s’il y a quelque chose à dire.",
        required=False,
    )
