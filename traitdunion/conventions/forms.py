from collections.abc import Mapping, Sequence
from datetime import date

from django import forms
from django.http import QueryDict
from dsfr.forms import DsfrBaseForm

from traitdunion.conventions import rules
from traitdunion.conventions.access import Title
from traitdunion.conventions.actions_text import CircuitText
from traitdunion.conventions.kinds import Coverage, State, Step
from traitdunion.conventions.models import HEADINGS, Circuit, Template, TemplateCircuit
from traitdunion.core.choices import choices_of
from traitdunion.identity.kinds import OrganisationKind, Side
from traitdunion.identity.models import Organisation, Person
from traitdunion.plan.kinds import Owner
from traitdunion.territories.models import Departement

Data = QueryDict | None
NO_NAME = "N’écrivez ni nom de personne suivie, ni situation individuelle."


class Day(forms.DateField):
    """A day typed with the browser's own date picker."""

    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    default_error_messages = {
        "required": "Aucune date : choisissez un jour.",
        "invalid": "Cette date n’existe pas : écrivez-la jour/mois/année.",
    }


class Reason(forms.CharField):
    """Why an act is done, in one line that the other side reads."""

    default_error_messages = {"required": "Le motif manque : dites pourquoi, en une phrase."}

    def __init__(self, *, max_length: int = 300) -> None:
        super().__init__(label="Motif", max_length=max_length, help_text="L’autre partie lira ce motif.")


def prose(rows: int = 3) -> forms.Textarea:
    """Return a field of several lines."""
    return forms.Textarea(attrs={"rows": rows})


class TextsForm(DsfrBaseForm):
    """What a convention says of itself."""

    title = forms.CharField(label="Intitulé", max_length=250)
    reference = forms.CharField(
        label="Référence",
        max_length=100,
        required=False,
        help_text="Numéro d’enregistrement de l’acte, s’il en a un.",
    )
    template = forms.ModelChoiceField(
        label="Modèle suivi",
        queryset=Template.objects.filter(adopted_on__isnull=False),
        required=False,
        empty_label="Aucun modèle",
    )
    starts_on = Day(
        label="Premier jour",
        required=False,
        help_text="Laissez vide pour une entrée en vigueur le jour de la dernière signature.",
    )
    ends_on = Day(
        label="Dernier jour",
        required=False,
        help_text="Compris. Laissez vide si la convention n’a pas de terme.",
    )


class StartForm(TextsForm):
    others = forms.ModelMultipleChoiceField(
        label="Autres parties",
        queryset=Organisation.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="La préfecture et l’ARS sont parties d’office.",
    )

    def __init__(
        self, data: Data = None, *, initial: Mapping[str, object] | None = None, departement: Departement
    ) -> None:
        super().__init__(data, initial=initial)
        joinable = Organisation.objects.filter(
            departement=departement,
            kind__in=[OrganisationKind.ESTABLISHMENT.value, OrganisationKind.DD_ARS.value],
            closed_on__isnull=True,
        )
        self.fields["others"].queryset = joinable
        if not joinable.exists():
            del self.fields["others"]


class AvenantForm(DsfrBaseForm):
    title = forms.CharField(
        label="Intitulé", max_length=250, help_text="Ce que l’avenant change, en quelques mots."
    )
    reference = forms.CharField(label="Référence", max_length=100, required=False)
    starts_on = Day(
        label="Premier jour de l’avenant",
        required=False,
        help_text="Laissez vide pour le jour de la dernière signature.",
    )
    new_end = Day(
        label="Nouveau dernier jour de la convention",
        required=False,
        help_text="Laissez vide si l’avenant ne change pas le terme.",
    )
    template = forms.ModelChoiceField(
        label="Modèle sur lequel l’avenant aligne la convention",
        queryset=Template.objects.filter(adopted_on__isnull=False),
        required=False,
        empty_label="Aucun changement",
    )


class HeadingForm(DsfrBaseForm):
    coverage = forms.ChoiceField(label="État de la rubrique", choices=choices_of(Coverage))
    text = forms.CharField(label="Texte", required=False, widget=prose(6), help_text=NO_NAME)
    read_at = forms.DateTimeField(required=False, widget=forms.HiddenInput)


class CircuitForm(DsfrBaseForm):
    subject = forms.CharField(
        label="Circuit", max_length=200, help_text="Ce qui passe, sans nom de personne."
    )
    who_does = forms.CharField(label="Qui fait", max_length=200)
    who_is_told = forms.CharField(label="Qui est informé", max_length=200)
    form = forms.CharField(label="Sous quelle forme", max_length=200)
    legal_basis = forms.CharField(
        label="Par quel texte",
        max_length=250,
        required=False,
        help_text="Article et version ; écrivez « à vérifier » si le texte n’a pas été relu.",
    )
    never_passes = forms.CharField(
        label="Ce qui ne passe jamais",
        max_length=300,
        help_text="Par exemple le contenu des soins, un diagnostic, un élément d’un fichier de sécurité.",
    )

    def says(self) -> CircuitText:
        return CircuitText(**self.cleaned_data)


def circuit_initial(line: Circuit | TemplateCircuit) -> dict[str, str]:
    return {name: getattr(line, name) for name in CircuitForm.base_fields}


