# The two commands of the README are `make run` and `make test`.
GO ?= go
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: run build test bench bench-large lint fuzz fault generate

# `make run -- --once` is `make run ARGS=--once`.
ARGS ?= $(filter --%,$(MAKECMDGOALS))
--%: ;@:

run:   ## the demo: the whole loop on a simulated company, nothing to configure
	$(GO) run ./cmd/zesei demo $(ARGS)

build: ## bin/zesei, one static binary
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/zesei ./cmd/zesei

test:  ## every test; what the machine lacks is skipped with one line (ZESEI_REQUIRE=all forbids skipping)
	$(GO) test $(TESTFLAGS) ./...

bench: ## the numbers of docs/benchmarks.md, as ratios measured in one run
	$(GO) test -run='^$$' -bench=. -benchmem -timeout 60m ./internal/bench ./eventpattern ./logpattern

bench-large: ## the same with 1,000,000 cases
	ZESEI_BENCH_CASES=1000000 $(GO) test -run='^$$' -bench=LargeStore -timeout 60m ./internal/bench

lint:  ## gofmt, vet and staticcheck
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'run gofmt -w on these files'; exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...

fuzz:  ## each fuzz test for a few seconds
	@set -e; for d in $$(grep -rl --include='*_test.go' 'func Fuzz' . | xargs -n1 dirname | sort -u); do \
	  for f in $$(grep -ho 'func Fuzz[A-Za-z0-9_]*' $$d/*_test.go | cut -c6-); do \
	    echo "$$d $$f"; $(GO) test -run='^$$' -fuzz="^$$f\$$" -fuzztime=$(or $(FUZZTIME),5s) $$d; done; done

fault: ## kill -9 at random points, 200 rounds
	ZESEI_FAULT_ROUNDS=200 $(GO) test -run Kill -count=1 -timeout 60m -v ./cmd/zesei

generate: ## the compiled catalogue, after a change of internal/control/catalog
	$(GO) generate ./...
