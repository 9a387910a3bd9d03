#!/bin/sh
# statements.sh [OPTION…]: what each statement that the exporter sends costs a server. Options are `benchmark statements`'.
set -eu
cd "$(dirname "$0")/.."
echo "==> building the benchmark" >&2
swift build -c release --static-swift-stdlib --product Benchmark
exec .build/release/Benchmark statements "$@"
