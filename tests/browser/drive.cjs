// Drives Debian's chromium by playwright-core: `tools/browser FOLDER STEPS`, which says where the packages are. STEPS is
// a file with a JSON list of steps; what each of them finds is printed as a JSON list in the same order. FOLDER takes
// what is kept of a run. `insecure.example` is this machine under a name that browsers do not trust.
//
//   {"open": URL, "width": PX, "height": PX, "scale": N, "script": false, "language": TAG, "dark": true}
//                                                 a fresh browser of somebody who was never here, with or without
//                                                 scripts, who wishes for a language, and for dark pages
//   {"go": URL}, {"go": "back"}, {"go": "forward"}, {"go": "again"}
//                                                 to another page of the same browser, one back, one on, the same once more
//   {"choose": [SELECTOR, FILE]}                  puts a file into a file input
//   {"type": [SELECTOR, TEXT]}                    replaces the text of a field
//   {"click": SELECTOR}                           as a finger does
//   {"press": KEY}                                as a keyboard does: Tab, Space, Enter, …
//   {…, "leads": true}                            both, to another page
//   {"do": EXPRESSION}                            whatever else people do
//   {"wait": EXPRESSION}                          until it is true
//   {"read": EXPRESSION}                          its value
//   {"requests": true}                            what was asked for since the page had loaded
//   {"loaded": true}                              what was asked for to load it, the page itself first
//   {"cookies": true}                             the names of all cookies
//   {"axe": true}                                 what axe-core finds wrong with the page, in light and in dark
//   {"html": true}                                what html-validate finds wrong with its HTML as it was sent
//   {"photo": FILE}, {"photo": FILE, "screen": true}   the whole page, or what fits the screen, as PNG
"use strict";
const fs = require("fs");
const { chromium } = require("playwright-core");

const WAIT_MS_MAX = 60000;
const [folder, stepsFile] = process.argv.slice(2);

const FLAGS = [
  "--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync",
  "--host-resolver-rules=MAP insecure.example 127.0.0.1",
];

// Somebody at a browser: one page, what it asked for, and what came.
class Visitor {
  static async arrive(browser, { open: url, width = 800, height = 780, scale = 2, script = true, language = "en", dark = false }) {
    const context = await browser.newContext({
      viewport: { width, height }, deviceScaleFactor: scale, javaScriptEnabled: script,
      locale: language, isMobile: width < 600, hasTouch: width < 600, colorScheme: dark ? "dark" : "light",
    });
    context.setDefaultTimeout(WAIT_MS_MAX);
    const visitor = new Visitor(context, await context.newPage());
    await visitor.loading(() => visitor.page.goto(url));
    return visitor;
  }

  constructor(context, page) {
    Object.assign(this, { context, page, asked: [], loaded: [], answer: null });
    page.on("request", (request) => this.asked.push(request.url()));
    page.on("response", (response) => this.hear(response));
  }

  hear(response) {
    const request = response.request();
    if (request.isNavigationRequest() && response.headers()["content-type"]?.startsWith("text/html")) this.answer = response;
  }

  // Whatever `deed` makes load, until it has.
  async loading(deed) {
    this.asked = [];
    await deed();
    await this.page.waitForLoadState("load");
    this.loaded = this.asked;
    this.asked = [];
  }

  async step(step) {
    const { go, choose, type, click, press, leads, do: deed, wait, read, requests, loaded, cookies, axe, html, photo, screen } = step;
    const { page } = this;
    if (go === "back") await this.loading(() => page.goBack());
    else if (go === "forward") await this.loading(() => page.goForward());
    else if (go === "again") await this.loading(() => page.reload());
    else if (go) await this.loading(() => page.goto(go));
    else if (choose) await page.setInputFiles(...choose);
    else if (type) await page.fill(...type);
    else if (leads) await this.loading(() => Promise.all([page.waitForEvent("load"), this.touch(step)]));
    else if (click || press) await this.touch(step);
    else if (deed) await page.evaluate(deed);
    else if (wait) await this.until(wait);
    else if (read) return page.evaluate(read);
    else if (requests) return this.asked;
    else if (loaded) return this.loaded;
    else if (cookies) return (await this.context.cookies()).map((cookie) => cookie.name);
    else if (axe) return this.axe();
    else if (html) return validated(await this.answer.text());
    else if (photo) await page.screenshot({ path: photo, fullPage: !screen });
    return null;
  }

  touch({ click, press }) {
    return click ? this.page.click(click) : this.page.keyboard.press(press);
  }

  // Asked again and again from here: the pages' own policies forbid what playwright would leave in them to ask.
  async until(expression) {
    for (const end = Date.now() + WAIT_MS_MAX; Date.now() < end; ) {
      if ((await this.page.evaluate(expression)) === true) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`waited in vain: ${expression}`);
  }

  async axe() {
    await this.page.evaluate(fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8"));
    const found = [];
    for (const colorScheme of ["dark", "light"]) {
      await this.page.emulateMedia({ colorScheme });
      const { violations } = await this.page.evaluate("axe.run()");
      for (const { id, help, nodes } of violations) found.push(`${colorScheme} ${id}: ${help}: ${nodes.map((node) => node.html)}`);
    }
    return found;
  }
}

async function validated(text) {
  const { HtmlValidate } = require("html-validate");
  const { results } = await new HtmlValidate(require("./html-validate.cjs")).validateString(text);
  const messages = results.flatMap((result) => result.messages);
  return messages.map(({ ruleId, message, line, column }) => `${line}:${column} ${ruleId}: ${message}`);
}

async function main() {
  const steps = JSON.parse(fs.readFileSync(stepsFile, "utf8"));
  const browser = await chromium.launch({ executablePath: process.env.SIJILL_CHROMIUM, args: FLAGS, downloadsPath: folder });
  const found = [];
  let visitor = null;
  try {
    for (const step of steps) {
      try {
        if (step.open) {
          await visitor?.context.close();
          visitor = await Visitor.arrive(browser, step);
        }
        found.push(step.open ? null : await visitor.step(step));
      } catch (error) {
        throw new Error(`step ${JSON.stringify(step)}`, { cause: error });
      }
    }
  } finally {
    await browser.close();
  }
  console.log(JSON.stringify(found));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
