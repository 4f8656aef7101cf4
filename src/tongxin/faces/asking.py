"""A request after the doors: it knows who asks. For annotations only; Django makes the plain one."""

from django.http import HttpRequest

from tongxin.foundation.access import Viewer
from tongxin.foundation.accounts.queries import Entry


class Asked(HttpRequest):
    """`viewer` is who asks and how far they reach, `entry` how they got in, `origin` the address their tries are counted by."""

    viewer: Viewer
    entry: Entry | None
    origin: str
