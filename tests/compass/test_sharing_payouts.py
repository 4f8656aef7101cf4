"""按劳分配 exact to the fen: pools, joint work, referrals and their reversals; control arms that would pay for tricks."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongxin.compass import apportion, referral, sharing
from tongxin.compass.errors import BadInput
from tongxin.compass.referral import Purchase, Rules
from tongxin.compass.sharing import Work

WEIGHTS = st.dictionaries(
    st.text("abcdefgh", min_size=1, max_size=4), st.integers(0, 10**6), min_size=1, max_size=12
)
FRACTIONS = st.fractions(0, 50, max_denominator=997)


@given(st.integers(-(10**9), 10**9), WEIGHTS)
def test_parts_add_up_to_the_fen_and_are_never_a_fen_off(total, weights):
    whole = sum(weights.values())
    if not whole:
        if total:
            with pytest.raises(BadInput):
                apportion.hand_out(total, weights)
        else:
            assert set(apportion.hand_out(0, weights).values()) == {0}
        return
    parts = apportion.hand_out(total, weights)
    assert sum(parts.values()) == total
    for name, part in parts.items():
        assert abs(Fraction(part) - Fraction(total) * weights[name] / whole) < 1
    assert apportion.hand_out(-total, weights) == {name: -part for name, part in parts.items()}
    assert apportion.hand_out(total, dict(reversed(weights.items()))) == parts  # row order does not matter


@given(st.lists(FRACTIONS, min_size=1, max_size=8))
def test_to_whole_keeps_the_sum(values):
    named = {f"n{place}": value for place, value in enumerate(values)}
    total = sum(values, Fraction(0))
    named["rest"] = Fraction(math.ceil(total)) - total
    whole = apportion.to_whole(named)
    assert sum(whole.values()) == math.ceil(total)
    assert all(abs(whole[name] - named[name]) < 1 for name in named)


def twin_largest_remainder(total, weights):
    """Hamilton's rule in plain loops, from its description: floors, then one unit each to the largest cut-offs."""
    whole = sum(weights.values())
    parts, cut = {}, {}
    for name, weight in weights.items():
        parts[name] = total * weight // whole
        cut[name] = (total * weight) % whole
    left = total - sum(parts.values())
    while left:
        best = None
        for name in sorted(cut):
            if best is None or cut[name] > cut[best]:
                best = name
        parts[best] += 1
        cut[best] = -1
        left -= 1
    return parts


@given(st.integers(0, 10**7), WEIGHTS.filter(lambda w: sum(w.values())))
def test_against_the_twin(total, weights):
    assert apportion.hand_out(total, weights) == twin_largest_remainder(total, weights)


@pytest.mark.parametrize("weights", [{"a": 0.5}, {"a": -1}, {}])
def test_weights_are_refused_at_the_door(weights):
    with pytest.raises(BadInput):
        apportion.hand_out(1, weights)


def test_values_without_a_whole_sum_are_refused():
    with pytest.raises(BadInput, match="no whole number"):
        apportion.to_whole({"a": Fraction(1, 2)})


def test_points_follow_the_published_weights():
    work = [
        Work("wang", "post"),
        Work("wang", "host", Fraction(1, 2)),
        Work("li", "post", Fraction(1), Fraction(1, 4)),
    ]
    assert sharing.points(work, {"post": 2, "host": 11}) == {"wang": Fraction(15, 2), "li": Fraction(3, 2)}
    with pytest.raises(BadInput, match=r"work\.kind"):
        sharing.points([Work("wang", "dance")], {"post": 2})
    with pytest.raises(BadInput, match="outside"):
        sharing.points([Work("wang", "post", Fraction(2))], {"post": 2})


@given(st.integers(0, 10**8), WEIGHTS, st.integers(0, 10**6))
def test_a_pool_is_paid_out_exactly_with_and_without_a_cap(pool, earned, cap):
    free = sharing.pay(pool, earned)
    assert free.paid + free.back_to_pool == pool
    assert free.back_to_pool == (0 if sum(earned.values()) else pool)
    identity = {name: f"person {name[0]}" for name in earned}
    capped = sharing.pay(pool, earned, identity=identity, cap_fen=cap)
    assert capped.paid + capped.back_to_pool == pool
    by_person = {}
    for name, fen in capped.fen.items():
        by_person[identity[name]] = by_person.get(identity[name], 0) + fen
    assert max(by_person.values()) <= cap
    assert all(fen >= 0 for fen in capped.fen.values())


