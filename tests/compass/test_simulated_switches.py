"""Every switch does what its truth says, and nothing at all when it is off."""

import hashlib
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest

from tongxin.compass import dataset
from tongxin.compass.errors import BadInput
from tongxin.compass.simulate import switches, world
from tongxin.compass.simulate.regimes import REGIMES
from tongxin.compass.simulate.switches import SWITCHES
from tongxin.compass.simulate.switches.base import STAGES
from tongxin.compass.simulate.world import Effect

FOLDER = Path(switches.__file__).parent


def live(regime="level", effect=30.0, seed=5, members=4000, join_share=0.1, **on):
    """A world without tables; needs are switched on with them."""
    for code in list(on):
        for need in SWITCHES[code].needs:
            on.setdefault(need, SWITCHES[need].default)
    draft, _, _ = world.lived(
        regime,
        Effect(yuan=effect),
        np.random.default_rng(seed),
        members=members,
        switches=on,
        join_share=join_share,
    )
    return draft


def written(regime="level", effect=30.0, seed=5, members=1500, **on):
    for code in list(on):
        for need in SWITCHES[code].needs:
            on.setdefault(need, SWITCHES[need].default)
    return world.make(
        regime, Effect(yuan=effect), np.random.default_rng(seed), members=members, switches=on, seed=seed
    )


@pytest.fixture(scope="module")
def plain():
    return live()


@pytest.fixture(scope="module")
def plain_tables():
    return written(members=600)


def digest(made):
    found = hashlib.sha256()
    for part in (made.y0, made.y1, made.entry):
        found.update(np.ascontiguousarray(part, dtype="<i8").tobytes())
    for name, column in (("orders", "total_paid_fen"), ("order_lines", "paid_amount_fen")):
        found.update(np.ascontiguousarray(made.tables[name][column].to_numpy(), dtype="<i8").tobytes())
    for name in sorted(made.tables):
        found.update(f"{name} {made.tables[name].schema.names} {len(made.tables[name])}".encode())
    return found.hexdigest()[:16]


@pytest.mark.parametrize(
    ("regime", "effect", "seed", "expected"),
    [("null", "0", 12, "f4cc292ee51ede93"), ("level", "25%", 11, "ba71fd7896806363")],
)
def test_all_off_is_the_world_that_stood_before_there_were_switches(regime, effect, seed, expected):
    made = world.make(regime, Effect.parse(effect), np.random.default_rng(seed), members=1500, seed=seed)
    assert digest(made) == expected
    assert made.truth()["switches"] == {}


def test_one_file_a_switch_and_all_of_them_in_the_list():
    files = {path.stem for path in FOLDER.glob("*.py")} - {"__init__", "base"}
    assert files == set(SWITCHES)
    order = [STAGES.index(switch.stage) for switch in SWITCHES.values()]
    assert order == sorted(order)


@pytest.mark.parametrize("code", SWITCHES)
def test_every_switch_is_off_by_default_says_what_it_did_and_draws_from_dice_of_its_own(code, plain_tables):
    switch = SWITCHES[code]
    assert switch.least <= switch.default <= switch.most
    assert switch.zh
    assert switch.en
    made = written(members=600, **{code: switch.default})
    record = made.truth()["switches"][code]
    assert record["value"] == switch.default
    assert record["unit"] == switch.unit
    assert set(record) > {"value", "unit", "zh", "en"}, "the truth must say what it did"
    changed = digest(made) != digest(plain_tables)
    again = any(not made.tables[name].equals(plain_tables.tables.get(name)) for name in made.tables)
    assert changed or again, f"{code} changed nothing"
    # the trait is the world's own: no switch moves its dice
    assert (made.draft.trait[:600] == plain_tables.draft.trait).all() or made.draft.newcomers
    dataset.open_sources(made.tables, simulated=True)  # still canonical tables


def test_a_world_with_every_switch_on_is_the_same_when_it_is_made_again():
    everything = {code: switch.default for code, switch in SWITCHES.items()}
    one, again, other = (written(members=600, seed=seed, **everything) for seed in (5, 5, 6))
    assert set(one.truth()["switches"]) == set(SWITCHES)
    assert one.draft.newcomers > 0, "friends of those who drew lots are there as well"
    assert digest(one) == digest(again)
    assert digest(one) != digest(other), "control: other dice, another world"


