#!/bin/sh
# Installs the Debian packages of the named groups (scripts/packages.txt) that are missing: setup.sh [core|test]...
# Does nothing, fast, when all are there.
set -eu
cd "$(dirname "$0")"

wanted=""
for group in "${@:-core}"; do
    names=$(sed -n "s/^$group //p" packages.txt)
    [ -n "$names" ] || { echo "setup: there is no package group '$group' in scripts/packages.txt" >&2; exit 2; }
    wanted="$wanted $names"
done

if ! command -v dpkg-query >/dev/null; then
    echo "setup: this is not a Debian system; what Calotype needs is listed in scripts/packages.txt" >&2
    exit 0
fi

# A virtual or held-back package counts as installed only when dpkg says so itself.
present=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' 2>/dev/null | sed -n 's/ installed$//p')
missing=""
for name in $wanted; do
    printf '%s\n' "$present" | grep -qxF "$name" || missing="$missing $name"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    as_root="env"
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root="sudo -n env"
else
    echo "setup: Debian packages are missing, please run: sudo apt-get update && sudo apt-get install --no-install-recommends$missing" >&2
    exit 1
fi

install_missing() {
    $as_root apt-get -qq update &&
        $as_root DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing
}

echo "setup: installing$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! install_missing >"$log" 2>&1; then
    sleep 5
    install_missing >"$log" 2>&1 || {
        tail -n 15 "$log" >&2
        echo "setup: apt-get failed twice (its last lines are above); to see all of it, run:" \
            "apt-get install --no-install-recommends$missing" >&2
        exit 1
    }
fi
