// Small helps for pages that already work without script.

// After HTMX replaced the results, say their count to those who cannot see the change.
document.addEventListener("htmx:afterSwap", () => {
  const status = document.getElementById("live-status");
  const said = document.querySelector("[data-announce]");
  if (status && said) {
    status.textContent = said.textContent.trim();
  }
});

// A part of a page that is read once the page is shown, and could not be: say so, with the link to where it is.
for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(failure, (event) => {
    const failed = event.target.querySelector("[data-load-failed]");
    if (failed) {
      event.target.querySelector("[data-load-waits]").hidden = true;
      failed.hidden = false;
    }
  });
}

// A form marked data-submit-on-change sends itself when a choice changes; its button stays for everyone else.
document.addEventListener("change", (event) => {
  // The DSFR announces a change of its own when it draws a slider: only a person's counts.
  if (event.isTrusted) {
    event.target.closest("form[data-submit-on-change]")?.requestSubmit();
  }
});

// A list of dates becomes a slider, which reads out the date it stands on. The list stays the field that is sent.
function slide(form) {
  const list = form.querySelector("select");
  const range = form.querySelector("input[type=range]");
  const output = form.querySelector("output");
  const follow = () => {
    list.selectedIndex = Number(range.value);
    output.textContent = list.selectedOptions[0].label;
    range.setAttribute("aria-valuetext", list.selectedOptions[0].label);
  };
  range.max = String(list.options.length - 1);
  range.value = String(list.selectedIndex);
  form.querySelector("[data-time-list]").hidden = true;
  form.querySelector("[data-time-submit]").hidden = true;
  form.querySelector("[data-time-range]").hidden = false;
  range.addEventListener("input", follow);
  follow();
}

document.querySelectorAll("[data-time-slider]").forEach(slide);
