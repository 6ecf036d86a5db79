// A canvas in a pane of the map, drawn anew when the map has moved; while it moves, the
// browser shifts what is drawn.

const Sheet = L.Renderer.extend({
  options: { padding: 0.25 },

  initialize(draw, options) {
    L.Renderer.prototype.initialize.call(this, options);
    this.paint = draw;
  },

  _initContainer() {
    this._container = document.createElement("canvas");
    this._container.setAttribute("aria-hidden", "true");
    this.context = this._container.getContext("2d");
  },

  _destroyContainer() {
    this._container.remove();
    delete this._container;
  },

  _update() {
    if (this._map._animatingZoom && this._bounds) return;
    L.Renderer.prototype._update.call(this);
    this.redraw();
  },

  redraw() {
    if (!this._map || !this._bounds || this._map._animatingZoom) return;
    const { min } = this._bounds, size = this._bounds.getSize();
    const ratio = this.ratio || Math.min(window.devicePixelRatio || 1, 2);
    const canvas = this._container;
    L.DomUtil.setPosition(canvas, min);
    canvas.width = Math.round(size.x * ratio);
    canvas.height = Math.round(size.y * ratio);
    canvas.style.width = size.x + "px";
    canvas.style.height = size.y + "px";
    const origin = this._map.getPixelOrigin();
    const left = origin.x + min.x, top = origin.y + min.y;
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.paint({
      context: this.context,
      scale: this._map.options.crs.scale(this._map.getZoom()),
      zoom: this._map.getZoom(),
      ratio, left, top, width: size.x, height: size.y,
    });
  },
});

// Redraw once for all changes of a moment.
function lazily(work) {
  let asked = 0;
  return () => {
    if (!asked) asked = requestAnimationFrame(() => { asked = 0; work(); });
  };
}

// A path of rings, given as steps from vertex to vertex, on a sheet.
function ringPath(rings, sheet) {
  const path = new Path2D();
  for (const ring of rings) {
    const { x, y } = ring.world || (ring.world = projected(vertices(ring.steps || ring)));
    for (let n = 0; n < x.length; n += 1) {
      const px = x[n] * sheet.scale - sheet.left, py = y[n] * sheet.scale - sheet.top;
      if (n) path.lineTo(px, py);
      else path.moveTo(px, py);
    }
  }
  return path;
}

function strokePoints(context, points, sheet) {
  points.forEach((point, n) => {
    const x = point.x - sheet.left, y = point.y - sheet.top;
    if (n) context.lineTo(x, y);
    else context.moveTo(x, y);
  });
}

// Names that do not lie on one another; what comes first stays.
class Names {
  constructor(sheet) {
    this.sheet = sheet;
    this.boxes = [];
  }

  free(box) {
    return this.boxes.every(
      (b) => box[0] > b[2] || box[2] < b[0] || box[1] > b[3] || box[3] < b[1]
    );
  }

  take(box) { this.boxes.push(box); }

  write(text, x, y, { font = "12px system-ui, sans-serif", fill = "#222", align = "left", spacing = "0px" } = {}) {
    if (!text || x < 0 || y < 0 || x > this.sheet.width || y > this.sheet.height) return false;
    const { context } = this.sheet;
    context.font = font;
    context.letterSpacing = spacing;
    const width = context.measureText(text).width;
    const left = align === "center" ? x - width / 2 : align === "right" ? x - width : x;
    const box = [left - 2, y - 8, left + width + 2, y + 8];
    const free = this.free(box);
    if (free) {
      this.take(box);
      context.textBaseline = "middle";
      context.textAlign = "left";
      context.lineJoin = "round";
      context.lineWidth = 3;
      context.strokeStyle = "rgba(255,255,255,.92)";
      context.strokeText(text, left, y);
      context.fillStyle = fill;
      context.fillText(text, left, y);
    }
    context.letterSpacing = "0px";
    return free;
  }
}
