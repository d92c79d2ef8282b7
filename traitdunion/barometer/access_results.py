"""Which waves a mandate reads the results of, and whose remarks."""

from datetime import date

from django.db.models import Exists, OuterRef, QuerySet

from traitdunion.barometer import access
from traitdunion.barometer.kinds import State
from traitdunion.barometer.models import Remark, Result, Wave
from traitdunion.identity.models import Mandate
from traitdunion.territories.models import Departement


def _analysed() -> QuerySet[Wave]:
    return (
        Wave.objects.filter(Exists(Result.objects.filter(wave=OuterRef("pk"))), sealed_at__isnull=False)
        .filter(cancelled_at=None)
        .select_related("questionnaire")
        .order_by("-closes_on", "-pk")
    )


def waves_of_departement(mandate: Mandate, departement: Departement, *, day: date) -> list[Wave]:
    """Return the waves of which ``mandate`` reads the results of ``departement`` on ``day``, latest first, one query.

    Under embargo the pair alone, afterwards whoever has the département in reach.
    """
    return [wave for wave in _analysed() if access.may_read_results(mandate, wave, departement, day=day)]


def waves_of_the_country(mandate: Mandate, *, day: date) -> list[Wave]:
    """Return the waves of which ``mandate`` reads the national and regional results, latest first, one query."""
    return [wave for wave in _analysed() if access.may_read_national_results(mandate, wave, day=day)]


def remarks_readable(
    mandate: Mandate, wave: Wave, departement: Departement, *, day: date
) -> QuerySet[Remark]:
    """Return the remarks of ``departement`` that their authors let be read: for the two institutions there, alone."""
    released = Remark.objects.filter(wave=wave, departement=departement, is_released=True).order_by(
        "side", "text"
    )
    is_pair = mandate.side is not None and mandate.covers(departement)
    is_over = wave.state_on(day) in {State.EMBARGO, State.PUBLISHED}
    return released if is_pair and is_over else released.none()


def published_waves(*, day: date) -> list[Wave]:
    """Return the waves whose national and regional results everyone reads on ``day``, latest first, one query."""
    return [wave for wave in _analysed() if wave.state_on(day) is State.PUBLISHED]
