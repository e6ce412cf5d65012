// Puts numbers, lists and errors into words.

const UNITS = ["bytes", "KB", "MB", "GB"];

/** 1536 → "1.5 KB" */
export function bytesText(bytes) {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

export function timeText(date) {
  return date.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
}

/** ["Ada", "Lin", "Bo"] → "Ada, Lin and Bo" */
export function listText(names) {
  const last = names.at(-1) ?? "nobody";
  return names.length < 2 ? last : `${names.slice(0, -1).join(", ")} and ${last}`;
}

export function countText(count, one, many) {
  return `${count} ${count === 1 ? one : many}`;
}

/** What an error says, and what to do about it. */
export function errorWords(error) {
  const message = error?.message || String(error);
  return { message: sentence(message), hint: error?.hint ?? "" };
}

function sentence(text) {
  const trimmed = text.trim();
  const first = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?…]$/u.test(first) ? first : `${first}.`;
}
