"""What waits on the desk of the simulated chain's headquarters: steps that do not work, a plan to approve, people for the inner ring."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tongxin.faces.cli.demo_chain_people import Chain
from tongxin.faces.cli.demo_life import BUILDER
from tongxin.foundation import clock
from tongxin.foundation.access import Grant, Viewer
from tongxin.foundation.errors import Refused
from tongxin.kits import actions as kits
from tongxin.kits import queries as kit_queries
from tongxin.outreach.actions.plans import plan_message
from tongxin.outreach.terms import MessageClass
from tongxin.people import queries as people
from tongxin.rings import actions as rings
from tongxin.rings import queries as ring_queries

LESSON = "little-baker"
# Of every hundred candidates so many are asked, and so many of those who are asked have said yes.
ASKED, SAID_YES = 70, 80
SAID = (
    (3, "outline.icing", "糖霜要等二十分钟才干，孩子等不住"),
    (18, "checklist.oven", "烤箱和面包房合用，早上腾不出来"),
    (33, "materials.apron", "儿童围裙只有八条"),
)


def build(now: datetime, chain: Chain, headquarters: Viewer) -> dict[str, int]:
    """By the actions, at this moment; answers how many of each. Who is asked into the inner ring is asked by a named person."""
    with clock.held(now):
        return {"reports": _reports(chain), "plans": _plan(headquarters, now), **_inner(headquarters)}


def _reports(chain: Chain) -> int:
    kit = next(row.kit for row in kit_queries.kits_for(BUILDER, limit=100).items if row.kit.code == LESSON)
    version = kit_queries.version_to_take(BUILDER, kit.public_id, None)
    there = [one for one in SAID if one[0] < len(chain.stores)]
    for store, step, sentence in there:
        kits.report_step(
            viewer=BUILDER,
            version_id=version.public_id,
            store=chain.stores[store],
            step=step,
            sentence=sentence,
        )
    return len(there)


def _plan(headquarters: Viewer, now: datetime) -> int:
    plan_message(
        viewer=headquarters,
        message_class=MessageClass.COMMUNITY,
        channel="inbox",
        audience="ring",
        audience_key="all:middle",
        title="下周的小小烘焙师",
        text="下周六上午，各店的烘焙坊都开炉。带孩子来的，记得穿方便卷袖子的衣服。",
        expires_at=now + timedelta(days=4),
    )
    return 1


def _inner(headquarters: Viewer) -> dict[str, int]:
    """Some candidates are invited, and most of them say yes."""
    counts = {"invited": 0, "inner": 0}
    found = ring_queries.candidates(headquarters)
    for n, one in enumerate(found):
        if n * 100 // max(1, len(found)) >= ASKED:
            break
        try:
            made = rings.invite(
                viewer=headquarters, customer=one.customer, reason="常来，也常帮新邻居解答", seat=True
            )
        except Refused:  # the inner ring of the store is full
            continue
        counts["invited"] += 1
        if n * 37 % 100 < SAID_YES:
            rings.accept(viewer=_themselves(one.customer), invitation=made.public_id, seat=True)
            counts["inner"] += 1
    return counts


def _themselves(customer: Any) -> Viewer:
    person = people.access_customer(BUILDER, customer).pk
    return Viewer(account=None, name="member", person=person, grants=(Grant("member"),))
