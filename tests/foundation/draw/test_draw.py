"""P31: a draw that anybody recomputes, and every way to cheat shows."""

import copy
import hashlib
import uuid

import pytest
from django.db import connection

from foundation.racing import in_threads
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.draw import rules
from tongxin.foundation.draw.actions import commit, reveal
from tongxin.foundation.draw.models import Draw
from tongxin.foundation.draw.queries import document, waiting_list
from tongxin.foundation.draw.rules import verify
from tongxin.foundation.draw.terms import FAULTS, REFUSALS, Fault
from tongxin.foundation.errors import Refused

MEI = Viewer(account=1, name="mei")
TICKETS = [f"ticket-{n}" for n in range(40)]


def by_hand(tickets, seed, beacon, n):
    """The recipe of the docs, written a second time with other means."""
    listed = hashlib.sha256("\n".join(sorted(tickets)).encode()).hexdigest()
    hashed = {t: hashlib.sha256(f"{seed}\n{beacon}\n{listed}\n{t}".encode()).hexdigest() for t in tickets}
    return [t for t, _ in sorted(hashed.items(), key=lambda pair: pair[1])][:n]


def published(beacon=True):
    seed, tickets = "5e" * 32, sorted(TICKETS)
    ruled = {"winners": 3, "prize": "cake"} | ({"beacon": "SSE close 2026-03-06"} if beacon else {})
    listed, fixed = rules.entrants_hash(tickets), rules.rules_hash(ruled)
    value = "3346.72" if beacon else ""
    return {
        "schema": rules.SCHEMA, "id": "d", "title": "t", "committed_at": "2026-03-05T04:00:00+00:00",
        "commitment": rules.commitment(draw="d", seed=seed, entrants=listed, rules=fixed), "entrants": tickets,
        "entrants_hash": listed, "rules": ruled, "rules_hash": fixed, "revealed_at": None, "seed": seed, "beacon": value,
        "winners": by_hand(tickets, seed, value, 3),
    }  # fmt: skip


def test_an_honest_draw_verifies_by_a_recipe_written_twice():
    document = published()
    assert verify(document) == rules.Verdict(
        ok=True, faults=(), winners=tuple(document["winners"]), beacon=True
    )
    assert verify(document, published=document["commitment"]).ok
    assert verify(published(beacon=False)).beacon is False


CHEATS = [
    ("another winner", lambda d: d["winners"].__setitem__(0, "ticket-1" if d["winners"][0] != "ticket-1" else "ticket-2"), {Fault.WINNERS}),
    ("winners in another order", lambda d: d["winners"].reverse(), {Fault.WINNERS}),
    ("one winner more", lambda d: d["winners"].append("ticket-1"), {Fault.WINNERS}),
    ("an entrant slipped in", lambda d: d["entrants"].append("friend"), {Fault.ENTRANTS, Fault.WINNERS}),
    ("an entrant twice", lambda d: d.update(entrants=[*d["entrants"], "ticket-1"]), {Fault.ENTRANTS, Fault.WINNERS}),
    ("another seed", lambda d: d.update(seed="6e" * 32), {Fault.COMMITMENT, Fault.WINNERS}),
    ("another prize", lambda d: d["rules"].update(prize="crumbs"), {Fault.RULES}),
    ("the public value left out", lambda d: d.update(beacon=""), {Fault.BEACON, Fault.WINNERS}),
    ("another public value", lambda d: d.update(beacon="1"), {Fault.WINNERS}),
    ("another draw's id", lambda d: d.update(id="e"), {Fault.COMMITMENT}),
]  # fmt: skip


@pytest.mark.parametrize(("what", "cheat", "faults"), CHEATS, ids=[row[0] for row in CHEATS])
def test_every_cheat_shows(what, cheat, faults):
    document = copy.deepcopy(published())
    cheat(document)
    verdict = verify(document)
    assert not verdict.ok
    assert set(verdict.faults) == faults


def test_a_draw_rebuilt_from_scratch_shows_only_beside_the_published_commitment():
    noted, rebuilt = published()["commitment"], published()
    rebuilt["seed"] = "77" * 32
    rebuilt["commitment"] = rules.commitment(
        draw="d", seed=rebuilt["seed"], entrants=rebuilt["entrants_hash"], rules=rebuilt["rules_hash"]
    )
    rebuilt["winners"] = by_hand(rebuilt["entrants"], rebuilt["seed"], rebuilt["beacon"], 3)
    assert verify(rebuilt).ok  # control: this is why a commitment must be published first
    assert verify(rebuilt, published=noted).faults == (Fault.PUBLISHED,)


