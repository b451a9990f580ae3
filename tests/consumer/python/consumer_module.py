async def greet(name: str) -> str:
    return f"Processed: {name}"


async def echo(value):
    return value
