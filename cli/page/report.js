"use strict";
/* The report's page. Everything it shows stands in two elements: #report, a JSON object, and
 * #numbers, the arrays that this object names, in base64. Nothing is fetched, and no text from
 * there is ever taken for markup: it goes through textContent alone. */

const $ = (id) => document.getElementById(id);
const report = JSON.parse($("report").textContent);
const n = report.n;

/* ------------------------------------------------------------------------------------------------
 * Numbers and text
 */

const array = (() => {
  const text = atob($("numbers").textContent.trim());
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const types = { f32: Float32Array, u16: Uint16Array };
  const named = new Map(report.arrays.map((a) => [a.name, a]));
  /* The array of that name, or null. */
  return (name) => {
    const a = named.get(name);
    return a ? new types[a.type](bytes.buffer, a.first, a.count) : null;
  };
})();

function short(value) {
  if (value === null || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size >= 1e-4 && size < 1e6 ? value.toPrecision(4) : value.toExponential(3);
}

/* Two digits, never as a power of ten: what stands behind ±. */
const spread = (value) => (value > 0 ? value.toFixed(Math.min(12, Math.max(0, 1 - Math.floor(Math.log10(value))))) : "0");

function plain(value) { /* for axes and cells */
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-4 || size >= 1e6) ? value.toExponential() : String(+value.toPrecision(4));
}

const percent = (share) => (Number.isFinite(share) ? (100 * share).toFixed(1) + " %" : "–");
const explained = (k) => 1 - report.loss[k] / report.loss[0];
const grouped = (count) => count.toString().replace(/\B(?=(\d{3})+$)/g, ",");

/* An element with text or children. */
function element(tag, content, attributes) {
  const made = document.createElement(tag);
  for (const name in attributes) made.setAttribute(name, attributes[name]);
  made.append(...[content ?? []].flat());
  return made;
}

/* ------------------------------------------------------------------------------------------------
 * The decoder. Values are rows of float32, summed in double. Dropped features are not read: `kept`
 * is k up to the first linear layer.
 */

/* Two outputs of four rows at once, which reads each number more than once while it is at hand. At an
 * edge the last output or row stands in for those that are missing. */
function linear(layer, input, rows, width, kept) {
  const { weight, bias, outputs } = layer, out = new Float32Array(rows * outputs);
  for (let o = 0; o < outputs; o += 2) {
    const p = Math.min(o + 1, outputs - 1), wo = o * width, wp = p * width;
    for (let a = 0; a < rows; a += 4) {
      const b = Math.min(a + 1, rows - 1), c = Math.min(a + 2, rows - 1), d = Math.min(a + 3, rows - 1);
      const xa = a * width, xb = b * width, xc = c * width, xd = d * width;
      let a0 = 0, b0 = 0, c0 = 0, d0 = 0, a1 = 0, b1 = 0, c1 = 0, d1 = 0;
      for (let i = 0; i < kept; i++) {
        const v = weight[wo + i], w = weight[wp + i];
        const ia = input[xa + i], ib = input[xb + i], ic = input[xc + i], id = input[xd + i];
        a0 += v * ia, b0 += v * ib, c0 += v * ic, d0 += v * id;
        a1 += w * ia, b1 += w * ib, c1 += w * ic, d1 += w * id;
      }
      out[a * outputs + o] = a0 + bias[o], out[a * outputs + p] = a1 + bias[p];
      out[b * outputs + o] = b0 + bias[o], out[b * outputs + p] = b1 + bias[p];
      out[c * outputs + o] = c0 + bias[o], out[c * outputs + p] = c1 + bias[p];
      out[d * outputs + o] = d0 + bias[o], out[d * outputs + p] = d1 + bias[p];
    }
  }
  return out;
}

/* erf to 1.5e-7: Abramowitz and Stegun, 7.1.26. */
function erf(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const sum = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(x) * (1 - sum * Math.exp(-x * x));
}

const each = (f) => (layer, input) => input.map(f);

/* A bias for each number of features kept, by rows; the last one behind a tail that keeps all. */
function widthBias({ bias, outputs }, input, rows, width, kept, features) {
  const first = Math.min(features, bias.length / outputs - 1) * outputs;
  return input.map((x, i) => x + bias[first + (i % outputs)]);
}

/* By the running averages. */
function batchNorm({ weight, bias, running_mean: mean, running_var: variance, outputs }, input) {
  const factor = variance.map((v) => 1 / Math.sqrt(v + 1e-5));
  return input.map((x, i) => {
    const o = i % outputs;
    return (x - mean[o]) * factor[o] * weight[o] + bias[o];
  });
}

