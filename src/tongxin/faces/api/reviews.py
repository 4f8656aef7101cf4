"""What comes after an event: its review, the group that is offered, the letter of thanks."""

import uuid
from datetime import datetime
from typing import Annotated

from django.http import HttpResponse
from ninja import Router
from pydantic import ConfigDict, Field, StringConstraints

from tongxin.events import actions, queries
from tongxin.events.terms_after import GROUP_MOST, REVIEW_MOST, STAR_MOST
from tongxin.faces.api.shapes import PLAIN, Cursor, In, Limit, Out
from tongxin.faces.api.writing import matched, write
from tongxin.faces.asking import Asked

router = Router(tags=["after the event"])

ReviewWords = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=REVIEW_MOST, pattern=PLAIN)
]
QuestionKey = Annotated[str, StringConstraints(max_length=24, pattern=r"^[a-z_]+$")]


class ReviewAnswer(Out):
    """One question with what was answered."""

    key: str
    question_zh: str
    question_en: str
    answer: str


class EventReview(Out):
    """The champion's review of an event. `star` is masked; `star_registration` is theirs at this event."""

    event: uuid.UUID
    title: str
    store_name: str
    starts_at: datetime
    kit: str
    answers: list[ReviewAnswer]
    star: str
    star_why: str
    star_registration: uuid.UUID | None
    version: int
    submitted_at: datetime
    changed_at: datetime
    simulated: bool


class OneReview(Out):
    """Null until it is written; then `version` is what `If-Match` names."""

    review: EventReview | None


class ReviewPage(Out):
    items: list[EventReview]
    cursor: str | None


class ReviewIn(In):
    """All questions are answered. `star` is the registration of somebody who came; then say why."""

    answers: dict[QuestionKey, ReviewWords]
    star: uuid.UUID | None = None
    star_why: Annotated[
        str, StringConstraints(strip_whitespace=True, max_length=STAR_MOST, pattern=PLAIN)
    ] = ""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "answers": {
                    "went_well": "第一炉出炉的时候",
                    "to_change": "多备两条围裙",
                    "said_by_guests": "孩子问下个月还有没有",
                }
            }
        }
    )


def _review(found: queries.ReviewLine) -> EventReview:
    same = [name for name in EventReview.model_fields if name not in {"answers", "store_name"}]
    return EventReview(
        store_name=found.store,
        answers=[
            ReviewAnswer(key=key, question_zh=zh, question_en=en, answer=words)
            for key, (zh, en), words in found.answers
        ],
        **{name: getattr(found, name) for name in same},
    )


def _one_review(request: Asked, event_id: uuid.UUID) -> OneReview:
    found = queries.review_of(request.viewer, event_id)
    return OneReview(review=None if found is None else _review(found))


@router.get("/reviews", url_name="reviews", operation_id="reviews.list", response=ReviewPage)
def list_reviews(request: Asked, limit: Limit = 50, cursor: Cursor | None = None) -> ReviewPage:
    """The reviews of the stores in reach, newest first."""
    page = queries.reviews(request.viewer, limit=limit, cursor=cursor)
    return ReviewPage(items=[_review(one) for one in page.items], cursor=page.cursor)


@router.get(
    "/events/{uuid:event_id}/review",
    url_name="event.review",
    operation_id="events.review.read",
    response=OneReview,
)
def read_review(request: Asked, response: HttpResponse, event_id: uuid.UUID) -> OneReview:
    """The review of one event, with an ETag for whoever changes it."""
    found = _one_review(request, event_id)
    response["ETag"] = f'"{found.review.version if found.review else 0}"'
    return found


@router.put(
    "/events/{uuid:event_id}/review",
    url_name="event.review",
    operation_id="events.review.submit",
    response=OneReview,
)
@write(matching=True)
def submit_review(request: Asked, event_id: uuid.UUID, body: ReviewIn) -> OneReview:
    """Write it, or write it anew; the first time `If-Match` is `"0"`."""
    actions.submit_review(
        viewer=request.viewer, event_id=event_id, version=matched(request) or None, **body.model_dump()
    )
    return _one_review(request, event_id)


class FollowUpGroup(Out):
    """The group for those who came; empty when none is offered."""

    text: str
    url: str
    version: int


class FollowUpIn(In):
    """A sentence and a whole https link; both empty takes the group back."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, max_length=GROUP_MOST, pattern=PLAIN)]
    url: Annotated[str, StringConstraints(strip_whitespace=True, max_length=300, pattern=PLAIN)]

    model_config = ConfigDict(
        json_schema_extra={"example": {"text": "小小烘焙师家长群", "url": "https://127.0.0.1/g/1"}}
    )


def _group(request: Asked, event_id: uuid.UUID) -> FollowUpGroup:
    found = queries.followup_of(request.viewer, event_id)
    return FollowUpGroup(text=found.text, url=found.url, version=found.version)


@router.get(
    "/events/{uuid:event_id}/follow-up",
    url_name="event.followup",
    operation_id="events.followup.read",
    response=FollowUpGroup,
)
def read_group(request: Asked, response: HttpResponse, event_id: uuid.UUID) -> FollowUpGroup:
    """Which group is offered after an event."""
    found = _group(request, event_id)
    response["ETag"] = f'"{found.version}"'
    return found


@router.put(
    "/events/{uuid:event_id}/follow-up",
    url_name="event.followup",
    operation_id="events.followup.offer",
    response=FollowUpGroup,
)
@write(matching=True)
def offer_group(request: Asked, event_id: uuid.UUID, body: FollowUpIn) -> FollowUpGroup:
    """Offer a group to those who came, another one, or none."""
    actions.offer_group(
        viewer=request.viewer, event_id=event_id, version=matched(request), **body.model_dump()
    )
    return _group(request, event_id)


class Thanked(Out):
    """To how many a letter goes; 0 where the kit has words of its own for who came."""

    people: Annotated[int, Field(ge=0)]


@router.post(
    "/events/{uuid:event_id}/thanks",
    url_name="event.thanks",
    operation_id="events.thank",
    response=Thanked,
)
@write()
def thank(request: Asked, event_id: uuid.UUID) -> Thanked:
    """Thank everybody who came, once each. By itself this happens the day after."""
    return Thanked(people=actions.thank_guests(viewer=request.viewer, event_id=event_id))
