"""What can go wrong at the platform: a small closed set, each with what to do. Decided by errcode, never by errmsg."""

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What an answer means for us."""

    TOKEN = "token"  # noqa: S105 (a word, not a secret)
    CREDENTIALS = "credentials"
    BUSY = "busy"
    LIMIT = "limit"
    ADDRESS = "address"
    SCOPE = "scope"
    NO_RELATION = "no_relation"
    ABSENT = "absent"
    MEDIA = "media"
    USED = "used"
    INPUT = "input"
    UNREACHED = "unreached"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Cure:
    """What a fault is and what to do about it, for people."""

    zh: str
    en: str


CURES: dict[Fault, Cure] = {
    Fault.TOKEN: Cure("凭证已失效，系统会自动重取一次。", "The token was revoked; it is fetched again once."),
    Fault.CREDENTIALS: Cure(
        "企业 ID 或应用 Secret 不对：到企业微信后台“我的企业”和应用详情里核对。",
        "Corp id or secret is wrong: compare them with the admin console.",
    ),
    Fault.BUSY: Cure("企业微信正忙，稍后自动重试。", "The platform is busy; tried again later."),
    Fault.LIMIT: Cure(
        "调用太频繁，已被限流，等一分钟再自动继续。", "Too many calls; goes on by itself after a minute."
    ),
    Fault.ADDRESS: Cure(
        "服务器 IP 不在“企业可信IP”里：到应用详情页最下方添加，一分钟后生效。",
        "This server's IP is not trusted: add it at the bottom of the app's page; it takes a minute.",
    ),
    Fault.SCOPE: Cure(
        "应用没有权限：到“客户联系 → API → 可调用接口的应用”勾选本应用，并检查应用的可见范围。",
        "The app may not do this: tick it under Customer Contact → API, and look at its visible range.",
    ),
    Fault.NO_RELATION: Cure(
        "这位同事和客户之间没有联系关系，或同事不在可见范围内。",
        "This colleague has no such customer, or is outside the visible range.",
    ),
    Fault.ABSENT: Cure(
        "企业微信里找不到这一项，可能已被删除。", "There is no such thing at the platform any more."
    ),
    Fault.MEDIA: Cure(
        "图片素材已过期（3 天），重新上传后再发。", "The picture has expired (3 days); it is uploaded again."
    ),
    Fault.USED: Cure(
        "欢迎语已经发过，或已超过 20 秒。", "The welcome was sent already, or its 20 seconds are over."
    ),
    Fault.INPUT: Cure(
        "内容不符合企业微信的要求（长度、数量或格式）。", "The platform does not take this content."
    ),
    Fault.UNREACHED: Cure(
        "连不上企业微信，什么都没有发出。", "The platform could not be reached; nothing was sent."
    ),
    Fault.UNKNOWN: Cure(
        "没有收到完整的答复，先查清结果，再决定是否重试。",
        "No whole answer: looked up before anything is tried again.",
    ),
}

# Numbers of WxJava's WxCpErrorMsgEnum and the documents named in the design.
NUMBERS: dict[int, Fault] = {
    -1: Fault.BUSY,
    40001: Fault.CREDENTIALS,
    40003: Fault.ABSENT,
    40007: Fault.MEDIA,
    40013: Fault.CREDENTIALS,
    40014: Fault.TOKEN,
    40029: Fault.USED,
    40033: Fault.INPUT,
    40058: Fault.INPUT,
    40063: Fault.INPUT,
    40068: Fault.ABSENT,
    40091: Fault.CREDENTIALS,
    41001: Fault.TOKEN,
    41051: Fault.USED,
    42001: Fault.TOKEN,
    45001: Fault.INPUT,
    45002: Fault.INPUT,
    45009: Fault.LIMIT,
    45033: Fault.LIMIT,
    48002: Fault.SCOPE,
    50001: Fault.SCOPE,
    60011: Fault.SCOPE,
    60020: Fault.ADDRESS,
    60111: Fault.ABSENT,
    81013: Fault.ABSENT,
    81017: Fault.INPUT,
    84061: Fault.NO_RELATION,
    84074: Fault.SCOPE,
    86003: Fault.ABSENT,
}

# Certainly nothing was done, and the same call may work later.
AGAIN = frozenset({Fault.BUSY, Fault.LIMIT, Fault.UNREACHED, Fault.TOKEN})
# Nothing but a person can mend it; tried again when somebody did.
SETUP = frozenset({Fault.CREDENTIALS, Fault.ADDRESS, Fault.SCOPE})


class WeComFault(Exception):
    """The platform said no, or nothing. Carries the fault, its number and, when it is known, for how long to wait.

    Never the address, the token or what was asked: they would end in a log.
    """

    def __init__(self, fault: Fault, number: int = 0, *, wait: float = 0.0) -> None:
        super().__init__(f"{fault.value} ({number})")
        self.fault, self.number, self.wait = fault, number, wait


def fault_of(number: int) -> Fault:
    """What an errcode means; an unknown one is taken for bad input: repeating it would not help."""
    return NUMBERS.get(number, Fault.INPUT)
