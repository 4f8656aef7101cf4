"""Words of the audit trail."""

from enum import StrEnum

from tongxin.foundation.errors import Sentence

READERS = frozenset({"admin", "auditor", "system"})

ACTS: dict[str, str] = {}

REFUSALS: dict[str, Sentence] = {}


class Fault(StrEnum):
    """What verification can find."""

    CONTENT = "content"  # a row does not match its own hash
    MISSING = "missing"  # a place in the chain is empty
    CHAIN = "chain"  # a link does not follow from the one before
    UNSIGNED = "unsigned"  # chained rows that no signed head covers
    SIGNATURE = "signature"  # a head that this installation did not sign
    HEAD = "head"  # a signed head that the rows do not lead to
    NOTED = "noted"  # the head somebody noted elsewhere is not in the chain


FAULTS_ZH: dict[Fault, str] = {
    Fault.CONTENT: "内容被改动",
    Fault.MISSING: "缺少记录",
    Fault.CHAIN: "链条断开",
    Fault.UNSIGNED: "没有签名覆盖",
    Fault.SIGNATURE: "签名不是本系统的",
    Fault.HEAD: "签名与记录对不上",
    Fault.NOTED: "与外部留存的链头对不上",
}
