// A log's notes, checkpoints and inclusion proofs (docs/SPEC.md, section 12).

const TREE_SIZE_MAX = 2n ** 63n - 1n;
const TIME_MAX = 2n ** 63n - 1n;
const CHECKPOINT_BYTES_MAX = 131072;
const NOTE_SIGNATURES_MAX = 64;
const ENTRY_BYTES_MAX = 65535;
const RECEIPT_BYTES_MAX = 229376;
const PROOF_HASHES_MAX = 64;

const ED25519 = 0x01;
const COSIGNATURE = 0x04;
const ML_DSA_44 = 0x06;

const isKeyName = (name) => name !== "" && utf8(name).length <= 255 && !/[+\p{White_Space}\p{Cc}]/u.test(name);

const keyId = async (name, kind, key) => hex((await sha256(utf8(name), [0x0a, kind], key)).slice(0, 4));

// A verifier key `name+hash+base64(type ‖ public key)`; what is wrong with it goes to `fail`.
async function readVerifierKey(text, fail) {
  const [name, rest] = splitOnce(text, "+") || [];
  const [hash, base] = (rest !== undefined && splitOnce(rest, "+")) || [];
  if (base === undefined) fail("no two pluses");
  if (!isKeyName(name)) fail("a name that is empty, too long, or has a space");
  const bytes = bytesOfBase64(base);
  if (!bytes || bytes.length === 0) fail("a key that is not base64");
  const [kind, key] = [bytes[0], bytes.slice(1)];
  const id = await keyId(name, kind, key);
  if (id !== hash) fail(`the hash ${excerpt(hash)}; that of its name and key is ${id}`);
  if (kind !== ML_DSA_44 && !isPublicKey(key)) fail("a key that is no Ed25519 key, or of small order");
  return { name, id, kind, key, text };
}

// A signed note: text, and signature lines with name, key id and what follows it.
function readNote(note, fail) {
  const at = note.lastIndexOf("\n\n");
  if (at < 0) fail("an empty line before the signatures", "none");
  const text = note.slice(0, at + 1);
  const rest = note.slice(at + 2);
  if (!rest.endsWith("\n")) fail("a newline at the end", "none");
  if (/[\0-\x09\x0b-\x1f\x7f]/.test(text)) fail("text without control characters", excerpt(text));
  const lines = rest.slice(0, -1).split("\n");
  if (lines.length > NOTE_SIGNATURES_MAX) fail(`at most ${NOTE_SIGNATURES_MAX} signatures`, lines.length);
  return { text, signatures: lines.map((line) => readSignatureLine(line, fail)) };
}

function readSignatureLine(line, fail) {
  const [name, base] = (line.startsWith("\u2014 ") && splitOnce(line.slice(2), " ")) || [];
  const bytes = base === undefined ? null : bytesOfBase64(base);
  if (!bytes || bytes.length <= 4 || !isKeyName(name)) fail("`— name base64`", excerpt(line));
  return { name, id: hex(bytes.slice(0, 4)), bytes: bytes.slice(4) };
}

const claims = (line, key) => line.name === key.name && line.id === key.id;

// Whether the note is signed by this key. Every line that claims to be by it must be good.
async function isSignedBy(note, key) {
  const lines = note.signatures.filter((line) => claims(line, key));
  for (const line of lines) {
    if (!(await isSignature(key.key, utf8(note.text), line.bytes))) {
      throw new Fault("signature", { name: key.name, expected: `a signature by ${key.text}`, found: "another" });
    }
  }
  return lines.length > 0;
}

// A ledger's name.
function isOrigin(text) {
  if (text.length > 240) return false;
  const [host, path] = splitOnce(text, "/") || [];
  if (path === undefined) return false;
  const [name, port] = splitOnce(host, ":") || [host, null];
  const labels = name.split(".").every((label) => /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(label));
  const segments = path.split("/").every((part) => /^[A-Za-z0-9._~-]+$/.test(part) && part !== "." && part !== "..");
  return labels && segments && (port === null || (port !== "0" && decimal(port, 65535n) !== null));
}

// A checkpoint as it is claimed: origin, size and root, and the note that they are signed in.
function readCheckpoint(text, fail) {
  const length = utf8(text).length;
  if (length > CHECKPOINT_BYTES_MAX) fail(`a checkpoint of at most ${CHECKPOINT_BYTES_MAX} bytes`, length);
  const note = readNote(text, fail);
  const lines = note.text.split("\n");
  if (lines.length !== 4) fail("origin, size and root, one a line", `${lines.length - 1} lines`);
  const [origin, sizeText, rootText] = lines;
  const [size, root] = [decimal(sizeText, TREE_SIZE_MAX), bytesOfBase64(rootText)];
  if (!isOrigin(origin)) fail("an origin: host and path", excerpt(origin));
  if (size === null) fail("a size in decimal", excerpt(sizeText));
  if (!root || root.length !== 32) fail("a root of 32 bytes in base64", excerpt(rootText));
  return { origin, size, root, note };
}

