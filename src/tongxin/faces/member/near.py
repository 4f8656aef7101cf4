"""附近的店: every store with a code to its colleagues. Where one stands is asked only on a tap and never leaves the phone."""

from django.http import HttpResponse
from django.shortcuts import render

from tongxin.faces.asking import Asked
from tongxin.outreach.queries.wecom import store_codes

# As every page, but that this one may ask where we are; the middleware leaves alone what is said already.
POWERS = "geolocation=(self), microphone=(), payment=(), usb=(), camera=(), interest-cohort=()"


def near(request: Asked) -> HttpResponse:
    """The stores by city; the page itself puts the nearest first once it was told where we are."""
    reply = render(request, "member/near.html", {"rows": store_codes()})
    reply["Permissions-Policy"] = POWERS
    return reply
