"""Words of an incident: how sure we are about a person, what the law asks for and until when."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class Touched(StrEnum):
    """How we know that somebody is concerned."""

    NAMED = "named"  # said by who reports it
    SEEN = "seen"  # an act in the trail is about them
    IN_REACH = "in_reach"  # the account could have looked at them


TOUCHED: dict[Touched, tuple[str, str]] = {
    Touched.NAMED: ("报告里点名的", "named in the report"),
    Touched.SEEN: ("审计记录里看过或导出过的", "looked at or exported by the trail"),
    Touched.IN_REACH: ("账号够得着的", "within reach of the account"),
}


@dataclass(frozen=True)
class Duty:
    """Something to be done, and within what time of knowing. `least` people and `children` say when it is asked for."""

    since: date
    code: str
    zh: str
    en: str
    within: timedelta
    source: str
    least: int = 1
    children: bool = False


#: dated, as the law stands; a line is added when it changes. Times that the law calls "at once" are ours.
DUTIES: tuple[Duty, ...] = (
    Duty(
        date(2021, 11, 1), "stop",
        "立即补救：停用账号、收回授权、吊销令牌与设备", "Stop it: switch off the account, revoke grants, tokens, devices",
        timedelta(hours=1), "个人信息保护法 57（“立即”；一小时是我们自己的标准）",
    ),
    Duty(
        date(2025, 11, 1), "cyber",
        "向省级网信部门报告（较大以上：100 万人起；电话 12387）", "Report to the provincial cyberspace office (from one million people on; 12387)",
        timedelta(hours=4), "国家网络安全事件报告管理办法 4 及附件分级指南", least=1_000_000,
    ),
    Duty(
        date(2021, 11, 1), "authority",
        "通知履行个人信息保护职责的部门", "Tell the department in charge of personal information",
        timedelta(hours=24), "个人信息保护法 57（“立即”；24 小时是我们自己的标准）",
    ),
    Duty(
        date(2024, 1, 1), "guardians",
        "涉及孩子：报告网信等部门，并告知监护人", "Children are concerned: report, and tell their guardians",
        timedelta(hours=24), "未成年人网络保护条例 35", children=True,
    ),
    Duty(
        date(2021, 11, 1), "people",
        "通知本人：种类、原因、可能的危害、已做的、可以怎么做、联系方式", "Tell the people: kinds, cause, possible harm, what was done, what to do, contact",
        timedelta(hours=72), "个人信息保护法 57（“立即”；72 小时是我们自己的标准；能有效避免危害的可以不通知）",
    ),
)  # fmt: skip