# ---- untreated spending


def change(draft, plain):
    return (draft.y0 - plain.y0) / 100


def test_growth_gives_everybody_a_slope(plain):
    draft = live(growth_type=2.0)
    fitted = np.polyfit(np.arange(24), change(draft, plain).T, 1)[0]
    free = draft.y0.min(axis=1) > 0  # not clipped at zero
    assert np.corrcoef(fitted[free], draft.growth[free])[0, 1] > 0.99
    assert draft.record["growth_type"]["slope_sd_yuan_per_month"] == pytest.approx(2.0, rel=0.05)


def test_families_buy_more_in_the_holidays_and_the_same_over_the_year(plain):
    draft = live(family_season=0.25)
    gap = change(draft, plain)
    holiday = np.isin(np.arange(24) % 12, (0, 1, 6, 7))
    assert gap[draft.family][:, holiday].mean() == pytest.approx(30, rel=0.05)
    assert (gap[~draft.family] == 0).all()
    assert abs(gap[draft.family].mean()) < 1
    assert draft.record["family_season"]["families"] == draft.family.sum()


def test_each_store_has_its_own_season(plain):
    draft = live(store_season=0.15)
    gap = change(draft, plain)
    peak = np.array([gap[draft.store == s][:, :12].mean(axis=0).argmax() for s in range(draft.stores)])
    phase = np.array(draft.record["store_season"]["phase_months"])
    assert len(np.unique(peak)) > 6
    assert (np.abs(((3 - phase) % 12 - peak + 6) % 12 - 6) <= 1.01).all()


@pytest.mark.parametrize("target", [0.5, 0.7, 0.95])
def test_the_reliability_dial(target):
    draft = live("null", 0.0, members=6000, reliability=target)
    lasting = draft.level.var()
    noisy = (draft.level[:, None] + draft.noise)[:, :12].mean(axis=1).var()
    assert lasting / noisy == pytest.approx(target, abs=0.02)


def test_spikes_are_high_and_paid_back(plain):
    draft = live(spikes=0.05)
    added = draft.noise - plain.noise
    assert (added > 0).mean() == pytest.approx(0.05, abs=0.01)
    assert added[added > 0].mean() == pytest.approx(80, rel=0.1)
    assert added.mean() == pytest.approx(0.05 * 80 * 0.6, rel=0.1)


def test_the_festival_is_in_january(plain):
    gap = change(live(festival=0.4), plain)
    assert gap[:, [0, 12]].mean() == pytest.approx(48, rel=0.05)
    assert (np.delete(gap, [0, 12], axis=1) == 0).all()


def test_silent_months_have_no_spending_and_end():
    draft = live(churn=0.02)
    assert (draft.y0[draft.silent] == 0).all()
    assert draft.record["churn"]["silent_member_months"] == draft.silent.sum()
    fell = draft.silent[:, 1:] & ~draft.silent[:, :-1]
    woke = ~draft.silent[:, 1:] & draft.silent[:, :-1]
    assert fell.sum() / (~draft.silent[:, :-1]).sum() == pytest.approx(0.02, abs=0.004)
    assert woke.sum() / draft.silent[:, :-1].sum() == pytest.approx(0.08, abs=0.02)
    assert (draft.y1[draft.silent] == 0).all()


def test_prices_rise_every_month(plain):
    draft = live(inflation=0.01)
    assert draft.y0[:, 23].sum() == pytest.approx(plain.y0[:, 23].sum() * 1.01**23, rel=1e-4)
    assert draft.record["inflation"]["last_month_price_level"] == pytest.approx(1.01**23)


def test_a_hidden_shock_comes_before_the_programme_and_leans_to_joining(plain):
    draft = live(hidden_shock=20.0)
    gap = change(draft, plain)
    hit = gap[:, 20] > 0
    assert (gap[:, :11] == 0).all()
    assert gap[hit][:, 11:].mean() == pytest.approx(20, rel=0.03)
    assert draft.joined[hit].mean() > 2 * draft.joined[~hit].mean()


