// Linear referencing in the page: places by chainage on lines of vertices.

const DEGREES = 1e-5;

function sums(steps, scale) {
  const values = new Float64Array(steps.length);
  let sum = 0;
  steps.forEach((step, n) => { sum += step; values[n] = sum * scale; });
  return values;
}

// Longitude and latitude in turn, as steps, to two arrays.
function vertices(path) {
  const count = path.length / 2;
  const lon = new Float64Array(count), lat = new Float64Array(count);
  let x = 0, y = 0;
  for (let n = 0; n < count; n += 1) {
    x += path[2 * n];
    y += path[2 * n + 1];
    lon[n] = x * DEGREES;
    lat[n] = y * DEGREES;
  }
  return { lon, lat };
}

// The web map's projection on a square of side 1.
const worldX = (lon) => (lon + 180) / 360;
const worldY = (lat) =>
  0.5 - Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / (2 * Math.PI);

function projected({ lon, lat }) {
  return { x: lon.map(worldX), y: lat.map(worldY) };
}

// First position whose value is greater than the one sought.
function upper(values, sought) {
  let low = 0, high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] <= sought) low = middle + 1;
    else high = middle;
  }
  return low;
}

// Douglas and Peucker: positions of the vertices that a tolerance leaves.
function simplified(x, y, tolerance) {
  const keep = new Uint8Array(x.length);
  keep[0] = keep[x.length - 1] = 1;
  const stack = [[0, x.length - 1]];
  while (stack.length) {
    const [first, last] = stack.pop();
    const dx = x[last] - x[first], dy = y[last] - y[first];
    const square = dx * dx + dy * dy;
    let worst = tolerance * tolerance, at = -1;
    for (let n = first + 1; n < last; n += 1) {
      const px = x[n] - x[first], py = y[n] - y[first];
      const along = square ? Math.max(0, Math.min(1, (px * dx + py * dy) / square)) : 0;
      const ex = px - along * dx, ey = py - along * dy;
      const away = ex * ex + ey * ey;
      if (away > worst) { worst = away; at = n; }
    }
    if (at >= 0) {
      keep[at] = 1;
      stack.push([first, at], [at, last]);
    }
  }
  const kept = [];
  keep.forEach((yes, n) => { if (yes) kept.push(n); });
  return kept;
}

class Line {
  constructor(given) {
    Object.assign(this, given);
    this.km = sums(given.metres, 1e-3);
    Object.assign(this, vertices(given.path));
    Object.assign(this, projected(this));
    this.shapes = new Map();
  }

  // Longitude and latitude of a place.
  at(km) {
    const place = Math.max(0, Math.min(km, this.length));
    const n = Math.max(1, Math.min(upper(this.km, place), this.km.length - 1));
    const span = this.km[n] - this.km[n - 1];
    const share = span ? Math.min(1, (place - this.km[n - 1]) / span) : 0;
    const between = (values) => values[n - 1] + share * (values[n] - values[n - 1]);
    return [between(this.lat), between(this.lon)];
  }

  // Official km of a place, and the place of an official km; null without either.
  toOfficial(km) { return this.official && bent(this.official, km, 0, 1); }
  fromOfficial(km) { return this.official && bent(this.official, km, 1, 0); }

  height(km) {
    const last = this.heights.length - 1;
    return last < 1 ? null : this.heights[Math.round((km / this.length) * last)];
  }

  unit(side, km) {
    const span = this.spans.find(
      (s) => s.side === side && s.start <= km && km <= s.end
    );
    return span ? span.unit : null;
  }

  // The line at a scale (pixels of the whole world), as simple as a tolerance in
  // pixels allows: x, y in pixels, km.
  shape(scale, tolerance) {
    const key = `${scale} ${tolerance}`;
    if (!this.shapes.has(key)) {
      if (this.shapes.size > 8) this.shapes.clear();
      const kept = simplified(this.x, this.y, tolerance / scale);
      this.shapes.set(key, {
        x: Float64Array.from(kept, (n) => this.x[n] * scale),
        y: Float64Array.from(kept, (n) => this.y[n] * scale),
        km: Float64Array.from(kept, (n) => this.km[n]),
      });
    }
    return this.shapes.get(key);
  }
}

function bent(pairs, value, from, to) {
  let n = 1;
  while (n < pairs.length - 1 && pairs[n][from] < value) n += 1;
  const [a, b] = [pairs[n - 1], pairs[n]];
  return a[to] + ((value - a[from]) / (b[from] - a[from])) * (b[to] - a[to]);
}

function placeOn(shape, km) {
  const n = Math.max(1, Math.min(upper(shape.km, km), shape.km.length - 1));
  const span = shape.km[n] - shape.km[n - 1];
  const share = span ? Math.max(0, Math.min(1, (km - shape.km[n - 1]) / span)) : 0;
  const dx = shape.x[n] - shape.x[n - 1], dy = shape.y[n] - shape.y[n - 1];
  const size = Math.hypot(dx, dy) || 1;
  return {
    x: shape.x[n - 1] + share * dx,
    y: shape.y[n - 1] + share * dy,
    left: { x: dy / size, y: -dx / size }, // to the left of the line's course
  };
}

// The part of a shape between two places, as points.
function sliceOf(shape, start, end) {
  const points = [placeOn(shape, start)];
  const last = upper(shape.km, end);
  for (let n = upper(shape.km, start); n < last && shape.km[n] < end; n += 1) {
    points.push({ x: shape.x[n], y: shape.y[n] });
  }
  points.push(placeOn(shape, end));
  return points;
}

// Points moved to the left of their course by so many pixels, corners mitred.
function shifted(points, left) {
  const normals = [];
  for (let n = 1; n < points.length; n += 1) {
    const dx = points[n].x - points[n - 1].x, dy = points[n].y - points[n - 1].y;
    const size = Math.hypot(dx, dy);
    normals.push(size ? { x: dy / size, y: -dx / size } : normals.at(-1) || { x: 0, y: 0 });
  }
  return points.map((point, n) => {
    const a = normals[Math.max(n - 1, 0)], b = normals[Math.min(n, normals.length - 1)];
    const sum = { x: a.x + b.x, y: a.y + b.y };
    const square = sum.x * sum.x + sum.y * sum.y;
    const longer = 2 / Math.max(square, 1.4); // a sharp corner is cut off
    return { x: point.x + sum.x * longer * left, y: point.y + sum.y * longer * left };
  });
}

// The place of a shape nearest to a point, and how far off it is in pixels.
function nearestOn(shape, px, py) {
  let best = Infinity, km = 0;
  for (let n = 1; n < shape.x.length; n += 1) {
    const dx = shape.x[n] - shape.x[n - 1], dy = shape.y[n] - shape.y[n - 1];
    const qx = px - shape.x[n - 1], qy = py - shape.y[n - 1];
    const square = dx * dx + dy * dy;
    const share = square ? Math.max(0, Math.min(1, (qx * dx + qy * dy) / square)) : 0;
    const ex = qx - share * dx, ey = qy - share * dy;
    const away = ex * ex + ey * ey;
    if (away < best) {
      best = away;
      km = shape.km[n - 1] + share * (shape.km[n] - shape.km[n - 1]);
    }
  }
  return { km, px: Math.sqrt(best) };
}
