"""What a study asks, fixed before it is answered: `Design`.

A design is data: it comes from a TOML file or from `default_for(dataset)`, it is fingerprinted, and a design
that was registered before its windows closed is marked so.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from tongxin.compass import carried
from tongxin.compass import costs as stated
from tongxin.compass.choices import CHOICES
from tongxin.compass.costs import NOT_STATED, Costs
from tongxin.compass.dataset import Dataset
from tongxin.compass.errors import BadInput, Fault
from tongxin.compass.kpis import CORE, KPIS
from tongxin.compass.periods import DAYS_PER_MONTH, UNITS, calendar_for
from tongxin.compass.sentence import Words

Unit = Literal["week", "four_weeks", "month"]
TREATED_KINDS = ("campaign", "event", "kit", "community")
STRATA = ("store", "tenure", "paid", "season")
CLUSTERS = ("store", "member")


@dataclass(frozen=True)
class Design:
    """One study, fixed beforehand. Every period is counted in `period` units, relative to the entry period 0.

    Attributes
    ----------
    treated : str
        `participation` (any first checked-in participation) or `campaign:ID`, `event:ID`, `kit:ID`,
        `community:ID`.
    period : {"week", "four_weeks", "month"}
    baseline : tuple of int
        First and last baseline period, e.g. (-12, -3). Early part for the split window: `early`.
    donut : int
        Periods just before entry that are left out (people join after a good month).
    windows : tuple of int
        Follow-up windows 1..w; fixed in advance. The last is the primary one.
    min_tenure : int
        Periods of membership (or of known purchases) a member needs before entry.
    min_cohort : int
        A cohort enters with at least that many treated; 1 pools all cohorts.
    negative_control : str
        Category that the treatment cannot move.
    registered_on : date, optional
        Day on which the design was registered.
    discount : float
        Yearly rate at which a value over months is discounted.
    costs : Costs
        What the programme cost; unknown unless stated.
    threshold : float, optional
        Smallest effect on the primary figure that matters to the business, in its own unit (yuan per member and
        month for spend). R1 and the placebo's equivalence are read against it.
    threshold_share : float
        The same as a share of the level without joining, for every figure without a threshold of its own.
    return_days : int
        Days in which a purchase can come back; a window is closed only after them (where refunds are known).
    kind : str
        Which of `designs.DESIGNS` answers. The fields after it are read by some of them only: `unit`,
        `holdout_share` (planned share held out; 0 = not stated), `interval` and `cuped` by those where a lot decided;
        `nearness`, `replacement`, `caliper` (in deviations of the logit; 0 = none) by `nearest`; `bins` (0 = by
        Sturges) by `coarsened`; `comparison` and `estimator` by `group_time`.
    """

    treated: str = "participation"
    period: Unit = "month"
    baseline: tuple[int, int] = (-12, -3)
    early: tuple[int, int] = (-12, -8)
    donut: int = 2
    windows: tuple[int, ...] = (3, 6)
    strata: tuple[str, ...] = STRATA
    min_tenure: int = 12
    min_cohort: int = 20
    min_controls: int = 5
    level: float = 0.95
    seed: int = 20260307
    draws: int = 999
    primary: str = "spend_per_month"
    kpis: tuple[str, ...] = CORE
    negative_control: str = ""
    cluster: str = "store"
    registered_on: date | None = None
    threshold: float | None = None
    threshold_share: float = 0.05
    return_days: int = 7
    title: str = ""
    discount: float = 0.08
    costs: Costs = NOT_STATED
    kind: str = "two_control"
    unit: str = "member"
    holdout_share: float = 0.0
    interval: str = "fixed"
    cuped: bool = True
    nearness: str = "propensity"
    replacement: bool = True
    caliper: float = 0.2
    bins: int = 0
    comparison: str = "never"
    estimator: str = "none"

    def __post_init__(self) -> None:
        faults = list(_faults(self))
        if faults:
            raise BadInput(faults)

    @property
    def horizon(self) -> int:
        """Longest window."""
        return max(self.windows)

    @property
    def window_months(self) -> tuple[float, ...]:
        """Windows in months, one decimal.

        >>> Design(period="four_weeks", windows=(3,)).window_months
        (2.8,)
        """
        return tuple(round(window * UNITS[self.period] / DAYS_PER_MONTH, 1) for window in self.windows)

    def as_json(self) -> dict[str, Any]:
        """Return the design as plain JSON values, in a fixed order."""
        plain: dict[str, Any] = {}
        for item in dataclasses.fields(self):
            value = getattr(self, item.name)
            plain[item.name] = value.isoformat() if isinstance(value, date) else value
            if isinstance(value, Costs):
                plain[item.name] = value.as_json()
            if isinstance(value, tuple):
                plain[item.name] = list(value)
        months = [int(m) if m == int(m) else m for m in self.window_months]
        donut = round(self.donut * UNITS[self.period] / DAYS_PER_MONTH, 1)
        return plain | {"window_months": months, "donut_months": int(donut) if donut == int(donut) else donut}


def _faults(design: Design) -> Any:
    kind, _, code = design.treated.partition(":")
    if design.treated != "participation" and (kind not in TREATED_KINDS or not code):
        allowed = ("participation", *(f"{name}:ID" for name in TREATED_KINDS))
        yield Fault("design.treated", repr(design.treated), allowed)
    if design.period not in UNITS:
        yield Fault("design.period", repr(design.period), tuple(UNITS))
    first, last = design.baseline
    if not first <= last < -design.donut:
        yield Fault(
            "design.baseline", str(design.baseline), (f"first <= last < {-design.donut} (the donut)",)
        )
    if not first <= design.early[0] <= design.early[1] < last:
        yield Fault("design.early", str(design.early), ("a first part of the baseline",))
    if not design.windows or min(design.windows) < 1 or list(design.windows) != sorted(set(design.windows)):
        yield Fault("design.windows", str(design.windows), ("rising whole numbers from 1",))
    yield from _listed("strata", design.strata, STRATA)
    yield from _listed("kpis", design.kpis, tuple(KPIS))
    yield from _listed("primary", (design.primary,), design.kpis)
    yield from _listed("cluster", (design.cluster,), CLUSTERS)
    if not 0.5 < design.level < 1:
        yield Fault("design.level", str(design.level), ("between 0.5 and 1",))
    if design.threshold is not None and not design.threshold > 0:
        yield Fault("design.threshold", str(design.threshold), ("more than zero",))
    if not 0 < design.threshold_share < 1:
        yield Fault("design.threshold_share", str(design.threshold_share), ("between 0 and 1, e.g. 0.05",))
    if not 0 <= design.discount < 1:
        yield Fault("design.discount", str(design.discount), ("a yearly rate, 0 to below 1",))
    for name, allowed in CHOICES.items():
        yield from _listed(name, (getattr(design, name),), allowed)
    if not 0 <= design.holdout_share < 1:
        yield Fault("design.holdout_share", str(design.holdout_share), ("0 (not stated) to below 1",))
    for name in (
        "donut",
        "min_tenure",
        "min_cohort",
        "min_controls",
        "draws",
        "return_days",
        "caliper",
        "bins",
    ):
        if getattr(design, name) < 0:
            yield Fault(f"design.{name}", str(getattr(design, name)), ("zero or more",))


def _listed(name: str, values: tuple[str, ...], allowed: tuple[str, ...]) -> Any:
    for value in values:
        if value not in allowed:
            yield Fault(f"design.{name}", repr(value), allowed)


def from_mapping(given: Mapping[str, Any], base: Design | None = None) -> Design:
    """Return the design with the given fields changed.

    >>> from_mapping({"windows": [3], "seed": 7}).windows
    (3,)
    """
    names = {item.name: item for item in dataclasses.fields(Design)}
    unknown = [key for key in given if key not in names]
    if unknown:
        raise BadInput([Fault(f"design.{key}", "unknown field", tuple(names)) for key in unknown])
    changed: dict[str, Any] = {}
    for key, value in given.items():
        default = names[key].default
        if isinstance(default, tuple):
            if not isinstance(value, list | tuple):
                raise BadInput.one(f"design.{key}", repr(value), ("a list",))
            changed[key] = tuple(value)
        elif key == "registered_on":
            changed[key] = _day(value)
        elif key == "costs":
            changed[key] = _costs(value)
        elif key == "threshold":
            changed[key] = _amount(value)
        elif isinstance(value, type(default)) or (isinstance(default, float) and isinstance(value, int)):
            changed[key] = value
        else:
            raise BadInput.one(f"design.{key}", repr(value), (type(default).__name__,))
    if {"baseline", "early"} & changed.keys():
        for key in ("baseline", "early"):
            if key in changed and len(changed[key]) != 2:
                raise BadInput.one(f"design.{key}", str(changed[key]), ("two periods, first and last",))
    return dataclasses.replace(base or Design(), **changed)


def _costs(value: Any) -> Costs:
    if isinstance(value, Costs):
        return value
    if not isinstance(value, Mapping):
        raise BadInput.one("design.costs", repr(value), ("a table [costs]",))
    return stated.from_mapping(value)


def _day(value: Any) -> date | None:
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise BadInput.one("design.registered_on", repr(value), ("2026-03-07",)) from error


def _amount(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadInput.one("design.threshold", repr(value), ("a number, in the primary figure's unit",))
    return float(value)


def load(path: Path, base: Design | None = None) -> Design:
    """Read a design from a TOML file; fields that are not given keep their value in `base`."""
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput.one(str(path), str(error), ("a TOML file, UTF-8",)) from error
    return from_mapping(given, base)


def default_for(dataset: Dataset) -> tuple[Design, tuple[Words, ...]]:
    """Pick a period and windows that the dataset's span can carry, and say why.

    Twelve months of baseline, two of donut and six of follow-up need 24 calendar months. A year of data gets
    four-week periods and shorter windows; half a year gets weeks; less keeps the year's design, which then
    refuses itself with R7.
    """
    negative = _negative_control(dataset)
    monthly = calendar_for("month", dataset)
    months = monthly.count
    if months >= 20:
        return Design(kpis=carried.kpis_for(dataset, monthly, 12), negative_control=negative), ()
    fours = calendar_for("four_weeks", dataset)
    if fours.count >= 9:
        short = Design(
            period="four_weeks",
            baseline=(-5, -2),
            early=(-5, -4),
            donut=1,
            windows=(2, 3),
            min_tenure=5,
            min_cohort=1,
            kpis=carried.kpis_for(dataset, fours, 5),
            negative_control=negative,
        )
        said = Words(
            f"只有 {months} 个完整自然月的订单：改用四周一期，基线为第 -5～-2 期，随访 2 期和 3 期，各批参加者合并估计。",
            f"Only {months} complete calendar months of orders: four-week periods, baseline -5..-2, windows of 2 and 3 "
            "periods, cohorts pooled.",
        )
        return short, (said,)
    weeks = calendar_for("week", dataset)
    if weeks.count >= 16:
        weekly = Design(
            period="week",
            baseline=(-6, -2),
            early=(-6, -4),
            donut=1,
            windows=(2, 4),
            min_tenure=6,
            min_cohort=1,
            kpis=carried.kpis_for(dataset, weeks, 6),
            negative_control=negative,
        )
        said = Words(
            f"只有 {weeks.count} 个完整周的订单：改用一周一期，基线为第 -6～-2 周，随访 2 周和 4 周，各批参加者合并估计。",
            f"Only {weeks.count} complete weeks of orders: weekly periods, baseline -6..-2, windows of 2 and 4 weeks, "
            "cohorts pooled.",
        )
        return weekly, (said,)
    said = Words(f"只有 {weeks.count} 个完整周的订单。", f"Only {weeks.count} complete weeks of orders.")
    return Design(negative_control=negative), (said,)


#: categories that no event of a community can move: what one burns, what one smokes
_UNMOVABLE = ("FUEL", "TOBACCO", "CIGARETTES", "烟草", "香烟", "燃油")


def _negative_control(dataset: Dataset) -> str:
    if not dataset.has("categories", "category_code", "name"):
        return ""
    table = dataset.tables["categories"]
    rows = dataset.arrow(table.select("category_code", "name")).to_pylist()
    for word in _UNMOVABLE:
        if any(word in {str(row["category_code"]).upper(), str(row["name"]).upper()} for row in rows):
            return word
        if any(str(row["category_code"]).upper().startswith(word) for row in rows):
            return word
    return ""
