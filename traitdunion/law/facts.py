"""What happened in a measure: the vocabulary of events, and how facts are read.

Facts are told in JSON: a mode, a département, whether the reinforced regime applies, and dated events. Whatever does
not fit is refused in one French sentence (``FactsError``); nothing is guessed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from difflib import get_close_matches
from enum import StrEnum
from typing import Final

from traitdunion.law.counting import Day, Instant, Zone, instant, read, zone_of

FIRST_DAY: Final = date(2011, 8, 1)
"""No rule is known before (« à vérifier »: the reform of 2011, cited by no text read)."""
OLDEST: Final = instant(datetime(1990, 1, 1, tzinfo=UTC))
NEWEST: Final = instant(datetime(2100, 1, 1, tzinfo=UTC))
MOST_EVENTS: Final = 20_000
LONGEST_NAME: Final = 64


class FactsError(ValueError):
    """Facts cannot be read; the message is one French sentence."""


class Mode(StrEnum):
    """On whose decision care without consent starts (§ 3.1 of the legal file)."""

    SPDT = "SPDT"
    SPDTU = "SPDTU"
    SPPI = "SPPI"
    SPDRE = "SPDRE"
    MP = "MP"
    CONVERSION = "SPDRE-conv"
    IRRESPONSIBLE = "SPDRE-IP"
    JUDICIAL = "JUD"
    DETAINED = "DET"
    COMMISSION = "CDSP"


DIRECTOR: Final = frozenset({Mode.SPDT, Mode.SPDTU, Mode.SPPI})
PREFET: Final = frozenset(
    {Mode.SPDRE, Mode.MP, Mode.CONVERSION, Mode.IRRESPONSIBLE, Mode.JUDICIAL, Mode.DETAINED}
)
CARE: Final = DIRECTOR | PREFET

MODES: Final = {
    Mode.SPDT: "soins à la demande d’un tiers (CSP, art. L. 3212-1, II, 1°)",
    Mode.SPDTU: "soins à la demande d’un tiers en urgence (CSP, art. L. 3212-3)",
    Mode.SPPI: "soins en cas de péril imminent (CSP, art. L. 3212-1, II, 2°)",
    Mode.SPDRE: "soins sur décision du représentant de l’État (CSP, art. L. 3213-1)",
    Mode.MP: "mesures provisoires du maire ou, à Paris, du commissaire de police (CSP, art. L. 3213-2)",
    Mode.CONVERSION: "conversion d’une mesure du directeur (CSP, art. L. 3213-6)",
    Mode.IRRESPONSIBLE: "suite d’une irresponsabilité pénale (CSP, art. L. 3213-7)",
    Mode.JUDICIAL: "admission ordonnée par une juridiction (CPP, art. 706-135)",
    Mode.DETAINED: "personnes détenues (CSP, art. L. 3214-3)",
    Mode.COMMISSION: "travail de la commission départementale des soins psychiatriques, sans patient",
}
ALIASES: Final = {"CONVERSION": Mode.CONVERSION, "CONV": Mode.CONVERSION, "SPDRE-CONV": Mode.CONVERSION}

FORMS: Final = frozenset({"hospitalisation_complete", "programme_de_soins"})
OUTCOMES: Final = frozenset({"maintien", "mainlevee", "mainlevee_differee"})
OBJECTS: Final = frozenset({"controle", "mainlevee", "isolement", "contention"})
VIEWS: Final = frozenset({"maintien", "levee"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One type of event.

    Attributes:
        about: what it tells, in French.
        closed: fields with a closed list of values.
        needs: fields it cannot do without.
        instants: fields that hold another instant.
        early: it may come before the admission.
    """

    about: str
    closed: Mapping[str, frozenset[str]]
    needs: frozenset[str]
    instants: frozenset[str]
    early: bool


def _kind(
    about: str,
    *,
    needs: tuple[str, ...] = (),
    instants: tuple[str, ...] = (),
    early: bool = False,
    **closed: frozenset[str],
) -> Kind:
    return Kind(about=about, closed=closed, needs=frozenset(needs), instants=frozenset(instants), early=early)


