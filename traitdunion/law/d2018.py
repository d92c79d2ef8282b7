"""Décret n° 2018-383 du 23 mai 2018 (HOPSYWEB), version by version, in the order of its articles.

Only parts of the text were read: each item carries its mark, and what is « à vérifier » grants nothing. The number 6°
of article 1 means three different things in three versions: an item keeps its name, never its number. Source notes
and open questions: ``docs/law/d2018.md``.
"""

from datetime import date
from typing import Final

from traitdunion.law.citation import Mark
from traitdunion.law.provision import Subject, Wording

V1: Final = date(2018, 5, 25)
"""Day after publication, by the ordinary rule; the text itself was not read on this point."""
CE_2019: Final = date(2019, 10, 4)
V2: Final = date(2019, 5, 8)
V3: Final = date(2022, 4, 29)
ANNULLED: Final = (
    "Annulé en tant qu’il n’est pas limité à des données pseudonymisées (CE, 4 octobre 2019, n° 421329)."
)
D2018, D2019, D2022 = "décret n° 2018-383", "décret n° 2019-412", "décret n° 2022-714"


def _item(
    item: str,
    subject: Subject,
    place: str,
    says: str,
    status: Mark,
    *,
    source: str = D2018,
    since: date = V1,
    until: date | None = None,
    limit: str = "",
) -> Wording:
    return Wording(
        item=item, subject=subject, place=place, says=says, since=since, until=until, status=status, source=source,
        limit=limit,
    )  # fmt: skip


