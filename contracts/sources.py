"""The contracts' sources as text: Vyper for the chains. `zkmargin.verifier.evm` compiles them."""

from __future__ import annotations

from importlib.resources import files

SUFFIX = ".vy"


def contract_source(name: str) -> str:
    """The source of one contract or module, by its name without the suffix."""
    return (files(__package__) / (name + SUFFIX)).read_text("utf-8")


def contract_names() -> list[str]:
    """Every contract and module there is, in order."""
    return sorted(path.name.removesuffix(SUFFIX) for path in files(__package__).iterdir() if path.name.endswith(SUFFIX))
