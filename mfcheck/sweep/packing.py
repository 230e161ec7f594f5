"""How a ledger holds data: JSON, compressed by what it has in common with the first of its kind; certificates once."""

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterator
from typing import Any

_LONGEST_PATTERN = 32_768 - 262
"""How far zlib looks back."""


class Packer:
    """Packs and unpacks the data of an open ledger; patterns and certificates are entered in its tables."""

    def __init__(self, base: sqlite3.Connection) -> None:
        self._base = base
        self.patterns: dict[str, bytes] = {}
        """By name; to be cleared when a transaction is taken back."""

    def pack(self, name: str, data: Any) -> bytes:
        """Return JSON data packed; the first of a name becomes the pattern of those that follow."""
        text = _json(data)
        pattern = self._pattern(name)
        if pattern is None:
            first = text[:_LONGEST_PATTERN]
            self._base.execute("INSERT OR IGNORE INTO patterns VALUES (?, ?)", [name, first])
            pattern = self._pattern(name)
        packer = zlib.compressobj(6, zdict=pattern or b"")
        return packer.compress(text) + packer.flush()

    def unpack(self, name: str, packed: bytes) -> Any:
        """Return the data that was packed under that name."""
        return unpack(packed, self._pattern(name) or b"")

    def pattern(self, name: str) -> bytes:
        """Return the pattern of a name, empty if there is none yet."""
        return self._pattern(name) or b""

    def _pattern(self, name: str) -> bytes | None:
        if name not in self.patterns:
            row = self._base.execute("SELECT data FROM patterns WHERE name=?", [name]).fetchone()
            if row is None:
                return None
            self.patterns[name] = row[0]
        return self.patterns[name]

    def pack_value(self, key: str, value: Any) -> bytes:
        """Return the value of a task packed; its certificates are kept once for all that have the same."""
        if isinstance(value, dict) and isinstance(value.get("certificate"), dict):
            value = {**value, "certificate": self._keep(value["certificate"])}
        elif isinstance(value, list):
            value = [[e[0], self._keep(e[1])] if _is_answer(e, dict) else e for e in value]
        return self.pack(key, value)

    def value(self, key: str, packed: bytes | None) -> Any:
        """Return the value of a task, with its certificates."""
        if packed is None:
            return None
        value = self.unpack(key, packed)
        if isinstance(value, dict) and isinstance(value.get("certificate"), str):
            value["certificate"] = self._proof(value["certificate"])
        elif isinstance(value, list):
            value = [[e[0], self._proof(e[1])] if _is_answer(e, str) else e for e in value]
        return value

    def digests(self, key: str, packed: bytes) -> list[str]:
        """Return the digests of the certificates that a packed value has."""
        value = self.unpack(key, packed)
        if isinstance(value, dict):
            return [value["certificate"]] if isinstance(value.get("certificate"), str) else []
        return [e[1] for e in value if _is_answer(e, str)] if isinstance(value, list) else []

    def certificates(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield all certificates by their digest."""
        for digest, value in self._base.execute("SELECT digest, value FROM certificates"):
            yield digest, self.unpack("certificate", value)

    def _keep(self, proof: dict[str, Any]) -> str:
        digest = hashlib.sha256(_json(proof)).hexdigest()
        find = "SELECT 1 FROM certificates WHERE digest=?"
        if self._base.execute(find, [digest]).fetchone() is None:
            packed = self.pack("certificate", proof)
            self._base.execute("INSERT INTO certificates VALUES (?, ?)", [digest, packed])
        return digest

    def _proof(self, digest: str) -> dict[str, Any]:
        find = "SELECT value FROM certificates WHERE digest=?"
        row = self._base.execute(find, [digest]).fetchone()
        found: dict[str, Any] = self.unpack("certificate", row[0])
        return found


def unpack(packed: bytes, pattern: bytes) -> Any:
    """Return data that was packed with a pattern."""
    unpacker = zlib.decompressobj(zdict=pattern)
    return json.loads(unpacker.decompress(packed) + unpacker.flush())


def _json(data: Any) -> bytes:
    return json.dumps(data, separators=(",", ":"), allow_nan=False).encode()


def _is_answer(entry: Any, kind: type) -> bool:
    """Whether this is an answer of an audit, with its certificate or the digest of one."""
    return isinstance(entry, list | tuple) and len(entry) == 2 and isinstance(entry[1], kind)
