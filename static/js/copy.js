// Buttons that copy the text of another element: <button data-copy="id">. They show only where copying works.
(() => {
  "use strict";

  if (!navigator.clipboard) return;
  const status = document.querySelector("[data-copy-status]");
  for (const cell of document.querySelectorAll("[data-copy-column]")) cell.hidden = false;

  const say = (button, word) => {
    const label = button.firstChild;
    const before = label.data;
    label.data = word;
    if (status) status.textContent = `${word}: ${button.textContent.slice(word.length).trim()}`;
    setTimeout(() => {
      label.data = before;
    }, 2500);
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button || button.firstChild.data !== "Copy") return;
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent.trim());
      say(button, "Copied");
    } catch {
      // The browser forbade it: mark the text instead, so that the reader's own copy command takes it.
      getSelection().selectAllChildren(source);
      say(button, "Marked");
    }
  });
})();
