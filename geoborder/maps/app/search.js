// Search by chainage, segment, asset and place; a list that the keyboard can walk.

const folded = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
let known = null;

function entries() {
  if (known) return known;
  known = [];
  const add = (kind, names, under) => names.forEach((name, row) => {
    const more = under(row);
    known.push({ text: name, more, find: folded(`${name} ${more}`), chosen: { kind, row } });
  });
  const lineOf = (table, row) => (lines.length > 1 ? `${lines[lineBeside(table, row)].id} ` : "");
  const kmOf = (table) => (row) => (table.km[row] == null ? "" : `${lineOf(table, row)}km ${number(table.km[row], 1)}`);
  const { segments, units, crossings, places, assets, sites } = data;
  add("segment", segments.id.map((id) => `Segment ${id}`), (row) => spanText(segments.start[row] / 1000, segments.end[row] / 1000));
  add("crossing", crossings.name, (row) => `crossing, ${kmOf(crossings)(row)}`);
  add("unit", units.name, () => "province or region");
  add("place", places.name, (row) => `place, ${kmOf(places)(row)}`);
  add("asset", assets.name, (row) => `${assets.id[row]}, ${kmOf(assets)(row)}`);
  add("site", sites.name, (row) => `candidate site, ${kmOf(sites)(row)}`);
  return known;
}

const MOST = 12;

// A number as people write it: 1,200.5 and 412,5 and 412.5.
function kilometres(text) {
  if (/^\d{1,3}(,\d{3})+(\.\d+)?$/.test(text)) return Number(text.replaceAll(",", ""));
  return Number(text.replace(",", "."));
}

function found(query) {
  const text = folded(query.trim()), results = [];
  if (!text) return results;
  const kilometre = /^(official\s*)?(?:km\s*)?([\d.,]+)(?:\s*km)?$/.exec(text);
  const km = kilometre ? kilometres(kilometre[2]) : NaN;
  if (km >= 0) {
    lines.forEach((line, n) => {
      const name = lines.length > 1 ? `${line.id} ` : "";
      if (km <= line.length && !kilometre[1]) results.push({ text: `${name}km ${number(km, 1)}`, more: "chainage", km, line: n });
      const own = line.fromOfficial(km);
      if (own != null && own >= 0 && own <= line.length) {
        results.push({ text: `${name}official km ${number(km, 1)}`, more: `chainage ${number(own, 1)}`, km: own, line: n });
      }
    });
  }
  const words = text.split(/\s+/);
  const matching = entries().filter((entry) => words.every((word) => entry.find.includes(word)));
  const start = (entry) => (folded(entry.text).startsWith(text) ? 0 : 1);
  matching.sort((a, b) => start(a) - start(b));
  return [...results, ...matching].slice(0, MOST);
}

function fillSearch() {
  const input = part("search"), list = part("results");
  let results = [], active = -1;
  const mark = (n) => {
    active = n;
    [...list.children].forEach((item, m) => item.setAttribute("aria-selected", m === n));
    if (n >= 0) {
      input.setAttribute("aria-activedescendant", list.children[n].id);
      list.children[n].scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  };
  const close = () => {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    mark(-1);
  };
  const take = (result) => {
    close();
    input.value = result.text;
    if (isNarrow()) togglePanel(false);
    if (result.chosen) choose(result.chosen);
    else goToKm(result.km, result.line);
  };
  const show = () => {
    results = found(input.value);
    list.replaceChildren(...results.map((result, n) => el("li", {
      role: "option", id: `gb-result-${n}`, "aria-selected": "false",
      onmousedown: (event) => { event.preventDefault(); take(result); },
    }, el("b", null, result.text), " ", el("span", null, result.more))));
    const none = !results.length && input.value.trim();
    part("found").textContent = none ? "Nothing found" : results.length ? `${results.length} found` : "";
    list.hidden = !results.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    active = -1;
  };
  input.addEventListener("input", show);
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { event.stopPropagation(); close(); }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) show();
      const step = event.key === "ArrowDown" ? 1 : -1;
      const from = active < 0 && step < 0 ? 0 : active;
      if (results.length) mark((from + step + results.length) % results.length);
    }
    if (event.key === "Enter" && !results.length) show();
    if (event.key === "Enter" && results.length) take(results[Math.max(active, 0)]);
  });
}
