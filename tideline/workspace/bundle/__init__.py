"""Asset bundles on a laptop: the same resolution, and the checks that the official command lacks."""

from tideline.workspace.bundle.findings import Finding
from tideline.workspace.bundle.lint import lint
from tideline.workspace.bundle.load import load_bundle
from tideline.workspace.bundle.model import Bundle

__all__ = ["Bundle", "Finding", "lint", "load_bundle"]
