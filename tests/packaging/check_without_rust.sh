#!/bin/sh
# check_without_rust.sh PYTHON: `pip install .` with no cargo or rustc in reach, then verify the vectors.
set -eu
tree=$(cd "$(dirname "$0")/../.." && pwd)
python=$(command -v "$1")
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
"$python" -m venv "$here/env"
mkdir "$here/bin"
for tool in sh env uname; do ln -s "$(command -v $tool)" "$here/bin/$tool"; done
# A copy without build output, so that no module built earlier can slip in.
(cd "$tree" && git ls-files -z --cached --others --exclude-standard | tar --null --files-from=- -cf -) | (mkdir "$here/src" && tar -C "$here/src" -xf -)
cd "$here"
PATH="$here/bin" HOME="$here" "$here/env/bin/python" -m pip install --quiet "$here/src"
test ! -e "$here/env/bin/zkmargin-prove"
PATH="$here/bin" "$here/env/bin/zkmargin" doctor
PATH="$here/bin" "$here/env/bin/zkmargin" vectors run "$here/src/vectors" --engine reference
