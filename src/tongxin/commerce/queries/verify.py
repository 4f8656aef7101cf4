"""Proving the ledger: every entry adds up, every promise, voucher and envelope is what the books say (promise P3)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from tongxin.commerce.models import LedgerEntry, LedgerLine
from tongxin.commerce.queries.books import content_of
from tongxin.commerce.rules.books import Leg, content_hash
from tongxin.commerce.terms import Account, Fault

SHOWN = 50  # faults of a kind told one by one
CHUNK = 2000


@dataclass(frozen=True)
class Finding:
    """One fault and where: an entry, a promise, a voucher or an envelope by its public id, or a trigger by its name."""

    fault: Fault
    place: str
    detail: str = ""


@dataclass(frozen=True)
class Verdict:
    """`ok` when nothing is wrong. `liability_fen` is what open vouchers are worth, by the books and by the vouchers alike."""

    ok: bool
    entries: int
    lines: int
    liability_fen: int
    deferred_fen: int
    refunds_fen: int
    faults: tuple[Finding, ...]


TRIGGERS = {
    "commerce_entry_append_only",
    "commerce_line_append_only",
    "commerce_entry_keep",
    "commerce_line_keep",
    "commerce_entry_balance",
    "commerce_line_balance",
    "commerce_outcome_append_only",
}

# Each finds rows (place, detail) that should not be there.
QUESTIONS: tuple[tuple[Fault, str], ...] = (
    (
        Fault.UNBALANCED,
        """
        SELECT e.public_id::text, coalesce(sum(l.fen), 0)::text FROM commerce_ledgerentry e
        LEFT JOIN commerce_ledgerline l ON l.entry_id = e.id
        GROUP BY e.id HAVING coalesce(sum(l.fen), 0) <> 0
        """,
    ),
    (
        Fault.LEGS,
        """
        SELECT e.public_id::text, count(l.id) || ' / ' || e.legs FROM commerce_ledgerentry e
        LEFT JOIN commerce_ledgerline l ON l.entry_id = e.id
        GROUP BY e.id HAVING count(l.id) <> e.legs
        """,
    ),
    (
        Fault.PLACE_UNBALANCED,
        """
        SELECT DISTINCT e.public_id::text, coalesce('store ' || l.store_id, 'envelope ' || l.envelope_id, '')
        FROM commerce_ledgerentry e JOIN commerce_ledgerline l ON l.entry_id = e.id
        GROUP BY e.id, l.store_id, l.envelope_id HAVING sum(l.fen) <> 0
        """,
    ),
    (
        Fault.REVERSAL,
        """
        SELECT r.public_id::text, o.public_id::text FROM commerce_ledgerentry r
        JOIN commerce_ledgerentry o ON o.id = r.reverses_id
        WHERE EXISTS (
            SELECT l.book, l.store_id, l.envelope_id FROM commerce_ledgerline l WHERE l.entry_id IN (r.id, o.id)
            GROUP BY l.book, l.store_id, l.envelope_id HAVING sum(l.fen) <> 0
        )
        """,
    ),
    (
        Fault.VOUCHER,
        """
        WITH booked AS (
            SELECT e.promise_id, -sum(l.fen) AS fen FROM commerce_ledgerentry e
            JOIN commerce_ledgerline l ON l.entry_id = e.id AND l.book = 'vouchers_open' GROUP BY e.promise_id
        ), open AS (
            SELECT promise_id, sum(value_fen) AS fen FROM commerce_voucher WHERE state = 'granted' GROUP BY promise_id
        )
        SELECT coalesce(p.public_id::text, '-'), coalesce(o.fen, 0) || ' / ' || coalesce(b.fen, 0)
        FROM booked b FULL JOIN open o ON o.promise_id = b.promise_id
        LEFT JOIN commerce_promise p ON p.id = coalesce(b.promise_id, o.promise_id)
        WHERE coalesce(o.fen, 0) <> coalesce(b.fen, 0)
        """,
    ),
    (
        Fault.PROMISE,
        """
        WITH booked AS (
            SELECT e.promise_id,
                   -coalesce(sum(l.fen) FILTER (WHERE l.book = 'fees_deferred'), 0) AS deferred,
                   -coalesce(sum(l.fen) FILTER (WHERE l.book = 'refunds_payable'), 0) AS refunds,
                   coalesce(sum(l.fen) FILTER (WHERE l.book = 'till'), 0) AS till
            FROM commerce_ledgerentry e JOIN commerce_ledgerline l ON l.entry_id = e.id
            WHERE e.promise_id IS NOT NULL GROUP BY e.promise_id
        )
        SELECT p.public_id::text, p.state || ': ' || coalesce(b.deferred, 0) || ', ' || coalesce(b.refunds, 0) || ', '
               || coalesce(b.till, 0)
        FROM commerce_promise p LEFT JOIN booked b ON b.promise_id = p.id
        WHERE coalesce(b.deferred, 0) <> CASE WHEN p.state = 'paid' THEN p.fee_fen ELSE 0 END
           OR coalesce(b.refunds, 0) <> CASE WHEN p.state = 'refund_due' THEN p.fee_fen ELSE 0 END
           OR coalesce(b.till, 0) <> CASE WHEN p.state IN ('paid', 'granted', 'lapsed', 'refund_due') THEN p.fee_fen ELSE 0 END
        """,
    ),
    (
        Fault.GRANT,
        """
        SELECT p.public_id::text, p.state || ': ' || count(v.id) FROM commerce_promise p
        LEFT JOIN commerce_voucher v ON v.promise_id = p.id AND v.state <> 'void' GROUP BY p.id
        HAVING count(v.id) <> CASE WHEN p.state = 'granted' AND p.voucher_fen > 0 THEN 1 ELSE 0 END
            OR coalesce(sum(v.value_fen), 0) <> CASE WHEN p.state = 'granted' THEN p.voucher_fen ELSE 0 END
        """,
    ),
    (
        Fault.SPENT,
        """
        WITH booked AS (
            SELECT e.voucher_id, count(*) FILTER (WHERE e.kind = 'redeemed') - count(*) FILTER (WHERE e.kind = 'unredeemed') AS n,
                   count(*) FILTER (WHERE e.kind = 'expired') AS gone
            FROM commerce_ledgerentry e WHERE e.voucher_id IS NOT NULL GROUP BY e.voucher_id
        )
        SELECT v.public_id::text, v.state || ': ' || coalesce(b.n, 0) || ', ' || coalesce(b.gone, 0)
        FROM commerce_voucher v LEFT JOIN booked b ON b.voucher_id = v.id
        WHERE coalesce(b.n, 0) <> CASE WHEN v.state = 'redeemed' THEN 1 ELSE 0 END
           OR coalesce(b.gone, 0) <> CASE WHEN v.state = 'expired' THEN 1 ELSE 0 END
        """,
    ),
    (
        Fault.ENVELOPE,
        """
        WITH booked AS (
            SELECT l.envelope_id,
                   -coalesce(sum(l.fen) FILTER (WHERE l.book = 'budget'), 0) AS budget,
                   coalesce(sum(l.fen) FILTER (WHERE l.book = 'budget_committed'), 0) AS committed,
                   coalesce(sum(l.fen) FILTER (WHERE l.book = 'budget_spent'), 0) AS spent
            FROM commerce_ledgerline l WHERE l.envelope_id IS NOT NULL GROUP BY l.envelope_id
        ), parts AS (
            SELECT envelope_id, coalesce(sum(amount_fen - spent_fen) FILTER (WHERE state = 'held'), 0) AS committed,
                   sum(spent_fen) AS spent
            FROM commerce_commitment GROUP BY envelope_id
        )
        SELECT v.public_id::text, v.committed_fen || ' / ' || coalesce(b.committed, 0) || ' / ' || coalesce(p.committed, 0) || ', '
               || v.spent_fen || ' / ' || coalesce(b.spent, 0) || ' / ' || coalesce(p.spent, 0)
        FROM commerce_envelope v LEFT JOIN booked b ON b.envelope_id = v.id LEFT JOIN parts p ON p.envelope_id = v.id
        WHERE v.amount_fen + v.approved_fen <> coalesce(b.budget, 0)
           OR v.committed_fen <> coalesce(b.committed, 0) OR v.committed_fen <> coalesce(p.committed, 0)
           OR v.spent_fen <> coalesce(b.spent, 0) OR v.spent_fen <> coalesce(p.spent, 0)
           OR v.committed_fen + v.spent_fen > v.amount_fen + v.approved_fen
        """,
    ),
)

_STANDING = """
    SELECT tgname FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = current_schema() AND tgname = ANY(%s) AND tgenabled IN ('O', 'A')
