"""What we know of a picture."""

import uuid

from django.db import models

from tongxin.foundation.personal import Erase, declare, personal


class Picture(models.Model):
    """One re-encoded picture; the file lies under its random `name` in `settings.TONGXIN_MEDIA`."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=40, unique=True)
    purpose = models.CharField(max_length=40)
    person = models.BigIntegerField(null=True, db_index=True)
    content_type = models.CharField(max_length=20)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField()
    created_at = models.DateTimeField()

    personal = declare(
        "id public_id purpose content_type width height size created_at",
        name=personal("the picture itself", "as its purpose says", erase=Erase.DELETE_ROW),
        person=personal("whose picture it is", "as its purpose says", erase=Erase.DELETE_ROW, export=False),
    )
