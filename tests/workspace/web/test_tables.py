"""The pages of tables over real Delta tables: what stands on them, what is masked, what Spark adds."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import psutil
import pytest
import requests
from pyspark.sql import SparkSession

from tests.workspace.web.conftest import Site
from tests.workspace.web.table_world import DANGER, SECRET, World, world
from tideline.workspace.server import ServerAddress

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def here(
    spark: SparkSession, spark_server: ServerAddress, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    with world(spark, spark_server, repository, tmp_path_factory.mktemp("home")) as found:
        yield found


def words(html: str) -> str:
    """What a reader sees, with one space between parts."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def table_of(html: str) -> list[list[str]]:
    """The body of the first table, cell by cell."""
    body = html.partition("<tbody>")[2].partition("</tbody>")[0]
    rows = re.findall(r"<tr.*?</tr>", body, re.DOTALL)
    return [[words(cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)] for row in rows]


def test_the_catalogue_lists_every_table_with_what_a_row_is(here: World) -> None:
    page = here.text("/tables")
    assert f'href="{here.users}"' in page and "one row per user" in page
    assert f'href="/tables/{here.prefix}strange/things"' in page
    assert "not made yet" in words(page)  # what is declared and has no folder


def test_the_catalogue_is_filtered_by_name_and_grain(here: World) -> None:
    found = here.text(f"/tables?find={here.prefix}STRANGE")
    assert re.findall(r'<li data-leaf="([^ "]+)', found) == [f"{here.prefix}strange.things"]
    assert "No table's name or grain holds" in words(here.text("/tables?find=nowhere-at-all"))


def test_columns_stand_with_type_meaning_key_and_what_is_personal(here: World) -> None:
    rows = table_of(here.text(here.users))
    assert rows[0] == ["id_oid key personal", "string", "Id of the user."]
    assert rows[1] == ["country", "string", "Where <b>they</b> live."]
    assert rows[3] == ["standing personal", "struct<is_patron: boolean, cents: bigint>", ""]  # undeclared: nobody said what it is
    assert rows[5] == ["_run_id", "string", ""]


def test_the_history_says_what_each_commit_changed(here: World) -> None:
    rows = table_of(here.text(f"{here.users}/history"))
    assert [row[0] for row in rows] == ["2", "1", "0"]
    assert [row[2:6] for row in rows] == [
        ["MERGE", "1", "1", "1"], ["WRITE mode: Append", "3", "", ""], ["CREATE TABLE", "", "", ""],
    ]  # fmt: skip
    assert [row[0] for row in table_of(here.text(f"{here.users}/history?before=2"))] == ["1", "0"]


def test_a_preview_masks_personal_and_undeclared_columns_and_says_so(here: World) -> None:
    preview = here.pieces(f"{here.users}/ask/preview")["preview"]
    assert "Masked: id_oid, n_posts, standing, nickname." in words(preview)
    assert sorted(table_of(preview)) == [
        ["masked", "AT", "masked", "null", "masked", "r1"], ["masked", "CH", "masked", "masked", "masked", "r1"],
        ["masked", "IT", "masked", "null", "null", "r2"],
    ]  # fmt: skip
    assert "Personal columns are masked" in words(here.text(f"{here.users}/preview"))


def test_personal_data_is_shown_when_it_is_asked_for_and_the_page_says_so(here: World) -> None:
    assert "Personal data is shown" in words(here.text(f"{here.users}/preview?personal=shown"))
    preview = here.pieces(f"{here.users}/ask/preview?personal=shown")["preview"]
    assert ["anna-id", "CH", "1", '{"is_patron":true,"cents":500}', "anna", "r1"] in table_of(preview)


def test_a_preview_of_an_old_version_has_its_rows_and_their_count(here: World) -> None:
    countries = {row[1] for row in table_of(here.pieces(f"{here.users}/ask/preview?version=1")["preview"])}
    assert countries == {"DE", "FR", "AT"}
    assert words(here.pieces(f"{here.users}/ask/count?version=0")["count"]) == "0 rows"


def test_changed_rows_stand_side_by_side_with_the_changed_cell_marked(here: World) -> None:
    changes = here.pieces(f"{here.users}/ask/changes?version=2")["changes"]
    assert [row[:3] for row in table_of(changes)] == [
        ["before", "masked", "DE"], ["after", "masked", "CH"], ["deleted", "masked", "FR"], ["inserted", "masked", "IT"],
    ]  # fmt: skip
    assert re.findall(r'changed">([^<]*)<', changes) == ["DE", "CH"]


def test_lineage_leads_both_ways_below_the_same_prefix(here: World) -> None:
    page = here.text(f"{here.users}/lineage")
    assert f'href="/tables/{here.prefix}community_raw/users"' in page
    assert f'href="/tables/{here.prefix}community_gold/users_by_country"' in page
    assert 'aria-current="page"><g class="box of-bronze"' in page


def test_the_run_log_is_that_of_the_table_newest_first(here: World) -> None:
    runs = here.pieces(f"{here.users}/ask/runs")["runs"]
    assert [row[:3] for row in table_of(runs)] == [
        ["2023-06-02 06:00:00", "run", "failed"], ["2023-06-01 06:00:00", "run", "written"],
    ]  # fmt: skip
    assert "CheckFailed: &lt;b&gt;no&lt;/b&gt;" in runs


