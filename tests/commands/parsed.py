"""A command line is looked at by click's own parser, without being run: commands, options and choices that do not exist fail."""

from __future__ import annotations

from collections.abc import Sequence

import click

from tideline.cli import tideline


def parse(arguments: Sequence[str]) -> click.Context:
    """The context of the innermost command of `tideline ARGUMENTS`; raises what the command line would say of a mistake."""
    command: click.Command = tideline
    context = command.make_context("tideline", list(arguments))
    while isinstance(command, click.Group):
        name, found, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        assert found is not None, name
        command, context = found, found.make_context(name, rest, parent=context)
    return context
