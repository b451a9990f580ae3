// Whether this thread is an engine's loop: what waits there for one of that engine's calls waits for itself.
#pragma once

namespace clutch::detail {

class Engine;

/// The engine whose loop this thread is; null: none's.
inline thread_local const Engine* loop_of_this_thread = nullptr;

}  // namespace clutch::detail
