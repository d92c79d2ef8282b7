"""A wave from its invitations to the effect seen at the next one, played on the pages as those who play it.

Two respondents answer in the browser, the others post to the same pages. What the worker and time do is done by
``behind``, a process of the site: send what waits, analyse what is closed, move the days of a wave back. The country
has four départements, so that few letters leave.
"""

import json
import re
import subprocess
import sys
from datetime import datetime, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest

TODAY = datetime.now(ZoneInfo("Europe/Paris")).date()
CODES = ["54", "57", "67", "68"]
FIRST, SECOND = "Printemps joué", "Automne joué"
PEOPLE = 3  # who answer on each side: the fewest of which anything is shown
LOW, HIGH = ("2", "1", "2"), ("5", "4", "5")  # what they answer
BEHIND = """
import json, sys
import django
django.setup()
from datetime import timedelta
from django.utils import timezone
from traitdunion.barometer import tasks
from traitdunion.barometer.models import Wave
from traitdunion.notices.actions import send_pending

def send():
    while send_pending(at=timezone.now(), limit=500).left:
        pass

def analyse():
    tasks.compute_results()

def weeks_pass(name):
    wave = Wave.objects.get(name=name)
    wave.opens_on -= timedelta(days=40)
    wave.closes_on -= timedelta(days=40)
    wave.save()

print("prêt", flush=True)
for line in sys.stdin:
    what, *given = json.loads(line)
    {"send": send, "analyse": analyse, "weeks_pass": weeks_pass}[what](*given)
    print("fait", flush=True)
"""


@pytest.fixture(scope="module")
def served(serve):
    with serve(CODES) as environment:
        yield environment


@pytest.fixture(scope="module")
def site(served):
    return served["TRAITDUNION_BASE_URL"]


@pytest.fixture(scope="module")
def sessions():
    return {}


