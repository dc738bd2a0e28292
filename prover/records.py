"""Contribution records inside .zkey and .ptau files: a cursor that cannot run past the end, and the parameter block.

The block is a list of tagged values with rising tags: 1 a name (length, UTF-8), 2 the exponent of a beacon's iterations
(one byte), 3 the beacon's bytes (length, bytes).
"""

from __future__ import annotations

from dataclasses import dataclass

from zkmargin.algebra.errors import EncodingError

CONTRIBUTION, BEACON = 0, 1
MIN_ITERATIONS_EXP, MAX_ITERATIONS_EXP = 10, 63
MAX_NAME_BYTES = MAX_BEACON_BYTES = 255


class Cursor:
    """Reads fixed-width values one after another; running out of bytes is an `EncodingError` that names `what`."""

    def __init__(self, data: memoryview, what: str) -> None:
        self._data, self._what, self._place = data, what, 0

    @property
    def left(self) -> int:
        return len(self._data) - self._place

    def take(self, count: int) -> bytes:
        if count > self.left:
            raise EncodingError(f"{self._what}: cut short", what=self._what)
        self._place += count
        return bytes(self._data[self._place - count : self._place])

    def u8(self) -> int:
        return self.take(1)[0]

    def u32(self) -> int:
        return int.from_bytes(self.take(4), "little")

    def integer(self, size: int) -> int:
        return int.from_bytes(self.take(size), "little")

    def finish(self) -> None:
        if self.left:
            raise EncodingError(f"{self._what}: {self.left} bytes too many", what=self._what)


@dataclass(frozen=True)
class Parameters:
    """Who contributed, and for a beacon where its randomness came from."""

    name: str = ""
    beacon_hash: bytes | None = None
    iterations_exp: int | None = None

    def __post_init__(self) -> None:
        if len(self.name.encode()) > MAX_NAME_BYTES:
            raise EncodingError(f"a contributor's name takes at most {MAX_NAME_BYTES} bytes", what="name")
        if (self.beacon_hash is None) != (self.iterations_exp is None):
            raise EncodingError("a beacon needs both its bytes and its number of iterations", what="beacon")
        if self.beacon_hash is not None and not 1 <= len(self.beacon_hash) <= MAX_BEACON_BYTES:
            raise EncodingError(f"a beacon takes 1 to {MAX_BEACON_BYTES} bytes", what="beacon")
        if self.iterations_exp is not None and not MIN_ITERATIONS_EXP <= self.iterations_exp <= MAX_ITERATIONS_EXP:
            raise EncodingError(
                f"a beacon is iterated 2^{MIN_ITERATIONS_EXP} to 2^{MAX_ITERATIONS_EXP} times", what="beacon"
            )


def read_parameters(cursor: Cursor, what: str) -> Parameters:
    """The record's type, the block's length and the block."""
    kind = cursor.u32()
    block = Cursor(memoryview(cursor.take(cursor.u32())), what)
    values: dict[int, bytes] = {}
    while block.left:
        tag = block.u8()
        if not max(values, default=0) < tag <= 3:
            raise EncodingError(f"{what}: contribution parameters out of order or unknown", what=what)
        values[tag] = block.take(1) if tag == 2 else block.take(block.u8())
    if kind != (BEACON if 3 in values else CONTRIBUTION):
        raise EncodingError(f"{what}: a contribution of type {kind} with another type's parameters", what=what)
    try:
        name = values.get(1, b"").decode("utf-8")
    except UnicodeDecodeError:
        raise EncodingError(f"{what}: a contributor's name is not UTF-8", what=what) from None
    return Parameters(name, values.get(3), values[2][0] if 2 in values else None)


def write_parameters(parameters: Parameters) -> bytes:
    """The inverse of `read_parameters`."""
    block = bytearray()
    if parameters.name:
        encoded = parameters.name.encode()
        block += bytes([1, len(encoded)]) + encoded
    kind = CONTRIBUTION
    if parameters.beacon_hash is not None and parameters.iterations_exp is not None:
        kind = BEACON
        block += bytes([2, parameters.iterations_exp, 3, len(parameters.beacon_hash)]) + parameters.beacon_hash
    return kind.to_bytes(4, "little") + len(block).to_bytes(4, "little") + bytes(block)
