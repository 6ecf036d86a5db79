// The strip under the map: heights, units, coverage and gaps along the chainage.

const ROOM = {
  left: 52, right: 12, top: 18, band: 8, axis: 16,
  get ground() { return window.innerHeight < 620 ? 30 : 62; },
};

function profileWidth() { return Math.max(part("strip").clientWidth, 240); }

const xOf = (km) => ROOM.left + (km / lines[state.line].length) * (profileWidth() - ROOM.left - ROOM.right);
function kmAtX(x) {
  const share = (x - ROOM.left) / (profileWidth() - ROOM.left - ROOM.right);
  return Math.max(0, Math.min(1, share)) * lines[state.line].length;
}

// 1, 2 or 5 times a power of ten, for about so many ticks.
function niceStep(span, ticks) {
  const rough = span / ticks, power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((n) => n * power).find((step) => step >= rough);
}

function drawProfile() {
  const line = lines[state.line], width = profileWidth();
  const bottom = ROOM.top + ROOM.ground, end = bottom + 2 * ROOM.band + 6;
  const picture = svgEl("svg", { width, height: end + ROOM.axis, viewBox: `0 0 ${width} ${end + ROOM.axis}`, "aria-hidden": "true" });
  drawHeights(picture, line, bottom);
  drawSpans(picture, line, bottom);
  drawKilometres(picture, line, end);
  const bands = svgEl("g", { class: "gb-bands" });
  const view = svgEl("path", { class: "gb-view" });
  const cursor = svgEl("line", { class: "gb-cursor", y1: ROOM.top - 4, y2: end, x1: -9, x2: -9 });
  picture.append(bands, view, cursor);
  part("strip").replaceChildren(picture);
  part("strip").setAttribute("aria-valuemax", line.length.toFixed(1));
  drawProfileBands();
  drawCursor();
  drawView();
}

function drawHeights(picture, line, bottom) {
  const known = line.heights.filter((h) => h != null);
  if (!known.length) return;
  const low = Math.min(0, ...known), high = Math.max(...known);
  const y = (h) => bottom - ((h - low) / (high - low || 1)) * ROOM.ground;
  const last = line.heights.length - 1;
  let path = "";
  line.heights.forEach((h, n) => {
    if (h == null) return;
    const x = xOf((n / last) * line.length).toFixed(1);
    path += `${path ? "L" : `M${x},${bottom}L`}${x},${y(h).toFixed(1)}`;
  });
  picture.append(svgEl("path", { class: "gb-heights", d: `${path}V${bottom}Z` }));
  const step = niceStep(high - low, 3);
  for (let h = Math.ceil(low / step) * step; h <= high; h += step) {
    picture.append(
      svgEl("line", { class: "gb-grid", x1: ROOM.left, x2: xOf(line.length), y1: y(h), y2: y(h) }),
      svgEl("text", { x: ROOM.left - 5, y: y(h) + 4, "text-anchor": "end" }, `${number(h)} m`));
  }
}

function drawSpans(picture, line, bottom) {
  const facing = data.coverage.own === "left" ? "right" : "left";
  const sides = new Set(line.spans.map((span) => span.side));
  let free = 0;
  for (const span of line.spans.filter((s) => s.side === facing || !sides.has(facing))) {
    const a = xOf(span.start), b = xOf(span.end), room = span.unit.length * 6.6;
    picture.append(svgEl("line", { class: "gb-limit", x1: a, x2: a, y1: 4, y2: bottom }));
    if (b - a > room && a > free - room / 2) {
      picture.append(svgEl("text", { x: (a + b) / 2, y: 12, "text-anchor": "middle", class: "gb-unit" }, span.unit));
      free = (a + b + room) / 2;
    }
  }
}

function drawKilometres(picture, line, end) {
  const step = niceStep(line.length, profileWidth() / 70), digits = step < 1 ? 1 : 0;
  for (let km = 0; km <= line.length; km += step) {
    picture.append(
      svgEl("line", { class: "gb-grid", x1: xOf(km), x2: xOf(km), y1: end - 2, y2: end + 2 }),
      svgEl("text", { x: xOf(km), y: end + 13, "text-anchor": "middle" }, km === 0 ? "km 0" : number(km, digits)));
  }
}

