"""Every chart: a specification that is Vega-Lite, one sentence, a table, light and dark, both languages, no text outside."""

import json
import re
import struct
from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import altair as alt
import pytest
from altair.vegalite.v6.schema.core import Root
from drawn_charts import DUEL, EXAMPLES, LORENZ, POWER, RADAR, RETENTION
from jsonschema import ValidationError

from tongxin.compass.charts import (
    event_study,
    forest,
    ink,
    lorenz,
    love_plot,
    naive_honest,
    power_curve,
    radar,
    retention,
)
from tongxin.compass.charts.gallery import CHARTS
from tongxin.compass.errors import BadInput
from tongxin.compass.sentence import Words

CJK = re.compile("[\u4e00-\u9fff]")
BOTH = ("zh", "en")


@cache
def drawn(name, language):
    """The example of a chart, drawn once; several tests look at the same picture."""
    return CHARTS[name].draw_svg(EXAMPLES[name], language)


def texts(svg):
    tree = ET.fromstring(svg)
    return [node.text or "" for node in tree.iter("{http://www.w3.org/2000/svg}text")] + [
        node.text or "" for node in tree.iter("{http://www.w3.org/2000/svg}tspan")
    ]


def size_of(png):
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", png[16:24])


def test_the_gallery_holds_every_example_and_nothing_else():
    assert set(CHARTS) == set(EXAMPLES)


@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("language", BOTH)
def test_a_chart_says_one_sentence_and_gives_its_data(name, language):
    chart, data = CHARTS[name], EXAMPLES[name]
    svg = drawn(name, language)
    root = ET.fromstring(svg)
    words = chart.sentence(data)
    assert root.get("role") == "img"
    assert root.get("aria-label") == (words.zh if language == "zh" else words.en)
    assert words.zh.endswith("。")
    assert words.en.endswith(".")
    assert svg.count("aria-label") == 1  # the drawer's own English words for axes and marks are off
    spec = chart.spec(data, language)
    assert "vega-lite" in spec["$schema"]
    json.dumps(spec)
    table = chart.table(data, language)
    assert table.rows
    assert all(len(row) == len(table.head) for row in table.rows)
    assert all(cell for row in table.rows for cell in row)


@pytest.mark.parametrize("name", CHARTS)
def test_english_charts_hold_no_chinese_and_chinese_ones_do(name):
    chart, data = CHARTS[name], EXAMPLES[name]
    assert not any(CJK.search(text) for text in texts(drawn(name, "en")))
    assert any(CJK.search(text) for text in texts(drawn(name, "zh")))
    english = chart.table(data, "en")
    assert not any(CJK.search(cell) for row in (english.head, *english.rows) for cell in row)


@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("language", BOTH)
def test_light_dark_and_png(name, language):
    svg = drawn(name, language)
    assert "var(--" in svg  # one inline picture serves both
    light, dark = (ink.painted(svg, theme) for theme in ("light", "dark"))
    assert "var(--" not in light + dark
    assert ink.NIGHT["c-claim"] in dark
    assert ink.TOKENS["c-claim"] not in dark
    bright, night = ink.png(svg, "light", 1), ink.png(svg, "dark", 1)
    assert size_of(bright) == size_of(night)
    assert bright != night
    assert size_of(ink.png(svg, "light", 2))[0] >= 2 * size_of(bright)[0] - 2


def placed(svg):
    """(x, y, text, anchor) of every text in the picture's own coordinates: the sums of the translations around it."""
    out = []

    def walk(node, x, y):
        shift = re.findall(r"translate\(([-\d.]+),\s*([-\d.]+)\)", node.get("transform", ""))
        x, y = x + sum(float(dx) for dx, _ in shift), y + sum(float(dy) for _, dy in shift)
        if node.tag.endswith("text"):
            lines = [child.text or "" for child in node] or [node.text or ""]
            size = float((node.get("font-size") or "12").removesuffix("px"))
            turned = "rotate(-90)" in node.get("transform", "")
            out.extend((x, y, line, node.get("text-anchor") or "start", size, turned) for line in lines)
        for child in node:
            walk(child, x, y)

    root = ET.fromstring(svg)
    walk(root, 0.0, 0.0)
    return float(root.get("width")), float(root.get("height")), out


@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("language", BOTH)
def test_no_text_leaves_the_picture(name, language):
    """At one em a Chinese character and half an em any other, the widths of the faces we print with."""
    width, height, found = placed(drawn(name, language))
    assert found
    for x, y, text, anchor, size, turned in found:
        if turned:
            assert -1 <= y <= height + 1
            continue
        wide = sum(1.0 if ord(char) > 0x2E7F else 0.5 for char in text) * size
        left = x - {"start": 0, "middle": wide / 2, "end": wide}[anchor]
        assert left >= -4, text
        assert left + wide <= width + 4, text
        assert -2 <= y <= height + 8, text


