// Figures take the colour of the page's text: light, dark, or on paper.
const figures = [...document.querySelectorAll(".js-plotly-plot")];
const paint = color => figures.forEach(figure => Plotly.relayout(figure, { "font.color": color }));
const ink = () => getComputedStyle(document.body).color;
paint(ink());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => paint(ink()));
addEventListener("beforeprint", () => paint("#000000"));
addEventListener("afterprint", () => paint(ink()));
