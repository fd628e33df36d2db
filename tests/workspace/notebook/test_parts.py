"""Parts that need no kernel: SQL text, secrets, redaction, plans, pip, widgets, files."""

from __future__ import annotations

import base64
import html
import json
from pathlib import Path

import pytest

from tideline.workspace.errors import NotebookError
from tideline.workspace.notebook.kernel import pip
from tideline.workspace.notebook.kernel.dbutils.files import FileUtility
from tideline.workspace.notebook.kernel.dbutils.widgets import WidgetsUtility
from tideline.workspace.notebook.kernel.errors import (
    FileError,
    InputWidgetNotDefined,
    InvalidWidgetValue,
    MagicError,
    NotEmulated,
)
from tideline.workspace.notebook.kernel.sql_text import statements
from tideline.workspace.notebook.kernel.tables import of_mappings
from tideline.workspace.notebook.outputs import cut, is_own_html, joined_streams
from tideline.workspace.notebook.plan import RefusedCell, plan
from tideline.workspace.notebook.redact import Redactor
from tideline.workspace.notebook.secrets import SecretStore, kernel_environment

HEADER = "# Databricks notebook source\n"


def test_statements_end_outside_quotes_and_comments_only() -> None:
    text = 'select \';\' as a; -- not; here\n\n/* nor; here */ select "x;\\"", `b;c`;\n;\n-- only a comment'
    found = list(statements(text))
    assert [each.line for each in found] == [0, 0]
    assert found[0].text == "select ';' as a"
    assert found[1].text.endswith('select "x;\\"", `b;c`')


def test_markers_are_found_where_sql_means_them() -> None:
    text = "select :a, ':no', col::int, x[1]:field, :b_2 -- :no\n from t where c = :a and d = (:e)"
    assert next(statements(text)).markers() == ["a", "b_2", "e"]
    assert next(statements("select '${x}'")).legacy() is None
    assert next(statements("select ${x}")).legacy() == "${x}"


def test_a_script_with_begin_and_end_is_one_statement() -> None:
    assert len(list(statements("-- s\nBEGIN\n select 1; select 2;\nEND"))) == 1


@pytest.mark.parametrize(
    "shown", [str, html.escape, json.dumps, repr, lambda value: base64.b64encode(value.encode()).decode()]
)
def test_a_secret_is_gone_however_it_was_quoted(shown: object) -> None:
    secret = "p<a>&\"ß'w"
    text = Redactor([secret]).text(f"before {shown(secret)} after")  # type: ignore[operator]  # a function by parameter
    assert "[REDACTED]" in text
    assert text.startswith("before ") and text.endswith(" after") and "ß" not in text


def test_a_short_secret_is_hidden_as_a_word_and_spares_the_rest() -> None:
    assert Redactor(["ab", ""]).text("ab cable ab.") == "[REDACTED] cable [REDACTED]."


def test_redaction_reaches_every_text_of_a_structure_but_no_image() -> None:
    outputs = [
        {"data": {"text/plain": "x hunter2", "image/png": "hunter2"}, "metadata": {"hunter2": ["hunter2"]}}
    ]
    assert Redactor(["hunter2"]).value(outputs) == [
        {
            "data": {"text/plain": "x [REDACTED]", "image/png": "hunter2"},
            "metadata": {"[REDACTED]": ["[REDACTED]"]},
        }
    ]


