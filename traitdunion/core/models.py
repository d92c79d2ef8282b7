"""What every stored object has."""

import uuid

from django.db import models


class PublicModel(models.Model):
    """An object that has an address: the address never shows the database's own number."""

    public_id = models.UUIDField("identifiant public", default=uuid.uuid4, unique=True, editable=False)

    class Meta:
        abstract = True
