"""研究: asking a question before anybody looks, and reading the answer as it was kept."""

import re
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tongxin.compass import sentence
from tongxin.faces import pictures
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.measure import actions, queries
from tongxin.measure.terms import STATES, StudyState

# verdict → (word, tone, mark)
VERDICTS: dict[str, tuple[Any, str, str]] = {
    "positive": (gettext_lazy("有差异"), "good", "check"),
    "negative": (gettext_lazy("变差了"), "bad", "warn"),
    "no_evidence": (gettext_lazy("看不出差异"), "", "circle"),
    "range_only": (gettext_lazy("只能给范围"), "warn", "warn"),
    "cannot_be_said": (gettext_lazy("还不能下结论"), "warn", "warn"),
}
LABELS: dict[str, Any] = {
    "weak_evidence": gettext_lazy("证据偏弱"),
    "suggestive": gettext_lazy("只是迹象"),
    "matched_part_only": gettext_lazy("只适用于配得上的参加者"),
    "one_control_group": gettext_lazy("只有一个对照组能用"),
    "not_after_correction": gettext_lazy("多项一起看时不再成立"),
    "placebo_not_testable": gettext_lazy("假想参加日无法检验"),
    "some_imbalance": gettext_lazy("有特征没有完全对上"),
    "spread_differs": gettext_lazy("两组的离散程度不同"),
    "cohort_imbalance": gettext_lazy("个别批次没有对上"),
    "far_controls": gettext_lazy("只和不相干的对照比"),
    "these_stores_only": gettext_lazy("只说明这几家店"),
}
CONTROLS: dict[str, Any] = {
    "never_joiners": gettext_lazy("从未参加的会员"),
    "split_window": gettext_lazy("拆开窗口再平衡"),
    "later_joiners": gettext_lazy("后来才参加的会员"),
    "itt": gettext_lazy("抽中的比没抽中的"),
    "complier": gettext_lazy("真正来了的人"),
    "group_time": gettext_lazy("按批次与时间"),
    "nearest": gettext_lazy("最相似的人"),
    "coarsened": gettext_lazy("粗分层配对"),
    "balancing": gettext_lazy("加权到一样"),
}
DEFAULT_CONTROLS = frozenset({"never_joiners", "split_window", "later_joiners"})
NAIVES: dict[str, Any] = {
    "before_after": gettext_lazy("参加前后直接比"),
    "versus_all_others": gettext_lazy("和没参加的人直接比"),
    "matched_on_spend": gettext_lazy("按消费额配对再比"),
}
COSTS: dict[str, Any] = {
    "materials": gettext_lazy("物料"),
    "vouchers": gettext_lazy("代金券"),
    "labour": gettext_lazy("人工"),
    "other": gettext_lazy("其他"),
}
UNITS: dict[str, Any] = {
    "month": gettext_lazy("个月"),
    "four_weeks": gettext_lazy("个四周"),
    "week": gettext_lazy("周"),
}
PICTURES: tuple[tuple[str, Any], ...] = (
    ("event_study", gettext_lazy("参加前后，每一期的差异")),
    ("love_plot", gettext_lazy("比的是同一类会员吗")),
    ("naive_honest", gettext_lazy("常见算法会说什么")),
    ("forest", gettext_lazy("各项指标放在一起看")),
)
TREATED: tuple[tuple[str, Any], ...] = (
    ("participation", gettext_lazy("参加过任何活动")),
    ("campaign", gettext_lazy("一次营销活动")),
    ("event", gettext_lazy("一场活动")),
    ("kit", gettext_lazy("一个工具包")),
    ("community", gettext_lazy("一个社群")),
)


def studies(request: Asked) -> HttpResponse:
    """The list, and the form that registers a new question."""
    if request.method == "POST":
        return _plan(request)
    found = queries.studies(request.viewer, limit=20, cursor=request.GET.get("cursor") or None)
    context = {
        "studies": [(line, VERDICTS.get(line.verdict), STATES[line.state]) for line in found.items],
        "cursor": found.cursor,
        "treated": TREATED,
    }
    return render(request, "hq/studies.html", context)


def _plan(request: Asked) -> HttpResponse:
    kind, code = request.POST.get("treated", "participation"), request.POST.get("code", "").strip()
    asked: dict[str, Any] = {}
    if control := request.POST.get("negative_control", "").strip():
        asked["negative_control"] = control
    made = actions.plan_study(
        viewer=request.viewer,
        title=request.POST.get("title", ""),
        treated=kind if kind == "participation" or ":" in kind else f"{kind}:{code}",
        design=asked,
    )
    flash(request, _("已登记。问题写下来了，才开始看数据。"))
    return redirect("hq.study", study_id=made.public_id)


def study(request: Asked, study_id: UUID) -> HttpResponse:
    """One study: the sentence, the figures with their doubt, the pictures, the reasons for and against."""
    found = queries.access_study(request.viewer, study_id)
    context: dict[str, Any] = {"study": found, "state_said": STATES[StudyState(found.state)]}
    if found.state != StudyState.DONE:
        return render(request, "hq/study_waiting.html", context)
    return render(request, "hq/study.html", context | reading(found, request.viewer.language))


