"""The Rust extension; everything else is declared in pyproject.toml.

The extension is optional: without a Rust toolchain the install succeeds and the reference engine takes over.
"""

from setuptools import setup
from setuptools_rust import Binding, RustExtension

setup(
    rust_extensions=[
        RustExtension(
            "zkmargin.algebra._native",
            path="native/Cargo.toml",
            binding=Binding.PyO3,
            optional=True,
            debug=False,
            py_limited_api="auto",
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
