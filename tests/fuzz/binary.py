"""Mutations of binary files with a magic: sections, records, points and counts are changed as such.

Where a section of one of iden3's files grows or shrinks, its announced size mostly goes along, so that what reads the
content is tested and not the container alone.
"""

from __future__ import annotations

from hashlib import blake2b
from random import Random

MAGICS = (b"r1cs", b"wtns", b"zkey", b"ptau")
NATIVE = b"zkmk"
CHECKSUM = 32
"""It ends a native key's header."""
MODULI_END = 12 + 2 * 32
"""Where the counts of a native key's header begin."""
COUNTS = (0, 1, 2, 3, 7, 8, 255, 1 << 16, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32, 1 << 61, (1 << 64) - 1)
UNITS = (4, 4, 8, 32, 36, 44, 64, 64, 128)
"""Counts and sizes; scalars; terms and coefficients; points."""

Section = tuple[bytes, bytes, bytes]
"""Number, announced size, content."""


def change(data: bytes, random: Random) -> bytes:
    """One change; the data starts with one of the magics."""
    if data[:4] == NATIVE:
        return _native(data, random)
    head, sections, tail = _split(data)
    if not sections or random.random() < 0.05:
        return _inside(data, random, 4)
    place = random.randrange(len(sections))
    number, size, content = sections[place]
    match random.randrange(12):
        case 0:
            del sections[place]
        case 1:
            sections.insert(random.randrange(len(sections) + 1), sections[place])
        case 2:
            other = random.randrange(len(sections))
            sections[place], sections[other] = sections[other], sections[place]
        case 3:
            sections[place] = (random.randrange(1, 12).to_bytes(4, "little"), size, content)
        case 4:
            content = _resized(content, random)
            size = len(content).to_bytes(8, "little") if random.random() < 0.8 else size
            sections[place] = (number, size, content)
        case _:
            sections[place] = (number, size, _inside(content, random, 0))
    if random.random() < 0.9:
        head = head[:8] + len(sections).to_bytes(4, "little")
    return head + b"".join(b"".join(section) for section in sections) + tail


def _native(data: bytes, random: Random) -> bytes:
    """Often the header, and then mostly with a checksum that holds again: whoever changes a key can do that too."""
    length = int.from_bytes(data[8:12], "little")
    if random.random() < 0.6 or not 12 + CHECKSUM < length <= len(data):
        return _inside(data, random, random.randrange(0, len(data), 64) if random.random() < 0.7 else 0)
    body = _inside(data[: length - CHECKSUM], random, random.choice((0, 12, MODULI_END)))
    checksum = data[length - CHECKSUM : length]
    if random.random() < 0.9:
        checksum = blake2b(body, digest_size=CHECKSUM).digest()
    return body + checksum + data[length:]


def _split(data: bytes) -> tuple[bytes, list[Section], bytes]:
    """The container's header, the sections as far as they can be told, and what is left."""
    place, sections = 12, []
    while place + 12 <= len(data):
        size = int.from_bytes(data[place + 4 : place + 12], "little")
        end = place + 12 + size
        if end > len(data):
            break
        sections.append((data[place : place + 4], data[place + 4 : place + 12], data[place + 12 : end]))
        place = end
    return data[:12], sections, data[place:]


def _inside(content: bytes, random: Random, start: int) -> bytes:
    """One unit, counted from `start` or from the end, becomes a telling number, another unit, or nearly itself."""
    unit = random.choice(UNITS)
    count = (len(content) - start) // unit
    if count < 1:
        return content + random.randbytes(4)
    origin = start if random.random() < 0.8 else (len(content) - start) % unit + start
    at = origin + unit * random.randrange(count)
    old = content[at : at + unit]
    match random.randrange(5):
        case 0:
            value = random.choice(COUNTS) % (1 << 8 * unit)
            new = value.to_bytes(unit, "little")
        case 1:
            value = int.from_bytes(old, "little") + random.choice((1, -1, 2, 1 << 31))
            new = (value % (1 << 8 * unit)).to_bytes(unit, "little")
        case 2:
            changed = bytearray(old)
            changed[random.randrange(unit)] ^= 1 << random.randrange(8)
            new = bytes(changed)
        case 3:
            new = bytes(unit)
        case _:
            other = origin + unit * random.randrange(count)
            new = content[other : other + unit]
    return content[:at] + new + content[at + unit :]


def _resized(content: bytes, random: Random) -> bytes:
    """A unit removed, doubled, or added at the end."""
    unit = random.choice(UNITS)
    at = unit * random.randrange(len(content) // unit + 1)
    match random.randrange(3):
        case 0:
            return content[:at] + content[at + unit :]
        case 1:
            return content[:at] + content[at : at + unit] + content[at:]
        case _:
            return content + random.choice((bytes(unit), content[-unit:], random.randbytes(unit)))
