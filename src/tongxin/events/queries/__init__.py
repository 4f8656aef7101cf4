"""Reading events. What could leak begins with the viewer; foreign ones answer as absent."""

from tongxin.events.queries.access import (
    DOOR,
    ORGANISERS,
    access_event,
    access_registration,
    event_to_join,
    joinable,
    who_registers,
)
from tongxin.events.queries.doors import (
    ConflictLine,
    DoorEvent,
    DoorList,
    ScanLine,
    access_at_door,
    access_door,
    conflicts_of,
    doors_of,
    doors_today,
    scans_of,
)
from tongxin.events.queries.lottery import MyLot, Published, my_lot, published_draw
from tongxin.events.queries.tickets import Ticket, ticket_of
from tongxin.events.queries.waiting import MyLine, WaitRow, WrongCounter, counters_wrong, line, my_line

__all__ = [
    "DOOR",
    "ORGANISERS",
    "ConflictLine",
    "DoorEvent",
    "DoorList",
    "MyLine",
    "MyLot",
    "Published",
    "ScanLine",
    "Ticket",
    "WaitRow",
    "WrongCounter",
    "access_at_door",
    "access_door",
    "access_event",
    "access_registration",
    "conflicts_of",
    "counters_wrong",
    "doors_of",
    "doors_today",
    "event_to_join",
    "joinable",
    "line",
    "my_line",
    "my_lot",
    "published_draw",
    "scans_of",
    "ticket_of",
    "who_registers",
]
