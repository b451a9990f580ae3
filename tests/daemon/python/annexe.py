"""A second pool's module; `depot.double` is in both pools."""


async def triple(x: int) -> int:
    return 3 * x
