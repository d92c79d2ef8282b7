"""Rules about the code base that no linter knows."""

import importlib
import inspect
import pkgutil
import re
import tomllib
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models
from django.db.models.fields.related import ForeignObject

import traitdunion
from traitdunion.audit.actors import Actor
from traitdunion.core.choices import Kind
from traitdunion.identity.models import Mandate

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "traitdunion"
# A mandate is an actor with more: an import needs it to be asked again when it is applied.
SAYS_WHO = {"actor": Actor, "mandate": Mandate}
# What a worker or a page does by itself, under the mandate or the key already written with the row.
NOT_A_WRITE = {
    "authorship",
    "contact_link",
    "contact_path",
    "contact_token",
    "fingerprint",
    "hash_of",
    "link_holder",
    "message_id",
    "progress_of",
    "read_token",
    "record",
}
# Their author is written with the row they go on with: the worker carries on an import or a notice.
CARRIED_ON = {
    "traitdunion.exchange.actions.apply",
    "traitdunion.exchange.actions.check",
    "traitdunion.exchange.actions.fail",
    "traitdunion.notices.actions.send_pending",
    "traitdunion.notices.actions.write",
    "traitdunion.notices.actions.write_all",
}


def our_models():
    return [model for model in apps.get_models() if model.__module__.startswith("traitdunion.")]


def app_ranks():
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    [contract] = [each for each in config["tool"]["importlinter"]["contracts"] if each["id"] == "apps"]
    return {
        name.strip(): rank
        for rank, line in enumerate(reversed(contract["layers"]))
        for name in line.split("|")
    }


def modules(ending):
    for found in pkgutil.walk_packages(traitdunion.__path__, "traitdunion."):
        if found.name.rsplit(".", 1)[1].startswith(ending):
            yield importlib.import_module(found.name)


def action_functions():
    for module in modules("actions"):
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if (
                function.__module__ == module.__name__
                and not name.startswith("_")
                and name not in NOT_A_WRITE
            ):
                yield pytest.param(function, id=f"{module.__name__}.{name}")


def kinds():
    for module in modules("kinds"):
        for name, kind in inspect.getmembers(module, inspect.isclass):
            if issubclass(kind, Kind) and kind is not Kind and kind.__module__ == module.__name__:
                yield pytest.param(kind, id=f"{module.__name__}.{name}")


def test_foreign_keys_point_downwards():
    ranks = app_ranks()
    wrong = [
        f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}"
        for model in our_models()
        for field in model._meta.get_fields()
        if isinstance(field, ForeignObject) or field.many_to_many
        if not field.auto_created and field.related_model.__module__.startswith("traitdunion.")
        if field.related_model._meta.app_label != model._meta.app_label
        if ranks[field.related_model._meta.app_label] >= ranks[model._meta.app_label]
    ]
    assert wrong == []


@pytest.mark.parametrize("function", list(action_functions()))
def test_actions_say_who_and_when(function):
    parameters = inspect.signature(function).parameters
    who = next((name for name in SAYS_WHO if name in parameters), None)
    is_carried_on = f"{function.__module__}.{function.__name__}" in CARRIED_ON

    assert "at" in parameters, "an action says when"
    assert who or is_carried_on, "an action says who"
    for name in ("at",) if is_carried_on else (who, "at"):
        assert parameters[name].kind is inspect.Parameter.KEYWORD_ONLY
        assert parameters[name].default is inspect.Parameter.empty


@pytest.mark.parametrize("kind", list(kinds()))
def test_every_member_of_a_closed_list_has_a_label(kind):
    assert all(member.label for member in kind)
    assert len({member.label for member in kind}) == len(kind), "two members read alike"


@pytest.mark.parametrize("model", our_models(), ids=lambda model: model._meta.label)
def test_moments_end_in_at_and_days_in_on(model):
    for field in model._meta.get_fields():
        if field.name == "last_login":
            continue  # Django's own
        if isinstance(field, models.DateTimeField):
            assert field.name.endswith("_at") or field.name == "at", field.name
        elif isinstance(field, models.DateField):
            assert field.name.endswith(("_on", "since")) or field.name in {"valid_from", "valid_until"}, (
                field.name
            )


@pytest.mark.parametrize("model", our_models(), ids=lambda model: model._meta.label)
def test_every_table_has_a_french_name(model):
    assert {"verbose_name", "verbose_name_plural"} <= set(model._meta.original_attrs)


def test_no_automatic_moment():
    wrong = [
        f"{model._meta.label}.{field.name}"
        for model in our_models()
        for field in model._meta.get_fields()
        if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
    ]
    assert wrong == []


def test_every_setting_is_documented():
    read = set()
    for path in [*(ROOT / "config").rglob("*.py"), *PACKAGE.rglob("*.py")]:
        read |= set(
            re.findall(r"\"(TRAITDUNION_[A-Z0-9_]*[A-Z0-9]|DATABASE_URL)\"", path.read_text(encoding="utf-8"))
        )
    documented = (ROOT / "docs" / "environment.md").read_text(encoding="utf-8")

    assert [name for name in sorted(read) if f"`{name}`" not in documented] == []


def test_no_template_is_unused():
    readable = [path for path in PACKAGE.rglob("*") if path.suffix in {".py", ".html", ".txt"}]
    sources = "\n".join(path.read_text(encoding="utf-8") for path in readable)
    # Django looks these up by name.
    known = {"400.html", "403.html", "403_csrf.html", "404.html", "500.html"}
    unused = [
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("templates/**/*.html")
        if path.name not in known
        if str(path).split("/templates/", 1)[1] not in sources
        if f'"{path.stem}"' not in sources  # a component that a template tag wraps
    ]
    assert unused == []


def test_no_page_carries_an_inline_script_or_style():
    wrong = [
        f"{path.relative_to(PACKAGE)}: {found.group(0)[:40]}"
        for path in PACKAGE.rglob("templates/**/*.html")
        for found in re.finditer(
            r"<script>|\sstyle=\"|\son[a-z]+=\"|<style", path.read_text(encoding="utf-8")
        )
    ]
    assert wrong == []


def test_the_clock_is_read_at_the_doors_only():
    doors = re.compile(r"/(views|views/\w+|api|tasks|middleware|sessions|oidc|management/.*|cli/.*)\.py$")
    wrong = [
        str(path.relative_to(ROOT))
        for path in PACKAGE.rglob("*.py")
        if re.search(
            r"timezone\.(now|localdate)\(\)|datetime\.now\(|date\.today\(", path.read_text(encoding="utf-8")
        )
        if not doors.search(str(path))
    ]
    assert wrong == []
