"""Policies (SPEC section 12, C2SP tlog-policy): which logs are believed, and which witnesses must have seen what they
say."""

from dataclasses import dataclass, field

from verifier.checkpoint import Checkpoint, NoCheckpoint
from verifier.cosignature import Cosignature, NoCosignature, cosignatures
from verifier.decimal import undecimal
from verifier.limits import POLICY_BYTES_MAX
from verifier.note import COSIGNATURE, ED25519, ML_DSA_44, VerifierKey

# The quorum that asks for no witness.
NOBODY = b"none"


class NoPolicy(Exception):
    """The bytes are no policy: the line that is wrong, from 1, and why; line 0 is of the whole."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line}: {why}" if line else why)
        self.line = line


class Untrusted(Exception):
    """A policy does not trust a checkpoint: what was expected, and what was found."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(expected, found)
        self.expected = expected
        self.found = found


class UnknownLog(Untrusted):
    """The policy has no key of the checkpoint's log, so nothing is wrong as far as it can tell."""

    def __init__(self, origin: str) -> None:
        super().__init__("a checkpoint of a log of the policy", f"one of `{origin}`")


@dataclass(frozen=True, slots=True)
class Trusted:
    """What a policy found on a checkpoint that it trusts."""

    signed_by: list[VerifierKey]
    not_signed_by: list[VerifierKey]
    cosignatures: list[Cosignature]


@dataclass(frozen=True, slots=True)
class _Group:
    needed: int
    members: list[bytes]


@dataclass
class Policy:
    """Whom to trust. Names are bytes, as they stand in the file."""

    logs: list[VerifierKey] = field(default_factory=list)
    witnesses: dict[bytes, VerifierKey] = field(default_factory=dict)
    groups: dict[bytes, _Group] = field(default_factory=dict)
    quorum: bytes | None = None

    @staticmethod
    def parse(data: bytes) -> "Policy":
        """Reads a policy; raises `NoPolicy`."""
        if len(data) > POLICY_BYTES_MAX:
            raise NoPolicy(0, f"{len(data)} bytes, more than {POLICY_BYTES_MAX}")
        reader = _Reader()
        lines = data.split(b"\n")
        for number, line in enumerate(lines[:-1], 1):
            reader.line(number, line)
        if lines[-1]:
            raise NoPolicy(len(lines), "the line does not end in a newline")
        if reader.policy.quorum is None:
            raise NoPolicy(0, "no line says the quorum")
        return reader.policy

    def trust(self, checkpoint: Checkpoint) -> Trusted:
        """What vouches for the checkpoint; raises `Untrusted` where that is not enough."""
        known = self.keys_of(checkpoint.origin)
        if not known:
            raise UnknownLog(checkpoint.origin)
        try:
            signed = checkpoint.signed_by(known)
            seen = [one for witness in self.verifiable() for one in cosignatures(checkpoint, witness)]
        except (NoCheckpoint, NoCosignature) as error:
            raise Untrusted("good signatures by the keys of the policy", str(error)) from None
        if not self._is_met({one.witness for one in seen}):
            raise Untrusted(f"the quorum `{shown(self.quorum)}` of witnesses", self._seen_by(seen))
        return Trusted(signed, [key for key in known if key not in signed], seen)

    def keys_of(self, origin: str) -> list[VerifierKey]:
        """The keys of this log that can be verified here."""
        return [key for key in self.logs if key.type == ED25519 and key.name == origin]

    def verifiable(self) -> list[VerifierKey]:
        """The witnesses whose cosignatures can be verified here."""
        return [witness for witness in self.witnesses.values() if witness.type == COSIGNATURE]

    def _seen_by(self, seen: list[Cosignature]) -> str:
        names = sorted({one.witness.name for one in seen})
        return f"cosignatures by {', '.join(names)} alone" if names else "no cosignature by a witness of the policy"

    def _is_met(self, seen: set[VerifierKey]) -> bool:
        """Whether these witnesses meet the quorum. A group's members stand before it."""
        met = {NOBODY} | {name for name, key in self.witnesses.items() if key in seen}
        for name, group in self.groups.items():
            if sum(member in met for member in group.members) >= group.needed:
                met.add(name)
        return self.quorum in met

    def could_be_met(self) -> bool:
        """Whether the witnesses whose cosignatures can be verified would meet the quorum together."""
        return self._is_met(set(self.verifiable()))


