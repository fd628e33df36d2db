"""Redaction in documents of JSON: the quick look passes over no text that the thorough one would change."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from tideline.workspace.notebook.redact import MARK, Redactor

ODD = st.text(alphabet='ab"\\\n\x01é€\U0001f600/<&\x7f', min_size=1, max_size=6)


@given(secret=ODD, before=ODD, after=ODD)
def test_a_document_that_holds_a_secret_is_looked_through(secret: str, before: str, after: str) -> None:
    redact, text = Redactor([secret]), before + secret + after
    if redact.text(text) != text:
        assert redact.is_needed_for(json.dumps({"data": [text]}, ensure_ascii=False))


def test_a_document_without_one_is_not() -> None:
    assert not Redactor(["open-sesame"]).is_needed_for('{"data": ["open", "sesame"]}')


def test_where_nobody_knows_the_secrets_no_text_is_left() -> None:
    redact = Redactor.of_everything()
    assert (redact.text("line\nline"), redact.text(""), redact.is_needed_for("{}")) == (MARK, "", True)
