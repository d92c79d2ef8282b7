"""What is typed about meetings and reviews."""

from django import forms

from traitdunion.identity.forms import Form


def day_field(label: str, help_text: str = "") -> forms.DateField:
    """Return a field for a day, with the calendar of the browser."""
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


class MeetingForm(Form):
    """A meeting to come, or one that took place and was not planned here."""

    planned_on = day_field("Jour prévu")
    subject = forms.CharField(
        label="Objet",
        max_length=200,
        help_text="Un thème de travail. N’écrivez le nom d’aucune personne suivie ni aucune situation.",
        error_messages={
            "required": "L’objet manque : dites en quelques mots de quoi il sera question.",
            "max_length": "L’objet compte plus de 200 signes : raccourcissez-le.",
        },
    )


class HoldForm(Form):
    """What came of a meeting."""

    held_on = day_field("Jour de la réunion")
    prefecture_present = forms.BooleanField(label="La préfecture était présente", required=False)
    ars_present = forms.BooleanField(label="L’ARS était présente", required=False)


class ReviewForm(Form):
    """What the parties concluded when they read their convention again."""

    reviewed_on = day_field("Jour de la revue")
    conclusion = forms.CharField(
        label="Conclusion",
        max_length=300,
        help_text="Par exemple : « rien à changer », « avenant à préparer sur la rubrique 13 ».",
        error_messages={
            "required": "La conclusion manque : écrivez ce que les deux parties ont retenu.",
            "max_length": "La conclusion compte plus de 300 signes : raccourcissez-la.",
        },
    )
