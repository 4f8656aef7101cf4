"""`/me/ambassador`, `/ambassadors`, `/teachers`: who speaks for the brand, on what terms, and who teaches what."""

import uuid
from datetime import date, datetime
from typing import Annotated, Literal

from ninja import Router
from pydantic import ConfigDict, Field, StringConstraints

from tongxin.amplify import actions, queries
from tongxin.amplify.terms_ambassadors import TASK_MOST, WORDS_MOST, AmbassadorState, Tier
from tongxin.amplify.terms_teachers import ABOUT_MOST, NAME_MOST, WHY_MOST, Specialty, TeacherState
from tongxin.faces.api.shapes import PLAIN, Count, Cursor, In, Limit, Moment, Out
from tongxin.faces.api.writing import write
from tongxin.faces.asking import Asked
from tongxin.foundation.errors import Refused

router = Router(tags=["ambassadors"])

AmbassadorWords = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=WORDS_MOST, pattern=PLAIN)
]
AgreementBody = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000, pattern=PLAIN)
]
Perk = Annotated[str, StringConstraints(strip_whitespace=True, max_length=80, pattern=PLAIN)]
TaskWords = Annotated[str, StringConstraints(strip_whitespace=True, max_length=TASK_MOST, pattern=PLAIN)]
TrainingCode = Annotated[str, StringConstraints(max_length=20, pattern=r"^[a-z_]*$")]
TeacherName = Annotated[str, StringConstraints(strip_whitespace=True, max_length=NAME_MOST, pattern=PLAIN)]
TeacherWords = Annotated[str, StringConstraints(strip_whitespace=True, max_length=ABOUT_MOST, pattern=PLAIN)]
TeacherWhy = Annotated[str, StringConstraints(strip_whitespace=True, max_length=WHY_MOST, pattern=PLAIN)]
Specialties = Annotated[list[Specialty], Field(min_length=1, max_length=len(Specialty))]


class AgreementNow(Out):
    """What an ambassador signs."""

    number: int
    body: str
    perks: list[str]
    at: datetime


class AmbassadorTaskOut(Out):
    id: uuid.UUID
    words: str
    due_on: date | None
    done_at: datetime | None


class AmbassadorOut(Out):
    """One time as an ambassador. `missing` are the codes of what is still to be read."""

    id: uuid.UUID
    member: uuid.UUID
    name: str
    store: str
    state: AmbassadorState
    tier: Tier
    why: str
    agreement: int | None
    missing: list[str]
    until: datetime | None
    asked_at: datetime
    reason: str
    tasks: list[AmbassadorTaskOut]


class MyAmbassador(Out):
    """One's own newest time, and the agreement as it is now; null where there is none."""

    ambassador: AmbassadorOut | None
    agreement: AgreementNow | None


class AmbassadorRows(Out):
    items: list[AmbassadorOut]
    cursor: str | None


def _line(one: queries.AmbassadorLine) -> AmbassadorOut:
    lists = {"missing", "tasks"}
    same = {name: getattr(one, name) for name in AmbassadorOut.model_fields if name not in lists}
    tasks = [AmbassadorTaskOut(id=t.id, words=t.words, due_on=t.due_on, done_at=t.done_at) for t in one.tasks]
    return AmbassadorOut(missing=list(one.missing), tasks=tasks, **same)


def _agreement() -> AgreementNow | None:
    found = queries.agreement_now()
    if found is None:
        return None
    return AgreementNow(number=found.number, body=found.body, perks=list(found.perks), at=found.at)


def _own(request: Asked) -> MyAmbassador:
    found = queries.my_ambassador(request.viewer)
    return MyAmbassador(ambassador=None if found is None else _line(found), agreement=_agreement())


@router.get("/me/ambassador", url_name="me.ambassador", operation_id="me.ambassador", response=MyAmbassador)
def my_ambassador(request: Asked) -> MyAmbassador:
    """One's own application or term, what is still to be read, what one is asked to do."""
    return _own(request)


class AmbassadorStep(In):
    """`apply` with `why`; `agree` to the agreement's `number`; `learn` an `item`; `done` with a `task`; `leave`."""

    do: Literal["apply", "agree", "learn", "done", "leave"]
    why: AmbassadorWords = ""
    number: Annotated[Count, Field(ge=1, le=100_000)] | None = None
    item: TrainingCode = ""
    task: uuid.UUID | None = None

    model_config = ConfigDict(json_schema_extra={"example": {"do": "apply", "why": "想带邻居做辅食"}})


