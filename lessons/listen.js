// anywidget gives a page two seconds to start a widget. If that is too short (a slow computer, a long page,
// plotly.js being read), it never listens to the kernel again: every message then waits for a promise that has
// been broken. When initialize() is called nothing is left to wait for, so from there on messages go straight
// to the model, and the kernel is told that the page listens, to repeat what it missed.
function listen(model, known) {
  let itself;
  model.on("change:_listening", widget => { itself = widget; });
  model.set("_listening", true);               // stays in the page; tells us the model behind the proxy
  let owner = itself;
  while (owner && !Object.hasOwn(owner, "_handle_comm_msg")) owner = Object.getPrototypeOf(owner);
  const handle = owner && Object.getPrototypeOf(owner)._handle_comm_msg;
  if (handle) itself.comm?.on_msg(message => handle.call(itself, message));
  model.send({ listening: true, known });
}
