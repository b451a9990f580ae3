"""Typed arguments and results: annotated classes here, structs with CLUTCH_DEFINE in C++."""

import dataclasses
import enum


class Colour(enum.Enum):
    red = "red"
    green = "green"


@dataclasses.dataclass
class Item:
    name: str
    price: float
    colour: Colour = Colour.red


@dataclasses.dataclass
class Order:
    items: list[Item]
    discount: float | None = None


async def total(order: Order) -> float:
    """`order` is an Order, its items are Items: clutch decoded them by the annotation."""
    return sum(item.price for item in order.items) - (order.discount or 0.0)


async def painted(order: Order, *, colour: Colour) -> Order:
    """Dataclasses go back as they came."""
    items = [dataclasses.replace(item, colour=colour) for item in order.items]
    return dataclasses.replace(order, items=items)


async def by_colour(order: Order) -> dict[str, list[str]]:
    """The items' names by colour."""
    names: dict[str, list[str]] = {}
    for item in order.items:
        names.setdefault(item.colour.value, []).append(item.name)
    return names
