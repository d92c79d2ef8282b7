"""Fill an empty database with the demonstration's synthetic country."""

from datetime import date, timedelta
from time import perf_counter
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from traitdunion.demo import world
from traitdunion.identity.models import Organisation


class Command(BaseCommand):
    help = "Remplit une base vide de données synthétiques (démonstration, essais et mesures)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--years", type=int, default=5, help="années d’histoire (5 par défaut)")
        parser.add_argument("--seed", type=int, default=38, help="graine du tirage (38 par défaut)")
        parser.add_argument("--codes", nargs="+", help="codes des départements qui participent (tous sinon)")
        parser.add_argument("--today", type=date.fromisoformat, help="jour tenu pour aujourd’hui")

    def handle(self, *args: Any, **options: Any) -> None:
        if Organisation.objects.exists():
            raise CommandError(
                "La base n’est pas vide : les données de démonstration ne s’ajoutent pas aux vraies."
            )
        started = perf_counter()
        today = options["today"] or timezone.localdate()
        # The plan and the model enter the story on its first day; what the plan dates later enters it today.
        start = world.noon(today - timedelta(days=365 * options["years"]))
        call_command("load_territories", stdout=self.stdout)
        call_command("load_plan", at=start, stdout=self.stdout)
        call_command("load_plan", stdout=self.stdout)
        call_command("load_convention_template", at=start, stdout=self.stdout)
        world.build(
            today=today,
            years=options["years"],
            seed=options["seed"],
            codes=options["codes"],
            tell=lambda line: self.stdout.write(f"  {line}"),
        )
        self.stdout.write(f"Données synthétiques prêtes en {perf_counter() - started:.1f} s.")
