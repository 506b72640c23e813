// Explorers in a page without a kernel: the figures and drawings of the live page (live_figure.js and drawing.js
// stand before this), moved through the states that explorers/recording.py noted.
const later = new Map();                       // a page has up to twenty figures: what has not come near yet
let watch;
function begin(box) {
  watch.unobserve(box);
  const what = later.get(box);
  later.delete(box);
  what?.();
}
function watchOut(rootMargin) {
  watch?.disconnect();
  watch = new IntersectionObserver(seen => seen.forEach(e => e.isIntersecting && begin(e.target)), { rootMargin });
  [...later.keys()].forEach(box => watch.observe(box));
}
function whenNear(box, what) {
  later.set(box, what);
  watch.observe(box);
}
watchOut("0px");                               // at first what is seen, so that it moves soon
setTimeout(watchOut, 2000, "800px");

function make(tag, look, ...children) {
  const { className, ...rest } = look;
  const element = Object.assign(document.createElement(tag), className ? { className } : {});
  for (const [name, value] of Object.entries(rest)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function fakeModel(state, send = () => {}) {   // of the widget's model, as much as our scripts ask for
  const heard = [];
  return {
    send, set() {}, off() {}, get: name => state[name],
    on: (names, what) => names.split(" ").forEach(name => heard.push([name, what])),
    put(name, value) {
      state[name] = value;
      heard.filter(([what]) => what === `change:${name}`).forEach(([, answer]) => answer());
    },
  };
}

// plotly.js is large. Where it lies beside this script, it is fetched when the first figure comes near; in a page
// that is one file, it stands there.
const { src } = document.currentScript;
let asked = !src;
function library() {
  if (asked) return;
  asked = true;
  const script = make("script", { src: new URL("plotly.min.js", src) });
  script.onload = () => { globalThis.lessonsPlotly = globalThis.Plotly; };
  document.head.append(script);
}

let plots = 0;
const redraws = new Set();
function plot(box, figure) {                   // returns what changes the figure
  const id = `static-${++plots}`, widget = liveFigure();
  const model = fakeModel({ _figure: { json: JSON.stringify(figure), count: 0, id }, _change: {} });
  widget.initialize({ model });
  const label = figure.layout.meta?.alt ?? "Figure";
  const height = figure.layout.height ?? figure.layout.template?.layout?.height ?? 340;
  const place = box.appendChild(make("div", { className: "lessons-figure", role: "img", "aria-label": label, style: `min-height: ${height}px` }));
  whenNear(place, () => {
    library();
    place.removeAttribute("role");
    place.removeAttribute("aria-label");
    widget.render({ model, el: place });
  });
  let count = 0;
  const change = values => globalThis.lessonsFigures.get(id)({ count: ++count, values })?.();
  redraws.add(() => change([]));
  return change;
}

function drawingIn(box, svg, answer) {         // returns what changes the drawing
  const model = fakeModel({ svg, playing: false }, answer);
  drawing.render({ model, el: box.appendChild(make("div", {})) });
  return model;
}

const tables = globalThis.lessonsTables ??= {};
function load(box, { name, url, states }) {    // the states: in the page, or in a file beside it
  return new Promise((done, failed) => whenNear(box, () => {
    if (states) return done(JSON.parse(states, unpacked));
    const script = make("script", { src: `${document.documentElement.dataset.content_root ?? ""}${url}` });
    script.onload = () => done(JSON.parse(tables[name], unpacked));
    script.onerror = () => failed(new Error(`${url} is missing`));
    document.head.append(script);
  }));
}

// --- controls

function control({ label, look, kind, stops, hint, at }, moved) {
  const name = make("span", {}, label), output = make("output", {}, stops[at]);
  let element, set, inputs;
  if (kind === "switch") {
    inputs = stops.map((words, k) => make("button", { type: "button", "aria-pressed": k === at }, words));
    inputs.forEach((button, k) => { button.onclick = () => moved(k); });
    element = make("div", { role: "group", "aria-label": label, title: hint }, name, ...inputs);
    set = k => inputs.forEach((button, j) => button.setAttribute("aria-pressed", j === k));
  } else if (kind === "choice") {
    const select = make("select", {}, ...stops.map(words => make("option", {}, words)));
    set = k => { select.selectedIndex = k; };
    select.onchange = () => moved(select.selectedIndex);
    element = make("label", { title: hint }, name, select);
    inputs = [select];
  } else {
    const range = make("input", { type: "range", min: 0, max: stops.length - 1, step: 1, value: at });
    set = (k, words = stops[k]) => {
      range.value = k;
      range.setAttribute("aria-valuetext", words);
      output.textContent = words;
    };
    range.oninput = () => moved(+range.value);
    element = make("label", { title: hint }, name, range, output);
    inputs = [range];
  }
  const dress = ([words, off, hidden]) => {
    name.textContent = words;
    inputs.forEach(input => { input.disabled = off || stops.length === 1; });
    element.hidden = hidden;
  };
  set(at);
  dress(look);
  return { element, set, dress };
}

function playButtons({ label, interval, stops }, where, go) {
  let timer;
  const step = make("button", { type: "button", title: `${label}: one on` }, "Step");
  const play = make("button", { type: "button", title: `${label} moves on by itself` }, "Play");
  const stop = () => { clearInterval(timer); timer = undefined; play.textContent = "Play"; };
  const next = () => {
    go(Math.min(where() + 1, stops.length - 1));
    if (where() === stops.length - 1) stop();
  };
  step.onclick = () => { stop(); next(); };
  play.onclick = () => {
    if (timer) return stop();
    if (where() === stops.length - 1) go(0);
    timer = setInterval(next, interval);
    play.textContent = "Pause";
  };
  return { elements: [step, play], stop, playing: () => Boolean(timer) };
}

// --- an explorer

function explorer(box, content) {
  const { controls } = content.table, at = controls.map(c => c.at), start = [...at], players = [];
  const row = box.appendChild(make("div", { className: "lessons-controls" }));
  let table, shown = [];
  const rows = controls.map((c, k) => control(c, value => { stopAll(); move(k, value); }));
  const stopAll = () => players.forEach(player => player.stop());
  row.append(...rows.map(({ element }) => element));
  controls.forEach((c, k) => {
    if (!c.interval || c.stops.length === 1) return;
    players.push(playButtons(c, () => at[k], value => move(k, value)));
    row.append(...players.at(-1).elements);
  });
  const reset = make("button", { type: "button", title: "Back to the values at the start" }, "Reset");
  reset.onclick = () => { stopAll(); start.forEach((value, k) => { at[k] = value; }); show(); };
  row.append(reset);

  const byName = name => controls.findIndex(c => c.name === name);
  const pieces = [];
  const svg = content.table.svg && drawingIn(box, content.table.svg, ({ part, to }) => {
    stopAll();
    if (part) move(byName("part"), controls[byName("part")].values.indexOf(part));
    else if (to !== undefined) move(byName("step"), Math.min(Math.max(to, 0), controls[byName("step")].stops.length - 1));
  });
  const figures = content.figures.map(figure => plot(box, figure));
  const finding = make("div", { className: "lessons-finding", role: "status", "aria-live": "polite" });
  finding.innerHTML = content.finding;
  box.append(finding);
  const texts = content.table.texts.map(text => {
    const element = box.appendChild(make("div", { className: "lessons-text", tabindex: 0 }));
    element.innerHTML = text;
    return element;
  });

  function move(k, value) {
    at[k] = value;
    const here = at.join();
    if (table && !(here in table.states))       // not recorded together: the other sliders go back
      controls.forEach((c, j) => { if (j !== k && c.kind === "slider") at[j] = start[j]; });
    show();
  }

  function show() {
    rows.forEach(({ set }, k) => set(at[k]));
    const state = table?.states[at.join()];
    if (!state) return;
    const news = figures.map(() => []);
    state.forEach((value, k) => { if (value !== shown[k]) put(table.places[k], table.pool[value], news); });
    shown = state;
    news.forEach((values, k) => values.length && figures[k](values));
    if (svg) svg.put("playing", players.some(player => player.playing()));
  }

  function put([kind, k, ...path], value, news) {
    if (kind === "figure") news[k].push([path, value]);
    else if (kind === "finding") finding.innerHTML = value;
    else if (kind === "text") texts[k].innerHTML = value;
    else if (kind === "control") {
      rows[k].dress(value);
      if (value[3]) rows[k].set(Math.max(0, controls[k].stops.indexOf(value[3])), value[3]);
    } else if (kind === "drawing") {
      pieces[k] = value;
      drawSoon();
    }
  }

  let drawn = true;
  function drawSoon() {                        // once for all pieces
    if (!drawn) return;
    drawn = false;
    queueMicrotask(() => { drawn = true; svg.put("svg", pieces.join("<").replace(/<+$/, "")); });
  }

  load(box, content.table).then(whole => {
    table = whole;
    const news = figures.map(() => []);
    table.fixed.forEach(([place, value]) => put(place, table.pool[value], news));
    news.forEach((values, k) => values.length && figures[k](values));
    show();
  }).catch(error => { finding.textContent = error.message; });
}

function still(box, content) {                 // a figure, or an explorer that was not recorded
  const row = make("div", { className: "lessons-controls" });
  for (const [name, value] of Object.entries(content.controls ?? {}))
    row.append(make("span", { className: "lessons-value" }, `${name}: `, make("strong", {}, value)));
  if (row.firstChild) box.append(row);
  if (content.drawing) box.insertAdjacentHTML("beforeend", content.drawing);
  content.figures.forEach(figure => plot(box, figure));
  if (content.finding) {
    const finding = box.appendChild(make("div", { className: "lessons-finding" }));
    finding.innerHTML = content.finding;
  }
}

globalThis.lessonsPlotly ??= globalThis.Plotly;
document.querySelectorAll(".lessons-static").forEach(box => {
  const content = JSON.parse(box.querySelector("script").textContent);
  (content.table ? explorer : still)(box, content);
});

// The theme's switch changes the page's root; figures look at the body, where JupyterLab says it.
const { theme } = document.documentElement.dataset;
const dark = () => { document.body.dataset.jpThemeLight = document.documentElement.dataset.theme !== "dark"; };
if (theme) dark();
new MutationObserver(dark).observe(document.documentElement, { attributeFilter: ["data-theme"] });

const paper = document.createElement("style");  // figures as wide as the paper, all of them
addEventListener("beforeprint", () => {
  paper.textContent = ".lessons-static { width: 165mm !important; }";
  document.head.append(paper);
  [...later.keys()].forEach(begin);
  redraws.forEach(redraw => redraw());
});
addEventListener("afterprint", () => { paper.remove(); redraws.forEach(redraw => redraw()); });
