/// The parts of the notebook about features, a challenger, the rules and the money.
extension Notebook {
    static let features: [Cell] = [
        .text(
            id: "features-text",
            #"""
            ## Features

            Ranked by how well each alone tells the two apart (AUC of its known values, either way round). Look for a feature
            that is too good, which is a leak or a gap in the traffic, and for one whose *being unknown* tells them apart: what is
            unknown should not be held against a visitor. Logarithmic for counts, times and distances.
            """#),
        .code(
            id: "features",
            #"""
            kinds = {name: clicks[clicks[SPLIT] == name] for name in ("valid", "fraud")}
            rows = []
            for name in FEATURES:
                known_values = {kind: part[name].dropna().to_numpy() for kind, part in kinds.items()}
                auc = np.nan
                if min(map(len, known_values.values())) >= 30:
                    both = np.concatenate([known_values["valid"], known_values["fraud"]])
                    auc = metrics.roc_auc_score(np.arange(len(both)) >= len(known_values["valid"]), both)
                unknown = {kind: part[name].isna().mean() if len(part) else np.nan for kind, part in kinds.items()}
                rows.append((name, auc, abs(auc - 0.5), unknown["valid"], unknown["fraud"]))
            ranking = pd.DataFrame(rows, columns=["name", "auc", "strength", "unknown_valid", "unknown_fraud"]).set_index("name")
            ranking = ranking.join(catalogue[["unit", "meaning"]]).sort_values("strength", ascending=False)

            fig, grid = plt.subplots(3, 4, figsize=(11, 7), layout="constrained")
            for axes, (name, row) in zip(grid.flat, ranking.iterrows()):
                values = {kind: part[name].dropna().to_numpy() for kind, part in kinds.items()}
                both = np.concatenate(list(values.values()))
                if row["unit"] == "flag":
                    for offset, (kind, colour) in zip((-0.2, 0.2), (("valid", BLUE), ("fraud", RED))):
                        share = values[kind].mean() if len(values[kind]) else 0
                        axes.bar(np.array([0, 1]) + offset, [1 - share, share], width=0.4, color=colour, label=kind)
                    axes.set_xticks([0, 1], ["no", "yes"])
                else:
                    bends = row["unit"] in ("count", "ms", "s", "px", "km/h") and len(both) and both.min() >= 0
                    shape = np.log1p if bends else (lambda x: x)
                    low, high = np.quantile(shape(both), [0, 0.999]) if len(both) else (0, 1)
                    edges = np.linspace(low, max(high, low + 1e-6), 31)
                    for kind, colour in (("valid", BLUE), ("fraud", RED)):
                        inside = np.clip(shape(values[kind]), edges[0], edges[-1])
                        axes.hist(inside, bins=edges, weights=np.full(len(inside), 1 / max(1, len(inside))), color=colour, alpha=0.55, label=kind)
                    if bends:
                        ticks = [t for t in (0, 1, 10, 100, 1e3, 1e4, 1e5, 1e6) if low - 1e-6 <= np.log1p(t) <= edges[-1]]
                        if len(ticks) < 4:
                            ticks = [t for t in (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3) if low - 1e-6 <= np.log1p(t) <= edges[-1]]
                        axes.set_xticks(np.log1p(ticks), [f"{t:,.0f}" if t < 1e4 else f"{t / 1e3:,.0f}k" for t in ticks])
                axes.set_title(f"{name} ({row['unit']})", fontsize=8)
                axes.set_xlabel(f"AUC {row['auc']:.3f}; unknown {row['unknown_valid']:.0%} valid, {row['unknown_fraud']:.0%} fraud", fontsize=7)
                axes.tick_params(labelsize=7)
            grid.flat[0].legend(fontsize=8)
            fig.suptitle("The twelve features that tell the most alone: share of the known values", x=0.01, ha="left", weight="bold")
            plt.show()
            ranking.drop(columns="strength").head(20).round(3)
            """#),
    ]

    static let challenger: [Cell] = [
        .text(
            id: "challenger-text",
            #"""
            ## A challenger

            Gradient-boosted trees on the same features, trained on the first 70 % of the clicks by time and compared with our
            model on the rest. Never split at random: neighbouring clicks of one attack would stand on both sides. Features that
            grow with a site's traffic are left out, as `fraud train` does.

            It is not a fair match, in the challenger's favour: it learned from the very attackers that it meets again a few hours
            later, unless our model was trained on these clicks too. If it still loses, the features are used up; if it wins by
            much, retrain (`fraud train`) before you envy it.
            """#),
        .code(
            id: "challenger",
            #"""
            from sklearn.ensemble import HistGradientBoostingClassifier

            inputs = [name for name in FEATURES if not catalogue.loc[name, "grows_with_traffic"]]
            cut = known["ts"].quantile(0.7)
            train, test = known[known["ts"] < cut], known[known["ts"] >= cut]
            y_train, y_test = train["label"] == "fraud", (test["label"] == "fraud").to_numpy()

            def at_rate(y, s, most):
                '''Recall at the lowest threshold that keeps the false-positive rate at or under `most`.'''
                rate, hit, _ = metrics.roc_curve(y, s, drop_intermediate=False)
                return hit[rate <= most].max()

            if min(y_train.sum(), (~y_train).sum(), y_test.sum(), (~y_test).sum()) < 20:
                print("too few clicks of one label on one side of the split")
            else:
                trees = HistGradientBoostingClassifier(learning_rate=0.08, max_iter=120, min_samples_leaf=50, l2_regularization=1.0, early_stopping=False, random_state=0)
                trees.fit(train[inputs], y_train)
                rivals = {"this model": test["score"].to_numpy(), "challenger": trees.predict_proba(test[inputs])[:, 1]}
                comparison = pd.DataFrame({
                    name: {
                        "average precision": metrics.average_precision_score(y_test, s), "ROC AUC": metrics.roc_auc_score(y_test, s),
                        "recall at 0.1 % false positives": at_rate(y_test, s, 0.001), "recall at 1 % false positives": at_rate(y_test, s, 0.01),
                        "log loss": metrics.log_loss(y_test, s.astype(float)),
                    } for name, s in rivals.items()
                }).T
                print(f"trained on {len(train):,} clicks before {cut:%Y-%m-%d %H:%M}, compared on {len(test):,} after, {y_test.sum():,} of them fraud\n")
                print(comparison.T.to_string(float_format="{:.4f}".format))
                fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
                for (name, s), colour in zip(rivals.items(), (RED, BLUE)):
                    precision, recall, _ = metrics.precision_recall_curve(y_test, s)
                    left.plot(recall[::-1], precision[::-1], color=colour, drawstyle="steps-pre", label=f"{name}, {comparison.loc[name, 'average precision']:.3f}")
                left.set(title="Precision and recall, last 30 %", xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.03))
                left.legend(loc="lower left", title="average precision", alignment="left")
                ranks = [pd.Series(s).rank(pct=True) for s in rivals.values()]
                for kind, colour, size in ((~y_test, BLUE, 3), (y_test, RED, 6)):
                    right.scatter(ranks[0][kind], ranks[1][kind], s=size, color=colour, alpha=0.35, linewidths=0, label="fraud" if colour == RED else "valid", rasterized=True)
                right.set(title="Where they differ", xlabel="rank by this model", ylabel="rank by the challenger", xlim=(0, 1), ylim=(0, 1))
                right.legend(loc="lower right", markerscale=3)
                plt.show()
            """#),
    ]

    static let rules: [Cell] = [
        .text(
            id: "rules-text",
            #"""
            ## Rules and model

            First, who speaks: a rule, the model (its score reaches the threshold), both or neither. Then each rule's own record: a
            rule with many honest clicks costs publishers money. *Alone* counts what neither another rule nor the model would have
            caught. Rules that only take a note are in the table and not in the plot.
            """#),
        .code(
            id: "rules",
            #"""
            db.execute("SET VARIABLE threshold = ?::FLOAT", [float(THRESHOLD)])
            speakers = db.sql(f"""
                SELECT CASE WHEN deciding_rule IS NOT NULL AND deciding_rule != 'model' THEN 'a rule' ELSE 'no rule' END AS rules,
                       CASE WHEN score >= getvariable('threshold') THEN 'the model' ELSE 'not the model' END AS model,
                       count(*) FILTER ({SPLIT} = 'fraud') AS fraud, count(*) FILTER ({SPLIT} = 'valid') AS valid
                FROM clicks GROUP BY ALL ORDER BY ALL""").df()
            print(speakers.to_string(index=False), "\n")
            db.execute("SET VARIABLE deciding = ?::VARCHAR[]", [export["deciding_rules"]])
            by_rule = db.sql(f"""
                SELECT rule, list_contains(getvariable('deciding'), rule) AS decides,
                       count(*) FILTER (kind = 'fraud') AS fraud, count(*) FILTER (kind = 'valid') AS valid,
                       count(*) FILTER (kind = 'fraud' AND decides AND fired = 1 AND score < getvariable('threshold')) AS alone
                FROM (SELECT unnest(rules) AS rule, {SPLIT} AS kind, score,
                             len(list_intersect(rules, getvariable('deciding'))) AS fired FROM clicks)
                GROUP BY ALL ORDER BY decides DESC, fraud DESC, valid DESC, rule""").df().set_index("rule")
            print(by_rule.to_string() if len(by_rule) else "no rule fired")
            shown = by_rule[by_rule["decides"].astype(bool)].head(25).iloc[::-1]
            if len(shown):
                fig, (left, right) = plt.subplots(1, 2, figsize=(9, 0.9 + 0.25 * len(shown)), sharey=True, width_ratios=[2, 1], layout="constrained")
                left.barh(shown.index, shown["fraud"], color=RED, label="fraud", height=0.75)
                left.barh(shown.index, shown["alone"], color="#8C2F3C", label="of these, by this rule alone", height=0.75)
                left.set(title="Fraud a rule fires on", xlabel="clicks")
                left.legend(loc="lower right")
                right.barh(shown.index, shown["valid"], color=BLUE, height=0.75)
                right.set(title="Honest clicks", xlabel="clicks")
                for axes in (left, right):
                    axes.grid(axis="y", visible=False)
                    axes.margins(y=0.01)
                right.set_xlim(0, max(10, 1.05 * shown["valid"].max()))
                plt.show()
            """#),
    ]

    static let money: [Cell] = [
        .text(
            id: "money-text",
            #"""
            ## Money

            Exact sums (`DECIMAL`), by what is true and what was said. Valid clicks called fraud are what publishers lose; fraud
            called valid is what advertisers pay for nothing. The two need not weigh the same: choose the threshold by that.
            """#),
        .code(
            id: "money",
            #"""
            db.sql("""
                SELECT coalesce(label, 'unknown') AS truth, verdict_label AS verdict, count(*) AS clicks, sum(cost) AS cost
                FROM clicks GROUP BY ALL ORDER BY ALL""").show()
            """#),
    ]
}
