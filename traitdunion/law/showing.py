"""A text as it stood on a day, and what changed between two: the same lines for the command and for ``docs/law``."""

from datetime import date
from typing import Final

from traitdunion.law.citation import COPY_READ, Mark
from traitdunion.law.counting import MONTHS
from traitdunion.law.obligation import Applied, Rule
from traitdunion.law.provision import Difference, differences, on
from traitdunion.law.texts import Text, moved, version_on

MARKS: Final = (
    "Marques : **V** lu dans le texte, **S** lu dans une source secondaire, **lecture à valider** et **à vérifier** : "
    "montré, jamais opposé, tant qu’un juriste n’a pas signé."
)


def day_told(day: date) -> str:
    """Tell a day in French: « 1er septembre 2024 »."""
    return f"{'1er' if day.day == 1 else day.day} {MONTHS[day.month - 1]} {day.year}"


def show(text: Text, day: date) -> dict[str, object]:
    """Return a text as it stood on a day, ready for JSON."""
    return {
        "text": text.name,
        "title": text.title,
        "address": text.address,
        "at": day.isoformat(),
        "rules": [_rule(rule, day) for rule in text.rules() if version_on(rule, day) is not None],
        "items": [
            {
                "item": wording.item,
                "subject": str(wording.subject),
                "place": wording.place,
                "says": wording.says,
                "limit": wording.limit,
                "since": wording.since.isoformat(),
                "source": wording.source,
                "status": str(wording.status),
            }
            for wording in on(text.wordings, day)
        ],
        "left_out": list(text.left_out),
        "questions": list(text.questions),
    }


def _rule(rule: Rule, day: date) -> dict[str, object]:
    version = version_on(rule, day)
    if version is None:
        raise LookupError(rule.key)
    applied = Applied(rule, version)
    return {
        "rule": rule.row,
        "key": rule.key,
        "article": version.citation.article,
        "part": version.citation.part,
        "act": rule.act,
        "actors": sorted({applied.actor(mode) for mode in rule.modes}),
        "modes": sorted(rule.modes),
        "delay": applied.span,
        "counting": {"id": rule.counting.id, "words": rule.counting.words, "basis": rule.counting.basis},
        "starts": rule.starts,
        "not_started_by": rule.not_started_by,
        "stopped_by": rule.stopped_by,
        "reset_by": rule.reset_by,
        "extended_by": rule.extended_by,
        "if_missed": rule.missed,
        "since": version.since.isoformat(),
        "version": version.citation.version,
        "status": str(applied.status),
        "enforceable": applied.enforceable,
    }


def page(text: Text, day: date) -> list[str]:
    """Return a text as it stood on a day, in Markdown."""
    lines = [
        f"# {text.title}",
        "",
        f"Tel que le produit le connaît au {day_told(day)}. Adresse officielle : <{text.address}>.",
        "",
        f"Lu dans une copie consolidée dont la version la plus récente est du {day_told(COPY_READ)}. {MARKS}",
        "",
        "Les fiches de cas que le juriste relit et signe sont dans `tests/law/cases/`.",
        "",
    ]
    for rule in text.rules():
        lines += _section(rule, day)
    subject = None
    for wording in on(text.wordings, day):
        if wording.subject is not subject:
            subject = wording.subject
            lines += [f"## {str(subject).capitalize()}", ""]
        limit = f" {wording.limit}" if wording.limit else ""
        lines.append(
            f"- **{wording.item}** ({wording.place} ; {wording.source} ; {wording.status}) : {wording.says}{limit}"
        )
    if text.wordings:
        lines.append("")
    if text.left_out:
        lines += ["## Ce qui n’est pas un délai, ou n’a pas été lu", ""]
        lines += [f"- {sentence}" for sentence in text.left_out]
        lines.append("")
    if text.questions:
        lines += ["## Questions au juriste", ""]
        lines += [f"- {question}" for question in text.questions]
        lines.append("")
    return lines


