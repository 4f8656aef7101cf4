"""Words of colleagues in WeCom: hand-overs and their states, matching, robots, and what is refused."""

from enum import StrEnum

from tongxin.foundation.access import SYSTEM
from tongxin.foundation.errors import Sentence
from tongxin.stores.terms import Role


class Kind(StrEnum):
    """What a line of a hand-over is about."""

    CUSTOMER = "customer"
    GROUP = "group"


class State(StrEnum):
    """Where a customer or a group of a hand-over stands."""

    OPEN = "open"  # the platform has not been asked yet
    WAITING = "waiting"  # asked; the platform waits a day
    HANDED = "handed"
    REFUSED = "refused"
    FAILED = "failed"


KIND_LABELS: dict[Kind, tuple[str, str]] = {
    Kind.CUSTOMER: ("客户", "customer"),
    Kind.GROUP: ("客户群", "group"),
}
STATE_LABELS: dict[State, tuple[str, str]] = {
    State.OPEN: ("待提交", "to be asked"),
    State.WAITING: ("等待 24 小时", "waits 24 hours"),
    State.HANDED: ("已接替", "taken over"),
    State.REFUSED: ("客户不同意", "refused by the customer"),
    State.FAILED: ("没有成功", "did not work"),
}
LIVE = (State.OPEN, State.WAITING)

# What the platform's numbers mean for a colleague (documents 94088, 94082, 95703; the global table of errors).
WHY: dict[int, tuple[str, str]] = {
    3: ("客户选择不换人，请店里当面问问。", "The customer would rather not; ask in the store."),
    4: ("接替的同事客户数已满。", "The colleague who takes over has no room for more customers."),
    5: ("企业微信没有这次接替的记录。", "The platform knows of no such hand-over."),
    40096: ("已不是原同事的客户。", "No customer of the first colleague any more."),
    40097: ("原同事在企业微信里还没有离职。", "The first colleague has not left the corp yet."),
    40098: ("接替的同事还没有实名或登录。", "The successor has not signed in yet."),
    40099: ("接替的同事客户数已满。", "The successor has no room for more customers."),
    40128: (
        "90 天内已经换过两次，到期前不能再换。",
        "Handed over twice within ninety days: not again before they are over.",
    ),
    84061: ("原同事和客户已经没有联系。", "They are not in contact any more."),
    86003: ("群已经解散。", "The group is no more."),
    90500: ("原群主在企业微信里还没有离职。", "The owner has not left the corp yet."),
    90501: ("这不是客户群。", "This is no group of customers."),
    90502: ("原群主已经离职。", "The owner has left."),
}
# A hand-over of this customer is under way already: ours, whose answer was lost, or one from the console.
UNDER_WAY = frozenset({40100, 40129})
OTHERWISE = ("企业微信没有接受，编号 {number}。", "The platform did not take it, number {number}.")

# Who hands customers over, matches accounts and keeps robots: headquarters, or a store's manager for the store.
KEEPERS: frozenset[str] = frozenset({SYSTEM, Role.ADMIN, Role.HQ_EDITOR, Role.STORE_MANAGER})
SETTERS: frozenset[str] = frozenset({SYSTEM, Role.ADMIN})


class Clash(StrEnum):
    """What does not fit between our staff list and the corp's."""

    UNKNOWN = "unknown"
    TWICE = "twice"
    GONE = "gone"
    SAME_NAME = "same_name"
    TWO_STORES = "two_stores"


CLASHES: dict[Clash, tuple[str, str]] = {
    Clash.UNKNOWN: (
        "登记的企业微信账号在企业微信里找不到：改正账号，或把应用的可见范围放宽。",
        "The account in the staff list is not in the corp: correct it, or widen the visible range.",
    ),
    Clash.TWICE: (
        "两位同事登记了同一个企业微信账号，只能留一位。",
        "Two colleagues have the same account; one may keep it.",
    ),
    Clash.GONE: (
        "同事已离职，企业微信账号还在：客户要尽快交给别人。",
        "The colleague has left, the account is still there: hand the customers over soon.",
    ),
    Clash.SAME_NAME: ("有同名的人，请当面核对后再选。", "Several people of that name: ask, then choose."),
    Clash.TWO_STORES: (
        "两家门店登记了同一个企业微信部门。",
        "Two stores have the same department.",
    ),
}


class Hint(StrEnum):
    """Why a match is suggested."""

    PHONE = "phone"
    CODE = "code"
    NAME = "name"


HINTS: dict[Hint, tuple[str, str]] = {
    Hint.PHONE: ("手机号相同", "same phone"),
    Hint.CODE: ("工号相同", "same number"),
    Hint.NAME: ("姓名相同", "same name"),
}

ROBOT_HOST = "qyapi.weixin.qq.com"
ROBOT_PATH = "/cgi-bin/webhook/send"
ROBOT_BYTES = 2048  # a text of the robot (document 99110)
ROBOT_A_MINUTE = 20

REFUSALS: dict[str, Sentence] = {
    "wecom.same_colleague": Sentence("接替的人要换一位。", "Choose somebody else to take over.", 422),
    "wecom.no_account": Sentence("{name}还没有登记企业微信账号。", "{name} has no WeCom account.", 409),
    "wecom.over_running": Sentence("这次交接已经在进行。", "This hand-over is under way.", 409),
    "wecom.nothing_to_hand": Sentence(
        "这位同事名下没有客户，也没有客户群。", "This colleague has neither customers nor groups.", 409
    ),
    "wecom.confirm_there": Sentence(
        "这条在企业微信里等你确认：打开企业微信的“群发助手”，点发送就好。",
        "This one waits for you in WeCom: open its mass messages and send it there.",
        409,
    ),
    "wecom.account_taken": Sentence(
        "这个企业微信账号已经登记给别人。", "Somebody else has this account.", 409
    ),
    "wecom.robot_address": Sentence(
        "这不是群机器人的地址：在群里点“添加群机器人”，复制 Webhook 地址。",
        "This is no robot's address: copy the webhook address from the group.",
        422,
    ),
}

ACTS: dict[str, str] = {
    "outreach.wecom_handover_started": "开始交接企业微信客户",
    "outreach.wecom_handover_done": "企业微信客户交接完成",
    "outreach.wecom_staff_matched": "确认同事的企业微信账号",
    "outreach.wecom_store_matched": "确认门店的企业微信部门",
    "outreach.wecom_tried": "检查企业微信设置",
    "outreach.robot_added": "添加群机器人",
    "outreach.robot_closed": "停用群机器人",
}
