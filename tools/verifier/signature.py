"""Ed25519 signatures (SPEC section 3): the byte checks, then the ordinary verifier, and where that refuses the equation
itself, with the cofactor, in pure Python.

The ordinary verifier takes no signature that the equation with the cofactor refuses: asking it first is only quicker.
"""

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, P - 2, P) % P
_ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
_BELOW_SIGN = (1 << 255) - 1
_SMALL_ORDER = frozenset(
    [
        0,
        1,
        P - 1,
        int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"),
        int.from_bytes(bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little"),
    ]
)

# A point in extended coordinates: x = X/Z, y = Y/Z, T = XY/Z.
Point = tuple[int, int, int, int]
_NEUTRAL: Point = (0, 1, 1, 0)


def is_canonical(point: bytes) -> bool:
    """Whether these 32 bytes are the one encoding of their point, if they are one at all."""
    value = int.from_bytes(point, "little")
    y = value & _BELOW_SIGN
    return len(point) == 32 and y < P and not (y in (1, P - 1) and value >> 255)


def is_small_order(point: bytes) -> bool:
    """Whether the point's order divides 8."""
    return int.from_bytes(point, "little") & _BELOW_SIGN in _SMALL_ORDER


def is_key(key: bytes) -> bool:
    """Whether a public key is canonical and not of small order."""
    return is_canonical(key) and not is_small_order(key)


def may_be_good(key: bytes, signature: bytes) -> bool:
    """Whether the signature passes the checks of its bytes."""
    scalar = int.from_bytes(signature[32:], "little")
    return len(signature) == 64 and is_key(key) and is_canonical(signature[:32]) and scalar < L


def verify_quickly(key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature is good beyond doubt. Where this says no, `verify_slowly` decides."""
    if not may_be_good(key, signature):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def verify_slowly(key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether 8·S·B = 8·R + 8·k·A, and everything before that holds."""
    if not may_be_good(key, signature):
        return False
    a, r = _decode(key), _decode(signature[:32])
    if a is None or r is None:
        return False
    digest = hashlib.sha512(signature[:32] + key + message).digest()
    k = int.from_bytes(digest, "little") % L
    scalar = int.from_bytes(signature[32:], "little")
    difference = _add(_two_products(scalar, _BASE, k, _negate(a)), _negate(r))
    for _ in range(3):
        difference = _add(difference, difference)
    x, y, z, _ = difference
    return x == 0 and y == z


def verify(key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature (64 bytes) by this public key (32 bytes) over the message is good."""
    return verify_quickly(key, signature, message) or verify_slowly(key, signature, message)


def _decode(encoded: bytes) -> Point | None:
    """The point of the curve -x² + y² = 1 + d·x²·y² with these bytes, if there is one."""
    value = int.from_bytes(encoded, "little")
    y, sign = value & _BELOW_SIGN, value >> 255
    u, v = (y * y - 1) % P, (_D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if (v * x * x + u) % P == 0:
        x = x * _ROOT_OF_MINUS_ONE % P
    if (v * x * x - u) % P != 0:
        return None
    if x & 1 != sign:
        x = P - x
    return (x % P, y, 1, x * y % P)


def _add(p: Point, q: Point) -> Point:
    """The sum, by the complete formula for twisted Edwards curves with a = -1."""
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * _D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def _negate(p: Point) -> Point:
    return (P - p[0], p[1], p[2], P - p[3])


def _two_products(m: int, p: Point, n: int, q: Point) -> Point:
    """m·p + n·q, doubling once for both."""
    added = (None, p, q, _add(p, q))
    total = _NEUTRAL
    for bit in reversed(range(max(m.bit_length(), n.bit_length()))):
        total = _add(total, total)
        summand = added[(m >> bit & 1) | (n >> bit & 1) << 1]
        if summand is not None:
            total = _add(total, summand)
    return total


def _base() -> Point:
    base = _decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    if base is None:
        raise AssertionError("the base point is on the curve")
    return base


_BASE = _base()
