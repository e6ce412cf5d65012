// A file that is here: a picture if it is one, a link to keep it, and its checksum.

import { element, icon } from "./element.js";
import { bytesText } from "./words.js";

const PICTURES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"]);
const LARGEST_HASHED_BYTES = 256 * 1024 * 1024;

/** Shows `file`; the object URL lives as long as the page, like the message it belongs to. */
export function fileView(file) {
  const url = URL.createObjectURL(file);
  const node = element(
    "div",
    { class: "file", "data-testid": "attachment", "data-name": file.name, "data-size": file.size },
    picture(file, url),
    element(
      "div",
      { class: "file-row" },
      element("span", { class: "file-icon" }, icon("file")),
      element(
        "div",
        { class: "file-text" },
        element("strong", { class: "file-name", dir: "auto" }, file.name),
        element("span", { class: "file-about" }, bytesText(file.size)),
      ),
      downloadLink(file, url),
    ),
  );
  void showChecksum(node, file);
  return node;
}

/** A preview, if the file is a picture that a browser can show without running anything. */
export function picture(file, url) {
  return PICTURES.has(file.type)
    ? element("img", { class: "picture", src: url, alt: `Picture: ${file.name}`, loading: "lazy" })
    : undefined;
}

/** A link that saves the file under its name. */
export function downloadLink(file, url) {
  return element(
    "a",
    {
      class: "icon-button",
      href: url,
      download: file.name,
      "aria-label": `Save ${file.name}`,
      title: "Save",
      "data-testid": "download",
    },
    icon("download"),
  );
}

/** The SHA-256 in hexadecimal, or undefined if the file is too large to be read at once. */
export async function checksum(file) {
  if (file.size > LARGEST_HASHED_BYTES || crypto.subtle === undefined) {
    return undefined;
  }
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function showChecksum(node, file) {
  const sha256 = await checksum(file);
  if (sha256) {
    node.dataset.sha256 = sha256;
    node.title = `SHA-256 ${sha256}`;
  }
}
