"""The ``traitdunion`` command."""

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import Final, Protocol, cast

from traitdunion.cli.arguments import Parser
from traitdunion.core.errors import Refusal

COMMANDS: Final = {
    "demo": ("traitdunion.cli.demo", "sert le site de démonstration sur cette machine"),
    "assets": ("traitdunion.cli.assets", "récupère les composants de page et le code géographique"),
    "deadlines": ("traitdunion.cli.deadlines", "calcule les actes que la loi attend, et pourquoi"),
    "law": (
        "traitdunion.cli.law",
        "montre un texte à une date, ce qui change, ce qu’un projet ferait bouger",
    ),
    "plan": ("traitdunion.cli.plan", "importe ou exporte le plan"),
    "conventions": ("traitdunion.cli.conventions", "importe ou exporte les conventions"),
    "barometer": ("traitdunion.cli.barometer", "analyse des réponses au baromètre, prévoit sa précision"),
    "review": (
        "traitdunion.cli.review",
        "vérifie un dossier de preuve sans le site, écrit les bilans d’un trimestre",
    ),
    "manage": ("traitdunion.cli.manage", "lance une commande de Django (migrate, check…)"),
}
"""Name of each command, its module, imported only when it is called, and its line in the help."""

DEMO: Final = "--demo"
INTERRUPTED: Final = 130
UNREAD: Final = 141


class Command(Protocol):
    """What the module of a command offers."""

    configure: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command the arguments name and return its exit status: 2 for an expected refusal."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    on_demo = words[:1] == [DEMO]
    words = words[1:] if on_demo else words
    chosen = _root().parse_args(words[:1]).command
    module, about = COMMANDS[chosen]
    try:
        if on_demo:
            _aim_at_demo()
        command = cast("Command", importlib.import_module(module))
        parser = Parser(prog=f"traitdunion {chosen}", description=f"{about[0].upper()}{about[1:]}.")
        command.configure(parser)
        return _said(command.run(parser.parse_args(words[1:])))
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 2
    except BrokenPipeError:  # who read our output has left, as in « | head »
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNREAD
    except KeyboardInterrupt:
        return INTERRUPTED


def _aim_at_demo() -> None:
    from traitdunion.cli import checkout, demo  # only for those who ask: it loads a good deal

    demo.aim(checkout.demo_folder())


def _said(status: int) -> int:
    """Return the status once all that was printed has left: a reader who is gone is noticed here."""
    sys.stdout.flush()
    return status


def _root() -> Parser:
    lines = "\n".join(f"  {name:<14}{about}" for name, (_, about) in COMMANDS.items())
    parser = Parser(
        prog="traitdunion",
        usage="traitdunion [--demo] COMMANDE …",
        description="Trait d’union : le travail commun des préfectures et des agences régionales de santé.",
        epilog=f"commandes :\n{lines}\n\n« traitdunion COMMANDE --help » dit les options de chacune.\n"
        "« --demo » vise la démonstration qui tourne sur cette machine, au lieu d’un site en production.",
    )
    parser.add_argument(
        "command", choices=list(COMMANDS), metavar="COMMANDE", help="voir la liste ci-dessous"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
