"""The visible list of switches: a new one is one file here and one line below. All are off by default."""

from __future__ import annotations

from collections.abc import Mapping

from tongxin.compass.errors import BadInput, Fault
from tongxin.compass.simulate.switches import (
    campaigns,
    cannibalisation,
    churn,
    decay,
    duplicates,
    family_season,
    festival,
    growth_type,
    hidden_shock,
    inflation,
    invitation,
    join_on_family,
    join_on_growth,
    join_on_shock,
    join_on_trait,
    lottery,
    missing_ids,
    on_basket,
    on_churn,
    on_mix,
    on_paid,
    pull_forward,
    ramp,
    referral,
    refunds,
    reliability,
    resellers,
    ring_promotion,
    shock_at_entry,
    spikes,
    spillover,
    staff_accounts,
    store_changes,
    store_season,
    survey,
    varied_effect,
    voucher,
    waiting_list,
    waves,
)
from tongxin.compass.simulate.switches.base import STAGES, Switch

SWITCHES: dict[str, Switch] = {
    switch.code: switch
    for switch in (
        reliability.SWITCH,
        spikes.SWITCH,
        growth_type.SWITCH,
        family_season.SWITCH,
        store_season.SWITCH,
        festival.SWITCH,
        churn.SWITCH,
        hidden_shock.SWITCH,
        staff_accounts.SWITCH,
        resellers.SWITCH,
        store_changes.SWITCH,
        inflation.SWITCH,
        join_on_trait.SWITCH,
        join_on_shock.SWITCH,
        join_on_growth.SWITCH,
        join_on_family.SWITCH,
        invitation.SWITCH,
        waves.SWITCH,
        lottery.SWITCH,
        waiting_list.SWITCH,
        shock_at_entry.SWITCH,
        campaigns.SWITCH,
        varied_effect.SWITCH,
        ramp.SWITCH,
        decay.SWITCH,
        on_basket.SWITCH,
        on_mix.SWITCH,
        on_paid.SWITCH,
        on_churn.SWITCH,
        pull_forward.SWITCH,
        cannibalisation.SWITCH,
        spillover.SWITCH,
        voucher.SWITCH,
        referral.SWITCH,
        duplicates.SWITCH,
        missing_ids.SWITCH,
        refunds.SWITCH,
        ring_promotion.SWITCH,
        survey.SWITCH,
    )
}


def parse(given: str) -> tuple[str, float]:
    """Read one `NAME` or `NAME=VALUE`.

    >>> parse("spikes=0.1"), parse("voucher")
    (('spikes', 0.1), ('voucher', 39.0))
    """
    name, _, text = given.partition("=")
    name = name.strip()
    if name not in SWITCHES:
        raise BadInput.one("--with", repr(name), tuple(SWITCHES))
    if not text.strip():
        return name, SWITCHES[name].default
    try:
        return name, float(text)
    except ValueError as error:
        raise BadInput.one(f"--with {name}", repr(text), (f"a number: {SWITCHES[name].unit}",)) from error


def check(on: Mapping[str, float]) -> list[Fault]:
    """Return what is wrong with a choice of switches: unknown, out of range, or one that it needs is off."""
    faults = []
    for name, value in on.items():
        if name not in SWITCHES:
            faults.append(Fault("--with", repr(name), tuple(SWITCHES)))
            continue
        switch = SWITCHES[name]
        if not switch.least <= value <= switch.most:
            allowed = f"{switch.least:g} to {switch.most:g} ({switch.unit})"
            faults.append(Fault(f"--with {name}", f"{value:g}", (allowed,)))
        faults += [
            Fault(f"--with {name}", f"{need} is off", (f"--with {need}",))
            for need in switch.needs
            if need not in on
        ]
    return faults


def in_order(on: Mapping[str, float], stage: str) -> list[tuple[Switch, float]]:
    """Switches of one stage that are on, in the order of the list."""
    return [(switch, on[code]) for code, switch in SWITCHES.items() if code in on and switch.stage == stage]


__all__ = ["STAGES", "SWITCHES", "Switch", "check", "in_order", "parse"]
