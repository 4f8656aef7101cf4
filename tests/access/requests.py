"""What each route is sent: its address and, for writes, a body that works. A new write without one fails the matrix."""

from datetime import timedelta
from typing import Any

from django.urls import get_resolver, reverse

from access.actors import FAR, HERE, Actor, World
from access.things import (
    HQ,
    WEANING,
    agreed,
    asked_to_teach,
    door_event,
    event,
    guest_at_door,
    margin_set,
    merged_target,
    my_star,
    over_event,
    own_door,
    post_fresh,
    post_of_mine,
    shares_owed,
    sheet,
)
from kits.kitchen import content
from tongxin.commerce.models import Voucher
from tongxin.foundation import clock
from tongxin.foundation.access import Row
from tongxin.stores.models import Staff
from tongxin.voices.models import Entry

PIXEL = "R0lGODlhAQABAIAAAAAAAP///ywAAAAAAQABAAACAUwAOw=="  # a GIF of one pixel
FIXED = {
    "step": "oven",
    "face": "champion",
    "side": 192,
    "purpose": "photo",
    "role": "hq",
    "token": "0" * 32,
    "message_class": "promotion",
    "paper": "sign-in",
    "template": "calm",
}


def address(row: Row, thing: str | None, world: World) -> str:
    """The path of a row for one thing."""
    kwargs: dict[str, Any] = {}
    for name in parameters(row.route):
        kwargs[name] = FIXED.get(name) or thing
    if row.route == "api:member.unmerge":  # the thing of this route is the link in its body
        kwargs = {"member_id": merged_target(world, thing) if thing in _links(world) else thing}
    return reverse(row.route, kwargs=kwargs)


def _links(world: World) -> set[str]:
    return {m["id"] for m in world.made.get("merges", {}).values()}


def parameters(route: str) -> list[str]:
    """The names of a route's address parameters."""
    resolver, name = get_resolver(), route
    if ":" in route:
        space, name = route.split(":")
        resolver = resolver.namespace_dict[space][1]
    return list(resolver.reverse_dict.getlist(name)[0][0][0][1])


def _home(world: World, actor: Actor) -> dict[str, Any]:
    return world.store(actor.home or HERE)


def _new_member(world: World, actor: Actor, thing: str | None) -> dict[str, Any]:
    return {"nickname": "新朋友", "home_store": _home(world, actor)["id"], "phone": "13900000001"}


def _new_grant(world: World, actor: Actor, thing: str | None) -> dict[str, Any]:
    home = _home(world, actor)
    return {"account": home["door"]["account"], "role": "door", "store": home["id"]}


def _merging(world: World, actor: Actor, thing: str | None) -> dict[str, Any]:
    return {"source": _home(world, actor)["members"][2]["id"], "reason": "member_asked"}


def _new_event(world: World, actor: Actor, thing: str | None) -> dict[str, Any]:
    return {
        "store": _home(world, actor)["id"],
        "title": "新品试吃",
        "format": "tasting",
        "starts_at": "2026-04-01T10:00:00+08:00",
        "ends_at": "2026-04-01T12:00:00+08:00",
        "places": 12,
    }


def _new_segment(world: World, actor: Actor, thing: str | None) -> dict[str, Any]:
    sheet(world)
    return {"name": "常来的人", "rule": "天数(91) >= 4", "store": _home(world, actor)["id"]}


def _preview(world: World, actor: Actor, thing: str | None) -> dict[str, Any]:
    sheet(world)
    return {"rule": "天数(91) >= 4"}


def _wish(world: World, actor: Actor, thing: str | None) -> dict[str, Any]:
    if actor.role == "member":
        return {"seen": 1}
    return {"member": _home(world, actor)["members"][4]["id"]}


def _redeeming(world: World, actor: Actor, thing: str | None) -> dict[str, Any]:
    found = Voucher.objects.filter(public_id=thing).first()
    code = found.code if found else "0" * 28
    return {"code": code, "store": _home(world, actor)["id"], "receipt": f"X-{actor.name}"}


def _at_till(world: World, actor: Actor, thing: str | None) -> dict[str, Any]:
    return {"store": _home(world, actor)["id"], "receipt": f"P-{actor.name}"}


