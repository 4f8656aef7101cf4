"""Signing in and out, language and theme. Each view is a door to `entrance`."""

import io
from urllib.parse import urlencode

import segno
from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from tongxin.faces import entrance
from tongxin.faces.asking import Asked
from tongxin.faces.context import DESK, THEME_COOKIE, THEMES
from tongxin.faces.entrance import Step
from tongxin.faces.sentences import say, status_of
from tongxin.foundation.errors import Refused
from tongxin.foundation.outbox import queries as letters
from tongxin.people import actions as people
from tongxin.stores.rules import e164
from tongxin.stores.terms import Role

PHONE = "tongxin_phone"
YEAR = 365 * 24 * 3600
DEMO_DOORS = {
    "hq": ("demo-hq", _("总部"), _("看全局：圈层、研究、规则")),
    "champion": ("demo-champion", _("主理人"), _("一家店的今天")),
    "member": ("demo-member", _("会员"), _("火边，和关于我的一切")),
    "analyst": ("demo-analyst", _("分析师"), _("只看数字，不看人名")),
}


def home(request: Asked) -> HttpResponse:
    """Everybody to their own first page."""
    viewer = request.viewer
    if viewer.roles & DESK:
        return redirect("hq.today")
    if Role.CHAMPION in viewer.roles:
        return redirect("champion.today")
    if Role.DOOR in viewer.roles:
        return redirect("champion.checkins")
    if Role.MEMBER in viewer.roles:
        return redirect("member.home")
    entry = request.entry
    if entry is not None and entrance.owes_factor(entry):
        return redirect("enter.factor")
    return redirect("enter.door")


def door(request: Asked, **more: object) -> HttpResponse:
    """Where one comes in."""
    demo = [(key, *words[1:]) for key, words in DEMO_DOORS.items()] if settings.DEMO else []
    context = {"next": _wish(request), "demo_doors": demo, **more}
    return render(request, "enter/door.html", context, status=int(str(more.get("status", 200))))


def staff(request: Asked) -> HttpResponse:
    """The password step."""
    handle = request.POST.get("handle", "").strip()
    try:
        step = entrance.staff(request, handle=handle, password=request.POST.get("password", ""))
    except Refused as refused:
        return door(request, handle=handle, fault=say(refused, _language(request)), status=status_of(refused))
    if step is Step.DONE:
        return _onwards(request)
    return HttpResponseRedirect(_with_next(reverse("enter.factor"), _wish(request)))


def factor(request: Asked) -> HttpResponse:
    """The second factor: a code, or setting one up with a picture to scan."""
    entry = request.entry
    if entry is None:
        return redirect("enter.door")
    if entry.second_factor:
        return redirect("home")
    enrol = entry.complete
    fault, status = "", 200
    if request.method == "POST":
        try:
            paper = entrance.factor(request, code=request.POST.get("code", "").replace(" ", ""))
        except Refused as refused:
            fault, status = say(refused, _language(request)), status_of(refused)
        else:
            if paper:
                return render(request, "enter/paper.html", {"paper": paper, "next": _wish(request)})
            return _onwards(request)
    context: dict[str, object] = {"enrol": enrol, "fault": fault, "next": _wish(request)}
    if enrol:
        secret, address = entrance.begin_factor(request)
        context |= {
            "secret": " ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
            "qr": qr(address),
        }
    return render(request, "enter/factor.html", context, status=status)


def qr(text: str) -> SafeString:
    """A QR code as SVG without inline style; segno writes attributes only."""
    drawn = io.BytesIO()
    segno.make(text, error="m").save(
        drawn,
        kind="svg",
        xmldecl=False,
        svgns=True,
        scale=1,
        border=1,
        omitsize=True,
        svgclass=None,
        lineclass=None,
    )
    return mark_safe(drawn.getvalue().decode())  # noqa: S308  # made by segno from an address of ours


def code(request: Asked) -> HttpResponse:
    """Send a code; the answer is the same for a known and an unknown phone."""
    phone = request.POST.get("phone", "").strip()
    try:
        entrance.ask_code(request, phone=phone)
    except Refused as refused:
        return door(
            request, phone=phone, phone_fault=say(refused, _language(request)), status=status_of(refused)
        )
    request.session[PHONE] = phone
    return HttpResponseRedirect(_with_next(reverse("enter.member"), _wish(request)))


def member(request: Asked) -> HttpResponse:
    """Type the code that came by phone."""
    phone = request.session.get(PHONE, "") or request.POST.get("phone", "").strip()
    if not phone:
        return redirect("enter.door")
    fault, status = "", 200
    if request.method == "POST":
        try:
            entrance.by_code(request, phone=phone, code=request.POST.get("code", "").strip())
        except Refused as refused:
            fault, status = say(refused, _language(request)), status_of(refused)
        else:
            return _onwards(request)
    letter = letters.on_screen(kind="sign_in_code", to=e164(phone) or "")
    context = {"tail": phone[-4:], "fault": fault, "letter": letter, "next": _wish(request)}
    return render(request, "enter/member.html", context, status=status)


def leave(request: Asked) -> HttpResponse:
    """Sign out here, or with `everywhere` on all devices."""
    if request.entry is not None:
        (entrance.leave_everywhere if request.POST.get("everywhere") else entrance.leave)(request)
    return redirect("enter.door")


def demo(request: Asked, role: str) -> HttpResponse:
    """One click, in a demo installation only."""
    if not settings.DEMO or role not in DEMO_DOORS:
        raise Refused("absent")
    handle, name, what = DEMO_DOORS[role]
    if request.method == "POST":
        entrance.as_demo(request, handle=handle)
        return redirect("home")
    return render(request, "enter/demo.html", {"role": role, "name": name, "what": what})


def language(request: Asked) -> HttpResponse:
    """Remember the language in this browser; a member who is signed in is written to in it, too."""
    wanted = request.POST.get("language", "")
    reply = HttpResponseRedirect(_wish(request) or "/")
    if wanted in dict(settings.LANGUAGES):
        _remember(reply, settings.LANGUAGE_COOKIE_NAME, wanted)
        if request.viewer.person is not None:  # a member's letters follow
            people.choose_language(viewer=request.viewer, language=wanted[:2])
    return reply


def theme(request: Asked) -> HttpResponse:
    """Remember light or dark in this browser; anything else follows the system."""
    wanted = request.POST.get("theme", "")
    reply = HttpResponseRedirect(_wish(request) or "/")
    if wanted in THEMES:
        _remember(reply, THEME_COOKIE, wanted)
    else:
        reply.delete_cookie(THEME_COOKIE)
    return reply


def _remember(reply: HttpResponse, name: str, value: str) -> None:
    reply.set_cookie(
        name, value, max_age=YEAR, httponly=True, samesite="Lax", secure=bool(settings.SESSION_COOKIE_SECURE)
    )


def _wish(request: Asked) -> str:
    """Where somebody wanted to go: an address of ours or nothing."""
    wish = request.POST.get("next") or request.GET.get("next") or ""
    local = url_has_allowed_host_and_scheme(wish, allowed_hosts=None) and wish.startswith("/")
    return wish if local else ""


def _with_next(address: str, wish: str) -> str:
    return f"{address}?{urlencode({'next': wish})}" if wish else address


def _onwards(request: Asked) -> HttpResponse:
    return HttpResponseRedirect(_wish(request) or reverse("home"))


def _language(request: Asked) -> str:
    return "en" if str(request.LANGUAGE_CODE).startswith("en") else "zh"
