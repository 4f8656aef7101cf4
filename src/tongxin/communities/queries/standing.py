"""Where applicants stand: the facts that their gates ask for, looked up for one or for fifty in the same few questions."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Count, Exists, F, Max, OuterRef, Q

from tongxin.commerce import queries as commerce
from tongxin.commerce.models import Membership as PaidPeriod
from tongxin.commerce.terms import PromiseState
from tongxin.communities.gates import GATES
from tongxin.communities.models import Acceptance, Application, Decision, GateRow, RuleSet
from tongxin.communities.rules.standing import Way, compose
from tongxin.foundation import clock
from tongxin.people import queries as people
from tongxin.people.models import Deed

ROOM = "communities"
FEES = {
    PromiseState.OPEN: "fee_due",
    PromiseState.PAID: "paid",
    PromiseState.GRANTED: "paid",
    PromiseState.LAPSED: "paid",
}


@dataclass(frozen=True)
class Looked:
    """The facts of one application (rules/standing.py: Facts)."""

    said: dict[str, dict[str, str]]
    decided: dict[str, bool]
    invited: bool
    paid: bool
    fee: str = ""
    did: dict[str, int] = field(default_factory=dict)

    def answers(self, gate: str) -> dict[str, str]:
        """What the applicant has said at a gate."""
        return self.said.get(gate, {})

    def decision(self, gate: str) -> bool | None:
        """What the community has decided at a gate."""
        return self.decided.get(gate)

    def deeds(self, kind: str) -> int:
        """How often the book has this deed of them and it was not taken back."""
        return self.did.get(kind, 0)


def said(application: Application) -> dict[str, dict[str, str]]:
    """Gate → question → answer."""
    return json.loads(application.answers) if application.answers else {}


def gates_of(community: int) -> list[GateRow]:
    """The gates of a community in their order."""
    return list(GateRow.objects.filter(community=community).order_by("place"))


def way_of(application: Application) -> Way:
    """Every step of an application, as both sides see it."""
    return ways_of([application])[application.pk]


def ways_of(rows: Sequence[Application]) -> dict[int, Way]:
    """The same for many, by the key of the application."""
    if not rows:
        return {}
    gates: dict[int, list[GateRow]] = {}
    for gate in GateRow.objects.filter(community__in={row.community_id for row in rows}).order_by("place"):
        gates.setdefault(gate.community_id, []).append(gate)
    every = [gate for found in gates.values() for gate in found]
    root = people.behind(row.person_id for row in rows)  # entry → the person who applied
    decided: dict[int, dict[str, bool]] = {}
    for key, gate_code, yes in Decision.objects.filter(application__in=rows).values_list(
        "application", "gate", "yes"
    ):
        decided.setdefault(key, {})[gate_code] = yes
    paid = _paid(root) if any(gate.gate == "paid" for gate in every) else frozenset()
    fees = _fees(rows) if any("fee_fen" in gate.settings for gate in every) else {}
    did = _did(root, {str(gate.settings["deed"]) for gate in every if "deed" in gate.settings})
    needs, has = _needs(rows), _has(rows, root)
    ways = {}
    for row in rows:
        facts = Looked(
            said=said(row),
            decided=decided.get(row.pk, {}),
            invited=row.invitation_id is not None,
            paid=row.person_id in paid,
            fee=fees.get(row.pk, ""),
            did=did.get(row.person_id, {}),
        )
        steps = [GATES[gate.gate].stand(gate.settings, facts) for gate in gates.get(row.community_id, ())]
        accepted = has.get((row.community_id, row.person_id), 0) >= needs.get(row.community_id, 0)
        ways[row.pk] = compose(steps, rules_accepted=accepted)
    return ways


def _paid(root: dict[int, int]) -> frozenset[int]:
    """Whose paid membership of the chain runs now."""
    now = clock.now()
    found = PaidPeriod.objects.filter(
        Q(ended_at=None) | Q(ended_at__gt=now), customer__in=root, started_at__lte=now
    )
    return frozenset(root[entry] for entry in found.values_list("customer", flat=True))


def _fees(rows: Sequence[Application]) -> dict[int, str]:
    """How the joining fees of these applications stand."""
    held = commerce.promises_for((ROOM, str(row.public_id)) for row in rows)
    return {
        row.pk: FEES[card.state]
        for row in rows
        if (card := held.get((ROOM, str(row.public_id)))) is not None and card.state in FEES
    }


def _did(root: dict[int, int], kinds: Iterable[str]) -> dict[int, dict[str, int]]:
    wanted = set(kinds)
    if not wanted:
        return {}
    found: dict[int, dict[str, int]] = {}
    rows = (
        Deed.objects.filter(person__in=root, kind__in=wanted, reverses=None)
        .exclude(Exists(Deed.objects.filter(reverses=OuterRef("pk"))))
        .values("person", "kind")
        .annotate(n=Count("pk"))
    )
    for one in rows:
        kept = found.setdefault(root[one["person"]], {})
        kept[one["kind"]] = kept.get(one["kind"], 0) + one["n"]
    return found


def _needs(rows: Sequence[Application]) -> dict[int, int]:
    found = RuleSet.objects.filter(
        community__in={row.community_id for row in rows}, mandatory=True, takes_effect_at__lte=clock.now()
    )
    return dict(found.values("community").annotate(n=Max("number")).values_list("community", "n"))


def _has(rows: Sequence[Application], root: dict[int, int]) -> dict[tuple[int, int], int]:
    found: dict[tuple[int, int], int] = {}
    accepted = Acceptance.objects.filter(
        person__in=root, ruleset__community__in={row.community_id for row in rows}
    ).annotate(community=F("ruleset__community"), number=F("ruleset__number"))
    for entry, community, number in accepted.values_list("person", "community", "number"):
        key = (community, root[entry])
        found[key] = max(found.get(key, 0), number)
    return found
