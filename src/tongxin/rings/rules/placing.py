"""Where somebody stands: one step at most, slow to let go, and a person's word into the inner ring.

* outer → middle: every gate is met;
* middle → outer: every graded line below 0.8 of its bar in four consecutive weekly runs, after 28 days in the ring;
* middle → inner: all inner gates met make a candidate; inner only when the member accepted and a named person confirmed;
* inner → middle: every graded line below 0.7 of its bar at a quarterly review, after 91 days, the champion told 14 days before.

Staff are not placed. Without personalisation the verdict is that of a blank profile, at once. A person's override stands until it
expires; meanwhile the rule goes on in its shadow.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tongxin.rings.rules.gates import Line, lines_of, low, met
from tongxin.rings.rules.policy import PolicyBody
from tongxin.rings.rules.steps import Step
from tongxin.rings.rules.traces import Evidence, blank, week
from tongxin.rings.terms import ORDER, Cause, Move, Reason, Ring


@dataclass(frozen=True)
class Standing:
    """Where the rule has somebody before this run, and what it remembers about the way out.

    `low_week` is the number of the week in which `low_runs` was last counted: two runs in one week count once.
    `reviewed_at` and `announced_at` belong to the inner ring. `confirmed` is a person's word that has just been given.
    `override` is the ring that a person has set, until `override_until`.
    """

    ring: Ring | None = None
    since: datetime | None = None
    low_runs: int = 0
    low_week: int = 0
    reviewed_at: datetime | None = None
    announced_at: datetime | None = None
    confirmed: bool = False
    override: Ring | None = None
    override_until: datetime | None = None


FRESH = Standing()


@dataclass(frozen=True)
class Verdict:
    """Where somebody stands after this run, and why.

    `ring` holds for the product (None: staff); `auto` is what the rule says by itself, in the shadow of an override.
    `held` are the lines of the ring they are in, `gates` those of the next one inwards (empty in the inner ring).
    `standing` is what the next run has to know. `nearest` is filled by `explain.place`.
    """

    ring: Ring | None
    auto: Ring | None
    moved: Move | None
    cause: Cause
    reasons: tuple[Reason, ...]
    held: tuple[Line, ...] = ()
    gates: tuple[Line, ...] = ()
    candidate: bool = False
    announce: bool = False
    standing: Standing = FRESH
    nearest: Step | None = None


@dataclass(frozen=True)
class Case:
    """What one decision looks at: the evidence line by line for every ring, and what came before."""

    lines: Mapping[Ring, tuple[Line, ...]]
    week: int
    policy: PolicyBody
    now: datetime
    standing: Standing

    def stay(self, ring: Ring, reason: Reason, standing: Standing) -> Verdict:
        """In `ring`, now as before."""
        return Verdict(
            ring=ring,
            auto=ring,
            moved=None,
            cause=Cause.AUTO,
            reasons=(reason,),
            held=self.lines[ring],
            gates=self.lines[ORDER[ring.step + 1]] if ring is not Ring.INNER else (),
            standing=standing,
        )

    def move(self, ring: Ring, reason: Reason, moved: Move, cause: Cause = Cause.AUTO) -> Verdict:
        """Into `ring`, with nothing remembered but a person's override."""
        fresh = Standing(
            ring, self.now, override=self.standing.override, override_until=self.standing.override_until
        )
        return replace(self.stay(ring, reason, fresh), moved=moved, cause=cause)


def decide(evidence: Evidence, policy: PolicyBody, now: datetime, standing: Standing = FRESH) -> Verdict:
    """Place one person. Pure: the same four arguments give the same verdict, bit for bit."""
    if evidence.staff:
        return Verdict(None, None, None, Cause.AUTO, (Reason.STAFF,))
    if not evidence.personalise:  # nothing that was known, remembered or set before enters here
        evidence, standing = blank(evidence.on), FRESH
    lines = {ring: lines_of(ring, evidence, policy) for ring in ORDER}
    verdict = _by_rule(Case(lines, week(evidence.on.toordinal()), policy, now, standing))
    if standing.override is None or standing.override_until is None:
        return verdict
    if now >= standing.override_until:
        return _override_ended(verdict, standing.override)
    ring = standing.override
    return replace(
        verdict,
        ring=ring,
        moved=None,
        cause=Cause.OVERRIDE,
        reasons=(Reason.OVERRIDDEN, *verdict.reasons),
        held=lines[ring],
        gates=lines[ORDER[ring.step + 1]] if ring is not Ring.INNER else (),
    )


