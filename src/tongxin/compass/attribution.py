"""Which way in brought the customer: first touch, last touch and removal effect side by side, each adding up exactly.

All three describe who was there, not who caused it: only a holdout says that. A conversion is one credit, held as a
fraction, so whatever the model, credits add up to the number of conversions, and fen to the money they brought.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from tongxin.compass.apportion import to_whole
from tongxin.compass.errors import BadInput
from tongxin.compass.removal import Chain
from tongxin.compass.sentence import Words

#: how long a touch counts, in days
WINDOWS: Mapping[str, int] = {"click": 7, "referral": 30}
MODELS = ("first", "last", "removal")
CAUTION = Words(
    "三种算法都只说“谁在场”，不说“因谁而来”；要知道因果，请留出对照组。",
    "All three say who was there, not who caused it; for that, hold out a control group.",
)
#: where a conversion goes that nobody touched in time
NOBODY = "(none)"
_DAY = 86_400
_MICRO = 1_000_000


@dataclass(frozen=True)
class Touch:
    """Somebody met a channel. `at` is seconds since 1970, `kind` sets the window."""

    person: str
    at: int
    channel: str
    kind: str = "click"


@dataclass(frozen=True)
class Conversion:
    """Somebody did what was hoped for, and what it brought in fen."""

    code: str
    person: str
    at: int
    value_fen: int = 0


@dataclass(frozen=True)
class Path:
    """Channels in the order they were met; `code` is None where no conversion followed."""

    person: str
    channels: tuple[str, ...]
    code: str | None
    value_fen: int


@dataclass(frozen=True)
class Credit:
    """One channel under one model: credit (a fraction of conversions), its share with interval, and fen."""

    model: str
    channel: str
    credit: Fraction
    share: float
    ci: tuple[float, float]
    value_fen: int


@dataclass(frozen=True)
class Attribution:
    """Credits of every model, the raw removal effects, and how many conversions had no touch in time."""

    credits: tuple[Credit, ...]
    removal: Mapping[str, float]
    conversions: int
    untouched: int
    paths: tuple[Path, ...]

    def of(self, model: str) -> dict[str, Credit]:
        """Return one model's credits by channel."""
        return {row.channel: row for row in self.credits if row.model == model}


def paths_of(
    touches: Iterable[Touch], conversions: Iterable[Conversion], windows: Mapping[str, int] = WINDOWS
) -> tuple[Path, ...]:
    """Lay touches before conversions: inside their window and after the person's conversion before.

    A touch at the second of the conversion counts; one after it does not. Touches that led to nothing form one path
    a person, cut wherever more than the longest window lies between two of them.

    Raises
    ------
    BadInput
        For a kind without a window, a channel called `(none)`, or a conversion code that comes twice.
    """
    met: dict[str, list[Touch]] = defaultdict(list)
    for touch in touches:
        if touch.kind not in windows:
            raise BadInput.one("touches.kind", repr(touch.kind), tuple(sorted(windows)))
        if touch.channel == NOBODY:
            raise BadInput.one("touches.channel", NOBODY, ("another name",))
        met[touch.person].append(touch)
    done: dict[str, list[Conversion]] = defaultdict(list)
    codes = set()
    for conversion in conversions:
        if conversion.code in codes:
            raise BadInput.one("conversions.code", "the same code twice", ("one row a conversion",))
        codes.add(conversion.code)
        done[conversion.person].append(conversion)
    found: list[Path] = []
    for person in sorted({*met, *done}):
        found += _of_one(person, met.get(person, []), done.get(person, []), windows)
    return tuple(found)


def _of_one(person: str, met: list[Touch], done: list[Conversion], windows: Mapping[str, int]) -> list[Path]:
    met = sorted(met, key=lambda touch: (touch.at, touch.channel, touch.kind))
    paths, free, since = [], set(range(len(met))), None
    for conversion in sorted(done, key=lambda row: (row.at, row.code)):
        inside = [
            place
            for place, touch in enumerate(met)
            if (since is None or touch.at > since)
            and 0 <= conversion.at - touch.at <= windows[touch.kind] * _DAY
        ]
        channels = tuple(met[place].channel for place in inside)
        paths.append(Path(person, channels, conversion.code, conversion.value_fen))
        free -= set(inside)
        since = conversion.at
    longest = max(windows.values()) * _DAY
    run: list[Touch] = []
    for touch in (met[place] for place in sorted(free)):
        if run and touch.at - run[-1].at > longest:
            paths.append(Path(person, tuple(each.channel for each in run), None, 0))
            run = []
        run.append(touch)
    if run:
        paths.append(Path(person, tuple(each.channel for each in run), None, 0))
    return paths


