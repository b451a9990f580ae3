// Workers whose loop is blocked and that are asked, through their watchdog thread, by what: held until the answer, or
// until it is clear that none comes. Knows no socket: who asks and who goes on are handed in.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/types.hpp"

namespace clutch::io {

/// What was found. Not `answered`: something holds the GIL, or the process is stopped.
struct Examination {
  core::WorkerId worker;
  core::Incarnation incarnation;
  bool before_kill = false;  ///< it is to be killed then; else this is for the log
  bool signalled = false;    ///< its faulthandler was told to write
  core::Duration stood{};
  bool answered = false;
  core::CallId call{};  ///< that the loop is at; 0: none is known to be
  std::string stack{};  ///< of the loop's thread
};

class Examinations {
 public:
  using GoOn = std::function<void(Examination&&)>;

  /// Its worker was asked, or its faulthandler signalled.
  void hold(Examination&& examination, core::Time now);
  void on_answer(core::Incarnation, core::CallId call, std::string_view stack, const GoOn& go_on);
  /// Those that were waited for long enough.
  void give_up(core::Time now, const GoOn& go_on);
  [[nodiscard]] core::Time next_time() const noexcept;

 private:
  struct Held {
    Examination examination;
    core::Time by;
  };
  std::vector<Held> held_;
};

}  // namespace clutch::io
