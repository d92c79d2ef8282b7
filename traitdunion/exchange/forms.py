from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from traitdunion.identity.forms import Form


class SendForm(Form):
    file = forms.FileField(
        label="Fichier à contrôler",
        help_text="Classeur .xlsx ou .ods, ou texte .csv ; 20 Mo au plus. Rien n’est changé avant votre accord.",
        widget=forms.FileInput(attrs={"accept": ".xlsx,.ods,.csv,.txt,.tsv"}),
        error_messages={
            "required": "Aucun fichier n’a été choisi : choisissez un classeur .xlsx, .ods ou un .csv."
        },
    )

    def clean_file(self) -> "UploadedFile[bytes]":
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if file.size is not None and file.size > settings.UPLOAD_LIMIT_BYTES:
            size, limit = file.size / 1_048_576, settings.UPLOAD_LIMIT_BYTES / 1_048_576
            raise forms.ValidationError(
                f"Le fichier pèse {size:.0f} Mo ; la limite est de {limit:.0f} Mo. "
                "Retirez les feuilles inutiles ou découpez-le."
            )
        return file
