"""The pages of runs over HTTP: lists, one run, what it left behind, cancel, repair, two side by side, the live stream."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterator

import pytest
import requests

from tests.workspace.bundle.bundles import write
from tests.workspace.web.conftest import Site, site_of
from tests.workspace.web.kept import BEGAN, DANGER, failed, keep, keep_many, task
from tests.workspace.web.waiting import ended, press
from tideline.workspace.jobs import RunStore
from tideline.workspace.jobs.events import EventLog
from tideline.workspace.layout import Layout
from tideline.workspace.web.live import changes_of, digest_of
from tideline.workspace.web.streams import Change

RUN = "2023060200000001"
FILES = {
    "databricks.yml": """
        bundle: {name: shop}
        targets: {dev: {default: true}}
        resources:
          jobs:
            compare:
              parameters: [{name: left, default: "1"}, {name: right, default: "2"}]
              tasks:
                - {task_key: first, condition_task: {op: EQUAL_TO, left: a, right: a}}
                - task_key: smaller
                  depends_on: [{task_key: first}]
                  condition_task: {op: LESS_THAN, left: "{{job.parameters.left}}", right: "{{job.parameters.right}}"}
                - {task_key: after, depends_on: [{task_key: smaller}], condition_task: {op: EQUAL_TO, left: a, right: a}}
        """,
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    root = write(tmp_path_factory.mktemp("shop"), FILES)
    store = RunStore(Layout(root).runs)
    keep_many(store, 120)
    failed(store, RUN)
    with site_of(root) as found:
        yield found


@pytest.fixture
def store(shop: Site) -> RunStore:
    return RunStore(Layout(shop.root).runs)


@pytest.fixture
def visitor(shop: Site) -> requests.Session:
    return shop.visitor()


def text_of(shop: Site, visitor: requests.Session, path: str, status: int = 200) -> str:
    answer = visitor.get(f"{shop.host}{path}", timeout=60)
    assert answer.status_code == status, answer.text
    return answer.text


def changes(shop: Site, visitor: requests.Session, path: str) -> Iterator[dict[str, str]]:
    """What a stream sends, to its end."""
    with visitor.get(f"{shop.host}{path}", stream=True, timeout=60) as answer:
        for line in answer.iter_lines(chunk_size=1, decode_unicode=True):
            if line.startswith("event: end"):
                return
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))


def test_runs_are_listed_by_page_by_job_and_by_state(shop: Site, visitor: requests.Session) -> None:
    first = text_of(shop, visitor, "/runs")
    assert first.count('type="checkbox"') == 50 and "121 runs, page 1 of 3" in first and RUN in first
    assert text_of(shop, visitor, "/runs?page=3").count('type="checkbox"') == 21
    assert text_of(shop, visitor, "/runs?page=nonsense").count('type="checkbox"') == 50
    of_job = text_of(shop, visitor, "/runs?job=break&state=failed")
    assert 'badge bad' in of_job and 'badge ok' not in of_job and "/jobs/greet" not in of_job
    assert "No run like that" in text_of(shop, visitor, "/runs?job=none")


def test_the_first_page_leads_to_the_latest_runs(shop: Site, visitor: requests.Session) -> None:
    text = text_of(shop, visitor, "/")
    assert f'href="/runs/{RUN}"' in text and text.count('<td data-label="State">') == 10


def test_a_run_shows_what_failed_where_and_the_last_lines(shop: Site, visitor: requests.Session) -> None:
    text = text_of(shop, visitor, f"/runs/{RUN}")
    assert "2 of 4 tasks did not succeed; it began with fail." in text
    assert "KeyError: &#39;plum&#39;" in text and "fail.py:7, cell 2" in text
    shown = re.search(r'aria-label="The end of the traceback">(.*?)</pre>', text, re.DOTALL)
    assert shown and "step 39" in shown.group(1) and "step 3\n" not in shown.group(1)
    assert "2 attempts" in text and "1,200" in text and "line 39" in text and "2 task values" in text
    assert "First go and repairs" in text and "word=a" in text and "ALL_SUCCESS after fail FAILED" in text


def test_nothing_of_a_run_is_markup(shop: Site, visitor: requests.Session) -> None:
    for path in (f"/runs/{RUN}", f"/runs/{RUN}/notebooks/say-1", f"/runs/{RUN}/events", "/runs"):
        assert "<script>document" not in text_of(shop, visitor, path), path
    assert DANGER not in text_of(shop, visitor, f"/runs/{RUN}")


def test_a_notebook_as_executed_comes_with_its_scripts_in_frames_without_an_origin(shop: Site, visitor: requests.Session) -> None:
    text = text_of(shop, visitor, f"/runs/{RUN}/notebooks/say-1")
    assert f'src="/runs/{RUN}/notebooks/say-1/frames/1"' in text and "srcdoc" not in text
    piece = visitor.get(f"{shop.host}/runs/{RUN}/notebooks/say-1/cells", headers={"x-piece": "yes"}, timeout=20).text
    assert piece.startswith('<div class="nb">') and "<html" not in piece
    frame = visitor.get(f"{shop.host}/runs/{RUN}/notebooks/say-1/frames/1", timeout=20)
    policy = frame.headers["content-security-policy"]
    assert "<script>" in frame.text and policy.startswith("sandbox allow-scripts") and "default-src 'none'" in policy
    assert "allow-same-origin" not in policy
    assert text_of(shop, visitor, f"/runs/{RUN}/notebooks/say-1.ipynb") == "{}"


def test_the_report_and_the_result_for_other_tools_can_be_taken_along(shop: Site, visitor: requests.Session) -> None:
    report = visitor.get(f"{shop.host}/runs/{RUN}/report.html", timeout=60)
    assert report.status_code == 200 and "it began with fail" in report.text
    assert report.headers["content-security-policy"].startswith("sandbox")


@pytest.mark.parametrize("path", [
    "/runs/1", "/runs/..", "/runs/..%2f..%2fsecrets", "/runs/%2e%2e", "/runs/2023060200000009", "/runs/2023060200000001x",
    "/runs/2023060200000009/live", f"/runs/{RUN}/notebooks/..%2frun", f"/runs/{RUN}/notebooks/%2e%2e/cells",
    f"/runs/{RUN}/notebooks/none", f"/runs/{RUN}/junit.xml", f"/runs/{RUN}/notebooks/say-1/frames/7",
    f"/runs/{RUN}/notebooks/say-1/frames/0", f"/runs/{RUN}/nothing",
])  # fmt: skip
def test_what_does_not_exist_is_not_found_and_no_path_leaves_the_runs(shop: Site, visitor: requests.Session, path: str) -> None:
    request = requests.Request("GET", shop.host).prepare()
    request.url = shop.host + path
    request.headers["Cookie"] = "; ".join(f"{each.name}={each.value}" for each in visitor.cookies)
    answer = visitor.send(request, timeout=20)
    assert answer.status_code == 404 and "Traceback" not in answer.text


def test_a_secret_in_a_kept_run_is_not_shown(shop: Site, store: RunStore, visitor: requests.Session) -> None:
    Layout(shop.root).secrets.write_text('{"vault": {"word": "open-sesame"}}', encoding="utf-8")
    leaky = task("say", values={"word": "open-sesame"}, reason="open-sesame")
    leaky.attempts[0].output = "it is open-sesame"
    given, run_id = {"word": "open-sesame"}, "2023060200000101"
    keep(store, run_id, leaky, parameters=given, overrides=given, message="open-sesame")
    EventLog(store.path(run_id) / "events.jsonl", lambda event: None).tell("note", text="it is open-sesame")
    (store.path(run_id) / "junit.xml").write_text("<testsuite name='open-sesame' />", encoding="utf-8")
    files = (f"/runs/{run_id}/report.html", f"/runs/{run_id}/junit.xml", f"/runs/{run_id}/events")
    beside = (*files, f"/jobs/compare?like={run_id}")
    for path in (f"/runs/{run_id}", "/runs", "/", f"/runs/compare?run={RUN}&run={run_id}", *beside):
        assert "open-sesame" not in text_of(shop, visitor, path), path


def test_two_runs_are_compared_by_task_parameter_and_table(shop: Site, store: RunStore, visitor: requests.Session) -> None:
    row = {"table": "shop.sales", "inserted": 3}
    keep(store, "2023060100000001", task("say", seconds=1.0), task("gone"), parameters={"a": "1", "same": "x"})
    keep(
        store, "2023060300000001", task("say", "FAILED", seconds=9.0, tables=[row]), task("new"), state="FAILED",
        parameters={"a": "2", "same": "x"}, job="other",
    )  # fmt: skip
    text = text_of(shop, visitor, "/runs/compare?run=2023060300000001&run=2023060100000001")
    assert "SUCCESS before, FAILED after; 3 tasks ended otherwise, 1 parameter differs." in text
    assert "1 others are the same: same." in text and text.count("not there") == 2
    assert '<span class="slower">+8.0 s</span>' in text
    assert re.search(r"shop\.sales</td><td class=\"n\"></td><td class=\"n\">3</td>", text)
    assert "Tick two" in text_of(shop, visitor, f"/runs/compare?run={RUN}&run={RUN}", 400)
    assert "there is none before it" in text_of(shop, visitor, "/runs/2023060300000001/before", 404)


def test_fail_read_why_mend_the_parameter_repair_pass(shop: Site, visitor: requests.Session) -> None:
    run_id = press(shop, visitor, "/jobs/compare", {"p.left": "one", "p.right": "2"})
    run = ended(shop, run_id)
    assert (run.state, run.tasks["smaller"].state, run.tasks["after"].state) == ("FAILED", "FAILED", "UPSTREAM_FAILED")
    text = text_of(shop, visitor, f"/runs/{run_id}")
    assert "LESS_THAN compares numbers, found `one`" in text and f'action="/runs/{run_id}/repair"' in text
    page = f"/runs/{run_id}"
    assert press(shop, visitor, page, {"p.left": "1", "p.right": "2"}, button="repair") == run_id
    assert press(shop, visitor, page, {"p.left": "1", "p.right": "2"}, token=f"{run_id}.0", button="repair") == run_id
    repaired = ended(shop, run_id)
    assert (repaired.state, repaired.repair_count) == ("SUCCESS", 1)
    assert repaired.overrides == {"left": "1"} and repaired.parameters == {"left": "1", "right": "2"}
    assert [part.parameters for part in repaired.parts] == [{"left": "one"}, {"left": "1"}]
    assert [len(each.attempts) for each in repaired.tasks.values()] == [1, 2, 1]
    text = text_of(shop, visitor, page)
    assert "It was repaired." in text
    assert "repaired once" in text and "<code>left=one</code>" in text and 'id="repair"' not in text


def test_a_repair_that_cannot_be_is_said_and_changes_nothing(shop: Site, store: RunStore, visitor: requests.Session) -> None:
    good = ended(shop, press(shop, visitor, "/jobs/compare", {}))
    answer = visitor.post(f"{shop.host}/runs/{good.run_id}/repair", headers={"Origin": shop.host}, timeout=60)
    assert answer.status_code == 400 and "nothing to repair" in answer.text
    bad = ended(shop, press(shop, visitor, "/jobs/compare", {"p.left": "one"}))
    answer = visitor.post(
        f"{shop.host}/runs/{bad.run_id}/repair", data={"p.lefd": "1"}, headers={"Origin": shop.host}, timeout=60
    )
    assert answer.status_code == 400 and "no parameter `lefd`" in answer.text
    assert store.load(bad.run_id) == bad


def test_a_stream_sends_what_changed_and_ends_with_the_run(shop: Site, store: RunStore, visitor: requests.Session) -> None:
    tasks = task("say", "RUNNING"), task("next", "BLOCKED", after="say")
    run = keep(store, "2023060400000001", *tasks, state="RUNNING", started_at=time.time())
    with store.hold(run):
        text = text_of(shop, visitor, f"/runs/{run.run_id}")
        assert "at work: say" in text and "Started from elsewhere" in text
        path = re.search(r'data-stream="([^"?]+)\?seen=([^"]+)"', text)
        assert path
        found = changes(shop, visitor, path.group(1))
        parts: dict[str, str] = {}
        while "run-task-2" not in parts:  # the last one: without `seen`, all are sent first
            change = next(found)
            parts[change["target"]] = change["html"]
        assert path.group(2) == digest_of(parts)  # by it the page says that it has them
        run.tasks["say"].state = "SUCCESS"
        store.save(run)
        assert {next(found)["target"] for _ in range(3)} == {"run-said", "run-graph", "run-task-1"}
        run.tasks["next"].state, run.state = "SUCCESS", "SUCCESS"
        store.save(run)
        rest = list(found)
    targets = {each["target"] for each in rest}
    assert targets >= {"run-said", "run-head", "run-task-2"} and "run-task-1" not in targets
    assert "All went well" in next(each["html"] for each in rest if each["target"] == "run-said")
    assert "data-stream" not in text_of(shop, visitor, f"/runs/{run.run_id}")


def test_a_page_that_has_all_parts_is_sent_only_what_changes_and_any_other_all() -> None:
    parts = {"run-said": "at work", "run-head": "a run"}

    async def sent(seen: str) -> list[Change]:
        looks = iter([(parts, False), ({**parts, "run-said": "ended"}, True)])
        return [change async for change in changes_of(lambda: next(looks), seen=seen, poll_seconds=0)]

    ended = Change("run-said", "ended")
    assert asyncio.run(sent(digest_of(parts))) == [ended]
    assert asyncio.run(sent("of before")) == [*(Change(*part) for part in parts.items()), ended]


def test_a_run_whose_process_died_is_shown_as_stopped_while_one_looks(
    shop: Site, store: RunStore, visitor: requests.Session
) -> None:
    run = keep(store, "2023060400000002", task("say", "RUNNING"), state="RUNNING", started_at=time.time())
    with store.hold(run):
        path = re.search(r'data-stream="([^"]+)"', text_of(shop, visitor, f"/runs/{run.run_id}"))
    assert path
    began = time.monotonic()
    found = {each["target"]: each["html"] for each in changes(shop, visitor, path.group(1))}
    assert "the runner ended before the run did" in found["run-said"] and time.monotonic() - began < 30
    assert "CANCELED" in text_of(shop, visitor, f"/runs/{run.run_id}")


def test_a_run_of_another_process_is_not_cancelled_from_here(shop: Site, store: RunStore, visitor: requests.Session) -> None:
    run = keep(store, "2023060400000003", task("say", "RUNNING"), state="RUNNING", started_at=time.time())
    with store.hold(run):
        answer = visitor.post(f"{shop.host}/runs/{run.run_id}/cancel", headers={"Origin": shop.host}, timeout=20)
        assert answer.status_code == 400 and "started from elsewhere" in answer.text
        assert store.load(run.run_id).state == "RUNNING"


def test_a_child_run_sends_to_its_parent(shop: Site, store: RunStore, visitor: requests.Session) -> None:
    keep(store, "2023060400000004", task("say", "FAILED"), state="FAILED", parent=RUN)
    text = text_of(shop, visitor, "/runs/2023060400000004")
    assert f'Part of run <a href="/runs/{RUN}">' in text and 'id="repair"' not in text
    answer = visitor.post(f"{shop.host}/runs/2023060400000004/cancel", headers={"Origin": shop.host}, timeout=20)
    assert answer.status_code == 400 and RUN in answer.text
    assert "2023060400000004" not in text_of(shop, visitor, "/runs")


def test_a_run_of_an_older_version_without_all_fields_is_still_shown(
    shop: Site, store: RunStore, visitor: requests.Session
) -> None:
    run = keep(store, "2023060400000005", task("say"), started_at=BEGAN)
    file = store.path(run.run_id) / "run.json"
    known = json.loads(file.read_text(encoding="utf-8"))
    del known["parts"], known["begun_at"]
    file.write_text(json.dumps(known), encoding="utf-8")
    assert "All went well" in text_of(shop, visitor, f"/runs/{run.run_id}")
    (store.path(run.run_id) / "run.json").write_text("{", encoding="utf-8")
    assert text_of(shop, visitor, "/runs")  # a broken file hides its own run alone
