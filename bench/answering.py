"""How long answering takes, estimated from what is read and tapped; nobody was timed.

    python -m bench.answering

Every word of the pages is read once at a stated speed: the questions, all seven answers of each of them (a careful
reader), titles, leads, and every sentence of the templates, including those shown to some only. Each answer and each
button is a decision and a tap. The open box, which is optional, is left out. A pilot with a clock is to replace this.

Source:
    Trauzettel-Klosinski and Dietz (2012), IReST, Investigative Ophthalmology and Visual Science 53(9): French is read
    at 195 words a minute, deviation 26; Card, Moran and Newell (1980), keystroke-level model: 1.35 s to decide,
    1.1 s to point, 0.2 s to press.
"""

import re
import sys
from importlib.resources import files
from pathlib import Path

from bench import machine
from traitdunion import barometer
from traitdunion.barometer.screens import Screen, screens

PROMISED = 8.0  # minutes
SPEEDS = (("vitesse moyenne", 195), ("lecteur lent (moyenne − 2 écarts types)", 143), ("très lent", 100))
TAP = 1.35 + 1.1 + 0.2  # seconds
PAGES = ("answer.html", "answer_review.html", "answer_done.html")
SIDES = {"prefecture": "Préfecture", "ars": "ARS"}


def words(text: str) -> int:
    """Return how many words a text has, signs alone left out."""
    return len(re.findall(r"\w[\w’'-]*", text))


def of_template(name: str) -> int:
    """Return how many words a template writes by itself, whatever the case."""
    source = (Path(barometer.__file__).parent / "templates" / "barometer" / name).read_text(encoding="utf-8")
    return words(re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}|<[^>]*>|&\w+;", " ", source, flags=re.DOTALL))


def read_on(screen: Screen) -> int:
    """Return how many words a screen shows: the answers are read again under each question."""
    options = sum(words(label) for _, label in screen.options)
    return words(f"{screen.title} {screen.lead}") + sum(
        words(each.text) + options for each in screen.questions
    )


def measure(text: str, side: str, *, is_pulse: bool) -> tuple[int, int, int]:
    """Return the questions, the words and the taps of one respondent."""
    shown = screens(text, side, is_pulse=is_pulse)
    questions = sum(len(screen.questions) for screen in shown)
    read = (
        sum(map(read_on, shown))
        + len(shown) * of_template("answer_screen.html")
        + sum(map(of_template, PAGES))
    )
    return questions, read, questions + len(shown) + len(PAGES)  # one button a page


def main(arguments: list[str]) -> int:  # noqa: ARG001  # every report is given what follows its name
    print("\n".join(machine.describe("le questionnaire livré en exemple, complet et point trimestriel")))
    text = (files("traitdunion.barometer") / "data" / "questionnaire_exemple.toml").read_text(
        encoding="utf-8"
    )
    print("\nEstimation sur le texte des pages et le nombre de gestes ; personne n’a été chronométré.")
    longest = 0.0
    for form, is_pulse in (("complet", False), ("point trimestriel", True)):
        for side, name in SIDES.items():
            questions, read, taps = measure(text, side, is_pulse=is_pulse)
            print(f"\n{form}, {name} : {questions} questions, {read} mots, {taps} gestes de {TAP:.2f} s")
            for label, speed in SPEEDS:
                minutes = read / speed + taps * TAP / 60
                print(f"  {label:42} {speed:4} mots/min  {minutes:5.1f} min")
            longest = max(longest, read / SPEEDS[0][1] + taps * TAP / 60)
    print(f"\nPromesse : moins de {PROMISED:.0f} min à la vitesse moyenne. Le plus long : {longest:.1f} min.")
    return 0 if longest < PROMISED else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
