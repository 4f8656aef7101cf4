"""Budgets against a model of their own that foretells every answer; made like `money_model.py`."""

from collections import Counter
from contextlib import contextmanager
from datetime import date

from django.db import connection, transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from commerce.money_model import START
from stores.factories import TESTS, StoreFactory
from tongxin.commerce import actions, queries
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused

HOUR = 3000


def make_store():
    """The store of all examples."""
    with clock.held(START):
        return StoreFactory()


class Budget(RuleBasedStateMachine):
    """Set aside, ask, approve, spend, work, give back: in any order, on one envelope."""

    seen: Counter[str | None] = Counter()
    store = None
    shard = ""  # envelopes of machines that run beside each other differ by their kit

    @initialize(amount=st.sampled_from([1, 5000, 20_000]))
    def begin(self, amount):
        self.outer = transaction.atomic()
        self.outer.__enter__()
        with clock.held(START):
            made = actions.open_envelope(
                viewer=TESTS, title="模型", amount_fen=amount, opens_on=date(2026, 3, 1), closes_on=date(2026, 3, 31),
                store=self.store, hour_fen=HOUR, kit=self.shard,
            )  # fmt: skip
        self.key, self.amount, self.approved, self.committed, self.spent = made.public_id, amount, 0, 0, 0
        self.parts, self.keys = {}, set()

    def teardown(self):
        if hasattr(self, "outer"):
            try:
                assert queries.verify_ledger().faults == ()
            finally:
                transaction.set_rollback(True)
                self.outer.__exit__(None, None, None)

    @property
    def left(self):
        return self.amount + self.approved - self.committed - self.spent

    @contextmanager
    def expecting(self, code=None):
        with clock.held(START):
            try:
                self.seen[code] += 1
                yield
            except Refused as refused:
                assert refused.code == code, (refused.code, code)  # noqa: PT017 - raises() cannot expect nothing
            else:
                assert code is None, code

    @rule(n=st.integers(0, 4), amount=st.sampled_from([1, 900, 4000, 6000]), ask=st.booleans())
    def commit(self, n, amount, ask):
        part = self.parts.get(n)
        code = None
        if part is not None and part["amount"] != amount:
            code = "commerce.commitment_differs"
        elif part is None and amount > self.left and not ask:
            code = "commerce.over_envelope"
        made = None
        with self.expecting(code):
            made = actions.commit(
                viewer=TESTS, envelope_id=self.key, amount_fen=amount, subject=("events", f"{n}"), ask=ask
            )
        if code is None and part is None:
            fits = amount <= self.left
            self.parts[n] = {
                "id": made.public_id,
                "amount": amount,
                "spent": 0,
                "state": "held" if fits else "asked",
            }
            self.committed += amount if fits else 0
        elif code is None:
            assert made.public_id == part["id"]

    @precondition(lambda self: self.parts)
    @rule(data=st.data(), yes=st.booleans())
    def decide(self, data, yes):
        n = data.draw(st.sampled_from(sorted(self.parts)))
        part = self.parts[n]
        code = None if part["state"] == "asked" else "commerce.not_asked"
        with self.expecting(code):
            (actions.approve if yes else actions.refuse_request)(
                viewer=TESTS, commitment_id=part["id"], reason="so"
            )
        if code is None and yes:
            self.approved += max(part["amount"] - self.left, 0)
            self.committed += part["amount"]
            part["state"] = "held"
        elif code is None:
            del self.parts[n]

    @precondition(lambda self: self.parts)
    @rule(
        data=st.data(),
        amount=st.sampled_from([1, 500, 4000, 9000]),
        key=st.sampled_from("abc"),
        work=st.booleans(),
    )
    def spend(self, data, amount, key, work):
        part = self.parts[data.draw(st.sampled_from(sorted(self.parts)))]
        minutes = min(amount, 180)
        cost = minutes * HOUR // 60 if work else amount
        name = (part["id"], key, work)
        code = None
        if part["state"] != "held":
            code = "commerce.not_held"
        elif name not in self.keys and cost - (part["amount"] - part["spent"]) > self.left:
            code = "commerce.over_envelope"
        with self.expecting(code):
            if work:
                actions.log_hours(
                    viewer=TESTS,
                    commitment_id=part["id"],
                    minutes=minutes,
                    worked_on=date(2026, 3, 2),
                    key=key,
                )
            else:
                actions.spend(viewer=TESTS, commitment_id=part["id"], amount_fen=amount, key=key)
        if code is None and name not in self.keys:
            self.keys.add(name)
            held = min(cost, part["amount"] - part["spent"])
            self.committed -= held
            self.spent += cost
            part["amount"] += cost - held
            part["spent"] += cost

    @precondition(lambda self: self.parts)
    @rule(data=st.data())
    def release(self, data):
        part = self.parts[data.draw(st.sampled_from(sorted(self.parts)))]
        code = "commerce.not_held" if part["state"] == "asked" else None
        with self.expecting(code):
            actions.release(viewer=TESTS, commitment_id=part["id"], reason="over")
        if part["state"] == "held":
            self.committed -= part["amount"] - part["spent"]
            part["state"] = "closed"

    @invariant()
    def the_database_is_the_model(self):
        if not hasattr(self, "parts"):
            return
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        card = queries.envelope_card(TESTS, self.key)
        assert (card.amount_fen, card.approved_fen, card.committed_fen, card.spent_fen, card.left_fen) == (
            self.amount, self.approved, self.committed, self.spent, self.left,
        )  # fmt: skip
        assert self.left >= 0
        told = {
            row.public_id: (row.amount_fen, row.spent_fen, row.state)
            for row in queries.commitments_of(TESTS, self.key).items
            if row.state != "refused"
        }
        assert told == {p["id"]: (p["amount"], p["spent"], p["state"]) for p in self.parts.values()}
