internal import CMaxMindDB

/// A GeoIP database (MaxMind DB format, City kind) on disk, mapped into memory.
///
/// Lookups only read the mapping: any number of threads may call them, hence `@unchecked Sendable`.
package final class GeoDatabase: @unchecked Sendable {
    private let handle: OpaquePointer
    package let path: String
    /// The database's name of its own type, e.g. `GeoLite2-City`.
    package let type: String
    /// When it was built, seconds since 1970: part of what a verdict depends on.
    package let buildTimeSeconds: UInt64

    private init(handle: OpaquePointer, path: String) {
        self.handle = handle
        self.path = path
        type = String(cString: fraud_geo_type(handle))
        buildTimeSeconds = fraud_geo_build_time(handle)
    }

    deinit { fraud_geo_close(handle) }

    /// Opens a plain `.mmdb` file.
    ///
    /// - Throws: `ReferenceListError` when it cannot be opened or is no such database.
    package static func open(path: String) throws(ReferenceListError) -> GeoDatabase {
        guard !path.hasSuffix(".gz") else {
            throw ReferenceListError("\(path): a GeoIP database is mapped into memory; decompress it first")
        }
        let capacity = 256
        var message = [CChar](repeating: 0, count: capacity)
        guard let handle = fraud_geo_open(path, &message, capacity) else {
            throw ReferenceListError("\(path): \(ReferenceListError.text(message))")
        }
        return GeoDatabase(handle: handle, path: path)
    }

    /// Country and position of an address given as in a click record; nil when the database does not know it.
    ///
    /// `country` is two upper-case letters, first in the high byte, or 0; `lat` and `lon` are degrees, both NaN when
    /// there is no position. A place where the file is corrupt counts as not known.
    ///
    /// - Complexity: O(prefix length), about 1 µs. No allocation.
    package func lookup(ipHigh: UInt64, ipLow: UInt64, version: UInt8) -> (country: UInt16, lat: Float, lon: Float)? {
        var country: UInt16 = 0
        var lat = Float.nan
        var lon = Float.nan
        guard fraud_geo_lookup(handle, ipHigh, ipLow, Int32(version), &country, &lat, &lon) == 1 else { return nil }
        return (country, lat, lon)
    }
}
