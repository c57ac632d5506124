package import ClickModel

/// Every counted, duplicate and late click with its input and its verdict, in Parquet files beside the database.
///
///     FILE.archive/date=2026-11-01/hour=09/epoch-12-0.parquet    published: epoch 12, first flush
///     FILE.archive/date=9999-12-31/hour=00/epoch-12-0.parquet    the default partition
///     FILE.archive/.staging/epoch-13/date=2026-11-01,hour=09,epoch-13-0.parquet
///
/// An epoch's files are staged and synced by `flush` before the database commits, and renamed into place by `publish` after
/// it; `recover` repairs whatever a kill left between the two. So the published files are those of committed epochs, each
/// once. Rows of a file stand in arrival order; the folders are named by event time in UTC, as Hive, Spark, pandas and DuckDB
/// read them. pandas and Spark skip names that begin with a dot; for DuckDB write `date=*/hour=*/*.parquet`, because its `**`
/// also finds staged files.
///
/// Which hours get a folder is `ArchivePartition`'s rule; the other rows are in the default partition, which a reader of a day
/// therefore reads too.
///
/// One thread at a time writes; DuckDB does the encoding (`ParquetEncoder`).
package final class ClickArchive: @unchecked Sendable {
    package static let defaultSoftLimitBytes = 64 << 20

    /// `FILE.archive`.
    package let folder: String
    /// Rows that wait for a flush; others may be used in its place (`makeBuilder`).
    package let builder: ArrowTableBuilder
    /// For reading.
    let connection: DuckDB
    /// Made at the first flush.
    private var encoder: ParquetEncoder?
    private let softLimitBytes: Int
    private var epoch: Int64?
    /// Flushes of the epoch so far.
    private var flushes = 0

    /// - Parameters:
    ///   - database: whose clicks they are; the archive reads them on a connection of its own.
    ///   - folder: the archive's folder, `DATABASE.archive` by default; made at the first flush.
    ///   - softLimitBytes: rows to hold before `builder.isFull`.
    package init(
        _ database: DuckDB, folder: String? = nil, softLimitBytes: Int = ClickArchive.defaultSoftLimitBytes
    ) throws(StorageError) {
        self.folder = folder ?? Self.folder(of: database.path)
        self.softLimitBytes = softLimitBytes
        connection = try database.connect()
        builder = ArrowTableBuilder(Self.columns, softLimitBytes: softLimitBytes)
    }

    /// The archive's folder of a database.
    package static func folder(of databasePath: String) -> String { databasePath + ".archive" }

    /// Another builder of the archive's rows, for a caller that fills one while another is flushed.
    package func makeBuilder() -> ArrowTableBuilder { ArrowTableBuilder(Self.columns, softLimitBytes: softLimitBytes) }

    /// Starts an epoch, or starts it again: files that an earlier try staged for it are removed. The builder is left alone.
    /// - Throws: `io`
    package func begin(epoch: Int64) throws(StorageError) {
        precondition(epoch > 0, "epochs count from 1")
        try FileOperation.removeFlatFolder(stagingFolder(epoch))
        self.epoch = epoch
        flushes = 0
    }

    /// Writes the rows to staged files of the current epoch, one for each date and hour, and empties the builder. When it
    /// returns, the files survive a power cut.
    ///
    /// - Parameter rows: what to write, made by `makeBuilder`; the archive's own `builder` by default.
    /// - Throws: `io` or `database`, e.g. on a full disk. The rows are then still in the builder and this flush's files are
    ///   removed: call it again when the cause is gone, or `begin` the epoch again.
    package func flush(_ rows: ArrowTableBuilder? = nil) throws(StorageError) {
        let rows = rows ?? builder
        guard let epoch else { preconditionFailure("an epoch is begun before it is flushed") }
        precondition(rows.columns == Self.columns, "rows of the archive")
        guard !rows.isEmpty else { return }
        let staging = stagingFolder(epoch)
        for path in [folder, stagingRoot, staging] { try FileOperation.makeFolder(path) }
        let partitions = ArchivePartition.all(of: rows, timeColumn: 1)
        let paths = partitions.map { "\(staging)/\(stagedName($0, epoch))" }
        do throws(StorageError) {
            try write(rows, partitions, paths)
            for path in paths + [staging, stagingRoot, folder, Folder.parent(of: folder)] { try FileOperation.sync(path) }
        } catch {
            for path in paths { FileOperation.discard(path) }
            throw error
        }
        rows.removeAll()
        flushes += 1
    }

    private func write(_ rows: ArrowTableBuilder, _ partitions: [ArchivePartition], _ paths: [String]) throws(StorageError) {
        let encoder = try encoderAtHand()
        var written = 0
        for (partition, path) in zip(partitions, paths) {
            written += try encoder.write(rows, where: partition.condition(among: partitions), to: path)
        }
        guard written == rows.count else {
            throw .io(path: folder, operation: "write", reason: "\(rows.count) rows were given and \(written) written")
        }
    }

    private func encoderAtHand() throws(StorageError) -> ParquetEncoder {
        if let encoder { return encoder }
        let made = try ParquetEncoder(columns: Self.columns)
        encoder = made
        return made
    }

    /// Renames the staged files of a committed epoch into place. Nothing when there are none, or when it is done already.
    /// - Throws: `io`; what is still staged then is published by the next call, or by `recover`.
    package func publish(epoch: Int64) throws(StorageError) {
        let staging = stagingFolder(epoch)
        var changed: Set<String> = []
        for name in Folder.names(in: staging).sorted() where name.hasSuffix(".parquet") {
            guard let place = Self.publishedPlace(of: name) else { continue }
            let date = "\(folder)/\(place.date)"
            let hour = "\(date)/\(place.hour)"
            try FileOperation.makeFolder(date)
            try FileOperation.makeFolder(hour)
            try FileOperation.rename("\(staging)/\(name)", to: "\(hour)/\(place.file)")
            changed.formUnion([hour, date, folder])
        }
        for path in changed.sorted() { try FileOperation.sync(path) }
        try FileOperation.removeFlatFolder(staging)
    }

    /// Repairs the archive after a stop of any kind, at start, before the first epoch: staged files of epochs up to `lastEpoch`
    /// are published, those of later ones, which the database does not have, removed. Doing it twice changes nothing.
    /// - Parameter lastEpoch: the database's last committed epoch; 0 for none.
    /// - Throws: `io`; also when the archive holds epochs that the database does not: it is another database's archive, or
    ///   the database was put back to an older state. Nothing is changed then.
    /// - Complexity: O(files of the archive), names only.
    package func recover(lastEpoch: Int64) throws(StorageError) {
        if let newest = publishedEpochs().max(), newest > lastEpoch {
            throw .io(
                path: folder, operation: "use",
                reason: "it holds clicks up to epoch \(newest), the database only up to epoch \(lastEpoch). It belongs to another "
                    + "database, or this one was put back to an older state: move the folder away, or restore the database")
        }
        let staged = Folder.names(in: stagingRoot).compactMap { name in name.hasPrefix("epoch-") ? Int64(name.dropFirst("epoch-".count)) : nil }
        for epoch in staged.sorted() {
            if epoch <= lastEpoch { try publish(epoch: epoch) } else { try FileOperation.removeFlatFolder(stagingFolder(epoch)) }
        }
    }

    private var stagingRoot: String { "\(folder)/.staging" }
    private func stagingFolder(_ epoch: Int64) -> String { "\(stagingRoot)/epoch-\(epoch)" }

    private func stagedName(_ partition: ArchivePartition, _ epoch: Int64) -> String {
        "\(partition.dateFolder),\(partition.hourFolder),epoch-\(epoch)-\(flushes).parquet"
    }

    /// The folders and the file name that a staged name stands for.
    private static func publishedPlace(of name: String) -> (date: String, hour: String, file: String)? {
        let parts = name.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, parts[0].hasPrefix("date="), parts[1].hasPrefix("hour="), epoch(ofFile: parts[2]) != nil else { return nil }
        return (parts[0], parts[1], parts[2])
    }

    /// The epoch of `epoch-N-K.parquet`; nil for any other name.
    static func epoch(ofFile name: String) -> Int64? {
        guard name.hasPrefix("epoch-"), name.hasSuffix(".parquet") else { return nil }
        let numbers = name.dropFirst("epoch-".count).dropLast(".parquet".count).split(separator: "-", omittingEmptySubsequences: false)
        guard numbers.count == 2, let epoch = Int64(numbers[0]), Int(numbers[1]) != nil else { return nil }
        return epoch
    }

    private func publishedEpochs() -> Set<Int64> {
        var epochs: Set<Int64> = []
        forEachPublishedFile { _, _, name in epochs.insert(Self.epoch(ofFile: name)!) }
        return epochs
    }

    /// Calls `body` with the date's folder, the hour's and the file's name of every published file.
    func forEachPublishedFile(_ body: (_ date: String, _ hour: String, _ file: String) -> Void) {
        for date in Folder.names(in: folder).sorted() where date.hasPrefix("date=") {
            for hour in Folder.names(in: "\(folder)/\(date)").sorted() where hour.hasPrefix("hour=") {
                for name in Folder.names(in: "\(folder)/\(date)/\(hour)").sorted() where Self.epoch(ofFile: name) != nil { body(date, hour, name) }
            }
        }
    }

    /// Published files that may hold clicks of these days (all when nil; `end` is the first day that is not in it): those of the
    /// days, and the default partition's.
    package func files(from first: CivilDate? = nil, before end: CivilDate? = nil) -> [String] {
        var files: [String] = []
        forEachPublishedFile { date, hour, name in
            if date != ArchivePartition.rest.dateFolder, let day = CivilDate(String(date.dropFirst("date=".count))) {
                if let first, day < first { return }
                if let end, day >= end { return }
            }
            files.append("\(folder)/\(date)/\(hour)/\(name)")
        }
        return files
    }

    /// A text as an SQL literal.
    static func literal(_ text: String) -> String {
        var out = "'"
        for character in text.unicodeScalars {
            if character == "'" { out += "'" }
            out.unicodeScalars.append(character)
        }
        return out + "'"
    }
}
