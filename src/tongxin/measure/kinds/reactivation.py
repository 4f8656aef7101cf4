"""唤醒回报: what each sequence or message to the long unseen brought beyond those held out of it at random, in returns and in purchases."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from tongxin.foundation.money import show
from tongxin.measure.kinds import Brief
from tongxin.measure.rules_waking import LEAST, LEAST_BUYERS, WINDOW, Gap, Return, Side, compare
from tongxin.measure.telling import Table, Told, Words, words
from tongxin.measure.waking import Cohort, gather
from tongxin.stores.queries import the_brand

VERSION = "reactivation-1"
SAID = 3


def tell(found: None, brief: Brief) -> Told:
    """Every such plan of the last year. It does its own reading: arms stand on no table of a study."""
    del found
    cohorts, simulated = gather(as_of=brief.as_of, stores=brief.stores)
    currency = the_brand().currency
    lines = [(one, compare(one.people), reasons(one)) for one in cohorts]
    rows = [_plain(one, done, why, currency) for one, done, why in lines]
    plain = {"version": VERSION, "window_days": WINDOW, "as_of": brief.as_of.isoformat(), "plans": rows}
    fingerprint = hashlib.sha256(json.dumps(plain, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    told = [row for row in rows if row["back"] is not None]
    tables = (_table(rows, currency),) if rows else ()
    if not told:
        none = words(
            "还没有带对照组的「好久不见」系列或唤醒消息。",
            "There is no sequence or message to the long unseen with a holdout yet.",
        )
        return Told(
            "cannot_be_said",
            words("唤醒带来了多少，现在还说不出来。", "What waking brings cannot be said yet."),
            plain,
            tables,
            reasons=tuple(row["why"] for row in rows[:SAID]) or (none,),
            fingerprint=fingerprint,
            simulated=simulated,
        )
    said = [
        words(f"「{row['title']}」{row['said'][0]['zh']}", f"“{row['title']}”: {row['said'][0]['en']}")
        for row in told[:SAID]
    ]
    return Told(
        "said",
        words("".join(one["zh"] for one in said), " ".join(one["en"] for one in said)),
        plain,
        tables,
        warnings=(
            words(
                "按进入计划算，不看消息有没有送到；两组都只看同意统计的会员。",
                "By who entered, whether or not a message went; in both arms only members who agree to be measured.",
            ),
        ),
        fingerprint=fingerprint,
        simulated=simulated,
    )


def reasons(cohort: Cohort) -> Words | None:
    """Why nothing may be said of a plan, if so."""
    if cohort.redrawn:
        return words(
            f"{cohort.redrawn} 人的分组和抽签复算不一致，不比。",
            f"The arm of {cohort.redrawn} people does not follow from the draw: not compared.",
        )
    held = sum(one.held for one in cohort.people)
    if min(held, len(cohort.people) - held) < LEAST:
        return words(
            f"进入满 {WINDOW} 天的，两组各要 {LEAST} 人，现在收到的 {len(cohort.people) - held} 人、对照 {held} 人"
            f"（还在等的 {cohort.waiting} 人）。",
            f"Each side needs {LEAST} people {WINDOW} days after entry: told {len(cohort.people) - held}, held out {held}"
            f" ({cohort.waiting} are still within their days).",
        )
    return None


def _plain(cohort: Cohort, done: Return, why: Words | None, currency: str) -> dict[str, Any]:
    quiet = why is not None
    return {
        "plan": str(cohort.plan),
        "kind": cohort.kind,
        "title": cohort.title,
        "entered": cohort.entered,
        "waiting": cohort.waiting,
        "given": _side(done.given),
        "held": _side(done.held),
        "back": None if quiet else _gap(done.back),
        "buyers": None if quiet else _gap(done.buyers),
        "net_fen": None if quiet else _gap(done.net_fen),
        "why": why,
        "said": [why] if why is not None else _said(done, currency),
    }


def _side(side: Side) -> dict[str, int]:
    return {"people": side.people, "back": side.back, "buyers": side.buyers, "net_fen": side.net_fen}


def _gap(gap: Gap | None) -> dict[str, float] | None:
    return None if gap is None else {"value": gap.value, "low": gap.low, "high": gap.high}


def _said(done: Return, currency: str) -> list[Words]:
    said = []
    if done.back is not None:
        said.append(_sentence("多回来", "more came back", done.back))
    if done.buyers is not None:
        said.append(_sentence("多买过一次", "more bought", done.buyers))
    if done.net_fen is None:
        said.append(
            words(
                f"买过的人太少（两组各要 {LEAST_BUYERS} 人），消费差多少还不能说。",
                f"Too few bought (each side needs {LEAST_BUYERS}) to speak of spending.",
            )
        )
    else:
        value, low, high = (
            signed(fen, currency) for fen in (done.net_fen.value, done.net_fen.low, done.net_fen.high)
        )
        doubt = _doubt(done.net_fen)
        said.append(
            words(
                f"人均消费差 {value}（{low}～{high}）{doubt['zh']}。",
                f"Spending a member differs by {value} ({low} to {high}){doubt['en']}.",
            )
        )
    return said


def _sentence(zh: str, en: str, gap: Gap) -> Words:
    value, low, high = (f"{share * 100:+.1f}".replace("-", "−") for share in (gap.value, gap.low, gap.high))
    doubt = _doubt(gap)
    return words(
        f"{zh} {value} 个百分点（{low}～{high}）{doubt['zh']}。",
        f"{en}: {value} percentage points ({low} to {high}){doubt['en']}.",
    )


def _doubt(gap: Gap) -> Words:
    return words("", "") if gap.clear else words("，还看不出差别", "; no difference can be seen yet")


def signed(fen: float, currency: str) -> str:
    """An amount with its sign."""
    whole = round(fen)
    return ("−" if whole < 0 else "+") + show(abs(whole), currency)


def _table(rows: list[dict[str, Any]], currency: str) -> Table:
    def share(part: int, people: int) -> str | None:
        return f"{part / people:.1%}" if people else None

    def each(side: dict[str, int]) -> str | None:
        return show(round(side["net_fen"] / side["people"]), currency) if side["people"] else None

    arms = ((words("收到的", "told"), "given"), (words("对照组", "held out"), "held"))
    return Table(
        words(f"进入后 {WINDOW} 天", f"{WINDOW} days after entry"),
        (
            words("计划", "Plan"),
            words("组", "Side"),
            words("人数", "People"),
            words("回来", "Came back"),
            words("买过", "Bought"),
            words("人均消费", "Spending each"),
        ),
        tuple(
            (
                row["title"],
                name,
                row[side]["people"],
                share(row[side]["back"], row[side]["people"]),
                share(row[side]["buyers"], row[side]["people"]),
                each(row[side]),
            )
            for row in rows
            for name, side in arms
        ),
        numbers=(2, 3, 4, 5),
    )
