// The card of what was chosen: a segment, an asset, a crossing, a place, a site, a unit.

const factRows = (facts, row) =>
  facts
    .filter(([, texts]) => texts[row])
    .map(([label, texts]) => el("tr", null, el("th", { scope: "row" }, label), el("td", null, texts[row])));

const factTable = (rows) => el("table", { class: "gb-facts" }, el("tbody", null, rows));

function table(heads, rows, caption) {
  return el("table", { class: "gb-rows" },
    el("caption", null, caption),
    el("thead", null, el("tr", null, heads.map((head) => el("th", { scope: "col" }, head)))),
    el("tbody", null, rows.map((cells) =>
      el("tr", null, cells.map((cell) => el("td", null, typeof cell === "number" ? number(cell, cell % 1 ? 1 : 0) : cell))))));
}

const goTo = (text, chosen) =>
  el("button", { type: "button", class: "gb-link", onclick: () => choose(chosen) }, text);

function stretchTable(parts, caption) {
  return table(["From km", "To km", "Length, km"],
    parts.map(({ start, end }) => [number(start, 1), number(end, 1), number(end - start, 1)]), caption);
}

function segmentCard(row) {
  const { id, line, start, end, facts } = data.segments;
  const from = start[row] / 1000, to = end[row] / 1000, year = data.years[state.year];
  const gaps = within(gapsOf(line[row], year.year), from, to);
  const label = year.label === "before" ? "before the programme" : "in " + year.label;
  const covered = gaps.reduce((sum, gap) => sum - (gap.end - gap.start), to - from);
  const parts = [
    factTable([
      ...factRows([[`Covered ${label}, km`, { [row]: number(covered, 1) }]], row),
      ...factRows(facts, row),
    ]),
    gaps.length
      ? stretchTable(gaps, `Gaps ${label}`)
      : el("p", null, `No gap ${label}.`),
  ];
  return { title: `Segment ${id[row]}`, under: place(line[row], from, to), parts: [...parts, ...measureTables(row), equipmentOf(row, from, to)] };
}

const place = (line, start, end) =>
  (lines.length > 1 ? lines[line].id + ", " : "") + spanText(start, end);

function measureTables(segment) {
  const { names, units, measure, year, quantity, cost } = data.measures;
  const what = [], costs = new Map();
  for (let n = 0; n < measure.length; n += 1) {
    if (data.measures.segment[n] !== segment) continue;
    what.push([String(year[n]), names[measure[n]], `${number(quantity[n], quantity[n] % 1 ? 1 : 0)} ${units[measure[n]]}`, number(cost[n])]);
    costs.set(year[n], (costs.get(year[n]) || 0) + cost[n]);
  }
  if (!what.length) return [el("p", null, "No measure here.")];
  what.sort((a, b) => a[0].localeCompare(b[0]));
  const years = [...costs].sort((a, b) => a[0] - b[0]).map(([y, sum]) => [String(y), number(sum)]);
  return [
    table(["Year", "Measure", "How much", "Cost"], what, `Measures (cost in ${data.currency})`),
    table(["Year", "Cost"], years, `Cost by year, ${data.currency}`),
  ];
}

function equipmentOf(segment) {
  const rows = data.assets.id.map((_, n) => n).filter((n) => data.assets.segment[n] === segment);
  if (!rows.length) return el("p", null, "No equipment here.");
  return el("div", null,
    el("h3", null, "Equipment"),
    el("ul", null, rows.map((row) => el("li", null,
      goTo(data.assets.name[row], { kind: "asset", row }), " ", since(row)))));
}

const since = (row) => (data.assets.standing[row] || data.assets.from[row] == null
  ? "standing already" : "from " + data.assets.from[row]);

function assetCard(row) {
  const { name, id, from, until, facts } = data.assets;
  const years = [["In operation", { [row]: `${data.assets.from[row] ?? "before the programme"} - ${until[row] ?? "no end"}` }]];
  const own = [];
  data.coverage.asset.forEach((asset, n) => {
    if (asset === row) own.push({ start: data.coverage.start[n] / 1000, end: data.coverage.end[n] / 1000 });
  });
  const parts = [factTable([...factRows(years, row), ...factRows(facts, row)])];
  const [soon, gone] = [from[row] > yearNow(), until[row] != null && until[row] < yearNow()];
  if (soon || gone) {
    parts.unshift(el("p", { class: "gb-note" }, `${soon ? "Not there yet" : "No longer there"} in ${yearNow()}.`));
  }
  if (own.length) parts.push(stretchTable(own, "Border that it covers by itself"));
  return { title: name[row], under: id[row], parts };
}

