// The finding in words, announced by screen readers as it changes; below it, what went wrong. It also gives
// the sliders beside it the names that ipywidgets leaves out.
const say = (element, what, value) => {
  if (element.getAttribute(what) !== value) element.setAttribute(what, value);
};

const PLAYER = { "fa-play": "Play", "fa-pause": "Pause", "fa-stop": "Stop", "fa-retweet": "Repeat" };

function name(controls) {
  for (const row of controls.querySelectorAll(".jupyter-widgets, .widget-hslider, .widget-toggle-buttons")) {
    for (const icon of row.matches(".widget-play") ? row.querySelectorAll("i") : [])
      say(icon.parentElement, "aria-label", PLAYER[icon.classList.item(1)]);
    const label = row.querySelector(":scope > .widget-label")?.textContent;
    if (!label) continue;
    const handles = row.querySelectorAll(".noUi-handle"), words = row.matches(".lessons-words");
    for (const handle of handles) say(handle, "aria-label", label);
    for (const number of row.querySelectorAll(".widget-readout")) {
      say(number, "contenteditable", String(!words));
      if (words) for (const handle of handles) say(handle, "aria-valuetext", number.textContent);
      else {
        say(number, "role", "textbox");
        say(number, "aria-label", `${label}, as a number`);
      }
    }
    if (row.matches(".widget-toggle-buttons, .widget-radio")) {
      say(row, "role", "group");
      say(row, "aria-label", label);
    }
    for (const button of row.querySelectorAll(".widget-toggle-button"))
      say(button, "aria-pressed", String(button.classList.contains("mod-active")));
  }
}

async function render({ model, el }) {
  const finding = document.createElement("div"), problem = document.createElement("div");
  finding.setAttribute("role", "status");
  finding.setAttribute("aria-live", "polite");
  finding.className = "lessons-finding";
  problem.setAttribute("role", "alert");
  problem.className = "lessons-problem";
  el.append(finding, problem);
  const tell = () => {
    finding.innerHTML = model.get("finding");
    problem.textContent = model.get("problem");
  };
  model.on("change:finding change:problem", tell);
  tell();

  const names = new MutationObserver(() => name(controls));
  for (let frame = 0; frame < 600 && !el.isConnected; frame++) await new Promise(requestAnimationFrame);
  const controls = el.closest(".lessons-explorer")?.querySelector(".lessons-controls");
  if (controls) {
    name(controls);
    names.observe(controls, { childList: true, subtree: true, attributeFilter: ["class"] });
  }
  return () => names.disconnect();
}
function show(changes) {                       // of several figures, each drawn once
  const redraws = changes.map(([id, change]) => globalThis.lessonsFigures?.get(id)?.(change));
  new Set(redraws.filter(Boolean)).forEach(redraw => redraw());
}

function initialize({ model }) {
  model.on("change:changes", () => show(model.get("changes")));
  listen(model);
}
export default { initialize, render };