function drawProfileBands() {
  const group = part("strip").querySelector(".gb-bands");
  if (!group) return;
  const year = yearNow(), top = ROOM.top + ROOM.ground + 3, { covered, gap } = data.colours;
  const rect = (start, end, y, fill) => svgEl("rect", {
    x: xOf(start), y, width: Math.max(xOf(end) - xOf(start), 0.5), height: ROOM.band, fill,
  });
  const runs = runsOf(state.line, year).filter((run) => run.k > 0);
  group.replaceChildren(
    svgEl("rect", { class: "gb-empty", x: ROOM.left, y: top, width: xOf(lines[state.line].length) - ROOM.left, height: 2 * ROOM.band + 1 }),
    ...runs.map((run) => rect(run.start, run.end, top, covered[Math.min(run.k, covered.length) - 1])),
    ...gapsOf(state.line, year).map((g) => rect(g.start, g.end, top + ROOM.band + 1, gap)));
}

function drawCursor() {
  const cursor = part("strip").querySelector(".gb-cursor");
  if (!cursor) return;
  const place = placeNow();
  const x = place && place.line === state.line ? xOf(place.km) : -9;
  cursor.setAttribute("x1", x);
  cursor.setAttribute("x2", x);
  const strip = part("strip");
  const said = place && sayPlace(place.line, place.km);
  strip.setAttribute("aria-valuenow", (place ? place.km : 0).toFixed(1));
  strip.setAttribute("aria-valuetext", said || "no place chosen");
  part("at").textContent = said || "Move along the profile or the line";
}

// What the map shows of the line, as a bracket over the profile.
function drawView() {
  const bracket = part("strip").querySelector(".gb-view");
  if (!bracket || !map._loaded) return;
  const line = lines[state.line], inside = map.getBounds();
  let path = "", begun = null;
  const steps = 400;
  for (let n = 0; n <= steps + 1; n += 1) {
    const km = (n / steps) * line.length;
    const seen = n <= steps && inside.contains(line.at(km));
    if (seen && begun == null) begun = km;
    if (!seen && begun != null) {
      path += `M${xOf(begun).toFixed(1)},${ROOM.top - 2}H${xOf(Math.min(km, line.length)).toFixed(1)}`;
      begun = null;
    }
  }
  bracket.setAttribute("d", path);
}

function sayPlace(row, km) {
  const line = lines[row], official = line.toOfficial(km), height = line.height(km);
  const units = ["left", "right"].map((side) => line.unit(side, km)).filter((unit) => unit);
  const k = countAt(row, yearNow(), km);
  return [
    lines.length > 1 ? line.id : null,
    `km ${number(km, 1)}`,
    official == null ? null : `official ${number(official, 1)}`,
    height == null ? null : `${number(height)} m`,
    units.join(" / ") || null,
    k ? `covered by ${k}` : "gap",
  ].filter((text) => text).join(" \u00b7 ");
}

function fillProfile() {
  const strip = part("strip");
  const kmOf = (event) => kmAtX(event.clientX - strip.getBoundingClientRect().left);
  strip.addEventListener("pointermove", (event) => set({ hover: { line: state.line, km: kmOf(event) } }));
  strip.addEventListener("pointerleave", () => set({ hover: null }));
  strip.addEventListener("click", (event) => goToKm(kmOf(event)));
  strip.addEventListener("pointerup", (event) => {
    if (event.pointerType === "touch") goToKm(kmOf(event));
  });
  strip.addEventListener("keydown", (event) => {
    const length = lines[state.line].length, now = state.km == null ? 0 : state.km;
    const step = event.shiftKey ? 10 : 1;
    const to = {
      ArrowRight: now + step, ArrowUp: now + step, ArrowLeft: now - step, ArrowDown: now - step,
      PageUp: now + 50, PageDown: now - 50, Home: 0, End: length,
    }[event.key];
    if (to != null) {
      event.preventDefault();
      set({ km: Math.max(0, Math.min(length, to)), hover: null });
      map.panInside(lines[state.line].at(state.km), { padding: [60, 60] });
    } else if (event.key === "Enter" && state.km != null) {
      choose({ kind: "segment", row: segmentAt(state.line, state.km) });
    }
  });
  if (lines.length > 1) {
    const choice = part("line");
    choice.hidden = false;
    lines.forEach((line, n) => choice.append(el("option", { value: n }, `${line.id} (${kmText(line.length)})`)));
    choice.addEventListener("change", () => set({ line: Number(choice.value), km: null, hover: null }));
  }
  onChange("line", () => {
    part("line").value = state.line;
    drawProfile();
  });
  onChange("year", () => { drawProfileBands(); drawCursor(); });
  onChange("km", "hover", drawCursor);
  new ResizeObserver(lazily(drawProfile)).observe(strip);
}
