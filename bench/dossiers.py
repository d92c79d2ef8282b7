"""Synthetic measures of care without consent, one JSON object a line, about twenty events each.

They follow from the seed and from nothing else: no real dossier, no statistic of one. Every mode of care, metropolitan
and overseas départements, thirteen years of admissions, so that the old law is met as well as the new. Transfers stay
inside one time zone, only what the judge upholds is appealed against, and every instant falls on a whole minute.
"""

import random
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Final

import orjson

from traitdunion.law.counting import DAY, HOUR, MINUTE, Instant, Zone, read, zone_of
from traitdunion.law.facts import DEPARTEMENTS, DIRECTOR, Mode

FIRST: Final = read("2013-06-01T00:00:00+00:00")
LAST: Final = read("2026-06-01T00:00:00+00:00")
SHARES: Final = {
    Mode.SPDT: 22, Mode.SPDTU: 18, Mode.SPPI: 24, Mode.SPDRE: 12, Mode.MP: 9, Mode.CONVERSION: 4,
    Mode.IRRESPONSIBLE: 3, Mode.JUDICIAL: 3, Mode.DETAINED: 5,
}  # fmt: skip
MODES: Final = tuple(SHARES)
CUMULATED: Final = tuple(accumulate(SHARES.values()))
PLACES: Final = tuple(sorted(DEPARTEMENTS))
METROPOLITAN: Final = tuple(code for code in PLACES if len(code) == 2)


def lines(count: int, seed: int) -> Iterator[bytes]:
    """Yield that many measures, each ended by a line feed."""
    draw = random.Random(seed)
    for rank in range(count):
        yield orjson.dumps(_Drawn(draw, rank).told, option=orjson.OPT_APPEND_NEWLINE)


def write(path: Path, count: int, seed: int) -> int:
    """Write that many measures and return how many events they hold."""
    events = 0
    with path.open("wb") as file:
        for line in lines(count, seed):
            events += line.count(b'"type"')
            file.write(line)
    return events


class _Drawn:
    """One measure: an admission, its certificates, the judge, then months of care, in the order of time."""

    def __init__(self, draw: random.Random, rank: int) -> None:
        self.chance = draw.random
        mode = draw.choices(MODES, cum_weights=CUMULATED)[0]
        place = draw.choice(PLACES)
        self.zone: Zone = zone_of(place)
        self.metropolitan = len(place) == 2
        self.events: list[tuple[Instant, dict[str, str]]] = []
        start = FIRST + int(self.chance() * ((LAST - FIRST) // MINUTE)) * MINUTE
        self._before(mode, start)
        self._observed(mode, start)
        day = self._judged(start, after=4 + self.chance() * 6)
        self._months(mode, start, day, draw)
        self.events.sort(key=lambda event: event[0])
        self.told = {
            "id": f"D-{rank:07}",
            "mode": mode.value,
            "departement": place,
            "renforce": self.chance() < 0.02 and mode not in DIRECTOR,
            "events": [event for _, event in self.events],
        }

    def add(self, at: Instant, kind: str, **fields: str) -> Instant:
        at -= at % MINUTE
        self.events.append((at, {"type": kind, "at": self.zone.iso(at), **fields}))
        return at

    def later(self, at: Instant, unit: int, least: float, most: float) -> Instant:
        return at + int(unit * (least + self.chance() * (most - least)))

    def author(self) -> str:
        return f"psy-{int(self.chance() * 40)}"

    def _before(self, mode: Mode, start: Instant) -> None:
        if self.chance() < 0.2:
            self.add(self.later(start, HOUR, -30, -3), "premiers_soins")
        if mode is Mode.MP:
            self.add(self.later(start, HOUR, -46, -1), "mesure_provisoire")
        self.add(self.later(start, HOUR, -6, -0.2), "certificat_initial", author=self.author())

    def _observed(self, mode: Mode, start: Instant) -> None:
        self.add(start, "admission")
        self.add(self.later(start, HOUR, 1, 20), "information_personne")
        if mode in DIRECTOR:
            self.add(self.later(start, HOUR, 2, 26), "information_proches")
        self.add(
            self.later(start, HOUR, 8, 27), "certificat_24h", author=self.author(), conclusion="maintien"
        )
        self.add(
            self.later(start, HOUR, 48, 75), "certificat_72h", author=self.author(), conclusion="maintien"
        )
        self.add(self.later(start, HOUR, 72, 76), "decision_maintien")
        self.add(self.later(start, HOUR, 72, 76.5), "decision_forme", forme="hospitalisation_complete")

    def _judged(self, start: Instant, after: float) -> Instant:
        """Add one control by the judge, and return when it ended."""
        referred = self.add(start + int(after * DAY), "saisine_juge")
        self.add(self.later(referred, HOUR, -20, 20), "avis_psychiatre", author=self.author())
        if self.chance() < 0.05:
            referred = self.add(self.later(referred, DAY, 0.5, 2), "expertise_ordonnee")
        outcome = "maintien" if self.chance() < 0.93 else "mainlevee_differee"
        ruled = self.add(self.later(referred, DAY, 1, 5), "decision_juge", sens=outcome)
        told = self.add(self.later(ruled, HOUR, 1, 9), "notification_ordonnance")
        if outcome == "maintien" and self.chance() < 0.08:
            appeal = self.add(self.later(told, DAY, 1, 9), "appel")
            self.add(self.later(appeal, DAY, 2, 12), "decision_appel", sens="maintien")
        return ruled

    def _months(self, mode: Mode, start: Instant, day: Instant, draw: random.Random) -> None:
        end = self.later(day, DAY, 2, draw.choice((20, 90, 300)))
        month = start + 28 * DAY
        while month < end:
            self.add(self.later(month, HOUR, 0, 60), "certificat_mensuel", author=self.author())
            if mode in DIRECTOR or self.chance() < 0.4:
                self.add(self.later(month, HOUR, 61, 72), "decision_maintien")
            month += 30 * DAY
        if self.chance() < 0.3:
            isolated = self.later(start, HOUR, 5, 200)
            for _ in range(1 + int(self.chance() * 3)):
                self.add(isolated, "isolement_debut")
                self.add(self.later(isolated, HOUR, 2, 11), "evaluation_isolement")
                isolated = self.add(self.later(isolated, HOUR, 11, 30), "isolement_fin") + 7 * HOUR
        if self.chance() < 0.15:
            self.add(self.later(day, DAY, 1, 12), "requete_mainlevee", objet="mainlevee")
        if self.metropolitan and self.chance() < 0.06:
            self.add(self.later(day, DAY, 1, 3), "transfert", departement=draw.choice(METROPOLITAN))
        if end - day > 40 * DAY:
            left = self.add(self.later(day, DAY, 5, 15), "decision_forme", forme="programme_de_soins")
            if end - left > 20 * DAY and self.chance() < 0.5:
                back = self.add(self.later(left, DAY, 3, 15), "reintegration")
                self._judged(back, after=3 + self.chance() * 3)
        if end - day > 170 * DAY and self.chance() < 0.6:
            self._judged(day + 160 * DAY, after=self.chance() * 4)
        if self.chance() < 0.9:
            self.add(end, "levee")
