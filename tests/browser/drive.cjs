// Drives Debian's chromium through its debugging pipe, without any package: `node drive.cjs FOLDER STEPS`. STEPS is a
// file with a JSON list of steps; what each of them finds is printed as a JSON list in the same order. FOLDER takes the
// profile. `insecure.example` is this machine under a name that browsers do not trust.
//
//   {"open": URL, "width": PX, "script": false, "dark": true}   a fresh page, of this width; with or without scripts; for
//                                                 somebody who wants dark pages
//   {"choose": [SELECTOR, FILE]}                  puts a file into a file input
//   {"type": [SELECTOR, TEXT]}                    replaces the text of a field
//   {"click": SELECTOR}
//   {"do": EXPRESSION}                            whatever else people do
//   {"wait": EXPRESSION}                          until it is true
//   {"read": EXPRESSION}                          its value
//   {"requests": true}                            what was asked for since the page had loaded
//   {"photo": FILE}                               the whole page as PNG
"use strict";
const { spawn } = require("child_process");
const fs = require("fs");

const WAIT_MS_MAX = 60000;
const [folder, stepsFile] = process.argv.slice(2);

const FLAGS = [
  "--headless=new", "--no-sandbox", "--no-first-run", "--disable-gpu", "--disable-dev-shm-usage", "--disable-sync",
  "--disable-background-networking", "--disable-component-update", "--disable-extensions", "--hide-scrollbars",
  "--host-resolver-rules=MAP insecure.example 127.0.0.1", "--remote-debugging-pipe", `--user-data-dir=${folder}/profile`, "about:blank",
];

// Messages over the pipe: each ends with a zero byte.
class Chromium {
  constructor() {
    this.child = spawn("chromium", FLAGS, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    this.waiting = new Map();
    this.listeners = [];
    this.last = 0;
    this.rest = "";
    this.child.stdio[4].setEncoding("utf8").on("data", (data) => this.arrive(data));
    this.child.on("exit", () => this.fail(new Error("chromium ended")));
    this.child.on("error", (error) => this.fail(error));
  }

  arrive(data) {
    const messages = (this.rest + data).split("\0");
    this.rest = messages.pop();
    for (const message of messages.map((text) => JSON.parse(text))) {
      const waits = this.waiting.get(message.id);
      this.waiting.delete(message.id);
      if (!waits) this.listeners.forEach((listener) => listener(message));
      else if (message.error) waits.reject(new Error(JSON.stringify(message.error)));
      else waits.resolve(message.result);
    }
  }

  fail(error) {
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }

  ask(method, params = {}, sessionId = undefined) {
    const id = (this.last += 1);
    this.child.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
  }

  async end() {
    const ended = new Promise((resolve) => this.child.on("exit", resolve));
    await this.ask("Browser.close").catch(() => this.child.kill());
    await ended;
  }
}

// One page, with what it asked for.
class Page {
  static async open(chromium, { open: url, width = 800, script = true, dark = false }) {
    const { targetId } = await chromium.ask("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await chromium.ask("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page(chromium, sessionId);
    for (const domain of ["Page", "Runtime", "Network", "DOM"]) await page.ask(`${domain}.enable`);
    const screen = { width, height: 780, deviceScaleFactor: 2, mobile: width < 600 };
    await page.ask("Emulation.setDeviceMetricsOverride", screen);
    await page.ask("Emulation.setScriptExecutionDisabled", { value: !script });
    const scheme = { name: "prefers-color-scheme", value: dark ? "dark" : "light" };
    await page.ask("Emulation.setEmulatedMedia", { features: [scheme] });
    await page.ask("Page.navigate", { url });
    await page.until(() => page.loaded);
    page.requests = [];
    return page;
  }

  constructor(chromium, sessionId) {
    Object.assign(this, { chromium, sessionId, requests: [], loaded: false });
    chromium.listeners.push((message) => this.hear(message));
  }

  hear({ method, params, sessionId }) {
    if (sessionId !== this.sessionId) return;
    if (method === "Network.requestWillBeSent") this.requests.push(params.request.url);
    if (method === "Page.loadEventFired") this.loaded = true;
  }

  ask(method, params) {
    return this.chromium.ask(method, params, this.sessionId);
  }

  async until(condition) {
    for (const end = Date.now() + WAIT_MS_MAX; Date.now() < end; ) {
      if (await condition()) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`waited in vain: ${condition}`);
  }

  async evaluate(expression, more = { returnByValue: true }) {
    const { result, exceptionDetails } = await this.ask("Runtime.evaluate", { expression, awaitPromise: true, ...more });
    if (exceptionDetails) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    return result;
  }

  async step({ choose, type, click, do: deed, wait, read, requests, photo }) {
    if (choose) {
      const { objectId } = await this.evaluate(`document.querySelector(${JSON.stringify(choose[0])})`, {});
      await this.ask("DOM.setFileInputFiles", { files: [choose[1]], objectId });
    } else if (type) {
      const [selector, text] = type.map((part) => JSON.stringify(part));
      await this.evaluate(`{ const field = document.querySelector(${selector}); field.value = ${text};
        field.dispatchEvent(new Event("input", { bubbles: true })); }`);
    } else if (click) {
      await this.evaluate(`document.querySelector(${JSON.stringify(click)}).click()`);
    } else if (deed) {
      await this.evaluate(deed);
    } else if (wait) {
      await this.until(async () => (await this.evaluate(wait)).value === true);
    } else if (read) {
      return (await this.evaluate(read)).value;
    } else if (requests) {
      return this.requests;
    } else if (photo) {
      const { data } = await this.ask("Page.captureScreenshot", { captureBeyondViewport: true });
      fs.writeFileSync(photo, Buffer.from(data, "base64"));
    }
    return null;
  }
}

async function main() {
  const steps = JSON.parse(fs.readFileSync(stepsFile, "utf8"));
  const chromium = new Chromium();
  const found = [];
  let page = null;
  try {
    for (const step of steps) {
      if (step.open) page = await Page.open(chromium, step);
      found.push(step.open ? null : await page.step(step));
    }
  } finally {
    await chromium.end();
  }
  console.log(JSON.stringify(found));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