def test_secrets_come_from_environment_then_file(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    file.write_text('{"my-scope": {"key": "from file", "other": "o"}}')
    store = SecretStore.read(file, {"TIDELINE_SECRET_MY_SCOPE_KEY": "from environment", "HOME": "x"})
    assert (store.get("my-scope", "key"), store.get("my-scope", "other")) == ("from environment", "o")
    assert store.get("my-scope", "none") is None
    assert "TIDELINE_SECRET_MY_SCOPE_NONE" in store.hint("my-scope", "none")
    file.write_text('{"my-scope": "flat"}')
    with pytest.raises(NotebookError, match=r"secrets\.json: the secrets file must be JSON"):
        SecretStore.read(file, {})


def test_a_kernel_sees_no_secret_of_the_environment() -> None:
    given = {
        "PATH": "/bin", "AWS_SECRET_ACCESS_KEY": "x", "GITHUB_TOKEN": "x", "TIDELINE_SECRET_A_B": "x",
        "DATABRICKS_RUNTIME_VERSION": "16", "MY_API_KEY": "x",
    }  # fmt: skip
    seen = kernel_environment(given, {"SPARK_REMOTE": "sc://localhost:1"})
    assert seen["PATH"] == "/bin" and seen["SPARK_REMOTE"] and "x" not in seen.values()
    assert "DATABRICKS_RUNTIME_VERSION" not in seen


def test_a_kernel_is_told_no_experiment_of_another_store() -> None:
    named = {"MLFLOW_EXPERIMENT_ID": "1", "MLFLOW_EXPERIMENT_NAME": "mine", "MLFLOW_RUN_ID": "f00"}
    given = named | {"MLFLOW_HTTP_REQUEST_TIMEOUT": "9"}
    assert [name for name in kernel_environment(given, {}) if name.startswith("MLFLOW")] == ["MLFLOW_HTTP_REQUEST_TIMEOUT"]


def test_the_client_s_log_is_shown_to_those_who_ask_for_it() -> None:
    assert kernel_environment({}, {})["SPARK_CONNECT_LOG_LEVEL"] == "CRITICAL"
    assert kernel_environment({"SPARK_CONNECT_LOG_LEVEL": "DEBUG"}, {})["SPARK_CONNECT_LOG_LEVEL"] == "DEBUG"


def refused(folder: Path, *cells: str) -> RefusedCell:
    path = folder / "main.py"
    path.write_text(HEADER + "\n\n# COMMAND ----------\n\n".join(cells))
    with pytest.raises(RefusedCell) as caught:
        plan(path, folder)
    return caught.value


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("# MAGIC %scala\n# MAGIC val x = 1", r"main\.py:6: `%scala` is not emulated"),
        ("# MAGIC %r\n# MAGIC x <- 1", r"main\.py:6: `%r` is not emulated"),
        ("# MAGIC %run ./missing", r"main\.py:6: `%run \./missing`: no such notebook"),
        ("# MAGIC %run ./main", r"main\.py:6: notebooks run each other: main\.py -> main\.py"),
        ("# MAGIC %run ./main\n# MAGIC x = 1", r"main\.py:6: `%run` must be alone in its cell"),
        ("# MAGIC %run ./main a=1", r"main\.py:6: cannot read `%run \./main a=1`"),
    ],
)
def test_what_cannot_run_is_refused_before_anything_runs(tmp_path: Path, cell: str, message: str) -> None:
    error = refused(tmp_path, "x = 1", cell)
    assert error.cell == 2
    with pytest.raises(RefusedCell, match=message):
        raise error


def test_a_circle_of_runs_is_named_with_all_its_notebooks(tmp_path: Path) -> None:
    (tmp_path / "b.py").write_text(f"{HEADER}# MAGIC %run ./main")
    assert "main.py -> b.py -> main.py" in refused(tmp_path, "# MAGIC %run ./b").message


def test_pip_looks_and_never_installs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    wanted = tmp_path / "requirements.txt"
    wanted.write_text("pandas>=2 \\\n  --hash=sha256:00\n# a comment\npytest\n")
    pip.run_pip(f"%pip install -q --upgrade 'pandas>=2,<9' --index-url x\n%pip install -r {wanted}")
    assert capsys.readouterr().out.count("is installed") == 3
    for line, message in {
        "%pip install not-a-package-here==1": "not-a-package-here is not installed; %pip never installs here",
        "%pip install pandas==0.1": r"pandas \S+ is installed; %pip never installs here",
        "%pip install git+https://localhost/x": "is not emulated",
        "%pip install --target x y": "`%pip install --target` is not emulated",
        "%pip uninstall x": "`%pip uninstall` is not emulated",
    }.items():
        with pytest.raises(MagicError, match=message):
            pip.run_pip(line)


