import ClickModel
import Testing
import Training

@Suite struct LeakageTests {
    /// The sample table with one more column, made of each row's number and label.
    private func planted(_ name: String, seed: UInt64 = 1, rows: Int = 4000, _ value: (Int, Bool, inout RandomData) -> Float) -> LabelledTable {
        var random = RandomData(seed + 77)
        let sample = sampleTable(seed: seed, rows: rows)
        var table = LabelledTable(names: sample.names + [name])
        for row in 0..<rows {
            table.append(
                sample.columns.map { $0[row] } + [value(row, sample.labels[row], &random)], isFraud: sample.labels[row],
                eventTime: EventTime(milliseconds: sample.eventTimes![row]))
        }
        return table
    }

    private func train(_ table: LabelledTable, strict: Bool = false) throws -> TrainingReport {
        var options = TrainingOptions()
        options.refusesLeaks = strict
        options.l2Grid = [1]
        options.bootstrapReplicates = 0
        return try Trainer.train(table: table, options: options, catalogue: table.catalogue(known: sampleCatalogue)).1
    }

    @Test("an honest table has no leak, nor has a feature that marks one family of fraud for sure")
    func honest() throws {
        for seed in UInt64(1)...5 {
            // Four frauds in ten carry the mark, and no valid click.
            let table = planted("known_crawler", seed: seed) { _, isFraud, random in isFraud && random.uniform() < 0.4 ? 1 : 0 }
            let report = try train(table, strict: true)
            #expect(report.leaks == [] && !report.notes.contains { $0.contains("LEAK") }, "seed \(seed): \(report.leaks ?? [])")
        }
    }

    @Test("a copy of the label is named where fraud is rare too", arguments: [0.01, 0.023])
    func rareCopies(share: Double) throws {
        for (name, copy) in [("exact", Float(0)), ("spread", 10)] {
            var random = RandomData(31)
            var table = LabelledTable(names: ["honest", name])
            for row in 0..<10_000 {
                let isFraud = random.uniform() < share
                let leak = (isFraud ? 100 : 0) + copy * Float(random.uniform())
                table.append([Float(random.normal()), leak], isFraud: isFraud, eventTime: EventTime(milliseconds: Int64(row)))
            }
            var options = TrainingOptions()
            (options.kind, options.l2Grid, options.bootstrapReplicates) = (.linear, [1], 0)
            let report = try Trainer.train(table: table, options: options, catalogue: table.catalogue(known: [])).1
            #expect(report.leaks?.map(\.feature) == [name] && report.leaks?.first?.kind == .copiesLabel, "\(share) \(name): \(report.leaks ?? [])")
        }
    }

    @Test("a copy of the label is named: exact, with noise, upside down, and as one value among others")
    func copies() throws {
        let copies: [(String, (Int, Bool, inout RandomData) -> Float)] = [
            ("exact", { _, isFraud, _ in isFraud ? 1 : 0 }),
            ("noisy", { _, isFraud, random in Float(random.normal() * 0.1) + (isFraud ? 1 : 0) }),
            ("inverted", { _, isFraud, random in (isFraud ? 0 : 5) + Float(random.uniform()) }),
            ("refund_code", { _, isFraud, random in isFraud ? 3 : [1, 2, 4, 5][random.below(4)] }),
        ]
        for (name, value) in copies {
            let table = planted(name, value)
            let report = try train(table)
            #expect(report.leaks?.map(\.feature) == [name] && report.leaks?.first?.kind == .copiesLabel, "\(name): \(report.leaks ?? [])")
            #expect(report.notes.contains { $0.contains(name) && $0.contains("LEAK") }, "\(name)")
            #expect(throws: TrainingError.self) { try train(table, strict: true) }
        }
    }

    @Test("a column that is unknown just for fraud is named")
    func missingness() throws {
        for inverted in [false, true] {
            let table = planted("chargeback_date") { _, isFraud, random in isFraud != inverted ? .nan : Float(random.normal()) }
            #expect(try train(table).leaks?.map(\.kind) == [.missingIsLabel])
        }
    }

    @Test("an id in the order of the labels is named, though later rows make nothing of it")
    func ids() throws {
        let rows = 4000
        let table = planted("row_id", rows: rows) { row, isFraud, random in
            // Numbered label by label where it was collected first, and in order of arrival since.
            row < 2800 ? Float((isFraud ? 2800 : 0) + row) : Float(10_000 + row)
        }
        let report = try train(table)
        #expect(report.leaks?.map(\.feature) == ["row_id"] && report.leaks?.first?.kind == .collapses, "\(report.leaks ?? [])")
    }

    @Test("a feature that nearly tells the label is asked about, not refused")
    func suspicious() throws {
        let table = planted("strong") { _, isFraud, random in Float(random.normal() + (isFraud ? 3.8 : 0)) }
        let report = try train(table, strict: true)
        #expect(report.leaks?.map(\.kind) == [.suspicious], "\(report.leaks ?? [])")
    }

    @Test("too few rows to tell are said to be too few")
    func few() throws {
        let report = try train(sampleTable(seed: 3, rows: 120))
        #expect(report.leaks == nil && report.notes.contains { $0.contains("too few rows") })
    }
}
