"""Words of measure: how far a study has come, what a design may say, and what this room refuses."""

from enum import StrEnum

from tongxin.foundation.errors import Sentence


class StudyState(StrEnum):
    """How far a study has come. A study that may not be answered is done: its answer says so."""

    PLANNED = "planned"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


STATES: dict[StudyState, tuple[str, str]] = {
    StudyState.PLANNED: ("已登记，等待计算", "registered, waiting"),
    StudyState.RUNNING: ("计算中", "running"),
    StudyState.DONE: ("有了答案", "answered"),
    StudyState.FAILED: ("没有算成", "could not be run"),
}

TREATED_KINDS = ("campaign", "event", "kit", "community")

# What a design may say (compass/design.py reads and checks it in the worker): name → kind of value.
DESIGN_FIELDS: dict[str, type] = {
    "treated": str,
    "period": str,
    "baseline": list,
    "early": list,
    "donut": int,
    "windows": list,
    "strata": list,
    "min_tenure": int,
    "min_cohort": int,
    "min_controls": int,
    "level": float,
    "seed": int,
    "draws": int,
    "primary": str,
    "kpis": list,
    "negative_control": str,
    "cluster": str,
    "kind": str,
    "threshold": float,
}

# Statuses of the table `participation`, which are deeds of the book under the same names.
STATUSES = ("registered", "waitlisted", "lost_draw", "checked_in", "no_show", "cancelled")
WHATS = ("event", "ritual", "campaign", "challenge", "panel")

# Deeds between two people → the kind of tie, and whether the doer or the other one stands first (who accepts points at who is accepted).
TIES: dict[str, tuple[str, str]] = {
    "replied": ("reply", "doer"),
    "answered": ("answer", "doer"),
    "answer_accepted": ("accepted", "other"),
    "reacted": ("like", "doer"),
    "referral_verified": ("referral", "doer"),
}

# Sources whose publisher calls the data simulated; a study on them carries the badge.
TEACHING_SOURCES: dict[str, tuple[str, str]] = {
    "complete-journey": (
        "出版方说明：这是依照真实购物规律模拟的数据，供教学使用。",
        "The publisher calls the data simulated: based on real grocery shopping patterns, made for education.",
    ),
    "simulated-chain": (
        "这是演示用的模拟连锁：谁来、买多少都是抽出来的，效果是事先放进去的。",
        "A simulated chain for demonstration: who came and what they bought was drawn, the effect was planted.",
    ),
}

# R10, said of the report that a publication registered: one event is of few stores.
FEW_STORES = {
    "zh": "只在 {stores} 家店办过，说不了「门店都这样」（至少要 {least} 家）。",
    "en": "Held in {stores} store(s): nothing can be said about stores in general (at least {least}).",
    "cure_zh": "让更多的店用同一个工具包，再把它们合在一起看；报名超员的场次用抽签，落选的人就是对照。",
    "cure_en": "Let more stores use the same kit and study them together; draw lots where an event is over-subscribed: "
    "those who lose are the control group.",
}

# Who is left out of both arms before the engine sees anybody, and how that is said.
LEFT_OUT: dict[str, tuple[str, str]] = {
    "erased": ("已注销的会员", "members who were erased"),
    "simulated": ("模拟的会员", "simulated members"),
    "elsewhere": ("研究范围以外门店的会员", "members of stores outside this study"),
}

ACTS: dict[str, str] = {
    "measure.study_planned": "登记研究",
    "measure.study_registered": "发布时登记研究",
    "measure.study_answered": "研究有了答案",
    "measure.study_failed": "研究没有算成",
    "measure.measurement_asked": "请求衡量",
    "measure.measurement_answered": "衡量有了答案",
    "measure.measurement_failed": "衡量没有算成",
    "measure.segment_saved": "保存人群规则",
    "measure.segment_archived": "停用人群规则",
    "measure.sheet_prepared": "备好人群底表",
    "measure.indices_kept": "记下社群四指数",
}

REFUSALS: dict[str, Sentence] = {
    "measure.design_bad": Sentence(
        "研究设计有一处不对：{field}。{reason}", "Study design, {field}: {reason}", 422
    ),
    "measure.kind_unknown": Sentence("没有这一种衡量：{kind}。", "No such measure: {kind}.", 422),
    "measure.rule_bad": Sentence(
        "规则第 {line} 行第 {column} 个字「{found}」：{reason}",
        "Rule, line {line}, column {column}, “{found}”: {reason}",
        422,
    ),
    "measure.rule_child": Sentence(
        "规则第 {line} 行第 {column} 个字「{found}」说的是孩子或年龄：不能按孩子的信息找人。",
        "Rule, line {line}, column {column}: “{found}” speaks of a child or an age; nobody is looked for by that.",
        422,
    ),
    "measure.rule_name": Sentence(
        "规则里的「{found}」没有找到：门店写编号，社群写全名，品类写名称或编号。",
        "“{found}” in the rule is not known: stores by code, communities by full name, categories by name or code.",
        422,
    ),
    "measure.segment_name": Sentence(
        "人群要有一个没用过的名字。", "A segment needs a name that is not used yet.", 422
    ),
    "measure.no_sheet": Sentence(
        "人群底表每晚备好，今天还没有。",
        "The sheet for segments is prepared at night; there is none yet.",
        409,
    ),
    "measure.in_web_worker": Sentence("研究只在后台任务里计算。", "Studies run in the job worker only.", 500),
    "measure.not_due": Sentence(
        "这项研究要到 {due_at} 才算，提前看会把答案看歪。",
        "This study is answered on {due_at}; looking earlier would bend the answer.",
        409,
    ),
    "measure.protocol_changed": Sentence(
        "登记的方案和要算的不一样，这项研究不算。",
        "What was registered is not what would be run; this study is not answered.",
        409,
    ),
    "measure.no_orders": Sentence(
        "还没有导入订单，没有可以衡量的东西。", "No orders have been imported yet.", 409
    ),
}
