// A title that is too long for the page is broken into lines, and the figure grows by them. It never shrinks
// again while it keeps its width, so that nothing jumps when a slider makes the title shorter. A class looks
// from afar: --lessons-scale, in the page's style sheet, enlarges a figure as a whole, but leaves room on the
// screen for the controls above it and the finding below.
const LINE = 1.3;                              // height of a line of the title, in font sizes

function widthOf(text, font) {
  const pen = widthOf.pen ??= document.createElement("canvas").getContext("2d");
  pen.font = font;
  return pen.measureText(text.replace(/<[^>]+>/g, "")).width;
}

function wrapped(text, width, font) {
  const fits = line => widthOf(line, font) <= width;
  const lines = text.split("<br>").map(part => {
    const rows = [""];
    for (const word of part.split(" ")) {
      const longer = rows.at(-1) ? `${rows.at(-1)} ${word}` : word;
      if (fits(longer)) rows[rows.length - 1] = longer; else rows.push(word);
    }
    return rows.filter((row, k) => row || k > 0 || rows.length === 1);
  });
  return lines.flat();
}

// Where the page is as narrow as a phone: panels that stand side by side go below one another, and a legend at
// the side goes above; notes right of the lines get no more room than they need, in two lines if they name two
// levels; and where names and values of rows would take much of the width, the names stand above what they name.
const AXIS = /^[xy]axis[0-9]*$/, ON_AXES = { xref: "x", yref: "y" };
const NARROW = 440, GAP = 64;                  // px; the gap holds an axis's numbers and title
const NAMES = 0.35, ROW = 22, BAR = 20;        // share of the width; px that a row grows by; px of its bar

function forPhones(layout, house, data, width) {
  const margin = { ...house.margin, l: 48, r: 12, ...layout.margin };
  const font = `${layout.font.size ?? house.font.size}px ${layout.font.family}`;
  layout = { ...layout, height: layout.height ?? house.height, margin };
  if (layout.legend?.x > 1)
    layout = { ...layout, legend: house.legend, margin: { ...margin, r: house.margin.r, t: house.margin.t } };
  layout = notesAtSide(layout, font);
  for (const name of named(layout, "y")) layout = namesAbove(layout, name, data, font, width);
  return stacked(layout);
}

const named = (layout, letter) => Object.keys(layout).filter(name => AXIS.test(name) && name[0] === letter);
const widest = (texts, font) => Math.max(0, ...texts.map(text => widthOf(text, font)));

function notesAtSide(layout, font) {
  const atSide = ({ xanchor, yref }) => xanchor === "left" && yref !== "paper";
  if (layout.margin.r < 100 || !layout.annotations?.some(atSide)) return layout;
  const levels = layout.annotations.filter(note => atSide(note) && note.xref === "paper");
  const annotations = layout.annotations.map(note => levels.length < 3 && levels.includes(note)   // more lie close
    ? { ...note, text: note.text.replace(/ (?=[^ ]+$)/, "<br>") } : note);
  const lines = annotations.filter(atSide).flatMap(({ text }) => text.split("<br>"));
  return { ...layout, annotations, margin: { ...layout.margin, r: 12 + widest(lines, font) } };
}

function namesAbove(layout, name, data, font, width) {
  const axis = name.replace("axis", "");
  const rows = data.filter(({ y, yaxis = "y" }) => yaxis === axis && typeof y?.[0] === "string");
  const names = [...new Set(rows.flatMap(({ y }) => [...y]))];
  const { height, margin } = layout;
  if (!names.length || widest(names, font) + margin.r < NAMES * width) return layout;
  const inner = height - margin.t - margin.b, more = ROW * names.length;
  const [from, to] = layout[name].domain ?? [0, 1];
  const up = y => (y * inner + more * Math.min(1, Math.max(0, (y - from) / (to - from)))) / (inner + more);
  const higher = laidOut(layout, height + more, x => x, up);
  const across = layout[name].anchor ?? "x", range = layout[across.replace("x", "xaxis")].range ?? [0, Infinity];
  const place = { showarrow: false, xref: `${across} domain`, x: 0, xanchor: "left" };
  const above = names.map(text => ({ ...place, text, yref: axis, y: text, yanchor: "bottom", yshift: BAR / 2 }));
  const tidy = note => (note.yref ?? "y") === axis ? { ...note, yshift: -(note.yshift ?? 0) }   // beneath its row
    : note.yref === "paper" && note.x > (range[0] + range[1]) / 2 ? { ...note, xanchor: "right" } : note;
  const beside = rows.filter(({ mode }) => mode === "text").flatMap(({ text }) => [...text ?? []]);
  return {
    ...higher,
    bargap: 1 - BAR * names.length / ((to - from) * inner + more),
    margin: { ...margin, l: 12, r: Math.min(margin.r, 12 + widest(beside, font)) },
    [name]: { ...higher[name], showticklabels: false },
    annotations: [...(higher.annotations ?? []).map(tidy), ...above],
  };
}

