"""Every refusal as a problem document (RFC 9457): one stable code, one HTTP status, no framework.

A web framework of any kind answers with `problem_of(error)`: its `status`, its `headers()` and its `body()`. Codes are
kept for ever; `PROBLEMS` is the whole list, and docs/service.md shows it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from zkmargin.algebra import EncodingError

from ..errors import (
    AttestationRejected,
    LedgerError,
    Overloaded,
    Rejected,
    RootRejected,
    UnknownSettlement,
)

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "/v1/problems#"
MAX_DETAIL = 400
RETRY_SOON_S, RETRY_LATER_S = 1, 30


class Kind(NamedTuple):
    """What is fixed for a code. `retry_after_s` where the very same request may be sent again."""

    status: int
    title: str
    retry_after_s: int | None = None


PROBLEMS: Mapping[str, Kind] = {
    # Wrong in itself: no state of the ledger would let it pass.
    "wrong-target": Kind(422, "The proof credits another ledger"),
    "context-mismatch": Kind(422, "The proof was made for another request"),
    "wrong-horizon": Kind(422, "The horizon or the terms are not those of this request"),
    "credit-too-large": Kind(422, "More than one request may ask for"),
    "proof-rejected": Kind(422, "The proof does not hold"),
    "idempotency-key-reused": Kind(422, "The idempotency key belongs to another request"),
    "attestation-rejected": Kind(422, "No quorum of known signers stands behind this"),
    # Right in itself, and not with what the ledger knows now.
    "unknown-root": Kind(409, "A source root that was never observed"),
    "stale-root": Kind(409, "A source root that no longer counts"),
    "unattested-risk-table": Kind(409, "No quorum of oracles stands behind the risk table"),
    "stale-risk-table": Kind(409, "A risk table that no longer counts"),
    "request-expired": Kind(409, "The request has expired"),
    "stale-sequence": Kind(409, "The account has shown this state or a newer one"),
    "nullifier-used": Kind(409, "This state of the account has been credited"),
    "settlement-id-used": Kind(409, "Another request has this settlement id"),
    "account-cap-exceeded": Kind(409, "More than one account may hold"),
    "root-rejected": Kind(409, "The root is none, or contradicts an earlier one"),
    "unknown-settlement": Kind(404, "No accepted request has this settlement id"),
    # Nobody's request is accepted now.
    "breaker-open": Kind(503, "The circuit breaker is open", RETRY_LATER_S),
    "inflow-cap-exceeded": Kind(503, "More than may come in within the window", RETRY_LATER_S),
    "overloaded": Kind(503, "Too much is waiting", RETRY_SOON_S),
    "ledger-unavailable": Kind(503, "The ledger's database cannot be used now", RETRY_SOON_S),
    "not-ready": Kind(503, "The service is not ready", RETRY_SOON_S),
    # The message rather than what it says.
    "malformed": Kind(400, "Malformed"),
    "unauthorised": Kind(401, "A valid token is needed"),
    "not-found": Kind(404, "There is nothing here"),
    "method-not-allowed": Kind(405, "Not with this method"),
    "slow-body": Kind(408, "The body came too slowly", RETRY_SOON_S),
    "too-large": Kind(413, "The body is too large"),
    "url-too-long": Kind(414, "The URL is too long"),
    "unsupported-media-type": Kind(415, "The body must be application/json"),
    "headers-too-large": Kind(431, "The headers are too large"),
    "internal-error": Kind(500, "An error of the service"),
}
"""Each code with its HTTP status and its title."""


@dataclass(frozen=True)
class Problem:
    """One refusal. `members` are further members of the document; `instance` names this occurrence of it."""

    code: str
    detail: str = ""
    members: Mapping[str, str | int] = field(default_factory=dict)
    instance: str = ""

    @property
    def kind(self) -> Kind:
        return PROBLEMS.get(self.code) or Kind(422, "The ledger refuses the request")

    @property
    def status(self) -> int:
        return self.kind.status

    def at(self, instance: str) -> Problem:
        return replace(self, instance=instance)

    def to_json(self) -> dict[str, Any]:
        document: dict[str, Any] = {
            "type": TYPE_PREFIX + self.code,
            "title": self.kind.title,
            "status": self.status,
            "code": self.code,
            **self.members,
        }
        if self.detail:
            document["detail"] = self.detail[:MAX_DETAIL]
        if self.instance:
            document["instance"] = self.instance
        return document

    def body(self) -> bytes:
        return json.dumps(self.to_json()).encode()

    def headers(self) -> dict[str, str]:
        """The headers that belong to this answer."""
        headers = {"Content-Type": MEDIA_TYPE}
        if self.kind.retry_after_s is not None:
            headers["Retry-After"] = str(self.kind.retry_after_s)
        if self.status == 401:
            headers["WWW-Authenticate"] = 'Bearer realm="zkmargin"'
        return headers


def problem_of(error: BaseException) -> Problem:
    """The problem document of an error. What is no refusal becomes `internal-error` and says nothing more."""
    if isinstance(error, EncodingError):  # before `Rejected`: malformed input is malformed wherever it is found
        return Problem("malformed", str(error), {"kind": error.code} | ({"what": error.what} if error.what else {}))
    if isinstance(error, (Rejected, UnknownSettlement, RootRejected, AttestationRejected, Overloaded)):
        return Problem(error.code, str(error))
    if isinstance(error, LedgerError):
        # Its text names paths and hosts, which are the operator's: the log has them.
        return Problem("ledger-unavailable", "try again; a request that was sent before gets the receipt it got then")
    return Problem("internal-error", "the service failed; a repeated request is safe")
