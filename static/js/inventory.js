// Moving tasks without leaving the list: Alt with an arrow key on a row, or drag a row to its place. Both press the buttons and forms of the page,
// which work without this file.
(() => {
  "use strict";

  const rows = [...document.querySelectorAll("tr[data-task]")];
  const place = document.getElementById("place-form");
  if (!rows.length || !place) return;

  const KEY = "inventory-focus";
  const rowOf = (element) => element && element.closest && element.closest("tr[data-task]");

  // The page comes back after each act: the focus returns to the row that was moved.
  const remember = (row) => sessionStorage.setItem(KEY, row.id);
  const kept = document.getElementById(sessionStorage.getItem(KEY) || "");
  sessionStorage.removeItem(KEY);
  if (kept) {
    kept.tabIndex = -1;
    kept.focus();
    kept.scrollIntoView({ block: "center" });
  }

  document.addEventListener("keydown", (event) => {
    const row = rowOf(document.activeElement);
    const way = { ArrowUp: "up", ArrowDown: "down" }[event.key];
    if (!row || !way || !event.altKey) return;
    const button = row.querySelector(`button[data-move="${way}"]`);
    event.preventDefault();
    if (!button) return;
    remember(row);
    button.click();
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-move]");
    const row = rowOf(button);
    if (row) remember(row);
  });

  let dragged = null;
  const clear = () => rows.forEach((row) => row.classList.remove("is-target", "is-dragged"));
  const drop = (row) => {
    document.querySelectorAll("input[name=task]:checked").forEach((box) => { box.checked = false; });
    dragged.querySelector("input[name=task]").checked = true;
    place.elements.area.value = row.parentElement.dataset.area;
    place.elements.before.value = row.dataset.task;
    remember(dragged);
    place.requestSubmit();
  };
  rows.forEach((row) => {
    row.draggable = true;
    row.addEventListener("dragstart", (event) => {
      dragged = row;
      row.classList.add("is-dragged");
      event.dataTransfer.effectAllowed = "move";
    });
    row.addEventListener("dragend", () => { clear(); dragged = null; });
    row.addEventListener("dragover", (event) => {
      if (!dragged || dragged === row) return;
      event.preventDefault();
      rows.forEach((other) => other.classList.toggle("is-target", other === row));
    });
    row.addEventListener("drop", (event) => {
      event.preventDefault();
      if (dragged && dragged !== row) drop(row);
    });
  });
})();
