"""The Vyper verifier of one key as a single file, for those who build with their own tools."""

from __future__ import annotations

import re

from zkmargin.contracts import contract_source

from .key_points import KeyPoints
from .vyper_key import vyper_key_module

_MODULES = ("verifying_key", "groth16")
_HEAD_END = '"""\n'


def vyper_verifier(points: KeyPoints) -> str:
    """`Groth16Verifier.vy` with the modules it imports written in their places; it compiles to the same decisions."""
    head, external = _split(contract_source("Groth16Verifier"))
    _, key = _split(vyper_key_module(points))
    _, check = _split(contract_source("groth16"))
    return head + "\n" + "\n\n".join(_inlined(part) for part in (key, check, external))


def _split(source: str) -> tuple[str, str]:
    """The pragmas with the first docstring, and the code after it."""
    end = source.index(_HEAD_END, source.index('"""') + 1) + len(_HEAD_END)
    return source[:end], source[end:]


def _inlined(code: str) -> str:
    """A module's functions become the contract's own, and its constants too."""
    without = re.sub(r"^import [^\n]*\n", "", code, flags=re.MULTILINE)
    own = re.sub(r"\b(?:key|groth16)\.(_?)", lambda found: "self._" if found[1] else "", without)
    return own.strip("\n") + "\n"
