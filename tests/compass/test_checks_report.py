"""How the report tells the checks: every state in words, nothing silently missing, one offer instead of twelve."""

import copy
import dataclasses
import re

import pytest

from tongxin.compass import report, report_checks
from tongxin.compass.refusals import LOTTERY_EN, LOTTERY_ZH
from tongxin.compass.report_parts import speaker
from tongxin.compass.sentence import Words
from tongxin.compass.words import UNTESTABLE


def with_checks(answer, **change):
    checks = copy.deepcopy(dict(answer.checks))
    for name, found in change.items():
        place = checks if name in checks else checks["sensitivity"]
        place[name] = found
    return dataclasses.replace(answer, checks=checks)


def told(answer, language="zh"):
    return report_checks.check_list(answer, language, speaker(language))


SHARES = {"treated_before": 0.8, "treated_after": 0.9, "control_before": 0.79, "control_after": 0.8}
SPILL = {"status": "fails", "effect": 5.0, "ci": (1.0, 9.0)}


@pytest.mark.parametrize(
    ("change", "zh", "en", "mark"),
    [
        (
            {"identification": {"status": "fails", **SHARES}},
            "80% → 90%; 79% → 80%",
            "80% → 90%; 79% → 80%",
            "✕",
        ),
        ({"identification": {"status": "passes", **SHARES}}, "80% → 90%", "80% → 90%", "✓"),
        (
            {
                "interference": {
                    "status": "far_controls",
                    "near_share": 0.3,
                    "through": ["ties"],
                    "spillover": SPILL,
                }
            },
            "30%，已换成不相干的对照",
            "30%, replaced by distant ones",
            "△",
        ),
        (
            {"interference": {"status": "fails", "near_share": 0.4, "through": ["ties"], "spillover": SPILL}},
            "40%",
            "+¥5.00 (+¥1.00 to +¥9.00)",
            "✕",
        ),
        ({"breakdown": {"mbar": 0.3, "intervals": []}}, "0.30", "0.30", "△"),
        ({"breakdown": {"mbar": 0.1, "intervals": []}}, "0.10", "0.10", "✕"),
        ({"breakdown": {"mbar": None, "unbroken": True}}, "∞", "∞", "✓"),
        ({"power": {"mde": 9.0, "threshold": 6.0, "enough": True}}, "¥9.00", "¥9.00", "△"),
        ({"power": {"mde": 13.0, "threshold": 6.0, "enough": False}}, "¥13.00", "¥13.00", "✕"),
        ({"never_minus_later": {"effect": 9.0, "ci": (1.0, 17.0)}}, "+¥9.00", "+¥9.00", "△"),
        ({"leave_one_store_out": {"low": -1.0, "high": 30.0}}, "−¥1.00～+¥30.00", "−¥1.00 to +¥30.00", "△"),
        (
            {
                "e_value": {
                    "status": "computed",
                    "kpis": {"retention": {"e_value": 2.5, "e_value_limit": 1.4}},
                }
            },
            "2.50; 1.40",
            "2.50; 1.40",
            "·",
        ),
        ({"drift": {"status": "fails", "effect": 1.0, "ci": (0.5, 1.5)}}, "+¥1.00", "+¥1.00", "✕"),
    ],
)
def test_every_state_has_its_mark_and_figure(level, change, zh, en, mark):
    answer = with_checks(level.answer, **change)
    for language, figure in (("zh", zh), ("en", en)):
        lines = [line for line in re.findall(r"<li>.*?</li>", told(answer, language)) if figure in line]
        assert lines
        assert any(f">{mark}<" in line for line in lines)


@pytest.mark.parametrize("reason", sorted(UNTESTABLE))
def test_what_could_not_be_tested_is_listed_with_its_reason(level, reason):
    answer = with_checks(
        level.answer, drift={"status": "not_testable", "reason": reason, "effect": None, "ci": None}
    )
    for language in ("zh", "en"):
        page = told(answer, language)
        assert speaker(language)(UNTESTABLE[reason]) in page
        made = page.split('<p class="note untested">')[0]
        assert ("越走越远" if language == "zh" else "drift apart before entry") not in made


def test_nothing_claimed_is_no_breakdown(level):
    page = told(with_checks(level.answer, breakdown={"status": "computed", "mbar": 0.0, "intervals": []}))
    assert "没有声称有差异" in page
    gone = told(with_checks(level.answer, breakdown=None, never_minus_later=None, leave_one_store_out=None))
    assert "只有一个对照组能用" in gone


def test_robust_intervals_stand_folded_under_the_list(level):
    page = told(level.answer, "en")
    assert "<details><summary>What is left if the groups drift apart" in page
    rows = re.findall(r"<tr><td>(\d+%)</td>", page)
    assert rows == ["25%", "50%", "100%"]


def test_an_answer_of_another_design_may_have_fewer_checks(level):
    few = {name: level.answer.checks[name] for name in ("placebo", "overlap")}
    page = report_checks.check_list(dataclasses.replace(level.answer, checks=few), "zh", speaker("zh"))
    assert "这种方法没有检查" in page


def test_the_offer_of_chance_is_made_once(level):
    why, cure = Words("因为一", "because one"), Words("再等等。" + LOTTERY_ZH, "Wait. " + LOTTERY_EN)
    kpis = tuple(
        dataclasses.replace(kpi, verdict="cannot_be_said", reason_words=(("R1", why, cure),))
        for kpi in level.answer.kpis
    )
    page = report.render(dataclasses.replace(level.answer, kpis=kpis), "zh")
    section = page[page.index('class="card refuse"') :]
    section = section[: section.index("</section>")]
    assert section.count("抽签") == 1
    assert section.count("因为一") == 1
    assert section.count("再等等。") == 1
    assert section.count("月消费额") == 2  # both windows before the one reason
