"""Time the pages as twenty people read them, and weigh a web process.

    python -m bench pages [--seconds 60] [--pause 2.0]

The demonstration is started as a user starts it (gunicorn with two processes, PostgreSQL that keeps its writes), on a
port and a folder of its own, with 101 départements and five years of history. Twenty people, each in a role, open
listed pages one after the other and pause between two, as one who reads; then the same without any pause, to show
where the machine saturates. Everything runs on the same processors: the load costs what it takes from the site.
"""

import argparse
import http.client
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections import defaultdict
from pathlib import Path

from bench import machine

USERS = 20
ROLES = (
    "desk_sante",
    "referent_prefecture",
    "referent_ars",
    "dg_ars",
    "sg_cipdr",
    "inspecteur",
    "prefet",
    "administrateur",
)
LIMIT_MS = 150
LIMIT_MIB = 250

# Name of the page: address, where {…} is the first such address that another page gives. Every page that is read and
# is not a form is here: tests/house/test_bench_pages.py holds it to the table of pages.
LISTED = {
    "plan public": "/",
    "preuve publique": "{preuves publiques}",
    "chiffre public": "/chiffre/en-vigueur/",
    "données ouvertes": "/donnees-ouvertes/",
    "vérifier un bilan": "/verifier-un-bilan/",
    "accessibilité": "/accessibilite/",
    "mentions légales": "/mentions-legales/",
    "données personnelles": "/donnees-personnelles/",
    "accueil": "/accueil/",
    "départements": "/departements/",
    "page du département": "/departements/67/",
    "recherche": "/recherche/?q=convention",
    "choix du mandat": "/identite/mandat/",
    "postes vacants": "/identite/postes-vacants/",
    "administration": "/identite/administration/",
    "organisations": "/identite/administration/organisations/",
    "organisation": "{organisations}",
    "personnes": "/identite/administration/personnes/",
    "personne": "{personnes}",
    "délégations": "/identite/administration/delegations/",
    "plan": "/plan/",
    "mesure": "{mesures}",
    "différence entre deux dates": "/plan/differences/",
    "registre des actions": "/plan/actions/",
    "action": "{actions}",
    "indicateur": "{indicateurs}",
    "preuve": "{preuves}",
    "conventions": "/conventions/",
    "convention": "{conventions}",
    "texte consolidé": "{conventions}texte/",
    "histoire d’un département": "/conventions/departements/67/",
    "modèles": "/conventions/modeles/",
    "modèle": "{modèles}",
    "vue nationale": "/conventions/vue-nationale/",
    "différence entre deux jours": "/conventions/differences/",
    "alignement sur le modèle": "/conventions/alignement/",
    "réunions": "/conventions/departements/67/reunions/",
    "contacts": "/conventions/departements/67/contacts/",
    "vagues": "/barometre/",
    "vague": "{vagues}",
    "personnes interrogées": "{vagues}departements/67/",
    "questionnaires": "/barometre/questionnaires/",
    "questionnaire": "{questionnaires}",
    "résultats nationaux": "/barometre/resultats/",
    "fiabilité": "/barometre/resultats/fiabilite/",
    "résultats d’un département": "/barometre/departements/67/",
    "pistes": "/barometre/pistes/",
    "pistes d’un département": "/barometre/departements/67/pistes/",
    "piste": "{pistes}",
    "bilans": "/bilans/",
    "bilan": "{bilans}",
    "version d’un bilan": "{bilans}versions/1/",
    "critères des bilans": "/bilans/criteres/",
    "bilans nationaux publiés": "/bilans/publies/",
    "bilan national publié": "{bilans nationaux}",
    "textes des départements": "{bilans}departements/",
    "noms des institutions": "/bilans/noms/",
    "documents d’un trimestre": "{documents des bilans}",
    "imports": "/echanges/",
    "mes avis": "/avis/",
    "avis": "{avis}",
    "réglages des avis": "/avis/reglages/",
    "calendrier": "/avis/calendrier/",
    "envois non remis": "/avis/non-remis/",
}
# Where the first address that starts so and ends with an identifier, or a quarter, is found.
FOUND_AT = {
    "preuves publiques": ("/", "/preuve/"),
    "organisations": ("/identite/administration/organisations/", "/identite/administration/organisations/"),
    "personnes": ("/identite/administration/personnes/", "/identite/administration/personnes/"),
    "mesures": ("/plan/", "/plan/mesures/"),
    "actions": ("/plan/actions/", "/plan/actions/"),
    "indicateurs": ("/plan/", "/plan/indicateurs/"),
    "preuves": ("{mesures}", "/plan/preuves/"),
    "conventions": ("/conventions/", "/conventions/"),
    "modèles": ("/conventions/modeles/", "/conventions/modeles/"),
    "vagues": ("/barometre/", "/barometre/vagues/"),
    "questionnaires": ("/barometre/questionnaires/", "/barometre/questionnaires/"),
    "pistes": ("/barometre/departements/67/pistes/", "/barometre/pistes/"),
    "bilans": ("/bilans/", "/bilans/"),
    "bilans nationaux": ("/bilans/publies/", "/bilans/publies/"),
    "documents des bilans": ("/bilans/", "/bilans/documents/"),
    "avis": ("/avis/", "/avis/"),
}


