"""One made-up example of every chart, with long names on purpose."""

import math

from tongxin.compass.charts import lorenz, naive_honest, power_curve, radar, retention
from tongxin.compass.naive import NAIVES
from tongxin.compass.sentence import Words

DUEL = naive_honest.Duel(
    Words("每月消费", "Spend per month"),
    "money/month",
    "CNY",
    (
        naive_honest.Reading(naive_honest.HONEST, 12.4, (4.1, 20.7), honest=True),
        naive_honest.Reading(
            Words(NAIVES["matched_on_spend"].zh, NAIVES["matched_on_spend"].en),
            68.2,
            (61.0, 75.4),
            honest=False,
            why=Words(
                "他们参加之前正好买得多，之后本来就会回落。",
                "They bought more than usual just before joining.",
            ),
        ),
        naive_honest.Reading(
            Words(NAIVES["versus_all_others"].zh, NAIVES["versus_all_others"].en),
            131.0,
            (120.0, 142.0),
            honest=False,
            why=Words("来参加的本来就是买得多的人。", "Those who come bought more to begin with."),
        ),
    ),
)


def _power(effect, treated):
    z = effect * math.sqrt(treated) / 260 - 1.96
    return 0.5 * (1 + math.erf(z / math.sqrt(2)))


EFFECTS = [2.5 * step for step in range(25)]
POWER = power_curve.PowerCurve(
    "money/month",
    "CNY",
    tuple(
        power_curve.Curve(treated, tuple((effect, _power(effect, treated)) for effect in EFFECTS))
        for treated in (200, 600, 1800)
    ),
    600,
    29.7,
)


def _curve(power):
    return tuple((step / 20, (step / 20) ** power) for step in range(21))


LORENZ = lorenz.Lorenz(
    Words("消费", "spend"),
    8412,
    0.1,
    (
        lorenz.Curve(
            Words("按上一年排", "Ranked by the year before"),
            _curve(2.2),
            1 - 0.9**2.2,
            (0.18, 0.23),
            beforehand=True,
        ),
        lorenz.Curve(
            Words("按这一年排", "Ranked by this year"),
            _curve(4.5),
            1 - 0.9**4.5,
            (0.36, 0.39),
            beforehand=False,
        ),
    ),
    0.7,
)

RETENTION = retention.Retention(
    "month",
    tuple(
        retention.Cohort(
            f"2025-{month:02d}",
            400 + 20 * month,
            tuple(
                1.0 if k == 0 else (0.62 - 0.01 * month) * k**-0.35 if k <= 12 - month else None
                for k in range(13)
            ),
        )
        for month in range(1, 13)
    ),
    tuple(
        (1.0, 1.0, 1.0)
        if k == 0
        else (0.56 * k**-0.35, 0.56 * k**-0.35 - 0.01 - 0.002 * k, 0.56 * k**-0.35 + 0.01 + 0.002 * k)
        for k in range(13)
    ),
)

RADAR = radar.Radar(
    "小小烘焙师",
    214,
    (
        radar.Index(Words("影响力", "Influence"), 61.0, (52.0, 70.0), 48.0),
        radar.Index(Words("连接度", "Connection"), 34.0, (25.0, 44.0), 41.0),
        radar.Index(Words("参与度", "Participation"), 78.0, (70.0, 85.0), 55.0),
        radar.Index(
            Words("高质量内容产出量", "Output of content that helped others"), 22.0, (12.0, 35.0), 30.0
        ),
        radar.Index(Words("归属感", "Belonging"), 49.0, (38.0, 60.0), 50.0),
    ),
)

EXAMPLES = {
    "naive_honest": DUEL,
    "power_curve": POWER,
    "lorenz": LORENZ,
    "retention": RETENTION,
    "radar": RADAR,
}
