"""The picture of an event, to whoever may see it at this moment."""

from uuid import UUID

from django.http import FileResponse

from tongxin.events import queries
from tongxin.faces.asking import Asked

# What is public may lie in a cache for a minute, so that a no is everywhere within one. All else is kept by nobody (`project/doors`).
PUBLIC = "public, max-age=60, must-revalidate"


def photo(request: Asked, photo_id: UUID) -> FileResponse:
    """The bytes that we painted. Refuses `absent` to whoever may not see them now."""
    found = queries.photo_file(request.viewer, photo_id)
    reply = FileResponse(found.path.open("rb"), content_type=found.content_type)
    if found.public:
        reply["Cache-Control"] = PUBLIC
    return reply