def test_widgets_take_parameters_first_and_check_choices() -> None:
    widgets = WidgetsUtility({"city": "Rome", "days": "mon,tue", "loose": "x"})
    widgets.text("name", "none", "Name")
    widgets.dropdown("city", "Oslo", ["Oslo", "Rome"])
    widgets.multiselect("days", "mon", ["mon", "tue", "wed"])
    widgets.combobox("free", "a", ["a", "b"])
    assert widgets.getAll() == {"city": "Rome", "days": "mon,tue", "loose": "x", "name": "none", "free": "a"}
    assert (widgets.get("loose"), widgets.getArgument("none", "d")) == ("x", "d")
    with pytest.raises(InvalidWidgetValue, match="the default of widget `c` is `z`; choices: a, b"):
        widgets.dropdown("c", "z", ["a", "b"])
    with pytest.raises(InvalidWidgetValue, match="the value of widget `loose` is `x`; choices: y"):
        widgets.dropdown("loose", "y", ["y"])
    with pytest.raises(InputWidgetNotDefined, match="No input widget named nope is defined; known: city"):
        widgets.get("nope")
    with pytest.raises(TypeError, match="takes text, got int 5"):
        widgets.text("n", 5)  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(InvalidWidgetValue, match="longer than 2048 bytes"):
        widgets.text("n", "x" * 2049)
    widgets.remove("name")
    widgets.removeAll()
    assert widgets.getAll() == {"city": "Rome", "days": "mon,tue", "loose": "x"}
    with pytest.raises(NotEmulated, match=r"`dbutils\.widgets\.slider` is not emulated"):
        widgets.slider("x")


def test_widgets_are_told_as_they_are_declared_even_with_a_value_that_is_refused() -> None:
    told: list[tuple[str, object]] = []
    widgets = WidgetsUtility({"city": "Paris"}, lambda op, **said: told.append((op, said.get("widget") or said["name"])))
    widgets.text("name", "none")
    with pytest.raises(InvalidWidgetValue, match="`Paris`; choices: Oslo, Rome"):
        widgets.dropdown("city", "Oslo", ["Oslo", "Rome"], "Where")
    widgets.remove("name")
    assert told == [
        ("widget", {"name": "name", "kind": "text", "default": "none", "value": "none", "label": "", "choices": []}),
        ("widget", {"name": "city", "kind": "dropdown", "default": "Oslo", "value": "Paris", "label": "Where",
                    "choices": ["Oslo", "Rome"]}),
        ("no_widget", "name"),
    ]  # fmt: skip


def test_large_outputs_keep_their_beginning_and_say_so() -> None:
    stream = {"output_type": "stream", "name": "stdout", "text": "é" * 10}
    assert cut(stream, 20) == stream
    assert cut(stream, 5)["text"] == "éé\n... output cut at 5 bytes\n"
    shown = {"output_type": "display_data", "data": {"text/html": "x" * 50, "text/plain": "short"}, "metadata": {}}
    assert cut(shown, 50) == shown
    assert cut(shown, 20)["data"] == {"text/plain": "short\n... output cut at 20 bytes\n"}
    alone = {"output_type": "execute_result", "data": {"text/plain": "y" * 50}, "metadata": {}}
    assert cut(alone, 20)["data"]["text/plain"] == "y" * 20 + "\n... output cut at 20 bytes\n"


def test_streams_are_joined_and_read_as_a_terminal_does_in_time_that_grows_with_their_length() -> None:
    def stream(name: str, text: str) -> dict[str, object]:
        return {"output_type": "stream", "name": name, "text": text}

    shown = {"output_type": "display_data", "data": {"text/plain": "x"}}
    outputs = [stream("stderr", "a"), stream("stdout", "1 %\r50 %\r"), shown, stream("stdout", "99 %\nb\r\nxy\bz")]
    assert joined_streams(outputs) == [stream("stdout", "99 %\nb\r\nxz"), stream("stderr", "a"), shown]
    (long,) = joined_streams([stream("stdout", "y" * 10_000_000), stream("stdout", "\rz\n")])  # a square would take days
    assert long["text"] == "z\n"


