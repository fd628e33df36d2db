"""The command line: `tideline --help`.

Exit codes: 0 done, 1 a run failed, 2 a mistake in what was asked or written, 3 the server, 130 cancelled.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from tideline.commands import (
    apps,
    build,
    bundles,
    completion,
    control,
    demo,
    forget,
    machine,
    new,
    notebooks,
    reproduce,
    runs,
    samples,
    schedule,
    sources,
    tables,
    ui,
)
from tideline.commands.app import App
from tideline.commands.hidden import hide_tokens
from tideline.workspace.bundle.suggest import did_you_mean
from tideline.workspace.errors import WorkspaceError

EPILOG = """
\b
Examples
  tideline demo                                     every job on two days of sample deliveries
  tideline run community --param as_of=2023-06-02   one job
  tideline repair                                   what failed in the last run, and what follows it
  tideline sql "select * from ops.runs"
"""


class Commands(click.Group):
    """A group that says which command was meant."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in self.commands and not name.startswith("-") and not ctx.resilient_parsing:
            hint = did_you_mean(name, self.commands, what="commands")
            raise WorkspaceError(f"there is no command `{name}`", hint=hint)
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--root", type=click.Path(path_type=Path), default=Path(), help="Folder of databricks.yml, or below it."
)
@click.option(
    "--remote", default="", metavar="sc://HOST:PORT[/;use_ssl=true]",
    help="Use this Spark Connect server with Delta; its token: SPARK_CONNECT_AUTHENTICATE_TOKEN.",
)  # fmt: skip
@click.option(
    "--volume-root", type=click.Path(path_type=Path), help="Folder of the volumes; one that a server of elsewhere sees too."
)
@click.version_option(package_name="tideline")
@click.pass_context
def tideline(context: click.Context, root: Path, remote: str, volume_root: Path | None) -> None:
    """A Databricks workspace on this machine: runs the bundle's jobs on real Spark and Delta."""
    if volume_root:
        os.environ["TIDELINE_VOLUMES"] = str(volume_root.absolute())
    context.obj = App(root, remote)
    context.call_on_close(context.obj.close)


for command in (
    runs.run, runs.repair, runs.list_runs, runs.report,
    bundles.validate, bundles.graph, bundles.capabilities,
    schedule.schedule,
    notebooks.notebook,
    reproduce.reproduce,
    tables.sql, tables.list_tables, tables.show, tables.history,
    samples.sample, samples.deliver,
    sources.source,
    apps.run_app, build.build,
    control.control,
    ui.ui,
    demo.demo,
    machine.doctor, machine.stop, machine.reset,
    completion.completion,
    new.new,
    forget.forget,
):  # fmt: skip
    tideline.add_command(command)


def main(arguments: list[str] | None = None) -> None:
    """Run a command and end the process with its exit code; mistakes are one line on standard error."""
    if arguments is None:
        hide_tokens()
    sys.exit(exit_code(arguments))


def exit_code(arguments: list[str] | None = None) -> int:
    """Run a command and give its exit code."""
    try:
        answer = tideline.main(arguments, prog_name="tideline", standalone_mode=False)
    except WorkspaceError as error:
        return _say(_all_lines(error), error.exit_code)
    except click.UsageError as error:
        where = f" (tideline {error.ctx.info_name} --help)" if error.ctx and error.ctx.parent else ""
        return _say(error.format_message() + where, 2)
    except click.ClickException as error:
        return _say(error.format_message(), 2)
    except (click.Abort, KeyboardInterrupt):
        return _say("cancelled", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return answer if isinstance(answer, int) else 0


def _all_lines(error: WorkspaceError) -> str:
    """The error; where the bundle is wrong in several places, all of them."""
    findings = getattr(error, "findings", None)
    return "\n".join(str(finding) for finding in findings) if findings else str(error)


def _say(text: str, code: int) -> int:
    click.echo(f"tideline: {text}" if "\n" not in text else text, err=True)
    return code


if __name__ == "__main__":
    main()
