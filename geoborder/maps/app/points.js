// Assets, crossings, places, candidate sites: symbols on the map that can be clicked.

const CATEGORIES = Object.keys(data.colours.categories);
const symbolOf = (category) => data.colours.symbols[category];
const hits = []; // of what is drawn now: x, y, kind, row

const DARK = "#111";
const sizeAt = (zoom) => (zoom < 7.2 ? 0.45 : zoom < 8.2 ? 0.62 : zoom < 9.5 ? 0.8 : 1);

function pointOf(table, row, sheet) {
  if (table.x[row] == null) return null;
  const world = table.world || (table.world = new Map());
  if (!world.has(row)) {
    world.set(row, [worldX(table.x[row] * DEGREES), worldY(table.y[row] * DEGREES)]);
  }
  const [x, y] = world.get(row);
  const px = x * sheet.scale - sheet.left, py = y * sheet.scale - sheet.top;
  return px > -20 && py > -20 && px < sheet.width + 20 && py < sheet.height + 20 ? [px, py] : null;
}

function drawAssets(sheet) {
  const { assets, colours } = data, year = yearNow(), scale = sizeAt(sheet.zoom);
  for (const category of [...CATEGORIES].reverse()) {
    if (!isShown("assets " + category)) continue;
    for (let row = 0; row < assets.id.length; row += 1) {
      if (assets.category[row] !== category || !isActive(row, year)) continue;
      const at = pointOf(assets, row, sheet);
      if (!at) continue;
      const isNew = assets.from[row] === year;
      if (isNew) stamp(sheet.context, symbolOf(category), ...at, { fill: "#fff", stroke: "#fff", width: 6, scale });
      stamp(sheet.context, symbolOf(category), ...at, {
        fill: colours.categories[category],
        stroke: assets.standing[row] ? DARK : "#fff",
        width: assets.standing[row] ? 2 : 1.2,
        scale: isNew ? scale * 1.25 : scale,
      });
      hits.push([...at, "asset", row]);
    }
  }
}

// What was chosen is drawn whatever the layers and the year.
function drawChosen(sheet) {
  const chosen = state.selected;
  if (!chosen || chosen.kind !== "asset") return;
  const category = data.assets.category[chosen.row], at = pointOf(data.assets, chosen.row, sheet);
  if (!at) return;
  stamp(sheet.context, symbolOf(category), ...at, { fill: "#ffd23f", stroke: "#ffd23f", width: 8 });
  stamp(sheet.context, symbolOf(category), ...at, { fill: data.colours.categories[category], stroke: DARK, width: 2 });
}

function drawSites(sheet) {
  if (!isShown("sites")) return;
  data.sites.name.forEach((_, row) => {
    const at = pointOf(data.sites, row, sheet);
    if (!at) return;
    const used = data.sites.used[row];
    stamp(sheet.context, "site", ...at, {
      fill: "rgba(255,255,255,.7)", stroke: used ? data.colours.site : "#666",
      width: used ? 2.5 : 1, scale: used ? 1.6 : 0.6,
    });
    hits.push([...at, "site", row]);
  });
}

function drawCrossings(sheet, names) {
  if (!isShown("crossings")) return;
  data.crossings.name.forEach((name, row) => {
    const at = pointOf(data.crossings, row, sheet);
    if (!at) return;
    stamp(sheet.context, "crossing", ...at, {
      fill: "#ffd23f", stroke: DARK, width: 1.4, scale: Math.max(sizeAt(sheet.zoom), 0.7),
    });
    hits.push([...at, "crossing", row]);
    names.take([at[0] - 8, at[1] - 8, at[0] + 8, at[1] + 8]);
    if (sheet.zoom >= 8) names.write(name, at[0] + 11, at[1], { font: "600 12px system-ui, sans-serif" });
  });
}

// Larger places first, and smaller ones only where one looks closer.
function drawPlaces(sheet, names) {
  if (!isShown("places")) return;
  const { places } = data;
  const least = sheet.zoom < 6.5 ? 100000 : sheet.zoom < 8 ? 20000 : sheet.zoom < 9 ? 5000 : -1;
  const order = places.order ||
    (places.order = places.name.map((_, n) => n).sort((a, b) => places.rank[b] - places.rank[a]));
  for (const row of order) {
    const at = places.rank[row] > least && pointOf(places, row, sheet);
    if (!at) continue;
    if (names.write(places.name[row], at[0] + 7, at[1], { fill: "#333" })) {
      stamp(sheet.context, "place", ...at, { fill: "#fff", stroke: "#333", width: 1.2 });
      hits.push([...at, "place", row]);
    }
  }
}

function hitAt(px, py, reach = 11) {
  let best = reach * reach, found = null;
  for (const [x, y, kind, row] of hits) {
    const away = (x - px) ** 2 + (y - py) ** 2;
    if (away <= best) { best = away; found = { kind, row }; }
  }
  return found;
}
