import FirewallKit
import FoundationEssentials
import HostPrograms
import NetworkTypes

extension HostPrograms {
  /// The programs of iptables and ipset.
  static func iptables(
    directories: [String] = HostPrograms.searchPath, deadline: Duration = HostPrograms.usualDeadline,
    lockFile: String? = nil
  ) -> HostPrograms {
    let variants = ["", "-nft", "-legacy"].flatMap { variant in
      ["iptables\(variant)", "ip6tables\(variant)"].flatMap { ["\($0)-save", "\($0)-restore"] }
    }
    var packages = ["ipset": "ipset"]
    for program in variants { packages[program] = "iptables" }
    return HostPrograms(
      directories: directories, deadline: deadline,
      environment: lockFile.map { ["XTABLES_LOCKFILE": $0] } ?? [:], packages: packages,
      meaning: { $0.iptablesError })
  }

  /// Whether a table that we do not use is there to be read. Only asking legacy iptables for a table
  /// would make it, so this reads the kernel's list of those that are.
  func tableExists(_ table: String, _ family: AddressFamily, _ program: String) -> Bool {
    guard let path = path(of: program) else { return false }
    // Distributions tell the variants apart in the name behind the link: xtables-nft-multi.
    let isNFT = URL(fileURLWithPath: path).resolvingSymlinksInPath().lastPathComponent.contains("nft")
    if isNFT { return true }
    let list = family == .ipv4 ? "/proc/net/ip_tables_names" : "/proc/net/ip6_tables_names"
    // Without legacy iptables there is no list. In a user namespace it is there and may not be read;
    // an empty table that asking makes there is nobody else's.
    guard let names = try? String(contentsOfFile: list, encoding: .utf8) else {
      return FileManager.default.fileExists(atPath: list)
    }
    return names.split(separator: "\n").contains { $0 == table }
  }
}
