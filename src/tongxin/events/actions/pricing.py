"""Vouchers that an event promises, in all. Above a dated limit somebody else than who set the price lets it out (promise P43)."""

from django.db.models import Sum

from tongxin.commerce import actions as commerce
from tongxin.events.models import Occurrence, Pool, Series
from tongxin.foundation.access import Viewer


def let_out(*, viewer: Viewer, event: Occurrence) -> None:
    """An event is published or grows. Refuses `commerce.second_person_needed`."""
    if event.voucher_fen:
        seats = Pool.objects.filter(occurrence=event).aggregate(n=Sum("size"))["n"] or 0
        first = event.priced_by or event.made_by
        commerce.ask_second(viewer=viewer, first=first, fen=seats * event.voucher_fen)


def let_out_all(*, viewer: Viewer, series: Series, first: str, dates: int) -> None:
    """So many dates of a series, begun by `first`, are published, or their price or places change.

    Refuses `commerce.second_person_needed`.
    """
    each = series.defaults
    fen = each["places"] * each["voucher_fen"] * dates
    if fen:
        commerce.ask_second(viewer=viewer, first=first, fen=fen)
