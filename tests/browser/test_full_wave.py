"""A wave from its invitations to the effect seen at the next one, played as those who play it.

Only time is helped: where the story says that a week passes, the days of the wave are moved back in the database.
"""

import re
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from zoneinfo import ZoneInfo

TODAY = datetime.now(ZoneInfo("Europe/Paris")).date()
PEOPLE = 3  # of each side: the fewest of which anything is shown


def prepare(visit, name):
    visit.go("/barometre/vagues/nouvelle/")
    page = visit.page
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


def complete(visit, wave, side, role):
    """Ask enough people of a side for something to be shown, as its référent does."""
    page = visit.page
    while True:
        page.goto(f"{wave}departements/67/")
        section = page.inner_text(f"#{side}" if page.locator(f"#{side}").count() else "main")
        asked = len(re.findall(r"@", section))
        if asked >= PEOPLE:
            return
        page.goto(f"{wave}departements/67/{side}/ajouter/")
        page.select_option("[name=role]", role)
        page.fill("[name=name]", f"Personne {side} {asked}")
        page.fill("[name=email]", f"{side}.{asked}@demonstration.invalid")
        page.get_by_role("button", name=re.compile("Ajouter|Enregistrer")).click()


def answer(visit, link, value):
    """Answer every question the same way and send."""
    page = visit.page
    page.goto(link)
    page.get_by_role("link", name=re.compile("Commencer|Reprendre")).click()
    here = page.locator("form.ba-questions, input#code").first
    here.wait_for()
    while page.locator("form.ba-questions").count():
        for question in page.locator("fieldset.ba-question").all():
            question.locator(f"input[value='{value}']").check(force=True)
        with page.expect_navigation():
            page.get_by_role("button", name="Enregistrer et continuer").click()
        if page.get_by_text("Vous pouvez ajouter quelques mots").count():
            with page.expect_navigation():
                page.get_by_role("button", name="Enregistrer et continuer").click()
        here.wait_for()
    page.get_by_role("button", name="Envoyer", exact=True).click()
    return page.inner_text("main")


def links_of(letters, wave):
    """Return the personal link of each letter of a wave, by address."""
    found = {}
    for file in letters.iterdir():
        for raw in file.read_bytes().split(b"\n" + b"-" * 79 + b"\n"):
            letter = message_from_bytes(raw.lstrip(), policy=policy.default)
            body = letter.get_content() if letter["To"] else ""
            link = re.search(r"https?://\S+/barometre/repondre/\S+", body)
            if link and wave in body:
                found[letter["To"]] = link[0]
    return found


def play(open_as, shell, letters, name, value, *, in_browser):
    """Prepare, complete, open, invite, answer and close one wave in the Bas-Rhin."""
    administrator = open_as("administrateur")
    wave = prepare(administrator, name)
    complete(open_as("referent_prefecture"), wave, "prefecture", "sous_prefet")
    complete(open_as("referent_ars"), wave, "ars", "psychiatre")
    shell(  # one département is enough for a story
        "from traitdunion.barometer.models import RosterEntry\n"
        f"RosterEntry.objects.filter(wave__name={name!r}).exclude(departement='67').delete()"
    )
    administrator.page.goto(f"{wave}ouvrir/")
    administrator.page.get_by_role("button", name=re.compile("Ouvrir")).click()
    shell("from traitdunion.notices.actions import send_pending; from django.utils import timezone\n"
          "while send_pending(at=timezone.now(), limit=500).left: pass")  # fmt: skip
    addresses = shell(
        f"from traitdunion.barometer.models import RosterEntry\n"
        f"print(*RosterEntry.objects.in_use().filter(wave__name={name!r}, departement='67')"
        f".values_list('email', flat=True))"
    ).split()
    links = links_of(letters, name)
    assert set(addresses) <= set(links), "everyone asked received a link"
    for rank, address in enumerate(addresses[:in_browser]):
        respondent = open_as(None, width=320, scripts=rank == 0)
        assert "Merci" in answer(respondent, links[address], value)
        respondent.page.goto(links[address])
        assert "Commencer" not in respondent.page.inner_text("main"), "what was sent is not read again"
    shell(
        "from traitdunion.barometer import answering\n"
        "from traitdunion.barometer.screens import screens\n"
        "from traitdunion.barometer.models import RosterEntry\n"
        f"for entry in RosterEntry.objects.filter(email__in={addresses[in_browser:]!r}, wave__name={name!r}):\n"
        "    shown = screens(entry.wave.questionnaire.text, entry.side, is_pulse=False)\n"
        "    for screen in shown:\n"
        f"        given = {{each.id: {value!r} for each in screen.questions}}\n"
        "        answering.save(entry, answers=given, screen=screen.number, remark=None)\n"
        "    answering.submit(entry, screens=[each.number for each in shown], typed_code='')\n"
    )
    administrator.page.goto(f"{wave}clore/")
    administrator.page.get_by_role("button", name=re.compile("Clore")).click()
    assert "sous embargo" in administrator.page.inner_text("main").lower()
    shell("from traitdunion.barometer import tasks; tasks.compute_results()")


def a_week_passes(shell, name):
    shell(
        "from traitdunion.barometer.models import Wave; from datetime import timedelta\n"
        f"wave = Wave.objects.get(name={name!r}); wave.opens_on -= timedelta(days=40)\n"
        "wave.closes_on -= timedelta(days=40); wave.save()"
    )


def test_a_wave_is_played_from_the_invitations_to_the_effect(open_as, shell, letters):
    play(open_as, shell, letters, "Vague jouée 1", "2", in_browser=2)

    pair = open_as("referent_prefecture")
    assert pair.go("/barometre/departements/67/?vague=Vague+jou%C3%A9e+1") == 200
    pair.picture("barometre-departement")
    assert "Jusqu’au" in pair.page.inner_text("main")
    assert open_as("desk_sante").go("/barometre/departements/67/?vague=Vague+jou%C3%A9e+1") == 404

    a_week_passes(shell, "Vague jouée 1")
    pair.go("/barometre/departements/67/pistes/?vague=Vague+jou%C3%A9e+1")
    pair.page.locator("main a[href*='/barometre/pistes/']").first.click()
    piste = pair.page.url
    pair.page.goto(f"{piste}retenir/")
    pair.page.fill("[name=prefecture_task]", "Tenir à jour la liste des numéros")
    pair.page.fill("[name=ars_task]", "Nommer un suppléant joignable")
    for side in ("prefecture", "ars"):
        pair.page.select_option(f"[name={side}_owner]", index=1)
    pair.page.fill("[name=due_on]", (TODAY + timedelta(days=60)).isoformat())
    pair.page.select_option("[name=measured_by]", index=1)
    pair.page.get_by_role("button", name="Proposer à l’autre institution").click()
    other = open_as("referent_ars")
    other.page.goto(piste)
    other.page.get_by_role("button", name="Confirmer").click()
    assert "retenue" in other.page.inner_text("main").lower()
    other.go("/plan/actions/?territoire=67")
    assert "Nommer un suppléant joignable" in other.page.inner_text("main")

    play(open_as, shell, letters, "Vague jouée 2", "5", in_browser=0)
    other.page.goto(piste)
    other.picture("barometre-piste")
    assert "effet observé" in other.page.inner_text("main").lower()
    assert "Une évolution n’est pas une preuve" in other.page.inner_text("main")
