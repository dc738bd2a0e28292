"""The sides of the comparison of provers: how each is built, given a key of its own, and started.

Every side that is a program of this benchmark understands the same words: `prepare FOLDER` makes a key and says what
that cost, `serve FOLDER` proves and verifies as often as it is asked, `prove FOLDER` is a whole process for one proof,
`check FOLDER` verifies what that left. FOLDER is the side's own, inside the circuit's.
"""

from __future__ import annotations

import compileall
import os
import shutil
import subprocess
import sys
import venv
from abc import ABC, abstractmethod
from pathlib import Path

from ..machine import arkworks_flags
from ..peers import NODE_MODULES
from .circuits import CircuitFiles

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
BUILD_TIMEOUT_S = 1800
ZKSNAKE = "zksnake==0.1.0"
PROGRAM = "zkmargin-prove"


class Side(ABC):
    """A prover in its best mode; `tools` is where what it needs is built, once."""

    name: str
    mode: str
    has_warm = has_cold = has_setup = True
    largest = 20
    """The power of two of the largest circuit that it is asked for, unless the run says otherwise."""

    def __init__(self, tools: Path) -> None:
        self.tools = tools

    def missing(self) -> str | None:
        """Why it cannot run here, or None."""
        return None

    def build(self) -> None:  # noqa: B027 (some have nothing to build)
        """Compile or install it, unless that was done."""

    @abstractmethod
    def program(self) -> list[str]:
        """What starts it, before the words it understands."""

    def folder(self, files: CircuitFiles) -> Path:
        return files.side(self.name)

    def command(self, word: str, files: CircuitFiles) -> list[str]:
        return [*self.program(), word, str(self.folder(files))]

    def cold(self, files: CircuitFiles) -> list[str]:
        """The whole process whose time a user waits for one proof."""
        return self.command("prove", files)

    def environment(self) -> dict[str, str]:
        return dict(os.environ)

    def _run(self, command: list[str], cwd: Path = ROOT, **variables: str) -> None:
        subprocess.run(command, cwd=cwd, check=True, timeout=BUILD_TIMEOUT_S, env=os.environ | variables)


class Zkmargin(Side):
    name = "zkmargin"
    mode = "native key by mmap; a whole process is zkmargin-prove"

    def build(self) -> None:
        """The program, where no install has brought it; and the tree's bytecode, which an installed package has, and
        which some environments keep Python from writing."""
        for room in (ROOT / ".tree" / "zkmargin").glob("*"):
            compileall.compile_dir(room.resolve(), quiet=2)
        if not self._installed.exists() and shutil.which("cargo"):
            command = ["cargo", "build", "--release", "--locked", "--quiet", "--bin", PROGRAM]
            features = ["--no-default-features", "--features", "command"]
            places = ["--manifest-path", str(ROOT / "native" / "Cargo.toml"), "--target-dir", str(self._target)]
            self._run([*command, *features, *places])
        if not self._programs:
            print("without zkmargin-prove, for cargo is not installed")
            self.mode = "native key by mmap; a whole process is zkmargin groth16 prove"

    @property
    def _programs(self) -> list[Path]:
        return [place for place in (self._installed, self._target / "release" / PROGRAM) if place.exists()]

    @property
    def _installed(self) -> Path:
        return Path(sys.executable).with_name(PROGRAM)

    @property
    def _target(self) -> Path:
        return self.tools / "zkmargin"

    def program(self) -> list[str]:
        return [sys.executable, "-m", "benchmarks.proving.ours"]

    def cold(self, files: CircuitFiles) -> list[str]:
        """As a user types it."""
        python = [sys.executable, "-c", "from zkmargin.cli import main; main()", "groth16", "prove"]
        command = [str(self._programs[0])] if self._programs else python
        folder = self.folder(files)
        names = (folder / "key", files.wtns, folder / "proof.json", folder / "public.json")
        return [*command, *map(str, names), "--force"]


class Gnark(Side):
    name = "gnark"
    mode = "groth16.Prove; key by ReadDump"

    def missing(self) -> str | None:
        return None if shutil.which("go") else "go is not installed"

    def build(self) -> None:
        self._run(["go", "build", "-o", str(self.tools / "gnark-peer"), "."], HERE.parent / "gnark")

    def program(self) -> list[str]:
        return [str(self.tools / "gnark-peer")]


class Arkworks(Side):
    name = "arkworks"
    mode = "ark-groth16 with matrices at hand, features parallel and asm, bmi2 and adx"

    def missing(self) -> str | None:
        return None if shutil.which("cargo") else "cargo is not installed"

    def build(self) -> None:
        manifest = HERE.parent / "arkworks" / "Cargo.toml"
        command = ["cargo", "build", "--release", "--locked", "--quiet", "--features", "parallel"]
        places = ["--manifest-path", str(manifest), "--target-dir", str(self.tools / "arkworks")]
        self._run([*command, *places], RUSTFLAGS=arkworks_flags())

    def program(self) -> list[str]:
        return [str(self.tools / "arkworks" / "release" / "arkworks-peer")]


class _WithZkey(Side):
    """A prover that takes a `.zkey`, which this library makes: its own setup takes minutes and a ceremony's file."""

    has_setup = False

    def folder(self, files: CircuitFiles) -> Path:
        return files.side("zkey")

    def command(self, word: str, files: CircuitFiles) -> list[str]:
        program = Zkmargin(self.tools).program() if word in ("prepare", "check") else self.program()
        return [*program, "zkey" if word == "prepare" else word, str(self.folder(files))]

    def _names(self, files: CircuitFiles) -> list[str]:
        folder = self.folder(files)
        return [str(folder / "key.zkey"), str(files.wtns), str(folder / "proof.json"), str(folder / "public.json")]


class Snarkjs(_WithZkey):
    name = "snarkjs"
    mode = "groth16.prove; key and witness in memory"
    largest = 16

    def missing(self) -> str | None:
        if shutil.which("node") is None:
            return "node is not installed"
        return None if (NODE_MODULES / "snarkjs").is_dir() else "snarkjs is not installed: run `make interop`"

    def program(self) -> list[str]:
        return ["node", str(HERE / "snarkjs.cjs")]

    def cold(self, files: CircuitFiles) -> list[str]:
        return ["node", str(NODE_MODULES / "snarkjs" / "build" / "cli.cjs"), "groth16", "prove", *self._names(files)]


class Rapidsnark(_WithZkey):
    name = "rapidsnark"
    mode = "its command line"
    has_warm = False
    largest = 18

    def missing(self) -> str | None:
        return None if shutil.which("rapidsnark") else "rapidsnark is not on the PATH"

    def program(self) -> list[str]:
        return ["rapidsnark"]

    def cold(self, files: CircuitFiles) -> list[str]:
        return [*self.program(), *self._names(files)]


class Zksnake(Side):
    name = "zksnake"
    mode = "Groth16.prove of its wheel; its keys fit no other process, so there is no cold proof"
    has_cold = False
    largest = 14

    @property
    def _python(self) -> Path:
        return self.tools / "zksnake" / "bin" / "python"

    def build(self) -> None:
        if not self._python.exists():
            venv.create(self._python.parent.parent, with_pip=True)
            self._run([str(self._python), "-m", "pip", "install", "--quiet", ZKSNAKE])

    def program(self) -> list[str]:
        return [str(self._python), str(HERE / "zksnake_side.py")]


SIDES: tuple[type[Side], ...] = (Zkmargin, Gnark, Arkworks, Snarkjs, Rapidsnark, Zksnake)
