// Follows a running analysis: renews the line of progress, and goes on when the page has something else to show.
(() => {
  "use strict";

  const line = document.querySelector("[data-job-progress]");
  if (!line) return;

  const look = async () => {
    try {
      const reply = await fetch(window.location.href, { redirect: "manual" });
      const text = reply.ok ? await reply.text() : "";
      const fresh = new DOMParser().parseFromString(text, "text/html").querySelector("[data-job-progress]");
      if (!fresh) {
        window.location.reload();
        return;
      }
      if (fresh.textContent !== line.textContent) line.textContent = fresh.textContent;
    } catch {
      line.dataset.offline = ""; // the network is away; the next look may find it again
    }
    window.setTimeout(look, 2000);
  };

  window.setTimeout(look, 2000);
})();
