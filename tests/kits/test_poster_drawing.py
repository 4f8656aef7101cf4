"""Posters as pictures: size, code, what a photograph of one still says, and the same bytes for the same facts."""

import io
import re
import time
from dataclasses import replace

import pytest
from PIL import Image, ImageStat

from kits.photographed import photographed, read
from kits.test_poster_words import FACTS
from project import samples
from tongxin.foundation.errors import Refused
from tongxin.kits.poster import drawing, fonts
from tongxin.kits.poster.scenes import A4, PHONE
from tongxin.kits.poster.templates import templates

LINK = "https://tongxin.example.com/m/events/2f5d4b0e-7c1a-4c63-9a4e-0b7a4f1c2d3e/?from=poster"
POSTER = replace(FACTS, link=LINK)


@pytest.mark.parametrize("key", list(templates()))
def test_each_template_gives_a_poster_that_a_phone_reads(key: str) -> None:
    made = Image.open(io.BytesIO(drawing.png(POSTER.in_template(key))))
    assert made.size == PHONE
    assert made.mode == "RGB"
    assert made.info == {}  # no date, no name, no software
    assert read(made) == LINK
    assert len(ImageStat.Stat(made).extrema) == 3
    assert drawing.png(POSTER.in_template(key)) == drawing.png(POSTER.in_template(key))


def test_the_sheet_for_a_wall_is_a4_at_two_hundred_dots() -> None:
    made = drawing.pdf(POSTER)
    assert made.startswith(b"%PDF-")
    box = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", made)
    assert box is not None
    assert [round(float(side) / 72 * 25.4) for side in box.groups()] == [210, 297]
    assert b"/Width 1654" in made
    assert b"/Height 2339" in made
    assert drawing.pdf(POSTER) == made
    assert read(drawing.draw(POSTER, A4)) == LINK


@pytest.mark.sampled
def test_a_hurried_photograph_still_opens_the_page() -> None:
    posters = samples.part([drawing.draw(POSTER.in_template(key), PHONE) for key in templates()], of=2)
    assert [read(photographed(one, seed)) for one in posters for seed in range(2)] == [LINK] * 2 * len(
        posters
    )


def test_a_hopeless_photograph_does_not() -> None:
    """The control arm: the camera of this test can ruin a code, so reading it proves something."""
    poster = drawing.draw(POSTER, PHONE)
    assert [read(photographed(poster, seed, harm=3)) for seed in range(4)] == [None] * 4


@pytest.mark.parametrize("language", ["zh", "en"])
def test_long_short_and_odd_words_all_go_in(language) -> None:
    for title in (
        "好",
        "A",
        "烤" * 60,
        "Donaudampfschifffahrtsgesellschaftskapitän",
        "（（（",
        "🍪 饼干",
        "𠮷野家的早茶会",
    ):
        made = drawing.draw(
            replace(
                POSTER,
                title=title,
                line="",
                place="很长的地方" * 20,
                store="店" * 40,
                tag="第" * 40,
                mark="模拟数据",
                language=language,
            ),
            PHONE,
        )
        assert made.size == PHONE


def test_a_poster_is_quick_once_the_fonts_are_warm() -> None:
    """A loose bound for a shared machine; the figure against 150 ms is in the bench."""
    drawing.png(POSTER)
    began = time.process_time()
    for n in range(3):
        drawing.png(replace(POSTER, title=f"第 {n} 次烤星星"))
    assert (time.process_time() - began) / 3 < 0.4


def test_without_chinese_fonts_the_way_out_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "FOLDERS", ())
    monkeypatch.setattr(fonts, "_asked", lambda pattern: None)
    fonts.found.cache_clear()
    with pytest.raises(Refused) as refused:
        fonts.found("song")
    assert refused.value.code == "poster.no_fonts"
    assert refused.value.data == {"mend": "apt-get install fonts-noto-cjk"}
    fonts.found.cache_clear()


def test_fontconfig_is_asked_where_the_folders_are_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "FOLDERS", ())
    fonts.found.cache_clear()
    path, index = fonts.found("bold")
    assert path.endswith(".ttc")
    assert index >= 0
    assert fonts._asked("DejaVu Sans Mono") is None or "Noto" in fonts._asked("DejaVu Sans Mono")[0]
    fonts.found.cache_clear()
