"""People around a corp at the fake: what they do, what the platform tells of it, and whether our picture is the platform's."""

import random
from datetime import timedelta

from connect.wecom import corp
from tongxin.connect.wecom import callbacks
from tongxin.connect.wecom.mirroring import Mirror
from tongxin.connect.wecom.sandbox import acts
from tongxin.foundation import clock
from tongxin.outreach.models import (
    WecomContact,
    WecomCorrection,
    WecomEvent,
    WecomGroup,
    WecomGroupDay,
    WecomGroupMember,
)


def tell(platform):
    """Deliver what waits to our own door; answers how many arrived."""

    def post(url, body):
        query = dict(pair.split("=") for pair in url.partition("?")[2].split("&"))
        query["timestamp"] = str(int(clock.now().timestamp()))
        encrypted = str(callbacks.read(body)["Encrypt"])
        query["msg_signature"] = corp.CONFIG.crypt().sign(query["timestamp"], query["nonce"], encrypted)
        callbacks.hear(corp.CONFIG, query, body)
        return 200

    return platform.post.deliver(post)


def truth(platform):
    return {
        row["chat_id"]: (row["name"], row["owner"], frozenset(row["members"]))
        for row in platform.world.all("groups")
        if not row["dismissed"]
    }


def ours():
    found = {}
    for group in WecomGroup.objects.filter(dismissed_at=None):
        here = WecomGroupMember.objects.filter(group=group, left_at=None).values_list("external", flat=True)
        found[group.chat_id] = (group.name, group.owner, frozenset(here))
    return found


def friends(platform):
    return {(row["userid"], row["external_userid"]) for row in platform.world.all("follows")}


def our_friends():
    return set(WecomContact.objects.filter(lost_at=None).values_list("userid", "external"))


def act(platform, chance, names):
    """Something people do."""
    chats = [row["chat_id"] for row in platform.world.all("groups") if not row["dismissed"]]
    who = chance.choice(names)
    match chance.randrange(12):
        case 0 | 1 | 2 | 3 | 4:
            acts.join(platform, chance.choice(chats), who)
        case 5 | 6 | 7:
            acts.leave(platform, chance.choice(chats), who)
        case 8:
            acts.befriend(platform, chance.choice(["lin", "chen"]), who)
        case 9:
            acts.unfriend(platform, chance.choice(["lin", "chen"]), who)
        case 10:
            acts.rename(platform, chance.choice(chats), f"群{chance.randrange(99)}")
        case 11:
            if len(chats) > 2 and chance.randrange(4) == 0:
                acts.dismiss(platform, chance.choice(chats))
            elif len(chats) < 6:
                acts.open_group(platform, "lin", f"新群{chance.randrange(99)}")


def town(people=12, groups=3, **settings):
    """Two colleagues, the first with customers and groups."""
    platform = corp.fake(**settings)
    acts.hire(platform, "chen", "陈晓", 3)
    names = corp.customers(platform, people)
    for _ in range(groups):
        acts.open_group(platform, "lin", "烘焙邻里")
    return platform, names


def days_add_up():
    """Each day's stock is the one before, with who came and went and what was corrected; answers how many days there are."""
    for row in WecomGroupDay.objects.order_by("group", "day"):
        last = WecomGroupDay.objects.filter(group=row.group, day__lt=row.day).order_by("-day").first()
        assert row.before == (last.stock if last else 0)
        assert row.stock == row.before + row.joins - row.leaves + row.corrected
    return WecomGroupDay.objects.count()


def week(noon, *, compares, people=12, groups=3, every=7200):
    """Seven days in which no callback arrives; answers the platform, how many corrections there were, and the time."""
    time, chance = corp.Time(noon), random.Random(5)
    with time.now():
        platform, names = town(people, groups, lose=1000)
        Mirror(corp.caller(platform)).compare()
    WecomEvent.objects.all().delete()
    already = WecomCorrection.objects.count()
    for _ in range(7):
        for _ in range(86400 // every):
            time.go(every)
            with time.now():
                act(platform, chance, names)
                assert tell(platform) == 0
        with time.now():
            Mirror(corp.caller(platform)).round()
            if compares:
                Mirror(corp.caller(platform)).compare()
            Mirror(corp.caller(platform)).keep_day(clock.business_day(clock.now()) - timedelta(days=1))
    return platform, WecomCorrection.objects.count() - already, time
