"""Make the first keys of the register, or replace the key of the site."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from traitdunion.audit.actors import task
from traitdunion.core.errors import Refusal
from traitdunion.register import actions_keys, keyring, vault


class Command(BaseCommand):
    help = (
        "Fait les premières clés du registre ; avec --rotate, remplace la clé du site et détruit la précédente. "
        "Ne change rien sans --wet-run."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rotate", action="store_true", help="remplace la clé du site")
        parser.add_argument(
            "--wet-run", action="store_true", help="écrit ; sans cette option, rien ne change"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        try:
            path = vault.path_of_keys()
            if path.exists() is not options["rotate"]:
                raise CommandError(
                    f"Il n’y a pas encore de clés dans {path} : faites-les d’abord, sans --rotate."
                    if options["rotate"]
                    else f"Il y a déjà des clés dans {path} : en faire d’autres rendrait illisible ce qu’elles "
                    "protègent. Pour les remplacer sans rien perdre : --rotate."
                )
            if not options["wet_run"]:
                self.stdout.write(
                    f"À blanc : les clés de {path} seraient {'remplacées' if options['rotate'] else 'faites'}. "
                    "Ajoutez --wet-run pour le faire."
                )
            elif options["rotate"]:
                count = actions_keys.rotate(actor=task("remplacement de la clé du registre"), at=at)
                self.stdout.write(
                    f"La clé du site est remplacée, la précédente détruite ; dossiers passés : {count}."
                )
            else:
                keyring.write(path, keyring.new_keys(at=at))
                self.stdout.write(
                    f"Les premières clés sont dans {path} : gardez-en une copie hors de la machine."
                )
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
