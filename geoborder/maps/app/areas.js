// What assets see or reach: pictures and circles of each, and the time rings of posts.

const pictures = new Map(); // of views: image, loaded when it is first wanted

function pictureOf(url) {
  if (!pictures.has(url)) {
    const image = new Image();
    image.onload = redrawPlan;
    image.src = url;
    pictures.set(url, image);
  }
  const image = pictures.get(url);
  return image.complete && image.naturalWidth ? image : null;
}

const hasAreas = () => data.areas.views.length + data.areas.circles.length > 0;

// All in one colour: where two assets see the same, it is not darker.
function drawAreas(sheet, wanted, colour, opacity) {
  const flat = document.createElement("canvas");
  flat.width = sheet.width;
  flat.height = sheet.height;
  const context = flat.getContext("2d");
  context.imageSmoothingEnabled = false;
  for (const [row, south, west, north, east, url] of data.areas.views) {
    if (!wanted(row)) continue;
    const x = worldX(west * DEGREES) * sheet.scale - sheet.left;
    const y = worldY(north * DEGREES) * sheet.scale - sheet.top;
    const width = worldX(east * DEGREES) * sheet.scale - sheet.left - x;
    const height = worldY(south * DEGREES) * sheet.scale - sheet.top - y;
    if (x > sheet.width || y > sheet.height || x + width < 0 || y + height < 0) continue;
    const image = pictureOf(url);
    if (image) context.drawImage(image, x, y, width, height);
  }
  for (const circle of data.areas.circles) {
    if (wanted(circle[0])) context.fill(ringPath([circle[1]], sheet));
  }
  context.globalCompositeOperation = "source-in";
  context.fillStyle = colour;
  context.fillRect(0, 0, flat.width, flat.height);
  sheet.context.globalAlpha = opacity;
  sheet.context.drawImage(flat, 0, 0);
  sheet.context.globalAlpha = 1;
}

function drawFootprints(sheet) {
  if (isShown("areas") && hasAreas()) {
    const year = yearNow();
    drawAreas(sheet, (row) => isActive(row, year), data.colours.categories.observation, 0.35);
  }
  const chosen = state.selected;
  if (!chosen || chosen.kind !== "asset") return;
  drawAreas(sheet, (row) => row === chosen.row, "#7a0177", 0.45);
  const { asset, line, start, end } = data.coverage;
  const parts = [];
  for (let n = 0; n < asset.length; n += 1) {
    if (asset[n] === chosen.row) {
      parts.push({ line: line[n], start: start[n] / 1000, end: end[n] / 1000 });
    }
  }
  drawStretches(sheet, parts, { side: 0, colour: "#ffd23f", width: 16, cap: "round" });
}

function drawReached(sheet) {
  if (!isShown("reached")) return;
  const { rings } = data.reached, { context } = sheet;
  rings.forEach((shape, n) => {
    const colour = data.colours.reached[Math.min(rings.length - 1 - n, data.colours.reached.length - 1)];
    context.globalAlpha = 0.5;
    context.fillStyle = colour;
    context.fill(ringPath(shape, sheet), "evenodd");
  });
  context.globalAlpha = 1;
}