// The same panels, shapes and notes on a paper of another height: (x, column) -> x, (y, column) -> y.
function laidOut(layout, height, over, up, column = () => 0) {
  const of = axis => column(layout[axis.replace("x", "xaxis")]?.domain?.[0] ?? 0);
  const moved = { ...layout, height };
  for (const name of named(layout, "x")) {
    const domain = layout[name].domain ?? [0, 1];
    moved[name] = { ...layout[name], domain: domain.map(x => over(x, column(domain[0]))) };
  }
  for (const name of named(layout, "y")) {
    const { anchor = "x", domain = [0, 1] } = layout[name], beneath = anchor.replace("x", "xaxis");
    moved[name] = { ...layout[name], domain: domain.map(y => up(y, of(anchor))) };
    moved[beneath] = { anchor: name.replace("axis", ""), ...moved[beneath] };
  }
  const onPaper = axes => thing => {           // a shape, a note or a legend with places on the whole
    const { xref, yref } = { ...axes, ...thing }, placed = { ...thing };
    const k = xref === "paper" ? column(thing.x ?? thing.x0) : of(xref.split(" ")[0]);
    if (xref === "paper") for (const x of ["x", "x0", "x1"]) if (x in thing) placed[x] = over(thing[x], k);
    if (yref === "paper") for (const y of ["y", "y0", "y1"]) if (y in thing) placed[y] = up(thing[y], k);
    return placed;
  };
  moved.shapes = layout.shapes?.map(onPaper(ON_AXES));
  moved.annotations = layout.annotations?.map(onPaper(ON_AXES));
  const legend = onPaper({ xref: "paper", yref: "paper" });
  for (const name of Object.keys(layout)) if (/^legend\d/.test(name)) moved[name] = legend(layout[name]);
  return moved;
}

function stacked(layout) {                     // panels side by side below one another
  const columns = [];                          // [from, to] of what stands side by side
  const domains = named(layout, "x").map(name => layout[name].domain ?? [0, 1]);
  for (const [from, to] of domains.sort((a, b) => a[0] - b[0])) {
    if (columns.length && from < columns.at(-1)[1]) columns.at(-1)[1] = Math.max(columns.at(-1)[1], to);
    else columns.push([from, to]);
  }
  if (columns.length < 2) return layout;

  const { height, margin } = layout, panel = height - margin.t - margin.b;
  const whole = columns.length * (panel + GAP) - GAP;
  const column = x => columns.findIndex(([, to], k) => x <= to || k === columns.length - 1);
  const over = (x, k) => (x - columns[k][0]) / (columns[k][1] - columns[k][0]);
  const up = (y, k) => 1 - (k * (panel + GAP) + (1 - y) * panel) / whole;
  return laidOut(layout, height + whole - panel, over, up, column);
}

