// Says while somebody types how many of the 100 points are left. The server checks the sum; without this file the page
// says it after the button was pressed.
(() => {
  "use strict";

  const form = document.querySelector("form[data-points]");
  if (!form) return;
  const total = Number(form.dataset.points);
  const shown = form.querySelector("[data-points-total]");
  const status = form.querySelector("[data-points-status]");
  const fields = [...form.querySelectorAll(".points input")];
  let timer = null;

  const words = (sum) => {
    if (sum === total) return form.dataset.done;
    return (sum < total ? form.dataset.left : form.dataset.over).replace("{left}", Math.abs(total - sum));
  };

  const show = () => {
    const values = fields.map((field) => field.value.trim());
    const sum = values.reduce((all, value) => all + (/^\d{1,3}$/.test(value) ? Number(value) : 0), 0);
    shown.hidden = values.every((value) => value === "");
    shown.dataset.state = sum === total ? "saved" : "";
    shown.textContent = words(sum);
    return shown.hidden ? "" : shown.textContent;
  };

  form.addEventListener("input", () => {
    const text = show();
    clearTimeout(timer);
    timer = setTimeout(() => {
      status.textContent = text; // once the reader pauses, not at each digit
    }, 1500);
  });
  show();
})();
