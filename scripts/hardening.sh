#!/bin/sh
# hardening.sh [NAME…]: runs ThreadSanitizer, AddressSanitizer, the fuzz tests and a soak (tsan, asan, fuzz, soak; by default all),
# each for minutes, and writes what came out into docs/testing.md. Logs are in build/hardening.
set -eu
cd "$(dirname "$0")/.."

page=docs/testing.md
logs=build/hardening
mkdir -p "$logs"
[ $# -gt 0 ] || set -- tsan asan fuzz soak

# What `make fuzz` and `make soak` do in hours, shorter.
export FUZZ_REPLIES="${FUZZ_REPLIES:-20000}" SOAK_SCRAPES="${SOAK_SCRAPES:-2000}" SOAK_NODES="${SOAK_NODES:-200}"
commit=$(git describe --always --dirty 2>/dev/null || echo "no repository")

failed=0
for name in "$@"; do
    case $name in
    tsan | asan) what="make $name" ;;
    fuzz) what="make fuzz FUZZ_REPLIES=$FUZZ_REPLIES" ;;
    soak) what="make soak SOAK_SCRAPES=$SOAK_SCRAPES SOAK_NODES=$SOAK_NODES" ;;
    *) echo "hardening: unknown '$name': tsan, asan, fuzz and soak are known" >&2 && exit 1 ;;
    esac
    echo "==> $what (log: $logs/$name.log)"
    # FUZZ_REPLIES would lengthen the fuzz tests under the sanitizer as well.
    case $name in tsan | asan) unset='FUZZ_REPLIES SOAK_SCRAPES' ;; *) unset= ;; esac
    # shellcheck disable=SC2086 # a list of variables
    (unset NONE $unset && make "$name") >"$logs/$name.log" 2>&1 && ended= || ended=failed
    # One line for each run of the tests, and what the soak says of itself.
    result=$(sed -n 's/^[^ ] Test run with \([0-9]* tests*\) in [0-9]* suites* \([a-z]*\) after \([0-9]*\).*/\1 \2 in \3 s/p
        s/^ *soak: \([0-9]* scrapes, .*\)/\1/p' "$logs/$name.log" | sed 's/[,;. ]*$//' | paste -s -d ';' | sed 's/;/; /g')
    if [ -n "$ended" ] || [ -z "$result" ]; then
        tail -n 30 "$logs/$name.log" >&2
        result="FAILED${result:+: $result}"
        failed=1
    fi
    echo "$result"
    awk -v name="$name" -v row="| \`$what\` | $(date -u +%Y-%m-%d) | $commit | $result |" '
        /^\| `make / { split($2 " " $3, words, /[ `]+/); for (i in words) if (words[i] == name) $0 = row }
        { print }' "$page" >"$logs/page" && cp "$logs/page" "$page"
done
exit "$failed"
