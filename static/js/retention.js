// A slider beside each cut of the page of retention. Without script the number field and its button do the same.
(() => {
  "use strict";

  const form = document.getElementById("cuts");
  if (!form) return;

  const addSlider = (field) => {
    const slider = document.createElement("input");
    slider.type = "range";
    slider.className = "cut-slider";
    for (const name of ["min", "max", "step"]) slider[name] = field[name];
    slider.value = field.value;
    slider.setAttribute("aria-label", `${field.labels[0].textContent}, slider`);
    slider.addEventListener("input", () => {
      field.value = slider.value;
    });
    slider.addEventListener("change", () => form.requestSubmit());
    field.addEventListener("input", () => {
      slider.value = field.value;
    });
    field.after(slider);
  };

  for (const field of form.querySelectorAll("input[type=number]")) addSlider(field);
})();
