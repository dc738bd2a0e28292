"""Mutations that know what they change: JSON by its members, points by their words, files by their
sections, text and bytes by pieces.

A fuzzer that flips bytes alone seldom gets past the parser; these keep the form and spoil the content. They are a
function of the bytes and a seed, so that every run can be had again.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from random import Random
from typing import Any

from zkmargin.algebra import BN254

from .binary import MAGICS, NATIVE, change

Q, R = BN254.q, BN254.r
NUMBERS = (0, 1, 2, 3, Q - 2, Q - 1, Q, Q + 1, R - 1, R, R + 1, 2 * Q, (1 << 254) - 1, 1 << 254, (1 << 256) - 1)
SMALL = (0, 1, -1, 2, 1 << 31, (1 << 32) - 1, 1 << 40, (1 << 53) + 1, (1 << 63) - 1, 1 << 63, (1 << 64) - 1, 1 << 64)
TEXTS = (
    "",
    "0",
    "-1",
    "00",
    "0x",
    "1e9",
    "NaN",
    "\u0663",
    "\x00",
    "\ud800",
    "'; DROP TABLE log; --",
    "9" * 500,
    "/2",
    "é" * 90,
)
MAX_BYTES = 1 << 17
WORD = 32


def mutate(data: bytes, random: Random) -> bytes:
    """One to four changes, each of a kind that fits what the data looks like at that point."""
    for _ in range(random.choice((1, 1, 1, 2, 2, 3, 4))):
        data = _kind(data, random)(data, random)[:MAX_BYTES]
    return data


def _kind(data: bytes, random: Random) -> Callable[[bytes, Random], bytes]:
    choice = random.random()
    if data[:4] in (*MAGICS, NATIVE):
        return change if choice < 0.85 else _words if choice < 0.95 else _bytes
    if choice < 0.15:
        return _bytes
    if data[:1] in (b"{", b"["):
        return _json if choice < 0.9 else _text
    if data[:2] == b"0x":
        return _text
    return _words if choice < 0.8 else _bytes


def _bytes(data: bytes, random: Random) -> bytes:
    """Bits, cuts, copies and insertions."""
    if not data:
        return random.randbytes(random.randrange(300))
    place, size = random.randrange(len(data)), random.choice((1, 1, 2, 4, 32, 64))
    match random.randrange(6):
        case 0:
            return data[:place] + bytes([data[place] ^ 1 << random.randrange(8)]) + data[place + 1 :]
        case 1:
            return data[:place]
        case 2:
            return data[:place] + data[place + size :]
        case 3:
            return data[:place] + random.randbytes(size) + data[place + size :]
        case 4:
            return data[:place] + data[place : place + size] * random.choice((2, 3, 50)) + data[place + size :]
        case _:
            return data[:place] + random.randbytes(size) + data[place:]


def _words(data: bytes, random: Random) -> bytes:
    """32-byte numbers in either order of bytes: replaced by telling values or each other, shifted, negated, flagged."""
    count = len(data) // WORD
    if not count:
        return _bytes(data, random)
    at = WORD * random.randrange(count)
    other = WORD * random.randrange(count)
    order = random.choice(("little", "big"))
    value = int.from_bytes(data[at : at + WORD], order)  # type: ignore[arg-type]
    match random.randrange(7):
        case 0:
            return _blocks(data, random)
        case 1:
            value = random.choice(NUMBERS)
        case 2:
            value += random.choice((1, -1, Q, R, -Q, 1 << 255))
        case 3:
            value = -value % Q
        case 4:
            value ^= 1 << random.choice((255, 254, 253, 7, 6, 0))
        case 5:
            value = int.from_bytes(data[other : other + WORD], order)  # type: ignore[arg-type]
        case _:
            first, second = sorted((at, other))
            swapped = data[second : second + WORD] + data[first + WORD : second] + data[first : first + WORD]
            return data[:first] + (swapped if first != second else data[first : first + WORD]) + data[second + WORD :]
    return data[:at] + (value % (1 << 256)).to_bytes(WORD, order) + data[at + WORD :]  # type: ignore[arg-type]


def _blocks(data: bytes, random: Random) -> bytes:
    """The outer points, A and C, exchanged or made the same: points all right, and another statement."""
    size = len(data) // 4
    first, last = data[:size], data[len(data) - size :]
    before, after = random.choice(((last, first), (first, first), (last, last)))
    return before + data[size : len(data) - size] + after


def _text(data: bytes, random: Random) -> bytes:
    """Digits, capitals, separators and whole tokens."""
    place = random.randrange(len(data) + 1)
    match random.randrange(5):
        case 0:
            return (
                data[:place]
                + random.choice((b"0", b"f", b"F", b'"', b",", b"[", b"]", b" ", b"\n", b"x"))
                + data[place:]
            )
        case 1:
            return data[:place] + random.choice((b"0", b"a", b"9", b"G")) + data[place + 1 :]
        case 2:
            return data[:place] + data[place + 1 :]
        case 3:
            token = random.choice(NUMBERS)
            return data[:place] + f"{token:064x}".encode() + data[place + 64 :]
        case _:
            return (
                data.swapcase() if random.random() < 0.2 else data + random.choice((b"\n", b" ", b"\0", b",[]", b"]"))
            )


def _json(data: bytes, random: Random) -> bytes:
    """A member or element changed, removed, doubled, moved or added; text that does not parse is treated as text."""
    brackets = data[:3] == b'["0'  # a call, which has none around the whole
    try:
        value = json.loads(b"[" + data + b"]" if brackets else data)
    except (ValueError, RecursionError):
        return _text(data, random)
    places = list(_places(value, ()))
    if not places:
        return _text(data, random)
    *way, last = random.choice(places)
    parent = value
    for step in way:
        parent = parent[step]
    match random.randrange(12):
        case 0:
            del parent[last]
        case 1:
            parent[last] = parent[random.choice(list(parent) if isinstance(parent, dict) else range(len(parent)))]
        case 2 if isinstance(parent, dict):
            parent[random.choice(("extra", "zkmargin", "format", "", "\u0000", "protocol"))] = parent[last]
        case 2:
            parent.insert(random.randrange(len(parent) + 1), copy.deepcopy(parent[last]))
        case 3:
            parent[last] = random.choice((None, True, False, [], {}, [[]], parent[last], [parent[last]], 1.5))
        case _:
            parent[last] = _leaf(parent[last], random)
    text = json.dumps(value, indent=random.choice((None, None, 2)), ensure_ascii=random.random() < 0.8)
    return (text[1:-1].strip() if brackets else text).encode("utf-8", "surrogatepass")


def _leaf(value: Any, random: Random) -> Any:
    """Another value of the same look, or nearly."""
    if isinstance(value, dict | list):
        return random.choice((value * 2 if isinstance(value, list) else value, [value], {}))
    if isinstance(value, str) and value.isdecimal() and value.isascii():
        number = int(value[:400])
        near = (number + 1, max(number - 1, 0), number ^ 1, number * 2 % R, number + R, number + Q, -number % Q)
        changed = random.choice((*near, random.choice(NUMBERS), -number))
        return random.choice((*[str(changed)] * 8, "0" + value, "+" + value, value + ".0", changed))
    if isinstance(value, str) and value.startswith("0x"):
        digits = bytearray(value, "utf-8", "replace")
        digits[random.randrange(len(digits))] = random.choice(b"0123456789abcdef0123456789abcdefAFgx")
        return random.choice((*[digits.decode("latin-1")] * 8, value[:-1], value + "00", value[2:], value.upper()))
    if type(value) is int:
        close = (value + 1, value - 1, value ^ 1 << random.randrange(40), random.choice(SMALL))
        return random.choice((*close, *close, str(value), float(value % (1 << 53)), 10**350))
    return random.choice(TEXTS)


def _places(value: Any, way: tuple[Any, ...]) -> Any:
    """The way to every member and element."""
    steps = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for step in steps:
        yield (*way, step)
        yield from _places(value[step], (*way, step))
