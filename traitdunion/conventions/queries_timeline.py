"""What happened in a département, told line by line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, QuerySet
from django.db.models.functions import JSONObject

from traitdunion.conventions.kinds import Step
from traitdunion.conventions.models import ContactCheck, Convention, Meeting, Review, Signature, StepTaken
from traitdunion.identity.kinds import Role, Side
from traitdunion.territories.models import Departement

PARIS = ZoneInfo("Europe/Paris")


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One line of what happened in a département."""

    on: date
    recorded_at: datetime
    text: str
    author: str
    reason: str = ""
    convention: UUID | None = None


def timeline(departement: Departement, *, until: date, limit: int = 50) -> list[Happening]:
    """Return what happened in ``departement`` up to ``until``, latest first, in one query.

    A page that shows what changed since a visit keeps the lines whose ``recorded_at`` is later.
    """
    row = _everything(departement, until)
    lines = [
        *(_told_by_step(fact) for fact in row["told_steps"]),
        *(_told_by_signature(fact) for fact in row["told_signatures"]),
        *(line for fact in row["told_texts"] for line in _told_by_dates(fact, until)),
        *(_told_by_meeting(fact) for fact in row["told_meetings"]),
        *(_told_by_review(fact) for fact in row["told_reviews"]),
        *(_told_by_contact(fact) for fact in row["told_contacts"]),
    ]
    lines = [line for line in lines if line.on <= until]
    lines.sort(key=lambda line: (line.on, line.recorded_at), reverse=True)
    return lines[:limit]


def _everything(departement: Departement, until: date) -> Mapping[str, Any]:
    in_text = {"convention__departement": OuterRef("pk")}
    here = {"departement": OuterRef("pk")}
    text = {"title": "convention__title", "convention": "convention__public_id"}
    written = {"at": "recorded_at", "author": "author_label"}
    row: Mapping[str, Any] = (
        Departement.objects.filter(pk=departement.pk)
        .annotate(
            told_steps=_rows(
                StepTaken.objects.filter(**in_text, happened_on__lte=until),
                on="happened_on", step="step", reason="reason", **text, **written,
            ),
            told_signatures=_rows(
                Signature.objects.filter(**in_text, signed_on__lte=until),
                on="signed_on", side="side", quality="quality", **text, **written,
            ),
            told_texts=_rows(
                Convention.objects.filter(**here, signed_on__lte=until),
                title="title", convention="public_id", starts_on="starts_on", ends_on="ends_on",
                denounced_on="denounced_on", reason="denounced_reason", at="denounced_recorded_at",
            ),
            told_meetings=_rows(
                Meeting.objects.filter(**here).exclude(held_on=None, cancelled_on=None),
                held_on="held_on", cancelled_on="cancelled_on", subject="subject", at="outcome_recorded_at",
                planned_at="recorded_at", author="outcome_by", prefecture="prefecture_present", ars="ars_present",
            ),
            told_reviews=_rows(
                Review.objects.filter(**in_text, reviewed_on__lte=until),
                on="reviewed_on", conclusion="conclusion", **text, **written,
            ),
            told_contacts=_rows(
                ContactCheck.objects.filter(**here, confirmed_on__lte=until, confirmed_at__isnull=False),
                on="confirmed_on", at="confirmed_at", is_right="is_right", author="person__name",
                role="post__role", organisation="post__organisation__name",
            ),
        )
        .values("told_steps", "told_signatures", "told_texts", "told_meetings", "told_reviews", "told_contacts")
        .get()
    )  # fmt: skip
    return row


def _rows(found: QuerySet[Any, Any], **fields: str) -> ArraySubquery:
    return ArraySubquery(
        found.order_by("pk").values(fact=JSONObject(**{name: F(path) for name, path in fields.items()}))
    )


def _told(fact: Mapping[str, Any], text: str) -> Happening:
    convention = fact.get("convention")
    return Happening(
        on=date.fromisoformat(fact["on"]),
        recorded_at=datetime.fromisoformat(fact["at"]),
        text=text,
        author=fact["author"],
        reason=fact.get("reason", ""),
        convention=UUID(convention) if convention else None,
    )


def _told_by_step(fact: Mapping[str, Any]) -> Happening:
    return _told(fact, f"{fact['title']} : {Step(fact['step']).label}")


def _told_by_signature(fact: Mapping[str, Any]) -> Happening:
    side = "la préfecture" if fact["side"] == Side.PREFECTURE.value else "l’ARS"
    return _told(fact, f"{fact['title']} : signée par {side} ({fact['quality']})")


def _told_by_review(fact: Mapping[str, Any]) -> Happening:
    return _told(fact, f"{fact['title']} : revue faite. {fact['conclusion']}")


def _told_by_contact(fact: Mapping[str, Any]) -> Happening:
    said = "coordonnées confirmées" if fact["is_right"] else "coordonnées à corriger"
    return _told(fact, f"{fact['organisation']}, {Role(fact['role']).label} : {said}")


def _told_by_meeting(fact: Mapping[str, Any]) -> Happening:
    if fact["held_on"] is not None:
        on, words = fact["held_on"], f"Réunion tenue : {fact['subject']} ({_present(fact)})"
    else:
        on, words = fact["cancelled_on"], f"Réunion annulée : {fact['subject']}"
    return _told({"on": on, "at": fact["at"] or fact["planned_at"], "author": fact["author"]}, words)


def _present(fact: Mapping[str, Any]) -> str:
    if fact["prefecture"] and fact["ars"]:
        return "préfecture et ARS présentes"
    return "préfecture seule" if fact["prefecture"] else "ARS seule"


def _told_by_dates(fact: Mapping[str, Any], until: date) -> Iterable[Happening]:
    """Tell what dates alone bring: the entry into force, the term, the denunciation."""
    starts_on, ends_on, denounced_on = (
        date.fromisoformat(fact[name]) if fact[name] else None
        for name in ("starts_on", "ends_on", "denounced_on")
    )
    over_on = ends_on + timedelta(days=1) if ends_on else None
    if denounced_on is not None and over_on is not None and denounced_on < over_on:
        over_on = None
    for on, words in ((starts_on, "entre en vigueur"), (over_on, "échue"), (denounced_on, "dénoncée")):
        if on is None or on > until:
            continue
        is_denounced = words == "dénoncée" and fact["at"]
        yield Happening(
            on=on,
            recorded_at=datetime.fromisoformat(fact["at"])
            if is_denounced
            else datetime.combine(on, time.min, tzinfo=PARIS),
            text=f"{fact['title']} : {words}",
            author="",
            reason=fact["reason"] if words == "dénoncée" else "",
            convention=UUID(fact["convention"]),
        )
