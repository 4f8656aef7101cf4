"""A change of version: both versions for both periods, and the new one carried on in the units of the old."""

from __future__ import annotations

from dataclasses import dataclass

from tongxin.compass.ees.compute import Result
from tongxin.compass.errors import BadInput


@dataclass(frozen=True)
class Link:
    """One store over the change. `factor` is old/new in the first period; `linked` the new value in old units.

    `gap` is linked − old in the second period: how much the two versions disagree on what happened between them.
    """

    store: str
    old: tuple[float | None, float | None]
    new: tuple[float | None, float | None]
    factor: float | None
    linked: float | None
    linked_ci: tuple[float, float] | None
    gap: float | None


def link(old: tuple[Result, Result], new: tuple[Result, Result]) -> tuple[Link, ...]:
    """Chain two versions over two periods (earlier, later), as price indices are chained.

    A store that was not published by both versions in the first period has no factor and is not linked.

    Raises
    ------
    BadInput
        If a pair mixes versions, the two pairs are the same version, or the periods or the facts of a period differ.
    """
    for pair in (old, new):
        if pair[0].version_digest != pair[1].version_digest:
            raise BadInput.one(
                "link", "one version over two periods is needed on each side", ("the same version",)
            )
    if old[0].version_digest == new[0].version_digest:
        raise BadInput.one("link", f"{old[0].version} on both sides", ("two versions",))
    for period in (0, 1):
        if (old[period].as_of, old[period].input_digest) != (new[period].as_of, new[period].input_digest):
            raise BadInput.one("link", "the versions were computed from different facts", ("the same facts",))
    if old[0].as_of >= old[1].as_of:
        raise BadInput.one(
            "link", f"{old[0].as_of} is not before {old[1].as_of}", ("the earlier period first",)
        )
    stores = sorted({row.store for result in (*old, *new) for row in result.stores})
    return tuple(_of(store, old, new) for store in stores)


def _of(store: str, old: tuple[Result, Result], new: tuple[Result, Result]) -> Link:
    was = (_value(old[0], store), _value(old[1], store))
    now = (_value(new[0], store), _value(new[1], store))
    if was[0] is None or not now[0]:
        return Link(store, was, now, None, None, None, None)
    factor = was[0] / now[0]
    if now[1] is None:
        return Link(store, was, now, factor, None, None, None)
    ci = new[1].of(store).ci
    linked = factor * now[1]
    return Link(
        store,
        was,
        now,
        factor,
        linked,
        (factor * ci[0], factor * ci[1]) if ci else None,
        None if was[1] is None else linked - was[1],
    )


def _value(result: Result, store: str) -> float | None:
    found = {row.store: row.value for row in result.stores}
    return found.get(store)
