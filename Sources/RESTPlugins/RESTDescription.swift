public import FirewallKit
import HTTPTransport
import Language

/// A firewall's REST API, described in a file: what the file may hold stands in Docs/REST-plugins.md.
public struct RESTDescription: Sendable, Equatable {
  /// A word that the configuration says, with what stands for it where it says nothing.
  struct Setting: Sendable, Equatable {
    var name: String
    var usual: String
  }

  /// A field of every request's head.
  struct Header: Sendable, Equatable {
    var name: String
    var value: TextTemplate
  }

  /// A request with places to fill in.
  struct Call: Sendable, Equatable {
    var method: HTTPRequest.Method
    var path: TextTemplate
    var body: TextTemplate?
  }

  /// A request that changes something.
  struct Change: Sendable, Equatable {
    var call: Call
    /// What stands at `{each}`, once for each entry; `nil` when every entry has a request of its own.
    var each: TextTemplate?
    var separator = ""
    /// Entries in one request.
    var most = 1
    /// What stands at `{timer}` for an entry with a timer.
    var timer: TextTemplate?
    var expects: Expectation?
  }

  /// What must stand in an answer for it to be a success.
  struct Expectation: Sendable, Equatable {
    var path: FieldPath
    var text: String
  }

  /// One place where entries are kept: a list, an alias, a group.
  struct List: Sendable, Equatable {
    enum Role: String, Sendable, CaseIterable { case block, allow }
    enum Spelling: String, Sendable, CaseIterable {
      /// A single address without its length.
      case address
      /// Always with the length.
      case cidr
    }

    var role: Role
    var kinds: Set<Kind>
    var name: TextTemplate
    var spelling: Spelling
    /// Words for the places `{list.…}`.
    var values: [String: TextTemplate]
  }

  /// The kinds that can be told here.
  enum Kind: String, Sendable, CaseIterable { case address4, address6, prefix4, prefix6 }

  /// How entries are read.
  struct Reading: Sendable, Equatable {
    struct Pages: Sendable, Equatable {
      /// Entries that a page holds.
      var size: Int
      /// The number of the first page.
      var first: Int
      /// Where the answer tells how many entries there are in all.
      var total: FieldPath
    }

    struct Mark: Sendable, Equatable {
      var path: FieldPath
      var text: String
    }

    struct Timer: Sendable, Equatable {
      var path: FieldPath
      var unit: RemainingTime
    }

    var all: Call
    /// Asks for one entry; what it answers beside that entry is left out.
    var one: Call?
    /// Where the entries stand in the answer.
    var entries: FieldPath
    /// Where the address stands in an entry.
    var address: FieldPath
    /// What an entry of ours says; `nil` where the whole list is ours.
    var mark: Mark?
    var timer: Timer?
    var pages: Pages?
  }

  /// What must be on the device before anything can work.
  struct Requirement: Sendable, Equatable {
    var call: Call
    /// Where a list of texts stands in the answer.
    var values: FieldPath
    var contains: [TextTemplate]
    /// With `{value}` for what is absent.
    var message: Phrase
  }

  /// What a certain answer means.
  struct ErrorRule: Sendable, Equatable {
    var status: Int?
    var path: FieldPath?
    var text: String?
    /// `nil` when what was asked for is so already.
    var code: AdapterError.Code?
    var message: Phrase
  }

  public var manifest: AdapterManifest
  var settings: [Setting]
  var secrets: [String]
  var headers: [Header]
  var requestsPerSecond: Double
  var requirements: [Requirement]
  var lists: [List]
  var reading: Reading
  var add: Change
  /// Gives an entry that is there another timer; `nil` when it is taken away and added.
  var renew: Change?
  var remove: Change
  var errors: [ErrorRule]
  /// Where the device's own words stand, the most telling first.
  var words: [FieldPath]
}
