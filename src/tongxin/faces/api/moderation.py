"""Reports, the moderation desk, appeals, and the inbox of voices."""

import uuid
from datetime import datetime
from typing import Annotated, Literal

from ninja import Router
from pydantic import ConfigDict, StringConstraints

from tongxin.faces.api.shapes import PLAIN, Done, In, Moment, Out, Reason, Yes
from tongxin.faces.api.writing import write
from tongxin.faces.asking import Asked
from tongxin.voices.actions import feedback, moderating
from tongxin.voices.queries import feedback as inbox
from tongxin.voices.queries import moderation as desks
from tongxin.voices.terms_feedback import ItemState, Label
from tongxin.voices.terms_moderation import Desk, ReportKind, Verdict

router = Router(tags=["moderation"])

Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=PLAIN)]
Perhaps = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=PLAIN)]


class NewReport(In):
    """The author does not learn who asked."""

    post: uuid.UUID
    kind: ReportKind
    note: Perhaps = ""

    model_config = ConfigDict(
        json_schema_extra={"example": {"post": "00000000-0000-4000-8000-000000000000", "kind": "advert"}}
    )


@router.post("/reports", url_name="reports", operation_id="reports.create", response={201: Done})
@write(201)
def report(request: Asked, body: NewReport) -> Done:
    """Ask to have a post looked at; once a person and post."""
    moderating.report(viewer=request.viewer, post_id=body.post, kind=body.kind, note=body.note)
    return Done()


class CaseOut(Out):
    """A post that somebody should look at. `late`: its hour has passed."""

    id: uuid.UUID
    post_id: uuid.UUID
    community_id: uuid.UUID
    community: str
    desk: Desk
    codes: list[str]
    state: str
    text: str
    by: str
    reports: int
    opened_at: datetime
    due_at: datetime
    late: bool


class CasesOut(Out):
    """The most pressing first."""

    items: list[CaseOut]


class MarkOut(Out):
    """What was found in the words, from `start` to `end`."""

    category: str
    level: str
    word: str
    start: int
    end: int
    by: str


class CaseFull(Out):
    """A case with its evidence and what its author is known for here."""

    case: CaseOut
    said: str
    found: list[MarkOut]
    live_strikes: int
    muted_until: datetime | None
    verdict: str
    why: str
    decided_at: datetime | None
    appealed: bool


def _case(line: desks.CaseLine) -> CaseOut:
    return CaseOut(
        **{name: getattr(line, name) for name in CaseOut.model_fields if name != "codes"},
        codes=list(line.codes),
    )


@router.get("/cases", url_name="cases", operation_id="cases.list", response=CasesOut)
def read_cases(request: Asked, desk: Desk | None = None, community: uuid.UUID | None = None) -> CasesOut:
    """What waits on the desks of the communities that one keeps."""
    return CasesOut(items=[_case(one) for one in desks.desk(request.viewer, desk, community=community)])


@router.get("/cases/{uuid:case_id}", url_name="case", operation_id="cases.get", response=CaseFull)
def read_case(request: Asked, case_id: uuid.UUID) -> CaseFull:
    """One case."""
    page = desks.case_page(request.viewer, case_id)
    return CaseFull(
        case=_case(page.line),
        said=page.said,
        found=[MarkOut(**one.__dict__) for one in page.found],
        live_strikes=page.live_strikes,
        muted_until=page.muted_until,
        verdict=page.verdict,
        why=page.why,
        decided_at=page.decided_at,
        appealed=page.appeal is not None,
    )


class CaseVerdict(In):
    """`release` needs no reason; the author reads the others. A strike pauses writing as the ladder says."""

    decision: Literal["release", "hide", "remove"]
    reason: Perhaps = ""
    strike: Yes = False

    model_config = ConfigDict(json_schema_extra={"example": {"decision": "hide", "reason": "换个说法"}})


@router.post(
    "/cases/{uuid:case_id}/decision", url_name="case.decision", operation_id="cases.decide", response=CaseFull
)
@write()
def decide(request: Asked, case_id: uuid.UUID, body: CaseVerdict) -> CaseFull:
    """A named person decides."""
    moderating.decide(
        viewer=request.viewer,
        case_id=case_id,
        verdict=Verdict(body.decision),
        reason=body.reason,
        strike=body.strike,
    )
    return read_case(request, case_id)


class AppealAnswer(In):
    """`upheld`: the decision is undone."""

    upheld: Yes
    reason: Reason

    model_config = ConfigDict(json_schema_extra={"example": {"upheld": True, "reason": "是我们看错了"}})


