"""What waits for headquarters, gathered from every room: a few lines, the gravest first. As many statements for one as for a hundred."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from tongxin.amplify import queries as amplify
from tongxin.amplify.terms import DECIDERS, EDITORS
from tongxin.amplify.terms_referrals import ReferralState
from tongxin.amplify.terms_sharing import PayoutState
from tongxin.champions import queries as champions
from tongxin.champions.queries.chain import StoreLine
from tongxin.champions.rules.health import Why
from tongxin.champions.terms import HEALTH_WHY_LABELS, SETTLERS, Health
from tongxin.commerce import queries as commerce
from tongxin.commerce.queries import IMPORT_READERS, envelopes
from tongxin.commerce.terms import APPROVERS
from tongxin.faces.context import DECIDES
from tongxin.faces.templatetags.tongxin import said
from tongxin.foundation import money
from tongxin.foundation.access import Viewer
from tongxin.kits import queries as kits
from tongxin.measure.terms import StudyState
from tongxin.outreach.queries.waiting import plans_waiting
from tongxin.people.queries.customers import reached
from tongxin.people.rules import pseudonym
from tongxin.rings import queries as rings
from tongxin.stores import queries as stores
from tongxin.stores.terms import Role

RED_ALONE = 3  # so many red stores have a line each, more have one together
ORDER = {"bad": 0, "warn": 1, "ember": 2, "": 3}


@dataclass(frozen=True)
class ToDo:
    """One line of the list: what kind, what it is, why, where it leads."""

    badge: str
    tone: str
    title: str
    note: str
    link: str
    at: datetime | None = None


def todos(
    viewer: Viewer, *, studies: Sequence[Any], lines: Sequence[StoreLine], unsorted: int, currency: str
) -> list[ToDo]:
    """Everything that waits for this viewer, the gravest first, otherwise in the order of the rooms."""
    found = [
        *_plans(viewer),
        *_money(viewer, currency),
        *_red(lines),
        *_kits(viewer),
        *_concerns(viewer),
        *_people(viewer),
        *_together(viewer),
        *_grants(viewer),
        *_studies(studies),
        *_imports(viewer),
    ]
    if unsorted:
        title = _("{n} 家门店待归类").format(n=unsorted)
        found.append(
            ToDo(
                _("门店"), "", title, _("订单里出现过，门店表里还没有"), reverse("hq.stores") + "?unsorted=1"
            )
        )
    return sorted(found, key=lambda one: ORDER[one.tone])


def _plans(viewer: Viewer) -> Iterator[ToDo]:
    if not viewer.roles & DECIDES:
        return
    for plan in plans_waiting(viewer):
        title = plan.title or plan.text[:24]
        link = reverse("hq.message", args=[plan.public_id])
        where = plan.store_name or _("全部门店")
        if plan.draft:
            note = _("{where} · 等你审批").format(where=where)
            yield ToDo(_("触达"), "bad", title, note, link, plan.expires_at)
        else:
            note = _("{where} · {n} 人，快过期了还没发完").format(where=where, n=f"{plan.recipients:,}")
            yield ToDo(_("快过期"), "warn", title, note, link, plan.expires_at)


def _money(viewer: Viewer, currency: str) -> Iterator[ToDo]:
    if not viewer.roles & APPROVERS:
        return
    for one in envelopes.waiting_for_approval(viewer, limit=20).items:
        title = _("{title} 超出 {sum}").format(
            title=one.envelope_title, sum=money.show(one.amount_fen, currency)
        )
        yield ToDo(_("超预算"), "bad", title, one.note or _("等你批"), reverse("hq.envelopes"), one.asked_at)


def _red(lines: Sequence[StoreLine]) -> Iterator[ToDo]:
    red = [line for line in lines if line.health.level is Health.RED]
    here = reverse("hq.today") + "#h-stores"
    if len(red) > RED_ALONE:
        names = "、".join(line.name for line in red[:RED_ALONE])
        yield ToDo(
            _("红店"), "bad", _("{n} 家店亮红").format(n=len(red)), _("{names} 等").format(names=names), here
        )
        return
    for line in red:
        yield ToDo(_("红店"), "bad", line.name, why_said(line.health.reasons[0]), here)


def why_said(why: Why) -> str:
    """A reason in the language of the page."""
    return said(HEALTH_WHY_LABELS[why.code]).format(n=why.n)


def _kits(viewer: Viewer) -> Iterator[ToDo]:
    for one in kits.warnings_waiting(viewer):
        title = _("{title} v{n} 已召回").format(title=one.title, n=one.number)
        note = _("{n} 家店有活动在用，还没看提醒").format(n=one.n)
        yield ToDo(_("召回"), "bad", title, note, reverse("hq.kit_version", args=[one.version]), one.at)
    for one in kits.reports_waiting(viewer):
        note = _("{n} 条“这一步在我店行不通”等答复").format(n=one.n)
        link = reverse("hq.kit.reach", args=[one.kit]) + "#reports"
        yield ToDo(_("行不通"), "warn", one.title, note, link, one.at)
    for kit, title, number, at in kits.drafts_waiting(viewer):
        named = _("{title} v{n} 待发布").format(title=title, n=number)
        yield ToDo(_("工具包"), "", named, _("草稿改过了，还没发布"), reverse("hq.kit", args=[kit]), at)


def _concerns(viewer: Viewer) -> Iterator[ToDo]:
    if not viewer.roles & SETTLERS:
        return
    found = champions.concerns_for(viewer, limit=5).items
    if found:
        first = found[-1]
        n = f"{len(found)}+" if len(found) == 5 else str(len(found))
        title = _("{n} 条体检里的“做不到”等答复").format(n=n)
        yield ToDo(
            _("体检"), "warn", title, f"{first.store_name} · {first.sentence}", reverse("hq.checks"), first.at
        )


def _people(viewer: Viewer) -> Iterator[ToDo]:
    """One line a kind: the first by name, and how many with them."""
    kinds = (
        (
            [one for one in rings.invitations(viewer) if one.state == "accepted"],
            _("待确认"),
            "bad",
            _("已接受邀请，等一位同事确认"),
        ),
        (rings.candidates(viewer), _("可邀请"), "ember", _("内环的门槛都过了，可以发出邀请")),
        (rings.leaving_soon(viewer), _("走远中"), "warn", _("季度复看前，去聊一聊")),
    )
    firsts = [found[0].customer for found, *_rest in kinds if found]
    names = (
        {
            row.public_id: row.nickname or pseudonym(str(row.public_id), viewer.language)
            for row in reached(viewer).filter(public_id__in=firsts)
        }
        if firsts
        else {}
    )
    for found, badge, tone, note in kinds:
        if not found or found[0].customer not in names:
            continue
        first = found[0]
        name = names[first.customer]
        title = name if len(found) == 1 else _("{name} 等 {n} 位").format(name=name, n=len(found))
        where = f"{first.store} · {note}" if first.store else note
        at = None if tone == "ember" else first.at
        yield ToDo(badge, tone, title, where, reverse("hq.person", args=[first.customer]), at)


def _together(viewer: Viewer) -> Iterator[ToDo]:
    """What members wait for: answers that are late, works to be taken down, friends to be looked at, thanks to be approved."""
    if not viewer.roles & DECIDERS:
        return
    if late := amplify.late_items(viewer):
        title = _("{n} 条点子过了期限还没答复").format(n=f"{late:,}")
        yield ToDo(_("共创"), "bad", title, _("答应过两周内答复"), reverse("hq.panels"))
    if due := amplify.uses(viewer, due=True, limit=1):
        title = _("“{place}”上的作品要撤下").format(place=due[0].place)
        yield ToDo(_("授权"), "bad", title, _("作者收回了，一天内撤下"), reverse("hq.stars"), due[0].down_by)
    if polls := [one for one in amplify.polls(viewer, limit=12) if one.late]:
        yield ToDo(_("征询"), "warn", polls[0].title, _("过期没给大家答复"), reverse("hq.panels"))
    if amplify.referrals(viewer, state=ReferralState.HELD, limit=1).items:
        yield ToDo(_("朋友"), "warn", _("带来的朋友有疑点"), _("看过才能付谢礼"), reverse("hq.friends"))
    if viewer.reaches(None, EDITORS):
        for one in amplify.payouts(viewer, limit=1):
            if one.state == PayoutState.DRAWN_UP:
                title = _("{n} 位会员的谢礼等第二个人看").format(n=f"{one.people:,}")
                yield ToDo(_("谢礼"), "ember", title, one.drawn_by, reverse("hq.sharing"), one.drawn_at)


def _grants(viewer: Viewer) -> Iterator[ToDo]:
    """Roles of headquarters that somebody else gave and that wait for this administrator."""
    if Role.ADMIN not in viewer.roles:
        return
    waiting = [one for one in stores.grants_for(viewer, limit=20).items if one.waits]
    for one in waiting[:1]:
        if one.granted_by != viewer.name:
            title = _("{name} 的总部角色等第二位管理员").format(name=one.account.handle)
            yield ToDo(_("权限"), "warn", title, _("看过再同意"), reverse("hq.grants"), one.granted_at)


def _studies(studies: Sequence[Any]) -> Iterator[ToDo]:
    for study in studies:
        if study.state is StudyState.FAILED:
            link = reverse("hq.study", args=[study.public_id])
            yield ToDo(_("没算成"), "bad", study.title, _("看看缺什么，补上再问一次"), link)


def _imports(viewer: Viewer) -> Iterator[ToDo]:
    if not viewer.roles & IMPORT_READERS:
        return
    for run in commerce.import_runs(viewer, limit=20):
        if run.refused:
            note = _("{n} 行没有进来，原因写在文件里").format(n=f"{run.refused:,}")
            yield ToDo(_("导入"), "warn", run.file_name, note, reverse("hq.import"), run.started_at)
