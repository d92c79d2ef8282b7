// Turns the DSFR's map, which only knows scales of numbers, into a map of categories: each département takes the
// fill of its category, says its name and its state, and leads to its page. The table beside it does the same
// without script and by keyboard.

function draw(figure) {
  const areas = JSON.parse(figure.dataset.areas);
  const legend = new Map(JSON.parse(figure.dataset.legend).map((entry) => [entry.value, entry]));
  const chart = figure.querySelector("map-chart");
  const shapes = [...chart.querySelectorAll("[class^='FR-']")];
  if (shapes.length === 0) {
    return false;
  }
  const byCode = new Map(areas.map((area) => [`FR-${area.code}`, area]));
  for (const shape of shapes) {
    const area = byCode.get(shape.getAttribute("class"));
    const entry = area && legend.get(area.value);
    shape.style.fill = `url("#${figure.id}-${entry ? entry.fill : "empty"}")`;
    shape.querySelector("title")?.remove();
    const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
    title.textContent = area ? `${area.name} : ${entry ? entry.label : "non renseigné"}` : "";
    shape.append(title);
    if (area?.url) {
      shape.dataset.url = area.url;
    }
  }
  // The component zooms on a click; here a click opens the département.
  chart.addEventListener(
    "click",
    (event) => {
      event.stopPropagation();
      const url = event.target.closest("[data-url]")?.dataset.url;
      if (url) {
        location.assign(url);
      }
    },
    { capture: true },
  );
  figure.dataset.drawn = "true";
  return true;
}

function whenDrawn(figure) {
  if (figure.dataset.drawn || draw(figure)) {
    return;
  }
  const observer = new MutationObserver(() => {
    if (draw(figure)) {
      observer.disconnect();
    }
  });
  observer.observe(figure.querySelector("map-chart"), { childList: true, subtree: true });
}

function every(root) {
  root.querySelectorAll("[data-departement-map]").forEach(whenDrawn);
}

every(document);
document.addEventListener("htmx:load", (event) => every(event.detail.elt.parentElement ?? document));
