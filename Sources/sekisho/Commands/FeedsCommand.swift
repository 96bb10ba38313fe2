import ArgumentParser
import Feeds
import Gateway
import Language
import NetworkTypes
import Reputation

struct FeedsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "feeds", abstract: "See, update and check the lists that verdicts rest on.",
    subcommands: [FeedsList.self, FeedsShow.self, FeedsUpdate.self, FeedsVerify.self])
}

extension GlobalOptions {
  /// The configured feeds a command is about: the named ones, or all.
  func feeds(named names: [String]) throws(CommandFailure) -> [FeedSource] {
    let feeds = try loadConfiguration().feeds
    if names.isEmpty { return feeds }
    var chosen: [FeedSource] = []
    for name in names {
      guard let feed = feeds.first(where: { $0.id == name }) else {
        let known = feeds.map(\.id).joined(separator: ", ")
        throw CommandFailure(
          .usage,
          Phrase(
            en: "There is no feed “\(name)” in \(config). Known: \(known)",
            ja: "\(config) にフィード「\(name)」はありません。登録済み: \(known)"))
      }
      chosen.append(feed)
    }
    return chosen
  }
}

struct FeedsList: SekishoCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Show each feed: what is in force, how old it is, what was wrong.")

  @OptionGroup var global: GlobalOptions

  func perform() async throws(CommandFailure) -> ExitStatus {
    let updater = global.feedUpdater
    let statuses = try global.feeds(named: []).map { updater.status(of: $0) }
    if global.console.json {
      try global.console.object(["feeds": statuses])
    } else {
      global.console.show(statuses, now: Timestamp.now())
    }
    return .done
  }
}

struct FeedsShow: SekishoCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show everything about one feed.")

  @Argument(help: "The feed's id.") var id: String
  @OptionGroup var global: GlobalOptions

  func perform() async throws(CommandFailure) -> ExitStatus {
    let updater = global.feedUpdater
    for feed in try global.feeds(named: [id]) {
      let status = updater.status(of: feed)
      if global.console.json {
        try global.console.object(status)
      } else {
        global.console.show(status, now: Timestamp.now())
      }
    }
    return .done
  }
}

struct FeedsUpdate: SekishoCommand {
  static let configuration = CommandConfiguration(
    commandName: "update", abstract: "Fetch feeds now, whatever their schedule.",
    discussion: "A running gateway takes the new lists up when their turn comes.")

  @Argument(help: "Only these feeds.") var ids: [String] = []
  @Flag(help: "Take an empty or much smaller list, too.") var acceptShrink = false
  @OptionGroup var global: GlobalOptions

  func perform() async throws(CommandFailure) -> ExitStatus {
    let updater = global.feedUpdater
    let console = global.console
    var failed = false
    for feed in try global.feeds(named: ids) {
      let status = await updater.update(feed, acceptsShrinking: acceptShrink).status
      failed = failed || status.error != nil
      if console.json {
        try console.object(status)
      } else if let error = status.error {
        console.say(error.message, .red)
        console.sayWhatStays(status)
      } else {
        let count = console.grouped(status.summary?.indicators ?? 0)
        console.say(
          Phrase(
            en: "\(feed.id): \(count) indicators, current.", ja: "\(feed.id): 脅威指標 \(count) 件、最新です。"),
          .green)
      }
    }
    return failed ? .failed : .done
  }
}

struct FeedsVerify: SekishoCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Read the lists in force again, and tell every entry not understood.",
    discussion: "Fetches nothing and changes nothing.")

  @Argument(help: "Only these feeds.") var ids: [String] = []
  @OptionGroup var global: GlobalOptions

  private struct View: Encodable {
    var id: String
    var indicators: Int?
    var problemCount: Int?
    var problems: [FeedProblem]?
    var omissions: [String: Int]?
    var error: FeedError?
  }

  func perform() async throws(CommandFailure) -> ExitStatus {
    let store = FeedStore(directory: global.state + "/feeds")
    let console = global.console
    let now = Timestamp.now()
    var failed = false
    for feed in try global.feeds(named: ids) {
      var view = View(id: feed.id)
      do throws(FeedError) {
        let content: FeedContent
        switch feed.origin {
        case .file where feed.format.word != .misp: content = try FeedReader.read(fileOf: feed, now: now)
        case .file, .web: content = try store.kept(of: feed, now: now)
        }
        view.indicators = content.list.count
        view.problemCount = content.problemCount
        view.problems = content.problems
        view.omissions = [:]
        for (reason, count) in content.omissions { view.omissions?[reason.rawValue] = count }
        if !console.json { console.show(content, of: feed.id) }
      } catch {
        failed = true
        view.error = error
        if !console.json { console.say(error.message, .red) }
      }
      if console.json { try console.object(view) }
    }
    return failed ? .failed : .done
  }
}