/* By their names in `taildropout info`. The program puts a decoder into the page only when it is
 * made of these: see page_ops in cli/report_samples.c. */
const ops = {
  linear,
  widthbias: widthBias,
  "batch-norm": batchNorm,
  relu: each((x) => (x > 0 ? x : 0)),
  gelu: each((x) => 0.5 * x * (1 + erf(x / Math.SQRT2))),
  tanh: each(Math.tanh),
  sigmoid: each((x) => 1 / (1 + Math.exp(-x))),
  tail: (layer, input) => input,
};

function softmax(values, rows, outputs) {
  for (let r = 0; r < rows; r++) {
    const row = values.subarray(r * outputs, (r + 1) * outputs);
    const greatest = Math.max(...row);
    let sum = 0;
    for (let o = 0; o < outputs; o++) sum += row[o] = Math.exp(row[o] - greatest);
    for (let o = 0; o < outputs; o++) row[o] /= sum;
  }
  return values;
}

/* What a loss makes of the decoder's outputs, in place: what is given out. */
const finish = {
  binary: (values) => values.forEach((x, i) => { values[i] = 1 / (1 + Math.exp(-x)); }),
  cosine(values, outputs) {
    for (let first = 0; first < values.length; first += outputs) {
      const row = values.subarray(first, first + outputs), length = lengthOf(row);
      if (length > 0) row.forEach((x, o) => { row[o] = x / length; });
    }
  },
};

const lengthOf = (row) => Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));

/* What the model makes of the shown rows with k features: { k, values, raw }, values as `predict -k`
 * has them, raw the decoder's outputs before the loss finishes them, null of a classifier. Of a
 * decoder that this page does not hold, at the nearest k below whose rows it does, without raw. */
const reconstruct = (() => {
  if (!report.samples) return null;
  const rows = report.samples.rows.length, outputs = report.outputs;
  const shift = array("shift"), unit = array("unit");

  function decoder() {
    const codes = array("codes");
    const layers = report.decoder.map((layer) => ({
      ...layer, weight: array(layer.weight), bias: array(layer.bias),
      running_mean: array(layer.running_mean), running_var: array(layer.running_var) }));
    return (k) => {
      let values = codes, kept = k, features = k;
      for (const layer of layers) {
        values = ops[layer.op](layer, values, rows, layer.inputs, kept, features);
        if (layer.op === "linear") kept = Infinity;
        if (layer.op === "tail") features = Infinity;
        kept = Math.min(kept, layer.outputs);
      }
      if (report.task === "classify") return { k, values: softmax(values, rows, outputs) };
      const inputs = report.inputs, raw = Float32Array.from(values);
      finish[report.loss_name]?.(values, inputs);
      for (let i = 0; i < values.length; i++)
        values[i] = values[i] * unit[i % inputs] + shift[i % inputs];
      return { k, values: report.cells ? cellsOf(values) : values, raw };
    };
  }

  /* Of a category's inputs the number of the greatest. */
  function cellsOf(values) {
    const made = new Float32Array(rows * outputs);
    for (let r = 0; r < rows; r++)
      report.cells.forEach(({ input, levels }, j) => {
        const first = r * report.inputs + input;
        let best = 0;
        for (let l = 1; levels && l < levels.length; l++)
          if (values[first + l] > values[first + best]) best = l;
        made[r * outputs + j] = levels ? best : values[first];
      });
    return made;
  }

  function stored() {
    const { k: stops, low, high } = report.stored;
    const steps = array("stored"), size = rows * outputs;
    return (k) => {
      let at = 0;
      while (at + 1 < stops.length && stops[at + 1] <= k) at++;
      const values = Float32Array.from(steps.subarray(at * size, (at + 1) * size),
        (step) => low + (step * (high - low)) / 65535);
      return { k: stops[at], values, raw: null };
    };
  }
  return report.decoder ? decoder() : stored();
})();

/* ------------------------------------------------------------------------------------------------
 * The width that all parts of the page show
 */

const followers = []; /* functions of k */
let current = report.chosen.k;

function show(k) {
  for (const follow of followers) follow(k);
}

function choose(k) {
  current = Math.max(0, Math.min(n, k));
  $("k").value = current;
  show(current);
}

