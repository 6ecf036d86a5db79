// What lies under the plan: countries, waters, names.

// Rivers lie half a kilometre from where they are: closer than this they would mislead.
const RIVERS_END = 11;

function drawCountries(sheet) {
  const { context } = sheet;
  context.fillStyle = "#eceae6";
  context.fillRect(0, 0, sheet.width, sheet.height);
  for (const country of data.ground.countries) {
    const path = ringPath(country.rings, sheet);
    context.fillStyle = country.own ? "#f8f5ee" : "#e9e6e0";
    context.fill(path, "evenodd");
  }
}

function drawBoundaries(sheet) {
  const { context } = sheet;
  context.lineWidth = 1;
  context.strokeStyle = "#8f8b84";
  for (const country of data.ground.countries) {
    if (!country.own) context.stroke(ringPath(country.rings, sheet));
  }
  if (isShown("waters")) {
    context.fillStyle = "#b9d7ea";
    context.strokeStyle = "#7fb2d3";
    for (const lake of data.ground.lakes) {
      const path = ringPath(lake.rings, sheet);
      context.fill(path, "evenodd");
      context.stroke(path);
    }
    context.lineWidth = sheet.zoom < 7 ? 0.8 : 1.3;
    context.strokeStyle = "#6ba4c9";
    if (sheet.zoom < RIVERS_END) {
      for (const river of data.ground.rivers) context.stroke(ringPath(river.rings, sheet));
    }
  }
  if (isShown("units")) {
    context.setLineDash([7, 4]);
    context.lineWidth = 1.2;
    context.strokeStyle = "#6b4f8f";
    context.stroke(ringPath(data.units.limits, sheet));
    context.setLineDash([]);
  }
}

function screenOf(steps, sheet) {
  const { lon, lat } = vertices(steps);
  return [
    worldX(lon[0]) * sheet.scale - sheet.left,
    worldY(lat[0]) * sheet.scale - sheet.top,
  ];
}

function nameGround(names, sheet) {
  if (isShown("units")) {
    data.units.shapes.forEach((shape, n) => {
      names.write(data.units.name[n], ...screenOf(shape.at, sheet), {
        font: "italic 13px system-ui, sans-serif", fill: "#4a3570", align: "center",
      });
    });
  }
  for (const country of data.ground.countries) {
    if (country.own && isShown("units") && data.units.name.length) continue;
    names.write(country.name.toUpperCase(), ...screenOf(country.at, sheet), {
      font: "12px system-ui, sans-serif", fill: "#55514b", align: "center", spacing: "2px",
    });
  }
}

// Waters are named along the way, where the name has room.
function nameWaters(names, sheet) {
  if (!isShown("waters") || sheet.zoom < 7 || sheet.zoom >= RIVERS_END) return;
  const look = { font: "italic 12px system-ui, sans-serif", fill: "#2b6a94", align: "center" };
  const done = new Set();
  for (const water of [...data.ground.lakes, ...data.ground.rivers]) {
    if (!water.name || done.has(water.name)) continue;
    for (const ring of water.rings) {
      const { x, y } = ring.world || projected(vertices(ring));
      const inside = [];
      for (let n = 0; n < x.length; n += 1) {
        const px = x[n] * sheet.scale - sheet.left, py = y[n] * sheet.scale - sheet.top;
        if (px > 40 && py > 20 && px < sheet.width - 40 && py < sheet.height - 20) {
          inside.push([px, py]);
        }
      }
      const middle = inside[inside.length >> 1];
      if (middle && names.write(water.name, ...middle, look)) {
        done.add(water.name);
        break;
      }
    }
  }
}

function unitAt(lon, lat) {
  return data.units.shapes.findIndex(({ rings }) => {
    let inside = false;
    for (const ring of rings) {
      const known = ring.degrees || (ring.degrees = vertices(ring));
      for (let n = 0, m = known.lon.length - 1; n < known.lon.length; m = n, n += 1) {
        const crosses = known.lat[n] > lat !== known.lat[m] > lat;
        const at = known.lon[n] +
          ((lat - known.lat[n]) / (known.lat[m] - known.lat[n])) * (known.lon[m] - known.lon[n]);
        if (crosses && lon < at) inside = !inside;
      }
    }
    return inside;
  });
}
