# On a Debian machine with the Swift toolchain, `make run` and `make test` install everything else they need.

.DEFAULT_GOAL := help
.PHONY: help run test test-all test-newer build release deb test-deb image test-image sbom bench bench-full bench-statements check-live pictures screenshot man completions fuzz soak tsan asan lint format setup setup-tests setup-bench clean

# Treats warnings in this project's code as errors; Package.swift reads this variable.
export STRICT_WARNINGS := 1
BUILD := swift build
SWIFT_SOURCES := Package.swift Sources Tests Benchmarks/Sources/Benchmark
EXPORTER := .build/debug/mysql-replication-exporter
SANDBOX := .build/debug/replication-sandbox

help: ## show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: setup ## start a primary with two replicas under a light write load, the exporter, and Prometheus; CLUSTER=galera or group: a cluster
	@scripts/install-packages.sh mariadb-server mariadb-client
	@scripts/install-packages.sh prometheus || echo "!!! Prometheus cannot be installed here; everything else works without it"
	@echo "==> building (the first time takes a few minutes)"
	@$(BUILD) --product mysql-replication-exporter
	@$(BUILD) --product replication-sandbox
	@$(if $(filter group,$(CLUSTER)),scripts/server-root.sh mysql-9 >/dev/null,$(if $(filter galera,$(CLUSTER)),scripts/install-packages.sh galera-4 rsync))
	@$(SANDBOX) $(if $(CLUSTER),$(CLUSTER) --members 3,primary --replicas 2) --write-load 20 -- scripts/demo.sh $(EXPORTER)

test: setup-tests lint ## run every test, including those on real servers
	@scripts/loudly.sh sh -ec 'scripts/check-operators.sh; scripts/check-deploy.sh; scripts/test.sh'

test-all: ## make test plus what takes hours longer: every server and newer programs, the runbooks, CONTRIBUTING.md, sanitizers, fuzz, soak, package, image
	@TEST_ALL=1 $(MAKE) test
	@scripts/hardening.sh
	@$(MAKE) test-deb test-image

test-newer: setup-tests ## run the tests that use Prometheus, mysqld_exporter, HAProxy and percona-toolkit with the newest of them
	@$(BUILD) --build-tests
	@TEST_ALL=1 scripts/loudly.sh scripts/test-newer.sh

build: setup ## build for debugging
	@$(BUILD)

release: setup ## build for release with the Swift runtime linked in, in .build/release
	@$(BUILD) -c release --static-swift-stdlib --product mysql-replication-exporter
	@ls -lh .build/release/mysql-replication-exporter

deb: setup ## build the Debian package, in build/
	@scripts/build-deb.sh

test-deb: deb ## install, use and remove the package in a clean Debian 12 and 13 booted with systemd
	@for release in debian-12 debian-13; do \
		echo "==> $$release" && scripts/test-deb.sh build/mysql-replication-exporter_*.deb $$release || exit; done

image: deb ## build an OCI image from the Debian package, without a container engine, in build/
	@scripts/build-image.sh

test-image: image ## start the image in namespaces and have it scrape MariaDB and MySQL
	@$(BUILD) --product replication-sandbox
	@scripts/check-image.sh build/mysql-replication-exporter_*.oci.tar $(SANDBOX)
	@scripts/server-root.sh mysql-9 >/dev/null && \
		scripts/check-image.sh build/mysql-replication-exporter_*.oci.tar $(SANDBOX) mysql-9

sbom: image ## write what is in the package and the image as SPDX, pack the chart, and sum them up, in build/
	@scripts/build-sbom.sh

bench: setup-bench ## compare the exporter with mysqld_exporter and a minimal C program, up to 1,000 nodes; see docs/performance.md
	@Benchmarks/run.sh $(BENCH)

bench-full: setup-bench ## the same with up to 5,000 nodes; writes docs/performance.md
	@Benchmarks/run.sh --sizes 1,10,100,1000,5000 --far 1,10,100,1000 --turns 9 --markdown docs/performance.md

bench-statements: setup-bench ## measure what each statement costs MariaDB and MySQL (run scripts/server-root.sh mysql-9 first)
	@Benchmarks/statements.sh $(BENCH)

