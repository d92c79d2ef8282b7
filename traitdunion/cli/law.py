"""``traitdunion law``: a text as it stood, what changed in it, and what a draft would move. Reads plain files only."""

import argparse
import json
import os
from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Final

from traitdunion.cli.files import CommandRefusedError, read_in, write_out
from traitdunion.cli.lines import batches, mapped, opened
from traitdunion.law import replay, showing
from traitdunion.law.counting import Instant, instant
from traitdunion.law.facts import FactsError, read_instant
from traitdunion.law.impact import as_json, note
from traitdunion.law.replay import Draft, DraftError, Impact, read_draft
from traitdunion.law.texts import TEXTS, Text

DRAFT_BYTES: Final = 1_000_000


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the verbs and their options."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERBE", title="verbes")
    shown = verbs.add_parser(
        "show",
        prog=f"{parser.prog} show",
        description="Montre un texte à une date ; sans texte, les liste.",
    )
    shown.add_argument("text", metavar="TEXTE", nargs="?", help="son nom court (csp-l3211, d2018…)")
    shown.add_argument("--at", metavar="JOUR", help="jour auquel on lit (par défaut, aujourd’hui)")
    shown.add_argument("--format", choices=["md", "json"], default="md", help="md (par défaut) ou json")
    changed = verbs.add_parser(
        "diff", prog=f"{parser.prog} diff", description="Montre ce qui change dans un texte entre deux jours."
    )
    changed.add_argument("text", metavar="TEXTE", help="son nom court")
    changed.add_argument("--from", dest="start", metavar="JOUR", required=True, help="premier jour")
    changed.add_argument("--to", dest="end", metavar="JOUR", required=True, help="second jour")
    changed.add_argument("--json", action="store_true", help="en JSON plutôt qu’en français")
    tried = verbs.add_parser(
        "replay",
        prog=f"{parser.prog} replay",
        description="Applique un projet de texte à toute une base, sans rien y écrire : ce qui bougerait, et où.",
    )
    tried.add_argument(
        "--register",
        metavar="BASE.jsonl",
        required=True,
        help="les faits, une mesure par ligne (« - » : entrée standard)",
    )
    tried.add_argument(
        "--with", dest="draft", metavar="PROJET.toml", type=Path, required=True, help="le projet"
    )
    tried.add_argument("--at", metavar="INSTANT", help="instant auquel on regarde (par défaut, maintenant)")
    tried.add_argument(
        "--lecture", choices=["A", "B"], default="A", help="lecture de la conservation (A par défaut)"
    )
    tried.add_argument("--json", action="store_true", help="les comptes en JSON plutôt que la note")
    tried.add_argument(
        "--out", metavar="NOTE.md", type=Path, help="fichier de la note d’impact (sinon, la sortie)"
    )
    tried.add_argument(
        "--list", metavar="IDS.txt", type=Path, help="identifiants (« id ») des mesures touchées"
    )
    tried.add_argument("--jobs", metavar="N", type=int, help="processus (par défaut, tous les cœurs)")


def run(options: argparse.Namespace) -> int:
    """Show a text, tell what changed, or try a draft."""
    if options.verb == "show":
        return _show(options)
    return _diff(options) if options.verb == "diff" else _replay(options)


def _show(options: argparse.Namespace) -> int:
    if options.text is None:
        print("\n".join(f"{text.name:<14}{text.title}" for text in TEXTS.values()))
        return 0
    text, day = _text(options.text), _day(options.at, "--at")
    told = json.dumps(showing.show(text, day), ensure_ascii=False, indent=2)
    print(told if options.format == "json" else "\n".join(showing.page(text, day)))
    return 0


def _diff(options: argparse.Namespace) -> int:
    text, start, end = _text(options.text), _day(options.start, "--from"), _day(options.end, "--to")
    if end < start:
        raise CommandRefusedError("--to précède --from : donnez le jour le plus ancien dans --from.")
    told = json.dumps(showing.difference(text, start, end), ensure_ascii=False, indent=2)
    print(told if options.json else "\n".join(showing.difference_told(text, start, end)))
    return 0


def _text(name: str) -> Text:
    if name not in TEXTS:
        raise CommandRefusedError(f"Le texte « {name[:40]} » est inconnu : on connaît {', '.join(TEXTS)}.")
    return TEXTS[name]


def _day(given: str | None, option: str) -> date:
    if given is None:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise CommandRefusedError(
            f"{option} vaut « {given[:40]} » : on attend un jour, comme 2026-04-24."
        ) from None


def _replay(options: argparse.Namespace) -> int:
    jobs = options.jobs or os.cpu_count() or 1
    if jobs < 1:
        raise CommandRefusedError("--jobs est un nombre de processus, 1 au moins.")
    content, at = _content(options.draft), _instant(options.at)
    draft = _draft(content)
    work = partial(_share, content=content, at=at, reading=options.lecture)
    whole = Impact()
    with opened(options.register) as source:
        for share in mapped(work, batches(source), jobs):
            whole.add(share)
    if options.list is not None:
        write_out("".join(f"{name}\n" for name in whole.touched).encode(), options.list)
    told = json.dumps(as_json(draft, whole), ensure_ascii=False, indent=2) + "\n"
    return write_out(
        (told if options.json else note(draft, whole, reading=options.lecture)).encode(), options.out
    )


def _content(path: Path) -> str:
    try:
        return read_in(path, most=DRAFT_BYTES).decode()
    except UnicodeDecodeError:
        raise CommandRefusedError(f"Le fichier « {path} » n’est pas en UTF-8.") from None


@lru_cache(maxsize=1)
def _draft(content: str) -> Draft:
    try:
        return read_draft(content)
    except DraftError as refusal:
        raise CommandRefusedError(str(refusal)) from refusal


def _share(lines: Iterable[bytes], *, content: str, at: Instant, reading: str) -> Impact:
    """Return what the draft would move in a batch; runs in a process of its own."""
    return replay.impact(lines, _draft(content), at, reading=reading)


def _instant(given: str | None) -> Instant:
    if given is None:
        return instant(datetime.now(UTC))
    try:
        return read_instant(given, "--at")
    except FactsError as refusal:
        raise CommandRefusedError(str(refusal)) from refusal
