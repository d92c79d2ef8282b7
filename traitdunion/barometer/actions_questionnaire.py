"""Keep the questionnaires that waves rest on. They are read from TOML, stored as they came, and never change."""

import hashlib
from datetime import datetime

from django.db import transaction

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import Actor
from traitdunion.barometer import questionnaire as reading
from traitdunion.barometer.models import QuestionnaireVersion, WordingJustification
from traitdunion.core.errors import Refusal


class QuestionnaireRefusedError(Refusal):
    """The questionnaire cannot be kept as it is."""


@transaction.atomic
def import_text(text: str, *, may_justify: bool, actor: Actor, at: datetime) -> QuestionnaireVersion:
    """Keep a questionnaire; one already kept, to the byte, is returned as it is.

    Args:
        text: the TOML file.
        may_justify: whether the author may say that a new wording stays comparable with the one before.
        actor: who imports it.
        at: when.

    Raises:
        QuestionnaireError: the file is no questionnaire; the message names the line and the field.
        QuestionnaireRefusedError: another text bears this name and version, or it justifies a wording and its author
            may not.
    """
    read = reading.read(text)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    known = QuestionnaireVersion.objects.filter(sha256=sha256).first()
    if known is not None:
        return known
    justified = [item.id for item in read.items if item.justification]
    if justified and not may_justify:
        raise QuestionnaireRefusedError(
            f"Le fichier justifie une formulation changée (« {justified[0]} ») : seul l’administrateur l’importe, "
            "car il engage la comparaison entre les vagues. Demandez-le-lui, ou retirez le champ « justification »."
        )
    if QuestionnaireVersion.objects.filter(name=read.name, version=read.version).exists():
        raise QuestionnaireRefusedError(
            f"La version « {read.version} » de « {read.name} » existe déjà avec un autre texte : "
            "donnez un nouveau numéro au champ « version »."
        )
    _refuse_silent_change(read)
    kept = QuestionnaireVersion.objects.create(
        name=read.name,
        version=read.version,
        text=text,
        sha256=sha256,
        is_example=read.is_example,
        **audit.authorship(actor=actor, at=at),
    )
    audit.record(
        event="barometer.questionnaire.imported",
        subject=str(kept.public_id),
        actor=actor,
        at=at,
        detail={"sha256": sha256, "justified": justified},
    )
    return kept


def _refuse_silent_change(read: reading.Questionnaire) -> None:
    """Refuse a question that changed under the number of its earlier wording: the trend would hide the change."""
    for version in QuestionnaireVersion.objects.filter(name=read.name):
        for item in reading.read(version.text, is_kept=True).items:
            now = read.item(item.id)
            if now is None or now.wording_version != item.wording_version:
                continue
            if item.guesses and now.guesses != item.guesses:
                raise QuestionnaireRefusedError(
                    f"La question « {item.id} » ne devine plus la réponse à « {item.guesses} », comme dans la version "
                    f"« {version.version} », mais garde le numéro {item.wording_version} : augmentez "
                    "« wording_version »."
                )
            if dict(now.wording) != dict(item.wording):
                raise QuestionnaireRefusedError(
                    f"La question « {item.id} » n’a plus la formulation de la version « {version.version} », mais "
                    f"garde le numéro {item.wording_version} : augmentez « wording_version »."
                )


@transaction.atomic
def justify(
    item: str, *, before: int, after: int, reason: str, actor: Actor, at: datetime
) -> WordingJustification:
    """Write why a question whose wording changed may still be compared with what it was.

    Raises:
        QuestionnaireRefusedError: it is justified already.
    """
    pair = {"item": item, "before": str(before), "after": str(after)}
    if WordingJustification.objects.filter(**pair).exists():
        raise QuestionnaireRefusedError("Ce changement de formulation est déjà justifié : rechargez la page.")
    written = WordingJustification.objects.create(
        **pair, reason=reason, **audit.authorship(actor=actor, at=at)
    )
    audit.record(
        event="barometer.wording.justified", subject=str(written.public_id), actor=actor, at=at, detail=pair
    )
    return written
