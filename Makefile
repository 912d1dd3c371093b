PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
EXTRAS := demo,lightgbm,link,pandas,picture,polars,postgres

.PHONY: help demo test lint prove bench coverage clean

help:
	@echo "make demo   set up, then run examples/flights on all 336,776 departures"
	@echo "make test   set up, then lint, check types and run the tests"
	@echo "make lint   ruff and mypy alone"
	@echo "make prove  the long form of the proofs (20 to 30 minutes)"
	@echo "make bench  the measurements beside peers"
	@echo "make coverage  how often intervals of worth hold the truth, in 500 simulated runs (10 minutes)"
	@echo "make clean  remove what the targets made"

demo: $(VENV)/demo
	$(RUN)/balun -C examples/flights check
	$(RUN)/balun -C examples/flights run
	$(RUN)/balun -C examples/flights status
	$(RUN)/balun -C examples/flights map

test: lint
	OMP_NUM_THREADS=1 $(RUN)/pytest -n 2 --dist loadgroup -m "not long"

lint: $(VENV)/test
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy

prove: $(VENV)/test
	OMP_NUM_THREADS=1 $(RUN)/pytest -n 2 --dist loadgroup -m long

bench: $(VENV)/test
	$(RUN)/python bench/demo.py
	$(RUN)/python bench/drift.py
	$(RUN)/python bench/joins.py
	$(RUN)/python bench/linking.py
	$(RUN)/python bench/mending.py
	$(RUN)/python bench/minimize.py
	$(RUN)/python bench/point_in_time.py
	$(RUN)/python bench/prove.py
	$(RUN)/python bench/thousand.py
	$(RUN)/python bench/tpc.py
	$(RUN)/python bench/validation.py
	$(RUN)/python bench/worth.py

coverage: $(VENV)/test
	OMP_NUM_THREADS=1 $(RUN)/python bench/coverage.py

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis examples/*/.balun

$(VENV)/pip:
	$(PYTHON) -m venv $(VENV)
	$(RUN)/pip install --quiet --upgrade "pip>=25.1"
	touch $@

$(VENV)/demo: pyproject.toml | $(VENV)/pip
	$(RUN)/pip install --quiet -e ".[demo,picture]"
	touch $@

$(VENV)/test: pyproject.toml | $(VENV)/pip
	$(RUN)/pip install --quiet -e ".[$(EXTRAS)]" --group test
	touch $@
