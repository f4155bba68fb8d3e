// Dragging a row or card to its place among its neighbours, and Alt with an arrow key. Both press the Up and Down buttons of the page, which work
// without this file: a row carries data-order, its buttons data-move="up" or "down" and a form with a field "steps".
(() => {
  "use strict";

  const KEY = "order-focus";
  const rows = [...document.querySelectorAll("[data-order]")];
  if (!rows.length) return;

  // The page comes back after each act: the focus returns to the row that was moved.
  const kept = document.getElementById(sessionStorage.getItem(KEY) || "");
  sessionStorage.removeItem(KEY);
  if (kept) {
    kept.tabIndex = -1;
    kept.focus();
    kept.scrollIntoView({ block: "center" });
  }

  const move = (row, way, steps) => {
    const buttons = [...row.querySelectorAll(`button[data-move="${way}"]`)];
    const button = buttons.find((one) => one.closest("[data-order]") === row); // not that of a row inside it
    if (!button) return;
    button.form.elements.steps.value = steps;
    sessionStorage.setItem(KEY, row.id);
    button.click();
  };

  document.addEventListener("keydown", (event) => {
    const row = document.activeElement && document.activeElement.closest("[data-order]");
    const way = { ArrowUp: "up", ArrowDown: "down" }[event.key];
    if (!row || !way || !event.altKey) return;
    event.preventDefault();
    move(row, way, 1);
  });

  let dragged = null;
  const clear = () => rows.forEach((row) => row.classList.remove("is-target", "is-dragged"));
  const beside = (row) => dragged && dragged !== row && dragged.parentElement === row.parentElement;
  rows.forEach((row) => {
    row.draggable = true;
    row.addEventListener("dragstart", (event) => {
      event.stopPropagation(); // a row inside another one is dragged by itself
      dragged = row;
      row.classList.add("is-dragged");
      event.dataTransfer.effectAllowed = "move";
    });
    row.addEventListener("dragend", () => { clear(); dragged = null; });
    row.addEventListener("dragover", (event) => {
      if (!beside(row)) return;
      event.preventDefault();
      rows.forEach((other) => other.classList.toggle("is-target", other === row));
    });
    row.addEventListener("drop", (event) => {
      event.preventDefault();
      if (!beside(row)) return;
      const order = [...row.parentElement.children].filter((child) => child.matches("[data-order]"));
      const steps = order.indexOf(row) - order.indexOf(dragged);
      move(dragged, steps < 0 ? "up" : "down", Math.abs(steps));
    });
  });
})();