// Those of `keys` that are the log's and signed it, and those that did not.
async function logSignatures(checkpoint, keys) {
  const known = keys.filter((key) => key.kind === ED25519 && key.name === checkpoint.origin);
  const [signed, missing] = [[], []];
  for (const key of known) ((await isSignedBy(checkpoint.note, key)) ? signed : missing).push(key);
  return { signed, missing };
}

// The cosignatures by these witnesses, each checked, in the note's order.
async function cosignatures(checkpoint, witnesses) {
  const found = [];
  for (const line of checkpoint.note.signatures) {
    const witness = witnesses.find((key) => claims(line, key));
    if (witness) found.push({ witness, time: await cosignatureTime(checkpoint, witness, line.bytes) });
  }
  return found;
}

async function cosignatureTime(checkpoint, witness, bytes) {
  const wrong = (expected, found) => {
    throw new Fault("signature", { name: witness.name, expected, found });
  };
  if (bytes.length !== 72) wrong("72 bytes of time and signature", bytes.length);
  const time = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
  if (time > TIME_MAX) wrong(`a time of at most ${TIME_MAX}`, time);
  const message = utf8(`cosignature/v1\ntime ${time}\n${checkpoint.note.text}`);
  if (!(await isSignature(witness.key, message, bytes.slice(8)))) wrong(`a cosignature by ${witness.text}`, "another");
  return time;
}

const leafHash = (entry) => sha256([0], entry);
const nodeHash = (left, right) => sha256([1], left, right);

// How many hashes the inclusion proof of RFC 6962 has: one for each level up to where the paths of this leaf and of the
// last one meet, and above that one for each step to the right.
function hashesOfInclusion(index, size) {
  let count = 0;
  for (let [leaf, last] = [index, size - 1n]; last > 0n; leaf >>= 1n, last >>= 1n) {
    if (leaf < last || leaf & 1n) count += 1;
  }
  return count;
}

// The root that the hashes lead to from this leaf.
async function rootFrom(leaf, index, size, hashes) {
  let found = leaf;
  let [at, last] = [index, size - 1n];
  for (const hash of hashes) {
    while (at === last && !(at & 1n)) [at, last] = [at >> 1n, last >> 1n];
    found = at & 1n ? await nodeHash(hash, found) : await nodeHash(found, hash);
    [at, last] = [at >> 1n, last >> 1n];
  }
  return found;
}

// Checks that a leaf is at this index of the tree of this size and root.
async function checkInclusion(leaf, index, size, root, hashes) {
  const wrong = (expected, found) => {
    throw new Fault("inclusion", { expected, found });
  };
  if (index >= size) wrong(`an index below ${size}`, index);
  const count = hashesOfInclusion(index, size);
  if (hashes.length !== count) wrong(`a proof of ${count} hashes`, hashes.length);
  const found = await rootFrom(leaf, index, size, hashes);
  if (!same(found, root)) wrong(base64(root), base64(found));
}

const RECEIPT_FIRST_LINE = "c2sp.org/tlog-proof@v1\n";

// A tlog-proof as it is claimed: extra, index, hashes and checkpoint.
function readReceipt(bytes) {
  const fail = (expected, found) => {
    throw new Fault("receipt-form", { expected, found });
  };
  if (bytes.length > RECEIPT_BYTES_MAX) fail(`at most ${RECEIPT_BYTES_MAX} bytes`, bytes.length);
  let rest = textOf(bytes);
  if (rest === null || !rest.startsWith(RECEIPT_FIRST_LINE)) fail(RECEIPT_FIRST_LINE.trim(), excerpt(rest || ""));
  rest = rest.slice(RECEIPT_FIRST_LINE.length);
  const line = () => {
    const parts = splitOnce(rest, "\n");
    if (!parts) fail("an empty line and a checkpoint", "the end of the file");
    rest = parts[1];
    return parts[0];
  };
  const extra = rest.startsWith("extra ") ? readExtra(line().slice(6), fail) : null;
  const index = readIndex(line(), fail);
  const hashes = [];
  for (let hash = line(); hash !== ""; hash = line()) hashes.push(readHash(hash, hashes.length, fail));
  return { extra, index, hashes, checkpoint: readCheckpoint(rest, fail) };
}

function readExtra(text, fail) {
  const bytes = bytesOfBase64(text);
  if (!bytes || bytes.length === 0) fail("`extra ` and an entry in base64", excerpt(text));
  if (bytes.length > ENTRY_BYTES_MAX) fail(`an entry of at most ${ENTRY_BYTES_MAX} bytes`, bytes.length);
  return bytes;
}

function readIndex(line, fail) {
  const index = line.startsWith("index ") ? decimal(line.slice(6), TREE_SIZE_MAX - 1n) : null;
  if (index === null) fail("`index ` and a number in decimal", excerpt(line));
  return index;
}

function readHash(line, count, fail) {
  const hash = bytesOfBase64(line);
  if (!hash || hash.length !== 32) fail("a hash of 32 bytes in base64", excerpt(line));
  if (count >= PROOF_HASHES_MAX) fail(`at most ${PROOF_HASHES_MAX} hashes`, "more");
  return hash;
}
