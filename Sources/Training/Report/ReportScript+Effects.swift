extension ReportScript {
    /// Learned curves and heat maps, over real values.
    static let effects = #"""
        const isWhole = unit => unit === "count" || unit === "flag";

        // The values of bin i in words; whole numbers lie between their edges.
        function binText(edges, unit, i) {
          if (i === 0) return "unknown";
          if (unit === "flag" && edges.length === 1) return i === 1 ? "no" : "yes";
          const n = edges.length, low = i > 1 ? edges[i - 2] : null, high = i <= n ? edges[i - 1] : null;
          if (n === 0) return "any value";
          if (isWhole(unit)) {
            const from = low == null ? null : Math.ceil(low), to = high == null ? null : Math.ceil(high) - 1;
            if (from == null) return to === 0 ? "0" : "≤ " + number(to);
            if (to == null) return "≥ " + number(from);
            return from === to ? number(from) : `${number(from)}–${number(to)}`;
          }
          if (low == null) return "< " + number(high);
          if (high == null) return "≥ " + number(low);
          return `${number(low)} to ${number(high)}`;
        }
        const withUnit = (text, unit) => unit && !isWhole(unit) && unit !== "ratio" && unit !== "share" ? `${text} ${unit}` : text;

        // Positions of values: as they are, or where they spread over magnitudes on a logarithmic scale through 0.
        function scaleOf(values) {
          const sorted = [...new Set(values)].sort((a, b) => a - b), low = sorted[0], high = sorted[sorted.length - 1];
          const gaps = sorted.slice(1).map((v, i) => v - sorted[i]).sort((a, b) => a - b);
          const sizes = sorted.map(Math.abs).filter(v => v > 0).sort((a, b) => a - b);
          // Evenly spread: the mean gap is about the usual gap.
          const isLinear = gaps.length < 2 || high - low <= 4 * gaps.length * gaps[Math.floor(gaps.length / 2)] || sizes[sizes.length - 1] / sizes[0] < 8;
          const unit = isLinear ? 1 : Math.max(sizes[0], sizes[sizes.length - 1] * 1e-6);
          const forward = isLinear ? x => x : x => Math.sign(x) * Math.log10(1 + Math.abs(x) / unit);
          return {low, high, forward, ticks: isLinear ? linearTicks(low, high) : magnitudeTicks(low, high, forward)};
        }
        function linearTicks(low, high) {
          const span = high - low || Math.abs(low) || 1, rough = span / 5, power = 10 ** Math.floor(Math.log10(rough));
          const step = [1, 2, 5, 10].map(m => m * power).find(s => s >= rough), ticks = [];
          for (let t = Math.ceil(low / step) * step; t <= high + step * 1e-9; t += step) ticks.push(Math.abs(t) < step * 1e-9 ? 0 : t);
          return ticks;
        }
        function magnitudeTicks(low, high, forward) {
          let ticks = [0];
          for (let p = -9; p <= 15; p++) for (const m of [1, 2, 5]) ticks.push(m * 10 ** p, -m * 10 ** p);
          ticks = ticks.filter(t => t >= low && t <= high);
          const plain = t => t === 0 || Math.abs(Math.log10(Math.abs(t)) % 1) < 1e-9;
          const room = (forward(high) - forward(low)) / 9, taken = [];
          for (const t of [...ticks.filter(plain), ...ticks.filter(t => !plain(t))])
            if (taken.every(s => Math.abs(forward(s) - forward(t)) >= room)) taken.push(t);
          return taken.sort((a, b) => a - b);
        }

        // Where the bins of a feature stand: bins of few whole numbers side by side, else by value. The unknown bin is apart.
        function place(effect) {
          const known = [effect.edges, effect.countEdges, effect.oldEdges, effect.line.map(p => p[0]), effect.oldLine.map(p => p[0])].flat().filter(v => v != null);
          const main = effect.values.length ? effect.edges : effect.countEdges;
          const same = list => list.length === main.length && list.every((v, i) => v === main[i]);
          const isListed = isWhole(effect.unit) && main.length > 0 && main.length <= 11 && !effect.line.length && !effect.oldLine.length
            && (!effect.countEdges.length || same(effect.countEdges)) && (!effect.oldEdges.length || same(effect.oldEdges));
          const scale = isListed ? null : scaleOf(known.length ? known : [0]);
          const low = isListed ? 0 : scale.forward(scale.low), high = isListed ? main.length - 1 : scale.forward(scale.high);
          const span = high - low || 1, pad = isListed ? 1 : span * (effect.line.length ? .02 : .07);
          const at = (edges, i) => isListed ? i : scale.forward(edges[i]);
          const bin = (edges, i) => i === 0 ? [low - pad - span * .16, low - pad - span * .06]
            : [i === 1 ? low - pad : at(edges, i - 2), i === edges.length + 1 ? high + pad : at(edges, i - 1)];
          const ticks = isListed ? main.concat(0).map((_, i) => [i - .5, binText(main, effect.unit, i + 1)]) : effect.unit === "flag" ? [[0, "no"], [1, "yes"]] : scale.ticks.map(t => [scale.forward(t), number(t)]);
          return {low, high, pad, span, bin, ticks, x: v => scale.forward(v)};
        }

        function steps(where, edges, values) {
          const x = [], y = [];
          for (let i = 1; i < values.length; i++) { const [from, to] = where.bin(edges, i); x.push(from, to); y.push(values[i], values[i]); }
          return {x, y};
        }

        plots.effect = (c, key) => {
          const e = data.features[key], where = place(e), unknown = where.bin([], 0), traces = [];
          const total = e.counts.reduce((a, b) => a + b, 0), shareOf = i => e.counts[i] / total;
          const hasUnknown = (total > 0 && e.counts[0] > 0) || (e.values.length > 0 && e.values[0] !== 0) || e.unknown !== undefined;
          if (total) {
            const used = e.counts.map((_, i) => i).filter(i => i > 0 || hasUnknown), spans = used.map(i => where.bin(e.countEdges, i));
            traces.push({type: "bar", yaxis: "y2", x: spans.map(s => (s[0] + s[1]) / 2), width: spans.map(s => s[1] - s[0]), y: used.map(shareOf), hoverinfo: "text",
              marker: {color: c.density, line: {color: c.paper, width: 1}},
              hovertext: used.map(i => `${withUnit(binText(e.countEdges, e.unit, i), e.unit)}<br>${percent(shareOf(i))} of training rows (${count(e.counts[i])})`)});
          }
          const old = {mode: "lines", line: {color: c.old, width: 1.5, dash: "dash"}, hoverinfo: "skip"};
          if (e.oldValues.length) {
            traces.push({...old, ...steps(where, e.oldEdges, e.oldValues)});
            if (hasUnknown) traces.push({...old, x: unknown, y: [e.oldValues[0], e.oldValues[0]]});
          }
          if (e.oldLine.length) traces.push({...old, x: e.oldLine.map(p => where.x(p[0])), y: e.oldLine.map(p => p[1])});
          const curve = {mode: "lines", line: {color: c.ink, width: 2.25}, hoverinfo: "skip"};
          if (e.values.length) {
            traces.push({...curve, ...steps(where, e.edges, e.values)});
            if (hasUnknown) traces.push({...curve, x: unknown, y: [e.values[0], e.values[0]]});
            const shown = e.values.map((_, i) => i).filter(i => i > 0 || hasUnknown);
            traces.push({x: shown.map(i => { const [a, b] = where.bin(e.edges, i); return (a + b) / 2; }), y: shown.map(i => e.values[i]), mode: "markers",
              marker: {size: shown.length > 60 ? 1 : 4, color: c.ink}, hoverinfo: "text",
              hovertext: shown.map(i => `${withUnit(binText(e.edges, e.unit, i), e.unit)}<br>${signed(e.values[i])} (${odds(e.values[i])})`
                + (total && e.countEdges.length === e.edges.length ? `<br>${percent(shareOf(i))} of training rows` : ""))});
          }
          if (e.line.length) {
            traces.push({...curve, x: e.line.map(p => where.x(p[0])), y: e.line.map(p => p[1]), hoverinfo: "text",
              hovertext: e.line.map(p => `${withUnit(number(p[0]), e.unit)}<br>${signed(p[1])} (${odds(p[1])})`)});
            if (e.unknown !== undefined) traces.push({...curve, x: unknown, y: [e.unknown, e.unknown]});
          }
          const heights = [e.values.slice(hasUnknown ? 0 : 1), e.oldValues.slice(hasUnknown ? 0 : 1), e.line.map(p => p[1]), e.oldLine.map(p => p[1]), [e.unknown ?? 0]].flat().filter(v => v != null);
          const least = Math.min(0, ...heights), most = Math.max(0, ...heights), room = Math.max(.15, (most - least) * .14);
          const shapes = [rule(c, [0, 0], [1, 0], {xref: "paper", line: {color: c.muted, width: 1}, layer: "above"})], ticks = where.ticks;
          if (hasUnknown) {
            shapes.push(rule(c, [where.low - where.pad - where.span * .03, 0], [where.low - where.pad - where.span * .03, 1], {yref: "paper"}));
            ticks.unshift([(unknown[0] + unknown[1]) / 2, "unknown"]);
          }
          const unit = isWhole(e.unit) ? "" : e.unit;
          return [traces, layout(c,
            {tickvals: ticks.map(t => t[0]), ticktext: ticks.map(t => t[1]), showgrid: false, range: [hasUnknown ? unknown[0] - where.span * .02 : where.low - where.pad, where.high + where.pad],
             ...(unit ? title(safe(unit)) : {}), tickangle: 0},
            {...title("log-odds"), range: [least - room, most + room], tickmode: "auto", nticks: 6, overlaying: "y2"},
            {yaxis2: {range: [0, total ? Math.max(...e.counts.map((_, i) => shareOf(i))) / .55 : 1], visible: false, fixedrange: true}, shapes,
             annotations: [label(c, "fraud ↑", 1, 1, {xref: "paper", yref: "paper", xanchor: "right", yanchor: "top", font: {size: 11, color: c.fraud}, bgcolor: "rgba(0,0,0,0)"}),
               label(c, "valid ↓", 1, 0, {xref: "paper", yref: "paper", xanchor: "right", yanchor: "bottom", font: {size: 11, color: c.valid}, bgcolor: "rgba(0,0,0,0)"})]})];
        };

        // Borders of the cells, the unknown one set apart, and ticks at the borders' values.
        function cells(edges, unit, hasUnknown) {
          const n = edges.length + 1, apart = Math.min(1, Math.max(.4, n * .08)), gap = n * .03;
          const borders = [...(hasUnknown ? [-gap - apart, -gap] : []), ...Array.from({length: n + 1}, (_, i) => i)];
          const isListed = isWhole(unit) && n <= 9, most = isListed ? n : 7, every = Math.ceil(edges.length / most) || 1;
          const ticks = isListed ? Array.from({length: n}, (_, i) => [i + .5, binText(edges, unit, i + 1)])
            : edges.map((v, i) => [i + 1, number(v)]).filter((_, i) => i % every === Math.floor((edges.length - 1) % every / 2)).filter(t => !hasUnknown || t[0] > n * .08);
          if (hasUnknown) ticks.unshift([-gap - apart / 2, "unknown"]);
          const source = [...(hasUnknown ? [0, null] : []), ...Array.from({length: n}, (_, i) => i + 1)];
          return {borders, ticks, source};
        }

        plots.surface = (c, key) => {
          const s = data.surfaces[key];
          const y = cells(s.firstEdges, s.firstUnit, s.firstHasUnknown), x = cells(s.secondEdges, s.secondUnit, s.secondHasUnknown);
          const z = y.source.map(i => x.source.map(j => i == null || j == null ? null : s.values[i][j]));
          const text = y.source.map(i => x.source.map(j => i == null || j == null ? "" :
            `${safe(s.first)}: ${withUnit(binText(s.firstEdges, s.firstUnit, i), s.firstUnit)}<br>${safe(s.second)}: ${withUnit(binText(s.secondEdges, s.secondUnit, j), s.secondUnit)}`
            + `<br>${signed(s.values[i][j])} (${odds(s.values[i][j])})`));
          const most = Math.max(.01, ...z.flat().filter(v => v != null).map(Math.abs));
          const named = (name, unit) => safe(name.length > 34 ? name.slice(0, 33) + "…" : name) + (unit && !isWhole(unit) ? ` (${safe(unit)})` : "");
          const side = (which, name, unit) => ({...title(named(name, unit)), tickvals: which.ticks.map(t => t[0]), ticktext: which.ticks.map(t => t[1]), showgrid: false});
          return [[{type: "heatmap", x: x.borders, y: y.borders, z, hovertext: text, hoverinfo: "text", zmin: -most, zmax: most, hoverongaps: false,
            colorscale: [[0, c.valid], [.5, c.mid], [1, c.fraud]],
            colorbar: {thickness: 10, outlinewidth: 0, len: .9, tickfont: {color: c.muted, size: 11}, title: {text: "log-odds", side: "right", font: {size: 11, color: c.muted}}, nticks: 5},
          }], layout(c, {...side(x, s.second, s.secondUnit), tickangle: 0}, side(y, s.first, s.firstUnit))];
        };

        """#
}
