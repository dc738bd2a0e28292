"""go-ethereum's precompile vectors, taken from its Go module into build/foreign: not ours to keep in this repository.

`go mod download` checks the module against Go's checksum database; the sums here fix the three files themselves.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

MODULE = "github.com/ethereum/go-ethereum"
VERSION = "v1.14.12"
FOLDER = "core/vm/testdata/precompiles"
SHA256 = {
    "bn256Add.json": "a5e6e81aceb187e41006a14583a7feebcb03060f9b9f083613271477b9091fae",
    "bn256ScalarMul.json": "aed562c718b07d13363748b1311614b5c709b9517a230eb86e347c78bfbdae19",
    "bn256Pairing.json": "1011b31345f6470ebc409b674f0f4a9318ac23e9a0fab5052aee3b77901310f1",
}
CACHE = Path(__file__).parents[2] / "build" / "foreign" / f"go-ethereum-{VERSION}"
TIMEOUT_S = 300


class FetchFailed(Exception):
    """The vectors cannot be had here: no Go, no network, or files that are not the expected ones."""


def vectors() -> Path:
    """The folder with the three files, downloaded the first time."""
    if not all(_is_genuine(CACHE / name) for name in SHA256):
        source = _download() / FOLDER
        CACHE.mkdir(parents=True, exist_ok=True)
        for name in SHA256:
            if not _is_genuine(source / name):
                raise FetchFailed(f"{source / name} is not the expected file")
            staged = CACHE / f".{name}.{os.getpid()}"
            shutil.copyfile(source / name, staged)
            staged.replace(CACHE / name)
    return CACHE


def _is_genuine(path: Path) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == SHA256[path.name]


def _download() -> Path:
    go = shutil.which("go")
    if go is None:
        raise FetchFailed("go is not installed here")
    command = [go, "mod", "download", "-json", f"{MODULE}@{VERSION}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        raise FetchFailed(f"go mod download: not done after {TIMEOUT_S} s") from None
    if done.returncode:
        raise FetchFailed(f"go mod download: {done.stderr.strip() or done.stdout.strip()}")
    return Path(json.loads(done.stdout)["Dir"])


if __name__ == "__main__":
    try:
        print(vectors())
    except FetchFailed as problem:
        sys.exit(str(problem))
