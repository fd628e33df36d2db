"""One table more in a system: a builder with its declaration below it, its entry in the table of contents, a golden case."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tideline.commands.scaffold.declared import VALUES, Read, chosen, declared_system, tables_of
from tideline.commands.scaffold.names import LAYERS, check_table_name
from tideline.commands.scaffold.plan import Plan, render
from tideline.commands.scaffold.python_edits import with_element, with_export, with_import
from tideline.workspace.bundle.suggest import did_you_mean
from tideline.workspace.errors import WorkspaceError

if TYPE_CHECKING:
    from engine.spec import Column
    from engine.system import System

# What a new table of a layer reads, the nearest layer first.
BELOW = {"bronze": ("raw",), "silver": ("bronze", "silver"), "gold": ("silver", "gold", "bronze")}


def plan_table(root: Path, system: str, layer: str, name: str, *, reads: str, by: str) -> Plan:
    """The files of a table that counts the rows of another by a column, or in bronze that types a source's records."""
    if layer not in LAYERS:
        raise WorkspaceError(f"there is no layer `{layer}` for tables", hint=f"one of {', '.join(LAYERS)}; raw has sources")
    if by and layer == "bronze":
        raise WorkspaceError("bronze holds records and counts none", hint="leave out --by, or name silver or gold")
    check_table_name(name)
    declared = declared_system(root, system)
    taken = {f"{table.path}" for table in declared.tables}
    if f"{layer}.{name}" in taken:
        raise WorkspaceError(f"{system} has a table `{layer}.{name}` already", hint="choose another name")
    plan, source = Plan(root), chosen(tables_of(declared, *BELOW[layer]), reads, f"table that {layer} of {system} can read")
    is_package = (root / "src" / "systems" / system / layer).is_dir()
    module = f"{layer}.{name}" if is_package else name
    values = {"system": system, "layer": layer, "name": name, "source": source, "constant": name.upper(), "module": module}
    kind = "bronze" if layer == "bronze" else "derived"
    more = _of_records(declared, source) if layer == "bronze" else _of_rows(source, layer, by)
    plan.create(f"src/systems/{system}/{module.replace('.', '/')}.py", render(f"table/{kind}.py.j2", **values, **more))
    plan.create(f"tests/systems/{system}/test_{name}.py", render(f"table/test_{kind}.py.j2", **values, **more))
    _register(plan, system, layer, name, is_package=is_package)
    return plan


def _of_rows(source: Read, layer: str, by: str) -> dict[str, object]:
    """By which column the rows are counted: the named one, else the first that a key can be and that may reach the layer."""
    fit = [column for column in source.columns if column.type in VALUES and not (column.personal and layer == "gold")]
    if by:
        column = source.column(by)
        if column not in fit:
            kind = "personal" if column.personal else f"of type {column.type}"
            hint = did_you_mean(by, [each.name for each in fit], what="columns")
            raise WorkspaceError(f"{layer} cannot count `{source.path}` by `{by}`: it is {kind}", hint=hint)
    elif not fit:
        raise WorkspaceError(f"`{source.path}` has no column that {layer} could count by", hint="name another table: --from")
    else:
        column = fit[0]
    return {"by": column, "values": VALUES[column.type]}


def _of_records(system: System, source: Read) -> dict[str, object]:
    """Which fields of the source's records become columns: those that it declares, else the document as it came."""
    declared = next(each for each in system.sources if each.path == source.path)
    columns: list[Column] = list(getattr(declared, "columns", ()))
    fields = [f"CAST(NULL AS {column.type}) AS `{column.name}`" for column in columns] or ["parse_json('7') AS document"]
    record = ["'h' AS _record_hash", "timestamp'2024-01-01' AS _landed_at", *fields]
    return {"columns": columns, "record": record, "rest": f"*[None] * {len(columns)}" if columns else '"7"'}


def _register(plan: Plan, system: str, layer: str, name: str, *, is_package: bool) -> None:
    folder, constant = f"systems.{system}", name.upper()
    if is_package:
        home, package = f"{folder}.{layer}.{name}", f"src/systems/{system}/{layer}/__init__.py"
        plan.change(package, lambda text: with_export(with_import(text, home, constant), constant))

    def in_contents(text: str) -> str:
        text = text if is_package else with_import(text, f"{folder}.{name}", constant)
        return with_element(text, "tables", f"{layer}.{constant}" if is_package else constant, after=f"{layer}.")

    plan.change(f"src/systems/{system}/system.py", in_contents)
