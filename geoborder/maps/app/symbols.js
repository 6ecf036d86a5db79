// Symbols by name; each category of assets has its own.

const SHAPES = {
  pentagon: "M-6,6V-1L0,-6.5L6,-1V6Z",
  triangle: "M0,-7L6.5,5.5H-6.5Z",
  diamond: "M0,-7L6.5,0L0,7L-6.5,0Z",
  circle: "M-5.5,0A5.5,5.5 0 1 0 5.5,0A5.5,5.5 0 1 0 -5.5,0Z",
  star: "M0,-7.8L1.9,-2.6L7.4,-2.4L3.1,1L4.6,6.3L0,3.2L-4.6,6.3L-3.1,1L-7.4,-2.4L-1.9,-2.6Z",
  square: "M-5.5,-5.5H5.5V5.5H-5.5Z",
  "triangle-down": "M0,6.5L6.5,-5.5H-6.5Z",
  cross: "M-2.5,-6.5H2.5V-2.5H6.5V2.5H2.5V6.5H-2.5V2.5H-6.5V-2.5H-2.5Z",
  crossing: "M-6,-5H6V5H-6ZM-6,-1.7H6M-6,1.7H6",
  place: "M-3,0A3,3 0 1 0 3,0A3,3 0 1 0 -3,0Z",
  site: "M-4,0A4,4 0 1 0 4,0A4,4 0 1 0 -4,0Z",
};
const drawn = Object.fromEntries(
  Object.entries(SHAPES).map(([name, path]) => [name, new Path2D(path)])
);

function stamp(context, name, x, y, { fill, stroke, width = 1.5, scale = 1 }) {
  context.save();
  context.translate(x, y);
  context.scale(scale, scale);
  context.lineWidth = width / scale;
  context.fillStyle = fill;
  context.strokeStyle = stroke;
  context.fill(drawn[name]);
  context.stroke(drawn[name]);
  context.restore();
}

// The same symbol for the legend.
function icon(name, fill, stroke = "#fff", width = 1.5) {
  const picture = svgEl("svg", { viewBox: "-9 -9 18 18", class: "gb-icon", "aria-hidden": "true" });
  picture.append(
    svgEl("path", { d: SHAPES[name], fill, stroke, "stroke-width": width })
  );
  return picture;
}

// A line, or a double one, for the legend.
function bar(colours, height = 6) {
  const picture = svgEl("svg", { viewBox: "0 0 24 12", class: "gb-icon gb-bar", "aria-hidden": "true" });
  colours.forEach((fill, n) => {
    const width = 24 / colours.length;
    picture.append(
      svgEl("rect", { x: n * width, y: 6 - height / 2, width, height, fill, stroke: "#777", "stroke-width": 0.5 })
    );
  });
  return picture;
}
