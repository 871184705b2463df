// Keeps the results page fresh: at each publication the page is fetched anew and its <main> swapped.
// Without this script, or where anything fails, the page stays as it was loaded, and complete.
(() => {
  "use strict";
  const main = () => document.querySelector("main[data-live]");
  const address = main()?.dataset.live;
  if (!address || !window.EventSource || !window.DOMParser) return;

  let busy = false;
  let again = false;

  async function refresh() {
    if (busy) { again = true; return; }
    busy = true;
    try {
      const answer = await fetch(location.pathname + location.search, { cache: "no-store" });
      if (answer.ok) swap(await answer.text());
    } catch { /* the next publication, or a reload, brings it */ }
    busy = false;
    if (again) { again = false; refresh(); }
  }

  function swap(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("main[data-live]");
    const old = main();
    if (!fresh || !old || Number(fresh.dataset.size) < Number(old.dataset.size)) return;
    const scroll = old.querySelector(".scroll")?.scrollLeft ?? 0;
    const focused = focusPath(old);
    old.replaceWith(document.adoptNode(fresh));
    const scroller = fresh.querySelector(".scroll");
    if (scroller) scroller.scrollLeft = scroll;
    if (focused >= 0) focusables(fresh)[focused]?.focus({ preventScroll: true });
  }

  // Whoever stands on a link with the keyboard stays there.
  const focusables = (root) => root.querySelectorAll("a[href], [tabindex]");
  const focusPath = (root) => Array.from(focusables(root)).indexOf(document.activeElement);

  // Listeners of one server do not all fetch in the same instant.
  let waiting = false;
  const soon = () => {
    if (waiting) return;
    waiting = true;
    setTimeout(() => { waiting = false; refresh(); }, Math.random() * 500);
  };
  const stream = new EventSource(address);
  stream.onmessage = soon;
  stream.addEventListener("publication", soon);
})();
