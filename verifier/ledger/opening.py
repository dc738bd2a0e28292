"""Who opened a ledger with what: the configuration and the key, in the log whenever they are not the last ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from hashlib import sha256
from typing import Any

from ..keys import VerifyingKey
from .config import LedgerConfig
from .entries import record_opening
from .log import OPENED, canonical
from .state import State
from .store import Store


def record_configuration(store: Store, config: LedgerConfig, key: VerifyingKey, clock: Callable[[], int]) -> None:
    """Write the configuration down, unless it is the last one written."""
    body = {"config": members(config), "key_sha256": key_digest(key).hex()}
    text = canonical(body)
    with store.reading() as rows:
        last = rows.last_of_kind(OPENED)
    if last is not None and last.body == text:
        return
    with store.writing() as rows:
        last = rows.last_of_kind(OPENED)
        if last is None or last.body != text:
            state = State(rows)
            record_opening(state, clock(), body)
            state.save()


def key_digest(key: VerifyingKey) -> bytes:
    """SHA-256 of the key's points in the order of the equation, and of the circuit it names."""
    circuit = key.circuit_digest or b""
    return sha256(key.alpha1 + key.beta2 + key.gamma2 + key.delta2 + key.ic + circuit).digest()


def members(value: Any) -> Any:
    """A configuration as JSON: integers as decimal strings, bytes as hexadecimal, mappings by their keys as text."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, Mapping):
        return {str(key): members(item) for key, item in value.items()}
    if is_dataclass(value):
        return {field.name: members(getattr(value, field.name)) for field in fields(value)}
    return [members(item) for item in value]
