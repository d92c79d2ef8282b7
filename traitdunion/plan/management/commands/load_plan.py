"""Load the part of the plan that ships with the product."""

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from traitdunion.audit import actors
from traitdunion.plan import shipped


class Command(BaseCommand):
    help = "Charge la section 4.1.1 du plan ; ce qui existe déjà n’est pas touché."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--at", type=datetime.fromisoformat, help="instant du chargement, pour une histoire synthétique"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        opened = shipped.load(actor=actors.task("chargement du plan"), at=options["at"] or timezone.now())
        self.stdout.write(f"Plan : {opened} éléments ouverts." if opened else "Plan : rien à ajouter.")
