"""Closed lists about conventions."""

from traitdunion.core.choices import Kind


class Step(Kind):
    """What the parties declare while a convention is written; the last one ends a text that nobody signed."""

    PROJET = "projet", "projet"
    RELECTURE = "relecture", "relecture"
    A_SIGNER = "a_signer", "à signer"
    ABANDONNEE = "abandonnee", "abandonnée"


class State(Kind):
    """Where a convention stands on a day: declared before signature, computed from dates afterwards."""

    PROJET = "projet", "projet"
    RELECTURE = "relecture", "relecture"
    A_SIGNER = "a_signer", "à signer"
    SIGNEE = "signee", "signée"
    EN_VIGUEUR = "en_vigueur", "en vigueur"
    ECHUE = "echue", "échue"
    DENONCEE = "denoncee", "dénoncée"
    ABANDONNEE = "abandonnee", "abandonnée"


class Turn(Kind):
    """Whose turn it is to act."""

    PREFECTURE = "prefecture", "préfecture"
    ARS = "ars", "ARS"
    BOTH = "both", "préfecture et ARS"
    NOBODY = "nobody", "personne"


class Basis(Kind):
    """Under what power a signatory signed; those of an import are told apart from those given here."""

    MANDATE = "mandate", "signataire en titre"
    DELEGATION = "delegation", "délégation de signature"
    DECLARED = "declared", "déclarée à l’import, pouvoir non vérifié"
    CHECKED = "checked", "déclarée à l’import, pouvoir vérifié à cette date"


class Coverage(Kind):
    """Whether a convention deals with a heading of the checklist."""

    PRESENT = "present", "traitée"
    PARTIAL = "partial", "à compléter"
    ABSENT = "absent", "absente"
    NOT_CONCERNED = "not_concerned", "sans objet"


class Fact(Kind):
    """The facts that show that a convention lives."""

    REFERENTS = "referents", "référents en poste des deux côtés"
    MEETING = "meeting", "réunion tenue dans les six derniers mois"
    CONTACTS = "contacts", "contacts confirmés des deux côtés"
    REVIEW = "review", "convention revue dans les quatre derniers mois"


class Unconfirmed(Kind):
    """Why the contact of a side is not confirmed by whoever is in post."""

    NEVER = "never", "jamais confirmé"
    BY_A_FORMER = "by_a_former", "pas confirmé par le titulaire actuel"
    DISPUTED = "disputed", "coordonnées à corriger"


class Change(Kind):
    """What a run of words became between two readings of a text."""

    SAME = "same", "inchangé"
    REMOVED = "removed", "retiré"
    ADDED = "added", "ajouté"
