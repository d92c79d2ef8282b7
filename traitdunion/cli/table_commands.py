"""What the commands that import and export a table have in common."""

import argparse
import getpass
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import django
from django.db import DatabaseError

from traitdunion.cli.files import CommandRefusedError, reason
from traitdunion.exchange.tables import read_path

if TYPE_CHECKING:
    from traitdunion.exchange.registry import Importer

SHOWN_CHANGES: Final = 40
SHOWN_ERRORS: Final = 200
FORMATS: Final = ("xlsx", "ods", "csv", "json")


def configure(
    parser: argparse.ArgumentParser, *, what: str
) -> tuple[argparse.ArgumentParser, argparse.ArgumentParser]:
    """Add ``import FILE`` and ``export`` to the parser; return their two parsers, which may take more."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERBE", title="verbes")
    importing = verbs.add_parser(
        "import",
        prog=f"{parser.prog} import",
        description=f"Contrôle un tableau et dit ce qu’il changerait dans {what} ; n’écrit qu’avec --wet-run.",
    )
    importing.add_argument("file", metavar="FICHIER", type=Path, help="classeur .xlsx ou .ods, ou texte .csv")
    importing.add_argument("--wet-run", action="store_true", help="écrit, tout ou rien, si rien n’est faux")
    exporting = verbs.add_parser(
        "export", prog=f"{parser.prog} export", description=f"Écrit {what} en tableau."
    )
    exporting.add_argument("--format", required=True, choices=FORMATS, help="xlsx, ods, csv ou json")
    exporting.add_argument(
        "--out", metavar="FICHIER", type=Path, help="fichier à écrire ; sinon la sortie standard"
    )
    return importing, exporting


def start_django() -> None:
    """Read the settings, those of production unless told otherwise."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.coordination")
    django.setup()


def import_table(
    kind: str, path: Path, *, wet_run: bool, at: datetime, importer: "Importer | None" = None
) -> int:
    """Check a file, say what it would change, and write it when asked; return the exit status.

    The difference goes to standard output, progress and errors to standard error; with errors nothing is written
    and the status is 2.

    Args:
        kind: of table.
        path: the file.
        wet_run: whether to write.
        at: when.
        importer: of that kind, made for this call; else the one of the site.
    """
    from traitdunion.audit import actors  # the models can be loaded only once Django is started
    from traitdunion.exchange import registry

    importer = importer or registry.importer(kind)
    if importer is None:
        raise CommandRefusedError(f"Aucun import de nature « {kind} » n’est connu de ce site.")
    try:
        table = read_path(path)
    except OSError as fault:
        raise CommandRefusedError(
            f"Le fichier « {path} » ne peut pas être lu : {reason(fault)}. Vérifiez son nom et vos droits."
        ) from fault
    try:
        if wet_run:
            what = "du plan" if kind == "plan" else f"des {kind}"
            actor = actors.task(f"import {what} en ligne de commande ({getpass.getuser()})")
            outcome = importer.apply(table, actor=actor, at=at, progress=_tell)
        else:
            outcome = importer.check(table, at=at, progress=_tell)
    except KeyboardInterrupt:
        print(
            "\nInterrompu : rien n’est écrit à moitié. Refaites le contrôle avant de recommencer.",
            file=sys.stderr,
        )
        raise
    except DatabaseError as fault:
        raise CommandRefusedError(
            f"La base de données a refusé le travail ({type(fault).__name__}) ; rien n’a été changé. "
            "Vérifiez DATABASE_URL et les migrations."
        ) from fault
    if sys.stderr.isatty():
        print(file=sys.stderr)
    if outcome.errors:
        _tell_errors([str(error) for error in outcome.errors])
        return 2
    summary = outcome.difference.summary()
    print(f"{summary[:1].upper()}{summary[1:]}.")
    for note in outcome.notes:
        print(note)
    for change in outcome.difference.changes[:SHOWN_CHANGES]:
        told = (
            " → ".join(part or "vide" for part in (change.before, change.after))
            if change.field
            else change.after
        )
        print(
            f"  {change.kind.label} : {change.subject}{f', {change.field}' if change.field else ''} : {told or ''}"
        )
    rest = len(outcome.difference.changes) - SHOWN_CHANGES
    if rest > 0:
        print(f"  … et {rest} autres.")
    print("C’est écrit." if wet_run else "Rien n’est écrit : ajoutez --wet-run pour appliquer.")
    return 0


def _tell(done: int, total: int) -> None:
    said = f"{done} {'ligne' if done < 2 else 'lignes'} sur {total}"
    print(f"\r{said}" if sys.stderr.isatty() else f"{said}\n", end="", file=sys.stderr)


def _tell_errors(errors: Sequence[str]) -> None:
    noun = "erreur" if len(errors) == 1 else "erreurs"
    print(f"{len(errors)} {noun} dans le fichier : rien n’a été changé.", file=sys.stderr)
    for error in errors[:SHOWN_ERRORS]:
        print(f"  {error}", file=sys.stderr)
    if len(errors) > SHOWN_ERRORS:
        print(f"  … et {len(errors) - SHOWN_ERRORS} autres.", file=sys.stderr)
