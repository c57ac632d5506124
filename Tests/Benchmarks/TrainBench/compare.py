"""Logistic regression beside scikit-learn: the same file, one process each, in turn. `make bench-train` runs it.

    python3 compare.py TRAIN_BENCH PYTHON_PACKAGES [ROWS] [COLUMNS]

seconds  wall time of the fit alone: not reading the file, not starting
cpu s    processor time of the fit, over all threads
peak     largest resident memory of the whole process, with its libraries and the data
data     resident memory when the data had been read, before the fit
error    largest difference of a coefficient from the optimum (scikit-learn in double precision, tol 1e-12, untimed)

scikit-learn at tol 1e-4, its default, and in single precision stops 1e-5 and more from the optimum.
"""
import json, os, subprocess, sys, tempfile

if len(sys.argv) < 3:
    sys.exit(__doc__)
BENCH, PACKAGES = sys.argv[1], sys.argv[2]
ROWS = int(sys.argv[3]) if len(sys.argv) > 3 else 1_000_000
COLUMNS = int(sys.argv[4]) if len(sys.argv) > 4 else 48
SEED, L2 = 20261, 1.0

GENERATE = """
import sys; sys.path.insert(0, sys.argv[1])
import numpy as np
path, n, p, seed = sys.argv[2], *map(int, sys.argv[3:6])
r = np.random.default_rng(seed)
x = r.standard_normal((p, n), dtype=np.float32)
x[1::2] += 0.5 * x[: p // 2 * 2 : 2]                       # correlated pairs
eta = (r.standard_normal(p) * 0.25).astype(np.float32) @ x - 2.5
y = (r.random(n) < 1 / (1 + np.exp(-eta.astype(np.float64)))).astype(np.uint8)
with open(path, 'wb') as f: y.tofile(f); x.tofile(f)
print(f'{y.mean():.3f}')
"""

FIT = """
import sys; sys.path.insert(0, sys.argv[1])
import json, resource, time, warnings
import numpy as np
from sklearn.linear_model import LogisticRegression
warnings.simplefilter('ignore')
path, n, p, l2, out = sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]), sys.argv[6]
dtype, tolerance, solver = sys.argv[7], float(sys.argv[8]), sys.argv[9]
with open(path, 'rb') as f:
    y = np.fromfile(f, np.uint8, n)
    x = np.empty((n, p), dtype)                            # the layout scikit-learn wants: no copy of its own
    for j in range(p): x[:, j] = np.fromfile(f, np.float32, n)
def usage(): return resource.getrusage(resource.RUSAGE_SELF)
before, start = usage(), time.perf_counter()
m = LogisticRegression(solver=solver, C=1 / l2, tol=tolerance, max_iter=1000).fit(x, y)
seconds, after = time.perf_counter() - start, usage()
np.append(m.coef_[0], m.intercept_).astype(np.float64).tofile(out)
print(json.dumps({'seconds': seconds, 'cpuSeconds': after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
    'peakMiB': after.ru_maxrss / 1024, 'readMiB': before.ru_maxrss / 1024, 'iterations': int(m.n_iter_[0]), 'status': ''}))
"""


def run(*command):
    return subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True).stdout


def python(script, *arguments, threads=None):
    settings = ['env', f'OPENBLAS_NUM_THREADS={threads}'] if threads else []
    return run(*settings, sys.executable, '-I', '-c', script, PACKAGES, *arguments)


with tempfile.TemporaryDirectory() as folder:
    data, out = f'{folder}/data', f'{folder}/coefficients'
    share = python(GENERATE, data, ROWS, COLUMNS, SEED).strip()
    print(f'{ROWS:,} rows x {COLUMNS} columns, seed {SEED}, share of fraud {share}, L2 {L2:g}; {os.cpu_count()} cores, '
          f'load {os.getloadavg()[0]:.1f} before')

    def coefficients():
        import array
        values = array.array('d')
        with open(out, 'rb') as f:
            values.frombytes(f.read())
        return list(values)

    python(FIT, data, ROWS, COLUMNS, L2, out, 'float64', 1e-12, 'newton-cholesky', threads=1)
    optimum = coefficients()
    rows = []

    def measure(name, text):
        figures = json.loads(text)
        error = max(abs(a - b) for a, b in zip(coefficients(), optimum))
        rows.append((name, figures, error))

    def ours():
        measure('fraud', run(BENCH, data, ROWS, COLUMNS, 0, L2, out))

    def theirs(dtype, tolerance, solver='newton-cholesky', threads=None):
        measure(f'scikit-learn {solver} {dtype} tol {tolerance:g}' + (', 1 BLAS thread' if threads else ''),
                python(FIT, data, ROWS, COLUMNS, L2, out, dtype, tolerance, solver, threads=threads))

    ours()
    theirs('float64', 1e-8)
    theirs('float64', 1e-8, threads=1)
    theirs('float64', 1e-4)
    theirs('float32', 1e-4)
    theirs('float64', 1e-8, 'lbfgs')
    ours()

print(f'{"":62} {"seconds":>8} {"cpu s":>7} {"peak MiB":>9} {"data MiB":>9} {"steps":>6} {"error":>8}')
for name, f, error in rows:
    print(f'{name:62} {f["seconds"]:8.2f} {f["cpuSeconds"]:7.2f} {f["peakMiB"]:9.0f} {f["readMiB"]:9.0f} {f["iterations"]:6} {error:8.1e}'
          + (f'  {f["status"]}' if f['status'] else ''))
mine, others = rows[0][1], [row[1] for row in rows[1:3]]
least = {figure: min(other[figure] for other in others) for figure in ('seconds', 'cpuSeconds', 'peakMiB')}
print('fraud / the better of scikit-learn newton-cholesky float64 tol 1e-08: ' + ', '.join(
    f'{name} {mine[figure] / least[figure]:.2f}' for name, figure in
    (('time', 'seconds'), ('processor time', 'cpuSeconds'), ('peak memory', 'peakMiB'))) + f'; load {os.getloadavg()[0]:.1f} after')
