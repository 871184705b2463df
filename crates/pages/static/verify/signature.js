// Ed25519 by the one rule of docs/SPEC.md, section 3: the byte checks first, then the browser's own check, and where
// that refuses or there is none, the cofactored equation 8·S·B = 8·R + 8·k·A. Nothing here is secret, so that no
// calculation needs to take the same time for all numbers.

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const TOP_BIT = 2n ** 255n;

const mod = (n, m = P) => ((n % m) + m) % m;

function power(base, exponent) {
  let result = 1n;
  for (let square = mod(base); exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = mod(result * square);
    square = mod(square * square);
  }
  return result;
}

// The curve: −x² + y² = 1 + d·x²·y².
const D = mod(-121665n * power(121666n, P - 2n));
const ROOT_OF_MINUS_1 = power(2n, (P - 1n) / 4n);

function littleEndian(bytes) {
  let number = 0n;
  for (let at = bytes.length - 1; at >= 0; at -= 1) number = (number << 8n) | BigInt(bytes[at]);
  return number;
}

// The y of the points of order 4, 1, 2 and, two by two, 8.
const SMALL_ORDER = [
  0n,
  1n,
  P - 1n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
];

// Canonical: y below p, and no sign where x is 0.
function isCanonical(point) {
  const encoded = littleEndian(point);
  const y = encoded % TOP_BIT;
  return y < P && !((y === 1n || y === P - 1n) && encoded >= TOP_BIT);
}

const isOfSmallOrder = (point) => SMALL_ORDER.includes(littleEndian(point) % TOP_BIT);

// 32 bytes that may be a public key.
const isPublicKey = (key) => key.length === 32 && isCanonical(key) && !isOfSmallOrder(key);

// Points as (X : Y : Z : T), x = X/Z, y = Y/Z, T = X·Y/Z (RFC 8032, section 5.1.4).
const NEUTRAL = [0n, 1n, 1n, 0n];
const point = (x, y) => [x, y, 1n, mod(x * y)];
const negative = ([x, y, z, t]) => [mod(-x), y, z, mod(-t)];

function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = mod((y1 - x1) * (y2 - x2));
  const b = mod((y1 + x1) * (y2 + x2));
  const c = mod(2n * D * t1 * t2);
  const d = mod(2n * z1 * z2);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

function times(number, base) {
  let result = NEUTRAL;
  for (let double = base; number > 0n; number >>= 1n) {
    if (number & 1n) result = add(result, double);
    double = add(double, double);
  }
  return result;
}

// The point of a canonical encoding (RFC 8032, section 5.1.3); none if there is none.
function decodePoint(bytes) {
  const encoded = littleEndian(bytes);
  const y = encoded % TOP_BIT;
  const [u, v] = [mod(y * y - 1n), mod(D * y * y + 1n)];
  let x = mod(u * v ** 3n * power(u * v ** 7n, (P - 5n) / 8n));
  if (mod(v * x * x) === mod(-u)) x = mod(x * ROOT_OF_MINUS_1);
  if (mod(v * x * x) !== u) return null;
  return point((x & 1n) === (encoded >> 255n) ? x : mod(-x), y);
}

const BASE_Y = mod(4n * power(5n, P - 2n));
const BASE = decodePoint(Uint8Array.from({ length: 32 }, (_, at) => Number((BASE_Y >> BigInt(8 * at)) & 255n)));

async function holdsCofactored(key, message, r, s) {
  const [a, bigR] = [decodePoint(key), decodePoint(r)];
  if (!a || !bigR) return false;
  const k = mod(littleEndian(await sha512(r, key, message)), L);
  const difference = add(add(times(littleEndian(s), BASE), times(k, negative(a))), negative(bigR));
  const [x, y, z] = times(8n, difference);
  return x === 0n && y === z;
}

async function browserHolds(key, message, signature) {
  try {
    const imported = await subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
    return await subtle.verify({ name: "Ed25519" }, imported, signature, message);
  } catch {
    return false; // it has no Ed25519, or takes no such key
  }
}

// Whether `signature` (64 bytes, R and S) is one by `key` over `message`.
async function isSignature(key, message, signature) {
  if (!isPublicKey(key) || signature.length !== 64) return false;
  const [r, s] = [signature.slice(0, 32), signature.slice(32)];
  if (!isCanonical(r) || littleEndian(s) >= L) return false;
  return (await browserHolds(key, message, signature)) || holdsCofactored(key, message, r, s);
}
