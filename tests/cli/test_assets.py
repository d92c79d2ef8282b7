"""What is fetched from npm. The registry is never asked here: npm is a script that does what it is told."""

import json
import os
import stat
from pathlib import Path

import pytest

from traitdunion.cli import assets
from traitdunion.cli.errors import LauncherError


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """Put a ``node`` and an ``npm`` of our own first on the path; return a function that says what npm does."""
    programs = tmp_path / "programs"
    programs.mkdir()

    def write(name, lines):
        program = programs / name
        program.write_text("#!/bin/sh\n" + lines)
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    write("node", "echo v22.1.0\n")
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    made = "\n".join(
        f"mkdir -p node_modules/{Path(name).parent}; echo x > node_modules/{name}" for name in assets.KEPT
    )

    def behave(lines=made):
        write("npm", f'echo "$@" >> {tmp_path}/asked\n{lines}\n')

    behave()
    behave.asked = tmp_path / "asked"
    behave.write = write
    return behave


def test_what_is_kept_is_put_in_its_place_and_nothing_else(npm, tmp_path):
    folder = tmp_path / "assets"

    assets.fetch(folder)

    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert files == sorted([*assets.KEPT.values(), "stamp"])
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("assets-")] == []


def test_no_script_of_a_package_is_run_and_the_tests_packages_stay_out(npm, tmp_path):
    assets.fetch(tmp_path / "assets")

    [asked] = npm.asked.read_text().splitlines()
    assert asked.startswith("ci ")
    assert "--ignore-scripts" in asked
    assert "--omit=dev" in asked


def test_the_second_time_asks_for_nothing(npm, tmp_path):
    assets.fetch(tmp_path / "assets")
    assets.fetch(tmp_path / "assets")

    assert len(npm.asked.read_text().splitlines()) == 1


def test_an_incomplete_folder_is_replaced(npm, tmp_path):
    folder = tmp_path / "assets"
    (folder / "static").mkdir(parents=True)
    (folder / "static" / "ancien.js").write_text("")

    assets.fetch(folder)

    assert not (folder / "static" / "ancien.js").exists()


def test_a_silent_registry_is_one_sentence_and_leaves_what_was_there(npm, tmp_path):
    folder = tmp_path / "assets"
    assets.fetch(folder)
    (folder / "stamp").write_text("ancienne version")
    npm('echo "npm error code ENOTFOUND" >&2; exit 1')

    with pytest.raises(LauncherError, match="ENOTFOUND"):
        assets.fetch(folder)

    assert (folder / "stamp").read_text() == "ancienne version"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("assets-")] == []


def test_a_node_too_old_is_not_used(npm, tmp_path, monkeypatch):
    npm.write("node", "echo v18.20.4\n")
    monkeypatch.setattr(assets, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(assets, "_fetch_node", lambda folder: None)

    assert assets.node_command().is_relative_to(tmp_path / "cache")


def test_without_node_nor_uv_the_sentence_names_both(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("UV", raising=False)
    monkeypatch.setattr(assets, "CACHE", tmp_path / "cache")

    with pytest.raises(LauncherError, match="Ni Node 20 ou plus, ni uv"):
        assets.node_command()


def test_the_lock_names_the_public_registry_only(checkout):
    packages = json.loads((checkout / "frontend" / "package-lock.json").read_text())["packages"]
    addresses = [package["resolved"] for package in packages.values() if "resolved" in package]

    assert [address for address in addresses if not address.startswith("https://registry.npmjs.org/")] == []
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []
