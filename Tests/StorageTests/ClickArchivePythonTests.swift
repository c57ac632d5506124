import ClickModel
import Foundation
import Storage
import Testing

@Suite("The click archive as others read it")
struct ClickArchivePythonTests {
    /// Reads a partitioned folder with DuckDB's Python client and with pandas, and checks both against `date`, `hour` and `ts`,
    /// each other, and the wanted types; prints the rows' id, time, label and score.
    private static let script = """
        import glob, os, sys
        import duckdb, pandas, pyarrow, pyarrow.parquet as pq
        root = sys.argv[1]
        rest = "9999-12-31"
        relation = duckdb.sql(f"FROM read_parquet('{root}/date=*/hour=*/*.parquet', hive_partitioning = true)")
        types = dict(zip(relation.columns, map(str, relation.types)))
        for name, kind in {"date": "DATE", "hour": "VARCHAR", "click_id": "VARCHAR", "ts": "TIMESTAMP", "cost": "DECIMAL(19,4)", "lat": "FLOAT", "touch": "BOOLEAN",
                           "impression_ts": "TIMESTAMP", "reasons": "VARCHAR[]", "rules": "BIGINT", "conflict": "BOOLEAN",
                           "score": "FLOAT", "seq": "BIGINT", "epoch": "BIGINT"}.items():
            assert types[name] == kind, (name, types[name])
        wrong = duckdb.sql("SELECT count(*) FROM relation WHERE CAST(date AS VARCHAR) <> '" + rest + "' "
                           "AND (CAST(date AS VARCHAR) <> strftime(ts, '%Y-%m-%d') OR CAST(hour AS INTEGER) <> hour(ts))").fetchall()[0][0]
        assert wrong == 0, wrong
        named = duckdb.sql("SELECT count(*) FROM relation WHERE CAST(date AS VARCHAR) <> '" + rest + "'").fetchall()[0][0]
        assert named > 0, named
        rows = duckdb.sql("SELECT seq, click_id, CAST(epoch_ms(ts) AS BIGINT), true_label, score, len(reasons), CAST(cost AS VARCHAR), rules "
                          "FROM relation ORDER BY seq").fetchall()

        frame = pandas.read_parquet(root).sort_values("seq")
        assert len(frame) == len(rows), len(frame)
        assert str(frame.ts.dtype).startswith("datetime64[us"), frame.ts.dtype
        assert str(frame.lat.dtype) == "float32" and str(frame.seq.dtype) == "int64", frame.dtypes
        known = frame[frame.date.astype(str) != rest]
        assert len(known) == named and len(known) > 0, (len(known), named)
        assert (known.date.astype(str) == known.ts.dt.strftime("%Y-%m-%d")).all()
        assert (known.hour.astype(int) == known.ts.dt.hour).all()
        for row, seq, click, ts, cost in zip(rows, frame.seq, frame.click_id, frame.ts, frame.cost):
            assert row[0] == seq and row[1] == click and row[2] == ts.value // 1_000_000, (row, seq, ts)
            assert row[6] == f"{cost:.4f}", (row, cost)

        for path in glob.glob(root + "/date=*/hour=*/*.parquet"):
            file = pq.ParquetFile(path)
            for group in range(file.metadata.num_row_groups):
                for column in range(file.metadata.num_columns):
                    assert file.metadata.row_group(group).column(column).compression == "ZSTD"
            seqs = file.read(columns=["seq"]).column(0).to_pylist()
            assert seqs == sorted(seqs), path
        for row in rows:
            print(row[0], row[1].encode().hex(), row[2], row[3], row[4], row[5], row[7], sep="|")
        """

    @Test("Python's DuckDB and pandas read the same rows, zstd-packed, with the date and hour of their times")
    func pythonReads() throws {
        let folder = try TemporaryFolder()
        let archive = try ClickArchive(try DuckDB.open(":memory:"), folder: folder.file("archive"))
        var random = RandomArchive(seed: 31)
        let all = try ClickArchiveTests.fill(archive, epochs: 1...2, rows: 800, &random)
        // A staged epoch is nobody's.
        try archive.begin(epoch: 3)
        _ = random.append(at: ClickArchiveTests.start, epoch: 3, to: archive.builder)
        try archive.flush()
        let lines = try Python.run(Self.script, [archive.folder]).split(separator: "\n")
        #expect(lines.count == all.count)
        for (line, click) in zip(lines, all) {
            let isScored = click.label != nil
            let hex = click.texts["click_id"]!.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            let truth = [0: "None", 1: "valid", 2: "fraud"][click.numbers[ArchivedClick.numberFields.count + 4]]!
            let isFraud = click.label == .fraud
            let expected = [
                "\(click.seq)", hex, "\(click.time)", truth, isScored ? "0.5" : "None", isScored ? (isFraud ? "2" : "0") : "None",
                isScored ? (isFraud ? "\(Int64(bitPattern: 1 << 63 | 5))" : "0") : "None",
            ]
            #expect(line == expected.joined(separator: "|"))
        }
    }

    @Test("The columns stand in schema order and have their schema names")
    func columns() {
        let names = ClickArchive.columns.map(\.name)
        #expect(names.prefix(5) == ["click_id", "ts", "ad_id", "campaign_id", "advertiser_id"])
        #expect(names.suffix(4) == ["source", "source_offset", "epoch", "seq"])
        #expect(Set(names).count == names.count && names.count == 55)
    }
}
