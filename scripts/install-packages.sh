#!/bin/sh
# install-packages.sh PACKAGE…: installs the Debian packages that are missing. Says what it installs; silent if nothing is
# missing.
set -eu

missing=
for package in "$@"; do
    if [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
        missing="$missing $package"
    fi
done
[ -n "$missing" ] || exit 0

command -v apt-get >/dev/null || {
    echo "missing:$missing (no apt-get here: install your system's equivalents)" >&2
    exit 1
}
as_root=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "missing:$missing; run as root: apt-get install$missing" >&2
        exit 1
    }
    as_root=sudo
fi

echo "==> installing$missing"
log=$(mktemp)
policy=/usr/sbin/policy-rc.d
made_policy=
clean_up() {
    rm -f "$log"
    # If left behind, it would keep services of packages installed later from starting.
    [ -z "$made_policy" ] || $as_root rm -f "$policy"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
export DEBIAN_FRONTEND=noninteractive
# Keep the packages' servers from starting (invoke-rc.d(8)): the sandbox starts its own.
if [ ! -e "$policy" ]; then
    made_policy=1
    printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
    $as_root chmod 755 "$policy"
fi
# shellcheck disable=SC2086 # the list is meant to be split
if ! { $as_root apt-get update && $as_root apt-get install --yes --no-install-recommends $missing; } >"$log" 2>&1; then
    cat "$log" >&2
    echo "could not install:$missing" >&2
    exit 1
fi
