"""The closing lines of real runners and compilers, and what merely looks like them."""

# ruff: noqa: E501  the lines of tables

import pytest

from turnout.session.signals.runners import exit_status, verdict

PYTEST_FAILED = """\
FAILED tests/test_a.py::test_b - assert 1 == 2
========================= 1 failed, 12 passed in 0.34s =========================
"""
CARGO = """\
error[E0308]: mismatched types
  --> src/main.rs:4:18
   |
"""
JEST = """\
Test Suites: 1 failed, 2 passed, 3 total
Tests:       2 failed, 1 skipped, 40 passed, 43 total
Snapshots:   0 total
"""
UNITTEST_OK = "..\n" + "-" * 70 + "\nRan 2 tests in 0.001s\n\nOK\n"
UNITTEST_BAD = "F.\n" + "-" * 70 + "\nRan 2 tests in 0.001s\n\nFAILED (failures=1)\n"
TRACEBACK = """\
Traceback (most recent call last):
  File "x.py", line 1, in <module>
    import nope
ModuleNotFoundError: No module named 'nope'
"""
GO_PANIC = "panic: runtime error: index out of range [3] with length 3\n\ngoroutine 1 [running]:\n"
SYMPY = "======= tests finished: 30 passed, 1 failed, in 4.31 seconds =======\nDO *NOT* COMMIT!\n"

