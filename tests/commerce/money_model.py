"""Promises, vouchers and the ledger against a model of their own that foretells every answer.

The model shares no line with the rules: it keeps plain records, says before each act whether it is refused and with which code,
and what every account of every store holds afterwards. Between the steps the database is asked for all of it.
"""

from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from commerce.purses import chain
from people.factories import CustomerFactory
from stores.factories import TESTS
from tongxin.commerce import actions, queries
from tongxin.commerce.models import Voucher
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.people import actions as people
from tongxin.people.models import Customer, Merge

START = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
AMOUNTS = [(3900, 3900), (3900, 5000), (5000, 3900), (0, 2000), (3000, 0)]
SUBJECTS, MEMBERS, RECEIPTS, DAYS = 6, 3, ["A1", "A2", "A3"], 10
OVER = {"cancelled", "refund_due", "refunded"}


@dataclass
class Paper:
    """A voucher of the model."""

    code: str
    public_id: object
    value: int
    home: int
    granted_at: datetime
    expires_at: datetime
    state: str = "granted"
    spent_at: datetime | None = None
    till: int | None = None
    receipt: str = ""

    @property
    def spent_on(self):
        return self.spent_at and self.spent_at.astimezone(SHANGHAI).date()


@dataclass
class Deal:
    """A promise of the model."""

    public_id: object
    member: int
    home: int
    fee: int
    value: int
    terms: dict
    state: str
    attended: bool = False
    till: int | None = None
    receipt: str = ""
    back: tuple = ()
    papers: list = field(default_factory=list)

    @property
    def paper(self):
        standing = [p for p in self.papers if p.state != "void"]
        return standing[0] if standing else None