@router.post(
    "/cases/{uuid:case_id}/answer",
    url_name="case.answer",
    operation_id="cases.answer_appeal",
    response=CaseFull,
)
@write()
def answer(request: Asked, case_id: uuid.UUID, body: AppealAnswer) -> CaseFull:
    """Answer an appeal; not by who decided."""
    moderating.answer_appeal(viewer=request.viewer, case_id=case_id, **body.model_dump())
    return read_case(request, case_id)


class OwnCaseOut(Out):
    """A decision on one's own words."""

    id: uuid.UUID
    post_id: uuid.UUID
    community: str
    said: str
    verdict: str
    why: str
    decided_at: datetime | None
    appeal_until: datetime | None
    appealed_at: datetime | None
    answer_due: datetime | None
    upheld: bool | None
    answer: str


class OwnCases(Out):
    items: list[OwnCaseOut]


@router.get("/me/cases", url_name="me.cases", operation_id="me.cases", response=OwnCases)
def own_cases(request: Asked) -> OwnCases:
    """Decisions on one's own words, the newest first."""
    return OwnCases(items=[OwnCaseOut(**one.__dict__) for one in desks.own_cases(request.viewer)])


class NewAppeal(In):
    said: Said

    model_config = ConfigDict(json_schema_extra={"example": {"said": "这是我自己的小店"}})


@router.post(
    "/me/cases/{uuid:case_id}/appeal",
    url_name="me.case.appeal",
    operation_id="me.appeal",
    response={201: OwnCaseOut},
)
@write(201)
def appeal(request: Asked, case_id: uuid.UUID, body: NewAppeal) -> OwnCaseOut:
    """Ask somebody else to look again; once, within two weeks."""
    moderating.appeal(viewer=request.viewer, case_id=case_id, said=body.said)
    return OwnCaseOut(**desks.own_case(request.viewer, case_id).__dict__)


class VoiceOut(Out):
    """Something members said to us. `guess` with `sure` is the model's, `label` counts; `by_person`: a person said so."""

    id: uuid.UUID
    post_id: uuid.UUID
    community: str
    body: str
    said_at: datetime
    state: ItemState
    guess: str
    sure: float
    label: str
    by_person: bool
    owner: str
    due_at: datetime | None
    late: bool
    outcome: str


class HotOut(Out):
    """A topic that is talked about more than chance explains."""

    subject: str
    today: int
    usual: float
    chance: float


class VoicesOut(Out):
    items: list[VoiceOut]
    late: int
    hot: list[HotOut]


@router.get("/voices", url_name="voices", operation_id="voices.list", response=VoicesOut)
def read_voices(request: Asked, state: ItemState | None = None, label: Label | None = None) -> VoicesOut:
    """The inbox of voices, and what is hot today."""
    viewer = request.viewer
    return VoicesOut(
        items=[VoiceOut(**one.__dict__) for one in inbox.inbox(viewer, state=state, label=label)],
        late=inbox.inbox_counts(viewer).late,
        hot=[HotOut(**one.__dict__) for one in inbox.hot_subjects(viewer)],
    )


class VoiceLabel(In):
    label: Label

    model_config = ConfigDict(json_schema_extra={"example": {"label": "gripe"}})


@router.post(
    "/voices/{uuid:item_id}/label", url_name="voice.label", operation_id="voices.label", response=Done
)
@write()
def label_voice(request: Asked, item_id: uuid.UUID, body: VoiceLabel) -> Done:
    """Say what it is: an example of the next fit."""
    feedback.sort_item(viewer=request.viewer, item_id=item_id, label=body.label)
    return Done()


class VoiceOwner(In):
    owner: uuid.UUID
    due_at: Moment

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "owner": "00000000-0000-4000-8000-000000000000",
                "due_at": "2026-12-01T21:00:00+08:00",
            }
        }
    )


@router.post(
    "/voices/{uuid:item_id}/owner", url_name="voice.owner", operation_id="voices.take", response=Done
)
@write()
def own_voice(request: Asked, item_id: uuid.UUID, body: VoiceOwner) -> Done:
    """Somebody answers for it until a day."""
    feedback.take_item(viewer=request.viewer, item_id=item_id, owner=body.owner, due_at=body.due_at)
    return Done()


class VoiceAnswer(In):
    outcome: Reason

    model_config = ConfigDict(json_schema_extra={"example": {"outcome": "周六加开了两个收银口"}})


@router.post(
    "/voices/{uuid:item_id}/answer", url_name="voice.answer", operation_id="voices.answer", response=Done
)
@write()
def answer_voice(request: Asked, item_id: uuid.UUID, body: VoiceAnswer) -> Done:
    """You said, we did: told to the author once."""
    feedback.answer_item(viewer=request.viewer, item_id=item_id, outcome=body.outcome)
    return Done()
