"""Closed lists about territories."""

from traitdunion.core.choices import Kind


class Zone(Kind):
    """Where a département lies."""

    METROPOLE = "metro", "métropole"
    OUTRE_MER = "drom", "outre-mer"
