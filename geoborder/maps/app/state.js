// What is shown, in one place. Everything that draws listens; nothing else is kept.

const state = {
  year: null, // position in data.years
  line: 0, // line of the border that km and the profile speak of
  km: null, // chosen place
  hover: null, // place under the pointer: line, km
  color: null, // position in data.attributes
  layers: {}, // name: shown or not
  selected: null, // {kind, row}
};
const listeners = [];

function onChange(...names) {
  const listener = names.pop();
  listeners.push((changed) => {
    if (names.some((name) => changed.has(name))) listener();
  });
}

function set(changes) {
  const changed = new Set(
    Object.keys(changes).filter((name) => state[name] !== changes[name])
  );
  if (!changed.size) return;
  Object.assign(state, changes);
  for (const listener of listeners) listener(changed);
}

const yearNow = () => data.years[state.year].year;
// The place that is pointed at, else the chosen one: line, km.
const placeNow = () =>
  state.hover || (state.km == null ? null : { line: state.line, km: state.km });
const isShown = (layer) => state.layers[layer] === true;
