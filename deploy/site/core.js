// What every page stands on: the data's arrival, the state in the URL, and elements from text.
//
// Data comes in scripts that call textflix(name, value), since a page that is opened from a file may
// not fetch. State is the query of the URL and nothing else: a link is all that there is to share.
//
// Invariant: whatever comes from a review reaches the document through a text node or an attribute's
// value, never as markup.
"use strict";

const Textflix = (() => {
  const arrived = new Map();
  const waiting = new Map();

  window.textflix = (name, value) => {
    arrived.set(name, value);
    for (const resolve of waiting.get(name) || []) resolve(value);
    waiting.delete(name);
  };

  /** The data of that name, loaded once. Rejected where there is no such file. */
  function load(name) {
    if (arrived.has(name)) return Promise.resolve(arrived.get(name));
    return new Promise((resolve, reject) => {
      const others = waiting.get(name);
      if (others) {
        others.push(resolve);
        return;
      }
      waiting.set(name, [resolve]);
      const script = document.createElement("script");
      script.src = `data/${encodeURIComponent(name)}.js`;
      script.addEventListener("error", () => {
        waiting.delete(name);
        reject(new Error(name));
      });
      document.head.append(script);
    });
  }

  // MARK: State

  const query = new URLSearchParams(location.search);
  // Kept from page to page; everything else belongs to one page.
  const sticky = ["analysis", "accuracy", "compare", "model"];

  const state = {
    get: (name) => query.get(name) || "",
    /** An empty value takes the name out of the URL. */
    set(name, value) {
      if (value) query.set(name, value);
      else query.delete(name);
      const text = query.toString();
      history.replaceState(null, "", location.pathname + (text ? `?${text}` : ""));
    },
    analysis: () => query.get("analysis") !== "off",
    accuracy: (site) =>
      query.get("accuracy") === "on" && site.evaluations.length > 0 && state.analysis(),
    compare: (site) =>
      query.get("compare") === "on" && site.models.length > 1 && state.analysis(),
    /** The place of the model that is shown where one is. */
    model(site) {
      const place = site.models.findIndex((model) => model.name === query.get("model"));
      return place < 0 ? 0 : place;
    },
    /** The models that are shown: one, or both. */
    sides: (site) => (state.compare(site) ? [0, 1] : [state.model(site)]),
  };

  /** A link to a page of this site that keeps the switches. */
  function link(page, values = {}) {
    const target = new URLSearchParams();
    for (const name of sticky) if (query.get(name)) target.set(name, query.get(name));
    for (const [name, value] of Object.entries(values)) {
      if (value) target.set(name, value);
      else target.delete(name);
    }
    const text = target.toString();
    return `${page}.html${text ? `?${text}` : ""}`;
  }

  // MARK: Elements

  /** h("a", { class: "x", href }, "text", element, null): strings become text nodes. */
  function h(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (name.startsWith("--")) element.style.setProperty(name, value);
      else element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.flat(4).filter((child) => child !== null && child !== undefined));
    return element;
  }

  const svgSpace = "http://www.w3.org/2000/svg";
  function svg(tag, attributes, ...children) {
    const element = document.createElementNS(svgSpace, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  /**
   * Puts children into a parent, the first at once, the others piece by piece between frames, so
   * that thousands of them never hold up a key; until the last is there the parent is said to be
   * busy. A later call for the same parent ends an earlier.
   */
  const filling = new WeakMap();
  function fill(parent, items, make, first = 60) {
    const turn = {};
    filling.set(parent, turn);
    parent.replaceChildren(...items.slice(0, first).map(make));
    let next = first;
    function more() {
      if (filling.get(parent) !== turn) return;
      const until = performance.now() + 8;
      const piece = document.createDocumentFragment();
      while (next < items.length && performance.now() < until) piece.append(make(items[next++]));
      parent.append(piece);
      goOn();
    }
    function goOn() {
      const isBusy = next < items.length;
      if (isBusy) parent.setAttribute("aria-busy", "true");
      else parent.removeAttribute("aria-busy");
      if (isBusy) requestAnimationFrame(more);
    }
    goOn();
  }

  // MARK: Numbers and words

  const thousands = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ",");
  const plural = (count, word) => `${thousands(count)} ${word}${count === 1 ? "" : "s"}`;
  const percent = (share, digits = 0) => `${(100 * share).toFixed(digits)}\u00a0%`;
  /** 971 is 97.1 %: cut, never rounded up. */
  const certainty = (permille) => `${Math.floor(permille / 10)}.${permille % 10}\u00a0%`;
  const signed = (weight) => {
    const digits = Math.abs(weight).toFixed(3);
    return Number(digits) === 0 ? "0.000" : (weight < 0 ? "−" : "+") + digits;
  };
  /** Line breaks of HTML are line ends to a reader. */
  const readable = (text) => text.replace(/<br ?\/?>/g, "\n");
  const number = (count) => thousands(count);

  return { load, state, link, h, svg, fill, plural, percent, certainty, signed, readable, number };
})();
