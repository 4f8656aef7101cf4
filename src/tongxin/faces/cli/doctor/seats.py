"""Do the counters of the events say what the registrations say?"""

from collections.abc import Iterator

from tongxin.faces.cli import answers
from tongxin.faces.cli.answers import words
from tongxin.faces.cli.doctor.finding import Finding, has, short


def look() -> Iterator[Finding]:
    """Do the counters of the events say what the registrations say?"""
    if not has("django"):
        return
    answers.platform()
    from django.db import Error  # Django is not in the base install

    from tongxin.events.queries.waiting import counters_wrong

    try:
        wrong = counters_wrong()
    except Error as fault:
        yield Finding("seats", "bad", short(fault), "tongxin doctor")
        return
    for one in wrong[:5]:
        yield Finding(
            "seats",
            "bad",
            f"{one.occurrence} {one.audience} {one.counter}: {one.says} ≠ {one.counted}",
            words("请把这一行发给我们", "please report this line"),
        )
    if not wrong:
        yield Finding("seats", "ok", words("名额与报名一致", "counters and registrations agree"))
