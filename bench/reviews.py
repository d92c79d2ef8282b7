"""Time a quarter of bilans: opened for the 101 départements, signed, its documents made, a proof pack verified.

    python -m bench reviews

The data of the demonstration on a PostgreSQL that keeps its writes, and the worker of production. A quarter that the
demonstration left closed is opened as the calendar opens it, with the national bilan; each bilan of a département is
offered, and signed by the préfet and the director in post where there is one. The documents (PDF, DOCX, ODS, JSON, and
the proof pack once signed) are made by the worker, from the press of the button to the end of the run; then by the
command, as typed, and the two are compared byte for byte. A pack is verified as typed too: start of Python included.
"""

import io
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from datetime import timedelta
from pathlib import Path

from bench import machine
from traitdunion.cli.embedded_postgres import EmbeddedPostgres
from traitdunion.cli.postgres_binaries import COPIES

LIMIT_SECONDS = 60
RUNS = 3
WORKER = [sys.executable, "-m", "django", "procrastinate", "worker"]
COMMAND = [sys.executable, "-m", "traitdunion.cli.main", "review"]


def timed(step):
    begin = time.perf_counter()
    done = step()
    return time.perf_counter() - begin, done


def main(_arguments: list[str]) -> int:
    load = os.getloadavg()[0]
    home = Path(tempfile.mkdtemp(prefix="traitdunion-bench-", dir=COPIES if os.geteuid() == 0 else None))
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(home, durable=True, remove=True) as server:
        server.create_database("bench")
        environment = prepare(server.url("bench"), Path(folder))
        os.environ.update(environment)
        import django

        django.setup()
        quarter, lines, seconds = measure(environment, Path(folder))
        from django.db import connection

        connection.close()
    for line in machine.describe(f"démonstration, {quarter}"):
        print(line)
    print(f"Charge de la machine avant la mesure : {load:.1f} processus pour {os.cpu_count()} cœurs")
    print("\n".join(lines))
    kept = seconds <= LIMIT_SECONDS
    print(
        f"\nPromesse (tous les documents en {LIMIT_SECONDS} s par le worker) : {'tenue' if kept else 'non tenue'}"
    )
    return 0 if kept else 1


def prepare(url: str, folder: Path) -> dict[str, str]:
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "config.settings.demo",
        "TRAITDUNION_SECRET_KEY": "mesure " * 10,
        "TRAITDUNION_DEMO_MAIL": str(folder / "mail"),
        "TRAITDUNION_BILAN_KEY": str(folder / "cle.pem"),
        "TRAITDUNION_BILAN_KEYS": str(folder / "cles.json"),
    }
    for command in (["migrate", "--verbosity=0"], ["demo_data"]):
        subprocess.run(
            [sys.executable, "-m", "django", *command], env=environment, check=True, stdout=subprocess.DEVNULL
        )
    return environment


def measure(environment: dict[str, str], folder: Path):
    from django.utils import timezone

    from traitdunion.reviews import keyring
    from traitdunion.reviews.models import Review
    from traitdunion.reviews.rules import Quarter

    at, today = timezone.now(), timezone.localdate()
    private, chain = keyring.new_key(at=at - timedelta(days=365))
    (folder / "cle.pem").write_bytes(private)
    (folder / "cle.pem").chmod(0o600)
    (folder / "cles.json").write_bytes(chain)
    quarter = Quarter.of(today).previous
    while Review.objects.filter(quarter=str(quarter)).exists():
        quarter = quarter.previous
    opening, count = timed(lambda: opened(quarter, today, at))
    offering = timed(lambda: offered(quarter, at))[0]
    signing, signatures = timed(lambda: signed(quarter, today, at))
    working, archive = by_worker(quarter, environment, at)
    before = busy()
    runs = [by_command(quarter, folder / f"bilans-{rank}") for rank in range(RUNS)]
    worked = (busy() - before) / RUNS
    written = {path.name: path.read_bytes() for path in (folder / "bilans-0").iterdir()}
    same = {name: content for name, content in archive.items() if name != "LISEZMOI.txt"} == written
    packs = sorted(folder.glob("bilans-0/*.zip"))
    verifying = [verified(path) for path in packs[: RUNS * 3]]
    sizes = sum(map(len, written.values())) / 1e6
    by_hand = f"{min(runs):.1f} s (meilleur de {RUNS}), {statistics.median(runs):.1f} s (médiane)"
    checking = f"{min(verifying):.2f} s (meilleur de {len(verifying)}), {statistics.median(verifying):.2f} s (médiane)"
    made = f"{len(written)} fichiers, dont {len(packs)} dossiers de preuve, {sizes:.1f} Mo"
    lines = [
        f"  ouvrir le trimestre : {opening:.2f} s, {count} bilans écrits",
        f"  proposer à la signature : {offering:.1f} s, PDF faits et figés",
        f"  signer : {signing:.1f} s, {signatures} signatures",
        f"  documents par le worker : {working:.1f} s, de la demande à la fin ({made})",
        f"  documents par la commande, un seul processus : {by_hand}, démarrage compris",
        f"  travail du processeur pour eux tous : {worked:.1f} s (la charge de la machine n’y entre pas)",
        f"  mêmes octets des deux façons : {'oui' if same else 'NON'}",
        f"  vérifier un dossier de preuve : {checking}, démarrage compris",
    ]
    return f"{count} bilans du {quarter.label}", lines, working if same else float("inf")


