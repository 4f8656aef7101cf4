"""One module a picture: an Altair specification, drawn to SVG without a browser.

Colours are written as `var(--token, #fallback)`: the same inline picture serves light and dark, and prints. `ink.png` and
`ink.painted` give a picture of one theme for readers without our style sheet. Every module has `spec`, `draw_svg`, `sentence`
and `table`; the list is `gallery.CHARTS`.
"""
