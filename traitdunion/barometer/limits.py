"""What every page, file and report of the baromètre says of its limits. Plain Python, light to import."""

from typing import Final

# What the size of a group lets one say. It stands alone where there is room for one sentence.
READ_AS: Final = (
    "Le chiffre national est solide, le régional est indicatif, celui d’un département ouvre une conversation."
)  # fmt: skip
LIMITS: Final = (
    "Ce sont des perceptions, pas des performances.",
    "Peu de voix de chaque côté ; d’une vague à l’autre, les personnes changent.",
    "La hiérarchie peut colorer les réponses.",
    (
        "Un chiffre haut ne dit pas que les personnes sont mieux protégées ; un chiffre bas peut venir d’agents "
        "qui, à raison, gardent le secret."
    ),
    READ_AS,
)