function setUpControl() {
  const range = $("k"), chosen = report.chosen.k;
  range.max = n;
  range.addEventListener("input", () => choose(range.valueAsNumber));
  $("less").addEventListener("click", () => choose(current - 1));
  $("more").addEventListener("click", () => choose(current + 1));
  $("to-chosen").textContent = "chosen: " + chosen;
  $("to-chosen").setAttribute("aria-label", `back to the chosen k, ${chosen}`);
  $("to-chosen").addEventListener("click", () => choose(chosen));
  const parts = [
    ["loss", (k) => short(report.loss[k]) + (report.se ? " ± " + spread(report.se[k]) : "")],
    ["explained", (k) => percent(explained(k))],
    report.pca && ["PCA", (k) => short(report.pca[k])],
    report.metric && [report.metric.name, (k) => percent(report.metric.value[k])],
  ].filter(Boolean);
  const cells = parts.map(() => element("dd"));
  $("readout").append(...parts.map(([name], i) => element("div", [element("dt", name), cells[i]])));
  followers.push((k) => {
    $("k-shown").textContent = `${k} of ${n}`;
    range.setAttribute("aria-valuetext", `${k} of ${n} features`);
    parts.forEach(([, text], i) => { cells[i].textContent = text(k); });
  });
}

/* ------------------------------------------------------------------------------------------------
 * Curves
 */

const svgNames = $("curve-chart").namespaceURI;

function svg(parent, tag, attributes, text) {
  const made = document.createElementNS(svgNames, tag);
  for (const name in attributes) made.setAttribute(name, attributes[name]);
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
}

/* Steps of 1, 2 or 5 times a power of ten, about `count` of them from low to high. */
function roundTicks(low, high, count) {
  const least = (high - low) / count, power = 10 ** Math.floor(Math.log10(least));
  const step = power * [1, 2, 5, 10].find((f) => f * power >= least * 0.999);
  const ticks = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) ticks.push(i * step);
  return ticks;
}

function logTicks(low, high) {
  const ticks = [], decades = Math.log10(high / low);
  const within = decades > 3 ? [1] : decades > 0.8 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 8];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++)
    for (const f of within) {
      const value = f * 10 ** power;
      if (value >= low && value <= high) ticks.push(value);
    }
  return ticks;
}

const usable = (value, log) => Number.isFinite(value) && (!log || value > 0);

/* Where a curve's values lie: { low, high, log, ticks }. */
function verticalAxis(series, log) {
  const values = series.flatMap((s) => s.values).filter((v) => usable(v, log));
  let low = values.length ? Math.min(...values) : 1, high = values.length ? Math.max(...values) : 1;
  if (log) {
    low /= 1.15, high *= 1.15;
    return { low, high, log, ticks: logTicks(low, high) };
  }
  low = Math.min(0, low);
  if (!(high > low)) high = low + 1;
  const ticks = roundTicks(low, high, 5), step = ticks[1] - ticks[0];
  const top = ticks[ticks.length - 1];
  if (top < high - step * 1e-9) ticks.push(top + step);
  return { low, high: ticks[ticks.length - 1], log, ticks };
}

/* A chart of series over k = 0..n in the SVG element `root`. Each has { values, spread, style };
 * options: { tick, the text of a value; label; rises, when the words go below the curve }. Draws
 * itself anew when its width changes. */
