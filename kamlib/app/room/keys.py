"""What lets a phone into the room, kept outside the workbook: its code, its secret and its port.

So the address, the code and the phones' cookies stay the same after a restart, and who is sent the
workbook cannot join with it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from platformdirs import user_state_path

ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # nothing that is read as something else
LENGTH = 6


@dataclass(frozen=True)
class Keys:
    """The code that participants type, the secret that signs their cookies, the port (0: any)."""

    code: str
    secret: str
    port: int = 0

    @property
    def mark(self) -> str:
        """A short name of this room, which tells nothing of the secret."""
        return hashlib.sha256(f"mark {self.secret}".encode()).hexdigest()[:8]

    def phone(self, nonce: str) -> str:
        """The fingerprint of a phone, as the workbook has it; it begins with the room's mark."""
        return f"{self.mark}{hashlib.sha256(nonce.encode()).hexdigest()[:16]}"


def of(location: str) -> Keys:
    """The keys of the room of a workbook; made when it is opened for the first time."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        kept = Keys(**json.loads(_path(location).read_text(encoding="utf-8")))
        if re.fullmatch(f"[{ALPHABET}]{{{LENGTH}}}", kept.code) and len(kept.secret) >= 32:
            return replace(kept, port=int(kept.port))
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return Keys(code, secrets.token_urlsafe(32))


def keep(location: str, keys: Keys) -> bool:
    """Keep the keys, readable by this account alone; False where that is not possible here."""
    path = _path(location)
    part = path.with_suffix(f".{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(asdict(keys), file)
        os.replace(part, path)
    except OSError:
        part.unlink(missing_ok=True) if part.parent.is_dir() else None
        return False
    return True


def _path(location: str) -> Path:
    name = hashlib.sha256(location.encode()).hexdigest()[:24]
    return user_state_path("kamlib", appauthor=False) / "rooms" / f"{name}.json"
