"""The shop's experiments: which events each tags, how often, with which variants."""

from __future__ import annotations

from dataclasses import dataclass

SEARCH, PRODUCT, CHECKOUT_1, CHECKOUT_2, CHECKOUT_3, BUY = (
    "SEARCH",
    "PRODUCT",
    "CHECKOUT_1",
    "CHECKOUT_2",
    "CHECKOUT_3",
    "BUY",
)
STEPS = (SEARCH, PRODUCT, CHECKOUT_1, CHECKOUT_2, CHECKOUT_3, BUY)
DEFAULT = "DEFAULT"


@dataclass(frozen=True)
class Experiment:
    """`tagged` is the share of events of each kind that carry the experiment; `contaminated` the share of its users
    who see two variants."""

    name: str
    tagged: dict[str, float]
    variants: tuple[str, ...]
    weights: tuple[float, ...] = ()
    contaminated: float = 0.0

    @property
    def shares(self) -> tuple[float, ...]:
        return self.weights or tuple(1 / len(self.variants) for _ in self.variants)


@dataclass(frozen=True)
class TrueEffect:
    """What the generator put into the data: users of `better` buy `ratio` times as often as those of `worse`."""

    experiment: str
    better: str
    worse: str
    ratio: float


TRUE_EFFECT = TrueEffect("item/delivery-promise", better="8102", worse="8101", ratio=2.0)


def _search(
    name: str, share: float, *variants: str, weights: tuple[float, ...] = (), contaminated: float = 0.0
) -> Experiment:
    return Experiment(name, {SEARCH: share}, variants, weights, contaminated)


def _product(
    name: str, share: float, *variants: str, weights: tuple[float, ...] = (), contaminated: float = 0.0
) -> Experiment:
    return Experiment(name, {PRODUCT: share}, variants, weights, contaminated)


RARE = (0.996, 0.004)

# 47 experiments with 76 variants, as many as a shop of this size runs; three of them have names without a slash.
EXPERIMENTS = (
    Experiment("basket/address-book", {CHECKOUT_2: 0.67, CHECKOUT_3: 1.0, BUY: 0.85}, ("7301",)),
    Experiment("basket/card-vault", {BUY: 0.03}, ("7302",)),
    Experiment("basket/journey", {CHECKOUT_1: 1.0, CHECKOUT_2: 1.0, CHECKOUT_3: 1.0, BUY: 1.0}, ("7303",)),
    Experiment("basket/one-page", {CHECKOUT_1: 0.76, CHECKOUT_2: 0.001}, ("7304",)),
    Experiment("consentNotice", {SEARCH: 0.998, PRODUCT: 0.998}, (DEFAULT, "7401"), RARE, 0.003),
    Experiment("assets/edge-home", {SEARCH: 1.0, PRODUCT: 0.0005}, (DEFAULT,)),
    Experiment("find/no-badges", {SEARCH: 0.83, PRODUCT: 0.62}, ("7501", DEFAULT), (0.9995, 0.0005), 0.004),
    _search("assets/edge-abroad", 1.0, DEFAULT),
    _search("find/sort-rules", 0.99, "7502", "7503", "7504", contaminated=0.035),
    _search("find/filter-order", 1.0, "7505", DEFAULT, weights=(0.9995, 0.0005)),
    _search("find/favourites-first", 0.45, "7506", "7507", contaminated=0.023),
    _search("find/favourites-local", 0.45, "7508", DEFAULT, weights=(0.9995, 0.0005), contaminated=0.0004),
    _search("find/behaviour", 0.014, "7509", "7510", weights=(0.56, 0.44)),
    _search("find/map", 0.02, "7511"),
    _search("find/motors", 0.1, "7512", "7513", weights=(0.42, 0.58), contaminated=0.017),
    _search("find/grouping", 0.24, "7514"),
    _search("find/homes-layout", 0.02, "7515", "7516", weights=(0.45, 0.55), contaminated=0.004),
    _search("rank/anti-boost", 0.78, "7601"),
    _search("rank/item-standing", 0.99, "7602"),
    _search("rank/official-boost", 0.037, "7603", "7604", contaminated=0.005),
    _search("rank/suggested", 1.0, "7605", "7606", contaminated=0.027),
    _search("rank/seller-standing", 0.99, "7607", "7608", weights=(0.2, 0.8), contaminated=0.015),
    _search("ads/boost", 0.37, "7701"),
    _search("ads/list-rules", 0.36, "7702"),
    _search("ads/slots", 0.37, "7703", "7704", weights=(0.98, 0.02), contaminated=0.001),
    _search("ads/show-global", 0.37, "7705", "7706", weights=(0.02, 0.98), contaminated=0.002),
    _search("ads/show-list", 0.37, "7707", "7708", weights=(0.02, 0.98), contaminated=0.001),
    _search("prism/official", 0.0013, "7709"),
    _product("item/delivery-promise", 0.69, "8101", "8102", contaminated=0.02),
    _product(
        "item/carousel-top", 0.69, "8103", "8104", DEFAULT, weights=(0.517, 0.482, 0.001), contaminated=0.034
    ),
    _product("item/seller-hint", 0.83, "8105"),
    _product("item/shipping-modal", 0.74, "8106", DEFAULT, weights=RARE, contaminated=0.005),
    _product("item/message-box", 0.88, "8107", DEFAULT, weights=RARE, contaminated=0.006),
    _product("item/services-quote", 0.0006, DEFAULT),
    _product("item/plain-words", 0.0006, "8108", "8109"),
    _product("page/reviews-flat", 0.33, "8201", DEFAULT, weights=RARE, contaminated=0.003),
    _product("page/returns", 0.55, "8202", DEFAULT, weights=RARE, contaminated=0.005),
    _product("page/compatibility", 0.0007, "8203"),
    _product("page/only-basket", 0.002, "8204"),
    _product("page/services-hire", 0.0012, "8205", "8206", weights=(0.85, 0.15)),
    _product("page/services-quote", 0.0013, "8207", "8208", weights=(0.25, 0.75), contaminated=0.1),
    _product("page/homes", 0.034, "8209"),
    _product("page/homes-new", 0.0003, "8210"),
    _product("find/trends", 0.15, "8301"),
    _product("stores/calm-transition", 0.0031, "8302", "8303", "8304", DEFAULT, contaminated=0.05),
    _product("reviewsSwitch", 0.0005, "8305"),
    _product("oldPrice", 0.0002, "8306"),
)
