"""The visible list of conditions that groups are made of: a new family is one function and one line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tongxin.compass.segments.shopping import Shopping
from tongxin.compass.sentence import Words

#: shares say nothing below this many orders
LEAST_ORDERS = 4
#: home stores asked about one by one; pairs grow with the square
MOST_STORES = 400


@dataclass(frozen=True)
class Condition:
    """One yes-or-no question about a member, answered before the cut.

    Attributes
    ----------
    places : int64 array
        Members for whom it holds, ascending: thousands of stores cost no more than one.
    """

    code: str
    family: str
    words: Words
    places: np.ndarray

    @classmethod
    def of(cls, code: str, family: str, words: Words, holds: np.ndarray) -> Condition:
        """Make a condition from a bool array, shape (members,)."""
        return cls(code, family, words, np.flatnonzero(holds))


def weekend(shopping: Shopping) -> list[Condition]:
    """Half of the orders or more on Saturday or Sunday (two days of seven are 29 %)."""
    words = Words("周末来店", "shop at weekends")
    return [Condition.of("weekend", "weekend", words, _most(shopping.weekend, shopping))]


def children(shopping: Shopping) -> list[Condition]:
    """Two orders or more with goods for children."""
    if shopping.children is None:
        return []
    words = Words("买儿童用品", "buy goods for children")
    return [Condition.of("children", "children", words, shopping.children >= 2)]


def daypart(shopping: Shopping) -> list[Condition]:
    """Half of the orders or more in one part of the day."""
    names = {
        "morning": Words("早上来店", "shop in the morning"),
        "noon": Words("中午来店", "shop around noon"),
        "afternoon": Words("下午来店", "shop in the afternoon"),
        "evening": Words("傍晚来店", "shop in the evening"),
        "night": Words("夜里来店", "shop at night"),
    }
    return [
        Condition.of(f"daypart:{part}", "daypart", names[part], _most(shopping.dayparts[part], shopping))
        for part in names
        if part in shopping.dayparts
    ]


def channel(shopping: Shopping) -> list[Condition]:
    """Half of the orders or more through one channel."""
    names = {
        "store": Words("到店购买", "buy in the store"),
        "mini": Words("小程序下单", "order in the mini-programme"),
        "delivery": Words("外卖到家", "order delivery"),
        "group-buy": Words("团购", "buy in groups"),
    }
    return [
        Condition.of(f"channel:{code}", "channel", names[code], _most(shopping.channels[code], shopping))
        for code in names
        if code in shopping.channels
    ]


def tenure(shopping: Shopping) -> list[Condition]:
    """New, settled or long-standing at the cut."""
    days = shopping.cut - shopping.since
    return [
        Condition.of("tenure:new", "tenure", Words("入会不到半年", "joined within half a year"), days < 182),
        Condition.of(
            "tenure:settled",
            "tenure",
            Words("入会半年到三年", "joined half a year to three years ago"),
            (days >= 182) & (days < 1096),
        ),
        Condition.of(
            "tenure:long", "tenure", Words("入会三年以上", "joined three years ago or earlier"), days >= 1096
        ),
    ]


def paid(shopping: Shopping) -> list[Condition]:
    """Paid member at the cut, or not."""
    if shopping.paid is None:
        return []
    return [
        Condition.of("paid:yes", "paid", Words("付费会员", "are paid members"), shopping.paid),
        Condition.of("paid:no", "paid", Words("非付费会员", "are not paid members"), ~shopping.paid),
    ]


def birth(shopping: Shopping) -> list[Condition]:
    """Ten-year bands of the member's own year of birth."""
    decade = shopping.birth_year // 10 * 10
    return [
        Condition.of(
            f"birth:{band}",
            "birth",
            Words(f"{band % 100:02d}后", f"were born {band}–{band + 9}"),
            decade == band,
        )
        for band in np.unique(decade[shopping.birth_year > 0]).tolist()
    ]


def store(shopping: Shopping) -> list[Condition]:
    """One condition a home store, the largest `MOST_STORES` of them."""
    size = np.bincount(shopping.store[shopping.store >= 0], minlength=len(shopping.stores))
    largest = np.sort(np.argsort(-size, kind="stable")[:MOST_STORES])
    order = np.argsort(shopping.store, kind="stable")
    ends = np.searchsorted(shopping.store[order], (largest, largest + 1))
    return [
        Condition(
            f"store:{shopping.stores[place]}",
            "store",
            Words(f"{shopping.stores[place]} 店的", f"belong to store {shopping.stores[place]}"),
            order[first:last],
        )
        for place, first, last in zip(largest, *ends, strict=True)
    ]


def region(shopping: Shopping) -> list[Condition]:
    """One condition a region of home stores."""
    return [
        Condition.of(
            f"region:{name}", "store", Words(f"{name}的", f"live in {name}"), shopping.region == place
        )
        for place, name in enumerate(shopping.regions)
    ]


FAMILIES: dict[str, Callable[[Shopping], list[Condition]]] = {
    "weekend": weekend,
    "children": children,
    "daypart": daypart,
    "channel": channel,
    "tenure": tenure,
    "paid": paid,
    "birth": birth,
    "store": store,
    "region": region,
}

#: pairs that people have a name for; the name never says more than the conditions do
NAMED: dict[frozenset[str], Words] = {
    frozenset({"weekend", "children"}): Words("周末带小孩的家庭", "families who shop at weekends"),
    frozenset({"daypart:evening", "channel:store"}): Words("下班顺路的人", "people on their way home"),
    frozenset({"children", "tenure:new"}): Words("新来的带娃家庭", "families who have just joined"),
}


def every(shopping: Shopping) -> list[Condition]:
    """Return all conditions that the data can answer, in the order of the list."""
    return [condition for family in FAMILIES.values() for condition in family(shopping)]


def _most(some: np.ndarray, shopping: Shopping) -> np.ndarray:
    return (shopping.orders >= LEAST_ORDERS) & (2 * some >= shopping.orders)
