# One door for work. Every target starts from nothing: Debian/Ubuntu with python3 (>= 3.11) and make.
# The distribution's own Python before one that was built here: it is compiled with what it learnt from a run and takes a sixth less time.
PYTHON ?= $(shell for each in /usr/bin/python3 python3; do $$each -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$each; break; }; done)
BIN := .venv/bin
export UV_PYTHON_DOWNLOADS := never
export UV_NO_PROGRESS := 1
DEMO_PORT ?= 8000
DEMO_SERVE ?= 1

.PHONY: help demo demo-chain test nightly durations sure run bench plan docs notebooks lock stop clean browser format

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 10

# The lock says every version and hash, and no address: packages come from whatever index this machine is set to.
.venv/%: requirements/%.txt pyproject.toml
	@test -x $(BIN)/python || $(or $(PYTHON),python3) -m venv .venv
	@test -x $(BIN)/uv || $(BIN)/pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes $<
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q -j 0 src
	@rm -f .venv/demo .venv/dev && touch $@

# A full test environment also serves the demo.
.PHONY: ready
ready:
	@test -e .venv/dev -a .venv/dev -nt requirements/dev.txt || $(MAKE) --no-print-directory .venv/demo

demo: ready  ## everything from nothing to http://127.0.0.1:8000 with one-click sign-in (FRESH=1 rebuilds, DEMO_SERVE=0 builds and stops)
	@TONGXIN_DEMO=1 TONGXIN_HOME=var/demo $(BIN)/tongxin demo --port $(DEMO_PORT) $(if $(FRESH),--fresh) $(if $(filter 0,$(DEMO_SERVE)),--no-serve)

demo-chain: ready  ## a simulated chain of 60 stores that has lived for a year, built by the actions (FRESH=1, DEMO_SERVE=0 as above)
	@TONGXIN_DEMO=1 TONGXIN_HOME=var/demo-chain $(BIN)/tongxin demo --chain --port $(DEMO_PORT) $(if $(FRESH),--fresh) $(if $(filter 0,$(DEMO_SERVE)),--no-serve)

browser:
	@if [ -x /usr/bin/chromium ] && fc-list :lang=zh 2>/dev/null | grep -q .; then :; \
	elif [ "$$(id -u)" = 0 ]; then apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-noto-cjk fontconfig >/dev/null; \
	else echo "the browser tests need: sudo apt-get install chromium fonts-noto-cjk fontconfig"; exit 1; fi

# Rewriting the asserts of six hundred files takes each worker twenty seconds and is read only where one fails: those run again.
# Bandit takes one core for ten seconds: it reads beside the tests, which wait for a database at their start, and is heard at the end.
test: .venv/dev browser  ## the whole suite, random order, network off, on the embedded PostgreSQL
	@mkdir -p var
	@$(BIN)/python -m compileall -q tests & compiling=$$!; $(BIN)/ruff check --quiet . && \
	{ $(BIN)/lint-imports --config importlinter.ini >var/imports.txt || { cat var/imports.txt; exit 1; }; } && wait $$compiling
	@$(BIN)/bandit -q -c pyproject.toml -r src -ll >var/bandit.txt 2>&1 & reading=$$!; \
	$(BIN)/pytest -n 2 --dist loadfile --assert=plain -m "not nightly" --junitxml=var/suite.xml; tested=$$?; \
	wait $$reading; read=$$?; [ $$read = 0 ] || cat var/bandit.txt; \
	[ $$tested = 0 ] || $(BIN)/pytest --last-failed -n 2 --dist loadfile -m "not nightly"; \
	exit $$((tested + read))

nightly: .venv/dev browser  ## the long proofs whose small versions or samples are part of make test
	@TONGXIN_WHOLE=1 TONGXIN_EVERY_DOOR=1 TONGXIN_EXAMPLES=25 $(BIN)/pytest -n 2 --dist loadfile -m "nightly or sampled"

durations: .venv/dev  ## which test files take long, from the last whole run (tests/project/durations.txt)
	@$(BIN)/python tests/project/durations.py var/suite.xml

sure: .venv/dev  ## format, lint, types, import plan, the core of the tests
	@$(BIN)/ruff format --quiet . && $(BIN)/ruff check .
	@$(BIN)/mypy src/tongxin
	@$(BIN)/bandit -q -c pyproject.toml -r src -ll
	@$(BIN)/lint-imports --config importlinter.ini
	@$(BIN)/pytest -n 2 --dist loadfile -m core

run: ready  ## development server on your own data in var/
	@$(BIN)/tongxin serve

bench: .venv/dev  ## benchmarks with figures, written into docs/benchmarks.md
	@$(BIN)/python bench/run.py

plan: .venv/dev  ## longest files, imports, room inventory
	@$(BIN)/python bench/plan.py

docs: .venv/dev  ## rebuild the pages that come from the code (glossary, OpenAPI, command line)
	@$(BIN)/python docs/build.py

lock: .venv/dev  ## write the lock files again
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --extra web --extra demo --group dev pyproject.toml -o requirements/dev.txt
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 -c requirements/dev.txt --extra web --extra demo --group build pyproject.toml -o requirements/demo.txt
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 -c requirements/dev.txt pyproject.toml -o requirements/base.txt
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 -c requirements/dev.txt --extra demo --group build --group notebooks pyproject.toml -o requirements/notebooks.txt

notebooks: .venv/dev  ## execute the example notebooks of docs/notebooks in an environment of their own
	@test -x var/notebooks/bin/python || $(PYTHON) -m venv var/notebooks
	@$(BIN)/uv pip sync --quiet --python var/notebooks/bin/python --require-hashes requirements/notebooks.txt
	@$(BIN)/uv pip install --quiet --python var/notebooks/bin/python --no-deps --no-build-isolation --editable .
	@var/notebooks/bin/python docs/notebooks/run.py

stop:  ## stop the embedded databases of this folder
	@$(BIN)/python -c "from pathlib import Path; from tongxin.foundation import embedded; [embedded.stop(h) for h in map(Path, ('var', 'var/demo', 'var/demo-chain', 'var/test')) if h.exists()]"
