"""What a command says when it cannot do what was asked."""

from traitdunion.core.errors import Refusal


class LauncherError(Refusal):
    """A process, a folder or a port the command needs cannot be had; the message is one French sentence."""
