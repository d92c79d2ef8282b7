"""Every page of the site, an example address of each, and which roles it exists for.

The table is the specification: a page missing from it fails ``tests/portal/test_page_table.py``, and the browser
tests open exactly what it lists.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.urls import get_resolver, reverse
from django.utils import timezone

from tests.barometer import campaign
from tests.barometer import pistes as scene
from traitdunion.audit.actors import task
from traitdunion.barometer import actions_pistes as pistes
from traitdunion.barometer.models import Piste, Proposal
from traitdunion.conventions import actions as drafting
from traitdunion.conventions import actions_text
from traitdunion.conventions.actions_practice import contact_token, plan_meeting
from traitdunion.conventions.kinds import State
from traitdunion.conventions.models import (
    ContactCheck,
    Convention,
    Template,
    TemplateCircuit,
)
from traitdunion.conventions.queries import departement_situation
from traitdunion.conventions.rules import quarter_of
from traitdunion.demo import barometer_world, bilan_world
from traitdunion.demo.personas import HOME_DEPARTEMENT, ISSUER
from traitdunion.exchange import actions as exchange
from traitdunion.exchange import registry
from traitdunion.identity import actions as identity
from traitdunion.identity.kinds import COORDINATION_ROLES, Role, Side
from traitdunion.identity.models import Mandate, Organisation
from traitdunion.notices import actions as notices
from traitdunion.notices.models import CalendarLink, Notice
from traitdunion.plan import actions as plan
from traitdunion.plan.kinds import BlockerCause, EvidenceKind, OriginKind, Owner, Provenance
from traitdunion.plan.models import Evidence, Indicator, Measure, Statement
from traitdunion.reviews import actions as bilans
from traitdunion.reviews import actions_opening as bilans_opening
from traitdunion.reviews import actions_signing as bilans_signing
from traitdunion.reviews import kinds as bilan_kinds
from traitdunion.reviews import queries as bilan_queries
from traitdunion.reviews.models import Review
from traitdunion.reviews.rules import Quarter
from traitdunion.reviews.signing import SigningKey
from traitdunion.territories.models import Departement

ACTOR = task("essais")

R = Role
EVERY = frozenset(COORDINATION_ROLES)
NOBODY = frozenset()
NATIONAL = frozenset({R.DESK_SANTE, R.DESK_INTERIEUR, R.SG_CIPDR, R.DPO, R.INSPECTEUR, R.ADMINISTRATEUR})
EDITORS = frozenset({R.DESK_SANTE, R.DESK_INTERIEUR, R.SG_CIPDR, R.ADMINISTRATEUR})
DESKS = frozenset({R.DESK_SANTE, R.DESK_INTERIEUR})
DYAD = frozenset({R.PREFET, R.REFERENT_PREFECTURE, R.DG_ARS, R.REFERENT_ARS})
ADMIN = frozenset({R.ADMINISTRATEUR})

# A page and the roles it answers: GET 200, or the status given. Every other role gets ``otherwise``: 404 when the page
# does not exist for it, 403 when it reads the object and may not do this. A visitor is led to sign-in (302) and a
# person without a mandate to the choice of one (302), unless the page is public.


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Who gets a page."""

    roles: frozenset[Role]
    otherwise: int = 404
    method: str = "GET"
    status: int = 200
    visitor: int = 302
    stranger: int = 302


def public(**changes):
    return Page(**{"roles": EVERY, "visitor": 200, "stranger": 200, **changes})


def read(roles=EVERY, **changes):
    return Page(roles=roles, **changes)


def write(roles, **changes):
    """The form is read by GET; those who read the object without being able to act are told so."""
    return Page(roles=roles, otherwise=403, **changes)


def press(roles, *, otherwise=403, status=302):
    """A button: POST only."""
    return Page(roles=roles, otherwise=otherwise, method="POST", status=status)


HOME_KEEPERS = frozenset({R.PREFET, R.REFERENT_PREFECTURE, R.COORDINATEUR_CPRAF, R.DG_ARS, R.REFERENT_ARS})
LOCAL = HOME_KEEPERS - {R.DG_ARS} | {R.PSYCHIATRE, R.ETABLISSEMENT}
IMPORTERS = EDITORS
CAMPAIGNERS = frozenset({R.DESK_SANTE, R.DESK_INTERIEUR, R.ADMINISTRATEUR})