@pytest.mark.parametrize(
    "document",
    [None, [], "x", {}, {"schema": rules.SCHEMA}, published() | {"rules": {"winners": "3"}}, published() | {"rules": {"winners": 0}},
     published() | {"rules": []}, published() | {"entrants": [1]}, published() | {"seed": None}, published() | {"winners": None}],
)  # fmt: skip
def test_what_is_no_draw(document):
    assert verify(document).faults == (Fault.SHAPE,)


def test_not_revealed_yet():
    assert verify(published() | {"seed": "", "winners": []}).faults == (Fault.NOT_REVEALED,)


def test_everybody_has_the_same_chance():
    """20,000 draws of 1 among 8: each within 5 standard deviations of 2,500 (5 · 46.8)."""
    won = dict.fromkeys("abcdefgh", 0)
    for seed in range(20_000):
        won[rules.winners(list(won), seed=str(seed), n=1)[0]] += 1
    assert all(abs(count - 2500) < 234 for count in won.values())


@pytest.mark.django_db
def test_commit_then_reveal(noon):
    made = commit(viewer=MEI, title="春日烘焙", entrants=TICKETS, rules={"winners": 5, "beacon": "SSE"})
    before = document(made.public_id)
    assert (before["seed"], before["winners"], waiting_list(made.public_id)) == ("", [], ())
    assert verify(before).faults == (Fault.NOT_REVEALED,)
    with connection.cursor() as cursor:
        cursor.execute("SELECT seed FROM draw_draw")
        assert made.seed not in cursor.fetchone()[0]
    with pytest.raises(Refused) as refused:
        reveal(viewer=MEI, public_id=made.public_id)
    assert refused.value.code == "draw.beacon_needed"
    reveal(viewer=MEI, public_id=made.public_id, beacon="3346.72")
    after = document(made.public_id)
    assert verify(after, published=before["commitment"]).ok
    assert (len(after["winners"]), len(waiting_list(made.public_id))) == (5, 35)
    assert set(after["winners"]) | set(waiting_list(made.public_id)) == set(TICKETS)
    assert {k: after[k] for k in ("commitment", "entrants_hash", "rules_hash")} == {
        k: before[k] for k in ("commitment", "entrants_hash", "rules_hash")
    }
    assert list(Entry.objects.order_by("id").values_list("act", flat=True)) == [
        "draw.committed",
        "draw.revealed",
    ]


@pytest.mark.django_db
def test_a_reveal_happens_once():
    made = commit(viewer=MEI, title="t", entrants=TICKETS, rules={"winners": 50})
    first = reveal(viewer=MEI, public_id=made.public_id)
    assert reveal(viewer=MEI, public_id=made.public_id).winners == first.winners
    assert len(first.winners) == 40  # more prizes than people
    with pytest.raises(Refused) as refused:
        reveal(viewer=MEI, public_id=made.public_id, beacon="another")
    assert refused.value.code == "draw.other_beacon"
    assert Entry.objects.filter(act="draw.revealed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_reveals_at_once_agree():
    made = commit(viewer=MEI, title="t", entrants=TICKETS, rules={"winners": 5, "beacon": "x"})

    def work(n):
        try:
            return reveal(viewer=MEI, public_id=made.public_id, beacon=str(n)).beacon
        except Refused as refused:
            return refused.code

    answers = in_threads(work, 6)
    assert sorted(answers)[1:] == ["draw.other_beacon"] * 5
    assert Draw.objects.get().beacon == min(answers)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("entrants", "ruled", "code"),
    [([], {"winners": 1}, "draw.nobody"), (["a", "a"], {"winners": 1}, "draw.nobody"), (["a"], {}, "draw.no_winners"),
     (["a"], {"winners": 0}, "draw.no_winners"), (["a"], {"winners": "2"}, "draw.no_winners")],
)  # fmt: skip
def test_bad_draws_are_refused(entrants, ruled, code):
    with pytest.raises(Refused) as refused:
        commit(viewer=MEI, title="t", entrants=entrants, rules=ruled)
    assert refused.value.code == code
    assert not Draw.objects.exists()


@pytest.mark.django_db
def test_unknown_draws_are_absent():
    for ask in (document, waiting_list, lambda key: reveal(viewer=MEI, public_id=key)):
        with pytest.raises(Refused) as refused:
            ask(uuid.uuid4())
        assert refused.value.code == "absent"


def test_words():
    assert set(FAULTS) == set(Fault)
    assert set(REFUSALS) == {"draw.nobody", "draw.no_winners", "draw.beacon_needed", "draw.other_beacon"}
