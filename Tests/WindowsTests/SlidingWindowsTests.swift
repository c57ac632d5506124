import ClickModel
import Sketches
import Testing
import Windows

@Suite("Sliding windows")
struct SlidingWindowsTests {
    private static let minute: Int64 = 60_000

    private struct Pane {
        var start: Int64
        var clicks: Int64
        var valid: Int64
        var cost: Int64
        var visitors: Set<UInt64>
    }

    private struct Row: Equatable {
        var start: Int64
        var end: Int64
        var clicks: Int64
        var valid: Int64
        var cost: Int64
        var users: Int64
        var sketch: [UInt8]

        init(_ row: borrowing SlidingRow) {
            (start, end) = (row.startMilliseconds, row.endMilliseconds)
            (clicks, valid, cost) = (row.clickCount, row.validClicks, row.totalCost.e4)
            users = row.uniqueUsers
            sketch = Array(row.uniqueUsersSketch)
        }

        init(_ start: Int64, _ size: Int64, _ panes: [Pane]) {
            (self.start, end) = (start, start + size)
            (clicks, valid, cost) = (0, 0, 0)
            var visitors: Set<UInt64> = []
            for pane in panes {
                clicks += pane.clicks
                valid += pane.valid
                cost += pane.cost
                visitors.formUnion(pane.visitors)
            }
            let memory = SketchMemory()
            var union = HyperLogLog()
            for visitor in visitors { union.add(visitor, memory) }
            users = visitors.count <= HyperLogLog.explicitLimit ? Int64(visitors.count) : union.roundedEstimate
            sketch = union.serialized()
        }
    }

    private func add(_ pane: Pane, _ sliding: inout SlidingWindows, _ rows: inout [Row]) throws {
        let memory = SketchMemory()
        var sketch = HyperLogLog()
        for visitor in pane.visitors { sketch.add(visitor, memory) }
        let made = SlidingPane(
            startMilliseconds: pane.start, clickCount: pane.clicks, validClicks: pane.valid, totalCost: Money(e4: pane.cost))
        let bytes = sketch.serialized()
        try bytes.withUnsafeBytes { raw in
            try sliding.add(made, sketch: raw) { rows.append(Row($0)) }
        }
    }

    /// Every window that holds a pane, each from all its panes.
    private func model(_ panes: [Pane], size: Int64, slide: Int64) -> [Row] {
        var windows: [Int64: [Pane]] = [:]
        for pane in panes {
            var start = WindowModel.floor(pane.start, slide)
            while start + size > pane.start {
                windows[start, default: []].append(pane)
                start -= slide
            }
        }
        return windows.keys.sorted().map { Row($0, size, windows[$0]!) }
    }

    private func panes(_ random: inout SplitMix, size: Int64) -> [Pane] {
        let isBusy = random.next() % 40 == 0
        let many: UInt64 = isBusy ? 3000 : [2, 9, 60][Int(random.next() % 3)]
        let pool: UInt64 = [3, many * 2, 1 << 40][Int(random.next() % 3)]
        let gaps: [UInt64] = [1, 2, UInt64(size / Self.minute) + 2, 20_000]
        let widest = gaps[Int(random.next() % 4)]
        var start = WindowModel.floor(Int64(random.next() % 4_000_000_000_000) - 2_000_000_000_000, Self.minute)
        return (0..<Int(random.next() % (isBusy ? 12 : 40))).map { _ in
            start += Int64(random.next() % widest + 1) * Self.minute
            let visitors = Set((0..<random.next() % (many + 1)).map { _ in (random.next() % pool) &* 0x9e37_79b9_7f4a_7c15 })
            let clicks = Int64(random.next() % 100) + 1
            return Pane(
                start: start, clicks: clicks, valid: clicks - Int64(random.next() % UInt64(clicks)), cost: Int64(random.next() % 100_000),
                visitors: visitors)
        }
    }