def _section(rule: Rule, day: date) -> list[str]:
    version = version_on(rule, day)
    if version is None:
        return []
    applied = Applied(rule, version)
    actors = " ; ".join(sorted({applied.actor(mode) for mode in rule.modes}))
    rows = {
        "Qui agit": actors,
        "Modes": ", ".join(sorted(rule.modes)),
        "Délai": applied.span,
        "Décompte": f"{rule.counting.words} ({rule.counting.id} : {rule.counting.basis})",
        "Part de": rule.starts,
        "Ne part pas de": rule.not_started_by,
        "S’arrête par": rule.stopped_by,
        "Repart par": rule.reset_by,
        "Se prolonge par": rule.extended_by,
        "Si l’acte manque": rule.missed,
        "Versions": " ; ".join(_version(rule, one.since) for one in rule.versions),
        "Opposé": "oui" if applied.enforceable else f"non : {applied.status}",
    }
    part = f", {version.citation.part}" if version.citation.part else ""
    return [
        f"## {version.citation.text}, art. {version.citation.article}{part} — {rule.key}",
        "",
        f"**{rule.act}**",
        "",
        "| | |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in rows.items()),
        "",
    ]


def _version(rule: Rule, since: date) -> str:
    version = version_on(rule, since)
    if version is None:
        raise LookupError(rule.key)
    applied = Applied(rule, version)
    mark = Mark(version.citation.status)
    return f"depuis le {day_told(since)}, {applied.span} ({mark})"


def difference(text: Text, start: date, end: date) -> dict[str, object]:
    """Return what changed in a text between two days, ready for JSON."""
    return {
        "text": text.name,
        "title": text.title,
        "from": start.isoformat(),
        "to": end.isoformat(),
        "rules": [
            {
                "rule": change.rule.row,
                "key": change.rule.key,
                "article": change.rule.versions[-1].citation.article,
                "act": change.rule.act,
                "before": None if change.before is None else change.before.number,
                "after": None if change.after is None else change.after.number,
                "says": change.says,
            }
            for change in moved(text, start, end)
        ],
        "items": [
            {
                "item": one.item,
                "change": str(one.change),
                "place_before": one.before.place if one.before else None,
                "place_after": one.after.place if one.after else None,
                "before": one.before.says if one.before else None,
                "after": one.after.says if one.after else None,
                "limit": one.after.limit if one.after else "",
                "status": str((one.after or one.before).status) if (one.after or one.before) else "",  # type: ignore[union-attr]
            }
            for one in differences(text.wordings, start, end)
        ],
    }


def difference_told(text: Text, start: date, end: date) -> list[str]:
    """Return what changed in a text between two days, article by article, in French."""
    lines = [f"{text.title} : ce qui change entre le {day_told(start)} et le {day_told(end)}", ""]
    rules, items = moved(text, start, end), differences(text.wordings, start, end)
    lines += [
        f"  art. {change.rule.versions[-1].citation.article} ({change.rule.key}) : {change.says}"
        for change in rules
    ]
    for one in items:
        lines += _item_told(one)
    if not rules and not items:
        lines.append("  Rien ne change, d’après ce qui a été lu.")
    return lines


def _item_told(one: Difference) -> list[str]:
    after, before = one.after, one.before
    if after is None and before is not None:
        return [f"  {before.place}, {before.subject} « {before.item} » : supprimé.", f"    − {before.says}"]
    if after is None:
        return []
    head = f"  {after.place}, {after.subject} « {after.item} » ({after.status}) : {one.change}"
    if before is not None and before.place != after.place:
        head += f", était {before.place}"
    lines = [f"{head}."]
    if before is not None and before.says != after.says:
        lines.append(f"    − {before.says}")
    if before is None or before.says != after.says:
        lines.append(f"    + {after.says}")
    if after.limit and (before is None or before.limit != after.limit):
        lines.append(f"    ! {after.limit}")
    return lines
