"""The four documents that a margin claim is made of, read from files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from zkmargin.prover import Claim
from zkmargin.settlement.account_document import AccountDocument, read_secret
from zkmargin.settlement.credit_document import CreditRequest
from zkmargin.settlement.lifecycle import margin_claim
from zkmargin.settlement.risk_document import RiskDocument

from .files import read_file
from .options import FILE

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class MarginDocuments:
    """What was read; the secret stays out of `repr`."""

    risk: RiskDocument
    account: AccountDocument
    request: CreditRequest
    _secret: int

    def __repr__(self) -> str:
        return f"MarginDocuments(shape={self.risk.shape.name!r})"

    @classmethod
    def read(cls, account: Path, secret: Path, risk: Path, request: Path) -> MarginDocuments:
        table = RiskDocument.from_json(bytes(read_file(risk, "risk table")))
        return cls(
            risk=table,
            account=AccountDocument.from_json(bytes(read_file(account, "account")), table),
            request=CreditRequest.from_json(bytes(read_file(request, "credit request"))),
            _secret=read_secret(bytes(read_file(secret, "secret"))),
        )

    def claim(self, circuit_digest: bytes) -> Claim:
        return margin_claim(self.risk, self.account.openings, self._secret, self.request, circuit_digest)


def document_options(function: F) -> F:
    """`--account`, `--secret`, `--risk` and `--request`."""
    for name, metavar, text in (
        ("request", "REQUEST.json", "What is asked for: target, credit, beneficiary, expiry."),
        ("risk", "RISK.json", "The risk table in force."),
        ("secret", "SECRET.json", "The trader's secret, from 'zkmargin key new'."),
        ("account", "ACCOUNT.json", "The account's openings, as the venue hands them out."),
    ):
        function = click.option(f"--{name}", f"{name}_path", type=FILE, required=True, metavar=metavar, help=text)(
            function
        )
    return function
