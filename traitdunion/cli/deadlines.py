"""``traitdunion deadlines``: every act the law expects in a measure, from facts in JSON, without site or database."""

import argparse
import os
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import orjson

from traitdunion.cli.files import CommandRefusedError, read_in
from traitdunion.cli.lines import BATCH, batches, mapped, opened
from traitdunion.law import facts as told
from traitdunion.law.counting import Instant, instant
from traitdunion.law.deadlines import LAW, MOST_BYTES, answer, decode, stream
from traitdunion.law.facts import FactsError
from traitdunion.law.obligation import Law


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "facts", metavar="FAITS.json", nargs="?", help="les faits d’une mesure ; « - » pour l’entrée standard"
    )
    parser.add_argument(
        "--at",
        metavar="INSTANT",
        help="instant auquel on regarde, avec son décalage (par défaut, maintenant)",
    )
    parser.add_argument(
        "--stream",
        action="store_true",
        help="une mesure par ligne (JSON Lines), une réponse par ligne, dans l’ordre",
    )
    parser.add_argument(
        "--brief",
        action="store_true",
        help="avec --stream : ce qui change d’une mesure à l’autre, sans les textes",
    )
    parser.add_argument(
        "--rules", metavar="CLES", help="ces règles seulement, séparées par des virgules (J1,J2)"
    )
    parser.add_argument(
        "--jobs", metavar="N", type=int, help="avec --stream : processus (par défaut, tous les cœurs)"
    )
    parser.add_argument("--vocabulary", action="store_true", help="montre le vocabulaire des faits")


def run(options: argparse.Namespace) -> int:
    """Print the deadlines of a measure, of each line of a file, or the vocabulary."""
    if options.vocabulary:
        print("\n".join(vocabulary()))
        return 0
    if options.facts is None:
        raise CommandRefusedError("Il manque le fichier des faits ; « - » lit l’entrée standard.")
    at, law = _instant(options.at), _law(options.rules)
    if options.stream:
        return _stream(options, at, law)
    if options.brief or options.jobs:
        raise CommandRefusedError("--brief et --jobs vont avec --stream.")
    try:
        content = (
            sys.stdin.buffer.read(MOST_BYTES + 1) if options.facts == "-" else _read(Path(options.facts))
        )
        found = answer(decode(content), at, law=law)
    except FactsError as refusal:
        raise CommandRefusedError(str(refusal)) from refusal
    sys.stdout.buffer.write(orjson.dumps(orjson.loads(found), option=orjson.OPT_INDENT_2) + b"\n")
    return 0


def _read(path: Path) -> bytes:
    return read_in(path, most=MOST_BYTES)


def _instant(given: str | None) -> Instant:
    if given is None:
        return instant(datetime.now(UTC))
    try:
        return told.read_instant(given, "--at")
    except FactsError as refusal:
        raise CommandRefusedError(str(refusal)) from refusal


def _law(keys: str | None) -> Law:
    if keys is None:
        return LAW
    wanted = {key.strip() for key in keys.split(",")}
    kept = {key: rule for key, rule in LAW.rules.items() if key in wanted or rule.row in wanted}
    unknown = wanted - {name for rule in kept.values() for name in (rule.key, rule.row)}
    if unknown:
        raise CommandRefusedError(
            f"--rules : « {min(unknown)[:40]} » n’est pas une règle ; « traitdunion law show » les liste."
        )
    return Law(kept)


def _stream(options: argparse.Namespace, at: Instant, law: Law) -> int:
    """Answer line by line, in order; refused lines are told where they stand, and make the status 2."""
    jobs = options.jobs or os.cpu_count() or 1
    if jobs < 1:
        raise CommandRefusedError("--jobs est un nombre de processus, 1 au moins.")
    work = partial(_answers, at=at, keys=tuple(law.rules), brief=options.brief)
    refused, first = 0, 0
    with opened(options.facts) as source:
        for number, (content, errors) in enumerate(mapped(work, batches(source), jobs)):
            sys.stdout.buffer.write(content)
            if errors and not refused:
                first = number * BATCH + errors[0] + 1
            refused += len(errors)
    if refused:
        sys.stdout.flush()
        s = "s" if refused > 1 else ""
        print(
            f"{refused} ligne{s} refusée{s}, la première est la ligne {first} : lisez « error » à sa place.",
            file=sys.stderr,
        )
        return 2
    return 0


def _answers(
    lines: tuple[bytes, ...], *, at: Instant, keys: tuple[str, ...], brief: bool
) -> tuple[bytes, list[int]]:
    """Return what a batch answers and which of its lines were refused; runs in a process of its own."""
    law = LAW if len(keys) == len(LAW.rules) else Law({key: LAW.rules[key] for key in keys})
    found = list(stream(lines, at, law=law, brief=brief))
    return b"\n".join(found) + b"\n", [
        rank for rank, line in enumerate(found) if line.startswith(b'{"error"')
    ]


def vocabulary() -> list[str]:
    """Return what facts are made of, line by line."""
    lines = ["Modes", ""]
    lines += [f"  {mode.value:<12}{about}" for mode, about in told.MODES.items()]
    lines += ["", "Événements (« type » ; « at » est un instant avec son décalage)", ""]
    for name, kind in told.VOCABULARY.items():
        lines.append(f"  {name:<30}{kind.about}{' ; avant l’admission aussi' if kind.early else ''}")
        for field, values in sorted(kind.closed.items()):
            must = "" if field in kind.needs else "facultatif, "
            lines.append(f"  {'':<30}  « {field} » : {must}{' | '.join(sorted(values))}")
        for field in sorted(kind.instants):
            must = "" if field in kind.needs else "facultatif, "
            lines.append(f"  {'':<30}  « {field} » : {must}un instant")
    lines += [
        "",
        "Tout événement peut porter « author », « hospital », « departement » (après un transfert), « note » et",
        "« recorded_at », l’instant où il a été enregistré : avant lui, il n’est pas connu.",
        "Les faits portent « mode », « departement », « events », et s’il y a lieu « renforce » : true et « id ».",
    ]
    return lines
