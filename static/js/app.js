// Small helps for every page. Everything works without them.
(() => {
  "use strict";

  // The summary of a form's errors takes the focus, so that it is read first and its links are one Tab away. Its autofocus does that on
  // a fresh page; this is for a page reached by a link with a #fragment, where browsers ignore autofocus.
  const focusSummary = () => {
    const summary = document.getElementById("error-summary");
    if (summary && document.activeElement !== summary) summary.focus();
  };

  // A link of the summary leads to its field: focus it and bring its label into view, not only the input.
  const followSummaryLink = (event) => {
    const link = event.target.closest(".error-summary a[href^='#']");
    if (!link) return;
    const target = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!target) return;
    event.preventDefault();
    const field = target.closest("fieldset, .field") || target;
    field.scrollIntoView({ block: "start" });
    target.focus({ preventScroll: true });
  };

  // Two quick clicks send a form once. The time limit keeps forms that download a file usable.
  const PAUSE_MS = 2000;
  const sent = new WeakMap();
  const sendOnce = (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    const now = Date.now();
    if (now - (sent.get(form) || 0) < PAUSE_MS) event.preventDefault();
    else sent.set(form, now);
  };

  // Escape closes the disclosure the focus is in and gives the focus back to what opened it.
  const closeDisclosure = (event) => {
    if (event.key !== "Escape") return;
    const open = document.activeElement && document.activeElement.closest("details[open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  };

  document.addEventListener("click", followSummaryLink);
  document.addEventListener("submit", sendOnce);
  document.addEventListener("keydown", closeDisclosure);
  window.addEventListener("load", () => requestAnimationFrame(() => requestAnimationFrame(focusSummary)));
})();
