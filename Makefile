# make run     build and start everything, with a private PostgreSQL unless DATABASE_URL is set
# make check   format, lints, types and unit tests, in about a minute
# make test    everything that must hold: format, lints, queries, contract, tests
# make torture the history checker for ten minutes
# make help    all targets

SHELL := /bin/sh
CLIENT := clients/typescript
WEB := clients/web
BETTER_AUTH := tests/better-auth-client
ISSUERS := tests/issuers
# The server as `cargo test` builds it: without a test, half of its dependencies would be built
# again, with fewer features.
DEBUG_SERVER := cargo build --bin taskwire --test suite
# The build of `make test`: the compiler with Clippy in it, so that lints, query data and tests share
# one build. `cargo clippy` would build all dependencies again, in a form that no test can use.
LINTED := RUSTC_WORKSPACE_WRAPPER=clippy-driver CLIPPY_ARGS=-Dwarnings__CLIPPY_HACKERY__
# Tests wait for sockets and timers as long as they compute, so that two cores keep four busy.
TEST_THREADS ?= $(shell cores=$$(getconf _NPROCESSORS_ONLN); echo $$((cores > 4 ? cores : 4)))
# Two jobs at a time, the output of each in one piece where this make can do that.
JOBS ?= 2
ABREAST := $(MAKE) --no-print-directory --jobs=$(JOBS) $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

.PHONY: help run check test torture everything format lint unit-tests postgres programs built broken-server \
	contract-check units check-the-checker bench bench-live bench-lists bench-sign-in contract client client-drift \
	client-check better-auth-check issuers web web-units web-check screenshots prepare

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

run: ## build and start the server; prints where it is and how to sign in
	@[ -n "$$DATABASE_URL" ] || grep -qs '^DATABASE_URL=.' .env || scripts/need-postgres
	@if scripts/need-node; then $(MAKE) --no-print-directory web; else echo 'Starting without the web app.' >&2; fi
	@cargo build --release
	@exec target/release/taskwire serve --show-demo-token

check: ## what can be checked within a minute or so: format, lints, types, unit tests
	@$(ABREAST) format lint unit-tests client-drift web-units

test: ## everything that must hold: format, lints, queries, contract, tests
	@$(ABREAST) everything

# Started in this order, as soon as there is a free place. While cargo builds, which the broken server
# begins because it needs nothing else, npm fetches and checks; what runs the server comes last.
everything: broken-server web postgres format client-drift contract-check web-units programs issuers \
	$(BETTER_AUTH)/node_modules/.package-lock.json built units check-the-checker client-check better-auth-check web-check

format:
	cargo fmt --check

lint:
	cargo clippy --all-targets --quiet -- -D warnings

unit-tests: # of the library, and of the order among its modules
	cargo test --quiet --lib $(if $(wildcard tests/floor_plan.rs),--test floor_plan)

postgres:
	@scripts/need-postgres

programs: postgres # what tests start beside the server
	@scripts/need-package pgbouncer pgbouncer
	@scripts/need-package chromium chromium

# The macros of sqlx look at the schema again only when one of these has changed.
target/queries-checked: Cargo.lock $(shell find .sqlx migrations src -type f) | postgres web
	$(LINTED) scripts/query-data --check cargo build --all-targets
	@touch $@

built: target/queries-checked # everything, linted, with the query data that is committed
	$(LINTED) cargo build --all-targets

broken-server:
	scripts/broken-server

contract-check: tools/node_modules/.package-lock.json # lint, and what changed since it last landed
	scripts/check-contract

units: built programs issuers # unit tests, and black-box tests over HTTP and WebSocket
	$(LINTED) RUST_TEST_THREADS=$(TEST_THREADS) cargo test

check-the-checker: built broken-server # the history checker must find every server that is broken on purpose
	$(LINTED) TASKWIRE_BROKEN_SERVER=$$(pwd)/target/debug/taskwire-broken cargo test --test torture -- --ignored

client-drift: $(CLIENT)/dist/index.js # the TypeScript client is that of the contract
	cd $(CLIENT) && npm run --silent drift && npm run --silent types

client-check: built client-drift # the TypeScript client works
	cd $(CLIENT) && npm run --silent test

better-auth-check: built $(BETTER_AUTH)/node_modules/.package-lock.json # Better Auth's own client signs up, in and out here
	cd $(BETTER_AUTH) && npm run --silent test

issuers: $(ISSUERS)/node_modules/.package-lock.json # the identity providers that the tests start

# What the app is built from; it is built anew only when some of it has changed.
WEB_SOURCES := $(shell find $(WEB)/src $(WEB)/public $(WEB)/build -type f 2>/dev/null) \
	$(WEB)/index.html $(WEB)/vite.config.ts $(WEB)/package.json
CLIENT_SOURCES := $(shell find $(CLIENT)/src $(CLIENT)/scripts -type f 2>/dev/null) $(CLIENT)/package.json

web: $(WEB)/dist/index.html ## build the web app, for the server to have in it

$(CLIENT)/dist/index.js: $(CLIENT_SOURCES) $(CLIENT)/node_modules/.package-lock.json
	cd $(CLIENT) && npm run --silent build
	@touch $@

$(WEB)/dist/index.html: $(WEB_SOURCES) $(CLIENT_SOURCES) $(WEB)/node_modules/.package-lock.json | $(CLIENT)/dist/index.js
	cd $(WEB) && npm run --silent build
	@touch $@

web-units: $(CLIENT)/dist/index.js $(WEB)/node_modules/.package-lock.json # the web app: types and units
	cd $(WEB) && npm run --silent types && npm run --silent test

web-check: built programs web-units # the web app in a browser
	cd $(WEB) && npm run --silent browser

screenshots: web ## draw every view, light and dark, wide and narrow, into target/screenshots
	@scripts/need-postgres
	@scripts/need-package chromium chromium
	$(DEBUG_SERVER)
	cd $(WEB) && npm run --silent screenshots

# TORTURE_SECONDS sets how long, TORTURE_SEED repeats what went wrong when.
torture: ## the history checker, for ten minutes: kill, cut, stall, and miss nothing
	@scripts/need-postgres
	TORTURE_SECONDS=$${TORTURE_SECONDS:-600} cargo test --test torture no_change_is_missed

bench: ## measure the server beside pgbench and a bare pair (needs wrk)
	@scripts/need-postgres
	@scripts/need-package wrk wrk
	cargo build --release
	cargo bench --bench http

bench-live: ## measure the live channel: arrival, fan-out, memory per socket, CPU per message
	@scripts/need-postgres
	cargo build --release
	cargo bench --bench live

bench-lists: ## measure every list at 100,000 tasks and write docs/lists.md anew
	@scripts/need-postgres
	cargo build --release
	cargo bench --bench lists -- --write docs/lists.md

bench-sign-in: ## measure signing in, and task requests during a flood of it
	@scripts/need-postgres
	cargo build --release
	cargo bench --bench sign_in

contract: ## write openapi.yaml anew from the handlers' annotations
	cargo run --quiet -- openapi > target/openapi.yaml
	mv target/openapi.yaml openapi.yaml

client: $(CLIENT)/node_modules/.package-lock.json ## generate the TypeScript client anew, after changing openapi.yaml
	cd $(CLIENT) && npm run --silent generate

prepare: ## write the query data in .sqlx anew, after changing SQL
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
