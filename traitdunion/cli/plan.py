"""``traitdunion plan``: import and export the plan as a table."""

import argparse
import datetime
from pathlib import Path, PurePath

from django.db import DatabaseError
from django.utils import timezone

from traitdunion.cli import files, table_commands
from traitdunion.cli.files import CommandRefusedError


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the two verbs and their options."""
    importing, exporting = table_commands.configure(parser, what="le plan")
    importing.add_argument(
        "--documents",
        metavar="DOSSIER",
        type=Path,
        help="dossier des documents que le tableau nomme par leur empreinte",
    )
    exporting.add_argument(
        "--documents", metavar="DOSSIER", type=Path, help="y écrit aussi les documents déposés"
    )
    exporting.add_argument("--au", metavar="AAAA-MM-JJ", help="le plan tel qu’il se lisait ce jour-là")


def run(options: argparse.Namespace) -> int:
    """Import or export."""
    table_commands.start_django()
    if options.verb == "import":
        return _import(options)
    return _export(options)


def _import(options: argparse.Namespace) -> int:
    from traitdunion.plan import files as documents  # the models can be loaded only once Django is started
    from traitdunion.plan.imports import PlanImporter

    try:
        brought = documents.in_folder(options.documents) if options.documents else {}
    except OSError as fault:
        raise CommandRefusedError(
            f"Le dossier « {options.documents} » ne peut pas être lu : {files.reason(fault)}. "
            "Vérifiez son nom et vos droits."
        ) from fault
    return table_commands.import_table(
        "plan",
        options.file,
        wet_run=options.wet_run,
        at=timezone.now(),
        importer=PlanImporter(documents=brought),
    )


def _export(options: argparse.Namespace) -> int:
    from traitdunion.plan import exports, queries  # the models can be loaded only once Django is started
    from traitdunion.plan.models import Action, EvidenceFile, IndicatorValue, Target

    day = _day(options.au)
    try:
        table = exports.plan_table(
            day,
            actions=Action.objects.all(),
            values=IndicatorValue.objects.all(),
            targets=Target.objects.all(),
        )
        content = exports.write(table, options.format)
        if options.documents:
            deposited = EvidenceFile.objects.filter(evidence__recorded_at__lt=queries.end_of(day))
            for document in deposited.select_related("evidence").iterator(chunk_size=10):
                name = f"{document.evidence.sha256}{PurePath(document.name).suffix.lower()}"
                files.write_out(bytes(document.content), _folder(options.documents) / name)
    except DatabaseError as fault:
        raise CommandRefusedError(
            f"La base de données ne répond pas comme attendu ({type(fault).__name__}). "
            "Vérifiez DATABASE_URL et les migrations."
        ) from fault
    return files.write_out(content, options.out)


def _folder(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise CommandRefusedError(
            f"Le dossier « {path} » ne peut pas être créé : {files.reason(fault)}. Choisissez un autre dossier."
        ) from fault
    return path


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
