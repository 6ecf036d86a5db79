// The border itself: the line by attribute, bands of coverage and gaps, chainage marks.

const BAND = { away: 7.5, width: 5 };
const ownSign = () => (data.coverage.own === "left" ? 1 : -1);

const colorsOf = (segment) => {
  const attribute = data.attributes[state.color];
  const values = attribute.values[Math.min(state.year, attribute.values.length - 1)];
  return attribute.classes[values[segment]][0];
};

function eachSegment(visit) {
  const { id, line, start, end } = data.segments;
  for (let n = 0; n < id.length; n += 1) visit(n, line[n], start[n] / 1000, end[n] / 1000);
}

function drawSegments(sheet) {
  const { context } = sheet;
  const shapes = lines.map((line) => line.shape(sheet.scale, 0.5));
  context.lineJoin = "round";
  context.lineCap = "round";
  for (const [width, colour] of [[8, "#fff"], [6, "#333"]]) {
    context.beginPath();
    shapes.forEach((shape, n) => {
      strokePoints(context, sliceOf(shape, 0, lines[n].length), sheet);
    });
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  }
  if (!isShown("segments")) return;
  const byColour = new Map();
  eachSegment((n, line, start, end) => {
    const colour = colorsOf(n);
    if (!byColour.has(colour)) byColour.set(colour, []);
    byColour.get(colour).push(sliceOf(shapes[line], start, end));
  });
  context.lineWidth = 4;
  context.lineCap = "butt";
  for (const [colour, parts] of byColour) {
    context.beginPath();
    for (const points of parts) strokePoints(context, points, sheet);
    context.strokeStyle = colour;
    context.stroke();
  }
}

// Bands lie beside a smoother line, so that they stay beside it where it winds.
const smooth = (line, sheet) => line.shape(sheet.scale, 2);

function drawStretches(sheet, parts, { side, colour, away = BAND.away, width = BAND.width, cap = "butt" }) {
  const { context } = sheet;
  context.beginPath();
  for (const { line, start, end } of parts) {
    const points = sliceOf(smooth(lines[line], sheet), start, end);
    strokePoints(context, side ? shifted(points, side * away) : points, sheet);
  }
  context.lineJoin = "round";
  context.lineCap = cap;
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.stroke();
}

function drawBands(sheet) {
  const year = yearNow(), own = ownSign();
  const runs = lines.flatMap((_, line) => runsOf(line, year).map((run) => ({ ...run, line })));
  const gaps = lines.flatMap((_, line) => gapsOf(line, year).map((gap) => ({ ...gap, line })));
  if (isShown("covered")) {
    const covered = runs.filter((run) => run.k > 0);
    drawStretches(sheet, covered, { side: own, colour: "#fff", width: BAND.width + 2 });
    data.colours.covered.forEach((colour, n) => {
      const last = n === data.colours.covered.length - 1;
      const parts = covered.filter((run) => (last ? run.k > n : run.k === n + 1));
      drawStretches(sheet, parts, { side: own, colour });
    });
  }
  if (isShown("gaps")) {
    drawStretches(sheet, gaps, { side: -own, colour: "#fff", width: BAND.width + 2 });
    drawStretches(sheet, gaps, { side: -own, colour: data.colours.gap });
  }
}

const STEPS = [1, 10, 50, 100];

function drawMarks(sheet, names) {
  if (!isShown("marks")) return;
  const { context } = sheet, far = -ownSign() * (BAND.away + 6);
  lines.forEach((line) => {
    const shape = smooth(line, sheet);
    let length = 0;
    for (let n = 1; n < shape.x.length; n += 1) {
      length += Math.hypot(shape.x[n] - shape.x[n - 1], shape.y[n] - shape.y[n - 1]);
    }
    const perKm = length / line.length;
    const step = STEPS.find((s) => s * perKm > 45) || STEPS.at(-1);
    for (let km = 0; km <= line.length; km += step) {
      const { x, y, left } = placeOn(shape, km);
      const px = x - sheet.left, py = y - sheet.top;
      if (px < 0 || py < 0 || px > sheet.width || py > sheet.height) continue;
      context.beginPath();
      context.moveTo(px, py);
      context.lineTo(px + left.x * far, py + left.y * far);
      context.lineWidth = 1.5;
      context.strokeStyle = "#222";
      context.stroke();
      const align = left.x * far > 4 ? "left" : left.x * far < -4 ? "right" : "center";
      names.write(number(km), px + left.x * far * 1.7, py + left.y * far * 1.7, {
        font: "600 11px system-ui, sans-serif", fill: "#222", align,
      });
    }
  });
}
