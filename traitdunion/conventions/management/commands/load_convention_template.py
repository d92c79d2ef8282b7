"""Load the example of national model."""

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from traitdunion.audit.actors import task
from traitdunion.conventions.actions_template import load_example
from traitdunion.conventions.sources import read_template


class Command(BaseCommand):
    help = "Charge l’exemple de modèle de convention (seize rubriques et une matrice des rôles), s’il manque."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--at", type=datetime.fromisoformat, help="instant du chargement, pour une histoire synthétique"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        at = options["at"] or timezone.now()
        actor = task("modèle de convention")
        template = load_example(read_template(), on=timezone.localdate(at), actor=actor, at=at)
        self.stdout.write(
            f"{template.name} : {template.headings.count()} rubriques, {template.circuits.count()} circuits. "
            "Ce modèle est un exemple, pas un texte officiel."
        )
