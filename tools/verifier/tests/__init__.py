"""Tests of the verifier: docs/vectors.json, and what no vector can say. `tools/verify --self-test` runs them."""
