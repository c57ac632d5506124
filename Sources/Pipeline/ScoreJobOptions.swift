package import ClickCodec

/// What `fraud score` was asked to do.
package struct ScoreJobOptions: Sendable {
    /// Paths, and `-` for standard input, in the order they are to be read.
    package var inputs: [String]
    package var database: String
    /// nil to tell it from the content.
    package var format: SourceFormat?
    package var defaults = CombinedDefaults.none
    package var scorer = ScorerConfiguration()
    package var challengers = ChallengerFiles.none
    package var verdictsPath: String?
    /// Also write minutes that are still open, at every epoch and not only where the inputs end.
    package var earlyFirings = false
    /// Write every labelled click to Parquet beside the database.
    package var writesArchive = true
    /// Threads that decode, all inputs together; what comes out is the same for any number.
    package var decodeThreads = DecodeThread.defaultThreads
    /// Events after which an epoch is committed, at the next batch's end.
    package var epochEvents = Self.defaultEpochEvents
    /// Half a second's at the rate that is aimed at. An epoch costs something by itself, some forty statements, a commit, all ads' hours and
    /// days: with half as many events each it is a tenth of a job's processor time more, with twice as many hardly less.
    package static let defaultEpochEvents = 500_000
    package var snapshots = SnapshotFrequency.auto
    /// Live window cells that force an epoch early: what bounds the memory of the windows.
    package var maximumCells = 4_000_000

    package init(inputs: [String], database: String) {
        self.inputs = inputs
        self.database = database
    }
}

/// How far a job is.
package struct JobProgress: Sendable {
    /// Events read in this run.
    package var events: Int
    /// Share of all input bytes read, 0–1; nil when an input's size is not known.
    package var share: Double?
}

/// What a job did.
package struct JobReport: Sendable {
    /// Totals of the inputs named, from their first event, also when earlier runs scored part of them.
    package var inputs = JobTotals()
    /// Totals of this run alone.
    package var run = JobTotals()
    /// Events read in this run, those that are no clicks included.
    package var events = 0
    /// Inputs that earlier runs had finished and that had nothing new.
    package var alreadyScored: [String] = []
    /// Inputs that went on from an earlier run's last epoch.
    package var resumed: [String] = []
    /// The longest time that taking a snapshot held the scorer up, in seconds.
    package var longestSnapshotPause = 0.0
    /// The longest time between the last event of an epoch and the first of the next: rows, snapshot, and waiting for the epoch
    /// before to be durable, in seconds.
    package var longestEpochStall = 0.0
    package var seconds = 0.0
    package var modelID = ""
    package var rulesetID = ""
    /// Models that scored in shadow.
    package var challengerIDs: [String] = []
    /// Notes a person should see, e.g. which lists were used.
    package var notes: [String] = []
}
