// Small helps for pages that already work without script.

// After HTMX replaced the results, tell their heading or count to those who cannot see the change.
document.addEventListener("htmx:afterSwap", (event) => {
  const status = document.getElementById("live-status");
  const said = event.detail.target.querySelector("[data-announce]");
  if (status && said) {
    status.textContent = said.textContent.trim();
  }
});

// A form marked data-submit-on-change sends itself when a choice changes; its button stays for everyone else.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-submit-on-change]");
  if (form) {
    form.requestSubmit();
  }
});

// A slider shows the value it stands on before the form is sent.
document.addEventListener("input", (event) => {
  const slider = event.target.closest("[data-time-slider] input[type=range]");
  if (slider) {
    showStop(slider);
  }
});

function showStop(slider) {
  const block = slider.closest("[data-time-slider]");
  const stops = [...block.querySelectorAll("datalist option")];
  const stop = stops[Number(slider.value)];
  const output = block.querySelector("output");
  if (stop && output) {
    output.textContent = stop.label;
    slider.setAttribute("aria-valuetext", stop.label);
  }
}

document.querySelectorAll("[data-time-slider] input[type=range]").forEach(showStop);