check-live: setup-tests ## check every dashboard panel against a live Prometheus that scrapes the demo
	@$(BUILD) --product mysql-replication-exporter
	@$(BUILD) --product replication-sandbox
	@scripts/check-live.sh $(EXPORTER) $(SANDBOX)

pictures: setup-tests ## draw the dashboards in all their situations, with real servers, in build/pictures; PICTURES='--only ring'
	@scripts/install-packages.sh chromium
	@$(BUILD) --product mysql-replication-exporter
	@$(BUILD) --product replication-sandbox
	@scripts/server-root.sh mysql-9 >/dev/null
	@scripts/dashboard-pictures.py $(PICTURES) build/pictures

screenshot: setup-tests ## take docs/images/topology.png again, with real servers in a real browser
	@scripts/install-packages.sh chromium
	@SCREENSHOTS=docs/images swift test --filter 'TopologyPageTests/breaksAndHeals'

man: setup ## generate docs/man from the definitions of the arguments
	@mkdir -p docs/man
	@RECORD=1 swift test --filter ManualTests

completions: setup ## generate completion scripts for bash, zsh and fish, in build/completions
	@$(BUILD) --product mysql-replication-exporter
	@mkdir -p build/completions
	@$(EXPORTER) --generate-completion-script bash >build/completions/mysql-replication-exporter
	@$(EXPORTER) --generate-completion-script zsh >build/completions/_mysql-replication-exporter
	@$(EXPORTER) --generate-completion-script fish >build/completions/mysql-replication-exporter.fish

fuzz: setup ## send 100,000 hostile replies to the client, and as many sets with hostile values to the probes; FUZZ_REPLIES, FUZZ_SEED
	@for suite in ServerFuzzTests ProbeFuzzTests; do \
		FUZZ_REPLIES=$${FUZZ_REPLIES:-100000} swift test --filter $$suite || exit; done

soak: setup-tests release ## scrape 200 nodes with changing faults 20,000 times; SOAK_SCRAPES, SOAK_NODES, SOAK_SEED, SOAK_MINUTES
	@SOAK_SCRAPES=$${SOAK_SCRAPES:-20000} SOAK_NODES=$${SOAK_NODES:-200} \
		EXPORTER=$(CURDIR)/.build/release/mysql-replication-exporter swift test --filter SoakTests

# Separate builds. They leave out the tests that start servers and other programs; ThreadSanitizer also leaves out those that
# wait for real deadlines, because it makes them ten times slower.
SANITIZED := ^(Threads|MariaDB|FaultServer|Collection|Replication|Topology|Traffic|Monitoring|Metrics|Exposition|Presentation|Documents|Web|Exporter)Tests\.

tsan: setup ## run the unit tests under ThreadSanitizer
	@TSAN_OPTIONS=suppressions=$(CURDIR)/Tests/tsan.suppressions \
		swift test --sanitize=thread --scratch-path .build-tsan --filter '$(SANITIZED)' --skip 'ListenerTests|TLSTests'

asan: setup ## run the client's tests and the fuzz tests under AddressSanitizer
	@ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 swift test --sanitize=address --scratch-path .build-asan \
		--filter '^(MariaDBTests|FaultServerTests|FuzzTests)\.'

lint: ## check the formatting, what targets import and that all versions agree, as CI does
	@echo "==> swift format lint"
	@swift format lint --strict --parallel --recursive $(SWIFT_SOURCES)
	@swift package dump-package | scripts/check-imports.py
	@scripts/check-versions.py

format: ## fix the formatting
	@swift format --in-place --parallel --recursive $(SWIFT_SOURCES)

setup:
	@scripts/install-packages.sh libmariadb-dev libyaml-dev zlib1g-dev pkg-config

setup-tests: setup
	@scripts/install-packages.sh mariadb-server mariadb-client prometheus prometheus-mysqld-exporter debootstrap python3 python3-venv openssl curl haproxy libfaketime keepalived snmpd snmp systemd percona-toolkit

setup-bench: setup
	@scripts/install-packages.sh mariadb-server mariadb-client gcc iproute2

clean: ## remove the build products
	@swift package clean
