"""`/rings`: how many stand where, and the policy by which they do."""

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpResponse
from ninja import Router
from pydantic import StringConstraints

from tongxin.faces.api.shapes import PLAIN, In, Out
from tongxin.faces.api.writing import matched, write
from tongxin.faces.asking import Asked
from tongxin.rings import actions, queries

router = Router(tags=["rings"])


class Counts(Out):
    outer: int
    middle: int
    inner: int


@router.get("/rings", url_name="rings.counts", operation_id="rings.counts", response=Counts)
def read_counts(request: Asked) -> Counts:
    """How many people in reach stand in each ring."""
    return Counts(**{str(ring): n for ring, n in queries.counts(request.viewer).items()})


class Policy(Out):
    """One version of the ring policy; `version` is also its ETag."""

    version: int
    body: dict[str, Any]
    note: str
    author: str
    created_at: datetime


class NewPolicy(In):
    body: dict[str, Any]
    note: Annotated[str, StringConstraints(max_length=400, pattern=PLAIN)] = ""


def _policy(found: Any) -> Policy:
    return Policy(
        version=found.version,
        body=found.body,
        note=found.note,
        author=found.author_name,
        created_at=found.created_at,
    )


@router.get("/rings/policy", url_name="rings.policy", operation_id="rings.policy", response=Policy)
def read_policy(request: Asked, response: HttpResponse) -> Policy:
    """The policy in force, with its ETag."""
    found = queries.access_policy(request.viewer)
    response["ETag"] = f'"{found.version}"'
    return _policy(found)


@router.put("/rings/policy", url_name="rings.policy", operation_id="rings.set_policy", response=Policy)
@write(matching=True)
def set_policy(request: Asked, body: NewPolicy) -> Policy:
    """Publish a version. `If-Match` names the one that was on the editor's screen; a newer one since answers 412."""
    expected = matched(request)
    return _policy(
        actions.set_policy(viewer=request.viewer, body=body.body, note=body.note, expected=expected)
    )
