"""iden3's .wtns: a witness, every wire's value in wire order."""

from __future__ import annotations

from zkmargin.algebra import BN254, Buffer, Curve

from ..errors import FormatError
from .binfile import read_sections, write_sections
from .scalars import require_canonical

MAGIC = b"wtns"
VERSION = 2

_WHAT = ".wtns file"
_HEADER, _VALUES = 1, 2
_HEADER_BYTES = 4 + 32 + 4


def read_wtns(data: Buffer, curve: Curve = BN254) -> bytes:
    """The values as canonical scalars; the first must be the constant 1."""
    sections = read_sections(data, MAGIC, what=_WHAT, max_version=VERSION)
    if _HEADER not in sections or _VALUES not in sections:
        raise FormatError(f"{_WHAT}: section 1 or 2 is missing", what=_WHAT)
    header, values = sections[_HEADER], bytes(sections[_VALUES])
    if len(header) != _HEADER_BYTES:
        raise FormatError(f"{_WHAT}: its header has {len(header)} bytes, not {_HEADER_BYTES}", what=_WHAT)
    if header[:4] != (32).to_bytes(4, "little") or header[4:36] != curve.r.to_bytes(32, "little"):
        raise FormatError(f"{_WHAT}: is not over the scalar field of {curve.name}", what=_WHAT)
    count = int.from_bytes(header[36:], "little")
    if len(values) != 32 * count:
        raise FormatError(f"{_WHAT}: announces {count} values and has {len(values)} bytes of them", what=_WHAT)
    require_canonical(values, curve, _WHAT)
    if values[:32] != (1).to_bytes(32, "little"):
        raise FormatError(f"{_WHAT}: wire 0 does not hold the constant 1", what=_WHAT, index=0)
    return values


def write_wtns(witness: Buffer, curve: Curve = BN254) -> bytes:
    """The inverse of `read_wtns`."""
    values = bytes(witness)
    if len(values) % 32:
        raise FormatError("witness: not a whole number of 32-byte values", what="witness")
    header = (32).to_bytes(4, "little") + curve.r.to_bytes(32, "little") + (len(values) // 32).to_bytes(4, "little")
    return write_sections(MAGIC, VERSION, [(_HEADER, header), (_VALUES, values)])
