from django import forms

from traitdunion.identity.forms import Form


class PreferenceForm(Form):
    weekly_digest = forms.BooleanField(
        label="Recevoir le résumé hebdomadaire",
        help_text="Un seul message, le lundi matin, et seulement s’il y a quelque chose à dire.",
        required=False,
    )
