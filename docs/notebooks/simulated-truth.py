# %% [markdown]
# # A world whose truth is known · 已知答案的世界
#
# People join because of a lasting trait; joining does nothing at all in the first world, and adds 25 % in the second.
# What do the usual sums say, and what does the study say?
#
# 第一个世界里参加毫无效果，第二个世界里参加使消费增加 25%。常见算法怎么说，研究怎么说？

# %%
import numpy as np
from IPython import display

from tongxin.compass import dataset, design, study
from tongxin.compass.answer import Answer
from tongxin.compass.charts import event_study
from tongxin.compass.simulate import world
from tongxin.compass.simulate.world import Effect, World

MEMBERS = 6000


def studied(regime: str, effect: str, seed: int) -> tuple[World, Answer]:
    """A simulated chain and its study."""
    made = world.make(
        regime, Effect.parse(effect), np.random.default_rng(seed), seed=seed, members=MEMBERS, join_share=0.25
    )
    opened = dataset.open_sources(made.tables, simulated=True)
    chosen, notes = design.default_for(opened)
    return made, study.run(opened, chosen, notes=notes)


def shown(answer: Answer) -> None:
    """The primary figure with its interval, and the naive numbers beside it."""
    kpi = answer.primary
    print(answer.words.en)
    print(
        f"honest   {kpi.effect if kpi.effect is None else round(kpi.effect, 2)}  interval {kpi.ci}  verdict {kpi.verdict}"
    )
    for code, found in kpi.naive.items():
        print(f"{code:20} {found.effect:+.2f}  interval ({found.ci[0]:+.2f}, {found.ci[1]:+.2f})")


# %% [markdown]
# ## No effect at all · 没有效果

# %%
null, null_answer = studied("null", "0", 12)
print("planted:", null.truth()["att_yuan_per_month"])
shown(null_answer)

# %% [markdown]
# "Matched on past spend" calls the zero effect significant: those who happened to have a good year fall back to their own
# mean, and that fall is read as an effect. The regression-to-the-mean index announces how large that would be.

# %%
null_answer.checks["sensitivity"]["regression_to_the_mean"]

# %% [markdown]
# ## Plus 25 % · 增加 25%

# %%
level, level_answer = studied("level", "25%", 11)
print("planted:", level.truth()["att_yuan_per_month"])
shown(level_answer)

# %%
display.display(display.SVG(event_study.draw_svg(level_answer, level_answer.primary, "en")))
