# `make demo` and `make test` on a fresh clone do all their own set-up; Python >= 3.11 is all they need,
# a Rust toolchain makes them fast. `make check` is what CI runs before the tests.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ROOMS := algebra circuits cli contracts prover pytest_plugin settlement verifier
RUST := $(wildcard native/src/*.rs native/src/*/*.rs) native/Cargo.toml native/Cargo.lock
# The crate as the program without Python has it: its tests are built so too, and the one build serves both.
BARE := --no-default-features --features command
WORKERS ?= 2
# One that this processor lacks gives way to the best that it has; what each machine has is tested everywhere.
KERNELS := portable adx ifma

.PHONY: demo test check format native-check sanitize wheel-check no-rust-check interop servers clean

$(VENV)/.installed: pyproject.toml setup.py $(RUST)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	$(BIN)/zkmargin doctor
	touch $@

demo: $(VENV)/.installed
	$(BIN)/zkmargin demo

test: $(VENV)/.installed interop
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

# The interoperability tests run the real snarkjs; without node they say so and are skipped, and CI insists on node.
interop:
	@if command -v npm >/dev/null; then \
	    test tests/interop/node_modules/.package-lock.json -nt tests/interop/package-lock.json || \
	    npm ci --prefix tests/interop --no-audit --no-fund --silent; \
	else echo "node is not installed: the tests against snarkjs will be skipped"; fi

# The servers and the browser that some tests start for themselves on loopback; without them those tests say so and are
# skipped, and CI insists on them. Installs on Debian as root, elsewhere it names what is missing.
servers:
	sh tests/servers/install.sh

# The editable install uses an import hook that type checkers cannot follow; they are shown this folder of links.
.tree: Makefile
	rm -rf .tree && mkdir -p .tree/zkmargin
	for room in $(ROOMS); do ln -s ../../$$room .tree/zkmargin/$$room; done

check: $(VENV)/.installed .tree
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	MYPYPATH=.tree $(BIN)/mypy -p zkmargin
	MYPYPATH=.tree $(BIN)/mypy tests/typing
	MYPYPATH=.tree $(BIN)/mypy examples
	MYPYPATH=.tree $(BIN)/mypy -p benchmarks
	$(BIN)/pyright --project pyproject.toml
	PYTHONPATH=.tree $(BIN)/lint-imports --no-cache

format: $(VENV)/.installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	cargo fmt --manifest-path native/Cargo.toml

# A processor without the x86-64 kernels, for which the crate must compile too (rustup target add).
OTHER := aarch64-unknown-linux-gnu

native-check:
	cargo fmt --manifest-path native/Cargo.toml -- --check
	cargo clippy --manifest-path native/Cargo.toml --locked --release --all-targets --all-features -- -D warnings
	for kernel in $(KERNELS); do \
	    ZKMARGIN_KERNEL=$$kernel cargo test --manifest-path native/Cargo.toml --locked --release $(BARE) --quiet \
	        || exit 1; \
	done
	@if test -d "$$(rustc --print target-libdir --target $(OTHER))"; then cargo clippy --manifest-path native/Cargo.toml \
	    --locked --release --lib --tests --bins $(BARE) --target $(OTHER) -- -D warnings; \
	else echo "the toolchain has no $(OTHER): the crate was not compiled for it"; fi

# The crate's tests under AddressSanitizer, what Miri can interpret of them, and on aarch64: before a release or after a
# change of unsafe code. The crate is built three times for it; native/sanitize.sh says what each needs.
sanitize:
	sh native/sanitize.sh address
	sh native/sanitize.sh miri
	sh native/sanitize.sh aarch64

# The wheel a user would get, in an environment of its own, away from the tree.
wheel-check: $(VENV)/.installed
	rm -rf build/wheel && mkdir -p build/wheel
	$(BIN)/python -m build --outdir build/wheel .
	sh tests/packaging/check_wheel.sh build/wheel $(PYTHON) $(BIN)/mypy

# An install where no Rust toolchain can be found: the reference engine must take over.
no-rust-check:
	sh tests/packaging/check_without_rust.sh $(PYTHON)

clean:
	rm -rf $(VENV) .tree build dist native/target tests/interop/node_modules