def test_staff_buy_more_attend_and_are_named_in_the_staff_table():
    made = written(staff_accounts=0.02)
    codes = {code for code in made.tables["staff"]["member_code"].to_pylist() if code}
    assert codes == {made.codes[i] for i in np.flatnonzero(made.draft.staff)}
    assert made.draft.joined[made.draft.staff].mean() > 0.5
    assert made.switches["staff_accounts"]["staff_members"] == len(codes)


def test_resellers_buy_in_lumps_and_are_marked_nowhere(plain):
    draft = live(resellers=0.01)
    gap = change(draft, plain)
    who = gap.max(axis=1) > 1000
    assert who.sum() == draft.record["resellers"]["resellers"]
    assert (gap[who] > 0).mean() == pytest.approx(0.4, abs=0.05)
    assert "member_code" not in written(resellers=0.01).tables["staff"].column_names


def test_stores_open_and_close_and_their_members_shop_elsewhere():
    made = written(store_changes=0.2)
    record, draft = made.switches["store_changes"], made.draft
    closed = next(iter(record["closed"]))
    month = record["closed"][closed]
    assert made.tables["stores"]["closed_on"].to_pylist()[closed].month == month % 12 + 1
    there = draft.store == closed
    assert (draft.shop[there, month - 1] == closed).all()
    assert (draft.shop[there, month:] != closed).all()
    same = live(seed=5, members=1500)
    assert draft.y0[there, month].sum() == pytest.approx(0.7 * same.y0[there, month].sum(), rel=1e-3)
    assert made.tables["stores"]["opened_on"].null_count == 48 - len(record["opened"])


# ---- who joins, and when


def lift(score, draft):
    return score[draft.joined].mean() - score[~draft.joined].mean()


def test_leaning_on_the_trait(plain):
    assert lift(plain.trait, live(join_on_trait=1.0)) > lift(plain.trait, plain) + 0.3


def test_people_join_after_a_good_month(plain):
    draft = live(join_on_shock=0.6)
    who = np.flatnonzero(draft.joined)
    before = draft.noise[who, draft.entry[who] - 1]
    calm = plain.noise[np.flatnonzero(plain.joined), plain.entry[plain.joined] - 1]
    assert before.mean() > 15
    assert abs(calm.mean()) < 6


def test_growing_people_join(plain):
    draft = live(join_on_growth=1.0)
    assert lift(draft.growth, draft) > 0.6


def test_families_join_rather_in_the_holidays():
    draft = live(join_on_family=1.2)
    assert draft.joined[draft.family].mean() > 2 * draft.joined[~draft.family].mean()
    came = draft.entry[draft.joined & draft.family] % 12
    assert np.isin(came, (0, 1, 6, 7)).mean() > 4 / 12 + 0.05


def test_champions_invite_recent_heavy_buyers(plain):
    draft = live(invitation=2.0)
    inviting = np.isin(draft.store, draft.record["invitation"]["inviting_stores"])
    quarter = draft.y0[:, 9:12].sum(axis=1)
    top = quarter >= np.quantile(quarter, 0.8)
    assert draft.joined[inviting & top].mean() > 1.5 * draft.joined[~inviting & top].mean()
    assert 0.3 < inviting.mean() < 0.7


def test_waves_bring_people_late():
    early, late = live(waves=-2.0), live(waves=2.0)
    assert early.entry[early.joined].mean() < 16
    assert late.entry[late.joined].mean() > 19
    assert early.joined.sum() == late.joined.sum() == 400


def test_entries_are_exactly_as_many_as_asked_for_and_no_show_never_joined():
    draft = live("spike", 30.0)
    assert draft.joined.sum() == 400
    assert (draft.missed >= 0).sum() == 200
    assert not (draft.joined & (draft.missed >= 0)).any()
    assert draft.entry[draft.joined].min() >= 12


# ---- around entry


def test_the_lottery_is_a_randomised_control():
    draft = live(lottery=0.5, members=12_000, join_share=0.3)
    record = draft.record["lottery"]
    lost, won = draft.lost >= 0, draft.joined
    assert record["registered"] == 3600
    assert record["won"] + record["lost_draw"] == 3600
    assert record["won"] - record["winners_who_stayed_away"] == won.sum()
    assert not (lost & won).any()
    # randomised: the trait of winners and losers differs by chance only
    gap = draft.trait[won].mean() - draft.trait[lost].mean()
    assert abs(gap) < 4 * np.sqrt(1 / won.sum() + 1 / lost.sum())
    assert (draft.y0 == draft.y1)[lost].all()


