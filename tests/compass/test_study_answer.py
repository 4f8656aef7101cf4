"""`study.json`, the report and its pictures: complete, honest in form, readable by programs and by people."""

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from tongxin import compass
from tongxin.compass import dataset, report, study
from tongxin.compass.charts import event_study, forest, ink, love_plot
from tongxin.compass.design import Design
from tongxin.compass.naive import NAIVES
from tongxin.compass.simulate import world
from tongxin.compass.simulate.world import Effect

SCHEMA = json.loads(Path(compass.__file__).with_name("study.schema.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def refused():
    """A study that cannot be made: twelve months of data and a design that needs more."""
    made = world.make(
        "level", Effect.parse("20"), np.random.default_rng(2), members=600, months=12, first_entry=6
    )
    opened = dataset.open_sources(made.tables)
    return study.run(opened, Design(treated="event:none"))


def errors(document):
    return [
        f"{list(e.absolute_path)}: {e.message}" for e in Draft202012Validator(SCHEMA).iter_errors(document)
    ]


def test_study_json_keeps_the_contract(level, null, refused):
    for answer in (level.answer, null.answer, refused):
        assert errors(json.loads(answer.to_json())) == []


def test_control_arm_the_schema_finds_what_is_missing(level):
    broken = json.loads(level.answer.to_json())
    del broken["kpis"][0]["verdict"]
    broken["kpis"][1]["by_control"].pop("later_joiners")
    broken["fingerprint"]["data"] = "md5:1"
    assert len(errors(broken)) == 3


def test_a_study_without_baseline_is_a_refusal_not_a_crash(refused):
    kpi = refused.primary
    assert kpi.verdict == "cannot_be_said"
    assert [code for code, _, _ in kpi.reason_words] == ["R7"]
    assert "还不能下结论" in refused.words.zh
    assert refused.event_study == ()
    assert len(refused.matches) == 0
    page = report.render(refused, "zh")
    assert "还不能下结论" in page
    assert "<figure " not in page


def test_no_estimate_travels_without_its_interval(level, null):
    for answer in (level.answer, null.answer):
        for kpi in answer.kpis:
            assert (kpi.effect is None) or (kpi.ci is not None and kpi.ci[0] <= kpi.effect <= kpi.ci[1])
            assert (kpi.effect is None) == (kpi.verdict in {"cannot_be_said", "range_only"})
            assert bool(kpi.reasons) == (kpi.verdict in {"cannot_be_said", "range_only"})
            for one in kpi.by_control.values():
                assert (one.effect is None) == (one.ci is None) == (one.treated < 100)


def test_holm_leaves_the_primary_alone_and_raises_the_others(level):
    for kpi in level.answer.kpis:
        if kpi.primary:
            assert kpi.p_adjusted == kpi.p_value
        elif kpi.p_value is not None:
            assert kpi.p_adjusted >= kpi.p_value


def test_a_difference_that_does_not_survive_correction_is_no_evidence(level):
    from tongxin.compass.answering import _adjusted

    told = [kpi for kpi in level.answer.kpis if kpi.p_value is not None and not kpi.primary]
    shaky = tuple(dataclasses.replace(kpi, p_value=0.03, verdict="positive") for kpi in told)
    found = _adjusted(shaky, 0.95)
    assert {kpi.verdict for kpi in found} == {"no_evidence"}
    assert all("not_after_correction" in kpi.labels for kpi in found)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_report_is_one_file_without_script_or_foreign_address(level, language):
    page = report.render(level.answer, language)
    assert "<script" not in page
    assert not re.search(r"(?:src|href)=|@import|url\(", page)
    assert re.findall(r"https?://[^\"'<> ]+", page) == ["http://www.w3.org/2000/svg"] * page.count(
        "xmlns="
    ) + ["http://www.w3.org/1999/xlink"] * page.count("xmlns:xlink=") or set(
        re.findall(r"https?://[^\"'<> ]+", page)
    ) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert page.count("<figure ") == 3
    assert page.count('<details class="data">') == 3
    assert page.count('role="img"') >= 3
    assert ("模拟数据" if language == "zh" else "simulated data") in page
    assert ("zh-CN" if language == "zh" else 'lang="en"') in page


def test_the_sentence_stands_before_the_picture_and_naive_numbers_are_struck_with_a_reason(level):
    page = report.render(level.answer, "zh")
    for section in re.findall(r"<section.*?</section>", page, re.DOTALL):
        if "<figure " in section:
            assert section.index("<h2>") < section.index("<figure ")
    for naive in NAIVES.values():
        assert naive.why_zh in page
    struck = re.findall(r"<s>(.*?)</s>", page)
    assert len(struck) >= len(level.answer.kpis)


def test_titles_are_escaped(level):
    there = dict.fromkeys(("event_study", "forest", "love_plot"), "<svg id='kept'/>")
    page = report.render(level.answer, "zh", title="<b>x</b>", drawn=there)
    assert "<b>x</b>" not in page
    assert page.count("<svg id='kept'/>") == 3, "what is drawn already is not drawn again"


@pytest.mark.parametrize("picture", ["love", "path", "forest"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_pictures_use_tokens_and_say_their_finding(level, picture, language):
    answer = level.answer
    svg = {
        "love": lambda: love_plot.draw_svg(answer, language),
        "path": lambda: event_study.draw_svg(answer, answer.primary, language),
        "forest": lambda: forest.draw_svg(answer, language),
    }[picture]()
    assert svg.startswith('<svg role="img" aria-label="')
    colours = re.findall(r'(?:fill|stroke)="([^"]+)"', svg)
    coloured = {c for c in colours if c not in {"none", "transparent"}}
    assert coloured
    bare = {c for c in coloured if not c.startswith("var(--")}
    assert not bare, bare
    for token, fallback in re.findall(r"var\(--([\w-]+), (#\w+)\)", svg):
        assert ink.TOKENS[token] == fallback
    css = Path(report.__file__).with_name("report.css").read_text(encoding="utf-8")
    assert all(f"--{token}:{value}" in css for token, value in ink.TOKENS.items() if token != "ember")


def test_solid_where_the_interval_excludes_zero_hollow_where_not(level):
    svg = event_study.draw_svg(level.answer, level.answer.primary, "zh")
    points = [p for p in level.answer.event_study if p.kpi == "spend_per_month" and p.counted]
    clear = sum(p.ci[0] > 0 or p.ci[1] < 0 for p in points)
    solid = svg.count('fill="var(--c-claim, #1f4f8f)" stroke="var(--c-claim, #1f4f8f)"')
    assert solid == clear


def test_words_for_every_kind_of_answer(level):
    from tongxin.compass import words
    from tongxin.compass.refusals import REASONS
    from tongxin.compass.sentence import Words

    kpi = level.answer.primary
    why = REASONS["R4_untestable"]
    reason = ((why.code, Words(why.zh, why.en), Words(why.cure_zh, why.cure_en)),)
    said = {
        "positive": kpi,
        "no_evidence": dataclasses.replace(kpi, verdict="no_evidence"),
        "range_only": dataclasses.replace(kpi, verdict="range_only", effect=None, reason_words=reason),
        "cannot_be_said": dataclasses.replace(
            kpi, verdict="cannot_be_said", effect=None, reason_words=reason
        ),
    }
    for verdict, one in said.items():
        found = words.headline(one, level.design, "CNY")
        assert found.zh
        assert found.en
        assert ("还不能下结论" in found.zh) == (verdict in {"range_only", "cannot_be_said"})
        if verdict != "cannot_be_said":
            assert "区间" in found.zh or "范围" in found.zh


def test_a_dataset_without_lines_refuses_only_what_needs_them(level):
    tables = {name: level.world.tables[name] for name in ("orders", "participation", "members")}
    answer = study.run(dataset.open_sources(tables), dataclasses.replace(level.design, windows=(3,)))
    by = {kpi.kpi: kpi for kpi in answer.kpis}
    assert by["high_margin_share"].reasons[0].startswith("R0 ")
    assert by["spend_per_month"].verdict == "positive"
    assert errors(answer.as_json()) == []


def test_few_stores_are_said(level):
    made = world.make(
        "level", Effect.parse("30"), np.random.default_rng(5), members=1500, stores=6, join_share=0.2
    )
    answer = study.run(dataset.open_sources(made.tables), dataclasses.replace(level.design, windows=(3,)))
    assert answer.checks["inference"]["clustered_by"] == "member"
    assert "few_stores" in {code for code, _ in answer.warnings}
    assert answer.primary.verdict == "positive"
