"""One module a picture: an Altair specification, drawn to SVG without a browser.

Colours are written as `var(--token, #fallback)`: the same inline picture serves light and dark, and prints.
"""
