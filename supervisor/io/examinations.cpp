#include "io/examinations.hpp"

#include <algorithm>
#include <utility>

namespace clutch::io {
namespace {

constexpr auto answer_patience = std::chrono::milliseconds(300);
constexpr auto write_patience = std::chrono::milliseconds(100);  // of a handler that runs at once, and only writes
constexpr std::size_t stack_bytes_max = 16u << 10;

}  // namespace

void Examinations::hold(Examination&& examination, core::Time now) {
  const auto by = now + (examination.signalled ? write_patience : answer_patience);
  held_.push_back({std::move(examination), by});
}

void Examinations::on_answer(core::Incarnation incarnation, core::CallId call, std::string_view stack,
                             const GoOn& go_on) {
  const auto of_it = std::stable_partition(held_.begin(), held_.end(), [incarnation](const Held& each) {
    return each.examination.incarnation != incarnation;
  });
  std::vector<Held> told(std::make_move_iterator(of_it), std::make_move_iterator(held_.end()));
  held_.erase(of_it, held_.end());
  for (auto& each : told) {
    each.examination.answered = true;
    each.examination.call = call;
    each.examination.stack = stack.substr(0, stack_bytes_max);
    go_on(std::move(each.examination));
  }
}

void Examinations::give_up(core::Time now, const GoOn& go_on) {
  const auto late =
      std::stable_partition(held_.begin(), held_.end(), [now](const Held& each) { return each.by > now; });
  std::vector<Held> unanswered(std::make_move_iterator(late), std::make_move_iterator(held_.end()));
  held_.erase(late, held_.end());
  for (auto& each : unanswered) go_on(std::move(each.examination));
}

core::Time Examinations::next_time() const noexcept {
  core::Time next = core::never;
  for (const auto& each : held_) next = std::min(next, each.by);
  return next;
}

}  // namespace clutch::io
