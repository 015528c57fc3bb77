# SPDX-License-Identifier: Apache-2.0
# What there is to do, each in one word. Needs Python 3.11 or newer and make; all else is fetched.

BIN := .venv/bin
SITE ?= site
JOBS ?= 2
TESTS ?= tests

.PHONY: help run upgrade tour test check format lint types contracts docs pages handbook pictures bench soak lock audit clean environment
.NOTPARALLEL:

# `make run PORT=8500` serves there, whatever the site's settings say.
ifeq ($(origin PORT),command line)
run tour: export KESHOU_ADDRESS := 127.0.0.1:$(PORT)
endif

# What Python compiled it keeps beside the source, or each of the processes that tests start would compile it anew.
unexport PYTHONDONTWRITEBYTECODE

help:  ## say what there is to do
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1 - \2/p' Makefile

run:  ## make a sample site unless there is one, say what to try, and serve it
	@scripts/environment run
	@test -e $(SITE) || $(BIN)/keshou init $(SITE) --sample
	@$(BIN)/keshou --home $(SITE) try
	@$(BIN)/keshou --home $(SITE) serve

upgrade:  ## carry the site that `make run` made over to this version; a backup goes to .work/backups
	@scripts/environment run
	@mkdir -p .work/backups
	@$(BIN)/keshou --home $(SITE) upgrade --backup .work/backups

tour:  ## be shown round a sample site: declare, publish, ask, act, record, prove
	@scripts/environment run
	@test -e $(SITE) || $(BIN)/keshou init $(SITE) --sample
	@$(BIN)/keshou --home $(SITE) tour

environment:
	@scripts/environment dev

test: environment  ## the whole suite, on SQLite and PostgreSQL
	@scripts/install-postgresql
	@scripts/install-softhsm
	@scripts/install-age
	@scripts/install-chromium
	$(BIN)/pytest -n $(JOBS) --dist worksteal $(TESTS)

check: format lint types contracts test  ## everything a change must pass; the suite has the docs checks in it

format: environment
	$(BIN)/ruff format --check .

lint: environment
	$(BIN)/ruff check .

types: environment
	$(BIN)/mypy

contracts: environment
	$(BIN)/lint-imports

docs: environment  ## links, examples and the tree of rooms
	$(BIN)/pytest tests/docs tests/architecture

pages: environment  ## redraw the tree of rooms in README.md and the lists in docs/index.md
	$(BIN)/python scripts/tree.py --write
	$(BIN)/python scripts/index.py --write
	$(BIN)/python scripts/cli.py --write
	$(BIN)/python scripts/api.py --write
	$(BIN)/python scripts/asvs.py --write

handbook: environment  ## build the docs as a site of files into .work/handbook, to be read without a server
	$(BIN)/python scripts/handbook

pictures: environment  ## take pictures of every page in both languages into .work/pictures, and renew those that docs show
	@scripts/install-chromium
	$(BIN)/python scripts/pictures.py --docs
	$(BIN)/python scripts/console_pictures.py --docs
	$(BIN)/python scripts/picture.py

bench: environment  ## how fast it is, against the targets
	@scripts/install-postgresql
	@mkdir -p .work
	$(BIN)/pytest -o python_files='bench_*.py' -o timeout=3600 bench -q --benchmark-json=.work/bench.json
	$(BIN)/python scripts/bench-table.py --write

soak: environment  ## many more random worlds, and many more crashes under load, than a check has time for
	@scripts/install-postgresql
	KESHOU_TEST_WORLDS=4000 KESHOU_CRASH_ROUNDS=60 KESHOU_CRASH_ACTS=20000 KESHOU_SOAK_MINUTES=10 KESHOU_LIVES=20 \
	KESHOU_SCHEMA_EXAMPLES=50 KESHOU_SERVER_ROUNDS=2000 \
	$(BIN)/pytest -n $(JOBS) -rP -o timeout=0 tests/gate/test_differential.py tests/stories/test_crash.py \
	tests/stories/test_life_of_users.py tests/stories/test_soak.py tests/stories/test_two_servers.py tests/web/test_api_schema.py

lock: environment  ## pin every requirement anew, by version and hash
	scripts/lock --upgrade

audit: environment  ## ask whether a flaw is known of any locked library; says so where nobody can be asked
	scripts/audit

clean:  ## remove what was made, except the site
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .benchmarks .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
