import Glibc
import Testing

/// Tests that change the rules of the kernel they run on.
///
/// They run one after another, and only where `SEKISHO_LAB=1` says that the network namespace is a
/// throw-away one: `unshare --net` as root, or `unshare --user --map-root-user --net`.
@Suite(.serialized, .enabled(if: getenv("SEKISHO_LAB").map { String(cString: $0) == "1" } ?? false))
enum KernelTests {}
