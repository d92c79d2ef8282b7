"""``traitdunion manage``: Django's own commands, with the production settings unless told otherwise."""

import argparse
import os

from django.core.management import execute_from_command_line


def configure(parser: argparse.ArgumentParser) -> None:
    """Take every word as it is: Django reads them."""
    parser.prefix_chars = "\0"
    parser.add_argument("words", nargs="*", metavar="MOT", help="commande de Django et ses options")


def run(options: argparse.Namespace) -> int:
    """Run Django's command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.coordination")
    execute_from_command_line(["traitdunion manage", *options.words])
    return 0
