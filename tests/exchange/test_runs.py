"""An import on the site: sent, checked, applied in one transaction or not at all."""

import contextlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from traitdunion.audit.models import Entry
from traitdunion.exchange import actions, registry
from traitdunion.exchange.difference import Change, ChangeKind, Difference
from traitdunion.exchange.errors import CellError
from traitdunion.exchange.kinds import RunState
from traitdunion.exchange.models import ImportRun
from traitdunion.exchange.registry import Column, Outcome
from traitdunion.identity.kinds import OrganisationKind, Role
from traitdunion.identity.models import Mandate, Organisation, Person, Post

TODAY = timezone.localdate()


class Names:
    """Rename persons: a table small enough to see everything."""

    kind = "noms"
    label = "Noms des essais"
    columns = (Column("nom", True, "Le nouveau nom."),)
    dies = False

    def may_import(self, mandate):
        return mandate.role is Role.ADMINISTRATEUR

    def check(self, table, *, at, progress):
        errors, changes = [], []
        for done, row in enumerate(table.rows, start=1):
            name = row["nom"].as_text(max_length=120)
            if name == "interdit":
                errors.append(
                    CellError(row["nom"].reference, "nom", "Ce nom est interdit ; choisissez-en un autre.")
                )
            else:
                changes.append(
                    Change(ChangeKind.CHANGED, "personne", "nom", Person.objects.get(subject="p").name, name)
                )
            progress(done, len(table.rows))
        return Outcome(difference=Difference(changes), errors=errors)

    def apply(self, table, *, actor, at, progress):
        outcome = self.check(table, at=at, progress=progress)
        Person.objects.filter(subject="p").update(name=table.rows[-1]["nom"].as_text(max_length=120))
        if self.dies:
            raise KeyboardInterrupt
        return outcome


@pytest.fixture
def importer(monkeypatch):
    importer = Names()
    monkeypatch.setitem(registry._importers, importer.kind, importer)
    return importer


@pytest.fixture
def mandate(db):
    organisation = Organisation.objects.create(
        kind=OrganisationKind.DESK.value, name="Bureau", opened_on=TODAY
    )
    post = Post.objects.create(organisation=organisation, role=Role.ADMINISTRATEUR.value, opened_on=TODAY)
    person = Person.objects.create(issuer="i", subject="p", name="avant")
    return Mandate.objects.create(
        person=person, post=post, starts_on=TODAY, author_label="essai", recorded_at=timezone.now()
    )


@pytest.fixture
def inside(client, mandate):
    client.force_login(mandate.person, backend="traitdunion.demo.personas.PersonaBackend")
    session = client.session
    session["mandate"] = str(mandate.public_id)
    session.save()
    return client


def sent(importer, mandate, *names):
    content = "\n".join(("nom", *names)).encode()
    run = actions.send(
        importer=importer, file_name="noms.csv", content=content, mandate=mandate, at=timezone.now()
    )
    actions.check(run, at=timezone.now())
    run.refresh_from_db()
    return run


def name():
    return Person.objects.get(subject="p").name


def test_a_checked_file_changes_nothing_until_it_is_confirmed(importer, mandate):
    run = sent(importer, mandate, "après")
    assert (run.state, run.message, name()) == (RunState.READY.value, "1 valeur change", "avant")

    actions.apply(run, at=timezone.now())
    assert name() == "avant"

    actions.confirm(run, mandate=mandate, at=timezone.now())
    actions.apply(run, at=timezone.now())
    run.refresh_from_db()
    assert (run.state, run.content, name()) == (RunState.APPLIED.value, None, "après")
    assert Entry.objects.filter(event="exchange.run.applied").count() == 1


def test_a_wrong_cell_refuses_the_whole_file(importer, mandate):
    run = sent(importer, mandate, "après", "interdit")

    assert run.state == RunState.REFUSED.value
    [error] = run.errors
    assert (error["column"], "ligne 3" in error["reference"].replace("\xa0", " ")) == ("nom", True)
    with pytest.raises(actions.ImportRefusedError, match="seul un import prêt"):
        actions.confirm(run, mandate=mandate, at=timezone.now())
    assert name() == "avant"