class Reader:
    """A browser without a screen: one connection, its cookies."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, body: str = "") -> tuple[int, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            self.connection.request(method, path, body or None, headers)
            answer = self.connection.getresponse()
        except (http.client.HTTPException, OSError):
            # The server closed an idle connection: a browser opens another.
            self.connection.close()
            self.connection.request(method, path, body or None, headers)
            answer = self.connection.getresponse()
        content = answer.read().decode("utf-8", "replace")
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.split(";", 1)[0].partition("=")
            self.cookies[name] = value
        return answer.status, content

    def sign_in(self, role: str) -> None:
        _, page = self.ask("GET", "/demonstration/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        body = urllib.parse.urlencode({"csrfmiddlewaretoken": token[1]})
        status, _ = self.ask("POST", f"/demonstration/entrer/{role}/", body)
        assert status == 302, f"{role} : {status}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def serve(home: Path, port: int) -> subprocess.Popen:
    environment = {**os.environ, "TRAITDUNION_HOME": str(home)}
    command = [sys.executable, "-m", "traitdunion.cli.main", "demo", "--port", str(port)]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    for line in process.stdout:
        if "Ctrl-C" in line:
            threading.Thread(target=process.stdout.read, daemon=True).start()
            return process
        print("  " + line, end="", flush=True)
    raise SystemExit("la démonstration n’a pas démarré")


def found(reader: "Reader", address: str) -> str | None:
    """Return ``address`` with its {…} filled for this reader; None when no page gives any."""
    if not address.startswith("{"):
        return address
    name, _, rest = address[1:].partition("}")
    source, start = FOUND_AT[name]
    if (page := found(reader, source)) is None:
        return None
    link = re.search(
        rf'href="({re.escape(start)}(?:[0-9a-f-]{{36}}|[0-9]{{4}}-T[1-4])/)"', reader.ask("GET", page)[1]
    )
    return link[1] + rest if link else None


def addresses(port: int) -> dict[str, dict[str, str]]:
    """Return the listed pages of each role; a page that a role lacks is left out."""
    known: dict[str, dict[str, str]] = {}
    for role in ROLES:
        reader = Reader(port)
        reader.sign_in(role)
        pages = {}
        for name, address in LISTED.items():
            path = found(reader, address)
            if path is not None and reader.ask("GET", path)[0] == 200:
                pages[name] = path
        known[role] = pages
    missing = set(LISTED).difference(*known.values())
    if missing:
        print(f"Pages qu’aucun rôle n’a pu ouvrir : {', '.join(sorted(missing))}")
    return known


def load(
    port: int, pages: dict[str, dict[str, str]], *, seconds: float, pause: float
) -> tuple[dict[str, list[float]], float]:
    """Return the milliseconds of each answer by page, and the answers a second."""
    times: dict[str, list[float]] = defaultdict(list)
    lock = threading.Lock()
    readers = []
    for rank in range(USERS):
        reader = Reader(port)
        reader.sign_in(ROLES[rank % len(ROLES)])
        readers.append(reader)
    begin = time.perf_counter()

    def read(rank: int, reader: Reader) -> None:
        chance = random.Random(rank)
        mine = pages[ROLES[rank % len(ROLES)]]
        time.sleep(chance.uniform(0, pause))
        while time.perf_counter() - begin < seconds:
            name = chance.choice(list(mine))
            asked = time.perf_counter()
            status, _ = reader.ask("GET", mine[name])
            taken = (time.perf_counter() - asked) * 1000
            assert status == 200, f"{name} : {status}"
            with lock:
                times[name].append(taken)
            time.sleep(chance.uniform(0.5 * pause, 1.5 * pause))

    threads = [threading.Thread(target=read, args=pair) for pair in enumerate(readers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times, sum(map(len, times.values())) / (time.perf_counter() - begin)


def web_memory() -> list[float]:
    """Return the MiB resident in each gunicorn worker."""
    weights = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            parent = (folder / "stat").read_text().rsplit(")", 1)[1].split()[1]
            if "gunicorn" in command and "gunicorn" in Path(f"/proc/{parent}/cmdline").read_text().replace(
                "\0", " "
            ):
                resident = re.search(r"^Rss:\s+(\d+)", (folder / "smaps_rollup").read_text(), re.MULTILINE)
                weights.append(int(resident[1]) / 1024)
        except (OSError, TypeError):
            continue
    return weights


def report(times: dict[str, list[float]]) -> bool:
    print(f"  {'page':<30}{'réponses':>9}{'médiane':>10}{'p95':>10}{'max':>10}   (ms)")
    kept = True
    for name in LISTED:
        if not times.get(name):
            continue
        values = times[name]
        worst = machine.quantile(values, 0.95)
        kept &= worst <= LIMIT_MS
        print(
            f"  {name:<30}{len(values):>9}{machine.quantile(values, 0.5):>10.0f}{worst:>10.0f}{max(values):>10.0f}"
            + ("" if worst <= LIMIT_MS else f"   au-dessus de {LIMIT_MS} ms")
        )
    every = [value for values in times.values() for value in values]
    middle, worst = machine.quantile(every, 0.5), machine.quantile(every, 0.95)
    print(f"  {'toutes':<30}{len(every):>9}{middle:>10.0f}{worst:>10.0f}{max(every):>10.0f}")
    return kept


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench pages")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument(
        "--pause", type=float, default=2.0, help="secondes de lecture entre deux pages, en moyenne"
    )
    options = parser.parse_args(arguments)
    for line in machine.describe("synthétiques, 101 départements, 5 ans d’histoire (graine 38)"):
        print(line)
    with tempfile.TemporaryDirectory(prefix="traitdunion-bench-") as home:
        port = free_port()
        site = serve(Path(home), port)
        try:
            pages = addresses(port)
            load(port, pages, seconds=8, pause=0.5)  # each process compiles its templates once
            print(
                f"\n{USERS} personnes qui lisent {options.pause:g} s entre deux pages, pendant {options.seconds:g} s"
            )
            times, rate = load(port, pages, seconds=options.seconds, pause=options.pause)
            kept = report(times)
            print(f"  {rate:.1f} pages par seconde")
            print(f"\nLes mêmes sans aucune pause, pendant {options.seconds / 3:g} s (saturation)")
            times, rate = load(port, pages, seconds=options.seconds / 3, pause=0)
            report(times)
            print(f"  {rate:.1f} pages par seconde")
            weights = web_memory()
            print(
                "\nMémoire résidente des processus web : "
                + ", ".join(f"{weight:.0f} Mio" for weight in weights)
            )
            kept &= bool(weights) and max(weights) <= LIMIT_MIB
        finally:
            site.send_signal(signal.SIGINT)
            site.wait(60)
    said = "tenue" if kept else "non tenue"
    print(f"\nPromesse (p95 ≤ {LIMIT_MS} ms en lecture, processus ≤ {LIMIT_MIB} Mio) : {said}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