class Money(RuleBasedStateMachine):
    """Everything that can happen to money of members, in any order. `seen` counts the answers."""

    seen: Counter[str | None] = Counter()

    shard = ""  # several machines may run beside each other on one database
    world = None  # (chain, people), made once by the test: every example starts from it and is taken back

    @initialize(granted=st.integers(0, 3))
    def begin(self, granted):
        self.outer = transaction.atomic()
        self.outer.__enter__()
        self.now = START
        self.chain, self.people = self.world
        self.stores = [self.chain.home, self.chain.other]
        self.deals, self.books, self.front = {}, defaultdict(int), {}
        self.entries = 0
        for n in range(granted):
            self.keep_a_promise(
                n, n % 2, AMOUNTS[n], {"no_show": "kept", "per_member": None, "per_day": n or None}
            )

    def teardown(self):
        if hasattr(self, "outer"):
            try:
                with clock.held(self.now):
                    verdict = queries.verify_ledger()
                assert verdict.faults == ()
                assert verdict.entries == self.entries
                assert verdict.liability_fen == sum(p.value for p in self.papers() if p.state == "granted")
            finally:
                transaction.set_rollback(True)
                self.outer.__exit__(None, None, None)

    # ---- tools of the model

    @contextmanager
    def expecting(self, code=None):
        with clock.held(self.now):
            try:
                self.seen[code] += 1
                yield
            except Refused as refused:
                assert refused.code == code, (refused.code, code)  # noqa: PT017 - raises() cannot expect nothing
            else:
                assert code is None, code

    def book(self, *legs):
        self.entries += 1
        for name, store, fen in legs:
            self.books[name, store] += fen

    def cluster(self, member):
        root = self.front.get(member, member)
        return {m for m in range(MEMBERS) if self.front.get(m, m) == root}

    def papers(self):
        return [paper for deal in self.deals.values() for paper in deal.papers]

    def members_papers(self, member):
        return [p for d in self.deals.values() if d.member in self.cluster(member) for p in d.papers]

    def grant(self, deal, voucher):
        self.book(
            ("fees_deferred", deal.home, deal.fee),
            ("vouchers_open", deal.home, -deal.value),
            ("voucher_cost" if deal.value > deal.fee else "fee_income", deal.home, deal.value - deal.fee),
        )
        deal.state = "granted"
        if deal.value:
            assert voucher.value_fen == deal.value
            deal.papers.append(
                Paper(
                    voucher.code, voucher.public_id, deal.value, deal.home, self.now,
                    self.now + timedelta(days=DAYS),
                )
            )  # fmt: skip

    def ungrant(self, deal):
        self.book(
            ("fees_deferred", deal.home, -deal.fee),
            ("vouchers_open", deal.home, deal.value),
            ("voucher_cost" if deal.value > deal.fee else "fee_income", deal.home, deal.fee - deal.value),
        )
        if deal.paper:
            deal.paper.state = "void"

    def lapse(self, deal, sign=1):
        if deal.fee:
            self.book(
                ("fees_deferred", deal.home, sign * deal.fee), ("fee_income", deal.home, -sign * deal.fee)
            )

    def gone(self, deal):
        state = deal.state == "granted" and deal.paper and deal.paper.state
        return {"redeemed": "commerce.voucher_spent", "expired": "commerce.voucher_expired"}.get(state)

    def keep_a_promise(self, n, store, amounts, terms):
        """Promised, paid where there is something to pay, attended."""
        fee, value = amounts
        with clock.held(self.now):
            made = actions.promise(
                viewer=TESTS, person=self.people[n % MEMBERS].pk, store=self.stores[store],
                subject=("events", f"{self.shard}{n}"), under=("events", "baking"), fee_fen=fee, voucher_fen=value,
                terms=terms, valid_days=DAYS,
            )  # fmt: skip
            deal = Deal(made.public_id, n % MEMBERS, store, fee, value, terms, "open" if fee else "paid")
            if fee:
                actions.mark_paid(
                    viewer=TESTS,
                    promise_id=made.public_id,
                    receipt=f"{self.shard}K{n}",
                    store=self.stores[store],
                )
                self.book(("till", store, fee), ("fees_deferred", store, -fee))
                deal.till, deal.receipt = store, f"{self.shard}K{n}"
            self.grant(
                deal, actions.attended(viewer=TESTS, subject=("events", f"{self.shard}{n}"), at=self.now)
            )
        deal.attended = True
        self.deals[n] = deal

    # ---- promises

    @precondition(lambda self: len(self.deals) < SUBJECTS)
    @rule(
        store=st.integers(0, 1),
        amounts=st.sampled_from(AMOUNTS[:3]),
        per_day=st.sampled_from([None, 1, 2]),
        no_show=st.sampled_from(["kept", "refunded"]),
    )
    def whole_story(self, store, amounts, per_day, no_show):
        n = min(set(range(SUBJECTS)) - set(self.deals))
        self.keep_a_promise(n, store, amounts, {"no_show": no_show, "per_member": None, "per_day": per_day})

    @rule(
        n=st.integers(0, SUBJECTS - 1),
        member=st.integers(0, MEMBERS - 1),
        store=st.integers(0, 1),
        amounts=st.sampled_from(AMOUNTS),
        limit=st.sampled_from([None, None, 1, 2]),
        per_day=st.sampled_from([None, None, 1]),
        no_show=st.sampled_from(["kept", "refunded"]),
    )
    def promise(self, n, member, store, amounts, limit, per_day, no_show):  # noqa: PLR0917 - what is drawn
        fee, value = amounts
        terms = {"no_show": no_show, "per_member": limit, "per_day": per_day}
        deal = self.deals.get(n)
        live = deal is not None and deal.state not in OVER
        held = [k for k, d in self.deals.items() if d.member in self.cluster(member) and d.state not in OVER]
        code = None
        if limit is not None and n not in held and len(held) >= limit:
            code = "commerce.limit_reached"
        elif deal is not None and deal.state == "refund_due":
            code = "commerce.refund_first"
        elif live and (
            (deal.home, deal.fee, deal.value) != (store, fee, value)
            or deal.member not in self.cluster(member)
        ):
            code = "commerce.promise_differs"
        made = None
        with self.expecting(code):
            made = actions.promise(
                viewer=TESTS, person=self.people[member].pk, store=self.stores[store],
                subject=("events", f"{self.shard}{n}"), under=("events", "baking"), fee_fen=fee, voucher_fen=value,
                terms=terms, valid_days=DAYS,
            )  # fmt: skip
        if code is None and not live:
            papers = deal.papers if deal else []
            self.deals[n] = Deal(
                made.public_id, member, store, fee, value, terms, "open" if fee else "paid", papers=papers
            )

    @precondition(lambda self: self.deals)
    @rule(data=st.data(), store=st.integers(0, 1), receipt=st.sampled_from(RECEIPTS))
    def pay(self, data, store, receipt):
        receipt = self.shard + receipt
        deal = self.pick(data)
        taken = any(
            d is not deal
            and d.receipt == receipt
            and d.till == store
            and d.state not in {"open", "cancelled"}
            for d in self.deals.values()
        )
        same = (deal.till, deal.receipt) == (store, receipt)
        code = None
        if not deal.fee:
            code = "commerce.nothing_to_pay"
        elif deal.state in OVER:
            code = "commerce.promise_over"
        elif deal.state != "open":
            code = None if same else "commerce.already_paid"
        elif taken:
            code = "commerce.receipt_used"
        with self.expecting(code):
            actions.mark_paid(
                viewer=TESTS, promise_id=deal.public_id, receipt=receipt, store=self.stores[store]
            )
        if code is None and deal.state == "open":
            deal.state, deal.till, deal.receipt = "paid", store, receipt
            self.book(("till", store, deal.fee), ("fees_deferred", deal.home, -deal.fee))
            if deal.attended:
                self.grant(deal, Voucher.objects.filter(promise__public_id=deal.public_id).last())

    @precondition(lambda self: self.deals)
    @rule(data=st.data())
    def unpay(self, data):
        deal = self.pick(data)
        code = None
        if not deal.fee:
            code = "commerce.nothing_to_pay"
        elif deal.state in OVER:
            code = "commerce.promise_over"
        else:
            code = self.gone(deal)
        with self.expecting(code):
            actions.unmark_paid(viewer=TESTS, promise_id=deal.public_id, reason="wrong receipt")
        if code is None and deal.state != "open":
            if deal.state == "granted":
                self.ungrant(deal)
            if deal.state == "lapsed":
                self.lapse(deal, -1)
            self.book(("till", deal.till, -deal.fee), ("fees_deferred", deal.home, deal.fee))
            deal.state, deal.till, deal.receipt = "open", None, ""

    @precondition(lambda self: self.deals)
    @rule(data=st.data())
    def attend(self, data):
        n = data.draw(st.sampled_from(sorted(self.deals)))
        deal = self.deals[n]
        with self.expecting():
            voucher = actions.attended(viewer=TESTS, subject=("events", f"{self.shard}{n}"), at=self.now)
        if deal.state in {"paid", "lapsed"}:
            if deal.state == "lapsed":
                self.lapse(deal, -1)
            assert (voucher is not None) == bool(deal.value)
            self.grant(deal, voucher)
        elif deal.state == "granted" and deal.value:
            assert voucher.public_id == deal.paper.public_id
        else:
            assert voucher is None
        deal.attended = True

    @precondition(lambda self: self.deals)
    @rule(data=st.data())
    def unattend(self, data):
        n = data.draw(st.sampled_from(sorted(self.deals)))
        deal = self.deals[n]
        code = self.gone(deal)
        with self.expecting(code):
            actions.unattended(viewer=TESTS, subject=("events", f"{self.shard}{n}"), reason="wrong scan")
        if code is None:
            if deal.state == "granted":
                self.ungrant(deal)
                deal.state = "paid"
            deal.attended = False

    # ---- giving back

    def undone(self, deal, *, no_show=False):
        """What a refund (or the end of an event, for who did not come) makes of a deal."""
        if deal.state == "open" or (deal.state in {"paid", "lapsed"} and not deal.fee and not no_show):
            deal.state, deal.till, deal.receipt = "cancelled", None, ""
        elif deal.state == "paid" and no_show and deal.terms["no_show"] == "kept":
            deal.state = "lapsed"
            self.lapse(deal)
        elif deal.state == "paid" and not deal.fee:
            deal.state = "cancelled"
        elif deal.state == "lapsed" and no_show:
            return
        elif deal.state in {"paid", "lapsed", "granted"}:
            if deal.state == "lapsed":
                self.lapse(deal, -1)
            if deal.state == "granted":
                self.ungrant(deal)
            if deal.fee:
                self.book(("fees_deferred", deal.home, deal.fee), ("refunds_payable", deal.home, -deal.fee))
                deal.state = "refund_due"
            else:
                deal.state, deal.till, deal.receipt = "cancelled", None, ""

    @precondition(lambda self: self.deals)
    @rule(data=st.data(), by_subject=st.booleans())
    def refund(self, data, by_subject):
        n = data.draw(st.sampled_from(sorted(self.deals)))
        deal = self.deals[n]
        code = self.gone(deal)
        with self.expecting(code):
            if by_subject:
                actions.refund_subject(viewer=TESTS, subject=("events", f"{self.shard}{n}"), reason="ill")
            else:
                actions.refund(viewer=TESTS, promise_id=deal.public_id, reason="ill")
        if code is None:
            self.undone(deal)

    @precondition(lambda self: self.deals)
    @rule(data=st.data(), store=st.integers(0, 1), receipt=st.sampled_from(RECEIPTS))
    def pay_refund(self, data, store, receipt):
        receipt = self.shard + receipt
        deal = self.pick(data)
        same = deal.state == "refunded" and deal.back == (store, receipt)
        code = None if deal.state == "refund_due" or same else "commerce.no_refund_due"
        with self.expecting(code):
            actions.pay_refund(
                viewer=TESTS, promise_id=deal.public_id, store=self.stores[store], receipt=receipt
            )
        if deal.state == "refund_due":
            self.book(("refunds_payable", deal.home, deal.fee), ("till", store, -deal.fee))
            deal.state, deal.back = "refunded", (store, receipt)

    @rule(rain=st.sampled_from([False, False, True]))
    def call_it_off(self, rain):
        if not rain:
            return
        with self.expecting():
            counts = actions.refund_all(viewer=TESTS, under=("events", "baking"), reason="rain")
        spent = sum(1 for deal in self.deals.values() if self.gone(deal))
        before = {n: deal.state for n, deal in self.deals.items()}
        for deal in self.deals.values():
            if not self.gone(deal):
                self.undone(deal)
        moved = [n for n, deal in self.deals.items() if deal.state != before[n]]
        owed = [self.deals[n] for n in moved if self.deals[n].state == "refund_due"]
        assert (counts.owed, counts.spent, counts.fen) == (len(owed), spent, sum(d.fee for d in owed))
        assert counts.cancelled == len(moved) - len(owed)

    @rule()
    def end_of_event(self):
        with self.expecting():
            counts = actions.settle_no_shows(viewer=TESTS, under=("events", "baking"), reason="over")
        before = {n: deal.state for n, deal in self.deals.items()}
        for deal in self.deals.values():
            if not deal.attended:
                self.undone(deal, no_show=True) if deal.state in {"open", "paid"} else None
        moved = [deal.state for n, deal in self.deals.items() if deal.state != before[n]]
        assert (counts.kept, counts.owed) == (moved.count("lapsed"), moved.count("refund_due"))

    # ---- vouchers

    @precondition(lambda self: self.papers())
    @rule(data=st.data(), store=st.integers(0, 1), receipt=st.sampled_from(RECEIPTS))
    def redeem(self, data, store, receipt):
        receipt = self.shard + receipt
        deal, paper = data.draw(st.sampled_from([(d, p) for d in self.deals.values() for p in d.papers]))
        today = self.now.astimezone(SHANGHAI).date()
        spent_today = [
            p for p in self.members_papers(deal.member) if p.state == "redeemed" and p.spent_on == today
        ]
        same = paper.state == "redeemed" and (paper.till, paper.receipt) == (store, receipt)
        per_day = deal.terms.get("per_day")
        code = None
        if paper.state == "redeemed" and not same:
            code = "commerce.voucher_spent"
        elif paper.state == "void":
            code = "commerce.voucher_void"
        elif paper.state == "expired":
            code = "commerce.voucher_expired"
        elif paper.state == "granted" and per_day is not None and len(spent_today) >= per_day:
            code = "commerce.day_limit"
        elif paper.state == "granted" and paper.expires_at <= self.now:
            code = "commerce.voucher_expired"
        typed = paper.code.lower() if store else "-".join([paper.code[:14], paper.code[14:]])
        with self.expecting(code):
            actions.redeem(viewer=TESTS, code=typed, store=self.stores[store], receipt=receipt)
        if code is None and not same:
            paper.state, paper.spent_at, paper.till, paper.receipt = "redeemed", self.now, store, receipt
            self.book(("vouchers_open", paper.home, paper.value), ("voucher_sales", store, -paper.value))

    @precondition(lambda self: self.papers())
    @rule(data=st.data())
    def reverse(self, data):
        paper = data.draw(st.sampled_from(self.papers()))
        code = None if paper.state == "redeemed" else "commerce.voucher_not_spent"
        with self.expecting(code):
            actions.reverse_redemption(viewer=TESTS, voucher_id=paper.public_id, reason="goods back")
        if code is None:
            self.book(("vouchers_open", paper.home, -paper.value), ("voucher_sales", paper.till, paper.value))
            paper.expires_at = max(paper.expires_at, self.now + (paper.expires_at - paper.spent_at))
            paper.state, paper.spent_at, paper.till, paper.receipt = "granted", None, None, ""

    @rule()
    def expire(self):
        due = [p for p in self.papers() if p.state == "granted" and p.expires_at <= self.now]
        with self.expecting():
            assert actions.expire_vouchers(viewer=TESTS) == len(due)
        for paper in due:
            paper.state = "expired"
            self.book(
                ("vouchers_open", paper.home, paper.value), ("breakage_income", paper.home, -paper.value)
            )

    # ---- the world around

    @rule(hours=st.sampled_from([1, 9, 30, 24 * 6]))
    def wait(self, hours):
        self.now += timedelta(hours=hours)

    @rule(one=st.integers(0, MEMBERS - 1), other=st.integers(0, MEMBERS - 1))
    def merge(self, one, other):
        if one == other or one in self.front or other in self.front:
            return
        with self.expecting():
            people.merge(viewer=TESTS, source=self.fresh(one), target=self.fresh(other), reason="duplicate")
        for member in range(MEMBERS):
            if self.front.get(member) == one or member == one:
                self.front[member] = other

    @rule()
    def unmerge(self):
        link = Merge.objects.filter(undone_at=None).order_by("-id").first()
        if link is None:
            return
        with self.expecting():
            people.unmerge(viewer=TESTS, merge_id=link.public_id)
        keys = {person.pk: n for n, person in enumerate(self.people)}
        rows = Customer.objects.filter(pk__in=keys, survivor__isnull=False).values_list("id", "survivor")
        self.front = {keys[one]: keys[other] for one, other in rows}

    def fresh(self, n):
        return Customer.objects.get(pk=self.people[n].pk)

    def pick(self, data):
        return self.deals[data.draw(st.sampled_from(sorted(self.deals)))]

    # ---- after each step

    @invariant()
    def the_database_is_the_model(self):
        if not hasattr(self, "deals"):
            return
        with connection.cursor() as cursor:  # the triggers that wait for the end of a transaction look now
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
            cursor.execute(ALL)
            rows = cursor.fetchall()
        promises = {key: state for what, key, state, *_ in rows if what == "promise"}
        assert promises == {str(deal.public_id): deal.state for deal in self.deals.values()}
        vouchers = {key: (state, at) for what, key, state, at, _ in rows if what == "voucher"}
        assert vouchers == {str(p.public_id): (p.state, p.expires_at) for p in self.papers()}
        keys = {str(store.pk): n for n, store in enumerate(self.stores)}
        lines = {
            (book, keys[store]): int(fen) for what, store, book, _, fen in rows if what == "line" and fen
        }
        between = {
            ("between_stores", n): -sum(fen for (_, store), fen in self.books.items() if store == n)
            for n in (0, 1)
        }
        assert lines == {place: fen for place, fen in {**self.books, **between}.items() if fen}


ALL = """
    SELECT 'promise', public_id::text, state, NULL::timestamptz, 0::numeric FROM commerce_promise
    UNION ALL SELECT 'voucher', public_id::text, state, expires_at, 0 FROM commerce_voucher
    UNION ALL SELECT 'line', store_id::text, book, NULL, sum(fen) FROM commerce_ledgerline GROUP BY store_id, book
"""


def make_world():
    """The chain and the members of all examples."""
    with clock.held(START):
        made = chain()
        return made, [made.member, *(CustomerFactory() for _ in range(MEMBERS - 1))]
