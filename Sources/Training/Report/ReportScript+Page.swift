extension ReportScript {
    /// Drawing: lazily, again when the colours change, all of them for print or when the address ends in `#all`.
    static let page = #"""
        const figures = [...document.querySelectorAll("figure.chart")];
        const drawn = new Set();
        // Pixels, when it is for paper: one column of A4 or letter.
        let printWidth = null;
        root.dataset.plots = figures.length;

        function failed(text) {
          const place = document.getElementById("failure");
          place.hidden = false;
          place.textContent = text;
        }

        function draw(figure) {
          const target = figure.firstElementChild;
          if (!target.clientWidth) return;
          drawn.add(figure);
          try {
            const width = printWidth ?? target.clientWidth;
            const [traces, layout] = plots[figure.dataset.chart](colours(), Number(figure.dataset.key), width);
            if (printWidth) layout.width = printWidth;
            Plotly.react(target, traces, layout, {
              responsive: true, displaylogo: false, modeBarButtons: [["toImage", "resetScale2d"]], doubleClick: "reset", showTips: false,
              displayModeBar: matchMedia("(hover: hover)").matches ? "hover" : false,
            });
            figure.dataset.drawn = "yes";
            root.dataset.drawn = drawn.size;
          } catch (error) {
            figure.dataset.drawn = "no";
            failed(`The plot “${figure.dataset.chart}” could not be drawn: ${error.message}`);
            console.error(error);
          }
        }

        async function load() {
          const packed = Uint8Array.from(atob(document.getElementById("library").textContent), c => c.charCodeAt(0));
          const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
          const script = document.createElement("script");
          script.nonce = nonce;
          script.textContent = await new Response(stream).text();
          document.head.append(script);
          if (!window.Plotly) throw new Error("the chart library is damaged");
        }

        function all() {
          document.querySelectorAll("details").forEach(d => { d.open = true; });
          figures.filter(f => !drawn.has(f)).forEach(draw);
        }

        load().then(() => {
          const seen = new IntersectionObserver(entries => {
            for (const entry of entries) if (entry.isIntersecting && !drawn.has(entry.target)) draw(entry.target);
          }, {rootMargin: "600px"});
          figures.forEach(f => seen.observe(f));
          const again = () => drawn.forEach(draw);
          matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
          addEventListener("beforeprint", () => {
            root.dataset.theme = "light";
            printWidth = 620;
            figures.forEach(draw);
          });
          addEventListener("afterprint", () => {
            delete root.dataset.theme;
            printWidth = null;
            again();
          });
          const byAddress = () => { if (location.hash === "#all") all(); };
          addEventListener("hashchange", byAddress);
          byAddress();
          root.dataset.ready = "yes";
        }).catch(error => {
          failed(`The plots cannot be drawn: ${error.message}. A browser of 2023 or later is needed.`);
          console.error(error);
        });

        """#
}
