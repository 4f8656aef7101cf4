"""The facts behind the index, and the visible list of formulas.

Every indicator is a ratio of two whole sums over members of a store. A formula that was released never changes its meaning;
a better one gets the next number (`nps/2`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tongxin.compass.errors import BadInput
from tongxin.compass.sentence import Words


@dataclass(frozen=True)
class Formula:
    """What a member adds above and below the line."""

    zh: str
    en: str


#: the visible list; `collect` makes the rows
FORMULAS: Mapping[str, Formula] = {
    "nps/1": Formula("（推荐者 − 贬损者）÷ 回答者，9–10 分对 0–6 分", "(promoters − detractors) / answers, 9–10 against 0–6"),
    "active_share/1": Formula("有签到的会员 ÷ 本店会员，按圈层加权", "members with a check-in / members, weighted by ring"),
    "checkins_per_active/1": Formula("签到次数 ÷ 有签到的会员", "check-ins / members with a check-in"),
    "job_done/1": Formula("“事情办成了”的回答 ÷ 回答", '"the job was done" / answers (score 1 of 0–1)'),
    "csat/1": Formula("4–5 分的满意度 ÷ 回答", "satisfied (4–5 of 5) / answers"),
    "seat_success/1": Formula("拿到名额的报名 ÷ 报名", "registrations that got a seat / registrations"),
    "newcomer_success/1": Formula("首次报名就拿到名额的人 ÷ 首次报名的人", "first registrations that got a seat / first registrations"),
    "benefit_use/1": Formula("用过券的会员 ÷ 有消费的会员", "members who used a voucher / members who bought"),
    "bscs/1": Formula("社区归属感量表八题平均（1–5）", "mean of the eight items of the Brief Sense of Community Scale (1–5)"),
    "giver_share/1": Formula("回答过别人的会员 ÷ 本店会员", "members who answered others / members"),
    "advisory_share/1": Formula("参加顾问小组的会员 ÷ 本店会员", "members of a panel / members"),
}  # fmt: skip


@dataclass(frozen=True)
class Rows:
    """Rows of one indicator, whole numbers: `store` and `member` are places in the lists of `Facts`."""

    store: np.ndarray
    member: np.ndarray
    above: np.ndarray
    below: np.ndarray


@dataclass(frozen=True)
class Facts:
    """What the index is computed from.

    Attributes
    ----------
    stores, members : tuple of str
        Codes, sorted.
    rows : mapping of formula to Rows
        Sorted by store, member, above, below; a formula without data is absent.
    answers : int array, shape (stores,)
        Answering members by store, of the samples that count.
    volunteers : mapping of store to (answers, NPS)
        Answers of the other samples, shown apart.
    asked : mapping of store to int
        Invitations sent, where known; gives the response rate.
    as_of : str
        Last day (ISO).
    """

    stores: tuple[str, ...]
    members: tuple[str, ...]
    rows: Mapping[str, Rows]
    answers: np.ndarray
    volunteers: Mapping[str, tuple[int, float]]
    asked: Mapping[str, int]
    as_of: str
    missing: tuple[tuple[str, Words], ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical content: codes in order, little-endian whole numbers."""
        found = hashlib.sha256(f"{self.as_of}\n".encode())
        for codes in (self.stores, self.members):
            found.update(f"{len(codes)}\n{chr(10).join(codes)}\n".encode())
        for formula in sorted(self.rows):
            rows = self.rows[formula]
            found.update(f"{formula} {len(rows.store)}\n".encode())
            for column in (rows.store, rows.member, rows.above, rows.below):
                found.update(np.ascontiguousarray(column, dtype="<i8").tobytes())
        found.update(np.ascontiguousarray(self.answers, dtype="<i8").tobytes())
        for store in sorted(self.asked):
            found.update(f"{store}={self.asked[store]}\n".encode())
        return f"sha256:{found.hexdigest()}"


def rows_of(store: np.ndarray, member: np.ndarray, above: np.ndarray, below: np.ndarray) -> Rows:
    """Put the rows of one indicator into their canonical order.

    Raises
    ------
    BadInput
        For columns of different length or numbers that are not whole.
    """
    columns = [np.asarray(column) for column in (store, member, above, below)]
    if len({column.shape for column in columns}) != 1:
        raise BadInput.one("rows", "columns of different length", ("one value a row",))
    if not all(np.issubdtype(column.dtype, np.integer) or not len(column) for column in columns):
        raise BadInput.one("rows", "not whole", ("whole numbers",))
    store, member, above, below = (column.astype(np.int64) for column in columns)
    order = np.lexsort((below, above, member, store))
    return Rows(store[order], member[order], above[order], below[order])
