// Keeps the monitor's page fresh: every few seconds the page is fetched anew and its <main> swapped, while somebody
// looks at it. Without this script, or where anything fails, the page stays as it was loaded, and complete.
(() => {
  "use strict";
  const PERIOD_MS = 5000;
  const main = () => document.querySelector("main[data-monitor]");
  if (!main() || !window.DOMParser) return;

  async function refresh() {
    const answer = await fetch(location.pathname, { cache: "no-store" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("main[data-monitor]");
    // Whoever stands on the page's link with the keyboard stays there.
    const focused = main().contains(document.activeElement);
    if (fresh) main().replaceWith(document.adoptNode(fresh));
    if (fresh && focused) main().querySelector("a")?.focus({ preventScroll: true });
  }

  setInterval(() => {
    if (document.visibilityState === "visible") refresh().catch(() => { /* the next one may bring it */ });
  }, PERIOD_MS);
})();
