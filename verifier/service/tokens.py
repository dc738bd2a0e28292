"""Bearer tokens of those who may change more than their own margin, kept so that nothing can print them.

A token comes from an environment variable or from a file that only its owner may read, never from an argument, which
every user of the machine could see. Only its SHA-256 stays in memory.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from ..errors import ConfigError

MIN_CHARACTERS, MAX_CHARACTERS = 24, 512
SERVICE = "service"
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*", re.ASCII)
"""RFC 6750's b64token."""


class Token:
    """Knows whether a text is the token; cannot say what the token is."""

    __slots__ = ("_digest",)

    def __init__(self, text: str) -> None:
        if not MIN_CHARACTERS <= len(text) <= MAX_CHARACTERS or _TOKEN.fullmatch(text) is None:
            raise ConfigError(
                "token", f"must be {MIN_CHARACTERS} to {MAX_CHARACTERS} letters, digits or any of ._~+/-=", SERVICE
            )
        self._digest = hashlib.sha256(text.encode()).digest()

    def matches(self, text: str) -> bool:
        """In a time that depends on the length of `text` only."""
        return hmac.compare_digest(hashlib.sha256(text.encode()).digest(), self._digest)

    def is_same(self, other: Token) -> bool:
        return hmac.compare_digest(self._digest, other._digest)

    def __repr__(self) -> str:
        return "Token(...)"

    def __reduce__(self) -> str:
        raise TypeError("a token is not pickled")


def token_from(environment: Mapping[str, str], variable: str) -> Token | None:
    """The token in `$variable`, or in the file that `$variable_FILE` names; None where neither is set."""
    text, path = environment.get(variable), environment.get(f"{variable}_FILE")
    if text is not None and path is not None:
        raise ConfigError(variable, f"and {variable}_FILE are both set: set one of them", SERVICE)
    try:
        if path is not None:
            return Token(read_token_file(Path(path)))
        return None if text is None else Token(text)
    except ConfigError as problem:
        raise ConfigError(variable if path is None else f"{variable}_FILE:", problem.reason, SERVICE) from None


def read_token_file(path: Path) -> str:
    """The one line of a regular file that nobody but its owner may read or write."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError):
        raise ConfigError("token", f"cannot be read from {path}", SERVICE) from None
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise ConfigError("token", f"cannot be read from {path}: it is not a regular file", SERVICE)
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise ConfigError("token", f"in {path} can be read by others: chmod 600 {path}", SERVICE)
        data = os.read(descriptor, MAX_CHARACTERS + 2)
    finally:
        os.close(descriptor)
    try:
        return data.decode("ascii").removesuffix("\n")
    except UnicodeDecodeError:
        raise ConfigError("token", f"in {path} is not ASCII", SERVICE) from None
