import NetworkTypes

/// One change to our table: what a plan's command list says, and what the kernel is told.
enum NftablesCommand: Equatable {
  enum Verb: String { case add, delete }

  struct Element: Equatable {
    var prefix: IPPrefix
    /// Seconds of the element's timer; `nil` for none.
    var seconds: Int64?
  }

  /// Fails where the table is there: one that has appeared since the reading is someone's.
  case createTable
  case deleteTable
  /// Takes all rules out of all chains.
  case flushTable
  case addSet(NftablesScaffold.SetName)
  case addChain(String, base: ChainDescription.Base?)
  case deleteChain(String)
  case addRule(NftablesRule, chain: String)
  case elements(Verb, NftablesScaffold.SetName, [Element])
}

extension [NftablesCommand] {
  /// The command list in the JSON of libnftables (libnftables-json(5)), one command a line: the text
  /// that a plan shows and records. `nft -j -f` takes it as it is.
  func text(table: String) -> String {
    let elements = reduce(0) { sum, command in
      if case .elements(_, _, let list) = command { sum + list.count } else { sum }
    }
    var json = CommandText(elements: elements)
    for command in self { command.append(to: &json, table: table) }
    return json.finished()
  }
}

extension NftablesCommand {
  fileprivate func append(to json: inout CommandText, table: String) {
    json.next()
    switch self {
    case .createTable: whole("create", table, &json)
    case .deleteTable: whole("delete", table, &json)
    case .flushTable: whole("flush", table, &json)
    case .addSet(let set):
      begin("add", "set", table, &json)
      json.raw(#","name":"\#(set.rawValue)","type":"\#(set.type)","flags":["#)
      json.raw(set.flags.map { "\"\($0)\"" }.joined(separator: ","))
      json.raw("]}}}")
    case .addChain(let name, let base):
      begin("add", "chain", table, &json)
      json.raw(#","name":"#)
      json.string(name)
      if let base {
        json.raw(#","type":"\#(base.type)","hook":"\#(base.hook)","prio":\#(base.priority)"#)
        json.raw(#","policy":"\#(base.policy)""#)
      }
      json.raw("}}}")
    case .deleteChain(let name):
      begin("delete", "chain", table, &json)
      json.raw(#","name":"#)
      json.string(name)
      json.raw("}}}")
    case .addRule(let rule, let chain):
      begin("add", "rule", table, &json)
      json.raw(#","chain":"#)
      json.string(chain)
      json.raw(#","expr":"#)
      rule.append(to: &json)
      json.raw("}}}")
    case .elements(let verb, let set, let list):
      begin(verb.rawValue, "element", table, &json)
      json.raw(#","name":"\#(set.rawValue)","elem":["#)
      for (index, element) in list.enumerated() {
        if index > 0 { json.raw(",") }
        json.element(element)
      }
      json.raw("]}}}")
    }
  }

  private func whole(_ verb: String, _ table: String, _ json: inout CommandText) {
    json.raw(#"{"\#(verb)":{"table":{"family":"inet","name":"#)
    json.string(table)
    json.raw("}}}")
  }

  private func begin(_ verb: String, _ object: String, _ table: String, _ json: inout CommandText) {
    json.raw(#"{"\#(verb)":{"\#(object)":{"family":"inet","table":"#)
    json.string(table)
  }
}

extension NftablesScaffold.SetName {
  /// The name that nft gives the type of the keys.
  var type: String { isIPv4 ? "ipv4_addr" : "ipv6_addr" }

  var flags: [String] { (isInterval ? ["interval"] : []) + (isAllowed ? [] : ["timeout"]) }
}
