"""Command lines that speak French."""

import argparse
import re
import sys
from collections.abc import Iterable
from typing import Final, NoReturn, override

_SENTENCES: Final = (
    (
        r"the following arguments are required: (?P<names>.+)",
        "il manque {names} : ajoutez-le à la commande",
    ),
    (
        r"unrecognized arguments: (?P<words>.+)",
        "« {words} » n’est pas une option de cette commande : retirez-la",
    ),
    (
        r"argument (?P<name>.+?): invalid choice: (?P<value>.+?) \(choose from (?P<choices>.+)\)",
        "{name} vaut {value} : on attend l’un de {choices}",
    ),
    (
        r"argument (?P<name>.+?): invalid (?P<kind>\w+) value: (?P<value>.+)",
        "{name} vaut {value} : cette valeur n’est pas de la forme attendue",
    ),
    (r"argument (?P<name>.+?): expected .+", "{name} attend une valeur : donnez-la après l’option"),
    (
        r"argument (?P<name>.+?): not allowed with argument (?P<other>.+)",
        "{name} et {other} ne vont pas ensemble : gardez l’un des deux",
    ),
    (r"argument (?P<name>.+?): (?P<reason>.+)", "{name} : {reason}"),
)


class Parser(argparse.ArgumentParser):
    """A parser whose help and errors are in French; an error is one sentence, with exit status 2."""

    def __init__(
        self, *, prog: str, description: str, usage: str | None = None, epilog: str | None = None
    ) -> None:
        super().__init__(
            prog=prog,
            description=description,
            usage=usage,
            epilog=epilog,
            add_help=False,
            allow_abbrev=False,
            formatter_class=_Formatter,
        )
        self._positionals.title = "ce que l’on donne"
        self._optionals.title = "options"
        self.add_argument("-h", "--help", action="help", help="montre cette aide")

    @override
    def error(self, message: str) -> NoReturn:
        print(f"{_sentence(message)} (« {self.prog} --help » montre l’aide).", file=sys.stderr)
        raise SystemExit(2)


class _Formatter(argparse.RawDescriptionHelpFormatter):
    @override
    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[argparse._MutuallyExclusiveGroup],
        prefix: str | None = None,
    ) -> None:
        super().add_usage(usage, actions, groups, "Usage : " if prefix is None else prefix)


def _sentence(message: str) -> str:
    for pattern, sentence in _SENTENCES:
        found = re.fullmatch(pattern, message)
        if found:
            return sentence.format(**found.groupdict())
    return message
