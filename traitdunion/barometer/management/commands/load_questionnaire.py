"""Load the example of questionnaire."""

from importlib.resources import files
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from traitdunion.audit.actors import task
from traitdunion.barometer import questionnaire
from traitdunion.barometer.actions_questionnaire import import_text


class Command(BaseCommand):
    help = "Charge l’exemple de questionnaire du baromètre croisé, s’il manque."

    def handle(self, *args: Any, **options: Any) -> None:
        shipped = files("traitdunion.barometer") / "data" / "questionnaire_exemple.toml"
        text = shipped.read_text(encoding="utf-8")
        kept = import_text(
            text, may_justify=False, actor=task("questionnaire du baromètre"), at=timezone.now()
        )
        count = len(questionnaire.read(text).items)
        self.stdout.write(f"{kept} : {count} questions. C’est un exemple de notre rédaction, non validé.")