def attribute(
    paths: Sequence[Path], rng: np.random.Generator, *, draws: int = 200, level: float = 0.95
) -> Attribution:
    """Give each conversion's one credit to its channels under every model, with intervals over persons.

    Removal effect (Anderl, Becker, von Wangenheim and Schumann 2016): by how much fewer conversions a first-order chain
    of channels reaches when one channel leads nowhere. Inside a path the credit goes by the removal effects of its
    distinct channels, in millionths, so it is exact; a path whose channels all have no effect is divided equally.

    Parameters
    ----------
    paths : sequence of Path
    rng : numpy Generator
        For the bootstrap: persons are drawn, with all their paths.
    draws : int
    level : float

    Raises
    ------
    BadInput
        If there is no conversion.
    """
    rows = sorted(paths, key=lambda path: (path.person, path.code or "", path.channels))
    won = [path for path in rows if path.code is not None]
    if not won:
        raise BadInput.one("conversions", "none", ("at least one conversion",))
    table = Chain.of([(path.person, path.channels, path.code is not None) for path in rows])
    effects = table.removal(np.ones(len(table.person)))
    exact = {model: _exact(won, model, effects) for model in MODELS}
    weights = rng.poisson(1.0, size=(draws, table.persons)).astype(float)
    drawn = np.stack([_shares(table, row[table.person]) for row in weights])
    tail = (1 - level) / 2
    ends = np.nanquantile(drawn, [tail, 1 - tail], axis=0)
    names = (*table.names, NOBODY)
    rows_out: list[Credit] = []
    for place, model in enumerate(MODELS):
        fen = to_whole({name: money for name, (_, money) in exact[model].items()})
        for name, (credit, _) in exact[model].items():
            at = names.index(name)
            ci = (float(ends[0, place, at]), float(ends[1, place, at]))
            rows_out.append(Credit(model, name, credit, float(credit / len(won)), ci, fen[name]))
    untouched = sum(not path.channels for path in won)
    return Attribution(tuple(rows_out), effects, len(won), untouched, tuple(rows))


def _exact(
    won: Sequence[Path], model: str, effects: Mapping[str, float]
) -> dict[str, tuple[Fraction, Fraction]]:
    """Credit and money by channel, as fractions; both add up exactly."""
    credit: dict[str, Fraction] = defaultdict(Fraction)
    money: dict[str, Fraction] = defaultdict(Fraction)
    for path in won:
        for name, part in share_of(path.channels, model, effects).items():
            credit[name] += part
            money[name] += part * path.value_fen
    return {name: (credit[name], money[name]) for name in sorted(credit)}


def share_of(channels: tuple[str, ...], model: str, effects: Mapping[str, float]) -> dict[str, Fraction]:
    """Divide one credit over the channels of one path; the parts add up to exactly 1.

    Examples
    --------
    >>> share_of(("a", "b", "a"), "last", {}), share_of(("a", "b"), "removal", {"a": 0.5, "b": 1.0})
    ({'a': Fraction(1, 1)}, {'a': Fraction(1, 3), 'b': Fraction(2, 3)})
    """
    if not channels:
        return {NOBODY: Fraction(1)}
    if model == "first":
        return {channels[0]: Fraction(1)}
    if model == "last":
        return {channels[-1]: Fraction(1)}
    names = sorted(set(channels))
    parts = {name: max(0, round(effects[name] * _MICRO)) for name in names}
    whole = sum(parts.values())
    if not whole:
        return {name: Fraction(1, len(names)) for name in names}
    return {name: Fraction(part, whole) for name, part in parts.items()}


def _shares(chain: Chain, weight: np.ndarray) -> np.ndarray:
    """Shape (models, channels and nobody): share of the weighted conversions; nan where there is none."""
    effects = chain.removal(weight)
    names = (*chain.names, NOBODY)
    place = {name: number for number, name in enumerate(names)}
    out = np.zeros((len(MODELS), len(names)))
    for channels, rows in chain.won.items():
        heavy = weight[rows].sum()
        for number, model in enumerate(MODELS):
            for name, part in share_of(channels, model, effects).items():
                out[number, place[name]] += heavy * float(part)
    whole = weight[chain.converts].sum()
    return out / whole if whole else np.full_like(out, np.nan)
