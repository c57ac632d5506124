internal import ArgumentParser
internal import Foundation
internal import Pipeline

struct ModelPromoteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote", abstract: "Makes a challenger the champion, in one step, and keeps who did it and why.",
        discussion: """
            The model is checked against this program's features first. Both models are kept as archive/ID.json beside the \
            champion's file, and the act goes on promotions.ndjson, each line with the hash of the one before it. A champion that is \
            not what the trail says is refused. A `fraud score` that runs goes on with the model it began with.
            EXAMPLE: fraud model promote models/challengers/wider.json --by ana --reason "12 % more recall in shadow"
            EXAMPLE: fraud model promote --rollback --by ana --reason "flags a campaign's own testers"
            """)

    @Argument(help: "The challenger's model file.") var challenger: String?
    @Option(help: ArgumentHelp("The champion's file; models/champion.json when none is given.", valueName: "file")) var to: String?
    @Option(help: ArgumentHelp("Who does it.", valueName: "name")) var by: String
    @Option(help: ArgumentHelp("Why, in words.", valueName: "text")) var reason = ""
    @Flag(help: "Bring back the champion before the last promotion.") var rollback = false
    @Flag(help: "Accept a champion's file that was changed by other means, and put that on the trail.") var adopt = false
    @Flag(help: "Print one JSON object.") var json = false

    private static let maximumReason = 2000

    func validate() throws {
        guard [challenger != nil, rollback, adopt].count(where: { $0 }) == 1 else {
            throw ValidationError("name a challenger's file, or --rollback, or --adopt: one of them")
        }
        guard !by.trimmingCharacters(in: .whitespaces).isEmpty, by.utf8.count <= 64 else { throw ValidationError("--by names a person, in 64 bytes at most") }
        guard reason.utf8.count <= Self.maximumReason else { throw ValidationError("--reason is over \(Self.maximumReason) bytes") }
    }

    func run() throws {
        let promotion = ModelPromotion(champion: try to ?? ScorerConfiguration.shipped("models/champion.json"), by: by, reason: reason)
        let outcome = try challenger.map(promotion.promote) ?? (rollback ? promotion.rollBack() : promotion.adopt())
        for note in outcome.notes { Terminal.error(note + "\n") }
        let entry = outcome.entry
        guard json else {
            let former = entry.fromID.isEmpty ? "nothing" : "model \(entry.fromID)"
            return try Terminal.output("model \(entry.toID) is the champion in place of \(former): \(promotion.champion)\n")
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try Terminal.output(String(decoding: try encoder.encode(entry), as: UTF8.self) + "\n")
    }
}