VOCABULARY: Final[Mapping[str, Kind]] = {
    "premiers_soins": _kind("premiers soins dans un établissement qui n’a pas la mission", early=True),
    "criteres_reunis": _kind("une personne déjà soignée ailleurs remplit les critères", early=True),
    "verification_identite": _kind("identité du patient vérifiée avant la décision", early=True),
    "certificat_initial": _kind("certificat qui accompagne l’admission", early=True),
    "mesure_provisoire": _kind("mesure du maire ou du commissaire de police", early=True),
    "rapport_prefet": _kind("la mesure provisoire est rapportée au préfet", early=True),
    "admission": _kind("décision d’admission : elle fait partir les délais"),
    "information_personne": _kind("la personne est informée de la décision et de ses droits"),
    "information_proches": _kind("la famille ou un proche est informé", early=True),
    "difficulte_information": _kind("difficulté particulière : aucun proche n’a pu être informé", early=True),
    "envoi_decision": _kind("copie de la décision, du certificat et du bulletin d’entrée envoyée"),
    "information_autorites": _kind("autorités et proches que la loi nomme informés"),
    "transcription_registre": _kind("le registre est à jour de tout ce qui précède"),
    "certificat_24h": _kind("certificat et examen somatique des 24 heures", conclusion=VIEWS),
    "certificat_72h": _kind("certificat des 72 heures", conclusion=VIEWS, instants=("received_at",)),
    "recueil_observations": _kind("observations de la personne recueillies avant une décision"),
    "decision_forme": _kind("décision sur la forme des soins", needs=("forme",), forme=FORMS),
    "decision_maintien": _kind("décision ou arrêté de maintien des soins"),
    "certificat_mensuel": _kind("certificat mensuel"),
    "certificat_levee": _kind("le psychiatre certifie que les conditions ne sont plus réunies"),
    "avis_college": _kind("avis ou évaluation du collège", conclusion=VIEWS),
    "examen_cdsp": _kind("la commission examine la situation"),
    "demande_levee": _kind(
        "levée demandée par la commission ou par un proche",
        needs=("par",),
        par=frozenset({"cdsp", "proche"}),
    ),
    "refus_levee": _kind("refus écrit de lever, avis de péril imminent de moins de 24 heures à l’appui"),
    "proposition_levee": _kind("un psychiatre ou la commission propose au préfet de mettre fin à la mesure"),
    "certificat_fin_hc": _kind("certificat : l’hospitalisation complète n’est plus nécessaire"),
    "transmission_prefet": _kind("le directeur transmet un certificat au préfet", instants=("received_at",)),
    "refus_prefet": _kind("le préfet maintient l’hospitalisation complète"),
    "second_avis": _kind(
        "avis du second psychiatre (levee : l’hospitalisation complète n’est plus nécessaire)",
        needs=("conclusion",),
        conclusion=VIEWS,
    ),
    "designation_experts": _kind("le préfet désigne deux experts (régime renforcé)"),
    "avis_experts": _kind("avis des deux experts"),
    "proposition_changement": _kind("changement proposé au préfet (régime renforcé)"),
    "expertise_prefet": _kind("le préfet désigne un expert"),
    "rapport_expertise": _kind("l’expert remet son rapport"),
    "demande_sortie": _kind(
        "autorisation de sortie de courte durée demandée",
        needs=("pour", "accompagnee"),
        instants=("pour", "retour"),
        accompagnee=frozenset({"oui", "non"}),
    ),
    "transmission_sortie": _kind("la sortie est annoncée au préfet"),
    "opposition_sortie": _kind("le préfet s’oppose à la sortie"),
    "retour_sortie": _kind("retour de sortie"),
    "certificat_reintegration": _kind("certificat : l’hospitalisation complète est de nouveau nécessaire"),
    "reintegration": _kind("décision de retour en hospitalisation complète"),
    "transfert": _kind("transfert vers un autre établissement ; « departement » s’il en change", early=True),
    "saisine_juge": _kind("saisine du juge", objet=OBJECTS),
    "avis_psychiatre": _kind("avis du psychiatre joint à la saisine"),
    "requete_mainlevee": _kind(
        "demande de mainlevée enregistrée", objet=frozenset({"mainlevee", "isolement", "contention"})
    ),
    "transmission_pieces": _kind("le directeur transmet les pièces au greffe"),
    "expertise_ordonnee": _kind("le juge ordonne une expertise"),
    "rapport_expert_juge": _kind("l’expert désigné par le juge remet son rapport"),
    "decision_juge": _kind("décision du juge", needs=("sens",), sens=OUTCOMES, objet=OBJECTS),
    "notification_ordonnance": _kind("ordonnance du juge notifiée"),
    "appel": _kind("appel reçu au greffe", objet=OBJECTS),
    "demande_effet_suspensif": _kind("le procureur demande que son appel soit suspensif"),
    "observations_effet_suspensif": _kind("observations des parties sur cette demande"),
    "effet_suspensif": _kind("l’appel est déclaré suspensif"),
    "audience_appel": _kind("audience d’appel fixée", needs=("pour",), instants=("pour",)),
    "avis_audience": _kind("avis du psychiatre reçu au greffe de la cour"),
    "decision_appel": _kind("décision du premier président", sens=OUTCOMES, objet=OBJECTS),
    "levee": _kind("levée de la mesure"),
    "deces": _kind("décès"),
    "demande_acces": _kind(
        "demande d’accès aux informations de santé",
        ancien=frozenset({"oui", "non"}),
    ),
    "communication_acces": _kind("informations communiquées"),
    "isolement_debut": _kind("décision d’isolement"),
    "decision_isolement": _kind("décision de maintien de l’isolement"),
    "evaluation_isolement": _kind("évaluation du patient isolé"),
    "isolement_fin": _kind("fin de l’isolement"),
    "contention_debut": _kind("décision de contention"),
    "decision_contention": _kind("décision de maintien de la contention"),
    "evaluation_contention": _kind("évaluation du patient sous contention"),
    "contention_fin": _kind("fin de la contention"),
    "information_juge": _kind("le directeur informe le juge d’un renouvellement exceptionnel"),
    "inscription_isolement": _kind("la mesure est inscrite au registre de l’isolement et de la contention"),
    "reunion_cdsp": _kind("réunion de la commission"),
    "visite_cdsp": _kind("visite d’un établissement par la commission"),
    "rapport_annuel": _kind("rapport annuel de la commission envoyé"),
}
"""Every event that a rule starts from, is met by or stops at."""

