# What one does with Sekisho after cloning it. `make` alone lists the ways.

.DEFAULT_GOAL := help
.PHONY: help demo build test bench fuzz lint format sanitize needs clean

help: ## This list
	@echo "Sekisho: a firewall gateway whose blocks are read back."
	@echo
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | \
	  awk -F'|' '{ printf "%-16s %s\n", $$1, $$2 }'

demo: needs ## The whole story on real firewalls in a laboratory of three hosts
	@echo "Building (a first time takes several minutes) ..."
	@swift build --product sekisho --quiet
	@.build/debug/sekisho demo

build: needs ## The program, optimised: .build/release/sekisho
	swift build -c release --product sekisho

test: needs ## Every test, also those on the kernel's firewalls; linter; sanitizers
	@Scripts/test

bench: needs ## The measurements of Docs/Benchmarks.md
	swift build -c release --package-path Benchmarks
	swift run -c release --skip-build --package-path Benchmarks sekisho-bench $(BENCH)

# Seconds for each of the nine targets.
SECONDS ?= 60

fuzz: needs ## Mutated bytes for every decoder, SECONDS (60) each
	@echo "Building the fuzzing programs; a first time takes several minutes ..."
	@Scripts/fuzz build
	@Scripts/fuzz all $(SECONDS)

lint: ## The style of the sources
	swift format lint -r --strict Package.swift Sources Plugins Policies Tests Benchmarks/Package.swift Benchmarks/Sources Fuzzing/Package.swift Fuzzing/Sources/Promises Fuzzing/Sources/fuzz-*

format: ## Puts the sources into that style
	swift format -i -r Package.swift Sources Plugins Policies Tests Benchmarks/Package.swift Benchmarks/Sources Fuzzing/Package.swift Fuzzing/Sources/Promises Fuzzing/Sources/fuzz-*

sanitize: needs ## Tests under the thread and address sanitizers
	Scripts/sanitize thread
	Scripts/sanitize address

needs: ## Installs what is missing: Debian packages, servers to test against
	@Scripts/install-needs
	@Scripts/feed-peers
	@Scripts/adapter-peers

clean: ## Removes everything that was built
	rm -rf .build .build-sanitize-* Benchmarks/.build Fuzzing/.build