def test_data_that_moved_since_the_check_are_shown_again_before_anything_is_written(importer, mandate):
    run = sent(importer, mandate, "après")
    actions.confirm(run, mandate=mandate, at=timezone.now())
    Person.objects.filter(subject="p").update(name="entre-temps")

    actions.apply(run, at=timezone.now())

    run.refresh_from_db()
    assert (run.state, name()) == (RunState.READY.value, "entre-temps")
    assert "ont changé depuis le contrôle" in run.message


def test_applied_twice_it_is_written_once(importer, mandate):
    run = sent(importer, mandate, "après")
    actions.confirm(run, mandate=mandate, at=timezone.now())
    actions.apply(run, at=timezone.now())
    Person.objects.filter(subject="p").update(name="depuis")

    actions.apply(run, at=timezone.now())

    assert name() == "depuis"


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_dies_in_the_middle_leaves_nothing_and_the_next_one_finishes(importer, mandate):
    run = sent(importer, mandate, "après")
    actions.confirm(run, mandate=mandate, at=timezone.now())
    importer.dies = True
    with contextlib.suppress(KeyboardInterrupt):
        actions.apply(run, at=timezone.now())
    connection.close()
    run.refresh_from_db()
    assert (run.state, name()) == (RunState.APPLYING.value, "avant")

    importer.dies = False
    actions.apply(run, at=timezone.now())

    run.refresh_from_db()
    assert (run.state, name()) == (RunState.APPLIED.value, "après")
    assert (run.progress.done, run.progress.total) == (1, 1)


def test_the_pages_go_from_the_file_to_its_application(importer, inside):
    sending = inside.post(
        reverse("exchange:run_send", args=["noms"]), {"file": SimpleUploadedFile("noms.csv", b"nom\napres")}
    )
    run = ImportRun.objects.get()
    assert sending.url == reverse("exchange:run_detail", args=[run.public_id])
    assert "hx-trigger" in inside.get(sending.url).content.decode()
    assert list(ProcrastinateJob.objects.values_list("task_name", flat=True)) == ["exchange.check"]

    actions.check(run, at=timezone.now())
    page = inside.get(sending.url).content.decode()
    part = inside.get(sending.url, headers={"HX-Request": "true"}).content.decode()
    assert "1 valeur change" in page
    assert "<h1>" not in part
    assert "Appliquer ces changements" in part

    inside.post(reverse("exchange:run_confirm", args=[run.public_id]))
    assert ProcrastinateJob.objects.filter(task_name="exchange.apply").count() == 1


@pytest.mark.parametrize(
    ("upload", "said"),
    [
        (None, "Aucun fichier"),
        (SimpleUploadedFile("vide.csv", b""), "vide"),
    ],
)
def test_a_bad_upload_is_told_beside_the_field(importer, inside, upload, said):
    answer = inside.post(reverse("exchange:run_send", args=["noms"]), {"file": upload} if upload else {})

    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not ImportRun.objects.exists()


def test_a_file_over_the_limit_is_refused_with_its_size(importer, inside, settings):
    settings.UPLOAD_LIMIT_BYTES = 2_000_000
    answer = inside.post(
        reverse("exchange:run_send", args=["noms"]),
        {"file": SimpleUploadedFile("gros.csv", b"x" * 3_000_000)},
    )

    assert answer.status_code == 400
    assert "Le fichier pèse 3 Mo" in answer.content.decode().replace("\xa0", " ")


@pytest.mark.parametrize("content", [b"%PDF-1.7", b"\x89PNG\r\n\x1a\n", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
def test_another_type_of_file_ends_in_one_sentence(importer, mandate, content):
    run = actions.send(
        importer=importer, file_name="plan.xlsx", content=content, mandate=mandate, at=timezone.now()
    )
    actions.check(run, at=timezone.now())

    run.refresh_from_db()
    assert run.state == RunState.REFUSED.value
    assert run.message.endswith((".", ". "))


def test_an_abandoned_file_is_erased(importer, mandate):
    run = sent(importer, mandate, "après")
    actions.abandon(run, mandate=mandate, at=timezone.now())

    run.refresh_from_db()
    assert (run.state, run.content) == (RunState.ABANDONED.value, None)
    with pytest.raises(actions.ImportRefusedError):
        actions.abandon(run, mandate=mandate, at=timezone.now())