@pytest.fixture(scope="module")
def behind(served, checkout):
    """Return what the worker and time do, by name, in a process of the site."""
    with subprocess.Popen(
        [sys.executable, "-c", BEHIND],
        cwd=checkout, env=served, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip

        def ask(*what):
            process.stdin.write(f"{json.dumps(what)}\n")
            process.stdin.flush()
            assert process.stdout.readline() == "fait\n"

        assert process.stdout.readline() == "prêt\n"
        yield ask
        process.stdin.close()


@pytest.fixture
def personas(open_as):
    """Return the page of each persona, opened when first asked for."""
    pages = {}

    def page_of(persona):
        if persona not in pages:
            pages[persona] = open_as(persona).page
        return pages[persona]

    return page_of


def prepare(page, site, name):
    """Prepare a wave as the administrator, and return its address."""
    page.goto(f"{site}/barometre/vagues/nouvelle/")
    page.fill("[name=name]", name)
    for field, day in {
        "covers_since": TODAY - timedelta(days=90),
        "covers_until_on": TODAY,
        "opens_on": TODAY,
        "closes_on": TODAY + timedelta(days=20),
    }.items():
        page.fill(f"[name={field}]", day.isoformat())
    page.get_by_role("button", name="Préparer").click()
    assert "préparée" in page.inner_text("main").lower()
    return page.url


def add_someone(page, wave, side, role):
    """Ask one person more, as the référent of a side does."""
    page.goto(f"{wave}departements/67/{side}/ajouter/")
    page.select_option("[name=role]", role)
    page.fill("[name=name]", f"Personne ajoutée, {side}")
    page.fill("[name=email]", f"ajoutee.{side}@demonstration.invalid")
    page.get_by_role("button", name=re.compile("Ajouter|Enregistrer")).click()
    assert f"Personne ajoutée, {side}" in page.inner_text("main")


def open_wave(page, wave):
    """Open it now, and say why where a list is short."""
    page.goto(f"{wave}ouvrir/")
    if page.locator("[name=roster_reason]").count():
        page.fill("[name=roster_reason]", "Le Haut-Rhin renouvelle ses équipes.")
    page.get_by_role("button", name=re.compile("Ouvrir")).click()
    assert "ouverte" in page.inner_text("main").lower()


def invitations(page, site, name):
    """Return the links of the first people asked on each side of the Bas-Rhin, as the page of letters shows them."""
    page.goto(f"{site}/demonstration/courrier/?objet=invitations&q={quote(f'Bas-Rhin « {name} »')}")
    links = []
    for side in ("la préfecture", "l’ARS"):
        letters = page.locator("main li").filter(has_text=f"répondre pour {side}")
        found = letters.get_by_role("link", name="Répondre au baromètre").all()
        links.append([link.get_attribute("href") for link in found[:PEOPLE]])
        assert len(links[-1]) == PEOPLE
    return links


def type_answers(visit, link, value):
    """Answer every question in the browser and send."""
    page = visit.page
    page.goto(link)
    page.get_by_role("link", name=re.compile("Commencer|Reprendre")).click()
    while page.locator("form.ba-questions").count():
        here = page.url
        for question in page.locator("fieldset.ba-question").all():
            question.locator(f"input[value='{value}']").check(force=True)
        visit.settle()  # the box for a few words opens above the button, which a click would miss
        save = page.get_by_role("button", name="Enregistrer et continuer")
        with page.expect_navigation():
            save.click()
        if page.url == here:
            # Without script the box for a few words comes once the answers are saved.
            with page.expect_navigation():
                save.click()
        assert page.url != here
    page.get_by_role("button", name="Envoyer", exact=True).click()
    assert "Merci" in page.inner_text("main")


def post_answers(client, link, value):
    """Answer every question by posting to the pages that a browser would show, and send."""
    page = client.get(f"{link}1/")
    while "ba-questions" in page.text():
        asked = set(re.findall(r'name="(q-[^"]+)"', page.text()))
        page = client.post(page.url, form={**dict.fromkeys(asked, value), "remark": ""})
        assert page.ok
    assert page.url.endswith("/envoi/")
    assert "Merci" in client.post(page.url, form={"code": ""}).text()


def close(page, wave):
    page.goto(f"{wave}clore/")
    page.get_by_role("button", name=re.compile("Clore")).click()
    assert "sous embargo" in page.inner_text("main").lower()


def keep(page):
    """Propose to keep the piste that ``page`` shows, with what each side will do."""
    page.get_by_role("link", name="Retenir").click()
    page.fill("[name=prefecture_task]", "Tenir à jour la liste des numéros")
    page.fill("[name=ars_task]", "Nommer un suppléant joignable")
    for side in ("prefecture", "ars"):
        page.select_option(f"[name={side}_owner]", index=1)
    page.fill("[name=due_on]", (TODAY + timedelta(days=60)).isoformat())
    page.select_option("[name=measured_by]", index=1)
    page.get_by_role("button", name="Proposer à l’autre institution").click()
    assert "l’ARS doit répondre" in page.inner_text("main")


def test_a_wave_is_played_from_the_invitations_to_the_effect(open_as, personas, site, behind):
    administrator, prefecture, ars = map(personas, ("administrateur", "referent_prefecture", "referent_ars"))
    results = f"{site}/barometre/departements/67/?vague={quote(FIRST)}"

    wave = prepare(administrator, site, FIRST)
    add_someone(prefecture, wave, "prefecture", "sous_prefet")
    add_someone(ars, wave, "ars", "referent_regional")
    open_wave(administrator, wave)
    behind("send")
    phone, plain = open_as(None, width=320), open_as(None, scripts=False)
    links = invitations(phone.page, site, FIRST)
    for visit, [link, *others] in zip((phone, plain), links, strict=True):
        type_answers(visit, link, LOW[0])
        for other, value in zip(others, LOW[1:], strict=True):
            post_answers(visit.page.request, other, value)
    phone.page.goto(links[0][0])
    assert "Commencer" not in phone.page.inner_text("main"), "what was sent is not read again"
    close(administrator, wave)
    behind("analyse")

    assert prefecture.goto(results).status == 200
    assert "Jusqu’au" in prefecture.inner_text("main"), "the pair reads under embargo, and is told until when"
    ministry = personas("desk_sante")
    assert ministry.goto(results).status == 404

    behind("weeks_pass", FIRST)
    assert ministry.goto(results).status == 200
    prefecture.goto(f"{site}/barometre/departements/67/pistes/?vague={quote(FIRST)}")
    prefecture.get_by_role("link", name=re.compile("les deux côtés reconnaissent")).first.click()
    piste = prefecture.url
    keep(prefecture)
    ars.goto(piste)
    ars.get_by_role("button", name="Confirmer").click()
    assert "retenue" in ars.inner_text("main").lower()
    ars.goto(f"{site}/plan/actions/?territoire=67")
    assert "Nommer un suppléant joignable" in ars.inner_text("main")

    wave = prepare(administrator, site, SECOND)
    open_wave(administrator, wave)
    behind("send")
    for side in invitations(phone.page, site, SECOND):
        for link, value in zip(side, HIGH, strict=True):
            post_answers(phone.page.request, link, value)
    close(administrator, wave)
    behind("analyse")
    ars.goto(piste)
    told = ars.inner_text("main")
    assert "effet observé" in told.lower()
    assert "Une évolution n’est pas une preuve" in told
