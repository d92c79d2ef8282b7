"""What the geographic code does not say: who represents the State, which ARS, which clock.

The list of départements itself comes from the official geographic code.
"""

from typing import Final

# One ARS per région. La Réunion and Mayotte have each their own; the day on which the former
# « ARS océan Indien » ended was not checked in a text and is therefore not stated.
ARS_NAMES: Final = {"04": "ARS La Réunion", "06": "ARS Mayotte"}

# In Paris the préfet de police stands in for the préfet (Code de la santé publique, article L. 3213-10,
# for care without consent); the same mapping is used for the convention.
PREFECTURE_NAMES: Final = {"75": "Préfecture de police"}
REPRESENTATIVES: Final = {"75": "préfet de police"}

TIME_ZONES: Final = {
    "971": "America/Guadeloupe",
    "972": "America/Martinique",
    "973": "America/Cayenne",
    "974": "Indian/Reunion",
    "976": "Indian/Mayotte",
}

# Codes that people still type: former départements, other territories, communes and local authorities that
# carry a similar code but have no préfecture of their own under it.
NOT_A_DEPARTEMENT: Final = {
    "20": ("Corse, scindée en Corse-du-Sud et Haute-Corse", ("2A", "2B")),
    "69D": ("collectivité départementale du Rhône, même préfecture que la métropole de Lyon", ("69",)),
    "69M": ("métropole de Lyon, même préfecture que le département du Rhône", ("69",)),
    "6AE": ("collectivité européenne d’Alsace, qui couvre deux préfectures", ("67", "68")),
    "975": ("Saint-Pierre-et-Miquelon, collectivité d’outre-mer", ()),
    "977": ("Saint-Barthélemy, collectivité d’outre-mer", ("971",)),
    "978": ("Saint-Martin, collectivité d’outre-mer", ("971",)),
    "984": ("Terres australes et antarctiques françaises", ()),
    "986": ("Wallis-et-Futuna, collectivité d’outre-mer", ()),
    "987": ("Polynésie française, collectivité d’outre-mer", ()),
    "988": ("Nouvelle-Calédonie", ()),
    "989": ("île de Clipperton", ()),
}

# Linking word of the official code (TNCC) in front of the name, as in « préfecture du Bas-Rhin ».
LINKS: Final = {
    0: "de ",
    1: "d’",
    2: "du ",
    3: "de la ",
    4: "des ",
    5: "de l’",
    6: "des ",
    7: "de Las ",
    8: "de Los ",
}
