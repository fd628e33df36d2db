"""The web app without a browser: its environment, its figures, what it asks over HTTP, and every page once."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from apps.ab_results import api, figures
from apps.ab_results.__main__ import MAIN, options
from apps.ab_results.config import Config
from apps.ab_results.data import Watched
from apps.ab_results.selection import PAGES
from systems.ab_testing.config import EVENT_NAMES
from systems.ab_testing.posteriors import Posteriors
from systems.ab_testing.questions import TABLES, Experiments
from systems.ab_testing.trends import trend
from tests.apps.experiments_gold import World, run, write_gold, write_run_log
from utils import colours
from utils.environment import ConfigError, GoldPlace
from utils.gold import DeltaGold
from utils.snapshots import Snapshots

ROOT = Path(__file__).resolve().parents[2]
DANGER = "<script>alert(1)</script> | *bold* [x](y)"
WORLD = World({
    "checkout/one-page": {"A": (4100, 402), "B": (4050, 490)}, DANGER: {"<b>1</b>": (900, 90), "10": (880, 101)},
    "single": {"DEFAULT": (2000, 220)}, "none": {"1": (0, 0), "2": (0, 0)},
})  # fmt: skip
LOCAL = {"TIDELINE_GOLD": "gold"}


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("warehouse")
    write_gold(folder, WORLD)
    failed = run("bronze.events", 2, status="failed", error="CheckFailed: <b>no</b>")
    write_run_log(folder, [run("raw.events", 1), failed, run("gold.experiment_results", 3), run("gold.experiment_funnel", 4)])
    return folder


@pytest.fixture(scope="module")
def data(warehouse: Path) -> Experiments:
    gold = DeltaGold(warehouse)
    version = gold.version(TABLES)
    assert version
    return Experiments.read(gold, version)


def test_it_listens_on_this_machine_alone_unless_a_login_stands_before_it() -> None:
    config = Config.from_environment(LOCAL)
    assert (config.host, config.port, config.api) == ("127.0.0.1", 8501, "http://127.0.0.1:8000")
    assert "--server.allowedHosts=127.0.0.1" in options(config)
    with pytest.raises(ConfigError, match="TIDELINE_WEB_HOST is `0.0.0.0`, which others reach"):
        Config.from_environment(LOCAL | {"TIDELINE_WEB_HOST": "0.0.0.0"})
    behind = {"DATABRICKS_APP_NAME": "a", "DATABRICKS_APP_PORT": "8123"}
    config = Config.from_environment(behind | {"TIDELINE_WAREHOUSE_ID": "w", "TIDELINE_CATALOG": "c"})
    assert (config.host, config.port, config.refresh_seconds) == ("0.0.0.0", 8123, 300.0)
    assert config.api == ""
    assert options(config) == ["--server.address", "0.0.0.0", "--server.port", "8123"]


NO_ADDRESSES = ["ftp://127.0.0.1", "http://example.com", "https://", "https://u:p@example.com", "https://a?b=c", "x"]


@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_the_address_of_the_api_is_encrypted_or_local(address: str) -> None:
    with pytest.raises(ConfigError, match="TIDELINE_API_URL"):
        Config.from_environment(LOCAL | {"TIDELINE_API_URL": address})


def test_a_wrong_environment_is_one_line() -> None:
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("TIDELINE_", "DATABRICKS_"))}
    done = subprocess.run(
        [sys.executable, "-m", "apps.ab_results"], cwd=ROOT, env=variables | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "the variable TIDELINE_WAREHOUSE_ID is missing" in done.stderr


def test_nothing_is_told_to_anybody_and_colours_are_those_of_all_figures() -> None:
    told = tomllib.loads((MAIN.parent / ".streamlit" / "config.toml").read_text())
    assert told["browser"]["gatherUsageStats"] is False
    assert told["server"] | {"headless": True, "enableCORS": True, "enableXsrfProtection": True, "fileWatcherType": "none",
                             "address": "127.0.0.1"} == told["server"]  # fmt: skip
    assert tuple(told["theme"]["chartCategoricalColors"]) == figures.SHADES == colours.COLOURS[:6]
    assert told["theme"]["primaryColor"] == colours.BLUE


def test_it_needs_no_spark_no_engine_and_no_matplotlib() -> None:
    code = (
        "import sys\nfrom apps.ab_results import config, data, figures, api\nfrom apps.ab_results import views\n"
        "from apps.ab_results.views import api, bayes, days, experiments, funnel, result, tables\n"
        "print(sorted({'pyspark', 'engine', 'matplotlib', 'mlflow', 'fastapi', 'databricks'} & sys.modules.keys()))"
    )
    env = os.environ | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_a_figure_of_conversion_shows_every_variant_with_its_interval(data: Experiments) -> None:
    variants = data.result("checkout/one-page", "whole")["variants"]
    drawn = figures.conversion(variants)
    assert [said.text for said in drawn.layout.annotations] == ["Variant A: 9.8\u00a0%", "Variant B: 12.1\u00a0%"]
    for trace, each in zip(drawn.data, variants, strict=True):
        ends = (trace.x[0] - trace.error_x.arrayminus[0], trace.x[0], trace.x[0] + trace.error_x.array[0])
        assert ends == pytest.approx((each["conversion_low"], each["conversion_rate"], each["conversion_high"]))


def test_a_figure_of_differences_leaves_the_control_at_zero_and_keeps_colours(data: Experiments) -> None:
    variants = data.result("checkout/one-page", "whole")["variants"]
    drawn = figures.differences(variants)
    assert [said.text for said in drawn.layout.annotations] == ["Variant B: +2.3\u00a0points"]
    assert drawn.data[0].x[0] == pytest.approx(100 * variants[1]["difference"])
    assert drawn.data[0].marker.color == figures.conversion(variants).data[1].marker.color


def test_a_funnel_keeps_the_order_of_its_steps_and_not_that_of_sizes(data: Experiments) -> None:
    shares = {"1": [(0.1, 0.0, 0.2), (0.9, 0.8, 1.0), (0.3, 0.2, 0.4)], "2": [(0.2, 0.1, 0.3), (0.8, 0.7, 0.9), (0.1, 0.0, 0.2)]}
    drawn = figures.funnel(EVENT_NAMES[:3], shares)
    assert tuple(drawn.layout.yaxis.categoryarray) == EVENT_NAMES[:3] and drawn.layout.yaxis.autorange == "reversed"
    assert [list(trace.x) for trace in drawn.data] == [[0.1, 0.9, 0.3], [0.2, 0.8, 0.1]]
    assert all(max(trace.error_x.array) > 0 for trace in drawn.data)


def test_posteriors_are_labelled_in_the_order_of_the_estimates() -> None:
    drawn = figures.posteriors(["low", "high"], Posteriors.of([10, 300], [1000, 1000]))
    peaks = {trace.name: trace.x[trace.y.argmax()] for trace in drawn.data}
    assert peaks["Variant low"] == pytest.approx(0.01, abs=0.003) and peaks["Variant high"] == pytest.approx(0.3, abs=0.003)


def test_days_carry_their_trend_as_a_line(data: Experiments) -> None:
    days = {day: {each["variant"]: each for each in row["variants"]} for day, row in data.by_day("checkout/one-page").items()}
    buyers, participants = ([row["A"][name] for row in days.values()] for name in ("n_buyers", "n_participants"))
    found = trend(list(days), buyers, participants)
    assert found
    points, line = figures.by_day(days, ["A"], {"A": found}).data
    assert list(points.y) == [row["A"]["conversion_rate"] for row in days.values()] and list(line.y) == list(found.line)


def test_the_limit_of_the_correction_divides_those_that_are_left_from_the_others(data: Experiments) -> None:
    rows = [row for row in data.all_results("whole") if row["p_value"] is not None]
    _, _, limit = figures.p_values(rows).data
    ranked = sorted(row["p_value"] for row in rows)
    below = max((rank for rank, (p, line) in enumerate(zip(ranked, limit.y, strict=True), 1) if p <= line), default=0)
    assert below == sum(row["adjusted_p_value"] <= 0.05 for row in rows) == 1


def test_names_are_escaped_in_figures_and_long_ones_do_not_fall_together() -> None:
    row = {"conversion_rate": 0.1, "conversion_low": 0.05, "conversion_high": 0.2}
    names = ["<b>x</b>", "a-long-name-that-differs-1-in-the-middle-only", "a-long-name-that-differs-2-in-the-middle-only"]
    drawn = figures.conversion([row | {"variant": name} for name in names])
    assert drawn.layout.annotations[0].text == "Variant &lt;b&gt;x&lt;/b&gt;: 10.0\u00a0%"
    assert [trace.y[0] for trace in drawn.data] == [0, 1, 2]


def test_readers_share_a_look_and_a_failure_keeps_what_there_was() -> None:
    versions, loads = ["v1"], []

    def load(version: str) -> str:
        loads.append(version)
        if version == "broken":
            raise ValueError("half written")
        return version.upper()

    watched = Watched(Snapshots("x", lambda: versions[-1], load), every_seconds=0.05)
    readers = [threading.Thread(target=watched.now) for _ in range(8)]
    for each in readers:
        each.start()
    for each in readers:
        each.join()
    assert loads == ["v1"]
    versions.append("broken")
    threading.Event().wait(0.06)
    now = watched.now()
    assert now and (now.version, now.value, watched.error) == ("v1", "V1", "half written")


class Elsewhere(BaseHTTPRequestHandler):
    """A server that sends away, or says too much, or nothing in time."""

    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if "large" in self.path:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"x" * 1_000_000)
        else:
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_address[1]}/stolen")
            self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def elsewhere() -> Iterator[Config]:
    Elsewhere.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Config(GoldPlace("gold"), f"http://127.0.0.1:{server.server_address[1]}")
    server.shutdown()


def test_a_redirection_is_shown_and_not_followed(elsewhere: Config) -> None:
    assert api.ask(elsewhere, "/experiment/a/result?day=whole").status == 302
    assert Elsewhere.asked == ["/experiment/a/result?day=whole"]


def test_an_answer_without_end_is_cut(elsewhere: Config) -> None:
    assert len(api.ask(elsewhere, "/large").text) == api.MOST_BYTES


BEGUN = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n"


@pytest.mark.parametrize(
    ("sent", "stays_open", "said"),
    [
        (BEGUN + b"\r\nhalf of i", False, "the answer broke off"),
        (BEGUN + b"\r\nhalf of i", True, "no answer within"),
        (BEGUN + b"Content-Encoding: gzip\r\n\r\n" + b"x" * 100, False, "DecodeError: "),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhalf", False, "the answer broke off"),
    ],
)
def test_an_answer_that_breaks_off_stalls_or_cannot_be_read_is_said_in_words(
    sent: bytes, stays_open: bool, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "TIMEOUT_SECONDS", 0.5)
    is_asked = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(sent)
                if stays_open:
                    is_asked.wait(10)

        threading.Thread(target=answer, daemon=True).start()
        found = api.ask(Config(GoldPlace("gold"), f"http://127.0.0.1:{server.getsockname()[1]}"), "/experiments")
        is_asked.set()
    assert (found.status, found.text) == (0, "") and found.error.startswith(said)


def test_an_api_that_is_not_there_is_said_in_words() -> None:
    answer = api.ask(Config(GoldPlace("gold"), "http://127.0.0.1:9"), "/experiments")
    assert (answer.status, answer.error) == (0, "nothing answers there")


@pytest.mark.parametrize("name", ["../../admin", "a/b?x=1#y", "http://example.com/", "@example.com", DANGER])
def test_whatever_a_name_holds_it_stays_one_part_of_the_path(name: str, elsewhere: Config) -> None:
    api.ask(elsewhere, api.path_of(name, "result", day="whole"))
    (path,) = Elsewhere.asked
    assert path.startswith("/experiment/") and path.endswith("/result?day=whole") and path.count("/") == 3


def test_the_token_of_the_api_goes_with_the_question_and_is_shown_nowhere() -> None:
    config = replace(Config.from_environment(LOCAL), api_token="let me in")
    assert api._headers(config) == {"Authorization": "Bearer let me in"}
    assert "let me in" not in repr(config)


@pytest.mark.parametrize("page", [page for page in PAGES if page != "api"])
@pytest.mark.parametrize("experiment", WORLD.counts)
def test_every_page_draws_every_kind_of_experiment(
    page: str, experiment: str, warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDELINE_GOLD", str(warehouse))
    app = AppTest.from_file(str(MAIN), default_timeout=30)
    for name, value in {"page": page, "experiment": experiment, "day": "2021-08-01"}.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    assert (app.query_params["experiment"], app.query_params["page"]) == (experiment, page)
    assert not [each for each in app.markdown if experiment in str(each.value)]
