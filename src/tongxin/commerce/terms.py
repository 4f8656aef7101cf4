"""Words of commerce: imports, promises, vouchers, the ledger, budgets, partners; what this room refuses and writes down."""

from datetime import date, timedelta
from enum import StrEnum

from tongxin.foundation.access import SYSTEM
from tongxin.foundation.errors import Sentence


class RunState(StrEnum):
    """How far an import of one file is."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


RUN_LABELS: dict[RunState, tuple[str, str]] = {
    RunState.RUNNING: ("进行中", "running"),
    RunState.DONE: ("完成", "done"),
    RunState.FAILED: ("未完成", "not finished"),
}

UNSORTED = ("待归类", "unsorted")


class PromiseState(StrEnum):
    """How far a promise is. What became of a granted voucher stands in the voucher."""

    OPEN = "open"
    PAID = "paid"
    GRANTED = "granted"
    LAPSED = "lapsed"
    REFUND_DUE = "refund_due"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"


PROMISE_LABELS: dict[PromiseState, tuple[str, str]] = {
    PromiseState.OPEN: ("待到店付款", "to pay at the till"),
    PromiseState.PAID: ("已付款", "paid"),
    PromiseState.GRANTED: ("已到场", "attended"),
    PromiseState.LAPSED: ("已付款，未到场", "paid, did not come"),
    PromiseState.REFUND_DUE: ("待退款", "refund due"),
    PromiseState.REFUNDED: ("已退款", "refunded"),
    PromiseState.CANCELLED: ("已取消", "cancelled"),
}


class VoucherState(StrEnum):
    """What a voucher is."""

    GRANTED = "granted"
    REDEEMED = "redeemed"
    EXPIRED = "expired"
    VOID = "void"


VOUCHER_LABELS: dict[VoucherState, tuple[str, str]] = {
    VoucherState.GRANTED: ("可使用", "ready to use"),
    VoucherState.REDEEMED: ("已使用", "used"),
    VoucherState.EXPIRED: ("已过期", "expired"),
    VoucherState.VOID: ("已收回", "taken back"),
}


class Account(StrEnum):
    """The accounts of the ledger, a closed list. Those of budgets only remember; no money of members is in them."""

    TILL = "till"
    DEFERRED = "fees_deferred"
    VOUCHERS = "vouchers_open"
    REFUNDS = "refunds_payable"
    FEE_INCOME = "fee_income"
    SALES = "voucher_sales"
    BREAKAGE = "breakage_income"
    VOUCHER_COST = "voucher_cost"
    BETWEEN = "between_stores"
    BUDGET = "budget"
    FREE = "budget_free"
    COMMITTED = "budget_committed"
    SPENT = "budget_spent"


ACCOUNT_LABELS: dict[Account, tuple[str, str]] = {
    Account.TILL: ("收银收款", "money at tills"),
    Account.DEFERRED: ("已收未办活动费", "fees received, event to come"),
    Account.VOUCHERS: ("未使用代金券", "open vouchers"),
    Account.REFUNDS: ("应退会员", "refunds payable"),
    Account.FEE_INCOME: ("活动费收入", "fee income"),
    Account.SALES: ("代金券消费", "sales paid by voucher"),
    Account.BREAKAGE: ("过期代金券收入", "breakage income"),
    Account.VOUCHER_COST: ("代金券超出费用的部分", "voucher value above the fee"),
    Account.BETWEEN: ("门店往来", "between stores"),
    Account.BUDGET: ("预算额度", "budget granted"),
    Account.FREE: ("预算可用", "budget free"),
    Account.COMMITTED: ("预算已承诺", "budget committed"),
    Account.SPENT: ("预算已支出", "budget spent"),
}


class EntryKind(StrEnum):
    """What an entry of the ledger tells."""

    PAID = "paid"
    UNPAID = "unpaid"
    GRANTED = "granted"
    TAKEN_BACK = "taken_back"
    REDEEMED = "redeemed"
    UNREDEEMED = "unredeemed"
    EXPIRED = "expired"
    LAPSED = "lapsed"
    UNLAPSED = "unlapsed"
    REFUND_OWED = "refund_owed"
    REFUND_PAID = "refund_paid"
    BUDGET_OPENED = "budget_opened"
    BUDGET_RAISED = "budget_raised"
    COMMITTED = "committed"
    RELEASED = "released"
    SPENT = "spent"


ENTRY_LABELS: dict[EntryKind, tuple[str, str]] = {
    EntryKind.PAID: ("收到活动费", "fee paid"),
    EntryKind.UNPAID: ("撤销收款", "payment undone"),
    EntryKind.GRANTED: ("到场发券", "attended, voucher granted"),
    EntryKind.TAKEN_BACK: ("收回代金券", "grant taken back"),
    EntryKind.REDEEMED: ("使用代金券", "voucher used"),
    EntryKind.UNREDEEMED: ("退回代金券", "voucher given back"),
    EntryKind.EXPIRED: ("代金券过期", "voucher expired"),
    EntryKind.LAPSED: ("付款未到场", "paid, did not come"),
    EntryKind.UNLAPSED: ("撤销未到场", "no-show undone"),
    EntryKind.REFUND_OWED: ("应退活动费", "refund owed"),
    EntryKind.REFUND_PAID: ("已退活动费", "refund paid"),
    EntryKind.BUDGET_OPENED: ("设立预算", "envelope opened"),
    EntryKind.BUDGET_RAISED: ("批准超额", "raised by approval"),
    EntryKind.COMMITTED: ("承诺支出", "committed"),
    EntryKind.RELEASED: ("释放承诺", "released"),
    EntryKind.SPENT: ("实际支出", "spent"),
}


class Fault(StrEnum):
    """What `tongxin ledger verify` can find."""

    UNBALANCED = "unbalanced"
    LEGS = "legs"
    PLACE_UNBALANCED = "place_unbalanced"
    REVERSAL = "reversal"
    VOUCHER = "voucher"
    PROMISE = "promise"
    GRANT = "grant"
    SPENT = "spent"
    ENVELOPE = "envelope"
    TRIGGER = "trigger"
    CONTENT = "content"


FAULT_LABELS: dict[Fault, tuple[str, str]] = {
    Fault.UNBALANCED: ("分录不平", "entry does not add to 0"),
    Fault.LEGS: ("分录行数不符", "entry has lines too many or too few"),
    Fault.PLACE_UNBALANCED: ("某门店或预算的分录不平", "entry does not add to 0 for a store or envelope"),
    Fault.REVERSAL: ("冲销与原分录不符", "reversal is not the mirror of its entry"),
    Fault.VOUCHER: ("未使用代金券与账不符", "open vouchers differ from the books"),
    Fault.PROMISE: ("付费约定与账不符", "promise differs from the books"),
    Fault.GRANT: ("约定与代金券不符", "promise and voucher do not match"),
    Fault.SPENT: ("用券记录与账不符", "use of a voucher differs from the books"),
    Fault.ENVELOPE: ("预算与账不符", "envelope differs from the books"),
    Fault.TRIGGER: ("保护触发器不在或已停用", "a guarding trigger is missing or off"),
    Fault.CONTENT: ("分录内容被改动", "entry was altered"),
}


class CommitmentState(StrEnum):
    """How far a part of an envelope is."""

    ASKED = "asked"
    HELD = "held"
    CLOSED = "closed"
    REFUSED = "refused"


COMMITMENT_LABELS: dict[CommitmentState, tuple[str, str]] = {
    CommitmentState.ASKED: ("待批准", "waiting for approval"),
    CommitmentState.HELD: ("已承诺", "committed"),
    CommitmentState.CLOSED: ("已结清", "closed"),
    CommitmentState.REFUSED: ("未批准", "not approved"),
}


class PartnerKind(StrEnum):
    """Whom a store does things with."""

    SCHOOL = "school"
    BUSINESS = "business"
    COMMUNITY = "community"
    MAKER = "maker"
    OTHER = "other"


PARTNER_LABELS: dict[PartnerKind, tuple[str, str]] = {
    PartnerKind.SCHOOL: ("学校与幼儿园", "school"),
    PartnerKind.BUSINESS: ("邻近商家", "business nearby"),
    PartnerKind.COMMUNITY: ("居委会与社区", "residents' community"),
    PartnerKind.MAKER: ("手艺人与农户", "maker or farmer"),
    PartnerKind.OTHER: ("其他", "other"),
}


class PartnerState(StrEnum):
    """How far we are with a partner."""

    TALKING = "talking"
    ACTIVE = "active"
    ENDED = "ended"


PARTNER_STATES: dict[PartnerState, tuple[str, str]] = {
    PartnerState.TALKING: ("洽谈中", "talking"),
    PartnerState.ACTIVE: ("合作中", "working together"),
    PartnerState.ENDED: ("已结束", "ended"),
}


class SponsorState(StrEnum):
    """How far a sponsored event is."""

    PLANNED = "planned"
    HELD = "held"
    CANCELLED = "cancelled"


SPONSOR_LABELS: dict[SponsorState, tuple[str, str]] = {
    SponsorState.PLANNED: ("计划中", "planned"),
    SponsorState.HELD: ("已举办", "held"),
    SponsorState.CANCELLED: ("已取消", "cancelled"),
}


class Measure(StrEnum):
    """What can come of a sponsored event, counted."""

    VISITORS = "visitors"
    TALKS = "talks"
    SIGN_UPS = "sign_ups"
    FIRST_VISITS = "first_visits"
    ATTENDANCES = "attendances"
    SALES_FEN = "sales_fen"


MEASURE_LABELS: dict[Measure, tuple[str, str]] = {
    Measure.VISITORS: ("到场人数", "visitors"),
    Measure.TALKS: ("交谈人数", "talks"),
    Measure.SIGN_UPS: ("新增会员", "sign-ups"),
    Measure.FIRST_VISITS: ("首次到店", "first visits"),
    Measure.ATTENDANCES: ("后来参加活动", "came to events later"),
    Measure.SALES_FEN: ("带来的销售", "sales"),
}

# Rings in the words of `rings/terms.py`: an envelope may be for one of them, and this room cannot look up there.
RING_WORDS = frozenset({"outer", "middle", "inner"})

# Who takes money and vouchers at a till; who also undoes what another day did; who decides about budgets.
TILL_ROLES = frozenset({SYSTEM, "admin", "region_manager", "store_manager", "champion"})
BACK_OFFICE = frozenset({SYSTEM, "admin", "region_manager", "store_manager"})
BOOK_READERS = frozenset(
    {SYSTEM, "admin", "hq_editor", "hq_analyst", "auditor", "region_manager", "store_manager"}
)
SPENDERS = frozenset({SYSTEM, "admin", "hq_editor", "region_manager", "store_manager", "champion"})
BUDGET_READERS = SPENDERS | {"auditor", "hq_analyst"}
# What a role may open and approve reaches as far as its grant; nobody approves what they asked for themselves.
APPROVERS = frozenset({SYSTEM, "admin", "hq_editor", "region_manager"})

REFUND_WITHIN = timedelta(days=15)  # 处罚办法 10: a refund later than 15 days counts as refused

# Promise P43: more than this, in fen, of vouchers promised or fees handed back is not for one person alone. Dated, newest last:
# a line is added, never changed.
TWO_PERSONS_OVER: tuple[tuple[date, int], ...] = ((date(2026, 1, 1), 500_000),)

CODE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: none of I, L, O, U
CODE_LENGTH = 28  # 140 bits
CODE_GROUP = 4

ACTS: dict[str, str] = {
    "commerce.imported": "导入了一个文件",
    "commerce.memberships_imported": "导入了付费会员记录",
    "commerce.member_forgotten": "从消费记录中抹去了一位会员",
    "commerce.promised": "约定了活动费与等额代金券",
    "commerce.promise_reopened": "重新约定了活动费与等额代金券",
    "commerce.fee_paid": "确认收到活动费",
    "commerce.fee_unpaid": "撤销了收款确认",
    "commerce.promise_kept": "会员到场，约定兑现",
    "commerce.grant_taken_back": "收回了代金券",
    "commerce.voucher_redeemed": "使用了代金券",
    "commerce.voucher_reversed": "退回了已用的代金券",
    "commerce.vouchers_expired": "代金券到期",
    "commerce.no_shows_settled": "结清了未到场的活动费",
    "commerce.refund_owed": "登记了应退活动费",
    "commerce.refunds_owed": "活动取消，批量登记应退活动费",
    "commerce.refund_paid": "退还了活动费",
    "commerce.envelope_opened": "设立了预算",
    "commerce.budget_committed": "从预算中承诺了一笔支出",
    "commerce.budget_asked": "申请了超出预算的支出",
    "commerce.budget_approved": "批准了超出预算的支出",
    "commerce.budget_refused": "没有批准超出预算的支出",
    "commerce.budget_spent": "记录了实际支出",
    "commerce.budget_released": "释放了未用的预算",
    "commerce.hours_logged": "记录了员工工时",
    "commerce.partner_noted": "登记了本地伙伴",
    "commerce.partner_changed": "修改了本地伙伴",
    "commerce.sponsorship_planned": "计划赞助一场本地活动",
    "commerce.sponsorship_moved": "更新了赞助活动的进展",
    "commerce.outcome_noted": "记录了赞助活动的成效",
}

REFUSALS: dict[str, Sentence] = {
    "commerce.too_big": Sentence(
        "内存不够，这一步没有生效。请分月导入，或放宽内存上限。",
        "Not enough memory; nothing was changed. Import month by month, or allow more.",
        503,
    ),
    "commerce.bad_terms": Sentence("约定内容填写不对：{field}", "The terms are not right: {field}", 422),
    "commerce.promise_differs": Sentence(
        "这份报名已经有另一份付费约定。", "This registration has another promise already."
    ),
    "commerce.limit_reached": Sentence(
        "每位会员最多 {limit} 份，你已经有 {held} 份。", "At most {limit} for each member; you have {held}."
    ),
    "commerce.nothing_to_pay": Sentence("这份约定不用付费。", "There is nothing to pay."),
    "commerce.receipt_missing": Sentence("请填写小票号。", "A receipt number is needed.", 422),
    "commerce.receipt_used": Sentence(
        "这张小票已经登记给另一位，请核对小票号。", "This receipt number is taken; please check it."
    ),
    "commerce.already_paid": Sentence("这笔活动费已经确认收款。", "This fee has been marked as paid."),
    "commerce.promise_over": Sentence(
        "这份约定已取消或退款，不能再收款。", "This promise was cancelled or refunded."
    ),
    "commerce.refund_first": Sentence(
        "上一笔活动费还没退完，先退款再收。", "A refund is still due; pay it first."
    ),
    "commerce.no_refund_due": Sentence("这份约定没有待退的款。", "No refund is due here."),
    "commerce.voucher_spent": Sentence("这张代金券已经用过了。", "This voucher has been used."),
    "commerce.voucher_expired": Sentence("这张代金券已于 {day} 到期。", "This voucher expired on {day}."),
    "commerce.voucher_void": Sentence("这张代金券已收回。", "This voucher was taken back."),
    "commerce.voucher_unknown": Sentence(
        "没有这张代金券，请核对券码。", "There is no such voucher; please check the code.", 404
    ),
    "commerce.voucher_not_spent": Sentence("这张代金券没有用过。", "This voucher has not been used."),
    "commerce.day_limit": Sentence(
        "每位会员一天最多用 {limit} 张，今天已用 {held} 张。",
        "At most {limit} a day for each member; {held} used today.",
    ),
    "commerce.ask_a_manager": Sentence(
        "隔天的撤销请找店长处理。", "Only a manager can undo what was done on another day.", 403
    ),
    "commerce.second_person_needed": Sentence(
        "金额 {fen_shown}，超过 {most_shown}：要由另一位同事来完成这一步。",
        "{fen_shown} is above {most_shown}: a colleague has to do this step.",
        403,
    ),
    "commerce.reason_missing": Sentence("请写明原因。", "A reason is needed.", 422),
    "commerce.over_envelope": Sentence(
        "预算不够：还可用 {left_shown}，需要 {amount_shown}。可以申请上级批准。",
        "Over budget: {left_shown} left, {amount_shown} needed. You can ask for approval.",
    ),
    "commerce.envelope_exists": Sentence("这份预算已经设立。", "This envelope exists already."),
    "commerce.envelope_shut": Sentence(
        "这份预算只在 {opens} 到 {closes} 之间可用。", "This envelope is open from {opens} to {closes}."
    ),
    "commerce.commitment_differs": Sentence(
        "同一件事已有另一笔承诺。", "Another commitment exists for the same thing."
    ),
    "commerce.not_held": Sentence("这笔支出还没有批准，或已经结清。", "This is not approved yet, or closed."),
    "commerce.not_asked": Sentence("这笔支出没有在等批准。", "Nothing is waiting for approval here."),
    "commerce.own_request": Sentence(
        "自己申请的支出要由另一位批准。", "Somebody else has to approve your own request.", 403
    ),
    "commerce.partner_exists": Sentence("本店已经登记过这位伙伴。", "This partner is written down already."),
    "commerce.outcome_needs_subject": Sentence(
        "成效要引用已记录的活动或人群。", "An outcome must cite something in the book.", 422
    ),
}