@pytest.mark.parametrize(
    ("html", "is_own"),
    [
        (of_mappings([{"a": "<b>", "c": None}, {"a": 1.5}]).to_html(), True),
        ('<pre class="nb-json">{&quot;a&quot;: 1}</pre>', True),
        ("<table><script>1</script></table>", False),
        ('<td onclick="x">', False),
        ('<p class="nb-note" style="x">', False),
        ("a < b", False),
        ("x" * 200_000 + "<", False),
    ],
)
def test_html_is_the_workspaces_own_only_if_it_looks_like_it(html: str, is_own: bool) -> None:
    output = {"output_type": "display_data", "data": {"text/html": html}, "metadata": {"text/html": {"tideline": "table"}}}
    assert is_own_html(output) == is_own
    assert not is_own_html(output | {"metadata": {}})


@pytest.fixture
def fs(tmp_path: Path) -> FileUtility:
    folders = {"home": ".home", "volumes": ".home/volumes", "dbfs": ".home/dbfs", "root": "."}
    return FileUtility({name: str(tmp_path / folder) for name, folder in folders.items()})


def test_files_in_volumes_are_written_listed_copied_and_removed(fs: FileUtility, tmp_path: Path) -> None:
    base = "/Volumes/main/raw/landing"
    assert fs.mkdirs(base) and fs.put(f"{base}/a.txt", "hällo") and fs.mkdirs(f"{base}/only/folders")
    assert (tmp_path / ".home/volumes/main/raw/landing/a.txt").read_text() == "hällo"
    assert [(each.path, each.name, each.size, each.isDir()) for each in fs.ls(base)] == [
        (f"{base}/a.txt", "a.txt", 6, False), (f"{base}/only/", "only/", 0, True),
    ]  # fmt: skip
    assert fs.ls(f"{base}/only")[0].name == "folders/" and fs.ls(f"{base}/a.txt")[0].size == 6
    assert fs.head(f"dbfs:{base}/a.txt", 1) == "h"
    assert fs.cp(f"{base}/a.txt", "dbfs:/copies/") and fs.head("/copies/a.txt") == "hällo"
    assert fs.mv(base, "/moved", recurse=True) and not fs.rm(base)
    assert fs.rm("/moved/a.txt") and fs.rm("/moved", True) and not fs.rm("/moved")


def test_files_refuse_what_the_platform_refuses(fs: FileUtility, tmp_path: Path) -> None:
    fs.put("/d/a", "1")
    (tmp_path / ".home/dbfs/link").symlink_to("/etc")
    for call, message in {
        lambda: fs.put("/d/a", "2"): "already exists",
        lambda: fs.head("/none"): "No such file or directory: /none",
        lambda: fs.head("/d"): "Cannot head a directory",
        lambda: fs.cp("/d", "/e"): "pass recurse=True",
        lambda: fs.rm("/d"): "not empty",
        lambda: fs.ls("relative"): "must be absolute",
        lambda: fs.ls("/Volumes/../../x"): "leads out of its root",
        lambda: fs.ls(f"{tmp_path}/.home/../secret"): "leads out of its root",
        lambda: fs.ls("/link/passwd"): "leads out of its root",
        lambda: fs.rm("/Volumes", True): "is a root and stays",
    }.items():
        with pytest.raises(FileError, match=message):
            call()
    with pytest.raises(NotEmulated, match="dbutils.fs on s3:"):
        fs.ls("s3://bucket/x")
    assert fs.put("/d/a", "2", overwrite=True) and fs.head(f"file:{tmp_path}/.home/dbfs/d/a") == "2"
