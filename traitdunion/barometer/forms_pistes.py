"""What is typed about a piste: what both institutions undertake, or why one of them refuses."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.db.models import QuerySet

from traitdunion.barometer.actions_pistes import Undertaking
from traitdunion.barometer.forms import day_field
from traitdunion.identity.forms import Form
from traitdunion.identity.kinds import Side
from traitdunion.identity.models import Mandate

NO_ONE = "N’y nommez aucune personne suivie et ne décrivez aucune situation."


class OwnerField(forms.ModelChoiceField):  # type: ignore[type-arg]  # Django has no subscript at run time
    """Someone in post, said by name and by post."""

    def label_from_instance(self, obj: Mandate) -> str:
        """Return the name, the role and the institution."""
        return f"{obj.person.name}, {obj.label}"


def owner_field(label: str) -> OwnerField:
    """Return a field for the person who answers on one side."""
    return OwnerField(
        label=label,
        queryset=Mandate.objects.none(),
        to_field_name="public_id",
        empty_label="Choisissez une personne en poste",
        error_messages={
            "required": "Personne n’est choisi : chaque côté a un responsable.",
            "invalid_choice": "Cette personne n’est pas en poste de ce côté : choisissez-en une de la liste.",
        },
    )


def task_field(label: str, help_text: str = "") -> forms.CharField:
    """Return a field for what one side will do, the title of its action."""
    return forms.CharField(
        label=label,
        max_length=200,
        help_text=help_text,
        error_messages={
            "required": "Dites en quelques mots ce que fera ce côté : ce sera l’intitulé de son action.",
            "max_length": "Le texte compte plus de 200 signes : raccourcissez-le.",
        },
    )


def reason_field(label: str, help_text: str, *, required: bool = True, longest: int = 500) -> forms.CharField:
    """Return a field for a reason that the other institution will read."""
    return forms.CharField(
        label=label,
        max_length=longest,
        required=required,
        help_text=f"{help_text} {NO_ONE}",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": "Le motif manque : l’autre institution doit pouvoir le lire.",
            "max_length": f"Le motif compte plus de {longest} signes : raccourcissez-le.",
        },
    )


class KeepForm(Form):
    """What both institutions undertake when they keep a piste."""

    prefecture_task = task_field("Ce que fera la préfecture", f"Intitulé de son action. {NO_ONE}")
    prefecture_owner = owner_field("Responsable côté préfecture")
    ars_task = task_field("Ce que fera l’ARS", "Intitulé de son action.")
    ars_owner = owner_field("Responsable côté ARS")
    due_on = day_field("Échéance", "Le jour où les deux actions seront faites.")
    measured_by = forms.ChoiceField(
        label="Question qui sera remesurée",
        help_text="À la prochaine vague qui la pose, ses réponses seront comparées à celles de cette vague.",
        error_messages={
            "required": "Aucune question n’est choisie : sans elle, rien ne dira ce qui a changé."
        },
    )
    reason = reason_field("Motif", "Pourquoi la retenir, en une phrase.", required=False)

    def __init__(
        self,
        *args: Any,  # noqa: ANN401  # Django's
        owners: Mapping[Side, QuerySet[Mandate]],
        questions: Sequence[tuple[str, str]],
        **kwargs: Any,  # noqa: ANN401  # Django's
    ) -> None:
        super().__init__(*args, **kwargs)
        for side in Side:
            self.fields[f"{side.value}_owner"].queryset = owners[side]
        self.fields["measured_by"].choices = [("", "Choisissez une question"), *questions]

    def undertaking(self) -> Undertaking:
        """Return what was typed."""
        said = self.cleaned_data
        return Undertaking(
            tasks={side: said[f"{side.value}_task"] for side in Side},
            owners={side: said[f"{side.value}_owner"] for side in Side},
            due_on=said["due_on"],
            measured_by=said["measured_by"],
        )


class ChangeForm(KeepForm):
    """What both institutions undertake instead of what they had decided, and why."""

    reason = reason_field("Pourquoi la décision change", "Ce motif reste dans l’historique de la piste.")


class LeaveForm(Form):
    """Why a piste is left."""

    reason = reason_field("Motif", "Pourquoi l’écarter : il reste écrit sur la page de la piste.")


class DeclineForm(Form):
    """Why the proposal of the other institution is refused."""

    reason = reason_field("Motif du refus", "Ce qui manque pour être d’accord.", longest=300)
