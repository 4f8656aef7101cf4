"""Calendars for calendar programs: an address that nobody can guess, and no more behind it than the calendar."""

from django.http import HttpRequest, HttpResponse

from tongxin.events import ical


def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """The feed behind an address; an unknown or revoked one answers as any absent page."""
    return HttpResponse(ical.feed_by_token(token), content_type="text/calendar; charset=utf-8")
