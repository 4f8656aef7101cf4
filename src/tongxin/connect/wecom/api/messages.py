"""Mass messages: hand over, look up, ask what became of them, remind, cancel. Pictures are uploaded when they are needed."""

from collections.abc import Iterator, Sequence
from typing import Any

from tongxin.connect.wecom.calling import Caller
from tongxin.connect.wecom.shapes import JobResult, Made, MadeLine, MomentLine, ResultLine, TaskLine

MOST_PAGES = 10_000


def hand_over(
    corp: Caller,
    *,
    sender: str,
    text: str,
    customers: Sequence[str] = (),
    chats: Sequence[str] = (),
    attachments: Sequence[dict[str, Any]] = (),
) -> Made:
    """A task for one colleague. Nothing is sent until the colleague confirms. Raises WeComFault; unknown means look it up."""
    body: dict[str, Any] = {
        "chat_type": "group" if chats else "single",
        "sender": sender,
        "text": {"content": text},
    }
    body["chat_id_list" if chats else "external_userid"] = list(chats or customers)
    if attachments:
        body["attachments"] = list(attachments)
    return Made.model_validate(corp.post("externalcontact/add_msg_template", body))


def made_between(corp: Caller, *, groups: bool, first: int, last: int) -> Iterator[MadeLine]:
    """What was handed over between two instants (seconds)."""
    body: dict[str, Any] = {
        "chat_type": "group" if groups else "single",
        "start_time": first,
        "end_time": last,
        "filter_type": 0,
        "limit": 100,
        "cursor": "",
    }
    for _ in range(MOST_PAGES):
        answer = corp.post("externalcontact/get_groupmsg_list_v2", body)
        yield from (MadeLine.model_validate(row) for row in answer["group_msg_list"])
        body["cursor"] = str(answer.get("next_cursor") or "")
        if not body["cursor"]:
            return


def tasks(corp: Caller, msgid: str) -> list[TaskLine]:
    """Which colleagues have confirmed."""
    answer = corp.post("externalcontact/get_groupmsg_task", {"msgid": msgid, "limit": 1000, "cursor": ""})
    return [TaskLine.model_validate(row) for row in answer["task_list"]]


def results(corp: Caller, msgid: str, userid: str) -> Iterator[ResultLine]:
    """What became of each of a colleague's customers or groups."""
    body: dict[str, Any] = {"msgid": msgid, "userid": userid, "limit": 1000, "cursor": ""}
    for _ in range(MOST_PAGES):
        answer = corp.post("externalcontact/get_groupmsg_send_result", body)
        yield from (ResultLine.model_validate(row) for row in answer["send_list"])
        body["cursor"] = str(answer.get("next_cursor") or "")
        if not body["cursor"]:
            return


def remind(corp: Caller, msgid: str) -> None:
    """Nudge those who have not confirmed: at most three times a day, or WeComFault limit."""
    corp.post("externalcontact/remind_groupmsg_send", {"msgid": msgid})


def cancel(corp: Caller, msgid: str) -> None:
    """Who has not confirmed cannot any more."""
    corp.post("externalcontact/cancel_groupmsg_send", {"msgid": msgid})


def picture(
    corp: Caller, content: bytes, name: str = "poster.png", *, moment: bool = False
) -> dict[str, Any]:
    """A picture as an attachment, uploaded now: its id lives three days. For Moments it goes another way (row 21)."""
    kind = "image/jpeg" if name.endswith((".jpg", ".jpeg")) else "image/png"
    if moment:
        way: dict[str, str | int] = {"media_type": "image", "attachment_type": 1}
        answer = corp.upload("media/upload_attachment", name, content, kind, **way)
    else:
        answer = corp.upload("media/upload", name, content, kind, type="image")
    return {"msgtype": "image", "image": {"media_id": str(answer["media_id"])}}


def link(url: str, title: str) -> dict[str, Any]:
    """A page as an attachment."""
    return {"msgtype": "link", "link": {"title": title[:60], "url": url}}


def add_moment(
    corp: Caller, *, senders: Sequence[str], text: str, attachments: Sequence[dict[str, Any]] = ()
) -> str:
    """A moment for colleagues to publish; answers the job that makes it."""
    body: dict[str, Any] = {
        "text": {"content": text},
        "visible_range": {"sender_list": {"user_list": list(senders)}},
    }
    if attachments:
        body["attachments"] = list(attachments)
    return str(corp.post("externalcontact/add_moment_task", body)["jobid"])


def moment_job(corp: Caller, job: str) -> JobResult:
    """How far that job is."""
    return JobResult.model_validate(corp.get("externalcontact/get_moment_task_result", jobid=job))


def moment_tasks(corp: Caller, moment: str) -> list[MomentLine]:
    """Which colleagues have published it."""
    answer = corp.post("externalcontact/get_moment_task", {"moment_id": moment, "limit": 1000, "cursor": ""})
    return [MomentLine.model_validate(row) for row in answer["task_list"]]


def cancel_moment(corp: Caller, moment: str) -> None:
    """Who has not published it cannot any more."""
    corp.post("externalcontact/cancel_moment_task", {"moment_id": moment})