def _new_envelope(world: World, actor: Actor, thing: str | None) -> dict[str, Any]:
    return {
        "title": "春季活动",
        "amount_fen": 50_000,
        "opens_on": "2026-03-01",
        "closes_on": "2026-05-31",
        "store": _home(world, actor)["id"],
    }


def _new_message(world: World, actor: Actor, thing: str | None) -> dict[str, Any]:
    home = _home(world, actor)["id"]
    return {
        "message_class": "community",
        "channel": "manual",
        "audience": "store",
        "audience_key": home,
        "store": home,
        "text": "周六见",
        "expires_at": "2026-03-12T10:00:00+08:00",
    }


def _new_sequence(world: World, actor: Actor, thing: str | None) -> dict[str, Any]:
    home = _home(world, actor)["id"]
    return {
        "kind": "onboarding",
        "title": "新人七天",
        "message_class": "community",
        "channel": "inbox",
        "audience": "store",
        "audience_key": home,
        "store": home,
        "steps": [{"day": 0, "at": "10:00", "text": "欢迎"}],
        "until": "2026-06-12T10:00:00+08:00",
    }


def _scanning(world: World, actor: Actor, thing: str | None) -> dict[str, Any]:
    home = world.store(actor.home or HERE)
    return {"event": door_event(world, actor).own, "registration": guest_at_door(world, actor, home)}


def _taking_back(world: World, actor: Actor, thing: str | None) -> dict[str, Any]:
    found = own_door(world, actor).own
    mine = found in world.made.get("own_doors", {}).values()
    return {"event": door_event(world, actor).own, "door": found if mine else None}


def _walking_in(world: World, actor: Actor, thing: str | None) -> dict[str, Any]:
    return {"event": door_event(world, actor).own, "nickname": "小桃"}


def _new_series(world: World, actor: Actor, thing: str | None) -> dict[str, Any]:
    return {
        "store": _home(world, actor)["id"],
        "title": "周三茶会",
        "format": "tea",
        "rule": "FREQ=WEEKLY;BYDAY=WE;COUNT=3",
        "starts_on": "2026-03-11",
        "start_time": "10:00",
        "minutes": 90,
        "places": 12,
    }


def _wish_to_host(world: World, actor: Actor, thing: str | None) -> dict[str, Any]:
    return {
        "store": _home(world, actor)["id"],
        "format": "tea",
        "title": "周三晨茶",
        "wished_at": "2026-03-18T08:30:00+08:00",
        "minutes": 60,
        "places": 12,
    }


def _new_partner(world: World, actor: Actor, thing: str | None) -> dict[str, Any]:
    return {"store": _home(world, actor)["id"], "kind": "school", "name": "梧桐路小学"}


def _new_sponsorship(world: World, actor: Actor, thing: str | None) -> dict[str, Any]:
    return {
        "store": _home(world, actor)["id"],
        "title": "梧桐路小学运动会",
        "starts_on": "2026-04-18",
        "ends_on": "2026-04-18",
        "we_hope": {"visitors": 300},
    }


def _new_outcome(world: World, actor: Actor, thing: str | None) -> dict[str, Any]:
    return {"measure": "visitors", "value": 264, "subject": ["events", event(world, actor).own]}


JOURNAL = {
    "lines": [
        {
            "nonce": "2f1c8f0e-6c1f-4a8e-9a52-0d9b7b1f0001",
            "did": "refused",
            "did_why": "invalid",
            "scanned_at": "2026-03-05T12:30:00+08:00",
            "code": "TX1.A.A",
        }
    ]
}
ANSWER = {"granted": True, "notice_version": "2026-01"}


def _adopting(world: World, actor: Actor, thing: str | None) -> dict[str, Any]:
    return {"store": _home(world, actor)["id"], "starts_at": "2026-04-01T10:00:00+08:00"}


def _reporting(world: World, actor: Actor, thing: str | None) -> dict[str, Any]:
    return {
        "store": _home(world, actor)["id"],
        "version": 1,
        "step": "outline.story",
        "sentence": "没有操作台",
    }


def _new_community(world: World, actor: Actor, thing: str | None) -> dict[str, Any]:
    return {"store": _home(world, actor)["id"], "name": "街角读书会", "purpose": WEANING}