def busy() -> float:
    """Return the seconds of processor that the commands already run have taken."""
    spent = os.times()
    return spent.children_user + spent.children_system


def opened(quarter, today, at) -> int:
    from traitdunion.audit.actors import task
    from traitdunion.reviews import actions_opening
    from traitdunion.reviews.models import Review

    actions_opening.open_quarter(quarter, today=today, actor=task("mesure"), at=at)
    actions_opening.open_national(quarter, today=today, actor=task("mesure"), at=at)
    return Review.objects.filter(quarter=str(quarter)).count()


def versions(quarter):
    from traitdunion.reviews import queries
    from traitdunion.reviews.models import Review

    return queries.last_versions(Review.objects.filter(quarter=str(quarter), level="departement"))


def offered(quarter, at) -> None:
    from traitdunion.audit.actors import task
    from traitdunion.reviews import actions_signing
    from traitdunion.reviews.kinds import Party

    for version in versions(quarter):
        actions_signing.offer(version, side=Party.ARS, actor=task("mesure"), at=at)


def signed(quarter, today, at) -> int:
    from traitdunion.identity.kinds import Role
    from traitdunion.identity.models import Mandate
    from traitdunion.reviews import actions_signing, keyring
    from traitdunion.reviews.kinds import Party

    key = keyring.site_key()
    posts = Mandate.objects.current(today).select_related("person", "post__organisation")
    prefets = {each.post.departement_id: each for each in posts.filter(post__role=Role.PREFET.value)}
    directors = {each.post.region_id: each for each in posts.filter(post__role=Role.DG_ARS.value)}
    count = 0
    for version in versions(quarter):
        place = version.review.departement
        who = {Party.PREFECTURE: prefets.get(place.code), Party.ARS: directors.get(place.region_id)}
        for side, mandate in who.items():
            if mandate is not None:
                actions_signing.sign(
                    version,
                    side=side,
                    mandate=mandate,
                    sha256=version.document_sha256,
                    day=today,
                    key=key,
                    at=at,
                )
                count += 1
    return count


def by_worker(quarter, environment, at) -> tuple[float, dict[str, bytes]]:
    """Return the seconds from the press of the button to the end, and the files."""
    from traitdunion.audit.actors import task
    from traitdunion.reviews import actions_documents, queries_documents, tasks
    from traitdunion.reviews.models import DocumentRun

    with subprocess.Popen(
        WORKER, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as worker:
        try:
            time.sleep(8)  # it has started, and waits as in production
            begin = time.perf_counter()
            run = actions_documents.ask(quarter, actor=task("mesure"), at=at)
            tasks.prepare_documents(run.pk)
            while not DocumentRun.objects.filter(pk=run.pk, finished_at__isnull=False).exists():
                time.sleep(0.1)
            taken = time.perf_counter() - begin
        finally:
            worker.send_signal(signal.SIGTERM)
    with zipfile.ZipFile(io.BytesIO(queries_documents.archive(run))) as archive:
        return taken, {name: archive.read(name) for name in archive.namelist()}


def by_command(quarter, out: Path) -> float:
    return command("build", "--quarter", str(quarter), "--out", str(out))


def verified(path: Path) -> float:
    return command("verify", str(path))


def command(*words: str) -> float:
    taken, done = timed(
        lambda: subprocess.run([*COMMAND, *words], capture_output=True, text=True, check=False)
    )
    if done.returncode:
        raise SystemExit(f"review {words[0]} : {done.stderr[-2000:]}{done.stdout[-2000:]}")
    return taken


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
