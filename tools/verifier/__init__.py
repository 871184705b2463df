"""The second opinion: a verifier of Sijill's exports, written from docs/SPEC.md alone.

It shares no code with the Rust auditor and reads nothing but an export file and what its user holds: operator keys,
anchors, promises. A file is one noun of the specification; `audit` walks the ledger and `checks` has the numbers.

To add an event kind: a class and a row in `event.KINDS`, a rule in `rules.RULES`, what it does to a poll in
`poll.AFTER`. To add a rule of the definition: a row or a method in `lint`. To add a check: a row in `checks.CHECKS`,
and whoever finds its failures says so with `Findings.fail`.
"""
