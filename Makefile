# `make run` and `make test` do everything themselves on a Debian machine that has the Swift toolchain.

.DEFAULT_GOAL := help
.PHONY: help run test test-all build release deb test-deb bench bench-full bench-statements check-live screenshot man completions fuzz soak tsan asan lint format setup setup-tests setup-bench clean

# Warnings of ours are errors; Package.swift looks for this.
export STRICT_WARNINGS := 1
BUILD := swift build
SWIFT_SOURCES := Package.swift Sources Tests Benchmarks/Sources/Benchmark
EXPORTER := .build/debug/mysql-replication-exporter
SANDBOX := .build/debug/replication-sandbox

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: setup ## a primary with two replicas under a light write load, the exporter watching them, and Prometheus
	@scripts/install-packages.sh mariadb-server mariadb-client
	@scripts/install-packages.sh prometheus || echo "!!! no Prometheus can be had here; the rest works without it"
	@echo "==> building (the first time takes a few minutes)"
	@$(BUILD) --product mysql-replication-exporter
	@$(BUILD) --product replication-sandbox
	@$(SANDBOX) primary --replicas 2 --write-load 20 -- scripts/demo.sh $(EXPORTER)

test: setup-tests lint ## every test, real servers included
	@scripts/check-operators.sh
	@scripts/check-deploy.sh
	@scripts/test.sh

test-all: export TEST_ALL := 1
test-all: test ## make test, and what takes minutes more: 100 random operations on real servers of each flavor

build: setup ## a debug build
	@$(BUILD)

release: setup ## an optimised build with the Swift runtime linked in, in .build/release
	@$(BUILD) -c release --static-swift-stdlib --product mysql-replication-exporter
	@ls -lh .build/release/mysql-replication-exporter

deb: setup ## the Debian package, in build/
	@scripts/build-deb.sh

test-deb: deb ## installs the package in a clean root that is booted with systemd, uses and removes it
	@scripts/test-deb.sh build/mysql-replication-exporter_*.deb

bench: setup-bench ## the exporter beside mysqld_exporter and a floor in C, up to 1,000 nodes; docs/performance.md
	@Benchmarks/run.sh $(BENCH)

bench-full: setup-bench ## the same with 5,000 nodes, and written into docs/performance.md
	@Benchmarks/run.sh --sizes 1,10,100,1000,5000 --far 1,10,100,1000 --turns 9 --markdown docs/performance.md

bench-statements: setup-bench ## what each statement costs a server, MariaDB's and MySQL's (scripts/server-root.sh mysql-9 first)
	@Benchmarks/statements.sh $(BENCH)

check-live: setup-tests ## every panel of the dashboards, against a live Prometheus that scrapes the demo
	@$(BUILD) --product mysql-replication-exporter
	@$(BUILD) --product replication-sandbox
	@scripts/check-live.sh $(EXPORTER) $(SANDBOX)

screenshot: setup-tests ## docs/images/topology.png anew, from real servers in a real browser
	@scripts/install-packages.sh chromium
	@SCREENSHOTS=docs/images swift test --filter 'TopologyPageTests/breaksAndHeals'

man: setup ## docs/man, from the definitions of the arguments
	@mkdir -p docs/man
	@RECORD=1 swift test --filter ManualTests

completions: setup ## completion scripts for bash, zsh and fish, in build/completions
	@$(BUILD) --product mysql-replication-exporter
	@mkdir -p build/completions
	@$(EXPORTER) --generate-completion-script bash >build/completions/mysql-replication-exporter
	@$(EXPORTER) --generate-completion-script zsh >build/completions/_mysql-replication-exporter
	@$(EXPORTER) --generate-completion-script fish >build/completions/mysql-replication-exporter.fish

fuzz: setup ## 100,000 hostile replies through the client, and as many sets with hostile values through the probes; FUZZ_REPLIES, FUZZ_SEED
	@for suite in ServerFuzzTests ProbeFuzzTests; do \
		FUZZ_REPLIES=$${FUZZ_REPLIES:-100000} swift test --filter $$suite || exit; done

soak: setup-tests release ## 20,000 scrapes of 200 nodes whose faults come and go; SOAK_SCRAPES, SOAK_NODES, SOAK_SEED, SOAK_MINUTES
	@SOAK_SCRAPES=$${SOAK_SCRAPES:-20000} SOAK_NODES=$${SOAK_NODES:-200} \
		EXPORTER=$(CURDIR)/.build/release/mysql-replication-exporter swift test --filter SoakTests

# Builds of their own, beside the usual one. Without the tests that start servers and other programs, and under
# ThreadSanitizer without those that wait for real deadlines, which it makes ten times slower.
SANITIZED := ^(MariaDB|FaultServer|Collection|Replication|Topology|Traffic|Probes|Metrics|Exposition|Web|Exporter)Tests\.

tsan: setup ## the unit tests under ThreadSanitizer
	@TSAN_OPTIONS=suppressions=$(CURDIR)/Tests/tsan.suppressions \
		swift test --sanitize=thread --scratch-path .build-tsan --filter '$(SANITIZED)' --skip 'ListenerTests|TLSTests'

asan: setup ## the client's tests and the fuzz tests under AddressSanitizer
	@ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 swift test --sanitize=address --scratch-path .build-asan \
		--filter '^(MariaDBTests|FaultServerTests|FuzzTests)\.'

lint: ## formatting, as CI checks it
	@echo "==> swift format lint"
	@swift format lint --strict --parallel --recursive $(SWIFT_SOURCES)

format: ## put the formatting right
	@swift format --in-place --parallel --recursive $(SWIFT_SOURCES)

setup:
	@scripts/install-packages.sh libmariadb-dev libyaml-dev zlib1g-dev pkg-config

setup-tests: setup
	@scripts/install-packages.sh mariadb-server mariadb-client prometheus prometheus-mysqld-exporter debootstrap python3 python3-venv openssl curl haproxy keepalived snmpd snmp systemd percona-toolkit

setup-bench: setup
	@scripts/install-packages.sh mariadb-server mariadb-client gcc iproute2

clean: ## remove what was built
	@swift package clean
