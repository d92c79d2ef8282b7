"""Fork ready workers: Django is loaded once, so that a worker lives within milliseconds of being asked for.

Each line read on standard input, the port of a mail server, starts one ``procrastinate worker``; its process number is
printed. The children are ordinary workers: they run the same command as in production and are killed one by one.
"""

import os
import signal
import sys

import django
from django.conf import settings
from django.core.management import call_command


def main():
    django.setup()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead are forgotten at once
    for port in sys.stdin:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            settings.MAILERS["default"]["OPTIONS"]["port"] = int(port)
            call_command("procrastinate", "worker")
            os._exit(0)
        print(child, flush=True)


if __name__ == "__main__":
    main()
