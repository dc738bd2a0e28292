"""The program `zkmargin`: its commands, loaded when they are used, and what becomes of every error."""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import click

from zkmargin.algebra.errors import ZkMarginError

from .errors import BAD_INPUT, DONE, INTERRUPTED, PIPE_CLOSED, FileRefused, exit_code
from .output import Output

DEBUG_VARIABLE = "ZKMARGIN_DEBUG"
COMPLETION_VARIABLE = "_ZKMARGIN_COMPLETE"

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("demo", "Tell the whole story in the terminal: reserve, prove, be credited, and what is refused."),
    "key": ("key", "The trader's secret."),
    "compile": ("compile", "Compile the margin statement to .r1cs, witness program and .sym."),
    "setup": ("setup", "Make the proving key of a circuit."),
    "witness": ("witness", "Compute the witness of a margin claim."),
    "proving-key": ("proving_key", "Make proving keys ready for the native prover, and check them."),
    "prove": ("prove", "Prove a margin claim; the result can be sent to the target's ledger."),
    "verify": ("verify", "Check a proof."),
    "account": ("account", "A source venue's account book: orders, epochs, openings for the owners."),
    "ledger": ("ledger", "A margin ledger on the target chain: create, feed, accept, release."),
    "serve": ("serve", "Serve a ledger over HTTP: settlements, margins, decisions, metrics, a read-only page."),
    "deploy": ("deploy", "Put a margin ledger's contract on an EVM chain."),
    "submit": ("submit", "Bring settlements and attestations to a ledger's contract."),
    "status": ("status", "Say where a ledger's contract stands."),
    "market": ("market", "Market data: sign reports, agree on a market, check it, import prices and options."),
    "risk": ("risk", "The risk engine: Greeks, forecasts, latencies, and the risk table they make."),
    "export": ("export", "Write keys and circuits in the formats of other tools."),
    "profile": ("profile", "Say where a circuit's constraints go, and what changed since the last time."),
    "inspect": ("inspect", "Say what is in a file."),
    "bench": ("bench", "Say where the time of a proof goes, beside what its operations must cost."),
    "backtest": ("backtest", "Hold the margin against simulated or imported markets."),
    "vectors": ("vectors", "Replay or generate test vectors."),
    "doctor": ("doctor", "Say what this installation can do."),
    "groth16": ("groth16", "snarkjs's words: set up, prove and verify for any circom circuit."),
    "zkey": ("zkey", "snarkjs's words: contribute to, verify and export from a .zkey."),
    "r1cs": ("r1cs", "snarkjs's words: what a .r1cs holds."),
    "wtns": ("wtns", "snarkjs's words: check a witness."),
    "powersoftau": ("powersoftau", "snarkjs's words: the first phase of a ceremony."),
}
"""Module and one-line help of each command; the modules are imported when their command is used."""


class Application(click.Group):
    """The top group. `--help` imports no command; no exception leaves `main` but as an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module_name, _ = COMMANDS[cmd_name]
        module = importlib.import_module(f"{__package__}.{module_name}")
        command: click.Command = module.COMMAND
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run and exit; every failure is one line (or one JSON object) on stderr and a documented exit code."""
        _replace_closed_streams()
        arguments = list(sys.argv[1:] if args is None else args)
        name = prog_name or "zkmargin"
        if COMPLETION_VARIABLE in os.environ:
            return super().main(arguments, name, COMPLETION_VARIABLE)
        output = Output(as_json=_asks_for_json(arguments))

        def run() -> None:
            with self.make_context(name, arguments, obj=output) as context:
                self.invoke(context)
            sys.stdout.flush()

        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *_, **__: output.warn(str(message))
            code = run_guarded(run, output)
        if args is None:
            # The process is ours, and the system takes everything back: to search it for garbage first would take
            # longer than many a command. Whoever calls this with arguments has things of their own, which may need it.
            atexit.register(gc.freeze)
        sys.exit(code)


def _replace_closed_streams() -> None:
    """What whoever started us has closed leads nowhere; else the next file that is opened would take its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115  # open until the end


def run_guarded(run: Callable[[], None], output: Output) -> int:
    """The exit code of `run`, with everything it can raise reported by `output`."""
    try:
        return _reported(run, output)
    except BrokenPipeError:
        # Whoever read our output has left; say nothing, and keep Python from flushing into the closed pipe again.
        _discard(sys.stdout)
        return PIPE_CLOSED
    except OSError:
        _discard(sys.stdout, sys.stderr)
        return BAD_INPUT


def _reported(run: Callable[[], None], output: Output) -> int:
    try:
        run()
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except (KeyboardInterrupt, click.Abort):
        output.error("interrupted", "interrupted; nothing was written", INTERRUPTED)
        return INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as problem:
        click.echo(problem.format_message(), err=True)
        return BAD_INPUT
    except click.ClickException as problem:
        output.error("misuse", _usage_line(problem), BAD_INPUT)
        return BAD_INPUT
    except ZkMarginError as problem:
        code = exit_code(problem)
        output.error(problem.code, _message(problem, output), code, details_of(problem))
        return code
    except BrokenPipeError:
        raise
    except OSError as problem:
        refused = FileRefused(problem.filename or "system", problem.strerror or type(problem).__name__)
        output.error(refused.code, str(refused), BAD_INPUT)
    except MemoryError:
        output.error("out-of-memory", "there is not enough memory for this; nothing was written", BAD_INPUT)
    except RecursionError:
        output.error("too-deep", "the input is nested too deeply", BAD_INPUT)
    except Exception as problem:
        # The class only: the text of an unforeseen error could hold anything, balances included.
        name = type(problem).__name__
        output.error("internal-error", f"internal error ({name}); please report it, see {DEBUG_VARIABLE}=1", BAD_INPUT)
        if os.environ.get(DEBUG_VARIABLE) == "1":
            import traceback

            traceback.print_exc()
    else:
        return DONE
    return BAD_INPUT


def _message(problem: ZkMarginError, output: Output) -> str:
    """The error's text; the one with private amounts only for who gave --reveal."""
    revealing: Callable[[], str] | None = getattr(problem, "revealing", None)
    return revealing() if revealing is not None and output.reveal else str(problem)


def details_of(problem: ZkMarginError) -> dict[str, Any]:
    """The typed attributes of an error that name a place; amounts and values stay out."""
    names = (
        "part",
        "field",
        "document",
        "path",
        "check",
        "contribution",
        "index",
        "extra",
        "line",
        "expected",
        "found",
        "failures",
    )
    details = {}
    for name in names:
        value = getattr(problem, name, None)
        if isinstance(value, bytes):
            value = value.hex()
        if type(value) in (str, int) or (name == "failures" and isinstance(value, list)):
            details[name] = value
    return details


def _usage_line(problem: click.ClickException) -> str:
    context = getattr(problem, "ctx", None)
    advice = f"; see '{context.command_path} --help'" if context is not None else ""
    return problem.format_message().rstrip(".") + advice


def _asks_for_json(arguments: Sequence[str]) -> bool:
    """Whether --json stands among the options; it is needed before the options can be parsed."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in options


def _discard(*streams: Any) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        try:
            os.dup2(nowhere, stream.fileno())
        except (OSError, ValueError, AttributeError):
            continue


@click.command(
    cls=Application,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 a proof or statement is invalid, 2 misuse or bad input.",
)
@click.version_option(package_name="zkmargin", prog_name="zkmargin")
@click.option("--json", "as_json", is_flag=True, expose_value=False, help="The same as --json after the command.")
def main() -> None:
    """Prove collateral on one venue, be credited margin on another, and reveal nothing else.

    Start with "zkmargin demo".
    """
