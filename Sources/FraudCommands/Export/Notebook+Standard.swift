/// The notebook that `fraud export` writes: its beginning, and the order of its parts.
extension Notebook {
    /// - Parameter hasTruth: whether clicks of both labels are known; without, what needs the truth is left out and said so.
    static func standard(hasTruth: Bool) -> Notebook {
        let start = title + load + balance + scores
        let truth = hasTruth ? figures + ranking + calibration + families : withoutTruth
        return Notebook(cells: start + truth + features + (hasTruth ? challenger : []) + rules + money)
    }

    private static let title: [Cell] = [
        .text(
            id: "title",
            #"""
            # Clicks, features and scores

            `fraud export` wrote this notebook and the folder `data/` beside it. Every click was replayed in the order of its
            arrival, so a feature never knows more than it would have known at that click. Run it from top to bottom; it reads
            `data/` and nothing from the network.

            | file | what |
            |---|---|
            | `data/clicks/*.parquet` | one row a counted click: ids, truth (`label`, `attack`), the features, `score`, `verdict_label`, `deciding_rule`, `reasons`, `rules` |
            | `data/features.parquet` | what each feature means, its unit, and when it is unknown (NULL) |
            | `data/model.json`, `data/export.json` | the model that scored, and what this export is |

            Change what you like: an export does not overwrite a notebook that was changed.
            """#)
    ]

    private static let load: [Cell] = [
        .code(
            id: "load",
            #"""
            import json
            from pathlib import Path

            import duckdb
            import matplotlib.dates as mdates
            import matplotlib.pyplot as plt
            import numpy as np
            import pandas as pd
            from sklearn import metrics

            %matplotlib inline
            DATA = Path("data")
            MOST_CLICKS = 1_000_000  # of more, a share is taken by a hash of the id: the same clicks each time

            export = json.loads((DATA / "export.json").read_text())
            catalogue = pd.read_parquet(DATA / "features.parquet").set_index("name")
            FEATURES = list(catalogue.index)

            db = duckdb.connect()
            db.sql(f"CREATE VIEW clicks AS SELECT * FROM read_parquet('{DATA}/clicks/*.parquet')")
            one_in = -(-export["clicks"] // MOST_CLICKS)
            columns = ["click_id", "ts", "label", "attack", "score", "verdict_label", "deciding_rule", *FEATURES]
            clicks = db.sql(f"SELECT {', '.join(columns)} FROM clicks WHERE hash(click_id) % {one_in} = 0 ORDER BY ts, click_id").df()

            THRESHOLD = np.float32(export["threshold"])  # a score that reaches it is fraud
            HAS_TRUTH = 0 < export["frauds"] < export["labelled"]
            SPLIT = "label" if HAS_TRUTH else "verdict_label"  # without truth, the verdict stands in for it
            BLUE, RED, ORANGE, GREY = "#4C78A8", "#D1495B", "#EDAE49", "#8D99AE"
            plt.rcParams.update({
                "figure.dpi": 110, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "axes.axisbelow": True,
                "grid.color": "#E6E8EB", "axes.titleweight": "bold", "axes.titlelocation": "left", "legend.frameon": False, "font.size": 9,
            })
            print(f"{export['clicks']:,} clicks, {export['labelled']:,} labelled, {export['frauds']:,} of them fraud; one in {one_in} is read here")
            print(f"model {export['model_id']}, threshold {THRESHOLD:.4f}, rules {export['ruleset_id']}")
            clicks.head()
            """#)
    ]

    private static let balance: [Cell] = [
        .text(
            id: "balance-text",
            #"""
            ## Labels over time

            Look for hours in which the share of fraud jumps: an attack is a matter of hours, and a split at random would put
            parts of it on both sides. Empty hours are lost data more often than quiet nights.
            """#),
        .code(
            id: "balance",
            #"""
            # A few broken clocks would stretch the axis: it holds 99.8 % of the clicks.
            first, last = clicks["ts"].quantile([0.001, 0.999])
            seconds = max(1, (last - first).total_seconds())
            step = next((s for s in (60, 300, 900, 1800, 3600, 10800, 21600) if seconds / s <= 72), 86400)
            shown = clicks[clicks["ts"].between(first, last)]
            counts = shown.groupby([shown["ts"].dt.floor(f"{step}s"), SPLIT]).size().unstack(fill_value=0).reindex(columns=["valid", "fraud"], fill_value=0)

            fig, (top, bottom) = plt.subplots(2, 1, figsize=(9, 4.6), sharex=True, height_ratios=[2, 1], layout="constrained")
            width = pd.Timedelta(seconds=step * 0.9)
            top.bar(counts.index, counts["valid"], width=width, align="edge", color=BLUE, label="valid")
            top.bar(counts.index, counts["fraud"], width=width, align="edge", bottom=counts["valid"], color=RED, label="fraud")
            top.set(title=f"Clicks by {SPLIT}, in steps of {step // 60} min", ylabel="clicks")
            top.legend(ncols=2)
            bottom.plot(counts.index + pd.Timedelta(seconds=step / 2), counts["fraud"] / counts.sum(axis=1), color=RED, marker="o", markersize=3)
            bottom.axhline((shown[SPLIT] == "fraud").sum() / shown[SPLIT].notna().sum(), color=GREY, linestyle="--", linewidth=1, label="over all")
            bottom.set(ylabel="share of fraud", ylim=(0, None), xlabel="event time (UTC)")
            bottom.xaxis.set_major_formatter(mdates.ConciseDateFormatter(bottom.xaxis.get_major_locator()))
            bottom.margins(x=0.01)
            bottom.legend()
            plt.show()
            """#),
    ]

    private static let scores: [Cell] = [
        .text(
            id: "scores-text",
            #"""
            ## Scores

            On the left, how scores are distributed (clicks on a logarithmic axis). On the right, the share of each kind that
            reaches a score: read the recall off the red line and the false-positive rate off the blue one, at any threshold.
            Fraud at the left edge is what the model does not see at all; a threshold cannot bring it back.
            """#),
        .code(
            id: "scores",
            #"""
            fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
            for name, colour in (("valid", BLUE), ("fraud", RED)):
                score = np.sort(clicks.loc[clicks[SPLIT] == name, "score"].to_numpy())
                if len(score) == 0:
                    continue
                left.hist(score, bins=np.linspace(0, 1, 51), color=colour, alpha=0.55, label=f"{name} ({len(score):,})", log=True)
                right.step(score, 1 - np.arange(len(score)) / len(score), where="post", color=colour, label=name)
            for axes in (left, right):
                axes.axvline(THRESHOLD, color="black", linestyle="--", linewidth=1, label=f"threshold {THRESHOLD:.3f}")
                axes.set(xlabel="score of the model", xlim=(0, 1))
            left.set(title="Distribution", ylabel="clicks")
            right.set(title="Share that reaches a score", yscale="log", ylabel="share of its kind")
            left.legend()
            right.legend()
            plt.show()
            """#),
    ]

    private static let withoutTruth: [Cell] = [
        .text(
            id: "no-truth",
            #"""
            ## No truth

            These clicks do not say which of them are fraud and which are valid (`label`), so recall, precision, calibration and a
            challenger cannot be measured here. Below, `fraud` is what the scorer said.
            """#)
    ]
}
