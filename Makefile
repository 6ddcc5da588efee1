# The two commands a newcomer types are `make run` and `make test`.

PORT ?= 8080
# Further settings for the local run, such as CONTEXT="-c signIn=username".
CONTEXT ?=
# Runs a stand-in for a vendor's service, whose users then sign in beside passkeys: corbado, passageflex or example.
VENDOR ?=
# Flags of the local run, such as ARGS="-data build/data", or of the CDK CLI.
ARGS ?=

CDK := npx --yes aws-cdk@2.1148.1
GOLANGCI := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

GREMLINS := go run github.com/go-gremlins/gremlins/cmd/gremlins@v0.6.0
# How long each fuzz target runs.
FUZZTIME ?= 30s

# The local run executes the functions on this machine, so it builds them for it.
HOST_ARCHITECTURE := $(if $(filter arm64,$(shell go env GOARCH)),arm64,x86_64)
LOCAL ?= build/local
WEB := build/web
NODE_MODULES := examples/web/node_modules/.package-lock.json
AMPLIFY := build/amplify
SAMPLE_MODULES := examples/passwordless-sample/node_modules/.package-lock.json
AMPLIFY_MODULES := examples/amplify/node_modules/.package-lock.json

# What the stack must know of each stand-in.
VENDOR_URL := http://127.0.0.1:$(PORT)/vendors/$(VENDOR)
SETTINGS_corbado := -c corbado=true -c corbadoActions=true -c corbadoUrl=$(VENDOR_URL)/v2
SETTINGS_passageflex := -c passageApp=app-1 -c passageUrl=$(VENDOR_URL)
SETTINGS_example = -c httpProvider='$(shell sed 's|BASE_URL|$(VENDOR_URL)|' infra/local/vendors/httpprovider/description.json)'

export CDK_DISABLE_CLI_TELEMETRY := true
# The CDK asks for Node.js 22; the project is built and tested with 20 too. This silences the notice of that one release.
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20

.PHONY: run page web amplify sample test chromium lint fuzz mutants synth bench secret deploy diff destroy

run: web ## run the stack on this machine: no AWS account, no Docker
	@$(CDK) synth --quiet --no-notices --output $(LOCAL)/cdk.out \
		-c architecture=$(HOST_ARCHITECTURE) -c relyingPartyId=localhost -c origins=http://localhost:$(PORT) \
		$(SETTINGS_$(VENDOR)) $(CONTEXT)
	@go build -o $(LOCAL)/passkeys-local ./infra/local
	@exec $(LOCAL)/passkeys-local -assembly $(LOCAL)/cdk.out -port $(PORT) -web $(WEB) -vendor "$(VENDOR)" $(ARGS)

page: web ## serve the demo page for a stack in AWS: make page STACK=CognitoPasskeys
	@test -n "$(STACK)" || { echo "Name the stack: make page STACK=CognitoPasskeys"; exit 1; }
	@go build -o $(LOCAL)/passkeys-local ./infra/local
	@exec $(LOCAL)/passkeys-local -deployed $(STACK) -port $(PORT) -web $(WEB) $(ARGS)

web: $(WEB)/app.js ## bundle the demo page into build/web

$(WEB)/app.js: $(NODE_MODULES) $(wildcard examples/web/*.js examples/web/*.css examples/web/*.html examples/web/*.svg)
	@cd examples/web && npm run --silent build

$(NODE_MODULES): examples/web/package.json examples/web/package-lock.json
	@cd examples/web && npm ci --no-audit --no-fund --loglevel=error

amplify: $(AMPLIFY)/app.js ## bundle the example for AWS Amplify into build/amplify

$(AMPLIFY)/app.js: $(AMPLIFY_MODULES) $(wildcard examples/amplify/*.js examples/amplify/*.css examples/amplify/*.html examples/web/*.js)
	@cd examples/amplify && npm run --silent build

$(AMPLIFY_MODULES): examples/amplify/package.json examples/amplify/package-lock.json
	@cd examples/amplify && npm ci --no-audit --no-fund --loglevel=error

sample: $(SAMPLE_MODULES) ## the client of the AWS passwordless sample, for examples/passwordless-sample

$(SAMPLE_MODULES): examples/passwordless-sample/package.json examples/passwordless-sample/package-lock.json
	@cd examples/passwordless-sample && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error

test: lint web amplify sample chromium ## every check that needs no AWS account
	go test -race -timeout 15m $$(go list ./... | grep -v /infra/passkeys | grep -v /infra$$)
	go test -timeout 15m ./infra ./infra/passkeys

chromium: # for the browser tests: installed by the system's package manager where that may be
	@for browser in chromium chromium-browser google-chrome; do \
		command -v $$browser >/dev/null && exit 0; \
	done; \
	if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
		apt-get update -qq && apt-get install -qq -y chromium >/dev/null; \
	else \
		echo "The browser tests need Chromium: install it, for example with 'sudo apt-get install chromium'."; exit 1; \
	fi

lint:
	@test -z "$$(gofmt -l .)" || { echo "gofmt would change:"; gofmt -l .; exit 1; }
	go vet ./...
	go vet -tags vendors,mail,sms ./functions/...
	$(GOLANGCI) run ./...

fuzz: ## run every fuzz target for FUZZTIME
	@go test -list '^Fuzz' ./shared/... ./functions/... ./infra/local/... | \
		awk '/^Fuzz/ { names[n++] = $$1 } /^ok/ { for (i = 0; i < n; i++) print "-fuzz=^" names[i] "$$", $$2; n = 0 }' | \
		xargs -L1 go test -run='^$$' -fuzztime=$(FUZZTIME)

mutants: ## change the code and see whether a test notices; prints a score for each, and fails below 85 %
	@for package in webauthn customauth credentials; do GOFLAGS=-count=1 $(GREMLINS) unleash ./shared/$$package || exit; done
	@cat shared/testdata/mutants.txt

synth: ## write the cloud assembly to cdk.out
	@$(CDK) synth --quiet --no-notices $(ARGS)

bench: ## print the benchmarks
	@go test -run '^$$' -bench . -benchmem ./shared/...

secret: ## put a vendor's secret from the standard input: make secret PARAMETER=/name
	@test -n "$(PARAMETER)" || { echo "Name the parameter: make secret PARAMETER=/passkeys/CognitoPasskeys/Passkeys/corbado"; exit 1; }
	@go run ./infra/admin put-secret -parameter $(PARAMETER) $(ARGS)

deploy diff destroy: ## the CDK CLI, pinned, for the configuration in cdk.json
	@$(CDK) $@ --no-notices $(ARGS)