// Numbers that stand in cells, on an axis without numbers of its own where a cell is 1 wide, are as large as fits.
function inCells(trace, layout, gd) {
  const axis = layout[(trace.xaxis ?? "x").replace("x", "xaxis")] ?? {}, { domain = [0, 1], range } = axis;
  const bare = range && (axis.visible ?? axis.showticklabels) === false;
  if (trace.mode !== "text" || !bare || !trace.text?.length) return trace;
  const { l = 0, r = 0 } = layout.margin ?? {}, inner = layout.width - l - r;
  const cell = inner * (domain[1] - domain[0]) / (range[1] - range[0]);
  const fits = 0.85 * cell / (widest([...trace.text], `100px ${layout.font.family}`) / 100);
  if (gd.cells?.width !== layout.width) gd.cells = { width: layout.width, size: trace.textfont?.size ?? 14 };
  gd.cells.size = Math.max(9, Math.min(gd.cells.size, fits));    // never larger again, as with the title
  return { ...trace, textfont: { ...trace.textfont, size: gd.cells.size } };
}

function fit(layout, gd, data) {               // the layout as it suits the page, and gd to match
  const { template: { layout: house = {} } = {} } = layout;
  if (gd.clientWidth < NARROW && house.legend) layout = forPhones(layout, house, data, gd.clientWidth);
  const { title } = layout;
  const plain = layout.height ?? house.height ?? 340, room = Math.max(1, 0.55 * window.innerHeight / plain);
  const scale = Math.min(parseFloat(getComputedStyle(gd).getPropertyValue("--lessons-scale")) || 1, room);
  const enlarged = { transform: `scale(${scale})`, transformOrigin: "0 0", width: `${100 / scale}%` };
  if (scale !== 1) Object.assign(gd.style, enlarged);
  const width = gd.clientWidth;
  let height = plain, fitted = { ...layout, width, height };
  if (title?.text) {
    const size = title.font?.size ?? house.title?.font?.size ?? 16;
    const lines = wrapped(title.text, width - 24, `${size}px ${layout.font.family}`);
    const kept = gd.titleRows?.width === width ? gd.titleRows.count : 1;
    const room = gd.titleRows?.width === width ? gd.titleRows.room : 0;
    gd.titleRows = { width, count: Math.max(kept, lines.length), room };
    const more = (gd.titleRows.count - 1) * size * LINE + room;
    height += more;
    const margin = { ...layout.margin, t: (layout.margin?.t ?? house.margin?.t ?? 76) + more };
    const pad = { ...house.title?.pad, ...title.pad };
    if (lines.length > 1) pad.t = 6 + 0.7 * size;            // Plotly sets several lines too high, by an ascent
    fitted = { ...fitted, height, margin, title: { ...title, pad, text: lines.join("<br>") } };
  }
  gd.style.minHeight = `${height}px`;
  if (scale !== 1) gd.style.marginBottom = `${height * (scale - 1)}px`;
  return fitted;
}

function crowded(gd) {                         // whether the legend had too little room below the title; makes it
  const [title, legend] = [".gtitle", ".legend"].map(part => gd.querySelector(part)?.getBoundingClientRect());
  const beside = !title?.height || !legend || legend.left > title.right || legend.bottom < title.top;
  const missing = beside || legend.top > title.bottom + 2 ? 0 : title.bottom + 4 - legend.top;
  if (missing > 0 && gd.titleRows) gd.titleRows.room += missing;
  return missing > 0 && Boolean(gd.titleRows);
}

// Plotly.react reads, compares and lays out the whole figure anew, whatever has changed: most of the time of a move.
// Where nothing but numbers and words have changed, of lines, bars and heatmaps on axes whose range is given, their
// drawing alone is done again; titles, ticks, ranges and shapes apart. With anything else that has changed
// Plotly.react does all its work.
const isList = value => Array.isArray(value) || ArrayBuffer.isView(value);
const isRecord = value => value !== null && typeof value === "object" && !isList(value);
const each = (record, what) => Object.fromEntries(Object.entries(record).map(([k, v]) => [k, what(v, k)]));

function same(a, b) {
  if (a === b) return true;
  if (isList(a) && isList(b)) return a.length === b.length && a.every((value, k) => same(value, b[k]));
  if (!isRecord(a) || !isRecord(b)) return Object.is(a, b);
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every(key => same(a[key], b[key]));
}

const copied = value => isList(value) ? Array.from(value, copied)
  : isRecord(value) ? each(value, copied) : value;
// A layout that is Plotly's own, as a copied trace is: it writes into them, and so do we.
const copy = layout => each(layout, (value, key) => key === "template" ? value
  : isRecord(value) ? copy(value) : key === "range" || isRecord(value?.[0]) ? copied(value) : value);

