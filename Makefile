# One command each; `make help` lists them. Needs python3 (3.11 or newer) and make, nothing else.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
UV := 0.13.9

.DEFAULT_GOAL := help
.PHONY: help run test check format docs lock smoke prove bench

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 18

run: .venv/.base-synced ## start everything; Ctrl-C stops all
	@LICET_STOPS_WITH_PARENT=1 exec $(BIN)/python manage.py up

test: .venv/.dev-synced .venv/.bench-synced ## run all tests, the long proofs at a twentieth of their size
	@.ci/install_tools.sh
	$(BIN)/pytest -n 2

check: .venv/.dev-synced ## style, types, layers, templates, migrations
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/djlint templates --check --lint --quiet
	@# It looks for a running database to compare with, and needs none.
	$(BIN)/python -W "ignore:Got an error checking:RuntimeWarning" manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py check

format: .venv/.dev-synced ## write code and templates in the house style
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/djlint templates --reformat --quiet

docs: .venv/.dev-synced ## write what docs/ has from the code: both OpenAPI documents, the matrix of roles
	$(BIN)/python manage.py openapi docs/openapi.json
	$(BIN)/python manage.py role_matrix docs/roles.md
	$(BIN)/python -m verify.service.openapi docs/openapi-verify.json

smoke: ## clone, run, verify a key, revoke it, stop: what a newcomer does, timed
	@$(PYTHON) -m tests.running.smoke

prove: .venv/.dev-synced ## the long proofs at full size; writes docs/proofs.md
	@.ci/install_tools.sh
	PROVE_SCALE=$${PROVE_SCALE:-1} PROVE_REPORT=docs/proofs.md $(BIN)/pytest -m prove -p no:randomly

bench: .venv/.dev-synced .venv/.bench-synced ## how fast it is beside others; writes docs/performance.md (long: a million keys are among it)
	@.ci/install_tools.sh
	$(BIN)/python -m benchmarks docs/performance.md

lock: .venv/.uv ## resolve requirements/*.in anew, for every platform, with hashes
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links requirements/base.in -o requirements/base.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links requirements/dev.in -o requirements/dev.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links requirements/bench.in -o requirements/bench.txt

# The stamps say which lock was installed last. dev.txt contains base.txt, so what has been synced to dev.txt since
# base.txt last changed needs nothing for `run`.
.venv/.base-synced: requirements/base.txt | .venv/.uv
	@if [ .venv/.dev-synced -nt requirements/base.txt ]; then :; else \
	  echo "Installing dependencies (the first time takes about 20 s) …" && \
	  $(BIN)/uv pip sync --quiet --python $(BIN)/python requirements/base.txt && rm -f .venv/.dev-synced; fi
	@touch $@

.venv/.dev-synced: requirements/base.txt requirements/dev.txt | .venv/.uv
	@echo "Installing dependencies and test tools (the first time takes about 30 s) …"
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python requirements/dev.txt
	@touch .venv/.base-synced $@

# Beside the product, not in it: only what benchmarks compare with is started with this folder.
.venv/.bench-synced: requirements/bench.txt | .venv/.uv
	@$(BIN)/uv pip install --quiet --no-deps --python $(BIN)/python --target .venv/bench -r requirements/bench.txt
	@touch $@

.venv/.uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Licet needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Making .venv …"
	@$(PYTHON) -m venv .venv || { echo "Python's venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV)
	@touch $@
