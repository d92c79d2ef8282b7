"""``traitdunion review build``: the files of the bilans of a quarter, the same bytes as on the site.

Django is imported once this verb runs, and not before: ``verify`` works where it is not installed.
"""

import argparse
import difflib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from traitdunion.cli.files import CommandRefusedError, reason
from traitdunion.reviews.rules import Quarter, QuarterError

if TYPE_CHECKING:
    from traitdunion.reviews.models import Version

NEAREST: Final = 3


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--quarter", metavar="TRIMESTRE", required=True, help="par exemple 2026-T3")
    parser.add_argument(
        "--departement",
        metavar="CODE",
        help="un seul département, par exemple 67 ; sinon tous, et le national",
    )
    parser.add_argument(
        "--out",
        metavar="DOSSIER",
        type=Path,
        required=True,
        help="dossier neuf ou vide où écrire les fichiers",
    )


def run(options: argparse.Namespace) -> int:
    """Write PDF, DOCX, ODS and JSON of each bilan, and its proof pack once it is signed: all of them, or none."""
    try:
        quarter = Quarter.read(options.quarter)
    except QuarterError as refusal:
        raise CommandRefusedError(f"--quarter : {refusal}") from refusal
    from django.db import DatabaseError

    from traitdunion.cli import table_commands

    table_commands.start_django()
    try:
        with _new_folder(options.out) as draft:
            count = _write(quarter, options.departement, draft)
    except DatabaseError as fault:
        raise CommandRefusedError(
            f"La base de données ne répond pas comme attendu ({type(fault).__name__}) ; rien n’est écrit. "
            "Vérifiez DATABASE_URL et les migrations."
        ) from fault
    print(f"{count} fichiers du {quarter.label} dans « {options.out} ».")
    return 0


def _write(quarter: Quarter, departement: str | None, draft: Path) -> int:
    from traitdunion.reviews import files  # the models can be loaded only once Django is started

    versions = _versions(quarter, departement)
    count = 0
    for done, version in enumerate(versions, start=1):
        made = files.every(version)
        if made.problem:
            raise CommandRefusedError(f"{version.review} : {made.problem} Rien n’est écrit.")
        for name, content in made.contents.items():
            (draft / name).write_bytes(content)
            count += 1
        _tell(done, len(versions))
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return count


def _versions(quarter: Quarter, departement: str | None) -> "list[Version]":
    from traitdunion.reviews import queries  # see above
    from traitdunion.reviews.models import Review

    reviews = Review.objects.filter(quarter=str(quarter))
    if departement is not None:
        reviews = reviews.filter(departement=_known(departement))
    versions = list(queries.last_versions(reviews))
    if not versions:
        where = "" if departement is None else f" dans le département {departement}"
        raise CommandRefusedError(
            f"Aucun bilan du {quarter.label} n’est ouvert{where} : il s’ouvre le lendemain du trimestre. "
            "Donnez un autre trimestre."
        )
    return sorted(versions, key=lambda each: each.review.departement_id or "national")


def _known(code: str) -> str:
    """Return the code of a département.

    Raises:
        CommandRefusedError: there is none such; the nearest are named.
    """
    from traitdunion.territories.models import Departement  # see above

    names = dict(Departement.objects.order_by("code").values_list("code", "name"))
    wanted = code.strip().upper()
    if wanted in names:
        return wanted
    by_name = {name.casefold(): each for each, name in names.items()}
    near = [by_name[name] for name in difflib.get_close_matches(code.strip().casefold(), by_name, NEAREST)]
    near += [
        each
        for each in difflib.get_close_matches(wanted.rjust(2, "0"), names, NEAREST, 0.5)
        if each not in near
    ]
    hint = ", ".join(f"{each} ({names[each]})" for each in near[:NEAREST]) or "01 (Ain)"
    raise CommandRefusedError(
        f"--departement vaut « {code[:40]} » : aucun département n’a ce code. Les plus proches : {hint}."
    )


@contextmanager
def _new_folder(out: Path) -> Iterator[Path]:
    """Give a folder to fill, that takes its name once it is full; left in the middle, nothing stays."""
    target = out.resolve()
    try:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise CommandRefusedError(
                f"« {out} » existe et n’est pas un dossier vide : choisissez-en un neuf, rien n’y est écrit."
            )
        # Beside the folder, so that the last step is one change of name.
        draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".partiel", dir=target.parent))
        try:
            yield draft
            draft.chmod(0o755)  # mkdtemp closes it to others
            draft.replace(target)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as fault:
        raise CommandRefusedError(
            f"Le dossier « {out} » ne peut pas être écrit : {reason(fault)}. Choisissez un autre dossier."
        ) from fault


def _tell(done: int, total: int) -> None:
    line = f"{done} {'bilans' if total > 1 else 'bilan'} sur {total}"
    live = sys.stderr.isatty()
    print(f"\r{line}" if live else line, end="" if live else "\n", file=sys.stderr, flush=True)
