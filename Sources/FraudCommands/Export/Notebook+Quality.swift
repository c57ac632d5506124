/// The parts of the notebook that compare scores and verdicts with the truth.
extension Notebook {
    static let figures: [Cell] = [
        .text(
            id: "figures-text",
            #"""
            ## How right it is

            The model alone by scikit-learn, and rules and model together as verdicts. These are the figures of `fraud evaluate`
            on the same clicks. Average precision has the share of fraud as its floor, ROC AUC one half.
            """#),
        .code(
            id: "figures",
            #"""
            known = clicks[clicks["label"].notna()].copy()
            truth = (known["label"] == "fraud").to_numpy()
            score = known["score"].to_numpy()
            flagged = (known["verdict_label"] == "fraud").to_numpy()

            figures = pd.Series({
                "model_roc_auc": metrics.roc_auc_score(truth, score),
                "model_average_precision": metrics.average_precision_score(truth, score),
                "model_log_loss": metrics.log_loss(truth, score.astype(float)),
                "model_brier": metrics.brier_score_loss(truth, score.astype(float)),
                "recall": flagged[truth].mean(),
                "precision": truth[flagged].mean() if flagged.any() else np.nan,
                "false_positive_rate": flagged[~truth].mean(),
            })
            print(figures.map("{:.6f}".format).to_string())
            """#),
    ]

    static let ranking: [Cell] = [
        .text(
            id: "ranking-text",
            #"""
            ## Precision and recall, ROC

            Fraud is the minority, so precision and recall say more than the ROC curve; that one has a logarithmic axis, because
            only its left end is affordable: at 1 % false positives, one honest click in a hundred goes unpaid. The cross is what
            the whole scorer does. Above the curve means that the rules add what the model misses.
            """#),
        .code(
            id: "ranking",
            #"""
            precision, recall, _ = metrics.precision_recall_curve(truth, score)
            rate, hit, _ = metrics.roc_curve(truth, score, drop_intermediate=False)
            reached = score >= THRESHOLD

            fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
            left.plot(recall[::-1], precision[::-1], color=RED, drawstyle="steps-pre", label=f"model, average precision {figures['model_average_precision']:.4f}")
            left.axhline(truth.mean(), color=GREY, linestyle="--", linewidth=1, label=f"by chance {truth.mean():.3f}")
            left.set(title="Precision and recall", xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.03))
            least = 0.5 / max(1, (~truth).sum())
            right.plot(np.maximum(rate, least), hit, color=RED, drawstyle="steps-post", label=f"model, AUC {figures['model_roc_auc']:.4f}")
            chance = np.geomspace(least, 1, 100)
            right.plot(chance, chance, color=GREY, linestyle="--", linewidth=1, label="by chance")
            right.set(title="ROC", xscale="log", xlabel=f"false-positive rate (none at the left edge, {least:.0e})", ylabel="recall", xlim=(least, 1), ylim=(0, 1.03))
            for name, chosen, mark in (("model at its threshold", reached, "o"), ("rules and model", flagged, "X")):
                if chosen.any():
                    left.plot(chosen[truth].mean(), truth[chosen].mean(), mark, color="black", markersize=8, label=name)
                right.plot(max(chosen[~truth].mean(), least), chosen[truth].mean(), mark, color="black", markersize=8, clip_on=False, zorder=3, label=name)
            left.legend(loc="lower left")
            right.legend(loc="lower right", frameon=True, framealpha=0.9, edgecolor="none")
            plt.show()
            """#),
    ]

    static let calibration: [Cell] = [
        .text(
            id: "calibration-text",
            #"""
            ## Calibration

            Of the clicks that score about 0.3, is three in ten fraud? Points below the line: the score promises more fraud than
            there is, and money decided by it refuses too much. Bars are 95 % intervals (Wilson); believe no point that has few clicks below it.
            """#),
        .code(
            id: "calibration",
            #"""
            bins = np.clip((score * 15).astype(int), 0, 14)
            table = pd.DataFrame({"bin": bins, "score": score, "fraud": truth}).groupby("bin").agg(clicks=("fraud", "size"), score=("score", "mean"), fraud=("fraud", "mean"))
            z, n, p = 1.96, table["clicks"], table["fraud"]
            middle = (p + z * z / (2 * n)) / (1 + z * z / n)
            half = z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))

            fig, (top, bottom) = plt.subplots(2, 1, figsize=(5.4, 5.2), sharex=True, height_ratios=[3, 1], layout="constrained")
            top.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="perfect")
            top.vlines(table["score"], middle - half, middle + half, color=RED, alpha=0.6)
            top.plot(table["score"], table["fraud"], "o-", color=RED, linewidth=1, label=f"model, Brier {figures['model_brier']:.4f}")
            top.set(title="Calibration", ylabel="share of fraud", ylim=(-0.02, 1.02))
            top.legend(loc="upper left")
            bottom.bar((table.index + 0.5) / 15, table["clicks"], width=0.06, color=BLUE)
            bottom.set(yscale="log", ylim=(0.8, None), ylabel="clicks", xlabel="mean score of the bin", xlim=(0, 1))
            plt.show()
            """#),
    ]

    static let families: [Cell] = [
        .text(
            id: "families-text",
            #"""
            ## Recall by family of fraud

            What is grey is missed. A family that only rules catch depends on a list or a limit that its makers can learn; one
            that only the model catches has no rule to explain it to a publisher.
            """#),
        .code(
            id: "families",
            #"""
            frauds = known[truth].assign(family=known.loc[truth, "attack"].fillna("(none)"))
            by_rule = frauds["deciding_rule"].notna() & (frauds["deciding_rule"] != "model")
            frauds["caught"] = np.select([by_rule, frauds["verdict_label"] == "fraud"], ["a rule", "the model alone"], "missed")
            caught = frauds.groupby(["family", "caught"]).size().unstack(fill_value=0).reindex(columns=["a rule", "the model alone", "missed"], fill_value=0)
            recall_by_family = pd.DataFrame({
                "clicks": caught.sum(axis=1), "flagged": caught["a rule"] + caught["the model alone"],
            }).assign(recall=lambda t: t["flagged"] / t["clicks"]).sort_values("recall")

            shares = caught.div(caught.sum(axis=1), axis=0).loc[recall_by_family.index]
            fig, axes = plt.subplots(figsize=(9, 0.8 + 0.27 * len(shares)), layout="constrained")
            left = np.zeros(len(shares))
            for name, colour in (("a rule", RED), ("the model alone", ORANGE), ("missed", "#DDE1E6")):
                axes.barh(range(len(shares)), shares[name], left=left, color=colour, label=name, height=0.78)
                left += shares[name].to_numpy()
            axes.set_yticks(range(len(shares)), [f"{name}  ({n:,})" for name, n in recall_by_family["clicks"].items()])
            axes.set(xlabel="share of the family's clicks", xlim=(0, 1))
            axes.margins(y=0.01)
            axes.grid(axis="y", visible=False)
            axes.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))
            axes.set_title("Who catches which family", loc="left", pad=24)
            plt.show()
            print(recall_by_family.to_string(formatters={"recall": "{:.4f}".format}))
            """#),
    ]
}
