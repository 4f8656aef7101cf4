"""The training card, the steps of a kit, and receiving what a colleague handed over."""

from datetime import datetime
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from tongxin.champions import actions, queries
from tongxin.champions.papers import sheets
from tongxin.champions.queries import HandoverLine
from tongxin.champions.terms import HANDED_LABELS, TRAINED_LABELS, Handed, Trained
from tongxin.faces.asking import Asked
from tongxin.faces.champion.papers import as_file, language_of
from tongxin.faces.context import flash
from tongxin.faces.posters import BRANDS
from tongxin.faces.sentences import say
from tongxin.faces.templatetags.tongxin import full_day
from tongxin.foundation.errors import Refused


def training(request: Asked) -> HttpResponse:
    """The card that holds: what was read, whether it is signed; a post reads one item."""
    if request.method == "POST":
        actions.read_lesson(viewer=request.viewer, item=request.POST.get("item", ""))
        return redirect("champion.training")
    card = queries.my_training(request.viewer)
    context = {
        "card": card,
        "state": TRAINED_LABELS[card.standing.state],
        "signed": card.standing.state is Trained.SIGNED,
        "renew": card.standing.state is Trained.RENEW,
        "rows": [(item, item.key in card.read) for item in card.version.items],
        "left": card.standing.of - card.standing.read,
    }
    return render(request, "champion/training.html", context)


def step(request: Asked, use_id: UUID, step: str) -> HttpResponse:
    """A step of a kit is done, or was not."""
    use = queries.access_step_use(request.viewer, use_id)
    try:
        actions.tick_step(
            viewer=request.viewer, use_id=use_id, step=step, done=request.POST.get("done") != "no"
        )
    except Refused as refused:
        if refused.code == "absent":
            raise
        flash(request, say(refused, request.viewer.language))
    return redirect(f"{reverse('champion.today')}?store={use.store.public_id}#steps")


def handover(request: Asked, handover_id: UUID) -> HttpResponse:
    """What a colleague left, for the one who takes it; a post receives it."""
    if request.method == "POST":
        try:
            actions.receive_handover(viewer=request.viewer, handover_id=handover_id)
        except Refused as refused:
            if refused.code == "absent":
                raise
            flash(request, say(refused, request.viewer.language))
        else:
            flash(request, _("签收了。两份纸也请签好，各留一份。"))
        return redirect("champion.handover", handover_id)
    line = _line(request, handover_id)
    return render(request, "champion/handover.html", {"line": line, "groups": groups(line)})


def handover_sheet(request: Asked, handover_id: UUID) -> HttpResponse:
    """The same on paper, to be signed by both."""
    line, language = _line(request, handover_id), language_of(request.viewer)
    made = sheets.handover(
        store=line.store_name,
        brand=BRANDS[language],
        leaver=line.leaver,
        successor=line.successor,
        last_day=full_day(line.last_day),
        groups=[(label[language == "en"], [said for said, _ in rows]) for label, rows in groups(line)],
        mark="",
        language=language,
    )
    return as_file(made, f"handover-{str(handover_id)[:8]}.pdf")


def _line(request: Asked, handover_id: UUID) -> HandoverLine:
    found = queries.access_handover(request.viewer, handover_id)
    return queries.handover_line(request.viewer, found)


def groups(line: HandoverLine) -> list[tuple[tuple[str, str], list[tuple[str, str]]]]:
    """The list by kind: its label, and of each thing what it is and where its page is ("" for what has none)."""
    found = []
    for kind in Handed:
        rows = [
            (_said(thing.said, thing.at, thing.key), _page(kind, thing.key))
            for thing in line.things
            if thing.kind is kind
        ]
        if rows:
            found.append((HANDED_LABELS[kind], rows))
    return found


def _said(said: str, at: str, key: str) -> str:
    day = full_day(datetime.fromisoformat(at)) if "T" in at else at
    return " · ".join(part for part in (day, said) if part) or key[:8]


PAGES = {
    Handed.EVENT: "champion.event",
    Handed.SERIES: "organise.one_series",
    Handed.PROPOSAL: "organise.proposal",
    Handed.LETTER: "champion.task",
}


def _page(kind: Handed, key: str) -> str:
    return reverse(PAGES[kind], args=[key]) if kind in PAGES else ""
