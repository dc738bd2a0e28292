"""The Vyper module of one ledger's configuration: who it is, whom it trusts, and its limits, as constants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from zkmargin.algebra.keccak import keccak256

from ..attestation import market_digest
from ..errors import ConfigError
from ..ledger.breaker_limits import BreakerLimits
from ..statement import signal_count

if TYPE_CHECKING:
    from ..ledger.config import LedgerConfig

MAX_ROUTES = 64
MAX_TRIAL_ACCEPTS = (1 << 16) - 1
_ADDRESS_DIGITS = 40

_HEAD = '''# pragma version ~=0.4.3
# pragma optimize gas
# pragma evm-version cancun
"""
@title The configuration of one margin ledger, generated
@license Apache-2.0
"""


'''

_LIMITS_OFF_CHAIN = (
    "inflow_cap_ppm",
    "max_root_silence_ms",
    "max_disagreement_ppm",
    "max_price_gap_ppm",
    "reject_storm",
)
"""A contract has no margin total without a sweep of expired credits, and nobody calls it when nothing happens."""


def vyper_deployment_module(config: LedgerConfig, venues: int) -> str:
    """The text of `deployment.vy`; a configuration that the contract could not keep is a `ConfigError`."""
    _check(config, config.limits)
    lines = [*_constants(config, config.limits, venues), *_functions(config, config.limits)]
    return _HEAD + "".join(f"{line}\n" for line in lines)


def _check(config: LedgerConfig, limits: BreakerLimits) -> None:
    name = config.ledger
    if len(name) != 2 + _ADDRESS_DIGITS or name[:2] != "0x" or not set(name[2:]) <= set("0123456789abcdef"):
        raise ConfigError("ledger", "is not the address of a contract: 0x and 40 lower-case hexadecimal digits")
    if not config.root_signers:
        raise ConfigError("root_signers", "is empty: a contract has no other way to learn of source roots")
    if len(config.routes) > MAX_ROUTES or 0 in config.routes:
        raise ConfigError("routes", f"of a contract are at most {MAX_ROUTES}, none of them of chain 0")
    if limits.trial_accepts > MAX_TRIAL_ACCEPTS:
        raise ConfigError("trial_accepts", f"is above {MAX_TRIAL_ACCEPTS}, which a contract counts to")
    for limit in _LIMITS_OFF_CHAIN:
        if getattr(limits, limit) is not None:
            raise ConfigError(limit, "is not kept by the contract: leave it out, or have somebody watch and trip it")


def _constants(config: LedgerConfig, limits: BreakerLimits, venues: int) -> Iterable[str]:
    numbers = {
        "VENUES": venues,
        "INPUTS": signal_count(venues) - 1,  # all but the target, which is folded into the key
        "TARGET_CHAIN_ID": config.target_chain_id,
        "TARGET": config.target,
        "MAX_ROOT_AGE_MS": config.max_root_age_ms,
        "MAX_RISK_AGE_MS": config.max_risk_age_ms,
        "MAX_HORIZON_MS": config.max_horizon_ms,
        "CLOCK_SKEW_MS": config.clock_skew_ms,
        "MAX_CREDIT_E8": config.max_credit_e8,
        "ORACLE_QUORUM": config.oracle_quorum,
        "ROOT_QUORUM": config.root_quorum,
        "INFLOW_CAP_E8": limits.inflow_cap_e8,
        "INFLOW_WINDOW_MS": limits.inflow_window_ms,
        "ACCOUNT_CAP_E8": limits.account_cap_e8 or 0,
        "TRIAL_CAP_E8": limits.trial_cap_e8,
        "TRIAL_ACCEPTS": limits.trial_accepts,
        "HALF_OPEN_AFTER_MS": limits.half_open_after_ms or 0,
    }
    yield from (f"{name}: constant(uint256) = {value}" for name, value in numbers.items())
    yield f"LEDGER: constant(address) = {_address(bytes.fromhex(config.ledger[2:]))}"
    yield f"MARKET: constant(bytes32) = 0x{market_digest(config.market).hex()}"


def _functions(config: LedgerConfig, limits: BreakerLimits) -> Iterable[str]:
    """Lookups written out: a list of constants would be copied to memory, and a table in storage costs a read."""
    latencies = {chain_id: latency + 1 for chain_id, latency in config.routes.items()}
    caps = {chain_id: cap for chain_id, cap in limits.source_caps_e8.items() if chain_id in config.routes}
    yield from _lookup("_latency_plus_1", "chain_id: uint64", "0 for a chain without a route.", latencies)
    yield from _lookup("_source_cap_e8", "chain_id: uint256", "0 for a chain without a cap.", caps)
    yield from _membership("_is_oracle", config.oracle_signers)
    yield from _membership("_is_root_signer", config.root_signers)


def _lookup(name: str, parameter: str, meaning: str, values: Mapping[int, int]) -> Iterable[str]:
    yield from ("", "", "@internal", "@pure", f"def {name}({parameter}) -> uint256:")
    yield from ('    """', f"    @dev {meaning}", '    """')
    for key, value in sorted(values.items()):
        yield f"    if {parameter.partition(':')[0]} == {key}:"
        yield f"        return {value}"
    yield "    return 0"


def _membership(name: str, addresses: Iterable[bytes]) -> Iterable[str]:
    yield from ("", "", "@internal", "@pure", f"def {name}(signer: address) -> bool:")
    for address in sorted(addresses):
        yield f"    if signer == {_address(address)}:"
        yield "        return True"
    yield "    return False"


def _address(address: bytes) -> str:
    """In the mixed case by which a compiler recognises a typing error (EIP-55)."""
    digits = address.hex()
    hashed = keccak256(digits.encode("ascii")).hex()
    mixed = (digit.upper() if int(nibble, 16) >= 8 else digit for digit, nibble in zip(digits, hashed, strict=False))
    return "0x" + "".join(mixed)
