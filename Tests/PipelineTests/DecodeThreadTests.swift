import CClickRecord
import ClickCodec
import ClickModel
import Foundation
import Pipeline
import Testing

/// A batch as far as it must be the same again: its end, and its events with all their bytes.
private struct Cut: Equatable {
    var end: SourcePosition
    var events: [[UInt8]]
}

@Suite struct DecodeThreadTests {
    static let cellBytes = 100_000

    /// Lines of all kinds: sound, broken, blank, with CRLF, of odd lengths, and longer than any that is accepted.
    private func content(seed: UInt64, bytes count: Int) -> [UInt8] {
        var random = SplitMix64(seed)
        var bytes: [UInt8] = []
        while bytes.count < count {
            let agent = String(repeating: "a", count: Int.random(in: 0..<900, using: &random))
            let line =
                switch Int.random(in: 0..<1200, using: &random) {
                case 30..<90: ""
                case 90..<150: "broken \(bytes.count)"
                case 0..<3: "{" + String(repeating: "x", count: Int.random(in: 60_000..<70_000, using: &random))
                case 3..<5: String(repeating: "y", count: Int.random(in: 65_530..<65_545, using: &random))
                case 5..<8: "{\"z\":\"" + String(repeating: "z", count: Int.random(in: 100_000..<500_000, using: &random))
                default: #"{"click_id":"\#(bytes.count)","ts":1571990401106,"ad_id":"a","campaign_id":"k","advertiser_id":"v","user_agent":"\#(agent)"}"#
                }
            bytes += Array(line.utf8) + (Int.random(in: 0..<20, using: &random) == 0 ? [13, 10] : [10])
        }
        if seed % 2 == 0 { bytes.removeLast() }
        return bytes
    }

    private func cuts(
        _ path: String, threads: Int, resumeAt: SourcePosition = .start, batches: Int = 7, capacity: Int = 64
    ) throws -> (cuts: [Cut], error: SourceError?) {
        let stream = try ClickStream(path: path, format: .ndjson, resumeAt: resumeAt, cellBytes: Self.cellBytes)
        let decoder = DecodeThread(
            stream, batches: (0..<batches).map { _ in ClickBatch(capacity: capacity, arenaBytes: 1 << 17) }, threads: threads)
        defer { decoder.abandon() }
        var all: [Cut] = []
        do throws(SourceError) {
            while let decoded = try decoder.next() {
                all.append(Cut(end: decoded.end, events: (0..<decoded.batch.count).map { bytes(of: decoded.batch, $0) }))
                decoded.batch.removeAll()
                decoder.free.push(decoded.batch)
            }
        } catch {
            return (all, error)
        }
        return (all, nil)
    }

    /// The record with its place in the arena taken out, and the texts' bytes.
    private func bytes(of batch: ClickBatch, _ index: Int) -> [UInt8] {
        var record = batch.records[index]
        let texts = [record.click_id, record.user_agent, record.raw].flatMap { Array(batch.bytes($0)) }
        record.click_id.offset = 0
        record.ad_id.offset = 0
        record.campaign_id.offset = 0
        record.advertiser_id.offset = 0
        record.user_agent.offset = 0
        record.raw.offset = 0
        return withUnsafeBytes(of: record) { Array($0) } + texts
    }

