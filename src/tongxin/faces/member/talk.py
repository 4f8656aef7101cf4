"""Talking round the fire: the feed of a community, a post with what stands under it, a topic. No word about rings or moderation's lists."""

from typing import Any
from uuid import UUID

from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.events.terms_after import PHOTO_STATE_LABELS, PhotoState
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.photos import PUBLIC
from tongxin.faces.sentences import say, status_of
from tongxin.foundation.errors import Refused
from tongxin.people import queries as people
from tongxin.voices import actions, queries
from tongxin.voices.terms import BODY_MOST, KIND_LABELS, PHOTOS_MOST, PostKind, PostState, ReactionKind

ON_A_PAGE = 20
KINDS = ("", "question", "post")
CHIPS = {"": ("全部", "all"), "question": ("问答", "questions"), "post": ("分享", "posts")}
# What a waiting post is told to its author: why it waits is said in one sentence, not in the words that were found.
OUT = "absent"


def talk(request: Asked, community_id: UUID, *, fault: str = "", status: int = 200) -> HttpResponse:
    """The feed of one community, and a form to say something."""
    viewer = request.viewer
    if request.method == "POST" and not fault:
        return _write(request, community_id)
    kind = request.GET.get("kind", "")
    kind = kind if kind in KINDS else ""
    found = queries.talk_page(
        viewer, community_id, kind=kind, limit=ON_A_PAGE, cursor=request.GET.get("cursor") or None
    )
    inside = found.inside
    context = {
        "inside": inside,
        "posts": found.posts.items,
        "cursor": found.posts.cursor,
        "kind": kind,
        "chips": list(CHIPS.items()),
        "topics": found.topics,
        "children": _children(request),
        "may_write": inside.state == "open" and (inside.active or viewer.person is None),
        "most": BODY_MOST,
        "photos_most": PHOTOS_MOST,
        "fault": fault,
        "typed": request.POST,
    }
    return render(request, "member/talk.html", context, status=status)


def _children(request: Asked) -> list[Any]:
    return list(people.companions_of(request.viewer))


def _write(request: Asked, community_id: UUID) -> HttpResponse:
    form = request.POST
    try:
        post = actions.write_post(
            viewer=request.viewer,
            community_id=community_id,
            body=form.get("body", ""),
            kind=PostKind.QUESTION if form.get("kind") == "question" else PostKind.POST,
            topic=_uuid(form.get("topic", "")) if form.get("topic") else None,
            public=form.get("public") == "yes",
        )
        for sent in request.FILES.getlist("photo")[:PHOTOS_MOST]:
            _add(request, post.public_id, sent)
    except Refused as refused:
        if refused.code == OUT:
            raise
        return talk(
            request, community_id, fault=say(refused, request.viewer.language), status=status_of(refused)
        )
    flash(request, _said(post.state))
    return redirect("member.post", post.public_id)


def _said(state: str) -> str:
    if state == PostState.WAITING:
        return _("收到了。版主看一眼就发出来，一般两小时内。")
    return _("发出去了。")


def _add(request: Asked, post_id: UUID, sent: Any) -> None:
    form = request.POST
    if not sent.size:
        return
    actions.add_photo(
        viewer=request.viewer,
        post_id=post_id,
        data=sent.read(),
        children=[_uuid(one) for one in form.getlist("child")],
        strangers=form.get("strangers") == "yes",
        show=form.get("show") == "yes" or request.viewer.person is None,
    )


def post(request: Asked, post_id: UUID) -> HttpResponse:
    """One post with what stands under it; everything one can do with it."""
    if request.method != "POST":
        return _post(request, post_id)
    try:
        said, to = _do(request, post_id, request.POST.get("do", ""))
    except Refused as refused:
        if refused.code == OUT:
            raise
        return _post(request, post_id, fault=say(refused, request.viewer.language), status=status_of(refused))
    if said:
        flash(request, said)
    return redirect(*to)


