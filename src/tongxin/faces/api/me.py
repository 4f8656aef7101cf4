"""`/me`: what a member sees and decides about themselves."""

import uuid
from typing import Annotated, Any, Literal

from ninja import Router
from pydantic import ConfigDict, Field, StringConstraints

from tongxin.faces import till
from tongxin.faces.api import persons
from tongxin.faces.api.persons import Notice
from tongxin.faces.api.shapes import PLAIN, Cursor, Done, In, Limit, Out, Reason, Yes
from tongxin.faces.api.writing import write
from tongxin.faces.asking import Asked
from tongxin.outreach.queries import life
from tongxin.people import actions, queries
from tongxin.people.terms import Purpose
from tongxin.rings import queries as rings

router = Router(tags=["me"])


def _myself(request: Asked) -> Any:
    viewer = request.viewer
    return queries.access_customer(viewer, queries.me(viewer).public_id)


@router.get("/me", url_name="me", operation_id="me.read", response=persons.Me)
def read_me(request: Asked) -> persons.Me:
    """Everything a member sees about themselves, companions included."""
    card = queries.me(request.viewer)
    return persons.Me(
        **persons.person(card),
        language=card.language,
        companions=[persons.companion(c) for c in card.companions],
    )


class Tongue(In):
    """The language of letters."""

    language: Literal["zh", "en"]

    model_config = ConfigDict(json_schema_extra={"example": {"language": "en"}})


@router.put("/me/language", url_name="me.language", operation_id="me.language", response=Tongue)
@write()
def choose_language(request: Asked, body: Tongue) -> Tongue:
    """Letters come in this language from now on; what has been sent stays as it is."""
    actions.choose_language(viewer=request.viewer, language=body.language)
    return body


@router.get("/me/timeline", url_name="me.timeline", operation_id="me.timeline", response=persons.Timeline)
def read_timeline(request: Asked, limit: Limit = 50, cursor: Cursor | None = None) -> persons.Timeline:
    """One's own life with us, newest first."""
    viewer = request.viewer
    mine = queries.me(viewer).public_id
    bought, others = till.rows(viewer, mine), life.lines_of(viewer, mine)
    found = queries.timeline(viewer, mine, limit=limit, cursor=cursor, till_rows=bought, others=others)
    return persons.timeline(found)


class MyRing(Out):
    """Where one stands, the evidence line by line, by which version of the published rules, and how it came (PIPL 24)."""

    ring: str
    since: str
    cause: str
    by: str
    policy_version: int
    held: Any
    gates: Any
    nearest: dict[str, Any] | None
    invitation: str | None
    history: list[dict[str, Any]]
    personalise: bool
    next_step: str


KEPT = ("ring", "since", "cause", "by", "policy_version", "held", "gates", "nearest", "invitation", "history")


@router.get("/me/ring", url_name="me.ring", operation_id="me.ring", response=MyRing)
def read_ring(request: Asked) -> MyRing:
    """Why one stands where one stands, with all the evidence."""
    viewer = request.viewer
    mine = queries.me(viewer)
    told = rings.explain(viewer, mine.public_id).as_json()
    if told["nearest"] is not None:
        told["nearest"].pop("said", None)  # worded for operators; `next_step` says it to the member
    kept = {name: told[name] for name in KEPT}
    return MyRing(**kept, personalise=mine.personalise, next_step=rings.member_step(viewer))


class Consents(Out):
    items: list[persons.Consent]


@router.get("/me/consents", url_name="me.consents", operation_id="me.consents", response=Consents)
def list_consents(request: Asked) -> Consents:
    """What one has agreed to, purpose by purpose."""
    return Consents(
        items=[persons.consent(line.purpose, line.state) for line in queries.me(request.viewer).consents]
    )


@router.put(
    "/me/consents/{purpose}", url_name="me.consent", operation_id="me.consent", response=persons.Given
)
@write()
def answer(request: Asked, purpose: Purpose, body: persons.Answer) -> persons.Given:
    """Agree or refuse; a no works at once."""
    row = actions.set_consent(
        viewer=request.viewer,
        customer=_myself(request),
        purpose=purpose,
        granted=body.granted,
        notice_version=body.notice_version,
        channel=body.channel,
    )
    return persons.given(row)


class Switch(In):
    on: Yes


@router.put(
    "/me/personalisation",
    url_name="me.personalisation",
    operation_id="me.personalisation",
    response=persons.Given,
)
@write()
def switch(request: Asked, body: Switch) -> persons.Given:
    """The switch 不使用个性化: off works at once and everywhere."""
    row = actions.switch_personalisation(
        viewer=request.viewer, customer=_myself(request), on=body.on, channel="api"
    )
    return persons.given(row)


@router.delete("/me/tags/{uuid:tag_id}", url_name="me.tag", operation_id="me.untag", response=Done)
@write()
def untag(request: Asked, tag_id: uuid.UUID) -> Done:
    """Delete a word that staff keep about oneself."""
    actions.untag(viewer=request.viewer, customer=_myself(request), tag_id=tag_id)
    return Done()


class Children(Out):
    items: list[persons.Companion]


class NewCompanion(In):
    """`agreed` is the guardian's consent for the event, under `notice_version`."""

    nickname: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=PLAIN)
    ]
    age_years: Annotated[int, Field(strict=True, ge=0, le=17)]
    agreed: Yes
    notice_version: Notice


@router.get("/me/companions", url_name="me.companions", operation_id="me.companions", response=Children)
def list_companions(request: Asked) -> Children:
    """The children one has registered."""
    return Children(items=[persons.companion(c) for c in queries.me(request.viewer).companions])


@router.post(
    "/me/companions",
    url_name="me.companions",
    operation_id="me.add_companion",
    response={201: persons.Companion},
)
@write(201)
def add_companion(request: Asked, body: NewCompanion) -> persons.Companion:
    """Register a child; the data go thirty days after the last event."""
    made = actions.add_companion(
        viewer=request.viewer,
        nickname=body.nickname,
        age_years=body.age_years,
        agreed=body.agreed,
        notice_version=body.notice_version,
        channel="api",
    )
    return persons.companion(made)


@router.delete(
    "/me/companions/{uuid:companion_id}",
    url_name="me.companion",
    operation_id="me.forget_companion",
    response=Done,
)
@write()
def forget_companion(request: Asked, companion_id: uuid.UUID) -> Done:
    """Take a child's data out."""
    actions.forget_companion(viewer=request.viewer, companion_id=companion_id)
    return Done()


@router.post("/me/export", url_name="me.export", operation_id="me.export", response=persons.Portrait)
@write()
def export(request: Asked) -> persons.Portrait:
    """Everything we hold about oneself."""
    return persons.Portrait(data=actions.export(viewer=request.viewer, customer=_myself(request)))


class Why(In):
    reason: Reason


@router.post("/me/erase", url_name="me.erase", operation_id="me.erase", response=persons.Erased)
@write()
def erase(request: Asked, body: Why) -> persons.Erased:
    """Close the account and be forgotten."""
    return persons.Erased(
        erased=actions.erase(viewer=request.viewer, customer=_myself(request), reason=body.reason)
    )
