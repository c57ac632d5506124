/// The page's script: unpacks the chart library, and draws each plot when it comes near the screen.
///
/// Names from the data reach a plot through `safe` only, as the chart library reads a few tags in its labels.
enum ReportScript {
    static var text: String { "(() => {\n\"use strict\";\n" + tools + ranking + scores + effects + lists + page + "})();\n" }

    /// Colours, numbers and axes.
    static let tools = #"""
        const root = document.documentElement;
        const nonce = document.currentScript.nonce;
        const data = JSON.parse(document.getElementById("data").textContent);
        const safe = text => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

        function colours() {
          const style = getComputedStyle(root);
          const names = ["paper", "ink", "muted", "rule", "density", "fraud", "valid", "mid", "old"];
          return Object.fromEntries(names.map(name => [name, style.getPropertyValue("--" + name).trim()]));
        }

        const minus = text => text.replace(/-/g, "−");
        function number(x) {
          if (x == null || x === undefined) return "–";
          const size = Math.abs(x);
          if (size >= 1e6) return minus((x / 1e6).toPrecision(3).replace(/\.?0+$/, "") + " M");
          if (size >= 1e4) return minus(String(Number((x / 1000).toPrecision(3))) + " k");
          return minus(String(Number(x.toPrecision(3))));
        }
        const count = x => x.toLocaleString("en-US");
        const signed = x => (x > 0 ? "+" : "") + minus(x.toFixed(2));
        function percent(share) {
          if (share == null || share === undefined) return "–";
          const p = share * 100, distance = Math.min(Math.abs(p), Math.abs(100 - p));
          if (distance === 0) return p + " %";
          return p.toFixed(distance >= 10 ? 1 : Math.min(6, Math.max(1, 1 - Math.floor(Math.log10(distance))))) + " %";
        }
        const odds = x => "odds × " + number(Math.exp(Math.max(-30, Math.min(30, x))));

        function axis(c, more) {
          return Object.assign({
            gridcolor: c.rule, linecolor: c.rule, zerolinecolor: c.rule, zeroline: false, automargin: true, ticks: "",
            tickfont: {color: c.muted, size: 11}, title: {standoff: 8},
          }, more);
        }
        function layout(c, x, y, more) {
          return Object.assign({
            xaxis: axis(c, x), yaxis: axis(c, y), paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false,
            font: {family: getComputedStyle(document.body).fontFamily, size: 12, color: c.ink}, margin: {l: 12, r: 16, t: 16, b: 12},
            hovermode: "closest", hoverlabel: {bgcolor: c.paper, bordercolor: c.rule, font: {color: c.ink}, align: "left"},
            dragmode: matchMedia("(pointer: fine)").matches ? "zoom" : false, bargap: 0,
            legend: {orientation: "h", x: 0, y: 1.02, yanchor: "bottom", bgcolor: "rgba(0,0,0,0)"},
          }, more);
        }
        const title = text => ({title: {text, standoff: 8}});
        const label = (c, text, x, y, more) => Object.assign({
          text, x, y, showarrow: false, font: {size: 11, color: c.ink}, bgcolor: c.paper, borderpad: 2, xanchor: "left", yanchor: "middle",
        }, more);
        const rule = (c, from, to, more) => Object.assign({
          type: "line", x0: from[0], y0: from[1], x1: to[0], y1: to[1], line: {color: c.muted, width: 1, dash: "dot"}, layer: "below",
        }, more);

