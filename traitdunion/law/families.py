"""The families of delays that the rules count by, as § 3.2 of the legal file states them."""

from typing import Final

from traitdunion.law.citation import Mark
from traitdunion.law.counting import Counting, Extension, FirstDay, Rounding

CIVIL_DAYS: Final = "CSP, art. R. 3211-25 ; CPC, art. 641, al. 1 et 642, al. 2, écartés"

C1: Final = Counting(
    id="C1",
    family="Juge, première instance, en jours",
    first_day=FirstDay.COUNTED,
    rounding=Rounding.END_OF_DAY,
    extension=Extension.NONE,
    basis=CIVIL_DAYS,
    status=Mark.READ,
)
C2: Final = Counting(
    id="C2",
    family="Juge, première instance, en mois : même quantième, ou dernier jour du mois",
    first_day=FirstDay.NOT_COUNTED,
    rounding=Rounding.END_OF_DAY,
    extension=Extension.NONE,
    basis="CSP, art. R. 3211-25 ; CPC, art. 641, al. 2",
    status=Mark.READ,
)
C3: Final = Counting(
    id="C3",
    family="Appel : règles ordinaires du code de procédure civile",
    first_day=FirstDay.NOT_COUNTED,
    rounding=Rounding.END_OF_DAY,
    extension=Extension.NEXT_WORKING_DAY,
    basis="Cass. 1re civ., 22 juin 2016, n° 15-50.094 et n° 15-50.095",
    status=Mark.SECONDARY,
)
C5: Final = Counting(
    id="C5",
    family="Délais en heures",
    first_day=FirstDay.BY_THE_HOUR,
    rounding=Rounding.EXACT,
    extension=Extension.NONE,
    basis="Cass. 1re civ., 26 octobre 2022, n° 20-22.827 ; CSP, art. L. 3211-2-2",
    status=Mark.SECONDARY,
)
C6: Final = Counting(
    id="C6",
    family="Isolement et contention",
    first_day=FirstDay.BY_THE_HOUR,
    rounding=Rounding.EXACT,
    extension=Extension.NONE,
    basis="CSP, art. R. 3211-32 ; CPC, art. 642, 643 et 644 écartés",
    status=Mark.READ,
)
C7: Final = Counting(
    id="C7",
    family="Sept jours d’isolement : 168 heures après la décision de maintien précédente",
    first_day=FirstDay.BY_THE_HOUR,
    rounding=Rounding.EXACT,
    extension=Extension.NONE,
    basis="Cass., avis du 6 mars 2024, n° 23-70.017",
    status=Mark.SECONDARY,
)
C8: Final = Counting(
    id="C8",
    family="Certificats mensuels des mesures du préfet : délai administratif, même quantième",
    first_day=FirstDay.NOT_COUNTED,
    rounding=Rounding.END_OF_DAY,
    extension=Extension.NONE,
    basis="Cass. 1re civ., 21 novembre 2018, n° 17-21.184",
    status=Mark.READ,
)
C9: Final = Counting(
    id="C9",
    family="Jours francs",
    first_day=FirstDay.NOT_COUNTED,
    rounding=Rounding.CLEAR_DAY,
    extension=Extension.NONE,
    basis="définition classique du jour franc, délai administratif par analogie avec C8",
    status=Mark.READING,
)
C10: Final = Counting(
    id="C10",
    family="Périodes des arrêtés de maintien : un changement de forme ne les fait pas repartir",
    first_day=FirstDay.NOT_COUNTED,
    rounding=Rounding.END_OF_DAY,
    extension=Extension.NONE,
    basis="Cass. 1re civ., 26 octobre 2022, n° 21-50.045",
    status=Mark.SECONDARY,
)
AT_ONCE: Final = Counting(
    id="sans délai",
    family="Actes que le texte veut immédiats, sans chiffre",
    first_day=FirstDay.BY_THE_HOUR,
    rounding=Rounding.EXACT,
    extension=Extension.NONE,
    basis="le texte lui-même",
    status=Mark.READ,
)
UNSETTLED_DAYS: Final = Counting(
    id="à trancher (jours)",
    family="Délais en jours dont aucun texte lu ne dit le décompte : le plus court est retenu",
    first_day=FirstDay.COUNTED,
    rounding=Rounding.END_OF_DAY,
    extension=Extension.NONE,
    basis="aucun texte lu ; question au juriste",
    status=Mark.READING,
)
UNSETTLED_MONTHS: Final = Counting(
    id="à trancher (mois)",
    family="Délais en mois dont aucun texte lu ne dit le décompte : même quantième",
    first_day=FirstDay.NOT_COUNTED,
    rounding=Rounding.END_OF_DAY,
    extension=Extension.NONE,
    basis="aucun texte lu ; question au juriste (point ouvert O8)",
    status=Mark.READING,
)

NOT_DELAYS: Final = {
    "C4": "Le délai de l’appel part de la réception de l’appel par le greffe, non de son enregistrement "
    "(Cass. 1re civ., 20 mars 2024, n° 22-21.898 ; S).",
    "C11": "Une période part de la décision d’admission, qui n’est jamais rétroactive "
    "(Cass., avis du 11 juillet 2016, n° 16-70.006 ; S).",
    "C12": "Les prolongations outre-mer des articles 643 et 644 du CPC sont écartées "
    "(CSP, art. R. 3211-9 et R. 3211-32 ; V).",
}
"""Rows of § 3.2 that say when a delay starts, or what does not lengthen it."""