def report(request: Asked, study_id: UUID) -> HttpResponse:
    """The self-contained report, as a file to keep. It brings its own styles, so it may not run inside our pages."""
    found = queries.access_study(request.viewer, study_id)
    english = request.viewer.language == "en"
    page = found.report_en if english and found.report_en else found.report_html
    reply = HttpResponse(page, content_type="text/html; charset=utf-8")
    reply["Content-Disposition"] = f'attachment; filename="tongxin-study-{str(found.public_id)[:8]}.html"'
    reply["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
    return reply


# ---- from the kept answer to what the page shows


def reading(found: Any, language: str) -> dict[str, Any]:
    """The answer of a study in the reader's language; figures written as the engine writes them."""
    answer = found.answer
    currency = answer.get("currency", "CNY")
    kpis = [_kpi(kpi, currency, language, answer) for kpi in answer["kpis"]]
    primary = next((kpi for kpi in kpis if kpi["primary"]), kpis[0])
    pictures_kept = found.pictures.get(language) or found.pictures.get("zh") or {}
    return {
        "answer": answer,
        "kpis": kpis,
        "primary": primary,
        "unit": UNITS.get(answer["design"].get("period"), ""),
        "refused": _refused(kpis),
        "pictures": [
            (name, title, still(kept["svg"]), kept["said"])
            for name, title in PICTURES
            if (kept := pictures_kept.get(name))
        ],
        "balance": answer.get("balance", []),
        "points": [
            {
                "period": point["period"],
                "effect": sentence.points(point["effect"], primary["unit"], currency, language=language),
                "ci": sentence.span(tuple(point["ci"]), primary["unit"], currency, language=language),
                "counted": point["counted"],
            }
            for point in answer.get("event_study", [])
            if point["kpi"] == primary["kpi"]
        ],
        "believe": [line for line in answer.get("believe", []) if not line["why_not_zh"]],
        "untested": [line for line in answer.get("believe", []) if line["why_not_zh"]],
        "money": answer.get("money") or {},
        "costs": [
            (COSTS[kind], fen)
            for kind, fen in (answer.get("money") or {}).get("costs_fen", {}).items()
            if kind in COSTS and fen is not None
        ],
        "level": f"{answer['design'].get('level', 0.95):.0%}",
        "fingerprint": _short(found.fingerprint),
        "naive_reasons": answer.get("naive_reasons", {}),
    }


def _refused(kpis: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Reasons by code, each once with its cure, and under it the figures it holds for."""
    found: dict[str, dict[str, Any]] = {}
    for kpi in kpis:
        for code, why, cure in kpi["reasons"]:
            found.setdefault(code, {"code": code, "cure": cure, "lines": []})["lines"].append((kpi, why))
    return [group for _, group in sorted(found.items())]


def _kpi(kpi: dict[str, Any], currency: str, language: str, answer: dict[str, Any]) -> dict[str, Any]:
    unit, ci = kpi["unit"], kpi["ci"]

    def size(value: float | None) -> str:
        return sentence.points(value, unit, currency, language=language)

    naive = kpi["naive"].get("versus_all_others")
    word, tone, mark = VERDICTS[kpi["verdict"]]
    return {
        "kpi": kpi["kpi"],
        "name": kpi["name"],
        "unit": unit,
        "primary": kpi["primary"],
        "window": kpi["window"],
        "treated": kpi["treated"],
        "without": sentence.figure(kpi["counterfactual_level"], unit, currency),
        "effect": None if kpi["effect"] is None else size(kpi["effect"]),
        "ci": None if ci is None else sentence.span(tuple(ci), unit, currency, language=language),
        "relative": None if kpi["relative"] is None else sentence.per_cent(kpi["relative"]),
        "relative_ci": _relative(kpi["relative_ci"], language),
        "drawn": None if ci is None else pictures.span(kpi["effect"], *ci),
        "naive": None if naive is None else size(naive),
        "naives": [
            (NAIVES[code], size(value), answer.get("naive_reasons", {}).get(code, {}))
            for code in NAIVES
            if (value := kpi["naive"].get(code)) is not None
        ],
        "verdict": (word, tone, mark),
        "labels": [LABELS.get(label, label) for label in kpi["labels"]],
        "controls": [
            {
                "name": CONTROLS[code],
                "headline": code == kpi["headline"],
                "effect": None if by["effect"] is None else size(by["effect"]),
                "ci": None
                if by["ci"] is None
                else sentence.span(tuple(by["ci"]), unit, currency, language=language),
                "treated": by["treated"],
                "controls": by["controls"],
                "effective": by["effective"],
            }
            for code in sorted(CONTROLS, key=lambda c: c != kpi["headline"])
            if (by := kpi["by_control"].get(code)) and (code in DEFAULT_CONTROLS or by["effect"] is not None)
        ],
        "reasons": [(r["code"], r, r.get("cure", {})) for r in kpi["reason_words"]],
    }


def _relative(ci: list[float] | None, language: str) -> str:
    if ci is None:
        return ""
    return (" to " if language == "en" else "～").join(sentence.per_cent(end) for end in ci)


def _short(fingerprint: str) -> str:
    plain = fingerprint.removeprefix("sha256:")
    return f"{plain[:4]}…{plain[-4:]}" if plain else ""


_SIZE = re.compile(r'^<svg([^>]*?) width="(\d+)" height="(\d+)"')


def still(svg: str) -> SafeString:
    """The kept picture as part of the page: our chart class, no fixed size, no roles inside a picture that speaks as one."""
    svg = re.sub(r' (?:role="graphics-[\w-]+"|aria-roledescription="[^"]*")', "", svg)
    return mark_safe(_SIZE.sub(r"<svg\1", svg, count=1).replace('class="marks"', 'class="chart kept"', 1))  # noqa: S308  # drawn by our engine and kept
