"""Live codes at the platform. Their ids are ours to keep: nothing lists them."""

from collections.abc import Sequence
from typing import Any

from tongxin.connect.wecom.calling import Caller
from tongxin.connect.wecom.shapes import Way


def into_groups(corp: Caller, *, chats: Sequence[str], state: str, remark: str, room: str) -> str:
    """A code into up to five groups; answers its id. When they are full, the platform opens the next one of that name."""
    body: dict[str, Any] = {
        "scene": 2,
        "remark": remark[:30],
        "auto_create_room": 1 if room else 0,
        "chat_id_list": list(chats),
        "state": state,
    }
    if room:
        body |= {"room_base_name": room[:40], "room_base_id": len(chats) + 1}
    return str(corp.post("externalcontact/groupchat/add_join_way", body)["config_id"])


def group_way(corp: Caller, config: str) -> Way:
    """One of them, with its picture."""
    answer = corp.post("externalcontact/groupchat/get_join_way", {"config_id": config})
    return Way.model_validate(answer["join_way"])


def change_groups(
    corp: Caller, config: str, *, chats: Sequence[str], state: str, remark: str, room: str
) -> None:
    """Another content behind the same picture."""
    body: dict[str, Any] = {
        "config_id": config,
        "scene": 2,
        "remark": remark[:30],
        "auto_create_room": 1 if room else 0,
        "chat_id_list": list(chats),
        "state": state,
    }
    if room:
        body |= {"room_base_name": room[:40], "room_base_id": len(chats) + 1}
    corp.post("externalcontact/groupchat/update_join_way", body)


def close_groups(corp: Caller, config: str) -> None:
    """It leads nowhere any more."""
    corp.post("externalcontact/groupchat/del_join_way", {"config_id": config})


def to_colleagues(corp: Caller, *, users: Sequence[str], state: str, remark: str) -> Way:
    """A code that adds one of these colleagues, without a question."""
    body = {
        "type": 1 if len(users) == 1 else 2,
        "scene": 2,
        "remark": remark[:30],
        "skip_verify": True,
        "state": state,
        "user": list(users),
    }
    answer = corp.post("externalcontact/add_contact_way", body)
    return Way(config_id=str(answer["config_id"]), qr_code=str(answer.get("qr_code") or ""), state=state)


def change_colleagues(corp: Caller, config: str, *, users: Sequence[str], state: str, remark: str) -> None:
    """Other colleagues behind the same picture."""
    body = {
        "config_id": config,
        "remark": remark[:30],
        "skip_verify": True,
        "state": state,
        "user": list(users),
    }
    corp.post("externalcontact/update_contact_way", body)


def close_colleagues(corp: Caller, config: str) -> None:
    """It leads nowhere any more."""
    corp.post("externalcontact/del_contact_way", {"config_id": config})
