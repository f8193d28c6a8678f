# Each target makes and uses its own virtual environment, so that a fresh clone needs only Python, make and git.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
WORKERS ?= 2

.PHONY: demo test check coverage bench reference workbooks notebooks generated pictures contact-sheet hardening soak dist pins audit-dependencies lint test-lowest test-installs test-windows test-openxml clean

# The demo needs the core and the command only; the tests need everything.
$(VENV)/demo.stamp: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/dev.stamp: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[dev]"
	@touch $@ $(VENV)/demo.stamp

demo: $(VENV)/demo.stamp
	$(BIN)/csmetrics demo

test: lint
	@sh tests/programs.sh
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --durations=20

# Before each commit, in about a minute: lint, types, and the tests of what changed against main that are not slow.
check: lint
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m "not slow and not host" $$($(BIN)/python -m tests.changed)

# Which lines of the core no test reaches; it takes half as long again.
coverage: $(VENV)/dev.stamp
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --cov --cov-report=term:skip-covered

bench: $(VENV)/dev.stamp
	$(BIN)/python -m tests.benchmarks $(ARGS)

reference: $(VENV)/dev.stamp
	$(BIN)/python -m csmetrics_core.declaration.reference

# The README's pictures, from the real things; LibreOffice draws the templates.
pictures: $(VENV)/dev.stamp
	$(BIN)/python -m tests.pictures

# Every page of every template and of the board pack, in colour and in grey, into contact-sheet/.
contact-sheet: $(VENV)/dev.stamp
	$(BIN)/python -m tests.pictures --all

workbooks: $(VENV)/dev.stamp
	$(BIN)/python -m csmetrics_workbooks workbooks

# The notebooks with what their cells show kept in them.
notebooks: $(VENV)/dev.stamp
	$(BIN)/python -m tests.stories

# All that commands write and the repository keeps.
generated: reference workbooks notebooks

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The quick tests with exactly the lowest version of everything pyproject.toml names: some minutes.
test-lowest:
	$(PYTHON) -m tests.lowest

# The wheel in a bare environment for each extra, newest and lowest, by each Python there is: many minutes.
test-installs: $(VENV)/dev.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check hatchling
	$(BIN)/python -m tests.installs $(ARGS)

# Excel's own road to our functions and the bundle for Windows, under Wine: some minutes and 2 GB.
test-windows: $(VENV)/dev.stamp
	bash tests/hosts/windows.sh

# Microsoft's own validator of the file format: which XML it takes, not which formulas. Some 150 MB, fetched once.
test-openxml: $(VENV)/dev.stamp
	bash tests/hosts/openxml.sh

# Every attack and fault of tests/hardening, and the page that tells what held: some minutes.
hardening: $(VENV)/dev.stamp
	$(BIN)/python -m pytest tests/hardening --write-hardening

# All of what lasts: threads, calls, dashboards, clicks, kills, ten minutes of spoilt files; half an hour.
soak: $(VENV)/dev.stamp
	$(BIN)/python -m pytest -n $(WORKERS) tests/hardening/test_soak.py tests/hardening/test_fuzz.py --soak

# Everything a release page holds, into dist/, made twice to see that the bytes are the same: some minutes.
dist: $(VENV)/dev.stamp audit-dependencies
	$(BIN)/python -m pip install --quiet --disable-pip-version-check hatchling
	$(BIN)/python -m tests.release

# The newest versions of what the zip for Windows holds, and their hashes; then make test-windows.
pins: $(VENV)/dev.stamp
	$(BIN)/python -m tests.pins

# Known faults, licences and a CycloneDX list of what is installed with csmetrics; its two tools are used here only.
audit-dependencies: $(VENV)/dev.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check pip-audit cyclonedx-bom packaging
	$(BIN)/python -m tests.supply

clean:
	rm -rf $(VENV) build dist csmetrics-demo .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
