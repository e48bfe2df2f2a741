// The command that asks a daemon about a text of one's own: a page cannot, since a browser does not
// speak to Unix sockets; so it says so.
"use strict";

(() => {
  const { h } = Textflix;
  const usual = "It drags at first. But the ending is very, very fun, and I would see it again.";

  /** A text as one word of a POSIX shell: in single quotes, each of its own outside of them. */
  const quoted = (text) => `'${text.replace(/'/g, "'\\''").replace(/[\r\n]+/g, " ")}'`;
  /** A model's name is a word already, or is quoted like a text. */
  const word = (text) => (/^[\w.-]+$/.test(text) ? text : quoted(text));

  function line(site, text, form) {
    const model = site.models[Textflix.state.model(site)].name;
    const end = form === "words" ? " --unit word" : "";
    // A text that begins with a dash would be an option.
    const guard = text.startsWith("-") ? "-- " : "";
    return `textflixctl explain --model ${word(model)}${end} ${guard}${quoted(text)}`;
  }

  // Kept here: a switch draws the page anew.
  let written = usual;
  let unit = "sentences";

  Frame.page("try", (site) => {
    Frame.title("Try it");
    const code = h("code", { id: "line" });
    const text = h("textarea", { id: "review", rows: "5", spellcheck: "true" });
    text.value = written;
    const form = h("select", { id: "unit" }, h("option", { value: "sentences" }, "sentences"),
      h("option", { value: "words" }, "words"));
    form.value = unit;
    const show = () => {
      [written, unit] = [text.value, form.value];
      code.textContent = line(site, written, unit);
    };
    text.addEventListener("input", show);
    form.addEventListener("change", show);
    Frame.content(
      h("h1", null, "Try it"),
      h("p", { class: "lead" }, "There is no daemon behind this page. Textflix listens on a Unix "
        + "socket, which a browser cannot speak to, and that is on purpose: what you write stays "
        + "on your machine. Your terminal can ask it."),
      h("div", { class: "sheet", id: "command" },
        h("label", { class: "choice block" }, h("span", null, "A review"), text),
        h("label", { class: "choice" }, h("span", null, "Weigh"), form),
        h("h2", { class: "small" }, "The command"),
        h("pre", { tabindex: "0" }, code),
        h("p", { class: "row" }, Frame.copyButton("Copy the command", () => code.textContent))),
      h("h2", null, "No daemon yet?"),
      h("p", null, "In the source of Textflix, ", h("code", null, "deploy/quickstart"),
        " builds it, brings a model and starts it; ", h("code", null, "textflixctl doctor"),
        " tells what is missing."));
    show();
  });
})();
