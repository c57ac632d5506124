/// A country people click from: how much traffic it has, its cities and its clock. Zones are those of November.
struct Country: Sendable {
    struct City: Sendable {
        let latitudeE2: Int
        let longitudeE2: Int
        /// Minutes east of UTC.
        let zoneMinutes: Int
    }

    let code: StaticString
    /// Share of honest traffic, relative to the others.
    let weight: Double
    let cities: [City]
    /// Minutes by which its people's day runs behind the usual one: dinner at ten in Spain, up with the sun in Japan.
    let lateMinutes: Int64

    private init(_ code: StaticString, _ weight: Double, late: Int64 = 0, _ cities: [(Int, Int, Int)]) {
        self.code = code
        self.weight = weight
        lateMinutes = late
        self.cities = cities.map { City(latitudeE2: $0.0, longitudeE2: $0.1, zoneMinutes: $0.2) }
    }

    static let all: [Country] = [
        Country("US", 24, [(4071, -7401, -300), (4188, -8763, -360), (2976, -9537, -360), (3974, -10499, -420), (3405, -11824, -480)]),
        Country("DE", 12, late: -20, [(5252, 1340, 60), (4814, 1158, 60), (5355, 999, 60), (5094, 696, 60)]),
        Country("GB", 10, [(5151, -13, 0), (5348, -224, 0), (5586, -425, 0)]),
        Country("FR", 8, [(4886, 235, 60), (4576, 484, 60), (4330, 537, 60)]),
        Country("IN", 9, late: 40, [(1908, 7288, 330), (2861, 7721, 330), (1297, 7759, 330)]),
        Country("BR", 8, late: 20, [(-2355, -4663, -180), (-2291, -4317, -180), (-1278, -4793, -180)]),
        Country("ES", 5, late: 70, [(4042, -370, 60), (4139, 217, 60), (3739, -599, 60)]),
        Country("IT", 5, late: 35, [(4190, 1250, 60), (4546, 919, 60), (4085, 1427, 60)]),
        Country("PL", 4, [(5223, 2101, 60), (5006, 1994, 60)]),
        Country("NL", 3, [(5237, 490, 60), (5192, 448, 60)]),
        Country("JP", 4, late: -25, [(3568, 13969, 540), (3469, 13550, 540)]),
        Country("CA", 3, [(4365, -7938, -300), (4550, -7357, -300), (4928, -12312, -480)]),
        Country("MX", 3, [(1943, -9913, -360), (2067, -10335, -360)]),
        Country("AU", 2, [(-3387, 15121, 660), (-3781, 14496, 660)]),
    ]

    /// Clicks per hour of the local day, Monday to Friday and on the weekend, relative.
    private static let weekday: [Double] = [
        18, 11, 7, 5, 5, 8, 18, 35, 48, 55, 58, 60, 63, 60, 58, 58, 62, 68, 75, 85, 92, 88, 66, 38,
    ]
    private static let weekend: [Double] = [
        26, 17, 10, 6, 5, 6, 10, 20, 36, 52, 62, 66, 68, 66, 64, 64, 66, 70, 76, 84, 88, 82, 62, 40,
    ]

    /// Volume of the days of the week, Sunday first.
    private static let week: [Double] = [0.93, 1.04, 1.05, 1.03, 1.02, 0.98, 0.9]

    /// Honest activity at a moment (epoch ms): weight times the rhythm of week and day, linear between the hours.
    func activity(at time: Int64) -> Double {
        let local = time + (Int64(cities[0].zoneMinutes) - lateMinutes) * 60_000
        let table = Self.isWeekend(local) ? Self.weekend : Self.weekday
        let weight = weight * Self.week[Int((local / 86_400_000 + 4) % 7)]
        let inDay = Int(local % 86_400_000)
        let hour = inDay / 3_600_000
        let part = Double(inDay % 3_600_000) / 3_600_000
        return weight * (table[hour] * (1 - part) + table[(hour + 1) % 24] * part)
    }

    /// Whether a local time (epoch ms of the local clock) falls on Saturday or Sunday; 1970-01-01 was a Thursday.
    static func isWeekend(_ local: Int64) -> Bool {
        let day = (local / 86_400_000 + 4) % 7
        return day == 0 || day == 6
    }
}
