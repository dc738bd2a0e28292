#!/bin/sh
# check_wheel.sh DIR PYTHON MYPY: install the wheel from DIR into an empty environment and use it from an empty folder.
set -eu
wheels=$(cd "$1" && pwd)
python=$2
mypy=$(cd "$(dirname "$3")" && pwd)/$(basename "$3")
vectors=$(cd "$(dirname "$0")/../../vectors" && pwd)
consumers=$(cd "$(dirname "$0")/../typing" && pwd)
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
"$python" -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet "$(ls "$wheels"/zkmargin-*.whl)"
cd "$here"
"$here/env/bin/zkmargin" doctor
"$here/env/bin/zkmargin-prove" --version
# The toolkit for circuits does without pytest; the plugin is there for whoever has it.
"$here/env/bin/python" -c "import zkmargin.circuits.testing, importlib.metadata as m
(plugin,) = m.entry_points(group='pytest11', name='zkmargin')
assert plugin.value == 'zkmargin.pytest_plugin', plugin"
"$here/env/bin/zkmargin" vectors run "$vectors" --engine native
"$here/env/bin/zkmargin" demo
# The types that a consumer of the installed package sees, and the service with its extra and nothing else.
"$here/env/bin/python" -m pip install --quiet "$(ls "$wheels"/zkmargin-*.whl)[serve]"
"$here/env/bin/python" -c "from importlib.resources import files
assert (files('zkmargin.verifier.service') / 'web/index.html').is_file()
import zkmargin.verifier.service.server"
"$mypy" --strict --cache-dir "$here/mypy" --python-executable "$here/env/bin/python" "$consumers"/*.py