"""


def verify() -> Verdict:
    """Look at every entry, line, promise, voucher and envelope as of one instant, without holding anybody up."""
    fresh = (
        not connection.in_atomic_block
    )  # inside a transaction that has begun its level cannot be chosen any more
    with transaction.atomic():
        with connection.cursor() as cursor:
            if fresh:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            faults = [finding for fault, question in QUESTIONS for finding in _asked(cursor, fault, question)]
            cursor.execute(_STANDING, [sorted(TRIGGERS)])
            standing = {name for (name,) in cursor.fetchall()}
            faults += [Finding(Fault.TRIGGER, name) for name in sorted(TRIGGERS - standing)]
            cursor.execute(
                "SELECT -coalesce(sum(fen) FILTER (WHERE book = 'vouchers_open'), 0)::bigint,"
                " -coalesce(sum(fen) FILTER (WHERE book = 'fees_deferred'), 0)::bigint,"
                " -coalesce(sum(fen) FILTER (WHERE book = 'refunds_payable'), 0)::bigint, count(*) FROM commerce_ledgerline"
            )
            liability, deferred, refunds, lines = cursor.fetchone()
        entries, altered = _contents()
    faults += altered
    return Verdict(not faults, entries, lines, liability, deferred, refunds, tuple(faults))


def _asked(cursor: Any, fault: Fault, question: str) -> Iterator[Finding]:
    cursor.execute(f"{question} ORDER BY 1 LIMIT {SHOWN}")  # our own words, no value of anybody's
    for place, detail in cursor.fetchall():
        yield Finding(fault, place, detail)


def _contents() -> tuple[int, list[Finding]]:
    """Recompute the hash of every entry from its columns and lines."""
    altered: list[Finding] = []
    count = last = 0
    while some := list(LedgerEntry.objects.filter(id__gt=last).order_by("id")[:CHUNK]):
        last = some[-1].pk
        legs: dict[int, list[Leg]] = {entry.pk: [] for entry in some}
        for line in LedgerLine.objects.filter(entry__gte=some[0].pk, entry__lte=last):
            if line.entry_id in legs:
                legs[line.entry_id].append(Leg(Account(line.book), line.fen, line.store_id, line.envelope_id))
        for entry in some:
            count += 1
            if content_hash(content_of(entry), legs[entry.pk]) != entry.content and len(altered) < SHOWN:
                altered.append(Finding(Fault.CONTENT, str(entry.public_id)))
    return count, altered