function makeChart(root, series, options) {
  const state = { log: false, k: current };
  let place; /* { x(k), y(value), left, right, top, bottom } */

  function layOut() {
    const width = root.clientWidth || 600, height = root.clientHeight || 320;
    const left = 58, right = width - 12, top = 14, bottom = height - 44;
    const axis = verticalAxis(series, state.log);
    const share = (v) => (state.log ? Math.log(v / axis.low) / Math.log(axis.high / axis.low)
      : (v - axis.low) / (axis.high - axis.low));
    place = { left, right, top, bottom, axis,
      x: (k) => left + (k / n) * (right - left),
      y: (v) => bottom - Math.max(0, Math.min(1, usable(v, state.log) ? share(v) : 0)) * (bottom - top) };
  }

  function drawAxes() {
    const { left, right, top, bottom, axis, x, y } = place;
    for (const tick of axis.ticks) {
      svg(root, "path", { class: "grid", d: `M${left} ${y(tick)}H${right}` });
      svg(root, "text", { x: left - 8, y: y(tick) + 4, "text-anchor": "end" }, options.tick(tick));
    }
    for (const tick of roundTicks(0, n, Math.min(n, (right - left) / 60)))
      if (Number.isInteger(tick)) {
        svg(root, "path", { class: "frame", d: `M${x(tick)} ${bottom}v5` });
        svg(root, "text", { x: x(tick), y: bottom + 19, "text-anchor": "middle" }, tick);
      }
    svg(root, "text", { x: (left + right) / 2, y: bottom + 38, "text-anchor": "middle" },
      "features kept, k");
    svg(root, "path", { class: "frame", d: `M${left} ${top}V${bottom}H${right}` });
  }

  const line = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

  function drawSeries() {
    const { x, y } = place;
    for (const s of series) {
      if (!s.spread) continue;
      const upper = s.values.map((v, k) => [x(k), y(v + 2 * s.spread[k])]);
      const lower = s.values.map((v, k) => [x(k), y(v - 2 * s.spread[k])]).reverse();
      svg(root, "path", { class: "band", d: line([...upper, ...lower]) + "Z" });
    }
    for (const s of series) {
      const points = s.values.map((v, k) => [x(k), y(v), v]).filter((p) => usable(p[2], state.log));
      svg(root, "path", { class: s.style, d: line(points) });
    }
  }

  function drawChosen() {
    const { x, y, top, bottom, left, right } = place;
    const k = report.chosen.k, after = x(k) < (left + right) / 2; /* where the curve is not */
    svg(root, "path", { class: "mark", d: `M${x(k)} ${bottom}V${top}` });
    svg(root, "text", { class: "mark-text", x: x(k) + (after ? 7 : -7), y: options.rises ? bottom - 10 : top + 12,
      "text-anchor": after ? "start" : "end" }, `chosen: k = ${k}`);
  }

  function drawNow() {
    const { x, y, top, bottom } = place;
    if (state.now) state.now.remove();
    state.now = svg(root, "g", {});
    svg(state.now, "path", { class: "now", d: `M${x(state.k)} ${bottom}V${top + 18}` });
    for (const s of series)
      svg(state.now, "circle", { class: "dot of-" + s.style, r: 5, cx: x(state.k),
        cy: y(s.values[state.k]) });
  }

  function draw() {
    root.replaceChildren();
    layOut();
    drawAxes();
    drawSeries();
    drawChosen();
    drawNow();
  }

  const kUnder = (event) => {
    const at = event.clientX - root.getBoundingClientRect().left;
    return Math.max(0, Math.min(n, Math.round(((at - place.left) / (place.right - place.left)) * n)));
  };
  root.addEventListener("pointermove", (event) => {
    if (event.buttons) choose(kUnder(event)); else show(kUnder(event));
  });
  root.addEventListener("pointerdown", (event) => choose(kUnder(event)));
  root.addEventListener("pointerleave", () => show(current));
  root.setAttribute("aria-label", options.label);
  draw();
  new ResizeObserver(() => draw()).observe(root);
  followers.push((k) => { state.k = k; drawNow(); });
  return { setLog: (log) => { state.log = log; draw(); } };
}

function addLegend(text, style, band) {
  const item = element("li"), key = svg(item, "svg", { viewBox: "0 0 30 12", "aria-hidden": "true" });
  if (band) svg(key, "rect", { class: "band", width: 30, height: 12 });
  svg(key, "path", { class: style, d: "M0 6H30" });
  item.append(text);
  $("legend").append(item);
}

function setUpCurve() {
  const series = [{ values: report.loss, spread: report.se, style: "model" }];
  if (report.pca) series.push({ values: report.pca, style: "pca" });
  $("curve-note").textContent = `${report.unit}; mean over ${grouped(report.rows)} held-out rows`;
  addLegend(report.se ? "this model ± 2 standard errors" : "this model", "model", report.se);
  if (report.pca) addLegend("PCA, k components", "pca");
  addLegend("k chosen on validation rows", "mark");
  const all = series.flatMap((s) => s.values).filter((v) => v > 0);
  const log = Math.max(...all) > 25 * Math.min(...all);
  const chart = makeChart($("curve-chart"), series, {
    tick: plain,
    label: `Held-out loss by features kept: ${short(report.loss[0])} with none, ` +
      `${short(report.loss[report.chosen.k])} with the chosen ${report.chosen.k}, ` +
      `${short(report.loss[n])} with all ${n}. The numbers are in the table Every k.`,
  });
  for (const radio of document.getElementsByName("scale")) {
    radio.checked = (radio.value === "log") === log;
    radio.addEventListener("change", () => chart.setLog(radio.value === "log"));
  }
  if (log) chart.setLog(true);
}

