"""Stores whose check of the day has gaps are told, in the group of their colleagues."""

from collections import defaultdict
from zoneinfo import ZoneInfo

from django.db import transaction

from tongxin.champions import queries
from tongxin.champions.queries.checks import live_answers
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.outreach.actions.robots import tell_staff
from tongxin.outreach.queries.robots import stores_with_robots
from tongxin.stores.models import Store

NOON = 12


def tell_missing(*, viewer: Viewer) -> int:
    """Once before noon and once after, each store with a robot that has not answered all of today's list; answers how many letters."""
    shops = list(
        Store.objects.filter(id__in=stores_with_robots(), closed_on=None, unsorted=False)
        .select_related("brand")
        .order_by("id")
    )
    days = {shop.pk: queries.today_in(shop) for shop in shops}
    said: dict[int, set[str]] = defaultdict(set)
    rows = live_answers().filter(store__in=shops, day__in=set(days.values()))
    for store, day, item in rows.values_list("store", "day", "item"):
        if days[store] == day:
            said[store].add(item)
    told = 0
    for shop in shops:
        listed = queries.list_for(shop.brand, days[shop.pk])
        left = [item for item in listed.items if item.key not in said[shop.pk]]
        if not left:
            continue
        half = "am" if clock.now().astimezone(ZoneInfo(shop.zone)).hour < NOON else "pm"
        with transaction.atomic():
            told += tell_staff(
                viewer=viewer,
                store=shop,
                text=f"{shop.name}：今天的健康检查还差 {len(left)} 项（{'、'.join(item.zh for item in left[:3])}），打烊前补上就好。",
                key=f"check:{shop.public_id}:{days[shop.pk]}:{half}",
                path=f"champion/stores/{shop.public_id}/check/",
            )
    return told