        // Shares on a scale of log-odds, which has room at both ends.
        const logit = share => Math.log(share / (1 - share));
        const shares = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, .001, .01, .1, .5, .9, .99, .999, .9999, .99999, .999999, .9999999];
        function shareAxis(low, high, text, width) {
          let shown = shares.filter(s => logit(s) >= low - .01 && logit(s) <= high + .01);
          if (shown.length > (width < 420 ? 5 : 8)) shown = shown.filter(s => s === .5 || (Math.round(Math.abs(Math.log10(Math.min(s, 1 - s)))) % 2 === 0));
          const tick = s => s < .5 ? String(Number((s * 100).toPrecision(2))) : String(Number((100 - (1 - s) * 100).toPrecision(9)));
          return {...title(text), range: [low, high], tickvals: shown.map(logit), ticktext: shown.map(s => tick(s) + " %")};
        }
        const rateAxis = (low, text) => {
          const powers = [1e-7, 1e-6, 1e-5, 1e-4, .001, .01, .1, 1].filter(p => p >= low * .99);
          return {...title(text), type: "log", range: [Math.log10(low), 0.02], tickvals: powers, ticktext: powers.map(p => number(p * 100) + " %")};
        };
        const plots = {};

        """#

    /// ROC, precision–recall and cost.
    static let ranking = #"""
        const lineOf = (c, index) => [
          {color: c.ink, width: 2.5}, {color: c.old, width: 1.5}, {color: c.old, width: 1.5, dash: "dash"}, {color: c.old, width: 1.5, dash: "dot"},
        ][Math.min(index, 3)];
        const lowestRate = () => Math.max(1e-7, Math.min(.01, ...data.evaluations.map(e => .5 / Math.max(1, e.rows - e.frauds))));
        const inUse = (c, x, y, text) => ({
          x: [x], y: [y], mode: "markers", marker: {size: 11, color: c.paper, line: {color: c.ink, width: 2.5}}, hoverinfo: "text",
          hovertext: ["threshold in use<br>" + text], showlegend: false,
        });

        // Between two points a ROC curve is straight in the rates themselves, which a logarithmic axis bends.
        function bent(points, low) {
          return points.flatMap((p, i) => {
            const next = points[i + 1], from = Math.max(p[0], low);
            if (!next || next[1] === p[1] || next[0] < from * 1.2) return [p];
            const between = Array.from({length: 15}, (_, k) => from * (next[0] / from) ** ((k + 1) / 16));
            return [p, ...between.map(x => [x, p[1] + (next[1] - p[1]) * (x - p[0]) / (next[0] - p[0]), next[2], null])];
          });
        }

        plots.roc = c => {
          const low = lowestRate(), first = data.evaluations[0];
          const traces = data.evaluations.map(e => [e, bent(e.roc, low)]).map(([e, points], i) => ({
            x: points.map(p => Math.max(p[0], low)), y: points.map(p => p[1]), mode: "lines", line: lineOf(c, i), name: safe(e.name), hoverinfo: "text",
            hovertext: points.map(p => `${safe(e.name)}<br>recall ${percent(p[1])}<br>false positives ${percent(p[0])}<br>threshold ${number(p[2])}`),
          })).reverse();
          const chance = Array.from({length: 60}, (_, i) => low ** (1 - i / 59));
          traces.unshift({x: chance, y: chance, mode: "lines", line: {color: c.muted, width: 1, dash: "dot"}, hoverinfo: "skip", showlegend: false});
          const notes = [label(c, "chance", Math.log10(.35), .35, {xanchor: "right", font: {size: 11, color: c.muted}})];
          if (first.threshold <= 1 && first.recall != null) {
            const x = Math.max(first.falsePositiveRate, low);
            traces.push(inUse(c, x, first.recall, `recall ${percent(first.recall)}<br>false positives ${percent(first.falsePositiveRate)}`));
            // The curve rises: under it, to the right, there is room.
            notes.push(label(c, `in use: recall ${percent(first.recall)}`, Math.log10(x), first.recall, {xshift: 10, yshift: first.recall > .15 ? -18 : 18}));
          }
          return [traces, layout(c, rateAxis(low, "false-positive rate"), {...title("recall"), range: [0, 1.03], tickformat: ".0%"},
            {annotations: notes, showlegend: data.evaluations.length > 1, legend: {orientation: "h", x: 0, y: 1.02, yanchor: "bottom", traceorder: "reversed"}})];
        };

        plots.precisionRecall = (c, _, width) => {
          const first = data.evaluations[0], base = first.frauds / Math.max(1, first.rows);
          const traces = data.evaluations.map((e, i) => ({
            x: e.precisionRecall.map(p => p[0]), y: e.precisionRecall.map(p => p[1]), mode: "lines", line: lineOf(c, i), name: safe(e.name), hoverinfo: "text",
            hovertext: e.precisionRecall.map(p => `${safe(e.name)}<br>recall ${percent(p[0])}<br>precision ${percent(p[1])}<br>threshold ${number(p[2])}`),
          })).reverse();
          const notes = [label(c, `share of fraud: ${percent(base)}`, .02, base, {yshift: base < .9 ? 9 : -9, font: {size: 11, color: c.muted}})];
          if (first.threshold <= 1 && first.recall != null && first.precision != null) {
            traces.push(inUse(c, first.recall, first.precision, `recall ${percent(first.recall)}<br>precision ${percent(first.precision)}`));
            const isRight = first.recall * (width - 90) > 150;
            notes.push(label(c, `in use: precision ${percent(first.precision)}`, first.recall, first.precision,
              {xanchor: isRight ? "right" : "left", xshift: isRight ? -10 : 10, yshift: first.precision > .15 ? -18 : 18}));
          }
          return [traces, layout(c, {...title("recall"), range: [0, 1.02], tickformat: ".0%"}, {...title("precision"), range: [0, 1.03], tickformat: ".0%"},
            {annotations: notes, shapes: [rule(c, [0, base], [1, base])], showlegend: data.evaluations.length > 1,
             legend: {orientation: "h", x: 0, y: 1.02, yanchor: "bottom", traceorder: "reversed"}})];
        };

        plots.cost = c => {
          const low = lowestRate(), e = data.evaluations[0];
          const points = e.roc.filter(p => p[3] != null);
          const best = points.reduce((a, p) => p[3] < a[3] ? p : a, points[0] || [0, 0, 0, 0]);
          const xs = points.map(p => Math.max(p[0], low));
          const traces = [{
            x: xs, y: points.map(p => p[3]), mode: "lines", line: lineOf(c, 0), hoverinfo: "text",
            hovertext: points.map(p => `cost ${number(p[3])}<br>false positives ${percent(p[0])}<br>recall ${percent(p[1])}<br>threshold ${number(p[2])}`),
          }];
          const notes = [], shapes = [];
          // What flagging nearly everything costs is of no interest: the axis ends over what might be chosen.
          const most = Math.max(e.costOfNone ?? 0, e.cost ?? 0, points.length ? points[0][3] : 0) || 1;
          if (e.costOfNone != null) {
            shapes.push(rule(c, [0, e.costOfNone], [1, e.costOfNone], {xref: "paper"}));
            notes.push(label(c, `bill every click: ${number(e.costOfNone)}`, .02, e.costOfNone, {xref: "paper", yshift: 10, font: {size: 11, color: c.muted}}));
          }
          if (points.length) {
            const x = Math.max(best[0], low);
            traces.push({x: [x], y: [best[3]], mode: "markers", marker: {size: 8, color: c.ink}, hoverinfo: "text",
              hovertext: [`cheapest: ${number(best[3])}<br>threshold ${number(best[2])}`]});
            notes.push(label(c, `cheapest: ${number(best[3])}`, Math.log10(x), best[3], {yshift: -18, xanchor: "center"}));
          }
          if (e.threshold <= 1 && e.cost != null) {
            const x = Math.max(e.falsePositiveRate ?? low, low);
            traces.push(inUse(c, x, e.cost, "cost " + number(e.cost)));
            notes.push(label(c, `in use: ${number(e.cost)}`, Math.log10(x), e.cost, {yshift: 18, xanchor: "center"}));
          }
          return [traces, layout(c, rateAxis(low, "false-positive rate"), {...title("cost"), range: [0, most * 1.3], tickmode: "auto", nticks: 7}, {annotations: notes, shapes})];
        };

        """#
}
