"""Every text of the pages has an English one, and the compiled catalogue is the one that is committed."""

import gettext
import io

from tongxin.faces import words


def test_every_text_has_an_english_one():
    assert words.missing() == []


def test_control_arm_a_text_without_english_is_told(monkeypatch):
    monkeypatch.setattr(words, "texts", lambda: {"还没有翻译": "x.html"})
    assert words.missing() == ["x.html: 还没有翻译"]


def test_no_english_text_has_chinese_left_and_no_key_is_unused():
    known = words.catalogue(words.PO.read_text())
    assert [v for v in known.values() if words.HAN.search(v)] == []
    assert set(known) - set(words.texts()) == {""}


def test_placeholders_are_the_same_in_both_languages():
    import string

    def names(text):
        return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)

    known = words.catalogue(words.PO.read_text())
    assert [k for k, v in known.items() if k and names(k) != names(v)] == []


def test_the_compiled_catalogue_is_up_to_date_and_readable():
    known = words.catalogue(words.PO.read_text())
    assert words.MO.read_bytes() == words.compiled(known)
    read = gettext.GNUTranslations(io.BytesIO(words.MO.read_bytes()))
    assert read.gettext("今日") == "Today"
    assert all(read.gettext(k) == v for k, v in known.items() if k)


def test_no_template_carries_chinese_outside_the_text_tag():
    import re

    bare = []
    for file in (words.HERE / "templates").rglob("*.html"):
        if file.parent.name == "api":
            continue
        text = re.sub(
            r"\{%.*?%\}|\{\{.*?\}\}", "", file.read_text().replace("{% else %}English", ""), flags=re.DOTALL
        )
        bare += [f"{file.name}: {m}" for m in words.HAN.findall(text) if m not in "中文"]
    assert bare == []


def test_orders(capsys):
    assert (words.main("missing"), words.main("nothing")) == (0, 2)
    assert capsys.readouterr().out == ""
