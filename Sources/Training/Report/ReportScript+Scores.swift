extension ReportScript {
    /// Score distribution and calibration.
    static let scores = #"""
        plots.scores = (c, key, width) => {
          const e = data.evaluations[key], edges = e.edges, n = edges.length;
          const step = n > 1 ? edges[1] - edges[0] : 1;
          const lows = [edges[0] - step, ...edges], highs = [...edges, edges[n - 1] + step];
          const used = lows.map((_, i) => i).filter(i => e.valids[i] + e.fraudCounts[i] > 0);
          const share = x => 1 / (1 + Math.exp(-x));
          const range = i => i === 0 ? `score under ${percent(share(edges[0]))}` : i === n ? `score from ${percent(share(edges[n - 1]))}`
            : `score ${percent(share(lows[i]))} to ${percent(share(highs[i]))}`;
          const bars = (counts, name, colour) => ({
            type: "bar", x: used.map(i => (lows[i] + highs[i]) / 2), width: used.map(i => highs[i] - lows[i]), y: used.map(i => counts[i] || null), name,
            marker: {color: colour, opacity: .5, line: {color: colour, width: 1}}, hoverinfo: "text", hovertext: used.map(i => `${range(i)}<br>${name}: ${count(counts[i])}`),
          });
          const most = Math.max(1, ...e.valids, ...e.fraudCounts);
          const low = Math.min(...used.map(i => lows[i]), -1), high = Math.max(...used.map(i => highs[i]), 1);
          const notes = [], shapes = [];
          const powers = Array.from({length: 13}, (_, i) => 10 ** i).filter(p => p <= most * 3);
          if (e.threshold > 0 && e.threshold < 1) {
            const x = logit(e.threshold);
            shapes.push(rule(c, [x, 0], [x, 1], {yref: "paper", line: {color: c.ink, width: 1.5, dash: "dash"}, layer: "above"}));
            notes.push(label(c, "flagged →", x, 1, {yref: "paper", yanchor: "top", xshift: 3}));
          }
          return [[bars(e.valids, "valid", c.valid), bars(e.fraudCounts, "fraud", c.fraud)],
            layout(c, shareAxis(low - .3, high + .3, "score", width),
              {...title("rows"), type: "log", range: [Math.log10(.6), Math.log10(most) + .25], tickvals: powers, ticktext: powers.map(number)},
              {barmode: "overlay", annotations: notes, shapes, showlegend: true})];
        };

        plots.calibration = (c, key, width) => {
          const e = data.evaluations[key];
          const sets = [[e.uncalibrated, "before calibration", c.old, "circle-open"], [e.calibration, e.uncalibrated.length ? "after calibration" : "scores", c.ink, "circle"]];
          const all = sets.flatMap(s => s[0]);
          const positive = all.flatMap(b => [b[0], b[1], b[2], b[3]]).filter(s => s > 0 && s < 1);
          const low = Math.max(1e-8, Math.min(.1, ...positive) / 2), high = Math.min(1 - 1e-8, 1 - (1 - Math.max(.9, ...positive)) / 2);
          const place = share => logit(Math.min(high, Math.max(low, share)));
          const traces = sets.filter(s => s[0].length).map(([bins, name, colour, symbol]) => ({
            x: bins.map(b => place(b[0])), y: bins.map(b => place(b[1])), mode: "lines+markers", name, line: {color: colour, width: 1.5, dash: symbol === "circle" ? "solid" : "dot"},
            marker: {color: colour, size: 8, symbol}, hoverinfo: "text",
            error_y: {type: "data", symmetric: false, array: bins.map(b => b[3] == null ? 0 : place(b[3]) - place(b[1])),
              arrayminus: bins.map(b => b[2] == null ? 0 : place(b[1]) - place(b[2])), color: colour, thickness: 1, width: 3},
            hovertext: bins.map(b => `${name}<br>mean score ${percent(b[0])}<br>fraud ${percent(b[1])} (${percent(b[2])} to ${percent(b[3])})<br>${count(b[5])} of ${count(b[4])} rows`),
          }));
          const ends = [logit(low), logit(high)];
          return [traces, layout(c, shareAxis(ends[0], ends[1], "mean score", width), shareAxis(ends[0], ends[1], "share of fraud"),
            {shapes: [rule(c, [ends[0], ends[0]], [ends[1], ends[1]])], showlegend: traces.length > 1})];
        };

        """#

    /// Plots with one row a name.
    static let lists = #"""
        // Names at the left where there is room; 400 pixels have room for 16 characters.
        function names(list, width) {
          const most = Math.max(8, Math.floor(width / 22));
          return list.map(name => safe(name.length > most ? name.slice(0, most - 1) + "…" : name));
        }
        const rows = (list, width, more) => ({
          tickvals: list.map((_, i) => i), ticktext: names(list, width), range: [list.length - .4, -.6], tickfont: undefined, showgrid: false, fixedrange: true, ...more,
        });

        plots.families = (c, _, width) => {
          const list = data.evaluations[0].families.toSorted((a, b) => (b.recall[0] ?? 0) - (a.recall[0] ?? 0));
          const value = f => f.recall[0] ?? 0;
          return [[{
            x: list.map(value), y: list.map((_, i) => i), mode: "markers", marker: {color: c.fraud, size: 9}, hoverinfo: "text",
            error_x: {type: "data", symmetric: false, array: list.map(f => (f.recall[2] ?? value(f)) - value(f)),
              arrayminus: list.map(f => value(f) - (f.recall[1] ?? value(f))), color: c.fraud, thickness: 1.5, width: 0},
            hovertext: list.map(f => `${safe(f.name)}<br>recall ${percent(f.recall[0])} (${percent(f.recall[1])} to ${percent(f.recall[2])})<br>${count(f.flagged)} of ${count(f.rows)} rows`),
          }], layout(c, {...title("recall"), range: [-.02, 1.02], tickformat: ".0%", side: "top"}, rows(list.map(f => f.name), width),
            {margin: {l: 12, r: 76, t: 12, b: 8},
             annotations: list.map((f, i) => label(c, `${number(f.rows)} rows`, 1.01, i, {xref: "paper", xshift: 4, bgcolor: "rgba(0,0,0,0)", font: {size: 11, color: c.muted}})),
             shapes: list.map((_, i) => rule(c, [0, i], [1, i], {line: {color: c.rule, width: 1}}))})];
        };

        plots.coefficients = (c, _, width) => {
          const list = data.coefficients, colour = list.map(r => r.value > 0 ? c.fraud : c.valid);
          const bars = list.some(r => r.low !== undefined && r.high !== undefined);
          return [[{
            x: list.map(r => r.value), y: list.map((_, i) => i), mode: "markers", marker: {color: colour, size: 8}, hoverinfo: "text",
            error_x: bars ? {type: "data", symmetric: false, array: list.map(r => (r.high ?? r.value) - r.value),
              arrayminus: list.map(r => r.value - (r.low ?? r.value)), color: c.muted, thickness: 1.5, width: 0} : undefined,
            hovertext: list.map(r => `${safe(r.name)}<br>${signed(r.value)}` + (r.low !== undefined ? ` (${signed(r.low)} to ${signed(r.high)})` : "") + `<br>${odds(r.value)}`),
          }], layout(c, {...title("log-odds per standard deviation: valid ← → fraud"), side: "top", zeroline: true, zerolinecolor: c.muted},
            rows(list.map(r => r.name), width), {shapes: list.map((_, i) => rule(c, [0, i], [1, i], {xref: "paper", line: {color: c.rule, width: 1}}))})];
        };

        plots.drift = (c, _, width) => {
          // Over 1 is all the same: too much.
          const list = data.drift, most = Math.min(1, Math.max(.3, ...list.map(d => d.index ?? 0)));
          return [[{
            type: "bar", orientation: "h", x: list.map(d => d.index), y: list.map((_, i) => i), width: .7, hoverinfo: "text",
            marker: {color: list.map(d => d.index >= .25 ? c.ink : d.index >= .1 ? c.old : c.density)}, hovertext: list.map(d => `${safe(d.name)}<br>${number(d.index)}`), cliponaxis: false,
            text: list.map(d => (d.index ?? 0).toFixed(2)), textposition: list.map(d => d.index > most * .9 ? "inside" : "outside"), insidetextfont: {color: c.paper, size: 11}, textfont: {size: 11, color: c.muted},
          }], layout(c, {...title("population stability index"), side: "top", range: [0, most], tickvals: [0, .1, .25, .5, .75, 1].filter(v => v <= most)}, rows(list.map(d => d.name), width),
            {shapes: [.1, .25].map(x => rule(c, [x, 0], [x, 1], {yref: "paper"}))})];
        };

        """#
}