def test_the_lottery_is_written_as_registered_and_lost_draw():
    made = written(lottery=0.5)
    rows = made.tables["participation"].to_pylist()
    lost = {row["member_code"] for row in rows if row["status"] == "lost_draw"}
    assert len(lost) == made.switches["lottery"]["lost_draw"]
    events = {row["what_code"] for row in rows if row["status"] == "lost_draw"}
    assert len(events) <= 48  # one a region and month
    assert all(code.startswith("EV900") for code in events)
    entered = {row["member_code"] for row in rows if row["what_code"].startswith("EV900")}
    assert len(entered) == made.switches["lottery"]["registered"], "nobody else is at an event that was drawn"


def test_some_wait_first_and_some_cancel():
    made = written(waiting_list=0.3)
    rows = made.tables["participation"].to_pylist()
    by = {
        status: {row["member_code"] for row in rows if row["status"] == status}
        for status in ("checked_in", "no_show", "cancelled", "waitlisted", "registered")
    }
    assert by["waitlisted"] < by["checked_in"]
    assert len(by["waitlisted"]) == made.switches["waiting_list"]["waitlisted"]
    assert not by["cancelled"] & (by["checked_in"] | by["no_show"])
    assert len(by["cancelled"]) == made.switches["waiting_list"]["cancelled"] == 30
    assert by["registered"] == by["checked_in"] | by["no_show"] | by["cancelled"]


def test_a_shock_at_entry_is_untreated_spending(plain):
    draft = live(shock_at_entry=12.0)
    gap = change(draft, plain)
    after = draft.since_entry() > 0
    assert gap[after].mean() == pytest.approx(12, rel=0.02)
    assert (gap[~after] == 0).all()
    assert world.att(draft, 1, 6) == pytest.approx(world.att(plain, 1, 6), abs=0.1)


def test_campaign_coupons_reach_joiners_more_often_and_are_no_effect():
    draft, made = live(campaigns=0.2), written(campaigns=0.2)
    record = draft.record["campaigns"]
    assert record["joiners_with_coupon"] / draft.joined.sum() == pytest.approx(0.6, abs=0.08)
    assert record["others_with_coupon"] / (~draft.joined).sum() == pytest.approx(0.1, abs=0.02)
    marked = pc.equal(made.tables["orders"]["coupon_codes"], "CAMPAIGN")
    assert pc.sum(marked).as_py() > 100
    assert world.att(draft, 1, 3) == pytest.approx(30, abs=0.5)


# ---- the form of the effect


def test_an_effect_that_differs_follows_the_trait():
    draft = live(varied_effect=0.5)
    who = np.flatnonzero(draft.joined & (draft.entry < 23))
    gain = (draft.y1 - draft.y0)[who, draft.entry[who] + 1] / 100
    assert np.corrcoef(gain, draft.trait[who])[0, 1] == pytest.approx(np.sqrt(0.5), abs=0.08)
    assert gain.std() == pytest.approx(15, rel=0.15)


def path(draft):
    gain = (draft.y1 - draft.y0) / 100
    age = draft.since_entry()
    return [gain[age == e].mean() for e in range(7)]


def test_a_ramp_and_a_decay():
    assert path(live(ramp=3.0))[:5] == pytest.approx([0, 10, 20, 30, 30], abs=0.5)
    assert path(live(decay=2.0))[1:6:2] == pytest.approx([30, 15, 7.5], abs=0.5)


def per_order(made):
    orders = np.zeros(made.y1.shape, dtype=int)
    np.add.at(orders, (made.draft.order_member, made.draft.order_month), 1)
    after = made.draft.since_entry() > 0
    return orders[after].mean(), made.y1[after].sum() / orders[after].sum()