FREE: Final = frozenset({"type", "at", "author", "recorded_at", "departement", "hospital", "note"})
OF_COMMISSION: Final = frozenset({"reunion_cdsp", "visite_cdsp", "rapport_annuel"})
TOP: Final = frozenset({"mode", "departement", "renforce", "events", "id"})


class Event:
    """One dated fact, on the clock of the département where the patient was."""

    __slots__ = ("_told", "at", "author", "day", "departement", "fields", "kind", "zone")

    def __init__(
        self, kind: str, at: Instant, departement: str, zone: Zone, fields: Mapping[str, object]
    ) -> None:
        self.kind = kind
        self.at = at
        self.departement = departement
        self.zone = zone
        self.day: Day = zone.day(at)
        self.author = fields.get("author")
        self.fields = fields
        self._told: tuple[bytes, bytes] | None = None

    @property
    def told(self) -> tuple[bytes, bytes]:
        """Return the instant in ISO 8601 and in French words, in UTF-8."""
        if self._told is None:
            self._told = self.zone.told(self.at)
        return self._told

    @property
    def words(self) -> str:
        """Return the instant in French words."""
        return self.told[1].decode()

    def value(self, field: str, default: str = "") -> str:
        """Return a field with a closed list of values."""
        return str(self.fields.get(field, default))

    def instant(self, field: str) -> Instant:
        """Return the instant a field holds, that of the event when it holds none."""
        text = self.fields.get(field)
        return self.at if text is None else read(str(text))


@dataclass(frozen=True, slots=True)
class Facts:
    """A measure as it is told: events are in the order of time."""

    mode: Mode
    departement: str
    reinforced: bool
    events: list[Event]
    name: str = ""