TABLE = {
    # portal
    "portal:public_plan": public(),
    "portal:public_plan_pdf": public(),
    "portal:public_evidence": public(),
    "portal:public_figure": public(),
    "portal:open_data": public(),
    "portal:open_data_package": public(),
    "portal:open_data_csv": public(),
    "portal:open_data_schema": public(),
    "api:api-root": public(roles=NOBODY, visitor=404, stranger=404),  # a name for the library, not a page
    "api:openapi-json": public(),
    "api:bilans": public(),
    "api:conventions": public(),
    "api:convention": public(),
    "api:barometre": public(),
    "portal:proof_keys": public(),
    "portal:proof_keys_file": public(
        status=404, visitor=404, stranger=404, roles=NOBODY
    ),  # no key in these settings
    "portal:accessibility": public(),
    "portal:legal_notice": public(),
    "portal:privacy": public(),
    "portal:home": Page(roles=EVERY - LOCAL, otherwise=302),  # one département: its page is the home
    "portal:departement_list": read(),
    "portal:dyad": read(),
    "portal:restitution": read(),
    "portal:search": read(),
    # identity
    "identity:sign_in": public(roles=NOBODY, otherwise=302, stranger=302),  # already signed in: go on
    "identity:oidc_request": public(roles=NOBODY, visitor=404, stranger=404),  # no provider in these settings
    "identity:oidc_callback": public(roles=NOBODY, visitor=404, stranger=404),
    "identity:mandate_choice": read(stranger=200),
    "identity:mandate_select": Page(
        roles=NOBODY, method="POST", stranger=404
    ),  # no mandate named: none found
    "identity:sign_out": public(method="POST", status=302, visitor=302, stranger=302),
    "identity:signed_out": public(status=302, visitor=302, stranger=302),
    "identity:vacancy_list": read(),
    "identity:administration": read(ADMIN),
    "identity:organisation_list": read(ADMIN),
    "identity:organisation_open": read(ADMIN),
    "identity:organisation_detail": read(ADMIN),
    "identity:post_open": read(ADMIN),
    "identity:person_list": read(ADMIN),
    "identity:person_register": read(ADMIN),
    "identity:person_detail": read(ADMIN),
    "identity:person_access": press(ADMIN, otherwise=404),
    "identity:mandate_grant": read(ADMIN),
    "identity:mandate_end": read(ADMIN),
    "identity:delegation_list": read(ADMIN),
    "identity:delegation_give": read(ADMIN),
    "identity:delegation_end": read(ADMIN),
    # plan
    "plan:plan": read(),
    "plan:plan_export": read(),
    "plan:plan_difference": read(),
    "plan:measure_detail": read(),
    "plan:measure_revise": write(EDITORS),
    "plan:statement_publish": write(EDITORS),
    "plan:measure_prove": write(EDITORS),
    "plan:indicator_open": write(EDITORS),
    "plan:statement_prove": write(EDITORS),
    "plan:statement_retire": write(EDITORS),
    "plan:action_list": read(),
    "plan:action_export": read(),
    "plan:action_open": write(EDITORS | DYAD),
    "plan:action_detail": read(),
    "plan:action_revise": write(DYAD),
    "plan:action_note": write(DYAD),
    "plan:action_block": write(DYAD),
    "plan:action_prove": write(DYAD),
    "plan:blocker_lift": write(DYAD),
    "plan:indicator_detail": read(),
    "plan:indicator_export": read(),
    "plan:indicator_define": write(EDITORS),
    "plan:indicator_record": write(EDITORS | DYAD),
    "plan:indicator_target": write(EDITORS),
    "plan:evidence_detail": read(),
    "plan:evidence_file": read(),
    "plan:evidence_withdraw": write(DYAD),
    # conventions: the text
    "conventions:convention_list": read(),
    "conventions:convention_list_export": read(),
    "conventions:departement_history": read(),
    "conventions:convention_detail": read(),
    "conventions:convention_text": read(),
    "conventions:convention_start": write(DYAD),
    "conventions:convention_revise": write(DYAD),
    "conventions:convention_headings": write(DYAD),
    "conventions:heading_write": press(DYAD, status=400),  # an empty form is refused
    "conventions:heading_leave": press(DYAD),
    "conventions:convention_circuits": write(DYAD),
    "conventions:circuit_add": write(DYAD),
    "conventions:circuit_edit": write(DYAD),
    "conventions:circuit_remove": write(DYAD),
    "conventions:matrix_take_over": press(DYAD),
    "conventions:convention_clauses": write(DYAD),
    "conventions:clause_add": write(DYAD),
    "conventions:clause_edit": write(DYAD),
    "conventions:clause_remove": write(DYAD),
    "conventions:convention_step": write(DYAD),
    "conventions:convention_abandon": write(DYAD),
    "conventions:convention_sign": write(DYAD),
    "conventions:signature_withdraw": write(DYAD),
    "conventions:convention_denounce": write(DYAD),
    "conventions:avenant_start": write(DYAD),
    # conventions: the model
    "conventions:template_list": read(),
    "conventions:template_detail": read(),
    "conventions:template_prepare": write(ADMIN),
    "conventions:template_rename": write(ADMIN),
    "conventions:template_adopt": write(ADMIN),
    "conventions:template_heading_write": press(ADMIN, status=400),
    "conventions:template_circuit_add": write(ADMIN),
    "conventions:template_circuit_edit": write(ADMIN),
    "conventions:template_circuit_remove": write(ADMIN),
    "conventions:alignment": read(),
    "conventions:alignment_export": read(),
    # conventions: the country, the practice
    "conventions:national": read(),
    "conventions:national_export": read(),
    "conventions:difference": read(),
    "conventions:table_export": read(),
    "conventions:meeting_list": read(),
    "conventions:meeting_plan": write(HOME_KEEPERS),
    "conventions:meeting_hold": write(HOME_KEEPERS),
    "conventions:meeting_cancel": write(HOME_KEEPERS),
    "conventions:contact_list": read(),
    "conventions:review_record": write(HOME_KEEPERS),
    "conventions:contact_answer": public(),  # the signed link is the right
    # barometer: the campaign
    "barometer:wave_list": read(),
    "barometer:wave_prepare": read(CAMPAIGNERS),
    "barometer:wave_detail": read(),
    "barometer:wave_revise": read(CAMPAIGNERS),
    "barometer:wave_open": read(CAMPAIGNERS),
    "barometer:wave_close": read(CAMPAIGNERS),
    "barometer:wave_cancel": read(CAMPAIGNERS),
    "barometer:roster": read(),
    "barometer:entry_add": read(DYAD | ADMIN),
    "barometer:entry_revise": read(DYAD | ADMIN),
    "barometer:entry_remove": read(DYAD | ADMIN),
    "barometer:entry_replace": read(DYAD | ADMIN),
    "barometer:entry_link": read(DYAD | ADMIN),
    "barometer:questionnaire_list": read(),
    "barometer:questionnaire_import": read(CAMPAIGNERS),
    "barometer:questionnaire_detail": read(),
    "barometer:questionnaire_file": read(),
    "barometer:wording_justify": read(ADMIN),
    "barometer:answer": public(),  # the signed link is the right
    "barometer:answer_screen": public(),
    "barometer:answer_review": public(),
    "barometer:remark_list": public(),  # the code is the right
    # barometer: the results; their example is the published wave of the synthetic country
    "barometer:national": read(),
    "barometer:reliability": read(),
    "barometer:results_export": read(),
    "barometer:departement_result": read(),
    "barometer:departement_export": read(),
    # barometer: the pistes
    "barometer:piste_counts": read(),
    "barometer:piste_list": read(),
    "barometer:piste_detail": read(),
    "barometer:piste_keep": write(DYAD),
    "barometer:piste_leave": write(DYAD),
    "barometer:proposal_confirm": press(DYAD),
    "barometer:proposal_decline": write(DYAD),
    "barometer:proposal_withdraw": press(DYAD),
    # bilans
    "reviews:review_list": read(),
    "reviews:criteria_list": read(),
    "reviews:criteria_prepare": write(ADMIN),
    "reviews:review_detail": read(),
    "reviews:version_detail": read(),
    "reviews:version_pdf": read(),
    "reviews:version_word": read(),
    "reviews:version_workbook": read(),
    "reviews:version_json": read(),
    "reviews:version_proof": read(status=302),  # nobody signed: it says so on the version
    "reviews:documents": read(NATIONAL),
    "reviews:documents_prepare": press(EDITORS),
    "reviews:documents_zip": read(NATIONAL, status=302),  # nothing prepared: it says so on their page
    "reviews:public_list": public(),
    "reviews:public_detail": public(),
    "reviews:public_version": public(),
    "reviews:public_file": public(),
    "reviews:party_list": read(),
    "reviews:party_register": write(ADMIN),
    "reviews:themes": read(NATIONAL),
    "reviews:cite": press(DESKS),
    "reviews:paragraph_write": write(DYAD),
    "reviews:figures_again": press(DYAD),
    "reviews:conclusion": write(DYAD),
    "reviews:promise": write(DYAD),
    "reviews:settle": write(DYAD),
    "reviews:meeting": write(DYAD),
    "reviews:hand_over": press(DYAD),
    "reviews:take_back": press(DYAD),
    "reviews:offer": press(DYAD),
    "reviews:sign": write(DYAD),
    "reviews:decline": write(DYAD),
    "reviews:amend": write(DYAD),
    # exchange
    "exchange:run_list": read(IMPORTERS),
    "exchange:run_send": read(IMPORTERS),
    "exchange:run_detail": read(IMPORTERS),
    "exchange:run_confirm": press(IMPORTERS, otherwise=404),
    "exchange:run_abandon": press(IMPORTERS, otherwise=404),
    # notices
    "notices:notice_list": read(),
    "notices:notice_detail": read(),
    "notices:preferences": read(),
    "notices:calendar": read(),
    "notices:calendar_create": press(EVERY, status=200),  # the secret is shown once, in this answer
    "notices:calendar_revoke": press(EVERY),
    "notices:calendar_feed": public(),  # the secret link is the right
    "notices:outbox": read(ADMIN),
    "notices:outbox_retry": press(ADMIN, otherwise=404),
    "notices:outbox_retry_all": press(ADMIN, otherwise=404),
    # demonstration only
    "demo:personas": public(),
    "demo:letter_list": public(),
    "demo:components": public(),
    "demo:persona_sign_in": public(method="POST", status=302, visitor=302, stranger=302),
}

