// Bytes and texts, read strictly: of several forms that could mean the same one is read, and all others are refused
// (docs/SPEC.md, sections 1 and 12).

// What is wrong with what was handed in: at which step, and what was expected and found there. `name`, `line`, `left`
// and the like fill the step's sentence.
class Fault extends Error {
  constructor(step, details = {}) {
    super(`${step}: expected ${details.expected}, found ${details.found}`);
    this.step = step;
    this.details = details;
  }
}

const TEXT_SHOWN_MAX = 80;

// The beginning of a text that somebody else wrote, without what moves a cursor.
function excerpt(text) {
  const characters = [...String(text)];
  const shown = characters.slice(0, TEXT_SHOWN_MAX).join("").replace(/\p{Cc}/gu, "\ufffd");
  return characters.length > TEXT_SHOWN_MAX ? `${shown}\u2026` : shown;
}

const utf8 = (text) => new TextEncoder().encode(text);

// Text of UTF-8 bytes, a byte-order mark included; none if they are no UTF-8.
function textOf(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

// One character a byte: for words that are compared and never shown.
function latin1(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

const bytesOfLatin1 = (text) => Uint8Array.from(text, (character) => character.charCodeAt(0));

function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const same = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

const base64 = (bytes) => btoa(latin1(bytes));

// Bytes in base64 of RFC 4648, section 4, with padding and unused bits zero; none if it is anything else.
function bytesOfBase64(text) {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  const bytes = bytesOfLatin1(atob(text));
  return base64(bytes) === text ? bytes : null;
}

// The same in the alphabet of section 5 without padding, as it stands in an address.
function bytesOfBase64Url(text) {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return null;
  const standard = text.replace(/-/g, "+").replace(/_/g, "/");
  return bytesOfBase64(standard + "=".repeat((4 - (standard.length % 4)) % 4));
}

// The number that ASCII digits write without sign and leading zeros, if it is at most `max`; else none.
function decimal(text, max) {
  if (text.length > 20 || !/^(0|[1-9][0-9]*)$/.test(text)) return null;
  const number = BigInt(text);
  return number <= max ? number : null;
}

// The text before the first `separator`, and what follows it; none where there is none.
function splitOnce(text, separator) {
  const at = text.indexOf(separator);
  return at < 0 ? null : [text.slice(0, at), text.slice(at + separator.length)];
}

// Without the browser's own hashing nothing can be checked; browsers have it on https pages alone.
const subtle = globalThis.crypto && globalThis.crypto.subtle;

const digest = async (kind, ...parts) => new Uint8Array(await subtle.digest(kind, concat(...parts)));
const sha256 = (...parts) => digest("SHA-256", ...parts);
const sha512 = (...parts) => digest("SHA-512", ...parts);