@router.put(
    "/me/ambassador", url_name="me.ambassador", operation_id="me.ambassador.step", response=MyAmbassador
)
@write()
def ambassador_step(request: Asked, body: AmbassadorStep) -> MyAmbassador:
    """The next step of one's own; a no costs nothing."""
    viewer = request.viewer
    if body.do == "apply":
        actions.apply_ambassador(viewer=viewer, why=body.why)
    elif body.do == "agree":
        actions.agree(viewer=viewer, number=body.number or 0)
    elif body.do == "learn":
        actions.learn(viewer=viewer, item=body.item)
    elif body.do == "done":
        actions.do_task(viewer=viewer, task_id=body.task or uuid.UUID(int=0))
    else:
        actions.leave_ambassadors(viewer=viewer)
    return _own(request)


@router.get("/ambassadors", url_name="ambassadors", operation_id="ambassadors.list", response=AmbassadorRows)
def list_ambassadors(request: Asked, limit: Limit = 50, cursor: Cursor | None = None) -> AmbassadorRows:
    """All of the stores in reach, newest first."""
    page = queries.ambassadors(request.viewer, limit=limit, cursor=cursor)
    return AmbassadorRows(items=[_line(one) for one in page.items], cursor=page.cursor)


class AmbassadorInvitation(In):
    """Whom to ask, why, for how long and on which tier."""

    member: uuid.UUID
    why: AmbassadorWords
    until: Moment
    tier: Tier = Tier.ONE

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "member": "00000000-0000-4000-8000-000000000000",
                "why": "常带大家",
                "until": "2027-02-01T00:00:00+08:00",
                "tier": 1,
            }
        }
    )


@router.post(
    "/ambassadors", url_name="ambassadors", operation_id="ambassadors.invite", response={201: AmbassadorOut}
)
@write(201)
def invite_ambassador(request: Asked, body: AmbassadorInvitation) -> AmbassadorOut:
    """Ask a member to be an ambassador."""
    made = actions.invite_ambassador(
        viewer=request.viewer, customer=body.member, why=body.why, until=body.until, tier=body.tier
    )
    return _line(queries.ambassador_line(request.viewer, made.public_id))


class AmbassadorMove(In):
    """`agree` to an application with `until` and `tier`; `decline` it or `end` a term with a `reason`; `ask` for `words` to be done."""

    do: Literal["agree", "decline", "end", "ask"]
    reason: AmbassadorWords = ""
    until: Moment | None = None
    tier: Tier = Tier.ONE
    words: TaskWords = ""
    due_on: date | None = None

    model_config = ConfigDict(json_schema_extra={"example": {"do": "decline", "reason": "这一季满了"}})


@router.put(
    "/ambassadors/{uuid:ambassador_id}",
    url_name="ambassador",
    operation_id="ambassadors.decide",
    response=AmbassadorOut,
)
@write()
def decide_ambassador(request: Asked, ambassador_id: uuid.UUID, body: AmbassadorMove) -> AmbassadorOut:
    """Answer an application, ask for something, or end a term; the member reads the reason."""
    viewer, key = request.viewer, ambassador_id
    if body.do == "ask":
        actions.give_task(viewer=viewer, ambassador_id=key, words=body.words, due_on=body.due_on)
    elif body.do == "end":
        actions.end_ambassador(viewer=viewer, ambassador_id=key, reason=body.reason)
    else:
        actions.decide_ambassador(
            viewer=viewer,
            ambassador_id=key,
            yes=body.do == "agree",
            reason=body.reason,
            until=body.until,
            tier=body.tier,
        )
    return _line(queries.ambassador_line(request.viewer, ambassador_id))


class NewAgreement(In):
    """The next version; earlier ones stay as they were signed."""

    body: AgreementBody
    perks: Annotated[list[Perk], Field(max_length=12)] = []

    model_config = ConfigDict(
        json_schema_extra={"example": {"body": "说清楚自己是大使", "perks": ["新品先试"]}}
    )


@router.post(
    "/ambassador-agreements",
    url_name="ambassador_agreements",
    operation_id="ambassador_agreements.publish",
    response={201: AgreementNow},
)
@write(201)
def publish_agreement(request: Asked, body: NewAgreement) -> AgreementNow:
    """Publish the next version of the agreement."""
    actions.publish_agreement(viewer=request.viewer, body=body.body, perks=body.perks)
    found = _agreement()
    assert found is not None  # published just now
    return found


class ClassOfTeacher(Out):
    id: uuid.UUID
    title: str
    store: str
    starts_at: datetime


class TeacherOut(Out):
    """A teacher as members see them; `brought` counts friends who came for them and stayed."""

    id: uuid.UUID
    name: str
    words: str
    specialties: list[Specialty]
    store: str
    colleague: bool
    classes: list[ClassOfTeacher]
    brought: int


