"""Notebooks over HTTP: what is listed, what a form sends, what comes while it runs, and what is true afterwards."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import psutil
import pytest

from tests.workspace.web.conftest import Site
from tests.workspace.web.notebook_bundle import SECRET, Person, notebook_site, state_of, words
from tideline.workspace.layout import Layout
from tideline.workspace.server import ServerAddress, running_server, stop_server
from tideline.workspace.server import state as server_state

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]
MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory, spark_server: ServerAddress) -> Iterator[Site]:
    with notebook_site(tmp_path_factory.mktemp("notes"), spark_server) as found:
        yield found


@pytest.fixture
def ann(notes: Site) -> Person:
    return Person(notes, notes.visitor())


@pytest.fixture
def bob(notes: Site) -> Person:
    return Person(notes, notes.visitor())


def test_notebooks_are_listed_by_their_headings_dashboards_first(ann: Person) -> None:
    html = ann.get("/notebooks")
    titles = [words(part.split("</h3>")[0]) for part in html.split("<h3>")[1:]]
    assert titles == [
        "Sales: what was sold, and where?", "dies", "drawn", "fails", "foreign", "prints", "About [REDACTED]", "slow", "spark",
    ]  # fmt: skip
    assert "Shows what was sold." in html and "It reads nothing" not in html
    assert "kept_out" not in html and "plain.py" not in html


def test_before_the_first_run_the_form_is_what_the_code_says(ann: Person) -> None:
    html = ann.get("/notebooks/at/slow.py?seconds=7&nonsense=1")
    assert '<input id="widget-seconds" name="seconds" value="7"' in html
    assert "has no widget <code>nonsense</code>" in html
    assert "Not run with these values yet" in html and "time . sleep" in words(html)


def test_looking_runs_nothing(ann: Person, notes: Site) -> None:
    ann.get("/notebooks/at/slow.py?seconds=0.125")
    ann.get("/notebooks/at/slow.py?seconds=0.125&auto=1")
    kept = [json.loads(file.read_text()) for file in (notes.root / ".tideline/notebooks").glob("*/*/execution.json")]
    assert not [each for each in kept if each["parameters"] == {"seconds": "0.125"}]
    answer = ann.session.get(f"{notes.host}/notebooks/executions/{'0' * 12}-{'0' * 16}/cancel", timeout=20)
    assert answer.status_code == 405


@pytest.mark.parametrize(
    "path",
    ["../secret.py", "%2e%2e/secret.py", "dashboards/../../x.py", "/etc/passwd", "plain.py", ".tideline/secrets.json", "%00.py",
     "databricks.yml", "none.py", "dashboards"],
)  # fmt: skip
def test_no_path_but_a_notebooks_is_shown_or_run(ann: Person, path: str) -> None:
    for method in ("GET", "POST"):
        url = f"{ann.site.host}/notebooks/at/{path}"
        answer = ann.session.request(method, url, headers={"Origin": ann.site.host}, timeout=20)
        assert answer.status_code in (400, 404) and "Traceback" not in answer.text and SECRET not in answer.text


@pytest.mark.parametrize("execution_id", ["..%2f..%2fx", "0" * 12 + "-" + "0" * 16, "x", "%00", "a" * 5000])
def test_an_unknown_execution_is_an_error_page(ann: Person, execution_id: str) -> None:
    for what in ("notebook.html", "notebook.ipynb", "changes"):
        url = f"{ann.site.host}/notebooks/executions/{execution_id}/{what}"
        answer = ann.session.get(url, timeout=20)
        assert answer.status_code in (400, 404) and "Traceback" not in answer.text


def test_cells_come_one_by_one_with_figures_and_tables_and_the_form_learns_its_choices(ann: Person) -> None:
    execution = ann.run("dashboards/sales.py", n_bars="4", colour="red", days=["mon", "wed"], region="north")
    came = list(ann.changes(execution))
    ended = [target for target, html in came if target.startswith("cell-") and "waiting" not in html]
    assert ended == [f"cell-{number}" for number in range(1, 6)]
    last = dict(came)
    assert "4 years in EUR" in last["cell-4"] and "data:image/png;base64," in last["cell-4"]
    assert words(last["cell-5"]).endswith("region days rows north mon,wed 4")
    assert state_of(last["execution-head"]) == "SUCCESS" and "notebook.ipynb" in last["execution-head"]
    assert '<option value="red" selected>' in last["widgets"] and '<datalist id="widget-currency-choices">' in last["widgets"]
    page = ann.get(ann.there)
    assert state_of(page) == "SUCCESS" and last["cell-4"] in page and 'data-stream' not in page
    assert page.count("selected") == 3 and ">Number of bars</label>" in page


def test_an_address_shows_the_last_result_with_its_values(ann: Person, bob: Person) -> None:
    ann.waits(ann.run("dashboards/sales.py", n_bars="5", colour="red", days=["mon"], currency="EUR", region="north"))
    assert ann.there.startswith("/notebooks/at/dashboards/sales.py?n_bars=5&colour=red&execution-id=")
    assert "5 years in EUR" in bob.get("/notebooks/at/dashboards/sales.py?colour=red&n_bars=5")
    assert "Not run with these values yet" in bob.get("/notebooks/at/dashboards/sales.py?n_bars=6")
    pruned = "0" * 12 + "-" + "0" * 16
    html = bob.get(f"/notebooks/at/dashboards/sales.py?n_bars=5&colour=red&execution-id={pruned}")
    assert "no longer kept" in html and "5 years in EUR" in html


def test_no_choice_on_is_a_choice(ann: Person) -> None:
    ann.waits(ann.run("dashboards/sales.py", days=["mon"]))
    last = ann.waits(ann.run("dashboards/sales.py"))
    assert "days=&" in ann.there and words(last["cell-5"]).endswith("region days rows north 3")


def test_an_error_stands_where_it_happened_and_the_rest_is_not_run(ann: Person) -> None:
    last = ann.waits(ann.run("fails.py"))
    assert state_of(last["execution-head"]) == "FAILED"
    assert "Cell 2, line 7 : KeyError: '<b>'" in words(last["execution-head"])
    assert "line 7: KeyError: '<b>'" in words(last["cell-2"]) and "nb-not_run" in last["cell-3"]
    assert "<b>" not in last["execution-head"].replace("<b>line", "")
    assert "line 7: KeyError" in words(ann.get("/notebooks/at/fails.py"))


def test_a_choice_that_is_none_fails_and_the_form_still_knows_the_choices(ann: Person) -> None:
    last = ann.waits(ann.run("dashboards/sales.py", colour="green"))
    assert "the value of widget `colour` is `green`; choices: blue, red" in words(last["execution-head"])
    assert '<option value="green" selected>' in ann.get(ann.there) and '<option value="red">' in ann.get(ann.there)


def test_what_a_notebook_puts_out_is_text_or_in_a_frame_without_an_origin(ann: Person, notes: Site) -> None:
    execution = ann.run("foreign.py")
    last = ann.waits(execution)
    address = f"/notebooks/executions/{execution}/cells"
    for html in ("".join(last.values()), ann.get(ann.there)):
        assert html.count('sandbox="allow-scripts"') == html.count("<iframe") == 2 and "srcdoc" not in html
        assert f'src="{address}/1/frames/1"' in html and f'src="{address}/2/frames/1"' in html
        assert "<script>document" not in html and "<img src=x" not in html
        assert '<a href="javascript:' not in html  # the code that made it is shown as text
    frame = ann.session.get(f"{notes.host}{address}/1/frames/1", timeout=20)
    policy = frame.headers["content-security-policy"]
    assert "<script>document" in frame.text and policy.startswith("sandbox allow-scripts") and "default-src 'none'" in policy
    for wrong in ("1/frames/2", "1/frames/0", "3/frames/1", "99/frames/1"):
        assert ann.session.get(f"{notes.host}{address}/{wrong}", timeout=20).status_code == 404


@pytest.mark.deep  # hundreds of megabytes
def test_a_notebook_that_prints_hundreds_of_megabytes_stays_small_everywhere(ann: Person, notes: Site) -> None:
    process = _process_of(notes)
    before = process.memory_info().rss
    began = time.monotonic()
    execution = ann.run("prints.py")
    last = ann.waits(execution)
    assert state_of(last["execution-head"]) == "SUCCESS" and "after" in words(last["cell-5"])
    assert time.monotonic() - began < 120
    assert "output cut at" in last["cell-1"] and "output cut at" in last["cell-2"] and "output cut at" in last["cell-3"]
    assert "Shown in part" in last["cell-4"]
    assert "outputs left out" in ann.get(f"/notebooks/executions/{execution}/notebook.ipynb")
    assert len(ann.get(ann.there)) < 10 * MEGABYTE
    kept = sum(file.stat().st_size for file in (notes.root / ".tideline/notebooks").rglob("cells.jsonl"))
    assert kept < 80 * MEGABYTE
    assert process.memory_info().rss - before < 700 * MEGABYTE


def test_a_kernel_that_dies_is_said_and_the_next_run_is_fine(ann: Person) -> None:
    last = ann.waits(ann.run("dies.py"))
    assert state_of(last["execution-head"]) == "FAILED" and "KernelDied" in last["execution-head"]
    assert "alive" in last["cell-1"] and "was killed (signal 9)" in words(last["cell-2"])
    assert state_of(ann.waits(ann.run("slow.py", seconds="0"))["execution-head"]) == "SUCCESS"


def test_two_who_press_run_at_once_get_a_run_each(ann: Person, bob: Person) -> None:
    with ThreadPoolExecutor(2) as threads:
        both = list(threads.map(lambda who, seconds: who.run("slow.py", seconds=seconds), (ann, bob), ("2", "2.5")))
        heads = [last["execution-head"] for last in threads.map(lambda who, each: who.waits(each), (ann, bob), both)]
    assert both[0] != both[1] and [state_of(head) for head in heads] == ["SUCCESS", "SUCCESS"]
    assert "seconds = 2 " in words(heads[0]) + " " and "seconds = 2.5" in words(heads[1])


def test_a_browser_that_leaves_stops_nothing_and_the_page_is_true_when_it_comes_back(ann: Person) -> None:
    execution = ann.run("slow.py", seconds="4")
    stream = ann.changes(execution)
    assert next(target for target, html in stream if "first" in html) == "cell-1"
    stream.close()
    page = ann.get(ann.there)
    assert state_of(page) == "RUNNING" and f"/executions/{execution}/changes?after=1" in page and "time . sleep" in words(page)
    last = ann.waits(execution)
    assert state_of(last["execution-head"]) == "SUCCESS" and "last" in words(last["cell-3"])


def test_a_run_can_be_cancelled_by_anybody_who_sees_it(ann: Person, bob: Person) -> None:
    execution = ann.run("slow.py", seconds="100")
    next(target for target, html in ann.changes(execution) if "first" in html)
    bob.cancel(execution)
    last = ann.waits(execution)
    assert state_of(last["execution-head"]) == "CANCELED" and "nb-not_run" in last["cell-3"]
    bob.cancel(execution)
    assert state_of(bob.get(ann.there)) == "CANCELED"


def test_downloads_are_whole_documents(ann: Person, notes: Site) -> None:
    execution = ann.run("dashboards/sales.py", n_bars="2")
    ann.waits(execution)
    answer = ann.session.get(f"{notes.host}/notebooks/executions/{execution}/notebook.ipynb", timeout=20)
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''sales.ipynb"
    notebook = nbformat.reads(answer.text, as_version=4)
    nbformat.validate(notebook)
    assert "image/png" in notebook.cells[3].outputs[0].data
    html = ann.get(f"/notebooks/executions/{execution}/notebook.html")
    assert html.startswith("<!doctype html>") and "2 years in EUR" in html


def test_secrets_stand_nowhere(ann: Person, notes: Site) -> None:
    execution = ann.run("secret.py")
    shown = "".join(html for _, html in ann.changes(execution))
    for path in (ann.there, "/notebooks", f"/notebooks/executions/{execution}/notebook.html"):
        shown += ann.get(path)
    shown += ann.get(f"/notebooks/executions/{execution}/notebook.ipynb")
    ann.waits(ann.run("slow.py", seconds=SECRET))
    shown += ann.get(ann.there)
    kept = "".join(file.read_text() for file in (notes.root / ".tideline" / "notebooks").rglob("*.json*"))
    assert SECRET not in shown and SECRET not in kept
    assert shown.count("[REDACTED]") >= 10 and "[REDACTED]" in kept


def test_only_the_last_executions_are_kept(ann: Person, notes: Site) -> None:
    first = ann.run("slow.py", seconds="0")
    ann.waits(first)
    for _ in range(10):
        ann.waits(ann.run("slow.py", seconds="0"))
    assert "there is no execution" in ann.get(f"/notebooks/executions/{first}/notebook.html", 400)


def _process_of(site: Site) -> psutil.Process:
    port = int(site.host.rpartition(":")[2])
    own = psutil.Process().children(recursive=True)
    return next(each for each in own if any(c.laddr.port == port and c.status == "LISTEN" for c in each.net_connections()))


def test_an_execution_whose_site_was_killed_is_shown_as_ended(tmp_path: Path, spark_server: ServerAddress) -> None:
    with notebook_site(tmp_path, spark_server) as site:
        ann = Person(site, site.visitor())
        execution = ann.run("slow.py", seconds="100")
        next(target for target, html in ann.changes(execution) if "first" in html)
        _process_of(site).send_signal(signal.SIGKILL)
    with notebook_site(tmp_path, spark_server) as site:
        page = Person(site, site.visitor()).get("/notebooks/at/slow.py?seconds=100")
        assert state_of(page) == "CANCELED" and "the process that ran it ended before it did" in page and "first" in page


def test_the_end_of_the_site_ends_its_runs_as_cancelled(tmp_path: Path, spark_server: ServerAddress) -> None:
    with notebook_site(tmp_path, spark_server) as site:
        ann = Person(site, site.visitor())
        execution = ann.run("slow.py", seconds="100")
        next(target for target, html in ann.changes(execution) if "first" in html)
    (kept,) = [json.loads(file.read_text()) for file in (tmp_path / ".tideline/notebooks").glob("*/*/execution.json")]
    assert kept["state"] == "CANCELED" and kept["error"]["message"] == "the run was cancelled"


def test_a_spark_server_that_dies_fails_the_run_and_the_next_run_starts_another(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    with notebook_site(tmp_path, None) as site:
        try:
            ann = Person(site, site.visitor())
            execution = ann.run("spark.py")
            assert "3" in next(html for target, html in ann.changes(execution) if target == "cell-1" and "waiting" not in html)
            known = server_state.read(layout)
            assert known is not None
            os.kill(known.pid, signal.SIGKILL)
            began = time.monotonic()
            last = ann.waits(execution)
            assert state_of(last["execution-head"]) == "FAILED" and time.monotonic() - began < 60
            assert "Cell 2" in words(last["execution-head"])
            assert state_of(ann.waits(ann.run("spark.py"))["execution-head"]) == "SUCCESS"
            assert running_server(layout) is not None
        finally:
            stop_server(layout)
