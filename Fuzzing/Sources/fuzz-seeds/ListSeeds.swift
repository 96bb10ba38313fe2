/// Inputs of the programs that read text. The first byte chooses the format.
enum ListSeeds {
  private static let zone = """
    $TTL 2h
    @ IN SOA localhost. hostmaster.example.org. (
        2026060101 ; serial
        1h 15m 30d 2h )
    bad.example.com          CNAME .
    *.bad.example.com        CNAME .
    DROP.example.net     IN 60 CNAME rpz-drop.
    sink.example.net         A 192.0.2.1
                             AAAA 2001:db8::1
    good.example.com         CNAME rpz-passthru.
    24.0.100.51.198.rpz-ip   CNAME .
    48.zz.1.db8.2001.rpz-ip  CNAME .
    24.0.2.0.192.rpz-client-ip CNAME .
    """

  private static let ja4 = "t13d1516h2_8daaf6152771_02713d6af862"
  private static let hash = String(repeating: "0123456789abcdef", count: 4)

  private static let misp = """
    {"event":"u","timestamp":1780000000,"omitted":{"deleted":3}}
    {"uuid":"a","type":"ip-dst|port","value":"203.0.113.7|443","timestamp":1700000000}
    {"uuid":"b","type":"domain|ip","value":"bad.example.org|203.0.113.7","timestamp":1780000000}
    {"uuid":"c","type":"ja4-fingerprint","value":"\(ja4)","timestamp":1780000000}
    {"uuid":"d","type":"x509-fingerprint-sha256","value":"\(hash)","timestamp":1780000000}

    """

  private static let stix = """
    {"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000000","objects":[
    {"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-000000000001",
    "created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","pattern_type":"stix",
    "valid_from":"2026-01-01T00:00:00Z","confidence":80,
    "pattern":"[ipv4-addr:value IN ('203.0.113.7', '203.0.113.8')] OR [url:value = 'http://a\\\\'.example.org/']"},
    {"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-000000000002",
    "created":"2026-01-01T00:00:00.000Z","modified":"2026-02-01T00:00:00.000Z","pattern_type":"stix",
    "valid_from":"2026-01-01T00:00:00Z","valid_until":"2027-01-01T00:00:00Z","revoked":false,
    "pattern":"[network-traffic:dst_ref.value = '203.0.113.7' AND network-traffic:dst_port = 44]"},
    {"type":"domain-name","id":"domain-name--00000000-0000-4000-8000-000000000003","value":"bad.example.org"}]}
    """

  private static let crowdsec = """
    {"key":"1","scope":"ip","value":"203.0.113.7","type":"ban","scenario":"x","simulated":false,"until":"2026-07-01T00:00:00Z"}
    {"key":"2","scope":"range","value":"198.51.100.0/24","type":"ban","scenario":"x","simulated":false,"until":"2026-07-01T00:00:00Z"}

    """

  /// In the order of the formats in the program.
  static let feeds: [(String, [UInt8])] = [
    (
      "plain",
      "# x\n203.0.113.7 # y\n198.51.100.0/24\n2001:db8::/48\n[2001:db8::7]:443\n*.bad.example.org\nhttp://a.example.org/\n"
        + "日本.example.jp\n\(ja4)\n\(hash)\n"
    ),
    ("csv", "2026-01-01,203.0.113.7,443\n2026-01-01 10:00:00,\"http://bad.example.org/\",\n"),
    ("csv-header", "#seen;host\n2026-01-01;bad.example.org\n\"2026-01-01\";\"a \"\"b\"\"\"\n"),
    ("hosts", "127.0.0.1 localhost\n0.0.0.0 bad.example.org worse.example.org # z\n::1 ip6-localhost\n"),
    (
      "adblock",
      "! x\n||bad.example.org^\n@@||ok.example.org^$all\n||203.0.113.7^\n||a.example.org^$third-party\n"
    ),
    ("dnsmasq", "address=/bad.example.org/0.0.0.0\nserver=/x.example.org/\nlocal=/y.example.org/\n"),
    (
      "unbound",
      "server:\nlocal-zone: \"bad.example.org\" always_nxdomain\nlocal-data: \"a.example.org A 0.0.0.0\"\n"
    ),
    ("zone-data", zone), ("zone", zone),
    ("iprep", "203.0.113.7,1,101\n198.51.100.0/24,3,20\n192.0.2.1,9,1\n"),
    ("dataset-string", "YmFkLmV4YW1wbGUub3Jn\nMjAzLjAuMTEzLjc=,70\n"),
    ("dataset-ip", "203.0.113.7,70\n203.0.113.8,1\n"),
    ("dataset-sha256", hash + "\n"),
    ("spamhaus", "{\"cidr\":\"203.0.113.0/24\",\"sblid\":\"SBL1\"}\n{\"type\":\"metadata\",\"records\":1}\n"),
    ("misp", misp), ("misp-age", misp), ("stix", stix), ("taxii", stix), ("crowdsec", crowdsec),
  ].enumerated().map { ($1.0, [UInt8($0)] + $1.1.utf8) }

  static let texts: [(String, [UInt8])] = [
    (0, "203.0.113.7"), (0, "2001:db8::192.0.2.1"), (0, "::ffff:192.0.2.1"), (1, "198.51.100.0/24"),
    (1, "2001:db8::/48"), (2, "www.example.org."), (2, "日本語.example.jp"), (2, "xn--wgv71a119e.example"),
    (3, "2026-01-01T00:00:00.000001Z"), (3, "2026-02-28 23:59:60+09:00"), (4, hash),
    (4, "AB:CD:" + hash.dropFirst(4)),
    (5, "http://user@www.example.org:8080/a?b#c"), (5, "https://[2001:db8::1]:443/"),
    (5, "hxxp://bad[.]example[.]org"),
  ].enumerated().map { ("text-\($0)", [UInt8($1.0)] + $1.1.utf8) }
}
