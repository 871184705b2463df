// The page: what was handed in goes to `check`, and what it finds is said in the page's words. Nothing leaves the page;
// its policy (`connect-src 'none'`) would not let it.

const word = (id, values = {}) => {
  const found = document.getElementById("words").content.querySelector(`[data-word="${id}"]`);
  const text = found ? found.textContent : id;
  return text.replace(/\{([a-z]+)\}/g, (whole, name) => (name in values ? values[name] : whole));
};

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

// Written as it is, whatever the language around it.
const code = (text) => element("code", text, { dir: "ltr" });

const locale = () => document.querySelector("main").dataset.locale;

const number = (value) => {
  const digits = document.documentElement.lang === "en" ? "latn" : "arab";
  return new Intl.NumberFormat([locale(), "en"], { numberingSystem: digits }).format(value);
};

// Day and minute, UTC, for milliseconds since 1970; in figures where the browser does not know the language.
function moment(ms) {
  const time = new Date(Number(ms));
  if (Number.isNaN(time.getTime())) return `${ms} ms`;
  const inFigures = () => time.toISOString().slice(0, 16).replace("T", " ").replace(/\d/g, (digit) => number(digit));
  const known = Intl.DateTimeFormat.supportedLocalesOf([locale()]).length > 0;
  const options = { dateStyle: "long", timeStyle: "short", timeZone: "UTC", hourCycle: "h23" };
  const said = known ? new Intl.DateTimeFormat(locale(), options).format(time) : inFigures();
  return word("moment", { moment: said });
}

const keyLabel = (key) => `${key.name} ${key.id}`;

// Rows of what a file says: a label, and values that stand below each other.
function answerRows(answer, answerCode) {
  const options = answer.chosen.map(({ option, sealed }) => code(option === null ? `${sealed.length} B` : excerpt(option)));
  return [
    ["verify-row-answer", options],
    ["verify-row-question", answer.chosen.map(({ question }) => code(excerpt(question)))],
    ["verify-row-code", [code(answerCode)]],
    ["verify-row-invitation", [number(answer.invitation.index)]],
    ["verify-row-revision", [number(answer.invitation.revision)]],
  ];
}

function receiptRows({ entry, code: answerCode, checkpoint, index, signed, missing, cosigned }) {
  const witnessed = cosigned.map(({ witness, time }) => cosignedBy(witness, time));
  return [
    ...(entry.responded ? answerRows(entry.responded, answerCode) : [["verify-row-kind", [code(entry.kind)]]]),
    ["verify-row-poll", [code(checkpoint.origin)]],
    ["verify-row-entry", [number(index)]],
    ["verify-row-recorded", [moment(entry.at)]],
    ["verify-row-size", [number(checkpoint.size)]],
    ["verify-row-root", [code(base64(checkpoint.root))]],
    ["verify-row-signed", signed.map((key) => code(keyLabel(key)))],
    ["verify-row-missing", missing.map((key) => code(keyLabel(key)))],
    ["verify-row-cosigned", witnessed],
  ];
}

function cosignedBy(witness, time) {
  const line = element("span", "");
  line.append(code(keyLabel(witness)), " ", moment(time * 1000n));
  return line;
}

function promiseRows({ promise, answer, code: answerCode, signed }) {
  return [
    ...answerRows(answer, answerCode),
    ["verify-row-poll", [code(promise.origin)]],
    ["verify-row-poll-id", [code(base64(promise.pollId))]],
    ["verify-row-due", [moment(promise.due * 1000n)]],
    ["verify-row-signed", signed.map((key) => code(keyLabel(key)))],
  ];
}

function faultRows({ line, expected, found }) {
  return [
    ["verify-row-line", line === undefined ? [] : [number(line)]],
    ["verify-row-expected", [code(expected)]],
    ["verify-row-found", [code(found)]],
  ];
}

function table(rows) {
  const list = document.createElement("dl");
  for (const [label, values] of rows) {
    if (values.length > 0) list.append(element("dt", word(label)));
    for (const value of values) {
      const cell = document.createElement("dd");
      cell.append(value);
      list.append(cell);
    }
  }
  return list;
}

// The verdict as a heading, what it means, and the rows; `state` is for whoever reads the page by program.
function show(state, heading, sentences, rows) {
  const outcome = document.getElementById("outcome");
  const title = element("h2", heading, { tabindex: "-1" });
  outcome.replaceChildren(title, ...sentences.map((sentence) => element("p", sentence)), table(rows));
  outcome.className = state === "wrong" || state === "unusable" ? "error" : "note";
  outcome.dataset.state = state;
  outcome.hidden = false;
  title.focus();
}

const STATES = { policy: "good", "policy-alone": "good", key: "good", site: "unpinned", nobody: "unsigned" };
const BY = {
  policy: "verify-by-policy",
  "policy-alone": "verify-by-policy-alone",
  key: "verify-by-key",
  site: "verify-by-site",
  nobody: "verify-by-nobody",
};

