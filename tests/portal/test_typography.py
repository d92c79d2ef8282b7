"""The French of every page: guillemets, the curly apostrophe, a bound space before the high punctuation."""

import re
from html.parser import HTMLParser

import pytest
from django.http import HttpResponse

from tests.pages import QUERIES, TABLE, address
from traitdunion.identity.kinds import Role
from traitdunion.portal import typography

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
# Only in what is shown: the attributes are read aloud, no line ends there.
BREAKABLE = re.compile(r" [;!?:%€»]|« |\bn° ")
# The official geographic code writes these so.
AS_PUBLISHED = re.compile(r"Côtes?-d'(?:Or|Armor)|Côte d'Azur|Val-d'Oise")


class Reader(HTMLParser):
    """The sentences of a page as they are read: what stands between two elements that are not inside a sentence."""

    def __init__(self, html):
        super().__init__()
        self.said, self.aloud, self._words, self._unread = [], [], [], 0
        self.feed(html)
        self.close()
        self._stop()

    def handle_starttag(self, tag, attrs):
        self._unread += tag in UNREAD
        if tag not in INLINE:
            self._stop()
        self.aloud += [value for name, value in attrs if name in {"alt", "aria-label", "title"} and value]

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
    reader = Reader(html)
    rules = [
        *((name, rule, said) for said in reader.said + reader.aloud for name, rule in RULES.items()),
        *(("espace sécable", BREAKABLE, said) for said in reader.said),
    ]
    return sorted(
        {
            f"{name} : …{sentence[max(0, hit.start() - 30) : hit.end() + 20]}…"
            for name, rule, said in rules
            for sentence in [AS_PUBLISHED.sub("", said)]
            for hit in rule.finditer(sentence)
        }
    )


class Skeleton(HTMLParser):
    """What the binding of the spaces must leave as it is: tags, attributes, code, and the words themselves."""

    def __init__(self, html):
        super().__init__()
        self.kept, self._as_is, self.words = [], 0, ""
        self.feed(html)
        self.close()
        self.words = "".join(self.words.split())

    def handle_starttag(self, tag, attrs):
        self.kept.append((tag, attrs))
        self._as_is += tag in UNREAD - {"svg", "title"}

    def handle_endtag(self, tag):
        self.kept.append(tag)
        self._as_is -= tag in UNREAD - {"svg", "title"}

    def handle_data(self, data):
        if self._as_is:
            self.kept.append(data)
        else:
            self.words += data

    def handle_comment(self, data):
        self.kept.append(data)


def skeleton(html):
    read = Skeleton(html)
    return read.kept, read.words


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        (
            "<p>Qui\u202f? «\xa0Vous\xa0», à 14:05, sur http://exemple.fr/?a=b\u202f; n°\xa02\xa0: non\u202f!</p>",
            set(),
        ),
        ('<p aria-label="Qui ?">Qui ?</p>', {"espace sécable"}),
        ("<p>97 %</p>", {"espace sécable"}),
        ("<p>« <b>oui</b></p>", {"espace sécable"}),
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


PAGE = """<!doctype html><!-- a ; b --><title>Où ? Ici</title>
<p class="a ; b" title="Qui ? « Vous »">Qui
   ? <b>Vous</b> : « <i>oui</i> » ; n° 2, 97 %, 3 € !</p>
<script>let a = b ? "c" : d ;</script><style>p { a : b ; }</style>
<textarea>Qui ? « Vous »</textarea><code>a ? b</code><input value="Qui ?"><p>» ; a &lt; b ; c</p>"""


def test_only_the_spaces_of_the_text_are_bound():
    bound = typography.bind_html(PAGE)

    assert skeleton(bound) == skeleton(PAGE)
    assert "Où\u202f? Ici" in bound
    assert "Qui\u202f? <b>Vous</b>\xa0: «\xa0<i>oui</i>\xa0»\u202f; n°\xa02, 97\xa0%, 3\xa0€\u202f!" in bound
    assert "<p>»\u202f; a &lt; b\u202f; c</p>" in bound
    assert faults(bound) == []
    assert typography.bind_html(bound) == bound


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("", ""),
        (": a", ": a"),
        ("« ", "«\xa0"),
        ("«  a  »", "«\xa0a\xa0»"),
        ("« » ;", "«\xa0»\u202f;"),
        ("20 ° C, N° 2", "20 ° C, N°\xa02"),
        ("a<b ? c>d", "a<b\u202f? c>d"),
    ],
)
def test_a_text_is_bound_whatever_its_ends(text, bound):
    assert typography.bind(text) == bound


@pytest.mark.parametrize("kind", ["text/csv", "application/json", "text/plain", "text/calendar"])
def test_what_is_no_page_is_sent_as_it_is(kind):
    answer = HttpResponse("Qui ?", content_type=kind)
    assert typography.FrenchSpacesMiddleware(lambda _: answer)(None).content == b"Qui ?"


@pytest.fixture
def bindings(monkeypatch):
    """The pages before and after, as the real function binds them."""
    seen, real = [], typography.bind_html

    def bind_html(page):
        seen.append((page, real(page)))
        return seen[-1][1]

    monkeypatch.setattr(typography, "bind_html", bind_html)
    return seen


@pytest.mark.django_db
@pytest.mark.parametrize("name", [name for name, page in TABLE.items() if page.method == "GET"])
def test_a_page_is_written_as_french_is_printed(stage, sign_in, bindings, name):
    readers = [Role.REFERENT_ARS, Role.DESK_SANTE, Role.ADMINISTRATEUR]
    role = next((role for role in readers if role in TABLE[name].roles), None)

    answer = sign_in(role or "visitor").get(address(name, stage, role), QUERIES.get(name))

    if "text/html" in answer.headers["Content-Type"]:
        assert faults(answer.as_sent) == []
        assert bindings[-1][1] == answer.as_sent
        assert int(answer.headers["Content-Length"]) == len(answer.as_sent.encode())
        for before, after in bindings:
            assert skeleton(before) == skeleton(after)
