"""The member's inbox, what they want to hear of, and the wallet."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt

from tongxin.commerce import queries as commerce
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.foundation.errors import Refused
from tongxin.outreach import queries
from tongxin.outreach.actions.addresses import confirm_address, drop_address, give_address
from tongxin.outreach.actions.opting import opt_in, opt_out, opt_out_by_token, signed_send
from tongxin.outreach.actions.reading import mark_all_read, mark_read
from tongxin.outreach.channels import INBOX, LISTED
from tongxin.outreach.terms import CLASS_LABELS, MessageClass
from tongxin.people import queries as people

PAGE = 30
MAIL = "email"
MEANS: dict[MessageClass, Any] = {
    MessageClass.SERVICE: gettext_lazy("报名、改期、候补有位这些和你有关的事。停了可能错过。"),
    MessageClass.COMMUNITY: gettext_lazy("你参加的社群里的新鲜事。"),
    MessageClass.PROMOTION: gettext_lazy("新品和优惠。"),
}


@dataclass(frozen=True)
class Chosen:
    """A way that messages take, and which classes the member does not want on it."""

    id: str
    words: tuple[str, str]
    off: set[MessageClass]


def inbox(request: Asked) -> HttpResponse:
    """Newest first; what one wants to hear of stands below."""
    found = queries.my_inbox(request.viewer, limit=PAGE, cursor=request.GET.get("cursor") or None)
    noes = queries.my_opt_outs(request.viewer)
    refused = {line.message_class for line in noes if not line.channel}
    context = {
        "items": found.items,
        "cursor": found.cursor,
        "new": any(item.read_at is None for item in found.items),
        "classes": [(one, CLASS_LABELS[one], MEANS[one], one not in refused) for one in MessageClass],
        "ways": [
            Chosen(way.id, (way.zh, way.en), {no.message_class for no in noes if no.channel == way.id})
            for way in LISTED
            if way.id != INBOX and not way.staff
        ],
        "mail": next((one for one in queries.my_addresses(request.viewer) if one.channel == MAIL), None),
    }
    return render(request, "member/inbox.html", context)


def item(request: Asked, item_id: UUID) -> HttpResponse:
    """Read it, and go where it leads."""
    found = mark_read(viewer=request.viewer, public_id=item_id)
    path = found.path
    local = path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None)
    return redirect(path if local else "member.inbox")


def read_all(request: Asked) -> HttpResponse:
    """Everything has been read."""
    mark_all_read(viewer=request.viewer)
    return redirect("member.inbox")


def hear(request: Asked, message_class: str) -> HttpResponse:
    """Stop or start a class of messages, on every way or on one; it holds at once."""
    if message_class not in set(MessageClass):
        raise Refused("absent")
    me = people.access_customer(request.viewer, people.me(request.viewer).public_id)
    act = opt_in if request.POST.get("on") == "yes" else opt_out
    channel = request.POST.get("channel", "")
    act(viewer=request.viewer, customer=me, message_class=MessageClass(message_class), channel=channel)
    flash(request, _("好的，马上生效。"))
    return redirect("member.inbox")


# Mail programs post to the link by themselves when somebody taps "unsubscribe" (RFC 8058); the signed token is the proof.
@csrf_exempt
def stop(request: Asked, token: str) -> HttpResponse:
    """The link at the end of a message: one tap, no signing in. Looking at it changes nothing."""
    if request.method == "POST":
        gone = opt_out_by_token(token=token)
        return render(request, "member/stop.html", {"done": True, "label": CLASS_LABELS[gone]})
    send = signed_send(token)
    return render(
        request, "member/stop.html", {"done": False, "label": CLASS_LABELS[MessageClass(send.message_class)]}
    )


def address(request: Asked) -> HttpResponse:
    """Give an e-mail address, or take it back. Nothing is sent there before it is confirmed."""
    me = people.access_customer(request.viewer, people.me(request.viewer).public_id)
    if request.POST.get("drop") == "yes":
        drop_address(viewer=request.viewer, customer=me)
        flash(request, _("好的，不再用这个邮箱。"))
    else:
        give_address(viewer=request.viewer, customer=me, value=request.POST.get("mail", "")[:254])
        flash(request, _("请到邮箱里点一下确认链接。"))
    return redirect("member.inbox")


def confirm(request: Asked, token: str) -> HttpResponse:
    """The link that was sent to an address. Looking at it changes nothing; the button confirms."""
    if request.method == "POST":
        confirm_address(token=token)
    return render(request, "member/address.html", {"done": request.method == "POST"})


def wallet(request: Asked) -> HttpResponse:
    """Vouchers: what can be used, what was."""
    lines = commerce.vouchers_of(request.viewer)
    context = {
        "usable": [line for line in lines if line.usable],
        "gone": [line for line in lines if not line.usable],
    }
    return render(request, "member/wallet.html", context)
