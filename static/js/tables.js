// Sorting of tables in the page: each th[data-sort] of table[data-sortable] gets a button. Without script the table stays as sent.
// What a reader chose stands in the address: the order as ?sort=TABLE.COLUMN.DIRECTION, an opened row as #task-CODE.
(() => {
  "use strict";

  const order = new Intl.Collator(document.documentElement.lang || "en", { numeric: true, sensitivity: "base" });

  // The value a cell sorts by: its data-value, else its text; an empty or dashed cell has none and always goes last.
  const cellValue = (row, column, kind) => {
    const cell = row.cells[column];
    if (!cell || cell.querySelector(".no-value")) return null;
    const text = (cell.dataset.value ?? cell.textContent).trim();
    if (text === "") return null;
    if (kind !== "number") return text;
    const value = Number.parseFloat(text.replace(/[^0-9.eE+-]/g, ""));
    return Number.isNaN(value) ? null : value;
  };

  const compare = (a, b, kind) => (kind === "number" ? a - b : order.compare(a, b));

  const sortRows = (body, column, kind, sign) => {
    const rows = Array.from(body.rows, (row, place) => ({ row, place, value: cellValue(row, column, kind) }));
    rows.sort((a, b) => {
      if (a.value === null || b.value === null) return (a.value === null) - (b.value === null) || a.place - b.place;
      return sign * compare(a.value, b.value, kind) || a.place - b.place;
    });
    body.append(...rows.map((entry) => entry.row));
  };

  // Figures begin with the largest, words with A; the next press turns it round.
  const nextDirection = (header) => {
    const now = header.getAttribute("aria-sort");
    if (now === "ascending") return "descending";
    if (now === "descending") return "ascending";
    return header.dataset.sort === "number" ? "descending" : "ascending";
  };

  const sortBy = (table, header, direction) => {
    for (const other of header.parentElement.cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", direction);
    const sign = direction === "ascending" ? 1 : -1;
    for (const body of table.tBodies) sortRows(body, header.cellIndex, header.dataset.sort, sign);
  };

  const remember = (order) => {
    const address = new URL(window.location.href);
    address.searchParams.set("sort", order);
    window.history.replaceState(null, "", address);
    for (const form of document.querySelectorAll("form.filter-row, form#cuts")) keepOrder(form, order);
  };

  // Choosing a filter keeps the order.
  const keepOrder = (form, order) => {
    let field = form.querySelector('input[name="sort"]');
    if (!field) {
      field = document.createElement("input");
      field.type = "hidden";
      field.name = "sort";
      form.append(field);
    }
    field.value = order;
  };

  const restore = () => {
    const order = new URLSearchParams(window.location.search).get("sort") ?? "";
    const [name, column, direction] = order.split(".");
    const table = document.getElementById(`table-${name}`);
    const header = table?.tHead?.rows[0]?.cells[Number(column)];
    if (!header?.dataset.sort || !["ascending", "descending"].includes(direction)) return;
    sortBy(table, header, direction);
    for (const form of document.querySelectorAll("form.filter-row, form#cuts")) keepOrder(form, order);
  };

  const openRow = () => {
    const row = window.location.hash ? document.getElementById(window.location.hash.slice(1)) : null;
    const more = row?.querySelector("details");
    if (more) more.open = true;
  };

  const watchRows = () => {
    for (const more of document.querySelectorAll("tr[id] details")) {
      more.addEventListener("toggle", () => {
        const address = new URL(window.location.href);
        address.hash = more.open ? more.closest("tr").id : "";
        window.history.replaceState(null, "", address);
      });
    }
  };

  const makeButton = (table, header) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort-button";
    const link = header.querySelector("a.sort-button"); // what sorts where no script runs
    button.append(...(link ?? header).childNodes);
    header.replaceChildren();
    button.addEventListener("click", () => {
      const direction = nextDirection(header);
      sortBy(table, header, direction);
      if (table.id) remember(`${table.id.replace("table-", "")}.${header.cellIndex}.${direction}`);
    });
    header.append(button);
  };

  const prepare = (root) => {
    for (const table of root.querySelectorAll("table[data-sortable]:not([data-ready])")) {
      table.dataset.ready = "";
      for (const header of table.querySelectorAll("th[data-sort]")) makeButton(table, header);
    }
  };

  prepare(document);
  restore();
  openRow();
  watchRows();
  document.addEventListener("htmx:after:swap", () => prepare(document));
})();
