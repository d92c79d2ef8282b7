"""A form that shows every kind of field on the page of components."""

from django import forms

from traitdunion.identity.forms import Form


class SampleForm(Form):
    name = forms.CharField(label="Intitulé", max_length=80, help_text="Quatre-vingts signes au plus.")
    kind = forms.ChoiceField(
        label="Nature", choices=[("", "Choisissez"), ("a", "Première"), ("b", "Seconde")]
    )
    starts_on = forms.DateField(label="Premier jour", widget=forms.DateInput(attrs={"type": "date"}))
    note = forms.CharField(label="Motif", required=False, widget=forms.Textarea)
    agreed = forms.BooleanField(label="J’ai relu", required=False)
    upload = forms.FileField(label="Pièce", required=False)
