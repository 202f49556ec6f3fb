"""The contract of integrations.providers, kept for Lever."""

LABEL = "Lever"
