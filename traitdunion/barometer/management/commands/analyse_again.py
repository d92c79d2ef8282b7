"""Analyse a closed wave again, after a sheet was corrected or removed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from traitdunion.audit.actors import task
from traitdunion.barometer import actions_results
from traitdunion.barometer.models import Wave
from traitdunion.core.errors import Refusal


class Command(BaseCommand):
    help = "Analyse à nouveau une vague close ; les côtés dont une feuille a changé n’ont plus de chiffre."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("wave", metavar="VAGUE", help="le nom de la vague")
        parser.add_argument("--reason", metavar="MOTIF", required=True, help="pourquoi, pour le journal")

    def handle(self, *args: Any, **options: Any) -> None:
        wave = Wave.objects.filter(name=options["wave"]).first()
        if wave is None:
            raise CommandError(f"Aucune vague ne s’appelle « {options['wave']} ».")
        try:
            result = actions_results.compute_again(
                wave, reason=options["reason"], actor=task("nouvelle analyse du baromètre"), at=timezone.now()
            )
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"Vague « {wave.name} » : édition {result.edition}, {result.sha256[:16]}.")
