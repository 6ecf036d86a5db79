// Elements out of tags and texts. Text from data only ever becomes text.

function el(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  for (const child of children.flat()) {
    if (child != null) element.append(child);
  }
  return element;
}

function svgEl(tag, attributes, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    element.setAttribute(name, value);
  }
  if (text != null) element.textContent = text;
  return element;
}

const app = document.querySelector(".gb-app");
const part = (name) => app.querySelector(".gb-" + name);

function number(value, digits = 0) {
  if (value == null) return "";
  return value.toLocaleString("en-US", {
    minimumFractionDigits: digits, maximumFractionDigits: digits,
  });
}

const kmText = (km) => number(km, 1) + " km";
const spanText = (start, end) => `km ${number(start, 1)} - ${number(end, 1)}`;
const percent = (share) => number(100 * share, 1) + " %";

// A screen of less than 700 pixels is a phone's: panels lie over the map.
const isNarrow = () => window.innerWidth < 700;
