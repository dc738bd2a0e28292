"""EIP-712: hashing of typed structured data, as an EVM contract hashes it.

Source: EIP-712, "Typed structured data hashing and signing", sections "Definition of hashStruct", "encodeType",
"encodeData" and "domainSeparator". What is signed are 66 bytes, 0x19 0x01 | domain separator | struct hash; a contract
recovers the signer of their keccak256.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from zkmargin.algebra.keccak import keccak256

from ..errors import MarketDataError

Members = tuple[tuple[str, str], ...]
"""Name and type of each member, in order."""

DOMAIN = "EIP712Domain"
DOMAIN_MEMBERS: Members = (
    ("name", "string"),
    ("version", "string"),
    ("chainId", "uint256"),
    ("verifyingContract", "address"),
    ("salt", "bytes32"),
)
"""All there are; a domain has some of them, in this order."""

PREFIX = b"\x19\x01"
_ARRAY = re.compile(r"(.+)\[([0-9]*)\]")
_INTEGER = re.compile(r"(u?)int([0-9]+)")
_FIXED_BYTES = re.compile(r"bytes([0-9]+)")


class TypedData:
    """Struct types by name, and the hashes of values of them. A value is a mapping with every member, no more."""

    def __init__(self, types: Mapping[str, Members]) -> None:
        self._types = dict(types)
        self._type_hashes: dict[str, bytes] = {}

    def encode_type(self, name: str) -> str:
        """`Mail(Person from,Person to,string contents)Person(...)`: the type, then those it needs by name."""
        needed: set[str] = set()
        self._collect(name, needed)
        return "".join(self._signature(each) for each in (name, *sorted(needed - {name})))

    def type_hash(self, name: str) -> bytes:
        if name not in self._type_hashes:
            self._type_hashes[name] = keccak256(self.encode_type(name).encode())
        return self._type_hashes[name]

    def hash_struct(self, name: str, value: Mapping[str, Any]) -> bytes:
        """keccak256 of the type's hash and one word per member; an integer out of its range is a `MarketDataError`."""
        members = self._types[name]
        if set(value) != {member for member, _ in members}:
            raise MarketDataError(name, f"must have exactly the members {', '.join(member for member, _ in members)}")
        words = [self._word(kind, value[member], f"{name}.{member}") for member, kind in members]
        return keccak256(self.type_hash(name) + b"".join(words))

    def message(self, domain: Mapping[str, Any], name: str, value: Mapping[str, Any]) -> bytes:
        """The 66 bytes that are signed."""
        return PREFIX + domain_separator(domain) + self.hash_struct(name, value)

    def _signature(self, name: str) -> str:
        return f"{name}({','.join(f'{kind} {member}' for member, kind in self._types[name])})"

    def _collect(self, name: str, seen: set[str]) -> None:
        if name in seen:
            return
        seen.add(name)
        for _, kind in self._types[name]:
            element = kind.split("[", 1)[0]
            if element in self._types:
                self._collect(element, seen)

    def _word(self, kind: str, value: Any, place: str) -> bytes:
        array = _ARRAY.fullmatch(kind)
        if array is not None:
            return self._array(array[1], array[2], value, place)
        if kind in self._types:
            return self.hash_struct(kind, value)
        return _atom(kind, value, place)

    def _array(self, element: str, length: str, value: Sequence[Any], place: str) -> bytes:
        """keccak256 of the elements' words end to end; the length shows in how many there are."""
        if length and len(value) != int(length):
            raise MarketDataError(place, f"must have {length} elements")
        return keccak256(b"".join(self._word(element, item, f"{place}[{i}]") for i, item in enumerate(value)))


def domain_separator(domain: Mapping[str, Any]) -> bytes:
    """The hash of a domain; its type has the members that it has."""
    members = tuple((name, kind) for name, kind in DOMAIN_MEMBERS if name in domain)
    return TypedData({DOMAIN: members}).hash_struct(DOMAIN, domain)


def _atom(kind: str, value: Any, place: str) -> bytes:
    encode = _ATOMS.get(kind)
    if encode is not None:
        return encode(value, place)
    integer, fixed = _INTEGER.fullmatch(kind), _FIXED_BYTES.fullmatch(kind)
    if integer is not None:
        return _integer(value, place, int(integer[2]), signed=not integer[1])
    if fixed is not None:
        return _bytes(value, place, int(fixed[1])).ljust(32, b"\0")
    raise MarketDataError(place, f"has a type that EIP-712 does not know: {kind}")


def _integer(value: Any, place: str, bits: int, *, signed: bool) -> bytes:
    low, high = (-(1 << (bits - 1)), 1 << (bits - 1)) if signed else (0, 1 << bits)
    if type(value) is not int or not low <= value < high:
        raise MarketDataError(place, f"must be an integer in [{low}, {high})")
    return value.to_bytes(32, "big", signed=signed)


def _bytes(value: Any, place: str, size: int) -> bytes:
    if type(value) is not bytes or len(value) != size:
        raise MarketDataError(place, f"must be {size} bytes")
    return value


def _flag(value: Any, place: str) -> bytes:
    if type(value) is not bool:
        raise MarketDataError(place, "must be true or false")
    return _integer(int(value), place, 8, signed=False)


@lru_cache(maxsize=4096)
def _text_hash(text: str) -> bytes:
    """The same symbols stand in every report."""
    return keccak256(text.encode())


_ATOMS: dict[str, Callable[[Any, str], bytes]] = {
    "bool": _flag,
    "address": lambda value, place: _bytes(value, place, 20).rjust(32, b"\0"),
    "string": lambda value, _: _text_hash(value),
    "bytes": lambda value, _: keccak256(value),
}
