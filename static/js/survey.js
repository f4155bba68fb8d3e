// Saves each answer as it is tapped, and says so only when the server has it. Without this file the page is a plain
// form that saves when its button is pressed.
//
// A queue of taps goes to the server one by one through htmx. Each tap has its own key, so that one sent twice is
// saved once. What is not saved yet waits in this tab's memory and in its session storage (numbers only, no words).
(() => {
  "use strict";

  const PREFIX = "unsaved-";
  const FIRST_WAIT_MS = 1000;
  const LONGEST_WAIT_MS = 30000;
  const ANNOUNCE_EVERY_MS = 10000;

  // In the language of the page, which is that of the reader's own words.
  const clock = new Intl.DateTimeFormat(document.documentElement.lang === "en" ? [] : document.documentElement.lang, { hour: "numeric", minute: "2-digit" });

  // Session storage may be switched off in the browser; the queue in memory then has to do.
  const storage = {
    read(name) {
      try {
        return JSON.parse(sessionStorage.getItem(PREFIX + name)) || [];
      } catch {
        return [];
      }
    },
    write(name, taps) {
      try {
        if (taps.length) sessionStorage.setItem(PREFIX + name, JSON.stringify(taps));
        else sessionStorage.removeItem(PREFIX + name);
      } catch {
        // Full or forbidden: the page goes on saving from memory.
      }
    },
    clear() {
      try {
        Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX)).forEach((key) => sessionStorage.removeItem(key));
      } catch {
        // Nothing was kept there then.
      }
    },
  };

  if (document.querySelector("[data-survey-done]")) storage.clear();

  const localTimes = () => {
    document.querySelectorAll("time[datetime]").forEach((time) => {
      time.textContent = clock.format(new Date(time.dateTime)); // the reader's own time
    });
  };

  const form = document.querySelector("form[data-cards]");
  const channel = document.getElementById("save-channel");
  if (!form || !channel) return;
  localTimes();
  if (!window.htmx) return;

  // Cards of tasks and of statements are kept apart: their numbers are not the same things.
  const mark = form.dataset.cards === "rate" ? form.dataset.mark : `${form.dataset.mark}-${form.dataset.cards}`;
  const phrases = JSON.parse(form.dataset.words);
  const phrase = (name, values = {}) =>
    Object.entries(values).reduce((text, [key, value]) => text.replace(`{${key}}`, () => value), phrases[name]);
  const seenField = form.elements.namedItem("seen");
  const statusLine = form.querySelector("[data-save-status]");
  const announcer = document.querySelector("[data-announce]");

  // --- what the server has, by "task.scale" ------------------------------------------------------------------
  const known = new Map();
  const learn = (text) => {
    text.split(" ").filter(Boolean).forEach((part) => {
      const [task, scale, version, anchor] = part.split(".").map(Number);
      const id = `${task}.${scale}`;
      if (!known.has(id) || known.get(id).version <= version) known.set(id, { version, anchor });
    });
  };
  const pack = (belongs) =>
    [...known].filter(([id]) => belongs(Number(id.split(".")[0]))).map(([id, r]) => `${id}.${r.version}.${r.anchor}`).join(" ");
  const packCard = (task) => pack((other) => other === task);

  // --- cards --------------------------------------------------------------------------------------------------
  const cards = [...form.querySelectorAll(".rating-card")];
  const onPage = new Set(cards.map((card) => Number(card.dataset.task)));
  const cardOf = (task) => document.getElementById(`task-${task}`);
  const radio = (task, scale, anchor) => form.querySelector(`input[name="r-${task}-${scale}"][value="${anchor}"]`);
  const radiosOf = (task, scale) => form.querySelectorAll(`input[name="r-${task}-${scale}"]`);
  const words = (task, scale, anchor) => {
    const input = radio(task, scale, anchor);
    return input ? input.closest("label").textContent.trim() : "";
  };

  const show = (task, scale, anchor) => {
    radiosOf(task, scale).forEach((input) => {
      input.checked = Number(input.value) === anchor;
    });
  };

  const isDone = (card) => {
    if (card.querySelector("[data-not-performed]:checked")) return true;
    return [...card.querySelectorAll("[data-scale]")].every((scale) => scale.querySelector("input:checked"));
  };

  const setCard = (task, state, lines) => {
    const card = cardOf(task);
    if (!card) return;
    if (state) card.dataset.state = state;
    else delete card.dataset.state;
    const box = card.querySelector("[data-card-status]");
    box.replaceChildren(
      ...lines.map((line) => {
        const paragraph = document.createElement("p");
        paragraph.textContent = line;
        return paragraph;
      }),
    );
  };

  const showProgress = () => {
    const total = Number(form.dataset.total);
    const done = Number(form.dataset.doneElsewhere) + cards.filter(isDone).length;
    const minutes = Math.ceil((total - done) * Number(form.dataset.minutesPerTask) - 1e-9);
    form.querySelector("[data-progress]").value = done;
    form.querySelector("[data-progress-words]").textContent = form.dataset.tasksWords.replace("{done}", done);
    form.querySelector("[data-minutes]").textContent = minutes > 0 ? phrase("minutes", { minutes }) : "";
  };

  // --- what the reader is told ----------------------------------------------------------------------------------
  let announcedAt = 0;
  const announce = (text, urgent) => {
    const now = Date.now();
    if (!urgent && now - announcedAt < ANNOUNCE_EVERY_MS) return;
    announcedAt = now;
    announcer.textContent = text;
  };

  const say = (state, text) => {
    if (state) statusLine.dataset.state = state;
    else delete statusLine.dataset.state;
    statusLine.textContent = text;
  };

  // --- the queue --------------------------------------------------------------------------------------------------
  const queue = storage.read(mark);
  let sending = null;
  let outcome = null;
  let failures = 0;
  let timer = null;
  let stopped = false;
  let leaving = false;

  const keep = () => storage.write(mark, queue);

  // crypto.randomUUID exists on secure pages only; random numbers exist everywhere.
  const newKey = () => [...crypto.getRandomValues(new Uint32Array(4))].map((n) => n.toString(16).padStart(8, "0")).join("-");

  const enqueue = (task, scale, anchor) => {
    // A tap that never left is replaced; one that did may have arrived and keeps its turn and its key.
    const waiting = queue.findIndex((tap) => tap.task === task && tap.scale === scale && tap.seen === undefined);
    if (waiting >= 0) queue.splice(waiting, 1);
    queue.push({ task, scale, anchor, key: newKey(), base: packCard(task) });
    keep();
    say("", failures ? phrase("offline") : phrase("saving"));
    if (failures) statusLine.dataset.state = "offline";
    pump();
  };

  const forget = (task, scale) => {
    for (let i = queue.length - 1; i >= 0; i -= 1) {
      if (queue[i].task === task && queue[i].scale === scale && queue[i].seen === undefined) queue.splice(i, 1);
    }
  };

  const pump = () => {
    clearTimeout(timer);
    if (sending || stopped || !queue.length) return;
    if (!channel.hasAttribute("data-htmx-powered")) {
      timer = setTimeout(pump, 50); // htmx has not taken the channel up yet: an event now would reach nobody
      return;
    }
    sending = queue[0];
    // Fixed at the first try: the same key must always carry the same body.
    if (sending.seen === undefined) {
      if (!onPage.has(sending.task)) learn(sending.base);
      sending.seen = packCard(sending.task);
      keep();
    }
    ["key", "task", "scale", "anchor", "seen"].forEach((name) => {
      channel.elements.namedItem(name).value = sending[name];
    });
    outcome = null;
    channel.dispatchEvent(new CustomEvent("save-rating"));
  };

  channel.addEventListener("htmx:after:request", (event) => {
    const ctx = event.detail.ctx;
    outcome = { status: ctx.response.status, text: ctx.text };
    event.preventDefault(); // nothing is swapped into the page
  });

  channel.addEventListener("htmx:finally:request", () => {
    const tap = sending;
    const result = outcome;
    setTimeout(() => settle(tap, result), 0); // after htmx has freed the channel
  });

  const parse = (result) => {
    try {
      return JSON.parse(result.text);
    } catch {
      return {}; // a page of some server on the way, not ours
    }
  };

  const settle = (tap, result) => {
    if (sending !== tap) return;
    sending = null;
    const reply = result ? parse(result) : {};
    if (reply.status === "saved" || reply.status === "conflict") return accepted(tap, reply);
    if (result && result.status >= 400 && result.status < 500 && result.status !== 429 && result.status !== 408) return refused(tap, result, reply);
    return retry();
  };

  const accepted = (tap, reply) => {
    failures = 0;
    queue.shift();
    keep();
    learn(reply.card);
    const time = clock.format(new Date(reply.at));
    if (reply.status === "conflict") showConflict(tap, reply);
    else setCard(tap.task, "saved", [phrase("saved", { time })]);
    showProgress();
    if (queue.length) {
      say("", phrase("saving"));
      pump();
      return;
    }
    if (reply.status === "conflict") {
      say("offline", phrase("look"));
      leaving = false;
      return;
    }
    say("saved", phrase("saved", { time }));
    announce(phrase("saved", { time }));
    if (leaving) go();
  };

  const showConflict = (tap, reply) => {
    const lines = reply.conflicts.map((c) => {
      const title = cardOf(c.task)?.querySelector(`[data-scale="${c.scale}"] > legend`)?.lastChild.textContent.trim() || "";
      const here = phrase("here", { answer: words(c.task, c.scale, c.chosen) });
      const there = c.stored ? phrase("kept", { answer: words(c.task, c.scale, c.stored) }) : phrase("other");
      return [title, here, there, phrase("again")].join(" ");
    });
    // The card now shows what is stored, whatever scale it is on.
    reply.card.split(" ").filter(Boolean).forEach((part) => {
      const [task, scale, , anchor] = part.split(".").map(Number);
      if (!queue.some((other) => other.task === task && other.scale === scale)) show(task, scale, anchor);
    });
    setCard(tap.task, "conflict", lines);
    announce(lines.join(" "), true);
  };

  // The server said no, and would say it again: tell why, keep the answer in this tab.
  const refused = (tap, result, reply) => {
    stopped = true;
    leaving = false;
    if (result.status === 422) {
      queue.shift(); // unreadable for ever: it must not block those behind it after a reload
      keep();
    }
    const why = reply.message || phrase("reload");
    setCard(tap.task, "error", [phrase("notSaved")]);
    say("error", `${phrase("notSaved")} ${why}`);
    announce(`${phrase("notSaved")} ${why}`, true);
  };

  const retry = () => {
    failures += 1;
    leaving = false;
    say("offline", phrase("offline"));
    if (failures === 1) announce(phrase("offlineNow"), true);
    const wait = Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), LONGEST_WAIT_MS);
    timer = setTimeout(pump, wait * (0.75 + Math.random() / 2));
  };

  // --- what the reader does -----------------------------------------------------------------------------------------
  form.addEventListener("change", (event) => {
    const input = event.target;
    const name = /^r-(\d+)-(\d+)$/.exec(input.name || "");
    if (!name || !input.checked) return;
    const [task, scale] = [Number(name[1]), Number(name[2])];
    if (input.dataset.notPerformed !== undefined) {
      cardOf(task).querySelectorAll(".scale-if-performed").forEach((other) => {
        show(task, Number(other.dataset.scale), 0);
        forget(task, Number(other.dataset.scale));
      });
    }
    setCard(task, "", []);
    enqueue(task, scale, Number(input.value));
    showProgress();
  });

  const go = () => {
    leaving = false;
    seenField.value = pack((task) => onPage.has(task));
    form.submit();
  };

  form.addEventListener("submit", (event) => {
    seenField.value = pack((task) => onPage.has(task));
    if (!queue.length || stopped) return;
    event.preventDefault();
    leaving = true;
    failures = 0;
    pump();
  });

  window.addEventListener("online", () => {
    failures = 0;
    pump();
  });

  // Only while something is not saved: closing the tab would lose it.
  window.addEventListener("beforeunload", (event) => {
    if (queue.length && !stopped) event.preventDefault();
  });

  // --- the start --------------------------------------------------------------------------------------------------------
  learn(seenField.value);
  queue.forEach((tap) => {
    if (onPage.has(tap.task)) show(tap.task, tap.scale, tap.anchor);
  });
  showProgress();
  if (!statusLine.querySelector("time")) say("", phrase("idle"));
  if (queue.length) {
    say("", phrase("saving"));
    pump();
  }
})();
