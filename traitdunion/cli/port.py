"""Whether the ports of the demonstration can be opened.

Run alone by any Python 3: ``scripts/bootstrap`` asks before it fetches anything.
"""

import socket
import sys

ADDRESS = "127.0.0.1"


def refusal_of_ports(first: int) -> str:
    """Return why the port or the next one, which the register takes, cannot be opened; empty when both can."""
    return _refusal(first) or _refusal(first + 1)


def _refusal(port: int) -> str:
    if not 1 <= port <= 65535:
        return f"Le port {port} n’existe pas : donnez un nombre entre 1 et 65535."
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except PermissionError:
            return (
                f"Le port {port} est réservé à root : choisissez-en un au-dessus de 1024, "
                "par exemple « make demo PORT=8001 »."
            )
        except OSError:
            return (
                f"Le port {port} est déjà pris sur {ADDRESS} : arrêtez ce qui l’occupe, ou choisissez-en un autre, "
                f"par exemple « make demo PORT={port + 1 if port < 65535 else 8001} »."
            )
    return ""


if __name__ == "__main__":
    # What is no number is left to the command, which says it as its other options.
    refused = refusal_of_ports(int(sys.argv[1])) if sys.argv[1].isdigit() else ""
    if refused:
        # The terminal of an old Python may not be in UTF-8.
        sys.stderr.buffer.write(f"{refused}\n".encode())
        sys.exit(2)
