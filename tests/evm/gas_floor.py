"""The floor: contracts in bare bytecode that call the precompiles, touch the storage, and do nothing else.

Zeros are points to the precompiles, at infinity, and cost what any point costs. What such a contract uses for a
transaction with the same calldata is what nobody can go below who makes the same calls.
"""

from __future__ import annotations

ADD, MUL, PAIRING = 6, 7, 8
_STOP, _CALLDATALOAD, _POP, _SLOAD, _SSTORE, _GAS, _STATICCALL = 0x00, 0x35, 0x50, 0x54, 0x55, 0x5A, 0xFA


def push(value: int) -> bytes:
    digits = value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big")
    return bytes([0x5F + len(digits)]) + digits


def call(precompile: int, input_bytes: int, output_bytes: int) -> bytes:
    arguments = (output_bytes, 0, input_bytes, 0, precompile)
    return b"".join(map(push, arguments)) + bytes([_GAS, _STATICCALL, _POP])


def groth16(inputs: int) -> bytes:
    """The precompiles of one proof: a multiplication and an addition for each input, and a pairing of four pairs."""
    return (call(MUL, 96, 64) + call(ADD, 128, 64)) * inputs + call(PAIRING, 768, 32)


def read(slot: int) -> bytes:
    return push(slot) + bytes([_SLOAD, _POP])


def overwrite(slot: int, word_at: int) -> bytes:
    """Read a slot, and store a word of the calldata there."""
    return read(slot) + push(word_at) + bytes([_CALLDATALOAD]) + push(slot) + bytes([_SSTORE])


def store_new(word_at: int) -> bytes:
    """Store a word of the calldata in the slot it names."""
    return (push(word_at) + bytes([_CALLDATALOAD])) * 2 + bytes([_SSTORE])


def initcode(runtime: bytes) -> bytes:
    """Code that returns the runtime code."""
    code = runtime + bytes([_STOP])
    size = push(len(code))
    offset = len(size) + 9  # what stands before the code: DUP1, PUSH1, PUSH1, CODECOPY, PUSH1, RETURN
    return size + b"\x80" + push(offset) + b"\x60\x00\x39\x60\x00\xf3" + code
