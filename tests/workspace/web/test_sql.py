"""The SQL box: rows, errors with their place, cancelling, cut results, a server that is not there or dies."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import psutil
import pytest
import requests
from pyspark.sql import SparkSession

from tests.workspace.bundle.bundles import write
from tests.workspace.control.conftest import FILES
from tests.workspace.web.conftest import Site, site_of
from tests.workspace.web.table_world import ENDLESS, SECRET, World, pieces, world
from tests.workspace.web.test_tables import table_of, words
from tideline.workspace.layout import Layout
from tideline.workspace.server import ServerAddress, state, stop_server


@pytest.fixture(scope="module")
def here(
    spark: SparkSession, spark_server: ServerAddress, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    with world(spark, spark_server, repository, tmp_path_factory.mktemp("home")) as found:
        yield found


def started(here: World, text: str, limit: int = 1000) -> str:
    """Run a statement from the form; the address of its page."""
    answer = here.post("/sql", q=text, limit=str(limit))
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def id_of(address: str) -> str:
    return parse_qs(urlsplit(address).query)["run"][0]


def result(here: World, text: str, limit: int = 1000) -> str:
    return here.pieces(f"/sql/{id_of(started(here, text, limit))}/follow")["result"]


def test_a_statement_gives_its_rows_with_names_and_types(here: World) -> None:
    html = result(here, "SELECT 1 AS one, 'a<b>' AS two, NULL AS three, timestamp'2023-06-01 00:00:00' AS four;")
    assert table_of(html) == [["1", "a<b>", "null", "2023-06-01 00:00:00"]]
    assert "1 row in" in words(html) and "one int" in words(html)


def test_a_text_in_the_address_stands_in_the_box_and_does_not_run(here: World) -> None:
    page = here.text(f"/sql?{urlencode({'q': 'DROP TABLE </textarea> x'})}")
    assert "DROP TABLE &lt;/textarea&gt; x</textarea>" in page and "data-stream" not in page


def test_the_page_of_a_statement_has_text_limit_and_rows_and_is_listed(here: World) -> None:
    address = started(here, "SELECT 'kept' AS word", 100)
    here.pieces(f"/sql/{id_of(address)}/follow")
    page = here.text(address)
    assert "SELECT &#39;kept&#39; AS word</textarea>" in page and '<option value="100" selected>' in page
    assert "kept" in table_of(page)[0] and "Latest statements" in page
    gone = here.text(address.replace(id_of(address), "00000000-0000-0000-0000-000000000000"))
    assert "not kept any more" in gone and "SELECT &#39;kept&#39; AS word</textarea>" in gone


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ("SELEC 1", 1, 1, "PARSE_SYNTAX_ERROR"),
        ("SELECT 1,\n  nothing_here", 2, 3, "UNRESOLVED_COLUMN"),
        ("SELECT *\nFROM no_such_table", 2, 6, "TABLE_OR_VIEW_NOT_FOUND"),
    ],
)
def test_an_error_is_shown_with_its_place(here: World, text: str, line: int, column: int, said: str) -> None:
    html = result(here, text)
    assert f"Line {line}, column {column}" in html and said in html and "Traceback" not in html
    excerpt = html.partition("<pre")[2].partition(">")[2].partition("</pre>")[0]
    assert excerpt == f"{text.splitlines()[line - 1]}\n{' ' * (column - 1)}^"


def test_an_error_while_it_runs_is_shown(here: World) -> None:
    html = result(here, "SELECT raise_error('enough <b>')")
    assert "enough &lt;b&gt;" in html and "SparkRuntimeException" not in html.partition("enough")[0]


def test_a_large_result_is_cut_with_a_note_and_stands_page_by_page(here: World) -> None:
    address = started(here, "SELECT id FROM range(100000)", 1000)
    html = here.pieces(f"/sql/{id_of(address)}/follow")["result"]
    assert "The result was cut here" in html and len(table_of(html)) == 100 and "rows 1 to 100" in words(html)
    assert table_of(here.text(f"{address}&part=10").partition('id="result"')[2])[-1] == ["999"]
    assert table_of(here.text(f"{address}&part=99999").partition('id="result"')[2])[-1] == ["999"]


def test_a_result_of_many_bytes_is_cut_too(here: World) -> None:
    html = result(here, "SELECT repeat('x', 1000000) FROM range(100)", 100)
    assert "The result was cut here" in html and len(html) < 100_000


def test_the_download_has_all_rows_uncut_and_no_secrets(here: World) -> None:
    address = started(here, f"SELECT *, 'a,\"b\"' FROM `{here.prefix}strange`.`things` ORDER BY n")
    here.pieces(f"/sql/{id_of(address)}/follow")
    answer = here.get(f"/sql/{id_of(address)}/rows.csv")
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert answer.headers["content-disposition"] == 'attachment; filename="rows.csv"'
    assert rows[1] == ["", "", 'a,"b"'] and len(rows[3][0]) == 5000 and rows[4][0] == "[REDACTED]"


def test_secrets_are_left_out_of_rows_and_errors(here: World) -> None:
    assert SECRET not in result(here, f"SELECT '{SECRET}' AS found")
    assert SECRET not in result(here, f"SELECT raise_error('{SECRET}')")


def test_a_long_statement_is_cancelled(here: World) -> None:
    address = started(here, ENDLESS)
    with here.visitor.get(f"{here.site.host}/sql/{id_of(address)}/follow", stream=True, timeout=60) as answer:
        lines = answer.iter_lines(decode_unicode=True)  # one iterator: another would lose what this one has read ahead
        assert any("Running" in line for line in lines)
        assert here.post(f"/sql/{id_of(address)}/cancel").status_code == 204
        assert any("Cancelled after" in line for line in lines)
    assert "Cancelled after" in here.text(address)


def test_a_long_statement_goes_on_when_its_page_is_left(here: World) -> None:
    address = started(here, "SELECT count(*) FROM range(300000000) WHERE id % 3 = 0")
    with here.visitor.get(f"{here.site.host}/sql/{id_of(address)}/follow", stream=True, timeout=60) as answer:
        next(answer.iter_lines())
    assert "100000000" in here.pieces(f"/sql/{id_of(address)}/follow")["result"]


@pytest.mark.parametrize(
    ("form", "said"),
    [({"q": " "}, "there is no statement"), ({"q": "SELECT 1", "limit": "5"}, "the limit is `5`"), ({}, "there is no statement")],
)
def test_what_is_wrong_with_a_form_is_said(here: World, form: dict[str, str], said: str) -> None:
    answer = here.post("/sql", **form)
    assert answer.status_code == 400 and said in answer.text


def test_statements_that_are_not_known_are_no_page(here: World) -> None:
    for path in ("/sql/nothing/follow", "/sql/nothing/rows.csv", "/sql/..%2f..%2fsecrets/rows.csv"):
        assert here.get(path).status_code in (400, 404)


def test_a_form_of_more_than_a_megabyte_is_refused(site: Site) -> None:
    large = f"q=SELECT+1&limit=100&more={'x' * 1_000_000}"
    answer = site.visitor().post(f"{site.host}/sql", data=large, headers={"Origin": site.host}, timeout=60)
    assert answer.status_code == 413 and "larger than a megabyte" in answer.text


def test_without_a_server_pages_answer_and_say_what_is_missing(tmp_path: Path) -> None:
    root = write(tmp_path, FILES)
    with site_of(root, "--remote", "sc://127.0.0.1:1") as site:  # written as the client takes it, or it retries for minutes
        visitor = site.visitor()
        for path in ("/", "/tables", "/sql?q=SELECT+1", "/tables/a/b", "/tables/a/b/preview"):
            assert visitor.get(site.host + path, timeout=20).status_code == 200
        for path in ("/tables/a/b/ask/preview", "/tables/-/elsewhere"):
            assert "no Spark server answers at sc://localhost:1" in " ".join(pieces(visitor, site.host + path).values())


@pytest.mark.deep
def test_a_server_that_dies_is_said_and_the_next_statement_starts_one(tmp_path: Path) -> None:
    root = write(tmp_path, FILES)
    try:
        with site_of(root) as site:
            visitor = site.visitor()
            assert "1 row in" in words(_run(site, visitor, "SELECT 1", kill=None))
            assert "the Spark server ended" in words(_run(site, visitor, ENDLESS, kill=Layout(root)))
            assert visitor.get(f"{site.host}/tables", timeout=20).status_code == 200
            assert "1 row in" in words(_run(site, visitor, "SELECT 1", kill=None))
    finally:
        stop_server(Layout(root))


def _run(site: Site, visitor: requests.Session, text: str, *, kill: Layout | None) -> str:
    """The result of a statement; the server of `kill` is killed while it runs."""
    headers = {"Origin": site.host}
    answer = visitor.post(f"{site.host}/sql", {"q": text, "limit": "100"}, headers=headers, timeout=60, allow_redirects=False)
    url = f"{site.host}/sql/{id_of(answer.headers['location'])}/follow"
    if kill is not None:
        with visitor.get(url, stream=True, timeout=240) as running:
            assert any("Running" in line for line in running.iter_lines(decode_unicode=True))
        time.sleep(1)
        known = state.read(kill)
        assert known is not None
        psutil.Process(known.pid).kill()
    return pieces(visitor, url)["result"]
