# Few verbs. `make demo` and `make test` each work as the first command on a fresh machine.
#   make demo        the turkey story, in two processes and on two workers
#   make test        the test suite on one Python, its short form (ARGS="-k cells" goes to pytest, ARGS=--fresh
#                    makes it the full form but for what is marked stress, WORKERS=0 needs no pytest-xdist)
#   make test-faults the tests that repeat much, properties on examples that are new each time, and the faults of the
#                    tasks TIMES in a row (20)
#   make check       ruff, mypy strict, the architecture test
#   make test-all    the test suite on every Python that can be had (ARGS="--skip 3.13")
#   make peers       CPython's own tests of pickle, whose failures are held to a list (ARGS="--serializer cloudpickle")
#   make coverage    the suite under coverage; writes docs/coverage.md
#   make mutants     how many faults the short form of the suite catches (ARGS="--count 100 --seed 1")
#   make libraries   nothing is taken for a patch in the fifty most used libraries, and real patches are found; objects
#                    of a hundred libraries arrive (installs them into an environment of their own)
#   make engines     what runs on and inside of other frameworks: Dask, Ray, MPI, joblib, ... (installs them)
#   make engines-spark  what runs inside of PySpark, which is large and wants Java
#   make portable-matrix  what each Python dumps, loaded and used on each other (ARGS="--only enums -v")
#   make bench       every benchmark; make bench-quick: a smoke run of them
#   make bench-tasks the tasks against other runtimes; writes docs/benchmarks-tasks.md
#   make clean       away with .venv and caches
# PYTHON=/path/to/python chooses the Python of a new .venv; any from 3.11 on will do.

PYTHON ?= python3.13 python3.12 python3.11 python3.14 python3.15 python3 python \
          $(wildcard $(HOME)/.pyenv/versions/*/bin/python3)
ARGS ?=
PY := .venv/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet

.PHONY: demo test test-faults check test-all peers coverage mutants libraries portable-matrix engines engines-spark \
        bench bench-quick bench-tasks clean
.NOTPARALLEL: # two pips at a time would trip over each other in one .venv

demo: .venv/.package
	$(PY) examples/turkey.py

WORKERS ?= 2
test: .venv/.test .venv/.foreign
	$(PY) -m pytest -q -n $(WORKERS) -m "not stress" $(ARGS)

TIMES ?= 20
test-faults: .venv/.test .venv/.foreign
	$(PY) -m pytest -q -m stress $(ARGS)
	$(PY) -m pytest -q -n $(WORKERS) --fresh --search tests/properties tests/fingerprint $(ARGS)
	for n in $$(seq $(TIMES)); do echo "$$n of $(TIMES)"; $(PY) -m pytest -q -m "not stress" tests/tasks/test_faults.py $(ARGS) || exit 1; done

check: .venv/.lint .venv/.test
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	$(PY) -m pytest -q tests/test_architecture.py

test-all: $(PY)
	$(PY) ci/pythons.py test $(ARGS)

peers: .venv/.test
	$(PY) ci/pickletester.py $(ARGS)

libraries: .venv-libraries/.libraries
	.venv-libraries/bin/python -m pytest -q -n $(WORKERS) -m "" tests/patches/test_libraries.py \
	    tests/api/test_like_pickle.py tests/libraries $(ARGS)

engines: .venv/.test .venv/.foreign .venv/.engines .venv/.mpi
	$(PY) -m pytest -q tests/integrations tests/engines $(ARGS)

engines-spark: .venv/.test .venv/.spark
	$(PY) -m pytest -q tests/integrations -k spark $(ARGS)

coverage: .venv/.test .venv/.foreign .venv/.coverage
	$(PY) ci/measure_coverage.py $(ARGS)

mutants: .venv/.test .venv/.foreign .venv/.coverage
	$(PY) ci/mutants.py record
	$(PY) ci/mutants.py run $(ARGS)

portable-matrix: $(PY)
	$(PY) ci/portable.py $(ARGS)

bench: .venv/.bench
	$(PY) -m benchmarks $(ARGS)
	$(PY) -m benchmarks.portable

bench-quick: .venv/.bench
	$(PY) -m benchmarks --quick $(ARGS)
	$(PY) -m benchmarks.portable --quick

bench-tasks: .venv/.bench-tasks
	$(PY) -m benchmarks.tasks $(ARGS)

clean:
	rm -rf .venv .venv-libraries build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The first candidate that runs, is new enough and can make environments. (A name on PATH may be a pyenv
# shim that leads nowhere, and Debian's python3 lacks ensurepip unless python3-venv is installed.)
$(PY):
	@for python in $(PYTHON); do \
	    "$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	    echo "making .venv with $$python ($$("$$python" -V))"; \
	    "$$python" -m venv --clear .venv && exit; \
	done; \
	echo "No Python >= 3.11 with venv and ensurepip found; name one: make PYTHON=/path/to/python ..." >&2; \
	exit 1

# A stamp for each thing installed: again only when pyproject.toml has changed. Dependency groups need pip 25.1.
.venv/.package: pyproject.toml | $(PY)
	$(PIP) install --upgrade 'pip>=25.1'
	$(PIP) install --editable .
	@touch $@

.venv/.test .venv/.coverage .venv/.lint .venv/.bench .venv/.bench-tasks .venv/.spark: .venv/.%: pyproject.toml .venv/.package
	$(PIP) install --group $*
	@touch $@

.venv/.foreign: pyproject.toml ci/foreign.py .venv/.package
	$(PY) ci/foreign.py install --quiet
	@touch $@

.venv/.engines: pyproject.toml ci/foreign.py .venv/.package
	$(PY) ci/foreign.py --group=engines install --quiet
	@touch $@

# A hundred libraries would change what the other tests find installed.
.venv-libraries/.libraries: pyproject.toml ci/foreign.py | $(PY)
	$(PY) -m venv --clear .venv-libraries
	.venv-libraries/bin/python -m pip --disable-pip-version-check --quiet install --upgrade 'pip>=25.1'
	.venv-libraries/bin/python -m pip --disable-pip-version-check --quiet install --editable . --group test
	.venv-libraries/bin/python ci/foreign.py --group=libraries install --quiet
	@touch $@

# MPI is no Python package: mpi4py finds the one of the system. Without it, its tests skip themselves. apt-get gets
# five minutes (it may wait for a lock, or for a mirror), and asks nobody anything.
.venv/.mpi: | $(PY)
	@command -v mpiexec >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	    export DEBIAN_FRONTEND=noninteractive && timeout 100 apt-get -qq update && \
	    timeout 200 apt-get -qq install -y openmpi-bin libopenmpi-dev </dev/null >/dev/null; } || \
	    echo "no mpiexec: install Open MPI or MPICH, or what concerns MPI is skipped" >&2
	@touch $@
