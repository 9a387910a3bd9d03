# statements.sh [OPTION…]: measure what each of the exporter's statements costs a server. Options are those of
# `benchmark statements`.
set -eu
cd "$(dirname "$0")/.."
echo "==> building the benchmark" >&2
swift build -c release --static-swift-stdlib --product Benchmark
exec .build/release/Benchmark statements "$@"
