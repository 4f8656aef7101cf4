"""一起做: one's seat on a panel with what is to be tried, one's ideas with their answers, what is being asked, what is shared."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.amplify import actions, queries
from tongxin.amplify.terms import NAME_MOST
from tongxin.amplify.terms_demand import COUNT_MOST
from tongxin.amplify.terms_panels import SCORE_MOST, STAGE_LABELS, WORDS_MOST
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.sentences import say, status_of
from tongxin.foundation.errors import Refused
from tongxin.people.facts import BY_CODE


def cocreate(request: Asked) -> HttpResponse:
    """The page; each form does one thing."""
    viewer = request.viewer
    fault, status = "", 200
    if request.method == "POST":
        try:
            said = _act(request)
        except Refused as refused:
            if refused.code == "absent":
                raise
            fault, status = say(refused, viewer.language), status_of(refused)
        else:
            flash(request, said)
            return redirect("member.cocreate")
    context = {
        "seats": queries.my_seats(viewer),
        "items": [(one, STAGE_LABELS[one.stage]) for one in queries.my_items(viewer)],
        "made": queries.made_together(),
        "polls": [(one, _options(one)) for one in queries.my_polls(viewer)],
        "pools": [
            (one, [((BY_CODE[code].zh, BY_CODE[code].en), worth) for code, worth in one.points])
            for one in queries.pools(viewer, limit=3)
        ],
        "scores": range(SCORE_MOST + 1),
        "count_most": COUNT_MOST,
        "words_most": WORDS_MOST,
        "name_most": NAME_MOST,
        "typed": request.POST,
        "fault": fault,
    }
    return render(request, "member/cocreate.html", context, status=status)


def _options(poll: queries.PollCard) -> list[tuple[int, str, int | None]]:
    return [(n, words, poll.tally[n] if poll.tally else None) for n, words in enumerate(poll.options)]


def _act(request: Asked) -> str:
    viewer, form = request.viewer, request.POST
    do = form.get("do", "")
    if do == "idea":
        actions.give_idea(viewer=viewer, words=form.get("words", ""))
        return _("收到了，两周内答复你。")
    key = _uuid(form.get("id", ""))
    if do == "sit":
        actions.answer_seat(viewer=viewer, seat_id=key, yes=True, keeps=form.get("keeps") == "yes")
        return _("请坐。有东西可以试，就在这里。")
    if do == "pass":
        actions.answer_seat(viewer=viewer, seat_id=key, yes=False)
        return _("好的，不打扰。")
    if do == "leave":
        actions.leave_seat(viewer=viewer, seat_id=key)
        return _("谢谢你坐过这一席。")
    if do == "try":
        actions.answer_trial(viewer=viewer, trial_id=key, scores=_scores(form), words=form.get("words", ""))
        return _("谢谢，写的每一句都会有答复。")
    if do == "credit":
        actions.take_credit(viewer=viewer, item_id=key, name=form.get("name", ""))
        return _("记下了，随时可以改。")
    actions.vote(
        viewer=viewer,
        poll_id=key,
        option=_number(form.get("option", "")),
        count=_number(form.get("count", "1")),
    )
    return _("记下了，截止前可以改。")


def _scores(form: Any) -> dict[str, int]:
    return {
        name.removeprefix("q."): _number(form[name]) for name in form if name.startswith("q.") and form[name]
    }


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else -1


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refused("absent") from None
