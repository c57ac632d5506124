/// The page's style sheet. Orange is fraud and blue is valid everywhere, in the pair of Okabe & Ito that colour-blind eyes tell
/// apart; what the model thinks is in the colour of text.
enum ReportStyle {
    static let text = """
        :root {
          --paper: #ffffff; --ground: #f5f5f2; --ink: #1c1f23; --muted: #5f666e; --rule: #dcdcd6; --density: #d9dbd8;
          --fraud: #c8500a; --valid: #0067a8; --mid: #f4f4f1; --old: #8a8f96; --warn-paper: #fdf4e3; --warn-rule: #e2c58a;
        }
        @media (prefers-color-scheme: dark) {
          :root:not([data-theme="light"]) {
            --paper: #1b1e22; --ground: #121417; --ink: #e9eaec; --muted: #a3a9b1; --rule: #343a41; --density: #3a4047;
            --fraud: #ff9a57; --valid: #62b5f5; --mid: #23272c; --old: #8a919a; --warn-paper: #2b2517; --warn-rule: #6b5a2c;
          }
        }
        * { box-sizing: border-box; }
        html { scroll-behavior: smooth; scroll-padding-top: 3.2rem; }
        body {
          margin: 0; background: var(--ground); color: var(--ink); line-height: 1.5;
          font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; font-variant-numeric: tabular-nums;
        }
        .skip { position: absolute; left: -999px; }
        .skip:focus { left: 1rem; top: 1rem; z-index: 3; background: var(--paper); padding: .5rem 1rem; }
        nav {
          position: sticky; top: 0; z-index: 2; display: flex; gap: 1.1rem; overflow-x: auto; white-space: nowrap;
          padding: .6rem max(1rem, calc((100% - 72rem) / 2)); background: var(--paper); border-bottom: 1px solid var(--rule); font-size: .875rem;
        }
        nav a { color: var(--muted); text-decoration: none; }
        nav a:hover, nav a:focus-visible { color: var(--ink); text-decoration: underline; }
        :focus-visible { outline: 2px solid var(--valid); outline-offset: 2px; }
        main { max-width: 74rem; margin: 0 auto; padding: 0 1rem 4rem; }
        h1 { font-size: clamp(1.6rem, 4vw, 2.4rem); line-height: 1.15; margin: 0 0 .5rem; overflow-wrap: anywhere; }
        h2 { font-size: 1.3rem; margin: 0 0 .75rem; }
        h3 { font-size: 1rem; margin: 0 0 .5rem; }
        p { margin: 0 0 .8rem; max-width: 46rem; overflow-wrap: anywhere; }
        header { padding: 2rem 0 0; }
        .kicker { color: var(--muted); margin: 0; font-size: .875rem; }
        .lead { font-size: 1.15rem; }
        .small { color: var(--muted); font-size: .875rem; }
        .note { background: var(--warn-paper); border-left: 3px solid var(--warn-rule); padding: .5rem .8rem; }
        section { background: var(--paper); border: 1px solid var(--rule); border-radius: 8px; padding: 1.4rem; margin-top: 1.5rem; }
        aside { background: var(--warn-paper); border: 1px solid var(--warn-rule); border-radius: 8px; padding: 1rem 1.4rem; margin-top: 1.2rem; }
        aside h2 { font-size: 1rem; margin-bottom: .4rem; }
        aside ul { margin: 0; padding-left: 1.2rem; overflow-wrap: anywhere; }
        .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .8rem; margin: 1.2rem 0 0; }
        .tile { background: var(--paper); border: 1px solid var(--rule); border-radius: 8px; padding: .7rem .9rem; }
        .tile dt { color: var(--muted); font-size: .8125rem; }
        .tile dd { margin: 0; }
        .tile strong { display: block; font-size: 1.4rem; font-weight: 600; }
        .tile span { color: var(--muted); font-size: .8125rem; }
        .grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1.2rem; }
        .grid > * { min-width: 0; }
        figure { margin: 0 0 1rem; min-width: 0; }
        .plot { width: 100%; }
        figcaption { color: var(--muted); font-size: .875rem; max-width: 46rem; overflow-wrap: anywhere; }
        .scroll { overflow-x: auto; margin-bottom: .8rem; }
        .tall { max-height: 30rem; overflow-y: auto; }
        .tall th { position: sticky; top: 0; background: var(--paper); }
        table { border-collapse: collapse; font-size: .875rem; min-width: min(100%, 24rem); }
        th, td { text-align: left; padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
        th { color: var(--muted); font-weight: 500; }
        td { max-width: 24rem; overflow-wrap: break-word; }
        th:first-child, td:first-child { min-width: 6rem; }
        th.n, td.n { text-align: right; white-space: nowrap; }
        summary { cursor: pointer; padding: .3rem 0; }
        .features { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 30rem), 1fr)); gap: 0 2rem; align-items: start; }
        .feature { border-top: 1px solid var(--rule); min-width: 0; }
        .feature > summary, .feature.line {
          display: grid; grid-template-columns: 2.2rem minmax(0, 1fr) 5rem 3.5rem; gap: .5rem; align-items: center; padding: .4rem 0; list-style: none;
        }
        .feature > summary::-webkit-details-marker { display: none; }
        .feature > summary:hover .name { text-decoration: underline; }
        .feature .rank { color: var(--muted); font-size: .8125rem; }
        .feature > summary .rank::before { content: "▸ "; }
        .feature[open] > summary .rank::before { content: "▾ "; }
        .feature .name { overflow-wrap: anywhere; font-weight: 500; }
        .feature .n { text-align: right; font-size: .875rem; color: var(--muted); }
        .bar { height: .5rem; background: var(--density); border-radius: 2px; overflow: hidden; }
        .bar i { display: block; height: 100%; background: var(--muted); }
        .card { display: grid; grid-template-columns: minmax(8rem, 14rem) minmax(0, 1fr); gap: .2rem 1rem; margin: 0 0 1rem; font-size: .9375rem; }
        .card dt { color: var(--muted); }
        .card dd { margin: 0; overflow-wrap: anywhere; }
        @media (max-width: 30rem) {
          section, aside { padding: 1rem .8rem; }
          main { padding: 0 .5rem 3rem; }
          .card { grid-template-columns: 1fr; gap: 0; }
          .card dd { margin-bottom: .5rem; }
        }
        @media print {
          nav, .skip { display: none; }
          body { background: none; }
          section, figure, .tile, aside, tr { break-inside: avoid; }
          section { border: 0; padding: 0; break-inside: auto; }
          .scroll { overflow: visible; max-height: none; }
          .grid, .features { display: block; }
          h2, h3, summary { break-after: avoid; }
        }

        """
}