function showReceipt(result) {
  const state = STATES[result.by];
  const meaning = result.entry.responded ? "verify-receipt-means" : "verify-entry-means";
  const sentences = [word(BY[result.by])];
  if (state !== "unsigned") sentences.unshift(word(meaning));
  // Of a policy that asks for no witness, that is said.
  const isAlone = result.cosigned.length === 0 && result.by !== "policy-alone";
  if (state !== "unsigned" && isAlone) sentences.push(word("verify-no-witness"));
  if (result.entry.responded) sentences.push(word("verify-still-counts"));
  show(state, word(`verify-receipt-${state}`), sentences, receiptRows(result));
}

function showPromise(result) {
  const { by, isPast, promise } = result;
  const state = STATES[by];
  const address = `https://${promise.origin}/objections`;
  const sentences = [word(BY[by])];
  if (state !== "unsigned") {
    sentences.unshift(word("verify-promise-means", { moment: moment(promise.due * 1000n) }));
    sentences.push(word(isPast ? "verify-promise-past" : "verify-promise-pending", { address }));
  }
  show(state, word(`verify-promise-${state}`), sentences, promiseRows(result));
}

function showFault(error) {
  if (!(error instanceof Fault)) {
    show("wrong", word("verify-wrong"), [word("verify-step-defect")], [["verify-row-found", [code(excerpt(error))]]]);
    return;
  }
  const values = { name: error.details.name };
  // What is wrong with a policy says nothing of the receipt.
  const [state, heading] = error.step === "policy" ? ["unusable", "verify-unusable"] : ["wrong", "verify-wrong"];
  show(state, word(heading), [word(`verify-step-${error.step}`, values)], faultRows(error.details));
}

// What somebody hands in, by file or as text: the last of the two counts.
function intake(fileId, textId, changed) {
  const [file, text] = [document.getElementById(fileId), document.getElementById(textId)];
  const held = { bytes: new Uint8Array(), text };
  held.take = (bytes) => {
    held.bytes = bytes;
    text.value = new TextDecoder().decode(bytes.slice(0, RECEIPT_BYTES_MAX));
    changed();
  };
  file.addEventListener("change", async () => {
    if (file.files.length > 0) held.take(await bytesOfFile(file.files[0]));
  });
  // Who copies a text may miss the newline at its end. What was found of another text does not stand beside this one.
  text.addEventListener("input", () => {
    document.getElementById("outcome").hidden = true;
    held.bytes = utf8(text.value === "" || text.value.endsWith("\n") ? text.value : `${text.value}\n`);
  });
  return held;
}

// A file's bytes, up to one more than any format has.
const bytesOfFile = async (file) => new Uint8Array(await file.slice(0, POLICY_BYTES_MAX + 1).arrayBuffer());

async function siteKeys() {
  const listed = document.getElementById("keys").content.querySelectorAll("p");
  const fail = (found) => {
    throw new Error(found);
  };
  return Promise.all(Array.from(listed, (key) => readVerifierKey(key.textContent, fail)));
}

// What is to be shown of these bytes. Checks take their time, and only the last one asked for is shown.
async function found(receipt, trusted) {
  try {
    const now = Math.floor(Date.now() / 1000);
    const result = await check(receipt, trusted, await siteKeys(), now);
    return () => (result.what === "receipt" ? showReceipt(result) : showPromise(result));
  } catch (error) {
    return () => showFault(error);
  }
}

function start() {
  document.getElementById("needs-script").hidden = true;
  if (!subtle) {
    document.getElementById("needs-https").hidden = false;
    return;
  }
  const form = document.getElementById("check");
  let runs = 0;
  const run = async () => {
    const turn = (runs += 1);
    const said = await found(receipt.bytes, trusted.bytes);
    if (turn === runs) said();
  };
  const receipt = intake("receipt-file", "receipt-text", run);
  const trusted = intake("trust-file", "trust-text", () => receipt.bytes.length > 0 && run());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run();
  });
  takeDropped(receipt, trusted);
  takeFragment(receipt);
  form.hidden = false;
}

// A file that is dropped anywhere on the page is a policy if it does not begin as a receipt or promise.
function takeDropped(receipt, trusted) {
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", async (event) => {
    event.preventDefault();
    for (const file of event.dataTransfer.files) {
      const bytes = await bytesOfFile(file);
      const isPolicy = /^(log|witness|group|quorum|#)/.test(latin1(bytes.slice(0, 8)));
      (isPolicy ? trusted : receipt).take(bytes);
    }
  });
}

// A receipt in the address, `#r=` and base64url: browsers do not send what follows the `#`. The links to the other
// languages take it along.
function takeFragment(receipt) {
  const take = () => {
    if (!location.hash.startsWith("#r=")) return;
    const bytes = location.hash.length > 2 * RECEIPT_BYTES_MAX ? null : bytesOfBase64Url(location.hash.slice(3));
    for (const link of document.querySelectorAll("nav a")) link.hash = location.hash;
    if (bytes) receipt.take(bytes);
    else showFault(new Fault("file", { expected: "`#r=` and a receipt in base64url", found: excerpt(location.hash) }));
  };
  addEventListener("hashchange", take);
  take();
}

globalThis.sijillVerify = Object.freeze({
  bytesOfBase64, checkInclusion, check, codeOf, cosignatureTime, decimal, isMet, isOrigin, isSignature, logSignatures,
  provenEntry, readCheckpoint, readEntry, readPolicy, readReceipt, readVerifierKey, rootFrom, trust, Canonical, Fault,
});
if (globalThis.document) start();
