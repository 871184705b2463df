// The canonical bytes of an entry, as far as an answer needs them (docs/SPEC.md, sections 1, 2 and 4): each value is
// written in one way, and all other ways are refused while reading.

const KINDS = [
  "Opened", "RosterCommitted", "WaveStarted", "WaveEnded", "Responded", "Paused", "Resumed", "Extended", "Closed",
  "Annulled", "CredentialIssued", "PageChanged", "Unsealed", "Objected", "Recovered", "Certified",
];
const RESPONDED = 4;
const HOW = ["link", "signed", "assisted", "anonymous"];
const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

class Canonical {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  fail(expected, found) {
    throw new Fault("entry", { expected: `${expected} at byte ${this.at}`, found });
  }

  take(count) {
    const left = this.bytes.length - this.at;
    if (count > left) this.fail(`${count} bytes`, left);
    this.at += count;
    return this.bytes.slice(this.at - count, this.at);
  }

  u8() {
    return this.take(1)[0];
  }

  // An integer of at most `width` bytes (2, 4 or 8), in the shortest form that holds it.
  integer(width) {
    const first = this.u8();
    if (first < 251) return BigInt(first);
    const bytes = 2 ** (first - 250);
    if (first === 254 || first === 255 || bytes > width) this.fail(`an integer of at most ${width} bytes`, first);
    const value = littleEndian(this.take(bytes));
    const least = bytes === 2 ? 251n : 1n << BigInt(4 * bytes);
    if (value < least) this.fail("an integer in its shortest form", value);
    return value;
  }

  // A number of elements or bytes: no element is shorter than a byte.
  length() {
    const length = this.integer(8);
    const left = this.bytes.length - this.at;
    if (length > BigInt(left)) this.fail(`a length of at most ${left}`, length);
    return Number(length);
  }

  text() {
    const text = textOf(this.take(this.length()));
    if (text === null) this.fail("text in UTF-8", "other bytes");
    return text;
  }

  choice(names) {
    const variant = this.integer(4);
    if (variant >= BigInt(names.length)) this.fail(names.join(" or "), variant);
    return names[Number(variant)];
  }

  list(element) {
    return Array.from({ length: this.length() }, element);
  }

  end() {
    const left = this.bytes.length - this.at;
    if (left > 0) this.fail("the end", `${left} more bytes`);
  }
}

// A signed answer: whose, how it came, what was chosen, and the bytes that promises name by their SHA-256.
function readResponded(reader) {
  const start = reader.at;
  reader.choice(["Invitation"]);
  const invitation = { index: reader.integer(4), revision: reader.u8() };
  const how = reader.choice(HOW);
  const order = reader.integer(2);
  const chosen = reader.list(() => readChosen(reader));
  reader.take(64);
  return { invitation, how, order, chosen, signed: reader.bytes.slice(start, reader.at) };
}

function readChosen(reader) {
  const question = reader.text();
  const sealed = reader.choice(["Clear", "Sealed"]) === "Sealed";
  return { question, option: sealed ? null : reader.text(), sealed: sealed ? reader.take(reader.length()) : null };
}

// An entry; of events other than answers, only the beginning is read.
function readEntry(bytes) {
  const reader = new Canonical(bytes);
  const entry = { index: reader.integer(8), previous: reader.take(32), at: reader.integer(8) };
  const kind = reader.integer(4);
  if (kind >= BigInt(KINDS.length)) reader.fail("an event of this version", `kind ${kind}`);
  entry.kind = KINDS[Number(kind)];
  if (kind === BigInt(RESPONDED)) {
    entry.responded = readResponded(reader);
    reader.end();
  }
  return entry;
}

function readSignedAnswer(bytes) {
  const reader = new Canonical(bytes);
  const responded = readResponded(reader);
  reader.end();
  return responded;
}

// The short code of a signed answer: the first 100 bits of its SHA-256, in groups of four characters.
async function codeOf(signed) {
  let bits = 0n;
  for (const byte of (await sha256(signed)).slice(0, 13)) bits = (bits << 8n) | BigInt(byte);
  const character = (_, at) => CROCKFORD[Number((bits >> BigInt(99 - 5 * at)) & 31n)];
  return Array.from({ length: 20 }, character).join("").replace(/(.{4})(?=.)/g, "$1 ");
}