def test_the_guard_against_overflow_sees_an_overflow():
    """Control: a label that is cut by the picture's edge is found by the arithmetic above."""
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="50" height="20"><text transform="translate(40,10)" font-size="12px">很长的标签</text></svg>'
    width, _, found = placed(svg)
    x, _, text, *_ = found[0]
    assert x + len(text) * 12 > width + 4


def test_a_theme_that_does_not_exist_is_refused():
    with pytest.raises(BadInput, match="light, dark"):
        ink.painted("<svg/>", "sepia")


def test_day_and_night_know_the_same_tokens():
    assert set(ink.TOKENS) == set(ink.NIGHT)


# ---- naive beside honest


def test_a_naive_number_never_stands_alone():
    alone = replace(DUEL, readings=DUEL.readings[1:])
    for door in (naive_honest.sentence, lambda duel: naive_honest.draw_svg(duel, "zh")):
        with pytest.raises(BadInput, match="only naive"):
            door(alone)


def test_what_cannot_be_said_is_written_so():
    silent = replace(DUEL, readings=(replace(DUEL.readings[0], effect=None, ci=None), *DUEL.readings[1:]))
    assert "还不能下结论" in naive_honest.sentence(silent).zh
    assert any("cannot be said yet" in text for text in texts(naive_honest.draw_svg(silent, "en")))
    only = replace(DUEL, readings=DUEL.readings[:1])
    assert naive_honest.sentence(only) == Words("每月消费：+¥12.40。", "Spend per month: +¥12.40.")


def test_shares_are_drawn_in_points():
    duel = naive_honest.Duel(
        Words("渗透率", "Penetration"),
        "share",
        "CNY",
        (naive_honest.Reading(naive_honest.HONEST, 0.031, (-0.01, 0.07), honest=True),),
    )
    assert any("百分点" in text for text in texts(naive_honest.draw_svg(duel, "zh")))
    assert naive_honest.table(duel, "zh").rows[0][1] == "+3.1 点"


def test_the_duel_of_a_study(level):
    duel = naive_honest.of_answer(level.answer, level.answer.primary)
    assert duel.readings[0].honest
    assert len(duel.readings) == 1 + len(level.answer.primary.naive)
    assert all(reading.why.zh for reading in duel.readings[1:])
    naive_honest.draw_svg(duel, "zh")


# ---- power


def test_power_says_the_smallest_effect_or_that_there_is_none():
    assert "¥29.70" in power_curve.sentence(POWER).en
    assert "看不出" in power_curve.sentence(replace(POWER, mde=None)).zh
    power_curve.draw_svg(replace(POWER, mde=None), "en")
    power_curve.draw_svg(replace(POWER, mde=55.0), "en")  # its label stands on the other side


def test_power_in_points_and_without_a_unit():
    share = replace(POWER, unit="share", curves=(power_curve.Curve(5, ((0.0, 0.05), (0.1, 0.9))),), mde=0.08)
    assert any("points" in text for text in texts(power_curve.draw_svg(share, "en")))
    assert any("百分点" in text for text in texts(power_curve.draw_svg(share, "zh")))
    power_curve.draw_svg(replace(share, unit="orders/month"), "zh")


@pytest.mark.parametrize("curves", [(), POWER.curves + POWER.curves[:1], (power_curve.Curve(5, ()),)])
def test_too_many_or_empty_curves_are_refused(curves):
    with pytest.raises(BadInput, match="1 to 3"):
        power_curve.spec(replace(POWER, curves=curves), "en")


# ---- lorenz


def test_lorenz_speaks_of_the_ranking_made_beforehand():
    said = lorenz.sentence(LORENZ)
    assert said.en.startswith("Ranked by the year before, the top 10% bring 21% (18% to 23%)")
    turned = replace(LORENZ, curves=LORENZ.curves[::-1], claim=None)
    assert lorenz.sentence(turned).en.startswith("Ranked by the year before")
    bare = replace(LORENZ.curves[1], top_ci=None)
    assert "带来消费的 38%。" in lorenz.sentence(replace(LORENZ, curves=(bare,), claim=None)).zh
    lorenz.draw_svg(replace(LORENZ, curves=(bare,)), "zh")


def test_the_table_of_a_lorenz_curve_by_hand():
    straight = lorenz.Curve(
        Words("甲", "a"), ((0.0, 0.0), (0.5, 0.1), (1.0, 1.0)), 0.18, None, beforehand=True
    )
    rows = lorenz.table(replace(LORENZ, curves=(straight,)), "en").rows
    assert [row[1] for row in rows] == ["2.0%", "4.0%", "6.0%", "8.0%", "10.0%", "28.0%", "46.0%", "64.0%", "82.0%", "100.0%", "18%"]  # fmt: skip


