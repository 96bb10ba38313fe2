import Detection
enum X {}
