"""Closed lists about imports."""

from traitdunion.core.choices import Kind


class RunState(Kind):
    """Where an import stands."""

    CHECKING = "checking", "lecture en cours"
    REFUSED = "refused", "refusé : le fichier contient des erreurs"
    READY = "ready", "prêt à être appliqué"
    APPLYING = "applying", "application en cours"
    APPLIED = "applied", "appliqué"
    FAILED = "failed", "interrompu"
    ABANDONED = "abandoned", "abandonné"
