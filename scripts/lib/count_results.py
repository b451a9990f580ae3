"""Sums up JUnit files: count_results.py FILE…

Prints 'N passed, N failed[, N skipped]' last. Fails where a test failed or none ran.
"""

# ruff: noqa: T201

import sys
from xml.etree import ElementTree


def main() -> int:
    passed = failed = skipped = 0
    for path in sys.argv[1:]:
        for case in ElementTree.parse(path).iter("testcase"):
            outcomes = {child.tag for child in case}
            if outcomes & {"failure", "error"} or case.get("status") == "fail":
                failed += 1
                print(f"failed: {case.get('classname', '')} {case.get('name')}")
            elif "skipped" in outcomes or case.get("status") in ("notrun", "disabled"):
                skipped += 1
            else:
                passed += 1
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
