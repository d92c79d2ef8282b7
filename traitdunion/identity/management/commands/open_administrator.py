"""Open the account of the first administrator: the others are opened on the site."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from traitdunion.audit.actors import task
from traitdunion.core.errors import Refusal
from traitdunion.identity import actions


class Command(BaseCommand):
    help = "Ouvre le compte du premier administrateur ; ne change rien sans --wet-run."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--issuer", required=True, help="adresse du fournisseur d’identité")
        parser.add_argument("--subject", required=True, help="identifiant de la personne chez le fournisseur")
        parser.add_argument("--name", required=True, help="nom affiché")
        parser.add_argument("--organisation", required=True, help="nom de son administration centrale")
        parser.add_argument(
            "--wet-run", action="store_true", help="enregistre ; sans cette option, rien ne change"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        person = f"{options['name']} ({options['subject']}, {options['issuer']})"
        if not options["wet_run"]:
            self.stdout.write(
                f"À blanc : le compte de {person} serait ouvert. Ajoutez --wet-run pour l’ouvrir."
            )
            return
        try:
            actions.open_administrator(
                issuer=options["issuer"],
                subject=options["subject"],
                name=options["name"],
                organisation=options["organisation"],
                starts_on=timezone.localdate(at),
                actor=task("premier administrateur"),
                at=at,
            )
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"Le compte de {person} est ouvert, avec le mandat d’administrateur.")
