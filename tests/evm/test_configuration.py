"""What a contract cannot keep is refused before it is compiled, and what is generated is the configuration's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from zkmargin.algebra import Engine
from zkmargin.verifier import BreakerLimits, CircuitMismatch, ConfigError, KeyRejected
from zkmargin.verifier.evm.contracts import created_address, ledger_contract
from zkmargin.verifier.evm.vyper_deployment import vyper_deployment_module

from ..verifier.trapdoor import Trapdoor
from .world import CIRCUIT, CONFIG, UNIT

LIMITS = CONFIG.limits


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("ledger", {"ledger": "venue-b"}),
        ("ledger", {"ledger": "0x" + "AB" * 20}),
        ("ledger", {"ledger": "0x" + "ab" * 21}),
        ("root_signers", {"root_signers": (), "root_quorum": 0}),
        ("routes", {"routes": {0: 1}}),
        ("routes", {"routes": dict.fromkeys(range(1, 66), 1)}),
    ],
)
def test_what_a_contract_cannot_be(field: str, changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        vyper_deployment_module(replace(CONFIG, **changes), 1)
    assert caught.value.field == field


@pytest.mark.parametrize(
    "limit",
    [
        {"inflow_cap_ppm": 1, "relative_floor_e8": 1},
        {"max_root_silence_ms": 1},
        {"max_disagreement_ppm": 1},
        {"max_price_gap_ppm": 1},
        {"reject_storm": 1},
        {"trial_accepts": 1 << 16},
    ],
)
def test_limits_that_a_contract_cannot_keep(limit: dict[str, int]) -> None:
    with pytest.raises(ConfigError) as caught:
        vyper_deployment_module(replace(CONFIG, limits=replace(LIMITS, **limit)), 1)
    assert caught.value.field == next(iter(limit))


def test_every_limit_is_kept_or_refused() -> None:
    """A limit that is added to the ledger later must not be dropped without a word."""
    known = {
        "inflow_cap_e8", "inflow_window_ms", "inflow_cap_ppm", "relative_floor_e8", "source_caps_e8", "account_cap_e8",
        "max_root_silence_ms", "max_disagreement_ppm", "max_price_gap_ppm", "reject_storm", "reject_window_ms",
        "trial_cap_e8", "trial_accepts", "half_open_after_ms",
    }  # fmt: skip
    assert set(BreakerLimits.__dataclass_fields__) == known


def test_the_constants_are_the_configurations() -> None:
    limits = replace(LIMITS, account_cap_e8=7 * UNIT, half_open_after_ms=9_000, source_caps_e8={10: 3 * UNIT})
    module = vyper_deployment_module(replace(CONFIG, limits=limits), 2)
    for line in (
        "VENUES: constant(uint256) = 2",
        "INPUTS: constant(uint256) = 7",
        f"TARGET: constant(uint256) = {CONFIG.target}",
        f"ACCOUNT_CAP_E8: constant(uint256) = {7 * UNIT}",
        "HALF_OPEN_AFTER_MS: constant(uint256) = 9000",
        f"    if chain_id == 10:\n        return {3 * UNIT}",
        "    if chain_id == 10:\n        return 90001",
    ):
        assert line in module


def test_the_key_is_judged_and_names_the_circuit(best_engine: Engine) -> None:
    trapdoor = Trapdoor(best_engine, 7, circuit_digest=CIRCUIT)
    config = replace(CONFIG, ledger="0x" + "ab" * 20)
    with pytest.raises(CircuitMismatch):
        ledger_contract(config, replace(trapdoor.key, circuit_digest=bytes(32)))
    with pytest.raises(KeyRejected):
        ledger_contract(config, replace(trapdoor.key, development=True))


@pytest.mark.parametrize(
    ("nonce", "address"),
    [
        # What anvil and every Ethereum client compute for this deployer.
        (0, "5fbdb2315678afecb367f032d93f642f64180aa3"),
        (1, "e7f1725e7734ce288f8367e1bb143e90bb3f0512"),
    ],
)
def test_the_address_of_a_deployment(nonce: int, address: str) -> None:
    deployer = bytes.fromhex("f39fd6e51aad88f6f4ce6ab8827279cfffb92266")
    assert created_address(deployer, nonce).hex() == address


@pytest.mark.parametrize("nonce", [127, 128, 255, 256, 2**32])
def test_the_address_is_that_of_another_implementation(nonce: int) -> None:
    from eth_utils import keccak
    from rlp import encode

    deployer = bytes(range(20))
    assert created_address(deployer, nonce) == keccak(encode([deployer, nonce]))[-20:]


def test_nonces_that_are_none() -> None:
    for nonce in (-1, 1 << 64, True):
        with pytest.raises(ConfigError):
            created_address(bytes(20), nonce)
