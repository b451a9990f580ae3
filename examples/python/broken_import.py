"""Fails when it is imported: Pool::start gives an error of stage import, with this file and line."""

SETTINGS = {"colour": "red"}
COLOUR = SETTINGS["color"]