def _colleague(world: World, actor: Actor, thing: str | None) -> str:
    return str(Staff.objects.filter(store__public_id=_home(world, actor)["id"], active=True)[0].public_id)


def _new_part(world: World, actor: Actor, thing: str | None) -> dict[str, Any]:
    return {"part": "expert", "staff": _colleague(world, actor, thing), "until": "2026-09-01T00:00:00+08:00"}


def _new_host(world: World, actor: Actor, thing: str | None) -> dict[str, Any]:
    staff = _colleague(world, actor, thing)
    return {"to": staff, "until": "2026-09-01T00:00:00+08:00", "reason": "换店"}


NOBODY = "00000000-0000-4000-8000-000000000000"
BODIES: dict[tuple[str, str], Any] = {
    ("api:stars.all", "POST"): lambda world, actor, thing: {
        "member": _home(world, actor)["members"][3]["id"],
        "why": "常帮人",
    },
    ("api:star", "PUT"): {"do": "show"},
    ("api:me.star", "PUT"): lambda world, actor, thing: my_star(
        world, actor, {"do": "accept", "shown_as": "小林"}
    ),
    ("api:me.star.works", "POST"): lambda world, actor, thing: my_star(
        world, actor, {"words": "慢慢来"}, state="accepted"
    ),
    ("api:star_work", "DELETE"): None,
    ("api:star_work.licence", "PUT"): {"scope": "group", "until": "2026-09-01T00:00:00+08:00"},
    ("api:star_work.licence", "DELETE"): None,
    ("api:me.friends", "POST"): lambda world, actor, thing: margin_set({"code": None}),
    ("api:referral", "PUT"): {"counts": False, "reason": "同一个人的两个号"},
    ("api:me.seat", "PUT"): {"yes": True, "keeps": True},
    ("api:trial.answers", "POST"): {"scores": {"0": 8}},
    ("api:me.ideas", "POST"): {"words": "想要小包装"},
    ("api:idea", "PUT"): {"stage": "answered", "answer": "下个月试"},
    ("api:outsides", "POST"): {"name": "河东跑团", "platform": "offline", "about": "晨跑", "claimed": 80},
    ("api:outside.weeks", "POST"): {"week": "2026-03-02", "active": 40, "posts": 90, "on_topic": 60},
    ("api:panels", "POST"): lambda world, actor, thing: {
        "name": "共创会",
        "about": "先试新品",
        "confidential": "上市前不外传",
        "seats": 9,
        "store": _home(world, actor)["id"],
    },
    ("api:panel.seats", "POST"): lambda world, actor, thing: {
        "member": _home(world, actor)["members"][-1]["id"],
        "why": "爱出主意",
    },
    ("api:panel.trials", "POST"): {
        "product": "南瓜小米泥",
        "questions": ["宝宝爱不爱吃"],
        "until": "2026-09-01T00:00:00+08:00",
    },
    ("api:poll.vote", "PUT"): {"option": 1},
    ("api:polls", "POST"): lambda world, actor, thing: {
        "kind": "want",
        "title": "要多大袋",
        "options": ["小", "大"],
        "closes_at": "2026-09-01T00:00:00+08:00",
        "store": _home(world, actor)["id"],
    },
    ("api:poll", "PUT"): {"made": True, "answer": "下个月上架"},
    ("api:shortlists", "POST"): lambda world, actor, thing: {
        "size": 5,
        "per_store": 1,
        "store": _home(world, actor)["id"],
    },
    ("api:shortlist", "PUT"): None,
    ("api:me.ambassador", "PUT"): {"do": "apply", "why": "想带邻居做辅食"},
    ("api:ambassadors", "POST"): lambda world, actor, thing: {
        "member": _home(world, actor)["members"][3]["id"],
        "why": agreed("常带大家"),
        "until": (clock.now() + timedelta(days=90)).isoformat(),
        "tier": 1,
    },
    ("api:ambassador", "PUT"): {"do": "decline", "reason": "这一季满了"},
    ("api:ambassador_agreements", "POST"): {"body": "说清楚自己是大使", "perks": ["新品先试"]},
    ("api:teachers", "POST"): lambda world, actor, thing: {
        "member": _home(world, actor)["members"][3]["id"],
        "specialties": ["baking"],
        "why": "烤得好，还会讲",
    },
    ("api:teacher", "DELETE"): None,
    ("api:me.teaching", "PUT"): lambda world, actor, thing: asked_to_teach(
        actor, {"do": "accept", "shown_as": "小林老师", "words": "从一炉饼干开始"}
    ),
    ("api:pools", "POST"): lambda world, actor, thing: {
        "title": "这一季一起分享",
        "pool_fen": 300_000,
        "points": {"answer_accepted": 5},
        "since": (clock.now() + timedelta(days=1)).isoformat(),
        "until": (clock.now() + timedelta(days=90)).isoformat(),
    },
    ("api:pool", "PUT"): None,
    ("api:payouts", "POST"): lambda world, actor, thing: shares_owed(world, {"least_fen": 200}),
    ("api:payout", "PUT"): {"do": "paid", "reference": "A1"},
    ("api:margin_rules", "POST"): lambda world, actor, thing: {
        "since": (clock.business_day(clock.now()) + timedelta(days=1)).isoformat(),
        "high_permille": 420,
        "other_permille": 240,
    },
    ("api:communities", "POST"): _new_community,
    ("api:community", "PUT"): {"name": "换个名字", "purpose": WEANING},
    ("api:community.open", "POST"): None,
    ("api:community.close", "POST"): {"reason": "宝宝们长大了"},
    ("api:community.gates", "PUT"): {"gates": [{"gate": "invitation"}]},
    ("api:community.rules", "POST"): {"lines": ["只聊喂养"], "mandatory": False},
    ("api:community.containers", "POST"): {"kind": "wecom", "name": "微信群"},
    ("api:community.parts", "POST"): _new_part,
    ("api:community.host", "POST"): _new_host,
    ("api:community.join", "POST"): {"channel": "poster"},
    ("api:community.accept", "POST"): lambda world, actor, thing: {
        "number": 1,
        "shown_at": clock.now().isoformat(),
    },
    ("api:community.leave", "POST"): None,
    ("api:community.hello", "POST"): {"hello": "你好"},
    ("api:community.invitations", "POST"): {"most": 1},
    ("api:community_member.remove", "POST"): {"reason": "连续发广告"},
    ("api:reports", "POST"): lambda world, actor, thing: {
        "post": post_fresh(world, actor).own or NOBODY,
        "kind": "advert",
    },
    ("api:case.decision", "POST"): {"decision": "hide", "reason": "换个说法"},
    ("api:case.answer", "POST"): {"upheld": False, "reason": "看过了"},
    ("api:me.case.appeal", "POST"): {"said": "这是我自己的小店"},
    ("api:voice.label", "POST"): {"label": "gripe"},
    ("api:voice.owner", "POST"): lambda world, actor, thing: {
        "owner": _colleague(world, actor, thing),
        "due_at": "2026-04-01T21:00:00+08:00",
    },
    ("api:voice.answer", "POST"): {"outcome": "周六加开了两个收银口"},
    ("api:community.challenges", "POST"): {
        "title": "一周三次",
        "starts_on": "2026-04-01",
        "ends_on": "2026-04-28",
    },
    ("api:challenge.close", "POST"): None,
    ("api:challenge.join", "POST"): None,
    ("api:challenge.check_in", "POST"): None,
    ("api:challenge.make_up", "POST"): {"day": "2026-03-04"},
    ("api:challenge.leave", "POST"): None,
    ("api:community.contests", "POST"): {
        "title": "最好看的辅食",
        "prize": "烘焙课一席",
        "entries_until": "2026-04-10T21:00:00+08:00",
        "votes_until": "2026-04-17T21:00:00+08:00",
    },
    ("api:contest.open", "POST"): None,
    ("api:contest.entries", "POST"): lambda world, actor, thing: {
        "post": post_of_mine(world, actor).own or NOBODY
    },
    ("api:contest.vote", "PUT"): lambda world, actor, thing: {
        "entry": next(
            (
                str(e)
                for e in Entry.objects.filter(contest__public_id=thing).values_list("public_id", flat=True)
            ),
            NOBODY,
        )
    },
    ("api:community.posts", "POST"): lambda world, actor, thing: {"body": f"早上好，{actor.name}"},
    ("api:post", "PUT"): {"body": "换个说法"},
    ("api:post", "DELETE"): None,
    ("api:post.replies", "POST"): lambda world, actor, thing: {"body": f"谢谢，{actor.name}"},
    ("api:post.reactions", "PUT"): {"kind": "useful"},
    ("api:post.accepted", "PUT"): {"accepted": True},
    ("api:post.public", "PUT"): {"granted": True},
    ("api:post.photos", "POST"): {"data": PIXEL},
    ("api:post_photo", "PUT"): {"state": "group"},
    ("api:post_photo", "DELETE"): None,
    ("api:community.topics", "POST"): {"name": "新的话题"},
    ("api:topic", "PUT"): {"name": "换个名字"},
    ("api:topic", "DELETE"): None,
    ("api:community.calendar", "POST"): {"on": "2026-03-09", "title": "三种稠度", "content": "tip"},
    ("api:calendar_entry", "PUT"): {"on": "2026-03-10", "title": "三种稠度"},
    ("api:calendar_entry", "DELETE"): None,
    ("api:calendar_entry.publish", "POST"): {"body": "今天聊聊稠度"},
    ("api:community.mix", "PUT"): {"targets": {"tip": 60, "story": 40}},
    ("api:library", "POST"): {"content": "tip", "title": "三种稠度", "body": "先稀后稠"},
    ("api:library_item", "DELETE"): None,
    ("api:words", "POST"): {"text": "对面的店", "category": "advert", "level": "hold"},
    ("api:word", "DELETE"): None,
    ("api:application", "DELETE"): None,
    ("api:application.answer", "POST"): {"gate": "application", "answers": {"why": "想学"}},
    ("api:application.decide", "POST"): {"gate": "application", "yes": True},
    ("api:kits", "POST"): lambda world, actor, thing: {"code": "baking", "content": content()},
    ("api:kit.draft", "PUT"): lambda world, actor, thing: {"content": content(places=14)},
    ("api:kit.versions", "POST"): {"note": "春天的一版"},
    ("api:kit.offer", "POST"): {"everywhere": True},
    ("api:kit.exceptions", "POST"): {"word": "国家级", "reason": "奖项原名"},
    ("api:kit.reports", "POST"): _reporting,
    ("api:kit.instances", "POST"): _adopting,
    ("api:kit_version.recall", "POST"): {"reason": "糖霜批次有问题"},
    ("api:kit_report.answer", "POST"): {"answer": "下一版改"},
    ("api:kit_instance", "PUT"): {"overrides": {"places": 10}},
    ("api:kit_instance.upgrade", "POST"): {"choices": {}},
    ("api:event.costs", "POST"): {"spent": [{"material": "flour", "quantity": 2000, "fen": 1900}]},
    ("api:kit_warning.seen", "POST"): None,
    ("api:members", "POST"): _new_member,
    ("api:member.consent", "PUT"): ANSWER,
    ("api:member.merge", "POST"): _merging,
    ("api:member.unmerge", "POST"): lambda world, actor, thing: {"merge": thing},
    ("api:member.export", "POST"): None,
    ("api:member.erase", "POST"): {"reason": "asked by letter"},
    ("api:me.consent", "PUT"): ANSWER,
    ("api:me.personalisation", "PUT"): {"on": False},
    ("api:me.language", "PUT"): {"language": "en"},
    ("api:me.tag", "DELETE"): None,
    ("api:events", "POST"): _new_event,
    ("api:event", "PATCH"): {"theme": "春天"},
    ("api:event.publish", "POST"): None,
    ("api:event.move", "POST"): {
        "starts_at": "2026-04-02T10:00:00+08:00",
        "ends_at": "2026-04-02T12:00:00+08:00",
    },
    ("api:event.resize", "POST"): {"places": 20},
    ("api:event.cancel", "POST"): {"reason": "停电"},
    ("api:event.allotments", "PUT"): {"audience": "ring:inner", "size": 2},
    ("api:event.registrations", "POST"): _wish,
    ("api:registration", "DELETE"): None,
    ("api:registration.approve", "POST"): None,
    ("api:registration.decline", "POST"): {"reason": "名额有限"},
    ("api:registration.accept", "POST"): None,
    ("api:registration.pick", "POST"): {"reason": "带了讲稿"},
    ("api:event.lottery.commit", "POST"): None,
    ("api:event.lottery.draw", "POST"): {"beacon": ""},
    ("api:event.groups", "POST"): {"came_from": "chat"},
    ("api:group.join", "POST"): {"came_from": "chat"},
    ("api:event.review", "PUT"): {
        "answers": {"went_well": "第一炉", "to_change": "多备围裙", "said_by_guests": "还来"}
    },
    ("api:event.followup", "PUT"): {"text": "家长群", "url": "https://example.com/g/1"},
    ("api:event.thanks", "POST"): None,
    ("api:event.survey", "POST"): None,
    ("api:event.survey.reveal", "POST"): None,
    ("api:me.survey", "POST"): {"score": 9},
    ("api:event.photos", "POST"): {"data": PIXEL},
    ("api:photo", "DELETE"): None,
    ("api:photo.seen", "PUT"): {"child_visible": True},
    ("api:photo.state", "PUT"): {"state": "group"},
    ("api:photo.places", "POST"): lambda world, actor, thing: {"event": over_event(world, actor).own},
    ("api:photo.hide", "POST"): lambda world, actor, thing: {"event": over_event(world, actor).own},
    ("api:me.photo", "PUT"): {"use": "group", "granted": True},
    ("api:me.photos.withdraw", "POST"): None,
    ("api:rituals", "POST"): _wish_to_host,
    ("api:ritual.approve", "POST"): {"place": "二楼", "answer": "好呀"},
    ("api:ritual.decline", "POST"): {"answer": "那天盘点"},
    ("api:series", "POST"): _new_series,
    ("api:one_series", "PATCH"): {"title": "周三茶会（春）"},
    ("api:series.publish", "POST"): None,
    ("api:series.end", "POST"): {"reason": "换成周四"},
    ("api:series.passes", "POST"): {"events": None},
    ("api:pass", "DELETE"): None,
    ("api:me.calendar", "POST"): None,
    ("api:me.calendar", "DELETE"): None,
    ("api:store.calendar", "POST"): None,
    ("api:checkins", "POST"): _scanning,
    ("api:checkins.walk_in", "POST"): _walking_in,
    ("api:checkin.annul", "POST"): _taking_back,
    ("api:event.doors", "POST"): None,
    ("api:door", "DELETE"): None,
    ("api:device.sync", "POST"): JOURNAL,
    ("api:conflict.resolve", "POST"): {"verdict": "看过了"},
    ("api:checklist", "POST"): {"items": [{"zh": "烤箱干净吗？"}], "since": "2026-03-09"},
    ("api:store.checks", "POST"): {"answers": [{"item": "board", "answer": "yes"}]},
    ("api:concern.reply", "POST"): {"reply": "明天送到"},
    ("api:step", "POST"): {"done": True},
    ("api:training", "POST"): {"item": "door"},
    ("api:training.sign", "POST"): None,
    ("api:champion.leave", "POST"): lambda world, actor, thing: {
        "successor": _home(world, actor)["champions"][1]["account"],
        "last_day": "2026-03-05",
    },
    ("api:handover.receive", "POST"): None,
    ("api:store.invites", "POST"): None,
    ("api:invite", "POST"): {"outcome": "invited"},
    ("api:voucher.redeem", "POST"): _redeeming,
    ("api:voucher.reverse", "POST"): {"reason": "扫错了"},
    ("api:promise.paid", "POST"): _at_till,
    ("api:promise.unpaid", "POST"): {"reason": "点错了"},
    ("api:promise.refund", "POST"): {"reason": "来不了"},
    ("api:envelopes", "POST"): _new_envelope,
    ("api:envelope.commitments", "POST"): {"amount_fen": 1000, "subject": ["events", "春游"]},
    ("api:commitment.approve", "POST"): {"reason": "值得"},
    ("api:partners", "POST"): _new_partner,
    ("api:partner", "PATCH"): {"brings": "周末课堂"},
    ("api:sponsorships", "POST"): _new_sponsorship,
    ("api:sponsorship.state", "POST"): {"state": "held"},
    ("api:sponsorship.outcomes", "POST"): _new_outcome,
    ("api:me.inbox.read", "POST"): None,
    ("api:me.opt_outs", "POST"): {"message_class": "promotion", "wanted": False},
    ("api:messages", "POST"): _new_message,
    ("api:message.approve", "POST"): None,
    ("api:message.remind", "POST"): None,
    ("api:task.put_off", "POST"): None,
    ("api:sequences", "POST"): _new_sequence,
    ("api:sequence.move", "POST"): {"move": "end", "reason": "不做了"},
    ("api:message.cancel", "POST"): {"reason": "改期了"},
    ("api:task.sent", "POST"): {"counted": None},
    ("api:me.export", "POST"): None,
    ("api:me.erase", "POST"): {"reason": "moving away"},
    ("api:me.companions", "POST"): {
        "nickname": "豆豆",
        "age_years": 7,
        "agreed": True,
        "notice_version": "2026-01",
    },
    ("api:me.companion", "DELETE"): None,
    ("api:grants", "POST"): _new_grant,
    ("api:grant", "DELETE"): None,
    ("api:grant.second", "POST"): None,
    ("api:devices", "POST"): lambda world, actor, thing: {
        "store": _home(world, actor)["id"],
        "name": "签到机",
    },
    ("api:device", "DELETE"): None,
    ("api:devices.activate", "POST"): {"code": "AAAA-BBBB-CCCC-DDDD"},
    ("api:studies", "POST"): {"title": "活动带来了什么"},
    ("api:measurements", "POST"): {"kind": "concentration"},
    ("api:segments", "POST"): _new_segment,
    ("api:community.quiet", "POST"): {"state": "dormant", "text": "一直给你留着位子，想来随时来。"},
    ("api:segments.preview", "POST"): _preview,
    ("api:segment", "DELETE"): None,
    ("api:member.ring_invitation", "POST"): {"reason": "常帮新邻居解答"},
    ("api:member.thanks", "POST"): {"kind": "praise", "words": "谢谢你"},
    ("api:me.thanks", "PUT"): {"public": True},
    ("api:me.invitation", "POST"): {"accept": True},
    ("api:rings.policy", "PUT"): {"body": {}, "note": "again"},
    ("api:webhooks", "POST"): {"url": "https://93.184.215.14/hook", "acts": ["accounts.*"]},
    ("api:webhook", "DELETE"): None,
    ("api:webhook.rotate", "POST"): None,
}
HEADERS = {
    ("api:event.review", "PUT"): {"If-Match": '"0"'},
    ("api:event.followup", "PUT"): {"If-Match": '"0"'},
    ("api:photo.seen", "PUT"): {"If-Match": '"2"'},
    ("api:photo.state", "PUT"): {"If-Match": '"2"'},
    ("api:community", "PUT"): {"If-Match": '"2"'},
    ("api:post", "PUT"): {"If-Match": '"1"'},
    ("api:topic", "PUT"): {"If-Match": '"1"'},
    ("api:calendar_entry", "PUT"): {"If-Match": '"1"'},
    ("api:checklist", "POST"): {"If-Match": '"0"'},
    ("api:kit.draft", "PUT"): {"If-Match": '"2"'},
    ("api:kit.versions", "POST"): {"If-Match": '"2"'},
    ("api:kit_instance", "PUT"): {"If-Match": '"1"'},
    ("api:kit_instance.upgrade", "POST"): {"If-Match": '"1"'},
    ("api:rings.policy", "PUT"): {"If-Match": '"1"'},
    ("api:event", "PATCH"): {"If-Match": '"1"'},
    ("api:event.move", "POST"): {"If-Match": '"1"'},
    ("api:event.resize", "POST"): {"If-Match": '"1"'},
    ("api:one_series", "PATCH"): {"If-Match": '"1"'},
    ("api:event.allotments", "PUT"): {"If-Match": '"1"'},
    ("api:partner", "PATCH"): {"If-Match": '"0"'},
}


def body(row: Row, world: World, actor: Actor, thing: str | None) -> Any:
    """A body that works for the actor."""
    made = BODIES[row.route, row.method]
    return made(world, actor, thing) if callable(made) else made


__all__ = ["FAR", "HQ", "address", "body", "parameters"]
