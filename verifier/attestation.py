"""What a quorum of signers stands behind: a market's risk root at one time, or a source root for one ledger.

Both are EIP-712 structs under one domain, name "zkmargin" and version "1", so that a contract and a wallet hash them as
this does; docs/statement-digests.md gives each word. The domain names no chain and no contract, on purpose: a risk
table is true for every ledger of its market, and a source root is bound to one ledger by its target.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, ClassVar, Self

from zkmargin.algebra import Buffer, EncodingError
from zkmargin.algebra.keccak import keccak256

from .errors import AttestationRejected
from .json_members import check_format, check_members, read_decimal, read_hex, read_object
from .signatures import MAX_SIGNATURES, SIGNATURE_BYTES, by_signer, require_quorum, sign_digest
from .statement import ID_BITS, TIME_BITS, check_element, check_range, printable_name, word

DOMAIN_TYPE = "EIP712Domain(string name,string version)"
DOMAIN_NAME, DOMAIN_VERSION = "zkmargin", "1"
RISK_FORMAT = "zkmargin.risk-attestation/2"
ROOT_FORMAT = "zkmargin.source-root-attestation/1"
MAX_JSON_BYTES = 1 << 14


@dataclass(frozen=True, kw_only=True)
class Attestation:
    """A statement and `signatures` under it, 65 bytes each: r | s | v."""

    what: ClassVar[str]
    format: ClassVar[str]
    struct: ClassVar[str]
    """The struct's type as EIP-712 writes it."""

    signatures: tuple[bytes, ...] = ()

    def words(self) -> tuple[bytes, ...]:
        """The struct's members, one word each."""
        raise NotImplementedError

    def members(self) -> dict[str, Any]:
        """The statement's members in the JSON document."""
        raise NotImplementedError

    def signed(self, private_keys: Iterable[bytes]) -> Self:
        """The same statement with the signatures of these keys, and no others."""
        return replace(self, signatures=tuple(sign_attestation(key, self) for key in private_keys))

    def digest(self) -> bytes:
        """The 32 bytes that each signer signs."""
        body = keccak256(_type_hash(self.struct) + b"".join(self.words()))
        return keccak256(b"\x19\x01" + _domain_separator() + body)

    def require_quorum(self, signers: Collection[bytes], quorum: int) -> None:
        """Raise `AttestationRejected` unless `quorum` different known signers signed, and nobody else or twice."""
        require_quorum(self.what, self.digest(), self.signatures, signers, quorum)

    def in_order(self) -> tuple[bytes, ...]:
        """The signatures by ascending address of their signers, as a contract takes them."""
        return by_signer(self.digest(), self.signatures)

    def to_json(self) -> dict[str, Any]:
        signatures = ["0x" + signature.hex() for signature in self.signatures]
        return {"format": self.format, **self.members(), "signatures": signatures}


@dataclass(frozen=True)
class RiskAttestation(Attestation):
    """The risk table with root `risk_root` is that of the market at `oracle_time_ms`."""

    what = "risk attestation"
    format = RISK_FORMAT
    struct = "RiskTable(bytes32 market,uint256 riskRoot,uint64 oracleTimeMs)"

    market: str
    risk_root: int
    oracle_time_ms: int

    def __post_init__(self) -> None:
        printable_name("market", self.market)
        check_element("risk_root", self.risk_root)
        check_range("oracle_time_ms", self.oracle_time_ms, TIME_BITS)

    def words(self) -> tuple[bytes, ...]:
        return market_digest(self.market), word(self.risk_root), word(self.oracle_time_ms)

    def require_quorum(self, signers: Collection[bytes], quorum: int) -> None:
        if self.risk_root == 0:
            raise AttestationRejected(f"{self.what}: the risk root is zero")
        super().require_quorum(signers, quorum)

    def members(self) -> dict[str, Any]:
        return {"market": self.market, "risk_root": str(self.risk_root), "oracle_time_ms": self.oracle_time_ms}

    @classmethod
    def from_json(cls, data: Buffer | str | dict[str, Any]) -> RiskAttestation:
        value, signatures = _read(data, cls, {"market", "risk_root", "oracle_time_ms"})
        root = read_decimal(value["risk_root"], f"{cls.what} risk_root")
        return cls(value["market"], root, value["oracle_time_ms"], signatures=signatures)


@dataclass(frozen=True)
class SourceRootAttestation(Attestation):
    """`root` is final as that of `epoch` on `chain_id`; said to the one ledger that has this `target`."""

    what = "source root attestation"
    format = ROOT_FORMAT
    struct = "SourceRoot(uint256 target,uint64 chainId,uint64 epoch,uint256 root,uint64 observedAtMs)"

    target: int
    chain_id: int
    epoch: int
    root: int
    observed_at_ms: int

    def __post_init__(self) -> None:
        check_element("target", self.target)
        check_range("chain_id", self.chain_id, ID_BITS)
        check_range("epoch", self.epoch, ID_BITS)
        check_element("root", self.root)
        check_range("observed_at_ms", self.observed_at_ms, TIME_BITS)

    def words(self) -> tuple[bytes, ...]:
        return tuple(map(word, (self.target, self.chain_id, self.epoch, self.root, self.observed_at_ms)))

    def members(self) -> dict[str, Any]:
        return {
            "target": str(self.target),
            "chain_id": self.chain_id,
            "epoch": self.epoch,
            "root": str(self.root),
            "observed_at_ms": self.observed_at_ms,
        }

    @classmethod
    def from_json(cls, data: Buffer | str | dict[str, Any]) -> SourceRootAttestation:
        value, signatures = _read(data, cls, {"target", "chain_id", "epoch", "root", "observed_at_ms"})
        return cls(
            target=read_decimal(value["target"], f"{cls.what} target"),
            chain_id=value["chain_id"],
            epoch=value["epoch"],
            root=read_decimal(value["root"], f"{cls.what} root"),
            observed_at_ms=value["observed_at_ms"],
            signatures=signatures,
        )


def sign_attestation(private_key: bytes, attestation: Attestation) -> bytes:
    """One signer's signature under an attestation, whatever signatures that has already."""
    return sign_digest(private_key, attestation.digest())


def market_digest(market: str) -> bytes:
    """How an attestation names its market: keccak256 of the name in UTF-8."""
    return keccak256(printable_name("market", market))


@lru_cache(maxsize=1)
def _domain_separator() -> bytes:
    name, version = (keccak256(text.encode()) for text in (DOMAIN_NAME, DOMAIN_VERSION))
    return keccak256(_type_hash(DOMAIN_TYPE) + name + version)


@lru_cache(maxsize=8)
def _type_hash(text: str) -> bytes:
    return keccak256(text.encode())


def _read(
    data: Buffer | str | dict[str, Any], kind: type[Attestation], members: set[str]
) -> tuple[dict[str, Any], tuple[bytes, ...]]:
    """The members of a document of this kind, and its signatures."""
    what = kind.what
    value = read_object(data, what, max_bytes=MAX_JSON_BYTES)
    check_members(value, {"format", "signatures"} | members, set(), what)
    check_format(value, kind.format, what)
    signatures = value["signatures"]
    if not isinstance(signatures, list) or len(signatures) > MAX_SIGNATURES:
        raise EncodingError(f"{what}: signatures is not a list of at most {MAX_SIGNATURES}", what=what)
    return value, tuple(read_hex(item, SIGNATURE_BYTES, f"{what} signature") for item in signatures)
