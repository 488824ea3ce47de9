check: ## All checks, as CI runs them
	proptech check
.PHONY: check