# fmt: off
ROWS = [
    # tests failed
    ("pytest",                 PYTEST_FAILED,                                             "tests_failed"),
    ("pytest -q",              "F.\n1 failed, 1 passed in 0.02s\n",                       "tests_failed"),
    ("pytest -q errors",       "2 errors in 0.11s\n",                                     "tests_failed"),
    ("pytest minutes",         "=== 2 failed, 9 passed, 1 warning in 75.20s (0:01:15) ===\n", "tests_failed"),
    ("pytest collection",      "!!!!!! Interrupted: 1 error during collection !!!!!!\n",  "tests_failed"),
    ("pytest in colour",       "\x1b[31m=== \x1b[31m\x1b[1m1 failed\x1b[0m, \x1b[32m2 passed\x1b[0m in 0.1s ===\x1b[0m\n", "tests_failed"),
    ("pytest on Windows",      PYTEST_FAILED.replace("\n", "\r\n"),                       "tests_failed"),
    ("unittest",               UNITTEST_BAD,                                              "tests_failed"),
    ("django",                 "Ran 9 tests in 0.3s\n\nFAILED (errors=2)\n",              "tests_failed"),
    ("go test",                "--- FAIL: TestX (0.00s)\n    x_test.go:9: no\nFAIL\n",    "tests_failed"),
    ("go test package",        "FAIL\texample.com/a/b\t0.004s\nFAIL\n",                   "tests_failed"),
    ("go test does not build", "FAIL\texample.com/a [build failed]\n",                    "tests_failed"),
    ("cargo test",             "test result: FAILED. 1 passed; 1 failed; 0 ignored;\n",   "tests_failed"),
    ("jest",                   JEST,                                                      "tests_failed"),
    ("vitest",                 " Test Files  1 failed | 3 passed (4)\n      Tests  1 failed | 22 passed (23)\n", "tests_failed"),
    ("mocha",                  "  12 passing (40ms)\n  1 failing\n",                      "tests_failed"),
    ("node --test",            "\u2139 pass 3\n\u2139 fail 1\n",                          "tests_failed"),
    ("bun test",               " 3 pass\n 1 fail\n",                                      "tests_failed"),
    ("maven",                  "[ERROR] Tests run: 8, Failures: 1, Errors: 0, Skipped: 0\n", "tests_failed"),
    ("maven errors",           "Tests run: 8, Failures: 0, Errors: 2, Skipped: 0\n",      "tests_failed"),
    ("gradle",                 "12 tests completed, 2 failed\n\nBUILD FAILED in 3s\n",    "tests_failed"),
    ("ctest",                  "67% tests passed, 1 tests failed out of 3\n",             "tests_failed"),
    ("googletest",             "[  FAILED  ] 1 test, listed below:\n",                    "tests_failed"),
    ("rspec",                  "5 examples, 1 failure\n",                                 "tests_failed"),
    ("minitest",               "8 runs, 20 assertions, 1 failures, 0 errors, 0 skips\n",  "tests_failed"),
    ("phpunit",                "FAILURES!\nTests: 3, Assertions: 3, Failures: 1.\n",      "tests_failed"),
    ("dotnet",                 "Failed!  - Failed:     1, Passed:     4, Skipped: 0\n",   "tests_failed"),
    ("XCTest",                 "\t Executed 4 tests, with 1 failure (0 unexpected)\n",    "tests_failed"),
    ("sympy",                  SYMPY,                                                     "tests_failed"),
    ("a traceback in a test",  TRACEBACK + PYTEST_FAILED,                                 "tests_failed"),
    # tests passed
    ("pytest ok",              "======= 13 passed in 0.34s =======\n",                    "tests_passed"),
    ("pytest ok, skipped",     "=== 1 skipped, 13 passed, 2 warnings in 1.34s ===\n",     "tests_passed"),
    ("pytest -q ok",           "..\n2 passed in 0.02s\n",                                 "tests_passed"),
    ("unittest ok",            UNITTEST_OK,                                               "tests_passed"),
    ("unittest ok, skipped",   "Ran 3 tests in 0.1s\n\nOK (skipped=1)\n",                 "tests_passed"),
    ("go ok",                  "ok  \texample.com/a\t0.004s\n",                           "tests_passed"),
    ("go ok from the cache",   "ok  \texample.com/a\t(cached)\n",                         "tests_passed"),
    ("cargo ok",               "test result: ok. 4 passed; 0 failed; 0 ignored;\n",       "tests_passed"),
    ("jest ok",                "Tests:       43 passed, 43 total\n",                      "tests_passed"),
    ("vitest ok",              "      Tests  23 passed (23)\n",                           "tests_passed"),
    ("mocha ok",               "  12 passing (40ms)\n",                                   "tests_passed"),
    ("node --test ok",         "# pass 4\n# fail 0\n",                                    "tests_passed"),
    ("bun ok",                 " 3 pass\n 0 fail\n",                                      "tests_passed"),
    ("maven ok",               "[INFO] Tests run: 8, Failures: 0, Errors: 0, Skipped: 0\n", "tests_passed"),
    ("phpunit ok",             "OK (3 tests, 3 assertions)\n",                            "tests_passed"),
    ("ctest ok",               "100% tests passed, 0 tests failed out of 3\n",            "tests_passed"),
    ("googletest ok",          "[  PASSED  ] 3 tests.\n",                                 "tests_passed"),
    ("rspec ok",               "5 examples, 0 failures\n",                                "tests_passed"),
    ("minitest ok",            "8 runs, 20 assertions, 0 failures, 0 errors, 0 skips\n",  "tests_passed"),
    ("dotnet ok",              "Passed!  - Failed:     0, Passed:     4\n",               "tests_passed"),
    ("XCTest ok",              "\t Executed 4 tests, with 0 failures\n",                  "tests_passed"),
    ("sympy ok",               "===== tests finished: 30 passed, in 4.31 seconds =====\n", "tests_passed"),
    ("mix",                    "Finished in 0.3 seconds\n3 doctests, 14 tests, 1 failure\n", "tests_failed"),
    ("mix ok",                 "14 tests, 0 failures\n",                                  "tests_passed"),
    ("bazel test",             "Executed 1 out of 2 tests: 1 test passes and 1 fails locally.\n", "tests_failed"),
    ("bazel test ok",          "Executed 2 out of 2 tests: 2 tests pass.\n",              "tests_passed"),
    ("deno",                   "FAILED | 3 passed | 2 failed (41ms)\n",                   "tests_failed"),
    ("deno ok",                "ok | 3 passed | 0 failed (41ms)\n",                       "tests_passed"),
    ("playwright",             "  1 failed\n    [chromium] a.spec.ts:3:1\n  4 passed (12.0s)\n", "tests_failed"),
    ("gemini-cli's first line", "Command: npx playwright test\nOutput: FAILED | 0 passed | 1 failed (9ms)\n", "tests_failed"),
    ("playwright ok",          "  4 passed (12.0s)\n",                                    "tests_passed"),
    # builds
    ("ruff",                   "Found 3 errors.\n[*] 1 fixable\n",                        "build_failed"),
    ("pyright",                "3 errors, 0 warnings, 0 informations\n",                  "build_failed"),
    ("pyright ok",             "0 errors, 0 warnings, 0 informations\n",                  ""),
    ("bazel build",            "ERROR: Build did NOT complete successfully\n",            "build_failed"),
    ("docker build",           "ERROR: failed to solve: process \"npm ci\" did not\n",    "build_failed"),
    ("tsc",                    "src/a.ts(3,7): error TS2322: Type 'string' is not\n",     "build_failed"),
    ("tsc --pretty",           "src/a.ts:3:7 - error TS2322: Type\n\nFound 1 error in src/a.ts:3\n", "build_failed"),
    ("gcc",                    "main.c:5:12: error: expected ';' before 'return'\n",      "build_failed"),
    ("clang",                  "a.cpp:1:10: fatal error: 'x.h' file not found\n",         "build_failed"),
    ("ld",                     "collect2: error: ld returned 1 exit status\n",            "build_failed"),
    ("make",                   "make: *** [Makefile:3: all] Error 1\n",                   "build_failed"),
    ("make in a folder",       "make[2]: *** [all] Error 2\n",                            "build_failed"),
    ("ninja",                  "ninja: build stopped: subcommand failed.\n",              "build_failed"),
    ("cmake",                  "CMake Error at CMakeLists.txt:3 (find_package):\n",       "build_failed"),
    ("rustc",                  CARGO,                                                     "build_failed"),
    ("cargo build",            "error: could not compile `x` (bin \"x\") due to 1 previous error\n", "build_failed"),
    ("go build",               "./a.go:7:2: undefined: foo\n",                            "build_failed"),
    ("javac",                  "A.java:3: error: ';' expected\n",                         "build_failed"),
    ("mypy",                   "a.py:3: error: Incompatible types\nFound 1 error in 1 file\n", "build_failed"),
    ("maven compiles not",     "[ERROR] COMPILATION ERROR : \n[INFO] BUILD FAILURE\n",    "build_failed"),
    ("gradle compiles not",    "FAILURE: Build failed with an exception.\nBUILD FAILED in 1s\n", "build_failed"),
    ("eslint",                 "\u2716 3 problems (2 errors, 1 warning)\n",               "build_failed"),
    ("npm",                    "npm ERR! code ELIFECYCLE\n",                              "build_failed"),
    ("next",                   "Failed to compile.\n",                                    "build_failed"),
    # crashes
    ("python",                 TRACEBACK,                                                 "crashed"),
    ("go panic",               GO_PANIC,                                                  "crashed"),
    ("rust panic",             "thread 'main' panicked at src/main.rs:2:5:\n",            "crashed"),
    ("rust panic, new",        "thread 'main' (4711) panicked at src/main.rs:2:5:\n",     "crashed"),
    ("java",                   'Exception in thread "main" java.lang.NullPointerException\n', "crashed"),
    ("node",                   "Error: no\n    at x.js:1:7\n\nNode.js v24.21.0\n",        "crashed"),
    ("the shell",              "bash: line 1:  4711 Segmentation fault      (core dumped) ./a\n", "crashed"),
    # nothing
    ("nothing",                "",                                                        ""),
    ("a listing",              "total 8\n-rw-r--r-- 1 a a 12 FAILED.md\n",                ""),
    ("talk of failures",       "The tests failed because 3 failed to connect.\n",         ""),
    ("pytest without tests",   "====== no tests ran in 0.01s ======\n",                   ""),
    ("cargo without tests",    "test result: ok. 0 passed; 0 failed; 0 ignored\n",        ""),
    ("go without tests",       "?   \texample.com/a\t[no test files]\n",                  ""),
    ("unittest without tests", "Ran 0 tests in 0.000s\n\nOK\n",                           ""),
    ("gcc warns",              "main.c:5:12: warning: unused variable 'x'\n",             ""),
    ("mypy ok",                "Success: no issues found in 3 source files\n",            ""),
    ("source code of a test",  '    raise AssertionError("1 failed, 2 passed in 0.1s")\n', ""),
]

