// One page, A4 or A3, landscape. The page is laid out for paper before it is printed, so
// that the map is drawn at the paper's size.

const PAPERS = { A4: [297, 210], A3: [420, 297] }, MARGIN_MM = 8, PX_PER_MM = 96 / 25.4;
let paper = "A4", before = null, printed = false;

// A canvas hides on paper what lies under it, so that the ground, the relief and web
// tiles are drawn on it too.
function drawUnder(sheet) {
  drawCountries(sheet);
  const { left, top } = planSheet._container.getBoundingClientRect();
  for (const image of app.querySelectorAll(".leaflet-gb-tiles-pane img, .leaflet-gb-relief-pane img")) {
    const box = image.getBoundingClientRect();
    sheet.context.globalAlpha = Number(getComputedStyle(image).opacity);
    if (image.complete && image.naturalWidth) {
      sheet.context.drawImage(image, box.left - left, box.top - top, box.width, box.height);
    }
  }
  sheet.context.globalAlpha = 1;
}

function layOut() {
  if (before) return;
  const [width, height] = PAPERS[paper].map((mm) => Math.floor((mm - 2 * MARGIN_MM) * PX_PER_MM) - 2);
  before = { bounds: map.getBounds(), center: map.getCenter(), zoom: map.getZoom() };
  const root = app;
  root.classList.add("gb-printed");
  root.style.width = `${width}px`;
  root.style.height = `${height}px`;
  printed = true;
  for (const sheet of sheets) sheet.ratio = 3;
  map.invalidateSize({ animate: false, pan: false });
  map.fitBounds(before.bounds, { animate: false, padding: [0, 0] });
  for (const sheet of sheets) sheet.redraw();
  drawProfile();
}

function layBack() {
  if (!before) return;
  const { center, zoom } = before;
  const root = app;
  root.classList.remove("gb-printed");
  root.removeAttribute("style");
  printed = false;
  for (const sheet of sheets) sheet.ratio = null;
  before = null;
  map.invalidateSize({ animate: false, pan: false });
  map.setView(center, zoom, { animate: false });
  drawProfile();
}

function choosePaper(name) {
  paper = name;
  part("page-size").textContent = `@page { size: ${name} landscape; margin: ${MARGIN_MM}mm; }`;
}

function fillPrint() {
  const choice = part("paper");
  Object.keys(PAPERS).forEach((name) => choice.append(el("option", { value: name }, `${name} landscape`)));
  choice.addEventListener("change", () => choosePaper(choice.value));
  part("print").addEventListener("click", () => window.print());
  choosePaper("A4");
  window.addEventListener("beforeprint", layOut);
  window.addEventListener("afterprint", layBack);
}