    private func temporary(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
        let folder = FileManager.default.temporaryDirectory.appending(path: "fraud-decode-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appending(path: name)
        try Data(bytes).write(to: file)
        return file.path
    }

    private func remove(_ path: String) { try? FileManager.default.removeItem(at: URL(filePath: path).deletingLastPathComponent()) }

    /// The content packed by Python in gzip members cut anywhere.
    private func gzip(_ path: String) throws -> String {
        let code = """
            import gzip, sys
            data = open(sys.argv[1], 'rb').read()
            cuts = [len(data) * i // 5 for i in range(6)]
            open(sys.argv[1] + '.gz', 'wb').write(b''.join(gzip.compress(data[a:b], 1) for a, b in zip(cuts, cuts[1:])))
            """
        try run("/usr/bin/env", ["python3", "-c", code, path])
        return path + ".gz"
    }

    private func run(_ program: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(arguments.first ?? program) failed")
    }

    @Test("any number of threads gives the same batches, plain and packed, with few batches and with many", arguments: [1, 2, 3] as [UInt64])
    func threads(seed: UInt64) throws {
        let path = try temporary("a.ndjson", content(seed: seed, bytes: 2_500_000))
        defer { remove(path) }
        let one = try cuts(path, threads: 1)
        #expect(one.error == nil && one.cuts.count > 20, "seed \(seed)")
        #expect(one.cuts.contains { $0.events.count == 64 } && one.cuts.contains { $0.events.count < 64 }, "seed \(seed)")
        var paths = [path, try gzip(path)]
        if FileManager.default.fileExists(atPath: "/usr/bin/zstd") {
            try run("/usr/bin/zstd", ["-q", "-1", path, "-o", path + ".zst"])
            paths.append(path + ".zst")
        }
        for path in paths {
            for (threads, batches) in [(1, 3), (1, 16), (2, 3), (2, 9), (3, 4), (3, 16), (8, 5)] {
                let again = try cuts(path, threads: threads, batches: batches)
                #expect(again.error == nil && again.cuts == one.cuts, "seed \(seed), \(threads) threads, \(batches) batches, \(path)")
            }
        }
    }

    @Test("after a resume at any batch's end the rest are the same batches", arguments: [4, 5] as [UInt64])
    func resume(seed: UInt64) throws {
        let path = try temporary("a.ndjson", content(seed: seed, bytes: 1_200_000))
        defer { remove(path) }
        let packed = try gzip(path)
        let all = try cuts(path, threads: 1).cuts
        for (index, cut) in all.enumerated() {
            let rest = Array(all[(index + 1)...])
            let threads = 1 + index % 3
            #expect(try cuts(path, threads: threads, resumeAt: cut.end).cuts == rest, "seed \(seed), after batch \(index), \(threads) threads")
            guard index % 7 == 0 else { continue }
            #expect(try cuts(packed, threads: threads, resumeAt: cut.end).cuts == rest, "seed \(seed), packed, after batch \(index)")
        }
    }

    @Test("an error comes up after every event before the fault", arguments: [1, 2, 3])
    func fault(threads: Int) throws {
        let path = try temporary("a.ndjson", content(seed: 6, bytes: 1_200_000))
        defer { remove(path) }
        let whole = try Data(contentsOf: URL(filePath: gzip(path)))
        let cut = try temporary("cut.gz", whole[..<(whole.count * 2 / 3)])
        defer { remove(cut) }
        let all = try cuts(path, threads: 1).cuts.flatMap(\.events)
        let broken = try cuts(cut, threads: threads)
        guard case .truncated(_, _, let content) = broken.error else {
            Issue.record("\(String(describing: broken.error))")
            return
        }
        let events = broken.cuts.flatMap(\.events)
        #expect(events.count > all.count / 3 && events.elementsEqual(all.prefix(events.count)))
        // What is missing of the content is one line at most, however long.
        #expect(broken.cuts.last.map { $0.end.offset <= content } == true)
        let beyond = SourcePosition(offset: 5_000_000, line: 9)
        #expect(try cuts(path, threads: threads, resumeAt: beyond).error != nil)
    }

    @Test("a reader that goes away hangs nobody", arguments: [1, 2, 5])
    func abandon(threads: Int) throws {
        let path = try temporary("a.ndjson", content(seed: 8, bytes: 3_000_000))
        defer { remove(path) }
        for taken in [0, 1, 5] {
            let stream = try ClickStream(path: path, format: .ndjson, cellBytes: Self.cellBytes)
            let decoder = DecodeThread(stream, batches: (0..<4).map { _ in ClickBatch(capacity: 64, arenaBytes: 1 << 17) }, threads: threads)
            for _ in 0..<taken {
                guard let decoded = try decoder.next() else { break }
                decoder.free.push(decoded.batch)
            }
            decoder.abandon()
            #expect(try decoder.next() == nil || threads == 1)
        }
    }

    @Test("a pipe gives what has come, however many threads there are")
    func pipe() throws {
        let path = try temporary("x", [])
        defer { remove(path) }
        let pipe = path + ".pipe"
        try #require(mkfifo(pipe, 0o600) == 0)
        let line = Array(#"{"click_id":"c","ts":1571990401106,"ad_id":"a","campaign_id":"k","advertiser_id":"v"}"#.utf8) + [10]
        let goOn = DispatchSemaphore(value: 0)
        Thread {
            let handle = FileHandle(forWritingAtPath: pipe)
            handle?.write(Data(line))
            goOn.wait()
            handle?.write(Data(line + line))
            try? handle?.close()
        }.start()
        let stream = try ClickStream(path: pipe, format: .ndjson)
        let decoder = DecodeThread(stream, batches: (0..<8).map { _ in ClickBatch() }, threads: 4)
        // The second line is written only once the first was given.
        #expect(try decoder.next()?.batch.count == 1)
        goOn.signal()
        var rest = 0
        while let decoded = try decoder.next() { rest += decoded.batch.count }
        #expect(rest == 2)
    }
}

/// Steele, Lea and Flood's SplitMix64: seeded, so that a failure can be run again.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
