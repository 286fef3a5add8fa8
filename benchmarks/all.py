"""Run every benchmark in turn and write what was found into the table of `README.md`.

Run `python benchmarks/all.py`, or name some of them: `python benchmarks/all.py submit page`. With
`--print` the table is only printed. The exit code is 1 when a target is missed or a run fails;
after a failed run the table is left as it was.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
README = HERE / "README.md"
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"
ALL = (
    "startup",
    "pickup",
    "drain",
    "submit",
    "deliver",
    "page",
    "derived_size",
    "finish",
    "finish_realistic",
    "polish",
    "webhooks",
    "bulk",
    "pipeline",
    "reel",
    "montage",
    "taste",
)
_ROW = re.compile(r"^\| (.+) \| (.+) \| (met|MISSED) \|$")


def run(name: str) -> list[tuple[str, str, str]]:
    """The rows of one benchmark's table of targets; empty when it failed."""
    print(f"\n== {name}", flush=True)
    rows = []
    with subprocess.Popen(
        [sys.executable, str(HERE / f"{name}.py")], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        for line in process.stdout:
            print(line, end="", flush=True)
            if found := _ROW.match(line.rstrip()):
                rows.append((found[1], found[2], found[3]))
    return rows


def machine() -> str:
    """The processor, the number of cores and the memory of this machine."""
    model = platform.processor() or platform.machine()
    try:
        cpu = Path("/proc/cpuinfo").read_text()
        model = re.search(r"model name\s*:\s*(.+)", cpu)[1]  # type: ignore[index]
    except (OSError, TypeError):
        pass
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return (
        f"{model}, {os.cpu_count()} cores, {gigabytes:.0f} GB, Python {platform.python_version()}"
    )


def main(names: list[str], *, only_print: bool) -> int:
    rows, failed = [], []
    for name in names:
        found = run(name)
        if not found:
            failed.append(name)
        rows += [f"| {target} | {value} | {met} | `{name}.py` |" for target, value, met in found]
    head = "| target | found | | |\n|---|---|---|---|\n"
    when = datetime.now(UTC).strftime("%d %B %Y").lstrip("0")
    table = f"{when}, on {machine()}:\n\n{head}" + "\n".join(rows)
    print(f"\n{table}")
    for name in failed:
        print(f"{name} gave no figures.")
    if not failed and not only_print and names == list(ALL):
        text = README.read_text()
        before, _, rest = text.partition(BEGIN)
        _, _, after = rest.partition(END)
        README.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}")
    return 1 if failed or any("| MISSED |" in row for row in rows) else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(ALL))
    parser.add_argument("--print", action="store_true", help="don't write README.md")
    options = parser.parse_args()
    if unknown := set(options.names) - set(ALL):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    sys.exit(main(options.names or list(ALL), only_print=options.print))
