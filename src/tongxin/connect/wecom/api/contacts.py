"""Customers of colleagues, tags, welcomes, and the hand-over when a colleague leaves."""

from collections.abc import Iterator, Sequence
from typing import Any

from tongxin.connect.wecom.calling import Caller
from tongxin.connect.wecom.errors import Fault, WeComFault
from tongxin.connect.wecom.shapes import Contact, External, Follow, Moved, Tag, TagGroup, Takeover

AT_ONCE = 100
MOST_PAGES = 10_000


def by_users(corp: Caller, users: Sequence[str]) -> Iterator[Contact]:
    """All customers of these colleagues; those out of sight have none."""
    for start in range(0, len(users), AT_ONCE):
        body: dict[str, Any] = {
            "userid_list": list(users[start : start + AT_ONCE]),
            "cursor": "",
            "limit": AT_ONCE,
        }
        for _ in range(MOST_PAGES):
            answer = corp.post("externalcontact/batch/get_by_user", body)
            yield from (Contact.model_validate(row) for row in answer["external_contact_list"])
            body["cursor"] = str(answer.get("next_cursor") or "")
            if not body["cursor"]:
                break


def of_colleague(corp: Caller, userid: str) -> list[str]:
    """Ids of one colleague's customers."""
    try:
        return [str(one) for one in corp.get("externalcontact/list", userid=userid)["external_userid"]]
    except WeComFault as fault:
        if fault.fault is Fault.NO_RELATION:
            return []
        raise


def one(corp: Caller, external: str) -> list[Contact]:
    """One customer, once for each colleague who knows them; empty when nobody does any more."""
    found: list[Contact] = []
    cursor = ""
    for _ in range(MOST_PAGES):
        try:
            answer = corp.get("externalcontact/get", external_userid=external, cursor=cursor)
        except WeComFault as fault:
            if fault.fault in {Fault.NO_RELATION, Fault.ABSENT}:
                return found
            raise
        who = External.model_validate(answer["external_contact"])
        found += [
            Contact(
                external_contact=who,
                follow_info=Follow.model_validate(
                    row | {"tag_id": [tag["tag_id"] for tag in row.get("tags", [])]}
                ),
            )
            for row in answer["follow_user"]
        ]
        cursor = str(answer.get("next_cursor") or "")
        if not cursor:
            break
    return found


def tags(corp: Caller) -> list[TagGroup]:
    """All tags of the corp."""
    answer = corp.post("externalcontact/get_corp_tag_list", {})
    return [TagGroup.model_validate(row) for row in answer["tag_group"]]


def ensure_tags(corp: Caller, group: str, names: Sequence[str]) -> dict[str, str]:
    """Name → tag of one group; what is missing is made."""
    here = next((one for one in tags(corp) if one.group_name == group), None)
    known = {tag.name: tag.id for tag in here.tag} if here else {}
    missing = [name for name in names if name not in known]
    if missing:
        body: dict[str, Any] = {"group_name": group, "tag": [{"name": name} for name in missing]}
        if here:
            body = {"group_id": here.group_id, "tag": body["tag"]}
        made = corp.post("externalcontact/add_corp_tag", body)["tag_group"]["tag"]
        known |= {tag.name: tag.id for tag in (Tag.model_validate(row) for row in made)}
    return {name: known[name] for name in names}


def mark(
    corp: Caller, userid: str, external: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()
) -> None:
    """Tags of one colleague's customer. Setting the same twice changes nothing."""
    if add or remove:
        corp.post(
            "externalcontact/mark_tag",
            {"userid": userid, "external_userid": external, "add_tag": list(add), "remove_tag": list(remove)},
        )


def welcome(corp: Caller, code: str, text: str, attachments: Sequence[dict[str, Any]] = ()) -> None:
    """The first words, within twenty seconds and once. Raises WeComFault used."""
    body: dict[str, Any] = {"welcome_code": code, "text": {"content": text}}
    if attachments:
        body["attachments"] = list(attachments)
    corp.post("externalcontact/send_welcome_msg", body)


def hand_over(corp: Caller, old: str, new: str, externals: Sequence[str], *, left: bool) -> list[Moved]:
    """Customers of a colleague go to another; `left` when the colleague is no longer with us. A hundred a call."""
    path = "externalcontact/resigned/transfer_customer" if left else "externalcontact/transfer_customer"
    found: list[Moved] = []
    for start in range(0, len(externals), AT_ONCE):
        some = list(externals[start : start + AT_ONCE])
        answer = corp.post(path, {"handover_userid": old, "takeover_userid": new, "external_userid": some})
        found += [Moved.model_validate(row) for row in answer["customer"]]
    return found


def handed_over(corp: Caller, old: str, new: str, *, left: bool) -> Iterator[Takeover]:
    """How far the hand-overs between two colleagues are; right after asking, the list may still be empty."""
    path = "externalcontact/resigned/transfer_result" if left else "externalcontact/transfer_result"
    body: dict[str, Any] = {"handover_userid": old, "takeover_userid": new, "cursor": ""}
    for _ in range(MOST_PAGES):
        answer = corp.post(path, body)
        yield from (Takeover.model_validate(row) for row in answer["customer"])
        body["cursor"] = str(answer.get("next_cursor") or "")
        if not body["cursor"]:
            return
