"""Options of the commands that talk to an EVM: which node, whose account, and what a transaction may cost.

Keys, passwords and providers' URLs come from files, the environment or a prompt, never from an argument: arguments are
seen by whoever lists processes.
"""

from __future__ import annotations

import functools
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from zkmargin.algebra import parse_decimal

from .errors import FileRefused, Misuse
from .files import read_file
from .options import FILE
from .output import Output

if TYPE_CHECKING:
    from zkmargin.verifier.evm.account import EvmAccount
    from zkmargin.verifier.evm.node import EvmNode
    from zkmargin.verifier.evm.transactions import Sender

NODE_VARIABLE = "ZKMARGIN_NODE"
KEY_VARIABLE = "ZKMARGIN_PRIVATE_KEY"
PASSWORD_VARIABLE = "ZKMARGIN_KEYSTORE_PASSWORD"
GWEI_SCALE = 9

F = TypeVar("F", bound=Callable[..., Any])


def node_option(function: F) -> F:
    """`--node`, which the command gets as `node_url`."""
    return click.option(
        "--node",
        "node_url",
        metavar="URL",
        callback=lambda context, parameter, value: node_url(value),
        help=f"The chain's node: a URL, env:NAME for one in the environment variable NAME, or ${NODE_VARIABLE}.",
    )(function)


def node_url(value: str | None) -> str:
    """Providers' URLs hold keys, so they may stay in the environment."""
    name = NODE_VARIABLE if value is None else value.removeprefix("env:")
    if value is not None and name == value:
        return value
    url = os.environ.get(name)
    if not url:
        raise Misuse(f"name a node with --node, or set ${name}")
    return url


def sending_options(function: F) -> F:
    """Everything about the account and its transactions, which the command gets as one `sending`."""

    @click.option("--keystore", type=FILE, metavar="FILE", help=f"The account's keystore. Otherwise ${KEY_VARIABLE}.")
    @click.option(
        "--password-file",
        type=FILE,
        metavar="FILE",
        help=f"The keystore's password, in a file of its owner's alone. Otherwise ${PASSWORD_VARIABLE}, or a prompt.",
    )
    @click.option("--confirmations", type=click.IntRange(1, 10_000), default=1, show_default=True)
    @click.option("--timeout", type=click.FloatRange(1, 86_400), default=300.0, show_default=True, metavar="SECONDS")
    @click.option("--max-fee", metavar="GWEI", help="Pay no more than this for a unit of gas.")
    @functools.wraps(function)
    def command(
        *args: Any,
        keystore: Path | None,
        password_file: Path | None,
        confirmations: int,
        timeout: float,
        max_fee: str | None,
        **rest: Any,
    ) -> Any:
        sending = Sending(keystore, password_file, confirmations, timeout, max_fee)
        return function(*args, sending=sending, **rest)

    return command  # type: ignore[return-value]  # click's decorators keep what they decorate


class Sending:
    """What `sending_options` were given; the key is read when it is needed."""

    def __init__(
        self,
        keystore: Path | None,
        password_file: Path | None,
        confirmations: int,
        timeout_s: float,
        max_fee: str | None,
    ) -> None:
        self._keystore, self._password_file = keystore, password_file
        self._confirmations, self._timeout_s = confirmations, timeout_s
        self._max_fee_wei = None if max_fee is None else parse_decimal(max_fee, GWEI_SCALE)

    def sender(self, node: EvmNode, output: Output) -> Sender:
        """Announces each transaction on stderr before it is sent."""
        from zkmargin.verifier.evm.transactions import Sender, SendingPolicy

        policy = SendingPolicy(
            confirmations=self._confirmations, timeout_s=self._timeout_s, max_fee_wei=self._max_fee_wei
        )
        return Sender(node, self.account(), policy, lambda transaction: output.aside([f"sending {transaction}"]))

    def account(self) -> EvmAccount:
        from zkmargin.verifier.evm.account import EvmAccount

        if self._keystore is not None:
            return EvmAccount.from_keystore(read_file(self._keystore, "keystore"), self._password())
        key = os.environ.get(KEY_VARIABLE)
        if not key:
            raise Misuse(f"name an account with --keystore, or set ${KEY_VARIABLE}")
        return EvmAccount.from_hex(key)

    def _password(self) -> str:
        if self._password_file is not None:
            return _password_in(self._password_file)
        password = os.environ.get(PASSWORD_VARIABLE)
        if password is not None:
            return password
        prompted: str = click.prompt("keystore password", hide_input=True, err=True)
        return prompted


def _password_in(path: Path) -> str:
    """Its first line, from a file that only its owner can read."""
    data = bytes(read_file(path, "password"))
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise FileRefused(path, "can be read by others than its owner; chmod 600 it first")
    try:
        return data.decode().partition("\n")[0]
    except UnicodeDecodeError:
        raise FileRefused(path, "holds no text") from None
