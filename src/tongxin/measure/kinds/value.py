"""会员价值: what members brought, what they are expected to bring, how cohorts stay. The causal answer is a study's."""

from __future__ import annotations

from dataclasses import replace

from tongxin.compass.charts import retention
from tongxin.compass.errors import BadInput
from tongxin.compass.ltv import fitting
from tongxin.compass.ltv.answer import Horizon, Ltv
from tongxin.compass.ltv.fitting import Settings
from tongxin.compass.sentence import figure
from tongxin.measure.extract import Extract
from tongxin.measure.kinds import Brief
from tongxin.measure.telling import Cell, Picture, Table, Told, both, drawn, words


def tell(found: Extract, brief: Brief) -> Told:
    """Forecast over 6 and 12 months with hold-out check, retention by cohort. Refused where nothing can be fitted."""
    del brief
    try:
        answer = fitting.fit(found.dataset, Settings())
    except BadInput as error:
        why = tuple(words(str(fault), str(fault)) for fault in error.faults)
        said = words("现在还说不出会员价值。", "Customer value cannot be said yet.")
        return Told("cannot_be_said", said, {}, reasons=why, simulated=found.simulated)
    refusing = [trap for trap in answer.traps if trap.refuses]
    return Told(
        "cannot_be_said" if answer.refused else "said",
        both(answer.words),
        answer.as_json(),
        pictures=_stayed(answer),
        tables=(*_horizons(answer), *_holdout(answer), *_retention(answer)),
        warnings=(
            both(answer.causal_words),
            *(both(trap.words) for trap in answer.traps if not trap.refuses),
        ),
        reasons=tuple(both(trap.words) for trap in refusing) if answer.refused else (),
        fingerprint=answer.data,
        simulated=found.simulated,
    )


def _horizons(answer: Ltv) -> tuple[Table, ...]:
    if answer.refused:
        return ()

    def row(one: Horizon) -> tuple[Cell, ...]:
        buys, worth = one.purchases, one.value
        return (
            words(f"{one.months} 个月", f"{one.months} months"),
            None if buys is None else f"{buys[0]:.2f} ({buys[1]:.2f}–{buys[2]:.2f})",
            None
            if worth is None
            else f"{figure(worth[0], 'money', answer.currency)} "
            f"({figure(worth[1], 'money', answer.currency)}–{figure(worth[2], 'money', answer.currency)})",
        )

    basis = words("毛利", "margin") if answer.basis == "margin" else words("消费额", "spend")
    return (
        Table(
            words("平均一位会员，接下来", "An average member, from here on"),
            (words("多久", "Over"), words("购买次数", "Purchases"),
             words(f"折现{basis['zh']}", f"Discounted {basis['en']}")),
            tuple(row(one) for one in answer.horizons),
            numbers=(1, 2),
            note=words("区间只含参数的不确定，预测本身的误差看留出检验。", "Intervals hold the parameters' uncertainty; the hold-out shows the forecast's own error."),
        ),
    )  # fmt: skip


def _holdout(answer: Ltv) -> tuple[Table, ...]:
    tested = answer.holdout
    if tested is None:
        return ()
    rows: list[tuple[Cell, ...]] = [
        (words("这个模型", "this model"), f"{tested.mae:.2f}"),
        (words("照自己过去的频率", "own past rate"), f"{tested.mae_own_rate:.2f}"),
    ]
    if tested.mae_last_year is not None:
        rows.append((words("和去年同期一样", "same as last year"), f"{tested.mae_last_year:.2f}"))
    return (
        Table(
            words(f"留出 {tested.days} 天检验", f"Tested on {tested.days} days kept back"),
            (words("预测方法", "Forecast"), words("每人平均差几次", "Mean error, purchases a member")),
            tuple(rows),
            numbers=(1,),
            note=both(tested.words),
        ),
    )


def _stayed(answer: Ltv) -> tuple[Picture, ...]:
    curves = {curve.cohort: curve for curve in answer.retention if curve.points}
    pooled = curves.pop("all", None)
    if pooled is None or len(pooled.points) < 2 or not curves:
        return ()
    months = len(pooled.points)
    cohorts = tuple(
        retention.Cohort(
            name,
            curve.members,
            tuple(curve.points[k].kept if k < len(curve.points) else None for k in range(months)),
        )
        for name, curve in sorted(curves.items())
    )
    line = tuple((point.kept, *point.ci) for point in pooled.points)
    data = retention.Retention("month", cohorts, line)
    last = pooled.points[-1]
    low, high = (f"{end:.0%}" for end in last.ci)
    said = words(
        f"{pooled.members} 位新客里，{last.age} 个月后还在来的有 {last.kept:.0%}（{low}～{high}）。",
        f"Of {pooled.members} newcomers {last.kept:.0%} ({low} to {high}) still come after {last.age} months.",
    )
    title = words("各批会员，一个月一个月留下多少", "How cohorts stay, month by month")
    return (replace(drawn("retention", title, retention, data), said=said),)


def _retention(answer: Ltv) -> tuple[Table, ...]:
    curves = [curve for curve in answer.retention if curve.points]
    if not curves:
        return ()
    rows = tuple(
        (
            words("全部", "all") if curve.cohort == "all" else curve.cohort,
            curve.members,
            len(curve.points),
            f"{curve.points[-1].kept:.0%}",
        )
        for curve in curves
    )
    return (
        Table(
            words("各批会员留下多少", "How cohorts stay"),
            (words("首购", "First purchase"), words("人数", "Members"), words("看了几个月", "Months seen"),
             words("还在", "Still there")),
            rows,
            numbers=(1, 2, 3),
        ),
    )  # fmt: skip
