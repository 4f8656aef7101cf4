"""Posts into the corp's groups, and moments of colleagues, as tasks that they confirm in WeCom.

Without a corp, or an owner, they stay to be sent by hand.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from tongxin.foundation import clock
from tongxin.foundation.plugs import wiring
from tongxin.outreach.actions import wecom_tasks as book
from tongxin.outreach.channels.lettered import link
from tongxin.outreach.models import Task, WecomGroup, WecomTarget
from tongxin.outreach.rules import marked, with_code
from tongxin.outreach.terms_wecom import Target

GROUP, MOMENT = "wecom:", "moment:"
CHANNEL = "wecom"


def take(tasks: Sequence[Task]) -> int:
    """Write these (just admitted, locked) tasks down for the platform and say so in their channel; answers how many.

    In the caller's transaction, which saves the tasks.
    """
    mine = [task for task in tasks if task.group_key.startswith((GROUP, MOMENT))]
    if not mine or not any(one.id == CHANNEL and one.ready() for one in wiring().CHANNELS):
        return 0
    groups = _groups(mine)
    before = Counter(
        WecomTarget.objects.filter(post__in=[task.pk for task in mine]).values_list("post", flat=True)
    )
    parts: dict[book.Words, list[book.Handed]] = defaultdict(list)
    expires: dict[book.Words, datetime] = {}
    for task in mine:
        sender, external = groups.get(task.group_key, ("", ""))
        if not sender:
            continue
        message = task.message
        words = book.Words(
            sender=sender,
            text=marked(message.text, message.message_class),
            target=Target.MOMENT if task.group_key.startswith(MOMENT) else Target.GROUPS,
            message=message.pk,
            link=link(with_code(message.path, message.code))[:300] if message.path else "",
            poster=message.poster,
        )
        delivery = f"post:{task.public_id}:{before[task.pk]}"
        parts[words].append(book.Handed(delivery, None, external, task.pk))
        expires[words] = max(task.expires_at, expires.get(words, task.expires_at))
        task.channel = CHANNEL
    book.gather(parts, at=clock.now(), expires=expires)
    return sum(map(len, parts.values()))


def _groups(tasks: Sequence[Task]) -> dict[str, tuple[str, str]]:
    """Key → (who confirms, the platform's id): a group and its owner, or a colleague for a moment."""
    found: dict[str, tuple[str, str]] = {}
    keys: dict[UUID, str] = {}
    for task in tasks:
        if task.group_key.startswith(MOMENT):
            userid = task.group_key.removeprefix(MOMENT)
            found[task.group_key] = (userid, userid)
        else:
            keys[UUID(task.group_key.removeprefix(GROUP))] = task.group_key
    rows = WecomGroup.objects.filter(public_id__in=keys, dismissed_at=None)
    for key, owner, chat in rows.values_list("public_id", "owner", "chat_id"):
        found[keys[key]] = (owner, chat)
    return found
