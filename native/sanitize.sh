#!/bin/sh
# The crate's tests where a read or write out of place cannot pass unseen, and on another processor.
#
#   sh native/sanitize.sh address [FILTER...] AddressSanitizer, debug assertions and overflow checks, every kernel
#   sh native/sanitize.sh miri [FILTER...]    Miri: undefined behaviour of the portable kernel (nightly with miri)
#   sh native/sanitize.sh aarch64 [FILTER...] the tests on aarch64, under qemu where this is not one (portable kernel)
#
# Each builds into a folder of its own below native/target. FILTER is what cargo test takes: a part of tests' names.
set -eu
cd "$(dirname "$0")"
mode=${1:?address, miri or aarch64}
shift
base=${CARGO_TARGET_DIR:-$PWD/target}/sanitize
common="--locked --no-default-features --features command --lib"
case $mode in
address)
    # The sanitizer's runtime is part of the stable toolchain; the flag that links it is not yet.
    export RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$base-address"
    export RUSTFLAGS="-Zsanitizer=address -Cdebug-assertions -Coverflow-checks"
    export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
    # Tests of one kernel take all there are; what they stand on takes the one that is asked for.
    for kernel in ifma adx portable; do
        ZKMARGIN_KERNEL=$kernel cargo test --release --target x86_64-unknown-linux-gnu $common -- "$@"
    done
    ;;
miri)
    # As on aarch64, where no sum is assembly, which Miri cannot interpret; nor can it map files or protect memory
    # (prove::storage). It is some thousand times slower: without a filter, tests of little arithmetic.
    export CARGO_TARGET_DIR="$base-miri" ZKMARGIN_KERNEL=portable
    export MIRIFLAGS="-Zmiri-disable-isolation -Zmiri-permissive-provenance -Zmiri-ignore-leaks"
    test $# -gt 0 || set -- affine::stored fields::tests kernel::
    cargo +nightly miri test --target aarch64-unknown-linux-gnu $common -- "$@"
    ;;
aarch64)
    export CARGO_TARGET_DIR="$base-aarch64"
    export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
    test "$(uname -m)" = aarch64 ||
        export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu"
    export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
    cargo test --release --target aarch64-unknown-linux-gnu $common -- "$@"
    ;;
*)
    echo "address, miri or aarch64, not $mode" >&2
    exit 2
    ;;
esac