function keep(old, layout) {                   // the layout, with the old lists where nothing changed in them
  if (!isRecord(old) || old === layout) return layout;
  return each(layout, (value, key) => same(old[key], value) ? old[key]
    : isRecord(value) ? keep(old[key], value) : value);
}

function differences(old, layout, path = []) {
  return [...new Set([...Object.keys(old), ...Object.keys(layout)])].flatMap(key => {
    const [a, b] = [old[key], layout[key]];
    if (a === b) return [];
    return isRecord(a) && isRecord(b) ? differences(a, b, [...path, key]) : [[...path, key].join(".")];
  });
}

const NUMBERS = /^(x|y|z|text|customdata)$/;

function mayMove(gd, old, trace, k) {          // whether what changed leaves axes, colours and looks as they are
  const full = gd._fullData[k], layout = gd._fullLayout;
  const held = key => {
    if (key === "z") return (layout[full.coloraxis]?.cauto ?? full.zauto) === false;
    const { autorange, type } = layout[full[`${key}axis`]?.replace(key, `${key}axis`)] ?? {};
    return !autorange && type !== "category" && (trace.mode || (old[key].length < 20) === (trace[key].length < 20));
  };
  return ["scatter", "bar", "heatmap"].includes(full.type) && !full.error_x?.visible && !full.error_y?.visible
    && differences(old, trace).every(key => NUMBERS.test(key) && old[key]?.length && trace[key]?.length && held(key));
}

function move(gd, old, traces) {               // new numbers into Plotly's own traces, without a drawing
  gd._fullData.forEach((full, k) => {
    for (const key of differences(old[k], traces[k])) gd.data[k][key] = full[key] = copied(traces[k][key]);
    if (full._length) full._length = Math.min(...[full.x, full.y].map(list => list?.length ?? Infinity));
    if (full.visible !== true) return;
    const points = full._module.calc(gd, full);
    Object.assign(points[0], { trace: full, t: points[0].t ?? {} });
    gd.calcdata[k] = points;
  });
  const { _modules, _plots } = gd._fullLayout;
  for (const { crossTraceCalc } of _modules) Object.values(_plots).forEach(plot => crossTraceCalc?.(gd, plot));
}

const LINE_OF_TEXT = /^[^<&]+$/;
const MAY_CHANGE = /^(title[.]text|shapes|annotations|[xy]axis[0-9]*[.](range|tickvals|ticktext))$/;

function drawQuickly(Plotly, gd, traces, old, layout) {          // false if too much has changed for that
  const changed = differences(old.layout, layout);
  const at = (whole, path) => path.split(".").reduce((part, key) => part?.[key], whole);
  const may = path => MAY_CHANGE.test(path)
    && (!path.endsWith("range") || [old.layout, layout].every(whole => isList(at(whole, path))));
  if (!changed.every(may) || old.traces.length !== traces.length) return false;
  if (!traces.every((trace, k) => mayMove(gd, old.traces[k], trace, k))) return false;

  const words = layout.title?.text, title = gd.querySelector(".gtitle");
  const plain = title && [old.layout.title?.text, words].every(text => LINE_OF_TEXT.test(text));
  const news = Object.fromEntries(changed.map(path => [path, copied(at(layout, path) ?? null)]));
  if (plain && "title.text" in news) {
    delete news["title.text"];
    gd.layout.title.text = gd._fullLayout.title.text = title.textContent = words;
    title.setAttribute("data-unformatted", words);
  }
  // a title at the side is pushed by the numbers of its axis, which Plotly sees to if ticks change
  for (const path of changed.filter(path => /^y.*range$/.test(path))) news[path.replace("range", "ticksuffix")] ??= "";
  move(gd, old.traces, traces);
  if (Object.keys(news).length) Plotly.relayout(gd, news);
  if (!changed.some(path => path.endsWith("range"))) {           // else all is drawn
    gd._fullLayout._basePlotModules.forEach(({ plot }) => plot(gd));
    gd._fullLayout._modules.forEach(({ style }) => style(gd));
    gd._fullLayout._rehover?.();
    gd.emit("plotly_afterplot");
  }
  return true;
}

