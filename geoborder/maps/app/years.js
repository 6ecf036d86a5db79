// The year slider, its play button and the figures of the year.

function fillYears() {
  const slider = part("year"), ticks = part("ticks");
  slider.max = data.years.length - 1;
  const last = data.years.length - 1;
  const every = Math.ceil((last + 1) / 7); // so many names have room
  data.years.forEach((year, n) => {
    const isNamed = n === last || (n % every === 0 && last - n >= every);
    ticks.append(el("button", {
      type: "button", tabindex: "-1", "aria-hidden": "true", onclick: () => set({ year: n }),
      style: `left: ${(100 * n) / Math.max(last, 1)}%`,
    }, isNamed ? year.label : ""));
  });
  slider.addEventListener("input", () => { stop(); set({ year: Number(slider.value) }); });
  part("play").addEventListener("click", () => (playing ? stop() : play()));
  onChange("year", showYear);
}

function showYear() {
  const year = data.years[state.year], slider = part("year");
  slider.value = state.year;
  slider.setAttribute("aria-valuetext", year.label === "before" ? "before the programme" : year.label);
  [...part("ticks").children].forEach((tick, n) => tick.classList.toggle("gb-now", n === state.year));
  part("year-name").textContent = year.label === "before" ? `Before ${year.year + 1}` : year.label;
  const [unit, size, digits] = moneyUnit();
  const money = year.spent == null ? [] : [[
    `Spent in the year, ${unit}${data.currency}`,
    number(year.spent / size, digits) + (year.budget == null ? "" : ` of ${number(year.budget / size, digits)}`),
  ]];
  const figures = [
    ["Covered", `${kmText(year.covered)} (${percent(year.share)})`],
    ["Longest gap", kmText(year.gap)],
    ...money,
    ["Posts", number(year.posts)],
    ["Covering assets", number(year.assets)],
  ];
  part("figures").replaceChildren(...figures.map(([name, value]) =>
    el("div", null, el("dt", null, name), el("dd", null, value))));
}

function moneyUnit() {
  const most = Math.max(...data.years.flatMap((year) => [year.spent || 0, year.budget || 0]));
  if (most >= 1e6) return ["million ", 1e6, 1];
  return most >= 1e4 ? ["thousand ", 1e3, 1] : ["", 1, 0];
}

let playing = 0;

function play() {
  if (state.year === data.years.length - 1) set({ year: 0 });
  playing = setInterval(() => {
    if (state.year < data.years.length - 1) set({ year: state.year + 1 });
    if (state.year === data.years.length - 1) stop();
  }, 1200);
  showPlaying();
}

function stop() {
  clearInterval(playing);
  playing = 0;
  showPlaying();
}

function showPlaying() {
  const button = part("play");
  button.textContent = playing ? "\u275a\u275a" : "\u25b6";
  button.setAttribute("aria-label", playing ? "Stop" : "Play through the years");
}
