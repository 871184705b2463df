// Runs docs/vectors.json through the script of /verify: `node vectors.cjs VERIFY_JS VECTORS`. Prints what does not agree,
// one a line, and how many cases there were.
"use strict";
const fs = require("fs");
const vm = require("vm");
const { createHash, generateKeyPairSync, sign, webcrypto } = require("crypto");

const [script, vectorFile] = process.argv.slice(2).map((path) => fs.readFileSync(path, "utf8"));
const vectors = JSON.parse(vectorFile);
const bytes = (hex) => Uint8Array.from(hex.match(/../g) || [], (byte) => parseInt(byte, 16));
const utf8 = (text) => new TextEncoder().encode(text);
const hex = (found) => Buffer.from(found).toString("hex");

let cases = 0;
const disagreements = [];
function expect(name, found, expected) {
  cases += 1;
  if (found !== expected) disagreements.push(`${name}: expected ${expected}, found ${found}`);
}

// Whether it comes through without a Fault; any other error is a defect of the script.
async function holds(Fault, work) {
  try {
    await work();
    return true;
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}

// What is refused before any arithmetic.
const BY_BYTES = /^(S |A the identity|A of order|R the identity as|R the identity with|R of order 4 as)/;

// The script with this `crypto`, in a world of its own.
function load(crypto) {
  const world = { crypto, TextEncoder, TextDecoder, Uint8Array, atob, btoa };
  world.globalThis = world;
  vm.runInNewContext(script, world);
  return world.sijillVerify;
}

async function signatures(name, verify) {
  for (const row of vectors.ledger.signatures) {
    const good = await verify.isSignature(bytes(row.public_key), bytes(row.message), bytes(row.signature));
    expect(`${name}, signature ${row.name}`, good, row.good);
  }
}

function integers(verify) {
  for (const row of vectors.ledger.integers) {
    expect(`integer ${row.bytes}`, String(new verify.Canonical(bytes(row.bytes)).integer(8)), row.value);
  }
}

async function refusedIntegers(verify) {
  const read = (row) => () => {
    const reader = new verify.Canonical(bytes(row.bytes));
    reader.integer(8);
    reader.end();
  };
  for (const row of vectors.ledger.integers_refused) {
    expect(`integer ${row.name}`, await holds(verify.Fault, read(row)), false);
  }
}

function origins(verify) {
  for (const row of vectors.ledger.origins) expect(row.origin, verify.isOrigin(row.origin), true);
  for (const origin of vectors.ledger.origins_refused) expect(origin, verify.isOrigin(origin), false);
}

async function keys(verify) {
  const fail = (found) => {
    throw new verify.Fault("policy", { expected: "a key", found });
  };
  for (const row of vectors.ledger.verifier_keys) {
    const key = await verify.readVerifierKey(row.verifier_key, fail);
    expect(row.name, `${key.name} ${hex(key.key)}`, `${row.name} ${row.public_key}`);
    const altered = row.verifier_key.replace("+", "x+");
    expect(altered, await holds(verify.Fault, () => verify.readVerifierKey(altered, fail)), false);
  }
}

async function inclusion(verify) {
  for (const row of vectors.proofs.inclusion) {
    const [index, size, root] = [BigInt(row.index), BigInt(row.size), bytes(row.root)];
    const hashes = row.hashes.map(bytes);
    const leaf = new Uint8Array(await webcrypto.subtle.digest("SHA-256", Uint8Array.of(0, row.index)));
    const proves = (...proof) => holds(verify.Fault, () => verify.checkInclusion(...proof));
    const name = `inclusion of ${row.index} in ${row.size}`;
    expect(name, await proves(leaf, index, size, root, hashes), true);
    expect(`${name}, longer`, await proves(leaf, index, size, root, [...hashes, root]), false);
    expect(`${name}, outside`, await proves(leaf, size, size, root, hashes), false);
    if (size > 1n) expect(`${name}, shorter`, await proves(leaf, index, size, root, hashes.slice(1)), false);
    if (size > 1n) expect(`${name}, moved`, await proves(leaf, index ^ 1n, size, root, hashes), false);
  }
}

const logPolicy = (verify) => verify.readPolicy(utf8(`log ${vectors.proofs.checkpoint.verifier_key}\nquorum none\n`));

async function checkpoints(verify) {
  const policy = await logPolicy(verify);
  const fail = (expected, found) => {
    throw new verify.Fault("receipt-form", { expected, found });
  };
  const trusts = (text, by) => holds(verify.Fault, () => verify.trust(by, verify.readCheckpoint(text, fail)));
  const good = vectors.proofs.checkpoint;
  const read = verify.readCheckpoint(good.checkpoint, fail);
  expect("checkpoint", `${read.origin} ${read.size} ${hex(read.root)}`, `${good.origin} ${good.size} ${good.root}`);
  expect("checkpoint", await trusts(good.checkpoint, policy), true);
  for (const row of vectors.proofs.checkpoints_refused) {
    expect(`checkpoint: ${row.name}`, await trusts(row.checkpoint, policy), false);
  }
  const full = await verify.readPolicy(utf8(vectors.proofs.policy.policy));
  for (const row of vectors.proofs.policy.judgements) {
    const lines = row.cosigned_by.map((name) => cosignature(name).line);
    const text = good.checkpoint + lines.map((line) => `${line}\n`).join("");
    expect(`cosigned by ${row.cosigned_by}`, await trusts(text, full), row.trusted);
  }
}

const cosignature = (name) =>
  vectors.proofs.cosignatures.find((row) => row.verifier_key.startsWith(`witness.example/${name}+`));

async function cosignatures(verify) {
  const policy = await verify.readPolicy(utf8(vectors.proofs.policy.policy));
  const all = vectors.proofs.cosignatures.map((row) => `${row.line}\n`).join("");
  const checkpoint = verify.readCheckpoint(vectors.proofs.checkpoint.checkpoint + all, () => {});
  const { cosigned } = await verify.trust(policy, checkpoint);
  const found = cosigned.map(({ witness, time }) => `${witness.text} ${time}`).join();
  expect("cosignatures", found, vectors.proofs.cosignatures.map((row) => `${row.verifier_key} ${row.time}`).join());
}

async function policies(verify) {
  for (const policy of [vectors.proofs.policy.policy, vectors.proofs.policy.the_same]) {
    expect(policy, await holds(verify.Fault, () => verify.readPolicy(utf8(policy))), true);
  }
  for (const row of vectors.proofs.policies_refused) {
    const line = await verify.readPolicy(utf8(row.policy)).then(() => "none", (fault) => fault.details.line);
    expect(row.policy, line, row.line);
  }
}

async function receipts(verify) {
  const { proof, policy: policyText, entry, index } = vectors.proofs.tlog_proof;
  const policy = await verify.readPolicy(utf8(policyText));
  const receipt = verify.readReceipt(utf8(proof));
  const proven = await verify.provenEntry(receipt, policy);
  expect("tlog-proof", `${hex(proven.canonical)} ${receipt.index}`, `${entry} ${index}`);
  for (const row of vectors.proofs.tlog_proofs_refused) {
    const work = async () => verify.provenEntry(verify.readReceipt(utf8(row.proof)), policy);
    expect(`tlog-proof: ${row.name}`, await holds(verify.Fault, work), false);
  }
}

function entries(verify) {
  for (const row of [...vectors.poll.entries, ...vectors.poll.sealed.entries]) {
    const entry = verify.readEntry(bytes(row.bytes));
    const found = `${entry.index} ${entry.at} ${hex(entry.previous)} ${entry.kind}`;
    expect("entry", found, `${row.index} ${row.at} ${row.previous} ${row.name}`);
    if (entry.responded) expect("answer", said(entry.responded), saidByVector(row.content.answer));
  }
}

const said = ({ invitation, how, order, chosen }) =>
  `${invitation.index} ${invitation.revision} ${how} ${order} ${chosen.map((one) => `${one.question} ${one.option}`)}`;

function saidByVector({ who, how, order, chosen }) {
  const { index, revision } = who.Invitation;
  const options = chosen.map(({ question, value }) => `${question} ${value.Clear}`);
  return `${index} ${revision} ${how.toLowerCase()} ${order} ${options}`;
}

async function longerAndShorterEntries(verify) {
  const answer = vectors.poll.entries.find((row) => verify.readEntry(bytes(row.bytes)).kind === "Responded");
  const whole = bytes(answer.bytes);
  for (let length = 0; length < whole.length; length += 1) {
    const cut = await holds(verify.Fault, () => verify.readEntry(whole.slice(0, length)));
    expect(`an entry cut to ${length} bytes`, cut, false);
  }
  const longer = bytes(`${answer.bytes}00`);
  expect("an entry and a byte", await holds(verify.Fault, () => verify.readEntry(longer)), false);
}

async function promises(verify) {
  const { promise, keys: pollKeys } = vectors.poll;
  const pinned = utf8(`${pollKeys.promise}\n`);
  const result = await verify.check(utf8(promise.file), pinned, [], 0);
  expect("promise", `${result.by} ${result.code} ${result.isPast}`, `key ${promise.code} false`);
  expect("answer of the promise", hex(result.answer.signed), promise.signed_answer);
  const late = await verify.check(utf8(promise.file), pinned, [], Number(result.promise.due) + 1);
  expect("past due", late.isPast, true);
  const nobody = await verify.check(utf8(promise.file), new Uint8Array(), [], 0);
  expect("without a key", nobody.by, "nobody");
  for (const [name, altered] of Object.entries(alteredPromises(promise.file))) {
    expect(name, await holds(verify.Fault, () => verify.check(utf8(altered), pinned, [], 0)), false);
  }
}

const alteredPromises = (file) => ({
  "promise with carriage returns": file.replace(/\n/g, "\r\n"),
  "promise without a last newline": file.trimEnd(),
  "promise due later": file.replace(/\n(\d{10})\n/, (_, due) => `\n${Number(due) + 60}\n`),
  "promise with a leading zero": file.replace(/\n(\d{10})\n/, "\n0$1\n"),
  "promise of another answer": file.replace(/answer (....)/, "answer AAAA"),
  "promise of another version": file.replace("promise@v1", "promise@v2"),
});

// A receipt of one entry that is all of its log, signed by nobody whom anyone knows.
async function lonelyReceipt(entry, index) {
  const leaf = await webcrypto.subtle.digest("SHA-256", Buffer.concat([Buffer.of(0), entry]));
  const [extra, root] = [Buffer.from(entry).toString("base64"), Buffer.from(leaf).toString("base64")];
  return `c2sp.org/tlog-proof@v1\nextra ${extra}\nindex ${index}\n\nur.example/p\n1\n${root}\n\n— ur.example/p AAAAAAA=\n`;
}

// The same, signed by a log key that is made here, and that key as a policy names it.
async function loggedReceipt(entry) {
  const origin = "ur.example/p";
  const text = (await lonelyReceipt(entry, 0)).replace(/\n— .*\n$/, "");
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const typed = Buffer.concat([Buffer.of(1), Buffer.from(publicKey.export({ format: "jwk" }).x, "base64url")]);
  const id = createHash("sha256").update(`${origin}\n`).update(typed).digest().subarray(0, 4);
  const signature = sign(null, Buffer.from(text.slice(text.indexOf("\n\n") + 2)), privateKey);
  const line = `— ${origin} ${Buffer.concat([id, signature]).toString("base64")}\n`;
  return { receipt: `${text}\n${line}`, key: `${origin}+${id.toString("hex")}+${typed.toString("base64")}` };
}

// Each step at which a file can fail, by a file that fails there.
async function steps(verify) {
  const { proof, policy } = vectors.proofs.tlog_proof;
  const [lines, logKey] = [proof.split("\n"), `${vectors.proofs.checkpoint.verifier_key}\n`];
  const answer = vectors.poll.entries.find((row) => row.name === "Responded");
  const wrongLine = proof.trimEnd().slice(0, -6).concat("AAAA==\n");
  const cases = [
    ["file", "hello\n", policy],
    ["file", "", policy],
    ["receipt-form", proof.replace("index ", "place "), policy],
    ["receipt-form", proof.replace(`${lines[1]}\n`, ""), policy],
    ["policy", proof, policy.replace("quorum", "quorums")],
    ["policy", proof, `${logKey}not+a+key\n`],
    ["policy", proof, "x".repeat(262145)],
    ["signature", wrongLine, policy],
    ["unknown-log", proof, `${vectors.poll.keys.promise}\n`],
    ["not-signed", proof.replace(/\n— ur[^\n]*/, ""), policy],
    ["quorum", proof.slice(0, proof.trimEnd().lastIndexOf("\n") + 1), policy],
    ["inclusion", proof.replace("index 300", "index 301"), policy],
    ["entry", proof, policy],
    ["entry-index", await lonelyReceipt(bytes(answer.bytes), 0), ""],
    ["unknown-log", vectors.poll.promise.file, logKey],
    ["promise-form", vectors.poll.promise.file.replace("\n\n", "\n"), ""],
    ["promise-answer", vectors.poll.promise.file.replace("answer AAAB", "answer AAEB"), ""],
    ["promise-form", vectors.poll.promise.file.replace(/\n— [^+]*? /, "\n— other "), `${vectors.poll.keys.promise}\n`],
  ];
  for (const [step, file, trusted] of cases) {
    const run = verify.check(utf8(file), utf8(trusted), [], 0);
    const found = await run.then((good) => good.by, (error) => error.step || String(error.stack));
    expect(`step of ${JSON.stringify(file.slice(0, 200))} by ${trusted.slice(0, 80)}`, found, step);
  }
}

// Who upholds a receipt is said as it is: a policy, a key that was given, a key of the site, nobody.
async function upholders(verify) {
  const first = vectors.poll.entries[0];
  const receipt = utf8(await lonelyReceipt(bytes(first.bytes), 0));
  const unsigned = await verify.check(receipt, new Uint8Array(), [], 0);
  expect("signed by nobody known", `${unsigned.by} ${unsigned.entry.kind} ${unsigned.code}`, "nobody Opened null");
  // Who asks for no witness is not told that witnesses cosigned.
  const { receipt: logged, key } = await loggedReceipt(bytes(first.bytes));
  const alone = await verify.check(utf8(logged), utf8(`log ${key}\nquorum none\n`), [], 0);
  expect("by a policy without witnesses", `${alone.by} ${alone.cosigned.length}`, "policy-alone 0");
  expect("by the log's key", (await verify.check(utf8(logged), utf8(`${key}\n`), [], 0)).by, "key");
  const fail = () => {};
  const siteKeys = [await verify.readVerifierKey(vectors.poll.keys.promise, fail)];
  const promise = utf8(vectors.poll.promise.file);
  expect("by the site's key", (await verify.check(promise, new Uint8Array(), siteKeys, 0)).by, "site");
  expect("by one's own", (await verify.check(promise, utf8(`${siteKeys[0].text}\n`), siteKeys, 0)).by, "key");
}

async function main() {
  const whole = load(webcrypto);
  const hashesOnly = load({ subtle: { digest: webcrypto.subtle.digest.bind(webcrypto.subtle) } });
  const careless = load({
    subtle: {
      digest: webcrypto.subtle.digest.bind(webcrypto.subtle),
      importKey: async () => "key",
      verify: async () => true,
    },
  });
  await signatures("with the browser's Ed25519", whole);
  await signatures("with hashes alone", hashesOnly);
  // The byte checks come first: no browser is asked about what they refuse.
  for (const row of vectors.ledger.signatures.filter(({ name }) => BY_BYTES.test(name))) {
    const good = await careless.isSignature(bytes(row.public_key), bytes(row.message), bytes(row.signature));
    expect(`with a careless browser, signature ${row.name}`, good, false);
  }
  const parts = [
    integers, refusedIntegers, origins, keys, inclusion, checkpoints, cosignatures, policies, receipts, entries,
    longerAndShorterEntries, promises, steps, upholders,
  ];
  for (const part of parts) await part(whole);
  disagreements.forEach((line) => console.log(line));
  console.log(`${cases} cases, ${disagreements.length} disagree`);
  process.exitCode = disagreements.length > 0 ? 1 : 0;
}

main();
