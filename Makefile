# Shortcuts for the everyday commands; `make help` lists them.

.DEFAULT_GOAL := help
.PHONY: help check test soak bench demo fmt

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/^([a-z]+):.*## (.*)/\1\t\2/' | expand -t 10

check: ## check formatting and lints
	cargo fmt --check
	cargo clippy --locked --all-targets --all-features -- --deny warnings

test: ## run all tests against private database servers
	scripts/test.sh

soak: ## kill the proxy 10,000 times, meet each statement of each write with each fault, and write for long (about two hours)
	CROSSKEY_SOAK=2700 scripts/test.sh --no-capture kills:: histories:: faults::a_write_that_fails fault_shapes:: replay_faults::

bench: ## run the benchmarks
	scripts/bench.sh

demo: ## run the demonstration
	cargo run --release -- demo

fmt: ## format the sources
	cargo fmt
