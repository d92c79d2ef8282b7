"""Load the official geographic code from the assets folder."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from traitdunion.audit.actors import task
from traitdunion.core.errors import Refusal
from traitdunion.territories import actions
from traitdunion.territories.sources import read_geographic_code


class Command(BaseCommand):
    help = "Charge les régions, les ARS et les 101 départements du code officiel géographique."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            code = read_geographic_code(settings.ASSETS / "geographic-code")
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        count = actions.load(code, actor=task("code officiel géographique"), at=timezone.now())
        self.stdout.write(f"{count} départements chargés ({code.edition}).")
