"""Try what the lessons say on every BLAS kernel that this processor can run: `python3 tasks.py kernels`.

Rounding differs from kernel to kernel, and training carries it on. So once for each setting every lesson is
run, its numbers are held against its text, and its claims are measured. `kernels.md` gets each claim with
its lowest and highest value. Names of settings, such as ``Haswell``, choose some; then nothing is written.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "benchmarks" / "kernels.md"
KERNELS = ("Prescott", "Nehalem", "Sandybridge", "Haswell", "Zen", "SkylakeX")
TRIAL = """
import numpy as np, threadpoolctl
a = np.random.default_rng(0).normal(size=(64, 64))
for dtype in ("f4", "f8"):
    assert np.isfinite(a.astype(dtype) @ a.astype(dtype)).all()
print(*{pool["architecture"] for pool in threadpoolctl.threadpool_info() if "architecture" in pool})
"""
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
TWO_THREADS = dict.fromkeys(ONE_THREAD, "2")


def settings():
    """Return {name: environment variables} of what this processor can run, each kernel once.

    OpenBLAS takes its own choice for a name that it was built without, as ``Zen`` in some builds.
    """
    native = kernel_under({})
    found = {f"as it comes ({native})": {}}
    seen = {None, native}
    for name in KERNELS:
        variables = {"OPENBLAS_CORETYPE": name}
        if (kernel := kernel_under(variables)) not in seen:
            seen.add(kernel)
            found[name] = variables
    return {**found, "oneDNN off": {"LESSONS_ONEDNN": "off"}, "2 threads": TWO_THREADS}


def kernel_under(variables):
    """Return the name of the kernel that multiplies matrices then, None where it cannot."""
    run = subprocess.run([sys.executable, "-c", TRIAL], env=environment(variables), capture_output=True)
    return run.stdout.decode().strip() if run.returncode == 0 else None


def environment(variables):
    """Return this process's environment without its own choice of a kernel, with the variables given."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}
    return {**ours, **ONE_THREAD, **variables}


def run(name, variables, claims):
    """Run lessons and claims under one setting -> (whether all held, seconds)."""
    started = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", "-m", "claims", "-n=logical", "--dist=loadfile"]
    done = subprocess.run(command, cwd=ROOT, env=environment({**variables, "LESSONS_CLAIMS": str(claims)}))
    print(f"{name}: {'green' if done.returncode == 0 else 'RED'}", flush=True)
    return done.returncode == 0, time.monotonic() - started


def lines(measured):
    """Return a row for each claim: its bounds, and its lowest and highest value over the settings."""
    claims = {}
    for setting, found in measured.items():
        for claim in found:
            claims.setdefault((claim["where"], claim["name"]), []).append((claim, setting))
    for (where, name), values in sorted(claims.items()):
        lowest, highest = (pick(values, key=lambda pair: pair[0]["value"]) for pick in (min, max))
        low, high = values[0][0]["low"], values[0][0]["high"]
        bounds = " … ".join("" if bound is None else f"{bound:.4g}" for bound in (low, high))
        holds = "yes" if all(claim["holds"] for claim, _ in values) else "**no**"
        lesson = Path(where).stem.removeprefix("test_")
        extremes = " | ".join(f"{claim['value']:.4g}" for claim, _ in (lowest, highest))
        yield f"| {lesson} | {name} | {extremes} | {bounds} | {holds} |"


def report(results, measured):
    """Return the text of kernels.md."""
    import numpy

    tried = [f"| {name} | {'yes' if green else '**no**'} | {s:.0f} |" for name, (green, s) in results.items()]
    return "\n".join(
        [
            "# What the lessons say, on every BLAS kernel",
            "",
            f"Written by `python3 tasks.py kernels` on {platform.machine()}, NumPy {numpy.__version__}. Each "
            "setting runs all lessons and extras, holds their text to their cells, and measures the claims.",
            "",
            "| setting | all holds | seconds |",
            "|---|---|---|",
            *tried,
            "",
            "| lesson | claim | lowest | highest | must lie in | holds |",
            "|---|---|---|---|---|---|",
            *lines(measured),
            "",
        ]
    )


def main(chosen):
    """Run the settings, or those chosen, and return the exit status."""
    possible = settings()
    if unknown := set(chosen) - set(possible):
        print(f"cannot run {', '.join(sorted(unknown))}; there are: {', '.join(possible)}")
        return 2
    results, measured = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        for name in chosen or possible:
            claims = Path(folder, "claims.jsonl")
            results[name] = run(name, possible[name], claims)
            text = claims.read_text(encoding="utf-8") if claims.exists() else ""
            measured[name] = [json.loads(line) for line in text.splitlines()]
            claims.unlink(missing_ok=True)
            if not chosen:  # after each, for whoever stops it halfway
                TABLE.write_text(report(results, measured), encoding="utf-8")
    if chosen:
        print(report(results, measured))
    return 0 if all(green for green, _ in results.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