class TeachersOut(Out):
    items: list[TeacherOut]


def _teacher(one: queries.TeacherCard) -> TeacherOut:
    lists = {"specialties", "classes"}
    same = {name: getattr(one, name) for name in TeacherOut.model_fields if name not in lists}
    classes = [
        ClassOfTeacher(id=c.id, title=c.title, store=c.store, starts_at=c.starts_at) for c in one.classes
    ]
    return TeacherOut(specialties=list(one.specialties), classes=classes, **same)


@router.get("/teachers", url_name="teachers", operation_id="teachers.list", response=TeachersOut)
def list_teachers(request: Asked, specialty: Specialty | None = None) -> TeachersOut:
    """Who teaches what, who has the next class first."""
    return TeachersOut(items=[_teacher(one) for one in queries.teachers(request.viewer, specialty=specialty)])


class NewTeacher(In):
    """A `member` with `why`, who is asked; or a `staff` with the name and words of the page, who is shown at once."""

    member: uuid.UUID | None = None
    staff: uuid.UUID | None = None
    specialties: Specialties
    why: TeacherWhy = ""
    shown_as: TeacherName = ""
    words: TeacherWords = ""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "member": "00000000-0000-4000-8000-000000000000",
                "specialties": ["baking"],
                "why": "烤得好，还会讲",
            }
        }
    )


class TeacherRow(Out):
    """A teacher for who decides; `named` said they came for them, `brought` stayed."""

    id: uuid.UUID
    name: str
    specialties: list[Specialty]
    store: str
    colleague: bool
    state: TeacherState
    why: str
    invited_at: datetime
    named: int
    brought: int


@router.post("/teachers", url_name="teachers", operation_id="teachers.invite", response={201: TeacherRow})
@write(201)
def new_teacher(request: Asked, body: NewTeacher) -> TeacherRow:
    """Ask a member to teach, or set up a colleague's page."""
    if (body.member is None) == (body.staff is None):
        raise Refused("amplify.teacher_who")
    if body.member is not None:
        made = actions.invite_teacher(
            viewer=request.viewer, customer=body.member, specialties=body.specialties, why=body.why
        )
    else:
        made = actions.show_colleague(
            viewer=request.viewer,
            staff=str(body.staff),
            specialties=body.specialties,
            shown_as=body.shown_as,
            words=body.words,
        )
    return _row(request, made.public_id)


def _row(request: Asked, teacher_id: uuid.UUID) -> TeacherRow:
    one = queries.teacher_line(request.viewer, teacher_id)
    same = {name: getattr(one, name) for name in TeacherRow.model_fields if name != "specialties"}
    return TeacherRow(specialties=list(one.specialties), **same)


@router.delete(
    "/teachers/{uuid:teacher_id}", url_name="teacher", operation_id="teachers.end", response=TeacherRow
)
@write()
def end_teacher(request: Asked, teacher_id: uuid.UUID) -> TeacherRow:
    """Take a page away."""
    actions.end_teacher(viewer=request.viewer, teacher_id=teacher_id)
    return _row(request, teacher_id)


class MyTeachingOut(Out):
    """One's own invitation or page; null where there is none."""

    id: uuid.UUID | None = None
    state: TeacherState | None = None
    why: str = ""
    shown_as: str = ""
    words: str = ""


class TeachingStep(In):
    """`accept` (or change) with the name and the words of the page; `leave`; `came_for` a teacher, said by a new member."""

    do: Literal["accept", "leave", "came_for"]
    shown_as: TeacherName = ""
    words: TeacherWords = ""
    teacher: uuid.UUID | None = None

    model_config = ConfigDict(
        json_schema_extra={"example": {"do": "accept", "shown_as": "小林老师", "words": "从一炉饼干开始"}}
    )


@router.put("/me/teaching", url_name="me.teaching", operation_id="me.teaching", response=MyTeachingOut)
@write()
def teaching(request: Asked, body: TeachingStep) -> MyTeachingOut:
    """Answer the invitation, change or end one's page, or say whom one came for."""
    viewer = request.viewer
    if body.do == "accept":
        actions.accept_teaching(viewer=viewer, shown_as=body.shown_as, words=body.words)
    elif body.do == "leave":
        actions.leave_teaching(viewer=viewer)
    else:
        actions.name_teacher(viewer=viewer, teacher_id=body.teacher or uuid.UUID(int=0))
    found = queries.my_teaching(viewer)
    if found is None:
        return MyTeachingOut()
    return MyTeachingOut(
        id=found.id, state=found.state, why=found.why, shown_as=found.shown_as, words=found.words
    )
