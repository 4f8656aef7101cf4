"""The visible lists: the four indices and all their components, in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Mapping

from tongxin.compass.indices import connection, influence, output, participation
from tongxin.compass.indices.base import Component
from tongxin.compass.sentence import Words

INDICES: Mapping[str, Words] = {
    "influence": Words("影响力", "Influence"),
    "connection": Words("连接度", "Connection"),
    "participation": Words("参与度", "Participation"),
    "output": Words("输出量", "Output"),
}
COMPONENTS: tuple[Component, ...] = (
    *influence.COMPONENTS,
    *connection.COMPONENTS,
    *participation.COMPONENTS,
    *output.COMPONENTS,
)
