"""商业罗盘 as a plain library: no Django, no network, no paths of the product.

Doors: `dataset.open_dataset` (a directory of the canonical tables), `design.Design`, `study.run`,
`report.render`, `simulate.world.make`. Everything else is a step of `study.run` and can be read aloud in that order.
"""