def shown(word: bytes | None) -> str:
    """A word of a policy, as a message may repeat it."""
    return (word or b"").decode("utf-8", errors="replace")


class _Reader:
    """Takes a policy line by line."""

    def __init__(self) -> None:
        self.policy = Policy()
        self._number = 0
        self._keys: set[bytes] = set()
        self._members: set[bytes] = set()
        self._kinds = {b"log": self._log, b"witness": self._witness, b"group": self._group, b"quorum": self._quorum}

    def line(self, number: int, line: bytes) -> None:
        self._number = number
        if any((byte < 0x20 and byte != 0x09) or byte == 0x7F for byte in line):
            self._refuse("a control character")
        words = line.replace(b"\t", b" ").split(b" ")
        words = [word for word in words if word]
        if not words or words[0].startswith(b"#"):
            return
        take = self._kinds.get(words[0])
        if take is None:
            self._refuse(f"`{shown(words[0])}` begins no line of a policy")
        else:
            take(words[1:])

    def _refuse(self, why: str) -> None:
        raise NoPolicy(self._number, why)

    def _log(self, words: list[bytes]) -> None:
        if not 1 <= len(words) <= 2:
            self._refuse("expected `log KEY [URL]`")
        self.policy.logs.append(self._key(words[0], ED25519))

    def _witness(self, words: list[bytes]) -> None:
        if not 2 <= len(words) <= 3:
            self._refuse("expected `witness NAME KEY [URL]`")
        self._new(words[0])
        self.policy.witnesses[words[0]] = self._key(words[1], COSIGNATURE)

    def _key(self, word: bytes, kind: int) -> VerifierKey:
        try:
            key = VerifierKey.parse(word.decode("utf-8"), (kind, ML_DSA_44))
        except UnicodeDecodeError:
            key = None
        if key is None or key.key in self._keys:
            raise NoPolicy(self._number, "a key that is none of its kind" if key is None else "a key that stands above")
        self._keys.add(key.key)
        return key

    def _new(self, name: bytes) -> None:
        if name == NOBODY or self._is_known(name):
            self._refuse(f"the name `{shown(name)}` is taken")

    def _is_known(self, name: bytes) -> bool:
        return name in self.policy.witnesses or name in self.policy.groups

    def _group(self, words: list[bytes]) -> None:
        if len(words) < 3:
            self._refuse("expected `group NAME any|all|K MEMBER…`")
        name, needed, members = words[0], words[1], words[2:]
        self._new(name)
        for member in members:
            if not self._is_known(member) or member in self._members:
                self._refuse(f"`{shown(member)}` is no witness or group of a line above, or is a member already")
            self._members.add(member)
        self.policy.groups[name] = _Group(self._needed(needed, len(members)), members)

    def _needed(self, word: bytes, members: int) -> int:
        count = {b"any": 1, b"all": members}.get(word) or undecimal(shown(word), members)
        if not count:
            raise NoPolicy(self._number, f"expected `any`, `all` or a number from 1 to {members}")
        return count

    def _quorum(self, words: list[bytes]) -> None:
        if len(words) != 1 or self.policy.quorum is not None:
            self._refuse("expected `quorum NAME`, once")
        if words[0] != NOBODY and not self._is_known(words[0]):
            self._refuse(f"`{shown(words[0])}` is no witness or group of a line above")
        self.policy.quorum = words[0]
        if not self.policy.could_be_met():
            self._refuse("no signatures that can be verified would meet the quorum")
