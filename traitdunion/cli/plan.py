"""``traitdunion plan``: import and export the plan as a table."""

import argparse
import datetime

from django.db import DatabaseError
from django.utils import timezone

from traitdunion.cli import files, table_commands
from traitdunion.cli.files import CommandRefusedError


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the two verbs and their options."""
    exporting = table_commands.configure(parser, what="le plan")
    exporting.add_argument("--au", metavar="AAAA-MM-JJ", help="le plan tel qu’il se lisait ce jour-là")


def run(options: argparse.Namespace) -> int:
    """Import or export."""
    table_commands.start_django()
    if options.verb == "import":
        return table_commands.import_table("plan", options.file, wet_run=options.wet_run, at=timezone.now())
    return _export(options)


def _export(options: argparse.Namespace) -> int:
    from traitdunion.plan import exports  # the models can be loaded only once Django is started
    from traitdunion.plan.models import Action, IndicatorValue, Target

    try:
        table = exports.plan_table(
            _day(options.au),
            actions=Action.objects.all(),
            values=IndicatorValue.objects.all(),
            targets=Target.objects.all(),
        )
        content = exports.write(table, options.format)
    except DatabaseError as fault:
        raise CommandRefusedError(
            f"La base de données ne répond pas comme attendu ({type(fault).__name__}). "
            "Vérifiez DATABASE_URL et les migrations."
        ) from fault
    return files.write_out(content, options.out)


def _day(typed: str | None) -> datetime.date:
    today = timezone.localdate()
    if typed is None:
        return today
    try:
        day = datetime.date.fromisoformat(typed)
    except ValueError as fault:
        raise CommandRefusedError(
            f"--au vaut « {typed} », qui n’est pas une date : on attend par exemple 2026-03-31."
        ) from fault
    if day > today:
        raise CommandRefusedError(
            f"--au vaut le {day:%d/%m/%Y}, qui est à venir : donnez une date passée ou ce jour."
        )
    return day
