#!/bin/sh
# extract-packages.sh SUITE FOLDER PACKAGE…: extracts packages of another Debian release into a folder, with all that they
# depend on and without installing anything. Needs neither root nor a package of its own; the mirror is the one this
# machine's apt uses.
set -eu

fail() {
    echo "extract-packages: $*" >&2
    exit 1
}

[ $# -ge 3 ] || fail "usage: $0 SUITE FOLDER PACKAGE…"
suite=$1 folder=$2
shift 2
command -v apt-get >/dev/null || fail "no apt-get here"

# The Debian archive itself among apt's sources: not the security archive, nor a third party's.
mirror=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL)' 'Created-By: Packages' |
    awk '$2 == "Debian" && $3 == "Debian" { print $1; exit }')
[ -n "$mirror" ] || fail "apt knows no Debian archive (run apt-get update)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
mkdir -p "$work/lists/partial" "$work/archives/partial"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$work/sources.list"
# Without preferences of this machine, and as if no package were installed.
from_suite() {
    apt-get -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
        -o Dir::State="$work" -o Dir::State::Lists="$work/lists" -o Dir::State::Status=/dev/null -o Dir::Cache="$work" \
        -o APT::Sandbox::User=root -o Debug::NoLocking=1 --quiet "$@" >"$work/log" 2>&1 || {
        tail -n 15 "$work/log" >&2
        fail "apt-get could not fetch $packages from Debian $suite"
    }
}
packages=$*
from_suite update
from_suite install --yes --no-install-recommends --download-only "$@"
mkdir -p "$folder"
for package in "$work"/archives/*.deb; do dpkg-deb --extract "$package" "$folder"; done