STATUS = [
    ("codex",             "Exit code: 1\nWall time: 0.3 seconds\nOutput:\n",              1),
    ("codex ok",          "Exit code: 0\nWall time: 0.3 seconds\nOutput:\nok",            0),
    ("codex, unified",    "Chunk ID: 1\nProcess exited with code 2\nOutput:\n",           2),
    ("codex, of old",     '{"output":"no","metadata":{"exit_code":127,"duration_seconds":0.1}}', 127),
    ("claude-code",       "Exit code 1\nls: cannot access 'x'",                           1),
    ("gemini-cli",        "Command: make\nStdout: (empty)\nExit Code: 2\nSignal: (none)", 2),
    ("openhands",         "no\n[Command finished with exit code 1]",                      1),
    ("mini-swe-agent",    "<returncode>1</returncode>\n<output>\n</output>",              1),
    ("json in lines",     '{\n  "exitCode": 3,\n  "stdout": ""\n}',                       3),
    ("killed",            "Exit code: -9\n",                                              -9),
    ("none",              "all well",                                                     None),
    ("talk of codes",     "it ends with exit code 1 when the file is missing",            None),
]
# fmt: on


@pytest.mark.parametrize(("text", "said"), [r[1:] for r in ROWS], ids=[r[0] for r in ROWS])
def test_verdict(text: str, said: str) -> None:
    assert verdict(text) == said
    assert verdict("$ make check\n\n" + text + "\n\n") == said  # wherever it stands


@pytest.mark.parametrize(("text", "code"), [r[1:] for r in STATUS], ids=[r[0] for r in STATUS])
def test_exit_status(text: str, code: int | None) -> None:
    assert exit_status(text) == code


@pytest.mark.parametrize("text", ["=" * 8000, " " * 8000, "1 passed, " * 800, "a:1:" * 2000])
def test_no_text_takes_long(text: str) -> None:
    assert verdict(text + "\n" + text) == ""