class ClauseForm(DsfrBaseForm):
    heading_number = forms.TypedChoiceField(
        label="Rubrique", coerce=int, choices=[(number, str(number)) for number in range(1, HEADINGS + 1)]
    )
    text = forms.CharField(
        label="Engagement",
        max_length=300,
        widget=prose(),
        help_text="Une phrase qui dit ce qui sera fait.",
    )
    owner = forms.TypedChoiceField(label="À la charge de", coerce=Owner, choices=choices_of(Owner))
    due_on = Day(label="Échéance", required=False)

    def __init__(
        self,
        data: Data = None,
        *,
        initial: Mapping[str, object] | None = None,
        titles: Sequence[tuple[int, str]],
    ) -> None:
        super().__init__(data, initial=initial)
        self.fields["heading_number"].choices = titles


class StepForm(DsfrBaseForm):
    step = forms.TypedChoiceField(
        label="Étape",
        coerce=Step,
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez l’étape que le texte franchit."},
    )
    on = Day(label="Franchie le")
    reason = forms.CharField(
        label="Motif ou message pour l’autre partie",
        max_length=300,
        required=False,
        help_text="À écrire si le texte revient en arrière ou si ce n’est pas à vous d’agir.",
    )

    def __init__(
        self, data: Data = None, *, initial: Mapping[str, object] | None = None, state: State, side: Side
    ) -> None:
        super().__init__(data, initial=initial)
        choices = [(step.value, step_label(state, step, side=side)) for step in rules.NEXT_STEPS[state]]
        self.fields["step"].choices = choices


def step_label(state: State, step: Step, *, side: Side) -> str:
    """Return what choosing a step does, for the author's side."""
    to_other = "à l’ARS" if side is Side.PREFECTURE else "à la préfecture"
    if step is Step.A_SIGNER:
        return "Le texte est prêt : le passer « à signer », pour les deux parties"
    if step.value == state.value:
        return f"Rester à l’étape « {step.label} » et donner la main {to_other}"
    back = "Revenir" if list(Step).index(step) < list(State).index(state) else "Passer"
    return f"{back} à l’étape « {step.label} » et donner la main {to_other}"


class SignForm(DsfrBaseForm):
    signatory = forms.ModelChoiceField(
        label="Signataire",
        queryset=Person.objects.none(),
        empty_label="Choisissez",
        help_text="Le pouvoir est vérifié au jour de la signature.",
        error_messages={"required": "Choisissez qui a signé."},
    )
    signed_on = Day(label="Signé le")

    def __init__(
        self,
        data: Data = None,
        *,
        initial: Mapping[str, object] | None = None,
        titles: Sequence[Title],
        today: date,
    ) -> None:
        super().__init__(data, initial=initial)
        powers: dict[int, list[str]] = {}
        names: dict[int, str] = {}
        for title in titles:
            powers.setdefault(title.person.pk, []).append(title.power.sentence)
            names[title.person.pk] = title.person.name
        able = {title.person.pk for title in titles if title.power.covers(today)}
        shown = [
            (key, f"{name} ({' ; '.join(powers[key])})")
            for key, name in sorted(names.items(), key=lambda one: one[1])
        ]
        field = self.fields["signatory"]
        field.queryset = Person.objects.filter(pk__in=powers)
        groups = (
            ("Peuvent signer aujourd’hui", [choice for choice in shown if choice[0] in able]),
            ("Pouvaient ou pourront signer un autre jour", [each for each in shown if each[0] not in able]),
        )
        field.choices = [("", field.empty_label), *((said, people) for said, people in groups if people)]


class WithdrawForm(DsfrBaseForm):
    on = Day(label="Retirée le")
    reason = Reason(max_length=250)


class AbandonForm(DsfrBaseForm):
    on = Day(label="Abandonné le")
    reason = Reason()
    confirmed = forms.BooleanField(
        label="Je confirme : ce texte ne reprendra pas, un nouveau projet pourra être ouvert",
        error_messages={"required": "Cochez cette case pour confirmer l’abandon."},
    )


class DenounceForm(DsfrBaseForm):
    from_on = Day(label="À compter du", help_text="Premier jour où la convention ne s’applique plus.")
    reason = Reason()
    confirmed = forms.BooleanField(
        label="Je confirme : la dénonciation est définitive, seule une nouvelle convention la remplacera",
        error_messages={"required": "Cochez cette case pour confirmer la dénonciation."},
    )


class ReadForm(forms.Form):
    """The days asked in the address of the text in force; a day that cannot be read is today."""

    au = forms.DateField(required=False)
    avec = forms.DateField(required=False)

    def day(self, name: str) -> date | None:
        self.is_valid()
        day: date | None = self.cleaned_data.get(name)
        return day


class TemplateForm(DsfrBaseForm):
    name = forms.CharField(label="Nom de la version", max_length=100)
    is_example = forms.BooleanField(
        label="C’est un exemple, pas un texte officiel",
        required=False,
        help_text="Décochez seulement si le texte vous a été remis par l’administration qui l’a adopté.",
    )


class TemplateHeadingForm(DsfrBaseForm):
    title = forms.CharField(label="Intitulé", max_length=150)
    expectation = forms.CharField(label="Ce qu’on attend", required=False, widget=prose(2))
    text = forms.CharField(label="Texte proposé", required=False, widget=prose(5))


class AdoptForm(DsfrBaseForm):
    confirmed = forms.BooleanField(
        label="Je confirme : cette version devient le modèle national et ne pourra plus être modifiée",
        error_messages={"required": "Cochez cette case pour confirmer l’adoption."},
    )
