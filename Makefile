# `make run` and `make test` do all their own set-up in .venv; everything else is Snakemake.
PYTHON ?= python3
CORES ?= $(shell getconf _NPROCESSORS_ONLN)
BIN := .venv/bin
STAMP := .venv/.installed
OUTCOMES := $(CURDIR)/results/.reliability

test reliability: export QMU_RELIABILITY = $(OUTCOMES)

.PHONY: run audit noisy check test reliability mutants lint bench profile-resources lock clean

# Run the default experiment and say where the report is.
run: $(STAMP)
	PATH="$(CURDIR)/$(BIN):$$PATH" snakemake --cores $(CORES)

# The full audit: more shadow models, every attack, every measure of unlearning quality.
audit: $(STAMP)
	PATH="$(CURDIR)/$(BIN):$$PATH" snakemake --cores $(CORES) --configfile experiments/audit.yaml

# Noise, shots and a quantum computer: the same models on noisy devices and a fake IBM backend.
noisy: $(STAMP)
	PATH="$(CURDIR)/$(BIN):$$PATH" snakemake --cores $(CORES) --configfile experiments/noisy.yaml

# For daily work: lint, and the tests that take little.
FAST := circuits config data forget metrics models plan report sizing steps tables unlearning
check: lint
	$(BIN)/python -m pytest -q -n 2 --dist worksteal tests/contracts/test_layers.py \
		$(FAST:%=tests/unit/%) -m "not slow"

# All tests, with the same set-up. Those of the workflow share one run of the pipeline, which uses the
# cores by itself, so they are not split between workers; those on a cluster mostly wait, so they run
# beside them. The last command compares the README's reliability table with what the others found.
test: $(STAMP)
	rm -rf "$(OUTCOMES)"
	$(BIN)/python -m pytest -n 2 --dist worksteal tests/ibm tests/unit tests/contracts tests/fuzz tests/security \
		tests/mutation
	$(call beside,tests/workflow)
	$(BIN)/python -m pytest -n 2 --dist worksteal tests/faults
	$(BIN)/python -m pytest tests/reliability

# Faults on purpose (kills, damaged files, a full disk), and their table in the README.
reliability: $(STAMP)
	rm -rf "$(OUTCOMES)"
	$(call beside,-n 2 tests/faults tests/ibm)
	$(BIN)/python tests/reliability/table.py README.md

# Some tests, and beside them those on a cluster, whose output follows at the end.
define beside
	mkdir -p "$(OUTCOMES)"; \
	$(BIN)/python -m pytest tests/cluster > "$(OUTCOMES)/cluster.log" 2>&1 & cluster=$$!; \
	$(BIN)/python -m pytest $(1); status=$$?; \
	wait $$cluster || status=1; cat "$(OUTCOMES)/cluster.log"; exit $$status
endef

# A sample of small faults in what decides over conclusions: does a test notice each? The table of
# docs/mutants.md follows. About a minute per fault.
FAULTS ?= 50
mutants: $(STAMP)
	nice -n 15 $(BIN)/python tests/mutation/plant.py --sample $(FAULTS) --page docs/mutants.md

# Formatting and linting of Python and Snakemake files.
lint: $(STAMP)
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow/rules
	PATH="$(CURDIR)/$(BIN):$$PATH" snakemake --lint

# Timings of the engine against other ways to do the same, as ratios within one run.
bench: $(STAMP)
	$(BIN)/python -m pip install --quiet --no-deps -r requirements/bench.txt
	$(BIN)/python tests/benchmarks/bench.py

# What the jobs of a finished run took, beside what the rules ask for, and how it would scale.
RUN ?= results/audit
profile-resources: $(STAMP)
	$(BIN)/python -m qmu.sizing $(RUN) --page docs/scaling.md

# Resolve the pinned, hashed dependencies anew from pyproject.toml.
lock:
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/pip install --quiet pip-tools
	.venv-lock/bin/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header \
		--extra dev --extra ibm -o requirements/lock.txt pyproject.toml
	rm -rf .venv-lock

$(STAMP): requirements/lock.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/lock.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

clean:
	rm -rf .venv .snakemake
