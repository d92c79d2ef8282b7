"""Have each signature dated by the authority that the site was given, and keep what it answers."""

import base64
from datetime import datetime

from django.db import transaction

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import Actor
from traitdunion.reviews import timestamp
from traitdunion.reviews.dating import Authority
from traitdunion.reviews.models import BilanSignature, SignatureStamp
from traitdunion.reviews.timestamp import TimestampError
from traitdunion.reviews.verification import CLOCKS_APART


def stamp(signature: BilanSignature, *, authority: Authority, actor: Actor, at: datetime) -> bool:
    """Ask the date of ``signature`` and keep it; return False when it has one already.

    Nothing is held while the authority answers. Asked twice, the first answer kept is the one that stays.

    Raises:
        TimestampError: the authority does not answer, or its date cannot be kept. It may be asked again.
    """
    if SignatureStamp.objects.filter(signature=signature).exists():
        return False
    raw = base64.b64decode(signature.signature)
    token = timestamp.ask(raw, url=authority.url, roots=authority.roots)
    said = timestamp.read(token, raw)
    if said.at + CLOCKS_APART < signature.signed_at:
        raise TimestampError(
            f"L’autorité d’horodatage date du {said.at:%d/%m/%Y à %H:%M:%S} une signature du "
            f"{signature.signed_at:%d/%m/%Y à %H:%M:%S} (temps universel) : vérifiez les horloges."
        )
    with transaction.atomic():
        BilanSignature.objects.select_for_update().get(pk=signature.pk)
        if SignatureStamp.objects.filter(signature=signature).exists():
            return False
        SignatureStamp.objects.create(
            signature=signature,
            token=token,
            stamped_at=said.at,
            authority=said.authority[:300],
            **audit.authorship(actor=actor, at=at),
        )
        audit.record(
            event="reviews.signature.stamped",
            subject=str(signature.public_id),
            actor=actor,
            at=at,
            detail={"stamped_at": said.at.isoformat()},
        )
    return True
