"""`zkmargin export solidity` and `vyper`: a verifier of one key as a contract's source."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from .engine_choice import chosen_engine
from .files import NewFile, read_file, require_free, write_files
from .options import FILE, Command, Group, force_option
from .output import Output, counted


def add_commands(group: Group) -> None:
    """Both languages, with the same arguments."""
    group.add_command(_command("solidity", "VERIFIER.sol", "A contract in Solidity that checks proofs of this key."))
    group.add_command(
        _command("vyper", "VERIFIER.vy", "A contract in Vyper that checks proofs of this key, one or many at once.")
    )


def _command(language: str, out: str, what: str) -> click.Command:
    @click.command(
        language,
        cls=Command,
        help=f"{what} The public inputs that --fix gives, from the first on, become part of its code.",
    )
    @click.argument("vk_path", type=FILE, metavar="VK.json")
    @click.argument("out_path", type=FILE, metavar=out)
    @click.option("--fix", "fixed", type=click.IntRange(min=0), multiple=True, metavar="INPUT", help="May be repeated.")
    @click.option("--allow-development-key", is_flag=True, help="Take a key whose maker could have kept its secrets.")
    @force_option
    @click.pass_obj
    def command(
        output: Output,
        vk_path: Path,
        out_path: Path,
        fixed: tuple[int, ...],
        allow_development_key: bool,
        force: bool,
    ) -> None:
        from zkmargin.verifier import KeyRejected, VerifyingKey, judge_key
        from zkmargin.verifier.evm.key_points import key_points

        require_free([out_path], force)
        engine = chosen_engine(output)
        key = VerifyingKey.from_json(read_file(vk_path, "verifying key"))
        if key.development and not allow_development_key:
            raise KeyRejected(
                "the key", "was made by one party for development; --allow-development-key takes it all the same"
            )
        judge_key(key, allow_development_key, engine=engine)
        points = key_points(key, fixed, engine)
        write_files([NewFile(out_path, _writer(language)(points).encode())], force)
        output.result(
            {"file": str(out_path), "inputs": points.inputs, "fixed": len(fixed)},
            [f"a verifier of {counted(points.inputs, 'public input')} written to {out_path}"],
        )

    return command


def _writer(language: str) -> Callable[[Any], str]:
    if language == "solidity":
        from zkmargin.verifier.evm.solidity import solidity_verifier

        return solidity_verifier
    from zkmargin.verifier.evm.vyper_verifier import vyper_verifier

    return vyper_verifier
