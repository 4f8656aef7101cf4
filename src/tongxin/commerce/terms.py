"""Words of commerce: states of an import, what this room refuses and what it writes into the trail."""

from enum import StrEnum

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

ACTS: dict[str, str] = {
    "commerce.imported": "导入了一个文件",
    "commerce.memberships_imported": "导入了付费会员记录",
    "commerce.member_forgotten": "从消费记录中抹去了一位会员",
}

REFUSALS: dict[str, Sentence] = {
    "commerce.too_big": Sentence(
        "内存不够，这一步没有生效。请分月导入，或放宽内存上限。",
        "Not enough memory; nothing was changed. Import month by month, or allow more.",
        503,
    ),
}
