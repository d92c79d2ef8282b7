// The DSFR's line-chart bends its lines from point to point, and has no setting for it: between two quarters the curve
// shows values that nobody counted, even more than there are départements. Its chart is asked for straight lines.
// Should the component change and hide its chart, the lines bend again and a browser test says so.

function straighten(element) {
  const chart = element._instance?.proxy?.chart;
  if (!chart) {
    return false;
  }
  for (const line of chart.data.datasets) {
    line.tension = 0;
  }
  chart.update("none");
  return true;
}

function whenDrawn(element) {
  if (straighten(element)) {
    return;
  }
  const observer = new MutationObserver(() => {
    if (straighten(element)) {
      observer.disconnect();
    }
  });
  observer.observe(element, { childList: true, subtree: true });
}

function every(root) {
  root.querySelectorAll("line-chart").forEach(whenDrawn);
}

every(document);
document.addEventListener("htmx:load", (event) => every(event.detail.elt.parentElement ?? document));
