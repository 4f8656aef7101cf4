"""Which part of a sale is margin: the newest rule of the brand whose day has come."""

from datetime import date

from tongxin.amplify.models import MarginRule
from tongxin.foundation.errors import Refused


def margin_on(day: date) -> MarginRule:
    """The rule that holds on a day. Refuses `amplify.margin_unset`."""
    found = MarginRule.objects.filter(since__lte=day).order_by("-since").first()
    if found is None:
        raise Refused("amplify.margin_unset")
    return found
