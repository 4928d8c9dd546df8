"""Whether this person has an IBM account, without asking IBM and without Qiskit.

The token comes from the environment or from the file in which Qiskit saves accounts.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

MISSING = (
    "no IBM account: set QISKIT_IBM_TOKEN and QISKIT_IBM_INSTANCE in the environment, or save an "
    "account with QiskitRuntimeService.save_account"
)


def saved_tokens() -> list[str]:
    """The tokens of saved accounts; none where the file is missing or unreadable."""
    try:
        accounts = json.loads(saved_file().read_text(encoding="utf-8"))
        return [str(account.get("token") or "") for account in accounts.values()]
    except (OSError, ValueError, AttributeError, RuntimeError):
        return []


def saved_file() -> Path:
    """Where Qiskit saves accounts."""
    return Path.home() / ".qiskit" / "qiskit-ibm.json"


def has_account() -> bool:
    """Whether a token is known."""
    return bool(os.environ.get("QISKIT_IBM_TOKEN")) or any(saved_tokens())