    @Test("every window is that of the brute force, to the byte, for several keys in turn", arguments: 0..<12)
    func streams(part: UInt64) throws {
        for stream in 0..<100 {
            let seed = (part * 100 + UInt64(stream)) &* 104_729 &+ 3
            var random = SplitMix(seed)
            let size = Int64([1, 5, 6, 60, 90, 240][Int(random.next() % 6)])
            let slide = size < 60 || random.next() % 4 == 0 ? Int64(random.next() % UInt64(size)) + 1 : size / 6
            let window = try SlidingWindow(sizeMilliseconds: size * Self.minute, slideMilliseconds: slide * Self.minute)
            var sliding = SlidingWindows(window)
            for _ in 0..<2 {
                let stream = panes(&random, size: size * Self.minute)
                var rows: [Row] = []
                for pane in stream { try add(pane, &sliding, &rows) }
                sliding.finish { rows.append(Row($0)) }
                let expected = model(stream, size: size * Self.minute, slide: slide * Self.minute)
                guard rows != expected else { continue }
                let at = zip(rows, expected).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(rows.count, expected.count)
                Issue.record("\(window): \(rows.count) rows, expected \(expected.count), the first wrong one is \(at); seed \(seed)")
                return
            }
        }
    }

    @Test("SIZE/SLIDE in minutes, hours and days", arguments: [
        ("5m/1m", 5, 1, "5m/1m"), ("1h/5m", 60, 5, "1h/5m"), ("90m/10m", 90, 10, "90m/10m"), ("7d/1d", 10_080, 1440, "7d/1d"),
        ("24h/60m", 1440, 60, "1d/1h"), ("1m/1m", 1, 1, "1m/1m"),
    ])
    func parses(text: String, size: Int64, slide: Int64, written: String) throws {
        let window = try SlidingWindow(text)
        #expect(window.sizeMilliseconds == size * Self.minute && window.slideMilliseconds == slide * Self.minute)
        #expect(window.description == written)
        #expect(try SlidingWindow(written) == window)
    }

    @Test("what is no sliding window is refused with the reason", arguments: [
        ("", "expected SIZE/SLIDE"), ("5m", "expected SIZE/SLIDE"), ("5m/1m/1m", "expected SIZE/SLIDE"), ("5/1m", "has no unit"),
        ("5m/", "has no unit"), ("5s/1s", "has no unit"), ("m/1m", "no whole number"), ("-5m/1m", "no whole number"),
        ("1.5h/1m", "no whole number"), ("٥m/1m", "no whole number"), ("9999999d/1m", "no whole number"), ("5m/0m", "at least one"),
        ("1m/5m", "must not be longer than its size"), ("8d/1m", "not be longer than 7d"), ("999999d/1m", "not be longer than 7d"),
    ])
    func refuses(text: String, reason: String) {
        let error = #expect(throws: SlidingWindowError.self) { try SlidingWindow(text) }
        let words = error?.description ?? ""
        #expect(words.contains(reason) && words.hasPrefix("'\(text)'"), "\(words)")
    }

    @Test("seconds are no minutes")
    func wholeMinutes() {
        #expect(throws: SlidingWindowError.self) { try SlidingWindow(sizeMilliseconds: 90_000, slideMilliseconds: 60_000) }
        #expect(throws: SlidingWindowError.self) { try SlidingWindow(sizeMilliseconds: 120_000, slideMilliseconds: 1) }
    }

    @Test("panes out of order, off the minute or with a broken sketch are refused, and the others still count")
    func brokenPanes() throws {
        var sliding = SlidingWindows(try SlidingWindow("2m/1m"))
        var rows: [Row] = []
        let good = [0, 1, 5].map { Pane(start: $0 * Self.minute, clicks: 1, valid: 1, cost: .max, visitors: [UInt64($0) + 7]) }
        try add(good[0], &sliding, &rows)
        try add(good[1], &sliding, &rows)
        for start in [0, Self.minute, Self.minute + 1, 2 * Self.minute + 1, .max, .min] as [Int64] {
            #expect(throws: SlidingWindowError.self) {
                try add(Pane(start: start, clicks: 1, valid: 1, cost: 1, visitors: []), &sliding, &rows)
            }
        }
        let pane = SlidingPane(startMilliseconds: 4 * Self.minute, clickCount: 1, validClicks: 1, totalCost: .zero)
        for bytes in [[], [0x12, 0xae], [0x12, 0xae, 0x7f, 1]] as [[UInt8]] {
            #expect(throws: SlidingWindowError.self) {
                try bytes.withUnsafeBytes { raw in try sliding.add(pane, sketch: raw) { rows.append(Row($0)) } }
            }
        }
        try add(good[2], &sliding, &rows)
        sliding.finish { rows.append(Row($0)) }
        #expect(rows.map(\.start) == [-1, 0, 1, 4, 5].map { $0 * Self.minute })
        #expect(rows.map(\.clicks) == [1, 2, 1, 1, 1])
        #expect(rows.map(\.users) == [1, 2, 1, 1, 1])
        #expect(rows.allSatisfy { $0.cost == .max })
    }
}
