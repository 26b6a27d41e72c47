# Everything runs through .venv, which is made again when pyproject.toml or constraints.txt changed.

#   TORCH=system    use the torch that is already there (clusters with modules)
#   PIP_ARGS="…"    passed to pip: another index, a folder of wheels, a CPU-only or older-CUDA torch
#   PYTHON=python3.12

PYTHON   ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
              $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV     := .venv
NEWEST   := .venv-newest
# Once made with the system's torch, it stays so until said otherwise (or make clean).
TORCH    ?= $(if $(wildcard $(VENV)/installed-system),system,pinned)
PIP_ARGS ?=
DIR      ?= .
MODEL    ?=
BIN      := $(VENV)/bin
STAMP    := $(VENV)/installed-$(TORCH)

.PHONY: help run venv test test-newest lint format docs docs-site pictures bench clean
.DEFAULT_GOAL := run

help: ## what there is
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22
	@echo
	@sed -n 's/^#   \(.*\)/  \1/p' $(MAKEFILE_LIST)

run: venv ## open the full-screen app: DIR=path MODEL=name
	@$(BIN)/docstra-tui "$(DIR)" $(if $(MODEL),--model "$(MODEL)")

venv: $(STAMP) ## set everything up

$(VENV)/installed-pinned: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed; name it: make PYTHON=/path/to/python3.12"; exit 2; }
	@test ! -e $(VENV)/installed-system || rm -rf $(VENV)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check $(PIP_ARGS) -c constraints.txt -e ".[dev]"
	@touch $@

$(VENV)/installed-system: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed; name it: make PYTHON=/path/to/python3.12"; exit 2; }
	@test ! -e $(VENV)/installed-pinned || rm -rf $(VENV)
	@test -x $(BIN)/python || $(PYTHON) -m venv --system-site-packages $(VENV)
	@$(BIN)/python tools/system_torch.py constraints.txt $(VENV)/constraints.txt || { rm -rf $(VENV); exit 1; }
	$(BIN)/python -m pip install --disable-pip-version-check $(PIP_ARGS) -c $(VENV)/constraints.txt -e ".[dev]"
	@touch $@

# What is independent runs side by side; whose time is measured and what runs a real model has the machine to itself.
test: venv ## all tests
	$(BIN)/python -m pytest -n 3 --dist worksteal -m "not alone"
	$(BIN)/python -m pytest -m alone

# Not the versions of constraints.txt, which are raised when this passes; in a .venv of its own, which stays.
test-newest: ## all tests with the newest versions that pyproject.toml allows
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed; name it: make PYTHON=/path/to/python3.12"; exit 2; }
	@test -x $(NEWEST)/bin/python || $(PYTHON) -m venv $(NEWEST)
	$(NEWEST)/bin/python -m pip install --disable-pip-version-check --upgrade --upgrade-strategy eager \
		$(PIP_ARGS) -e ".[dev]"
	@$(NEWEST)/bin/python -m pip list --disable-pip-version-check --format=freeze | grep -E "^(torch|transformers)="
	$(NEWEST)/bin/python -m pytest -n 3 --dist worksteal -m "not alone"
	$(NEWEST)/bin/python -m pytest -m alone

lint: venv ## style, types, walls between layers, sizes, and pages that are made from the program
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python tools/sizes.py
	$(BIN)/python tools/pages.py --check

format: venv ## what ruff can mend
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

pictures: venv ## draw the pictures of the README and of docs/
	$(BIN)/python -m tools.pictures

bench: venv ## measure: start, load, first token, decode, tree
	@for name in start load first_token decode tree; do echo "== $$name"; $(BIN)/python -m benchmarks.$$name || exit 1; done

clean: ## remove .venv and what was built
	rm -rf $(VENV) $(NEWEST) build dist
