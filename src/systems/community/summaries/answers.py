"""What an answer must be to be used: its shape, plausible counts, no markup, nothing of the instructions."""

from __future__ import annotations

import json
import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from systems.community.summaries.prompts import Prompt

FENCED = re.compile(r"\A\s*```(?:json)?\s*\n(.*)\n```\s*\Z", re.DOTALL)
MARKUP = re.compile(r"https?:|www\.|</?[a-z!]|\]\(|```", re.IGNORECASE)
SENTIMENTS = ("positive", "negative", "neutral", "mixed")

Short = Annotated[str, Field(min_length=1, max_length=40)]


class BadAnswer(Exception):
    """An answer that cannot be used. Its text is for the model too: it holds nothing of the answer."""


class Request(BaseModel):
    """Something that comments ask for, and how many do."""

    model_config = ConfigDict(extra="forbid", strict=True)
    request: str = Field(min_length=1, max_length=200)
    n_comments: int = Field(ge=1)


class Answer(BaseModel):
    """A summary of comments, as a model has to give it."""

    model_config = ConfigDict(extra="forbid", strict=True)
    summary: str = Field(min_length=1, max_length=900)
    keywords: list[Short] = Field(max_length=8)
    sentiment: Literal["positive", "negative", "neutral", "mixed"]
    requests: list[Request] = Field(max_length=8)

    @property
    def texts(self) -> list[str]:
        """Every text in it."""
        return [self.summary, *self.keywords, *(each.request for each in self.requests)]

    def line(self, n_comments: int) -> str:
        """The answer as one line of JSON for the next question, with the number of its comments."""
        return json.dumps({"n_comments": n_comments, **self.model_dump()}, ensure_ascii=False)


def usable(text: str, prompt: Prompt, *, n_comments: int, most_count: int, most_tokens: int) -> Answer:
    """The answer in `text`; BadAnswer says why there is none.

    `most_count` is the greatest plausible number of comments with one request, `most_tokens` what the answer's line may have.
    """
    answer = _shaped(text)
    for request in answer.requests:
        if request.n_comments > most_count:
            raise BadAnswer(f"a request has more comments than there can be: {most_count}")
    if any(MARKUP.search(each) for each in answer.texts):
        raise BadAnswer("links and markup are not allowed")
    if prompt.leak_in(answer.texts):
        raise BadAnswer("it is not about the comments")
    if len(answer.line(n_comments).encode()) >= most_tokens:
        raise BadAnswer("it is too long: use fewer words")
    return answer


def _shaped(text: str) -> Answer:
    fenced = FENCED.match(text)
    try:
        return Answer.model_validate_json(fenced[1] if fenced else text)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
        raise BadAnswer("; ".join(_said(each["loc"], each["type"], each["msg"]) for each in found[:5])) from None


def _said(place: tuple[int | str, ...], kind: str, message: str) -> str:
    """Where and what; a name that the model invented is not repeated."""
    if kind == "json_invalid":
        return "it is not valid JSON"
    if kind == "extra_forbidden":
        return "there is a field that was not asked for"
    known = ".".join(str(step) for step in place)
    return f"{known or 'the whole'}: {message}"
