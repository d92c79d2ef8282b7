from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import URLValidator
from dsfr.forms import DsfrBaseForm

from traitdunion.core.choices import choices_of
from traitdunion.identity.kinds import Holding, OrganisationKind, Scope
from traitdunion.identity.models import Organisation, Person, Post
from traitdunion.territories.models import Departement, Region

NATIONAL = "national"


def day_field(label: str, *, required: bool = True, help_text: str = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        required=required,
        help_text=help_text,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


class Form(DsfrBaseForm):
    def get_context(self) -> dict[str, Any]:
        # Past DsfrBaseForm's, which warns whichever way the setting is written.
        return {**forms.Form.get_context(self), "DSFR_MARK_OPTIONAL_FIELDS": True}


class PersonForm(Form):
    name = forms.CharField(
        label="Nom affiché", max_length=120, help_text="Prénom et nom, comme dans un courrier."
    )
    issuer = forms.CharField(
        label="Fournisseur d’identité",
        max_length=200,
        validators=[URLValidator(schemes=["https", "http"])],
        help_text="Adresse donnée par la personne, par exemple https://fournisseur.example.",
    )
    subject = forms.CharField(
        label="Identifiant chez le fournisseur",
        max_length=255,
        help_text=(
            "Recopiez-le sans rien y changer : c’est lui, et non l’adresse de messagerie, "
            "qui reconnaît la personne."
        ),
    )
    email = forms.EmailField(
        label="Adresse de messagerie", required=False, help_text="Pour les avis seulement."
    )


class OrganisationForm(Form):
    kind = forms.ChoiceField(label="Nature", choices=choices_of(OrganisationKind))
    name = forms.CharField(label="Nom", max_length=150)
    departement = forms.ModelChoiceField(
        label="Département",
        queryset=Departement.objects.order_by("code"),
        required=False,
        empty_label="Aucun",
    )
    region = forms.ModelChoiceField(
        label="Région", queryset=Region.objects.order_by("name"), required=False, empty_label="Aucune"
    )
    parent = forms.ModelChoiceField(
        label="Dépend de",
        queryset=Organisation.objects.order_by("name"),
        required=False,
        empty_label="Aucune",
        to_field_name="public_id",
    )
    opened_on = day_field("Ouverte le")


class PostForm(Form):
    role = forms.ChoiceField(label="Rôle", choices=lambda: choices_of(settings.ROLES))
    scope = forms.ChoiceField(
        label="Territoire",
        choices=[
            (Scope.DEPARTEMENT.value, "le département de l’organisation"),
            (Scope.REGION.value, "la région de l’organisation"),
            (Scope.NATION.value, "la nation"),
        ],
    )
    opened_on = day_field("Créé le")

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:  # noqa: ANN401  # Django's
        super().__init__(*args, **kwargs)
        self.organisation = organisation

    def clean_scope(self) -> str:
        scope: str = self.cleaned_data["scope"]
        if scope == Scope.DEPARTEMENT and self.organisation.departement is None:
            raise forms.ValidationError(
                "Cette organisation n’a pas de département : choisissez la région ou la nation."
            )
        if scope == Scope.REGION and self.organisation.region is None:
            raise forms.ValidationError(
                "Cette organisation n’a pas de région : choisissez le département ou la nation."
            )
        return scope


class MandateForm(Form):
    post = forms.ModelChoiceField(
        label="Poste",
        queryset=Post.objects.none(),
        to_field_name="public_id",
        empty_label="Choisissez un poste",
    )
    holding = forms.ChoiceField(label="Qualité", choices=choices_of(Holding))
    starts_on = day_field("Premier jour")
    ends_on = day_field(
        "Dernier jour", required=False, help_text="Inclus. Laissez vide si vous ne le connaissez pas."
    )

    def __init__(self, *args: Any, posts: Iterable[Post], **kwargs: Any) -> None:  # noqa: ANN401  # Django's
        super().__init__(*args, **kwargs)
        self.fields["post"].queryset = posts


class LastDayForm(Form):
    last_day = day_field("Dernier jour", help_text="Inclus : le droit cesse le lendemain.")


class DelegationForm(Form):
    given_by = forms.ModelChoiceField(
        label="Délégant",
        queryset=Post.objects.none(),
        to_field_name="public_id",
        empty_label="Choisissez un poste",
    )
    given_to = forms.ModelChoiceField(
        label="Délégataire",
        queryset=Person.objects.order_by("name"),
        to_field_name="public_id",
        empty_label="Choisissez une personne",
    )
    reference = forms.CharField(
        label="Référence de l’acte", max_length=150, help_text="Numéro et date de l’arrêté ou de la décision."
    )
    starts_on = day_field("Premier jour")
    ends_on = day_field(
        "Dernier jour", required=False, help_text="Inclus. Laissez vide si l’acte n’en fixe pas."
    )

    def __init__(self, *args: Any, posts: Iterable[Post], **kwargs: Any) -> None:  # noqa: ANN401  # Django's
        super().__init__(*args, **kwargs)
        self.fields["given_by"].queryset = posts
