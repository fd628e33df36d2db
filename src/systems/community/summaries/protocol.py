"""What an endpoint's answer must hold to be read: the client library builds its object from anything that is JSON."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class _Part(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class _Message(_Part):
    content: str | None = None


class _Choice(_Part):
    message: _Message
    finish_reason: str | None = None


class Counted(_Part):
    """Tokens, as far as they are told."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class Completion(_Part):
    """An answer: one text at least, and what it used, as far as the endpoint says."""

    choices: list[_Choice] = Field(min_length=1)
    usage: Counted | None = None


def completion_of(answer: object) -> Completion:
    """Raises pydantic's ValidationError for what is no answer: a page, a bare text or list, an error in a 200."""
    return Completion.model_validate(answer)
