import Foundation
import Language
import NetworkTypes

/// The settings, certificate and pages of the laboratory's services, in a folder of their own.
struct LabFiles {
  let folder: String

  var certificate: String { "\(folder)/certificate.pem" }
  var resolverList: String { "\(folder)/resolv.conf" }
  var resolverSettings: String { "\(folder)/dnsmasq.conf" }
  var webSettings: String { "\(folder)/nginx.conf" }
  func log(of service: String) -> String { "\(folder)/\(service).log" }

  /// Below /run, which is private here and vanishes with the namespace.
  static func write() async throws(LabError) -> LabFiles {
    let files = LabFiles(folder: "/run/sekisho-lab.\(UUID().uuidString)")
    do {
      for name in ["pages", "temporary"] {
        try FileManager.default.createDirectory(
          atPath: "\(files.folder)/\(name)", withIntermediateDirectories: true)
      }
      // One server and one attempt: a query that is dropped fails in a second, not in ten.
      try Data("nameserver \(LabNetwork.resolver)\noptions timeout:1 attempts:1\n".utf8)
        .write(to: URL(fileURLWithPath: files.resolverList))
      try Data(files.dnsmasq.utf8).write(to: URL(fileURLWithPath: files.resolverSettings))
      try Data(files.nginx.utf8).write(to: URL(fileURLWithPath: files.webSettings))
      // The terminal's view of this file must exist to be covered; it may be a link into /run.
      let system = URL(fileURLWithPath: Terminal.systemResolverList).resolvingSymlinksInPath()
      if !FileManager.default.fileExists(atPath: system.path) {
        try FileManager.default.createDirectory(
          at: system.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data().write(to: system)
      }
    } catch {
      throw LabError(
        code: .setupFailed,
        message: Phrase(
          en: "The files of the laboratory could not be written below /run.",
          ja: "実験環境のファイルを /run の下に書き込めませんでした。"),
        detail: "\(error)")
    }
    let names = [LabNetwork.badName, LabNetwork.goodName].map { "DNS:\($0)" }
    let addresses = LabNetwork.servers.map { "IP:\($0)" }
    try await SystemProgram.run([
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
      "-days", "2", "-subj", "/CN=\(LabNetwork.goodName)", "-addext",
      "subjectAltName=\((names + addresses).joined(separator: ","))", "-keyout", "\(files.folder)/key.pem",
      "-out", files.certificate,
    ])
    // Without content on the disk: a page long enough to be still on its way when it is blocked.
    try await SystemProgram.run(["truncate", "-s", "256M", "\(files.folder)/pages/stream"])
    return files
  }

  func remove() {
    try? FileManager.default.removeItem(atPath: folder)
  }

  private var dnsmasq: String {
    """
    no-resolv
    no-hosts
    bind-interfaces
    listen-address=\(LabNetwork.resolver)
    address=/\(LabNetwork.badName)/\(LabNetwork.badV4)
    address=/\(LabNetwork.badName)/\(LabNetwork.badV6)
    address=/\(LabNetwork.goodName)/\(LabNetwork.goodV4)
    address=/\(LabNetwork.goodName)/\(LabNetwork.goodV6)
    address=/example/\(LabNetwork.unlistedV4)
    address=/example/\(LabNetwork.unlistedV6)
    local-ttl=60

    """
  }

  /// One process: a user namespace has no second user that workers could become.
  private var nginx: String {
    let listen = LabNetwork.servers.map {
      let address = $0.isIPv4 ? "\($0)" : "[\($0)]"
      return "listen \(address):80; listen \(address):443 ssl;"
    }
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
      "\($0)_temp_path \(folder)/temporary/\($0);"
    }
    return """
      daemon off;
      master_process off;
      user root;
      pid \(folder)/nginx.pid;
      error_log stderr warn;
      events { worker_connections 256; }
      http {
        access_log off;
        \(temporary.joined(separator: "\n  "))
        server {
          \(listen.joined(separator: "\n    "))
          ssl_certificate \(certificate);
          ssl_certificate_key \(folder)/key.pem;
          root \(folder)/pages;
          location / { return 200 "the outside\\n"; }
          # Ten pieces a second, so that a stop is seen soon.
          location = /stream { output_buffers 1 4k; limit_rate 40k; }
        }
      }

      """
  }
}
