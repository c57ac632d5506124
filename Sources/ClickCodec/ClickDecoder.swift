internal import CClickRecord
internal import CSimdJSON
package import ClickModel

/// Lines to records, each line exactly one: a click, another event, or a rejection that says why. Blank lines are none.
///
/// It validates UTF-8 and every field, copies the strings into the batch's arena and hashes the keys. Nothing is
/// allocated after `init`; no input makes it fail. One thread at a time.
package struct ClickDecoder: ~Copyable {
    private let decoder: OpaquePointer
    private let format: LineFormat
    /// Column fields of CSV, or the default ids of an access log one after the other.
    private let constants: [UInt8]

    package init(_ format: LineFormat) {
        guard let decoder = fraud_line_decoder_create() else { fatalError("no memory for a decoder (0.5 MiB)") }
        self.decoder = decoder
        self.format = format
        constants =
            switch format {
            case .ndjson: []
            case .csv(let header): header.fields
            case .combined(let defaults): Array(defaults.adID.utf8) + defaults.campaignID.utf8 + defaults.advertiserID.utf8
            }
    }

    deinit { fraud_line_decoder_destroy(decoder) }

    /// Appends records to the batch until the chunk is finished or the batch is full (no record left, or less arena than
    /// the next line may need); call again with another batch to go on.
    /// - Returns: true when the chunk is finished.
    package mutating func decode(_ chunk: Chunk, into batch: ClickBatch) -> Bool {
        decode(&chunk.lines, into: batch)
    }

    /// The same for lines in any memory.
    package mutating func decode(_ lines: inout LineSpan, into batch: ClickBatch) -> Bool {
        decodeLines(&lines, into: batch)
        guard lines.cursor.position == lines.cursor.length else { return false }
        if lines.overlongBytes != nil, !lines.isOverlongTaken { return rejectOverlong(&lines, into: batch) }
        return true
    }

    private func decodeLines(_ lines: inout LineSpan, into batch: ClickBatch) {
        switch format {
        case .ndjson:
            fraud_decode_ndjson(decoder, &lines.cursor, &batch.raw)
        case .csv:
            constants.withUnsafeBufferPointer {
                fraud_decode_csv(decoder, &lines.cursor, &batch.raw, $0.baseAddress!, $0.count)
            }
        case .combined(let defaults):
            let counts = (defaults.adID.utf8.count, defaults.campaignID.utf8.count, defaults.advertiserID.utf8.count)
            constants.withUnsafeBufferPointer {
                let ids = $0.baseAddress
                var raw = fraud_combined_defaults(
                    ad_id: ids, ad_id_length: counts.0, campaign_id: ids.map { $0 + counts.0 }, campaign_id_length: counts.1,
                    advertiser_id: ids.map { $0 + counts.0 + counts.1 }, advertiser_id_length: counts.2)
                fraud_decode_combined(decoder, &lines.cursor, &batch.raw, &raw)
            }
        }
    }

    private func rejectOverlong(_ lines: inout LineSpan, into batch: ClickBatch) -> Bool {
        guard let bytes = lines.cursor.bytes else { return true }
        lines.isOverlongTaken = fraud_append_rejection(
            &batch.raw, Int32(FRAUD_REJECT_LINE_TOO_LONG), Int32(FRAUD_FIELD_NONE), bytes + lines.cursor.length, Int(FRAUD_MAX_RAW_BYTES),
            lines.cursor.offset + Int64(lines.cursor.length), lines.cursor.line)
        if lines.isOverlongTaken { lines.cursor.line += 1 }
        return lines.isOverlongTaken
    }
}
