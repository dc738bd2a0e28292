#!/bin/sh
# install.sh: put the servers and the browser that tests start on loopback in place, where this machine lacks them.
set -eu
missing=""
need() { # COMMAND PACKAGE: a command on the path, or in the folder where Debian keeps PostgreSQL's
    command -v "$1" >/dev/null || ls /usr/lib/postgresql/*/bin/"$1" >/dev/null 2>&1 || missing="$missing $2"
}
need initdb postgresql
need redis-server redis-server
need chromium chromium
need chromedriver chromium-driver
test -n "$missing" || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "not installed:$missing: the tests that need them will be skipped" >&2
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# A server that the package starts by itself would be nobody's: tests start their own.
mkdir -p /usr/sbin && test -e /usr/sbin/policy-rc.d || { printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d && made_policy=1; }
# shellcheck disable=SC2086  # a list of words
apt-get install -y -qq --no-install-recommends $missing >/dev/null
test -z "${made_policy:-}" || rm /usr/sbin/policy-rc.d
