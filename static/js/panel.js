// Saves a panelist's answers as they are entered, moves through the linkage grid by keys, adds up points.
// Without this file every page is a plain form that saves when its button is pressed.
(() => {
  "use strict";

  const form = document.querySelector("form[data-autosave]");
  if (!form) return;
  const phrases = JSON.parse(form.dataset.words);
  const phrase = (name, values = {}) =>
    Object.entries(values).reduce((text, [key, value]) => text.replace(`{${key}}`, () => value), phrases[name]);
  const { lang } = document.documentElement;
  const clock = new Intl.DateTimeFormat(lang === "en" ? [] : lang, { hour: "numeric", minute: "2-digit" });
  const status = form.querySelector("[data-save-status]");
  const seenField = form.elements.namedItem("seen");
  let queue = Promise.resolve();
  let pending = 0; // answers entered and not yet acknowledged
  let leaving = false;

  document.querySelectorAll("time[datetime]").forEach((time) => {
    time.textContent = clock.format(new Date(time.dateTime));
  });

  const say = (card, state, text) => {
    // "Saved" stands only when nothing is left to send.
    if (status) {
      status.dataset.state = state === "saved" && pending ? "" : state;
      status.textContent = state === "saved" && pending ? phrase("saving") : text;
    }
    const line = card.querySelector("[data-card-status]");
    if (line) line.textContent = state === "saved" ? "" : text;
    if (card.classList.contains("rating-card")) card.dataset.state = state === "clash" ? "conflict" : state;
  };

  const body = (card) => {
    const sent = new URLSearchParams();
    for (const name of ["csrf_token", "mark", "seen"]) sent.set(name, form.elements.namedItem(name).value);
    card.querySelectorAll("input, select, textarea").forEach((field) => {
      if (field.name && (field.type !== "radio" || field.checked)) sent.set(field.name, field.value);
    });
    return sent;
  };

  const send = async (card, only) => {
    const sent = body(card);
    if (only) {
      for (const name of [...sent.keys()]) if (name.startsWith("a.") && name !== only) sent.delete(name);
    }
    let outcome;
    try {
      const reply = await fetch(form.dataset.autosave, { method: "POST", body: sent, headers: { Accept: "application/json" } });
      const said = await reply.json();
      if (reply.ok) seenField.value = JSON.stringify({ ...JSON.parse(seenField.value), ...said.versions });
      const clash = reply.status === 409 && said.status === "clash";
      outcome = reply.ok ? ["saved", phrase("saved", { time: clock.format(new Date(said.at)) })] : [clash ? "clash" : "error", said.message];
    } catch {
      outcome = ["error", phrase("offline")];
    }
    pending -= 1;
    say(card, ...outcome);
  };

  form.addEventListener("change", (event) => {
    const field = event.target;
    const card = field.closest("[data-item]");
    if (!card) return;
    if (field.matches("select")) field.dataset.value = field.value;
    pending += 1;
    if (status && pending === 1) {
      status.dataset.state = "";
      status.textContent = phrase("saving");
    }
    // One after the other: the second needs the version that the first one made.
    // A tap on a button leaves a text field first: words that change then would move the button away under the finger.
    const wait = field.matches("select, [type=radio]") ? 0 : 250;
    queue = queue.then(() => new Promise((done) => setTimeout(done, wait)));
    queue = queue.then(() => send(card, field.matches("select") ? field.name : null));
  });

  form.addEventListener("submit", () => {
    leaving = true; // the form itself carries every answer
  });
  window.addEventListener("beforeunload", (event) => {
    if (pending && !leaving) event.preventDefault();
  });

  const wordingOf = (card) => card.querySelector(".wording textarea");
  form.addEventListener("change", (event) => {
    if (!event.target.matches("[data-revise]")) return;
    const card = event.target.closest("[data-item]");
    const area = wordingOf(card);
    const legend = card.querySelector("legend").cloneNode(true);
    legend.querySelector(".task-code").remove();
    if (area && !area.value) area.value = legend.textContent.trim();
  });

  // Points: the total, while typing.
  if ("points" in form.dataset) {
    const total = form.querySelector("[data-points-total]");
    const bar = form.querySelector("[data-points-bar]");
    const add = () => {
      const sum = [...form.querySelectorAll("[data-point]")].reduce((all, field) => all + (Number.parseInt(field.value, 10) || 0), 0);
      const rest = 100 - sum;
      const words = rest > 0 ? "left" : rest < 0 ? "over" : "complete";
      total.textContent = phrase(words, { sum, rest: Math.abs(rest) });
      bar.value = Math.min(sum, 100);
    };
    form.querySelector("[data-without-script]").hidden = true;
    form.addEventListener("input", add);
    add();
  }

  // The grid: arrows move, a digit chooses and goes on.
  if ("grid" in form.dataset) {
    const columns = Number(form.dataset.columns);
    const cells = [...form.querySelectorAll(".link-select")];
    const go = (place) => {
      if (!cells[place]) return;
      cells[place].focus();
      cells[place].scrollIntoView({ block: "nearest", inline: "nearest" });
    };
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns };
    form.addEventListener("keydown", (event) => {
      const place = cells.indexOf(event.target);
      if (place < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
      if (event.key in steps) {
        event.preventDefault();
        go(place + steps[event.key]);
      } else if (["0", "1", "2", "Delete", "Backspace"].includes(event.key)) {
        event.preventDefault();
        event.target.value = event.key.length === 1 ? event.key : "";
        event.target.dispatchEvent(new Event("change", { bubbles: true }));
        if (event.key.length === 1) go(place + 1);
      }
    });
  }
})();
