# Everything runs through .venv, which is made again when pyproject.toml or constraints.txt changed.
#
#   make run [DIR=path] [MODEL=name]   open the full-screen app on a folder
#   make test · make lint · make bench
#
#   TORCH=system    use the torch that is already there (clusters with modules)
#   PIP_ARGS="…"    passed to pip: another index, a folder of wheels, a CPU-only or older-CUDA torch
#   PYTHON=python3.12

PYTHON   ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
              $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV     := .venv
# Once made with the system's torch, it stays so until said otherwise (or make clean).
TORCH    ?= $(if $(wildcard $(VENV)/installed-system),system,pinned)
PIP_ARGS ?=
DIR      ?= .
MODEL    ?=
BIN      := $(VENV)/bin
STAMP    := $(VENV)/installed-$(TORCH)

.PHONY: run venv test lint format bench clean

run: venv
	@$(BIN)/docstra-tui "$(DIR)" $(if $(MODEL),--model "$(MODEL)")

venv: $(STAMP)

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

# What is independent runs side by side; what watches a terminal or runs a real model has the machine to itself.
test: venv
	$(BIN)/python -m pytest -n 3 --dist worksteal -m "not alone"
	$(BIN)/python -m pytest -m alone

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python tools/sizes.py

format: venv
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: venv
	@for name in start load first_token decode tree; do echo "== $$name"; $(BIN)/python -m benchmarks.$$name || exit 1; done

clean:
	rm -rf $(VENV) build dist