const zoomed = gd => Object.keys(gd._fullLayout?._preGUI ?? {}).some(place => AXIS.test(place.split(".")[0]));

// A double-click goes back to the ranges that an axis was given last; Plotly keeps those it began with.
function home(gd, layout) {
  for (const [name, axis] of Object.entries(gd._fullLayout))
    if (AXIS.test(name))
      [axis._rangeInitial0, axis._rangeInitial1] = isList(layout[name]?.range) ? layout[name].range : [];
}

const CONFIG = { displayModeBar: false, doubleClick: "reset", typesetMath: false };
const CAMERA = `<svg viewBox="0 0 20 16" width="18" height="15" aria-hidden="true" fill="currentColor">
  <path fill-rule="evenodd" d="M7 0 5.5 2H2a2 2 0 0 0-2 2v10a2 2 0 0 0 2 2h16a2 2 0 0 0 2-2V4a2 2 0 0
  0-2-2h-3.5L13 0zM10 4.2a4.3 4.3 0 1 1 0 8.6 4.3 4.3 0 0 1 0-8.6zm0
  1.8a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z"/></svg>`;

// Beside the figure, not in it: what is an image to a screen reader holds nothing to press.
function camera(gd, Plotly) {
  const button = document.createElement("button");
  button.className = "lessons-save";
  button.title = "Save this figure as PNG";
  button.setAttribute("aria-label", button.title);
  button.innerHTML = CAMERA;
  button.onclick = () => Plotly.downloadImage(gd, { format: "png", scale: 2, filename: "figure" });
  return button;
}

async function plotly() {
  for (let tries = 0; !globalThis.lessonsPlotly; tries++) {
    if (tries > 6000) throw new Error("the drawing library did not arrive from the kernel");  // 5 MB, 2 minutes
    await new Promise(wake => setTimeout(wake, 20));
  }
  return globalThis.lessonsPlotly;
}

function decode(value) {                       // {buffer, dtype, shape} -> typed array, or rows of one
  if (ArrayBuffer.isView(value)) return value; // the player decodes before
  if (Array.isArray(value)) return value.map(decode);
  if (value === null || typeof value !== "object") return value;
  if (!(value.buffer instanceof DataView))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, decode(item)]));
  const { buffer: { buffer, byteOffset, byteLength }, dtype, shape } = value;
  const bytes = buffer.slice(byteOffset, byteOffset + byteLength);         // aligned, as typed arrays want
  const flat = dtype === "f4" ? new Float32Array(bytes) : new Float64Array(bytes);
  return shaped(flat, shape);
}

// plotly.py writes arrays into the figure's JSON as {dtype, bdata}: unpack them once, not at every redraw.
const KINDS = { f8: Float64Array, f4: Float32Array, i4: Int32Array, u4: Uint32Array,
  i2: Int16Array, u2: Uint16Array, i1: Int8Array, u1: Uint8Array };

function unpacked(_, value) {
  if (typeof value?.bdata !== "string" || !KINDS[value.dtype]) return value;
  const bytes = Uint8Array.from(atob(value.bdata), letter => letter.charCodeAt(0));
  const flat = new KINDS[value.dtype](bytes.buffer);
  return value.shape ? shaped(flat, String(value.shape).split(",").map(Number)) : flat;
}

function shaped(flat, shape) {                 // a list, or a list of rows
  if (shape.length === 1) return flat;
  return Array.from({ length: shape[0] }, (_, row) => flat.subarray(row * shape[1], (row + 1) * shape[1]));
}

// What the kernel sends is never altered in place: a value is new if, and only if, it is another object.
function put(whole, [key, ...rest], value) {
  const copy = Array.isArray(whole) ? [...whole] : { ...whole };
  copy[key] = rest.length ? put(whole?.[key] ?? {}, rest, value) : value;
  return copy;
}

