"""What every engine gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa


@dataclass(frozen=True)
class Engine:
    """One engine.

    Attributes
    ----------
    name : str
    addresses : tuple of str
        How its addresses look, for an error message; the last part may vary.
    understands : callable of str to bool
        Whether an address is one of this engine's.
    connect : callable of address to ibis backend
    version : callable of ibis backend to str
    ask : callable of (ibis backend, expression) to Arrow table
        Runs an expression; out of memory becomes OutOfRoom.
    keep : callable of expression to ibis table
        Computes it once; out of memory becomes OutOfRoom.
    stream : callable of (ibis backend, expression) to Arrow record batches, or None
        Yields the rows as they are found, without ever holding them all. None where rows would have to cross a
        network: there they are added up first.
    """

    name: str
    addresses: tuple[str, ...]
    understands: Callable[[str], bool]
    connect: Callable[[str], Any]
    version: Callable[[Any], str]
    ask: Callable[[Any, Any], pa.Table]
    keep: Callable[[Any], Any]
    stream: Callable[[Any, Any], Iterator[pa.RecordBatch]] | None = None
