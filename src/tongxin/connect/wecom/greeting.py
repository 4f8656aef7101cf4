"""The first words to somebody who has just added a colleague: what the scanned code was about, and the way into the store's group."""

from django.urls import reverse

from tongxin.outreach.channels.lettered import link
from tongxin.outreach.models import WecomCode
from tongxin.outreach.queries.wecom import code_carrying, group_code_of
from tongxin.outreach.rules import with_code
from tongxin.outreach.terms_wecom import INTO_GROUPS
from tongxin.stores.queries import the_brand

HELLO = "你好，欢迎来到{brand}！有什么想问的，随时在这里说。"
PAGES = {"events": "member.event"}  # what a code can be about → the member's page of it


def words(state: str) -> str:
    """Hello; for a code of ours also the page it is about, with its channel, and the store's group."""
    said = [HELLO.format(brand=the_brand().name)]
    code = code_carrying(state)
    if code is not None and (page := page_of(code)):
        said.append(f"报名在这里：{link(page)}")
    group = (
        None if code is None or (code.kind in INTO_GROUPS and code.chats) else group_code_of(code.store_id)
    )
    if group is not None:
        said.append(f"邻居们都在群里，扫这个码进来：{group.picture}")
    return "\n".join(said)


def page_of(code: WecomCode) -> str:
    """Our page that a code is about, carrying the code's channel; "" when it is about none."""
    page = PAGES.get(code.about_room)
    return with_code(reverse(page, args=[code.about_key]), code.state) if page else ""
