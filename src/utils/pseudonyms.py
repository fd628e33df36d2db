"""Personal ids under another name: the same for the same secret, and not to be turned back without it."""

from __future__ import annotations

import hashlib
import hmac

LENGTH = 32


def pseudonym_of(secret: str, personal_id: str) -> str:
    """HMAC-SHA256 of an id with the deployment's secret, as 32 hex digits: what gold tables hold."""
    return hmac.new(secret.encode(), personal_id.encode(), hashlib.sha256).hexdigest()[:LENGTH]
