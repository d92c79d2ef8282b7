"""Fill an empty register with synthetic dossiers."""

from time import perf_counter
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from traitdunion.demo import register_world
from traitdunion.identity.models import Organisation


class Command(BaseCommand):
    help = "Remplit un registre vide de dossiers synthétiques (démonstration et essais)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seed", type=int, default=38, help="graine du tirage (38 par défaut)")

    def handle(self, *args: Any, **options: Any) -> None:
        if Organisation.objects.exists():
            raise CommandError(
                "La base n’est pas vide : les dossiers de démonstration ne s’ajoutent pas aux vrais."
            )
        started = perf_counter()
        call_command("load_territories", stdout=self.stdout)
        count = register_world.build(at=timezone.now(), seed=options["seed"])
        self.stdout.write(f"{count} dossiers synthétiques en {perf_counter() - started:.1f} s.")
