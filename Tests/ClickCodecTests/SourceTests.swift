import CClickRecord
import ClickCodec
import ClickModel
import Foundation
import Testing

@Suite struct SourceTests {
    /// 700 lines of about 300 bytes, over several of the smallest chunks; some blank, some broken, the last one open.
    static let lines: [String] = (0..<700).map { i in
        switch i % 50 {
        case 7: ""
        case 13: "broken \(i)"
        default: click("\"user_agent\":\"\(String(repeating: "agent ", count: 30 + i % 20))\"", id: "c\(i)")
        }
    }
    static let text = lines.joined(separator: "\n")

    /// Offsets and line numbers as they follow from the text.
    static let places: [SourcePosition] = {
        var offset: Int64 = 0
        var places: [SourcePosition] = []
        for (index, line) in lines.enumerated() {
            if !line.isEmpty { places.append(SourcePosition(offset: offset, line: Int64(index + 1))) }
            offset += Int64(line.utf8.count) + 1
        }
        return places
    }()

    private func check(_ all: [Event]) {
        #expect(all.count == 686)
        let places = all.map { SourcePosition(offset: $0.record.source_offset, line: $0.record.source_line) }
        #expect(places == Self.places)
    }

    /// The text packed by Python in `count` gzip members, cut anywhere.
    private func gzip(_ scratch: Scratch, members: Int) throws -> String {
        let plain = try scratch.write("plain", Self.text.utf8)
        _ = try python(
            """
            import gzip, sys
            data = open(sys.argv[1], 'rb').read()
            n = int(sys.argv[3])
            cuts = [len(data) * i // n for i in range(n + 1)]
            open(sys.argv[2], 'wb').write(b''.join(gzip.compress(data[a:b]) for a, b in zip(cuts, cuts[1:])))
            """, [plain, scratch.file("packed.gz"), String(members)])
        return scratch.file("packed.gz")
    }

    @Test("a plain file gives every line its offset and number", arguments: [1, 17, 1000])
    func plain(capacity: Int) throws {
        let scratch = try Scratch()
        let path = try scratch.write("a.ndjson", Self.text.utf8)
        let (all, positions, error) = try readAll(path, capacity: capacity)
        check(all)
        #expect(error == nil && positions.last == SourcePosition(offset: Int64(Self.text.utf8.count), line: 701))
    }

    @Test("gzip of one and of many members reads as the plain file", arguments: [1, 2, 40])
    func gzipMembers(count: Int) throws {
        let scratch = try Scratch()
        let (all, _, error) = try readAll(gzip(scratch, members: count))
        check(all)
        #expect(error == nil)
    }

    @Test("a zstd file written by DuckDB reads as its rows")
    func zstd() throws {
        let scratch = try Scratch()
        let path = scratch.file("a.ndjson.zst")
        _ = try python(
            """
            import duckdb, sys
            duckdb.sql(f'''COPY (SELECT 'c' || i AS click_id, 1571990401106 + i AS ts, 'a' AS ad_id, 'k' AS campaign_id,
                'v' AS advertiser_id, (i / 100)::DECIMAL(9,4) AS cost FROM range(20000) t(i))
                TO '{sys.argv[1]}' (FORMAT json, COMPRESSION zstd)''')
            """, [path], packages: try pythonPackages())
        let reader = try SourceReader(path: path)
        #expect(reader.compression == .zstd)
        let (all, _, error) = try readAll(path)
        #expect(error == nil && all.count == 20_000 && all.allSatisfy { $0.rejection == nil })
        #expect(all.enumerated().allSatisfy { $1.record.ts_ms == 1_571_990_401_106 + Int64($0) && $1.record.cost_e4 == Int64($0) * 100 })
    }

    @Test("reading goes on after any line with the same events, plain and packed")
    func resume() throws {
        let scratch = try Scratch()
        let paths = [try scratch.write("a.ndjson", Self.text.utf8), try gzip(scratch, members: 3)]
        for path in paths {
            let (all, positions, _) = try readAll(path, capacity: 1)
            #expect(positions.count == all.count)
            for index in stride(from: 0, to: all.count, by: path.hasSuffix("gz") ? 29 : 1) {
                let rest = try readAll(path, resumeAt: positions[index]).events
                let isSame = rest == Array(all[(index + 1)...])
                #expect(isSame, "after event \(index)")
            }
        }
    }

