"""The numbers that stand for jobs, as the platform's job ids do."""

from __future__ import annotations

import hashlib


def job_number(target: str, key: str) -> int:
    """The id of a job: 53 bits of a hash of target and key, so that it is the same on every machine and in every run.

    JavaScript too holds 53 bits exactly. Another target is another deployment: its job has another id.
    """
    digest = hashlib.sha256(f"{target}/{key}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 11