# Asked without it, an export does not exist.
QUERIES = {name: {"format": "csv"} for name in TABLE if name.endswith("_export")}
# These show the published wave of the synthetic country, with every figure, and not the latest one of the stage.
SHOWN = dict.fromkeys(
    ("barometer:national", "barometer:reliability", "barometer:departement_result"),
    f"?{urlencode({'vague': barometer_world.WAVES[0][0]})}",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Objects in every state that a page needs, in one département, beside the synthetic country."""

    departement: Departement
    persona: dict[Role, Mandate]
    objects: dict[str, object]


def stage() -> Stage:
    """Add to a database filled by ``world.build`` what the pages show; return it."""
    at, today = timezone.now(), timezone.localdate()
    who = {"actor": ACTOR, "at": at}
    departement = Departement.objects.select_related("region", "ars").get(code=HOME_DEPARTEMENT)
    persona = _personas(today)
    situation = departement_situation(departement, today)
    assert situation.state is State.EN_VIGUEUR, "the seed of the world gives a convention in force"
    in_force = Convention.objects.get(public_id=situation.convention.public_id)
    draft = drafting.start(
        departement=departement,
        side=Side.PREFECTURE,
        title="Projet des essais",
        on=today,
        template=Template.objects.first(),
        provenance=Provenance.SYNTHETIC,
        **who,
    )
    clause = actions_text.add_clause(
        draft, heading_number=4, text="Désigner un suppléant", owner=Owner.BOTH, due_on=None, **who
    )
    action = plan.open_action(
        text=plan.ActionText(title="Action des essais", due_on=today + timedelta(days=30)),
        opened_on=today,
        provenance=Provenance.SYNTHETIC,
        departement=departement,
        owner=Owner.BOTH,
        origin=plan.Origin(kind=OriginKind.LESSON, label="essais"),
        **who,
    )
    blocker = plan.block(action, cause=BlockerCause.DECISION, lifter="préfet", since=today, **who)
    document = plan.add_evidence(
        action=action,
        kind=EvidenceKind.FILE,
        title="Compte rendu synthétique",
        dated_on=today,
        provenance=Provenance.SYNTHETIC,
        deposit=plan.Deposit(name="compte-rendu.txt", content=b"Texte synthetique."),
        **who,
    )
    administrator = persona[Role.ADMINISTRATEUR]
    run = exchange.send(
        importer=registry.importer("plan"),
        file_name="plan.csv",
        content=b"type;code\n",
        mandate=persona[Role.SG_CIPDR],
        at=at,
    )
    failed = Notice.objects.create(
        key="essais",
        person=administrator.person,
        subject="Essai",
        body="Essai",
        state="failed",
        created_at=at,
    )
    piste, proposal = _pistes(persona, today)
    delegation = identity.delegate(
        given_by=persona[Role.PREFET].post,
        given_to=persona[Role.REFERENT_PREFECTURE].person,
        reference="arrêté synthétique",
        starts_on=today,
        ends_on=None,
        **who,
    )
    return Stage(
        departement=departement,
        persona=persona,
        objects={
            "action": action,
            "blocker": blocker,
            "check": _check(persona[Role.REFERENT_ARS], departement, at),
            "circuit": draft.circuits.first(),
            "clause": clause,
            "delegation": delegation,
            "document": document,
            "draft": draft,
            "evidence": Evidence.objects.filter(statements__isnull=False).first(),
            "failed": failed,
            "in_force": in_force,
            "indicator": Indicator.objects.first(),
            "meeting": plan_meeting(departement, planned_on=today, subject="Réunion des essais", **who),
            "measure": Measure.objects.get(code="38"),
            "organisation": Organisation.objects.get(departement=departement, kind="prefecture"),
            "piste": piste,
            **campaign.stage(departement, today, at),
            "proposal": proposal,
            **_bilans(departement, today, at),
            "run": run,
            "statement": Statement.objects.filter(retired_on=None).first(),
            "template": Template.objects.first(),
            "template_circuit": TemplateCircuit.objects.first(),
        },
    )


def _pistes(persona: dict[Role, Mandate], today: date) -> tuple[Piste, Proposal]:
    """Return a piste of a published wave to decide on, and what is proposed on another."""
    wave = scene.wave("Essais des pistes", closes_on=today - timedelta(days=30))
    opened = [scene.found(), scene.found("agreement", pattern="disagreement")]
    pistes.open_from(scene.result(wave, scene.content(pistes=opened)), actor=ACTOR, at=timezone.now())
    first, second = wave.pistes.exclude(dimension="").order_by("rule")
    proposal = pistes.propose_to_keep(
        first,
        side=Side.PREFECTURE,
        undertaking=scene.undertaking(
            persona[Role.REFERENT_PREFECTURE], persona[Role.REFERENT_ARS], due_on=today + timedelta(days=60)
        ),
        today=today,
        actor=ACTOR,
        at=timezone.now(),
    )
    return second, proposal


def _bilans(departement: Departement, today: date, at: datetime) -> dict[str, object]:
    """Return a bilan being written, with what an earlier one promised, and that earlier one offered for signature."""
    quarter, who = Quarter.of(today).previous, {"actor": ACTOR, "at": at}
    opened = {}
    for each in (quarter.previous, quarter):
        bilans_opening.open_quarter(each, today=today, **who)
        opened[each] = Review.objects.get(departement=departement, quarter=str(each))
        if each != quarter:
            version = bilan_queries.last_version(opened[each])
            promised = bilans.promise(
                version,
                text="Tenir une réunion",
                owner=bilan_kinds.Owner.COMMUN,
                due_on=today + timedelta(days=30),
                **who,
            )
            bilans_signing.offer(version, side=bilan_kinds.Party.ARS, **who)
    national = {
        each: bilans_opening.open_national(each, today=today, **who)
        or Review.objects.get(level=bilan_kinds.Level.NATIONAL.value, quarter=str(each))
        for each in (quarter.previous, quarter)
    }
    key = SigningKey.start(Ed25519PrivateKey.generate(), at=at - timedelta(days=365))
    assert bilan_world.publish(national[quarter.previous], key=key, actor=ACTOR)
    return {
        "bilan": opened[quarter],
        "offered_bilan": opened[quarter.previous],
        "promised": promised,
        "national_bilan": national[quarter],
        "published": national[quarter.previous],
        "local_paragraph": bilan_queries.last_version(opened[quarter]).paragraphs.first(),
    }


def _check(mandate: Mandate, departement: Departement, at: datetime) -> ContactCheck:
    quarter = quarter_of(timezone.localdate(at))
    check, _ = ContactCheck.objects.get_or_create(
        post=mandate.post,
        person=mandate.person,
        quarter=quarter,
        defaults={"departement": departement, "side": Side.ARS.value, "asked_at": at},
    )
    return check


def _personas(day: date) -> dict[Role, Mandate]:
    keys = [role.value for role in COORDINATION_ROLES]
    mandates = Mandate.objects.current(day).filter(person__issuer=ISSUER, person__subject__in=keys)
    return {
        mandate.role: mandate
        for mandate in mandates.select_related(
            "person", "post__organisation", "post__departement", "post__region"
        )
    }


def url_names() -> list[str]:
    """Return the name of every page that the site answers."""

    def walk(resolver, namespace):
        for pattern in resolver.url_patterns:
            if hasattr(pattern, "url_patterns"):
                yield from walk(pattern, pattern.namespace or namespace)
            else:
                yield f"{namespace}:{pattern.name}"

    return sorted(walk(get_resolver(), ""))


def address(name: str, stage: Stage, role: Role | None) -> str:
    """Return an example address of the page ``name``; some belong to the role that asks."""
    on = stage.objects
    mandate = stage.persona.get(role) if role else None
    arguments = {
        "portal:public_evidence": [on["evidence"].public_id],
        "portal:public_figure": ["en-vigueur"],
        "portal:open_data_csv": ["conventions"],
        "portal:open_data_schema": ["conventions"],
        "api:convention": [HOME_DEPARTEMENT],
        "portal:dyad": [HOME_DEPARTEMENT],
        "portal:restitution": [HOME_DEPARTEMENT],
        "identity:organisation_detail": [on["organisation"].public_id],
        "identity:post_open": [on["organisation"].public_id],
        "identity:person_detail": [stage.persona[Role.PSYCHIATRE].person.public_id],
        "identity:person_access": [stage.persona[Role.PSYCHIATRE].person.public_id],
        "identity:mandate_grant": [stage.persona[Role.PSYCHIATRE].person.public_id],
        "identity:mandate_end": [stage.persona[Role.PSYCHIATRE].public_id],
        "identity:delegation_end": [on["delegation"].public_id],
        "plan:statement_prove": [on["statement"].public_id],
        "plan:statement_retire": [on["statement"].public_id],
        "plan:blocker_lift": [on["blocker"].public_id],
        "plan:evidence_detail": [on["document"].public_id],
        "plan:evidence_file": [on["document"].public_id],
        "plan:evidence_withdraw": [on["document"].public_id],
        "conventions:heading_write": [on["draft"].public_id, 1],
        "conventions:heading_leave": [on["draft"].public_id, 1],
        "conventions:circuit_edit": [on["draft"].public_id, on["circuit"].public_id],
        "conventions:circuit_remove": [on["draft"].public_id, on["circuit"].public_id],
        "conventions:clause_edit": [on["draft"].public_id, on["clause"].public_id],
        "conventions:clause_remove": [on["draft"].public_id, on["clause"].public_id],
        "conventions:convention_denounce": [on["in_force"].public_id],
        "conventions:avenant_start": [on["in_force"].public_id],
        "conventions:convention_text": [on["in_force"].public_id],
        "conventions:review_record": [on["in_force"].public_id],
        "conventions:template_heading_write": [on["template"].public_id, 1],
        "conventions:template_circuit_edit": [on["template"].public_id, on["template_circuit"].public_id],
        "conventions:template_circuit_remove": [on["template"].public_id, on["template_circuit"].public_id],
        "conventions:contact_answer": [contact_token(on["check"])],
        "barometer:roster": [on["prepared"].public_id, HOME_DEPARTEMENT],
        "barometer:entry_add": [
            on["prepared"].public_id,
            HOME_DEPARTEMENT,
            (mandate and mandate.side) or Side.PREFECTURE,
        ],
        "barometer:wording_justify": [on["questionnaire"].public_id, "joindre"],
        "barometer:answer": [on["link"]],
        "barometer:answer_screen": [on["link"], 1],
        "barometer:answer_review": [on["link"]],
        "reviews:public_list": [],
        "reviews:public_detail": [on["published"].quarter],
        "reviews:public_version": [on["published"].quarter, 1],
        "reviews:public_file": [on["published"].quarter, 1, "pdf"],
        "reviews:party_list": [],
        "reviews:party_register": [],
        "reviews:themes": [on["national_bilan"].public_id],
        "reviews:cite": [on["national_bilan"].public_id, on["local_paragraph"].public_id],
        "reviews:paragraph_write": [on["bilan"].public_id, "convention", "commune"],
        "reviews:settle": [on["bilan"].public_id, on["promised"].public_id],
        "reviews:version_detail": [on["offered_bilan"].public_id, 1],
        "reviews:version_pdf": [on["offered_bilan"].public_id, 1],
        "reviews:version_word": [on["offered_bilan"].public_id, 1],
        "reviews:version_workbook": [on["offered_bilan"].public_id, 1],
        "reviews:version_json": [on["offered_bilan"].public_id, 1],
        "reviews:documents": [on["bilan"].quarter],
        "reviews:documents_prepare": [on["bilan"].quarter],
        "reviews:documents_zip": [on["bilan"].quarter],
        "reviews:version_proof": [on["offered_bilan"].public_id, 1],
        "reviews:sign": [on["offered_bilan"].public_id],
        "reviews:decline": [on["offered_bilan"].public_id],
        "reviews:take_back": [on["offered_bilan"].public_id],
        "reviews:review_list": [],
        "reviews:criteria_list": [],
        "reviews:criteria_prepare": [],
        "exchange:run_send": ["plan"],
        "notices:calendar_feed": ["inconnu"],
        "notices:outbox_retry": [on["failed"].public_id],
        "demo:persona_sign_in": ["inspecteur"],
    }.get(name)
    if name == "notices:calendar_feed":
        owner = stage.persona[Role.REFERENT_ARS]
        arguments = [notices.create_link(owner, actor=ACTOR, at=timezone.now())]
    if name == "notices:calendar_revoke":
        owner = mandate or stage.persona[Role.REFERENT_ARS]
        notices.create_link(owner, actor=ACTOR, at=timezone.now())
        arguments = [CalendarLink.objects.filter(mandate=owner.public_id).latest("pk").public_id]
    if name == "notices:notice_detail":
        owner = mandate or stage.persona[Role.REFERENT_ARS]
        notice, _ = Notice.objects.get_or_create(
            key=f"essais-{owner.public_id}",
            defaults={
                "person": owner.person,
                "subject": "Essai",
                "body": "Essai",
                "created_at": timezone.now(),
            },
        )
        arguments = [notice.public_id]
    if name.startswith("barometer:entry_") and arguments is None:
        side = (mandate and mandate.side) or Side.PREFECTURE
        arguments = [on["prepared"].entries.filter(departement=HOME_DEPARTEMENT, side=side).first().public_id]
    if arguments is None:
        arguments = _by_prefix(name, on)
    return reverse(name, args=arguments) + SHOWN.get(name, "")


def _by_prefix(name: str, on: dict[str, object]) -> list[object]:
    needs = {
        "conventions:departement_": [HOME_DEPARTEMENT],
        "conventions:convention_start": [HOME_DEPARTEMENT],
        "conventions:meeting_list": [HOME_DEPARTEMENT],
        "conventions:meeting_plan": [HOME_DEPARTEMENT],
        "conventions:contact_list": [HOME_DEPARTEMENT],
        "conventions:meeting_": [on["meeting"].public_id],
        "conventions:template_list": [],
        "conventions:template_prepare": [],
        "conventions:template_": [on["template"].public_id],
        "conventions:convention_list": [],
        "conventions:convention_": [on["draft"].public_id],
        "conventions:circuit_": [on["draft"].public_id],
        "conventions:clause_": [on["draft"].public_id],
        "conventions:matrix_": [on["draft"].public_id],
        "conventions:signature_": [on["draft"].public_id],
        "plan:measure_": [on["measure"].public_id],
        "plan:statement_publish": [on["measure"].public_id],
        "plan:indicator_open": [on["measure"].public_id],
        "plan:indicator_": [on["indicator"].public_id],
        "plan:action_list": [],
        "plan:action_export": [],
        "plan:action_open": [],
        "plan:action_": [on["action"].public_id],
        "barometer:departement_": [HOME_DEPARTEMENT],
        "barometer:wave_list": [],
        "barometer:wave_prepare": [],
        "barometer:wave_": [on["prepared"].public_id],
        "barometer:questionnaire_list": [],
        "barometer:questionnaire_import": [],
        "barometer:questionnaire_": [on["questionnaire"].public_id],
        "barometer:piste_list": [HOME_DEPARTEMENT],
        "barometer:piste_counts": [],
        "barometer:piste_": [on["piste"].public_id],
        "barometer:proposal_": [on["proposal"].public_id],
        "reviews:": [on["bilan"].public_id],
        "exchange:run_list": [],
        "exchange:run_": [on["run"].public_id],
    }
    return next((arguments for start, arguments in needs.items() if name.startswith(start)), [])
