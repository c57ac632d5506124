package import ClickModel

/// A counted click that is called something else than before.
package struct LabelChange: Hashable, Sendable {
    /// What brought it about.
    package enum Cause: String, Sendable, CaseIterable {
        /// The visitor left the page at once.
        case engagement
        /// A person decided.
        case review
        /// The day was computed again from the archive.
        case reconciliation
    }

    /// The click: ids are used again after the deduplication hour, so its time belongs to its identity.
    package var clickID: String
    package var clickTime: EventTime
    package var adID: String
    package var campaignID: String
    package var advertiserID: String
    package var cost: Money
    /// What the click was called when it was scored, or after the last change.
    package var from: Label
    package var to: Label
    package var cause: Cause
    /// Who: a person's name, or the program.
    package var actor: String
    package var detail: String
    package var changedAt: EventTime

    package init(
        clickID: String, clickTime: EventTime, adID: String, campaignID: String, advertiserID: String, cost: Money, from: Label, to: Label,
        cause: Cause, actor: String, detail: String, changedAt: EventTime
    ) {
        self.clickID = clickID
        self.clickTime = clickTime
        self.adID = adID
        self.campaignID = campaignID
        self.advertiserID = advertiserID
        self.cost = cost
        self.from = from
        self.to = to
        self.cause = cause
        self.actor = actor
        self.detail = detail
        self.changedAt = changedAt
    }

    /// Adds the row of `label_changes`.
    /// - Parameter appliedEpoch: the epoch whose stream state holds the change; nil when none does yet.
    package func append(to rows: ArrowTableBuilder, epoch: Int64, appliedEpoch: Int64?) {
        rows.append(text: clickID)
        rows.append(time: clickTime)
        for id in [adID, campaignID, advertiserID] { rows.append(text: id) }
        rows.append(money: cost)
        rows.append(text: from.name)
        rows.append(text: to.name)
        rows.append(text: cause.rawValue)
        rows.append(text: actor)
        rows.append(text: detail)
        rows.append(time: changedAt)
        rows.append(int64: epoch)
        if let appliedEpoch { rows.append(int64: appliedEpoch) } else { rows.appendNull() }
        rows.endRow()
    }

    /// From a row of `label_changes`; nil for a label or a cause of another program.
    init?(_ row: [Value]) {
        guard let from = Label(name: row[6].text), let to = Label(name: row[7].text), let cause = Cause(rawValue: row[8].text ?? "") else { return nil }
        self.init(
            clickID: row[0].text ?? "", clickTime: row[1].time ?? EventTime(milliseconds: 0), adID: row[2].text ?? "",
            campaignID: row[3].text ?? "", advertiserID: row[4].text ?? "", cost: row[5].money ?? .zero,
            from: from, to: to, cause: cause, actor: row[9].text ?? "", detail: row[10].text ?? "",
            changedAt: row[11].time ?? EventTime(milliseconds: 0))
    }
}

extension Label {
    /// From its name; nil for any other text.
    init?(name: String?) {
        guard let found = Label.allCases.first(where: { $0.name == name }) else { return nil }
        self = found
    }
}

/// What a person said a click is.
package struct ReviewDecision: Hashable, Sendable {
    package var clickID: String
    package var clickTime: EventTime
    package var label: Label

    package init(clickID: String, clickTime: EventTime, label: Label) {
        self.clickID = clickID
        self.clickTime = clickTime
        self.label = label
    }
}
