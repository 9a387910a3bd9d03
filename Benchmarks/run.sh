# run.sh [OPTION…]: build the programs and run the comparison in a network namespace of its own, where the servers can
# listen at every loopback address and cannot be reached from outside. Options are the benchmark's (--help).
set -eu
cd "$(dirname "$0")/.."
built=.build/benchmark/programs
mkdir -p "$built"

peer=$(Benchmarks/peer.sh)
echo "==> building the exporter (release)" >&2
swift build -c release --static-swift-stdlib --product mysql-replication-exporter
echo "==> building the benchmark" >&2
swift build -c release --static-swift-stdlib --product Benchmark
flags="-O2 -Wall -Wextra -Werror"
# shellcheck disable=SC2046,SC2086 # lists of flags
cc $flags Benchmarks/C/floor.c -o "$built/floor" $(pkg-config --cflags --libs libmariadb) -lpthread
# shellcheck disable=SC2086
cc $flags Benchmarks/C/delay.c -o "$built/delay"
# shellcheck disable=SC2086
cc $flags -shared -fPIC -IBenchmarks/Sources/CAllocations/include Benchmarks/Sources/CAllocations/allocations.c \
    -o "$built/allocations.so"

# Thousands of connections to three contenders: raise the limits on files, ports and the listen queue.
ulimit -n "$(ulimit -Hn)"
# shellcheck disable=SC2016 # expanded inside
exec unshare --net sh -c '
    ip link set lo up
    echo "1024 65535" >/proc/sys/net/ipv4/ip_local_port_range
    echo 65535 >/proc/sys/net/core/somaxconn
    exec "$@"' sh \
    .build/release/Benchmark --exporter .build/release/mysql-replication-exporter --peer "$peer" \
    --programs "$built" "$@"
