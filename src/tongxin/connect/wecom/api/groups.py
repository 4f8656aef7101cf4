"""Groups of customers: lists, members, daily counts per owner, hand-over to another owner."""

from collections.abc import Iterator, Sequence
from typing import Any

from tongxin.connect.wecom.calling import Caller
from tongxin.connect.wecom.errors import Fault, WeComFault
from tongxin.connect.wecom.shapes import Chat, ChatLine, OwnerDays

OWNERS_AT_ONCE = 100
CHATS_AT_ONCE = 1000
MOST_PAGES = 10_000


def chats(corp: Caller, owners: Sequence[str] = ()) -> Iterator[ChatLine]:
    """All groups, or those of some owners (needed where more than a thousand colleagues are in sight)."""
    batches = [list(owners[n : n + OWNERS_AT_ONCE]) for n in range(0, len(owners), OWNERS_AT_ONCE)] or [[]]
    for batch in batches:
        body: dict[str, Any] = {"status_filter": 0, "limit": CHATS_AT_ONCE, "cursor": ""}
        if batch:
            body["owner_filter"] = {"userid_list": batch}
        for _ in range(MOST_PAGES):
            answer = corp.post("externalcontact/groupchat/list", body)
            yield from (ChatLine.model_validate(row) for row in answer["group_chat_list"])
            body["cursor"] = str(answer.get("next_cursor") or "")
            if not body["cursor"]:
                break


def chat(corp: Caller, chat_id: str) -> Chat | None:
    """One group; None when it is no more. May lag behind its own callback."""
    try:
        answer = corp.post("externalcontact/groupchat/get", {"chat_id": chat_id, "need_name": 0})
    except WeComFault as fault:
        if fault.fault is Fault.ABSENT:
            return None
        raise
    return Chat.model_validate(answer["group_chat"])


def days(corp: Caller, owners: Sequence[str], first: int, last: int) -> list[OwnerDays]:
    """Counts of owners between two midnights (seconds): yesterday at the latest, 180 days back at most, 30 days a call."""
    found: list[OwnerDays] = []
    for start in range(0, len(owners), OWNERS_AT_ONCE):
        some = list(owners[start : start + OWNERS_AT_ONCE])
        answer = corp.post(
            "externalcontact/groupchat/statistic",
            {
                "day_begin_time": first,
                "day_end_time": last,
                "owner_filter": {"userid_list": some},
                "order_by": 2,
                "order_asc": 0,
                "offset": 0,
                "limit": CHATS_AT_ONCE,
            },
        )
        found += [OwnerDays.model_validate(row) for row in answer["items"]]
    return found


def hand_over(corp: Caller, chat_ids: Sequence[str], new: str, *, left: bool) -> dict[str, int]:
    """Groups get another owner (300 a day for each, twice in 90 days for a group); answers what did not work, with its number."""
    path = "externalcontact/groupchat/transfer" if left else "externalcontact/groupchat/onjob_transfer"
    failed: dict[str, int] = {}
    for start in range(0, len(chat_ids), OWNERS_AT_ONCE):
        some = list(chat_ids[start : start + OWNERS_AT_ONCE])
        answer = corp.post(path, {"chat_id_list": some, "new_owner": new})
        failed |= {str(row["chat_id"]): int(row["errcode"]) for row in answer.get("failed_chat_list", [])}
    return failed
