"""Compiling the contracts: their sources, the generated modules, and snekmate's, from memory."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePath
from typing import Any

from zkmargin.algebra.extras import require
from zkmargin.contracts import SUFFIX, contract_names, contract_source

COMPILER = "0.4.3"
"""Bytecode is compared byte by byte after a deployment, so one version of the compiler is used and no other."""

MAX_RUNTIME_BYTES = 24_576
"""EIP-170."""


@dataclass(frozen=True)
class Compiled:
    """A contract ready to deploy; `runtime` is the code its address has afterwards."""

    name: str
    abi: list[dict[str, Any]]
    initcode: bytes
    runtime: bytes
    sources: Mapping[str, str]


def compile_contract(name: str, generated: Mapping[str, str]) -> Compiled:
    """Compile one of `zkmargin.contracts`; `generated` are the modules it imports that a key or a ledger makes."""
    require("vyper", "evm")
    return _compiled(name, tuple(sorted(generated.items())))


@lru_cache(maxsize=8)
def _compiled(name: str, generated: tuple[tuple[str, str], ...]) -> Compiled:
    """The compiler takes seconds, and gives the same for the same."""
    from vyper.compiler import compile_code
    from vyper.compiler.input_bundle import JSONInputBundle

    sources = {each + SUFFIX: contract_source(each) for each in contract_names()}
    sources |= {each + SUFFIX: text for each, text in generated}
    available = {PurePath(path): {"content": text} for path, text in (sources | _snekmate()).items()}
    bundle = JSONInputBundle(available, search_paths=[PurePath(".")])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the size, among others: whoever calls compares it
        outputs = compile_code(
            sources[name + SUFFIX],
            contract_path=name + SUFFIX,
            input_bundle=bundle,
            output_formats=["abi", "bytecode", "bytecode_runtime"],
        )
    return Compiled(
        name=name,
        abi=outputs["abi"],
        initcode=bytes.fromhex(outputs["bytecode"][2:]),
        runtime=bytes.fromhex(outputs["bytecode_runtime"][2:]),
        sources=sources,
    )


def _snekmate() -> dict[str, str]:
    """The modules of snekmate that the contracts import, by the path they import them by."""
    found: dict[str, str] = {}
    for root in map(Path, require("snekmate", "evm").__path__):
        for path in sorted((root / "auth").rglob("*.vy*")):
            found[str(PurePath("snekmate") / path.relative_to(root))] = path.read_text("utf-8")
    return found