def test_the_gain_fills_baskets_instead_of_bringing_people_more_often():
    often, large = per_order(written(effect=120.0)), per_order(written(effect=120.0, on_basket=1.0))
    assert often[0] > 1.4 * large[0]
    assert large[1] > 1.4 * often[1]


def own_share(made):
    lines = made.tables["order_lines"]
    own = pc.starts_with(lines["sku"], "OWN")
    place = pc.index_in(
        lines["order_no"].combine_chunks(), made.tables["orders"]["order_no"].combine_chunks()
    )
    row = place.to_numpy(zero_copy_only=False).astype(int)
    after = made.draft.since_entry()[made.draft.order_member, made.draft.order_month][row] > 0
    fen = lines["paid_amount_fen"].to_numpy()
    return fen[after & own.to_numpy()].sum() / fen[after].sum()


def test_the_gain_goes_to_the_own_brand():
    gain = 120.0
    without, with_ = own_share(written(effect=gain)), own_share(written(effect=gain, on_mix=0.8))
    assert with_ > without + 0.2


def test_joiners_convert_to_paid_membership():
    draft = live(on_paid=0.03)
    record = draft.record["on_paid"]
    assert record["joiners_converted_with"] > 1.5 * record["joiners_converted_without"]
    made = written(on_paid=0.03)
    assert len(made.tables["memberships"]) > len(written().tables["memberships"])


def test_joining_fills_silent_months():
    draft = live(on_churn=0.5, churn=0.03)
    after = draft.silent & (draft.since_entry() > 0)
    kept = draft.y1[after] > 0
    assert kept.mean() == pytest.approx(0.5, abs=0.1)
    assert (draft.y1[draft.silent & (draft.since_entry() <= 0)] == 0).all()


def test_the_voucher_is_a_sale_in_month_zero_only(plain):
    draft = live(voucher=39.0)
    age = draft.since_entry()
    assert ((draft.y1 - plain.y1)[age == 0] == 3900).all()
    assert (draft.y1 == plain.y1)[age != 0].all()
    assert draft.record["voucher"]["cost_yuan"] == 39.0 * 400


def test_pulling_forward_moves_and_gains_nothing(plain):
    draft = live(pull_forward=0.3)
    assert draft.y1.sum() == plain.y1.sum()
    moved = draft.y1 - plain.y1
    age = draft.since_entry()
    assert (moved[age == 1] >= 0).all()
    assert (moved[np.isin(age, (2, 3))] <= 0).all()
    assert -moved[moved < 0].sum() == draft.record["pull_forward"]["moved_fen"]


def test_the_chain_gains_less_than_the_store():
    made = written(cannibalisation=0.4)
    record = made.switches["cannibalisation"]
    assert record["chain_gain_yuan_per_month"] == pytest.approx(
        0.6 * record["store_gain_yuan_per_month"], rel=0.06
    )  # a member cannot lose more online than was bought there
    assert made.att(1, 3) == pytest.approx(record["chain_gain_yuan_per_month"], rel=0.05)
    orders = made.tables["orders"]
    assert pc.sum(orders["total_paid_fen"]).as_py() == made.y1.sum()
    online = pc.equal(orders["channel"], "delivery").combine_chunks().to_numpy(zero_copy_only=False)
    assert orders["total_paid_fen"].to_numpy()[online].sum() == made.draft.online.sum()


def test_friends_of_participants_gain_a_share(plain):
    draft = live(spillover=0.3)
    extra = draft.y1 - plain.y1
    never = ~draft.joined
    assert extra[never].max() > 0
    start, friend, _, kind = draft.ties[0]
    assert kind == "reply"
    assert (draft.store[start] == draft.store[friend]).all()
    reached = (extra[never] > 0).any(axis=1).mean()
    assert reached == pytest.approx(draft.record["spillover"]["never_joiners_reached_share"])
    assert "ties" in written(spillover=0.3).tables


def test_referred_members_would_not_exist_otherwise(plain):
    draft = live(referral=0.2)
    n = draft.newcomers
    assert n == draft.record["referral"]["newcomers"] == pytest.approx(80, abs=25)
    assert draft.members == 4000 + n
    assert (draft.y0[-n:] == 0).all()
    assert (draft.y1[:4000] == plain.y1).all()
    made = written(referral=0.2)
    assert pc.sum(made.tables["orders"]["total_paid_fen"]).as_py() == made.y1.sum()
    assert made.tables["ties"]["kind"].unique().to_pylist() == ["referral"]


