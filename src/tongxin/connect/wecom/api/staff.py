"""Departments, colleagues, messages of the app to them, and who stands behind a visit."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from tongxin.connect.wecom.calling import Caller
from tongxin.connect.wecom.shapes import Colleague, Department, Visitor

AUTHORISE = "https://open.weixin.qq.com/connect/oauth2/authorize"


def departments(corp: Caller) -> list[Department]:
    """All departments in the visible range."""
    return [Department.model_validate(row) for row in corp.get("department/list")["department"]]


def colleagues(corp: Caller, department: int = 1) -> list[Colleague]:
    """Colleagues of a department and of those below."""
    answer = corp.get("user/simplelist", department_id=department, fetch_child=1)
    return [Colleague.model_validate(row) for row in answer["userlist"]]


def colleague(corp: Caller, userid: str) -> Colleague:
    """One colleague. Raises WeComFault absent or scope."""
    return Colleague.model_validate(corp.get("user/get", userid=userid))


def ids(corp: Caller) -> dict[str, list[int]]:
    """Every colleague's id with the departments."""
    found: dict[str, list[int]] = {}
    cursor = ""
    while True:
        answer = corp.post("user/list_id", {"cursor": cursor, "limit": 10_000})
        for row in answer["dept_user"]:
            found.setdefault(str(row["userid"]), []).append(int(row["department"]))
        cursor = str(answer.get("next_cursor") or "")
        if not cursor:
            return found


def with_customers(corp: Caller) -> list[str]:
    """Ids of colleagues who may have customers."""
    return [str(one) for one in corp.get("externalcontact/get_follow_user_list")["follow_user"]]


def tell(corp: Caller, users: Sequence[str], text: str) -> str:
    """A text of the app to colleagues; answers its id. Two equal ones within four hours (the longest there is) are one."""
    answer = corp.post(
        "message/send",
        {
            "touser": "|".join(users),
            "msgtype": "text",
            "agentid": corp.config.agent,
            "text": {"content": text},
            "enable_duplicate_check": 1,
            "duplicate_check_interval": 4 * 3600,
        },
    )
    return str(answer.get("msgid") or "")


def tell_card(corp: Caller, users: Sequence[str], *, title: str, text: str, url: str) -> str:
    """A card that leads somewhere; answers its id."""
    card = {"title": title, "description": text, "url": url, "btntxt": "打开"}
    body: dict[str, Any] = {
        "touser": "|".join(users),
        "msgtype": "textcard",
        "agentid": corp.config.agent,
        "textcard": card,
    }
    return str(corp.post("message/send", body).get("msgid") or "")


def visitor(corp: Caller, code: str) -> Visitor:
    """Who a code stands for, once: the same link tells colleagues from customers. Raises WeComFault used."""
    return Visitor.model_validate(corp.get("auth/getuserinfo", code=code))


def authorise_url(corp: str, agent: int, back: str, state: str) -> str:
    """Where a page sends its visitor to learn who it is."""
    query = {
        "appid": corp,
        "redirect_uri": back,
        "response_type": "code",
        "scope": "snsapi_base",
        "state": state,
        "agentid": agent,
    }
    return f"{AUTHORISE}?{urlencode(query)}#wechat_redirect"
