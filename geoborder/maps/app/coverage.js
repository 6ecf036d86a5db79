// Who covers what in a year: runs of places with the same number of assets.

const inYear = (from, until, year) =>
  (from == null || from <= year) && (until == null || until >= year);

const isActive = (row, year) =>
  inYear(data.assets.from[row], data.assets.until[row], year);

function footprintsOf(line, year) {
  const { asset, start, end, from, until } = data.coverage;
  const found = [];
  for (let n = 0; n < asset.length; n += 1) {
    if (data.coverage.line[n] === line && inYear(from[n], until[n], year)) {
      found.push({ asset: asset[n], start: start[n] / 1000, end: end[n] / 1000 });
    }
  }
  return found;
}

const runsKnown = new Map();
const SAME_KM = 1e-6; // places nearer to each other than a millimetre are one

// Runs that make up a line: start, end, k.
function runsOf(line, year) {
  const key = `${line} ${year}`;
  if (runsKnown.has(key)) return runsKnown.get(key);
  const length = lines[line].length;
  const ends = [];
  for (const { start, end } of footprintsOf(line, year)) {
    ends.push([start, 1], [Math.min(end, length), -1]);
  }
  ends.sort((a, b) => a[0] - b[0]);
  const runs = [];
  let at = 0, k = 0;
  const upTo = (end) => {
    if (end <= at + SAME_KM) return;
    const last = runs.at(-1);
    if (last && last.k === k) last.end = end;
    else runs.push({ start: at, end, k });
    at = end;
  };
  for (const [place, change] of ends) {
    upTo(place);
    k += change;
  }
  upTo(length);
  runsKnown.set(key, runs);
  return runs;
}

function gapsOf(line, year) {
  const gaps = [];
  for (const { start, end, k } of runsOf(line, year)) {
    if (k >= data.coverage.k) continue;
    const last = gaps.at(-1);
    if (last && last.end === start) last.end = end;
    else gaps.push({ start, end });
  }
  return gaps;
}

function countAt(line, year, km) {
  const run = runsOf(line, year).find((r) => r.start <= km && km <= r.end);
  return run ? run.k : 0;
}

const within = (stretches, start, end) =>
  stretches
    .filter((s) => s.start < end && s.end > start)
    .map((s) => ({ ...s, start: Math.max(s.start, start), end: Math.min(s.end, end) }));
