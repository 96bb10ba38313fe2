import Detection
import Foundation
import Language
import NetworkTypes
import Testing
import Training

/// A directory of training data with a harmful habit that is easy to see.
private struct SmallData: ~Copyable {
  let directory: URL

  init(seed: UInt64 = 3) throws {
    directory = FileManager.default.temporaryDirectory.appending(
      path: "sekisho-training-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    var state = seed
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    let words = ["green", "river", "stone", "garden", "market", "music", "travel", "house", "paper", "light"]
    func ordinary() -> String { words[random(10)] + words[random(10)] + words[random(10)] + ".com" }
    var benign = "name,rank,source\n"
    for number in 0..<1500 {
      benign += "\(ordinary())\(number % 7).example.net,,crux\n" + ordinary() + ",1000000,tranco\n"
    }
    var malicious = "name,family,first_seen,registered,hosts_listed,category\n"
    for number in 0..<600 {
      let name = "secure-login-\(words[random(10)])\(random(1000)).top"
      malicious +=
        "x.\(name),family\(number % 30),\(["", "2026-01-31", "2026-02-28", "2026-03-31"][number % 4]),\(name),1,malware\n"
    }
    var generated = "name,family\n"
    for number in 0..<400 {
      let label = String((0..<14).map { _ in Array("bcdfghjklmnpqrstvwxz")[random(20)] })
      generated += "\(label).net,generator\(number % 8)\n"
    }
    try write("benign_domains_train.csv.gz", benign)
    try write("malicious_domains_train.csv.gz", malicious)
    try write("dga_train.csv.gz", generated)
    try write("free_suffixes.csv.gz", "suffix,kind\ndyn.example,dynamic_dns\n")
    try writeAddresses(random)
    try Data(
      """
      // ===BEGIN ICANN DOMAINS===
      top
      co.top // a remark
      *.wide.top
      !city.wide.top
      日本.top
      // ===BEGIN PRIVATE DOMAINS===
      hosted.net

      """.utf8
    ).write(to: suffixes)
  }

  /// Harmful addresses keep to a few networks, month after month; ordinary ones are everywhere.
  private func writeAddresses(_ random: (Int) -> Int) throws {
    let months = ["", "2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30"]
    var listed = "ip,family,first_seen\n"
    for number in 0..<2100 {
      let network = random(10) == 0 ? "\(random(200) + 1).\(random(256))" : "198.\(random(4) * 16 + 3)"
      listed += "\(network).\(random(30)).\(random(256)),family\(number % 12),\(months[number % 7])\n"
    }
    var background = "ip,stratum,source\n"
    for number in 0..<4000 {
      let stratum = ["cloud", "cdn", "hosting_random"][number % 3]
      background +=
        "\(random(200) + 1).\(random(256)).\(random(256)).\(random(256)),\(stratum),example\n"
    }
    try write("malicious_ips_train.csv.gz", listed)
    try write("benign_ips_train.csv.gz", background)
    try write("hosting_ranges.csv.gz", "cidr,name\n198.3.0.0/16,example\n2001:db8::/32,example\n")
  }

  var suffixes: URL { directory.appending(path: "public_suffix_list.dat") }

  private func write(_ file: String, _ text: String) throws {
    try Data(stored(text)).write(to: directory.appending(path: file))
  }

  deinit { try? FileManager.default.removeItem(at: directory) }
}

private final class Shares {
  var all: [Double] = []
}

@Suite struct TrainerTests {
  @Test func theSameDataGivesTheSameBytesAndAModelThatTellsNamesApartWithRisingProgress() throws {
    let shares = Shares()
    let data = try SmallData()
    let first = try Trainer(
      directory: data.directory, publicSuffixes: data.suffixes, generators: 24
    ) { shares.all.append($0.share) }.run()
    let second = try Trainer(directory: data.directory, publicSuffixes: data.suffixes, generators: 24).run()
    #expect(shares.all == shares.all.sorted() && shares.all.last == 1)
    #expect(first.model == second.model)
    #expect(first.report == second.report && first.reliability == second.reliability)

    let model = try NameModel(Array(first.model.utf8).span)
    func score(_ text: String) throws -> Int {
      let name = try #require(DomainName(text))
      return try #require(model.score(name)).hundredths
    }
    #expect(try score("secure-login-river777.top") > (try score("gardenriverstone.com")) + 1000)
    #expect(try score("qxzvkbtrwpldgh.net") > (try score("marketmusictravel.com")) + 1000)
    for line in ["co.top\t0", "*.wide.top\t0", "!city.wide.top\t0", "xn--wgv71a.top\t0", "hosted.net\t3"] {
      #expect(first.model.contains("\n\(line)\n"), "\(line)")
    }
    #expect(first.model.contains("sha256 public_suffix_list.dat\t"))
    let quality = try #require(first.qualities.first)
    #expect(quality.area > 0.95 && quality.harmfulCount > 0)
    for split in ["last two months", "the two months before", "unseen families", "unseen generators"] {
      #expect(first.report.contains("| \(split) |"))
    }
    for fold in 1...4 { #expect(first.report.contains("| unseen generators, fold \(fold) |")) }
    #expect(first.reliability.hasPrefix("<svg"))
  }

  @Test func addressesAreLearnedFromWhatWasListedAroundThemBefore() throws {
    let shares = Shares()
    let data = try SmallData()
    let first = try AddressTrainer(directory: data.directory) { shares.all.append($0.share) }.run()
    #expect(shares.all == shares.all.sorted() && shares.all.last == 1)
    let again = try AddressTrainer(directory: data.directory).run()
    #expect(first.model == again.model)
    let model = try AddressModel(Array(first.model.utf8).span)
    func score(_ text: String) throws -> Int {
      let address = try #require(IPAddress(text))
      return try #require(model.score(address)).hundredths
    }
    #expect(try score("198.3.7.7") > (try score("150.150.150.150")) + 1000)
    #expect(first.qualities.allSatisfy { $0.area > 0.9 && $0.harmfulCount > 100 })
    // What nobody knows is no ground for a threshold.
    #expect(!first.report.contains("hosting_random") && first.report.contains("cloud ("))
    #expect(!first.model.contains("2001:db8") && first.reliability.hasPrefix("<svg"))
  }

  @Test func aMissingFileIsNamed() throws {
    let nowhere = FileManager.default.temporaryDirectory.appending(path: "sekisho-nowhere")
    let data = try SmallData()
    #expect {
      _ = try Trainer(directory: data.directory, publicSuffixes: nowhere.appending(path: "list.dat"))
    } throws: { error in
      (error as? TrainingError).map { $0.code == .unreadable && $0.message.en.contains("publicsuffix") }
        ?? false
    }
    #expect { _ = try Trainer(directory: nowhere, publicSuffixes: data.suffixes) } throws: { error in
      (error as? TrainingError).map { $0.code == .unreadable && $0.message.en.contains("free_suffixes") }
        ?? false
    }
    #expect { _ = try AddressTrainer(directory: nowhere) } throws: { error in
      (error as? TrainingError).map { $0.code == .unreadable && $0.message.en.contains("hosting_ranges") }
        ?? false
    }
  }
}
