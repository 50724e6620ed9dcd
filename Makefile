# make run     build and start everything, with a private PostgreSQL unless DATABASE_URL is set
# make check   format, lints, types and unit tests, in about a minute
# make test    all checks: format, lints, queries, contract, tests
# make torture the history checker for ten minutes
# make help    all targets

SHELL := /bin/sh
CLIENT := clients/typescript
WEB := clients/web
BETTER_AUTH := tests/better-auth-client
ISSUERS := tests/issuers
# `make test` compiles with Clippy's driver, so that lints, query data and tests share one build.
# `cargo clippy` would build all dependencies a second time, in a form that tests cannot use.
LINTED := RUSTC_WORKSPACE_WRAPPER=clippy-driver CLIPPY_ARGS=-Dwarnings__CLIPPY_HACKERY__
# A package argument for each direct dependency: `--package serde@1.0.229`, and so on.
DEPENDENCIES = $(shell cargo tree --edges normal,build,dev --depth 1 --prefix none | \
	sed -n '2,$${ s/ v/@/; s/ .*//; s/^[a-z].*@/--package &/p; }' | sort -u)
# Tests spend much of their time waiting for sockets and timers, so two cores run four at a time.
TEST_THREADS ?= $(shell cores=$$(getconf _NPROCESSORS_ONLN); echo $$((cores > 4 ? cores : 4)))
# Runs two jobs at a time, and keeps the output of each job together if this make can.
JOBS ?= 2
PARALLEL := $(MAKE) --no-print-directory --jobs=$(JOBS) $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

# The checks that start neither a server nor a browser.
QUICK_CHECKS := format contract-check client-drift web-units

.PHONY: help run check test all-checks torture format lint unit-tests postgres programs dependencies built broken-server \
	contract-check units check-the-checker bench bench-check bench-peers bench-live bench-lists bench-sign-in contract settings client client-drift \
	client-check better-auth-check issuers web web-units web-check screenshots prepare

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

run: ## build and start the server; prints where it is and how to sign in
	@[ -n "$$DATABASE_URL" ] || grep -qs '^DATABASE_URL=.' .env || scripts/need-postgres
	@if scripts/need-node; then $(MAKE) --no-print-directory web; else echo 'Starting without the web app.' >&2; fi
	@cargo build --release
	@exec target/release/taskwire serve --show-demo-token

check: ## run the quick checks: format, lints, types, unit tests
	@$(PARALLEL) format lint unit-tests client-drift web-units

test: ## run all checks
	@$(PARALLEL) IN_ORDER=yes all-checks

# Make starts these in this order.
all-checks: dependencies web programs issuers $(QUICK_CHECKS) units web-check check-the-checker client-check better-auth-check

ifdef IN_ORDER
# The compiler and npm work side by side. The suite keeps all cores busy, so it runs alone. Browsers leave a
# core free, which builds the broken server and runs what is left.
built: | dependencies
units: | $(QUICK_CHECKS) $(BETTER_AUTH)/node_modules/.package-lock.json
broken-server web-check client-check better-auth-check: | units
endif

format:
	cargo fmt --check

lint: # lint the code
	cargo clippy --all-targets --quiet -- -D warnings

unit-tests: # run the unit tests, and check the imports between modules
	cargo test --quiet --lib $(if $(wildcard tests/floor_plan/main.rs),--test floor_plan)

postgres:
	@scripts/need-postgres

programs: postgres # install the programs that the tests start
	@scripts/need-package pgbouncer pgbouncer
	@scripts/need-plpgsql-check
	@scripts/need-package chromium-headless-shell chromium-headless-shell

dependencies: # compile the dependencies, which need no web app
	cargo build --quiet $(DEPENDENCIES)

# sqlx's macros check the queries against the schema only when one of these files has changed.
target/queries-checked: Cargo.lock $(shell find .sqlx migrations src -type f) | postgres web
	$(LINTED) scripts/query-data --check cargo build --all-targets
	@touch $@

built: target/queries-checked # build and lint everything, and check that the committed query data is current
	$(LINTED) cargo build --all-targets

broken-server:
	scripts/broken-server

contract-check: tools/node_modules/.package-lock.json # lint the contract, and report changes since the last landed version
	scripts/check-contract

units: built programs issuers # unit tests, and black-box tests over HTTP and WebSocket
	$(LINTED) RUST_TEST_THREADS=$(TEST_THREADS) cargo test

check-the-checker: built broken-server # the checker must detect each server that is broken on purpose
	$(LINTED) TASKWIRE_BROKEN_SERVER=$$(pwd)/target/debug/taskwire-broken cargo test --test torture -- --ignored

client-drift: $(CLIENT)/dist/index.js # the TypeScript client matches the contract
	cd $(CLIENT) && npm run --silent drift && npm run --silent types

client-check: built client-drift # the TypeScript client works
	cd $(CLIENT) && npm run --silent test

