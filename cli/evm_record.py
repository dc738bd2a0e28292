"""The argument DEPLOYMENT: a record that `zkmargin deploy` left, as the commands that use it get it."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from zkmargin.settlement.ledger_document import LedgerDocument

from .engine_choice import chosen_engine
from .files import read_file
from .options import FILE
from .output import Output

if TYPE_CHECKING:
    from zkmargin.verifier.evm.deployment import DeploymentRecord
    from zkmargin.verifier.evm.ledger_client import EvmLedger

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Deployed:
    """The record's file, read when it is needed."""

    path: Path

    @cached_property
    def record(self) -> DeploymentRecord:
        from zkmargin.verifier.evm.deployment import DeploymentRecord

        return DeploymentRecord.from_json(read_file(self.path, "deployment record"))

    @cached_property
    def document(self) -> LedgerDocument:
        return LedgerDocument.from_json(json.dumps(self.record.config))

    @property
    def quote(self) -> str:
        return self.document.quote

    def ledger(self, node_url: str, output: Output) -> EvmLedger:
        """The contract, on a node of the record's network."""
        from zkmargin.verifier.evm.ledger_client import EvmLedger
        from zkmargin.verifier.evm.node import EvmNode

        return EvmLedger(EvmNode(node_url), self.record, self.document.config, engine=chosen_engine(output))


def deployed_option(function: F) -> F:
    """The argument DEPLOYMENT.json, which the command gets as `deployed`."""

    @click.argument("record_path", type=FILE, metavar="DEPLOYMENT.json")
    @functools.wraps(function)
    def command(*args: Any, record_path: Path, **rest: Any) -> Any:
        return function(*args, deployed=Deployed(record_path), **rest)

    return command  # type: ignore[return-value]  # click's decorators keep what they decorate