const CARDS = {
  segment: segmentCard,
  asset: assetCard,
  crossing: (row) => plain(data.crossings, row, "Official crossing"),
  place: (row) => plain(data.places, row, "Populated place"),
  site: (row) => plain(data.sites, row, "Candidate site"),
  unit: (row) => plain(data.units, row, "Unit beside the border"),
};

const plain = (from, row, under) => ({
  title: from.name[row], under, parts: [factTable(factRows(from.facts, row))],
});

let cardOf = null; // what the card shows; another year changes only what it says

function showCard() {
  const box = part("card"), chosen = state.selected;
  box.hidden = !chosen;
  if (!chosen) return;
  const { title, under, parts } = CARDS[chosen.kind](chosen.row);
  if (chosen === cardOf) {
    const scroll = box.querySelector(".gb-scroll"), top = scroll.scrollTop;
    scroll.replaceChildren(...parts);
    scroll.scrollTop = top;
    return;
  }
  cardOf = chosen;
  const head = el("h2", { tabindex: "-1" }, title);
  box.replaceChildren(
    el("button", { type: "button", class: "gb-close", "aria-label": "Close card", onclick: closeCard }, "\u00d7"),
    head, el("p", { class: "gb-under" }, under),
    el("div", { class: "gb-scroll", tabindex: "0", role: "region", "aria-label": "Details" }, parts));
}

let focusBefore = null;

// Choose something, and move to where it is.
function choose(chosen, { move = true, focus = true } = {}) {
  if (focus && !state.selected) focusBefore = document.activeElement;
  const at = whereIs(chosen);
  set({ selected: chosen, ...(at.km == null ? {} : { km: at.km, line: at.line }) });
  if (move && at.latlng) moveTo(at.latlng, at.zoom);
  if (move && at.bounds) map.fitBounds(at.bounds, { animate: false });
  if (focus) part("card").querySelector("h2").focus({ preventScroll: true });
}

function closeCard() {
  set({ selected: null });
  if (focusBefore && focusBefore.isConnected) focusBefore.focus({ preventScroll: true });
}

function whereIs({ kind, row }) {
  if (kind === "segment") {
    const { line, start, end } = data.segments, middle = (start[row] + end[row]) / 2000;
    const here = state.km != null && state.line === line[row] && state.km >= start[row] / 1000 && state.km <= end[row] / 1000;
    const km = here ? state.km : middle;
    return { km, line: line[row], latlng: lines[line[row]].at(km), zoom: 9 };
  }
  if (kind === "unit") {
    const rings = data.units.shapes[row].rings.map(vertices);
    return { bounds: rings.flatMap(({ lon, lat }) => Array.from(lon, (x, n) => [lat[n], x])) };
  }
  const points = { asset: data.assets, crossing: data.crossings, place: data.places, site: data.sites }[kind];
  const own = kind === "asset" ? points.segment[row] : -1;
  const line = own < 0 ? lineBeside(points, row) : data.segments.line[own];
  if (points.x[row] == null) return { km: points.km[row], line };
  return { km: points.km[row], line, latlng: [points.y[row] * DEGREES, points.x[row] * DEGREES], zoom: 10 };
}

// The line whose chainage a point's is: the one that is nearest to it there.
function lineBeside(points, row) {
  if (lines.length === 1 || points.x[row] == null) return 0;
  const [x, y] = [worldX(points.x[row] * DEGREES), worldY(points.y[row] * DEGREES)];
  const away = lines.map((line) => nearestOn(line.shape(1, 0), x, y).px);
  return away.indexOf(Math.min(...away));
}

function segmentAt(line, km) {
  const { id, start, end } = data.segments;
  const metres = km * 1000, slack = 0.01; // ends are rounded
  return id.findIndex((_, n) => data.segments.line[n] === line && metres >= start[n] - slack && metres <= end[n] + slack);
}
