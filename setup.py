"""What Rust builds: the extension, and the program without Python; everything else is declared in pyproject.toml.

Both are optional: without a Rust toolchain the install succeeds, the reference engine takes over, and `zkmargin` alone
makes proofs.
"""

import os

from setuptools import setup
from setuptools_rust import Binding, RustBin, RustExtension

MANIFEST = "native/Cargo.toml"
PROGRAM = "zkmargin-prove"

# The extension first: a program without it is nothing that an install should bring.
rust = [
    RustExtension(
        "zkmargin.algebra._native",
        path=MANIFEST,
        binding=Binding.PyO3,
        optional=True,
        debug=False,
        py_limited_api="auto",
    )
]
if os.name == "posix":
    rust.append(
        RustBin(
            PROGRAM,
            path=MANIFEST,
            args=["--bin", PROGRAM, "--no-default-features"],
            features=["command"],
            optional=True,
            debug=False,
        )
    )

setup(rust_extensions=rust, options={"bdist_wheel": {"py_limited_api": "cp311"}})
