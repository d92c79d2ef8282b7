"""The letters of the demonstration: what the site sent is put in files, and read back here. No letter leaves."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Final

# What Django writes after each message of a file.
BETWEEN: Final = b"-" * 79 + b"\n"
ADDRESS: Final = re.compile(r"https?://\S+")
TO_ANSWER: Final = "/barometre/repondre/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One letter that was sent.

    Attributes:
        to: address.
        subject: one line.
        parts: pieces of the text, and whether each is an address of the site.
    """

    to: str
    subject: str
    parts: Sequence[tuple[str, bool]]

    @property
    def invitation(self) -> str:
        """The personal link to the baromètre that the letter bears, empty when it bears none."""
        return next((text for text, is_address in self.parts if is_address and TO_ANSWER in text), "")

    def says(self, words: str, role: str = "") -> bool:
        """Whether each of ``words`` is in the letter, in its address or in the role that it is for."""
        whole = f"{self.to} {role} {self.subject} {''.join(text for text, _ in self.parts)}".casefold()
        return all(word in whole for word in words.casefold().split())


def latest(folder: Path, *, most: int) -> list[Letter]:
    """Return the letters of ``folder``, the latest first."""
    try:
        files = sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime_ns, reverse=True)
    except OSError:
        return []
    found: list[Letter] = []
    for file in files:
        found += [_letter(each) for each in reversed(list(_messages(file.read_bytes())))]
        if len(found) >= most:
            break
    return found[:most]


def _messages(content: bytes) -> Iterator[EmailMessage]:
    for raw in content.split(BETWEEN):
        message = message_from_bytes(raw.lstrip(), policy=policy.default)
        if isinstance(message, EmailMessage) and message["To"]:
            yield message


def _letter(message: EmailMessage) -> Letter:
    body = message.get_body(("plain",))
    return Letter(
        to=str(message["To"]),
        subject=str(message["Subject"] or ""),
        parts=list(_parts("" if body is None else body.get_content())),
    )


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    start = 0
    for found in ADDRESS.finditer(text):
        yield text[start : found.start()], False
        yield found[0], True
        start = found.end()
    yield text[start:], False