better-auth-check: built $(BETTER_AUTH)/node_modules/.package-lock.json # Better Auth's client can sign up, in and out
	cd $(BETTER_AUTH) && npm run --silent test

issuers: $(ISSUERS)/node_modules/.package-lock.json # install the identity providers for the tests

# The sources of the web app; it is built again only when one of them has changed.
WEB_SOURCES := $(shell find $(WEB)/src $(WEB)/public $(WEB)/build -type f 2>/dev/null) \
	$(WEB)/index.html $(WEB)/vite.config.ts $(WEB)/package.json
CLIENT_SOURCES := $(shell find $(CLIENT)/src $(CLIENT)/scripts -type f 2>/dev/null) $(CLIENT)/package.json

web: $(WEB)/dist/index.html ## build the web app, which the server includes

$(CLIENT)/dist/index.js: $(CLIENT_SOURCES) $(CLIENT)/node_modules/.package-lock.json
	cd $(CLIENT) && npm run --silent build
	@touch $@

$(WEB)/dist/index.html: $(WEB_SOURCES) $(CLIENT_SOURCES) $(WEB)/node_modules/.package-lock.json | $(CLIENT)/dist/index.js
	cd $(WEB) && npm run --silent build
	@touch $@

web-units: $(CLIENT)/dist/index.js $(WEB)/node_modules/.package-lock.json # check the web app: types and unit tests
	cd $(WEB) && npm run --silent types && npm run --silent test

web-check: built programs web-units # test the web app in a browser
	cd $(WEB) && npm run --silent browser

screenshots: web ## draw every view, light and dark, wide and narrow, into target/screenshots
	@scripts/need-postgres
	@scripts/need-package chromium-headless-shell chromium-headless-shell
	cargo build
	cd $(WEB) && npm run --silent screenshots

# TORTURE_SECONDS sets the duration, and TORTURE_SEED repeats the faults of a run.
torture: ## run the history checker for ten minutes, with crashes and network faults
	@scripts/need-postgres
	TORTURE_SECONDS=$${TORTURE_SECONDS:-600} cargo test --test torture no_change_is_missed

bench: ## measure the server beside pgbench and beside a bare server (needs wrk)
	@scripts/need-postgres
	@scripts/need-package wrk wrk
	cargo build --release
	cargo bench --bench http

bench-check: ## compare the cost of requests with what is recorded (needs wrk and valgrind)
	@scripts/need-postgres
	@scripts/need-package wrk wrk
	@scripts/need-package valgrind valgrind
	cargo build --release
	scripts/instructions --check
	@test -f benches/http/ratios.json || { \
		echo 'No ratios are recorded: cargo bench --bench http -- --rounds 5 --json benches/http/ratios.json' >&2; exit 1; }
	cargo bench --bench http -- --rounds 5 --check benches/http/ratios.json

bench-peers: ## measure the server beside a backend in FastAPI (needs wrk and Python)
	@scripts/need-postgres
	@scripts/need-package wrk wrk
	cargo build --release
	cargo bench --bench http -- --peers

bench-live: ## measure the live channel: arrival, fan-out, memory per socket, CPU per message
	@scripts/need-postgres
	cargo build --release
	cargo bench --bench live

bench-lists: ## measure every list at 100,000 tasks and update docs/lists.md
	@scripts/need-postgres
	cargo build --release
	cargo bench --bench lists -- --write docs/lists.md

bench-sign-in: ## measure signing in, and task requests during a flood of sign-ins
	@scripts/need-postgres
	cargo build --release
	cargo bench --bench sign_in

contract: ## generate openapi.yaml from the handlers' annotations
	cargo run --quiet -- openapi > target/openapi.yaml
	mv target/openapi.yaml openapi.yaml

settings: ## write docs/CONFIGURATION.md and .env.example again, after changing src/config/settings
	cargo run --quiet -- settings

client: $(CLIENT)/node_modules/.package-lock.json ## generate the TypeScript client anew, after changing openapi.yaml
	cd $(CLIENT) && npm run --silent generate

prepare: ## generate the query data in .sqlx, after changing SQL
	@scripts/need-postgres
	scripts/query-data

tools/node_modules/.package-lock.json: tools/package-lock.json
	cd tools && npm ci --no-audit --no-fund --silent

$(CLIENT)/node_modules/.package-lock.json: $(CLIENT)/package-lock.json
	cd $(CLIENT) && npm ci --no-audit --no-fund --silent
	@touch $@

$(BETTER_AUTH)/node_modules/.package-lock.json: $(BETTER_AUTH)/package-lock.json
	cd $(BETTER_AUTH) && npm ci --no-audit --no-fund --silent
	@touch $@

$(ISSUERS)/node_modules/.package-lock.json: $(ISSUERS)/package-lock.json
	cd $(ISSUERS) && npm ci --no-audit --no-fund --silent
	@touch $@

$(WEB)/node_modules/.package-lock.json: $(WEB)/package-lock.json
	cd $(WEB) && npm ci --no-audit --no-fund --silent
	@touch $@
