"""``traitdunion conventions``: import and export the conventions as a table."""

import argparse

from django.db import DatabaseError
from django.utils import timezone

from traitdunion.cli import files, table_commands
from traitdunion.cli.files import CommandRefusedError


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the two verbs and their options."""
    table_commands.configure(parser, what="les conventions")


def run(options: argparse.Namespace) -> int:
    """Import or export."""
    table_commands.start_django()
    if options.verb == "import":
        return table_commands.import_table(
            "conventions", options.file, wet_run=options.wet_run, at=timezone.now()
        )
    return _export(options)


def _export(options: argparse.Namespace) -> int:
    from traitdunion.conventions import imports  # the models can be loaded only once Django is started
    from traitdunion.conventions.convention_table import HEADERS
    from traitdunion.exchange.writers import write_table
    from traitdunion.territories.queries import names_by_code

    try:
        rows = imports.rows(names_by_code())
    except DatabaseError as fault:
        raise CommandRefusedError(
            f"La base de données ne répond pas comme attendu ({type(fault).__name__}). "
            "Vérifiez DATABASE_URL et les migrations."
        ) from fault
    content = write_table(HEADERS, rows, format=options.format, title="Conventions")
    return files.write_out(content, options.out)
