"""What test runners, compilers and interpreters say at the end, as lines of a tool's result.

Every pattern is matched at the beginning of a line (MULTILINE); a table row is one tool's words.
"""

import re
from typing import Literal

Verdict = Literal["tests_failed", "build_failed", "crashed", "tests_passed", ""]

# colours, which runners send to terminals that are none
_ANSI = re.compile(r"\x1b\[[0-9;]*m")

# fmt: off
TESTS_FAILED = (
    r"=+ .*\b[1-9]\d* (?:failed|errors?)\b.* in [\d.]+s.*=+$",        # pytest
    r"[1-9]\d* (?:failed|errors?)\b.* in [\d.]+s",                    # pytest -q
    r"!+ Interrupted: \d+ errors? during collection !+",              # pytest
    r"FAILED \((?:failures|errors|unexpected)",                       # unittest, Django
    r"FAIL(?:\t\S+\t[\d.]+s|\t\S+ \[build failed\]|$)",               # go test
    r"--- FAIL: ",                                                    # go test
    r"test result: FAILED\.",                                         # cargo test
    r"\s*(?:Tests|Test Suites|Test Files):?\s+(?:\d+ \w+[,|] )*[1-9]\d* failed",  # jest, vitest
    r"\s+[1-9]\d* failing\b",                                         # mocha
    r"[\u2139#] fail [1-9]\d*$",                                           # node --test, tap
    r"\s*[1-9]\d* fail$",                                             # bun test
    r"(?:\[\w+\] )?Tests run: \d+, Failures: (?:[1-9]\d*|\d+, Errors: [1-9])",  # maven, JUnit
    r"\d+ tests? completed, [1-9]\d* failed",                         # gradle
    r"\s*\d+% tests passed, [1-9]\d* tests? failed out of \d+",       # ctest
    r"\[  FAILED  \] \d+ tests?,",                                    # googletest
    r"\d+ examples?, [1-9]\d* failures?",                             # rspec
    r"\d+ runs, \d+ assertions, (?:[1-9]\d* failures|\d+ failures, [1-9]\d* errors)",  # minitest
    r"(?:FAILURES|ERRORS)!$",                                         # phpunit
    r"Failed!\s+- Failed:\s+[1-9]",                                   # dotnet test
    r"\s*Executed \d+ tests?, with [1-9]\d* failures?",               # XCTest
    r"=+ tests finished: .*\b[1-9]\d* (?:failed|exceptions?)\b",      # sympy's own
    r"(?:\d+ \w+, )*\d+ tests?, [1-9]\d* failures?\b",                # mix test
    r"Executed \d+ out of \d+ tests?: .*[1-9]\d* fails? locally",      # bazel
    r"FAILED \| \d+ passed.* \| [1-9]\d* failed",                      # deno test
    r"\s+[1-9]\d* failed$",                                           # playwright
)
TESTS_PASSED = (
    r"=+ (?:\d+ \w+, )*[1-9]\d* passed\b.* in [\d.]+s.*=+$",          # pytest
    r"(?:\d+ \w+, )*[1-9]\d* passed\b.* in [\d.]+s",                  # pytest -q
    r"Ran [1-9]\d* tests? in [\d.]+s\s+OK\b",                         # unittest, Django
    r"ok  ?\t\S+\t(?:[\d.]+s|\(cached\))",                            # go test
    r"test result: ok\. [1-9]\d* passed",                             # cargo test
    r"\s*Tests:?\s+(?:\d+ \w+[,|] )*[1-9]\d* passed",                 # jest, vitest
    r"\s+[1-9]\d* passing\b",                                         # mocha
    r"[\u2139#] pass [1-9]\d*$",                                           # node --test, tap
    r"\s*[1-9]\d* pass$",                                             # bun test
    r"(?:\[\w+\] )?Tests run: [1-9]\d*, Failures: 0, Errors: 0",      # maven, JUnit
    r"OK \([1-9]\d* tests?[,)]",                                      # JUnit 4, phpunit
    r"\s*100% tests passed, 0 tests failed out of [1-9]",             # ctest
    r"\[  PASSED  \] [1-9]\d* tests?\.",                              # googletest
    r"[1-9]\d* examples?, 0 failures",                                # rspec
    r"[1-9]\d* runs, \d+ assertions, 0 failures, 0 errors",           # minitest
    r"Passed!\s+- Failed:\s+0, Passed:\s+[1-9]",                      # dotnet test
    r"\s*Executed [1-9]\d* tests?, with 0 failures",                  # XCTest
    r"=+ tests finished: [1-9]\d* passed",                            # sympy's own
    r"(?:\d+ \w+, )*[1-9]\d* tests?, 0 failures\b",                   # mix test
    r"Executed [1-9]\d* out of \d+ tests?: [1-9]\d* tests? pass",      # bazel
    r"ok \| [1-9]\d* passed .*\| 0 failed",                           # deno test
    r"\s+[1-9]\d* passed \([\d.]+m?s\)$",                            # playwright
)
BUILD_FAILED = (
    r"\S+\(\d+,\d+\): error TS\d+: ",                                 # tsc
    r"\S+:\d+:\d+ - error TS\d+: ",                                   # tsc --pretty
    r"\S+:\d+:(?:\d+:)? (?:fatal )?error: ",                          # gcc, clang, javac, mypy
    r"make(?:\[\d+\])?: \*\*\* ",                                     # make
    r"ninja: build stopped: ",                                        # ninja
    r"collect2: error: ld returned \d+ exit status",                  # ld
    r"error(?:\[E\d+\])?: .*\n\s+--> \S+:\d+:\d+",                    # rustc
    r"error: could not compile ",                                     # cargo
    r"\S+\.go:\d+:\d+: (?:undefined|declared and|cannot use|syntax error|missing|\S+ redecl)",  # go
    r"\[ERROR\] (?:COMPILATION ERROR|Failed to execute goal)",        # maven
    r"\[INFO\] BUILD FAILURE",                                        # maven
    r"BUILD FAILED(?: in |$)",                                        # gradle, ant
    r"\S+\(\d+,\d+\): error CS\d+: ",                                 # msbuild
    r"CMake Error(?: at|:)",                                          # cmake
    r"Failed to compile\.?$",                                         # next, webpack
    r"(?:npm ERR!|npm error) code ELIFECYCLE",                        # npm
    r"✖ \d+ problems? \([1-9]\d* errors?",                            # eslint
    r"Found [1-9]\d* errors?(?: in |\.$)",                            # tsc, mypy, ruff
    r"[1-9]\d* errors?, \d+ warnings?, \d+ informations?",             # pyright
    r"ERROR: Build did NOT complete successfully",                    # bazel
    r"ERROR: failed to solve: ",                                      # docker build
)
CRASHED = (
    r"Traceback \(most recent call last\):$",                         # Python
    r"panic: ",                                                       # Go
    r"thread '.*' (?:\(\d+\) )?panicked at ",                         # Rust
    r"Exception in thread \"",                                        # Java
    r".*\b(?:Segmentation fault|Aborted)\b.*\(core dumped\)",   # the shell
    r"Node\.js v\d+\.\d+\.\d+$",                                      # Node, after a throw
    r"AddressSanitizer:|==\d+==ERROR: AddressSanitizer",              # sanitizers
)
# fmt: on


