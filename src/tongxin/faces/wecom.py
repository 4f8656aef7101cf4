"""WeCom's doors: its callbacks, proved by their envelope, and signing in through it."""

import hmac
import logging
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt

from tongxin.connect.wecom import callbacks, visiting
from tongxin.connect.wecom.api.staff import authorise_url
from tongxin.connect.wecom.calling import Caller
from tongxin.connect.wecom.config import configured
from tongxin.connect.wecom.crypto import BadEnvelope
from tongxin.connect.wecom.errors import WeComFault
from tongxin.faces import entrance
from tongxin.faces.asking import Asked
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused

STATE = "tongxin_wecom_state"

log = logging.getLogger(__name__)


def domain_file(request: HttpRequest, code: str) -> HttpResponse:
    """The file by which the platform knows that the domain is ours; any other name is absent."""
    if not settings.TONGXIN_WECOM_VERIFY or not hmac.compare_digest(code, settings.TONGXIN_WECOM_VERIFY):
        raise Refused("absent")
    return HttpResponse(code, content_type="text/plain; charset=utf-8")


def enter(request: Asked) -> HttpResponse:
    """To the platform, which asks nobody anything and sends them back with a code: one link for colleagues and customers."""
    config = configured()
    if not config.ready:
        raise Refused("absent")
    state = request.session[STATE] = secrets.token_hex(16)
    back = f"{str(settings.TONGXIN_BASE_URL).rstrip('/')}{reverse('wecom.back')}"
    return HttpResponseRedirect(authorise_url(config.corp, config.agent, back, state))


def back(request: Asked) -> HttpResponse:
    """Who it is, if the code is answered in the browser that asked for it. Whom we do not know signs in by phone."""
    config, state = configured(), str(request.session.pop(STATE, ""))
    given = request.GET.get("state", "")
    if not config.ready or not state or not hmac.compare_digest(given.encode(), state.encode()):
        raise Refused("absent")
    try:
        opened = visiting.enter(Caller(config), request.GET.get("code", "")[:512])
    except WeComFault as fault:
        log.warning("nobody came in through WeCom: %s", fault)
        opened = None
    if opened is None:
        return redirect("enter.code")
    step = entrance.by_platform(request, opened=opened)
    return redirect("home" if step is entrance.Step.DONE else entrance.FACTOR)


@csrf_exempt  # the platform has no session; its signature is the proof
def callback(request: HttpRequest) -> HttpResponse:
    """GET: the platform checks the address, and gets what it sealed, as it is. POST: one callback. Whatever is not proved is absent."""
    config = configured()
    if not config.hears:
        raise Refused("absent")
    query = {name: str(value) for name, value in request.GET.items()}
    try:
        if request.method == "GET":
            said = callbacks.echo(config, query, now=clock.now())
            return HttpResponse(said, content_type="text/plain; charset=utf-8")
        callbacks.hear(config, query, request.body)
    except BadEnvelope as bad:
        log.warning("a callback was refused: %d %s", bad.code, bad.why)
        raise Refused("absent") from None
    return HttpResponse("")