@given(st.integers(1, 10**7), st.integers(1, 10**4), st.integers(1, 10**4), st.integers(0, 10**4))
def test_splitting_an_account_brings_nothing(pool, mine, others, cut):
    """The linear rule on verified people is neutral to the last fen; the control arms below are not."""
    part = min(cut, mine)
    one = sharing.pay(pool, {"me": mine, "you": others}, identity={"me": "m", "you": "y"})
    two = sharing.pay(
        pool,
        {"me 1": part, "me 2": mine - part, "you": others},
        identity={"me 1": "m", "me 2": "m", "you": "y"},
    )
    assert two.fen["me 1"] + two.fen["me 2"] == one.fen["me"]
    strangers = sharing.pay(pool, {"me 1": part, "me 2": mine - part, "you": others})
    assert abs(strangers.fen["me 1"] + strangers.fen["me 2"] - one.fen["me"]) <= 1


def test_control_arm_a_root_rule_pays_sybils_and_a_square_rule_pays_collusion():
    def by_power(points, g):
        whole = sum(p**g for p in points)
        return [p**g / whole for p in points]

    assert sum(by_power([5] * 10 + [50], 0.5)[:10]) > 2 * by_power([50, 50], 0.5)[0] * 0.7
    assert sum(by_power([5] * 10 + [50], 1.0)[:10]) == pytest.approx(by_power([50, 50], 1.0)[0])
    assert by_power([100, 50], 2.0)[0] > sum(by_power([50, 50, 50], 2.0)[:2])


def test_a_cap_needs_verified_identities_and_a_pool_is_not_negative():
    with pytest.raises(BadInput, match="verified identity"):
        sharing.pay(100, {"a": 1}, cap_fen=10)
    with pytest.raises(BadInput, match="negative"):
        sharing.pay(-1, {"a": 1})
    # someone without points needs none
    paid = sharing.pay(100, {"a": 1, "idle": 0}, identity={"a": "A"}, cap_fen=10)
    assert (paid.fen, paid.back_to_pool, paid.capped) == ({"a": 10, "idle": 0}, 90, ("A",))


def test_an_account_name_cannot_pass_for_a_verified_person():
    paid = sharing.pay(100, {"x": 1, "a": 1}, identity={"x": "a"})
    assert paid.fen == {"a": 50, "x": 50}


def twin_shapley(players, value):
    """The definition: the mean of marginal contributions over all orders."""
    total = dict.fromkeys(players, Fraction(0))
    orders = list(itertools.permutations(players))
    for order in orders:
        here = set()
        for player in order:
            before = value(frozenset(here))
            here.add(player)
            total[player] += value(frozenset(here)) - before
    return {player: worth / len(orders) for player, worth in total.items()}


@settings(max_examples=30)
@given(st.integers(2, 5), st.integers(0, 2**30))
def test_shapley_is_the_mean_over_all_orders_and_adds_up(n, seed):
    players = [f"p{place}" for place in range(n)]
    rng = np.random.default_rng(seed)
    worth = {frozenset(): 0}
    for size in range(1, n + 1):
        for some in itertools.combinations(players, size):
            worth[frozenset(some)] = int(rng.integers(-1000, 10_000))
    joint = sharing.shapley(players, worth.__getitem__)
    assert joint.exact
    assert joint.shares == twin_shapley(players, worth.__getitem__)
    assert sum(joint.shares.values()) == joint.value == sum(joint.fen.values())
    assert all(abs(joint.fen[name] - joint.shares[name]) < 1 for name in players)


def test_the_glove_game_of_the_textbook():
    """One left glove, two right ones: 2/3, 1/6, 1/6 (Shapley's own kind of example)."""
    joint = sharing.shapley(["L", "R1", "R2"], lambda s: 600 if "L" in s and len(s) > 1 else 0)
    assert joint.shares == {"L": 400, "R1": 100, "R2": 100}


def test_many_players_are_sampled_with_standard_errors_and_still_add_up():
    weight = {f"p{place:02d}": 100 + place for place in range(14)}

    def value(some):  # additive plus a bonus once five are there
        return sum(weight[name] for name in some) + (1400 if len(some) >= 5 else 0)

    joint = sharing.shapley(list(weight), value, np.random.default_rng(5))
    assert not joint.exact
    assert sum(joint.shares.values()) == joint.value == sum(joint.fen.values()) == value(frozenset(weight))
    for name, own in weight.items():
        assert joint.se[name] > 0
        assert abs(float(joint.shares[name]) - (own + 100)) < 4.5 * joint.se[name]
    again = sharing.shapley(list(reversed(weight)), value, np.random.default_rng(5))
    assert again == joint
    with pytest.raises(BadInput, match="rng"):
        sharing.shapley(list(weight), value)


@pytest.mark.parametrize("players", [[], ["a", "a"]])
def test_shapley_wants_distinct_players(players):
    with pytest.raises(BadInput):
        sharing.shapley(players, len)


def test_shapley_wants_nothing_from_nobody():
    with pytest.raises(BadInput, match="nobody"):
        sharing.shapley(["a"], lambda s: 1)


