// What a file proves, step by step. Nothing here knows the page; what is wrong is thrown as a Fault that names its step.

const PROMISE_BYTES_MAX = 131072;
const PROMISE_FIRST_LINE = "sijill-promise@v1\n";

// Whom somebody trusts: a policy, or log and promise keys alone, one a line; none where nothing was given.
async function readTrust(bytes) {
  const lines = latin1(bytes).split("\n").map((line) => line.trim()).filter((line) => line !== "");
  if (lines.length === 0) return null;
  if (bytes.length > POLICY_BYTES_MAX || lines.some((line) => /[ \t]/.test(line) || line.startsWith("#"))) {
    const policy = await readPolicy(bytes);
    return { by: policy.quorum === null ? "policy-alone" : "policy", policy };
  }
  return { by: "key", policy: { logs: await readKeys(lines), parties: [], quorum: null } };
}

function readKeys(lines) {
  const read = (line, at) => {
    const fail = (found) => {
      throw new Fault("policy", { expected: "a verifier key, or a policy", found, line: at + 1 });
    };
    return readVerifierKey(shownWord(line), fail);
  };
  return Promise.all(lines.map(read));
}

const startsWith = (bytes, text) => same(bytes.slice(0, utf8(text).length), utf8(text));

// Checks a receipt or a promise. `trusted` is a policy's bytes, or keys; `siteKeys` are verifier keys that the page has
// of its own, which nobody needs to believe; `now` is in seconds since 1970.
async function check(file, trusted, siteKeys, now) {
  const given = await readTrust(trusted);
  if (startsWith(file, RECEIPT_FIRST_LINE.trim())) return checkReceipt(file, given, siteKeys);
  if (startsWith(file, PROMISE_FIRST_LINE.trim())) return checkPromise(file, given, siteKeys, now);
  throw new Fault("file", {
    expected: `${RECEIPT_FIRST_LINE.trim()} or ${PROMISE_FIRST_LINE.trim()}`,
    found: excerpt(new TextDecoder().decode(file.slice(0, 400)).split("\n")[0]),
  });
}

// The site's own keys of this name.
const keysNamed = (keys, name) => keys.filter((key) => key.kind === ED25519 && key.name === name);

// The entry of a tlog-proof that a policy trusts, and the judgement of its checkpoint.
async function provenEntry(receipt, policy) {
  if (!receipt.extra) throw new Fault("receipt-form", { expected: "`extra ` and the entry", found: "none" });
  const judged = policy ? await trust(policy, receipt.checkpoint) : { signed: [], missing: [], cosigned: [] };
  const { size, root } = receipt.checkpoint;
  await checkInclusion(await leafHash(receipt.extra), receipt.index, size, root, receipt.hashes);
  return { canonical: receipt.extra, ...judged };
}

async function checkReceipt(file, given, siteKeys) {
  const receipt = readReceipt(file);
  const { checkpoint, index } = receipt;
  const own = keysNamed(siteKeys, checkpoint.origin);
  const fallback = own.length > 0 ? { by: "site", policy: { logs: own, parties: [], quorum: null } } : { by: "nobody" };
  const { by, policy } = given || fallback;
  const proven = await provenEntry(receipt, policy);
  const entry = readEntry(proven.canonical);
  if (entry.index !== index) throw new Fault("entry-index", { expected: index, found: entry.index });
  const code = entry.responded ? await codeOf(entry.responded.signed) : null;
  return { what: "receipt", by, ...proven, checkpoint, index, entry, code };
}

// A promise file as it is claimed: the signed answer, the note and its five lines.
function readPromise(bytes) {
  const fail = (expected, found) => {
    throw new Fault("promise-form", { expected, found });
  };
  if (bytes.length > PROMISE_BYTES_MAX) fail(`at most ${PROMISE_BYTES_MAX} bytes`, bytes.length);
  const text = textOf(bytes);
  const start = `${PROMISE_FIRST_LINE}answer `;
  if (text === null || !text.startsWith(start)) fail(start.trim(), excerpt(text || "no UTF-8"));
  const [base, noteText] = splitOnce(text.slice(start.length), "\n\n") || fail("a note after the answer", "none");
  const answer = bytesOfBase64(base);
  if (!answer) fail("an answer in base64", excerpt(base));
  const note = readNote(noteText, fail);
  // Another line could carry whatever who holds the file wants to be read beside it.
  if (note.signatures.length !== 1) fail("one signature", note.signatures.length);
  const promise = { answer, note, ...readPromiseLines(note.text, fail) };
  const [{ name, bytes: signature }] = note.signatures;
  if (name !== `${promise.origin}/promise` || signature.length !== 64) fail("a signature by its ledger", excerpt(name));
  return promise;
}

function readPromiseLines(text, fail) {
  const lines = text.split("\n");
  if (lines.length !== 6) fail("a note of five lines", lines.length - 1);
  const [first, origin, pollId, hash, due] = lines;
  if (first !== "sijill promise v1") fail("sijill promise v1", excerpt(first));
  if (!isOrigin(origin)) fail("an origin: host and path", excerpt(origin));
  const promise = { origin, pollId: bytesOfBase64(pollId), hash: bytesOfBase64(hash), due: decimal(due, 2n ** 64n - 1n) };
  for (const value of [promise.pollId, promise.hash]) {
    if (!value || value.length !== 32) fail("two hashes of 32 bytes in base64", "others");
  }
  if (promise.due === null) fail("a time in decimal seconds", excerpt(due));
  return promise;
}

async function checkPromise(file, given, siteKeys, now) {
  const promise = readPromise(file);
  const name = `${promise.origin}/promise`;
  const pinned = given ? keysNamed(given.policy.logs, name) : [];
  // A policy names logs, and need not have a promise's key; who gives keys alone means these.
  if (given && given.by === "key" && pinned.length === 0) {
    throw new Fault("unknown-log", { name, expected: `a key for ${name}`, found: "others" });
  }
  const keys = pinned.length > 0 ? pinned : keysNamed(siteKeys, name);
  const signed = [];
  for (const key of keys) if (await isSignedBy(promise.note, key)) signed.push(key);
  if (keys.length > 0 && signed.length === 0) {
    throw new Fault("not-signed", { name, expected: keys.map((key) => key.text).join(" "), found: "none" });
  }
  const found = await sha256(promise.answer);
  if (!same(found, promise.hash)) {
    throw new Fault("promise-answer", { expected: base64(promise.hash), found: base64(found) });
  }
  const by = keys.length === 0 ? "nobody" : pinned.length > 0 ? "key" : "site";
  const answer = readSignedAnswer(promise.answer);
  const code = await codeOf(answer.signed);
  return { what: "promise", by, signed, promise, answer, code, isPast: BigInt(now) > promise.due };
}