def test_lorenz_needs_a_curve():
    for curves in ((), LORENZ.curves * 2, (replace(LORENZ.curves[0], points=((0.0, 0.0),)),)):
        with pytest.raises(BadInput, match="one or two"):
            lorenz.spec(replace(LORENZ, curves=curves), "zh")


# ---- retention


def test_retention_refuses_what_it_cannot_draw():
    with pytest.raises(BadInput, match="week"):
        retention.spec(replace(RETENTION, period="day"), "zh")
    with pytest.raises(BadInput, match="no cohort"):
        retention.sentence(replace(RETENTION, pooled=()))


def test_retention_leaves_out_what_has_not_been_seen():
    rows = retention.table(RETENTION, "en").rows
    assert rows[11][0] == "2025-12"
    assert rows[11][2:] == ("100%", *["—"] * 12)
    assert rows[-1][1] == str(sum(cohort.people for cohort in RETENTION.cohorts))
    one = replace(RETENTION, pooled=RETENTION.pooled[:1])
    retention.draw_svg(one, "zh")  # a first month is a picture too


# ---- radar


def test_no_radar_without_evidence():
    for thin in (
        replace(RADAR, members=19),
        replace(RADAR, indices=RADAR.indices[:2]),
        replace(RADAR, indices=(replace(RADAR.indices[0], value=None), *RADAR.indices[1:])),
    ):
        assert not radar.can_draw(thin)
        assert "证据不足" in radar.sentence(thin).zh
        with pytest.raises(BadInput, match="20 or more"):
            radar.spec(thin, "zh")
    blank = replace(RADAR.indices[0], value=None, ci=None, peers=None)
    assert radar.table(replace(RADAR, indices=(blank,)), "zh").rows == (("影响力", "证据不足", "—", "—"),)


def test_corners_lie_on_their_spokes():
    for count in (3, 4, 5, 8):
        for place in range(count):
            corner = radar._corner(place, count, 50)
            assert (corner["x"] ** 2 + corner["y"] ** 2) ** 0.5 == pytest.approx(0.5)
    assert radar._corner(0, 4, 100) == pytest.approx({"x": 0, "y": 1})
    assert radar._corner(1, 4, 100) == pytest.approx({"x": 1, "y": 0}, abs=1e-12)


def test_a_radar_without_peers_has_one_outline_less():
    without = replace(RADAR, indices=tuple(replace(index, peers=None) for index in RADAR.indices))
    assert radar.draw_svg(RADAR, "zh").count("<path") == radar.draw_svg(without, "zh").count("<path") + 1


@pytest.mark.parametrize(
    ("text", "limit", "lines"),
    [
        ("影响力", 8, ["影响力"]),
        ("高质量内容产出量", 4, ["高质量内", "容产出量"]),
        ("a b", 8, ["a b"]),
        ("KOC 名单", 3, ["KOC", "名单"]),
    ],
)
def test_labels_are_folded_by_hand(text, limit, lines):
    assert ink.folded(text, limit) == lines


# ---- the pictures of a study


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pictures_of_a_study_have_a_png_too(level, theme):
    answer = level.answer
    for svg in (
        love_plot.draw_svg(answer, "zh"),
        event_study.draw_svg(answer, answer.primary, "zh"),
        forest.draw_svg(answer, "zh"),
    ):
        assert min(size_of(ink.png(svg, theme, 1))) > 50


# ---- the schema of Vega-Lite, which drawing does not ask


@pytest.fixture
def specifications(monkeypatch):
    """What the engine was given to draw."""
    given, engine = [], ink.vl_convert.vegalite_to_svg
    kept = SimpleNamespace(vegalite_to_svg=lambda spec: given.append(spec) or engine(spec))
    monkeypatch.setattr(ink, "vl_convert", kept)
    return given


@pytest.mark.parametrize("language", BOTH)
def test_every_picture_is_vega_lite_as_its_schema_says(level, language, specifications):
    for name in CHARTS:
        CHARTS[name].draw_svg(EXAMPLES[name], language)
    love_plot.draw_svg(level.answer, language)
    event_study.draw_svg(level.answer, level.answer.primary, language)
    forest.draw_svg(level.answer, language)
    assert len(specifications) == len(CHARTS) + 3
    for spec in specifications:
        Root.validate(spec)


def test_control_arm_the_schema_finds_a_mark_that_does_not_exist():
    spec = ink.spec_of(alt.Chart(ink.rows([{"x": 1}])).mark_point().encode(x="x:Q"))
    Root.validate(spec)
    spec["mark"]["type"] = "dot"
    with pytest.raises(ValidationError):
        Root.validate(spec)