    @Test("a resume point beyond the end is an error")
    func resumeBeyond() throws {
        let scratch = try Scratch()
        let plain = try scratch.write("a.ndjson", Self.text.utf8)
        let length = Int64(Self.text.utf8.count)
        let beyond = SourcePosition(offset: length + 1, line: 800)
        let expected = { (path: String) in SourceError.endsBeforeResumePoint(path: path, offset: length + 1, length: length) }
        for path in [plain, try gzip(scratch, members: 2)] {
            let stream = try ClickStream(path: path, resumeAt: beyond)
            for _ in 0..<2 { #expect(throws: expected(path)) { try stream.next(into: ClickBatch()) } }
            let end = SourcePosition(offset: length, line: 701)
            #expect(try readAll(path, resumeAt: end).events.isEmpty)
        }
    }

    @Test("a gzip file cut short gives all whole lines before the cut, then says where it ends")
    func truncated() throws {
        let scratch = try Scratch()
        let whole = try Data(contentsOf: URL(fileURLWithPath: gzip(scratch, members: 1)))
        for cut in [whole.count / 2, whole.count - 9, whole.count - 1] {
            let path = try scratch.write("cut.gz", whole[..<cut])
            let (all, positions, error) = try readAll(path)
            guard case .truncated(path, Int64(cut), let content) = error else {
                Issue.record("cut at \(cut): \(String(describing: error))")
                continue
            }
            let whole = Self.places.filter { $0.offset < content }.count
            #expect(all.count >= whole - 1 && all.count <= whole && all.count > 0)
            #expect(all.allSatisfy { $0.rejection == nil || $0.texts["raw"]!.hasPrefix("broken") }, "no part of a line comes out")
            #expect(positions.last.map { $0.offset <= content } ?? true)
        }
    }

    @Test("a damaged gzip or zstd file is an error after the good lines, never a crash", arguments: ["gz", "zst"])
    func damaged(kind: String) throws {
        let scratch = try Scratch()
        var packed = try gzip(scratch, members: 2)
        if kind == "zst" {
            packed = scratch.file("a.zst")
            _ = try python(
                "import duckdb, sys\nduckdb.sql(f\"COPY (SELECT i AS click_id FROM range(9000) t(i)) TO '{sys.argv[1]}' (FORMAT json, COMPRESSION zstd)\")",
                [packed], packages: try pythonPackages())
        }
        let good = try Data(contentsOf: URL(fileURLWithPath: packed))
        var random = SplitMix64(71)
        var errors = 0
        for _ in 0..<60 {
            var bytes = good
            bytes[Int.random(in: 8..<bytes.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            let path = try scratch.write("damaged", bytes)
            if (try? readAll(path, format: .ndjson))?.error != nil { errors += 1 }
        }
        // gzip has a checksum over its content; DuckDB writes zstd without one, so only broken structure shows there.
        #expect(errors > (kind == "gz" ? 50 : 5), "seed 71")
    }

    @Test("bytes after the last gzip member are an error, zeros are padding")
    func trailing() throws {
        let scratch = try Scratch()
        let whole = try Data(contentsOf: URL(fileURLWithPath: gzip(scratch, members: 2)))
        let padded = try readAll(scratch.write("padded.gz", whole + Data(count: 600)))
        check(padded.events)
        #expect(padded.error == nil)
        let garbage = try readAll(scratch.write("garbage.gz", whole + Data("garbage".utf8)))
        #expect(garbage.events.count == 685, "the last line, still open at the fault, is not known to be whole")
        guard case .corrupt = garbage.error else {
            Issue.record("\(String(describing: garbage.error))")
            return
        }
    }

    @Test("a line longer than a chunk is rejected with its first 4 KiB, and its neighbours keep their places", arguments: [70_000, 400_000])
    func overlong(length: Int) throws {
        let scratch = try Scratch()
        let long = "{\"x\":\"" + String(repeating: "y", count: length)
        for text in [click(id: "a") + "\n" + long + "\n" + click(id: "b"), long, long + "\n" + long + "\n" + click(id: "b")] {
            let (all, positions, error) = try readAll(scratch.write("a", text.utf8), format: .ndjson)
            let rows = text.split(separator: "\n")
            #expect(error == nil && all.count == rows.count)
            for (event, row) in zip(all, rows) {
                #expect(event.rejection == (row.count > 65_536 ? "line_too_long" : nil))
                if row.count > 65_536 { #expect(event.texts["raw"] == String(row.prefix(4096))) }
                #expect(event.record.source_offset == Int64(row.startIndex.utf16Offset(in: text)))
            }
            #expect(all.map(\.record.source_line) == (1...Int64(rows.count)).map { $0 })
            #expect(positions.last?.offset == Int64(text.utf8.count))
        }
    }

    @Test("the prefix is the content's start, and reading a source counts its bytes")
    func prefix() throws {
        let scratch = try Scratch()
        let plain = try scratch.write("a.ndjson", Self.text.utf8)
        for path in [plain, try gzip(scratch, members: 2)] {
            let reader = try SourceReader(path: path)
            #expect(reader.prefix == Array(Self.text.utf8.prefix(SourceReader.prefixLimit)))
            let chunk = Chunk()
            while try reader.read(into: chunk) {}
            let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int64
            #expect(reader.inputSize == size && reader.bytesConsumedOfInput == size)
        }
    }

    @Test("a named pipe gives its events as they come")
    func pipe() throws {
        let scratch = try Scratch()
        let path = scratch.file("pipe")
        try #require(mkfifo(path, 0o600) == 0)
        let writer = Thread { [text = Self.text] in
            let handle = FileHandle(forWritingAtPath: path)
            for part in stride(from: 0, to: text.utf8.count, by: 50_000) {
                handle?.write(Data(text.utf8.dropFirst(part).prefix(50_000)))
            }
            try? handle?.close()
        }
        writer.start()
        check(try readAll(path).events)
    }

    @Test("a source that is missing, a directory or of unknown format is an error that says so")
    func unreadable() throws {
        let scratch = try Scratch()
        let missing = scratch.file("missing")
        #expect(throws: SourceError.unreadable(path: missing, reason: "No such file or directory")) { try readAll(missing) }
        #expect(throws: SourceError.unreadable(path: scratch.path, reason: "is a directory")) { try readAll(scratch.path) }
        let prose = try scratch.write("prose", "Dear all,\nhere are the clicks.\n".utf8)
        #expect(throws: SourceError.unknownFormat(path: prose)) { try readAll(prose) }
        #expect(try readAll(scratch.write("empty", [])).events.isEmpty)
        #expect(try readAll(scratch.write("blank", "\n \n".utf8)).events.isEmpty)
    }
}
