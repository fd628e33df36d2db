"""Runs as a store keeps them, without running anything: as many and as odd as a test wants."""

from __future__ import annotations

from pathlib import Path

from tideline.workspace.jobs import JobRun, RunStore, TaskRun
from tideline.workspace.jobs.records import Attempt, Part, TaskError
from tideline.workspace.notebook.format import Cell
from tideline.workspace.notebook.html import cells_to_html
from tideline.workspace.notebook.results import ExecutedCell, NotebookResult

BEGAN = 1685602800.0
DANGER = "<script>document.title='owned'</script>\"'&"
TRACE = "Traceback (most recent call last):\n" + "\n".join(f"  step {number}" for number in range(40)) + "\nKeyError: 'plum'"


def task(
    key: str, state: str = "SUCCESS", *, after: str = "", seconds: float = 2.5, began: float = BEGAN, **more: object
) -> TaskRun:  # fmt: skip
    """A task that has ended, with its one attempt where it ran."""
    error = TaskError("KeyError", f"'plum' {DANGER}", "fail.py", 2, 7, TRACE) if state == "FAILED" else None
    ran = state in ("SUCCESS", "FAILED", "RUNNING")
    attempts = [Attempt(1, state, began + 1, seconds, parameters={"fruit": "plum"}, error=error)] if ran else []
    edges = [[before, ""] for before in after.split()]
    return TaskRun(key, "notebook_task", state, depends_on=edges, attempts=attempts, **more)  # type: ignore[arg-type]  # fields of several types


def keep(store: RunStore, run_id: str, *tasks: TaskRun, job: str = "greet", state: str = "SUCCESS", **more: object) -> JobRun:
    """A kept run of `job`; the fields that a test cares about come in `more`."""
    fields: dict[str, object] = {"started_at": BEGAN, "begun_at": BEGAN, "seconds": 6.0, "target": "dev", **more}
    run = JobRun(run_id, job, f"the {job}", state, tasks={each.key: each for each in tasks}, **fields)  # type: ignore[arg-type]  # fields of several types
    store.save(run)
    return run


def failed(store: RunStore, run_id: str) -> JobRun:
    """A run that failed, was repaired once and failed again: with tables, values, odd texts and an executed notebook."""
    row = {"system": "shop", "table": "shop.sales", "path": "full", "inserted": 1200, "seconds": 1.5, "why": "first run"}
    first = task("say", tables=[row], values={"n_letters": 5, "word": DANGER})
    first.attempts[0].output = "\n".join(f"line {number} {DANGER}" for number in range(40))
    first.attempts[0].exit_value = DANGER
    bad = task("fail", "FAILED", after="say", description=DANGER)
    bad.attempts.append(Attempt(2, "FAILED", BEGAN + 9, 0.5, error=bad.attempts[0].error))
    run = keep(
        store, run_id, first, bad, task("after", "UPSTREAM_FAILED", after="fail", reason="ALL_SUCCESS after fail FAILED"),
        task("alarm", "EXCLUDED", after="say"), state="FAILED", parameters={"word": DANGER, "fruit": "plum"},
        overrides={"word": DANGER}, repair_count=1, parts=[
            Part(BEGAN, ["say", "fail", "after", "alarm"], "FAILED", 4.0, {"word": "a"}),
            Part(BEGAN + 8, ["fail", "after"], parameters={"word": DANGER}),
        ],
    )  # fmt: skip
    keep_notebook(store, run, "say", [{"output_type": "stream", "name": "stdout", "text": DANGER}, framed()])
    return run


def keep_notebook(store: RunStore, run: JobRun, key: str, outputs: list[dict[str, object]]) -> None:
    """An executed notebook beside the task's first attempt."""
    code = Cell("python", f"print({DANGER!r})", line=1)
    cell = ExecutedCell(number=1, cell=code, state="ok", outputs=tuple(outputs), seconds=0.1)
    html = cells_to_html(NotebookResult(state="SUCCESS", cells=(cell,), path=Path("say.py")))
    folder = store.path(run.run_id) / "notebooks"
    folder.mkdir(exist_ok=True)
    (folder / f"{key}-1.html").write_text(html, encoding="utf-8")
    (folder / f"{key}-1.ipynb").write_text("{}", encoding="utf-8")
    run.tasks[key].attempts[0].page = f"notebooks/{key}-1.html"
    run.tasks[key].attempts[0].notebook = f"notebooks/{key}-1.ipynb"
    store.save(run)


def framed() -> dict[str, object]:
    """An output of somebody's own HTML, which brings a script."""
    html = "<p id='said'>waits</p><script>document.getElementById('said').textContent = 'ran'</script>"
    return {"output_type": "display_data", "data": {"text/html": html}, "metadata": {}}


def keep_many(store: RunStore, count: int) -> None:
    """So many runs, of two jobs by turns, one in seven failed."""
    for number in range(count):
        job = ("greet", "break")[number % 2]
        state = "FAILED" if number % 7 == 0 else "SUCCESS"
        keep(
            store, f"2023060107{number // 60:02d}{number % 60:02d}01",
            *(task(f"task_{each}", seconds=each / 3) for each in range(8)),
            task("last", state, after="task_1 task_2", seconds=1 + number % 11), job=job, state=state,
            seconds=3.0 + number % 11,
            parameters={"word": f"w{number}"}, overrides={"word": f"w{number}"},
            started_at=BEGAN + number, begun_at=BEGAN + number,
        )  # fmt: skip
