# `make demo` and `make test` on a fresh clone do all their own set-up; Python >= 3.11 is all they need,
# a Rust toolchain makes them fast.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ROOMS := algebra circuits cli prover settlement verifier
SOURCES := pyproject.toml setup.py native/Cargo.toml $(wildcard native/src/*.rs)

.PHONY: demo test check native-check wheel-check clean

$(VENV)/.installed: $(SOURCES)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	$(BIN)/zkmargin doctor
	touch $@

# The editable install uses an import hook that type checkers cannot follow; they are shown this folder of links.
.tree: Makefile
	rm -rf .tree && mkdir -p .tree/zkmargin
	for room in $(ROOMS); do ln -s ../../$$room .tree/zkmargin/$$room; done
	touch .tree
