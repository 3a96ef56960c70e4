# These commands do all their own set-up:
#   make study   environment, installation, the Li9N2Cl3 study, its headline table and report
#   make paper   simulates every measurement of a paper and evaluates them in one study (some twenty minutes)
#   make reference  the long run behind σ(300 K) of the study (ten hours of a core)
#   make docs    the documentation as a site that opens offline
#   make test    the same with the test dependencies and every extra but mp, then the whole suite
# Also: make bench (ratios against peers), make lint, make dist (wheel and sdist), make clean,
# make corpus CIFS=folder (every CIF in it, read by both rooms).

PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13; do \
  $$p -c 'import sys; sys.exit(not (3,11) <= sys.version_info[:2] <= (3,13))' 2>/dev/null && { echo $$p; break; }; done)
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
STUDY ?= examples/li9n2cl3

.PHONY: study reference paper test bench lint fuzz storm mutants reliability slurm-test dist corpus validators clean docs pictures dist-test

study: $(VENV)/.base
	$(BIN)/electrolith run $(STUDY)

# Every measurement of a paper, simulated with its numbers as truth, in one study; then held against the truth.
paper: $(VENV)/.test
	$(BIN)/electrolith synthetic examples/paper
	$(BIN)/electrolith run examples/paper
	$(BIN)/electrolith synthetic examples/paper --check

# The long run that the headline of the study prefers to its own: hours; stopped, the same command goes on.
reference: $(VENV)/.base
	$(BIN)/electrolith run examples/li9n2cl3/reference
	cp examples/li9n2cl3/reference/results.json examples/li9n2cl3/reference.json

test: $(VENV)/.test validators
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/pytest -q -n 2 --dist loadfile

# Repeats of real runs take from twenty minutes to hours and are started by hand.
bench: $(VENV)/.bench
	@for file in $(filter-out benchmarks/motion_replicas.py benchmarks/sigma_repeats.py,$(sort $(wildcard benchmarks/*.py))); do \
	  echo "== $$file"; OMP_NUM_THREADS=1 $(BIN)/python $$file || exit 1; done

# What is tried beyond the tests, each resumable: SECONDS of damaged files for every reader, KILLS of a running
# study, MUTANTS of the physics. `make reliability` writes docs/reliability.md from what they found.
SECONDS ?= 3600
KILLS ?= 100
MUTANTS ?= 400
fuzz: $(VENV)/.test
	$(BIN)/python tools/reliability/fuzz.py --seconds $(SECONDS)

storm: $(VENV)/.test
	$(BIN)/python tools/reliability/storm.py --kills $(KILLS)

# Chunks under a SLURM of this machine alone (Debian: slurm-wlm, munge), then CLUSTER_KILLS random kills of drivers,
# jobs and daemons; the figures go to docs/cluster.md.
CLUSTER_KILLS ?= 60
slurm-test: $(VENV)/.test
	ELECTROLITH_SLURM=1 $(BIN)/pytest -q -p no:randomly tests/slurm
	$(BIN)/python tools/slurm/storm.py --kills $(CLUSTER_KILLS)

mutants: $(VENV)/.test
	$(BIN)/python tools/reliability/mutants.py --most $(MUTANTS)

reliability: $(VENV)/.test
	$(BIN)/python tools/reliability/page.py

lint: $(VENV)/.test
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/mypy

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed: set PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -c constraints.txt -e '.[md]'
	@touch $@

$(VENV)/.test: $(VENV)/.base tools/gpaw_siteconfig.py
	$(PIP) -c constraints.txt -e '.[test,all,parsl,pdffit,pybamm]'
	@# GPAW is compiled here; where that fails the tests that need it say so and are skipped.
	GPAW_CONFIG=$(CURDIR)/tools/gpaw_siteconfig.py $(PIP) -c constraints.txt -e '.[dft]' \
	  || echo "GPAW could not be built (a C compiler is needed): its tests will be skipped"
	@touch $@

# Programs that are not ours and judge what is exported: RO-Crate, Battery Data Format, OPTIMADE.
validators: .validators/.done

.validators/.done: tests/validators/requirements.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed: set PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv .validators
	.validators/bin/python -m pip install --quiet --disable-pip-version-check -r $< \
	  && touch $@ || echo "the validators of exports could not be installed: their tests will be skipped"

$(VENV)/.bench: $(VENV)/.test
	$(PIP) -c constraints.txt -e '.[bench]'
	@touch $@

# The documentation as a site that opens from its folder: site/index.html. Notebooks are run again where they or the
# package changed.
docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet
	@echo "site/index.html"

# The three pictures of README, from the notebooks.
pictures: $(VENV)/.docs
	$(BIN)/python tools/docs/tutorials.py --pictures docs/figures

$(VENV)/.docs: $(VENV)/.base
	$(PIP) -c constraints.txt -e '.[docs]'
	@touch $@

# Wheel and source archive in dist/.
dist: $(VENV)/.base
	$(PIP) -c constraints.txt hatchling
	$(BIN)/python -m hatchling build

# The wheel in an empty environment of every Python that is here.
dist-test: $(VENV)/.test
	ELECTROLITH_EVERY_PYTHON=1 $(BIN)/pytest -q -p no:randomly tests/test_packaging.py

# Which CIFs of a folder are refused, contradict themselves, or are read differently by two rooms.
corpus: $(VENV)/.base
	$(BIN)/python tools/corpus.py $(CIFS)

clean:
	rm -rf $(VENV) .validators