# ---- what the tables show of it


def test_fewer_ids_are_missing_after_joining():
    made = written(missing_ids=0.3, members=4000)
    record = made.switches["missing_ids"]
    assert made.tables["orders"]["member_code"].null_count == record["orders_without_id"]
    assert record["share_before"] == pytest.approx(0.3, abs=0.01)
    assert record["share_after_entry"] == pytest.approx(0.15, abs=0.02)
    assert pc.sum(made.tables["orders"]["total_paid_fen"]).as_py() == made.y1.sum()


def test_double_accounts_share_one_persons_orders():
    made = written(duplicates=0.05)
    pairs = made.switches["duplicates"]["pairs"]
    codes = set(made.tables["orders"]["member_code"].to_pylist())
    assert len(pairs) == pytest.approx(75, abs=30)
    assert set(pairs) <= codes
    assert set(made.tables["members"]["member_code"].to_pylist()) >= set(pairs) | set(pairs.values())


def test_spending_after_refunds_is_what_the_truth_says():
    made = written(refunds=0.05)
    orders, lines, refunds = (made.tables[name] for name in ("orders", "order_lines", "refunds"))
    back = pc.sum(refunds["amount_fen"]).as_py()
    assert pc.sum(orders["total_paid_fen"]).as_py() - back == made.y1.sum()
    assert pc.sum(lines["paid_amount_fen"]).as_py() - back == made.y1.sum()
    record = made.switches["refunds"]
    assert record["refunds"] == len(refunds)
    assert record["refunded_fen"] == back
    assert record["late"] / record["refunds"] == pytest.approx(0.5, abs=0.1)


def test_the_tier_looks_at_what_happened_after_joining():
    made = written(ring_promotion=0.2, effect=60.0)
    record = made.switches["ring_promotion"]
    tiers = made.tables["members"]["tier"].to_pylist()
    assert tiers.count("核心") == record["core_members"] == pytest.approx(300, abs=3)
    assert record["core_share_of_joiners"] > 1.5 * record["core_share_of_others"]
    both = written(ring_promotion=0.2, duplicates=0.05)
    assert both.tables["members"]["tier"].null_count == len(both.switches["duplicates"]["pairs"])


def test_the_contented_answer_more_often():
    made = written(survey=0.4, members=4000)
    record = made.switches["survey"]
    assert record["answered"] == len(made.tables["surveys"])
    assert record["nps_of_answers"] > record["nps_of_all"] + 10
    fair = written(survey=0.0, members=4000).switches["survey"]
    assert abs(fair["nps_of_answers"] - fair["nps_of_all"]) < 6


# ---- asking for them


def test_a_switch_is_read_with_or_without_a_value():
    assert switches.parse("spikes") == ("spikes", 0.05)
    assert switches.parse("spikes = 0.2") == ("spikes", 0.2)
    with pytest.raises(BadInput) as error:
        switches.parse("luck=3")
    assert error.value.faults[0].allowed == tuple(SWITCHES)
    with pytest.raises(BadInput, match="much"):
        switches.parse("spikes=much")


def test_values_out_of_range_and_missing_needs_are_named_together():
    with pytest.raises(BadInput) as error:
        world.lived(
            "level",
            Effect(),
            np.random.default_rng(0),
            switches={"spikes": 7.0, "join_on_growth": 1.0, "luck": 1.0},
        )
    said = [f"{fault.where} {fault.found}" for fault in error.value.faults]
    assert said == ["--with spikes 7", "--with join_on_growth growth_type is off", "--with 'luck'"]


@pytest.mark.parametrize("code", REGIMES)
def test_every_regime_is_a_combination_of_switches(code):
    regime = REGIMES[code]
    assert not switches.check(regime.switches)
    effect = 30.0 if regime.effect_allowed else 0.0
    draft = live(code, effect, members=2000)
    assert set(draft.record) == {name for name in regime.switches if SWITCHES[name].stage != "records"}
    assert world.att(draft, 1, 6) == pytest.approx(effect, abs=0.6)
