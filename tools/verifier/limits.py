"""Every limit of the verifier, with its unit last. Those of the formats are numbers of docs/SPEC.md."""

# Formats.
ENTRY_BYTES_MAX = 65_535
SECTIONS_MAX = 64
ORIGIN_BYTES_MAX = 240
NAME_BYTES_MAX = 255
DEFINITION_BYTES_MAX = 49_152
REASON_BYTES_MAX = 2_000
LOG_KEYS_MAX = 3
CLOCK_TOLERANCE_MS = 300_000
PROMISE_BYTES_MAX = 131_072
WORDINGS_MAX = 100
DUE_MAX = (1 << 64) - 1
OBJECTIONS_MAX = 100_000
TREE_SIZE_MAX = (1 << 63) - 1
COSIGNATURE_TIME_MAX = (1 << 63) - 1
SIGNATURES_MAX = 64
PROOF_HASHES_MAX = 64
TILE_WIDTH_MAX = 256
BUNDLE_BYTES_MAX = TILE_WIDTH_MAX * (2 + ENTRY_BYTES_MAX)
CHECKPOINT_BYTES_MAX = 131_072
# As the other auditor: what takes longer than anybody waits is not begun.
CHECKPOINTS_BYTES_MAX = 1 << 36
RECEIPT_BYTES_MAX = 229_376
FORK_BYTES_MAX = 393_216
POLICY_BYTES_MAX = 262_144
PAGE_BYTES_MAX = 1 << 20
MESSAGE_BYTES_MAX = 1 << 14

# Most promises of one run, all of which are in memory; of receipts, and of checkpoints held, as many.
PROMISES_MAX = 100_000

# How much is read of a file to see what it is by its first line.
FIRST_LINE_BYTES_MAX = 64

# How much is read at once where a section is hashed.
HASHED_AT_ONCE_BYTES = 1 << 20

# How many failures of one check are kept; more are counted.
FAILURES_KEPT_MAX = 20
# How much of a text from the ledger is repeated in a report.
SHOWN_CHARACTERS_MAX = 120

# Signatures that the ordinary verifier refused are looked at again in pure Python, 5 ms each, until this many were
# refused in a run. By then the check has failed, and the rest can only lengthen its list.
SECOND_LOOKS_MAX = 1_000

# Signatures that are checked together by one process, and the most batches that wait for one.
SIGNATURES_AT_ONCE = 512
