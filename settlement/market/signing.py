"""Who signs market reports: keys, the two schemes, and a report with its signature.

Both schemes sign the report's canonical bytes: Ed25519 as they are, secp256k1 their keccak256, so that an EVM contract
checks it as EIP-712 typed data. Ed25519 needs the extra `market`; secp256k1 needs nothing.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from zkmargin.algebra import Buffer, load_json
from zkmargin.algebra.errors import MissingExtra
from zkmargin.verifier.errors import AttestationRejected
from zkmargin.verifier.signatures import SECP256K1_ORDER, recover_signer, sign_digest, signer_address

from ..errors import MarketDataError, SignatureRefused
from ..fields import Fields
from .report import MarketReport

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ed25519

REPORT_FORMAT = "zkmargin.market-report/1"
KEY_FORMAT = "zkmargin.market-key/1"
REPORT, KEY = "market report", "market key"
MAX_REPORT_BYTES = 1 << 17
MAX_KEY_BYTES = 4096
SECRET_BYTES = 32


class Scheme(StrEnum):
    """A signature scheme; `identity_bytes` long is what names a signer, `signature_bytes` its signature."""

    ED25519 = "ed25519"
    SECP256K1 = "secp256k1"

    @property
    def identity_bytes(self) -> int:
        """A public key of Ed25519; an Ethereum address."""
        return 32 if self is Scheme.ED25519 else 20

    @property
    def signature_bytes(self) -> int:
        return 64 if self is Scheme.ED25519 else 65


@dataclass(frozen=True)
class SigningKey:
    """A source's private key; its representation does not show the secret."""

    scheme: Scheme
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if type(self.secret) is not bytes or len(self.secret) != SECRET_BYTES:
            raise MarketDataError("secret", f"must be {SECRET_BYTES} bytes")
        if self.scheme is Scheme.SECP256K1 and not 0 < int.from_bytes(self.secret, "big") < SECP256K1_ORDER:
            raise MarketDataError("secret", "must be above zero and below the order of secp256k1")

    @classmethod
    def generate(cls, scheme: Scheme) -> SigningKey:
        """A fresh key from the system's randomness."""
        if scheme is Scheme.ED25519:
            return cls(scheme, secrets.token_bytes(SECRET_BYTES))
        return cls(scheme, (secrets.randbelow(SECP256K1_ORDER - 1) + 1).to_bytes(SECRET_BYTES, "big"))

    def identity(self) -> bytes:
        """What others know the signer by."""
        if self.scheme is Scheme.ED25519:
            return self._ed25519().public_key().public_bytes_raw()
        return signer_address(self.secret)

    def sign(self, report: MarketReport) -> SignedReport:
        """Sign a report; one with a quote that no consensus would take is a `MarketDataError`."""
        report.require_quotable()
        if self.scheme is Scheme.ED25519:
            return SignedReport(report, self.scheme, self._ed25519().sign(report.message))
        return SignedReport(report, self.scheme, sign_digest(self.secret, report.digest))

    def to_json(self) -> dict[str, Any]:
        """The private file."""
        return {
            "format": KEY_FORMAT,
            "scheme": self.scheme.value,
            "secret": "0x" + self.secret.hex(),
            "identity": "0x" + self.identity().hex(),
        }

    @classmethod
    def from_json(cls, data: Buffer | str) -> SigningKey:
        fields = Fields(load_json(data, KEY, max_bytes=MAX_KEY_BYTES), KEY)
        fields.expect("format", KEY_FORMAT)
        scheme = read_scheme(fields)
        key = cls(scheme, fields.hex_bytes("secret", SECRET_BYTES))
        if fields.hex_bytes("identity", scheme.identity_bytes) != key.identity():
            raise fields.fail("identity", "does not belong to the secret; the file is damaged")
        fields.done()
        return key

    def __reduce__(self) -> str:
        raise TypeError("a signing key cannot be pickled; write it with to_json into a file of its owner")

    def _ed25519(self) -> ed25519.Ed25519PrivateKey:
        try:
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        except ImportError:
            raise MissingExtra("cryptography", "market") from None
        return Ed25519PrivateKey.from_private_bytes(self.secret)


@dataclass(frozen=True)
class SignedReport:
    """A report and a signature that claims to be its source's."""

    report: MarketReport
    scheme: Scheme
    signature: bytes

    def __post_init__(self) -> None:
        if type(self.signature) is not bytes or len(self.signature) != self.scheme.signature_bytes:
            raise MarketDataError("signature", f"must be {self.scheme.signature_bytes} bytes for {self.scheme}")

    def require_signed_by(self, scheme: Scheme, identity: bytes) -> None:
        """Raise `SignatureRefused` unless the signature is that of this identity over this report."""
        if self.scheme is not scheme:
            raise SignatureRefused(self.report.source, f"is signed with {self.scheme}; the source signs with {scheme}")
        if scheme is Scheme.ED25519:
            self._require_ed25519(identity)
        else:
            self._require_secp256k1(identity)

    def to_json(self) -> dict[str, Any]:
        return {
            "format": REPORT_FORMAT,
            **self.report.members(),
            "scheme": self.scheme.value,
            "signature": "0x" + self.signature.hex(),
        }

    @classmethod
    def from_json(cls, data: Buffer | str) -> SignedReport:
        """Read one report; every fault is a `DocumentError` that names the field, or a `MarketDataError`."""
        fields = Fields(load_json(data, REPORT, max_bytes=MAX_REPORT_BYTES), REPORT)
        signed = cls.read(fields)
        fields.done()
        return signed

    @classmethod
    def read(cls, fields: Fields) -> SignedReport:
        """Take the members from a document."""
        fields.expect("format", REPORT_FORMAT)
        scheme = read_scheme(fields)
        return cls(MarketReport.read(fields), scheme, fields.hex_bytes("signature", scheme.signature_bytes))

    def _require_ed25519(self, identity: bytes) -> None:
        try:
            from cryptography.exceptions import InvalidSignature
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        except ImportError:
            raise MissingExtra("cryptography", "market") from None
        try:
            Ed25519PublicKey.from_public_bytes(identity).verify(self.signature, self.report.message)
        except (InvalidSignature, ValueError):
            raise SignatureRefused(self.report.source, "the signature is not the source's") from None

    def _require_secp256k1(self, identity: bytes) -> None:
        try:
            signer = recover_signer(self.report.digest, self.signature)
        except AttestationRejected:
            raise SignatureRefused(self.report.source, "the signature is malformed") from None
        if signer != identity:
            raise SignatureRefused(self.report.source, f"is signed by 0x{signer.hex()}, which is not its key")


def read_scheme(fields: Fields) -> Scheme:
    """The member `scheme`."""
    name = fields.text("scheme")
    if name not in list(Scheme):
        raise fields.fail("scheme", f"is unknown; there are {', '.join(Scheme)}")
    return Scheme(name)
