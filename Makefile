# fraud: build, run and test. `make help` lists the targets.
# Everything needed is installed by `make deps`: Debian packages by apt, Python packages into .deps/ by pip.

SHELL := /bin/bash
ROOT := $(CURDIR)
DEPS := $(ROOT)/.deps
PYTHON ?= python3
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
BUILD := swift build -c release
BIN = $(shell $(BUILD) --show-bin-path)/fraud

DEBIAN := libopenblas-dev liblapacke-dev libsimdjson-dev libmaxminddb-dev libre2-dev libzstd-dev zlib1g-dev libisal-dev \
          libpython$(shell $(or $(PYTHON),python3) -c "import sys; print('%d.%d' % sys.version_info[:2])") postgresql-15 postgresql-15-hll chromium
PIP := duckdb==2.0.0 crawler-user-agents==1.67.0 numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 pandas==3.1.1 pyarrow==26.0.1 \
       statsmodels==0.15.0 matplotlib==3.11.2 nbconvert==7.17.2 nbclient==0.11.0 ipykernel==7.4.0 plotly==7.1.0 \
       onnx==1.23.2 onnxruntime==1.31.1
# Only what `make bench-callgrind` counts with, and what `make bench-model` compares with; the needs of the latter are among PIP.
BENCH_DEBIAN := valgrind
BENCH_PIP := lightgbm==4.7.0 interpret-core==0.7.8

# Installs those of the Debian packages that are missing.
install = missing=$$(for p in $(1); do dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'install ok installed' || echo $$p; done); \
	if [ -n "$$missing" ]; then \
	  echo "deps: installing Debian packages:" $$missing; \
	  $(SUDO) apt-get update -qq && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	else echo "deps: Debian packages are there"; fi

.DEFAULT_GOAL := help
.PHONY: help deps bench-deps build run notebook test bench bench-callgrind bench-memory bench-duckdb bench-model bench-quality bench-report bench-stream bench-train champion torture clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

deps: $(DEPS)/ready ## install what the project needs (Debian packages, and Python packages into .deps/)

$(DEPS)/ready: Makefile
	@$(call install,$(DEBIAN))
	@echo "deps: installing into .deps/python: $(PIP)"
	@mkdir -p $(DEPS)/lists && $(PYTHON) -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --upgrade --target $(DEPS)/python $(PIP) 2> >(grep -vE 'dependency resolver|requires .* incompatible' >&2)
	@cp $(DEPS)/python/crawleruseragents/crawler-user-agents.json $(DEPS)/lists/
	@mkdir -p $(DEPS)/report && gzip -9 -n -c $(DEPS)/python/plotly/package_data/plotly.min.js > $(DEPS)/report/plotly.min.js.gz
	@touch $@

build: deps ## build the release binary
	$(BUILD) --product fraud

run: build ## score the sample in training-data/ and show what came out
	@mkdir -p .build/run && rm -rf .build/run/sample.duckdb*
	$(BIN) score training-data/sample.ndjson.gz --db .build/run/sample.duckdb --lists training-data

notebook: build ## export the sample, run the notebook on it: notebooks-export/fraud.html
	$(BIN) export training-data/sample.ndjson.gz --lists training-data --out notebooks-export
	cd notebooks-export && PYTHONPATH=$(DEPS)/python JUPYTER_PATH=$(DEPS)/python/share/jupyter \
	  $(PYTHON) -m nbconvert --to html --execute --KernelManager.transport=ipc fraud.ipynb

test: deps ## build and pass every test
	swift build -c release --build-tests
	swift test -c release --skip-build

# Clicks of the benchmarks; their files are made once, 1.5 GB a million in all formats.
CLICKS ?= 1000000
BENCH := $(ROOT)/.build/bench
BENCH_BIN = $(shell $(BUILD) --show-bin-path)/fraud-bench
BENCH_INPUTS = PYTHONPATH=$(DEPS)/python $(PYTHON) Tests/Benchmarks/Python/bench_inputs.py $(BIN) $(BENCH)

