// Trust as a file: C2SP's tlog-policy (docs/SPEC.md, section 12).

const POLICY_BYTES_MAX = 262144;
const ML_DSA_44_KEY_BYTES = 1312;

// What a policy says: keys of logs, parties (witnesses and groups, in their order), and the place of the quorum among
// these, or none where no witness is asked for.
async function readPolicy(bytes) {
  const refuse = (expected, found, line) => {
    throw new Fault("policy", { expected, found: excerpt(found), line });
  };
  if (bytes.length > POLICY_BYTES_MAX) refuse(`at most ${POLICY_BYTES_MAX} bytes`, bytes.length);
  const policy = { logs: [], parties: [], quorum: undefined };
  const reading = { policy, places: new Map(), keys: new Map(), members: new Set(), quorumLine: 0 };
  const lines = latin1(bytes).split("\n");
  const unended = lines.pop();
  for (const [at, line] of lines.entries()) {
    await readPolicyLine(reading, at + 1, line, (expected, found) => refuse(expected, found, at + 1));
  }
  if (unended !== "") refuse("a newline at the end", shownWord(unended), lines.length + 1);
  if (policy.quorum === undefined) refuse("a line `quorum NAME` or `quorum none`", "none");
  if (!isMet(policy, () => true)) {
    refuse("a quorum that can be met with Ed25519 keys", "one out of reach", reading.quorumLine);
  }
  return policy;
}

const shownWord = (word) => new TextDecoder().decode(bytesOfLatin1(word));

async function readPolicyLine(reading, number, line, refuse) {
  if (/[\0-\x08\x0a-\x1f\x7f]/.test(line)) refuse("no control characters but tab", shownWord(line));
  const [word, ...words] = line.split(/[ \t]/).filter((part) => part !== "");
  if (word === undefined || word.startsWith("#")) return;
  const shape = (good, expected) => good || refuse(`\`${expected}\``, shownWord(line));
  if (word === "log") {
    shape(words.length === 1 || words.length === 2, "log KEY [URL]");
    const key = await readPolicyKey(reading, number, words[0], ED25519, refuse);
    reading.policy.logs.push(key);
  } else if (word === "witness") {
    shape(words.length === 2 || words.length === 3, "witness NAME KEY [URL]");
    const key = await readPolicyKey(reading, number, words[1], COSIGNATURE, refuse);
    addParty(reading, words[0], { key }, refuse);
  } else if (word === "group") {
    shape(words.length >= 3, "group NAME any|all|NUMBER NAME...");
    readGroup(reading, words, refuse);
  } else if (word === "quorum") {
    shape(words.length === 1, "quorum NAME");
    if (reading.policy.quorum !== undefined) refuse("one line `quorum`", "a second");
    reading.policy.quorum = words[0] === "none" ? null : placeOf(reading, words[0], refuse);
    reading.quorumLine = number;
  } else {
    refuse("`log`, `witness`, `group`, `quorum` or `#`", shownWord(word));
  }
}

async function readPolicyKey(reading, number, word, kind, refuse) {
  const text = textOf(bytesOfLatin1(word));
  if (text === null) refuse("a verifier key", "bytes that are no UTF-8");
  const key = await readVerifierKey(text, (found) => refuse("a verifier key", found));
  const first = reading.keys.get(hex(key.key));
  if (first !== undefined) refuse("each key once", `the key of line ${first}`);
  reading.keys.set(hex(key.key), number);
  const carried = key.kind === ML_DSA_44 && key.key.length === ML_DSA_44_KEY_BYTES;
  if (key.kind !== kind && !carried) refuse(`a key of type ${kind}`, `type ${key.kind}`);
  return key;
}

function readGroup(reading, [name, threshold, ...names], refuse) {
  const members = names.map((member) => {
    const place = placeOf(reading, member, refuse);
    if (reading.members.has(place)) refuse("a member of one group, once", shownWord(member));
    reading.members.add(place);
    return place;
  });
  const count = members.length;
  const words = new Map([["any", 1], ["all", count]]);
  const needed = words.get(threshold) || Number(decimal(threshold, BigInt(count)) || 0n);
  if (!needed) refuse(`any, all or a number from 1 to ${count}`, shownWord(threshold));
  addParty(reading, name, { needed, members }, refuse);
}

function addParty(reading, name, party, refuse) {
  if (name === "none" || reading.places.has(name)) refuse("a name that is not taken", shownWord(name));
  reading.places.set(name, reading.policy.parties.length);
  reading.policy.parties.push({ name: shownWord(name), ...party });
}

function placeOf(reading, name, refuse) {
  const place = reading.places.get(name);
  if (place === undefined) refuse("a witness or group of a line above", shownWord(name));
  return place;
}

// Whether the quorum has witnessed a checkpoint that was cosigned by those witnesses of whom `cosigned` is true.
function isMet(policy, cosigned) {
  const witnessed = [];
  for (const { key, needed, members } of policy.parties) {
    const has = key
      ? key.kind === COSIGNATURE && cosigned(key)
      : members.filter((place) => witnessed[place]).length >= needed;
    witnessed.push(has);
  }
  return policy.quorum === null || witnessed[policy.quorum];
}

// By which of the policy's logs and witnesses a checkpoint is signed, if the policy trusts it.
async function trust(policy, checkpoint) {
  const { signed, missing } = await logSignatures(checkpoint, policy.logs);
  if (signed.length === 0) {
    const expected = missing.map((key) => key.text).join(" ") || `a log key for ${checkpoint.origin}`;
    throw new Fault(missing.length > 0 ? "not-signed" : "unknown-log", { name: checkpoint.origin, expected, found: "none" });
  }
  const witnesses = policy.parties.map((party) => party.key).filter((key) => key && key.kind === COSIGNATURE);
  const cosigned = await cosignatures(checkpoint, witnesses);
  if (!isMet(policy, (witness) => cosigned.some((line) => line.witness === witness))) {
    const found = cosigned.map((line) => line.witness.name).join(", ") || "none";
    throw new Fault("quorum", { expected: policy.parties[policy.quorum].name, found });
  }
  return { signed, missing, cosigned };
}
