"""Time a national campaign: 101 départements, two sides, six people, 1,212 letters written then sent.

    python -m bench campaign [KILLS]

A PostgreSQL that keeps its writes, the worker of production, a real mail server on loopback (aiosmtpd). The first wave
is timed from the press of « Ouvrir » to the last letter taken by the server. In the second, the worker is killed KILLS
times (8 by default) in the middle and another takes over: what the server received is counted.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from email import message_from_bytes
from pathlib import Path

from aiosmtpd.controller import Controller

from bench import machine
from traitdunion.cli.embedded_postgres import EmbeddedPostgres
from traitdunion.cli.postgres_binaries import COPIES

PEOPLE = 6
LIMIT_SECONDS = 60
WORKER = [sys.executable, "-m", "django", "procrastinate", "worker"]


class Mailbox:
    """Every Message-ID that the server took."""

    def __init__(self) -> None:
        self.ids: Counter[str] = Counter()

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802  # the name that aiosmtpd calls
        self.ids[message_from_bytes(envelope.content)["Message-ID"]] += 1
        return "250 OK"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def start(environment) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        WORKER, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


def prepared(name: str):
    """Return a wave with six people on each side of each département."""
    from datetime import timedelta

    from django.utils import timezone

    from traitdunion.audit.actors import task
    from traitdunion.barometer import actions
    from traitdunion.barometer.kinds import Format, RosterRole
    from traitdunion.barometer.models import QuestionnaireVersion, RosterEntry
    from traitdunion.identity.kinds import Side
    from traitdunion.territories.models import Departement

    at, today = timezone.now(), timezone.localdate()
    day = today + timedelta(days=1)  # else the worker that starts opens it by itself
    calendar = actions.Calendar(
        covers_since=today, covers_until_on=today, opens_on=day, closes_on=day + timedelta(days=20)
    )
    actor = task("mesure")
    wave = actions.prepare(
        name=name, form=Format.FULL, questionnaire=QuestionnaireVersion.objects.get(), calendar=calendar,
        today=today, actor=actor, at=at,
    )  # fmt: skip
    wave.entries.all().delete()
    RosterEntry.objects.bulk_create(
        RosterEntry(
            wave=wave, departement_id=code, side=side.value, role=RosterRole.PSYCHIATRE.value, name="Personne",
            email=f"{side.value}{rank}.{code}@example.org", author_label=actor.label, recorded_at=at,
        )
        for code in Departement.objects.values_list("code", flat=True)
        for side in Side
        for rank in range(PEOPLE)
    )  # fmt: skip
    return wave


def opened(wave) -> float:
    """Open the wave as the page does and return how long the reader waited."""
    from django.utils import timezone

    from traitdunion.audit.actors import task
    from traitdunion.barometer import actions

    begin = time.perf_counter()
    actions.open_wave(wave, today=timezone.localdate(), actor=task("mesure"), at=timezone.now())
    return time.perf_counter() - begin


def followed(wave, begin: float, on_progress=lambda _sent: None) -> float:
    """Wait until every letter has left, as the page follows it; return the seconds since ``begin``."""
    from traitdunion.barometer import queries

    while not (dispatch := queries.dispatch_of(wave)).is_over:
        on_progress(dispatch.sent)
        time.sleep(0.25)
    return time.perf_counter() - begin


def timed(environment, mailbox: Mailbox) -> float:
    wave = prepared("Mesure")
    worker = start(environment)
    time.sleep(8)  # it has started, and waits as in production
    begin = time.perf_counter()
    written = opened(wave)
    shown: list[str] = []

    def tell(sent: int) -> None:
        elapsed = time.perf_counter() - begin
        if len(shown) < int(elapsed / 5):
            shown.append(f"{sent} à {elapsed:.0f} s")

    total = followed(wave, begin, tell)
    worker.send_signal(signal.SIGTERM)
    worker.wait()
    letters = len(mailbox.ids)
    print(f"  lettres écrites, feuilles tirées : {written:.1f} s (ce que la page attend)")
    print(f"  avancement affiché : {', '.join(shown) or 'fini avant cinq secondes'}")
    print(f"  dernière lettre partie : {total:.1f} s, {letters} lettres, {letters / total:.0f} par seconde")
    return total


def killed(environment, mailbox: Mailbox, kills: int) -> bool:
    from traitdunion.barometer import letters
    from traitdunion.notices.actions import message_id
    from traitdunion.notices.models import Notice

    mailbox.ids.clear()
    wave = prepared("Mesure, interrompue")
    steps = [round(rank * 101 * 2 * PEOPLE / (kills + 1)) for rank in range(1, kills + 1)]
    worker = start(environment)
    begin = time.perf_counter()
    opened(wave)

    def kill(sent: int) -> None:
        nonlocal worker
        if steps and sent >= steps[0]:
            steps.pop(0)
            worker.kill()
            worker.wait()
            worker = start(environment)

    total = followed(wave, begin, kill)
    worker.send_signal(signal.SIGTERM)
    worker.wait()
    prefix = letters.key_prefix(letters.INVITATION, wave.public_id)
    names = Notice.objects.filter(key__startswith=prefix).values_list("public_id", flat=True)
    expected = {message_id(name) for name in names}
    lost, strange = expected - set(mailbox.ids), set(mailbox.ids) - expected
    again = sum(count > 1 for count in mailbox.ids.values())
    print(
        f"  programme d’envoi tué {kills - len(steps)} fois, {total:.0f} s : {len(expected)} lettres écrites, "
        f"{len(lost)} perdues, {len(strange)} sous un autre Message-ID, {again} reçues deux fois sous le même"
    )
    return not lost and not strange


def main(arguments: list[str]) -> int:
    kills = int(arguments[0]) if arguments else 8
    for line in machine.describe(f"{101 * 2 * PEOPLE} personnes interrogées, une lettre chacune"):
        print(line)
    print(
        f"Charge de la machine avant la mesure : {os.getloadavg()[0]:.1f} processus pour {os.cpu_count()} cœurs"
    )
    mailbox, port = Mailbox(), free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    home = Path(tempfile.mkdtemp(prefix="traitdunion-bench-", dir=COPIES if os.geteuid() == 0 else None))
    try:
        with EmbeddedPostgres(home, durable=True, remove=True) as server:
            server.create_database("bench")
            environment = {
                **os.environ,
                "DATABASE_URL": server.url("bench"),
                "DJANGO_SETTINGS_MODULE": "config.settings.base",
                "TRAITDUNION_SECRET_KEY": "mesure " * 10,
                "TRAITDUNION_SMTP_PORT": str(port),
            }
            for command in (["migrate", "--verbosity=0"], ["load_territories"], ["load_questionnaire"]):
                subprocess.run(
                    [sys.executable, "-m", "django", *command],
                    env=environment,
                    check=True,
                    capture_output=True,
                )
            os.environ.update(environment)
            import django

            django.setup()
            seconds = timed(environment, mailbox)
            is_whole = killed(environment, mailbox, kills)
            from django.db import connection

            connection.close()
    finally:
        controller.stop()
    kept = seconds <= LIMIT_SECONDS and is_whole
    said = "tenue" if kept else "non tenue"
    print(f"\nPromesse (1 212 lettres en {LIMIT_SECONDS} s, aucune perdue ni doublée) : {said}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
