// What the script of /verify says of files: `node verdicts.cjs SCRIPT CASES`, where CASES is a JSON list of pairs of
// texts, a file and whom is trusted. Prints a JSON list: "answer", "entry" or "promise" for what
// holds, "unsigned" for what nobody signed, the step that failed with the line of a policy, or "defect".
"use strict";
const fs = require("fs");
const vm = require("vm");
const { webcrypto } = require("crypto");

const [script, cases] = process.argv.slice(2).map((path) => fs.readFileSync(path, "utf8"));
const world = { crypto: webcrypto, TextEncoder, TextDecoder, Uint8Array, atob, btoa };
vm.runInNewContext(script, Object.assign(world, { globalThis: world }));
const { check, Fault } = world.sijillVerify;

function said(result) {
  if (result.by === "nobody") return "unsigned";
  if (result.what === "promise") return "promise";
  return result.entry.responded ? "answer" : "entry";
}

function refused(error) {
  if (!(error instanceof Fault)) return `defect: ${error.stack}`;
  return error.details.line === undefined ? error.step : `${error.step} ${error.details.line}`;
}

async function main() {
  const utf8 = (text) => new TextEncoder().encode(text);
  const verdicts = [];
  for (const [file, trusted] of JSON.parse(cases)) {
    verdicts.push(await check(utf8(file), utf8(trusted), [], 0).then(said, refused));
  }
  console.log(JSON.stringify(verdicts));
}

main();
