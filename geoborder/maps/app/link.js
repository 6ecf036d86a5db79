// What is shown, in the address: #km=412.5&year=2027. Values are numbers or are looked up.

function readLink() {
  const given = new URLSearchParams(window.location.hash.slice(1));
  const changes = {};
  const year = data.years.findIndex((y) => String(y.year) === given.get("year") || y.label === given.get("year"));
  if (year >= 0) changes.year = year;
  const color = data.attributes.findIndex((a) => a.name === given.get("color"));
  if (color >= 0) changes.color = color;
  const line = lines.findIndex((l) => l.id === given.get("line"));
  if (line >= 0) changes.line = line;
  set(changes);
  const km = (given.get("km") || "").trim() ? Number(given.get("km")) : NaN;
  const isPlace = km >= 0 && km <= lines[state.line].length;
  const segment = data.segments.id.findIndex((id) => String(id) === given.get("segment"));
  const asset = data.assets.id.indexOf(given.get("asset"));
  set({ selected: null, km: null });
  if (isPlace) goToKm(km);
  if (asset >= 0) choose({ kind: "asset", row: asset }, { focus: false });
  else if (segment >= 0) choose({ kind: "segment", row: segment }, { focus: false });
}

function writeLink() {
  const link = new URLSearchParams();
  if (lines.length > 1) link.set("line", lines[state.line].id);
  if (state.km != null) link.set("km", String(Math.round(state.km * 1000) / 1000));
  link.set("year", data.years[state.year].year);
  link.set("color", data.attributes[state.color].name);
  const chosen = state.selected;
  if (chosen && chosen.kind === "segment") link.set("segment", data.segments.id[chosen.row]);
  if (chosen && chosen.kind === "asset") link.set("asset", data.assets.id[chosen.row]);
  try {
    window.history.replaceState(null, "", `#${link}`);
  } catch {
    // A page inside another, as in a notebook's cell, has no address of its own.
  }
}

function fillLink() {
  readLink();
  window.addEventListener("hashchange", readLink);
  onChange("year", "km", "line", "color", "selected", lazily(writeLink));
}
