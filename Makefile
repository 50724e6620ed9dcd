# make run     build and start everything, with a private PostgreSQL unless DATABASE_URL is set
# make test    all checks: format, lints, queries, contract, tests
# make torture run the history checker for ten minutes
# make help    all targets

SHELL := /bin/sh
CLIENT := clients/typescript
WEB := clients/web
BETTER_AUTH := tests/better-auth-client
ISSUERS := tests/issuers
# The server as `cargo test` builds it: without a test, half of its dependencies would be built
# again, with fewer features.
DEBUG_SERVER := cargo build --bin taskwire --test suite

.PHONY: help run test torture format lint contract-check units check-the-checker bench bench-live bench-lists bench-sign-in contract client client-check better-auth-check issuers web web-check screenshots prepare

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

run: ## build and start the server; prints where it is and how to sign in
	@[ -n "$$DATABASE_URL" ] || grep -qs '^DATABASE_URL=.' .env || scripts/need-postgres
	@if scripts/need-node; then $(MAKE) --no-print-directory web; else echo 'Starting without the web app.' >&2; fi
	@cargo build --release
	@exec target/release/taskwire serve --show-demo-token

test: format web lint contract-check units check-the-checker client-check better-auth-check web-check ## run all checks

format:
	cargo fmt --check

lint: # lint the code, and check that the committed query data is current
	@scripts/need-postgres
	scripts/query-data --check
	cargo clippy --lib --test torture --features broken --quiet -- -D warnings

contract-check: tools/node_modules/.package-lock.json # lint the contract, and report changes since the last landed version
	scripts/check-contract

units: issuers # unit tests, and black-box tests over HTTP and WebSocket
	@scripts/need-postgres
	@scripts/need-package pgbouncer pgbouncer
	cargo test

check-the-checker: # the checker must detect servers that are broken on purpose
	cargo test --features broken --test torture

client-check: $(CLIENT)/node_modules/.package-lock.json # the TypeScript client matches the contract and works
	@scripts/need-postgres
	$(DEBUG_SERVER)
	cd $(CLIENT) && npm run --silent check

better-auth-check: $(BETTER_AUTH)/node_modules/.package-lock.json # Better Auth's client can sign up, in and out
	@scripts/need-postgres
	$(DEBUG_SERVER)
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

web-check: $(CLIENT)/dist/index.js $(WEB)/node_modules/.package-lock.json # check the web app: types, unit tests, size and browser tests
	@scripts/need-postgres
	@scripts/need-package chromium chromium
	cd $(WEB) && npm run --silent types && npm run --silent test
	$(MAKE) --no-print-directory web
	$(DEBUG_SERVER)
	cd $(WEB) && npm run --silent browser

screenshots: web ## draw every view, light and dark, wide and narrow, into target/screenshots
	@scripts/need-postgres
	@scripts/need-package chromium chromium
	$(DEBUG_SERVER)
	cd $(WEB) && npm run --silent screenshots

# TORTURE_SECONDS sets the duration, and TORTURE_SEED repeats the faults of a run.
torture: ## run the history checker for ten minutes, with crashes and network faults
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

client: $(CLIENT)/node_modules/.package-lock.json ## generate the TypeScript client, after changing openapi.yaml
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
