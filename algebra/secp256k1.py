"""The public key behind a recoverable ECDSA signature over secp256k1: SEC 1, version 2, section 4.1.6.

Native where the extension is, else py_ecc; everything here is public, so time may depend on it.
"""

from __future__ import annotations

from .errors import EncodingError

try:
    from ._native import secp256k1_recover as _native_recover
except ImportError:
    HAS_NATIVE = False
else:
    HAS_NATIVE = True

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_SIZE = 32


def recover_public_key(digest: bytes, r: int, s: int, odd: bool) -> bytes | None:
    """x | y, big-endian, of the key that signed `digest`; None where no key made this signature.

    r and s must lie between 0 and the order, else an `EncodingError`. `odd` says which y the point with r for its x
    has. None: no point has this x, or the key would be the point at infinity.
    """
    if type(digest) is not bytes or len(digest) != _SIZE:
        raise EncodingError(f"a digest is not {_SIZE} bytes", what="signature")
    if not 0 < r < ORDER or not 0 < s < ORDER:
        raise EncodingError("a signature's r or s is out of range", what="signature")
    if HAS_NATIVE:
        return _native_recover(digest, r.to_bytes(_SIZE, "big"), s.to_bytes(_SIZE, "big"), odd)
    return _recover_plain(digest, r, s, odd)


def _recover_plain(digest: bytes, r: int, s: int, odd: bool) -> bytes | None:
    from py_ecc.secp256k1.secp256k1 import ecdsa_raw_recover

    try:
        x, y = ecdsa_raw_recover(digest, (28 if odd else 27, r, s))
    except ValueError:
        return None
    return int(x).to_bytes(_SIZE, "big") + int(y).to_bytes(_SIZE, "big") if x or y else None
