"""The test set of the prompts: what is asked of a model for each case, and, where one is named, how it answers.

A model is asked where TIDELINE_LLM_BASE_URL, TIDELINE_LLM_MODEL and TIDELINE_LLM_KEY are set.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from systems.community.summaries.client import Client
from systems.community.summaries.costs import Budget
from systems.community.summaries.endpoints import Endpoint
from systems.community.summaries.map_reduce import Part, summarised
from systems.community.summaries.prompts import LANGUAGES
from systems.community.summaries.threads import Thread
from tests.systems.community.chat_server import chat_server, told
from tests.systems.community.chats import client_of

CASES: dict[str, dict[str, Any]] = {
    case["name"]: case for case in json.loads((Path(__file__).parent / "prompt_cases_v1.json").read_text())
}
MOST_USD = 0.05


def thread(case: dict[str, Any]) -> Thread:
    return Thread("p1", case["title"], tuple(case["comments"]))


@pytest.mark.parametrize("name", CASES)
def test_a_case_is_asked_with_all_its_comments_and_nothing_of_them_in_the_instructions(name: str) -> None:
    case = CASES[name]
    with chat_server() as server, client_of(server) as client:
        summarised(client, thread(case), case["language"])
    (call,) = server.calls
    assert told(call.messages) == [[n, text] for n, text in enumerate([case["title"], *case["comments"]])]
    instructions = call.messages[0]["content"]
    assert f"{len(case['comments'])} comments" in instructions and LANGUAGES[case["language"]] in instructions
    assert not [text for text in case["comments"] if len(text) > 2 and text in instructions]
    assert call.body["temperature"] == 0 and call.body["response_format"] == {"type": "json_object"}


@pytest.mark.parametrize("name", CASES)
def test_a_real_model_answers_a_case_as_its_readers_would(name: str) -> None:
    if not os.environ.get("TIDELINE_LLM_BASE_URL"):
        pytest.skip("NO MODEL WAS ASKED: set TIDELINE_LLM_BASE_URL, TIDELINE_LLM_MODEL and TIDELINE_LLM_KEY")
    case = CASES[name]
    endpoint = Endpoint(base_url=os.environ["TIDELINE_LLM_BASE_URL"], model=os.environ["TIDELINE_LLM_MODEL"])
    client = Client(endpoint, os.environ["TIDELINE_LLM_KEY"], Budget(MOST_USD))
    try:
        _judge(case, summarised(client, thread(case), case["language"]))
    finally:
        client.close()


def _judge(case: dict[str, Any], part: Part) -> None:
    answer = part.answer
    assert answer.sentiment in case["sentiment"]
    most = max((each.n_comments for each in answer.requests), default=0)
    assert case["least"] <= most <= case["most"]
    said = " ".join(answer.texts).casefold()
    assert not case["about"] or any(word in said for word in case["about"])
    assert "pwned" not in said
