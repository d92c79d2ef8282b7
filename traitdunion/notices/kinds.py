"""Closed lists about notices."""

from traitdunion.core.choices import Kind


class NoticeState(Kind):
    """Where a notice stands in the outbox."""

    PENDING = "pending", "à envoyer"
    SENDING = "sending", "en cours d’envoi"
    SENT = "sent", "envoyé"
    FAILED = "failed", "échec"

    @property
    def tone(self) -> str:
        """How loudly the state speaks on a page."""
        return {NoticeState.SENT: "success", NoticeState.FAILED: "error"}.get(self, "info")
