"""A worker killed before any of its statements, the platform with it: what the platform has is never asked for twice."""

from datetime import timedelta

import pytest
from django.db import transaction

from connect.wecom import corp
from outreach.dying import killed_at
from project import samples
from tongxin.connect.wecom.carrying import Carrier
from tongxin.connect.wecom.sandbox import acts
from tongxin.connect.wecom.sandbox.platform import Fake
from tongxin.foundation import clock
from tongxin.outreach.actions import wecom_tasks as book
from tongxin.outreach.models import WecomTask

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sampled]


def platform_from(journal):
    return Fake(journal, ticking=lambda: clock.now().timestamp())


def carry(journal):
    platform = platform_from(journal)
    Carrier(corp.caller(platform)).round(batch=1, most=1)
    platform.world.close()


def test_killed_anywhere_it_is_handed_over_once(noon, tmp_path):
    first, stride = samples.stride()
    time, step, survived, journal = corp.Time(noon), first - stride, False, tmp_path / "journal.jsonl"
    with time.now():
        platform = platform_from(journal)
        acts.hire(platform, "lin", "林小满", 2)
        external = corp.customers(platform, 1)[0]
        platform.world.close()
    while not survived:
        step += stride
        with time.now():
            words = book.Words(sender="lin", text=f"第 {step} 条")
            handed = book.Handed(f"k{step}", None, external)
            with transaction.atomic():
                book.gather({words: [handed]}, at=time.at, expires={words: time.at + timedelta(days=1)})
            survived = not killed_at(step, lambda: carry(journal))
        for _ in range(8):
            time.go(30)
            with time.now():
                carry(journal)
        platform = platform_from(journal)
        platform.world.close()
        made = [row for row in platform.world.all("messages") if row["text"] == words.text]
        task = WecomTask.objects.get(key__startswith=words.key)
        assert (task.state, [task.msgid]) == ("awaiting_staff", [row["msgid"] for row in made]), step
        WecomTask.objects.filter(pk=task.pk).update(state="sent")
    assert step > 12