function setUpMetric() {
  if (!report.metric) return;
  const { name, value } = report.metric;
  $("metric").hidden = false;
  $("metric-title").textContent = name[0].toUpperCase() + name.slice(1);
  $("metric-note").textContent = name === "r2" ?
    "Share of the targets' variance that is explained on the held-out rows, by features kept." :
    "Share of the held-out rows, by features kept.";
  makeChart($("metric-chart"), [{ values: value, style: "model" }], {
    rises: true,
    tick: (v) => Math.round(100 * v) + " %",
    label: `${name} by features kept: ${percent(value[report.chosen.k])} with the chosen ` +
      `${report.chosen.k}, ${percent(value[n])} with all ${n}.`,
  });
}

/* ------------------------------------------------------------------------------------------------
 * Held-out rows, and what the model makes of them
 */

const colourOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/* A canvas of as many dots as the screen has for its size, and its context in pixels of the page. */
function fitCanvas(canvas) {
  const scale = window.devicePixelRatio || 1;
  const width = canvas.clientWidth || 300, height = canvas.clientHeight || 150;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

function imagePainter() {
  const { height, width, channels, channels_first: first, low, high } = report.samples.image;
  const plane = first ? height * width : 1, step = first ? 1 : channels;
  return {
    makeCanvas: () => element("canvas", null, { width, height }),
    paint(canvas, values) {
      const context = canvas.getContext("2d"), picture = context.createImageData(width, height);
      for (let i = 0; i < height * width; i++) {
        for (let c = 0; c < 3; c++)
          picture.data[4 * i + c] = (255 * (values[i * step + (channels === 3 ? c * plane : 0)] - low)) / (high - low);
        picture.data[4 * i + 3] = 255;
      }
      context.putImageData(picture, 0, 0);
    },
  };
}

/* Rows that are no images are lines over their columns, in the units of the loss. */
function makeProfile(canvas, data, shift, unit) {
  const scaled = (values) => Array.from(values, (v, j) => (v - shift[j]) / unit[j]);
  const original = scaled(data);
  let low = Math.min(...original), high = Math.max(...original);
  const room = (high - low || 1) * 0.15;
  low -= room, high += room;
  return (values) => {
    const { context, width, height } = fitCanvas(canvas);
    const stroke = (row, colour, thickness) => {
      context.beginPath();
      row.forEach((v, j) => context.lineTo((j / Math.max(1, row.length - 1)) * (width - 4) + 2,
        height - ((v - low) / (high - low)) * height));
      context.strokeStyle = colour;
      context.lineWidth = thickness;
      context.stroke();
    };
    stroke(original, colourOf("--soft"), 3);
    stroke(scaled(values), colourOf("--model"), 1.6);
  };
}

/* Rows with categories or gaps are tables: name, what stands there, what the model makes of it. */
const cellText = ({ levels }, value) => (Number.isNaN(value) ? "–" : levels ? levels[value] ?? "unknown level" : plain(value));

function makeCells(data) {
  const made = report.cells.map(() => element("td"));
  const body = element("tbody", report.cells.map((column, j) => element("tr",
    [element("th", column.name, { scope: "row" }), element("td", cellText(column, data[j])), made[j]])));
  const head = element("thead", element("tr", ["column", "data", "model"].map((t) => element("th", t, { scope: "col" }))));
  return {
    table: element("table", [head, body]),
    fill: (values) => report.cells.forEach((column, j) => {
      made[j].textContent = cellText(column, values[j]);
      made[j].className = column.levels && !Number.isNaN(data[j]) && values[j] !== data[j] ? "wrong" : "";
    }),
  };
}

function rowOf(values, i, width) {
  return values.subarray(i * width, (i + 1) * width);
}

/* A row's loss of output y where t should be, both in the scale of the loss, summed over columns;
 * of `cosine` of whole rows. As src/model/loss.c has them. */
const lossOfNumber = {
  squared: (y, t) => (y - t) ** 2,
  huber(y, t) {
    const distance = Math.abs(y - t), delta = report.huber_delta;
    return distance <= delta ? distance * distance / 2 : delta * (distance - delta / 2);
  },
  binary: (y, t) => Math.max(y, 0) + Math.log1p(Math.exp(-Math.abs(y))) - y * Math.max(0, Math.min(1, t)),
};

function cosineLoss(y, t) {
  const length = lengthOf(t);
  return length > 0 ? 1 - y.reduce((sum, x, i) => sum + x * t[i], 0) / (Math.max(lengthOf(y), 0.01) * length) : 1;
}

/* The loss over the shown rows, as `evaluate` defines it; NaN where it does not follow from what the
 * page holds: probabilities in steps. */
function lossOf({ values, raw }) {
  const data = array("data"), shift = array("shift"), unit = array("unit"), width = report.columns;
  const of = lossOfNumber[report.loss_name];
  let sum = 0, count = 0;
  if (!of) {
    const rows = data.length / width;
    for (let i = 0; i < rows; i++) sum += cosineLoss(rowOf(raw ?? values, i, width), rowOf(data, i, width));
    return sum / rows;
  }
  if (report.loss_name === "binary" && !raw) return NaN;
  for (let i = 0; i < data.length; i++) {
    if (Number.isNaN(data[i])) continue;
    const j = i % width;
    sum += of(raw ? raw[i] : (values[i] - shift[j]) / unit[j], (data[i] - shift[j]) / unit[j]);
    count++;
  }
  return sum / count;
}

function setUpTiles() {
  const { rows, image, label } = report.samples;
  const classify = report.task === "classify", data = array("data");
  const painter = image ? imagePainter() : null;
  $("tiles").classList.toggle("wide", !image);
  $("tiles").classList.toggle("cells", Boolean(report.cells));
  $("samples").classList.toggle("whole", Boolean(report.cells));
  return rows.map((row, i) => {
    const caption = element("figcaption", (image ? "" : "row ") + grouped(row + 1),
      { title: `row ${grouped(row + 1)}` });
    const own = rowOf(data, i, report.columns);
    const canvases = painter ? (classify ? [painter.makeCanvas()] : [painter.makeCanvas(), painter.makeCanvas()])
      : classify || report.cells ? [] : [element("canvas")];
    canvases.forEach((canvas) => canvas.setAttribute("aria-hidden", "true"));
    const cells = report.cells ? makeCells(own) : null;
    $("tiles").append(element("figure", cells ? [caption, cells.table] : [...canvases, caption]));
    if (painter) painter.paint(canvases[0], own);
    const profile = !painter && !classify && !cells ? makeProfile(canvases[0], own, array("shift"), array("unit")) : null;
    const length = report.loss_name === "cosine" ? lengthOf(own) : 1; /* directions are drawn as long as their row */
    return (values) => {
      const made = rowOf(values, i, report.outputs).map((x) => x * length);
      if (classify) captionClass(caption, row, made, label ? label[i] : null);
      else if (cells) cells.fill(made);
      else if (painter) painter.paint(canvases[1], made);
      else profile(made);
    };
  });
}

/* Two lines: the class and how sure the model is, or which row it is where no image tells. */
function captionClass(caption, row, probabilities, label) {
  const best = probabilities.indexOf(Math.max(...probabilities));
  const right = label === null ? "" : label === best ? "right" : "wrong";
  const mark = { right: "✓ ", wrong: "✗ " }[right] ?? "";
  const sure = Math.round(100 * probabilities[best]) + " %";
  caption.className = right;
  caption.replaceChildren(element("span", mark + report.classes[best]),
    element("span", report.samples.image ? sure : `${sure}, row ${grouped(row + 1)}`));
  caption.title = `row ${grouped(row + 1)}` +
    (label === null || !report.classes[label] ? "" : `, of class ${report.classes[label]}`);
}

const samplesNote = () => {
  if (report.task === "classify") return "The class that the model gives each row with k features.";
  if (report.cells) return "What stands in each row, and what the model makes of it with k features; – where nothing stands.";
  return report.samples.image ? "Above the data, below what the model makes of them with k features, and the number of the row."
    : "Grey the data, blue what the model makes of them with k features, column by column, in the units of the loss.";
};

function setUpSamples() {
  if (!report.samples) return;
  $("samples").hidden = false;
  $("samples-note").textContent = samplesNote() +
    (report.loss_name === "cosine" ? " The model gives directions, drawn as long as their row." : "") +
    (report.decoder ? " Computed here by the model's own decoder." : "");
  const tiles = setUpTiles();
  $("samples-loss").hidden = (report.task === "classify" && Boolean(report.decoder)) || Boolean(report.cells);
  let shown = -1;
  const follow = (k) => {
    const made = reconstruct(k);
    if (made.k === shown) return;
    shown = made.k;
    for (const draw of tiles) draw(made.values);
    $("samples-loss").textContent = (report.task === "classify" ? "" :
      `Loss of these ${tiles.length} rows: ${short(lossOf(made))} at k = ${made.k}.`) +
      (report.decoder ? "" : ` This page holds them at k = ${report.stored.k.join(", ")}.`);
  };
  followers.push(follow);
  if (report.samples.image) return;
  redraws.push(() => { shown = -1; follow(current); });
}

/* ------------------------------------------------------------------------------------------------
 * The first two features
 */

/* Close to the colours of Okabe and Ito, which those who see few colours can tell apart, and fit for
 * light and dark pages; more around the wheel where they do not suffice. */
const hues = ["#2079c7", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#8c6d1f", "#a89b00",
  "#7f7f7f", "#b07aff"];
const hueOf = (i, count) => (count <= hues.length ? hues[i] : `hsl(${(360 * i) / count} 65% 52%)`);

function setUpPoints() {
  if (!report.points) return;
  const { rows, classes } = report.points, xy = array("points"), group = array("groups");
  const canvas = $("points-chart"), bounds = [0, 1].map((axis) => {
    const values = Array.from(rows, (_, i) => xy[2 * i + axis]);
    const low = Math.min(...values), high = Math.max(...values), room = (high - low || 1) * 0.05;
    return [low - room, high + room];
  });
  let only = -1, place;

  function drawAxes(context, width, height) {
    context.fillStyle = colourOf("--soft");
    context.font = "12px system-ui, sans-serif";
    context.textAlign = "center";
    context.fillText("feature 1", width / 2, height - 6);
    context.save();
    context.translate(14, height / 2);
    context.rotate(-Math.PI / 2);
    context.fillText("feature 2", 0, 0);
    context.restore();
    context.strokeStyle = colourOf("--line");
    context.strokeRect(24.5, 4.5, width - 30, height - 30);
  }

  function draw() {
    const { context, width, height } = fitCanvas(canvas);
    place = (i) => [25 + ((xy[2 * i] - bounds[0][0]) / (bounds[0][1] - bounds[0][0])) * (width - 31),
      height - 26 - ((xy[2 * i + 1] - bounds[1][0]) / (bounds[1][1] - bounds[1][0])) * (height - 31)];
    drawAxes(context, width, height);
    for (let i = 0; i < rows.length; i++) {
      const [x, y] = place(i);
      context.globalAlpha = only < 0 || group[i] === only ? 0.85 : 0.07;
      context.fillStyle = group ? hueOf(group[i], classes.length) : colourOf("--model");
      context.beginPath();
      context.arc(x, y, 2.6, 0, 2 * Math.PI);
      context.fill();
    }
    context.globalAlpha = 1;
  }

  function nearest(event) {
    const box = canvas.getBoundingClientRect();
    let found = -1, least = 144;
    for (let i = 0; i < rows.length; i++) {
      const [x, y] = place(i);
      const distance = (x - event.clientX + box.left) ** 2 + (y - event.clientY + box.top) ** 2;
      if (distance < least && (only < 0 || group[i] === only)) found = i, least = distance;
    }
    return found;
  }

  function makeClassButtons() {
    const buttons = classes.map((name, i) => element("button",
      [element("i", null, { style: `background:${hueOf(i, classes.length)}` }), name],
      { type: "button", "aria-pressed": "false" }));
    buttons.forEach((button, i) => button.addEventListener("click", () => {
      only = only === i ? -1 : i;
      buttons.forEach((b, j) => b.setAttribute("aria-pressed", String(j === only)));
      draw();
    }));
    $("classes").append(...buttons);
  }

  $("points").hidden = false;
  $("points-note").textContent = `${grouped(rows.length)} held-out rows` +
    (group ? ", coloured by class; press a class to see it alone." : ".");
  canvas.setAttribute("aria-label", `Scatter of feature 1 against feature 2 of ${rows.length} held-out rows`);
  if (group) makeClassButtons();
  canvas.addEventListener("pointermove", (event) => {
    const i = nearest(event);
    $("point-shown").textContent = i < 0 ? "\u00a0" : `row ${grouped(rows[i] + 1)}` +
      (group ? `, class ${classes[group[i]]}` : "") + `: ${short(xy[2 * i])}, ${short(xy[2 * i + 1])}`;
  });
  canvas.addEventListener("pointerleave", () => { $("point-shown").textContent = "\u00a0"; });
  draw();
  redraws.push(draw);
}

/* ------------------------------------------------------------------------------------------------
 * Tables and facts
 */

function fillTable(table, heads, rows) {
  const row = (tag, cells) => element("tr", cells.map((text, i) =>
    element(i ? tag : "th", text, tag === "th" ? { scope: "col" } : i ? {} : { scope: "row" })));
  table.append(element("thead", row("th", heads)), element("tbody", rows.map((cells) => row("td", cells))));
}

function setUpColumns() {
  if (!report.column_errors) return;
  const { k, rows, columns } = report.column_errors;
  $("columns").hidden = false;
  $("columns-note").textContent = (columns.length < report.columns ?
    `The ${columns.length} of ${grouped(report.columns)} columns with the largest error` : "Worst first") +
    `, with the chosen k = ${k}, over ${grouped(rows)} held-out rows.` +
    (columns.some((c) => "wrong" in c) ? " Of categories the share of rows given another level, and how many of those that the most frequent level gets wrong come out right." : "");
  fillTable($("columns-table"), ["column", "squared error", "explained"],
    columns.map((c) => [c.name, "wrong" in c ? percent(c.wrong) + " wrong" : short(c.error), percent(c.explained ?? NaN)]));
}

/* Of a regression with several targets, r2 of each at the k of the slider. */
function setUpTargets() {
  if (!report.targets || report.targets.length < 2) return;
  $("targets").hidden = false;
  fillTable($("targets-table"), ["target", "r2"], report.targets.map(({ name }) => [name, ""]));
  const rows = $("targets-table").tBodies[0].rows;
  followers.push((k) => {
    $("targets-note").textContent = `r2 of each target on the held-out rows with k = ${k} features.`;
    report.targets.forEach(({ r2 }, i) => { rows[i].cells[1].textContent = percent(r2[k]); });
  });
}

function setUpTable() {
  const parts = [
    ["k", (k) => String(k)],
    ["loss", (k) => short(report.loss[k])],
    report.se && ["standard error", (k) => short(report.se[k])],
    ["explained", (k) => percent(explained(k))],
    report.pca && ["PCA", (k) => short(report.pca[k])],
    report.metric && [report.metric.name, (k) => percent(report.metric.value[k])],
  ].filter(Boolean);
  fillTable($("curve-table"), parts.map(([name]) => name),
    report.loss.map((_, k) => parts.map(([, text]) => text(k))));
  const row = $("curve-table").tBodies[0].rows[report.chosen.k];
  row.className = "chosen";
  row.cells[0].append(" (chosen)");
}

function setUpFacts() {
  document.title = `${report.title}: taildropout ${report.command_name}`;
  $("command-name").textContent = report.command_name;
  $("title").textContent = report.title;
  $("verdict").textContent = report.verdict.trim();
  $("why").textContent = `k = ${report.chosen.k} is ${report.chosen.why}.`;
  $("command").textContent = report.command;
  for (const { name, value } of report.facts) $("facts").append(element("dt", name), element("dd", value));
}

/* ------------------------------------------------------------------------------------------------
 * What is painted and not styled has to be painted again
 */

const redraws = [];

function setUpRedraws() {
  let width = window.innerWidth;
  const redraw = () => redraws.forEach((draw) => draw());
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  window.addEventListener("resize", () => {
    if (window.innerWidth === width) return; /* phones resize as their bars come and go */
    width = window.innerWidth;
    redraw();
  });
}

/* The page's own test: #selftest=1,4,16 at the end of its address moves the slider to each k and
 * writes what came of it, for tests/check_report.sh. */
function selfTest() {
  const asked = /^#selftest=([\d,]+)$/.exec(location.hash);
  if (!asked) return;
  const lines = [`open ${performance.now().toFixed(1)}`];
  for (const k of asked[1].split(",").map(Number)) {
    const began = performance.now();
    $("k").value = k;
    $("k").dispatchEvent(new Event("input"));
    document.body.getBoundingClientRect();
    lines.push(`step ${k} ${(performance.now() - began).toFixed(1)}`);
    lines.push(`shown ${$("k-shown").textContent}: ${$("readout").textContent}`);
    for (const row of $("targets-table").querySelectorAll("tbody tr"))
      lines.push(`target ${k} ${row.cells[0].textContent} ${row.cells[1].textContent}`);
    if (!reconstruct) continue;
    const made = reconstruct(k);
    if (report.task !== "classify" && !report.cells) lines.push(`loss ${k} ${made.k} ${lossOf(made)}`);
    report.samples.rows.forEach((row, i) => lines.push(
      `row ${k} ${made.k} ${row} ${Array.from(rowOf(made.values, i, report.outputs), (v) => v.toPrecision(9)).join(" ")}`));
  }
  document.body.append(element("pre", lines.join("\n"), { id: "selftest" }));
}

/* The page is hidden while it fills, so that nothing jumps. */
try {
  setUpFacts();
  setUpControl();
  setUpCurve();
  setUpMetric();
  setUpTargets();
  setUpSamples();
  setUpPoints();
  setUpColumns();
  setUpTable();
  setUpRedraws();
  choose(report.chosen.k);
} finally {
  document.documentElement.className = "";
}
selfTest();
