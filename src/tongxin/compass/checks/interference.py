"""Do the controls live with the treated? Shared households, ties and communities carry an effect over (R9).

A control whose household shares the discount, whose friend brings the recipe, or who sits in the same group is no
picture of life without the event. Such controls are `near`: linked to somebody who entered before the window was over.
Where more than a fifth of the control weight is near, the study is made again with far controls only.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tongxin.compass import frame as frames
from tongxin.compass import inference
from tongxin.compass.dataset import Dataset
from tongxin.compass.effects import contrast
from tongxin.compass.frame import Frame
from tongxin.compass.inference import Estimate
from tongxin.compass.kpis.base import Kpi
from tongxin.compass.match import Match
from tongxin.compass.methods import never_joiners
from tongxin.compass.panel import Panel
from tongxin.compass.population import NEVER, Population
from tongxin.compass.refusals import LEAST_TREATED
from tongxin.compass.verdict import NEAR_REFUSES, Near


@dataclass(frozen=True)
class Links:
    """When each member first had a treated neighbour.

    Attributes
    ----------
    exposed : int64 array, shape (n,)
        Earliest entry period of anybody linked to the member; `NEVER` without one.
    through : tuple of str
        Kinds of links the dataset could show: `household`, `ties`, `community`.
    """

    exposed: np.ndarray
    through: tuple[str, ...]


def links(dataset: Dataset, panel: Panel, population: Population) -> Links:
    """Find everybody's earliest treated neighbour through shared phones, ties and communities."""
    exposed = np.full(panel.members, NEVER)
    through = []
    if dataset.has("members", "phone"):
        members = dataset.tables["members"]
        rows = dataset.arrow(
            members.filter(members.phone.notnull() & (members.phone != ""))
            .select("member_code", "phone")
            .distinct()
        )
        if len(rows):
            through.append("household")
            _same_group(exposed, panel, population, rows["member_code"], rows["phone"])
    if dataset.has("ties"):
        ties = dataset.tables["ties"]
        rows = dataset.arrow(ties.select("from_member_code", "to_member_code").distinct())
        if len(rows):
            through.append("ties")
            _tied(exposed, panel, population, rows)
    groups = _communities(dataset)
    if groups is not None and len(groups):
        through.append("community")
        _same_group(exposed, panel, population, groups["member_code"], groups["community_code"])
    return Links(exposed, tuple(through))


def _places(panel: Panel, codes: pa.ChunkedArray) -> np.ndarray:
    """Index of each code in the panel, −1 where it never bought."""
    return pc.fill_null(pc.index_in(codes.combine_chunks(), panel.codes), -1).to_numpy(zero_copy_only=False)


def _tied(exposed: np.ndarray, panel: Panel, population: Population, rows: pa.Table) -> None:
    ends = [_places(panel, rows[name]) for name in ("from_member_code", "to_member_code")]
    known = (ends[0] >= 0) & (ends[1] >= 0) & (ends[0] != ends[1])
    for one, other in (ends, ends[::-1]):
        np.minimum.at(exposed, one[known], population.entry[other[known]])


def _same_group(
    exposed: np.ndarray, panel: Panel, population: Population, codes: pa.ChunkedArray, groups: pa.ChunkedArray
) -> None:
    """Expose every member of a group to the earliest entry in it (their own entry is no exposure)."""
    at = _places(panel, codes)
    group = groups.combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
    group, at = group[at >= 0], at[at >= 0]
    if not len(at):
        return
    first = np.full(int(group.max()) + 1, NEVER)
    np.minimum.at(first, group, population.entry[at])
    many = np.bincount(group) > 1
    # whoever is the first of a group is exposed to nobody by it; for a control it never matters, it entered later
    theirs = np.where(many[group] & (first[group] < population.entry[at]), first[group], NEVER)
    np.minimum.at(exposed, at, theirs)


def _communities(dataset: Dataset) -> pa.Table | None:
    """(member_code, community_code) as participation and ties show them."""
    parts = []
    if dataset.has("participation", "community_code"):
        rows = dataset.tables["participation"]
        parts.append(rows.select("member_code", "community_code"))
    if dataset.has("ties", "community_code"):
        ties = dataset.tables["ties"]
        parts += [
            ties.select(member_code=ties[end], community_code=ties.community_code)
            for end in ("from_member_code", "to_member_code")
        ]
    if not parts:
        return None
    both = parts[0]
    for part in parts[1:]:
        both = both.union(part)
    return dataset.arrow(both.filter(both.community_code.notnull()).distinct())


def near_share(found: Links, rows: Match, window: int) -> float:
    """Share of the control weight on members with a treated neighbour before the window was over."""
    if not rows.retained:
        return 0.0
    control = ~rows.treated
    near = found.exposed[rows.member[control]] <= rows.cohort[control] + window
    return float(rows.weight[control][near].sum() / rows.weight[control].sum())


def far_only(frame: Frame, found: Links) -> Frame:
    """Return the same risk sets without near controls."""
    sets = tuple(
        dataclasses.replace(
            one,
            never=one.never[found.exposed[one.never] > one.cohort + frame.window],
            later=one.later[found.exposed[one.later] > one.cohort + frame.window],
        )
        for one in frame.sets
    )
    return dataclasses.replace(frame, sets=sets)


def spillover(frame: Frame, found: Links, kpi: Kpi) -> tuple[int, Estimate | None]:
    """Treat near never-joiners as if their neighbour's entry were theirs, against far ones; (people, estimate).

    Nothing happened to them, so their "effect" is what reaches over. None under R1.
    """
    population = frame.population
    stayed = population.entry == NEVER
    pretended = dataclasses.replace(
        population, entry=np.where(stayed, found.exposed, NEVER), usable=population.usable & stayed
    )
    other = frames.frame(frame.panel, pretended, frame.design, frame.window, frame.reader)
    rows = never_joiners.choose(frame.panel, pretended, frame.design, other.sets)
    if rows.retained < LEAST_TREATED:
        return rows.retained, None
    seen = contrast(frame.reader, rows, kpi, (1, frame.window), frame.design.baseline)
    design = frame.design
    clusters = inference.clusters_for(
        population.store,
        np.unique(rows.member),
        design.cluster,
        draws=design.draws,
        seed=design.seed,
        level=design.level,
    )
    return rows.retained, clusters.estimate(rows, seen.effect, seen.influence)


def as_json(
    found: Near | None, through: tuple[str, ...], probe: tuple[int, Estimate | None]
) -> dict[str, Any]:
    """Return what stands in `checks.interference`."""
    people, seen = probe
    spill: dict[str, Any] = {
        "treated": people,
        "status": "not_testable" if seen is None else "fails" if seen.excludes_zero else "passes",
        "effect": None if seen is None else seen.value,
        "ci": None if seen is None else seen.ci,
    }
    if seen is None:
        spill["reason"] = "too_few" if through else "no_ties"
    if not through:
        return {"status": "not_testable", "reason": "no_ties", "through": [], "spillover": spill}
    if found is None:
        return {
            "status": "not_testable",
            "reason": "no_comparison",
            "through": list(through),
            "spillover": spill,
        }
    status = "passes" if not found.share > NEAR_REFUSES else "far_controls" if found.far_only else "fails"
    return {
        "status": status,
        "near_share": found.share,
        "bar": NEAR_REFUSES,
        "through": list(through),
        "spillover": spill,
    }
