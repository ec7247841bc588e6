"""The figure of changed lines counts what git says was added, and no line without code."""

from changed_lines import changed, told

DIFF = """--- a/one.py
+++ b/one.py
@@ -3 +3 @@ def a():
-old
+new
@@ -10,2 +10,0 @@
-gone
-gone
--- /dev/null
+++ b/two.py
@@ -0,0 +1,3 @@
+a
+
+b
"""


def test_added_lines_are_found_and_removed_ones_are_none():
    assert changed(DIFF) == {("one.py", 3), ("two.py", 1), ("two.py", 2), ("two.py", 3)}


def test_lines_without_code_do_not_count():
    files = {"one.py": {"executed_lines": [3, 4], "missing_lines": [5]},
             "two.py": {"executed_lines": [1], "missing_lines": [3]}}  # fmt: skip
    assert told(changed(DIFF), files) == "2 of 3 run; not run: two.py:3"
    assert told({("two.py", 2)}, files) == "no line of code"
