// Legend and layers in one: each row's switch, symbol and name.

function layerRows() {
  const { colours, assets, sites } = data;
  const covered = bar([...colours.covered]);
  const rows = [
    ["covered", covered, `Covered by ${["1", "2", "3 or more"].join(", ")} (own side)`, true],
    ["gaps", bar([colours.gap]), `Gaps: fewer than ${data.coverage.k} (other side)`, true],
  ];
  for (const category of CATEGORIES) {
    const count = assets.category.filter((c, n) => c === category && assets.x[n] != null).length;
    if (count) {
      const shown = category === "posts" || category === "observation";
      rows.push(["assets " + category, icon(symbolOf(category), colours.categories[category], "#fff", 1), `${category} (${number(count)})`, shown]);
    }
  }
  if (hasAreas()) rows.push(["areas", bar([colours.categories.observation + "66"], 10), "What they see or reach", false]);
  if (data.reached) {
    const title = `Within ${[...data.reached.minutes].reverse().join(", ")} minutes of a post, ${data.reached.mode}, ${data.reached.year}`;
    rows.push(["reached", bar(colours.reached.slice(0, data.reached.rings.length), 10), title, false]);
  }
  if (sites.name.length) rows.push(["sites", icon("site", "#fff", colours.site, 2.5), `Candidate sites (${number(sites.name.length)}; ringed: used)`, false]);
  if (data.crossings.name.length) rows.push(["crossings", icon("crossing", "#ffd23f", DARK, 1.4), "Official crossings", true]);
  if (data.places.name.length) rows.push(["places", icon("place", "#fff", "#333", 1.2), "Places", true]);
  rows.push(["marks", null, "Chainage, km", true]);
  if (data.units.name.length) rows.push(["units", bar(["#6b4f8f"], 2), "Provinces and regions", true]);
  if (data.ground.rivers.length + data.ground.lakes.length) rows.push(["waters", bar(["#6ba4c9"], 3), "Rivers and lakes", true]);
  if (data.ground.relief) rows.push(["relief", bar(["#d9d4c8", "#9c968a"], 10), "Relief", true]);
  return rows;
}

function fillPanel() {
  const choice = part("color");
  data.attributes.forEach((attribute, n) => choice.append(el("option", { value: n }, attribute.title)));
  choice.addEventListener("change", () => set({ color: Number(choice.value) }));
  const shown = { segments: true };
  const list = part("layers");
  for (const [name, symbol, title, on] of layerRows()) {
    shown[name] = on;
    const box = el("input", { type: "checkbox", checked: on, "data-layer": name });
    box.addEventListener("change", () => set({ layers: { ...state.layers, [name]: box.checked } }));
    list.append(el("li", null, el("label", null, box, symbol || el("span", { class: "gb-icon" }, "|"), el("span", null, title))));
  }
  part("rims").append(
    el("li", null, icon("pentagon", "#fff", DARK, 2), el("span", null, "dark rim: standing already")),
    el("li", null, icon("pentagon", "#777", "#fff", 1), el("span", null, "larger: new in the year shown")));
  fillTiles();
  onChange("color", showClasses);
  onChange("layers", () => {
    for (const box of list.querySelectorAll("input")) {
      box.checked = isShown(box.dataset.layer);
      box.closest("li").classList.toggle("gb-off", !box.checked);
    }
  });
  set({ layers: shown });
}

function showClasses() {
  const { title, classes } = data.attributes[state.color];
  part("color").value = state.color;
  part("classes-title").textContent = title;
  part("classes").replaceChildren(
    ...classes.map(([colour, label]) => el("li", null, bar([colour], 8), el("span", null, label))));
}

// Maps from the web: nothing is asked for until a reader turns one on.
function fillTiles() {
  if (!data.tiles.length) return;
  const names = ["none", ...data.tiles.map((tiles) => tiles.name)];
  let layer = null;
  part("tiles").append(
    el("legend", null, "Web map (needs a network)"),
    ...names.map((name, n) => {
      const button = el("input", { type: "radio", name: "gb-tiles", value: n, checked: n === 0 });
      button.addEventListener("change", () => {
        if (layer) layer.remove();
        const chosen = data.tiles[n - 1];
        layer = chosen ? L.tileLayer(chosen.url, {
          attribution: chosen.attribution, maxZoom: chosen.max_zoom, pane: "gb-tiles",
        }).addTo(map) : null;
      });
      return el("label", null, button, el("span", null, name));
    }));
  part("tiles").hidden = false;
}
