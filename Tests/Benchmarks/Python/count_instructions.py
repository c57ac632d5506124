"""Instructions of each stage and of the dearest functions, counted by valgrind (callgrind): the same on every run of one binary.

usage: count_instructions.py FRAUD_BENCH INPUT FOLDER

INPUT is small: valgrind runs some fifty times slower, and tables that are still small stay in the cache, which costs no
instructions. The database is left out, and libraries are told to use at most AVX2, the most that valgrind knows. Writes
FOLDER/instructions.txt, from which `make bench` fills its column, and leaves FOLDER/callgrind.out for a closer look.
"""
import os
import re
import subprocess
import sys

TOP = 15
# Only what this function calls is counted: `StageRun.run()`, as the compiler names it.
RUN = "*StageRunV3runyyK*"
# What valgrind does not know is not used: results are the same, other instructions may be.
ENVIRONMENT = {"OPENBLAS_CORETYPE": "Haswell", "SIMDJSON_FORCE_IMPLEMENTATION": "haswell", "OPENBLAS_NUM_THREADS": "1"}


def run(binary, source, out):
    """Runs the stages under callgrind; the number of events, and all instructions."""
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "--dump-line=no", f"--toggle-collect={RUN}", binary, "count", source]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **ENVIRONMENT})
    if done.returncode != 0:
        sys.exit(f"valgrind failed:\n{done.stderr[-2000:]}")
    return int(re.search(r"events (\d+)", done.stdout)[1]), int(re.search(r"Collected : (\d+)", done.stderr)[1])


def annotate(out, inclusive):
    """Pairs of instructions and function, most first."""
    command = ["callgrind_annotate", f"--inclusive={'yes' if inclusive else 'no'}", "--threshold=100", out]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    text = subprocess.run(["swift", "demangle", "--simplified"], input=text, capture_output=True, text=True).stdout or text
    found = []
    for line in text.splitlines():
        match = re.match(r"\s*([\d,]+)\s+(?:\([ \d.]+%\))?\s+(\S.*)$", line)
        if match and "PROGRAM TOTALS" not in line:
            found.append((int(match[1].replace(",", "")), name(match[2])))
    return found


def name(shown):
    """A function without its file; one without a name keeps its library."""
    function, _, library = re.sub(r"^(\?\?\?|\S*\.[cSh]\w*):", "", shown).partition(" [")
    return f"{function} in {os.path.basename(library[:-1])}" if function.startswith("0x") else function


def stages(inclusive):
    """Instructions by stage: those of the functions `StageRun.stage…`, with all they call."""
    found = {}
    for count, function in inclusive:
        match = re.search(r"StageRun\.stage(\w+)\(", function)
        if match:
            stage = match[1].lower()
            found[stage] = max(found.get(stage, 0), count)
    return found


def main(binary, source, folder):
    out = os.path.join(folder, "callgrind.out")
    # Names of functions are all that is wanted, and older versions give up on newer debug information.
    bare = os.path.join(folder, "fraud-bench.bare")
    subprocess.run(["strip", "-g", "-o", bare, binary], check=True)
    events, total = run(bare, source, out)
    by_stage = stages(annotate(out, inclusive=True))
    if not by_stage:
        sys.exit("no stage among the functions: is the binary stripped?")
    print(f"{events:,} events, {total / events:,.0f} instructions an event\n")
    print("stage             instr/event   share of the stages")
    whole = sum(by_stage.values())
    for stage, count in sorted(by_stage.items(), key=lambda pair: -pair[1]):
        print(f"{stage:16}  {count / events:11,.0f}   {count / whole:6.1%}")
    print(f"{'all stages':16}  {whole / events:11,.0f}\n\nfunctions by their own cost, instr/event")
    for count, function in annotate(out, inclusive=False)[:TOP]:
        print(f"{count / events:11,.0f}   {count / total:6.1%}   {function[:150]}")
    with open(os.path.join(folder, "instructions.txt"), "w") as file:
        file.writelines(f"{stage}\t{count / events:.1f}\n" for stage, count in by_stage.items())


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
