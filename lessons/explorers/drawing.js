// A drawing that changes in place: the kernel draws SVG, the page carries over what differs, so that focus
// and transitions stay. Parts are buttons; the strip answers to a click; Play asks for one value after another.
const PACE = 260;                              // milliseconds between two values

function carry(from, to) {                     // make element `to` look like `from`
  for (const { name, value } of from.attributes) if (to.getAttribute(name) !== value) to.setAttribute(name, value);
  for (const { name } of [...to.attributes]) if (!from.hasAttribute(name)) to.removeAttribute(name);
  const [news, olds] = [[...from.childNodes], [...to.childNodes]];
  const alike = news.length === olds.length && news.every((node, k) => node.nodeName === olds[k].nodeName);
  if (!alike) return to.replaceChildren(...news);
  news.forEach((node, k) => {
    if (node.nodeType === Node.ELEMENT_NODE) carry(node, olds[k]);
    else if (node.data !== olds[k].data) olds[k].data = node.data;
  });
}

function initialize({ model }) {
  let waiting;
  const next = () => {
    clearTimeout(waiting);
    if (model.get("playing")) waiting = setTimeout(() => model.send({ read: 1 }), PACE);
  };
  model.on("change:playing change:svg", next);
  listen(model);
  return () => clearTimeout(waiting);
}

function render({ model, el }) {
  const holder = document.createElement("div");
  holder.className = "lessons-drawing";
  el.append(holder);
  const draw = () => {
    const fresh = document.createElement("div");
    fresh.innerHTML = model.get("svg");
    const picture = fresh.firstElementChild;   // none yet, where the page is ahead of the kernel
    if (picture) carry(picture, holder.firstElementChild ?? holder.appendChild(picture));
  };
  const flow = () => holder.classList.toggle("flowing", model.get("playing"));
  const choose = event => {
    const part = event.target.closest?.("[data-part]");
    if (part) model.send({ part: part.dataset.part });
    return part;
  };
  holder.addEventListener("click", event => {
    const strip = event.target.closest?.(".strip");
    if (!strip) return choose(event);
    const { left, width } = strip.getBoundingClientRect();
    model.send({ to: Math.ceil(strip.dataset.values * (event.clientX - left) / width) });
  });
  holder.addEventListener("keydown", event => {
    if (["Enter", " "].includes(event.key) && choose(event)) {
      event.preventDefault();
      event.stopPropagation();                 // Enter would open the cell's editor
    }
  });
  model.on("change:svg", draw);
  model.on("change:playing", flow);
  draw();
  flow();
  return () => { model.off("change:svg", draw); model.off("change:playing", flow); };
}
export default { initialize, render };