def read_facts(told: object) -> Facts:
    """Read facts already decoded from JSON.

    Raises:
        FactsError: they do not fit; the sentence names the event.
    """
    if not isinstance(told, dict):
        raise FactsError("Les faits doivent être un objet JSON avec « mode », « departement » et « events ».")
    for key in told.keys() - TOP:
        raise FactsError(f"Le champ « {_shown(key)} » est inconnu ; les faits portent {_listed(TOP)}.")
    mode = _mode(told.get("mode"))
    departement = _departement(told.get("departement"))
    reinforced = told.get("renforce", False)
    if not isinstance(reinforced, bool):
        raise FactsError("« renforce » vaut true ou false.")
    listed = told.get("events")
    if not isinstance(listed, list) or not listed:
        raise FactsError("« events » doit être la liste, non vide, des événements de la mesure.")
    if len(listed) > MOST_EVENTS:
        raise FactsError(f"Une mesure porte au plus {MOST_EVENTS} événements ; celle-ci en a {len(listed)}.")
    events = _events(listed, departement)
    _check_order(events, mode)
    name = told.get("id", "")
    if not isinstance(name, str) or len(name) > LONGEST_NAME:
        raise FactsError(f"« id » est un texte de {LONGEST_NAME} caractères au plus.")
    return Facts(mode, departement, reinforced, events, name)


def _events(listed: list[object], departement: str) -> list[Event]:
    """Return the events in the order of time; a transfer changes the clock of what follows."""
    raw: list[tuple[Instant, int, dict[str, object]]] = []
    moves = False
    for rank, told in enumerate(listed, start=1):
        if not isinstance(told, dict):
            raise FactsError(f"L’événement n° {rank} doit être un objet JSON avec « type » et « at ».")
        kind = told.get("type")
        found = VOCABULARY.get(kind) if isinstance(kind, str) else None
        if found is None:
            raise FactsError(_unknown(rank, kind))
        if len(told) > BARE:
            _check_fields(rank, found, told)
            moves = moves or "departement" in told
        elif found.needs:
            raise FactsError(f"L’événement n° {rank} ({kind}) doit porter « {min(found.needs)} ».")
        try:
            at = read(told["at"])
        except (KeyError, TypeError, ValueError, OverflowError):
            at = 0
        if not OLDEST <= at < NEWEST:  # the sentence costs more than the reading: only where it is needed
            at = read_instant(told.get("at"), f"L’événement n° {rank} ({kind})")
        raw.append((at, rank, told))
    raw.sort(key=_when)
    if not moves:
        zone = zone_of(departement)
        return [Event(str(told["type"]), at, departement, zone, told) for at, _, told in raw]
    return _moving(raw, departement)


BARE: Final = 2
"""Fields of an event that says nothing but its type and its instant."""


def _moving(raw: list[tuple[Instant, int, dict[str, object]]], departement: str) -> list[Event]:
    events = []
    for at, rank, told in raw:
        if "departement" in told:
            departement = _departement(told["departement"], f"L’événement n° {rank}")
        events.append(Event(str(told["type"]), at, departement, zone_of(departement), told))
    return events


def _when(raw: tuple[Instant, int, dict[str, object]]) -> tuple[Instant, int]:
    return raw[0], raw[1]


def read_instant(told: object, what: str) -> Instant:
    """Read an instant in ISO 8601 with its offset.

    Raises:
        FactsError: it is none, has no offset, or is out of the centuries that the rules know.
    """
    if not isinstance(told, str) or len(told) > 40:
        raise FactsError(f"{what} doit porter « at », un instant comme 2026-04-24T16:40:00+02:00.")
    try:
        at = read(told)
    except (ValueError, OverflowError):
        raise FactsError(f"{what} : {_not_an_instant(told)}") from None
    if not OLDEST <= at < NEWEST:
        raise FactsError(f"{what} : « {_shown(told)} » n’est pas entre 1990 et 2100 ; vérifiez l’année.")
    return at


def _not_an_instant(told: str) -> str:
    example = "écrivez par exemple 2026-04-24T16:40:00+02:00"
    try:
        datetime.fromisoformat(told)
    except (ValueError, OverflowError):
        return f"« {_shown(told)} » n’est pas un instant ; {example}."
    return f"l’instant « {_shown(told)} » n’a pas de décalage horaire ; {example}."


