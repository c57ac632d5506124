"""Runs an exported notebook as a person would (nbconvert, a fresh kernel) and checks what it shows.

    notebook_check.py FOLDER EVALUATION OUT   EVALUATION: the JSON of `fraud evaluate` on the same clicks, or `none` without truth
"""
import base64
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import nbconvert
import nbformat
from PIL import Image

IMAGES = {"balance", "scores", "ranking", "calibration", "families", "features", "challenger", "rules"}
NEED_TRUTH = {"figures", "ranking", "calibration", "families", "challenger"}


def run(folder, out):
    """nbconvert in folders of its own; kernel and client talk over Unix sockets, so there is no network at all."""
    packages = pathlib.Path(nbconvert.__file__).parent.parent
    with tempfile.TemporaryDirectory() as home:
        environment = dict(os.environ)
        environment |= {name: home for name in ("HOME", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR", "MPLCONFIGDIR")}
        # Threads that wait for each other by spinning make the trees slow where other tests run.
        environment |= {"JUPYTER_PATH": f"{packages}/share/jupyter", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        done = subprocess.run(
            [sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute", "--KernelManager.transport=ipc",
             "--ExecutePreprocessor.timeout=300", "--output", out, "fraud.ipynb"],
            cwd=folder, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"the notebook does not run:\n{done.stderr[-3000:]}")


def text(cell):
    return "".join(o["text"] for o in cell.outputs if o.output_type == "stream" and o["name"] == "stdout")


def images(cell):
    for output in cell.outputs:
        if "image/png" in output.get("data", {}):
            yield Image.open(io.BytesIO(base64.b64decode(output["data"]["image/png"]))).convert("RGB")


def check_images(cells, expected):
    for name in expected:
        shown = list(images(cells[name]))
        if len(shown) != 1:
            sys.exit(f"{name}: {len(shown)} images")
        image = shown[0]
        colours = image.getcolors(1 << 20)
        inked = 1 - max(count for count, _ in colours) / (image.width * image.height)
        if image.width < 500 or image.height < 120 or inked < 0.02:
            sys.exit(f"{name}: an image of {image.width} x {image.height} with {inked:.1%} on it")


def check_figures(cells, evaluation):
    shown = dict(line.split() for line in text(cells["figures"]).splitlines() if line.strip())
    for name in ("model_roc_auc", "model_average_precision", "model_log_loss", "model_brier", "recall", "precision", "false_positive_rate"):
        metric = name.removeprefix("model_")
        expected = evaluation[name] if metric == name else evaluation["model"]["metrics"][metric]["value"]
        if abs(float(shown[name]) - expected) > 2e-6:
            sys.exit(f"{name}: the notebook says {shown[name]}, evaluate {expected}")
    families = {}
    for line in text(cells["families"]).splitlines():
        parts = line.split()
        if len(parts) == 4 and parts[1].isdigit():
            families[parts[0]] = {"clicks": int(parts[1]), "flagged": int(parts[2])}
    expected = {f["attack"]: {"clicks": f["rows"], "flagged": f["flagged"]} for f in evaluation["verdict"]["families"]}
    if families != expected or len(families) < 10:
        sys.exit(f"families: the notebook says {families}, evaluate {expected}")
    if "average precision" not in text(cells["challenger"]):
        sys.exit(f"challenger: {text(cells['challenger'])}")


folder, evaluation, out = sys.argv[1:]
plain = nbformat.read(f"{folder}/fraud.ipynb", as_version=4)
nbformat.validate(json.load(open(f"{folder}/fraud.ipynb")))
if plain.nbformat_minor < 5 or any(c.outputs for c in plain.cells if c.cell_type == "code"):
    sys.exit("not a clean notebook of format 4.5")
run(folder, out)
book = nbformat.read(out, as_version=4)
cells = {c.id: c for c in book.cells if c.cell_type == "code"}
errors = [f"{name}: {o.get('ename')}" for name, c in cells.items() for o in c.outputs if o.output_type == "error" or o.get("name") == "stderr"]
if errors:
    sys.exit(f"errors or warnings: {errors}")
export = json.load(open(f"{folder}/data/export.json"))
if f"{export['clicks']:,} clicks" not in text(cells["load"]):
    sys.exit(f"load: {text(cells['load'])}")
if evaluation == "none":
    if cells.keys() & NEED_TRUTH:
        sys.exit(f"without truth there are {sorted(cells.keys() & NEED_TRUTH)}")
    check_images(cells, IMAGES - NEED_TRUTH)
else:
    check_images(cells, IMAGES)
    check_figures(cells, json.load(open(evaluation)))