export default () => {                         // called once a model: its views share what follows
  let figure, count, id;
  const views = new Set();
  const redraw = () => views.forEach(view => view());

  function load(model) {                       // the whole figure: at first, and after a page reload
    const state = model.get("_figure");
    figure = JSON.parse(state.json, unpacked);
    ({ count, id } = state);
  }

  function change(model, news) {               // what one update() altered; true: to be drawn
    if (!news?.count || news.count <= count) return false;
    const missed = news.count !== count + 1;
    count = news.count;
    for (const [place, value] of news.values) figure = put(figure, place, decode(value));
    if (missed) model.send({ known: null });
    return true;
  }

  return {
    initialize({ model }) {
      load(model);
      change(model, model.get("_change"));
      model.on("change:_change", () => { if (change(model, model.get("_change"))) redraw(); });
      model.on("change:_figure", () => { load(model); redraw(); });
      // an explorer's readout brings the changes of all its figures
      const figures = globalThis.lessonsFigures ??= new Map();
      figures.set(id, news => change(model, news) && redraw);
      listen(model, count);
      return () => figures.delete(id);
    },

    async render({ el }) {
      const gd = document.createElement("div");
      const describe = () => gd.setAttribute("aria-label", figure.layout.meta?.alt ?? "Figure");
      gd.setAttribute("role", "img");
      gd.style.cssText = `width: 100%; min-height: ${figure.layout.height ?? 340}px`;
      describe();
      el.appendChild(gd);
      let Plotly;
      try { Plotly = await plotly(); }
      catch (error) {
        gd.textContent = `This figure could not be drawn: ${error.message}. `
          + "Reload the page, then run all cells again.";
        return;
      }

      el.classList.add("lessons-figure");
      el.appendChild(camera(gd, Plotly));
      let drawn, drawnWidth = 0, resting = false, waiting = false, zooms = 1, ink, later;
      function draw(tries = 0) {               // text takes the colour and font of the page, light or dark
        const { color, fontFamily } = getComputedStyle(el);
        ink = color;
        const { meta, ...rest } = figure.layout;           // meta is ours, and would be drawn anew for
        const font = { color, family: fontFamily, ...rest.font };
        const axes = Object.entries(rest).filter(([name]) => AXIS.test(name));
        // a zoom survives a move on all axes or, if one of them is given another range, on none
        if (drawn && zoomed(gd) && axes.some(([name, { range }]) => !same(drawn.layout[name]?.range, range))) zooms += 1;
        const held = Object.fromEntries(axes.map(([name, axis]) => [name, { ...axis, uirevision: zooms }]));
        const layout = keep(drawn?.layout, fit({ uirevision: "keep", ...rest, ...held, font }, gd, figure.data));
        drawnWidth = gd.clientWidth;
        const traces = figure.data.map(trace => inCells(trace, layout, gd));
        let quick = false;
        try { quick = drawn && drawQuickly(Plotly, gd, traces, drawn, layout); }
        catch (error) { console.error(error); }  // another plotly.js inside: the slow way serves as well
        const settled = quick || Plotly.react(gd, traces.map(copied), copy(layout), CONFIG);
        home(gd, layout);
        describe();
        drawn = { traces, layout };
        const roomy = () => { if (tries < 3 && crowded(gd)) draw(tries + 1); };
        roomy();
        if (!quick) settled.then(roomy);       // a legend may find its height later
      }
      function view() {                        // at once, but never twice within one frame of the screen
        if (!drawn || resting) { waiting = true; return; }
        draw();
        resting = true;
        requestAnimationFrame(() => { resting = false; if (waiting) { waiting = false; view(); } });
      }
      views.add(view);

      const resized = new ResizeObserver(() => {
        const width = gd.clientWidth;
        if (!width || width === drawnWidth) return;  // not in the page, in a folded panel, or only higher
        clearTimeout(later);
        later = setTimeout(() => draw(), drawn ? 60 : 0);  // while a window is dragged, not at every pixel
      });
      resized.observe(gd);
      const themed = new MutationObserver(() => { if (drawn && getComputedStyle(el).color !== ink) draw(); });
      themed.observe(document.body, { attributes: true });
      return () => {
        views.delete(view);
        clearTimeout(later);
        resized.disconnect();
        themed.disconnect();
        Plotly.purge(gd);
      };
    },
  };
};