def _check_fields(rank: int, kind: Kind, told: dict[str, object]) -> None:
    name = told["type"]
    for field, value in told.items():
        if field in FREE:
            if field != "at" and not isinstance(value, str):
                raise FactsError(f"L’événement n° {rank} ({name}) : « {field} » doit être un texte.")
            if field == "recorded_at":
                read_instant(value, f"L’événement n° {rank} ({name}), « recorded_at »")
        elif field in kind.closed:
            if not isinstance(value, str) or value not in kind.closed[field]:
                raise FactsError(
                    f"L’événement n° {rank} ({name}) : « {field} » vaut {_listed(kind.closed[field], 'ou')} ; "
                    f"reçu « {_shown(value)} »."
                )
        elif field in kind.instants:
            read_instant(value, f"L’événement n° {rank} ({name}), « {field} »")
        else:
            known = _listed({*kind.closed, *kind.instants} | FREE)
            raise FactsError(
                f"L’événement n° {rank} ({name}) : le champ « {_shown(field)} » est inconnu ; attendus : {known}."
            )
    for field in sorted(kind.needs - told.keys()):
        raise FactsError(f"L’événement n° {rank} ({name}) doit porter « {field} ».")


def _check_order(events: list[Event], mode: Mode) -> None:
    if mode is Mode.COMMISSION:
        for event in events:
            if event.kind not in OF_COMMISSION:
                raise FactsError(
                    f"Le mode CDSP ne connaît que {_listed(OF_COMMISSION)} ; reçu « {event.kind} »."
                )
        return
    starts = [event for event in events if event.kind == "admission"]
    if len(starts) > 1:
        raise FactsError(
            "Les faits portent deux admissions : une mesure n’en a qu’une, faites-en deux mesures."
        )
    if not starts:
        if mode is Mode.MP and any(event.kind == "mesure_provisoire" for event in events):
            return
        if any(event.kind == "criteres_reunis" for event in events):
            return
        raise FactsError("Les faits ne portent pas d’admission : sans elle, aucun délai ne part.")
    [admission] = starts
    if admission.day < FIRST_DAY.toordinal():
        raise FactsError(
            "L’admission est antérieure au 1er août 2011 : aucune règle n’est connue à cette date."
        )
    for event in events:
        if event.at >= admission.at or event.kind in {"mesure_provisoire", "premiers_soins"}:
            break  # the observation has begun: certificates may come before the préfet's decision
        if not VOCABULARY[event.kind].early:
            raise FactsError(
                f"L’événement « {event.kind} » du {event.words} précède l’admission du {admission.words} : "
                "vérifiez les deux instants."
            )


def _mode(told: object) -> Mode:
    if isinstance(told, str):
        if told in _MODES:
            return _MODES[told]
        if told.upper() in ALIASES:
            return ALIASES[told.upper()]
    raise FactsError(f"« mode » vaut {_listed([*Mode], 'ou')} ; reçu « {_shown(told)} ».")


def _departement(told: object, what: str = "Les faits") -> str:
    if isinstance(told, str) and told in DEPARTEMENTS:
        return told
    raise FactsError(
        f"{what} : « departement » est un code officiel, 01 à 95, 2A, 2B ou 971 à 976 ; reçu « {_shown(told)} »."
    )


def _unknown(rank: int, kind: object) -> str:
    near = get_close_matches(kind[:60], VOCABULARY, n=1) if isinstance(kind, str) else []
    guess = f"vouliez-vous « {near[0]} » ?" if near else "« traitdunion deadlines --vocabulary » les liste."
    return f"L’événement n° {rank} a un type inconnu, « {_shown(kind)} » : {guess}"


def _shown(value: object) -> str:
    """Return what was given on one line, short enough for a sentence."""
    text = "".join(letter if letter.isprintable() else "�" for letter in str(value)[:80])
    return text if len(text) <= 40 else f"{text[:40]}…"


def _listed(values: object, last: str = "et") -> str:
    names = sorted(f"« {value} »" for value in values)  # type: ignore[attr-defined]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}"


_MODES: Final = {mode.value: mode for mode in Mode}
DEPARTEMENTS: Final = frozenset(
    {f"{number:02}" for number in range(1, 96) if number != 20}
    | {"2A", "2B", "971", "972", "973", "974", "976"}
)
