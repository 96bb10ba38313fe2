import FirewallKit

/// What `body` gives for each key. firewalld answers one question at a time, but the programs that ask
/// start side by side.
func concurrently<Value: Sendable>(
  _ keys: some Sequence<String>,
  _ body: @escaping @Sendable (String) async throws(AdapterError) -> Value
) async throws(AdapterError) -> [String: Value] {
  let results = await withTaskGroup(of: (String, Result<Value, AdapterError>).self) { group in
    for key in keys {
      group.addTask {
        do throws(AdapterError) { return (key, .success(try await body(key))) } catch {
          return (key, .failure(error))
        }
      }
    }
    return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
  }
  var values: [String: Value] = [:]
  for (key, result) in results.sorted(by: { $0.key < $1.key }) { values[key] = try result.get() }
  return values
}