def _override_ended(verdict: Verdict, was: Ring) -> Verdict:
    ring = verdict.auto
    assert ring is not None
    moved = None if was is ring else Move.NEARER if ring.step > was.step else Move.FARTHER
    after = replace(verdict.standing, override=None, override_until=None)
    return replace(verdict, moved=moved, reasons=(Reason.OVERRIDE_ENDED, *verdict.reasons), standing=after)


def _by_rule(case: Case) -> Verdict:
    standing = case.standing
    if standing.ring is not None and standing.since == case.now:  # a run that is taken up again after a crash
        return case.stay(standing.ring, Reason.MOVED_IN_THIS_RUN, standing)
    if standing.ring is Ring.INNER:
        return _from_inner(case)
    if standing.ring is Ring.MIDDLE:
        return _from_middle(case)
    return _from_outer(case)


def _from_outer(case: Case) -> Verdict:
    new = case.standing.ring is None
    if met(case.lines[Ring.MIDDLE]):
        return case.move(Ring.MIDDLE, Reason.GATES_MET, Move.ARRIVED if new else Move.NEARER)
    if new:
        return case.move(Ring.OUTER, Reason.GATES_NOT_MET, Move.ARRIVED)
    return case.stay(Ring.OUTER, Reason.GATES_NOT_MET, case.standing)


def _from_middle(case: Case) -> Verdict:
    standing, leave = case.standing, case.policy.middle_exit
    assert standing.since is not None
    ready = met(case.lines[Ring.INNER])
    if standing.confirmed:
        if ready:
            return case.move(Ring.INNER, Reason.CONFIRMED, Move.NEARER, Cause.HUMAN)
        return case.stay(Ring.MIDDLE, Reason.NOT_CONFIRMED_ANY_MORE, replace(standing, confirmed=False))
    if not low(case.lines[Ring.MIDDLE]):
        calm = replace(standing, low_runs=0, low_week=0)
        held = case.stay(Ring.MIDDLE, Reason.CANDIDATE if ready else Reason.HELD_ABOVE_LOW_WATER, calm)
        return replace(held, candidate=ready)
    runs = standing.low_runs + (
        case.week > standing.low_week
    )  # a second run of one week does not count again
    counted = replace(standing, low_runs=runs, low_week=max(case.week, standing.low_week))
    if runs < leave.runs:
        return case.stay(Ring.MIDDLE, Reason.HELD_WEEKS, counted)
    if case.now - standing.since < timedelta(days=leave.stay_days):
        return case.stay(Ring.MIDDLE, Reason.HELD_MINIMUM_STAY, counted)
    return case.move(Ring.OUTER, Reason.LOW_FOR_WEEKS, Move.FARTHER)


def _from_inner(case: Case) -> Verdict:
    standing, leave, now = case.standing, case.policy.inner_exit, case.now
    assert standing.since is not None
    notice = timedelta(days=leave.notice_days)
    first = standing.since + timedelta(days=max(leave.review_days, leave.stay_days))
    due = first if standing.reviewed_at is None else standing.reviewed_at + timedelta(days=leave.review_days)
    is_low = low(case.lines[Ring.INNER])
    if now < due - notice:
        return case.stay(Ring.INNER, Reason.HELD_UNTIL_REVIEW, standing)
    if is_low and standing.announced_at is None:
        told = case.stay(Ring.INNER, Reason.HELD_NOTICE, replace(standing, announced_at=now))
        return replace(told, announce=True)
    if now < due:
        return case.stay(Ring.INNER, Reason.HELD_UNTIL_REVIEW, standing)
    if not is_low:
        return case.stay(
            Ring.INNER, Reason.REVIEW_PASSED, replace(standing, reviewed_at=now, announced_at=None)
        )
    assert standing.announced_at is not None
    if now - standing.announced_at < notice:
        return case.stay(Ring.INNER, Reason.HELD_NOTICE, standing)
    return case.move(Ring.MIDDLE, Reason.LOW_AT_REVIEW, Move.FARTHER)
