"""Which model answers, where, for how much and how fast: the defaults, and what a run's widgets may change."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from utils.environment import is_loopback
from utils.errors import SettingsError

BASE_URL = "https://api.openai.com/v1"
MODEL = "gpt-4o-mini"
# What the provider's price list says of this model, USD per million tokens.
PRICES = {"input_price": 0.15, "output_price": 0.60}


@dataclass(frozen=True)
class Endpoint:
    """An endpoint that speaks the chat-completions protocol, and the limits that calls to it keep.

    `chunk_tokens` is a bound for the data of one call; the instructions come on top. Prices are USD per million tokens.
    Raises SettingsError for values that cannot be meant, and for an address to which a key would travel readable.
    """

    base_url: str = BASE_URL
    model: str = MODEL
    input_price: float = PRICES["input_price"]
    output_price: float = PRICES["output_price"]
    max_concurrent: int = 8
    requests_per_minute: int = 300
    chunk_tokens: int = 16_000
    answer_tokens: int = 2_000
    timeout_seconds: float = 60
    max_attempts: int = 5
    backoff_seconds: float = 0.5
    most_wait_seconds: float = 120
    is_json_asked: bool = True  # some servers refuse `response_format`

    def __post_init__(self) -> None:
        address = urlsplit(self.base_url)
        is_private = address.scheme == "https" or (address.scheme == "http" and is_loopback(address.hostname or ""))
        if not is_private or not address.hostname:
            raise SettingsError("widget `base_url`", f"`{self.base_url}`", expected="an https address, or http on this machine")
        if not self.model.strip():
            raise SettingsError("widget `model`", "no model", expected="the name that the endpoint knows it by")
        for name in ("max_concurrent", "requests_per_minute", "max_attempts", "answer_tokens"):
            if getattr(self, name) < 1:
                raise SettingsError(f"widget `{name}`", f"{getattr(self, name)}", expected="at least 1")
        if self.chunk_tokens < LEAST_CHUNK:
            raise SettingsError("setting `chunk_tokens`", f"{self.chunk_tokens}", expected=f"at least {LEAST_CHUNK}")
        if min(self.input_price, self.output_price) < 0:
            raise SettingsError("widgets of prices", "a price below zero", expected="USD per million tokens")

    def usd(self, tokens_in: int, tokens_out: int) -> float:
        """What tokens cost."""
        return (tokens_in * self.input_price + tokens_out * self.output_price) / 1e6

    @property
    def part_tokens(self) -> int:
        """A bound for the answer about a part: two of them fit into one call, so that joining always ends."""
        return self.chunk_tokens // 2 - 1


def price_of(model: str, widget: str, given: float | None) -> float:
    """The given price, or the known one of the default model; SettingsError for another: a budget needs its own model's."""
    if given is None and model != MODEL:
        raise SettingsError(
            f"widget `{widget}`", f"no price of `{model}`", expected="USD per million tokens",
            hint="The budget is counted by it. A model that costs nothing has the price 0.",
        )  # fmt: skip
    return PRICES[widget] if given is None else given


# The longest comment has 4,000 bytes, and a few for its number.
LEAST_CHUNK = 4_200
