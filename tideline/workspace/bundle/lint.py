"""All findings about a bundle at once, sorted by place."""

from __future__ import annotations

from tideline.workspace.bundle.findings import Finding
from tideline.workspace.bundle.model import Bundle
from tideline.workspace.bundle.strict import strict_findings


def lint(bundle: Bundle) -> list[Finding]:
    """Strict validation and every rule; places are relative to the bundle's root, each finding stands once."""
    found = list(strict_findings(bundle))
    shown = {Finding(bundle.shown(f.place), f.rule, f.message, f.hint, f.severity) for f in found}
    return sorted(shown)
