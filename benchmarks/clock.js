// In the page before anything else: notes what goes over the kernel's socket, and when pictures change.
(() => {
  const clock = globalThis.clock = { on: false, bytes: 0, last: 0 };
  const text = part => new TextDecoder().decode(part);

  globalThis.WebSocket = class extends WebSocket {
    constructor(...about) {
      super(...about);
      this.addEventListener("message", ({ data }) => {
        clock.last = performance.now();
        clock.bytes += data.byteLength ?? data.length;
        if (clock.on) clock.got.push([clock.last, data]);
      });
    }
    send(data) {
      if (clock.on) clock.sent.push(performance.now());
      super.send(data);
    }
  };

  document.addEventListener("keydown", event => { clock.pressed = event.timeStamp; }, true);

  function painted(then) {                     // after the frame that the present task's changes are in
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => then(performance.now());
      channel.port2.postMessage(0);
    });
  }

  clock.reset = () => {
    clock.round = (clock.round ?? 0) + 1;
    Object.assign(clock, { on: true, sent: [], got: [], drawn: [], pending: 0, pressed: undefined });
    Object.assign(clock, { firstPoint: undefined, label: undefined, waits: {}, shown: 0, bytes: 0 });
  };
  clock.reset();

  function note(gd) {
    const drawn = performance.now(), { pressed, round } = clock;
    if (pressed === undefined) return;
    const epochs = gd?.data?.[2]?.y?.length, fewer = epochs > 0 && epochs < gd.epochs;
    if (epochs) gd.epochs = epochs;            // none yet: a new run is about to begin
    clock.pending++;
    painted(shown => {
      if (round !== clock.round) return;       // reset since
      clock.pending--;
      clock.drawn.push([drawn, clock.shown = shown]);
      if (fewer) saw("firstPoint", shown - pressed);
      if (!gd) saw("label", shown - pressed);
    });
  }

  clock.watch = box => {
    if (box.watched) return;
    box.watched = true;
    for (const gd of box.querySelectorAll(".js-plotly-plot")) {
      gd.epochs = gd.data?.[2]?.y?.length;
      gd.on("plotly_afterplot", () => note(gd));
    }
    const floor = box.matches(".bench-floor") && [...box.children].at(-1);
    const changing = floor || box.querySelector(".lessons-drawing");
    const whose = floor ? undefined : {};
    const all = { childList: true, subtree: true, characterData: true };
    if (changing) new MutationObserver(() => note(whose)).observe(changing, all);
  };

  // All is over: something was drawn and shown, and nothing has come or changed for a while. No polling: it
  // would be counted among what a move costs.
  const SILENCE = 80, PATIENCE = 20_000;       // ms
  clock.settled = () => new Promise((done, fail) => {
    const start = performance.now();
    function look() {
      const now = performance.now(), quiet = now - Math.max(clock.last, clock.shown);
      if (clock.drawn.length && !clock.pending && quiet >= SILENCE) done();
      else if (now - start > PATIENCE) fail(new Error("nothing was drawn"));
      else setTimeout(look, clock.pending || !clock.drawn.length ? SILENCE : SILENCE - quiet + 1);
    }
    look();
  });

  clock.sign = what => new Promise(done => {   // firstPoint or label, as soon as it is there; NaN: never
    if (clock[what] !== undefined) done(clock[what]); else clock.waits = { [what]: done };
    setTimeout(done, PATIENCE, NaN);
  });

  function saw(what, time) {
    if (clock[what] !== undefined) return;
    clock[what] = time;
    clock.waits[what]?.(time);
  }

  function read(data) {                        // v1.kernel.websocket.jupyter.org
    if (typeof data === "string") return {};
    const view = new DataView(data), count = Number(view.getBigUint64(0, true));
    const at = Array.from({ length: count }, (_, k) => Number(view.getBigUint64(8 * (k + 1), true)));
    const header = JSON.parse(text(data.slice(at[1], at[2]))), content = JSON.parse(text(data.slice(at[4], at[5])));
    const update = header.msg_type === "comm_msg" && content.data?.method === "update";
    return { update, date: new Date(header.date).getTime() };
  }

  clock.report = () => {                       // ms after the key press
    const updates = clock.got.map(([at, data]) => ({ at, ...read(data) })).filter(message => message.update);
    const since = time => (time === undefined ? null : time - clock.pressed);
    const end = Math.max(...clock.drawn.map(([drawn]) => drawn)), last = updates.findLast(({ at }) => at <= end);
    return {
      sent: since(clock.sent[0]),
      answered: last ? since(last.date - performance.timeOrigin) : null,
      arrived: since(last?.at),
      drawn: since(end),
      shown: since(Math.max(...clock.drawn.map(([, shown]) => shown))),
      bytes: clock.bytes,
      messages: updates.length,
    };
  };
})();