WORDINGS: Final = (
    # Article 1
    _item(
        "responsable", Subject.CONTROLLER, "article 1",
        "Chaque ARS met en œuvre ses propres traitements ; le suivi est départemental.", Mark.READ,
    ),
    _item(
        "échéancier des certificats et des arrêtés", Subject.PURPOSE, "article 1, 1° a",
        "Tenir l’échéancier des certificats médicaux et des arrêtés du préfet, et contrôler les délais du code.",
        Mark.READ,
    ),
    _item(
        "échéancier de la saisine du juge", Subject.PURPOSE, "article 1, 1° b",
        "Tenir l’échéancier de la saisine du juge pour le contrôle de l’hospitalisation complète.", Mark.READ,
    ),
    _item(
        "projets d’actes", Subject.PURPOSE, "article 1, 2°",
        "Produire les projets d’actes et de documents que le code demande.", Mark.READ,
    ),
    _item(
        "courriers d’information", Subject.PURPOSE, "article 1, 3°",
        "Produire les courriers aux destinataires des informations.", Mark.READ,
    ),
    _item(
        "secrétariat de la CDSP", Subject.PURPOSE, "article 1, 4°", "Assurer le secrétariat de la CDSP.", Mark.READ
    ),
    _item(
        "statistiques nationales", Subject.PURPOSE, "article 1, 5° a",
        "Consultation nationale, par les services centraux de la santé, à des fins statistiques.", Mark.SECONDARY,
        until=CE_2019,
    ),
    _item(
        "statistiques nationales", Subject.PURPOSE, "article 1, 5° a",
        "Consultation nationale, par les services centraux de la santé, à des fins statistiques.", Mark.SECONDARY,
        since=CE_2019, limit=ANNULLED,
    ),
    _item(
        "autre consultation nationale", Subject.PURPOSE, "article 1, 5° b",
        "Consultation nationale pour une autre finalité, que des commentaires lient aux permis d’armes.",
        Mark.UNVERIFIED,
    ),
    _item(
        "information du préfet (radicalisation)", Subject.PURPOSE, "article 1, 6°",
        "Informer le préfet des admissions quand la prévention de la radicalisation à caractère terroriste l’exige.",
        Mark.SECONDARY, source=D2019, since=V2, until=V3,
    ),
    _item(
        "information des personnes de l’article 2-1", Subject.PURPOSE, "article 1, 6°",
        "Informer les personnes de l’article 2-1, seulement pour le suivi d’une personne qui menace gravement la "
        "sécurité et l’ordre publics à raison de sa radicalisation à caractère terroriste (CSP, art. L. 3211-12-7).",
        Mark.READ, source=D2022, since=V3,
    ),
    _item(
        "statistiques départementales", Subject.PURPOSE, "article 1, 6°",
        "Statistiques départementales pour le rapport annuel de la CDSP.", Mark.SECONDARY, until=V2,
    ),
    _item(
        "statistiques départementales", Subject.PURPOSE, "article 1, 7°",
        "Statistiques départementales pour le rapport annuel de la CDSP.", Mark.READING, source=D2019, since=V2,
        until=CE_2019,
    ),
    _item(
        "statistiques départementales", Subject.PURPOSE, "article 1, 7°",
        "Statistiques départementales pour le rapport annuel de la CDSP.", Mark.READING, source=D2019,
        since=CE_2019, limit=ANNULLED,
    ),
    # Article 2
    _item(
        "identité du patient", Subject.DATA, "article 2, 1°",
        "Données d’identification ; noms, prénoms et date de naissance existent comme champs.", Mark.SECONDARY,
    ),
    _item(
        "médecins", Subject.DATA, "article 2", "Auteurs des certificats et des expertises.", Mark.SECONDARY
    ),
    _item(
        "tiers, protecteur, avocat, juge", Subject.DATA, "article 2",
        "Attendus d’après les destinataires et les courriers ; champs non lus.", Mark.UNVERIFIED,
    ),
    _item(
        "situation administrative et juridique", Subject.DATA, "article 2, 4°",
        "Dates des expertises, dates des arrêtés du préfet, levée de la mesure.", Mark.READ, until=V3,
    ),
    _item(
        "situation administrative et juridique", Subject.DATA, "article 2, 4°",
        "Nature et date de la décision d’admission, date de chaque arrêté, date de fin de la mesure ; forme des soins, "
        "seulement pour les mesures des chapitres III et IV ou de l’article 706-135 du CPP.", Mark.READ,
        source=D2022, since=V3,
    ),
    # Article 2-1
    _item(
        "champs comparés avec le FSPRT", Subject.LINK, "article 2-1", "Noms, prénoms, date de naissance.",
        Mark.SECONDARY, source=D2019, since=V2,
    ),
    _item(
        "qui est averti d’une concordance", Subject.LINK, "article 2-1",
        "Le préfet du département de l’admission et, s’il y a lieu, les agents qu’il désigne.", Mark.SECONDARY,
        source=D2019, since=V2, until=V3,
    ),
    _item(
        "qui est averti d’une concordance", Subject.LINK, "article 2-1",
        "D’abord le préfet du département des soins ; puis, après sa vérification, les personnes de l’article "
        "L. 3211-12-7 du code.", Mark.SECONDARY, source=D2022, since=V3,
    ),
    # Article 3
    _item(
        "agents de l’ARS", Subject.ACCESS, "article 3",
        "Le directeur général de l’ARS désigne, pour chaque département, ceux qui enregistrent et consultent.",
        Mark.SECONDARY, until=V3,
    ),
    _item(
        "agents de l’ARS", Subject.ACCESS, "article 3",
        "Le directeur général de l’ARS désigne, pour chaque département, ceux qui enregistrent et consultent ; le "
        "décret de 2022 modifie les accédants, détail non lu.", Mark.UNVERIFIED, source=D2022, since=V3,
    ),
    # Article 4
    *(
        _item(name, Subject.RECIPIENT, "article 4", says, Mark.SECONDARY)
        for name, says in (
            ("préfet du département", "Préfet (à Paris, préfet de police) et ses agents : leur département."),
            ("juge", "Juge chargé du contrôle (le décret dit JLD) : contrôle et demandes."),
            ("greffe", "Agents du greffe chargés des soins sans consentement."),
            ("procureur de la République", "Procureur de la République."),
            ("premier président", "Premier président de la cour d’appel ou son délégué : en cas d’appel."),
            ("procureur général", "Procureur général : en cas d’appel."),
            ("directeur de l’établissement d’accueil", "Directeur ou agent sous son autorité : ses patients."),
            ("directeur de l’établissement pénitentiaire", "Directeur de la prison : la personne détenue."),
            ("avocat", "Avocat de la personne : son client."),
            ("membres de la CDSP", "Membres de la commission : le département."),
            ("auteur de la mesure provisoire", "Maire ou, à Paris, commissaire de police : la mesure qu’il a prise."),
        )
    ),
    _item(
        "destinataires de l’article L. 3211-12-7", Subject.RECIPIENT, "article 4",
        "Préfet du suivi et services de renseignement désignés, par le préfet de l’hospitalisation, après vérification "
        "et pour les seules données d’identification et de situation administrative.", Mark.SECONDARY, source=D2022,
        since=V3,
    ),
    # Articles whose number was not read
    _item(
        "durée de conservation", Subject.RETENTION, "article non lu",
        "Trois ans à compter de la fin de l’année civile suivant la levée : deux lectures, fin de l’année de la levée "
        "(A) ou fin de l’année d’après (B).", Mark.READING,
    ),
    _item(
        "droit d’opposition", Subject.RIGHT, "article non lu",
        "Exclu ; le Conseil d’État a écarté la critique de cette exclusion.", Mark.SECONDARY,
    ),
    _item(
        "exercice des droits", Subject.RIGHT, "article non lu",
        "Accès et rectification auprès de l’ARS.", Mark.UNVERIFIED, until=V3,
    ),
    _item(
        "exercice des droits", Subject.RIGHT, "article non lu",
        "Modifié par le décret de 2022 ; voie de la CNIL ou accès direct pour le 6° : non lu.", Mark.UNVERIFIED,
        source=D2022, since=V3,
    ),
)  # fmt: skip
"""Every wording known of each item, in the order of the articles."""

RETENTION_YEARS: Final = 3
"""Years kept after the civil year that the reading chosen names."""


def kept_until(lifted: date, *, reading: str) -> date:
    """Return the last day a dossier is kept, by reading « A » or « B » of the retention rule.

    Raises:
        ValueError: the reading is neither.

    >>> [kept_until(date(2024, 3, 10), reading=one).isoformat() for one in "AB"]
    ['2027-12-31', '2028-12-31']
    """
    if reading not in {"A", "B"}:
        raise ValueError("the retention rule has two readings, A and B")
    return date(lifted.year + RETENTION_YEARS + (reading == "B"), 12, 31)
