// A slider beside each cut of the page of retention. Without script the number field and its button do the same.
(() => {
  "use strict";

  const form = document.getElementById("cuts");
  if (!form) return;

  // The page is loaded anew for each cut: whoever moves it by keyboard goes on from the same slider at the same place.
  const KEY = "cut-in-hand";
  const keepPlace = (field) => {
    sessionStorage.setItem(KEY, JSON.stringify([window.location.pathname, field.name, window.scrollY]));
  };
  const findPlace = () => {
    const [path, name, top] = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    sessionStorage.removeItem(KEY);
    if (path !== window.location.pathname) return;
    form.elements[name]?.parentElement.querySelector(".cut-slider")?.focus({ preventScroll: true });
    window.scrollTo(0, top);
  };

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
    slider.addEventListener("change", () => {
      keepPlace(field);
      form.requestSubmit();
    });
    field.addEventListener("input", () => {
      slider.value = field.value;
    });
    field.after(slider);
  };

  for (const field of form.querySelectorAll("input[type=number]")) addSlider(field);
  findPlace();
})();