def test_checks_stand_with_what_they_found_last(here: World, spark: SparkSession) -> None:
    votes = f"/tables/{here.prefix}community_silver/votes"
    assert "the poll exists" in words(here.text(f"{votes}/checks"))
    for day, broken in ((1, 7), (2, 4)):
        spark.sql(f"""INSERT INTO `{here.prefix}ops`.`checks` VALUES
            ('r', 'community', 'silver.votes', 'the poll exists', 'info', 20, {broken}, timestamp'2023-06-0{day} 06:00:00')""")
    found = here.pieces(f"{votes}/ask/checks")
    row = next(row for row in table_of(found["checks"]) if row[0] == "the poll exists")
    assert row[1:5] == ["info", "20", "4", "2023-06-02 06:00:00"]
    assert words(found["judged"]) == ""


def test_the_quarantine_counts_by_rule_and_masks_the_records(here: World) -> None:
    counts = table_of(here.pieces(f"{here.users}/ask/quarantine")["quarantine"])
    assert [row[:4] for row in counts] == [["bronze.users", "id is known", state, "1"] for state in ("open", "replayed")]
    rows = here.pieces(f"{here.users}/ask/quarantined")["quarantined"]
    assert "anna-said" not in rows and "Masked: record." in words(rows)
    assert "anna-said" in here.pieces(f"{here.users}/ask/quarantined?personal=shown")["quarantined"]
    whole = table_of(here.pieces(f"/tables/{here.prefix}community_raw/quarantine/ask/quarantine")["quarantine"])
    assert {row[0] for row in whole} == {"bronze.users", "bronze.votes"}


def test_a_view_is_found_and_described_by_spark(here: World) -> None:
    cursors = f"/tables/{here.prefix}ops/cursors"
    assert f'href="{cursors}"' in here.pieces("/tables/-/elsewhere")["elsewhere"]
    assert "ask/columns" in here.text(f"{cursors}?ask=true")
    assert ["table_name", "string"] in [row[:2] for row in table_of(here.pieces(f"{cursors}/ask/columns")["columns"])]


def test_names_values_and_comments_are_shown_and_run_nothing(here: World) -> None:
    strange = f"/tables/{here.prefix}strange/things"
    for html in (here.text(strange), here.pieces(f"{strange}/ask/preview")["preview"]):
        assert "document.title=" in words(html) and "<script>document" not in html and "<img" not in html


def test_long_values_are_cut_and_secrets_are_left_out(here: World) -> None:
    preview = here.pieces(f"/tables/{here.prefix}strange/things/ask/preview")["preview"]
    assert "… (5,000 characters)" in preview and len(preview) < 5000
    assert SECRET not in preview and "[REDACTED]" in preview and DANGER not in preview


@pytest.mark.parametrize("path", ["..", "%2e%2e", "a.b", "a%60b", "a%20b", "%C3%A9", "a'--"])
@pytest.mark.parametrize("below", ["", "/preview", "/history/1", "/ask/preview", "/ask/changes?version=1"])
def test_what_is_no_name_of_a_table_is_no_page(here: World, path: str, below: str) -> None:
    for address in (f"/tables/{path}/users{below}", f"/tables/{here.prefix}community_bronze/{path}{below}"):
        request = requests.Request("GET", here.site.host, cookies=here.visitor.cookies).prepare()
        request.url = here.site.host + address
        assert here.visitor.send(request, timeout=60).status_code == 404, address


@pytest.mark.parametrize("query", ["version=-1", "version=x", f"version={10**25}", "version=1;drop"])
def test_what_is_no_version_is_refused(here: World, query: str) -> None:
    assert here.get(f"{here.users}/ask/preview?{query}").status_code == 400


def test_a_version_that_is_not_there_is_an_error_on_its_page(here: World) -> None:
    assert "The log has no version 99" in words(here.text(f"{here.users}/history/99"))
    assert "99" in words(here.pieces(f"{here.users}/ask/preview?version=99")["preview"])


def test_a_count_stops_when_its_page_is_left(here: World, spark: SparkSession) -> None:
    endless = "SELECT a.id FROM range(10000000000000) a JOIN range(10) b ON a.id % 7 = b.id"
    spark.sql(f"CREATE VIEW `{here.prefix}strange`.`endless` AS {endless}")
    url = f"{here.site.host}/tables/{here.prefix}strange/endless/ask/count"
    with here.visitor.get(url, stream=True, timeout=60) as answer:
        for line in answer.iter_lines(decode_unicode=True):
            if "Counting rows" in line:
                statement = re.findall(r"/sql/([0-9a-f-]+)/cancel", line)[0]
                break
    assert _state(here.site, statement, until="CANCELED") == "CANCELED"


def test_pages_without_spark_cost_little(here: World) -> None:
    """Processor time, which a busy machine does not stretch; a page is answered in less than 100 ms with room to spare."""
    commands = {each: each.cmdline() for each in psutil.Process().children()}
    (process,) = [each for each, words in commands.items() if str(here.site.root) in words and "ui" in words]
    paths = ["/tables", here.users, f"{here.users}/history", f"{here.users}/lineage", f"{here.users}/checks", "/sql"]
    for path in paths:
        here.text(path)
    before = sum(process.cpu_times()[:2])
    for path in paths * 5:
        here.text(path)
    assert (sum(process.cpu_times()[:2]) - before) / (len(paths) * 5) < 0.05


def _state(site: Site, statement: str, *, until: str) -> str:
    headers = {"Authorization": f"Bearer {site.token}"}
    limit, state = time.monotonic() + 60, ""
    while state != until and time.monotonic() < limit:
        answer = requests.get(f"{site.host}/api/2.0/sql/statements/{statement}", headers=headers, timeout=20)
        state = str(answer.json()["status"]["state"])
        time.sleep(0.1)
    return state