def _post(request: Asked, post_id: UUID, *, fault: str = "", status: int = 200) -> HttpResponse:
    found = queries.thread(
        request.viewer, post_id, cursor=request.GET.get("cursor") or None, limit=2 * ON_A_PAGE
    )
    own = found.post.mine or (found.keeper and request.viewer.person is None)
    context = {
        "found": found,
        "one": found.post,
        "title": KIND_LABELS[found.post.kind],
        "photos": queries.photos_of(request.viewer, found.post.id) if found.post.mine else [],
        "photo_states": PHOTO_STATE_LABELS,
        "own": own,
        "children": _children(request) if found.post.mine else [],
        "most": BODY_MOST,
        "fault": fault,
        "typed": request.POST,
    }
    return render(request, "member/post.html", context, status=status)


def _do(request: Asked, post_id: UUID, do: str) -> tuple[str, tuple[Any, ...]]:
    """One act on a post; what to say about it and where to go on."""
    viewer, form = request.viewer, request.POST
    here = ("member.post", post_id)
    if do == "reply":
        made = actions.reply(viewer=viewer, post_id=post_id, body=form.get("body", ""))
        return (_said(made.state) if made.state == PostState.WAITING else ""), here
    if do == "edit":
        actions.edit_post(
            viewer=viewer,
            post_id=post_id,
            body=form.get("body", ""),
            version=_number(form.get("version", "")),
        )
        return _("改好了。"), here
    if do == "withdraw":
        gone = actions.withdraw_post(viewer=viewer, post_id=post_id)
        to = ("member.post", gone.root.public_id) if gone.root else ("member.talk", gone.community.public_id)
        return _("收回了，谁也看不到了。"), to
    if do in {"public", "inside"}:
        actions.set_public(viewer=viewer, post_id=post_id, granted=do == "public")
        return (_("好的，群外的人也能看到。") if do == "public" else _("收回了，马上生效。")), here
    if do in {"accept", "unaccept"}:
        act = actions.accept_answer if do == "accept" else actions.take_acceptance_back
        act(viewer=viewer, answer_id=_uuid(form.get("answer", "")))
        return (_("采纳了，会告诉回答的人。") if do == "accept" else _("取消了。")), here
    if do in {"react", "unreact"}:
        target, kind = form.get("post", "") or str(post_id), form.get("kind", "")
        if kind not in set(ReactionKind):
            raise Refused("absent")
        tap = actions.react if do == "react" else actions.unreact
        tap(viewer=viewer, post_id=_uuid(target), kind=ReactionKind(kind))
        return "", here
    return _photo(request, post_id, do), here


def _photo(request: Asked, post_id: UUID, do: str) -> str:
    viewer, form = request.viewer, request.POST
    if do == "photo":
        for sent in request.FILES.getlist("photo")[:PHOTOS_MOST]:
            _add(request, post_id, sent)
    elif do == "photo.show":
        actions.show_photo(
            viewer=viewer, photo_id=_uuid(form.get("photo", "")), state=_state(form.get("state", ""))
        )
    elif do == "photo.remove":
        actions.remove_photo(viewer=viewer, photo_id=_uuid(form.get("photo", "")))
    else:
        raise Refused("absent")
    return _("记下了。")


def _state(text: str) -> PhotoState:
    if text not in set(PhotoState):
        raise Refused("absent")
    return PhotoState(text)


def topic(request: Asked, topic_id: UUID) -> HttpResponse:
    """What is said under one name."""
    found = queries.topic_page(
        request.viewer, topic_id, limit=ON_A_PAGE, cursor=request.GET.get("cursor") or None
    )
    context = {"found": found, "posts": found.posts.items, "cursor": found.posts.cursor}
    return render(request, "member/topic.html", context)


def picture(request: Asked, photo_id: UUID) -> FileResponse:
    """The bytes that we painted, to whoever may see them now. Refuses `absent` otherwise."""
    found = queries.picture_file(request.viewer, photo_id)
    reply = FileResponse(found.path.open("rb"), content_type=found.content_type)
    if found.public:
        reply["Cache-Control"] = PUBLIC
    return reply


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refused("absent") from None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