CHAINS = st.lists(st.sampled_from("abcdef"), max_size=5).map(tuple)
ROWS = st.builds(
    Purchase,
    code=st.uuids().map(str),
    payer=st.sampled_from("uvwabc"),
    chain=CHAINS,
    margin_fen=st.integers(-500, 10**6),
    day=st.integers(0, 60),
    verified=st.booleans(),
)
RULES = st.builds(
    Rules,
    of_margin=st.fractions(0, Fraction(1, 10), max_denominator=200),
    direct=st.fractions(Fraction(8, 10), 1, max_denominator=100),
    refund_days=st.integers(0, 40),
)


@given(st.lists(ROWS, max_size=12, unique_by=lambda row: row.code), RULES, st.integers(0, 120))
def test_referrals_stay_inside_every_limit(rows, rules, today):
    lines = referral.rewards(rows, rules, today)
    assert referral.rewards(list(reversed(rows)), rules, today) == lines
    by_code = {row.code: row for row in rows}
    paid = {}
    for line in lines:
        row = by_code[line.purchase]
        assert row.verified
        assert today > row.day + rules.refund_days
        assert line.member != row.payer
        assert line.fen > 0
        paid.setdefault(line.purchase, []).append(line)
    for code, some in paid.items():
        assert len(some) <= 2
        assert 10 * sum(line.fen for line in some) <= by_code[code].margin_fen
        direct = sum(line.fen for line in some if line.role == "direct")
        assert direct + 1 > Fraction(8, 10) * sum(line.fen for line in some)
    assert len({by_code[code].payer for code in paid}) == len(paid)  # one purchase a payer


@given(ROWS, RULES, st.integers(0, 10**6), st.integers(0, 10**6))
def test_reversals_mirror_exactly_in_any_number_of_steps(row, rules, first, second):
    paid = referral.reward(row, rules)
    if row.margin_fen < 0:
        return
    once, twice = sorted((min(first, row.margin_fen), min(second, row.margin_fen)), reverse=True)
    book = [*paid, *referral.after_refund(paid, row, once, rules)]
    book += referral.after_refund(book, row, twice, rules)
    assert referral.after_refund(book, row, twice, rules) == ()
    left = Purchase(row.code, row.payer, row.chain, twice, row.day)
    due = {(line.member, line.role): line.fen for line in referral.reward(left, rules)}
    kept = {}
    for line in book:
        kept[line.member, line.role] = kept.get((line.member, line.role), 0) + line.fen
    assert {key: fen for key, fen in kept.items() if fen} == due
    book += referral.after_refund(book, row, 0, rules)
    assert sum(line.fen for line in book) == 0
    full = referral.after_refund(paid, row, 0, rules)
    assert sorted((line.member, -line.fen) for line in full) == sorted(
        (line.member, line.fen) for line in paid
    )


def test_an_invented_account_of_oneself_brings_nothing_and_nobody_earns_on_themselves():
    rules = Rules(of_margin=Fraction(1, 10))
    plain = referral.reward(Purchase("p", "friend", ("me", "boss"), 10_000, 0), rules)
    chain = ("me again", "me", "boss")
    alias = referral.reward(Purchase("p", "friend", chain, 10_000, 0), rules, {"me again": "me"})
    assert [line.fen for line in alias] == [line.fen for line in plain] == [800, 200]
    assert [line.member for line in alias] == ["me again", "boss"]
    own = Purchase("p", "me", ("me again", "boss"), 10_000, 0)
    assert referral.reward(own, rules, {"me again": "me"}) == []
    # control arm: without verified identities the trick pays
    assert sum(line.fen for line in referral.reward(own, rules) if line.member == "me again") == 800


def test_the_day_after_the_refund_window_and_not_before():
    row = Purchase("p", "c", ("b",), 10_000, day=100)
    assert referral.rewards([row], Rules(), today=130) == ()
    assert [line.fen for line in referral.rewards([row], Rules(), today=131)] == [500]


@pytest.mark.parametrize(
    "change",
    [
        {"of_margin": Fraction(11, 100)},
        {"direct": Fraction(7, 10)},
        {"direct": Fraction(11, 10)},
        {"refund_days": -1},
    ],
)
def test_rules_beyond_the_limits_are_refused(change):
    with pytest.raises(BadInput):
        Rules(**change)


def test_wrong_books_are_refused():
    row = Purchase("p", "c", ("b",), 10_000, 0)
    with pytest.raises(BadInput, match="twice"):
        referral.rewards([row, row], Rules(), 99)
    with pytest.raises(BadInput, match="larger"):
        referral.after_refund([], row, 10_001, Rules())
    with pytest.raises(BadInput, match="another"):
        referral.after_refund([referral.Line("q", "b", "direct", 1)], row, 0, Rules())
