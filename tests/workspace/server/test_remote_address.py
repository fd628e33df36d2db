"""The address of a server of elsewhere, as a person writes it; nothing here needs Spark."""

from __future__ import annotations

import socket
import threading

import pytest

from tideline.commands.hidden import without_tokens
from tideline.workspace.errors import ServerError
from tideline.workspace.server import ServerAddress
from tideline.workspace.server.remote import check_server, remote_address

ID = "6f9f2a54-0c1f-4c35-8f8a-000000000001"


@pytest.mark.parametrize(
    ("text", "remote", "token"),
    [
        ("sc://spark.example.com:443/;use_ssl=true", "sc://spark.example.com:443/;use_ssl=true", "given"),
        ("sc://h/;token=a%2Fb;use_ssl=true;", "sc://h:15002/;use_ssl=true", "a/b"),
        ("sc://h:1/;use_ssl=TRUE;x-cluster-id=7", "sc://h:1/;use_ssl=true;x-cluster-id=7", "given"),
        ("sc://127.0.0.1:15002", "sc://localhost:15002", "given"),
        ("sc://localhost/;token=own", "sc://localhost:15002", "own"),
        ("sc://localhost:9/;use_ssl=true;session_id=x", "sc://localhost:9/;use_ssl=true", "given"),
    ],
)
def test_an_address_is_read_and_its_token_kept_apart(text: str, remote: str, token: str) -> None:
    found = remote_address(text, "given")
    assert (found.remote, found.token) == (remote, token)
    assert token not in repr(found)


@pytest.mark.parametrize("text", ["http://h:1", "sc://", "sc://h:1/path", "sc://h:port", "sc://h:1/;token=hush;odd", "sc://a b"])
def test_what_is_no_address_is_refused_without_its_token(text: str) -> None:
    with pytest.raises(ServerError, match="is no address of a Spark Connect server") as error:
        remote_address(text)
    assert "hush" not in str(error.value)


def test_a_token_travels_to_another_machine_encrypted_or_not_at_all() -> None:
    for text in ("sc://spark.example.com:15002", "sc://10.0.0.7/;use_ssl=false;token=hush"):
        with pytest.raises(ServerError, match="would travel to .* unencrypted .*use_ssl=true") as error:
            remote_address(text, "hush")
        assert "hush" not in str(error.value)
    assert remote_address("sc://spark.example.com:15002").token == ""


def test_a_session_is_named_beside_what_the_address_says() -> None:
    assert ServerAddress("sc://h:1", "").for_session(ID) == f"sc://h:1/;session_id={ID}"
    assert ServerAddress("sc://h:1/;use_ssl=true", "").for_session(ID) == f"sc://h:1/;use_ssl=true;session_id={ID}"
    assert ServerAddress("sc://h:1/;use_ssl=true", "").is_tls
    assert not ServerAddress("sc://h:1/;a=use_ssl=true", "").is_tls


def test_no_token_stays_on_a_command_line() -> None:
    command = ["tideline", "--remote", "sc://h:1/;token=a%20b;use_ssl=true", "run", "a", "--param", "token=mine"]
    clean = ["tideline", "--remote", "sc://h:1/;use_ssl=true", "run", "a", "--param", "token=mine"]
    assert without_tokens(command) == (clean, "a b")
    assert without_tokens(["tideline", "--remote=sc://h:1/;token=x"]) == (["tideline", "--remote=sc://h:1/"], "x")
    assert without_tokens(["tideline", "run"]) == (["tideline", "run"], "")


def test_where_nothing_listens_it_is_said_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ServerError, match=rf"no Spark server answers at sc://localhost:{port}: .*refused"):
        check_server(remote_address(f"sc://localhost:{port}"))


def test_another_service_is_not_taken_for_spark() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        def answer() -> None:
            for _ in range(2):
                connection, _ = other.accept()
                connection.recv(1024)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                connection.close()

        serving = threading.Thread(target=answer, daemon=True)
        serving.start()
        with pytest.raises(ServerError, match="is no Spark Connect server .*use_ssl=true"):
            check_server(remote_address(f"sc://localhost:{port}"))
        with pytest.raises(ServerError, match="does not speak TLS"):
            check_server(remote_address(f"sc://localhost:{port}/;use_ssl=true"))
        serving.join(10)