bench: build ## the time of every stage and of whole jobs, one inline score, start, snapshots (CLICKS=1000000)
	$(BUILD) --product fraud-bench
	"$(BENCH_BIN)" all "$$($(BENCH_INPUTS) $(CLICKS) gzip csv combined)" $(BENCH)/instructions.txt $(BIN)

bench-callgrind: build bench-deps ## instructions of every stage and of the dearest functions, for the column of bench
	$(BUILD) --product fraud-bench
	$(PYTHON) Tests/Benchmarks/Python/count_instructions.py "$(BENCH_BIN)" "$$($(BENCH_INPUTS) 20000)" $(BENCH)

bench-memory: build ## bytes of every table with a million visitors, and speed by the number of live keys
	$(BUILD) --product fraud-bench
	"$(BENCH_BIN)" memory

bench-stream: build ## state, memory and time of a stream of a billion clicks, rows not kept (STREAM=1000000000; half an hour)
	$(BUILD) --product fraud-bench
	"$(BENCH_BIN)" stream $(STREAM)

# Whole processes in turn; ten or a hundred million clicks too (the latter 76 GB, as NDJSON alone): make bench-duckdb CLICKS=10000000
PAIRS ?= 5
bench-duckdb: build ## fraud score beside a bare aggregation of the same file in DuckDB (CLICKS, PAIRS)
	PYTHONPATH=$(DEPS)/python $(PYTHON) Tests/Benchmarks/Python/compare_duckdb.py $(BIN) $(BENCH) $(CLICKS) $(PAIRS)

bench-quality: build ## recall by family and false alarms by honest look-alike, on unseen synthetic attacks
	$(BIN) quality training-data/scenarios/test-*.yaml

bench-report: build ## wall time of fraud report on 50,000,000 ad minutes (a database of 3.2 GB in .build/bench-report, made once)
	@PYTHONPATH=$(DEPS)/python $(PYTHON) Tests/Benchmarks/Python/compare_report.py $(BIN) .build/bench-report

bench-train: deps ## logistic regression on 1,000,000 rows of 48: time, memory and optimum beside scikit-learn
	$(BUILD) --product train-bench
	$(PYTHON) Tests/Benchmarks/TrainBench/compare.py "$$($(BUILD) --show-bin-path)/train-bench" $(DEPS)/python

bench-deps: $(DEPS)/bench/ready ## install what bench-callgrind counts with and bench-model compares with

$(DEPS)/bench/ready: Makefile $(DEPS)/ready
	@$(call install,$(BENCH_DEBIAN))
	@echo "deps: installing into .deps/bench: $(BENCH_PIP)"
	@mkdir -p $(DEPS)/bench && $(PYTHON) -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --upgrade --no-deps --target $(DEPS)/bench $(BENCH_PIP)
	@touch $@

# Real data that is not in the tree; without it the target says so and ends. joblib's workers need PYTHONPATH from the environment.
DATA ?= $(ROOT)/../shared/data
bench-model: build bench-deps ## quality and speed of train --table beside scikit-learn, LightGBM and EBM, both ways
	@PYTHONPATH=$(DEPS)/python:$(DEPS)/bench $(PYTHON) Tests/Benchmarks/Python/compare_models.py $(BIN) $(DATA)

# Five days of different volume and mix, so that the model does not learn one site's traffic: training-data/README.md.
CHAMPION_DAYS := monday tuesday wednesday thursday saturday

champion: build ## make the training clicks again and train models/champion.json on them
	@mkdir -p .build/champion
	@for day in $(CHAMPION_DAYS); do $(BIN) simulate --scenario training-data/scenarios/train-$$day.yaml --out .build/champion/$$day.ndjson; done
	$(BIN) train $(CHAMPION_DAYS:%=.build/champion/%.ndjson) --out models/champion.json --lists training-data --fpr 0.0005

torture: deps ## the long tests: 10,000 kills, 1,000 random streams against the slow model (hours)
	swift build -c release --build-tests
	FRAUD_STREAMS=1000 swift test -c release --skip-build --filter RecomputationTests
	FRAUD_KILLS=10000 swift test -c release --skip-build --filter CrashTests

clean: ## remove build products and .deps/
	rm -rf .build .deps
