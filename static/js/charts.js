// Curves: every [data-chart] (macro chart) is drawn by uPlot from the JSON inside it; named SSE events append.
// Loads uPlot only where a chart is. Colours come from the tokens and follow the theme.
const VENDOR = "/static/vendor/uplot/";
const MAX_POINTS = 4000;
let vendor = null;

const loadVendor = () => {
  vendor ??= new Promise((resolve, reject) => {
    const sheet = Object.assign(document.createElement("link"), { rel: "stylesheet", href: `${VENDOR}uPlot.min.css` });
    const script = Object.assign(document.createElement("script"), { src: `${VENDOR}uPlot.iife.min.js`, onload: () => resolve(globalThis.uPlot), onerror: reject });
    document.head.append(sheet, script);
  });
  return vendor;
};

const colour = (name) => {
  const probe = document.createElement("span");
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
};

const printed = (value, unit) => {
  if (value == null) return "–";
  return unit === "%" ? `${(value * 100).toFixed(1)} %` : String(Number(value.toPrecision(3)));
};

const axis = (unit, isX) => ({
  stroke: colour("muted"),
  grid: { stroke: colour("line"), width: 1, show: !isX },
  ticks: { stroke: colour("line-strong"), width: 1, size: 4 },
  font: '11px "Inter Variable", sans-serif',
  size: isX ? 28 : 48,
  values: isX ? undefined : (_, values) => values.map((value) => (unit === "%" ? `${Number((value * 100).toPrecision(3))} %` : String(Number(value.toPrecision(4))))),
});

const options = (uPlot, figure, spec, plot) => ({
  width: Math.max(plot.clientWidth, 160),
  height: Number(figure.dataset.height),
  legend: { show: false },
  cursor: { points: { size: 6 }, drag: { x: true, y: false } },
  scales: { x: { time: false } },
  axes: [axis("", true), axis(spec.unit, false)],
  series: [
    { label: spec.xLabel },
    ...spec.series.map((one, index) => ({
      label: one.label, stroke: colour(`series-${(index % 4) + 1}`), width: 1.75, spanGaps: Boolean(one.marks), dash: index % 2 ? [5, 3] : undefined,
      points: { show: one.marks || spec.x.length < 3, size: one.marks ? 8 : 4, fill: colour("surface") },
    })),
  ],
  hooks: { setLegend: [(u) => showValues(figure, spec, u.legend.idxs?.[0] ?? u.cursor.idx)] },
});

const showValues = (figure, spec, at) => {
  for (const output of figure.querySelectorAll("[data-chart-last]")) {
    const values = spec.series[Number(output.dataset.chartLast) - 1].values;
    const index = at ?? values.findLastIndex((value) => value != null);
    output.textContent = printed(values[index], spec.unit);
  }
};

const dataOf = (spec) => [spec.x, ...spec.series.map((one) => one.values)];

const append = (spec, update) => {
  if (update.reset) {
    spec.x = [];
    for (const one of spec.series) one.values = [];
  }
  spec.x.push(...update.x);
  spec.series.forEach((one, index) => one.values.push(...(update.y[index] ?? update.x.map(() => null))));
  const extra = spec.x.length - MAX_POINTS;
  if (extra > 0) for (const values of [spec.x, ...spec.series.map((one) => one.values)]) values.splice(0, extra);
};

// Listens before uPlot has arrived, so that no event is lost while it loads.
const prepare = (figure) => {
  const plot = figure.querySelector(".chart__plot");
  const spec = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
  const stop = new AbortController();
  const { signal } = stop;
  let uPlot = null;
  let chart = null;
  const showEmptiness = () => figure.toggleAttribute("data-empty", !spec.series.some((one) => one.values.some((value) => value != null)));
  const again = () => {
    chart?.destroy();
    showEmptiness();
    chart = uPlot && new uPlot(options(uPlot, figure, spec, plot), dataOf(spec), plot);
  };
  if (figure.dataset.chartEvent) {
    document.addEventListener(figure.dataset.chartEvent, (event) => {
      append(spec, JSON.parse(event.detail.data));
      showValues(figure, spec);
      if (spec.x.length < 5) again();
      else chart?.setData(dataOf(spec));
      showEmptiness();
    }, { signal });
  }
  document.addEventListener("theme:change", again, { signal });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again, { signal });
  const resize = new ResizeObserver(() => {
    if (figure.isConnected) {
      chart?.setSize({ width: Math.max(plot.clientWidth, 160), height: Number(figure.dataset.height) });
      return;
    }
    stop.abort();
    resize.disconnect();
    chart?.destroy();
  });
  resize.observe(plot);
  loadVendor().then((library) => {
    uPlot = library;
    if (!signal.aborted) again();
  });
};

const prepareAll = () => {
  for (const figure of document.querySelectorAll("[data-chart]:not([data-drawn])")) {
    figure.dataset.drawn = "";
    prepare(figure);
  }
};

prepareAll();
document.addEventListener("htmx:after:swap", prepareAll);