def _any(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("^(?:" + "|".join(patterns) + ")", re.MULTILINE)


# the first that holds: a failing test prints a traceback, and others beside it pass
VERDICTS: tuple[tuple[Verdict, re.Pattern[str]], ...] = (
    ("tests_failed", _any(TESTS_FAILED)),
    ("build_failed", _any(BUILD_FAILED)),
    ("tests_passed", _any(TESTS_PASSED)),
    ("crashed", _any(CRASHED)),
)

# how a tool's result tells the status of a command: clients wrap it, each in its own words
EXIT_STATUS = re.compile(
    r"^\[?(?:(?:Process |(?:The c|C)ommand )?(?:exited|completed|finished|failed)? ?(?:with )?"
    r"(?:exit )?(?:code|status)[: ]+|Exit [Cc]ode:? +|<returncode>|\s*\"?exit_?[Cc]ode\"?: ?)"
    r"(-?\d+)\b",
    re.MULTILINE,
)
_INLINE_STATUS = re.compile(r'"exit_code": ?(-?\d+)')


def verdict(text: str) -> Verdict:
    """What the closing lines of a runner, a compiler or an interpreter say; "" for nothing."""
    plain = _ANSI.sub("", text) if "\x1b" in text else text
    plain = plain.replace("\r\n", "\n").replace("\nOutput: ", "\n")  # gemini-cli's first line
    return next((name for name, pattern in VERDICTS if pattern.search(plain)), "")


def exit_status(text: str) -> int | None:
    """Of the command that a result tells of; None when it does not say."""
    found = EXIT_STATUS.search(text) or _INLINE_STATUS.search(text[:500])
    return int(found[1]) if found else None
