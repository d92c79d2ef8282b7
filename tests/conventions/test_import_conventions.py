"""A table of conventions: what it changes, what is wrong in it, and what it never erases."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.conventions import facts
from traitdunion.audit.actors import task
from traitdunion.audit.models import Entry
from traitdunion.conventions import imports
from traitdunion.conventions.convention_table import HEADERS
from traitdunion.conventions.imports import ConventionImporter
from traitdunion.conventions.kinds import Basis, Coverage, State, Step
from traitdunion.conventions.models import Convention, HeadingText, Party, Signature, StepTaken, Template
from traitdunion.exchange.difference import ChangeKind
from traitdunion.exchange.errors import HeaderError, UnreadableTableError
from traitdunion.exchange.tables import read_table
from traitdunion.exchange.writers import write_table
from traitdunion.identity.kinds import NATIONAL, OrganisationKind, Role, Side

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 24, 8, tzinfo=UTC)
TODAY = date(2026, 11, 24)
ACTOR = task("essai")
IMPORTER = ConventionImporter()
SIGNED = {
    "département": "67",
    "intitulé": "Convention-cadre",
    "référence": "BR-1",
    "signée préfecture le": date(2024, 3, 1),
    "signataire préfecture": "Une préfète",
    "qualité préfecture": "préfète",
    "signée ars le": date(2024, 3, 8),
    "signataire ars": "Un directeur",
    "qualité ars": "directeur général",
    "entrée en vigueur": date(2024, 4, 1),
    "fin": date(2027, 3, 31),
}


@pytest.fixture(autouse=True)
def country():
    east = facts.region("44", "Grand Est")
    facts.organisation(OrganisationKind.ARS, in_region=east, name="ARS Grand Est")
    for code, name in (("67", "Bas-Rhin"), ("68", "Haut-Rhin"), ("01", "Ain")):
        place = facts.departement(code, name, east)
        facts.organisation(OrganisationKind.PREFECTURE, place, name=f"Préfecture {name}")


def silent(_done, _total):
    pass


def table(*rows, columns=HEADERS, kind="xlsx"):
    written = [[row.get(column) for column in columns] for row in rows]
    content = write_table(columns, written, format=kind, title="Conventions")
    return read_table(content, file_name=f"conventions.{kind}")


def text_table(text, encoding="utf-8"):
    return read_table(text.encode(encoding), file_name="conventions.csv")


def check(read):
    return IMPORTER.check(read, at=AT, progress=silent)


def apply(read):
    return IMPORTER.apply(read, actor=ACTOR, at=AT, progress=silent)


def said(outcome):
    return [str(error).replace("\u00a0", " ") for error in outcome.errors]


def only(outcome):
    [error] = said(outcome)
    return error


def state():
    """Everything the import may write."""
    return [
        list(model.objects.order_by("pk").values())
        for model in (Convention, Signature, StepTaken, Party, Entry)
    ]


# What it writes


def test_a_new_signed_convention_has_its_parties_and_declared_signatures():
    outcome = apply(table(SIGNED))
    assert outcome.difference.summary() == "1 ligne nouvelle"
    made = Convention.objects.get()
    assert (made.signed_on, made.starts_on, made.ends_on) == (
        date(2024, 3, 8),
        date(2024, 4, 1),
        date(2027, 3, 31),
    )
    assert {(each.side, each.basis) for each in made.signatures.all()} == {
        ("prefecture", Basis.DECLARED.value),
        ("ars", Basis.DECLARED.value),
    }
    assert {each.organisation.name for each in made.parties.all()} == {"Préfecture Bas-Rhin", "ARS Grand Est"}
    assert made.situation(TODAY).state is State.EN_VIGUEUR
    assert Entry.objects.get().event == "conventions.convention.declared"


def test_a_check_writes_nothing():
    before = state()
    check(table(SIGNED))
    assert state() == before


def test_without_a_first_day_it_starts_with_the_last_signature():
    apply(table(SIGNED | {"entrée en vigueur": None}))
    assert Convention.objects.get().starts_on == date(2024, 3, 8)


@pytest.mark.parametrize(
    ("row", "step"),
    [
        ({}, Step.PROJET),
        ({"étape": "relecture"}, Step.RELECTURE),
        ({"étape": "À SIGNER"}, Step.A_SIGNER),
        ({"signée ars le": date(2026, 5, 1)}, Step.A_SIGNER),
    ],
)
def test_a_text_not_signed_yet_stands_at_its_step(row, step):
    apply(table({"département": "67", "intitulé": "Projet"} | row))
    made = Convention.objects.get()
    assert (made.signed_on, made.situation(TODAY).state.value) == (None, step.value)


def test_a_denunciation_is_kept_with_its_reason():
    apply(table(SIGNED | {"dénoncée le": date(2026, 1, 1), "motif dénonciation": "Réorganisation"}))
    made = Convention.objects.get()
    assert made.situation(TODAY).state is State.DENONCEE
    assert made.denounced_recorded_at == AT


@pytest.mark.parametrize("typed", ["1", "01", " 01 ", 1])
def test_the_code_that_a_spreadsheet_spoils_is_understood(typed):
    apply(table(SIGNED | {"département": typed}))
    assert Convention.objects.get().departement_id == "01"


def test_a_name_left_out_is_said_not_given():
    apply(table(SIGNED | {"signataire ars": None, "qualité ars": None}))
    signature = Signature.objects.get(side=Side.ARS.value)
    assert (signature.signatory_name, signature.quality) == ("non précisé", "non précisée")


# What it changes


def test_the_same_table_twice_changes_nothing():
    apply(table(SIGNED, {"département": "68", "intitulé": "Projet"}))
    before = state()
    outcome = apply(table(SIGNED, {"département": "68", "intitulé": "Projet"}))
    assert outcome.difference.summary() == "aucune valeur ne change"
    assert state() == before


def test_the_difference_tells_what_changes_and_what_goes_back():
    apply(table(SIGNED))
    outcome = check(table(SIGNED | {"intitulé": "Nouveau titre", "fin": date(2026, 12, 31)}))
    told = {(change.field, change.before, change.after, change.kind) for change in outcome.difference.changes}
    assert told == {
        ("intitulé", "Convention-cadre", "Nouveau titre", ChangeKind.CHANGED),
        ("fin", "31/03/2027", "31/12/2026", ChangeKind.REGRESSED),
    }


def test_a_signature_is_corrected_in_place():
    apply(table(SIGNED))
    apply(table(SIGNED | {"signée ars le": date(2024, 3, 5), "signataire ars": "Une directrice"}))
    signature = Signature.objects.get(side=Side.ARS.value)
    assert (signature.signed_on, signature.signatory_name) == (date(2024, 3, 5), "Une directrice")
    assert Convention.objects.get().signed_on == date(2024, 3, 5)


def test_a_draft_becomes_signed():
    apply(table({"département": "67", "intitulé": "Convention-cadre", "référence": "BR-1"}))
    apply(table(SIGNED))
    assert Convention.objects.get().situation(TODAY).state is State.EN_VIGUEUR


def test_a_first_day_finds_the_convention_that_has_no_reference():
    apply(table(SIGNED | {"référence": None}))
    outcome = apply(table(SIGNED))
    assert [change.field for change in outcome.difference.changes] == ["référence"]
    assert Convention.objects.count() == 1


def test_a_column_left_out_changes_nothing():
    apply(table(SIGNED))
    columns = ("département", "référence", "intitulé", "fin")
    outcome = apply(table(SIGNED | {"fin": date(2028, 1, 1)}, columns=columns))
    assert [change.field for change in outcome.difference.changes] == ["fin"]
    assert Signature.objects.count() == 2


def test_a_step_forward_is_added_to_the_history():
    apply(table({"département": "67", "intitulé": "Projet"}))
    apply(table({"département": "67", "intitulé": "Projet", "étape": "relecture"}))
    assert list(StepTaken.objects.values_list("step", flat=True)) == ["projet", "relecture"]


# What it never does


@pytest.mark.parametrize(
    ("gone", "words"),
    [
        (
            {"signée ars le": None, "signataire ars": None, "qualité ars": None},
            "une signature du 08/03/2024 est connue",
        ),
        ({"dénoncée le": None, "motif dénonciation": None}, "une dénonciation au 01/01/2026 est connue"),
    ],
)
def test_an_empty_cell_erases_no_act(gone, words):
    full = SIGNED | {"dénoncée le": date(2026, 1, 1), "motif dénonciation": "Réorganisation"}
    apply(table(full))
    before = state()
    outcome = apply(table(full | gone))
    assert any(words in error for error in said(outcome))
    assert state() == before


@pytest.mark.parametrize("made_here", ["signature", "heading", "avenant"])
def test_what_was_written_in_the_tool_is_changed_in_the_tool(made_here):
    apply(table(SIGNED))
    made = Convention.objects.get()
    if made_here == "signature":
        made.signatures.update(basis=Basis.MANDATE.value)
    elif made_here == "heading":
        HeadingText.objects.create(
            convention=made, number=1, coverage=Coverage.PRESENT.value, text="x", **facts.authored()
        )
    else:
        Convention.objects.create(
            departement=made.departement,
            parent=made,
            number=1,
            title="Avenant",
            provenance="synthetic",
            **facts.authored(),
        )
    assert not check(table(SIGNED)).errors
    outcome = apply(table(SIGNED | {"fin": date(2029, 1, 1)}))
    assert "un tableau ne la change pas" in only(outcome)
    assert Convention.objects.get(parent=None).ends_on == date(2027, 3, 31)


# Bad input: each gets a sentence that names the cell, and nothing changes


BAD = [
    ({"département": "99"}, "A2", "n’est pas le code d’un des 101 départements"),
    ({"département": "Bas Rhin"}, "A2", "67 (Bas-Rhin)"),
    ({"département": "20"}, "A2", "scindée"),
    ({"département": None}, "A2", "le code d’un département était attendu"),
    ({"intitulé": None}, "B2", "l’intitulé de la convention était attendu"),
    ({"intitulé": "x" * 251}, "B2", "251 caractères"),
    ({"étape": "signée"}, "D2", "« signée »"),
    ({"étape": "projet"}, "D2", "une cellule vide était attendue"),
    ({"modèle": "Modèle inconnu"}, "E2", "n’est pas une version du modèle national"),
    ({"fin": date(2024, 1, 1)}, "M2", "avant de commencer, le 01/04/2024"),
    ({"fin": date(2024, 3, 5), "entrée en vigueur": date(2024, 3, 1)}, "M2", "précède la dernière signature"),
    ({"signée ars le": TODAY + timedelta(days=1)}, "I2", "un jour à venir"),
    ({"signée ars le": "demain"}, "I2", "01/03/2026"),
    ({"signée ars le": "31/02/2024"}, "I2", "n’existe pas"),
    ({"signée ars le": "08/03/24"}, "I2", "deux chiffres"),
    ({"signée ars le": None}, "I2", "un signataire est nommé"),
    ({"entrée en vigueur": "#REF!"}, "L2", "#REF!"),
    ({"dénoncée le": date(2024, 3, 1), "motif dénonciation": "x"}, "N2", "précède la dernière signature"),
    ({"dénoncée le": date(2028, 3, 1), "motif dénonciation": "x"}, "N2", "déjà pris fin"),
    ({"dénoncée le": date(2026, 3, 1)}, "O2", "Le motif manque"),
    ({"motif dénonciation": "Parce que"}, "N2", "un motif est écrit"),
]  # fmt: skip


@pytest.mark.parametrize(("values", "cell", "words"), BAD)
def test_a_wrong_cell_is_named_and_nothing_changes(values, cell, words):
    before = state()
    outcome = apply(table(SIGNED | values, SIGNED | {"département": "68"}))
    assert any(error.startswith(cell) and words in error for error in said(outcome)), said(outcome)
    assert state() == before
    assert not outcome.difference


def test_every_wrong_cell_is_named_in_the_order_of_the_rows():
    rows = [SIGNED | {"référence": f"R{rank}", "fin": "hier", "signée ars le": "x"} for rank in range(3)]
    cells = [error.reference for error in check(table(*rows)).errors]
    assert sorted(cells[:2]) == ["I2", "M2"]
    assert [cell[1:] for cell in cells] == ["2", "2", "3", "3", "4", "4"]


def test_two_rows_about_one_convention_are_refused():
    error = only(apply(table(SIGNED, SIGNED | {"intitulé": "Autre"})))
    assert error.startswith("C3")
    assert "la ligne 2" in error


def test_two_conventions_in_force_on_one_day_name_both_rows_and_their_dates():
    later = SIGNED | {"référence": "BR-2", "entrée en vigueur": date(2027, 3, 31), "fin": None}
    error = only(apply(table(SIGNED, later)))
    for words in ("L3", "la ligne 2", "du 01/04/2024 au 31/03/2027", "depuis le 31/03/2027, sans terme"):
        assert words in error, words
    assert not Convention.objects.exists()


def test_the_day_after_the_last_is_free():
    later = SIGNED | {"référence": "BR-2", "entrée en vigueur": date(2027, 4, 1), "fin": None}
    assert not apply(table(SIGNED, later)).errors


def test_a_clash_with_what_is_known_names_it():
    apply(table(SIGNED))
    error = only(apply(table(SIGNED | {"référence": "BR-2", "entrée en vigueur": date(2025, 1, 1)})))
    assert "« Convention-cadre », déjà connue" in error
    assert Convention.objects.count() == 1


def test_a_denunciation_frees_the_days_that_follow():
    apply(table(SIGNED | {"dénoncée le": date(2025, 1, 1), "motif dénonciation": "x"}))
    later = SIGNED | {"référence": "BR-2", "entrée en vigueur": date(2025, 1, 1)}
    assert not apply(table(later)).errors


def test_the_last_two_hide_no_clash_behind_a_shorter_one():
    long = SIGNED | {"référence": "A", "entrée en vigueur": date(2024, 4, 1), "fin": date(2030, 1, 1)}
    short = SIGNED | {"référence": "B", "entrée en vigueur": date(2025, 1, 1), "fin": date(2025, 2, 1)}
    third = SIGNED | {"référence": "C", "entrée en vigueur": date(2026, 1, 1), "fin": date(2026, 2, 1)}
    assert len(check(table(long, short, third)).errors) == 2


def test_two_conventions_that_exchange_their_days_are_said_not_written():
    one = SIGNED | {"référence": "A", "entrée en vigueur": date(2024, 4, 1), "fin": date(2024, 12, 31)}
    two = SIGNED | {"référence": "B", "entrée en vigueur": date(2025, 1, 1), "fin": date(2025, 12, 31)}
    apply(table(one, two))
    before = state()
    swapped = table(
        one | {"entrée en vigueur": date(2025, 1, 1), "fin": date(2025, 12, 31)},
        two | {"entrée en vigueur": date(2024, 4, 1), "fin": date(2024, 12, 31)},
    )
    outcome = apply(swapped)
    if outcome.errors:
        assert "échangent leurs périodes" in only(outcome)
        assert state() == before
    else:
        assert {c.reference: c.starts_on.year for c in Convention.objects.all()} == {"A": 2025, "B": 2024}


def test_a_departement_without_institution_says_who_must_act():
    place = facts.departement("90", "Belfort")
    error = only(apply(table(SIGNED | {"département": place.code})))
    assert "préfecture" in error
    assert "l’administrateur doit l’ouvrir" in error


def test_a_missing_column_is_named():
    with pytest.raises(HeaderError, match="intitulé"):
        check(table(SIGNED, columns=("département", "référence")))


def test_a_column_almost_named_is_not_lost_in_silence():
    columns = [{"fin": "fins"}.get(column, column) for column in HEADERS]
    outcome = check(table(SIGNED | {"fins": date(2027, 1, 1)}, columns=columns))
    assert any("« fins » n’est pas connue ; « fin »" in error for error in said(outcome))


def test_a_column_of_ones_own_is_left_aside():
    outcome = check(table(SIGNED | {"observations": "à relancer"}, columns=(*HEADERS, "observations")))
    assert not outcome.errors


def test_the_day_numbers_of_a_spreadsheet_are_days():
    apply(table(SIGNED | {"signée ars le": 45359, "signée préfecture le": "45352"}))
    assert Convention.objects.get().signed_on == date(2024, 3, 8)


def test_text_of_an_old_spreadsheet_is_read():
    apply(text_table("Département;Intitulé;Référence\n67;Convention préfecture – santé;BR-é\n", "cp1252"))
    assert Convention.objects.get().title == "Convention préfecture – santé"


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"%PDF-1.7", "conventions.xlsx"),
        (b"", "conventions.csv"),
        ("département;intitulé;département\n67;x;68\n".encode(), "conventions.csv"),
        (b"MZ\x90\x00" * 100, "conventions.csv"),
    ],
)
def test_a_file_that_is_no_table_is_refused(content, name):
    with pytest.raises(UnreadableTableError):
        read_table(content, file_name=name)


def test_a_formula_is_only_text():
    apply(table(SIGNED | {"intitulé": "=cmd|'/c calc'!A1"}))
    assert Convention.objects.get().title == "=cmd|'/c calc'!A1"
    content = write_table(HEADERS, imports.rows(["67"]), format="csv", title="x")
    assert b"'=cmd" in content
    assert not check(read_table(content, file_name="x.csv")).difference


# Round trip


@pytest.mark.parametrize("kind", ["xlsx", "ods", "csv"])
def test_what_goes_out_comes_back_unchanged(kind):
    template = Template.objects.create(name="Version 2025", adopted_on=date(2025, 1, 1), **facts.authored())
    apply(
        table(
            SIGNED | {"modèle": template.name},
            SIGNED | {"référence": None, "entrée en vigueur": date(2021, 1, 1), "fin": date(2024, 3, 31),
                      "signée ars le": date(2020, 12, 1), "signée préfecture le": date(2020, 12, 2)},
            SIGNED | {"département": "68", "dénoncée le": date(2026, 1, 1), "motif dénonciation": "« Refonte » ; x"},
            {"département": "01", "intitulé": "Projet sans référence", "étape": "relecture"},
            {"département": "01", "intitulé": "Un côté a signé", "référence": "X", "signée ars le": date(2026, 6, 1)},
        )
    )  # fmt: skip
    written = facts.convention(
        Convention.objects.first().departement.__class__.objects.get(code="68"),
        title="Écrite ici",
        reference="ICI",
    )
    facts.step(written, Step.RELECTURE, date(2026, 1, 1))
    assert Convention.objects.count() == 6
    before = state()
    content = write_table(HEADERS, imports.rows(["01", "67", "68"]), format=kind, title="Conventions")
    outcome = apply(read_table(content, file_name=f"x.{kind}"))
    assert said(outcome) == []
    assert outcome.difference.summary() == "aucune valeur ne change"
    assert state() == before


@pytest.mark.parametrize("seed", range(3))
def test_a_random_past_comes_back_unchanged(seed):
    place = facts.departement("75", "Paris", facts.region())
    facts.random_history(place, seed)
    content = write_table(HEADERS, imports.rows(["75"]), format="csv", title="x")
    if not Convention.objects.exists():
        return
    outcome = check(read_table(content, file_name="x.csv"))
    assert said(outcome) == []
    assert not outcome.difference


# Size


def big(number):
    codes = ["67", "68", "01"]
    for rank in range(number):
        start = date(1800, 1, 1) + timedelta(days=20 * (rank // 3))
        yield SIGNED | {
            "département": codes[rank % 3],
            "référence": f"R-{rank}",
            "signée préfecture le": start,
            "signée ars le": start,
            "entrée en vigueur": start,
            "fin": start + timedelta(days=19),
        }


def test_the_statements_do_not_follow_the_rows(django_assert_max_num_queries):
    read = table(*big(600), kind="csv")
    with django_assert_max_num_queries(40):
        assert not apply(read).errors
    changed = table(*(row | {"intitulé": "Nouveau"} for row in big(600)), kind="csv")
    with django_assert_max_num_queries(40):
        assert apply(changed).difference.count(ChangeKind.CHANGED) == 600


def test_progress_is_told_to_the_end():
    told = []
    read = table(*big(450), kind="csv")
    IMPORTER.check(read, at=AT, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (450, 450)
    assert told == sorted(told)
    told.clear()
    IMPORTER.apply(read, actor=ACTOR, at=AT, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (450, 450)


@pytest.mark.parametrize("role", list(Role))
def test_the_ministries_and_the_administrator_send_tables(role):
    if role not in NATIONAL:
        held = facts.region_mandate(facts.region("93", "Essai"), role)
        assert not IMPORTER.may_import(held)
        return
    expected = role in {Role.ADMINISTRATEUR, Role.DESK_SANTE, Role.DESK_INTERIEUR, Role.SG_CIPDR}
    assert IMPORTER.may_import(facts.national_mandate(role)) is expected
