// Makes DOM nodes. Text goes in as text, never as HTML.

/** An element; `props` are attributes, except for `on…` (listeners) and `class`. */
export function element(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) {
      node.addEventListener(name.slice(2), value);
    } else if (value === true) {
      node.setAttribute(name, "");
    } else if (value !== undefined && value !== false) {
      node.setAttribute(name, value);
    }
  }
  node.append(...children.filter((child) => child !== undefined && child !== null));
  return node;
}

/** One of the drawings in index.html. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** A coloured disc with the initials of somebody. */
export function avatar({ name, role }) {
  const disc = element("span", { class: "avatar", "aria-hidden": "true" }, initials(name));
  disc.style.setProperty("--hue", hueOf(name));
  disc.dataset.role = role;
  return disc;
}

/** The element with this id, which index.html has. */
export function byId(id) {
  return document.getElementById(id);
}

const SVG = "http://www.w3.org/2000/svg";
const HUES = [25, 55, 150, 185, 225, 255, 290, 320, 350];

function initials(name) {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const [first = "?", last = ""] = [words[0], words.length > 1 ? words.at(-1) : ""];
  return (firstLetter(first) + firstLetter(last)).toUpperCase();
}

function firstLetter(word) {
  return [...word][0] ?? "";
}

/** The same name has the same colour on every page. */
function hueOf(name) {
  // FNV-1a, of which the upper bits are the better mixed ones.
  let hash = 0x811c9dc5;
  for (const character of name) {
    hash = Math.imul(hash ^ character.codePointAt(0), 0x01000193);
  }
  return HUES[(hash >>> 16) % HUES.length];
}
