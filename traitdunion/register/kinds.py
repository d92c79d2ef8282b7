"""Closed lists of the register. Modes and facts are those of the law: one vocabulary, entered once."""

from collections.abc import Mapping
from typing import Final

from traitdunion.core.choices import Kind
from traitdunion.law.facts import MODES, OF_COMMISSION, VOCABULARY, Mode


class MarkKind(Kind):
    """What a blind mark of the search stands for."""

    NAME = "nom", "un mot du nom"
    SOUND = "son", "un mot du nom, comme il s’entend"
    IDENTITY = "identite", "nom, premier prénom et date de naissance"
    SOUND_BORN = "son_naissance", "nom comme il s’entend et date de naissance"
    SOUND_FIRST = "son_prenom", "nom et premier prénom comme ils s’entendent"


OF_PATIENTS: Final = tuple(mode for mode in Mode if mode is not Mode.COMMISSION)
MODE_LABELS: Final[Mapping[str, str]] = {mode.value: MODES[mode] for mode in OF_PATIENTS}
FACT_LABELS: Final[Mapping[str, str]] = {
    name: kind.about.split(" : ")[0].split(" ; ")[0]
    for name, kind in VOCABULARY.items()
    if name not in OF_COMMISSION
}
"""What each fact is called on a page."""

STARTS: Final = frozenset({"admission", "mesure_provisoire"})
ENDS: Final = frozenset({"levee", "deces"})
# Facts that say where the person is from then on.
PLACED: Final = frozenset({"admission", "mesure_provisoire", "transfert"})
# Acts of a doctor, whose name the decree carries: the law sometimes asks for two different ones.
BY_A_DOCTOR: Final = frozenset(
    name
    for name in FACT_LABELS
    if name.startswith(("certificat_", "avis_", "rapport_expert")) or name == "second_avis"
)
# Acts of care: none follows the end of a measure. The procedure, the notices and the registers may.
OF_CARE: Final = frozenset(
    {
        *(
            "certificat_24h",
            "certificat_72h",
            "certificat_mensuel",
            "certificat_reintegration",
            "avis_college",
        ),
        *("decision_forme", "decision_maintien", "reintegration", "transfert", "demande_sortie"),
        *("isolement_debut", "decision_isolement", "evaluation_isolement"),
        *("contention_debut", "decision_contention", "evaluation_contention"),
    }
)

# What the fields and closed values of the vocabulary are called on a page; a test compares the two.
FIELD_LABELS: Final[Mapping[str, str]] = {
    "accompagnee": "Sortie accompagnée",
    "ancien": "Informations de plus de cinq ans",
    "conclusion": "Conclusion",
    "forme": "Forme des soins",
    "objet": "Objet",
    "par": "Demandée par",
    "pour": "Pour le",
    "received_at": "Reçu le",
    "retour": "Retour prévu le",
    "sens": "Sens de la décision",
}
VALUE_LABELS: Final[Mapping[str, str]] = {
    "cdsp": "la commission (CDSP)",
    "contention": "contention",
    "controle": "contrôle de l’hospitalisation complète",
    "hospitalisation_complete": "hospitalisation complète",
    "isolement": "isolement",
    "levee": "levée",
    "mainlevee": "mainlevée",
    "mainlevee_differee": "mainlevée à effet différé",
    "maintien": "maintien",
    "non": "non",
    "oui": "oui",
    "proche": "un proche",
    "programme_de_soins": "programme de soins",
}
