"""One text, one author, one verdict: shown, waiting for a person to look, or refused, with the reasons by their codes.

A finding holds a text back; nothing is hidden for a word of advertising alone (praise says 免费 and 优惠券 too), only together
with a call to act or a way to get in touch. A member who has been here for long and has no strikes is given the benefit of
the doubt for such a word; for numbers, papers, a child's data and abuse nobody is.
"""

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from tongxin.foundation.folding import fold
from tongxin.voices.rules.duplicates import fingerprint, same
from tongxin.voices.rules.keywords import Hit, Lexicon, shipped
from tongxin.voices.rules.limits import Limits, Rate, wait
from tongxin.voices.rules.patterns import patterns
from tongxin.voices.rules.strikes import Ladder, standing
from tongxin.voices.terms_moderation import Category, Desk, Level, Reason

State = Literal["published", "waiting", "refused"]
CALL = re.compile(
    "加我|加一下|私聊|私信|私我|扫码|联系我|戳我|滴滴我|找我|咨询我|点我|进群|上车|有意|要的|需要的|速来|抢购"
)
MONEY = re.compile(r"\d+元|\d+块|日结|工资|月入|日赚|佣金|返利|返现|赚")


@dataclass(frozen=True)
class Author:
    """What is known of who writes, in the community written in."""

    ring: str = ""
    days: int = 0
    posts_hour: int = 0
    posts_day: int = 0
    strikes: tuple[datetime, ...] = ()
    recent: tuple[int, ...] = ()
    muted_until: datetime | None = None
    staff: bool = False


@dataclass(frozen=True)
class Policy:
    """The numbers of moderation, from the day on which they hold."""

    since: datetime
    version: str
    newcomer_days: int
    read_outer_first: bool
    trusted_days: int
    ladder: Ladder
    limits: Limits
    lexicon: Lexicon = field(default_factory=shipped, compare=False)


@dataclass(frozen=True)
class Judgement:
    """The verdict. `reasons` and `refusal` are codes; `hits` are evidence for the desk and not for the author."""

    state: State
    reasons: tuple[str, ...] = ()
    refusal: str = ""
    fingerprint: int = 0
    data: dict[str, Any] = field(default_factory=dict)
    hits: tuple[Hit, ...] = ()


POLICIES: tuple[Policy, ...] = (
    Policy(
        since=datetime(2026, 1, 1, tzinfo=UTC),
        version="2026-01",
        newcomer_days=7,
        read_outer_first=True,
        trusted_days=28,
        ladder=Ladder(
            timedelta(days=91), (timedelta(0), timedelta(days=3), timedelta(days=7), timedelta(days=30))
        ),
        limits=Limits(outer=Rate(3, 10), middle=Rate(10, 40), inner=Rate(20, 80)),
    ),
)
POLICY = POLICIES[-1]


def policy_at(now: datetime, lexicon: Lexicon | None = None) -> Policy:
    """The policy in force on a day, with the list that comes with it or with another."""
    found = max((p for p in POLICIES if p.since <= now), key=lambda p: p.since, default=POLICIES[0])
    return found if lexicon is None else replace(found, lexicon=lexicon)


def judge(text: str, author: Author, policy: Policy, now: datetime) -> Judgement:
    """What becomes of this text now."""
    new = author.days < policy.newcomer_days
    if author.muted_until is not None and author.muted_until > now:
        until = author.muted_until.isoformat()
        return Judgement("refused", (Reason.MUTED,), "voices.muted", data={"until": until})
    pause = wait(author.posts_hour, author.posts_day, policy.limits.of(author.ring, new=new))
    if pause is not None and not author.staff:
        return Judgement(
            "refused",
            (Reason.TOO_FAST,),
            "voices.too_fast",
            data={"minutes": int(pause.total_seconds() // 60)},
        )
    mark = fingerprint(text)
    if same(text, mark, author.recent):
        return Judgement("refused", (Reason.TWICE,), "voices.twice", fingerprint=mark)
    hits = findings(text, policy.lexicon)
    held = weighed(text, hits, author, policy, now)
    first = _read_first(author, policy, now) if not author.staff else ()
    reasons = tuple(dict.fromkeys((*held, *first)))
    noted = tuple(dict.fromkeys(Reason.SOUND if h.by == "sound" else _reason(h) for h in hits))
    if reasons:
        return Judgement("waiting", tuple(map(str, reasons)), fingerprint=mark, hits=hits)
    return Judgement("published", tuple(map(str, noted)), fingerprint=mark, hits=hits)


def findings(text: str, lexicon: Lexicon) -> tuple[Hit, ...]:
    """Everything the lists and shapes find in a text."""
    words = lexicon.find(text)
    return (*words, *patterns(text), *lexicon.find_sounds(text, words))


def weighed(
    text: str, hits: tuple[Hit, ...], author: Author, policy: Policy, now: datetime
) -> tuple[Reason, ...]:
    """For which findings the text is held back."""
    if not hits:
        return ()
    folded = fold(text)
    calls = bool(CALL.search(folded))
    reach = any(h.category == Category.CONTACT and h.by == "pattern" for h in hits)
    trusted = author.staff or _trusted(author, policy, now)
    adverts = {h.word for h in hits if h.category == Category.ADVERT}
    held = []
    for hit in hits:
        doubt = trusted and hit.by == "word" and hit.category == Category.CONTACT
        if (hit.level.step >= Level.HOLD.step and not doubt) or (
            hit.category == Category.ADVERT
            and (reach or (calls and len(adverts) > 1) or (hit.word == "link" and not trusted))
        ):
            held.append(Reason.LINK if hit.word == "link" else _reason(hit))
        elif hit.by == "sound" and (calls or reach or MONEY.search(folded)) and not trusted:
            held.append(Reason.SOUND)
    return tuple(dict.fromkeys(held))


def hidden_at_once(hits: tuple[Hit, ...], text: str, author: Author, policy: Policy) -> bool:
    """Contact, money and a new account together: what is reported of it is hidden before anybody looks."""
    reach = any(h.category == Category.CONTACT and h.by == "pattern" for h in hits)
    return reach and author.days < policy.newcomer_days and bool(MONEY.search(fold(text)))


def desk_of(reasons: tuple[str, ...]) -> Desk:
    """Which of the queues a waiting text goes to: the gravest reason decides."""
    held = set(reasons)
    if held & {Reason.ABUSE, Reason.CHILD, Reason.PRIVATE, Reason.FRAUD, Reason.PORN, Reason.MEDICAL}:
        return Desk.ABUSE
    if held & {Reason.ADVERT, Reason.CONTACT, Reason.LINK, Reason.SOUND}:
        return Desk.ADVERT
    return Desk.REPORTED if Reason.REPORTED in held else Desk.NEWCOMERS


def _reason(hit: Hit) -> Reason:
    return Reason(hit.category.value)


def _trusted(author: Author, policy: Policy, now: datetime) -> bool:
    return (
        author.ring in ("middle", "inner")
        and author.days >= policy.trusted_days
        and not standing(author.strikes, policy.ladder, now)
    )


def _read_first(author: Author, policy: Policy, now: datetime) -> tuple[Reason, ...]:
    reasons = []
    if author.days < policy.newcomer_days:
        reasons.append(Reason.NEWCOMER)
    elif policy.read_outer_first and author.ring in ("", "outer"):
        reasons.append(Reason.OUTER)
    if standing(author.strikes, policy.ladder, now):
        reasons.append(Reason.STRIKES)
    return tuple(reasons)
