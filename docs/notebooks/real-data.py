# %% [markdown]
# # One study on real shopping baskets · 真实订单上的一次研究
#
# The Complete Journey: 2,469 households, 1.47 million order lines. Its publisher calls the data simulated from real
# shopping patterns, for education. We ask: do households that redeem a coupon of a campaign buy more afterwards?
#
# 问题：用过活动优惠券的家庭，之后买得更多吗？

# %%
from IPython import display

from tongxin.compass import design, study
from tongxin.compass.charts import event_study, forest, love_plot
from tongxin.compass.dataset import Room, open_sources
from tongxin.connect.files import complete_journey as journey

tables = journey.tables(journey.LAST_DAY)
dataset = open_sources(tables, room=Room(memory="1GB"), currency=journey.CURRENCY, simulated=True)
{name: len(table) for name, table in tables.items()}

# %% [markdown]
# The design is fixed before anybody looks. A year of data carries four-week periods and short windows, and says so.

# %%
chosen, notes = design.default_for(dataset)
print(*(note.en for note in notes), sep="\n")
chosen.as_json()

# %%
answer = study.run(dataset, chosen, notes=notes)
print(answer.words.zh)
print(answer.words.en)

# %% [markdown]
# Beside the honest figure stand the numbers that people usually quote, and what each control group says by itself.

# %%
for kpi in answer.kpis:
    said = "—" if kpi.effect is None else f"{kpi.effect:+.2f} ({kpi.ci[0]:+.2f} to {kpi.ci[1]:+.2f})"
    loose = {code: round(found.effect, 2) for code, found in kpi.naive.items()}
    print(f"{kpi.name.en:28} window {kpi.window}: {said:34} {kpi.verdict:16} naive {loose}")

# %%
display.display(display.SVG(event_study.draw_svg(answer, answer.primary, "en")))

# %%
display.display(display.SVG(love_plot.draw_svg(answer, "en")))

# %%
display.display(display.SVG(forest.draw_svg(answer, "en")))

# %% [markdown]
# Why to believe it, and where not yet: every check of the answer, as it stands in `study.json`.

# %%
for name, check in answer.as_json()["checks"].items():
    print(name, check)
