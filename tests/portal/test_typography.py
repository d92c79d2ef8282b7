"""The French of every page: guillemets, the curly apostrophe, a space before the high punctuation."""

import re
from html.parser import HTMLParser

import pytest

from tests.pages import QUERIES, TABLE, address
from traitdunion.identity.kinds import Role

# What is code, typed by someone, or not read.
UNREAD = {"script", "style", "code", "pre", "textarea", "svg", "title"}
INLINE = {
    "a",
    "abbr",
    "b",
    "em",
    "i",
    "q",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "time",
    "cite",
    "dfn",
    "mark",
}
RULES = {
    "espace absente": re.compile(r"\w[!?;](?=[\s»)]|$)|[^\W\d]:(?=\s|$)|\w»|«\w"),
    "apostrophe droite": re.compile(r"[^\W\d]'\w"),
    "guillemets droits": re.compile(r"\"\w|\w\""),
    "trois points": re.compile(r"\.\.\."),
}
# The official geographic code writes these so.
AS_PUBLISHED = re.compile(r"Côtes?-d'(?:Or|Armor)|Côte d'Azur|Val-d'Oise")


class Reader(HTMLParser):
    """The sentences of a page as they are read: what stands between two elements that are not inside a sentence."""

    def __init__(self, html):
        super().__init__()
        self.said, self._words, self._unread = [], [], 0
        self.feed(html)
        self.close()
        self._stop()

    def handle_starttag(self, tag, attrs):
        self._unread += tag in UNREAD
        if tag not in INLINE:
            self._stop()
        self.said += [value for name, value in attrs if name in {"alt", "aria-label", "title"} and value]

    def handle_endtag(self, tag):
        self._unread -= tag in UNREAD
        if tag not in INLINE:
            self._stop()

    def handle_data(self, data):
        if not self._unread:
            self._words.append(data)

    def _stop(self):
        # Only plain spaces and line feeds collapse: str.split would take the others too.
        sentence = re.sub(r"[ \t\n\r]+", " ", "".join(self._words)).strip(" ")
        if sentence:
            self.said.append(sentence)
        self._words = []


def faults(html):
    return sorted(
        {
            f"{name} : …{sentence[max(0, hit.start() - 30) : hit.end() + 20]}…"
            for sentence in (AS_PUBLISHED.sub("", said) for said in Reader(html).said)
            for name, rule in RULES.items()
            for hit in rule.finditer(sentence)
        }
    )


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("<p>Qui ? « Vous », à 14:05, sur http://exemple.fr/?a=b ; lui : non !</p>", set()),
        ("<p>le «plan»</p>", {"espace absente"}),
        ("<p>Qui? <b>Vous:</b> moi.</p>", {"espace absente"}),
        ("<p>l'État</p>", {"apostrophe droite"}),
        ("<p>l'<b>État</b></p>", {"apostrophe droite"}),
        ('<p>le "plan"</p>', {"guillemets droits"}),
        ('<p aria-label="et puis...">a</p>', {"trois points"}),
        ("<script>let a = b? 'l'un' : \"l'autre\"</script><p>La Côte-d'Or</p>", set()),
    ],
)
def test_the_reader_sees_each_fault(sentence, found):
    assert {fault.split(" : ")[0] for fault in faults(sentence)} == found


@pytest.mark.django_db
@pytest.mark.parametrize("name", [name for name, page in TABLE.items() if page.method == "GET"])
def test_a_page_is_written_as_french_is_printed(stage, sign_in, name):
    readers = [Role.REFERENT_ARS, Role.DESK_SANTE, Role.ADMINISTRATEUR]
    role = next((role for role in readers if role in TABLE[name].roles), None)

    answer = sign_in(role or "visitor").get(address(name, stage, role), QUERIES.get(name))

    if "text/html" in answer.headers["Content-Type"]:
        assert faults(answer.content.decode()) == []
