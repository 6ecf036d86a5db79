// The map: sheets, pointer, and how all parts hang together.

const lines = data.lines.map((line) => new Line(line));

for (const [name, order] of [["gb-ground", 150], ["gb-relief", 155], ["gb-tiles", 160], ["gb-plan", 390]]) {
  map.createPane(name).style.zIndex = order;
  map.getPane(name).style.pointerEvents = "none";
}

const groundSheet = new Sheet(drawCountries, { pane: "gb-ground" });
const planSheet = new Sheet((sheet) => {
  hits.length = 0;
  if (printed) drawUnder(sheet);
  const names = new Names(sheet);
  drawBoundaries(sheet);
  drawReached(sheet);
  drawFootprints(sheet);
  drawBands(sheet);
  drawSegments(sheet);
  drawSites(sheet);
  drawAssets(sheet);
  drawChosen(sheet);
  drawCrossings(sheet, names);
  drawMarks(sheet, names);
  nameGround(names, sheet);
  drawPlaces(sheet, names);
  nameWaters(names, sheet);
}, { pane: "gb-plan" });
const sheets = [groundSheet, planSheet];
const redrawPlan = lazily(() => planSheet.redraw());

let relief = null;
function showRelief() {
  const given = data.ground.relief;
  if (given && isShown("relief") && !relief) {
    const [south, west, north, east] = given.bounds;
    relief = L.imageOverlay(given.url, [[south, west], [north, east]], {
      pane: "gb-relief", opacity: 0.55, alt: "", className: "gb-shade",
    }).addTo(map);
  } else if (relief && !isShown("relief")) {
    relief.remove();
    relief = null;
  }
}

const marker = L.marker([0, 0], {
  interactive: false, keyboard: false,
  icon: L.divIcon({ className: "gb-place", iconSize: [18, 18] }),
});
function showMarker() {
  const place = placeNow();
  if (place) marker.setLatLng(lines[place.line].at(place.km)).addTo(map);
  else marker.remove();
}

const edges = () => (isNarrow()
  ? { paddingTopLeft: [15, 15], paddingBottomRight: [15, 28] }
  : { paddingTopLeft: [30, 30], paddingBottomRight: [30, 45] });

function fitAll(options) {
  const [west, south, east, north] = data.bounds;
  map.fitBounds([[south, west], [north, east]], { ...edges(), ...options });
}

function moveTo(latlng, zoom) {
  map.setView(latlng, Math.max(map.getZoom(), zoom), { animate: false });
}

function goToKm(km, line = state.line) {
  set({ line, km, hover: null });
  moveTo(lines[line].at(km), 9);
}

// What lies under the pointer: a symbol, the line, else a unit.
function under(event) {
  const origin = map.getPixelOrigin(), { min } = planSheet._bounds;
  const point = event.layerPoint, chosen = hitAt(point.x - min.x, point.y - min.y);
  const scale = map.options.crs.scale(map.getZoom());
  const near = lines
    .map((line, n) => ({ ...nearestOn(line.shape(scale, 0.5), point.x + origin.x, point.y + origin.y), line: n }))
    .sort((a, b) => a.px - b.px)[0];
  if (near.px < 14) return { chosen, km: near.km, line: near.line };
  if (chosen) return { chosen };
  const unit = isShown("units") ? unitAt(event.latlng.lng, event.latlng.lat) : -1;
  return unit < 0 ? {} : { unit };
}

const NAMES = {
  asset: (row) => data.assets.name[row],
  crossing: (row) => data.crossings.name[row],
  place: (row) => data.places.name[row],
  site: (row) => data.sites.name[row],
};

function point(event) {
  const { chosen, km, line } = under(event), tip = part("tip");
  set({ hover: km == null ? null : { line, km } });
  let text = "";
  if (chosen) text = NAMES[chosen.kind](chosen.row);
  else if (km != null) text = `Segment ${data.segments.id[segmentAt(line, km)]} \u00b7 ${sayPlace(line, km)}`;
  tip.hidden = !text;
  tip.textContent = text;
  const { x, y } = event.containerPoint, size = map.getSize();
  tip.style.left = `${Math.min(x + 14, size.x - tip.offsetWidth - 4)}px`;
  tip.style.top = `${y > size.y - 60 ? y - 34 : y + 14}px`;
  map.getContainer().style.cursor = text ? "pointer" : "";
}

function press(event) {
  part("tip").hidden = true;
  const { chosen, km, line, unit } = under(event);
  if (chosen) choose(chosen, { move: false });
  else if (km != null) {
    set({ line, km });
    choose({ kind: "segment", row: segmentAt(line, km) }, { move: false });
  } else if (unit != null) choose({ kind: "unit", row: unit }, { move: false });
  else if (state.selected) closeCard();
}

function togglePanel(open) {
  app.classList.toggle("gb-open", open);
  const isOpen = app.classList.contains("gb-open");
  part("menu").setAttribute("aria-expanded", String(isOpen));
  if (!isOpen && part("panel").contains(document.activeElement)) part("menu").focus();
}

function start() {
  const frame = map.getContainer();
  frame.setAttribute("role", "region");
  frame.setAttribute("aria-label", "Map of the border; arrow keys move it, plus and minus zoom");
  part("map").prepend(frame);
  map.attributionControl.setPrefix(false).addAttribution(data.attribution);
  map.attributionControl.getContainer().tabIndex = 0; // shows all of itself in focus
  L.control.scale({ imperial: false, position: "bottomright" }).addTo(map);
  map.on("mousemove", point);
  map.on("mouseout", () => { part("tip").hidden = true; set({ hover: null }); });
  map.on("click", press);
  map.on("moveend", lazily(drawView));
  part("menu").addEventListener("click", () => togglePanel());
  part("whole").addEventListener("click", () => fitAll());
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (app.classList.contains("gb-open")) togglePanel(false);
    else if (state.selected) closeCard();
  });
  onChange("year", "color", "layers", "selected", redrawPlan);
  onChange("km", "hover", "line", showMarker);
  onChange("layers", showRelief);
  onChange("selected", "year", showCard);
  fillPanel();
  fillYears();
  fillProfile();
  fillSearch();
  fillPrint();
  set({
    year: data.years.findIndex((y) => y.year === data.view.year),
    color: data.attributes.findIndex((a) => a.name === data.view.color),
  });
  drawProfile();
  showPlaying();
  map.invalidateSize({ animate: false });
  fitAll({ animate: false });
  for (const sheet of sheets) sheet.addTo(map);
  new ResizeObserver(() => map.invalidateSize({ animate: false })).observe(frame);
  fillLink();
  app.classList.add("gb-ready");
}

start();
